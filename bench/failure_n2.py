"""All double failures of a site's infrastructure: ours, against running each pair by itself with our own engine on a sample of them.

No library has the question. The sample's answers are asserted equal, and the time of a pair by itself is scaled to all pairs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from analytics.state import lost_nodes
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.double import n2
from bench.failure_campus import graph_of
from bench.failure_one import NOW, Row, row, timed

NAME = "failure.n2"
SIZES = (100_000,)
SAMPLE = 300


def run(size: int, runs: int) -> Iterator[Row]:
    """One row: all pairs at `size` nodes, and what they would take one by one."""
    graph = graph_of(size)
    ours, found = timed(lambda: n2(graph, NOW), runs)
    units, dice = found.units, np.random.default_rng(1)
    harmful = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    sample = dice.choice(len(units), (SAMPLE, 2))
    sample[: SAMPLE // 2] = np.array(sorted(harmful))[dice.choice(len(harmful), SAMPLE // 2)]
    pairs = sorted({(min(a, b), max(a, b)) for a, b in sample.tolist() if a != b})
    begun = time.perf_counter()
    told = {pair for pair in pairs if _worse(graph, int(units.nodes[pair[0]]), int(units.nodes[pair[1]]))}
    each = (time.perf_counter() - begun) / len(pairs)
    assert told == harmful & set(pairs), "the sweep and a pair by itself disagree"
    yield {
        **row(NAME, len(graph.nodes), ours, "one by one (extrapolated)", [each * found.pairs]),
        "pairs": found.pairs,
        "run": found.run,
        "harmful": found.harmful,
    }


def _worse(graph: SupplyGraph, one: int, two: int) -> bool:
    """Whether two failures take a node down that neither takes alone."""
    both, first, second = (set(lost_nodes(graph, np.array(failed, np.int32), NOW).tolist()) for failed in ([one, two], [one], [two]))
    return bool(both - first - second)
