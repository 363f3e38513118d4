"""What is surely wrong in a supply model is found, with a hand-made example of each; what may be right is not."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from ontology.findings import Finding
from ontology.namespaces import PREFIXES, compact
from ontology.rdf import read, read_stream
from ontology.rings import ring_findings
from ontology.sanity import chain_findings, sanity_findings
from ontology.terms import QuadBlock
from ontology.vocabulary import load_vocabulary
from twin.demo.site import DESIGNS, generate

VOCABULARY = load_vocabulary()
MODELS = Path(__file__).parents[2].parent / "shared" / "data" / "models"
HEAD = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items()) + "@prefix : <urn:x:> .\n"


def model(text: str) -> QuadBlock:
    return read_stream(io.BytesIO((HEAD + text).encode()), name="model.ttl", format="turtle", source="x")


def findings(block: QuadBlock) -> list[Finding]:
    return [*sanity_findings(block, VOCABULARY), *chain_findings(block, VOCABULARY), *ring_findings(block, VOCABULARY)]


def told(text: str) -> list[tuple[str, str, str]]:
    """What an example is told, but for what it names and leaves undescribed."""
    return sorted((f.code, compact(f.focus), f.message) for f in findings(model(text)) if f.code != "fed-and-not-described")


def kilowatts(value: float) -> str:
    return f"[ brick:value {value} ; brick:hasUnit unit:KiloW ]"


# -- A load with no source --

LOAD = f":s a brick:Server ; dcx:allocatedPower {kilowatts(0.4)} ."


@pytest.mark.parametrize(
    ("more", "is_fed"),
    [
        ("", False),
        (":o dcx:feedsPower :s .", True),
        (":s brick:isFedBy :o .", True),
        (":s dcx:mountedIn :r .", False),
        (":s dcx:mountedIn :r . :p dcx:feedsPower :r .", True),
        (":psu brick:isPartOf :s . :o dcx:feedsPower :psu .", True),
        (":s s223:hasConnectionPoint :c .", True),
        (":s dcx:isSource true .", True),
    ],
)
def test_a_load_that_nothing_feeds_is_told(more: str, is_fed: bool) -> None:
    """It is fed by itself, by what it is part of, or by a part of it; of a connection point nobody knows what it is plugged into."""
    found = [code for code, _, _ in told(LOAD + more)]

    assert found == ([] if is_fed else ["load-without-source"])


# -- A rating below its load --

AT_400_V = "brick:ratedVoltageInput [ brick:value 400 ; brick:hasUnit unit:V ]"


def test_a_rating_below_the_loads_that_it_alone_feeds_is_told_with_the_sum() -> None:
    """Three loads of 1.2 kW and one of 900 W hang on a strip of 4 kW alone: 3 x 1.2 + 0.9 = 4.5 kW."""
    loads = " ".join(f":p dcx:feedsPower :s{n} . :s{n} dcx:allocatedPower {kilowatts(1.2)} ." for n in range(3))
    watts = ":p dcx:feedsPower :w . :w dcx:allocatedPower [ brick:value 900 ; brick:hasUnit unit:W ] ."

    found = told(f":p a dcx:Rack_PDU ; dcx:ratedPower {kilowatts(4)} . {loads} {watts} :b dcx:feedsPower :p .")

    message = "it is rated for 4 kW and alone feeds loads of 4.5 kW (dcx:allocatedPower)"
    assert found == [("rating-below-load", "urn:x:p", message)]


@pytest.mark.parametrize(
    ("rating", "holds"),
    [
        (f"dcx:ratedPower {kilowatts(5)}", True),
        (f"dcx:ratedPower {kilowatts(4.9)}", False),
        ("brick:ratedPowerOutput [ brick:value 4900 ; brick:hasUnit unit:W ]", False),
        ("dcx:ratedApparentPower [ brick:value 4.9 ; brick:hasUnit unit:KiloV-A ]", False),  # active power is never above apparent
        ("dcx:ratedApparentPower [ brick:value 5.1 ; brick:hasUnit unit:KiloV-A ]", True),
        ("dcx:breakerRating [ brick:value 1 ; brick:hasUnit unit:A ]", True),  # no voltage is stated: nobody knows
        # sqrt(3) x 400 V x 7 A = 4.85 kW; with 8 A 5.54 kW
        (f"dcx:breakerRating [ brick:value 7 ; brick:hasUnit unit:A ] ; {AT_400_V}", False),
        (f"dcx:breakerRating [ brick:value 8 ; brick:hasUnit unit:A ] ; {AT_400_V}", True),
    ],
)
def test_ratings_of_every_kind_are_compared_with_a_load_of_5_kw(rating: str, holds: bool) -> None:
    """Power, apparent power, or the current of a breaker with a voltage, taken for three phases."""
    found = told(f":p {rating} ; dcx:feedsPower :s . :s dcx:allocatedPower {kilowatts(5)} .")

    assert [code for code, _, _ in found] == ([] if holds else ["rating-below-load"])


def test_a_load_that_another_feeds_too_is_no_ratings_fault() -> None:
    """In a 2N site each side alone may be below the sum."""
    assert (
        told(f":p dcx:ratedPower {kilowatts(4)} ; dcx:feedsPower :s . :q dcx:feedsPower :s . :s dcx:allocatedPower {kilowatts(5)} .") == []
    )


UTILITY = f":u dcx:ratedPower {kilowatts(100)} ; dcx:feedsPower :p ."
BEHIND = "it is rated for 100 kW, and the loads behind it that it alone feeds, through others, come to 200 kW (dcx:allocatedPower)"


@pytest.mark.parametrize(
    "text",
    [
        f"{UTILITY} :p dcx:feedsPower :r . :r dcx:allocatedPower {kilowatts(200)} .",
        f"{UTILITY} :p dcx:feedsPower :q . :q dcx:feedsPower :r . :r dcx:allocatedPower {kilowatts(200)} .",
        f"{UTILITY} :p dcx:feedsPower :r , :t . :r dcx:allocatedPower {kilowatts(120)} . :t dcx:allocatedPower {kilowatts(80)} .",
        # what a rack is planned for holds what its servers are planned for
        f"{UTILITY} :p dcx:feedsPower :r . :r dcx:allocatedPower {kilowatts(200)} ; dcx:feedsPower :s . "
        f":s dcx:allocatedPower {kilowatts(3)} .",
        # a battery bridges time, and is no other supplier
        f"{UTILITY} :b a brick:Battery ; dcx:feedsPower :p . :p dcx:feedsPower :r . :r dcx:allocatedPower {kilowatts(200)} .",
    ],
)
def test_a_rating_below_the_loads_behind_it_is_told_along_sole_suppliers(text: str) -> None:
    """100 kW feed a board, and nothing else feeds it; the racks behind it are planned for 200 kW."""
    assert told(text) == [("rating-below-loads-behind", "urn:x:u", BEHIND)]


@pytest.mark.parametrize(
    "text",
    [
        f"{UTILITY} :p dcx:feedsPower :r . :r dcx:allocatedPower {kilowatts(100)} .",
        f"{UTILITY} :v dcx:feedsPower :p . :p dcx:feedsPower :r . :r dcx:allocatedPower {kilowatts(200)} .",
        f"{UTILITY} :p dcx:feedsPower :r . :q dcx:feedsPower :r . :r dcx:allocatedPower {kilowatts(200)} .",
        f"{UTILITY} :p dcx:feedsPower :r . :r brick:isPartOf :board ; dcx:allocatedPower {kilowatts(200)} .",
    ],
)
def test_a_chain_of_which_the_shares_are_not_clear_is_not_told(text: str) -> None:
    """Loads that fit; a board or a rack that has another supplier, or may have one."""
    assert told(text) == []


def test_a_chain_that_ends_in_itself_is_followed_once() -> None:
    """Two boards feed each other: another rule's matter."""
    text = f":u dcx:ratedPower {kilowatts(1)} ; dcx:feedsPower :p . :p dcx:feedsPower :u ; dcx:allocatedPower {kilowatts(1)} ."

    assert told(text) == []


