"""The one-line diagram of small sites, counted by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.impact import impact_of
from analytics.oneline.folding import folded, looks
from analytics.oneline.oneline import OneLine, one_line
from analytics.oneline.places import places, rows_of
from analytics.oneline.symbols import Symbol
from analytics.scenario import Case
from analytics.supply import compile_supply
from tests.analytics.sites import NOW, SITE, snapshot_of, vocabulary
from tests.support.random_cases import tried

RACKS = " , ".join(f":Rack-{number}" for number in range(1, 6))
SITE_2N = f"""
:Utility-A a dcx:Utility_Feed ; dcx:feedsPower :Breaker-A ; dcx:feedSide "A" .
:Utility-B a dcx:Utility_Feed ; dcx:feedsPower :Breaker-B ; dcx:feedSide "B" .
:Breaker-A a brick:Circuit_Breaker ; dcx:feedsPower :UPS-A .
:Breaker-B a brick:Circuit_Breaker ; dcx:feedsPower :UPS-B .
:UPS-A a dcx:UPS ; dcx:feedsPower {RACKS} , :Single .
:UPS-B a dcx:UPS ; dcx:feedsPower {RACKS} .
{" ".join(f":Rack-{number} a brick:ICT_Rack ." for number in range(1, 6))} :Single a brick:ICT_Rack .
"""


def drawn(turtle: str, *failed: str) -> OneLine:
    """The drawing where the named things fail."""
    snapshot = snapshot_of(turtle)
    case = Case.of_failed(compile_supply(snapshot, vocabulary()), [SITE + name for name in failed], NOW)
    return one_line(snapshot, vocabulary(), case, impact_of(case), np.empty(0, np.int32))


def rows(shown: OneLine) -> list[tuple[int, str, int, str, int]]:
    """Row, symbol, count, state and side of each symbol, from the top and from the left."""
    found = sorted(shown.symbols, key=lambda each: (each.row, each.x))
    return [(each.row, each.symbol.value, each.count, each.state, each.side) for each in found]


def test_five_racks_that_hang_alike_are_one_symbol_and_the_single_corded_one_another() -> None:
    """UPS A fails: its side is left, what is dark says so, the five dual-corded racks hang by side B."""
    shown = drawn(SITE_2N, "UPS-A")

    assert rows(shown) == [
        (0, "utility", 1, "UNAFFECTED", -1),
        (0, "utility", 1, "UNAFFECTED", 1),
        (1, "breaker", 1, "UNAFFECTED", -1),
        (1, "breaker", 1, "UNAFFECTED", 1),
        (2, "UPS", 1, "FAILED", -1),
        (2, "UPS", 1, "UNAFFECTED", 1),
        (3, "rack", 1, "LOST", -1),
        (3, "rack", 5, "NO_REDUNDANCY", 0),
    ]
    assert shown.things == 12  # 2 utilities, 2 breakers, 2 UPS, 6 racks


def test_what_the_failed_thing_fed_is_without_supply_and_the_other_side_is_live() -> None:
    """Of the seven wires the two that leave the failed UPS are dead."""
    shown = drawn(SITE_2N, "UPS-A")

    dead = {(shown.symbols[wire.source].label, shown.symbols[wire.target].count) for wire in shown.wires if not wire.is_live}
    assert dead == {("UPS-A", 1), ("UPS-A", 5)}
    assert len(shown.wires) == 7


def test_a_site_is_drawn_the_same_whatever_its_things_are_called() -> None:
    """Sides A and B by other names give the same rows."""
    renamed = SITE_2N.replace("UPS-", "Zeta-").replace("Rack-", "Alpha-")

    assert rows(drawn(renamed, "Zeta-A")) == rows(drawn(SITE_2N, "UPS-A"))


def test_an_open_tie_stands_between_the_buses_that_it_ties() -> None:
    """A tie is level with its two buses, drawn between them, and open; nothing is dark past the bus that has lost its feed."""
    shown = drawn(
        """
        :Utility-A a dcx:Utility_Feed ; dcx:feedsPower :Bus-A ; dcx:feedSide "A" . :Utility-B a dcx:Utility_Feed ; dcx:feedsPower :Bus-B ;
          dcx:feedSide "B" .
        :Bus-A a brick:Switchgear ; dcx:feedsPower :Rack . :Bus-B a brick:Switchgear ; dcx:feedsPower :Rack .
        :Tie a dcx:Tie_Breaker ; dcx:ties :Bus-A , :Bus-B . :Rack a brick:ICT_Rack .
        """,
        "Utility-A",
    )

    by_name = {each.label: each for each in shown.symbols}
    tie = by_name["Tie"]
    assert (tie.row, tie.is_open, tie.is_live) == (by_name["Bus-A"].row, True, False)
    assert by_name["Bus-A"].x < tie.x < by_name["Bus-B"].x
    assert sum(wire.is_tie for wire in shown.wires) == 2
    assert [by_name[name].state for name in ("Bus-A", "Bus-B", "Rack")] == ["LOST", "UNAFFECTED", "NO_REDUNDANCY"]


def test_outlets_and_groups_are_not_drawn_and_it_equipment_is_its_rack() -> None:
    """Modules in a group feed a UPS, an outlet feeds a server in a rack that nothing feeds: four symbols, joined."""
    shown = drawn(
        """
        :Utility a dcx:Utility_Feed ; dcx:feedsPower :Module-1 , :Module-2 .
        :Module-1 a dcx:UPS_Module . :Module-2 a dcx:UPS_Module .
        :Group a dcx:Redundancy_Group ; dcx:hasMember :Module-1 , :Module-2 ; dcx:requiredCount 1 ; dcx:feedsPower :Strip .
        :Strip a dcx:Rack_PDU ; dcx:feedsPower :Outlet . :Outlet a dcx:Outlet ; dcx:feedsPower :Server .
        :Server a brick:Server ; dcx:mountedIn :Rack . :Rack a brick:ICT_Rack .
        """,
        "Utility",
    )

    assert rows(shown) == [
        (0, "utility", 1, "FAILED", 0),
        (1, "UPS", 2, "LOST", 0),
        (2, "rack PDU", 1, "LOST", 0),
        (3, "rack", 1, "LOST", 0),
    ]
    assert {(wire.source, wire.target) for wire in shown.wires} == {
        (at(shown, "utility"), at(shown, "UPS")),
        (at(shown, "UPS"), at(shown, "rack PDU")),
        (at(shown, "rack PDU"), at(shown, "rack")),
    }


def test_members_of_a_group_say_how_many_it_needs() -> None:
    """Of three units in a group that needs two one fails: two are left, and say so; nothing is dark."""
    shown = drawn(
        """
        :G a dcx:Redundancy_Group ; dcx:hasMember :C-1 , :C-2 , :C-3 ; dcx:requiredCount 2 ; dcx:feedsAirCooling :Rack .
        :C-1 a brick:CRAH . :C-2 a brick:CRAH . :C-3 a brick:CRAH . :Rack a brick:ICT_Rack .
        """,
        "C-1",
    )

    assert sorted((each.count, each.state, each.needed) for each in shown.symbols if each.symbol is Symbol.COOLER) == [
        (1, "FAILED", (2, 3)),
        (2, "UNAFFECTED", (2, 3)),
    ]


def test_a_group_that_fails_itself_is_drawn_between_its_members_and_what_it_feeds() -> None:
    """The wires into the group are live, that out of it is not."""
    shown = drawn(
        """
        :E-1 a dcx:Generator . :E-2 a dcx:Generator . :Bus a brick:Switchgear ; dcx:feedsPower :Rack . :Rack a brick:ICT_Rack .
        :G a dcx:Redundancy_Group ; dcx:hasMember :E-1 , :E-2 ; dcx:requiredCount 1 ; dcx:feedsPower :Bus .
        """,
        "G",
    )

    assert [row[1:4] for row in rows(shown)] == [
        ("generator", 2, "UNAFFECTED"),
        ("equipment", 1, "FAILED"),
        ("bus", 1, "LOST"),
        ("rack", 1, "LOST"),
    ]
    assert [(shown.symbols[wire.source].symbol.value, wire.is_live) for wire in shown.wires if wire.is_live] == [("generator", True)]


def at(shown: OneLine, symbol: str) -> int:
    """The number of the only symbol of its kind."""
    return next(number for number, each in enumerate(shown.symbols) if each.symbol is Symbol(symbol))


def test_a_failure_of_cooling_draws_the_cooling() -> None:
    """Where nothing happens in power the medium of the outcomes is drawn."""
    shown = drawn(":Chiller a brick:Chiller ; dcx:feedsLiquidCooling :Rack . :Rack a brick:ICT_Rack .", "Chiller")

    assert shown.medium.endswith("LiquidCooling")
    assert [row[1:4] for row in rows(shown)] == [("chiller", 1, "FAILED"), ("rack", 1, "LOST")]


def test_what_touches_nothing_is_an_empty_drawing_or_itself() -> None:
    """A thing that feeds nothing is drawn alone."""
    shown = drawn(":Rack a brick:ICT_Rack . :Utility a dcx:Utility_Feed ; dcx:feedsPower :Rack .", "Rack")

    assert [(row[1], row[3]) for row in rows(shown)] == [("utility", "UNAFFECTED"), ("rack", "FAILED")]


def test_a_thousand_different_chains_still_fit_the_page() -> None:
    """300 breakers each with a rack of its own under 3 levels of boards of all sizes: few symbols, few abreast, nobody left out."""
    boards = " ".join(
        f":Board-{b} a dcx:Switchboard ; dcx:feedsPower {' , '.join(f':R-{b}-{r}' for r in range(b + 1))} . "
        + " ".join(f":R-{b}-{r} a brick:ICT_Rack ." for r in range(b + 1))
        for b in range(12)
    )
    shown = drawn(f":U a dcx:Utility_Feed ; dcx:feedsPower {' , '.join(f':Board-{b}' for b in range(12))} . {boards}", "Board-3")

    assert sum(each.count for each in shown.symbols if each.symbol is Symbol.RACK) == 4
    assert len(shown.symbols) == 3  # the utility, the failed board, its four racks


@st.composite
def plans(draw: st.DrawFn) -> tuple[int, set[tuple[int, int]]]:
    """A number of things and what feeds what among them, loops and ties too."""
    size = draw(st.integers(1, 12))
    ends = st.integers(0, size - 1)
    wires = draw(st.sets(st.tuples(ends, ends), max_size=24))
    return size, {(a, b) for a, b in wires if a != b}


@tried(100)
@given(plans())
def test_symbols_in_a_row_never_overlap_and_feeders_stand_above(plan: tuple[int, set[tuple[int, int]]]) -> None:
    """Whatever feeds what: a width apart in each row; where nothing goes round each source above its target, with stops between."""
    size, wires = plan

    found = places([0] * size, [1.0] * size, wires)

    by_row: dict[int, list[float]] = {}
    for row, x in zip(found.row, found.x, strict=True):
        by_row.setdefault(row, []).append(x)
    assert all(b - a >= 0.999 for xs in by_row.values() for a, b in pairwise(sorted(xs)))
    assert sorted(by_row) == list(range(len(by_row)))
    for a, b in wires:
        if not any(a == reached for reached in _below(b, wires)):
            assert found.row[a] < found.row[b]
            assert [row for row, _ in found.via[a, b]] == list(range(found.row[a] + 1, found.row[b]))


def _below(start: int, wires: set[tuple[int, int]]) -> set[int]:
    seen, left = {start}, [start]
    while left:
        here = left.pop()
        fresh = {b for a, b in wires if a == here} - seen
        seen |= fresh
        left += fresh
    return seen


@tried(100)
@given(plans(), st.integers(0, 4))
def test_equal_things_are_those_that_a_slow_look_cannot_tell_apart(plan: tuple[int, set[tuple[int, int]]], rounds: int) -> None:
    """Folding gives the partition of the definition: equal looks, and equal sets of neighbours' groups, round by round."""
    size, wires = plan
    look = np.arange(size, dtype=np.int32) % 2
    ends = np.array(sorted(wires), dtype=np.int32).reshape(-1, 2)

    group = folded(look, ends[:, 0], ends[:, 1], rounds).tolist()

    slow: list[object] = list(look.tolist())
    for _ in range(rounds):
        slow = [
            (slow[n], frozenset(slow[a] for a, b in wires if b == n), frozenset(slow[b] for a, b in wires if a == n)) for n in range(size)
        ]
    assert all((group[a] == group[b]) == (slow[a] == slow[b]) for a in range(size) for b in range(size))


def test_looks_number_different_rows() -> None:
    """Rows that are equal in all columns have one number."""
    found = looks([np.array([1, 1, 2, 1], np.int32), np.array([7, 8, 7, 7], np.int32)])

    assert found.tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize("wires", [set(), {(0, 1)}, {(0, 1), (1, 0)}, {(0, 1), (1, 2), (2, 0)}])
def test_rows_are_given_for_every_thing(wires: set[tuple[int, int]]) -> None:
    """Loops and ties have rows, too."""
    assert len(rows_of(3, wires)) == 3
