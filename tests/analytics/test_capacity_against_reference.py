"""Load flow and the cascade of trips equal the slow, obvious reference on random plants with loops, two media, phases and readings."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.capacity.cascade import cascade
from analytics.capacity.electrical import PRIORITY_LAST, Curve, Electrical
from analytics.capacity.flow import loads_of
from analytics.conditions import Conditions
from analytics.impact import impact
from analytics.state import plant
from analytics.supply_graph import Edges, Nodes, Requirements, SupplyGraph
from analytics.time.reserves import Reserves
from analytics.time.story import EventKind
from analytics.time.timeline import timeline
from ontology.media import MEDIA
from tests.analytics.reference_capacity import Circuit, Reference
from tests.analytics.sites import AT
from tests.support.random_cases import tried

SEEDS = st.integers(0, 2**32)
CURVES = ([(1.1, 600.0), (1.5, 10.0), (4.0, 0.1)], [(1.0, 3600.0), (2.0, 1.0)], [(1.25, 60.0)])


def circuit_of(seed: int) -> Circuit:
    """A plant of four to fourteen nodes: sources, layers with two or three suppliers each, rings, ratings near the loads."""
    dice = random.Random(seed)
    names = [f"n{i:02}" for i in range(dice.randint(4, 14))]
    roots = dice.randint(1, 3)
    edges = {(u, v, "Power") for i, v in enumerate(names[roots:], roots) for u in dice.sample(names[:i], min(i, dice.choice([1, 2, 2, 3])))}
    for _ in range(dice.choice([0, 0, 1, 2, 4])):
        u, v = dice.sample(names, 2)
        edges |= {(u, v, "Power"), (v, u, "Power")} if dice.random() < 0.5 else {(u, v, "Power")}
    for _ in range(dice.choice([0, 0, 0, 3])):
        u, v = sorted(dice.sample(names, 2))
        edges.add((u, v, "LiquidCooling"))
    made = Circuit(names, edges, {})
    for v in names:
        there = len(made.suppliers(v))
        if there and dice.random() < 0.2:
            made.needs[v, "Power"] = dice.randint(0, there)
        if dice.random() < 0.6:
            made.draw[v] = dice.choice([1.0, 2.0, 3.0, dice.uniform(0, 5)])
        if dice.random() < 0.6:
            made.rated[v] = dice.choice([3.0, 5.0, 8.0, dice.uniform(2, 20)])
            made.limit[v] = made.rated[v] * dice.choice([0.8, 1.0])
            if dice.random() < 0.8:
                made.curve[v] = dice.choice(CURVES)
        if dice.random() < 0.15:
            made.one_input.add(v)
        if dice.random() < 0.15:
            made.reserve.add(v)
        if dice.random() < 0.2:
            made.priority[v] = dice.randint(1, 3)
        if seed % 3 == 0 and dice.random() < 0.3:
            made.phases[v] = dice.choice(["1", "2", "3", "12", "23", "13"])
        if seed % 2 == 0 and dice.random() < 0.25:
            made.readings[v] = round(dice.uniform(0, 8), 3)
    return made


def graph_of(circuit: Circuit) -> SupplyGraph:
    """The columns of a circuit."""
    number = {name: i for i, name in enumerate(circuit.nodes)}
    rows = sorted((number[u], number[v], ("Power", "LiquidCooling").index(m)) for u, v, m in circuit.edges)
    edges = Edges.of(*(np.array(column, dtype=np.int32) for column in zip(*rows, strict=True)))

    def needed(node: np.ndarray, medium: np.ndarray) -> np.ndarray:
        media = ("Power", "LiquidCooling")
        pairs = zip(node.tolist(), medium.tolist(), strict=True)
        return np.array([circuit.needs.get((circuit.nodes[n], media[m]), 1) for n, m in pairs], dtype=np.int32)

    curves = sorted({tuple(curve) for curve in circuit.curve.values()})

    def column(of: dict[str, float], default: float) -> np.ndarray:
        return np.array([of.get(name, default) for name in circuit.nodes])

    electrical = Electrical(
        column(circuit.draw, 0.0),
        np.zeros(len(number), np.int32),
        column(circuit.rated, np.inf),
        column(circuit.limit, np.inf),
        np.array([curves.index(tuple(circuit.curve[n])) if n in circuit.curve else -1 for n in circuit.nodes], dtype=np.int32),
        tuple(Curve(np.array([m for m, _ in curve]), np.array([s for _, s in curve])) for curve in curves),
        np.array([n in circuit.one_input for n in circuit.nodes]),
        np.array([n in circuit.reserve for n in circuit.nodes]),
        np.array([circuit.priority.get(n, PRIORITY_LAST) for n in circuit.nodes], dtype=np.int32),
        np.zeros(len(number), np.bool_),
        np.array([sum(1 << "123".index(p) for p in circuit.phases.get(n, "")) for n in circuit.nodes], dtype=np.uint8),
    )
    return SupplyGraph(0, Nodes.plain(circuit.nodes), MEDIA, edges, Requirements.of_pairs(edges, needed), electrical=electrical)


@tried(400)
@given(seed=SEEDS)
def test_loads_and_trips_equal_the_reference(seed: int) -> None:
    """For any plant and failures: the same load on every node before, the same trips at the same instants, the same overloads."""
    circuit = circuit_of(seed)
    graph, reference = graph_of(circuit), Reference(circuit)
    conditions = Conditions(AT, power_kw=circuit.readings)
    state = plant(graph, conditions)
    loads = loads_of(graph, state, conditions)
    assert (loads is None) == (not circuit.rated)
    if loads is None:
        return

    for failed in ({circuit.nodes[seed % len(circuit.nodes)]}, set(random.Random(seed).sample(circuit.nodes, 2))):
        found = cascade(state, loads, np.array(sorted(circuit.nodes.index(n) for n in failed), dtype=np.int32))

        before = {name: float(loads.base.demand[loads.power_slot[i]].sum()) for i, name in enumerate(circuit.nodes)}
        assert {name: pytest.approx(sum(kw)) for name, kw in reference.before.items()} == before
        trips, over = reference.cascade(frozenset(failed))
        assert [name for _, names in trips for name in names] == [circuit.nodes[i] for i in found.tripped.tolist()]
        assert [pytest.approx(at) for at, names in trips for _ in names] == found.at_s.tolist()
        named = dict(zip((circuit.nodes[i] for i in found.overloaded.tolist()), found.part.tolist(), strict=True))
        assert {name: pytest.approx(part) for name, part in over.items()} == named


@tried(100)
@given(seed=SEEDS)
def test_no_scenario_leaves_a_trace(seed: int) -> None:
    """After any number of cascades on one plant, the first one's answer is the same to the bit."""
    circuit = circuit_of(seed)
    circuit.rated |= {circuit.nodes[-1]: 1.0}
    circuit.limit |= {circuit.nodes[-1]: 1.0}
    graph, conditions = graph_of(circuit), Conditions(AT, power_kw=circuit.readings)
    state = plant(graph, conditions)
    loads = loads_of(graph, state, conditions)
    assert loads is not None

    answers = [[cascade(state, loads, np.array([node], dtype=np.int32)) for node in range(len(circuit.nodes))] for _ in range(2)]

    for first, again in zip(*answers, strict=True):
        assert first.tripped.tolist() == again.tripped.tolist()
        assert first.at_s.tobytes() == again.at_s.tobytes()
        assert first.part.tobytes() == again.part.tobytes()