# -- A cord into two sides --


@pytest.mark.parametrize(
    ("text", "focus", "message"),
    [
        (
            ":p dcx:feedSide 'A' . :b dcx:feedSide 'B' ; dcx:feedsPower :p .",
            "urn:x:p",
            "it is of side A and is fed by urn:x:b of side B",
        ),
        (
            ":psu a dcx:Power_Supply_Unit . :a dcx:feedSide 'A' ; dcx:feedsPower :psu . :b dcx:feedSide 'B' ; dcx:feedsPower :psu .",
            "urn:x:psu",
            "it has one cord, and is fed from side A and B",
        ),
        (
            ":s dcx:cordCount 1 . :a dcx:feedSide 'A' ; dcx:feedsPower :s . :b dcx:feedSide 'B' ; dcx:feedsPower :s .",
            "urn:x:s",
            "it has one cord, and is fed from side A and B",
        ),
    ],
)
def test_a_cord_into_two_sides_is_told(text: str, focus: str, message: str) -> None:
    """The side of what feeds it is another one, or one cord is in both."""
    assert told(text) == [("cord-into-two-sides", focus, message)]


@pytest.mark.parametrize(
    "text",
    [
        ":p dcx:feedSide 'A' . :b dcx:feedSide 'a' ; dcx:feedsPower :p .",
        ":r a brick:ICT_Rack . :a dcx:feedSide 'A' ; dcx:feedsPower :r . :b dcx:feedSide 'B' ; dcx:feedsPower :r .",
        ":t a brick:Static_Transfer_Switch ; dcx:feedSide 'A' . :b dcx:feedSide 'B' ; dcx:feedsPower :t .",
        ":p dcx:feedSide 'A' . :u dcx:feedSide 'A', 'B' ; dcx:feedsPower :p .",
        ":p dcx:feedSide 'A' . :tie a dcx:Tie_Breaker ; dcx:feedSide 'B' ; dcx:ties :p .",
    ],
)
def test_what_may_be_on_two_sides_is_not_told(text: str) -> None:
    """A rack has a strip of each side, a transfer switch and a tie join them, and a system may belong to both."""
    assert told(text) == []


