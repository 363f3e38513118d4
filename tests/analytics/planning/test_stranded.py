"""The most that fits into all racks together equals that of a program with every row written down; and hand-made sites."""

from __future__ import annotations

import random
from math import inf

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from scipy.optimize import linprog  # type: ignore[import-untyped]  # it ships no types

from analytics.capacity.flow import loads_of
from analytics.conditions import Conditions
from analytics.planning.fill import fill
from analytics.planning.place import Load, place
from analytics.planning.stranded import Stranded, stranded
from analytics.state import plant
from analytics.supply import compile_supply
from analytics.sweeps.units import Units
from graph.errors import GraphError
from tests.analytics.reference_capacity import Circuit, Reference
from tests.analytics.sites import AT, NOW, SITE, snapshot_of, vocabulary
from tests.analytics.test_capacity_against_reference import circuit_of, graph_of
from tests.support.random_cases import tried

MOST_KW = 30.0


@tried(60)
@given(seed=st.integers(0, 2**32))
def test_as_much_fits_as_a_program_of_all_rows_says_and_nothing_is_overloaded_by_it(seed: int) -> None:
    """Any plant, any one to four racks: the sum is that of the program over every node, phase and failure; so much overloads nothing."""
    circuit = circuit_of(seed)
    circuit.readings = {}
    graph, conditions = graph_of(circuit), Conditions(AT)
    state = plant(graph, conditions)
    loads = loads_of(graph, state, conditions)
    up = sorted(circuit.live(frozenset()))
    if loads is None or not up:
        reject()
    racks = sorted(random.Random(seed).sample(up, min(len(up), 1 + seed % 4)))
    slots = loads.power_slot[[circuit.nodes.index(name) for name in racks]]
    limit = np.where(loads.power_slot[loads.slot_node] >= 0, loads.electrical.limit_kw[loads.slot_node], np.inf)
    units = Units.of_nodes(graph, np.arange(len(circuit.nodes), dtype=np.int32))

    found = fill(state, loads, units, slots, np.full(len(racks), MOST_KW), limit)

    rows, left = rows_of(circuit, racks)
    best = linprog(-np.ones(len(racks)), A_ub=rows or None, b_ub=left or None, bounds=(0, MOST_KW), method="highs")
    assert found.complete
    assert found.kw.sum() == pytest.approx(-best.fun, rel=1e-5, abs=1e-5)
    assert all(np.dot(row, found.kw) <= kw + 1e-4 for row, kw in zip(rows, left, strict=True))


def rows_of(circuit: Circuit, racks: list[str]) -> tuple[list[list[float]], list[float]]:
    """Every limit in every state, by trying one kW more at each rack; a limit that is exceeded anyway is as high as its highest load."""
    reference = Reference(circuit)
    more = {rack: Reference(circuit) for rack in racks}
    for rack, each in more.items():
        each.own[rack] = each._spread(rack, circuit.draw.get(rack, 0.0) + 1.0)
    states = [circuit.live(failed) for failed in (frozenset[str](), *(frozenset({node}) for node in circuit.nodes))]

    def told(which: Reference, v: str, live: frozenset[str]) -> tuple[float, ...]:
        load = which.loads(live)[v]
        return (sum(load),) if v in circuit.phases else tuple(3 * kw for kw in load)

    rows, left = [], []
    for v in sorted(circuit.limit):
        now = {live: told(reference, v, live) for live in states if v in live}
        limit = max([circuit.limit[v], *(kw for loads in now.values() for kw in loads)], default=inf)
        for live, loads in now.items():
            parts = [told(more[rack], v, live) for rack in racks]
            for phase, kw in enumerate(loads):
                rows.append([part[phase] - kw for part in parts])
                left.append(limit - kw)
    return rows, left


def site(ups: str, board: float = 1000.0) -> str:
    """Two sides, a UPS and a board each; two racks with two cords that draw 10 kW each."""
    kw = "brick:hasUnit unit:KiloW"
    sides = "".join(
        f""":U{n} a dcx:Utility_Feed ; dcx:feedsPower :Board-{n} .
        :Board-{n} a brick:Switchgear ; dcx:ratedPower [ brick:value {board} ; {kw} ] ; dcx:feedsPower :UPS-{n} .
        :UPS-{n} a dcx:UPS ; dcx:ratedPower [ brick:value {ups} ; {kw} ] ; dcx:feedsPower :R1 , :R2 .
        """
        for n in "AB"
    )
    racks = "".join(
        f":R{n} a brick:ICT_Rack ; dcx:rackUnits 42 ; dcx:allocatedPower [ brick:value 10 ; {kw} ] ; dcx:mountedIn :Hall ." for n in (1, 2)
    )
    return sides + racks


def answer(turtle: str) -> Stranded:
    """What is stranded on a site."""
    snapshot = snapshot_of(turtle)
    return stranded(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()), NOW)


def test_what_the_ups_cannot_carry_is_stranded_on_the_board_before_it() -> None:
    """Each UPS of 100 kW may have to carry both racks: 100 - 20 = 80 kW more fit. The boards may carry 1,000 kW continuously (or 80 % of
    it, if that is their limit): their left less 80 kW is stranded. A second UPS on each side carries 100 kW more: 80 + 100 = 180 kW; on
    one side alone nothing, for the other may still have to carry all."""
    found = answer(site("100"))

    assert found.placeable_kw == pytest.approx(80.0)
    assert sum(each.kw for each in found.fillings) == pytest.approx(80.0)
    board = next(each for each in found.feeders if each.id == SITE + "Board-A")
    assert board.left_kw == pytest.approx(board.limit_kw - 20.0)
    assert board.stranded_kw == pytest.approx(board.limit_kw - 100.0)
    ups = [each for each in found.feeders if each.id.startswith(SITE + "UPS")]
    assert [(each.left_kw, each.stranded_kw) for each in ups] == [(80.0, 0.0), (80.0, 0.0)]
    assert sum(each.worth for each in ups) == pytest.approx(1.0)
    assert [(each.units, each.more_kw, each.ids) for each in found.one_more] == [(2, 100.0, ()), (1, 0.0, (SITE + "UPS-A",))]


