"""Where switches stand: telemetry when it is good, else the normal position, else closed."""

from __future__ import annotations

import pytest

from analytics.conditions import Conditions, Position, condition_points
from analytics.impact import impact
from analytics.state import live
from analytics.supply import compile_supply
from graph.values import Quality
from tests.analytics.sites import AT, SITE, snapshot_of, told, vocabulary

SITE_WITH_BREAKER = """
:Feed a dcx:Utility_Feed ; dcx:feedsPower :Breaker . :Breaker a brick:Circuit_Breaker ; dcx:feedsPower :R ; brick:hasPoint :Position .
:Position a dcx:Breaker_Position_Status . :R a brick:ICT_Rack . :Spare a dcx:Utility_Feed ; dcx:feedsPower :R .
:Bypass a brick:Circuit_Breaker ; dcx:normalPosition dcx:Open ; dcx:feedsPower :R . :Feed dcx:feedsPower :Bypass .
"""


def test_a_good_position_counts_and_the_answer_says_where_it_came_from() -> None:
    """The breaker reads 0, open: R lives by Spare alone, so losing Spare loses R; without telemetry the breaker carries R."""
    snapshot = snapshot_of(SITE_WITH_BREAKER)
    graph = compile_supply(snapshot, vocabulary())
    heard = condition_points(snapshot, vocabulary()).read({SITE + "Position": (0.0, Quality.GOOD)}.get).positions

    answer = impact(graph, [SITE + "Spare"], Conditions(AT, heard))

    assert heard == {SITE + "Breaker": Position(is_open=True, from_telemetry=True)}
    assert told(answer) == {"R Power": "LOST"}
    assert [(p.id, p.position, p.from_telemetry) for p in answer.positions] == [
        (SITE + "Breaker", "open", True),
        (SITE + "Bypass", "open", False),
    ]
    assert told(impact(graph, [SITE + "Spare"], Conditions(AT))) == {"R Power": "NO_REDUNDANCY"}


def test_a_closed_position_that_telemetry_confirms_is_listed_too() -> None:
    """1 is closed."""
    snapshot = snapshot_of(SITE_WITH_BREAKER)

    heard = condition_points(snapshot, vocabulary()).read({SITE + "Position": (1.0, Quality.GOOD)}.get).positions
    answer = impact(compile_supply(snapshot, vocabulary()), [SITE + "R"], Conditions(AT, heard))

    first = answer.positions[0]
    assert (first.id, first.position, first.from_telemetry) == (SITE + "Breaker", "closed", True)


def test_a_position_that_is_not_good_falls_back_to_the_normal_one() -> None:
    """A stale 0 is no present position."""
    snapshot = snapshot_of(SITE_WITH_BREAKER)

    assert condition_points(snapshot, vocabulary()).read({SITE + "Position": (0.0, Quality.STALE)}.get).positions == {}
    assert condition_points(snapshot, vocabulary()).read(lambda _: None).positions == {}


@pytest.mark.parametrize("value", [0.5, 7.0, -1.0, float("nan")])
def test_a_value_that_is_neither_open_nor_closed_is_no_position(value: float) -> None:
    """0 is open and 1 closed; whatever else a device sends leaves the breaker where it normally is."""
    snapshot = snapshot_of(SITE_WITH_BREAKER)
    told_so = {SITE + "Position": (value, Quality.GOOD)}.get

    heard = condition_points(snapshot, vocabulary()).read(told_so).positions
    answer = impact(compile_supply(snapshot, vocabulary()), [SITE + "Spare"], Conditions(AT, heard))

    assert heard == {}
    assert [(p.id, p.position, p.from_telemetry) for p in answer.positions] == [
        (SITE + "Breaker", "closed", False),
        (SITE + "Bypass", "open", False),
    ]


def test_the_live_state_tells_what_hands_on_and_what_holds() -> None:
    """Feed and Spare gone: R holds nothing; an open bypass is supplied before that, and hands on nothing."""
    graph = compile_supply(snapshot_of(SITE_WITH_BREAKER), vocabulary())

    before, after = live(graph, [], Conditions(AT)), live(graph, [SITE + "Feed", SITE + "Spare"], Conditions(AT))

    assert (before.is_live(SITE + "R"), before.supplied(SITE + "Bypass"), before.is_live(SITE + "Bypass")) == (True, True, False)
    assert (after.is_live(SITE + "R"), after.holds(SITE + "R", "dcx:Power"), after.is_live(SITE + "Breaker")) == (False, False, False)
    assert after.is_live(SITE + "Position")


