"""Where switches stand: telemetry when it is good, else the normal position, else closed."""

from __future__ import annotations

import pytest

from analytics.conditions import Conditions, Position, positions
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
    heard = positions(snapshot, vocabulary(), {SITE + "Position": (0.0, Quality.GOOD)}.get)

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

    heard = positions(snapshot, vocabulary(), {SITE + "Position": (1.0, Quality.GOOD)}.get)
    answer = impact(compile_supply(snapshot, vocabulary()), [SITE + "R"], Conditions(AT, heard))

    first = answer.positions[0]
    assert (first.id, first.position, first.from_telemetry) == (SITE + "Breaker", "closed", True)


def test_a_position_that_is_not_good_falls_back_to_the_normal_one() -> None:
    """A stale 0 is no present position."""
    snapshot = snapshot_of(SITE_WITH_BREAKER)

    assert positions(snapshot, vocabulary(), {SITE + "Position": (0.0, Quality.STALE)}.get) == {}
    assert positions(snapshot, vocabulary(), lambda _: None) == {}


@pytest.mark.parametrize("value", [0.5, 7.0, -1.0, float("nan")])
def test_a_value_that_is_neither_open_nor_closed_is_no_position(value: float) -> None:
    """0 is open and 1 closed; whatever else a device sends leaves the breaker where it normally is."""
    snapshot = snapshot_of(SITE_WITH_BREAKER)
    told_so = {SITE + "Position": (value, Quality.GOOD)}.get

    heard = positions(snapshot, vocabulary(), told_so)
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
