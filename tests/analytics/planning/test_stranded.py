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
from analytics.planning.place import Kind, Load, place
from analytics.planning.stages import Stages
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

    found = fill(state, loads, units, slots, np.full(len(racks), MOST_KW), limit, Stages.none())

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


def test_racks_with_one_cord_are_filled_as_they_are_fed_and_told_apart() -> None:
    """R1 hangs on A alone, R2 on B: each UPS of 100 kW has 90 kW left for its rack, 180 in all. No failure moves anything; one takes each
    rack down, so none of it would be there if only racks counted that survive every failure. A third rack with both cords takes its part
    of a side: what it takes is missing twice, so it stays empty, and 90 kW fit if it alone is filled."""
    one = (
        site("100")
        .replace("dcx:feedsPower :R1 , :R2", "dcx:feedsPower :R1", 1)
        .replace("dcx:feedsPower :R1 , :R2", "dcx:feedsPower :R2", 1)
    )
    two = one + ":UPS-A dcx:feedsPower :R3 . :UPS-B dcx:feedsPower :R3 . :R3 a brick:ICT_Rack ."
    alone, with_third = answer(one), answer(two)

    assert (alone.placeable_kw, alone.surviving_kw, alone.racks, alone.hanging) == (180.0, 0.0, 2, 2)
    assert [(each.rack, each.kw, each.hangs_by) for each in alone.fillings] == [
        (SITE + "R1", 90.0, SITE + "Board-A"),
        (SITE + "R2", 90.0, SITE + "Board-B"),
    ]
    assert (with_third.placeable_kw, with_third.surviving_kw, with_third.racks, with_third.hanging) == (180.0, 90.0, 3, 2)


def kw(value: float) -> str:
    """A quantity in kilowatts."""
    return f"[ brick:value {value} ; brick:hasUnit unit:KiloW ]"


def pdus(a: float, b: float, allocated: float) -> str:
    """One rack on two PDUs."""
    return (
        f":UA a dcx:Utility_Feed ; dcx:feedsPower :PA . :PA a dcx:PDU ; dcx:ratedPower {kw(a)} ; dcx:feedsPower :R ."
        f" :UB a dcx:Utility_Feed ; dcx:feedsPower :PB . :PB a dcx:PDU ; dcx:ratedPower {kw(b)} ; dcx:feedsPower :R ."
        f" :R a brick:ICT_Rack ; dcx:allocatedPower {kw(allocated)} ."
    )


def test_a_full_site_takes_nothing_and_its_answer_says_what_is_stranded_and_what_one_more_buys() -> None:
    """PB of 10 kW carries the rack's 10 kW alone when PA fails: nothing fits. PA has 20 - 10 = 10 kW left, all of it stranded; with a
    second PDU beside PB 20 - 10 = 10 kW fit. A little before it is full the same: at 9.8 kW there
    fit 0.2, and 10.2 - 0.2 = 10 are stranded."""
    full, nearly = answer(pdus(20, 10, 10)), answer(pdus(20, 10, 9.8))

    assert (full.placeable_kw, full.racks, full.left_out) == (0.0, 1, ())
    assert [(each.id, each.left_kw, each.stranded_kw, each.worth) for each in full.feeders] == [
        (SITE + "PA", 10.0, 10.0, 0.0),
        (SITE + "PB", 0.0, 0.0, 1.0),
    ]
    assert [(each.units, each.more_kw, each.ids) for each in full.one_more] == [(2, 10.0, ()), (1, 10.0, (SITE + "PB",))]
    assert nearly.placeable_kw == pytest.approx(0.2)
    assert [(each.left_kw, each.stranded_kw) for each in nearly.feeders] == [(10.2, 10.0), (0.2, 0.0)]


