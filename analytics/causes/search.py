"""The inverse search: which few failures would make the plant look as it is seen.

Rules of this file:

1. A set of causes is scored by how many sightings it leaves open (seen down, and not explained) or contradicts (seen up, and down by
   it), and by its size: a cause more must explain more than it costs (`cost_of_a_cause`). The lower the better.
2. Single causes are all tried. Of two causes that together explain a thing seen down, one is in every proof that the thing is up (Reiter,
   A theory of diagnosis from first principles, 1987): for a few things seen down all such pairs are tried, whatever the first explains by
   itself. Larger sets grow from the best smaller ones.
3. Failing more never brings anything up: a set that contradicts too much is not grown.
4. What is cut off is the worse in the order of explanations, never the later by id where anything else tells two sets apart: of equal
   scores the smaller set, then that which contradicts less, the more usual by failure priors, that which takes down less.
"""

from __future__ import annotations

from math import log2, prod

import numpy as np

from analytics import kernel as supply
from analytics.causes import kernel
from analytics.causes.kernel import TAKEN, Trials
from analytics.causes.sightings import Columns
from analytics.columns import distinct, ranges, without
from analytics.state import Bench, Plant
from analytics.sweeps.proof import chain_of, proof
from analytics.sweeps.units import Units
from graph.values import Floats
from ontology.terms import Ids

Causes = tuple[int, ...]
"""Units by number, ascending."""

GROWN = 8
"""How many of the best sets of one size are grown by each further cause."""
SEEDS = 4
"""For how many things seen down all pairs that explain them are tried."""
ALONE_MAX = 32
"""Where more than so many things are seen down, those that stand alone are taken for lies, or for failures of their own: a second cause of
these is not looked for. They still count for and against each set. A thing stands alone where nothing upstream of it has clearly more down
than up behind it."""
VISITS_MAX = 20_000
"""How far is looked behind a unit for company; a unit that feeds more than so much says little of any of it."""
MARGIN = 2.0
"""Sets that score so much worse than the best, or worse by the cost of a cause, are not looked for; those met on the way may be told."""
KEPT = 16
"""Of the sets that differ from one in one cause more so many are kept, the best."""
KNOWN_COST = 0.1
"""Of a cause that a reading of its own already says is out."""


def cost_of_a_cause(downs: int) -> float:
    """How many sightings a cause must explain more than it contradicts, before it is worth naming, where so many are seen down.

    Below one where few are seen down: two alarms far apart have two causes. It grows by a half with each doubling, for where thousands
    are seen some of those that lie are neighbours by chance.
    """
    return max(0.9, log2(max(downs, 1)) / 2)


