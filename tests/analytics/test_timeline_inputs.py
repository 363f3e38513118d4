"""A transfer switch whose input in use is known, by hand: each docstring shows the sum."""

from __future__ import annotations

import pytest

from tests.analytics.test_countdown import counting
from tests.analytics.test_timeline import follow, lost

SWITCH = """
:A a dcx:Utility_Feed ; dcx:feedsPower :Switch ; dcx:priority 1 .
:B a dcx:Utility_Feed ; dcx:feedsPower :Switch ; dcx:priority 2 .
:Switch a brick:Automatic_Transfer_Switch ; dcx:feedsPower :Server .
:Server a brick:Server ; dcx:allocatedPower [ brick:value 5.0 ; brick:hasUnit unit:KiloW ] .
"""


def transfers(turtle: str, *failed: str) -> list[tuple[float, float | None]]:
    return [(event.lower, event.upper) for event in follow(turtle, *failed).events if event.kind.value == "transfers"]


def test_the_loss_of_the_input_in_use_interrupts_for_certain() -> None:
    """A comes first, so the switch is on A. It is without for 50 to 150 ms, its server holds on for 10 to 20 ms: both at 0 s, and lost."""
    answer = follow(SWITCH, "A")

    assert transfers(SWITCH, "A") == [(0.0, 0.0)]
    assert lost(answer) == {"Server Power": (0.01, 0.02)}
    assert [text[-31:] for text in answer.assumed if "dcx:priority" in text] == [": urn:site:Switch on urn:site:A"]


def test_the_loss_of_the_other_input_interrupts_nothing() -> None:
    """B goes, which the switch is not on: nobody notices."""
    assert transfers(SWITCH, "B") == []
    assert lost(follow(SWITCH, "B")) == {}


@pytest.mark.parametrize("priority", ["", "; dcx:priority 1"])
def test_where_the_input_in_use_is_not_known_either_loss_may_interrupt(priority: str) -> None:
    """No priority, or the same for both: `0 s or not at all` whichever goes."""
    site = SWITCH.replace(" ; dcx:priority 1", priority).replace(" ; dcx:priority 2", priority)

    assert transfers(site, "A") == transfers(site, "B") == [(0.0, None)]
    assert lost(follow(site, "B")) == {"Server Power": (0.01, None)}
    assert not [text for text in follow(site, "B").assumed if "dcx:priority" in text]


def test_a_switch_whose_first_input_is_open_is_on_the_next() -> None:
    """The breaker of A stands open: the switch is on B, then C takes over; the loss of C alone does nothing."""
    site = SWITCH.replace("dcx:feedsPower :Switch ; dcx:priority 1", "dcx:feedsPower :Breaker") + (
        ":Breaker a brick:Circuit_Breaker ; dcx:normalPosition dcx:Open ; dcx:feedsPower :Switch ; dcx:priority 1 ."
        ":C a dcx:Utility_Feed ; dcx:feedsPower :Switch ; dcx:priority 3 ."
    )

    assert transfers(site, "B") == [(0.0, 0.0)]
    assert transfers(site, "C") == transfers(site, "A") == []


def test_the_countdown_of_a_loss_that_was_not_in_use_is_empty() -> None:
    """B went 100 s ago: nothing is lost, nothing is to come."""
    answer = counting(SWITCH, "B", after=100)

    assert (len(answer.left), answer.next) == (0, ())


CATCHER = "".join(
    f"""
    :U{n} a dcx:Utility_Feed ; dcx:feedsPower :M{n} . :M{n} a dcx:UPS ; dcx:ratedPower [ brick:value 100 ; brick:hasUnit unit:KiloW ] ;
        dcx:feedsPower :S{n} . :S{n} a brick:Static_Transfer_Switch ; dcx:feedsPower :R{n} .
    :R{n} a brick:ICT_Rack ; dcx:allocatedPower [ brick:value 80 ; brick:hasUnit unit:KiloW ] .
    """
    for n in (1, 2)
) + (
    ":UC a dcx:Utility_Feed ; dcx:feedsPower :C . :C a dcx:UPS ; dcx:isCatcher true ; dcx:feedsPower :S1, :S2 ;"
    " dcx:ratedPower [ brick:value 100 ; brick:hasUnit unit:KiloW ] ."
)


def test_a_catcher_is_on_no_switch_before_something_fails() -> None:
    """S1 is on M1 and S2 on M2: the loss of M1 transfers S1 for certain, that of the catcher none."""
    assert transfers(CATCHER, "M1") == [(0.0, 0.0)]
    assert transfers(CATCHER, "C") == []


