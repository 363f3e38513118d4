"""Why a load is down with nothing failed: what it needs and has, and where the way to it begins to be dark."""

from __future__ import annotations

import numpy as np

from analytics.conditions import Conditions
from analytics.state import Plant
from analytics.supply_graph import SupplyGraph
from ontology.namespaces import compact, local_name
from ontology.terms import Ids

CAUSES_TOLD = 5
"""Things upstream that an answer names."""


def why_down(graph: SupplyGraph, conditions: Conditions, state: Plant, pairs: Ids) -> tuple[str, ...]:
    """For each requirement of some supplies that does not hold with nothing failed a sentence; then for what upstream is the reason: what
    stands open, is out of service, or needs more than it has. Cost: the dark part upstream."""
    wires, base = state.wires, state.base
    own = [(pair, gate) for pair in pairs.tolist() for gate in _failing(state, int(state.wiring.pair_slot[pair]))]
    first = [gate for pair, gate in own if wires.gate_pair[gate] == pair]
    stopped = frozenset(state.stopped.tolist())
    told, causes, seen, waiting = [_said(graph, state, gate) for gate in first], set[str](), set(first), list(first)
    while waiting:
        gate = waiting.pop()
        suppliers = wires.suppliers[wires.suppliers_at[gate] : wires.suppliers_at[gate + 1]]
        if wires.at_least[gate] > len(suppliers):
            causes.add(_said(graph, state, gate))
            continue
        for slot in suppliers[base.live[suppliers] == 0].tolist():
            node = int(state.wiring.slot_node[slot])
            if node in stopped:
                iri = graph.id(node)
                causes.add(f"{compact(iri)} is {'out of service' if iri in conditions.out else 'open'}")
                continue
            more = [each for each in _failing(state, slot) if each not in seen]
            seen.update(more)
            waiting += more
    rest = sorted(causes - set(told))
    if not causes:
        rest = ["no source reaches what supplies it"]
    left = len(rest) - CAUSES_TOLD
    return (*told, *rest[:CAUSES_TOLD], *((f"and {left} more things upstream are a reason",) if left > 0 else ()))


def _failing(state: Plant, slot: int) -> list[int]:
    """The gates of a slot that have too few live suppliers."""
    gates = np.arange(state.wires.gates_at[slot], state.wires.gates_at[slot + 1])
    found: list[int] = gates[state.base.counts[gates] < state.wires.at_least[gates]].tolist()
    return found


def _said(graph: SupplyGraph, state: Plant, gate: int) -> str:
    """What a gate needs, and has. Where there can never be enough the words are those of what is assumed of the site."""
    wires, pair = state.wires, int(state.wires.gate_pair[gate])
    name, medium = compact(graph.id(int(state.wiring.pair_node[pair]))), local_name(graph.media[int(state.wiring.pair_medium[pair])])
    needs, has = int(wires.at_least[gate]), int(wires.suppliers_at[gate + 1] - wires.suppliers_at[gate])
    if needs > has:
        return f"{name} needs {needs} suppliers of {medium} and has {has}: it is never supplied"
    some, stand = "supplier" if needs == 1 else "suppliers", int(state.base.counts[gate])
    return f"{name} needs {needs} {some} of {medium}, and with nothing failed {stand} of its {has} stand"