class Search:
    """One search over one plant, on a borrowed bench; `prior` says of each unit how often such a thing fails. Not for two threads at
    once."""

    def __init__(self, state: Plant, bench: Bench, columns: Columns, units: Units, known: Ids, prior: Floats) -> None:
        self.state, self.bench, self.columns, self.units = state, bench, columns, units
        self.cost = cost_of_a_cause(columns.downs)
        self.reach: dict[Causes, tuple[int, int, int]] = {}
        """Of the sets worth keeping: how many sightings of things down it reaches, how many of things up, and how many supplies fall."""
        self.tried = 0
        """How many sets were tried."""
        self.left_out = ""
        """What was not looked into."""
        self._known = frozenset(known.tolist())
        self._prior = prior
        self._margin = max(MARGIN, self.cost)
        self._limit = columns.downs + self.cost + self._margin
        """What a set must score below to be of use."""
        self._grown: set[Causes] = set()
        self._trials = Trials(units.at, units.nodes, state.wiring.slots_at)
        self._marks = np.zeros(len(columns.told), np.int32)
        self._up_alone = np.zeros(len(units), np.int32)
        order = np.argsort(units.nodes, kind="stable")
        nodes = np.arange(len(state.wiring.slots_at))
        self._unit_at = np.searchsorted(units.nodes[order], nodes).astype(np.int32)
        self._unit_of = np.repeat(np.arange(len(units), dtype=np.int32), np.diff(units.at))[order]
        self._downs = np.flatnonzero(columns.seen.down).astype(np.int32)
        self._company = np.ones(len(columns.told), np.int32)
        """Per thing seen down: how much is seen that speaks for the same cause, at best; 1 where it stands alone."""
        self._lies = 0
        """Things seen down that are taken for lies (`ALONE_MAX`): no set is expected to explain them."""

    def score(self, causes: Causes) -> float:
        """What a set that was tried leaves open and contradicts, and what its causes cost (rule 1)."""
        down, up, _ = self.reach[causes]
        return self.columns.downs - down + up + self.costs(causes)

    def best(self) -> list[Causes]:
        """The sets tried that explain anything, the best first (rule 4), then by order of ids."""
        found = [causes for causes, (down, _, _) in self.reach.items() if causes and down > 0]
        return sorted(found, key=lambda causes: (round(self.score(causes), 6), len(causes), *self._among_equals(causes)))

    def often(self, causes: Causes) -> float:
        """How usual it is that these things fail: the product of their priors."""
        return float(prod(sorted(self._prior[list(causes)].tolist())))

    def _among_equals(self, causes: Causes) -> tuple[int, float, int, Causes]:
        """The order of sets of one score and size that were tried (rule 4), then by ids."""
        _, up, supplies = self.reach[causes]
        return up, -self.often(causes), supplies, causes

    def run(self, start: Causes, order: int) -> None:
        """Try what rule 2 says, up to `order` causes beside those of `start`."""
        self._grow(start)
        for size in range(1, order):
            sets = [causes for causes in self.best() if len(causes) == len(start) + size and set(start) <= set(causes)]
            for causes in sets[:GROWN]:
                self._grow(causes)
            if size == 1:
                self._pairs(start)
            else:
                self.left_out = "of three causes and more only sets were tried that grow from the best pairs"

    def fitting(self, known: Causes) -> Causes:
        """Of causes that are said to be there, those that what is seen fits with: the others are left out one by one, while that helps."""
        while known:
            sets = [known, *(tuple(unit for unit in known if unit != each) for each in known)]
            for causes in sets:
                if causes not in self.reach:
                    reached, supplies = effect_of(self.state, self.bench, self.columns, self.fails(causes))
                    down = int(np.count_nonzero(self.columns.seen.down[reached]))
                    self._keep(causes, down, len(reached) - down, supplies)
            best = min(sets, key=lambda causes: (round(self.score(causes), 6), -len(causes), *self._among_equals(causes)))
            if best == known:
                break
            known = best
        return known

    def fails(self, causes: Causes) -> Ids:
        """The nodes of a set of causes."""
        return distinct(np.concatenate([np.empty(0, np.int32), *(self.units.nodes_of(unit) for unit in causes)]))

    def costs(self, causes: Causes) -> float:
        """What some causes cost together (rule 1)."""
        return sum(KNOWN_COST if unit in self._known else self.cost for unit in causes)

    def _grow(self, causes: Causes) -> None:
        """Try each unit that may explain what a set leaves open, beside the set: once, and where that can be of use."""
        least = self._lies + self.costs(causes) + self.cost
        if causes in self._grown or least + int(self._up_alone[list(causes)].max(initial=0)) >= self._limit:
            return
        self._grown.add(causes)
        bench, wires, wiring = self.bench, self.state.wires, self.state.wiring
        seen, marks, untouched = self.columns.seen, self._marks, self.state.base.counts
        nodes = self.fails(causes)
        dead, fallen, _ = supply.cascade(wires, self.state.ring, bench.now, bench.work, self.state.slots(nodes), untouched)
        died = bench.work.dead[:dead].copy()
        down, up = kernel.reached(seen, wiring.pair_node, wiring.pair_medium, marks, 1, nodes, bench.work.fallen[:fallen])
        self._keep(causes, down, up, fallen)
        marks[marks == 1] = TAKEN
        if down < self.columns.downs and up + least < self._limit:
            chosen = self._candidates(causes)
            columns = (wiring.pair_node, wiring.pair_medium, seen, marks, self._trials, chosen)
            more_down, more_up, more_fallen = kernel.weigh(wires, self.state.ring, bench.now, bench.work, untouched, *columns)
            self._keep_best(causes, chosen, down + more_down, up + more_up, fallen + more_fallen)
            if not causes:
                self._up_alone[chosen] = more_up
                self._keep_company(chosen, more_down - more_up)
        marks[:] = 0
        supply.revive(wires, bench.now, died, 0, dead)

    def _keep_company(self, chosen: Ids, net: Ids) -> None:
        """Which of the things seen down have company, by what each of all single causes explains in net, and by what lies behind it."""
        bench, wires, wiring, seen = self.bench, self.state.wires, self.state.wiring, self.columns.seen
        kernel.alone(
            wires,
            self.state.ring,
            bench.now,
            bench.work,
            self.state.base.counts,
            wiring.pair_node,
            seen,
            self._trials,
            chosen,
            net,
            self._company,
        )
        columns = (seen, self._marks, self._trials, chosen, VISITS_MAX, self._company)
        kernel.behind(wires, bench.now.live, wiring.slot_node, *columns)
        if len(self._downs) > ALONE_MAX:
            self._lies = int(np.count_nonzero(self._company[self._downs] < 2))

    def _keep(self, causes: Causes, down: int, up: int, supplies: int) -> None:
        self.reach[causes] = (down, up, supplies)
        if causes and down > 0:
            self._limit = min(self._limit, self.score(causes) + self._margin)

    def _keep_best(self, causes: Causes, chosen: Ids, down: Ids, up: Ids, supplies: Ids) -> None:
        """Note the best of a set's children (rule 4); those that explain no more than the set itself are none."""
        self.tried += len(chosen)
        better = np.flatnonzero(down > self.reach[causes][0])
        loss = up[better] - down[better] + np.isin(chosen[better], list(self._known)) * (KNOWN_COST - self.cost)
        order = np.lexsort((supplies[better], -self._prior[chosen[better]], up[better], loss))
        for row in better[order[:KEPT]].tolist():
            self._keep(tuple(sorted((*causes, int(chosen[row])))), int(down[row]), int(up[row]), int(supplies[row]))

    def _candidates(self, causes: Causes) -> Ids:
        """The units, ascending, that may explain a thing seen down beside what has failed in the bench, without contradicting too much."""
        wiring, live = self.state.wiring, self.bench.now.live
        open_ones = self._downs[self._marks[self._downs] != TAKEN]
        if causes and len(self._downs) > ALONE_MAX:
            open_ones = open_ones[self._company[open_ones] > 1]
        slots = ranges(wiring.slots_at, distinct(self.columns.node[open_ones]))
        above = wiring.slot_node[np.flatnonzero(supply.upstream(self.state.wires, live, slots))]
        units = without(self._units(distinct(above)), np.array(causes, np.int32))
        return units[self._lies + self._up_alone[units] + self.costs(causes) + KNOWN_COST < self._limit]

    def _units(self, nodes: Ids) -> Ids:
        """The units of which a given node is part, ascending."""
        return distinct(self._unit_of[ranges(self._unit_at, nodes)])

    def _pairs(self, start: Causes) -> None:
        """For a few things seen down: every pair of causes that explains them and may be better than what is found (rule 2)."""
        asked: set[int] = set()
        for _ in range(SEEDS):
            seed = self._seed(start, asked)
            if seed is None:
                return
            asked.add(seed)
            for unit in self._proof(start, seed).tolist():
                if unit not in start:
                    self._grow(tuple(sorted((*start, unit))))
        if self._seed(start, asked) is not None:
            self.left_out = f"pairs were tried that explain one of {SEEDS} of the things seen down; others may be better"

    def _seed(self, start: Causes, asked: set[int]) -> int | None:
        """A thing seen down of which the neighbours say the same: of those that the best set leaves open, then, where that contradicts
        something, of the others. None where no pair can be better than what is found."""
        best = self.best()[:1]
        if best and self.score(best[0]) <= 2 * self.cost + self.costs(start):
            return None
        left = set((self._left_open(best[0]) if best else self._downs).tolist())
        pool = self._downs.tolist() if best and self.reach[best[0]][1] > 0 else left
        return max((each for each in pool if each not in asked), key=lambda each: (each in left, self._company[each], -each), default=None)

    def _left_open(self, causes: Causes) -> Ids:
        """The sightings of things down that a set does not explain."""
        reached, _ = effect_of(self.state, self.bench, self.columns, self.fails(causes))
        return without(self._downs, reached)

    def _proof(self, start: Causes, sighting: int) -> Ids:
        """The units of a proof that the thing is up with nothing but `start` failed: one of them is in every set that explains it."""
        wiring, node = self.state.wiring, int(self.columns.node[sighting])
        own = self._units(np.array([node], np.int32))
        pairs = np.array(list(wiring.pairs_of(node)), dtype=np.int32)
        if self.columns.told[sighting].of_itself or len(pairs) == 0:
            return own
        may_fail = np.diff(self._unit_at) > 0
        chain, nodes = chain_of(self.state, pairs, node, may_fail)
        failed = np.flatnonzero(np.isin(nodes, self.fails(start))).astype(np.int32)
        carriers = proof(chain, failed)
        return distinct(np.concatenate((own, self._units(nodes[carriers[carriers >= 0]]))))


def effect_of(state: Plant, bench: Bench, columns: Columns, nodes: Ids) -> tuple[Ids, int]:
    """The sightings, by number and ascending, that the failure of some nodes reaches; and how many supplies fall with it."""
    marks = np.zeros(len(columns.told), np.int32)
    dead, fallen, _ = supply.cascade(state.wires, state.ring, bench.now, bench.work, state.slots(nodes), state.base.counts)
    kernel.reached(columns.seen, state.wiring.pair_node, state.wiring.pair_medium, marks, 1, nodes, bench.work.fallen[:fallen])
    supply.revive(state.wires, bench.now, bench.work.dead, 0, dead)
    return np.flatnonzero(marks).astype(np.int32), int(fallen)
