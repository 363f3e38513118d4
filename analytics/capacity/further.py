"""Which single further failures can take more down by the load that they move, and what they take down with what trips.

Rules of this file:

1. What can never carry as much as it trips at is out of the question: no more than the draw of all that can take from it, directly or not,
   ever comes by it. Where nothing can trip, as in a pair of sides each of which carries both, nothing here costs anything.
2. A further failure acts otherwise with load than without (`analytics/subplant.py`) only if something trips by it alone; or if something
   trips at once when it fails, too, among what feeds whatever lost a supplier; or, where something has tripped already, if it can change
   the load of that or of what lost or gained load. These are *tried*: with their whole cascade, once with what has failed and once alone.
3. Where tenants' moves alone make something trip, each further failure comes on top of that: all that can matter are tried.
4. Two failures that no requirement has in common, nor the load of anything that can trip, do together what each does alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np

from analytics import kernel as supply
from analytics import subplant
from analytics.capacity import hazard
from analytics.capacity.cascade import Run
from analytics.capacity.electrical import ROUNDING
from analytics.capacity.flow import NO_READINGS, Loads
from analytics.capacity.kernel import Flow
from analytics.capacity.pairs import nodes_of, power_pairs
from analytics.columns import distinct, without
from analytics.state import Bench, Plant
from analytics.supply_graph import Flags
from graph.values import Floats
from ontology.terms import Ids

TRIED_MAX = 1_000
"""Further failures whose cascades one assessment follows: first what feeds anything, then what only draws, each in order of ids. The
answer says how many more there were."""
WORK_MAX = 200_000
"""Slots that these cascades may work out together, some 0.2 s; none is begun beyond it."""
LOOKS_MAX = 20_000_000
"""Slots worked out, some 1 s, in looking by which further failures something trips at once; none is begun beyond it."""
SKIPPED = 0.25
"""A single failure that moves less than this part of what is left to whatever can trip is not followed, once for all."""
STEPS_MAX = 20_000_000
"""Takes walked, some 0.2 s, to tell what can come by one thing more exactly than by adding up all ways to it."""
_NONE: Ids = np.empty(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Further:
    """What load decides about the further failures."""

    tried: Ids
    """Those that it decides about, ascending."""
    left_out: int
    """Those that it may decide about and that were too many to look at."""
    pairs: Ids
    """A pair that falls by what has failed and a further failure, and by neither alone; and, in `nodes`, that failure. In its order."""
    nodes: Ids


NOTHING = Further(_NONE, 0, _NONE, _NONE)


@dataclass(frozen=True, slots=True)
class Harm:
    """What some failures do with what trips by them."""

    lost: Ids
    """Pairs, ascending, with those of what tripped (`analytics/capacity/pairs.py`)."""
    touches: Ids
    """Slots: what died, what is fed by that, and what can trip and carries something else now. May name one more than once."""
    work: int
    """Slots that were worked out for it."""


@dataclass(eq=False)
class Hazard:
    """What can trip in a plant under one set of readings, and which single failures make something trip."""

    plant: Plant
    loads: Loads
    failure_units: Flags
    trips_at: Floats
    """Per slot: the load, in kW (`kernel.part_of`), from which it trips; `inf` for what cannot carry so much in any state."""
    alone: Ids
    """The failure units that make something trip by themselves, ascending."""
    spare: Floats
    """Per slot that can trip: what at least is left to it, in kW, whichever single thing fails; below 0 where nothing is."""
    unknown: int = 0
    """Those that were too many to look at: what they do by themselves counts without load."""
    _known: dict[int, Harm] = field(default_factory=dict)

    def counts(self, failure_units: Flags) -> bool:
        """Whether it was made for these failure units."""
        return self.failure_units is failure_units or np.array_equal(self.failure_units, failure_units)

    def further(self, failed: Ids, tripped: Ids) -> Further:
        """The further failures that load may decide about after `failed`, by which `tripped` tripped, and what is exposed to them.

        Cost: nothing where nothing can trip; else what `failed` moves, what each further failure moves that can load what can trip, and
        two cascades for each that is tried.
        """
        if not np.isfinite(self.trips_at).any():
            return NOTHING
        candidates, left_out = self._candidates(failed, tripped)
        if len(candidates) + left_out == 0:
            return NOTHING
        lost, work = self.harm(failed).lost, 0
        pairs, causes = [_NONE], [_NONE]
        tried = 0
        for node in candidates[:TRIED_MAX].tolist():
            if work > WORK_MAX:
                break
            both = self.harm(np.append(failed, np.int32(node)))
            found = without(without(both.lost, lost), self._alone(node).lost)
            pairs.append(found[nodes_of(self.plant.wiring, found) != node])
            causes.append(np.full(len(pairs[-1]), node, dtype=np.int32))
            work, tried = work + both.work, tried + 1
        return Further(distinct(candidates[:tried]), left_out + len(candidates) - tried, np.concatenate(pairs), np.concatenate(causes))

    def _candidates(self, failed: Ids, tripped: Ids) -> tuple[Ids, int]:
        """Rules 2 and 3: what is to be tried, in the order in which it is, and how many were too many to look at."""
        plant, loads = self.plant, self.loads
        with plant.bench() as bench, loads.lent() as (flow, work):
            run = Run(plant, loads, bench, flow, work)
            run.to_the_end(plant.slots(failed), trace=False)
            near, moved = self._near(bench, run.dead)
            touched = work.touched[: run.touched]
            touches = self._touches(run.dead, touched)
            if len(tripped):
                near = distinct(np.concatenate((near, touched)))
            if loads.earlier is None or len(tripped) == 0:
                near = near[np.isfinite(self.trips_at[near])]
            if len(tripped) == 0 and self.unknown == 0:
                near = near[self.spare[near] <= moved]
            nodes, left_out = self._upstream(near, failed), 0
            only_draws = nodes[~self._feeds(nodes)]
            nodes = nodes[self._feeds(nodes)]
            if len(tripped) == 0:
                nodes, left_out = self._tripping(bench, flow, near, nodes)
                only_draws = _NONE
            run.undo()
        flags = np.zeros(len(loads.slot_node), np.bool_)
        flags[touches] = True
        own = [node for node in without(self.alone, failed).tolist() if flags[self._alone(node).touches].any()]
        return np.concatenate((distinct(np.concatenate((nodes, np.array(own, dtype=np.int32)))), only_draws)), left_out + self.unknown

    def harm(self, failed: Ids) -> Harm:
        """What some failures do together. Cost: as `cascade`."""
        plant, loads = self.plant, self.loads
        with plant.bench() as bench, loads.lent() as (flow, work):
            run = Run(plant, loads, bench, flow, work)
            tripped = run.to_the_end(plant.slots(failed), trace=False).tripped
            died, touches, worked_out = run.dead, self._touches(run.dead, work.touched[: run.touched]), run.touched
            fallen = hazard.fallen(plant.wires, bench.now, plant.base, died)
            run.undo()
        return Harm(distinct(np.concatenate((fallen, power_pairs(plant, loads, tripped)))), touches, len(died) + worked_out)

    def _alone(self, node: int) -> Harm:
        if node not in self._known:
            self._known[node] = self.harm(np.array([node], dtype=np.int32))
        return self._known[node]

    def _touches(self, died: Ids, touched: Ids) -> Ids:
        return np.concatenate((hazard.fed_by(self.plant.wires, died), died, touched[np.isfinite(self.trips_at[touched])]))

    def _near(self, bench: Bench, died: Ids) -> tuple[Ids, float]:
        """What lost a supplier and holds, all that it reaches, and all that this hangs by: slots. And how much load, as it is compared with
        a limit, any further failure can move at most otherwise than it does alone."""
        marks, wires = bench.marks, self.plant.wires
        tail = subplant.below(wires, bench.now, died, marks.slots, marks.listed)
        moved = hazard.can_move(self.loads.net, self.loads.base.own, bench.now.live, marks.slots, marks.listed[:tail]) * (1 + ROUNDING)
        tail = supply.mark_upstream(wires, self.plant.base.live, marks.slots, marks.listed, tail)
        found = marks.listed[:tail].copy()
        marks.slots[found] = 0
        return found, moved

    def _upstream(self, slots: Ids, failed: Ids) -> Ids:
        """The failure units that can change what some slots carry: all upstream of whatever can take from them; ascending."""
        if len(slots) == 0:
            return _NONE
        plant = self.plant
        flags = hazard.can_load(plant.wires, plant.base.live, self.loads.net, slots)
        nodes = distinct(plant.wiring.slot_node[np.flatnonzero(flags)])
        return without(nodes[self.failure_units[nodes]], failed)

    def _feeds(self, nodes: Ids) -> Flags:
        """Which nodes feed anything: the others, when they fail, only draw no more."""
        wires, slots_at = self.plant.wires, self.plant.wiring.slots_at
        found: Flags = wires.feeds_at[slots_at[nodes + 1]] > wires.feeds_at[slots_at[nodes]]
        return found

    def _tripping(self, bench: Bench, flow: Flow, near: Ids, nodes: Ids, worst: Floats = NO_READINGS, skip: float = 1.0) -> tuple[Ids, int]:
        """Those of some nodes by whose failure, in the state at hand, one of the slots `near` trips at once; and how many were too many to
        look at. `worst` and `skip` as `hazard.tripping` has them."""
        if len(nodes) == 0:
            return _NONE, 0
        plant, loads = self.plant, self.loads
        now = Flow(flow.own, flow.demand.copy(), flow.share.copy())
        with loads.lent() as (_, work):
            trips, looked_at = hazard.tripping(
                plant.wires,
                plant.ring,
                bench.now,
                bench.work,
                plant.base.counts,
                loads.net,
                flow,
                now,
                work,
                near,
                nodes,
                plant.wiring.slots_at,
                self.trips_at,
                worst,
                skip,
                NO_READINGS,
                LOOKS_MAX,
            )
        return nodes[trips == 1], len(nodes) - looked_at


_hazards: WeakKeyDictionary[Loads, Hazard] = WeakKeyDictionary()
_making = Lock()


def hazard_of(plant: Plant, loads: Loads, failure_units: Flags) -> Hazard:
    """What can trip under some loads, made once for them and the failure units asked about last. Cost: one pass over the plant, and, where
    something can trip, what each failure moves that can load it."""
    found = _hazards.get(loads)
    if found is None or not found.counts(failure_units):
        with _making:
            found = _hazards.get(loads)
            if found is None or not found.counts(failure_units):
                found = _hazards[loads] = _made(plant, loads, failure_units)
    return found


def _made(plant: Plant, loads: Loads, failure_units: Flags) -> Hazard:
    found = Hazard(plant, loads, failure_units, _trips_at(loads), _NONE, np.full(len(loads.slot_node), np.inf))
    can = np.flatnonzero(np.isfinite(found.trips_at)).astype(np.int32)
    nodes = found._upstream(can, _NONE)
    if len(can) == 0:
        return found
    worst = np.zeros(len(found.trips_at))
    with plant.bench() as bench, loads.lent() as (flow, _):
        found.alone, found.unknown = found._tripping(bench, flow, can, nodes[found._feeds(nodes)], worst, SKIPPED)
    now = loads.part_of(can, loads.base.demand, np.ones(len(loads.electrical.limit_kw)))
    least = float((found.trips_at[can] - now).min())
    found.spare[can] = found.trips_at[can] - np.maximum(now + SKIPPED * max(least, 0.0), worst[can])
    return found


def _trips_at(loads: Loads) -> Floats:
    """Rule 1: the load from which each slot trips, where it can ever have so much and that is more than it has now."""
    electrical, slots = loads.electrical, len(loads.slot_node)
    least = np.array([max(float(curve.multiples[0]), 1.0) for curve in electrical.curves] + [np.inf])
    least_of = least[electrical.curve_of]
    found = np.full(slots, np.inf)
    live = np.flatnonzero((loads.net.turn_of >= 0) & np.isfinite((electrical.rated_kw * least_of)[loads.slot_node]))
    if len(live) == 0:
        return found
    node = loads.slot_node[live]
    one = np.ones(len(electrical.limit_kw))
    before = loads.part_of(live.astype(np.int32), loads.before, one)
    more = np.maximum(electrical.limit_kw[node], before) * (1 + ROUNDING / 2)
    found[live] = np.maximum((electrical.rated_kw * least_of)[node] * (1 - 2 * ROUNDING), more)
    hazard.spare(loads.net, loads.base.own, found, STEPS_MAX)
    return found
