"""Availability: by hand, equal to trying every state on random sites, and inside the interval of the simulation."""

from __future__ import annotations

import random
from itertools import product
from math import comb, prod

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from analytics.conditions import Conditions
from analytics.planning.availability import Availability, availability
from analytics.supply import compile_supply
from graph.errors import GraphError, UnknownEntity
from graph.snapshot import Snapshot
from ontology.namespaces import DCX
from ontology.terms import XSD, QuadBlock, literal
from tests.analytics.reference import Plan, Reference
from tests.analytics.sites import AT, NOW, SITE, quads_of, snapshot_of, vocabulary
from tests.analytics.test_against_reference import redundant
from tests.support.random_cases import tried

SEEDS = tried(150)
A_999 = "dcx:mtbfHours 999 ; dcx:mttrHours 1"
"""999 h up, 1 h down: A = 999 / (999 + 1) = 0.999."""


def of(turtle: str, load: str = "Rack", *media: str, trials: int = 0, seed: int = 1, nodes_max: int = 1 << 16) -> Availability:
    """The availability of a load of a Turtle site."""
    snapshot = snapshot_of(turtle)
    graph = compile_supply(snapshot, vocabulary())
    wanted = list(media) or None
    return availability(snapshot, vocabulary(), graph, NOW, SITE + load, wanted, trials=trials, seed=seed, nodes_max=nodes_max)


def group(members: int, needed: int, rates: str = A_999) -> str:
    """A rack behind a group of sources, so many of which are needed."""
    names = [f":U-{n}" for n in range(members)]
    return " ".join(f"{name} a dcx:Utility_Feed ; {rates} ." for name in names) + (
        f" :G a dcx:Redundancy_Group ; dcx:hasMember {', '.join(names)} ; dcx:requiredCount {needed} ; dcx:feedsPower :Rack ."
        " :Rack a brick:ICT_Rack ."
    )


def path(side: str, rates: str = A_999) -> str:
    """Five things in series, down to the rack."""
    kinds = ("dcx:Utility_Feed", "brick:Transformer", "brick:Switchgear", "dcx:UPS", "dcx:PDU")
    names = [f":{side}{n}" for n in range(5)] + [":Rack"]
    chain = (f"{names[n]} a {kind} ; {rates} ; dcx:feedsPower {names[n + 1]} ." for n, kind in enumerate(kinds))
    return " ".join((*chain, ":Rack a brick:ICT_Rack ."))


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        (group(3, 3), 0.997002999),  # 0.999^3
        (group(4, 3), 0.999994008),  # 4 x 0.999^3 x 0.001 + 0.999^4 = 0.003988011996 + 0.996005996001
        (path("A"), 0.995009990004999),  # 0.999^5
        (path("A") + path("B"), 0.999975099800240),  # 1 - (1 - 0.99500999)^2 = 1 - 0.004990010^2
    ],
)
def test_the_usual_arithmetic_of_redundancy(site: str, expected: float) -> None:
    """A = 0.999 each: 3 of 3, 3 of 4, five in series, and two such paths."""
    found = of(site)

    assert found.method == "decision diagram"
    assert 1 - found.low == pytest.approx(expected, abs=1e-9)
    assert (found.low, found.missing) == (found.high, ())


def test_a_very_available_load_keeps_its_digits() -> None:
    """2 of 4 with q = 1e-6: all but one down, C(4, 3) q^3 (1 - q) + q^4 = 3.999997e-18, far below the precision of 1 - U."""
    found = of(group(4, 2, "dcx:mtbfHours 999999 ; dcx:mttrHours 1"))
    q = 1e-6

    assert found.low == pytest.approx(comb(4, 3) * q**3 * (1 - q) + q**4, rel=1e-9)


def test_outages_and_hours_of_two_paths() -> None:
    """Two sources of 999 h and 1 h: both down 1e-6 of the time. It goes down when one fails while the other is down: twice
    1/1000 an hour x 0.001 = 2e-6 an hour, 0.01752 a year; a mean outage is 1e-6 / 2e-6 = 0.5 h, for either repair ends it."""
    found = of(group(2, 1))

    assert found.low == pytest.approx(1e-6)
    assert found.outages_a_year == pytest.approx(2e-6 * 8760)
    assert found.hours_an_outage == pytest.approx(0.5)


