"""What trips when a load moves, in order of time, until nothing more does. After `docs/guides/capacity.md`.

Rules of this file:

1. Nothing trips that carries no more than it did with nothing failed and nobody moved: that it is overloaded anyway is no matter of this
   scenario. What tenants' moves load beyond its limit is on its way to trip from the start.
2. Overload adds up: what carries a multiple of its rating for a part of the time after which it trips there is so far on its way; below
   its curve it has cooled down again. What trips at the same instant trips together.
3. What has tripped stays open; so there are at most as many rounds as there are things that can trip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics import kernel as supply
from analytics.capacity import kernel
from analytics.capacity.flow import NO_READINGS, Loads
from analytics.capacity.kernel import Flow, Work
from analytics.columns import distinct
from analytics.state import Bench, Plant
from graph.values import Floats
from ontology.terms import Ids

ROUNDS_MAX = 1_000
"""Trips, one instant after the other, that one answer follows."""
GROWN = 1.0 + 1e-9
"""A load has grown, and two instants differ, beyond what rounding does."""
_NONE: Ids = np.empty(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Cascade:
    """What overload does after some failures. Nodes by number."""

    tripped: Ids
    """In order of time, then of number."""
    at_s: Floats
    """When each tripped, in seconds after the failure."""
    trip_kw: Floats
    """What each carried when it tripped."""
    overloaded: Ids
    """Still up at the end, above their continuous limit and carrying more than before; ascending."""
    load_kw: Floats
    """What each of `overloaded` carries at the end."""
    part: Floats
    """The same as a part of its continuous limit."""
    moved: tuple[Ids, Ids]
    """Who took more than before from whom when something was above its limit: slots, the taker and the supplier; each pair once."""
    rounds: int
    complete: bool
    """False where `ROUNDS_MAX` ended it."""

    @staticmethod
    def none() -> Cascade:
        """Nothing is overloaded."""
        empty = np.empty(0)
        return Cascade(_NONE, empty, empty, _NONE, empty, empty, (_NONE, _NONE), 0, complete=True)


def cascade(plant: Plant, loads: Loads, failed: Ids, *, trace: bool = False) -> Cascade:
    """What trips and what is overloaded when the given nodes fail at once.

    `trace` fills `moved`. Cost: the damage, what it takes from and all upstream of that, once a round.
    """
    with plant.bench() as bench, loads.lent() as (flow, work):
        run = Run(plant, loads, bench, flow, work)
        found = run.to_the_end(plant.slots(failed), trace=trace)
        run.undo()
    return found


class Run:
    """One cascade under way."""

    def __init__(self, plant: Plant, loads: Loads, bench: Bench, flow: Flow, work: Work) -> None:
        self._plant, self._loads, self._bench, self._flow, self._work = plant, loads, bench, flow, work
        self._dead: list[Ids] = []
        self.touched = 0
        """How much of `work.touched` has been worked out anew."""
        self._looked_at = 0
        self._rated = _NONE if loads.earlier is None else loads.rated()
        """What was touched, has a limit and is live, ascending; where tenants have moved all that has a limit and is live."""
        self._progress: dict[int, float] = {}

    @property
    def dead(self) -> Ids:
        """The slots that have died, each once."""
        return np.concatenate(self._dead) if self._dead else _NONE

    def to_the_end(self, seeds: Ids, *, trace: bool) -> Cascade:
        """Let the seeds die and whatever follows; `undo` takes it back."""
        tripped: list[tuple[Ids, float, Floats]] = []
        moved: list[tuple[Ids, Ids]] = []
        now, rounds, complete = 0.0, 0, True
        while True:
            self.lose(seeds)
            over, part = self._over()
            if len(over) == 0 and rounds == 0:
                return Cascade.none()
            if trace and len(over):
                moved.append(self._moved())
            slots, after = self._next(over)
            if len(slots) == 0:
                break
            if rounds == ROUNDS_MAX:
                complete = False
                break
            now, rounds = now + after, rounds + 1
            nodes = self._loads.slot_node[slots]
            tripped.append((nodes, now, self._flow.demand[slots].sum(axis=1)))
            seeds = self._plant.slots(nodes)
        return Cascade(
            np.concatenate([nodes for nodes, _, _ in tripped]).astype(np.int32) if tripped else _NONE,
            np.array([at for nodes, at, _ in tripped for _ in nodes.tolist()]),
            np.concatenate([kw for _, _, kw in tripped]) if tripped else np.empty(0),
            self._loads.slot_node[over],
            self._flow.demand[over].sum(axis=1),
            part,
            _each_once(moved, len(self._loads.slot_node)),
            rounds,
            complete,
        )

    def undo(self) -> None:
        """Leave what was lent as it was."""
        kernel.restore(self._loads.net, self._flow, self._loads.base, self._work, self.touched)
        dead = self.dead
        supply.revive(self._plant.wires, self._bench.now, dead, 0, len(dead))

    def lose(self, seeds: Ids) -> None:
        """Let the slots die, and what falls with them, and work out the loads again."""
        plant, bench = self._plant, self._bench
        count, _, _ = supply.cascade(plant.wires, plant.ring, bench.now, bench.work, seeds, plant.base.counts)
        dead = bench.work.dead[:count].copy()
        self._dead.append(dead)
        self.touched = kernel.redistribute(self._loads.net, self._flow, bench.now.live, dead, NO_READINGS, self._work, self.touched)

    def _over(self) -> tuple[Ids, Floats]:
        """The live slots above their continuous limit that carry more than before, ascending, and their load as a part of it."""
        loads = self._loads
        limit = loads.electrical.limit_kw
        new = self._work.touched[self._looked_at : self.touched]
        self._looked_at = self.touched
        known = distinct(np.concatenate((self._rated, new[np.isfinite(limit[loads.slot_node[new]])])))
        some = self._rated = known[self._bench.now.live[known] == 1]
        part, before = loads.part_of(some, self._flow.demand, limit), loads.part_of(some, loads.before, limit)
        over = (part > GROWN) & (part > before * GROWN)
        return some[over], part[over]

    def _next(self, over: Ids) -> tuple[Ids, float]:
        """The slots that trip next, together, and after how many seconds; the others come so much nearer to it."""
        electrical, node = self._loads.electrical, self._loads.slot_node[over]
        multiple = self._loads.part_of(over, self._flow.demand, electrical.rated_kw)
        after = np.full(len(over), np.inf)
        for number in np.unique(electrical.curve_of[node][electrical.curve_of[node] >= 0]).tolist():
            of_it = electrical.curve_of[node] == number
            after[of_it] = electrical.curves[number].after_s(multiple[of_it])
        trips = np.isfinite(after)
        slots, after = over[trips], after[trips]
        done = np.array([self._progress.get(slot, 0.0) for slot in slots.tolist()])
        left = (1.0 - done) * after
        if len(left) == 0:
            self._progress = {}
            return _NONE, 0.0
        soonest = float(left.min())
        now = left <= soonest * GROWN
        progress = done + soonest / after
        self._progress = dict(zip(slots[~now].tolist(), progress[~now].tolist(), strict=True))
        return slots[now], max(soonest, 0.0)

    def _moved(self) -> tuple[Ids, Ids]:
        """The takes by which more comes now than before."""
        net, flow, base = self._loads.net, self._flow, self._loads.base
        touched = self._work.touched[: self.touched]
        counts = net.takes_at[touched + 1] - net.takes_at[touched]
        takes = np.repeat(net.takes_at[touched] - np.cumsum(counts) + counts, counts) + np.arange(int(counts.sum()))
        taker = net.taker[takes]
        now = flow.demand[taker].sum(axis=1) * flow.share[takes]
        before = base.demand[taker].sum(axis=1) * base.share[takes]
        more = now > before * GROWN + 1e-9
        return taker[more], net.takes[takes[more]]


def _each_once(moved: list[tuple[Ids, Ids]], slots: int) -> tuple[Ids, Ids]:
    if not moved:
        return _NONE, _NONE
    taker, supplier = (np.concatenate(column).astype(np.int64) for column in zip(*moved, strict=True))
    keys = distinct(taker * slots + supplier)
    return (keys // slots).astype(np.int32), (keys % slots).astype(np.int32)
