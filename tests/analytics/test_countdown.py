"""A countdown while a failure is under way, by hand: each docstring shows the sum."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from analytics.conditions import Conditions, Position
from analytics.supply import compile_supply
from analytics.time.countdown import Countdown, countdown
from analytics.time.present import present_points
from analytics.time.reserves import reserves
from analytics.time.story import EventKind
from graph.current import PointValue
from graph.values import Quality
from ontology.namespaces import DCX
from tests.analytics.sites import SITE, snapshot_of, vocabulary
from tests.analytics.test_timeline import UNITS, follow

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
Reading = tuple[float, float]
"""A value, and the second after the failure at which it was observed."""
BATTERY = """
:Utility a dcx:Utility_Feed ; dcx:feedsPower :Double .
:Double a dcx:UPS ; dcx:feedsPower :Rack ; dcx:ratedPower [ brick:value 10.0 ; brick:hasUnit unit:KiloW ] ; dcx:ridethroughSeconds 600 .
:Rack a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 10.0 ; brick:hasUnit unit:KiloW ] .
"""
STRING = """
:Utility a dcx:Utility_Feed ; dcx:feedsPower :UPS .
:UPS a dcx:UPS ; dcx:feedsPower :Rack ; dcx:ratedPower [ brick:value 10.0 ; brick:hasUnit unit:KiloW ] .
:String a brick:Battery ; dcx:ridethroughSeconds 600 ; dcx:peukertExponent 1.0 ; dcx:stateOfHealth 1.0 ; brick:isPartOf :UPS ;
  brick:hasPoint :Charge .