def test_what_counts_most_comes_first() -> None:
    """In series behind two redundant sources: U = 1 - (1 - 1e-6)(1 - 0.001). Were the bus perfect, 1e-6 would be left; were a source
    perfect, 0.001. The importance of the bus is 1 - 1e-6, of a source 0.001 x 0.999."""
    found = of(f":A a dcx:Utility_Feed ; {A_999} ; dcx:feedsPower :Bus . :B a dcx:Utility_Feed ; {A_999} ; dcx:feedsPower :Bus ."
               f" :Bus a dcx:Switchboard ; {A_999} ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack .")  # fmt: skip
    unavailable = 1 - (1 - 1e-6) * 0.999

    assert [each.id.removeprefix(SITE) for each in found.components] == ["Bus", "A", "B"]
    assert found.low == pytest.approx(unavailable)
    assert [each.importance for each in found.components] == pytest.approx([1 - 1e-6, 0.000999, 0.000999])
    assert [each.share for each in found.components] == pytest.approx(
        [1 - 1e-6 / unavailable, 1 - 0.001 / unavailable, 1 - 0.001 / unavailable]
    )


def test_what_states_no_rates_counts_as_never_failing_and_is_named() -> None:
    """The bus states none, the source only one of two, and a rate of 0 is none."""
    found = of(f":A a dcx:Utility_Feed ; {A_999} ; dcx:feedsPower :T . :T a brick:Transformer ; dcx:mtbfHours 5 ; dcx:feedsPower :Bus ."
               " :Bus a dcx:Switchboard ; dcx:mtbfHours 0 ; dcx:mttrHours 4 ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack .")  # fmt: skip

    assert found.low == pytest.approx(0.001)
    assert found.missing == (SITE + "Bus", SITE + "T")
    assert found.notes == ("urn:site:Bus: dcx:mtbfHours of 0 is not counted: give a value above 0",)


def test_a_class_may_say_the_rates_and_of_a_range_the_worse_end_counts() -> None:
    """A user's own class: 900 to 999 h up, 1 to 100 h down: 100 / (900 + 100) = 0.1."""
    found = of(":A a <urn:kinds:rated> ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack .")

    assert found.low == pytest.approx(0.1)
    assert len(found.notes) == 2


@pytest.mark.parametrize(("mtbf", "mttr"), [("99, 199", "1, 50"), ("199, 99", "50, 1")])
def test_of_several_rates_of_one_thing_the_worse_end_counts(mtbf: str, mttr: str) -> None:
    """99 or 199 h up, 1 or 50 h down, in whatever order they are written: 50 / (99 + 50) = 0.33557, available 66.443 %. A group alike."""
    twice = f"dcx:mtbfHours {mtbf} ; dcx:mttrHours {mttr}"
    alone = of(f":U a dcx:Utility_Feed ; {twice} ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack .")
    cause = of(
        ":U a dcx:Utility_Feed ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack . "
        f":Flood a dcx:Common_Cause_Group ; dcx:hasMember :U ; {twice} ."
    )

    assert alone.low == alone.high == cause.low == pytest.approx(50 / 149)
    assert alone.notes == (
        "urn:site:U: dcx:mtbfHours is stated more than once: it counts as the range from 99 to 199",
        "urn:site:U: dcx:mttrHours is stated more than once: it counts as the range from 1 to 50",
    )
    assert cause.notes == tuple(note.replace(":U:", ":Flood:") for note in alone.notes)


def test_of_several_rates_those_that_are_none_do_not_count_and_one_said_twice_is_one() -> None:
    """-5 h is no rate, 99 and 99.0 h are one: 1 / (99 + 1) = 0.01, and nothing is a range."""
    found = of(":U a dcx:Utility_Feed ; dcx:mtbfHours 99, 99.0, -5 ; dcx:mttrHours 1 ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack .")

    assert found.low == pytest.approx(0.01)
    assert found.notes == ()


