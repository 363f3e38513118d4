"""The room for more power equals that of trying: on random plants with loops, phases, transfer switches and counted needs."""

from __future__ import annotations

from math import inf

import numpy as np
from hypothesis import given, reject
from hypothesis import strategies as st

from analytics.capacity.flow import loads_of
from analytics.conditions import Conditions
from analytics.planning.headroom import room_of
from analytics.state import plant
from tests.analytics.reference_capacity import Circuit, Reference
from tests.analytics.sites import AT
from tests.analytics.test_capacity_against_reference import circuit_of, graph_of
from tests.support.random_cases import tried


@tried(300)
@given(seed=st.integers(0, 2**32))
def test_so_much_fits_and_no_more(seed: int) -> None:
    """For the last node of any plant: a millionth less than its room overloads nothing, as things stand and after any one failure; a
    little more overloads something; and where there is no room at all the least overloads something."""
    circuit = circuit_of(seed)
    circuit.readings = {}
    graph, conditions = graph_of(circuit), Conditions(AT)
    state = plant(graph, conditions)
    loads = loads_of(graph, state, conditions)
    entry = len(circuit.nodes) - 1
    if loads is None or state.base.live[loads.power_slot[entry]] == 0:
        reject()

    room = room_of(graph, state, loads, np.array([loads.power_slot[entry]], dtype=np.int32))
    kw = float(room.kw[0])

    if kw == float("inf"):
        assert fits(circuit, 1e6)
        return
    if kw > 1e-5:
        assert fits(circuit, kw * (1 - 1e-6))
    assert not fits(circuit, max(kw, 0.0) * (1 + 1e-6) + 1e-5)
    assert room.next_kw[0] == float("inf")  # all nodes are of one class


@tried(300)
@given(seed=st.integers(0, 2**32))
def test_the_room_of_each_is_the_same_whoever_else_is_asked_for(seed: int) -> None:
    """What a failure reroutes for one load it may leave as it is for another: all asked for at once have the room that each has alone."""
    circuit = circuit_of(seed)
    graph, conditions = graph_of(circuit), Conditions(AT)
    state = plant(graph, conditions)
    loads = loads_of(graph, state, conditions)
    if loads is None:
        reject()
    slots = loads.power_slot[loads.power_slot >= 0]
    live = slots[state.base.live[slots] == 1]

    together = room_of(graph, state, loads, live)

    alone = [room_of(graph, state, loads, live[[row]]) for row in range(len(live))]
    for row, each in enumerate(alone):
        assert [column.item() for column in each] == [column[row].item() for column in together]


def fits(circuit: Circuit, kw: float) -> bool:
    """Whether the last node may draw so much more: no phase that then carries more than without it is above its limit in any state."""
    name = circuit.nodes[-1]
    before, after = Reference(circuit), Reference(circuit)
    after.own[name] = after._spread(name, circuit.draw.get(name, 0.0) + kw)
    for failed in (frozenset[str](), *(frozenset({node}) for node in circuit.nodes)):
        live = circuit.live(failed)
        if name not in live:
            continue
        was, now = before.loads(live), after.loads(live)
        for v in live:
            limit, whole = circuit.limit.get(v, inf), v in circuit.phases
            loads = zip((sum(was[v]),), (sum(now[v]),), strict=True) if whole else zip(was[v], now[v], strict=True)
            if any(load > limit / (1 if whole else 3) and load > less + 1e-12 for less, load in loads):
                return False
    return True
