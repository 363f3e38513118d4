"""A large synthetic site, made in seconds as columns: halls, rows, racks, servers, the plant that feeds them, and their points.

It has the shape that matters for stores and snapshots (many entities with few facts, a few hubs, edges of several kinds and ways, some
literals), not the behaviour of a real site: for that there is `twin.demo.site`. Equal arguments give equal quads.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ontology.namespaces import BRICK, DCX, RDF, RDFS, XSD
from ontology.sources import source_graph
from ontology.terms import Ids, QuadBlock

SOURCES = ("dcim", "bms", "network")
PREFIX = "urn:ridethrough:bench:"
EDGES_MIN = 2.5
"""Edges that an entity has at the least: parts, places, points and power take these."""
_KINDS = (  # kind, class, entities for each of it
    ("hall", DCX + "Data_Hall", 20_000),
    ("row", DCX + "Rack_Row", 1_000),
    ("rack", BRICK + "Rack", 50),
    ("plant", DCX + "PDU", 25),
    ("server", BRICK + "Server", 5),
    ("point", BRICK + "Power_Sensor", 0),
)
Places = NDArray[np.int64]


def owners() -> Mapping[str, str]:
    """The owner of each graph of the site."""
    return {source_graph(source): source for source in SOURCES}


def block(entities: int = 1_000_000, edges: int = 5_000_000, seed: int = 1) -> QuadBlock:
    """A site of that many named entities with that many edges between them, and three literals or types for each: 8 million quads by
    default. Raises `ValueError` for fewer than `EDGES_MIN` edges an entity. Cost: some seconds for a million entities."""
    if edges < EDGES_MIN * entities or entities < 100:
        raise ValueError(f"{entities} entities with {edges} edges are no site: have 100 entities or more, and {EDGES_MIN} edges for each")
    counts = [max(1, entities // each) for _, _, each in _KINDS[:-1]]
    counts.append(entities - sum(counts))
    ends = np.cumsum(counts)
    kinds = {kind: np.arange(end - count, end) for (kind, _, _), count, end in zip(_KINDS, counts, ends.tolist(), strict=True)}
    names = [f"{kind}-{n}" for (kind, _, _), count in zip(_KINDS, counts, strict=True) for n in range(count)]
    tail = [cls for _, cls, _ in _KINDS] + [source_graph(source) for source in SOURCES]
    labels, identifiers = [f'"{name}"' for name in names], [f'"SN{n:08d}"' for n in range(int(ends[4]))]
    periods = [f'"{seconds}.0"^^{XSD}double' for seconds in (1, 5, 60)]
    site = _Site([*(PREFIX + name for name in names), *labels, *identifiers, *periods, *tail])
    every = np.arange(entities)
    site.say(every, RDF + "type", site.place(tail[0]) + np.repeat(np.arange(len(_KINDS)), counts), "dcim")
    site.say(every, RDFS + "label", every + entities, "dcim")
    site.say(every[: ends[4]], DCX + "serialNumber", 2 * entities + every[: ends[4]], "dcim")
    site.say(kinds["point"], DCX + "samplePeriod", site.place(periods[0]) + kinds["point"] % len(periods), "bms")
    _connect(site, kinds, edges, np.random.default_rng(seed))
    return site.block()


def _connect(site: _Site, kinds: Mapping[str, Places], edges: int, chance: np.random.Generator) -> None:
    """What is part of what, where it stands, what it reads and what feeds it; what is left of `edges` carries data and air."""
    start = site.edges
    hall, row, rack, plant, server, point = kinds.values()
    for inner, outer in ((row, hall), (rack, row)):
        site.say(outer[np.arange(len(inner)) % len(outer)], BRICK + "hasPart", inner, "dcim")
    stands = np.concatenate((plant, server))
    site.say(stands, BRICK + "hasLocation", rack[np.arange(len(stands)) % len(rack)], "dcim")
    read = stands[np.arange(len(point)) % len(stands)]
    site.say(read, BRICK + "hasPoint", point, "bms")
    site.say(point, BRICK + "isPointOf", read, "bms")
    fed = np.arange(1, len(plant))
    site.say(plant[chance.integers(0, fed)], DCX + "feedsPower", plant[fed], "dcim")
    half = (np.arange(len(server)) % max(1, len(plant) // 2)) * 2
    for side in (0, 1):
        site.say(plant[np.minimum(half + side, len(plant) - 1)], DCX + "feedsPower", server, "dcim")
    left = edges - (site.edges - start)
    suppliers, width = np.concatenate((plant, server)), len(server)
    pairs = np.unique(chance.integers(0, len(suppliers) * width, int(left * 1.2) + 100))
    while len(pairs) < left:
        pairs = np.unique(np.concatenate((pairs, chance.integers(0, len(suppliers) * width, left))))
    pairs = np.sort(chance.permutation(pairs)[:left])
    sources, targets = suppliers[pairs // width], server[pairs % width]
    for n, predicate in enumerate(("feedsNetwork", "feedsAirCooling", "feedsCompute")):
        site.say(sources[n::3], DCX + predicate, targets[n::3], "network")


class _Site:
    """Columns in the making."""

    def __init__(self, terms: list[str]) -> None:
        self._terms = terms
        self._places = {term: place for place, term in enumerate(terms)}
        self._parts: list[Ids] = []
        self.edges = 0

    def place(self, term: str) -> int:
        """The place of a term, given now when it is new."""
        place = self._places.get(term)
        if place is None:
            place = self._places[term] = len(self._terms)
            self._terms.append(term)
        return place

    def say(self, subjects: Places, predicate: str, objects: Places, source: str) -> None:
        """One predicate from each subject to the object beside it."""
        rows = np.empty((len(subjects), 4), dtype=np.int32)
        rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3] = subjects, self.place(predicate), objects, self.place(source_graph(source))
        self._parts.append(rows)
        self.edges += len(rows)

    def block(self) -> QuadBlock:
        """All that was said, no quad twice."""
        return QuadBlock(self._terms, np.concatenate(self._parts))
