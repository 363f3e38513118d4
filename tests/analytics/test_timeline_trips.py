"""What trips by overload in time, and what is back for a while, by hand: each docstring shows the sum."""

from __future__ import annotations

from analytics.impact import impact
from analytics.supply import compile_supply
from analytics.time.story import EventKind
from tests.analytics.sites import SITE, snapshot_of, vocabulary
from tests.analytics.test_timeline import NOW, UNITS, back, follow, lost


def test_what_trips_after_a_loss_is_an_event_and_what_it_feeds_is_lost_with_it() -> None:
    """Two UPSs of 100 kW carry a rack of 120 kW. A goes: B carries 1.2 times its rating and opens by its class's curve, so the rack is
    lost then. The times are those of `impact`, and B itself is without power from then on."""
    kw = "brick:hasUnit unit:KiloW"
    site = f"""
    :UA a dcx:Utility_Feed ; dcx:feedsPower :A . :UB a dcx:Utility_Feed ; dcx:feedsPower :B .
    :A a dcx:UPS ; dcx:feedsPower :R ; dcx:ratedPower [ brick:value 100 ; {kw} ] .
    :B a dcx:UPS ; dcx:feedsPower :R ; dcx:ratedPower [ brick:value 100 ; {kw} ] .
    :R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 120 ; {kw} ] .
    """
    (trip,) = impact(compile_supply(snapshot_of(UNITS + site), vocabulary()), [SITE + "A"], NOW).trips

    answer = follow(site, "A")

    after = round(trip.after_s, 3)
    assert lost(answer) == {"B Power": (after, after), "R Power": (after, after)}
    assert [(e.kind, e.ids, round(e.lower, 3), e.reason) for e in answer.events if e.kind is EventKind.TRIPS] == [
        (EventKind.TRIPS, (SITE + "B",), after, "it carries 120.0 kW and is rated for 100.0 kW")
    ]


KW = "brick:hasUnit unit:KiloW"
TWO_UPS = (
    f":U1 a dcx:Utility_Feed ; dcx:feedsPower :A . :U2 a dcx:Utility_Feed ; dcx:feedsPower :B ."
    f":A a dcx:UPS ; dcx:feedsPower :R ; dcx:ratedPower [ brick:value 100 ; {KW} ] ; brick:hasPart :BA ."
    f":B a dcx:UPS ; dcx:feedsPower :R ; dcx:ratedPower [ brick:value 100 ; {KW} ] ."
)
"""Two UPSs of 100 kW, the battery of A its own part; the class's curve of a UPS trips at 1.5 times the rating after 60 s."""


def with_battery(kw: float, seconds: float) -> str:
    """A rack behind both, and how long the battery of A carries its rating."""
    return (
        f"{TWO_UPS} :R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value {kw} ; {KW} ] ."
        f":BA a brick:Battery ; dcx:stateOfHealth 1 ; dcx:peukertExponent 1 ; dcx:ridethroughSeconds {seconds} ."
    )


def test_what_a_battery_spares_the_others_trips_when_it_is_empty() -> None:
    """120 kW by halves. U1 goes: A carries its 60 kW on from the battery, 600 * 100 / 60 = 1,000 s; then B has 120 kW, 1.2 times its
    rating, and trips as much later as it does at once without a battery."""
    (trip,) = impact(compile_supply(snapshot_of(UNITS + with_battery(120, 600)), vocabulary()), [SITE + "A"], NOW).trips

    answer = follow(with_battery(120, 600), "U1")

    dark = round(1000 + trip.after_s, 3)
    assert lost(answer) == {"A Power": (1000, 1000), "B Power": (dark, dark), "R Power": (dark, dark)}


def test_a_source_that_starts_before_a_trip_prevents_it_and_one_that_starts_later_does_not() -> None:
    """150 kW. A's battery lasts 30 * 100 / 75 = 40 s; then B carries 150 %, 60 s until 100 s. A generator there at 90 s is in time: what B
    was on its way has no end; one there at 180 s is not."""
    source = ":G a dcx:Generator ; dcx:startTimeSeconds {} ; dcx:feedsPower :A ."

    late, early = (follow(with_battery(150, 30) + source.format(seconds), "U1") for seconds in (180, 90))

    assert lost(late)["R Power"] == (100, 100)
    assert [(e.kind, round(e.lower, 3)) for e in late.events if e.ids == (SITE + "B",)] == [(EventKind.TRIPS, 100.0)]
    assert [e for e in early.events if e.kind is EventKind.TRIPS] == []
    assert lost(early) == {"A Power": (40, 40)}


def test_overload_adds_up_over_two_times_and_cools_down_in_between() -> None:
    """150 kW on A, B and C of 100 kW, each with 50 kW. U1 and U2 go; the battery of A lasts 20 * 100 / 50 = 40 s, then B and C carry 75 kW.
    B's carries its 75 kW from 40 s: of 60 s at 100 kW 40 * 50 / (60 * 100) = a third is gone, the rest lasts 4,000 / 75 = 53.3 s. From
    93.3 s C carries 150 %, and trips 60 s later, at 153.3 s."""
    rows = "".join(
        f":U{n} a dcx:Utility_Feed ; dcx:feedsPower :{x} . :{x} a dcx:UPS ; dcx:feedsPower :R ; dcx:ratedPower [ brick:value 100 ; {KW} ] ."
        for n, x in enumerate("ABC", 1)
    )
    battery = "a brick:Battery ; dcx:stateOfHealth 1 ; dcx:peukertExponent 1 ; dcx:ridethroughSeconds"
    site = (
        f"{rows} :A brick:hasPart :BA . :BA {battery} 20 . :B brick:hasPart :BB . :BB {battery} 60 ."
        f":R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 150 ; {KW} ] ."
    )

    found = {name: tuple(round(at, 1) for at in ends if at is not None) for name, ends in lost(follow(site, "U1", "U2")).items()}

    assert found == {"A Power": (40, 40), "B Power": (93.3, 93.3), "C Power": (153.3, 153.3), "R Power": (153.3, 153.3)}


