"""Time to impact, by hand: each docstring shows the sum."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from analytics.conditions import Conditions
from analytics.supply import compile_supply
from analytics.time.heat import seconds_to_rise
from analytics.time.reserves import reserves
from analytics.time.story import EventKind, span
from analytics.time.timeline import Timeline, timeline
from graph.errors import UnknownEntity
from graph.values import Quality
from ontology.namespaces import DCX
from tests.analytics.sites import SITE, snapshot_of, vocabulary

NOW = Conditions(datetime(2026, 1, 1, tzinfo=UTC))
UNITS = "@prefix unit: <http://qudt.org/vocab/unit/> .\n"
Times = tuple[float, float | None]


def follow(turtle: str, *failed: str, horizon_s: float = 14_400.0) -> Timeline:
    """The timeline of a site given in Turtle when the named things fail."""
    snapshot = snapshot_of(UNITS + turtle)
    graph = compile_supply(snapshot, vocabulary())
    return timeline(reserves(snapshot, vocabulary(), graph), [SITE + name for name in failed], NOW, horizon_s)


def lost(answer: Timeline) -> dict[str, Times]:
    """When each supply is lost, as `name medium` -> bounds to the millisecond."""
    return {
        f"{b.id.removeprefix(SITE)} {b.medium.removeprefix(DCX)}": (round(b.lower, 3), None if b.upper is None else round(b.upper, 3))
        for b in answer.bounds
    }


def of_rack(answer: Timeline, kind: EventKind) -> list[tuple[str, float, float | None]]:
    """The events of one kind about the rack alone: medium and bounds to the millisecond."""
    rows = [(e.medium or "", e.lower, e.upper) for e in answer.events if e.kind is kind and e.ids == (SITE + "Rack",)]
    return [(medium.removeprefix(DCX), round(lower, 3), None if upper is None else round(upper, 3)) for medium, lower, upper in rows]


def back(answer: Timeline) -> dict[str, tuple[float | None, float | None]]:
    """When each supply is back for good."""
    return {f"{b.id.removeprefix(SITE)} {b.medium.removeprefix(DCX)}": (b.back_lower, b.back_upper) for b in answer.bounds}


# -- Power --

GENERATOR_SITE = """
:Utility a dcx:Utility_Feed ; dcx:feedsPower :ATS .
:Generator a dcx:Generator ; dcx:startTimeSeconds 9 ; dcx:feedsPower :ATS .
:ATS a brick:Automatic_Transfer_Switch ; dcx:transferTimeMs 100 ; dcx:feedsPower :UPS, :Bare .
:UPS a dcx:UPS ; dcx:ridethroughSeconds 60 ; dcx:feedsPower :Rack .
:Rack a brick:ICT_Rack . :Bare a brick:ICT_Rack .
"""


def test_what_stored_energy_bridges_until_the_generator_never_goes_dark() -> None:
    """The generator is called at 0 s, there at 9 s, through the switch at 9.1 s; the UPS holds 60 s, so its rack notices nothing."""
    answer = follow(GENERATOR_SITE, "Utility")

    assert lost(answer) == {"ATS Power": (0, 0), "Bare Power": (0, 0)}
    assert back(answer) == {"ATS Power": (9.0, 9.0), "Bare Power": (9.1, 9.1)}
    kinds = [(event.kind.value, event.lower, event.ids[0].removeprefix(SITE)) for event in answer.events if event.lower < 9.05]
    assert ("called", 0.0, "Generator") in kinds
    assert ("carried", 0.0, "UPS") in kinds
    assert ("started", 9.0, "Generator") in kinds


def test_a_generator_that_feeds_a_ups_itself_is_called_when_the_utility_goes_not_when_the_battery_is_empty() -> None:
    """The UPS loses its input at 0 s and carries on for 300 * 0.8^1.35 = 222 s or more; the generator is there at 10 s, called at 0 s."""
    site = """
    :Utility a dcx:Utility_Feed ; dcx:feedsPower :UPS .
    :Generator a dcx:Generator ; dcx:startTimeSeconds 10 ; dcx:feedsPower :UPS .
    :UPS a dcx:UPS ; dcx:ridethroughSeconds 300 ; dcx:feedsPower :Server .
    :Server a brick:Server .
    """

    answer = follow(site, "Utility")

    assert lost(answer) == {}
    kinds = [(event.kind.value, event.lower, event.upper, event.ids[0].removeprefix(SITE)) for event in answer.events]
    assert kinds == [
        ("failed", 0.0, 0.0, "Utility"),
        ("carried", 0.0, 0.0, "UPS"),
        ("called", 0.0, 0.0, "Generator"),
        ("started", 10.0, 10.0, "Generator"),
        ("back", 10.0, 10.0, "UPS"),
    ]


def test_what_goes_at_one_time_for_different_reasons_is_told_apart() -> None:
    """Y needs W, and W needs one of S1 and S2; all go with the servers, 10 to 20 ms after the utility."""
    site = """
    :U a dcx:Utility_Feed ; dcx:feedsPower :S1, :S2 . :S1 a brick:Server ; dcx:feedsCompute :W . :S2 a brick:Server ; dcx:feedsCompute :W .
    :W a dcx:Service ; dcx:feedsCompute :Y . :Y a dcx:Service .
    """

    told = [(e.ids, e.reason) for e in follow(site, "U").events if e.kind is EventKind.LOST]

    assert told == [
        ((SITE + "S1", SITE + "S2"), "it holds on for 10 ms to 20 ms only"),
        ((SITE + "W",), "urn:site:S2 no longer supplies it"),
        ((SITE + "Y",), "urn:site:W no longer supplies it"),
    ]


def test_more_than_eight_reasons_of_one_sort_are_one_line() -> None:
    """Nine racks at nine panels: one line names the first panel and counts the others; with eight each has its own."""

    def lines(racks: int) -> list[tuple[int, str]]:
        panels = "".join(
            f":U dcx:feedsPower :P{n} . :P{n} a brick:Breaker_Panel ; dcx:feedsPower :R{n} . :R{n} a brick:ICT_Rack ." for n in range(racks)
        )
        answer = follow(":U a dcx:Utility_Feed . " + panels, "U")
        return [(len(e.ids), e.reason) for e in answer.events if e.kind is EventKind.LOST and e.ids[0].startswith(SITE + "R")]

    assert lines(9) == [(9, "urn:site:P0 and 8 others no longer supply it")]
    assert lines(8) == [(1, f"urn:site:P{n} no longer supplies it") for n in range(8)]


def test_a_ups_that_empties_before_the_generator_runs_drops_its_rack_until_then() -> None:
    """60 s * 0.8^1.35 = 44.4 s at the worse end (aged), 60 s at the better; the generator takes 120 s, the switch 0.1 s."""
    answer = follow(GENERATOR_SITE.replace("dcx:startTimeSeconds 9", "dcx:startTimeSeconds 120"), "Utility")

    assert lost(answer)["Rack Power"] == (round(60 * 0.8**1.35, 3), 60.0)
    assert back(answer)["Rack Power"] == (120.1, 120.1)


def test_with_its_generator_failed_too_the_rack_stays_dark() -> None:
    """Nothing is left to call: the rack is lost when the UPS is empty, and does not come back."""
    answer = follow(GENERATOR_SITE, "Utility", "Generator")

    assert lost(answer)["Rack Power"] == (round(60 * 0.8**1.35, 3), 60.0)
    assert back(answer)["Rack Power"] == (None, None)
    assert not [event for event in answer.events if event.kind.value in {"called", "started"}]


def test_a_generator_runs_as_long_as_its_fuel() -> None:
    """A tank for 600 s at the rated load: power from 9.1 s, none from 9 + 600 s on."""
    site = GENERATOR_SITE + ":Generator brick:hasPart :Tank . :Tank a dcx:Fuel_Tank ; dcx:ridethroughSeconds 600 ."

    answer = follow(site, "Utility")

    assert back(answer)["Bare Power"] == (None, None)
    assert [(event.lower, event.upper) for event in answer.events if event.kind.value == "down"] == [(609.0, 609.0)]


def test_a_generator_that_carries_racks_before_the_failure_runs_already() -> None:
    """A site without a utility: its generators are not on standby, so one of two goes and nothing is called."""
    answer = follow(
        """
        :G-1 a dcx:Generator ; dcx:feedsPower :Bus . :G-2 a dcx:Generator ; dcx:feedsPower :Bus .
        :Bus a brick:Switchgear ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack .
        """,
        "G-1",
    )

    assert lost(answer) == {}
    assert [event.kind.value for event in answer.events] == ["failed"]


BATTERY = """
:Utility a dcx:Utility_Feed ; dcx:feedsPower :UPS .
:UPS a dcx:UPS ; dcx:feedsPower :Rack .
:String a dcx:Battery_String ; dcx:feedsPower :UPS ; dcx:dischargeHours 20 ; dcx:inverterEfficiency 0.95 ; {more} ;
    dcx:batteryCapacity [ brick:value 100 ; brick:hasUnit unit:A-HR ] ; dcx:batteryVoltage [ brick:value 240 ; brick:hasUnit unit:V ] .