@pytest.mark.parametrize("of_group", [False, True])
def test_rates_beyond_reason_count_as_the_bound_and_are_told(of_group: bool) -> None:
    """1e-9 h up counts as 1e-6, 1e300 h down as 1e12: 1 - 1e-6 / 1e12 is 1 to sixteen digits. Once in 1e12 h: 8.76e-9 times a year."""
    rates = "dcx:mtbfHours 1e-9 ; dcx:mttrHours 1e300"
    own, group = ("", rates) if of_group else (rates + " ;", HALF.replace("1", "-1"))
    found = of(
        f":U a dcx:Utility_Feed ; {own} dcx:feedsPower :Rack . :Rack a brick:ICT_Rack . "
        f":Flood a dcx:Common_Cause_Group ; dcx:hasMember :U ; {group} ."
    )

    name = "urn:site:Flood" if of_group else "urn:site:U"
    assert found.low == found.high == 1.0
    assert found.outages_a_year == pytest.approx(8760 / 1e12)
    assert found.hours_an_outage == pytest.approx(1e12)
    assert found.notes[:2] == (
        f"{name}: dcx:mtbfHours of 1e-09 counts as 1e-06: give hours from 1e-06 to 1e+12",
        f"{name}: dcx:mttrHours of 1e+300 counts as 1e+12: give hours from 1e-06 to 1e+12",
    )


def test_without_any_rates_or_any_supply_there_is_no_answer() -> None:
    """Both are told with what to do."""
    bare = ":A a dcx:Utility_Feed ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack ."
    with pytest.raises(GraphError, match=r"state dcx:mtbfHours and dcx:mttrHours"):
        of(bare)
    with pytest.raises(GraphError, match="nothing feeds urn:site:A"):
        of(bare, "A")


def test_what_is_down_before_is_never_available() -> None:
    """The bus hangs on an open tie."""
    found = of(f":B a dcx:Utility_Feed ; {A_999} . :T a dcx:Tie_Breaker ; {A_999} ; dcx:ties :B, :Rack . :Rack a brick:ICT_Rack .")

    assert (found.method, found.low, found.high) == ("down before", 1.0, 1.0)
    assert found.notes == (
        "urn:site:Rack needs 1 supplier of Power, and with nothing failed 0 of its 1 stand",
        "urn:site:T is open",
    )


@pytest.mark.parametrize(
    ("turtle", "why"),
    [
        (
            ":A dcx:feedsPower :Rack . :B dcx:feedsPower :Rack . :Rack dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 3 ] .",
            ("Rack needs 3 suppliers of Power and has 2: it is never supplied",),
        ),
        (
            ":A dcx:feedsPower :P . :P a dcx:PDU ; dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 2 ] ; dcx:feedsPower :Rack .",
            (
                "Rack needs 1 supplier of Power, and with nothing failed 0 of its 1 stand",
                "P needs 2 suppliers of Power and has 1: it is never supplied",
            ),
        ),
        (
            ":P a dcx:PDU ; dcx:feedsPower :Q . :Q a dcx:PDU ; dcx:feedsPower :P , :Rack . :A dcx:feedsPower :X . :X a dcx:PDU .",
            ("Rack needs 1 supplier of Power, and with nothing failed 0 of its 1 stand", "no source reaches what supplies it"),
        ),
    ],
)
def test_what_is_down_before_is_told_why(turtle: str, why: tuple[str, ...]) -> None:
    """Three wanted of two feeds; a board upstream that wants two of one; two boards that feed each other alone."""
    found = of(f":A a dcx:Utility_Feed ; {A_999} . :B a dcx:Utility_Feed . :Rack a brick:ICT_Rack . {turtle}")

    assert found.method == "down before"
    assert tuple(text.replace("urn:site:", "") for text in found.notes) == why