def test_a_transfer_that_every_power_supply_rides_through_takes_no_rack_down() -> None:
    """M1 and M2 fail: both switches transfer in 4 to 5 ms, less than the 10 to 20 ms that power supplies hold on. The catcher carries 160
    kW, 1.6 times its rating, beyond the last point of its curve (1.5: 60 s), and trips at 60 s: that is when the racks go dark."""
    answer = follow(CATCHER, "M1", "M2")

    assert {name: at for name, at in lost(answer).items() if name.startswith("R")} == {"R1 Power": (60.0, 60.0), "R2 Power": (60.0, 60.0)}
    assert transfers(CATCHER, "M1", "M2") == [(0.0, 0.0)]


def test_a_slower_transfer_interrupts() -> None:
    """A static switch that states 11 ms: longer than the least that power supplies hold on, so that it counts."""
    slow = CATCHER.replace("brick:Static_Transfer_Switch ;", "brick:Static_Transfer_Switch ; dcx:transferTimeMs 11 ;")

    assert lost(follow(slow, "M1")) == {"R1 Power": (0.0, 0.0)}


STANDBY = """
:U a dcx:Utility_Feed ; dcx:feedsPower :ATS . :G a dcx:Generator ; dcx:startTimeSeconds 10 ; dcx:feedsPower :ATS .
:ATS a brick:Automatic_Transfer_Switch ; dcx:transferTimeMs 100 ; dcx:feedsPower :R . :R a brick:ICT_Rack .
"""


@pytest.mark.parametrize(
    "feeds",
    [
        "",
        ":Ctl a brick:Controller ; dcx:feedsControl :G .",
        ":U dcx:feedsPower :G .",
        ":ATS dcx:feedsPower :G .",
        ":Pump a brick:Pump ; brick:feeds :G .",
    ],
)
def test_a_generator_that_something_feeds_starts_as_any_other(feeds: str) -> None:
    """A controller, a block heater on the utility or on its own board, a fuel pump: called at 0 s, there at 10 s, through the switch at
    10.1 s."""
    answer = follow(STANDBY + feeds, "U")

    assert lost(answer)["R Power"] == (0.0, 0.0)
    assert [(round(each.back_lower or 0, 3), round(each.back_upper or 0, 3)) for each in answer.bounds if each.id.endswith(":R")] == [
        (10.1, 10.1)
    ]


def test_a_generator_without_its_controller_does_not_start() -> None:
    """It needs any one of what controls it; that fails with the utility: the rack stays dark."""
    answer = follow(STANDBY + ":Ctl a brick:Controller ; dcx:feedsControl :G .", "U", "Ctl")

    assert [each.back_lower for each in answer.bounds if each.id.endswith(":R")] == [None]


def test_a_generator_starts_its_start_time_after_its_controller_is_back() -> None:
    """The controller hangs on a second utility, which fails as well, and its own generator, there at 5 s, at 5.1 s through a switch: the
    first supplies 10 s after that, and through its own switch from 5.1 + 10 + 0.1 s on."""
    answer = follow(
        STANDBY
        + """
        :Ctl a brick:Controller ; dcx:feedsControl :G .
        :S a brick:Automatic_Transfer_Switch ; dcx:transferTimeMs 100 ; dcx:feedsPower :Ctl .
        :V a dcx:Utility_Feed ; dcx:feedsPower :S . :H a dcx:Generator ; dcx:startTimeSeconds 5 ; dcx:feedsPower :S .
        """,
        "U",
        "V",
    )

    assert [(round(each.back_lower or 0, 3), round(each.back_upper or 0, 3)) for each in answer.bounds if each.id.endswith(":R")] == [
        (15.2, 15.2)
    ]


def test_a_generator_that_nobody_called_stays_off_when_its_controller_is_back() -> None:
    """Only the controller's utility goes and its generator H brings it back: G is not called, and does not start."""
    answer = follow(
        STANDBY
        + """
        :Ctl a brick:Controller ; dcx:feedsControl :G . :S a brick:Automatic_Transfer_Switch ; dcx:feedsPower :Ctl .
        :V a dcx:Utility_Feed ; dcx:feedsPower :S . :H a dcx:Generator ; dcx:startTimeSeconds 5 ; dcx:feedsPower :S .
        """,
        "V",
    )

    assert [event.ids for event in answer.events if event.kind.value == "started"] == [("urn:site:H",)]