:Charge a dcx:State_Of_Charge_Sensor .
:Rack a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 10.0 ; brick:hasUnit unit:KiloW ] .
"""


def counting(
    turtle: str,
    *failed: str,
    after: float,
    readings: Mapping[str, Reading] | None = None,
    kw: Mapping[str, float] | None = None,
    positions: Mapping[str, bool] | None = None,
    horizon_s: float = 14_400.0,
) -> Countdown:
    """The countdown so many seconds after the named things failed; `positions` are of switches: whether each is open."""
    snapshot = snapshot_of(UNITS + turtle)
    graph = compile_supply(snapshot, vocabulary())
    held = reserves(snapshot, vocabulary(), graph)
    said = {
        SITE + name: PointValue(SITE + name, value, int((SINCE.timestamp() + at) * 1000), 0, Quality.GOOD)
        for name, (value, at) in (readings or {}).items()
    }
    now = Conditions(
        SINCE + timedelta(seconds=after),
        {SITE + name: Position(is_open, True) for name, is_open in (positions or {}).items()},
        {SITE + name: value for name, value in (kw or {}).items()},
    )
    points = present_points(snapshot, vocabulary(), held)
    return countdown(held, points, said.get, [SITE + name for name in failed], SINCE, now, horizon_s)


def left(answer: Countdown) -> dict[str, tuple[float, float | None]]:
    """The seconds that each supply has still, as `name medium` -> bounds to the millisecond."""
    return {
        f"{one.id.removeprefix(SITE)} {one.medium.removeprefix(DCX)}": (
            round(one.lower, 3),
            None if one.upper is None else round(one.upper, 3),
        )
        for one in answer.left
    }


# -- Without any reading: a timeline, later --


def test_without_readings_a_countdown_is_the_timeline_less_what_has_passed() -> None:
    """600 s at 10 kW, 200 s of it gone: 400 s left."""
    answer = counting(STRING, "Utility", after=200)

    assert left(answer)["Rack Power"] == (400.0, 400.0)
    assert answer.elapsed_s == 200
    assert answer.racks.lost == answer.racks.maybe == 0
    assert (answer.racks.counting, answer.racks.next_lower, answer.racks.next_upper) == (1, 400.0, 400.0)


def test_at_the_first_instant_it_is_the_timeline() -> None:
    """0 s after the failure every bound is that of the timeline."""
    answer, whole = counting(STRING, "Utility", after=0), follow(STRING, "Utility")

    assert {(one.id, one.medium, one.lower, one.upper, one.back_lower, one.back_upper) for one in answer.left} == set(whole.bounds)


def test_what_has_happened_stands_and_comes_is_told_apart() -> None:
    """200 s after the failure: the UPS went on its battery at 0 s, it is on it now, and the rack is lost in 400 s."""
    answer = counting(STRING, "Utility", after=200)

    assert [(e.kind, e.lower, e.ids) for e in answer.happened if e.kind is not EventKind.FAILED] == [
        (EventKind.CARRIED, 0.0, (SITE + "UPS",))
    ]
    assert [(e.kind, e.lower, e.upper, e.ids) for e in answer.now] == [(EventKind.CARRIED, 0.0, 0.0, (SITE + "UPS",))]
    assert [(e.kind, e.lower, e.ids) for e in answer.next] == [
        (EventKind.LOST, 400.0, (SITE + "Rack",)),
        (EventKind.LOST, 400.0, (SITE + "UPS",)),
    ]


def test_what_is_lost_already_has_no_seconds_left() -> None:
    """700 s after the failure the battery of 600 s is empty."""
    answer = counting(STRING, "Utility", after=700)

    assert left(answer) == {"Rack Power": (0.0, 0.0), "UPS Power": (0.0, 0.0)}
    assert answer.racks.lost == 1
    assert answer.next == ()


# -- Charge --


def test_a_battery_that_falls_faster_than_the_model_thinks_shortens_the_countdown() -> None:
    """After 200 of 600 s two thirds should be left; it says a quarter: 0.25 * 600 s = 150 s instead of 400."""
    answer = counting(STRING, "Utility", after=200, readings={"Charge": (25.0, 200)})

    assert left(answer)["Rack Power"] == (150.0, 150.0)
    assert [(one.point, one.value) for one in answer.readings] == [(SITE + "Charge", 25.0)]


def test_a_battery_that_lasts_longer_than_the_model_thinks_is_not_counted_as_empty() -> None:
    """After 700 s of its 600 s it still says a half: 300 s, and nothing was lost."""
    answer = counting(STRING, "Utility", after=700, readings={"Charge": (50.0, 700)})

    assert left(answer)["Rack Power"] == (300.0, 300.0)
    assert {event.kind for event in answer.happened} == {EventKind.FAILED, EventKind.CARRIED}


def test_a_reading_of_a_minute_ago_is_followed_until_now() -> None:
    """A half at 140 s, 60 s ago: 300 s - 60 s = 240 s."""
    assert left(counting(STRING, "Utility", after=200, readings={"Charge": (50.0, 140)}))["Rack Power"] == (240.0, 240.0)


def test_a_reading_from_before_the_failure_says_how_full_it_was_then() -> None:
    """60 % 10 s before the failure: 360 s from then, 200 of them gone."""
    assert left(counting(STRING, "Utility", after=200, readings={"Charge": (60.0, -10)}))["Rack Power"] == (160.0, 160.0)


def test_a_battery_that_says_empty_is_lost_now() -> None:
    """0 %: no second left, whatever the model thinks."""
    assert left(counting(STRING, "Utility", after=200, readings={"Charge": (0.0, 200)}))["Rack Power"] == (0.0, 0.0)


# -- Loads --


def test_a_load_that_is_read_sets_how_fast_a_battery_empties() -> None:
    """5 kW instead of 10 kW, k = 1: 1,200 s in all, 200 of them gone; with a quarter left 0.25 * 1,200 = 300 s."""
    assert left(counting(STRING, "Utility", after=200, kw={"UPS": 5.0}))["Rack Power"] == (1000.0, 1000.0)
    assert left(counting(STRING, "Utility", after=200, kw={"UPS": 5.0}, readings={"Charge": (25.0, 200)}))["Rack Power"] == (300.0, 300.0)


def test_a_battery_under_half_its_load_is_not_empty_when_the_model_thinks_so() -> None:
    """After 700 s at 5 kW: 1,200 - 700 = 500 s."""
    assert left(counting(STRING, "Utility", after=700, kw={"UPS": 5.0}))["Rack Power"] == (500.0, 500.0)