def test_of_two_feeds_both_are_looked_at() -> None:
    """One side hangs on an open breaker, the other on a UPS that telemetry says is out of service."""
    snapshot = snapshot_of(
        f":A a dcx:Utility_Feed ; {A_999} ; dcx:feedsPower :Q, :U . :Q a brick:Circuit_Breaker ; dcx:normalPosition dcx:Open ;"
        " dcx:feedsPower :Rack . :U a dcx:UPS ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack ."
    )
    conditions = Conditions(AT, out={"urn:site:U": "urn:site:U.Fault"})

    found = availability(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()), conditions, "urn:site:Rack")

    assert found.notes == (
        "urn:site:Rack needs 1 supplier of Power, and with nothing failed 0 of its 2 stand",
        "urn:site:Q is open",
        "urn:site:U is out of service",
    )


def test_a_redundant_feed_never_makes_a_load_less_available() -> None:
    """N of N + 1 against N of N, and a third path beside two."""
    assert of(group(4, 3)).low < of(group(3, 3)).low
    assert of(path("A") + path("B") + path("C")).low < of(path("A") + path("B")).low


def test_the_simulation_repeats_itself_and_holds_the_exact_figure() -> None:
    """2N of five in series at A = 0.9 each: U = (1 - 0.9^5)^2 = 0.167698..., in a million trials; another seed finds other trials."""
    rates = "dcx:mtbfHours 9 ; dcx:mttrHours 1"
    first, again, other = (of(path("A", rates) + path("B", rates), trials=1_000_000, seed=seed).simulated for seed in (7, 7, 8))

    assert first is not None
    assert first == again != other
    assert first.low < (1 - 0.9**5) ** 2 < first.high
    assert first.high - first.low < 0.0015


def test_a_load_whose_diagram_finds_no_room_is_answered_by_bounds() -> None:
    """Two paths of five, room for 16 nodes. The 25 cut sets of two: the sum is 25e-6. Of their 300 pairs 100 share a failure
    (1e-9 each), 200 do not (1e-12 each): the lower bound is less by these. U is 0.00499001^2 = 2.49002e-5. The upper bound adds four
    failures of ten, some 2.1e-10."""
    found = of(path("A") + path("B"), nodes_max=16)

    assert found.method == "cut sets"
    assert found.low <= 2.4900199760e-5 <= found.high
    assert found.high == pytest.approx(25e-6, rel=1e-4)
    assert found.low == pytest.approx(25e-6 - 100e-9 - 200e-12)


def rated(plan: Plan, seed: int) -> tuple[Snapshot, dict[str, tuple[int, int]]]:
    """A random site with rates at random: MTBF and MTTR of each, where it states them."""
    dice = random.Random(seed)
    rates: dict[str, tuple[int, int]] = {}
    rows = list(quads_of(plan))
    for node in sorted(plan.kinds):
        mtbf, mttr = dice.randint(1, 40), dice.randint(1, 20)
        if plan.unit(node) and dice.random() < 0.9:
            rates[node] = (mtbf, mttr)
            rows.append((SITE + node, DCX + "mtbfHours", literal(str(mtbf), XSD + "decimal"), "urn:g"))
            rows.append((SITE + node, DCX + "mttrHours", literal(str(mttr), XSD + "decimal"), "urn:g"))
    return Snapshot.of(QuadBlock.of(rows), at=AT), rates


def by_every_state(reference: Reference, load: str, rates: dict[str, tuple[int, int]]) -> tuple[float, float]:
    """The unavailability, and how often an hour the load goes down: out of each state in which it is up, by each failure that ends that."""
    own = {pair for pair in reference.fed if pair[0] == load}
    unavailable = often = 0.0
    for states in product((False, True), repeat=len(rates)):
        failed = frozenset(node for node, fails in zip(rates, states, strict=True) if fails)
        chance = prod((mttr if node in failed else mtbf) / (mtbf + mttr) for node, (mtbf, mttr) in rates.items())
        if own - reference.holding(failed):
            unavailable += chance
        else:
            often += sum(chance / rates[node][0] for node in set(rates) - failed if own - reference.holding(failed | {node}))
    return unavailable, often