def test_racks_that_share_cooling_are_held_against_each_other() -> None:
    """Power for 100 kW; two air handlers of 10 kW cool both racks. Without one the other takes 10 kW, so 10 kW fit in all. Of three two
    are left after a failure: one more makes it 20 kW. A third rack on one handler of its own takes 10 kW, though it survives no failure
    of that; a second one there does not cool more after a failure of the first."""
    power = pdus(100, 100, 0).replace(f"dcx:allocatedPower {kw(0)}", "dcx:rackUnits 42") + (
        ":R2 a brick:ICT_Rack . :PA dcx:feedsPower :R2 . :PB dcx:feedsPower :R2 ."
    )
    crahs = "".join(f":C{n} a brick:CRAH ; brick:coolingCapacity {kw(10)} ; dcx:feedsAirCooling :R , :R2 ." for n in (1, 2))
    third = (
        ":R3 a brick:ICT_Rack . :PA dcx:feedsPower :R3 . :PB dcx:feedsPower :R3 ."
        f" :C3 a brick:CRAH ; brick:coolingCapacity {kw(10)} ; dcx:feedsAirCooling :R3 ."
    )
    shared, beside = answer(power + crahs), answer(power + crahs + third)

    assert (shared.placeable_kw, shared.surviving_kw, shared.racks, shared.hanging) == (10.0, 10.0, 2, 0)
    assert sum(each.worth for each in shared.feeders if each.kind is Kind.COOLING) == pytest.approx(1.0)
    assert sorted((each.id, each.left_kw, each.stranded_kw) for each in shared.feeders) == [
        (SITE + "C1", 10.0, 0.0),
        (SITE + "C2", 10.0, 0.0),
        (SITE + "PA", 100.0, 90.0),
        (SITE + "PB", 100.0, 90.0),
    ]
    assert [(each.kind, each.units, each.more_kw, each.ids) for each in shared.one_more] == [(Kind.COOLING, 1, 10.0, ())]
    assert (beside.placeable_kw, beside.surviving_kw, beside.hanging) == (20.0, 10.0, 1)
    assert [(each.units, each.more_kw, each.ids) for each in beside.one_more] == [
        (2, 10.0, ()),
        (1, 10.0, (SITE + "C1", SITE + "C2")),
    ]


def test_a_rack_behind_a_transfer_switch_takes_what_either_side_carries() -> None:
    """A of 10 kW carries the rack's 2 kW, B of 7 kW after A fails: 7 - 2 = 5 kW fit, as `place --cords 1` says. The switch takes it
    down. A second PDU on either side: 2 x 7 - 2 = 12 kW, 7 more; beside B alone A limits, 10 - 2 = 8 kW, 3 more."""
    turtle = (
        f":UA a dcx:Utility_Feed ; dcx:feedsPower :A . :A a dcx:PDU ; dcx:ratedPower {kw(10)} ; dcx:feedsPower :S ."
        f" :UB a dcx:Utility_Feed ; dcx:feedsPower :B . :B a dcx:PDU ; dcx:ratedPower {kw(7)} ; dcx:feedsPower :S ."
        f" :S a brick:Static_Transfer_Switch ; dcx:feedsPower :R . :R a brick:ICT_Rack ; dcx:allocatedPower {kw(2)} ."
    )
    snapshot = snapshot_of(turtle)
    fits, too_much = (place(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()), NOW, Load(each, cords=1)) for each in (5, 5.1))
    found = answer(turtle)

    assert (fits.fitting, too_much.fitting) == (1, 0)
    assert [(each.rack, each.kw, each.hangs_by) for each in found.fillings] == [(SITE + "R", 5.0, SITE + "S")]
    assert (found.placeable_kw, found.surviving_kw) == (5.0, 0.0)
    assert [(each.units, each.more_kw, each.ids) for each in found.one_more] == [(2, 7.0, ()), (1, 3.0, (SITE + "B",))]


