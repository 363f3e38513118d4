"""What each state of a procedure carries and trips equals the slow reference of load flow on random plants."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
from hypothesis import given, reject

from analytics.conditions import Conditions, Position
from analytics.procedures.states import States
from analytics.supply_graph import Loads
from graph.errors import GraphError
from tests.analytics.reference_capacity import Reference
from tests.analytics.sites import AT
from tests.analytics.test_capacity_against_reference import SEEDS, circuit_of, graph_of
from tests.support.random_cases import tried


@tried(150)
@given(seed=SEEDS)
def test_what_trips_in_each_state_of_a_procedure_equals_the_reference(seed: int) -> None:
    """For any plant with up to three switches, some open at the start, and any things out of it: the same trips in the same order, and the
    same overloads, held against the loads at the start."""
    circuit, dice = circuit_of(seed), random.Random(seed)
    circuit.readings = {}
    graph, names = graph_of(circuit), circuit.nodes
    switches = sorted(dice.sample(range(len(names)), min(3, len(names))))
    opened = [each for each in switches if dice.random() < 0.5]
    nothing, nobody = np.empty(0, np.int32), np.empty((0, 2), np.int32)
    all_of_it = Loads(np.arange(len(names), dtype=np.int32), nothing, nothing, np.empty(0), (), nobody, nobody)
    flags = np.isin(np.arange(len(names)), switches)
    graph = replace(graph, nodes=replace(graph.nodes, switch=flags), loads=all_of_it)
    positions = {names[each]: Position(is_open=each in opened, from_telemetry=True) for each in switches}
    try:
        states = States(graph, Conditions(AT, positions), switches)
    except GraphError:
        reject()  # nothing is a load there
    if states.ratings.loads is None:
        reject()
    reference = Reference(circuit)
    reference.before = reference.loads(circuit.live(frozenset(names[each] for each in opened)))

    for out in (opened, dice.sample(range(len(names)), 1), dice.sample(range(len(names)), 3)):
        found = states.of(frozenset(out)).moved

        trips, over = reference.cascade(frozenset(names[each] for each in out))
        assert [name for _, together in trips for name in together] == [names[each] for each in found.tripped.tolist()]
        assert set(over) == {names[each] for each in found.overloaded.tolist()}
