"""A countdown while a failure is under way, by hand: each docstring shows the sum."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analytics.conditions import Conditions, Position
from analytics.supply import compile_supply
from analytics.time.countdown import Countdown, countdown
from analytics.time.heat import seconds_to_rise
from analytics.time.present_points import PresentPoints, present_points
from analytics.time.reserves import reserves
from analytics.time.story import EventKind
from graph.current import PointValue
from graph.values import Quality
from ontology.namespaces import DCX
from tests.analytics.reference import Reference
from tests.analytics.reference_time import TimeReference
from tests.analytics.sites import SITE, graph_of, snapshot_of, vocabulary
from tests.analytics.test_against_reference import MEDIA, redundant
from tests.analytics.test_timeline import ROOM, UNITS, follow
from tests.analytics.test_timeline_against_reference import reserves_of, times_of
from tests.support.random_cases import seeded

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
Reading = tuple[float, float]
"""A value, and the second after the failure at which it was observed."""
STRING = """
:Utility a dcx:Utility_Feed ; dcx:feedsPower :UPS .
:UPS a dcx:UPS ; dcx:feedsPower :Rack ; dcx:ratedPower [ brick:value 10.0 ; brick:hasUnit unit:KiloW ] .
:String a brick:Battery ; dcx:ridethroughSeconds 600 ; dcx:peukertExponent 1.0 ; dcx:stateOfHealth 1.0 ; brick:isPartOf :UPS ;
  brick:hasPoint :Charge, :Remaining .
:Charge a dcx:State_Of_Charge_Sensor . :Remaining a dcx:Runtime_Remaining_Sensor ; brick:hasUnit unit:MIN .
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


def test_a_moment_later_only_the_seconds_are_fewer() -> None:
    """A string of 600 s, 100 s after the utility failed: 500 s are left, 40 s later 460, and no bound goes below 0."""
    now = counting(STRING, "Utility", after=100)

    later, last = (now.later(now.at + timedelta(seconds=seconds)) for seconds in (40, 900))

    assert left(now)["Rack Power"] == (500.0, 500.0)
    assert left(later)["Rack Power"] == (460.0, 460.0)
    assert (later.elapsed_s, later.racks.next_lower, later.next[0].lower) == (140.0, 460.0, 460.0)
    assert left(last)["Rack Power"] == (0.0, 0.0)
    assert (later.happened, later.now) == (now.happened, now.now)


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


def test_what_a_battery_says_of_its_own_time_widens_the_bounds_beside_its_charge() -> None:
    """After 200 s a half is left, 300 s by the model, and the battery itself says 4 minutes: 240 to 300 s; 330 s: 300 to 330 s."""
    shorter = counting(STRING, "Utility", after=200, readings={"Charge": (50.0, 200), "Remaining": (4.0, 200)})
    longer = counting(STRING, "Utility", after=200, readings={"Charge": (50.0, 200), "Remaining": (5.5, 200)})

    assert left(shorter)["Rack Power"] == (240.0, 300.0)
    assert left(longer)["Rack Power"] == (300.0, 330.0)


def test_what_a_battery_says_of_its_own_time_counts_alone_without_a_charge() -> None:
    """2 minutes, read 20 s ago: 100 s, though by the model 400 s would be left, or, after 700 s, nothing. From before it began: nothing."""
    now, late = ({"Remaining": (2.0, after - 20)} for after in (200, 700))

    assert left(counting(STRING, "Utility", after=200, readings=now))["Rack Power"] == (100.0, 100.0)
    assert left(counting(STRING, "Utility", after=700, readings=late))["Rack Power"] == (100.0, 100.0)
    assert left(counting(STRING, "Utility", after=200, readings={"Remaining": (2.0, -5)}))["Rack Power"] == (400.0, 400.0)


# -- Loads --


def test_a_load_that_is_read_sets_how_fast_a_battery_empties() -> None:
    """5 kW instead of 10 kW, k = 1: 1,200 s in all, 200 of them gone; with a quarter left 0.25 * 1,200 = 300 s."""
    assert left(counting(STRING, "Utility", after=200, kw={"UPS": 5.0}))["Rack Power"] == (1000.0, 1000.0)
    assert left(counting(STRING, "Utility", after=200, kw={"UPS": 5.0}, readings={"Charge": (25.0, 200)}))["Rack Power"] == (300.0, 300.0)