def test_a_load_that_is_up_while_the_fuel_lasts_is_told_as_back_and_lost_again() -> None:
    """The utility goes; the generator supplies from 30 s for an hour. The server is lost at 10 to 20 ms, back at 30.05 to 30.15 s (its
    switch needs 50 to 150 ms), up 2 to 10 min after that, and lost again when the tank is empty, at 30 + 3,600 s: a store that was used up
    is not charged again."""
    answer = follow(
        """
        :U a dcx:Utility_Feed ; dcx:feedsPower :ATS . :G a dcx:Generator ; dcx:startTimeSeconds 30 ; dcx:feedsPower :ATS .
        :Tank a dcx:Fuel_Tank ; dcx:ridethroughSeconds 3600 ; dcx:feedsPower :G .
        :ATS a brick:Automatic_Transfer_Switch ; dcx:feedsPower :S . :S a brick:Server .
        """,
        "U",
    )

    told = [(e.kind, round(e.lower, 2), None if e.upper is None else round(e.upper, 2)) for e in answer.events if e.ids == (SITE + "S",)]
    assert told == [
        (EventKind.LOST, 0.01, 0.02),
        (EventKind.BACK, 30.05, 30.15),
        (EventKind.RUNS, 150.05, 630.15),
        (EventKind.LOST_AGAIN, 3630.0, 3630.0),
    ]
    assert back(answer) == {"ATS Power": (None, None), "S Power": (None, None)}


def test_generators_that_trip_are_not_out_of_fuel_and_their_group_is_lost_once() -> None:
    """2 of 3 generators of 50 kW for 120 kW; the utility and G1 go. G2 and G3 supply from 10 s, and from when the switch has transferred,
    50 to 150 ms later, with 60 kW each, 1.2 times; they trip as much later as `impact` says. There is no tank. The group, which was off
    before, has nothing back at 10 s, and is lost once, with the trip; the switch was lost at 0 s, back at 10 s and is lost again then."""
    kw = "brick:hasUnit unit:KiloW"
    site = ":U a dcx:Utility_Feed ; dcx:feedsPower :ATS . :ATS a brick:Automatic_Transfer_Switch ; dcx:feedsPower :R ." + (
        ":Group a dcx:Redundancy_Group ; dcx:requiredCount 2 ; dcx:hasMember :G1, :G2, :G3 ; dcx:feedsPower :ATS ."
        f":R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 120 ; {kw} ] ."
    )
    site += "".join(f":G{n} a dcx:Generator ; dcx:startTimeSeconds 10 ; dcx:ratedPower [ brick:value 50 ; {kw} ] . " for n in (1, 2, 3))
    trip, _ = impact(compile_supply(snapshot_of(UNITS + site), vocabulary()), [SITE + "U", SITE + "G1"], NOW).trips

    answer = follow(site, "U", "G1")

    after = round(trip.after_s, 3)
    of_group = [(e.kind, round(e.lower, 3)) for e in answer.events if e.ids == (SITE + "Group",)]
    of_switch = [(e.kind, round(e.lower, 3)) for e in answer.events if e.ids == (SITE + "ATS",)]
    tripped = round(10.05 + after, 3)
    assert of_group == [(EventKind.LOST, tripped)]
    assert of_switch == [(EventKind.LOST, 0.0), (EventKind.BACK, 10.0), (EventKind.RUNS, 10.05), (EventKind.LOST_AGAIN, tripped)]
    assert [e for e in answer.events if e.kind is EventKind.DOWN] == []


def test_behind_a_transfer_switch_the_store_of_the_input_that_it_is_on_carries_all() -> None:
    """80 kW by an STS on A (priority 1), with 60 s at 100 kW: 60 * 100 / 80 = 75 s. C (priority 2) carries nothing until then, and all
    of it after: its own 120 s at 100 kW, begun at the same instant on no load, are all there: 150 s more, 225 s."""
    battery = "a brick:Battery ; dcx:stateOfHealth 1 ; dcx:peukertExponent 1 ; dcx:ridethroughSeconds"
    site = (
        ":U1 a dcx:Utility_Feed ; dcx:feedsPower :A . :A a dcx:UPS ; dcx:priority 1 ; dcx:feedsPower :S ; brick:hasPart :BA ."
        ":U2 a dcx:Utility_Feed ; dcx:feedsPower :C . :C a dcx:UPS ; dcx:priority 2 ; dcx:feedsPower :S ; brick:hasPart :BC ."
        f":BA {battery} 60 . :BC {battery} 120 ."
        f":A dcx:ratedPower [ brick:value 100 ; {KW} ] . :C dcx:ratedPower [ brick:value 100 ; {KW} ] ."
        f":S a brick:Static_Transfer_Switch ; dcx:feedsPower :R . :R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 80 ; {KW} ] ."
    )

    found = lost(follow(site, "U1", "U2"))

    assert found["A Power"] == (75, 75)
    assert found["C Power"] == found["R Power"] == (225, 225)