# -- A requirement that never holds --


@pytest.mark.parametrize(
    ("text", "has"),
    [
        (":x dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 1 ] .", "0"),
        (":x dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 2 ] . :a dcx:feedsPower :x .", "1"),
        (":x dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 1 ] . :a dcx:feedsAirCooling :x .", "0"),
        (
            ":x dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 2 ; dcx:among :a, :c ] . :a dcx:feedsPower :x . :b dcx:feedsPower :x .",
            "1 among those named",
        ),
    ],
)
def test_a_requirement_that_never_holds_is_told_with_what_there_is(text: str, has: str) -> None:
    """Two of one supplier, or one of none."""
    ((code, focus, message),) = told(text)

    assert (code, focus) == ("requirement-never-holds", "urn:x:x")
    assert f"of Power and has {has}: it is never supplied" in message


@pytest.mark.parametrize(
    "supply",
    [
        ":a dcx:feedsPower :x . :b dcx:feedsPower :x .",
        ":a dcx:feedsPower :x . :b brick:feeds :x .",
        ":a dcx:feedsPower :x . :x brick:isFedBy :b .",
        ":a dcx:feedsPower :x . :x brick:isPartOf :board .",
        ":a dcx:feedsPower :x . :tie dcx:ties :x .",
        ":x dcx:hasMember :a , :b .",
        ":x s223:hasConnectionPoint :c .",
    ],
)
def test_a_requirement_for_two_may_be_met_in_many_ways(supply: str) -> None:
    """A plain feed may be of any medium; a board supplies its parts; what hangs on a connection point is not counted here."""
    assert told(f":x dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 2 ] . {supply}") == []


# -- A place in a rack, taken twice --


def device(name: str, lowest: int, units: int | None = None, face: str | None = None) -> str:
    said = [f":{name} dcx:mountedIn :r ; dcx:uPosition {lowest}"]
    said += [] if units is None else [f"dcx:rackUnits {units}"]
    said += [] if face is None else [f"dcx:uFace '{face}'"]
    return " ; ".join(said) + " ."


@pytest.mark.parametrize(
    ("first", "second", "unit"),
    [
        (device("a", 10), device("b", 10), 10),
        (device("a", 10, 4), device("b", 13, 2), 13),
        (device("a", 1, 42), device("b", 42), 42),
        (device("a", 10, 2, "front"), device("b", 11, 2, "Front"), 11),
    ],
)
def test_a_rack_unit_taken_twice_is_told(first: str, second: str, unit: int) -> None:
    """A device of 4 units at 10 reaches to 13."""
    message = f"unit {unit} is taken by urn:x:a and by urn:x:b"

    assert told(first + second) == [("rack-position-used-twice", "urn:x:r", message)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (device("a", 10, 4), device("b", 14)),
        (device("a", 10, 1, "front"), device("b", 10, 1, "rear")),
        (device("a", 10, 1), device("b", 10, 1, "rear")),
        (device("a", 10, 0), device("b", 10)),
        (device("a", 10), ":b dcx:mountedIn :other ; dcx:uPosition 10 ."),
    ],
)
def test_two_devices_that_may_fit_are_not_told(first: str, second: str) -> None:
    """Above each other, back to back, of no height, or in another rack."""
    assert told(first + second) == []


def test_a_device_above_the_top_of_its_rack_is_told() -> None:
    """Four units at 40 need a rack of 43."""
    (found,) = told(":r dcx:rackUnits 42 ." + device("a", 40, 4))

    assert found == ("position-above-the-rack", "urn:x:r", "urn:x:a takes units 40 to 43 of a rack of 42")


# -- What limits nothing, is no switch, is a slip of a name --


