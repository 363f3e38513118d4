"""What opens because it carries too much after a failure, and when: the cascade of `analytics/capacity`, as the timeline takes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.capacity.cascade import Cascade, cascade
from analytics.capacity.flow import loads_since
from analytics.conditions import Conditions
from analytics.state import Plant
from analytics.supply_graph import SupplyGraph
from graph.values import Floats
from ontology.media import POWER
from ontology.terms import Ids

ASSUMED = (
    "what trips by overload does so by its curve at the loads of the failure: that sources start late and stores run out is not in these"
)


@dataclass(frozen=True, slots=True)
class Trips:
    """In order of time: nodes with their loads and ratings, and the slots that open with them."""

    nodes: Ids
    at_s: Floats
    """Seconds after the failure."""
    kw: Floats
    rated_kw: Floats
    slots: Ids
    pairs: Ids
    """Per slot: the pair that is lost with it, that of the node's own power; -1: none."""
    slots_at_s: Floats

    @staticmethod
    def after(graph: SupplyGraph, state: Plant, conditions: Conditions, failed: Ids, unmoved: SupplyGraph | None = None) -> Trips:
        """What trips when the given nodes fail, and after tenants' moves from what was so in `unmoved`; nothing where no rating is stated.
        Cost: one cascade of loads."""
        loads = loads_since(graph, state, conditions, unmoved)
        found = Cascade.none() if loads is None else cascade(state, loads, failed)
        rated = np.empty(0) if loads is None else loads.electrical.rated_kw[found.tripped]
        wiring = state.wiring
        sizes = wiring.slots_at[found.tripped + 1] - wiring.slots_at[found.tripped]
        slots = np.concatenate([np.empty(0, np.int32), *(state.slots(np.array([node], np.int32)) for node in found.tripped.tolist())])
        power = graph.media.index(POWER) if POWER in graph.media else -1
        own = [
            next((pair for pair in wiring.pairs_of(node) if wiring.pair_medium[pair] == power and wiring.pair_slot[pair] == slot), -1)
            for node, slot in zip(np.repeat(found.tripped, sizes).tolist(), slots.tolist(), strict=True)
        ]
        return Trips(
            found.tripped,
            found.at_s,
            found.trip_kw,
            rated,
            slots.astype(np.int32),
            np.array(own, dtype=np.int32),
            np.repeat(found.at_s, sizes),
        )