def test_two_points_of_one_switch_that_contradict_each_other_are_told_of_and_the_first_counts() -> None:
    """Position says 0, open, and Second says 1: the first in order of IRIs is taken, and the answer says so. With both at 0, or the second
    stale, there is nothing to tell."""
    snapshot = snapshot_of(SITE_WITH_BREAKER + ":Breaker brick:hasPoint :Second . :Second a dcx:Breaker_Position_Status .")
    graph, points = compile_supply(snapshot, vocabulary()), condition_points(snapshot, vocabulary())
    first, second = SITE + "Position", SITE + "Second"

    told_so = points.read({first: (0.0, Quality.GOOD), second: (1.0, Quality.GOOD)}.get)
    agreed = points.read({first: (0.0, Quality.GOOD), second: (0.0, Quality.GOOD)}.get)
    stale = points.read({first: (0.0, Quality.GOOD), second: (1.0, Quality.STALE)}.get)
    answer = impact(graph, [SITE + "Spare"], Conditions(AT, told_so.positions, contradicted=told_so.contradicted))

    assert told_so.positions == agreed.positions == stale.positions == {SITE + "Breaker": Position(is_open=True, from_telemetry=True)}
    assert told_so.contradicted == {SITE + "Breaker": (first, second)}
    assert (agreed.contradicted, stale.contradicted) == ({}, {})
    assert f"{SITE}Breaker is taken as open, as {first} says: {second} says the opposite" in answer.assumed


SITE_IN_SERVICE = """
:Feed a dcx:Utility_Feed ; dcx:feedsPower :UPS-A, :UPS-B ; brick:hasPoint :Available . :Available a dcx:Source_Available_Status .
:UPS-A a dcx:UPS ; dcx:feedsPower :R ; brick:hasPoint :Fault, :Code . :Fault a brick:Fault_Status . :Code a brick:Last_Fault_Code_Status .
:UPS-B a dcx:UPS ; dcx:feedsPower :R . :R a brick:ICT_Rack .
:Run-1 a brick:Run_Status ; brick:isPointOf :Pump-1 . :Run-2 a brick:Run_Status ; brick:isPointOf :Pump-2 .
:Asked a brick:Run_Request_Status ; brick:isPointOf :Pump-1 .
:Pump-1 a brick:Chilled_Water_Pump ; brick:feeds :Loop ; dcx:shouldRun true . :Pump-2 a brick:Chilled_Water_Pump ; brick:feeds :Loop .
:Loop a brick:Chilled_Water_Loop .
"""


@pytest.mark.parametrize(
    ("point", "value", "quality", "out"),
    [
        ("Fault", 1.0, Quality.GOOD, "UPS-A"),
        ("Fault", 0.0, Quality.GOOD, ""),
        ("Fault", 1.0, Quality.STALE, ""),
        ("Code", 1.0, Quality.GOOD, ""),
        ("Available", 0.0, Quality.GOOD, "Feed"),
        ("Available", 1.0, Quality.GOOD, ""),
        ("Run-1", 0.0, Quality.GOOD, "Pump-1"),
        ("Run-1", 1.0, Quality.GOOD, ""),
        ("Run-2", 0.0, Quality.GOOD, ""),
        ("Asked", 0.0, Quality.GOOD, ""),
    ],
)
def test_what_good_telemetry_says_is_out_of_service(point: str, value: float, quality: Quality, out: str) -> None:
    """A fault, a source that is not available, and what should run and does not. A unit that may stand by and is off is not out; the code
    of the last fault and a request to run say nothing; a reading that is not good neither."""
    found = condition_points(snapshot_of(SITE_IN_SERVICE), vocabulary()).read({SITE + point: (value, quality)}.get)

    assert found.out == ({SITE + out: SITE + point} if out else {})


def test_what_is_out_of_service_was_down_before_any_failure_and_the_answer_names_it() -> None:
    """UPS-A has a fault: losing UPS-B loses R, which it would survive else; UPS-A itself fails no more."""
    snapshot = snapshot_of(SITE_IN_SERVICE)
    graph = compile_supply(snapshot, vocabulary())
    out = {SITE + "UPS-A": SITE + "Fault"}

    answer = impact(graph, [SITE + "UPS-B"], Conditions(AT, out=out), ["Power"])

    assert told(answer) == {"R Power": "LOST"}
    assert told(impact(graph, [SITE + "UPS-B"], Conditions(AT), ["Power"])) == {"R Power": "NO_REDUNDANCY"}
    assert told(impact(graph, [SITE + "UPS-A"], Conditions(AT, out=out), ["Power"])) == {}
    assert answer.assumed[0] == f"{SITE}UPS-A counts as out of service, as {SITE}Fault says"