def test_members_of_a_common_cause_group_fail_together() -> None:
    """Three UPSs of 100 kW share 90 kW. After any one failure 110 kW fit; A and B as one leave 100 - 90 = 10 kW on C. With C in the group,
    too, the rack hangs by it: 110 kW fit as it is fed, none of it survives."""
    ups = "".join(
        f":U{n} a dcx:Utility_Feed ; dcx:feedsPower :{n} . :{n} a dcx:UPS ; dcx:ratedPower {kw(100)} ; dcx:feedsPower :R ." for n in "ABC"
    )
    turtle = f"{ups} :R a brick:ICT_Rack ; dcx:allocatedPower {kw(90)} ."
    group = ":G a dcx:Common_Cause_Group ; dcx:hasMember :A, :B"
    alone, two, three = (answer(turtle + more) for more in ("", group + " .", group + ", :C ."))

    assert [each.placeable_kw for each in (alone, two, three)] == pytest.approx([110.0, 10.0, 110.0])
    assert [each.surviving_kw for each in (alone, two, three)] == pytest.approx([110.0, 10.0, 0.0])
    assert (two.tried, three.fillings[0].hangs_by) == ({"equipment": 7, "group": 1}, SITE + "G")


def test_racks_that_take_no_part_are_told_with_the_reason() -> None:
    """Beside R1 and R2: one without power, one on a feed without a rating, one that is full."""
    turtle = site("100") + (
        ":R3 a brick:ICT_Rack . :U a dcx:Utility_Feed ; dcx:feedsPower :R4 . :R4 a brick:ICT_Rack ."
        " :R5 a brick:ICT_Rack ; dcx:rackUnits 1 . :UPS-A dcx:feedsPower :R5 . :UPS-B dcx:feedsPower :R5 ."
        " :D dcx:mountedIn :R5 ; dcx:uPosition 1 ; dcx:rackUnits 1 ."
    )

    found = answer(turtle)

    assert found.racks == 2
    assert {each.reason: each.racks for each in found.left_out} == {
        "it has no power as things stand": (SITE + "R3",),
        "nothing upstream of it states a rating of power": (SITE + "R4",),
        "it has no free rack unit": (SITE + "R5",),
    }


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
    """The model speaks of cooling then: a load in R2 would have none, for both questions alike. What the units take is not stated."""
    turtle = site("100") + ":C1 a brick:CRAH ; dcx:feedsAirCooling :R1 . :C2 a brick:CRAH ; dcx:feedsAirCooling :R1 ."
    snapshot = snapshot_of(turtle)
    found, placed = answer(turtle), place(snapshot, vocabulary(), compile_supply(snapshot, vocabulary()), NOW, Load(1.0))

    assert [each.rack for each in placed.places if each.fits] == [each.rack for each in found.fillings] == [SITE + "R1"]
    assert [(each.reason, each.racks) for each in found.left_out] == [("nothing cools it as things stand", (SITE + "R2",))]
    assert found.notes[-1] == "cooling limits 1 racks by nothing: nothing upstream of them states a capacity"


def test_what_the_units_of_each_stage_take_together_after_any_failure_is_shared_by_the_racks() -> None:
    """Three air handlers of 50 kW cool the two racks' 20 kW; the power side has 1,000 - 20 kW. Without one handler 10 kW on each of two,
    40 kW left on each: 80 kW more in all. Of two chillers of 90 kW behind them one alone has 70 kW left."""
    crahs = " ".join(f":C{n} a brick:CRAH ; brick:coolingCapacity {kw(50)} ." for n in range(3))
    group = ":G a dcx:Redundancy_Group ; dcx:hasMember :C0, :C1, :C2 ; dcx:requiredCount 2 ; dcx:feedsAirCooling :R1 , :R2 ."
    chillers = " ".join(
        f":CH{n} a brick:Air_Cooled_Chiller ; dcx:feedsLiquidCooling :C0, :C1, :C2 ; brick:coolingCapacity {kw(90)} ." for n in range(2)
    )
    air, water = (answer(site("1000", 5000) + crahs + group + more) for more in ("", chillers))

    assert (air.placeable_kw, water.placeable_kw) == pytest.approx((80.0, 70.0))
    assert {each.cls for each in water.one_more} == {"https://brickschema.org/schema/Brick#Air_Cooled_Chiller"}
