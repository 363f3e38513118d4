"""What an answer tells of what is above a limit can be seen in its figures."""

from __future__ import annotations

import pytest

from analytics.capacity.standing import capacity
from analytics.figures import rounded, rounded_apart, shown, shown_apart
from analytics.planning.place import Kind, Load, place
from analytics.supply import compile_supply
from tests.analytics.sites import NOW, SITE, fail, site, snapshot_of, vocabulary
from tests.analytics.test_capacity_cases import rack, rated


@pytest.mark.parametrize(
    ("one", "other", "kept", "said"),
    [
        (12.0, 10.0, (12.0, 10.0), ("12.0", "10.0")),
        (10.001, 10.0, (10.001, 10.0), ("10.001", "10.000")),
        (10.00002, 10.0, (10.00002, 10.0), ("10.00002", "10.00000")),
        (1234.54, 1234.46, (1234.54, 1234.46), ("1,234.54", "1,234.46")),
        (10.0, 10.0, (10.0, 10.0), ("10.0", "10.0")),
    ],
)
def test_figures_that_differ_are_told_apart(one: float, other: float, kept: tuple[float, float], said: tuple[str, str]) -> None:
    """Three digits are kept and one is shown; more where the two would be alike, none where they are."""
    assert rounded_apart(one, other) == kept
    assert shown_apart(one, other) == said


def test_nothing_is_not_less_than_nothing() -> None:
    """-1e-9 kW are 0 by rounding; -0.04 kW are less than nothing, and 0.04 kW are told with one digit as ever."""
    assert [str(rounded(-1e-9)), str(rounded_apart(-1e-9, 5.0)[0])] == ["0.0", "0.0"]
    assert [shown(-0.0), shown(-0.04), shown(0.04), shown(-5.26)] == ["0.0", "-0.04", "0.0", "-5.3"]


def test_an_overload_by_a_little_shows_it() -> None:
    """PA and PB feed a rack that draws 10.00004 kW: alone PB carries all of it, on a rating of 10 kW, 0.0004 % too much."""
    turtle = (
        ":UA a dcx:Utility_Feed ; dcx:feedsPower :PA . :UB a dcx:Utility_Feed ; dcx:feedsPower :PB ."
        " :PA a dcx:PDU ; dcx:feedsPower :R1 . :PB a dcx:PDU ; dcx:feedsPower :R1 . "
    ) + " ".join((rated("PB", 10), rack("R1", 10.00004)))

    (over,) = fail(site(turtle), "PA").overloads

    assert (over.id, over.load_kw, over.limit_kw) == (SITE + "PB", 10.00004, 10.0)


def test_a_standing_overload_by_a_little_shows_it() -> None:
    """10.001 kW on a rating of 10 kW: one digit would say that it carries 10.0 kW and may carry 10.0 kW."""
    turtle = ":U a dcx:Utility_Feed ; dcx:feedsPower :P . :P a dcx:PDU ; dcx:feedsPower :R . " + rated("P", 10) + rack("R", 10.001)

    (finding,) = [each for each in capacity(site(turtle), NOW).findings if each.code == "overloaded"]

    assert finding.message == "it carries 10.001 kW of 10.0 kW (100%) and may carry 10.000 kW continuously"


def test_a_place_with_too_little_room_by_a_little_shows_it() -> None:
    """A PDU of 10 kW that carries 4 kW has room for 6 kW: 6.0004 kW are too much, though to the watt they are 6 kW."""
    turtle = ":U a dcx:Utility_Feed ; dcx:feedsPower :P . :P a dcx:PDU ; dcx:feedsPower :R . " + rated("P", 10) + rack("R", 4)
    snapshot = snapshot_of(turtle)

    (found,) = place(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()), NOW, Load(6.0004, cords=1, air_kw=0)).places

    assert [(each.kind, each.needed, each.there) for each in found.against] == [(Kind.POWER, 6.0004, 6.0)]


def test_a_full_rack_has_no_room_and_not_less() -> None:
    """The PDU of 0.3 kW carries 0.1 + 0.2 kW, which in binary is a little more: 0 kW are left, written without a minus."""
    turtle = (
        ":U a dcx:Utility_Feed ; dcx:feedsPower :P . :P a dcx:PDU ; dcx:feedsPower :R , :S . "
        + rated("P", 0.3)
        + rack("R", 0.1)
        + rack("S", 0.2)
    )
    snapshot = snapshot_of(turtle)

    found = place(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()), NOW, Load(1, cords=1, air_kw=0)).places

    assert [str(each.room_kw) for each in found] == ["0.0", "0.0"]
