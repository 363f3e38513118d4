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
