"""What every single failure takes down: ours against igraph and networkx.

`all-of`: a campus where everything needs all that feeds it. There what falls is what is reachable, so that the libraries have the same
question; the answers are asserted equal before anything is timed. `redundant`: the same campus with its redundancy. Of that no library has
the question; beside ours stands the reachability that a user of the library would compute instead, and nothing is asserted.
"""

from __future__ import annotations

import statistics
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
    """Two rows a peer up to `PEERS_MAX` nodes; above it one row of the redundant campus, without a peer."""
    built = graph_of(size)
    redundant, _ = timed(lambda: n1(built, NOW), runs)
    nodes = len(built.nodes)
    if size > PEERS_MAX:
        alone: Row = {"bench": NAME, "size": nodes, "campus": "redundant", "ours_s": min(redundant), "peer": None, "runs": len(redundant)}
        yield {**alone, "ours_median_s": statistics.median(redundant)}
        return
    plain = all_of(size)
    edges = list(zip(plain.edges.source.tolist(), plain.edges.target.tolist(), strict=True))
    ours, found = timed(lambda: n1(plain, NOW), runs)
    graph, walked = igraph.Graph(n=nodes, edges=edges, directed=True), nx.DiGraph(edges)
    for peer, times, ask in (
        ("igraph", max(3, runs // 4), lambda: graph.neighborhood_size(order=nodes, mode="out", mindist=1)),
        ("networkx", 1, lambda: [len(nx.descendants(walked, node)) for node in range(nodes)]),
    ):
        theirs, sizes = timed(ask, times)
        assert np.array_equal(sizes, found.lost.pairs), f"{peer} and the engine disagree on what falls with something"
        yield {**row(NAME, nodes, ours, peer, theirs), "campus": "all-of"}
        yield {**row(NAME, nodes, redundant, peer, theirs), "campus": "redundant"}