@tried(200)
@given(seed=SEEDS)
def test_outcomes_evidence_and_paths_of_load_can_be_checked_by_hand(seed: int) -> None:
    """What trips is lost, what is over its limit is overloaded; evidence is a smallest set that alone does as much; a path is a chain of
    supply edges, against their direction only where a load comes from, from the evidence to the thing."""
    circuit = circuit_of(seed)
    graph, reference = graph_of(circuit), Reference(circuit)
    conditions = Conditions(AT, power_kw=circuit.readings)
    dice = random.Random(seed)
    failed = sorted(dice.sample(circuit.nodes, dice.randint(1, 3)))

    answer = impact(graph, failed, conditions)

    by_set = {
        few: reference.cascade(frozenset(few)) if circuit.rated else ([], {})
        for size in range(1, len(failed) + 1)
        for few in combinations(failed, size)
    }
    trips, over = by_set[tuple(failed)]
    tripped = {name for _, names in trips for name in names}
    power = {o.id: o for o in answer.outcomes if o.medium == MEDIA[0]}
    assert tripped == {trip.id for trip in answer.trips} == {n for n in tripped if power[n].outcome == "LOST"}
    assert set(over) == {overload.id for overload in answer.overloads} == {n for n, o in power.items() if o.outcome == "OVERLOADED"}
    edges = {(u, v) for u, v, _ in circuit.edges}
    for outcome in answer.outcomes:
        assert outcome.path[0] in outcome.evidence
        assert outcome.path[-1] == outcome.id
        assert all((u, v) in edges or (v, u) in edges for u, v in pairwise(outcome.path))
    for name in tripped | set(over):
        enough = [
            few
            for few, (trips_, over_) in by_set.items()
            if name in {n for _, names in trips_ for n in names} or (name in over_ and name in over) or _falls(circuit, name, few, trips_)
        ]
        assert power[name].evidence == enough[0]


