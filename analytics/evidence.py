"""Why an outcome is so: the smallest set of failed things that explains it, and one shortest chain of supply from there to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

from analytics import kernel
from analytics.damage import Damage
from analytics.state import Plant
from analytics.supply_graph import Flags
from ontology.terms import Ids

SUBSETS_MAX = 1_024
"""Sets of failures tried for one answer in search of a smallest one. Beyond it evidence is thinned out instead: none of it can be spared,
but another set may be smaller."""
THINNED_MAX = 512
"""Sets tried for one answer in thinning out. Beyond it evidence is what is left by then, and some of it may be spared."""

Nodes = tuple[int, ...]
Ask = Callable[[Ids, bool], Damage]
"""What some failures alone do; the flag asks for what is exposed to further ones, too."""


def smallest_causes(plant: Plant, failed: Ids, ask: Ask, damage: Damage, pairs: Ids) -> dict[int, Nodes]:
    """For each of the given pairs, all with an outcome, a smallest subset of `failed` that alone gives that outcome or a worse one.

    Of equally small ones the first in order of nodes. The sets are tried by size, and only among the failures upstream of the pair:
    without overload an outcome never improves when more fails. Where something is overloaded or trips any failure may be the cause.
    `ask` assesses a set. Cost: one assessment a set, `SUBSETS_MAX` and `THINNED_MAX` at most together.
    """
    if len(failed) == 1:
        return dict.fromkeys(pairs.tolist(), (int(failed[0]),))
    loaded = len(damage.overloaded) + len(damage.tripped) > 0
    relevant = [tuple(failed.tolist())] * len(pairs) if loaded else _upstream_failures(plant, failed, pairs)
    causes: dict[int, Nodes] = {}
    open_pairs = {int(p): nodes for p, nodes in zip(pairs.tolist(), relevant, strict=True)}
    tried = 0
    for size in range(1, len(failed) + 1):
        for pair in [p for p, nodes in open_pairs.items() if len(nodes) <= size]:
            causes[pair] = open_pairs.pop(pair)
        subsets = _subsets(sorted(set(open_pairs.values())), size, SUBSETS_MAX - tried)
        if subsets is None:
            break
        tried += len(subsets)
        for subset in sorted(subsets):
            for pair in _explained(ask, subset, damage, open_pairs):
                causes[pair] = subset
                del open_pairs[pair]
    return causes | _thinned(ask, damage, open_pairs)


def _subsets(groups: Sequence[Nodes], size: int, most: int) -> set[Nodes] | None:
    """The subsets of one size of all groups, or None when there are more than may be. Cost: `most` for each group at worst."""
    subsets: set[Nodes] = set()
    for group in groups:
        for subset in combinations(group, size):
            subsets.add(subset)
            if len(subsets) > most:
                return None
    return subsets


def _thinned(ask: Ask, damage: Damage, still: Mapping[int, Nodes]) -> dict[int, Nodes]:
    """For each pair still without evidence: all failures upstream, less each, from the last to the first, that can be spared.

    Tried by halves: what can be spared together could be spared one by one, since an outcome never improves when more fails.
    """
    causes: dict[int, Nodes] = {}
    groups: dict[Nodes, list[int]] = {}
    for pair, nodes in still.items():
        groups.setdefault(nodes, []).append(pair)
    work = [(nodes, _halves(nodes), pairs) for nodes, pairs in sorted(groups.items(), reverse=True)]
    tried = 0
    while work:
        nodes, blocks, pairs = work.pop()
        if not blocks or tried == THINNED_MAX:
            causes.update(dict.fromkeys(pairs, nodes))
            continue
        tried += 1
        *earlier, block = blocks
        fewer = tuple(node for node in nodes if node not in block)
        spared = set(_explained(ask, fewer, damage, dict.fromkeys(pairs, fewer)))
        needed = (*earlier, *(_halves(block) if len(block) > 1 else ()))
        for kept, rest, which in (
            (nodes, needed, [p for p in pairs if p not in spared]),
            (fewer, tuple(earlier), [p for p in pairs if p in spared]),
        ):
            if which:
                work.append((kept, rest, which))
    return causes


def _halves(nodes: Nodes) -> tuple[Nodes, ...]:
    middle = len(nodes) // 2
    return nodes[:middle], nodes[middle:]


def _upstream_failures(plant: Plant, failed: Ids, pairs: Ids) -> list[Nodes]:
    """For each pair the failed nodes from which a chain of live supply leads to it."""
    columns = []
    for node in failed.tolist():
        reached = kernel.reach(plant.wires, plant.base.live, plant.slots(np.array([node], dtype=np.int32)))
        columns.append(reached[pairs])
    table = np.stack(columns, axis=1).astype(np.bool_)
    return [tuple(failed[row].tolist()) for row in table]


def _explained(ask: Ask, subset: Nodes, damage: Damage, still: Mapping[int, Nodes]) -> list[int]:
    """Which of the pairs still without evidence have their outcome, or a worse one, by this subset alone."""
    open_pairs = np.fromiter(still, dtype=np.int32, count=len(still))
    is_lost = np.isin(open_pairs, damage.lost)
    is_exposed = np.isin(open_pairs, damage.exposed)
    is_over = np.isin(open_pairs, damage.overloaded)
    alone = ask(np.array(subset, dtype=np.int32), bool(is_exposed.any()))
    lost_alone = np.isin(open_pairs, alone.lost)
    over_alone = np.isin(open_pairs, alone.overloaded) | lost_alone
    exposed_alone = np.isin(open_pairs, alone.exposed) | over_alone
    weaker_alone = np.isin(open_pairs, alone.weaker) | over_alone
    explained = np.select([is_lost, is_over, is_exposed], [lost_alone, over_alone, exposed_alone], weaker_alone)
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

    def reach(self, pair: int) -> bool:
        """Whether a chain leads to a pair."""
        return pair in self._cause

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
            edges = first + np.arange(len(first), dtype=np.int32)
            pairs = wires.gate_pair[wires.feeds[edges]]
            sources, ranks = np.repeat(slots, counts), np.repeat(rank, counts)
            keep = to_reach[pairs] & (self._plant.returns[edges] == 0)
            pairs, sources, ranks = pairs[keep], sources[keep], ranks[keep]
            order = np.lexsort((sources, pairs, wiring.pair_node[pairs], ranks))
            pairs, sources, ranks = pairs[order], sources[order], ranks[order]
            first_time = _firsts(pairs)
            pairs, sources, ranks = pairs[first_time], sources[first_time], ranks[first_time]
            to_reach[pairs] = False
            self._cause.update(zip(pairs.tolist(), sources.tolist(), strict=True))
            arrived = wiring.pair_slot[pairs]
            goes_on = (live[arrived] == 1) & ~seen[arrived]
            pairs, arrived, ranks = pairs[goes_on], arrived[goes_on], ranks[goes_on]
            once = _firsts(arrived)
            slots, ranks = arrived[once], ranks[once]
            self._arrival[slots] = pairs[once]
            seen[slots] = True
            rank = _ranks(ranks, wiring.slot_node[slots])


def _firsts(values: Ids) -> Ids:
    """Where each value stands for the first time, ascending."""
    order = np.argsort(values, kind="stable")
    is_first = np.ones(len(order), dtype=np.bool_)
    in_order = values[order]
    np.not_equal(in_order[1:], in_order[:-1], out=is_first[1:])
    return np.sort(order[is_first])


def _ranks(*columns: Ids) -> Ids:
    """The rank of each row among all, equal rows alike. By one sort: `numpy.unique` over rows takes some ten times as long."""
    order = np.lexsort(columns[::-1])
    is_next = np.zeros(len(order), dtype=np.bool_)
    for column in columns:
        in_order = column[order]
        is_next[1:] |= in_order[1:] != in_order[:-1]
    ranks = np.empty(len(order), dtype=np.int32)
    ranks[order] = np.cumsum(is_next)
    return ranks


def chains_by_cause(
    plant: Plant, ids: Sequence[str], damage: Damage, wanted: Iterable[tuple[Nodes, bool]]
) -> dict[tuple[Nodes, bool], Chains]:
    """The searches that an answer needs: for each evidence through all that is affected, or only through what is lost (True)."""
    lost, affected = flags_of(plant, damage)
    return {(cause, is_lost): Chains(plant, ids, cause, lost if is_lost else affected) for cause, is_lost in sorted(set(wanted))}


def flags_of(plant: Plant, damage: Damage) -> tuple[Flags, Flags]:
    """Flags of the pairs that are lost, and of those that are lost or weaker."""
    pairs = len(plant.wiring.pair_node)
    lost = np.zeros(pairs, dtype=np.bool_)
    lost[damage.lost[damage.lost < pairs]] = True
    affected = lost.copy()
    affected[damage.weaker] = True
    return lost, affected