def test_a_battery_under_half_its_load_is_not_empty_when_the_model_thinks_so() -> None:
    """After 700 s at 5 kW: 1,200 - 700 = 500 s."""
    assert left(counting(STRING, "Utility", after=700, kw={"UPS": 5.0}))["Rack Power"] == (500.0, 500.0)


# -- What starts --

STANDBY = """
:Utility a dcx:Utility_Feed ; dcx:feedsPower :Bus . :Generator a dcx:Generator ; dcx:feedsPower :Bus ; dcx:startTimeSeconds 30 ;
  brick:hasPoint :Running ; brick:hasPart :Tank .
:Running a dcx:Generator_Run_Status .
:Tank a dcx:Fuel_Tank ; dcx:ridethroughSeconds 3600 ; brick:hasPoint :Level .
:Level a dcx:Fuel_Level_Sensor .
:Bus a dcx:Switchboard ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack .
"""


def back(answer: Countdown) -> dict[str, tuple[float | None, float | None]]:
    """In how many seconds each supply is back for good."""
    return {f"{one.id.removeprefix(SITE)} {one.medium.removeprefix(DCX)}": (one.back_lower, one.back_upper) for one in answer.left}


def test_a_generator_that_has_not_started_yet_is_waited_for_the_rest_of_its_time() -> None:
    """30 s from the call at 0 s, 10 of them gone: back in 20 s."""
    answer = counting(STANDBY, "Utility", after=10, horizon_s=600)

    assert back(answer) == {"Bus Power": (20.0, 20.0), "Rack Power": (20.0, 20.0)}
    assert [(e.kind, e.lower, e.upper) for e in answer.next if e.ids == (SITE + "Generator",)] == [(EventKind.STARTED, 20.0, 20.0)]


def test_a_generator_that_is_seen_running_is_not_waited_for() -> None:
    """It was to start at 30 s and runs at 10 s: everything is supplied, and nothing is to come but the end of its fuel."""
    answer = counting(STANDBY, "Utility", after=10, readings={"Running": (1.0, 10)}, horizon_s=600)

    assert list(answer.left) == []
    assert answer.next == ()
    assert (EventKind.BACK, 10.0) in {(event.kind, event.lower) for event in answer.happened}
    assert [(one.says.value, one.value) for one in answer.readings] == [("runs", 1.0)]


def test_a_generator_that_should_run_and_does_not_may_never_come() -> None:
    """Expected at 30 s, off at 50 s: at the worse end it never comes, at the better one it starts now and needs 30 s."""
    answer = counting(STANDBY, "Utility", after=50, readings={"Running": (0.0, 50)}, horizon_s=600)

    assert left(answer) == {"Bus Power": (0.0, 0.0), "Rack Power": (0.0, 0.0)}
    assert back(answer) == {"Bus Power": (30.0, None), "Rack Power": (30.0, None)}


def test_a_generator_that_was_off_before_it_should_run_is_expected_still() -> None:
    """Off at 20 s is no news of a start at 30 s; 50 s after the failure it is taken to run."""
    answer = counting(STANDBY, "Utility", after=50, readings={"Running": (0.0, 20)}, horizon_s=600)

    assert list(answer.left) == []


def test_a_tank_lasts_as_long_as_its_level_says() -> None:
    """An hour's tank at 40 % lasts 1,440 s; a reading of 100 s ago leaves 1,340 of them."""
    now = counting(STANDBY, "Utility", after=300, readings={"Level": (40.0, 300)})
    earlier = counting(STANDBY, "Utility", after=300, readings={"Level": (40.0, 200)})

    assert left(now)["Rack Power"] == (1440.0, 1440.0)
    assert left(earlier)["Rack Power"] == (1340.0, 1340.0)


def test_a_tank_that_was_half_full_before_the_failure_is_counted_from_then() -> None:
    """1,800 s from the start at 30 s, 270 of them gone: 1,530 s."""
    assert left(counting(STANDBY, "Utility", after=300, readings={"Level": (50.0, -60)}))["Rack Power"] == (1530.0, 1530.0)


