"""Whether a campus is concurrently maintainable: the whole proof, against reachability in networkx, each component removed by itself.

Every node needs one of its suppliers and no rating is stated, so that what keeps its supply is what can be reached from a source. Of a
sample of components, half of them breaches, the servers lost are asserted equal; the time of one is scaled to all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import networkx as nx  # type: ignore[import-untyped]  # it ships no types
import numpy as np

from analytics.proofs.prove import Question, concurrently_maintainable
from analytics.supply_graph import Loads, SupplyGraph
from bench.failure_cascade import campus
from bench.failure_one import NOW, Row, row, timed

NAME = "failure.proofs"
SIZES = (10_000, 100_000)
SAMPLE = 40


def run(size: int, runs: int) -> Iterator[Row]:
    """One row at `size` nodes: the certificate, and what trying one component after the other would take."""
    source, target, tiers, _ = campus(size)
    ids = [f"urn:bench:{number:08}" for number in range(size)]
    servers = np.arange(tiers[2], size, dtype=np.int32)
    load = replace(Loads.none(), equipment=servers, equipment_kw=np.full(len(servers), 0.4))
    graph = replace(SupplyGraph.from_edges(ids, source, target, at_least=1), loads=load)
    full = concurrently_maintainable(graph, NOW, asked=Question(first=size)).main
    ours, found = timed(lambda: concurrently_maintainable(graph, NOW).main, runs)
    assert (found.tried, found.breached, found.counter_example) == (full.tried, full.breached, full.counter_example)
    lost = {breach.out.id: breach.lost.equipment for breach in full.breaches}
    components, dice = sum(found.tried.values()), np.random.default_rng(1)
    assert components == tiers[2]
    breaches = np.array(sorted(int(each.rsplit(":", 1)[1]) for each in lost))
    sample = np.concatenate((dice.choice(breaches, min(len(breaches), SAMPLE // 2), replace=False), dice.choice(tiers[2], SAMPLE // 2)))
    peer = nx.DiGraph(zip(source.tolist(), target.tolist(), strict=True))
    peer.add_edges_from((size, utility) for utility in range(tiers[0]))
    begun = time.perf_counter()
    theirs = {node: _lost(peer, node, size, tiers[2]) for node in sample.tolist()}
    each = (time.perf_counter() - begun) / len(theirs)
    assert theirs == {node: lost.get(ids[node], 0) for node in theirs}, "the proof and networkx disagree on what is lost"
    yield {
        **row(NAME, size, ours, "networkx (extrapolated)", [each * components]),
        "components": components,
        "breaches": len(lost),
        "asserted": len(theirs),
    }


def _lost(graph: nx.DiGraph, node: int, grid: int, servers: int) -> int:
    """How many servers cannot be reached from the grid without a node, which is put back again."""
    edges = [*graph.in_edges(node), *graph.out_edges(node)]
    graph.remove_node(node)
    kept: int = sum(each >= servers for each in nx.descendants(graph, grid))
    graph.add_edges_from(edges)
    return grid - servers - kept