:Rack a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] .
"""


def peukert(exponent: float, health: float = 1.0) -> float:
    """Seconds that the battery above carries 10 kW: 100 Ah * 240 V * 0.95 / 20 h = 1.14 kW for 20 h, 10 kW for 20 h (1.14 / 10)^k."""
    return float(72_000 * (1.14 * health / 10) ** exponent)


def test_a_rack_goes_dark_when_its_battery_is_empty() -> None:
    """10 kW, k = 1.25: 4,769.4 s; the UPS goes, and the rack with it."""
    answer = follow(BATTERY.replace("{more}", "dcx:peukertExponent 1.25 ; dcx:stateOfHealth 1"), "Utility")

    seconds = round(peukert(1.25), 3)
    assert lost(answer) == {"Rack Power": (seconds, seconds), "UPS Power": (seconds, seconds)}
    assert [event.reason for event in answer.events if event.kind.value == "lost"] == [
        "urn:site:UPS no longer supplies it",
        "urn:site:String is empty",
    ]


def test_a_battery_is_as_full_as_a_good_reading_says() -> None:
    """At 40 % of its charge it lasts 40 % of 79.5 min; a bad reading says nothing, and the answer names what it stands on."""
    turtle = BATTERY.replace("{more}", "dcx:peukertExponent 1.25 ; dcx:stateOfHealth 1 ; brick:hasPoint :SoC")
    snapshot = snapshot_of(UNITS + turtle + ":SoC a dcx:State_Of_Charge_Sensor .")
    known = reserves(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()))

    good, bad = (
        timeline(known, [SITE + "Utility"], NOW, known=lambda point: (40.0, quality) if point == SITE + "SoC" else None)  # noqa: B023
        for quality in (Quality.GOOD, Quality.BAD)
    )

    full = peukert(1.25)
    assert lost(good)["Rack Power"] == (round(0.4 * full, 3), round(0.4 * full, 3))
    assert good.readings == ((SITE + "SoC", 40.0),)
    assert lost(bad)["Rack Power"] == (round(full, 3), round(full, 3))
    assert bad.readings == ()
    said = "the batteries of urn:site:UPS count as full: the value of urn:site:SoC is bad (40 %)"
    assert (said in bad.assumed, said in good.assumed) == (True, False)


def test_what_a_battery_does_not_state_widens_the_bounds_and_is_listed() -> None:
    """k from 1.25 to 1.35 and 80 to 100 % of the capacity: from 20 h (0.8 * 0.114)^1.35 to 20 h 0.114^1.25."""
    answer = follow(BATTERY.replace("{more}", "a dcx:Battery_String"), "Utility")

    worst, best = peukert(1.35, health=0.8), peukert(1.25)
    assert lost(answer)["Rack Power"] == (round(worst, 3), round(best, 3))
    assert "dcx:peukertExponent of 1 dcx:Battery_String is 1.25 to 1.35: their model states none" in answer.assumed


def test_stores_that_last_differently_are_told_apart_and_what_is_taken_of_each_is_listed() -> None:
    """One UPS of 600 s, one of 1,200 s at 10 kW: each is told with its own time. Age and exponent are a battery's."""
    ups = ":UPS-{n} a dcx:UPS ; dcx:ratedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] ; dcx:ridethroughSeconds {s} ; "
    rack = "dcx:feedsPower :R{n} . :R{n} a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] ."
    both = "".join((ups + rack).replace("{n}", n).replace("{s}", s) for n, s in (("A", "600"), ("B", "1200")))
    answer = follow(":Utility a dcx:Utility_Feed ; dcx:feedsPower :UPS-A, :UPS-B . " + both, "Utility")

    share = 0.8**1.35
    assert [event.reason for event in answer.events if event.kind is EventKind.CARRIED] == [
        f"urn:site:UPS-A carries it for {span(600 * share)} to {span(600)} at its load",
        f"urn:site:UPS-B carries it for {span(1200 * share)} to {span(1200)} at its load",
    ]
    assert "dcx:stateOfHealth of 2 brick:Battery is 0.8 to 1: their model states none" in answer.assumed
    assert "dcx:peukertExponent of 2 brick:Battery is 1.25 to 1.35: their model states none" in answer.assumed


