"""What falls when one UPS fails: our engine against networkx and igraph, on a campus where every requirement is all-of.

There what is lost is what is reachable, so that the libraries can be asked the same question; the answers are asserted equal before
anything is timed. With the redundancy that a real site has, no library has the question, and nothing is compared.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

import igraph  # type: ignore[import-untyped]  # it ships no types
import networkx as nx  # type: ignore[import-untyped]  # it ships no types
import numpy as np

from analytics.conditions import Conditions
from analytics.impact import impact
from analytics.state import lost_nodes
from analytics.supply_graph import ALL, SupplyGraph
from bench.failure_campus import graph_of
from ontology.terms import Ids

NAME = "failure.one"
SIZES = (100_000, 1_000_000)
SAMPLES = 1_000
"""Failures, drawn evenly, of which the whole answer is timed."""
NOW = Conditions(datetime(2026, 1, 1, tzinfo=UTC))
T = TypeVar("T")
Row = dict[str, object]


def run(size: int, runs: int) -> Iterator[Row]:
    """One row a peer at `size` nodes; `runs` timed repetitions of ours, a quarter of them (three at least) of the peer's."""
    source, target, ups = campus(size)
    ids = [f"urn:bench:{number:08}" for number in range(int(target.max()) + 1)]
    failed = np.array([ups], dtype=np.int32)
    all_of = SupplyGraph.from_edges(ids, source, target, at_least=ALL)
    ours, lost = timed(lambda: lost_nodes(all_of, failed, NOW), runs)
    for peer, ask in (("networkx", _networkx(source, target, ups)), ("igraph", _igraph(len(ids), source, target, ups))):
        theirs, reached = timed(ask, max(3, runs // 4))
        assert sorted(reached) == lost.tolist(), f"{peer} and the engine disagree on what {ids[ups]} takes down"
        yield row(NAME, len(ids), ours, peer, theirs)
    yield _with_evidence(size, SAMPLES if runs > 10 else SAMPLES // 5)


def _with_evidence(size: int, samples: int) -> Row:
    """The whole answer of `impact` (outcomes, evidence, redundancy lost, totals) on the campus of the sweeps with its redundancy, for
    failures drawn evenly from all equipment: no library has the question."""
    graph = graph_of(size)
    nodes = np.random.default_rng(7).choice(len(graph.nodes), samples + 1).tolist()
    impact(graph, [graph.id(nodes[0])], NOW)
    seconds, cpu = [], []
    for node in nodes[1:]:
        start, busy = time.perf_counter(), time.thread_time()
        impact(graph, [graph.id(node)], NOW)
        seconds.append(time.perf_counter() - start)
        cpu.append(time.thread_time() - busy)
    return {
        "bench": NAME,
        "question": "impact with evidence",
        "size": len(graph.nodes),
        "ours_s": min(seconds),
        "peer": None,
        "runs": samples,
        "ours_median_s": statistics.median(seconds),
        "ours_p99_s": float(np.quantile(seconds, 0.99)),
        "ours_cpu_median_s": statistics.median(cpu),
        "ours_cpu_p99_s": float(np.quantile(cpu, 0.99)),
    }


def campus(size: int) -> tuple[Ids, Ids, int]:
    """Edges of a campus of `size` nodes (10,000 and more), and a UPS of it.

    From the top: utilities, UPS, PDUs, panels, rack feeds A and B, racks, servers, services.

    Each tier hangs on two or three of the tier above, near its own place, as rooms do. Numbers ascend from the sources down.
    """
    dice = np.random.default_rng(7)
    servers = size * 2 // 3
    tiers = [
        2,
        max(servers // 10_000, 2),
        max(servers // 2_000, 4),
        max(servers // 240, 8),
        servers // 10,
        servers // 20,
        servers,
    ]
    tiers.append(size - sum(tiers))
    feeds = [0, 2, 2, 2, 1, 2, 1, 3]
    sources, targets = [], []
    first_above, first = 0, tiers[0]
    for above, tier, cords in zip(tiers, tiers[1:], feeds[1:], strict=False):
        here = np.arange(tier)
        for cord in range(cords):
            spread = dice.integers(0, 2, tier) if cords == 3 else 0
            sources.append(first_above + (here * above // tier + cord * max(above // tier, 1) + spread) % above)
            targets.append(first + here)
        first_above, first = first, first + tier
    return np.concatenate(sources).astype(np.int32), np.concatenate(targets).astype(np.int32), tiers[0]


def _networkx(source: Ids, target: Ids, ups: int) -> Callable[[], set[int]]:
    graph = nx.DiGraph()
    graph.add_edges_from(zip(source.tolist(), target.tolist(), strict=True))
    return lambda: set(nx.descendants(graph, ups))


def _igraph(nodes: int, source: Ids, target: Ids, ups: int) -> Callable[[], list[int]]:
    graph = igraph.Graph(n=nodes, edges=np.stack((source, target), axis=1), directed=True)
    return lambda: [node for node in graph.subcomponent(ups, mode="out") if node != ups]


def timed(ask: Callable[[], T], runs: int) -> tuple[list[float], T]:
    """Seconds of each run after one that warms up, and the answer."""
    answer = ask()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        answer = ask()
        seconds.append(time.perf_counter() - start)
    return seconds, answer


def row(bench: str, size: int, ours: list[float], peer: str, theirs: list[float]) -> Row:
    """What one peer took beside ours, in seconds."""
    return {
        "bench": bench,
        "size": size,
        "ours_s": min(ours),
        "peer": peer,
        "peer_s": min(theirs),
        "ratio": min(theirs) / min(ours),
        "runs": len(ours),
        "ours_median_s": statistics.median(ours),
        "peer_median_s": statistics.median(theirs),
    }
