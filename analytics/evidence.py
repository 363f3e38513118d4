"""Why an outcome is so: the smallest set of failed things that explains it, and one shortest chain of supply from there to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

from analytics import kernel, walks
from analytics.columns import distinct
from analytics.damage import Damage
from analytics.state import Plant
from ontology.terms import Ids

SUBSETS_MAX = 1_024
"""Sets of failures tried for one answer in search of a smallest one. Beyond it evidence is thinned out instead: none of it can be spared,
but another set may be smaller."""
THINNED_MAX = 512
"""Sets tried for one answer in thinning out. Beyond it evidence is what is left by then, and some of it may be spared."""

Nodes = tuple[int, ...]
Ask = Callable[[Ids, bool], Damage]
"""What some failures alone do; the flag asks for what is exposed to further ones, too."""


def smallest_causes(plant: Plant, failed: Ids, ask: Ask, damage: Damage, pairs: Ids, *, moved: bool = False) -> dict[int, Nodes]:
    """For each of the given pairs, all with an outcome, a smallest subset of `failed` that alone gives that outcome or a worse one.

    Of equally small ones the first in order of nodes. The sets are tried by size, and only among the failures upstream of the pair:
    without overload an outcome never improves when more fails. Where something is overloaded or trips, or would by a further failure, any
    failure may be the cause.
    `moved` says that tenants have, so that what is overloaded may need no failure: its cause is then the empty set.
    `ask` assesses a set. Cost: one assessment a set, `SUBSETS_MAX` and `THINNED_MAX` at most together.
    """
    loaded = len(damage.overloaded) + len(damage.tripped) + damage.further.tried > 0
    least = 0 if moved and loaded else 1
    if len(failed) == least == 1:
        return dict.fromkeys(pairs.tolist(), (int(failed[0]),))
    relevant = [tuple(failed.tolist())] * len(pairs) if loaded else _upstream_failures(plant, failed, pairs)
    causes: dict[int, Nodes] = {}
    open_pairs = {int(p): nodes for p, nodes in zip(pairs.tolist(), relevant, strict=True)}
    tried = 0
    for size in range(least, len(failed) + 1):
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

    def __init__(self, plant: Plant, ids: Sequence[str], start: Nodes, through: Ids) -> None:
        """Search forward from the live slots of `start` through the pairs of `through`. Cost: the edges of those."""
        self._plant = plant
        self._ids = ids
        wiring, live = plant.wiring, plant.base.live
        slots = plant.slots(np.array(start, dtype=np.int32))
        slots = slots[live[slots] == 1]
        with plant.bench() as bench:
            found = walks.search(plant.wires, live, plant.returns, wiring.pair_slot, wiring.slot_node, np.sort(slots), through, bench.marks)
        on = found.pairs[found.goes_on == 1]
        self._arrival = dict(zip(wiring.pair_slot[on].tolist(), on.tolist(), strict=True))
        self._cause = dict(zip(found.pairs.tolist(), found.sources.tolist(), strict=True))
        self._known: dict[int, tuple[str, ...]] = {slot: (ids[wiring.slot_node[slot]],) for slot in slots.tolist()}

    def reach(self, pair: int) -> bool:
        """Whether a chain leads to a pair."""
        return pair in self._cause

    def to(self, pair: int, node: str) -> tuple[str, ...]:
        """The IRIs of the chain to a pair, both ends included; `node` is that of the pair's node."""
        slot = self._cause[pair]
        return (*(self._known.get(slot) or self._to_slot(slot)), node)

    def _to_slot(self, slot: int) -> tuple[str, ...]:
        back = []
        while slot not in self._known:
            back.append(slot)
            slot = self._cause[self._arrival[slot]]
        nodes = self._known[slot]
        for passed in reversed(back):
            nodes = (*nodes, self._ids[self._plant.wiring.slot_node[passed]])
            self._known[passed] = nodes
        return nodes


def chains_by_cause(
    plant: Plant, ids: Sequence[str], damage: Damage, wanted: Iterable[tuple[Nodes, bool]]
) -> dict[tuple[Nodes, bool], Chains]:
    """The searches that an answer needs: for each evidence through all that is affected, or only through what is lost (True)."""
    lost, affected = affected_by(plant, damage)
    return {(cause, is_lost): Chains(plant, ids, cause, lost if is_lost else affected) for cause, is_lost in sorted(set(wanted))}


def affected_by(plant: Plant, damage: Damage) -> tuple[Ids, Ids]:
    """The pairs that are lost, and those that are lost or weaker; each once."""
    lost = damage.lost[damage.lost < len(plant.wiring.pair_node)]
    return lost, distinct(np.concatenate((lost, damage.weaker)))
