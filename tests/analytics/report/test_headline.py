"""The sentence that matters first, by hand: each docstring shows the sum."""

from __future__ import annotations

from ontology.media import AIR_COOLING
from tests.analytics.sites import SITE
from tests.analytics.test_timeline_inputs import CATCHER
from tests.analytics.test_timeline_trips import with_battery
from tests.twin.test_report import made

CARRIED = """
:U a dcx:Utility_Feed ; dcx:feedsPower :A . :A a dcx:UPS ; dcx:feedsPower :R .
:Bat a brick:Battery ; dcx:storedEnergy [ brick:value 600 ; brick:hasUnit unit:KiloW-HR ] ; dcx:feedsPower :A .
:R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 60 ; brick:hasUnit unit:KiloW ] .
"""


def test_what_stores_carry_beyond_the_horizon_does_not_go_dark_at_once() -> None:
    """600 kWh carry 60 kW for 600 * 0.94 * 0.8 / 60 = 7.5 h at the least, the timeline looks 4 h: the rack goes dark, and not within it."""
    assert made(CARRIED, "U").headline.text == "Nothing goes dark within 4 h; 1 rack goes dark after that."


def test_where_some_racks_go_dark_and_others_are_carried_beyond_the_horizon_both_is_said() -> None:
    """A second rack without a UPS is dark at once, the first not within 4 h."""
    found = made(CARRIED + ":U dcx:feedsPower :P . :P a brick:Breaker_Panel ; dcx:feedsPower :Bare . :Bare a brick:ICT_Rack .", "U")

    assert found.headline.text == "2 racks go dark, the first at once, some after more than 4 h."


def test_a_generator_that_does_not_start_is_told_though_the_battery_outlasts_the_horizon() -> None:
    """Without the generator the rack is carried 7.5 h at the least."""
    site = CARRIED.replace("dcx:Utility_Feed ; dcx:feedsPower :A", "dcx:Utility_Feed ; dcx:feedsPower :ATS") + (
        ":ATS a brick:Automatic_Transfer_Switch ; dcx:feedsPower :A . :G a dcx:Generator ; dcx:feedsPower :ATS ."
    )

    assert made(site, "U").headline.text.startswith("1 rack goes dark after more than 4 h unless G starts.")


def test_a_short_transfer_is_not_the_time_at_which_racks_go_dark() -> None:
    """A catcher takes two systems over in 5 ms, and trips after 60 s."""
    assert made(CATCHER, "M1", "M2").headline.text == "2 racks go dark after 1 min."


BARE = """
:U a dcx:Utility_Feed ; dcx:feedsPower :ATS . :G a dcx:Generator ; dcx:startTimeSeconds 10 ; dcx:feedsPower :ATS .
:T a dcx:Fuel_Tank ; dcx:ridethroughSeconds 3600 ; brick:feeds :G .
:ATS a brick:Automatic_Transfer_Switch ; dcx:transferTimeMs 100 ; dcx:feedsPower :S .
:S a brick:Server ; dcx:allocatedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] .
"""


def test_what_is_dark_until_the_generator_supplies_is_said_with_for_how_long_and_when_again() -> None:
    """Dark 10 to 20 ms after the utility; its power is back at 10 + 0.1 s, and a server needs 2 to 10 min from there: up at 130.1 to
    610.1 s. The tank lasts from 10 s to 3,610 s."""
    found = made(BARE, "U").headline

    assert found.text == (
        "10.0 kW of IT equipment goes dark at once for 2 min 10 s to 10 min 10 s (G starts), and again after 1 h when a tank is empty."
    )
    assert found.then[0] == "10.0 kW of IT equipment goes dark for good unless G starts."


WARM = """
:U a dcx:Utility_Feed ; dcx:feedsPower :T . :G a dcx:Generator ; dcx:feedsPower :T ; dcx:startTimeSeconds 10 .
:T a brick:Automatic_Transfer_Switch ; dcx:transferTimeMs 100 ; dcx:feedsPower :A, :CR . :A a dcx:UPS ; dcx:feedsPower :X .
:B a brick:Battery ; dcx:ridethroughSeconds 8 ; dcx:feedsPower :A ; dcx:peukertExponent 1 . :CR a brick:CRAC ; dcx:feedsAirCooling :X .
:A dcx:ratedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] ; dcx:stateOfHealth 1 . :B dcx:stateOfHealth 1 .
:X a brick:Server ; dcx:allocatedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] .
"""


