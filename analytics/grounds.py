"""What an answer about a failure stands on: what was taken for granted of what it reaches, readings, loads, how far was looked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analytics import walks
from analytics.capacity.cascade import Cascade
from analytics.capacity.flow import Loads
from analytics.capacity.told import cut_short, stands_on, too_many, unmetered, unmetered_told
from analytics.columns import among, distinct
from analytics.conditions import Conditions
from analytics.damage import Damage
from analytics.state import Plant
from analytics.supply_graph import SupplyGraph
from ontology.namespaces import compact
from ontology.terms import Ids

ASSUMED_LISTED_MAX = 100
"""Assumptions spelled out in one answer; how many more there are is said in a last line."""
DARK_NAMED_MAX = 3
"""Nodes without supply before the failure that an answer names."""


def perhaps_smaller(thinned: int) -> Iterator[str]:
    """That for some outcomes a smaller evidence was not ruled out."""
    if thinned:
        yield (
            f"the evidence of {thinned:,} outcome{'' if thinned == 1 else 's'} may not be the smallest: too many things fail together for "
            "all sets of them to be tried"
        )


def loads_assumed(loads: Loads | None, moved: Cascade, damage: Damage, conditions: Conditions) -> Iterator[str]:
    """What the figures stand on, where load plays a part in the answer."""
    if loads is not None and len(moved.tripped) + len(moved.overloaded) + damage.further.tried + damage.further.left_out:
        yield stands_on(loads, conditions)
        if not moved.complete:
            yield cut_short(moved)
        if damage.further.left_out:
            yield too_many(damage.further)


def unmetered_of(graph: SupplyGraph, state: Plant, loads: Loads | None, conditions: Conditions, failed: Ids) -> list[str]:
    """Which loads stand on something else than their meters, of all that hangs by what the failure moves load to or takes it from."""
    found = unmetered(graph, loads, conditions) if conditions.unmetered else []
    if not found:
        return []
    wiring, out = state.wiring, state.slots(failed)
    with state.bench() as bench:
        moved = wiring.pair_slot[walks.behind(state.wires, out, bench.marks)]
        over = walks.rests_on(state.wires, np.concatenate((out, moved)).astype(np.int32), bench.marks)
        carried = walks.behind(state.wires, over, bench.marks)
    nodes = distinct(np.concatenate((wiring.slot_node[over], wiring.pair_node[carried])).astype(np.int32))
    return unmetered_told(graph, [each for each in found if among(np.array([each.node], np.int32), nodes)[0]])


def assumed(graph: SupplyGraph, state: Plant, pairs: Ids, failed: Ids) -> tuple[str, ...]:
    """What was taken for granted about the failed nodes, the affected ones, all that can supply them and what is dark behind them; and what
    of it is dark."""
    dark = state.dark_nodes
    if len(graph.assumptions) == 0 and len(dark) == 0:
        return ()
    wiring, out = state.wiring, state.slots(failed)
    seeds = np.concatenate((wiring.pair_slot[pairs[pairs < len(wiring.pair_slot)]], out)).astype(np.int32)
    with state.bench() as bench:
        rests = walks.rests_on(state.wires, seeds, bench.marks)
        behind = walks.behind(state.wires, out, bench.marks) if len(dark) else out[:0]
    behind = behind[state.base.failing[behind] > 0]
    nodes = distinct(np.concatenate((wiring.slot_node[rests], failed, wiring.pair_node[behind])).astype(np.int32))
    if len(dark):
        source, target = graph.into_never
        nodes = distinct(np.concatenate((nodes, target[among(source, nodes)])))
    texts = graph.assumed_about(nodes)
    if len(texts) > ASSUMED_LISTED_MAX:
        texts = [*texts[:ASSUMED_LISTED_MAX], f"and {len(texts) - ASSUMED_LISTED_MAX} more of these kinds"]
    return (*_dark_before(graph, nodes[among(nodes, dark)]), *texts)


def _dark_before(graph: SupplyGraph, nodes: Ids) -> Iterator[str]:
    if len(nodes):
        first = ", ".join(compact(graph.id(node)) for node in nodes[:DARK_NAMED_MAX].tolist())
        more = ", ..." if len(nodes) > DARK_NAMED_MAX else ""
        yield (
            f"not supplied before the failure, of what this answer rests on: {len(nodes)} ({first}{more}); nothing can be lost there: "
            "either a switch is open, or no source reaches them"
        )
