"""A reading that cannot be used changes the answer, and the answer says so: which point, of what, why, since when, what counts instead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analytics.capacity.readings import PowerRead, power_points
from analytics.capacity.standing import capacity
from analytics.conditions import Conditions, condition_points
from analytics.impact import BlastRadius, impact
from analytics.planning.place import Load, place
from analytics.planning.stranded import stranded
from analytics.posture.lookout import Lookout
from analytics.supply import compile_supply
from analytics.supply_graph import SupplyGraph
from analytics.time.reserves import reserves
from analytics.time.timeline import timeline
from analytics.unusable import Heard, dated
from graph.snapshot import Snapshot
from graph.values import Quality, Reason
from tests.analytics.sites import AT, SITE, snapshot_of, told, vocabulary

PAIR = """
:U1 a dcx:Utility_Feed ; dcx:feedsPower :A . :U2 a dcx:Utility_Feed ; dcx:feedsPower :B .
:A a dcx:UPS ; dcx:ratedPower [ brick:value 100 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :Q .
:Q a brick:Circuit_Breaker ; dcx:feedsPower :R ; brick:hasPoint :Position .
:B a dcx:UPS ; dcx:ratedPower [ brick:value 100 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :R ; brick:hasPoint :Fault .
:R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 80 ; brick:hasUnit unit:KiloW ] ; brick:hasPoint :Meter .
:Position a dcx:Breaker_Position_Status . :Fault a brick:Fault_Status .
:Meter a brick:Electric_Power_Sensor ; brick:hasUnit unit:W .
:Elsewhere a dcx:Utility_Feed ; dcx:feedsPower :S . :S a brick:ICT_Rack ; brick:hasPoint :Other .
:Other a brick:Electric_Power_Sensor ; brick:hasUnit unit:W .
"""
"""A rack planned at 80 kW on two UPSs of 100 kW each, and one elsewhere; the meters count W."""
Values = dict[str, tuple[float, Quality]]
STALE = "urn:site:R counts with 80.0 kW, its allocated power, as the value of urn:site:Meter is stale (110 kW of 2025-12-31 23:59:20Z)"


def heard(points: object) -> list[tuple[int, Reason]]:
    """All are of 40 s before midnight, and fell silent."""
    assert isinstance(points, list)
    return [(int(AT.timestamp()) * 1000 - 40_000, Reason.SILENCE) for _ in points]


def standing(values: Values, when: Heard | None = heard, more: str = "") -> tuple[Snapshot, SupplyGraph, Conditions]:
    """The pair, and the conditions that these values of its points make."""
    snapshot = snapshot_of(PAIR + more)
    known = {SITE + point: value for point, value in values.items()}.get
    said, power = condition_points(snapshot, vocabulary()).read(known), power_points(snapshot, vocabulary()).read(known)
    return (
        snapshot,
        compile_supply(snapshot, vocabulary()),
        Conditions(
            AT,
            said.positions,
            power.kw,
            said.out,
            said.contradicted,
            dated(said.unread, when),
            dated(said.unsure, when),
            dated(power.unmetered, when),
        ),
    )


def answer(values: Values, fails: str = "U2") -> BlastRadius:
    _, graph, conditions = standing(values)
    return impact(graph, [SITE + fails], conditions)


def test_a_meter_that_falls_silent_changes_the_outcome_and_the_answer_says_what_counts_instead() -> None:
    """At 110 kW the side that is left trips. Once the meter is silent, the planned 80 kW count: it holds, and the answer says by what."""
    loud, silent = answer({"Meter": (110e3, Quality.GOOD)}), answer({"Meter": (110e3, Quality.STALE)})

    assert (told(loud)["R Power"], told(silent)["R Power"]) == ("LOST", "NO_REDUNDANCY")
    assert silent.assumed == (STALE,)


def test_every_answer_that_follows_load_names_what_cannot_be_read() -> None:
    """How full it is (also as a finding at the node), what fits, where a load fits, and the timeline."""
    snapshot, graph, conditions = standing({"Meter": (110e3, Quality.STALE)})

    full = capacity(graph, conditions)
    course = timeline(reserves(snapshot, vocabulary(), graph), [SITE + "U2"], conditions)

    assert STALE in full.assumed
    assert [(f.severity.value, f.focus, f.message) for f in full.findings if f.code == "reading-not-usable"] == [
        ("warning", SITE + "R", STALE.replace("urn:site:R counts", "it counts"))
    ]
    assert STALE in stranded(snapshot, vocabulary(), graph, conditions).notes
    assert STALE in place(snapshot, vocabulary(), graph, conditions, Load(1)).basis.assumed
    assert STALE in course.assumed


@pytest.mark.parametrize(
    ("value", "quality", "reason", "why"),
    [
        (-20e3, Quality.GOOD, Reason.NONE, "below 0 (-20 kW)"),
        (-20e3, Quality.UNCERTAIN, Reason.OUT_OF_RANGE, "uncertain, out of range (-20 kW)"),
        (float("nan"), Quality.BAD, Reason.SENSOR, "bad, no number"),
        (7e3, Quality.NO_COMMUNICATION, Reason.SILENCE, "without communication (7 kW)"),
    ],
)
def test_why_a_reading_is_not_taken_is_said(value: float, quality: Quality, reason: Reason, why: str) -> None:
    """Its quality and the reason of it, or what is wrong with a good one; and what it says, if that is a number."""
    snapshot = snapshot_of(PAIR)
    read = power_points(snapshot, vocabulary()).read({SITE + "Meter": (value, quality)}.get)

    said = dated(read.unmetered, lambda points: [(0, reason) for _ in points])

    assert read.kw == {}
    assert [(thing, each.text) for thing, each in said.items()] == [(SITE + "R", f"the value of urn:site:Meter is {why}")]


def test_a_position_that_is_none_and_a_fault_that_is_not_heard_are_named_by_every_answer() -> None:
    """The breaker says 2, and the UPS was last heard of 40 s ago: it may have failed since."""
    snapshot, graph, conditions = standing({"Position": (2.0, Quality.GOOD), "Fault": (0.0, Quality.STALE)})

    told_so = (
        "urn:site:Q is taken to stand as normal: the value of urn:site:Position is neither 0 (open) nor 1 (closed) "
        "(2 of 2025-12-31 23:59:20Z)",
        "urn:site:B counts as in service: the value of urn:site:Fault is stale (0 of 2025-12-31 23:59:20Z)",
    )
    course = timeline(reserves(snapshot, vocabulary(), graph), [SITE + "U2"], conditions)

    for assumed in (impact(graph, [SITE + "U2"], conditions).assumed, Lookout(graph, conditions).posture.assumed, course.assumed):
        assert [text for text in assumed if text in told_so] == list(told_so)
    findings = [finding for finding in capacity(graph, conditions).findings if finding.code == "reading-not-usable"]
    assert [finding.focus for finding in findings] == [SITE + "B", SITE + "Q"]


def test_what_a_failure_does_not_reach_is_not_named() -> None:
    """The meter elsewhere is silent; nothing of the pair hangs by what feeds it."""
    silent = {"Other": (5e3, Quality.STALE)}

    assert answer(silent).assumed == ()
    assert answer(silent, "Elsewhere").assumed != ()


def test_what_was_never_heard_is_no_doubt() -> None:
    """A twin without telemetry assumes nothing by it."""
    snapshot = snapshot_of(PAIR)

    assert power_points(snapshot, vocabulary()).read(lambda _: (float("nan"), Quality.NO_VALUE)) == PowerRead({}, {})


def test_beside_one_that_can_be_read_the_other_is_told_of_too() -> None:
    """A second meter says 8 kW and a second point of the breaker 0: these count, and what the others say is told."""
    more = ":R brick:hasPoint :More . :More a brick:Electric_Power_Sensor ; brick:hasUnit unit:KiloW . :Q brick:hasPoint :Say ."
    values = {"Meter": (9e3, Quality.STALE), "More": (8.0, Quality.GOOD), "Position": (2.0, Quality.GOOD), "Say": (0.0, Quality.GOOD)}
    _, graph, conditions = standing(values, None, more + ":Say a dcx:Breaker_Position_Status .")

    assumed = capacity(graph, conditions).assumed

    assert conditions.power_kw == {SITE + "R": 8.0}
    assert assumed[0] == (
        "urn:site:Q is taken as open, as another point says: the value of urn:site:Position is neither 0 (open) nor 1 (closed) (2)"
    )
    assert "urn:site:R counts with 8.0 kW, what another meter says, as the value of urn:site:Meter is stale (9 kW)" in assumed


def test_many_that_cannot_be_read_are_named_up_to_twenty_and_counted() -> None:
    """25 switches: 20 by name, and five more."""
    _, graph, conditions = standing({"Position": (2.0, Quality.GOOD)})
    one = conditions.unread[SITE + "Q"]
    many = replace(conditions, unread={f"urn:q:{n:02}": one for n in range(25)})

    assumed = many.assumed(lambda _: 0)

    assert (len(assumed), assumed[-1]) == (21, "5 more switches have a point that tells no position")
    assert graph.find(SITE + "Q") is not None