def test_how_long_it_is_dark_counts_until_it_is_up_again_and_its_air_is_lost_with_it() -> None:
    """The battery is empty at 8 s, the server down 10 to 20 ms later. Its air, carried on by the room until then (9 s at the least), is
    lost with it, and not there before the CRAC runs: power at 10.1 s, 60 to 180 s more. From there 120 to 600 s: up at 190.1 to 790.1 s,
    182.08 s to 782.09 s after it went down."""
    found = made(WARM, "U")

    assert found.headline.text == "10.0 kW of IT equipment goes dark after 8 s for 3 min 2 s to 13 min 2 s (G starts)."
    air = [event for event in found.course.events if event.ids == (SITE + "X",) and event.medium == AIR_COOLING]
    assert [(e.kind.value, round(e.lower, 2), round(e.upper or 0, 2)) for e in air] == [
        ("carried", 0.0, 0.0),
        ("lost", 8.01, 8.02),
        ("back", 70.1, 190.1),
    ]
    assert air[1].reason == "it is down itself: what is left carries it no more"
    assert {(b.lower, b.upper) for b in found.course.bounds if b.id == SITE + "X"} == {(air[1].lower, air[1].upper)}


def test_a_generator_that_cannot_start_is_no_hope() -> None:
    """Its only tank has failed, too."""
    assert "unless" not in made(BARE, "U", "T").headline.text


def test_equipment_that_states_no_draw_goes_dark_all_the_same() -> None:
    """A UPS for 5 to 10 min, then the server is lost for good; nobody says what it draws."""
    site = ":U a dcx:Utility_Feed ; dcx:feedsPower :A . :A a dcx:UPS ; dcx:feedsPower :S . :S a brick:Server ."

    assert made(site, "U").headline.text.startswith("1 piece of IT equipment that states no draw goes dark after ")


def test_a_rack_that_trips_what_the_generator_brings_back_does_not_stay_up() -> None:
    """`test_a_source_that_starts_before_a_trip_prevents_it`: dark at 100 s, back by the generator at 180 s; A has 150 % then, and trips
    at 240 s for good."""
    site = with_battery(150, 30) + ":G a dcx:Generator ; dcx:startTimeSeconds 180 ; dcx:feedsPower :A ."

    found = made(site, "U1").headline

    assert found.text == "1 rack goes dark after 1 min 40 s for 1 min 20 s (G starts), and for good after 4 min."
    assert found.then == ("2 protective devices trip by overload, the first after 1 min 40 s.",)


def test_what_a_trip_takes_down_for_good_goes_dark_though_the_end_without_time_has_it_up() -> None:
    """`test_a_load_that_its_water_keeps_up_may_be_what_trips_the_other_side`: the rack is dark from 60 s."""
    kw = "brick:hasUnit unit:KiloW"
    site = (
        ":U1 a dcx:Utility_Feed ; dcx:feedsPower :P . :P a dcx:Power_Distribution_Unit ; dcx:feedsPower :R, :M, :CH ."
        f":U2 a dcx:Utility_Feed ; dcx:feedsPower :B . :B a dcx:UPS ; dcx:feedsPower :R, :M ; dcx:ratedPower [ brick:value 100 ; {kw} ] ."
        ":CH a brick:Air_Cooled_Chiller ; dcx:feedsLiquidCooling :L . :L a brick:Chilled_Water_Loop ; dcx:feedsLiquidCooling :M ;"
        f" brick:volume [ brick:value 1 ; brick:hasUnit unit:M3 ] . :M a brick:CRAH ; dcx:allocatedPower [ brick:value 75 ; {kw} ] ."
        f":R a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 75 ; {kw} ] ."
    )

    assert made(site, "U1").headline.text == "1 rack goes dark after 1 min."


def test_a_transfer_without_a_ups_takes_a_server_down_until_it_has_started_again() -> None:
    """U1 and U2 on a switch of 100 ms by priority: the server's power supply holds for 10 to 20 ms, and it starts in 2 to 10 minutes."""
    site = (
        ":U1 a dcx:Utility_Feed ; dcx:priority 1 ; dcx:feedsPower :T . :U2 a dcx:Utility_Feed ; dcx:priority 2 ; dcx:feedsPower :T ."
        ":T a brick:Automatic_Transfer_Switch ; dcx:transferTimeMs 100 ; dcx:feedsPower :S ."
        ":S a brick:Server ; dcx:allocatedPower [ brick:value 10 ; brick:hasUnit unit:KiloW ] ."
    )

    assert made(site, "U1").headline.text.startswith("10.0 kW of IT equipment goes dark at once for 2 min to 10 min")
