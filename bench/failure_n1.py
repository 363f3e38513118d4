"""What every single failure takes down: ours against igraph and networkx.

`all-of`: a campus where everything needs all that feeds it. There what falls is what is reachable, so that the libraries have the same
question; the answers are asserted equal before anything is timed. `redundant`: the same campus with its redundancy. Of that no library has
the question; beside ours stands the reachability that a user of the library would compute instead, and nothing is asserted.

igraph's counts of what can be reached are the fastest that it has (compiled, one call for all nodes); ours are the losses as `impact`
counts them, each with racks, services, tenants, kW and whether anything is left weaker. `floor_s` is a loop that reads each failure's own
edges once and writes its row: no sweep that looks at each failure is faster on this machine.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import igraph  # type: ignore[import-untyped]  # it ships no types
import networkx as nx  # type: ignore[import-untyped]  # it ships no types
import numpy as np

from analytics.state import plant
from analytics.sweeps.single import n1
from bench.failure_campus import all_of, graph_of
from bench.failure_one import NOW, Row, row, timed
from graph.compiled import compiled
from ontology.terms import Ids

NAME = "failure.n1"
SIZES = (100_000, 1_000_000)
PEERS_MAX = 100_000
"""Above it networkx would take a quarter of an hour."""


def run(size: int, runs: int) -> Iterator[Row]:
    """Two rows a peer up to `PEERS_MAX` nodes; above it one a campus, without a peer."""
    built = graph_of(size)
    redundant, _ = timed(lambda: n1(built, NOW), runs)
    nodes, plain = len(built.nodes), all_of(size)
    if size > PEERS_MAX:
        every, _ = timed(lambda: n1(plain, NOW), runs)
        for name, taken in (("redundant", redundant), ("all-of", every)):
            alone: Row = {"bench": NAME, "size": nodes, "campus": name, "ours_s": min(taken), "peer": None, "runs": len(taken)}
            yield {**alone, "ours_median_s": statistics.median(taken)}
        return
    edges = list(zip(plain.edges.source.tolist(), plain.edges.target.tolist(), strict=True))
    ours, found = timed(lambda: n1(plain, NOW), runs)
    graph, walked = igraph.Graph(n=nodes, edges=edges, directed=True), nx.DiGraph(edges)
    for peer, times, ask in (
        ("igraph", max(3, runs // 4), lambda: graph.neighborhood_size(order=nodes, mode="out", mindist=1)),
        ("networkx", 1, lambda: [len(nx.descendants(walked, node)) for node in range(nodes)]),
    ):
        theirs, sizes = timed(ask, times)
        assert np.array_equal(sizes, found.lost.pairs), f"{peer} and the engine disagree on what falls with something"
        floor, _ = timed(lambda: _floor(plant(plain, NOW).wires.feeds_at, plant(plain, NOW).wires.feeds), runs)
        answers = {"peer_answers": "what can be reached", "floor_s": min(floor)}
        yield {**row(NAME, nodes, ours, peer, theirs), "campus": "all-of", **answers}
        yield {**row(NAME, nodes, redundant, peer, theirs), "campus": "redundant", **answers, "same_question": False}


@compiled
def _floor(feeds_at: Ids, feeds: Ids) -> Ids:
    rows = np.zeros((len(feeds_at) - 1, 6), np.int32)
    for slot in range(len(rows)):
        for at in range(feeds_at[slot], feeds_at[slot + 1]):
            rows[slot, 0] += feeds[at] & 1
        for column in range(1, 6):
            rows[slot, column] = rows[slot, 0]
    return rows
