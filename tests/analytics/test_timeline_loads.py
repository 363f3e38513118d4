"""What has gone down is a load of the batteries no more, by hand: each docstring shows the sum."""

from __future__ import annotations

from tests.analytics.test_countdown import counting, left
from tests.analytics.test_timeline import follow, lost

PAIR = """
:Utility a dcx:Utility_Feed ; dcx:feedsPower :UPS, :CDU .
:UPS a dcx:UPS ; dcx:ratedPower [ brick:value 10.0 ; brick:hasUnit unit:KiloW ] ; dcx:feedsPower :Hot, :Cool .
:String a brick:Battery ; dcx:ridethroughSeconds 600 ; dcx:peukertExponent 1.0 ; dcx:stateOfHealth 1.0 ; brick:isPartOf :UPS .
:Hot a brick:Server ; dcx:allocatedPower [ brick:value 5.0 ; brick:hasUnit unit:KiloW ] .
:Cool a brick:Server ; dcx:allocatedPower [ brick:value 5.0 ; brick:hasUnit unit:KiloW ] .
:CDU a dcx:CDU ; dcx:feedsLiquidCooling :Hot .
"""
"""600 s at 10 kW for two servers of 5 kW; one of them needs the CDU, which is on no UPS, and holds on for 5 to 30 s without it."""


def test_a_server_that_has_gone_down_loads_the_battery_no_more() -> None:
    """10 kW for the 30 s after which the server is down for certain: 5 % of the store. Then 5 kW, 1,200 s in all: 0.95 * 1,200 = 1,140 s
    more, 1,170 s."""
    assert lost(follow(PAIR, "Utility"))["UPS Power"] == (1170.0, 1170.0)


def test_the_countdown_agrees_with_the_timeline_about_it() -> None:
    """1,170 s less what has passed, whether the server was up, perhaps down or down at the look."""
    for passed in (0, 10, 100, 700):
        assert left(counting(PAIR, "Utility", after=passed))["UPS Power"] == (1170.0 - passed, 1170.0 - passed)


def test_a_load_that_may_not_go_down_counts_for_the_lower_bound() -> None:
    """A generator has the CDU back 1 + 10 to 1 + 30 s after the failure: with the better ends the server holds on, 30 s without flow, and
    draws its 5 kW to the end. So 600 s is what is certain, though with the worse ends it is down after 5 s."""
    site = PAIR + ":G a dcx:Generator ; dcx:startTimeSeconds 1 ; dcx:feedsPower :CDU ."

    answer = lost(follow(site, "Utility"))

    assert answer["Hot LiquidCooling"] == (5.0, None)
    assert answer["UPS Power"] == (600.0, 600.0)


def test_a_battery_that_nothing_is_left_to_draw_from_does_not_empty() -> None:
    """Both servers hang on the CDU and are down after 30 s: the UPS carries nothing any more, and its battery stays at 95 %."""
    site = PAIR + ":CDU dcx:feedsLiquidCooling :Cool ."

    answer = follow(site, "Utility")

    assert "UPS Power" not in lost(answer)
    assert lost(answer)["Hot LiquidCooling"] == (5.0, 30.0)


def test_a_load_whose_battery_is_not_known_by_load_still_counts_as_its_rating() -> None:
    """What feeds nothing that states a draw never had a load that could be gone: its rating counts, 600 s."""
    site = PAIR.replace("dcx:allocatedPower", "dcx:priority")

    assert lost(follow(site, "Utility"))["UPS Power"] == (600.0, 600.0)


def test_what_is_up_again_is_a_load_again() -> None:
    """The CDU is back 100 + 10 to 100 + 30 s after the failure, the server 60 s after it: 10 kW up to 30 s (with the better ends), 5 kW up
    to 170 s, 10 kW from there: 600 * (1 - 30 / 600 - 140 / 1,200) = 500 s more, 670 s. What may be up counts for the lower bound: 600 s."""
    site = PAIR + (":G a dcx:Generator ; dcx:startTimeSeconds 100 ; dcx:feedsPower :CDU . :Hot dcx:startTimeSeconds 60 .")

    assert lost(follow(site, "Utility"))["UPS Power"] == (600.0, 670.0)
