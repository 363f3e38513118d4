"""Single points of failure: our dominator kernel against igraph and networkx on a campus where any one supplier is enough.

All three have the graph in their own form before the clock starts; ours is laid out once a revision (`layout_s`, told apart). The trees
are asserted equal.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import igraph  # type: ignore[import-untyped]  # it ships no types
import networkx as nx  # type: ignore[import-untyped]  # it ships no types
import numpy as np

from analytics.sweeps.dominators import flow_of, immediate_dominators
from bench.failure_one import Row, campus, row, timed

NAME = "failure.dominators"
SIZES = (100_000, 1_000_000)


def run(size: int, runs: int) -> Iterator[Row]:
    """One row a peer at `size` nodes; `runs` timed repetitions of ours, a quarter of them (three at least) of the peer's."""
    source, target, first_ups = campus(size)
    nodes = int(target.max()) + 1
    order = np.argsort(source, kind="stable")
    starts = np.searchsorted(source[order], np.arange(nodes + 1)).astype(np.int32)
    targets, sources = np.ascontiguousarray(target[order]), np.arange(first_ups, dtype=np.int32)
    flow_of(starts, targets, sources)
    begun = time.perf_counter()
    flow = flow_of(starts, targets, sources)
    layout = time.perf_counter() - begun
    ours, tree = timed(lambda: immediate_dominators(flow, nodes), runs)
    edges = [*zip(source.tolist(), target.tolist(), strict=True), *((nodes, root) for root in sources.tolist())]

    peer = igraph.Graph(n=nodes + 1, edges=edges, directed=True)
    theirs, above = timed(lambda: peer.dominator(nodes), max(3, runs // 4))
    above = np.array(above[:nodes])
    assert np.array_equal(np.where(above == nodes, np.arange(nodes), above), tree), "igraph and the engine disagree"
    yield {**row(NAME, nodes, ours, "igraph", theirs), "layout_s": layout}
    if size <= SIZES[0]:
        walked = nx.DiGraph(edges)
        theirs, found = timed(lambda: nx.immediate_dominators(walked, nodes), 3)
        assert all(tree[v] == (v if u == nodes else u) for v, u in found.items() if v != nodes), "networkx and the engine disagree"
        yield {**row(NAME, nodes, ours, "networkx", theirs), "layout_s": layout}