def _falls(circuit: Circuit, name: str, few: tuple[str, ...], trips: list[tuple[float, tuple[str, ...]]]) -> bool:
    """Whether a node's own supply of power falls by a set of failures and what trips with them."""
    needed = circuit.needs.get((name, "Power"), 1)
    suppliers = circuit.suppliers(name)

    def supplied(out: frozenset[str]) -> bool:
        return sum(u in circuit.live(out) for u in suppliers) >= needed

    if not suppliers:
        return False
    return supplied(frozenset()) and not supplied(frozenset((*few, *(n for _, names in trips for n in names))))


@tried(150)
@given(seed=SEEDS)
def test_what_is_without_redundancy_equals_trying_every_further_failure_with_what_trips(seed: int) -> None:
    """For any plant and failures: a supply is without redundancy exactly if some further single failure, with what trips, takes it down
    and neither does so alone; it is exposed to the first three of these."""
    circuit = circuit_of(seed)
    graph, reference = graph_of(circuit), Reference(circuit)
    conditions = Conditions(AT, power_kw=circuit.readings)
    dice = random.Random(seed)
    for failed in (dice.sample(circuit.nodes, 1), dice.sample(circuit.nodes, 2)):
        answer = impact(graph, failed, conditions)

        told = {(o.id, o.medium): list(o.exposed_to) for o in answer.outcomes if o.outcome == "NO_REDUNDANCY"}
        overloaded = {(o.id, "Power") for o in answer.outcomes if o.outcome == "OVERLOADED"}
        wanted = {pair: names for pair, names in reference.exposures(frozenset(failed)).items() if pair not in overloaded}
        media = dict(zip(("Power", "LiquidCooling"), MEDIA, strict=False))
        assert told == {(v, media[medium]): names[:3] for (v, medium), names in wanted.items()}


@tried(200)
@given(seed=SEEDS)
def test_where_nothing_bridges_the_timeline_trips_what_the_cascade_does_at_the_same_instants(seed: int) -> None:
    """For any plant and failures, without stores, starts and transfers: the events of the timeline are the trips of `impact`, and what it
    has lost in the end is what `impact` has."""
    circuit = circuit_of(seed)
    graph, conditions = graph_of(circuit), Conditions(AT, power_kw=circuit.readings)
    failed = random.Random(seed).sample(circuit.nodes, 2)

    answer = timeline(Reserves.none(graph), failed, conditions, 1e6)

    found = impact(graph, failed, conditions)
    tripped = {each.ids[0]: each.lower for each in answer.events if each.kind is EventKind.TRIPS}
    assert tripped == {trip.id: pytest.approx(trip.after_s, abs=1e-3) for trip in found.trips}
    assert all(each.lower == each.upper for each in answer.events if each.kind is EventKind.TRIPS)
    lost = {(bound.id, bound.medium) for bound in answer.bounds}
    down = {(each.id, each.medium) for each in found.outcomes if each.outcome == "LOST"}
    assert {each for each in lost if each[0] not in tripped} == {each for each in down if each[0] not in tripped}
