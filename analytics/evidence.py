"""Why an outcome is so: the smallest set of failed things that explains it, and one shortest chain of supply from there to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import comb

import numpy as np

from analytics import kernel
from analytics.damage import Damage, assess
from analytics.state import Plant
from analytics.supply_graph import Flags
from ontology.terms import Ids

SUBSETS_MAX = 1_024
"""Sets of failures tried for one answer in search of a smallest one. Beyond it evidence is thinned out instead: none of it can be spared,
but another set may be smaller."""

Nodes = tuple[int, ...]


def smallest_causes(plant: Plant, failed: Ids, failure_units: Flags, damage: Damage, pairs: Ids) -> dict[int, Nodes]:
    """For each of the given pairs, all with an outcome, a smallest subset of `failed` that alone gives that outcome or a worse one.

    Of equally small ones the first in order of nodes. An outcome never improves when more fails, so the sets are tried by size, and
    only among the failures upstream of the pair. Cost: one assessment a set, `SUBSETS_MAX` at most.
    """
    if len(failed) == 1:
        return dict.fromkeys(pairs.tolist(), (int(failed[0]),))
    relevant = _upstream_failures(plant, failed, pairs)
    exposed = np.fromiter(damage.exposed_to, dtype=np.int32, count=len(damage.exposed_to))
    causes: dict[int, Nodes] = {}
    open_pairs = {int(p): nodes for p, nodes in zip(pairs.tolist(), relevant, strict=True)}
    tried = 0
    for size in range(1, len(failed) + 1):
        for pair in [p for p, nodes in open_pairs.items() if len(nodes) <= size]:
            causes[pair] = open_pairs.pop(pair)
        groups = set(open_pairs.values())
        tried += sum(comb(len(group), size) for group in groups)
        if tried > SUBSETS_MAX:
            break
        for subset in sorted({s for group in groups for s in combinations(group, size)}):
            for pair in _explained(plant, subset, failure_units, damage, exposed, open_pairs):
                causes[pair] = subset
                del open_pairs[pair]
    return causes | _thinned(plant, failure_units, damage, exposed, open_pairs)


def _thinned(plant: Plant, failure_units: Flags, damage: Damage, exposed: Ids, still: Mapping[int, Nodes]) -> dict[int, Nodes]:
    """For each pair still without evidence: all failures upstream, less each, from the last to the first, that can be spared."""
    causes: dict[int, Nodes] = {}
    groups: dict[Nodes, list[int]] = {}
    for pair, nodes in still.items():
        groups.setdefault(nodes, []).append(pair)
    work = [(nodes, len(nodes) - 1, pairs) for nodes, pairs in sorted(groups.items(), reverse=True)]
    tried = 0
    while work:
        nodes, at, pairs = work.pop()
        if at < 0 or tried == SUBSETS_MAX:
            causes.update(dict.fromkeys(pairs, nodes))
            continue
        tried += 1
        fewer = nodes[:at] + nodes[at + 1 :]
        spared = set(_explained(plant, fewer, failure_units, damage, exposed, dict.fromkeys(pairs, fewer)))
        for kept, which in ((nodes, [p for p in pairs if p not in spared]), (fewer, [p for p in pairs if p in spared])):
            if which:
                work.append((kept, at - 1, which))
    return causes


def _upstream_failures(plant: Plant, failed: Ids, pairs: Ids) -> list[Nodes]:
    """For each pair the failed nodes from which a chain of live supply leads to it."""
    columns = []
    for node in failed.tolist():
        reached = kernel.reach(plant.wires, plant.base.live, plant.slots(np.array([node], dtype=np.int32)))
        columns.append(reached[pairs])
    table = np.stack(columns, axis=1).astype(np.bool_)
    return [tuple(failed[row].tolist()) for row in table]


def _explained(plant: Plant, subset: Nodes, failure_units: Flags, damage: Damage, exposed: Ids, still: Mapping[int, Nodes]) -> list[int]:
    """Which of the pairs still without evidence have their outcome, or a worse one, by this subset alone."""
    open_pairs = np.fromiter(still, dtype=np.int32, count=len(still))
    is_lost = np.isin(open_pairs, damage.lost)
    is_exposed = np.isin(open_pairs, exposed)
    alone = assess(plant, np.array(subset, dtype=np.int32), failure_units, further=bool(is_exposed.any()))
    lost_alone = np.isin(open_pairs, alone.lost)
    exposed_alone = np.isin(open_pairs, list(alone.exposed_to)) | lost_alone
    weaker_alone = np.isin(open_pairs, alone.weaker) | lost_alone
    explained = np.where(is_lost, lost_alone, np.where(is_exposed, exposed_alone, weaker_alone))
    return [int(pair) for pair in open_pairs[explained]]


class Chains:
    """Shortest chains of supply from given nodes to the pairs they affect, through affected pairs only; of equal ones the first by id."""

    def __init__(self, plant: Plant, ids: Sequence[str], start: Nodes, affected: Flags) -> None:
        """Search forward from the live slots of `start`; `affected` flags the pairs to go through. Cost: the affected part's edges."""
        self._plant = plant
        self._ids = ids
        self._arrival = np.full(len(plant.wiring.slot_node), -1, dtype=np.int32)
        self._cause: dict[int, int] = {}
        self._known: dict[int, tuple[str, ...]] = {}
        slots = plant.slots(np.array(start, dtype=np.int32))
        slots = slots[plant.base.live[slots] == 1]
        self._known.update((slot, (ids[plant.wiring.slot_node[slot]],)) for slot in slots.tolist())
        self._search(slots, affected.copy())

    def to(self, pair: int) -> tuple[str, ...]:
        """The IRIs of the chain to a pair, both ends included."""
        return (*self._to_slot(self._cause[pair]), self._ids[self._plant.wiring.pair_node[pair]])

    def _to_slot(self, slot: int) -> tuple[str, ...]:
        back = []
        while slot not in self._known:
            back.append(slot)
            slot = self._cause[int(self._arrival[slot])]
        nodes = self._known[slot]
        for passed in reversed(back):
            nodes = (*nodes, self._ids[self._plant.wiring.slot_node[passed]])
            self._known[passed] = nodes
        return nodes

    def _search(self, slots: Ids, to_reach: Flags) -> None:
        """Breadth first, each layer in order of its chains' ids: whoever arrives first arrives by the first shortest chain."""
        wires, wiring, live = self._plant.wires, self._plant.wiring, self._plant.base.live
        seen = np.zeros(len(wiring.slot_node), dtype=np.bool_)
        seen[slots] = True
        rank = _ranks(wiring.slot_node[slots])
        while len(slots):
            counts = wires.feeds_at[slots + 1] - wires.feeds_at[slots]
            first = np.repeat(wires.feeds_at[slots] - np.cumsum(counts) + counts, counts)
            pairs = wires.gate_pair[wires.feeds[first + np.arange(len(first), dtype=np.int32)]]
            sources, ranks = np.repeat(slots, counts), np.repeat(rank, counts)
            keep = to_reach[pairs]
            pairs, sources, ranks = pairs[keep], sources[keep], ranks[keep]
            order = np.lexsort((sources, pairs, wiring.pair_node[pairs], ranks))
            pairs, sources, ranks = pairs[order], sources[order], ranks[order]
            first_time = np.sort(np.unique(pairs, return_index=True)[1])
            pairs, sources, ranks = pairs[first_time], sources[first_time], ranks[first_time]
            to_reach[pairs] = False
            self._cause.update(zip(pairs.tolist(), sources.tolist(), strict=True))
            arrived = wiring.pair_slot[pairs]
            goes_on = (live[arrived] == 1) & ~seen[arrived]
            pairs, arrived, ranks = pairs[goes_on], arrived[goes_on], ranks[goes_on]
            once = np.sort(np.unique(arrived, return_index=True)[1])
            slots, ranks = arrived[once], ranks[once]
            self._arrival[slots] = pairs[once]
            seen[slots] = True
            rank = _ranks(ranks, wiring.slot_node[slots])


def _ranks(*columns: Ids) -> Ids:
    """The rank of each row among all, equal rows alike."""
    if len(columns[0]) == 0:
        return np.empty(0, dtype=np.int32)
    _, inverse = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    return inverse.reshape(-1).astype(np.int32)


def chains_by_cause(
    plant: Plant, ids: Sequence[str], damage: Damage, wanted: Iterable[tuple[Nodes, bool]]
) -> dict[tuple[Nodes, bool], Chains]:
    """The searches that an answer needs: for each evidence through all that is affected, or only through what is lost (True)."""
    pairs = len(plant.wiring.pair_node)
    lost = np.zeros(pairs, dtype=np.bool_)
    lost[damage.lost] = True
    affected = lost.copy()
    affected[damage.weaker] = True
    return {(cause, is_lost): Chains(plant, ids, cause, lost if is_lost else affected) for cause, is_lost in sorted(set(wanted))}