TWO_STORES = """
:Utility a dcx:Utility_Feed ; dcx:feedsPower :UPS-A, :UPS-B .
:UPS-A a dcx:UPS ; dcx:feedsPower :Rack . :UPS-B a dcx:UPS ; dcx:feedsPower :Rack .
:Wheel-A a dcx:Flywheel ; dcx:feedsPower :UPS-A ; dcx:inverterEfficiency 1 ;
    dcx:storedEnergy [ brick:value 1 ; brick:hasUnit unit:KiloW-HR ] .
:Wheel-B a dcx:Flywheel ; dcx:feedsPower :UPS-B ; dcx:inverterEfficiency 1 ;
    dcx:storedEnergy [ brick:value 2 ; brick:hasUnit unit:KiloW-HR ] .
:Rack a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] .
"""


def test_the_store_that_is_left_takes_the_load_of_the_one_that_is_empty() -> None:
    """5 kW each: A's 1 kWh is gone at 720 s; B has used 1 of 2 kWh, and carries 10 kW for 360 s more: 1,080 s."""
    answer = follow(TWO_STORES, "Utility")

    assert lost(answer) == {"Rack Power": (1080.0, 1080.0), "UPS-A Power": (720.0, 720.0), "UPS-B Power": (1080.0, 1080.0)}


