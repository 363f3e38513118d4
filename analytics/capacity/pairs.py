"""Pairs where load plays a part: one may stand for a node without a pair, a source of power that nothing feeds.

Its number then is the number of pairs + the node's number.
"""

from __future__ import annotations

import numpy as np

from analytics.capacity.flow import Loads
from analytics.state import Plant
from analytics.wiring import Wiring
from ontology.terms import Ids


def power_pairs(plant: Plant, loads: Loads | None, nodes: Ids) -> Ids:
    """The pair of each node in power, ascending."""
    wiring = plant.wiring
    medium = 0 if loads is None else loads.medium
    found = [
        next((pair for pair in wiring.pairs_of(node) if wiring.pair_medium[pair] == medium), len(wiring.pair_node) + node)
        for node in nodes.tolist()
    ]
    return np.array(sorted(found), dtype=np.int32)


def nodes_of(wiring: Wiring, pairs: Ids) -> Ids:
    """The node of each pair."""
    known = len(wiring.pair_node)
    if len(pairs) == 0 or pairs.max() < known:
        return wiring.pair_node[pairs]
    return np.where(pairs < known, np.append(wiring.pair_node, 0)[np.minimum(pairs, known)], pairs - known).astype(np.int32)


def media_of(wiring: Wiring, pairs: Ids, power: int) -> Ids:
    """The medium of each pair."""
    known = len(wiring.pair_node)
    if len(pairs) == 0 or pairs.max() < known:
        return wiring.pair_medium[pairs]
    return np.append(wiring.pair_medium, np.int32(power))[np.minimum(pairs, known)]
