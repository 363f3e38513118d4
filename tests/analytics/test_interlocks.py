"""What the plant must not be told: the last feed of anything is not opened, by whichever point it is asked for."""

from __future__ import annotations

import pytest

from analytics.conditions import Conditions, Position
from analytics.impact import impact
from analytics.interlocks import last_feeds
from analytics.supply import compile_supply
from tests.analytics.sites import AT, SITE, snapshot_of, vocabulary

LAST_FEED = """
:Feed a dcx:Utility_Feed ; dcx:feedsPower :Breaker . :Breaker a brick:Circuit_Breaker ; brick:hasPoint :Position .
:Position a dcx:Breaker_Position_Status . :Controller a brick:Controller ; brick:hasPoint :Command , :Setpoint , :Stray .
:Command a dcx:Breaker_Command ; dcx:hasFeedbackPoint :Position . :Setpoint a brick:Setpoint ; dcx:hasFeedbackPoint :Position .
:Breaker brick:hasPoint :Own . :Own a dcx:Breaker_Command . :Stray a brick:Setpoint . :Nowhere a dcx:Breaker_Command .
"""
RACK = ":Breaker dcx:feedsPower :R . :R a brick:ICT_Rack . "
SPARE = ":Spare a dcx:Utility_Feed ; dcx:feedsPower :R . "


def reasons(site: str, point: str, value: float = 0.0) -> list[str]:
    """What speaks against writing the value to the point."""
    snapshot = snapshot_of(LAST_FEED + site)
    graph = compile_supply(snapshot, vocabulary())
    return last_feeds(snapshot, vocabulary(), lambda failed: impact(graph, failed, Conditions(AT)), SITE + point, value)


@pytest.mark.parametrize("point", ["Position", "Command", "Setpoint", "Own"])
def test_the_last_feed_is_not_opened_by_the_position_nor_by_a_command_that_reads_back_there(point: str) -> None:
    """The rack hangs by the breaker alone, which has its position and a command; a controller has a command and a plain set point."""
    (told,) = [reason for reason in reasons(RACK, point) if "Breaker" in reason]

    assert "would leave 1 racks without supply: move the load first" in told
    assert reasons(RACK, point, 1.0) == []
    assert reasons(RACK + SPARE, point) == []


@pytest.mark.parametrize("value", [0.0, 0.5, 0.4, 2.0])
def test_only_one_closes(value: float) -> None:
    """A device may round what is in between to open."""
    assert len(reasons(RACK, "Position", value)) == 1


def test_a_point_of_no_switch_is_not_judged() -> None:
    """A set point whose readback is no position; a point that is not in the graph."""
    assert reasons(RACK, "Stray") == []
    assert reasons(RACK, "Unknown") == []


def test_a_command_of_which_nobody_knows_the_switch_is_refused() -> None:
    """Nothing has the point: what cannot be judged is not permitted."""
    (told,) = reasons(RACK, "Nowhere")

    assert "the graph does not say which" in told


def test_equipment_and_tenants_count_without_a_rack() -> None:
    """A server of 0.5 kW of a tenant, in no rack: the tenant and the load are told."""
    (told,) = reasons(
        ":Breaker dcx:feedsPower :S . :S a brick:Server ; dcx:hasTenant :T ; "
        "brick:ratedPowerInput [ brick:value 500 ; brick:hasUnit unit:W ] . :T a dcx:Tenant .",
        "Command",
    )

    assert "would leave 1 tenants and 0.5 kW of IT load without supply" in told


def test_a_spare_behind_a_switch_of_unknown_position_is_none() -> None:
    """The rack's other way is a breaker whose point says nothing: the first is not opened until that reads closed."""
    other = (
        ":Feed-B a dcx:Utility_Feed ; dcx:feedsPower :Other . :Other a brick:Circuit_Breaker ; dcx:feedsPower :R ; brick:hasPoint :Where . "
        ":Where a dcx:Breaker_Position_Status . "
    )
    snapshot = snapshot_of(LAST_FEED + RACK + other)
    graph, closed = compile_supply(snapshot, vocabulary()), {SITE + "Other": Position(is_open=False, from_telemetry=True)}

    (told,) = reasons(RACK + other, "Position")
    known = last_feeds(snapshot, vocabulary(), lambda failed: impact(graph, failed, Conditions(AT, closed)), SITE + "Position", 0.0)

    assert "no good value says that urn:site:Other is closed" in told
    assert known == []


def test_the_second_cord_is_not_opened_while_the_first_is_being_opened() -> None:
    """Two breakers feed the rack. Either may be opened alone; the second is refused while a wish to open the first is under way."""
    other = """:Spare a dcx:Utility_Feed ; dcx:feedsPower :Other .
    :Other a brick:Circuit_Breaker ; dcx:feedsPower :R ; brick:hasPoint :OtherPosition .
    :OtherPosition a dcx:Breaker_Position_Status . """
    snapshot = snapshot_of(LAST_FEED + RACK + other)
    graph = compile_supply(snapshot, vocabulary())

    def asked(*unsettled: tuple[str, float]) -> list[str]:
        closed = {SITE + name: Position(False, True) for name in ("Breaker", "Other")}
        now = Conditions(AT, closed)
        return last_feeds(snapshot, vocabulary(), lambda failed: impact(graph, failed, now), SITE + "Position", 0.0, unsettled)

    alone, closing, opening = asked(), asked((SITE + "OtherPosition", 1.0)), asked((SITE + "OtherPosition", 0.0))

    assert (alone, closing) == ([], [])
    assert len(opening) == 1
    assert "is being opened, would leave 1 racks" in opening[0]