def test_a_store_that_carries_alone_from_the_start_carries_the_whole_load() -> None:
    """UPS-A fails as well: 10 kW on B's 2 kWh: 720 s."""
    assert lost(follow(TWO_STORES, "Utility", "UPS-A")) == {"Rack Power": (720.0, 720.0), "UPS-B Power": (720.0, 720.0)}


def test_upss_in_a_row_carry_one_after_the_other() -> None:
    """The first holds 100 s, then the second 50 s: the rack is lost at 150 s (times that hold at any load, without ageing known: a
    flywheel has none)."""
    answer = follow(
        """
        :Utility a dcx:Utility_Feed ; dcx:feedsPower :Big .
        :Big a dcx:UPS ; dcx:feedsPower :Small . :Small a dcx:UPS ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack .
        :W-1 a dcx:Flywheel ; dcx:feedsPower :Big ; dcx:ridethroughSeconds 100 .
        :W-2 a dcx:Flywheel ; dcx:feedsPower :Small ; dcx:ridethroughSeconds 50 .
        """,
        "Utility",
    )

    assert lost(answer) == {"Big Power": (100.0, 100.0), "Small Power": (150.0, 150.0), "Rack Power": (150.0, 150.0)}


def test_upss_in_a_ring_carry_one_after_the_other_and_never_each_other() -> None:
    """Two buses tied together, each with a UPS that feeds it back: 100 s and 50 s of store are 150 s, not for ever."""
    answer = follow(
        """
        :Utility a dcx:Utility_Feed ; dcx:feedsPower :A .
        :A a dcx:UPS ; dcx:feedsPower :B . :B a dcx:UPS ; dcx:feedsPower :A, :Rack . :Rack a brick:ICT_Rack .
        :W-1 a dcx:Flywheel ; dcx:feedsPower :A ; dcx:ridethroughSeconds 100 .
        :W-2 a dcx:Flywheel ; dcx:feedsPower :B ; dcx:ridethroughSeconds 50 .
        """,
        "Utility",
    )

    assert lost(answer)["Rack Power"] == (150.0, 150.0)


def test_a_transfer_may_interrupt_what_has_no_store() -> None:
    """Which of its two inputs a switch uses is not said: at the worse end it is the one that goes (back after 150 ms), at the better end
    the other, and nothing happens."""
    answer = follow(
        """
        :Utility-A a dcx:Utility_Feed ; dcx:feedsPower :ATS . :Utility-B a dcx:Utility_Feed ; dcx:feedsPower :ATS .
        :ATS a brick:Automatic_Transfer_Switch ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack .
        """,
        "Utility-A",
    )

    assert lost(answer) == {"Rack Power": (0.0, None)}
    assert back(answer)["Rack Power"] == (0.15, 0.15)
    assert "brick:Automatic_Transfer_Switch" in " ".join(answer.assumed)


