"""What a model cannot mean: a finding at the node, and an answer that says what was assumed instead."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from analytics.capacity.standing import capacity
from analytics.conditions import Conditions, condition_points
from analytics.impact import impact
from analytics.planning.stranded import stranded
from analytics.posture.lookout import Lookout
from analytics.supply import compile_supply
from graph.errors import UnknownEntity
from graph.values import Quality
from ontology.validate import validate
from tests.analytics.sites import AT, NOW, SITE, fail, site, snapshot_of, told, vocabulary

LINE = (
    ":F a dcx:Utility_Feed ; dcx:feedsPower :U . :U a dcx:UPS ; dcx:feedsPower :P . :P a dcx:PDU ; dcx:feedsPower :R ."
    ":R a brick:ICT_Rack ; brick:hasLocation :Room . :Room a rec:Room . "
)
"""A feed, a UPS, a PDU and a rack in a row: with U gone P and R are lost."""
LOST = {"P Power": "LOST", "R Power": "LOST"}
NO_LIMIT = "urn:site:P states a rating that is no number above 0 in a unit of its kind: it counts as without limit"
NO_MEDIUM = (
    "a dcx:requires is ignored because it names no medium that there is: give it a dcx:medium, one of dcx:Power, dcx:LiquidCooling, "
    "dcx:AirCooling, dcx:Network, dcx:Compute, dcx:Control"
)
DARK = "not supplied before the failure, of what this answer rests on: "


def kw(value: object, unit: str = "unit:KiloW") -> str:
    """A quantity."""
    return f"[ brick:value {value} ; brick:hasUnit {unit} ]"


@dataclass(frozen=True)
class Case:
    """A model, what is wrong with it and where, and what an answer about a failure in it says."""

    model: str
    finding: str
    at: str
    assumed: tuple[str, ...]
    outcomes: dict[str, str]
    fails: str = "U"


CASES = {
    "a rating below 0": Case(f"{LINE} :P dcx:ratedPower {kw(-10)} .", "quantity-has-value-and-unit", "P", (NO_LIMIT,), LOST),
    "a rating of 0": Case(f"{LINE} :P dcx:ratedPower {kw(0)} .", "rating-limits-nothing", "P", (NO_LIMIT,), LOST),
    "a rating in words": Case(f"""{LINE} :P dcx:ratedPower {kw('"ten"')} .""", "quantity-has-value-and-unit", "P", (NO_LIMIT,), LOST),
    "a rating in kg": Case(f"{LINE} :P dcx:ratedPower {kw(10, 'unit:KiloGM')} .", "rating-limits-nothing", "P", (NO_LIMIT,), LOST),
    "a rating without a unit": Case(
        f"{LINE} :P dcx:ratedPower [ brick:value 10 ] .", "quantity-has-value-and-unit", "P", (NO_LIMIT,), LOST
    ),
    "a breaker of -10 A": Case(f"{LINE} :P dcx:breakerRating {kw(-10, 'unit:A')} .", "quantity-has-value-and-unit", "P", (NO_LIMIT,), LOST),
    "a requirement in a medium that there is not": Case(
        f"{LINE} :R dcx:requires [ dcx:medium dcx:Powr ; dcx:atLeast 1 ] .",
        "unknown-term",
        "R",
        (f"urn:site:R: {NO_MEDIUM}",),
        LOST,
    ),
    "several draws that are one": Case(
        f"{LINE} :R dcx:allocatedPower {kw(10)}, {kw(10)} . :P dcx:feedsPower :S . "
        f":S a brick:Server ; dcx:allocatedPower {kw(20)}, {kw(20000, 'unit:W')}, {kw(20)} . "
        f":U dcx:feedsPower :T . :T a brick:Server ; brick:ratedPowerInput {kw(5)}, {kw(5)} .",
        "one-planned-power",
        "S",
        (),
        LOST | {"S Power": "LOST", "T Power": "LOST"},
    ),
    "a group of nothing": Case(
        f"{LINE} :G a dcx:Redundancy_Group ; dcx:feedsPower :R .",
        "group-has-members",
        "G",
        (
            f"{DARK}1 (urn:site:G); nothing can be lost there: either a switch is open, or no source reaches them",
            "urn:site:G needs 1 suppliers of Power and has 0: it is never supplied",
        ),
        LOST,
    ),
    "a draw below 0": Case(
        f"{LINE} :R dcx:allocatedPower {kw(-5)} .",
        "quantity-has-value-and-unit",
        "R",
        ("urn:site:R states a draw that is no number of 0 or more in a unit of power: that is left out",),
        LOST,
    ),
    "more needed than there is": Case(
        f"{LINE} :R dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 3 ] .",
        "requirement-never-holds",
        "R",
        (f"{DARK}1 (urn:site:R)", "urn:site:R needs 3 suppliers of Power and has 1: it is never supplied"),
        {"P Power": "LOST"},
    ),
    "needed of somebody else": Case(
        f"{LINE} :R dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 1 ; dcx:among :F ] .",
        "requirement-never-holds",
        "R",
        (f"{DARK}1 (urn:site:R)", "urn:site:R needs 1 suppliers of Power and has 0: it is never supplied"),
        {"P Power": "LOST"},
    ),
    "less than none needed": Case(
        f"{LINE} :R dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast -1 ] .",
        "requirement-counts-from-0",
        "R",
        ("urn:site:R needs any one supplier of Power: the dcx:atLeast of a dcx:requires is no number of 0 or more",),
        LOST,
    ),
    "needed of no medium": Case(
        f"{LINE} :R dcx:requires [ dcx:atLeast 1 ] .",
        "requirement-has-a-medium",
        "R",
        (f"urn:site:R: {NO_MEDIUM}",),
        LOST,
    ),
    "a group that needs more than it has": Case(
        f"{LINE} :G a dcx:Redundancy_Group ; dcx:hasMember :U ; dcx:requiredCount 2 ; dcx:feedsPower :P .",
        "group-needs-no-more-than-it-has",
        "G",
        (f"{DARK}1 (urn:site:G)", "urn:site:G needs 2 suppliers of Power and has 1: it is never supplied"),
        LOST,
    ),
    "a group that needs -1": Case(
        ":F a dcx:Utility_Feed ; dcx:feedsPower :U, :V . :U a dcx:UPS . :V a dcx:UPS . :R a brick:ICT_Rack ."
        ":G a dcx:Redundancy_Group ; dcx:hasMember :U, :V ; dcx:requiredCount -1 ; dcx:feedsPower :R .",
        "group-has-a-needed-count",
        "G",
        ("urn:site:G needs any one of its members: its dcx:requiredCount or dcx:spareCount leaves no number from 1 of them",),
        {"G Power": "NO_REDUNDANCY", "R Power": "NO_REDUNDANCY"},
    ),
    "a group with more spares than members": Case(
        ":F a dcx:Utility_Feed ; dcx:feedsPower :U, :V . :U a dcx:UPS . :V a dcx:UPS . :R a brick:ICT_Rack ."
        ":G a dcx:Redundancy_Group ; dcx:hasMember :U, :V ; dcx:spareCount 3 ; dcx:feedsPower :R .",
        "group-has-a-needed-count",
        "G",
        ("urn:site:G needs any one of its members: its dcx:requiredCount or dcx:spareCount leaves no number from 1 of them",),
        {"G Power": "NO_REDUNDANCY", "R Power": "NO_REDUNDANCY"},
    ),
    "a switch that is normally open and closed": Case(
        f"{LINE} :P dcx:feedsPower :Q . :Q a brick:Circuit_Breaker ; dcx:normalPosition dcx:Open, dcx:Closed .",
        "switch-position",
        "Q",
        ("urn:site:Q counts as open where no reading says otherwise: its dcx:normalPosition is not one of dcx:Open and dcx:Closed",),
        {**LOST, "Q Power": "LOST"},
    ),
    "a switch in a position that is none": Case(
        f"{LINE} :P dcx:feedsPower :Q . :Q a brick:Circuit_Breaker ; dcx:normalPosition :Ajar .",
        "switch-position",
        "Q",
        ("urn:site:Q counts as closed where no reading says otherwise: its dcx:normalPosition is not one of dcx:Open and dcx:Closed",),
        {**LOST, "Q Power": "LOST"},
    ),
    "a position of what is no switch": Case(
        f"{LINE} :U dcx:normalPosition dcx:Open .",
        "position-of-no-switch",
        "U",
        ("urn:site:U is no switch: its dcx:normalPosition is left out",),
        LOST,
    ),
    "a ring of power without a source": Case(
        ":A a brick:Switchgear ; dcx:feedsPower :B . :B a brick:Switchgear ; dcx:feedsPower :C ."
        ":C a brick:Switchgear ; dcx:feedsPower :A .",
        "ring-without-source",
        "A",
        (f"{DARK}3 (urn:site:A, urn:site:B, urn:site:C)",),
        {},
        "A",
    ),
    "a ring of ties without a source": Case(
        ":A a brick:Switchgear . :B a brick:Switchgear . :T a dcx:Tie_Breaker ; dcx:ties :A, :B ; dcx:normalPosition dcx:Closed .",
        "ring-without-source",
        "A",
        (f"{DARK}3 (urn:site:A, urn:site:B, urn:site:T)",),
        {},
        "A",
    ),
    "a loop of water without a source": Case(
        ":CH a brick:Chiller ; dcx:feedsLiquidCooling :W . :W a brick:Pump ; dcx:feedsLiquidCooling :X ."
        ":X a brick:Coil ; dcx:feedsLiquidCooling :CH .",
        "ring-without-source",
        "CH",
        (f"{DARK}3 (urn:site:CH, urn:site:W, urn:site:X)",),
        {},
        "CH",
    ),
    "two that feed each other": Case(
        ":A a brick:Switchgear ; dcx:feedsPower :B . :B a brick:Switchgear ; dcx:feedsPower :A .",
        "feeds-both-ways",
        "A",
        (f"{DARK}2 (urn:site:A, urn:site:B)",),
        {},
        "A",
    ),
    "a feed to a name that nobody has": Case(
        f"{LINE} :P dcx:feedsPower :Ghost .", "fed-and-not-described", "Ghost", (), {**LOST, "Ghost Power": "LOST"}
    ),
    "a group that needs 0": Case(
        ":F a dcx:Utility_Feed ; dcx:feedsPower :U, :V . :U a dcx:UPS . :V a dcx:UPS . :R a brick:ICT_Rack ."
        ":G a dcx:Redundancy_Group ; dcx:hasMember :U, :V ; dcx:requiredCount 0 ; dcx:feedsPower :R .",
        "group-has-a-needed-count",
        "G",
        ("urn:site:G needs any one of its members: its dcx:requiredCount or dcx:spareCount leaves no number from 1 of them",),
        {"G Power": "NO_REDUNDANCY", "R Power": "NO_REDUNDANCY"},
    ),
    "a group that needs 1.5": Case(
        ":F a dcx:Utility_Feed ; dcx:feedsPower :U, :V . :U a dcx:UPS . :V a dcx:UPS . :R a brick:ICT_Rack ."
        ":G a dcx:Redundancy_Group ; dcx:hasMember :U, :V ; dcx:requiredCount 1.5 ; dcx:feedsPower :R .",
        "group-has-a-needed-count",
        "G",
        ("urn:site:G states a dcx:requiredCount or dcx:spareCount that is not whole: the whole one that needs more members counts",),
        {"G Power": "LOST", "R Power": "LOST"},
    ),
    "a group with 0.5 spares": Case(
        ":F a dcx:Utility_Feed ; dcx:feedsPower :U, :V . :U a dcx:UPS . :V a dcx:UPS . :R a brick:ICT_Rack ."
        ":G a dcx:Redundancy_Group ; dcx:hasMember :U, :V ; dcx:spareCount 0.5 ; dcx:feedsPower :R .",
        "group-has-a-needed-count",
        "G",
        ("urn:site:G states a dcx:requiredCount or dcx:spareCount that is not whole: the whole one that needs more members counts",),
        {"G Power": "LOST", "R Power": "LOST"},
    ),
    "1.5 of 2 needed": Case(
        f"{LINE} :V a dcx:UPS ; dcx:feedsPower :P . :F dcx:feedsPower :V . :P dcx:requires [ dcx:medium dcx:Power ; dcx:atLeast 1.5 ] .",
        "requirement-counts-from-0",
        "P",
        ("urn:site:P states a dcx:atLeast that is not whole: the next whole number counts",),
        LOST,
    ),
    "a derating of 80": Case(
        f"{LINE} :P dcx:ratedPower {kw(10)} ; dcx:deratingFactor 80 .",
        "derating",
        "P",
        ("urn:site:P states a dcx:deratingFactor that is no number above 0 and at most 1: 1 counts",),
        LOST,
    ),
    "a power factor below 0": Case(
        f"{LINE} :P dcx:breakerRating {kw(10, 'unit:A')} ; dcx:powerFactor -0.5 .",
        "share-of-a-load",
        "P",
        ("urn:site:P states a dcx:powerFactor that is no number above 0 and at most 1: 0.95 counts",),
        LOST,
    ),
    "trip points that are none": Case(
        f"{LINE} :P dcx:tripCurve [ dcx:multiple 1.1 ; dcx:seconds -5 ], [ dcx:multiple 1.5 ], [ dcx:seconds 4 ] .",
        "trip-point",
        "P",
        ("urn:site:P states 3 of 3 trip points without a dcx:multiple and dcx:seconds above 0: it never trips",),
        LOST,
    ),
    "a UPS that nothing feeds": Case(
        ":U a dcx:UPS ; dcx:feedsPower :R . :R a brick:ICT_Rack .",
        "ups-is-fed",
        "U",
        ("urn:site:U counts as a source of Power: nothing feeds it",),
        {"R Power": "LOST"},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_cannot_be_meant_is_a_finding_at_the_node_and_said_in_the_answer(case: Case) -> None:
    """The finding stands at the thing itself, and the answer is worked out with what is said to be assumed."""
    snapshot = snapshot_of(case.model)

    findings = {(finding.code, finding.focus) for finding in validate(snapshot.block(), vocabulary())}
    answer = fail(compile_supply(snapshot, vocabulary()), case.fails)

    assert (case.finding, SITE + case.at) in findings
    assert told(answer) == case.outcomes
    assert [text for text in case.assumed if not any(each.startswith(text) for each in answer.assumed)] == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_posture_says_of_the_site_what_an_answer_about_a_failure_says(case: Case) -> None:
    """What is dark is counted there; how the model was read is the same in both."""
    graph = compile_supply(snapshot_of(case.model), vocabulary())

    posture = Lookout(graph, NOW).posture

    assert [text for text in case.assumed if text not in posture.assumed and not text.startswith(DARK)] == []
    assert posture.to_json()["assumed"] == list(posture.assumed)


def test_how_full_it_is_and_how_much_fits_say_how_the_model_was_read() -> None:
    """A rack that states 5 and 7 kW counts with one of them, and a group that needs two of its one member is never supplied."""
    snapshot = snapshot_of(
        f"{LINE} :U dcx:ratedPower {kw(100)} . :R dcx:allocatedPower {kw(5)}, {kw(7)} ."
        ":G a dcx:Redundancy_Group ; dcx:hasMember :U ; dcx:requiredCount 2 ; dcx:feedsPower :P ."
    )
    graph = compile_supply(snapshot, vocabulary())

    full, fits = capacity(graph, NOW).assumed, stranded(snapshot, vocabulary(), graph, NOW).notes

    for assumed in (full, fits):
        assert "urn:site:G needs 2 suppliers of Power and has 1: it is never supplied" in assumed
        assert any(text.startswith("urn:site:R states several draws that differ: ") for text in assumed)


def test_a_sound_model_has_no_finding_of_these_kinds_and_nothing_is_assumed() -> None:
    """The line as it stands: none of the codes above."""
    snapshot = snapshot_of(f"{LINE} :P dcx:ratedPower {kw(10)} . :R dcx:allocatedPower {kw(5)} .")

    codes = {finding.code for finding in validate(snapshot.block(), vocabulary())}

    assert not codes & {case.finding for case in CASES.values()}
    assert fail(compile_supply(snapshot, vocabulary()), "U").assumed == ()


def test_a_draw_below_0_takes_nothing_off_the_total() -> None:
    """A server of 2 kW and one of -5 kW: 2 kW are lost, not -3."""
    graph = site(
        f":P a dcx:PDU ; dcx:feedsPower :S, :T . :S a brick:Server ; dcx:allocatedPower {kw(2)} ."
        f":T a brick:Server ; dcx:allocatedPower {kw(-5)} ."
    )

    assert fail(graph, "P").totals.it_load_kw["LOST"] == 2.0


def test_what_states_no_rating_is_counted_where_others_do() -> None:
    """The UPS states one; feed, PDU and rack carry its 5 kW and state none: 3."""
    graph = site(f"{LINE} :U dcx:ratedPower {kw(100)} . :R dcx:allocatedPower {kw(5)} .")

    assert capacity(graph, NOW).unrated == 3


def test_an_unknown_id_is_named() -> None:
    """Nothing is answered about what the twin does not know."""
    with pytest.raises(UnknownEntity, match="no entity 'urn:site:Ghost' in revision"):
        fail(site(LINE), "Ghost")


@pytest.mark.parametrize("quality", [Quality.STALE, Quality.BAD, Quality.NO_COMMUNICATION, Quality.UNCERTAIN])
def test_a_position_that_is_not_good_is_named_with_what_is_taken_instead(quality: Quality) -> None:
    """The breaker was last heard to be open; that is no present value, and it counts as closed."""
    snapshot = snapshot_of(
        ":F a dcx:Utility_Feed ; dcx:feedsPower :Q . :Q a brick:Circuit_Breaker ; dcx:feedsPower :R ; brick:hasPoint :Pos ."
        ":Pos a dcx:Breaker_Position_Status . :R a brick:ICT_Rack ."
    )
    said = condition_points(snapshot, vocabulary()).read(lambda _: (0.0, quality))
    words = "without communication" if quality is Quality.NO_COMMUNICATION else quality.name.lower()

    answer = impact(compile_supply(snapshot, vocabulary()), [SITE + "F"], Conditions(AT, said.positions, unread=said.unread))

    assert told(answer)["R Power"] == "LOST"
    assert answer.assumed == (f"urn:site:Q is taken to stand as normal: the value of urn:site:Pos is {words} (0)",)


def test_a_position_of_which_nothing_was_heard_is_no_doubt() -> None:
    """A twin without telemetry: switches stand normally, and no sentence a switch says so."""
    snapshot = snapshot_of(":Q a brick:Circuit_Breaker ; brick:hasPoint :Pos . :Pos a dcx:Breaker_Position_Status .")

    assert condition_points(snapshot, vocabulary()).read(lambda _: (0.0, Quality.NO_VALUE)).unread == {}


def test_what_states_a_draw_and_has_no_class_is_told_to_be_in_no_total() -> None:
    """7 kW are lost with the utility, and nothing says what draws them: no kW is counted, and the answer says so."""
    answer = fail(
        site(":U a dcx:Utility_Feed ; dcx:feedsPower :X . :X dcx:allocatedPower [ brick:value 7 ; brick:hasUnit unit:KiloW ] ."), "U"
    )

    assert answer.totals.it_load_kw["LOST"] == 0
    assert "urn:site:X states a draw and has no class: it is in no count of racks, equipment or kW" in answer.assumed
