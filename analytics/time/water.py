"""What the water of loops and tanks carries: as long as pumps move it, it cools on while it warms up."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from analytics.time.heat import WATER_KJ_PER_M3_K
from analytics.time.stated import Stated
from analytics.time.table import Kind, Row
from ontology.media import LIQUID_COOLING
from ontology.namespaces import BRICK, DCX, UNIT

GROUP = DCX + "Redundancy_Group"
MOVERS = (BRICK + "Pump", DCX + "CDU", "http://data.ashrae.org/standard223#Pump")
"""What moves water: the water of a loop that these feed carries them while nothing cools it; of another it carries the loop itself."""


def water_stores(stated: Stated) -> list[Row]:
    """One store for each mover of the loops and tanks that state a volume, or for the loop that none moves.

    A loop's water is shared by its movers equally: seconds at 1 kW are V rho c dT.
    """
    graph = stated.graph
    liquid = graph.media.index(LIQUID_COOLING)
    loops = np.unique(graph.edges.target[graph.edges.medium == liquid]).astype(np.int32)
    volume = np.stack(stated.value(BRICK + "volume", loops, UNIT + "M3", by_class=False))
    known = volume[0] > 0
    loops, volume = loops[known], volume[:, known]
    kelvins = volume * np.stack(stated.value(DCX + "bufferRiseKelvin", loops))
    stored: dict[int, list[tuple[int, float, float]]] = defaultdict(list)
    for loop, less, more in zip(loops.tolist(), *kelvins.tolist(), strict=True):
        if np.isnan(less):
            continue
        movers = _movers(stated, loop, liquid)
        for mover in movers or [loop]:
            each = WATER_KJ_PER_M3_K / max(len(movers), 1)
            stored[mover].append((loop, each * less, each * more))
    return [
        Row(
            node,
            liquid,
            Kind.WATER,
            int(stated.terms[parts[0][0]]),
            (sum(less for _, less, _ in parts), sum(more for _, _, more in parts)),
            (1.0, 1.0),
            (1.0, 1.0),
            0.0,
        )
        for node, parts in sorted(stored.items())
    ]


def _movers(stated: Stated, loop: int, liquid: int) -> list[int]:
    """The pumps and distribution units that feed a loop, themselves or as a group, and that need liquid themselves."""
    graph, vocabulary = stated.graph, stated.vocabulary

    def is_a(node: int, ancestors: tuple[str, ...]) -> bool:
        cls = graph.class_iri(node)
        return cls is not None and any(vocabulary.is_a(cls, ancestor) for ancestor in ancestors)

    def suppliers(node: int) -> list[int]:
        first, last = np.searchsorted(graph.edges.target, [node, node + 1])
        return [int(each) for each in graph.edges.source[first:last][graph.edges.medium[first:last] == liquid]]

    feeds = [m for s in suppliers(loop) for m in (suppliers(s) if is_a(s, (GROUP,)) else [s])]
    return sorted({node for node in feeds if is_a(node, MOVERS) and suppliers(node)})
