"""The sentence that matters first, by hand: each docstring shows the sum."""

from __future__ import annotations

from tests.analytics.test_timeline_inputs import CATCHER
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