def test_a_generator_that_runs_longer_than_its_tank_could_last_has_fuel_or_none() -> None:
    """At 4,000 s an hour's tank should be empty, and it is seen running: none left at the worse end, enough at the better one."""
    answer = counting(STANDBY, "Utility", after=4000, readings={"Running": (1.0, 4000)})

    assert left(answer)["Rack Power"] == (0.0, None)


def test_a_cooler_that_is_seen_running_after_it_stopped_is_not_waited_for() -> None:
    """Its power is back at 9 s and it needs 10 to 30 s more, 7 to 27 s at 12 s: seen running at 12 s it needs none. That it ran a second
    before the failure is no news."""
    site = ROOM.replace(":Utility a dcx:Utility_Feed ; dcx:feedsPower :CRAH .", ":Utility a dcx:Utility_Feed ; dcx:feedsPower :B .") + (
        ":G a dcx:Generator ; dcx:startTimeSeconds 9 ; dcx:feedsPower :B . :B a dcx:Switchboard ; dcx:feedsPower :CRAH . "
        ":CRAH brick:hasPoint :Running . :Running a brick:Run_Status ."
    )

    waiting, running = (counting(site, "Utility", after=12, readings={"Running": (1.0, seen)}) for seen in (-1, 12))
    assert [(e.ids, e.lower, e.upper) for e in waiting.next if e.kind is EventKind.RUNS] == [((SITE + "CRAH",), 7.0, 27.0)]
    assert [e for e in running.next if e.kind is EventKind.RUNS] == []
    assert left(running) == {}


# -- Switches --


def test_a_breaker_that_tripped_was_closed_before_it_did() -> None:
    """It reads open because it has failed: what hung on it was supplied, and is on its battery now."""
    site = STRING.replace(":Utility a dcx:Utility_Feed ; dcx:feedsPower :UPS .", ":Utility a dcx:Utility_Feed ; dcx:feedsPower :Q .") + (
        ":Q a brick:Circuit_Breaker ; dcx:feedsPower :UPS ."
    )

    assert left(counting(site, "Q", after=200, positions={"Q": True}))["Rack Power"] == (400.0, 400.0)


# -- Rooms --


def test_a_room_that_is_warmer_than_the_model_thinks_has_less_time_left() -> None:
    """100 kW from 22 degrees, 20 s without cooling. By the model 39.5 s are left to 59.5 (27 to 47.034 with air alone). The inlet reads
    30: with air alone 5 * 361.8 / 100 = 18.09 s more; with the solids as cool as they are then 59.5 - 33.1 = 26.4 s."""
    site = ROOM + ":Rack brick:hasPoint :Inlet . :Inlet a dcx:Rack_Inlet_Temperature_Sensor ; brick:hasUnit unit:DEG_C ."
    to_13, to_8 = (float(seconds_to_rise(100, kelvin, 361.8, 8000, 3)) for kelvin in (13, 8))

    unread = left(counting(site, "CRAH", after=20))["S-1 AirCooling"]
    read = left(counting(site, "CRAH", after=20, readings={"Inlet": (30.0, 20)}))["S-1 AirCooling"]

    assert unread == (27.034, round(to_13 - 20, 3))
    assert read == (18.09, round(to_13 - to_8, 3))
    assert round(to_13 - to_8, 1) == 26.4


def test_a_room_that_began_warmer_has_less_to_go() -> None:
    """27 degrees a minute before the failure: 8 K to go, 8 * 3.618 = 28.944 s with air alone, 33.1 s with the solids, 10 s gone."""
    site = ROOM + ":Rack brick:hasPoint :Inlet . :Inlet a dcx:Rack_Inlet_Temperature_Sensor ; brick:hasUnit unit:DEG_C ."
    to_8 = float(seconds_to_rise(100, 8, 361.8, 8000, 3))

    assert left(counting(site, "CRAH", after=10, readings={"Inlet": (27.0, -60)}))["S-1 AirCooling"] == (18.944, round(to_8 - 10, 3))