def test_a_server_holds_on_through_a_static_switch_but_not_through_a_motor_driven_one() -> None:
    """A power supply holds 10 to 20 ms: more than the 5 ms of an STS, less than the 50 to 150 ms of an ATS."""
    site = """
    :Utility-A a dcx:Utility_Feed ; dcx:feedsPower :S . :Utility-B a dcx:Utility_Feed ; dcx:feedsPower :S .
    :S a brick:{kind} ; dcx:feedsPower :Server . :Server a brick:Server .
    """

    assert lost(follow(site.replace("{kind}", "Static_Transfer_Switch"), "Utility-A")) == {}
    assert lost(follow(site.replace("{kind}", "Automatic_Transfer_Switch"), "Utility-A")) == {"Server Power": (0.01, None)}


# -- Cooling and services --

ROOM = """
:Utility a dcx:Utility_Feed ; dcx:feedsPower :CRAH . :Other a dcx:Utility_Feed ; dcx:feedsPower :S-1, :S-2 .
:CRAH a brick:CRAH ; dcx:feedsAirCooling :Rack . :Water a brick:Water_Loop ; dcx:isSource true ; dcx:feedsLiquidCooling :CRAH .
:Rack a brick:ICT_Rack ; brick:hasLocation :Room ; dcx:feedsAirCooling :S-1, :S-2 .
:Room a dcx:Data_Hall ; brick:volume [ brick:value 300 ; brick:hasUnit unit:M3 ] ;
    dcx:heatCapacity [ brick:value 8000 ; brick:hasUnit unit:KiloJ-PER-K ] ;
    dcx:heatExchange [ brick:value 3 ; brick:hasUnit unit:KiloW-PER-K ] ;
    dcx:inletTemperature [ brick:value 22 ; brick:hasUnit unit:DEG_C ] .
:S-1 a brick:Server ; dcx:mountedIn :Rack ; dcx:environmentalClass dcx:ASHRAE_A2 ; dcx:feedsCompute :Service ;
    dcx:allocatedPower [ brick:value 60 ; brick:hasUnit unit:KiloW ] .
:S-2 a brick:Server ; dcx:mountedIn :Rack ; dcx:environmentalClass dcx:ASHRAE_A4 ; dcx:feedsCompute :Service ;
    dcx:allocatedPower [ brick:value 40 ; brick:hasUnit unit:KiloW ] .
:Service a dcx:Service ; dcx:requires [ dcx:medium dcx:Compute ; dcx:atLeast 1 ] .
"""


def test_servers_trip_when_their_room_has_reached_their_class_and_services_go_with_them() -> None:
    """100 kW from 22 degrees. Class A2 (35, +13 K): 13 * 361.8 / 100 = 47.034 s with air alone, 59.5 s with the solids. A4 (45, +23 K):
    83.214 s and 137.2 s; the service needs one of the two, so it goes with the second. The rack counts with the first thing in it."""
    answer = follow(ROOM, "CRAH")

    slow = {k: round(float(seconds_to_rise(100, k, 361.8, 8000, 3)), 3) for k in (13, 23)}
    assert lost(answer) == {
        "Rack AirCooling": (47.034, slow[13]),
        "S-1 AirCooling": (47.034, slow[13]),
        "S-2 AirCooling": (83.214, slow[23]),
        "Service Compute": (83.214, slow[23]),
    }
    assert round(slow[13], 1) == 59.5


def test_a_room_without_power_for_its_coolers_warms_up_until_they_have_restarted() -> None:
    """The CRAH's power is back at 9 s, and it needs 10 to 30 s more, to 19 to 39 s: at the worse end the A2 server lasts 47 s. Nothing in
    the rack is without, and the rack is not either; that its own supply was away is an event."""
    site = ROOM.replace(":Utility a dcx:Utility_Feed ; dcx:feedsPower :CRAH .", ":Utility a dcx:Utility_Feed ; dcx:feedsPower :B .") + (
        ":G a dcx:Generator ; dcx:startTimeSeconds 9 ; dcx:feedsPower :B . :B a dcx:Switchboard ; dcx:feedsPower :CRAH ."
    )

    answer = follow(site, "Utility")

    assert [name for name in lost(answer) if name.startswith(("S", "Rack"))] == []
    assert of_rack(answer, EventKind.BACK) == [("AirCooling", 19.0, 39.0)]