@pytest.mark.parametrize(
    ("stated", "is_told"),
    [
        (f"dcx:ratedPower {kilowatts(0)}", True),
        ("dcx:ratedPower [ brick:value 5 ; brick:hasUnit unit:KiloGM ]", True),
        ("dcx:breakerRating [ brick:value 5 ; brick:hasUnit unit:KiloW ]", True),
        (f"dcx:ratedPower {kilowatts(5)}", False),
        ("dcx:ratedApparentPower [ brick:value 5 ; brick:hasUnit unit:KiloV-A ]", False),
        ("dcx:breakerRating [ brick:value 16 ; brick:hasUnit unit:A ]", False),
    ],
)
def test_a_rating_that_limits_nothing_is_told(stated: str, is_told: bool) -> None:
    """A rating above 0 in a unit of its kind limits; 0, kilograms, and kilowatts of a current do not."""
    assert [code for code, _, _ in told(f":p a dcx:PDU ; {stated} .")] == ["rating-limits-nothing"] * is_told


@pytest.mark.parametrize(("cls", "is_told"), [("dcx:UPS", True), ("brick:Circuit_Breaker", False), ("dcx:Tie_Breaker", False)])
def test_a_position_of_what_is_no_switch_is_told(cls: str, is_told: bool) -> None:
    """Only what can be opened stands open."""
    assert [code for code, _, _ in told(f":p a {cls} ; dcx:normalPosition dcx:Open .")] == ["position-of-no-switch"] * is_told


def test_what_is_fed_and_not_described_is_told_once() -> None:
    """Two feed :gost, of which nobody says anything; of :ghost it is said what it is."""
    block = model(":a dcx:feedsPower :ghost, :gost . :b dcx:feedsNetwork :gost . :ghost a dcx:PDU .")

    assert [(f.code, f.focus) for f in findings(block)] == [("fed-and-not-described", "urn:x:gost")]


# -- A ring that no source reaches --

RING = ":a dcx:feedsPower :b . :b dcx:feedsPower :c . :c dcx:feedsPower :a . :c dcx:feedsPower :load ."


def test_a_ring_that_nothing_feeds_is_told_once() -> None:
    """Three boards in a ring wait for each other; the load behind them is dark because of them."""
    message = "urn:x:a, urn:x:b, urn:x:c feed each other in a ring that no source reaches: none of them is ever supplied"

    assert told(RING) == [("ring-without-source", "urn:x:a", message)]


@pytest.mark.parametrize(
    "source",
    [
        ":u dcx:feedsPower :b .",
        ":u brick:feeds :b .",
        ":b dcx:isSource true .",
        ":b a dcx:Generator .",
        ":t dcx:ties :b .",
        ":b brick:isPartOf :board .",
        ":d s223:connectsTo :b .",
    ],
)
def test_a_ring_that_something_may_feed_is_not_told(source: str) -> None:
    """A source, a tie, the board that it is part of, or a connection."""
    assert told(RING + source) == []


def test_a_ring_of_ties_and_a_loop_of_water_that_no_source_reaches_are_told() -> None:
    """Two buses and their tie; chiller, pump and coil: each waits for the others. With a tower above the loop is fed, and returns."""
    ties = ":t a dcx:Tie_Breaker ; dcx:ties :a, :b . :a a brick:Switchgear . :b a brick:Switchgear ."
    water = ":ch dcx:feedsLiquidCooling :p . :p dcx:feedsLiquidCooling :x . :x dcx:feedsLiquidCooling :ch ."

    assert [code for code, _, _ in told(ties)] == [code for code, _, _ in told(water)] == ["ring-without-source"]
    assert told(ties + ":f dcx:feedsPower :a .") == told(water + ":ct dcx:feedsLiquidCooling :ch .") == []


def test_air_that_returns_is_no_ring() -> None:
    """An air handler feeds its zone, and the zone's air comes back to it."""
    assert told(":ahu brick:feeds :vav . :vav brick:feeds :zone . :zone brick:feeds :ahu .") == []


# -- No false alarms --


@pytest.mark.parametrize("design", DESIGNS)
def test_the_demo_sites_have_none_of_these(design: str) -> None:
    """Every design of the demo site is sane."""
    assert findings(generate(40, 1, design)) == []


@pytest.mark.parametrize(
    "name",
    [
        "shifty-bench/benchmark/brick/models/bldg1.ttl",
        "shifty-bench/benchmark/brick/models/bldg37.ttl",
        "brick-repo/examples/g36/g36-ahu-a9.ttl",
    ],
)
def test_real_buildings_have_none_of_these(name: str) -> None:
    """None of the public models that could be read has any; these three are among the larger ones."""
    if not MODELS.is_dir():
        pytest.skip(f"the shared test data is not at {MODELS}")

    assert findings(read(MODELS / name, source="m")) == []


def test_an_empty_model_is_sane() -> None:
    """Nothing said, nothing wrong."""
    assert findings(QuadBlock.empty()) == []
