"""A rack that holds something is its housing: warm air at its door harms nobody until the first thing in it is without."""

from __future__ import annotations

import numpy as np

from analytics.supply_graph import SupplyGraph
from analytics.wiring import Wiring
from graph.values import Floats
from ontology.media import POWER
from ontology.terms import Ids


def by_what_they_hold(graph: SupplyGraph, wiring: Wiring, pairs: Ids, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """When each of some lost pairs counts as lost, seconds: those of racks, in all media but power, with the first thing in them that has a
    supply in that medium; `inf` where that is not lost.

    A rack's own loss comes first, so no time is earlier than without. A rack in which nothing has such a supply keeps its own times, and so
    does power: without it the rack's own outlets are dead at once. Cost: a pass over what is mounted, and the pairs.
    """
    media = len(graph.media)
    thing, rack = graph.loads.mounted[np.isin(graph.loads.mounted[:, 1], graph.loads.racks)].T
    rack_of = np.full(len(graph.nodes), -1, dtype=np.int64)
    rack_of[thing] = rack
    inside = rack_of[wiring.pair_node] >= 0
    keys = np.unique(rack_of[wiring.pair_node[inside]] * media + wiring.pair_medium[inside])
    if len(keys) == 0:
        return lower, upper
    first = np.full((2, len(keys)), np.inf)
    lost = np.flatnonzero(inside[pairs])
    at = np.searchsorted(keys, rack_of[wiring.pair_node[pairs[lost]]] * media + wiring.pair_medium[pairs[lost]])
    np.minimum.at(first[0], at, lower[lost])
    np.minimum.at(first[1], at, upper[lost])
    own = wiring.pair_node[pairs].astype(np.int64) * media + wiring.pair_medium[pairs]
    at = np.minimum(np.searchsorted(keys, own), len(keys) - 1)
    housed = (keys[at] == own) & (wiring.pair_medium[pairs] != graph.media.index(POWER))
    return (
        np.where(housed, np.maximum(lower, first[0, at]), lower),
        np.where(housed, np.maximum(upper, first[1, at]), upper),
    )