def test_one_more_in_the_best_place_alone_is_told_beside_one_more_in_each() -> None:
    """Two halls of which the smaller UPS limits: 100 - 20 = 80 kW in the first, 140 - 20 = 120 kW in the second, 200 in all. A second one
    beside each: 200 - 20 + 280 - 20 = 440 kW, 240 more; beside that of the second hall alone 140 more."""
    found = answer(hall("1", 100) + hall("2", 140))

    assert found.placeable_kw == pytest.approx(200.0)
    assert [(each.units, each.more_kw, each.ids) for each in found.one_more] == [
        (4, 240.0, ()),
        (1, 140.0, (SITE + "M2-A",)),
    ]


def hall(name: str, kw: float) -> str:
    """Two sides with a UPS each, one so large and one larger than it need be, and a rack of 20 kW on both."""
    unit = "brick:hasUnit unit:KiloW"
    sides = "".join(
        f""":V{name}-{side} a dcx:Utility_Feed ; dcx:feedsPower :M{name}-{side} .
        :M{name}-{side} a dcx:UPS ; dcx:ratedPower [ brick:value {rated} ; {unit} ] ; dcx:feedsPower :K{name} .
        """
        for side, rated in (("A", kw), ("B", 1000))
    )
    return f"{sides} :K{name} a brick:ICT_Rack ; dcx:rackUnits 42 ; dcx:allocatedPower [ brick:value 20 ; {unit} ] ."


def test_where_no_rack_can_take_anything_nothing_fits_and_everything_left_is_stranded() -> None:
    """The racks have one cord each: none of them survives a failure, so nothing may be placed in them."""
    turtle = (
        site("100")
        .replace("dcx:feedsPower :R1 , :R2", "dcx:feedsPower :R1", 1)
        .replace("dcx:feedsPower :R1 , :R2", "dcx:feedsPower :R2", 1)
    )

    found = answer(turtle)

    assert (found.placeable_kw, found.racks, found.one_more) == (0.0, 0, ())


def test_a_site_without_ratings_is_refused_with_the_next_step() -> None:
    """Nothing can be said where nothing has a limit."""
    with pytest.raises(GraphError, match="no rating is stated"):
        answer(":U a dcx:Utility_Feed ; dcx:feedsPower :R . :R a brick:ICT_Rack .")


def test_without_any_cooling_in_the_model_what_place_says_is_what_is_stranded() -> None:
    """Cooling is unknown, not against: a kilowatt fits into both racks, and 80 kW into both together. Both say what they do not know."""
    snapshot = snapshot_of(site("100"))
    found, placed = answer(site("100")), place(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()), NOW, Load(1.0))

    assert placed.fitting == found.racks == 2
    assert all("cooling: the model states none" in each.unknown for each in placed.places)
    assert found.placeable_kw == pytest.approx(80.0)
    assert found.notes[-1] == "the model states no cooling: whether there is any for what the racks take is not known"


def test_where_another_rack_is_cooled_a_rack_without_cooling_takes_nothing() -> None:
    """The model speaks of cooling then: a load in R2 would have none, for both questions alike."""
    turtle = site("100") + ":C1 a brick:CRAH ; dcx:feedsAirCooling :R1 . :C2 a brick:CRAH ; dcx:feedsAirCooling :R1 ."
    snapshot = snapshot_of(turtle)
    found, placed = answer(turtle), place(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()), NOW, Load(1.0))

    assert [each.rack for each in placed.places if each.fits] == [each.rack for each in found.fillings] == [SITE + "R1"]
    assert found.notes[-1].startswith("racks that share cooling are not held against each other")


def test_a_rack_takes_all_that_the_units_of_its_cooling_take_together_after_any_failure() -> None:
    """Three air handlers of 50 kW cool the two racks' 20 kW; the power side has 1,000 - 20 kW. Without one handler 10 kW on each of two,
    40 kW left on each: a rack alone may give off 80 kW more, not 40. Of two chillers of 90 kW behind them one alone has 70 kW left."""
    crahs = " ".join(f":C{n} a brick:CRAH ; brick:coolingCapacity [ brick:value 50 ; brick:hasUnit unit:KiloW ] ." for n in range(3))
    group = ":G a dcx:Redundancy_Group ; dcx:hasMember :C0, :C1, :C2 ; dcx:requiredCount 2 ; dcx:feedsAirCooling :R1 , :R2 ."
    chillers = " ".join(
        f":CH{n} a brick:Air_Cooled_Chiller ; dcx:feedsLiquidCooling :C0, :C1, :C2 ; "
        "brick:coolingCapacity [ brick:value 90 ; brick:hasUnit unit:KiloW ] ."
        for n in range(2)
    )
    air, water = (answer(site("1000", 5000) + crahs + group + more) for more in ("", chillers))

    assert [each.kw for each in air.fillings] == pytest.approx([80.0, 80.0])
    assert [each.kw for each in water.fillings] == pytest.approx([70.0, 70.0])
