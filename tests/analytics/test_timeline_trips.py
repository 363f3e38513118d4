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
    assert any("trips by overload" in text for text in answer.assumed)


def test_a_load_that_is_up_while_the_fuel_lasts_is_told_as_back_and_lost_again() -> None:
    """The utility goes; the generator supplies from 30 s for an hour. The server is lost at 10 to 20 ms, back at 30.05 to 30.15 s (its
    switch needs 50 to 150 ms), and lost again when the tank is empty, at 30 + 3,600 s: a store that was used up is not charged again."""
    answer = follow(
        """
        :U a dcx:Utility_Feed ; dcx:feedsPower :ATS . :G a dcx:Generator ; dcx:startTimeSeconds 30 ; dcx:feedsPower :ATS .
        :Tank a dcx:Fuel_Tank ; dcx:ridethroughSeconds 3600 ; dcx:feedsPower :G .
        :ATS a brick:Automatic_Transfer_Switch ; dcx:feedsPower :S . :S a brick:Server .
        """,
        "U",
    )

    told = [(e.kind, round(e.lower, 2), None if e.upper is None else round(e.upper, 2)) for e in answer.events if e.ids == (SITE + "S",)]
    assert told == [(EventKind.LOST, 0.01, 0.02), (EventKind.BACK, 30.05, 30.15), (EventKind.LOST_AGAIN, 3630.0, 3630.0)]
    assert back(answer) == {"ATS Power": (None, None), "S Power": (None, None)}


def test_generators_that_trip_are_not_out_of_fuel_and_their_group_is_lost_once() -> None:
    """2 of 3 generators of 50 kW for 120 kW; the utility and G1 go. G2 and G3 supply from 10 s with 60 kW each, 1.2 times, and trip at the
    time that `impact` gives. There is no tank. The group, which was off before, has nothing back at 10 s, and is lost once, with the trip;
    the switch was lost at 0 s, back at 10 s and is lost again then."""
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
    assert of_group == [(EventKind.LOST, after)]
    assert of_switch == [(EventKind.LOST, 0.0), (EventKind.BACK, 10.0), (EventKind.LOST_AGAIN, after)]
    assert [e for e in answer.events if e.kind is EventKind.DOWN] == []