def test_chilled_water_cools_on_while_pumps_move_it() -> None:
    """The chiller goes; 20 m3 that may warm by 6 K under 1,000 kW carry the pump for 502.3 s; then the loop is warm and the air stops."""
    answer = follow(
        """
        :U a dcx:Utility_Feed ; dcx:feedsPower :CH, :Pump, :CRAH, :S .
        :CH a brick:Air_Cooled_Chiller ; dcx:feedsLiquidCooling :Pump . :Pump a brick:Chilled_Water_Pump ; dcx:feedsLiquidCooling :Loop .
        :Loop a brick:Chilled_Water_Loop ; dcx:bufferRiseKelvin 6 ; brick:volume [ brick:value 20 ; brick:hasUnit unit:M3 ] ;
            dcx:feedsLiquidCooling :CRAH .
        :CRAH a brick:CRAH ; dcx:feedsAirCooling :Rack .
        :Rack a brick:ICT_Rack ; dcx:feedsAirCooling :S .
        :S a brick:Server ; dcx:mountedIn :Rack ; dcx:allocatedPower [ brick:value 1000 ; brick:hasUnit unit:KiloW ] .
        """,
        "CH",
    )

    seconds = 502.32  # 20 m3 * 4,186 kJ/(m3 K) * 6 K / 1,000 kW
    assert lost(answer)["Loop LiquidCooling"] == (seconds, seconds)
    assert of_rack(answer, EventKind.LOST) == [("AirCooling", seconds, seconds)]
    assert lost(answer)["Rack AirCooling"] == lost(answer)["S AirCooling"]


def test_without_its_pump_no_water_cools() -> None:
    """The same plant; the pump itself goes: the loop is lost at once."""
    answer = follow(
        """
        :U a dcx:Utility_Feed ; dcx:feedsPower :CH, :Pump .
        :CH a brick:Air_Cooled_Chiller ; dcx:feedsLiquidCooling :Pump . :Pump a brick:Chilled_Water_Pump ; dcx:feedsLiquidCooling :Loop .
        :Loop a brick:Chilled_Water_Loop ; brick:volume [ brick:value 20 ; brick:hasUnit unit:M3 ] .
        """,
        "Pump",
    )

    assert lost(answer) == {"Loop LiquidCooling": (0, 0)}


# -- What is odd --


def test_a_value_that_cannot_be_is_told_and_the_class_counts() -> None:
    """A ride-through of -5 s is none: 300 to 600 s of the class are taken."""
    answer = follow(GENERATOR_SITE.replace("dcx:ridethroughSeconds 60", "dcx:ridethroughSeconds -5"), "Utility", "Generator")

    assert lost(answer)["Rack Power"] == (300.0, 600.0)
    assert any("dcx:ridethroughSeconds of -5 is not counted: give a value above 0" in text for text in answer.assumed)


def test_an_unknown_thing_and_a_horizon_of_nothing_are_refused() -> None:
    """As everywhere: the thing by its name, the limit with what to do."""
    with pytest.raises(UnknownEntity):
        follow(GENERATOR_SITE, "Nobody")
    with pytest.raises(ValueError, match="give a horizon above 0"):
        follow(GENERATOR_SITE, "Utility", horizon_s=0)


def test_what_happens_after_the_horizon_is_not_told() -> None:
    """The UPS would be empty at 44.4 s; a look of 30 s sees it carry on."""
    answer = follow(GENERATOR_SITE, "Utility", "Generator", horizon_s=30)

    assert "Rack Power" not in lost(answer)


def test_what_was_dark_before_is_no_part_of_the_timeline() -> None:
    """A ring that no source reaches is dark before, and nothing is lost there."""
    answer = follow(
        """
        :U a dcx:Utility_Feed ; dcx:feedsPower :R . :R a brick:ICT_Rack .
        :X a dcx:UPS ; dcx:feedsPower :Y . :Y a dcx:UPS ; dcx:feedsPower :X .
        """,
        "U",
    )

    assert lost(answer) == {"R Power": (0, 0)}


def test_equal_questions_give_equal_answers_and_json_has_every_part() -> None:
    """Nothing depends on the run; the form of the command line names revision and instant."""
    one, other = follow(ROOM, "CRAH"), follow(ROOM, "CRAH")

    assert one == other
    told = one.to_json()
    assert list(told) == ["revision", "at", "failed", "horizon_s", "events", "bounds", "assumed", "readings"]
    assert told["at"] == "2026-01-01T00:00:00Z"
