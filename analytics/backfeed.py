"""What stands closed between something that is isolated for work and what stays live behind it: it could be fed from there."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator

import numpy as np

from analytics.capacity.flow import power_of
from analytics.columns import among
from analytics.conditions import Position
from analytics.damage import Damage
from analytics.scenario import Case, Role
from analytics.state import Plant, stated_positions
from ontology.namespaces import compact
from ontology.terms import Ids

NAMED_MAX = 3
"""Switches that a sentence names."""


def closed_towards_live(case: Case, state: Plant, damage: Damage) -> Iterator[str]:
    """For each thing that is isolated a sentence, where a switch that stays closed leads from it to a board that is still live.

    Power flows one way in the model, from the thing to the board, in the plant both ways. Racks, IT equipment and services feed nothing
    back, nor does what takes one input at a time, such as a transfer switch. Cost: nothing where nothing is isolated; else a pass over the
    edges and the dead part behind it.
    """
    graph = case.graph
    for each in case.resolved:
        if each.part is Role.ISOLATED:
            roots = [node for iri in each.ids if (node := graph.find(iri)) is not None]
            closed = [compact(graph.id(node)) for node in _closed(case, state, damage, roots)]
            if closed:
                more = f" and {len(closed) - NAMED_MAX:,} more" if len(closed) > NAMED_MAX else ""
                yield (
                    f"{compact(each.asked)} is isolated, and closed towards what stays live: {', '.join(closed[:NAMED_MAX])}{more}; "
                    f"open {'it' if len(closed) == 1 else 'them'} too (--open)"
                )


def _closed(case: Case, state: Plant, damage: Damage, roots: list[int]) -> list[int]:
    """The first closed switch on each dead way from the roots to something live, ascending."""
    graph = case.graph
    dead = _dead(case, state, damage)
    edges = graph.edges
    rows = np.flatnonzero((edges.medium == power_of(graph)) & among(edges.source, dead))
    behind: dict[int, list[int]] = defaultdict(list)
    for source, target in zip(edges.source[rows].tolist(), edges.target[rows].tolist(), strict=True):
        behind[source].append(target)
    stands = dict[int, Position](stated_positions(graph, case.conditions))
    out, gone, takes_back = set(case.out.tolist()), set(dead.tolist()), _takes_back(case)
    found, seen = set[int](), set(roots)
    queue = deque((root, -1) for root in sorted(roots))
    while queue:
        node, switch = queue.popleft()
        for target in behind[node]:
            if target in seen or target in out or (target in stands and stands[target].is_open):
                continue
            if target in gone:
                seen.add(target)
                queue.append((target, target if switch < 0 and target in stands else switch))
            elif switch >= 0 and takes_back[target]:
                found.add(switch)
    return sorted(found)


def _dead(case: Case, state: Plant, damage: Damage) -> Ids:
    """What is out or without power after the failure, ascending."""
    wiring = state.wiring
    pairs = np.concatenate((damage.lost, state.dark)).astype(np.int32)
    pairs = pairs[pairs < len(wiring.pair_node)]
    pairs = pairs[wiring.pair_medium[pairs] == power_of(case.graph)]
    return np.union1d(case.out, wiring.pair_node[pairs]).astype(np.int32)


def _takes_back(case: Case) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """By node: whether power at it would reach what feeds it."""
    graph = case.graph
    found = np.zeros(len(graph.nodes), dtype=np.bool_)
    found[graph.edges.source[graph.edges.medium == power_of(graph)]] = True
    if graph.electrical is not None:
        found &= ~graph.electrical.one_input
    for loads in (graph.loads.racks, graph.loads.equipment, graph.loads.services):
        found[loads] = False
    return found