@SEEDS
@given(seed=st.integers(0, 2**32))
def test_the_exact_figures_equal_those_of_every_state(seed: int) -> None:
    """Loops, ties, groups, counts and several media: each of the 2^n states of what can fail, weighed by its probability. The
    simulation is within five standard deviations."""
    plan = redundant(seed)
    load = max(plan.kinds)
    snapshot, rates = rated(plan, seed)
    rates.pop(load, None)
    graph = compile_supply(snapshot, vocabulary())
    reference = Reference(plan)
    own = {pair for pair in reference.fed if pair[0] == load}
    try:
        found = availability(snapshot, vocabulary(), graph, NOW, SITE + load, trials=20_000, seed=seed, nodes_max=1 << 12)
    except (GraphError, UnknownEntity):
        reject()

    if found.method == "down before":
        assert own - reference.holding(frozenset())
        return
    unavailable, often = by_every_state(reference, load, rates)
    assert found.method == "decision diagram"
    assert found.low == pytest.approx(unavailable, rel=1e-9, abs=1e-15)
    assert found.outages_a_year == pytest.approx(often * 8760, rel=1e-9, abs=1e-12)
    assert found.simulated is not None
    assert abs(found.simulated.down / 20_000 - unavailable) <= 5 * (unavailable * (1 - unavailable) / 20_000) ** 0.5


@SEEDS
@given(seed=st.integers(0, 2**32))
def test_the_bounds_hold_the_exact_figure(seed: int) -> None:
    """The same sites without room for a diagram of more than 16 nodes."""
    plan = redundant(seed)
    snapshot, _ = rated(plan, seed)
    graph = compile_supply(snapshot, vocabulary())
    try:
        exact, bounds = (availability(snapshot, vocabulary(), graph, NOW, SITE + max(plan.kinds), nodes_max=room) for room in (1 << 12, 16))
    except (GraphError, UnknownEntity):
        reject()

    assert bounds.low <= exact.low * (1 + 1e-9)
    assert exact.high <= bounds.high * (1 + 1e-9)


HALF = "dcx:mtbfHours 1 ; dcx:mttrHours 1"
TENTH = "dcx:mtbfHours 9 ; dcx:mttrHours 1"


def test_a_common_cause_that_states_rates_takes_all_its_members_down() -> None:
    """Two sources, each down a tenth of the time, and a cause of both that is there a tenth of the time: 1 - 0.9 x (1 - 0.01) = 0.109.
    The same by simulation, and within the bounds of the cut sets."""
    turtle = f""":A a dcx:Utility_Feed ; {TENTH} ; dcx:feedsPower :Rack . :B a dcx:Utility_Feed ; {TENTH} ; dcx:feedsPower :Rack .
        :Rack a brick:ICT_Rack . :Flood a dcx:Common_Cause_Group ; dcx:hasMember :A , :B ; {TENTH} ."""

    found, bounds = of(turtle, trials=100_000), of(turtle, nodes_max=1)

    assert found.low == found.high == pytest.approx(0.109)
    assert found.components[0].id == SITE + "Flood"
    assert found.simulated is not None
    assert found.simulated.low < 0.109 < found.simulated.high
    assert bounds.low - 1e-12 <= 0.109 <= bounds.high + 1e-12


def test_what_states_rates_is_a_component_of_whatever_class_it_is() -> None:
    """A thing of no known class between a source and a rack: 1 - 0.9 x 0.5 = 0.55."""
    found = of(f":A a dcx:Utility_Feed ; {TENTH} ; dcx:feedsPower :X . :X {HALF} ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack .")

    assert found.low == pytest.approx(0.55)
    assert {each.id for each in found.components} == {SITE + "A", SITE + "X"}


def test_what_states_rates_and_cannot_be_counted_is_named() -> None:
    """A thing that plays no part in supply, and a common cause without members."""
    found = of(
        f":A a dcx:Utility_Feed ; {TENTH} ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack . :Lost a dcx:Tenant ; {HALF} . "
        f":Flood a dcx:Common_Cause_Group ; {HALF} ."
    )

    assert found.low == pytest.approx(0.1)
    assert [note for note in found.notes if "not counted" in note] == [
        "urn:site:Flood is not counted: a group needs members in supply, and both rates above 0",
        "urn:site:Lost states rates and is not counted: it plays no part in supply",
    ]
