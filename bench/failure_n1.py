"""What every single failure takes down: ours against igraph and networkx, on a campus where every requirement is all-of.

There what falls is what is reachable, so that the libraries can be asked the same question; the answers are asserted equal before
anything is timed. Then the same campus as it is built, with its redundancy, of which no library has the question (`peer` null).
"""

from __future__ import annotations

from collections.abc import Iterator

import igraph  # type: ignore[import-untyped]  # it ships no types
import networkx as nx  # type: ignore[import-untyped]  # it ships no types
import numpy as np

from analytics.sweeps.single import n1
from bench.failure_campus import all_of, graph_of
from bench.failure_one import NOW, Row, row, timed

NAME = "failure.n1"
SIZES = (100_000, 1_000_000)
PEERS_MAX = 100_000
"""Above it networkx would take a quarter of an hour."""


def run(size: int, runs: int) -> Iterator[Row]:
    """A row a peer up to `PEERS_MAX` nodes, and one of the campus with its redundancy at any size."""
    if size <= PEERS_MAX:
        plain = all_of(size)
        nodes, edges = len(plain.nodes), list(zip(plain.edges.source.tolist(), plain.edges.target.tolist(), strict=True))
        ours, found = timed(lambda: n1(plain, NOW), runs)
        peer = igraph.Graph(n=nodes, edges=edges, directed=True)
        theirs, sizes = timed(lambda: peer.neighborhood_size(order=nodes, mode="out", mindist=1), max(3, runs // 4))
        assert np.array_equal(sizes, found.lost.pairs), "igraph and the engine disagree on what falls with something"
        yield row(NAME, nodes, ours, "igraph", theirs)
        walked = nx.DiGraph(edges)
        theirs, sizes = timed(lambda: [len(nx.descendants(walked, node)) for node in range(nodes)], 1)
        assert np.array_equal(sizes, found.lost.pairs), "networkx and the engine disagree on what falls with something"
        yield row(NAME, nodes, ours, "networkx", theirs)
    built = graph_of(size)
    ours, _ = timed(lambda: n1(built, NOW), runs)
    yield {
        "bench": NAME,
        "size": len(built.nodes),
        "ours_s": min(ours),
        "peer": None,
        "runs": len(ours),
        "ours_median_s": sorted(ours)[len(ours) // 2],
    }
