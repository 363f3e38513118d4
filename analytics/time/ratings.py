"""What may trip by overload in the course of a failure, laid out for the timeline's loop: ratings, curves, and the loads before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.capacity import kernel
from analytics.capacity.flow import NO_READINGS, Loads, loads_since, work_for
from analytics.capacity.kernel import Flow, Net
from analytics.conditions import Conditions
from analytics.kernel import Flags, Tally
from analytics.state import Plant
from analytics.supply_graph import SupplyGraph
from analytics.time.state import NEVER, OnTheWay, Ratings
from ontology.media import POWER
from ontology.terms import Ids

_NONE: Ids = np.empty(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Rated:
    """The ratings of a plant, and its loads before a failure with its standby sources off."""

    ratings: Ratings
    flow: Flow
    drawing: Flags
    phases: int

    @staticmethod
    def of(graph: SupplyGraph, state: Plant, conditions: Conditions, before: Tally, unmoved: SupplyGraph | None) -> Rated:
        """Empty where no rating is stated. `before` is the plant before the failure; `unmoved` the graph before tenants moved: what the
        moves load beyond its limit is on its way from the start. Cost: some copies of the columns of loads."""
        loads = loads_since(graph, state, conditions, unmoved)
        if loads is None:
            return Rated(_no_ratings(), Flow(np.empty((0, 1)), np.empty((0, 1)), np.empty(0)), np.empty(0, np.uint8), 1)
        flow = Flow(loads.base.own, loads.base.demand.copy(), loads.base.share.copy())
        off = np.flatnonzero(state.base.live != before.live).astype(np.int32)
        phases = flow.demand.shape[1]
        kernel.redistribute(loads.net, flow, before.live, off, NO_READINGS, work_for(loads.net, phases), 0)
        return Rated(_ratings(graph, state, loads, flow), flow, before.live.copy(), phases)

    def on_the_way(self) -> OnTheWay:
        """Nothing is on its way to trip."""
        slots = len(self.ratings.rated_kw)
        flow = Flow(self.flow.own, self.flow.demand.copy(), self.flow.share.copy())
        columns = np.zeros(slots), np.zeros(slots), np.zeros(slots), np.full(slots, NEVER)
        return OnTheWay(
            flow,
            work_for(self.ratings.net, self.phases),
            self.drawing.copy(),
            np.empty(slots, np.int32),
            *columns,
            np.zeros(slots, np.int32),
            np.zeros(1, np.int32),
        )


def _ratings(graph: SupplyGraph, state: Plant, loads: Loads, flow: Flow) -> Ratings:
    electrical, wiring = loads.electrical, state.wiring
    node, slots = wiring.slot_node, len(wiring.slot_node)
    carries = np.flatnonzero(loads.power_slot[node] == np.arange(slots))
    rated, limit, before = np.full(slots, NEVER), np.full(slots, NEVER), np.full(slots, NEVER)
    curve = np.full(slots, -1, np.int32)
    rated[carries], limit[carries] = electrical.rated_kw[node[carries]], electrical.limit_kw[node[carries]]
    curve[carries] = electrical.curve_of[node[carries]]
    some = carries[np.isfinite(rated[carries]) & (curve[carries] >= 0)].astype(np.int32)
    earlier = flow.demand if loads.earlier is None else loads.earlier
    before[some] = loads.part_of(some, earlier, np.ones(len(graph.nodes)))
    own = np.full(slots, -1, np.int32)
    if POWER in graph.media:
        pairs = np.flatnonzero(wiring.pair_medium == graph.media.index(POWER))
        own[wiring.pair_slot[pairs]] = pairs
    sizes = [len(each.multiples) for each in electrical.curves]
    return Ratings(
        loads.net,
        rated,
        limit,
        before,
        curve,
        np.concatenate(([0], np.cumsum(sizes))).astype(np.int32),
        np.concatenate([np.empty(0), *(each.multiples for each in electrical.curves)]),
        np.concatenate([np.empty(0), *(each.seconds for each in electrical.curves)]),
        node,
        wiring.slots_at,
        own,
    )


def _no_ratings() -> Ratings:
    flags, numbers = np.empty(0, np.uint8), np.empty(0)
    net = Net(_NONE, _NONE, _NONE, _NONE, _NONE, flags, flags, flags, _NONE, _NONE, _NONE)
    return Ratings(net, numbers, numbers, numbers, _NONE, _NONE, numbers, numbers, _NONE, _NONE, _NONE)
