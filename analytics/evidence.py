"""Why an outcome is so: the smallest set of failed things that explains it, and one shortest chain of supply from there to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from analytics import kernel, walks
from analytics.capacity.pairs import nodes_of
from analytics.columns import among, distinct
from analytics.damage import Damage
from analytics.state import Plant
from ontology.terms import Ids

SUBSETS_MAX = 1_024
"""Sets of several failures tried for one answer in search of a smallest one. Beyond it evidence is thinned out instead: none of it can be
spared, but another set may be smaller."""
THINNED_MAX = 256
"""Sets tried for one outcome in thinning out. Beyond it evidence is what is left by then, and some of it may be spared."""

Nodes = tuple[int, ...]
Ask = Callable[[Ids, bool], Damage]
"""What some failures alone do; the flag asks for what is exposed to further ones, too."""
WEAKER, EXPOSED, OVER, FALLEN = 1, 2, 3, 4
"""How bad it is with a pair; 0 where nothing becomes of it."""


def smallest_causes(
    plant: Plant, failed: Ids, ask: Ask, damage: Damage, wanted: Ids, *, moved: bool = False
) -> tuple[dict[int, Nodes], frozenset[int]]:
    """For each wanted pair, all with an outcome, a smallest subset of `failed` that alone gives that outcome or a worse one; and the pairs
    for which another set may be smaller, since these are too many to be tried. Both are the same whatever else is wanted.

    Each failure is tried alone, then sets by size, only among the failures upstream of the pair: without overload an outcome never improves
    when more fails. Where something is overloaded or trips, or would by a further failure, any failure may be the cause. The evidence is
    the first in order of nodes of equally small sets; where there are more than `SUBSETS_MAX`, of those of failures that no other failure
    alone takes down: what takes one down explains as much. Where these are too many, too, they are thinned out.
    `moved` says that tenants have, so that what is overloaded may need no failure: its cause is then the empty set.
    `ask` assesses a set. Cost: one assessment a set: each failure alone, `SUBSETS_MAX` at most together, `THINNED_MAX` for each outcome.
    """
    loaded = len(damage.overloaded) + len(damage.tripped) + damage.further.tried > 0
    if len(failed) == 1 and not (moved and loaded):
        return dict.fromkeys(wanted.tolist(), (int(failed[0]),)), frozenset()
    trial, causes = _Trial(plant, ask, damage), dict[int, Nodes]()
    affected = np.flatnonzero(trial.wanted).astype(np.int32)
    still = distinct(np.concatenate((affected[~among(nodes_of(plant.wiring, affected), failed)], wanted)))
    if moved and loaded:
        still = trial.explain((), still, causes)
    still, heads = _each_alone(plant, failed, trial, still, causes, skips=not loaded)
    if len(still) == 0:
        return {pair: causes[pair] for pair in wanted.tolist()}, frozenset()
    whole, few = ([tuple(nodes.tolist())] * len(still) if loaded else _upstream(plant, nodes, still) for nodes in (failed, heads))
    relevant = dict(zip(still.tolist(), whole, strict=True)), dict(zip(still.tolist(), few, strict=True))
    tried = 0
    for size in range(2, len(failed) + 1):
        subsets = next((found for each in relevant if (found := _subsets(each, still, size, SUBSETS_MAX - tried)) is not None), None)
        if len(still) == 0 or subsets is None:
            break
        tried += len(subsets)
        for subset in sorted(subsets):
            still = trial.explain(subset, still, causes)
    thinned = still[among(still, np.sort(wanted))]
    causes.update(_thinned(trial, thinned, *relevant))
    return {pair: causes[pair] for pair in wanted.tolist()}, frozenset(thinned.tolist())


def _each_alone(plant: Plant, failed: Ids, trial: _Trial, still: Ids, causes: dict[int, Nodes], *, skips: bool) -> tuple[Ids, Ids]:
    """Try each failure alone; gives the pairs without a cause by then, and the failures that none of the others alone takes down: of two
    that do so to each other the first. `skips` leaves out what cannot be a cause any more: what is upstream of no such pair, and what an
    earlier failure has taken down."""
    takes_down: dict[int, frozenset[int]] = {}
    down, matters, judged = set[int](), np.ones(len(plant.wiring.slots_at), dtype=np.bool_), 2 * len(still) + 1
    for node in failed.tolist():
        if skips and 2 * len(still) < judged:
            matters = _feeding(plant, still)
            judged = len(still)
        if not skips or (matters[node] and node not in down):
            still = trial.explain((node,), still, causes)
            takes_down[node] = trial.taken_down(failed)
            down |= takes_down[node] - {node}
    heads = dict.fromkeys(takes_down)
    for node, others in takes_down.items():
        for other in others - {node}:
            if node < other or node not in takes_down.get(other, ()):
                heads.pop(other, None)
    return still, np.array([*heads], dtype=np.int32)


def _feeding(plant: Plant, pairs: Ids) -> NDArray[np.bool_]:
    """By node: whether a chain of live supply leads from it to one of the pairs."""
    wiring = plant.wiring
    fed = kernel.upstream(plant.wires, plant.base.live, wiring.pair_slot[pairs[pairs < len(wiring.pair_slot)]])
    found = np.zeros(len(wiring.slots_at), dtype=np.bool_)
    found[wiring.slot_node[fed == 1]] = True
    return found


class _Trial:
    """Sets of failures, tried one at a time, against what all of them do."""

    def __init__(self, plant: Plant, ask: Ask, damage: Damage) -> None:
        self._plant, self._ask = plant, ask
        self._alone = np.zeros(len(plant.wiring.pair_node) + len(plant.wiring.slots_at), dtype=np.int8)
        self._lost = np.empty(0, dtype=np.int32)
        self.wanted = self._alone.copy()
        """By pair: how bad it is with all that failed."""
        self._mark(self.wanted, damage)

    def explain(self, subset: Nodes, still: Ids, causes: dict[int, Nodes]) -> Ids:
        """Note a set as the cause of those pairs without one that have their outcome, or a worse one, by it alone; gives the others."""
        explained = self.explained(subset, still)
        causes.update(dict.fromkeys(still[explained].tolist(), subset))
        return still[~explained]

    def explained(self, subset: Nodes, pairs: Ids) -> NDArray[np.bool_]:
        """Which of some pairs have their outcome, or a worse one, by this set alone."""
        wanted = self.wanted[pairs]
        found = self._ask(np.array(subset, dtype=np.int32), bool((wanted == EXPOSED).any()))
        self._mark(self._alone, found)
        explained: NDArray[np.bool_] = self._alone[pairs] >= wanted
        for touched in (found.weaker, found.exposed, found.overloaded, found.lost):
            self._alone[touched] = 0
        self._lost = found.lost
        return explained

    def taken_down(self, failed: Ids) -> frozenset[int]:
        """Which of the failed nodes the set tried last leaves without any supply that they handed on."""
        wiring = self._plant.wiring
        lost = self._lost[self._lost < len(wiring.pair_node)]
        lost = lost[among(wiring.pair_node[lost], failed)]
        dead = distinct(wiring.pair_slot[lost])
        nodes, counts = np.unique(wiring.slot_node[dead], return_counts=True)
        return frozenset(nodes[counts == np.diff(wiring.slots_at)[nodes]].tolist()) if len(nodes) else frozenset()

    @staticmethod
    def _mark(by_pair: NDArray[np.int8], damage: Damage) -> None:
        for kind, pairs in ((WEAKER, damage.weaker), (EXPOSED, damage.exposed), (OVER, damage.overloaded), (FALLEN, damage.lost)):
            by_pair[pairs] = kind


def _subsets(relevant: Mapping[int, Nodes], still: Ids, size: int, most: int) -> set[Nodes] | None:
    """The subsets of one size of what is relevant to some pairs, or None when these are too many. Cost: `most` for each at worst."""
    subsets: set[Nodes] = set()
    for nodes in sorted({relevant[pair] for pair in still.tolist()}):
        for subset in combinations(nodes, size):
            subsets.add(subset)
            if len(subsets) > most:
                return None
    return subsets


def _thinned(trial: _Trial, pairs: Ids, whole: Mapping[int, Nodes], few: Mapping[int, Nodes]) -> Iterator[tuple[int, Nodes]]:
    """For each pair what is relevant to it, less each failure, from the last to the first, that can be spared; at first all but the `few`.

    Tried by halves: what can be spared together could be spared one by one, since an outcome never improves when more fails.
    """
    groups: dict[tuple[Nodes, Nodes], list[int]] = {}
    for pair in pairs.tolist():
        groups.setdefault((whole[pair], few[pair]), []).append(pair)
    work = [
        (nodes, _blocks(*_halves(kept), tuple(node for node in nodes if node not in kept)), np.array(those, dtype=np.int32), 0)
        for (nodes, kept), those in sorted(groups.items())
    ]
    while work:
        nodes, blocks, those, tried = work.pop()
        if len(those) == 0:
            continue
        if not blocks or tried == THINNED_MAX:
            yield from ((pair, nodes) for pair in those.tolist())
            continue
        *earlier, block = blocks
        fewer = tuple(node for node in nodes if node not in block)
        spared = trial.explained(fewer, those)
        needed = (*earlier, *(_blocks(*_halves(block)) if len(block) > 1 else ()))
        work.append((nodes, needed, those[~spared], tried + 1))
        work.append((fewer, tuple(earlier), those[spared], tried + 1))


def _blocks(*blocks: Nodes) -> tuple[Nodes, ...]:
    return tuple(filter(None, blocks))


def _halves(nodes: Nodes) -> tuple[Nodes, Nodes]:
    middle = len(nodes) // 2
    return nodes[:middle], nodes[middle:]


def _upstream(plant: Plant, failed: Ids, pairs: Ids) -> list[Nodes]:
    """For each pair the failed nodes from which a chain of live supply leads to it."""
    table = np.zeros((len(pairs), len(failed)), dtype=np.bool_)
    for column, node in enumerate(failed.tolist()):
        table[:, column] = kernel.reach(plant.wires, plant.base.live, plant.slots(np.array([node], dtype=np.int32)))[pairs]
    return [tuple(failed[row].tolist()) for row in table]


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
