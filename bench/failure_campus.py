"""A campus for the sweeps, made in seconds as columns: power by two sides, air, water and network to racks of servers, services on those.

From the top: utilities, UPSs, PDUs, panels, rack feeds on sides A and B; chillers and air handlers; spines and leaves; racks, servers,
services on three servers each. Some five edges a server. Numbers ascend from the sources down.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from analytics.supply_graph import ALL, Edges, Nodes, Requirements, SupplyGraph
from ontology.media import AIR_COOLING, COMPUTE, LIQUID_COOLING, MEDIA, NETWORK, POWER
from ontology.terms import Ids

SERVERS = 20
"""In a rack."""
WANTED = {POWER: 1, AIR_COOLING: 4, LIQUID_COOLING: 3, NETWORK: 1, COMPUTE: 2}
"""Of two cords or inputs, five air handlers, four chillers, the leaves or spines, three replicas."""


@dataclass
class _Campus:
    sources: list[Ids] = field(default_factory=list)
    targets: list[Ids] = field(default_factory=list)
    media: list[Ids] = field(default_factory=list)
    nodes: int = 0

    def tier(self, count: int) -> Ids:
        """So many new nodes."""
        self.nodes += count
        return np.arange(self.nodes - count, self.nodes, dtype=np.int32)

    def feed(self, above: Ids, below: Ids, medium: str, times: int = 1) -> None:
        """Each of a tier hangs on so many of another, near its own place."""
        here = np.arange(len(below))
        for n in range(times):
            self.sources.append(above[(here * len(above) // len(below) + n) % len(above)])
            self.targets.append(below)
            self.media.append(np.full(len(below), MEDIA.index(medium), np.int32))


def campus(size: int) -> tuple[list[str], Edges]:
    """Ids and edges of a campus of about `size` nodes (10,000 and more)."""
    racks_wanted = max(size // 30, 100)
    site = _Campus()
    utilities = site.tier(2)
    chillers, spines = site.tier(max(racks_wanted // 450, 1) * 4), site.tier(8)
    sides = []
    for side in range(2):
        ups = site.tier(max(racks_wanted // 150, 4))
        pdus, panels, feeds = (site.tier(max(racks_wanted // each, 4)) for each in (48, 12, 1))
        site.feed(utilities[side:], ups, POWER)
        for above, below in ((ups, pdus), (pdus, panels), (panels, feeds)):
            site.feed(above, below, POWER)
        sides.append((pdus, feeds))
    crahs, leaves = site.tier(max(racks_wanted // 36, 1) * 5), [site.tier(racks_wanted) for _ in range(2)]
    for pdus, _ in sides:
        site.feed(pdus, chillers, POWER)
        site.feed(pdus, crahs, POWER)
    site.feed(chillers, crahs, LIQUID_COOLING, 4)
    racks, servers = site.tier(racks_wanted), site.tier(racks_wanted * SERVERS)
    site.feed(crahs, racks, AIR_COOLING, 5)
    site.feed(racks, servers, AIR_COOLING)
    for _, feeds in sides:
        site.feed(feeds, servers, POWER)
    for leaf in leaves:
        site.feed(spines, leaf, NETWORK, 8)
        site.feed(leaf, servers, NETWORK)
    services = site.tier(racks_wanted * 6)
    dice = np.random.default_rng(7)
    near = np.arange(len(services)) * len(servers) // len(services)
    for _ in range(3):
        site.sources.append(servers[(near + dice.integers(0, 2 * SERVERS, len(services))) % len(servers)])
        site.targets.append(services)
        site.media.append(np.full(len(services), MEDIA.index(COMPUTE), np.int32))
    edges = Edges.of(np.concatenate(site.sources), np.concatenate(site.targets), np.concatenate(site.media))
    return [f"urn:bench:{number:08}" for number in range(site.nodes)], edges


def graph_of(size: int) -> SupplyGraph:
    """The campus with its redundancy: each thing needs what `WANTED` says in each medium."""
    ids, edges = campus(size)
    wanted = np.array([WANTED.get(medium, 1) for medium in MEDIA], dtype=np.int32)
    held = Requirements.of_pairs(edges, lambda _, medium: wanted[medium])
    return SupplyGraph(0, Nodes.plain(ids), MEDIA, edges, _attainable(held))


def all_of(size: int) -> SupplyGraph:
    """The campus in one medium, everything needing all that feeds it: what falls is what can be reached."""
    ids, edges = campus(size)
    return SupplyGraph.from_edges(ids, edges.source, edges.target, at_least=ALL)


def _attainable(held: Requirements) -> Requirements:
    """No requirement asks for more suppliers than it has."""
    most = np.minimum(held.at_least, np.diff(held.starts)).astype(np.int32)
    return Requirements(held.node, held.medium, most, held.starts, held.suppliers)