def test_of_several_sensors_the_warmest_counts_for_the_worse_end() -> None:
    """Without a sensor at the rack the room's: 30 and 26 degrees (given as 78.8 Fahrenheit) at 20 s; 18.09 s, and 59.5 less the way
    from 22 to 26 degrees."""
    site = ROOM + (
        ":Room brick:hasPoint :Front, :Rear . :Front a brick:Air_Temperature_Sensor ; brick:hasUnit unit:DEG_C . "
        ":Rear a brick:Zone_Air_Temperature_Sensor ; brick:hasUnit unit:DEG_F ."
    )
    to_13, to_4 = (float(seconds_to_rise(100, kelvin, 361.8, 8000, 3)) for kelvin in (13, 4))

    answer = counting(site, "CRAH", after=20, readings={"Front": (30.0, 20), "Rear": (78.8, 20)})

    assert left(answer)["S-1 AirCooling"] == (18.09, round(to_13 - to_4, 3))


def test_a_server_at_its_limit_has_no_time_left() -> None:
    """The inlet reads 36 degrees; class A2 allows 35, class A4 45."""
    site = ROOM + ":Rack brick:hasPoint :Inlet . :Inlet a dcx:Rack_Inlet_Temperature_Sensor ; brick:hasUnit unit:DEG_C ."
    answer = counting(site, "CRAH", after=20, readings={"Inlet": (36.0, 20)})

    assert left(answer)["S-1 AirCooling"] == (0.0, 0.0)
    assert left(answer)["S-2 AirCooling"][0] == pytest.approx(9 * 3.618)
    assert (answer.racks.lost, answer.services.lost) == (1, 0)


# -- What cannot be --


@pytest.mark.parametrize("after", [-1.0, 8 * 86_400.0])
def test_a_failure_of_the_future_or_of_last_week_is_refused(after: float) -> None:
    """From seven days ago until now."""
    with pytest.raises(ValueError, match=r"give an instant from 604,800 s ago until now"):
        counting(STRING, "Utility", after=after)


def test_readings_that_are_none_count_for_nothing() -> None:
    """150 % of a charge, a run status of 7, a level below nothing: as without."""
    site = STANDBY + STRING.replace(":Rack", ":R").replace(":Utility", ":U")
    odd = counting(site, "Utility", "U", after=5, readings={"Charge": (150.0, 5), "Running": (7.0, 5), "Level": (-1.0, 5)})

    assert odd.readings == ()


@seeded(150)
def test_without_readings_it_is_what_the_reference_has_still_to_come(seeds: range) -> None:
    """For any site, failure and instant: what is down then has no time left, what is lost later the rest; each return the same."""
    for each in seeds:
        plan, dice = redundant(each), random.Random(each * 17 + 3)
        reference = Reference(plan)
        times = times_of(plan, reference, dice)
        sources = [n for n, kind in sorted(plan.kinds.items()) if kind == "source"]
        failed = frozenset(dice.sample(sources if sources and dice.random() < 0.7 else sorted(plan.kinds), 1))
        graph, after = graph_of(plan), dice.randint(0, 80) + 0.5

        now = Conditions(SINCE + timedelta(seconds=after))
        held = reserves_of(graph, times)
        points = replace(PresentPoints.none(), warm_of=np.full(len(held.stores), -1, np.int32))
        answer = countdown(held, points, lambda _: None, [SITE + name for name in failed], SINCE, now, 10_000)

        then, whole = TimeReference(reference, times, MEDIA), TimeReference(reference, times, MEDIA)
        then.follow(failed, after)
        whole.follow(failed, after + 10_000)
        down = {pair for pair in then.lost if pair not in then.back and pair[0] not in failed}
        later = {pair: t - after for pair, t in whole.lost.items() if t > after and pair[0] not in failed}
        found = {(one.id.removeprefix(SITE), one.medium.removeprefix(DCX)): one for one in answer.left}
        story = f"seed {each}, {after} s after {sorted(failed)}, {plan}, {times}"
        assert {pair for pair, one in found.items() if one.lower == 0} == down, story
        assert {pair: one.lower for pair, one in found.items() if pair in later} == later, story
        assert {p: one.back_lower for p, one in found.items() if whole.back.get(p, 0) > after} == {
            p: t - after for p, t in whole.back.items() if t > after and p in found
        }, story
