"""How available a load is: the exact figure by a decision diagram, against networkx asked of every state whether the load is reached.

The load hangs on two paths that are joined crosswise at every second step, so that no formula of series and parallel parts holds. The two
figures are asserted equal before anything is timed. The peer's cost doubles with each component; what a site's rack costs, with some
hundred components, is told beside it.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from itertools import product
from math import isclose, prod

import networkx as nx  # type: ignore[import-untyped]  # it ships no types
import numpy as np

from analytics.planning.availability import Availability, availability
from analytics.supply import compile_supply
from analytics.supply_graph import SupplyGraph
from bench.failure_one import NOW, Row, row, timed
from graph.snapshot import Snapshot
from ontology.namespaces import BRICK, DCX, DEMO, RDF, XSD
from ontology.terms import QuadBlock, literal
from ontology.vocabulary import Vocabulary, load_vocabulary
from twin.demo.site import generate

NAME = "planning.availability"
SIZES = (10, 14)
"""Components of the small chain: 1,024 and 16,384 states."""
RACKS = 200
LOAD = "urn:bench:rack"
Chain = tuple[list[tuple[str, str]], dict[str, tuple[float, float]]]


def run(size: int, runs: int) -> Iterator[Row]:
    """One row with a chain of `size` components; beside the first size one with a rack of a demo site."""
    vocabulary, (edges, rates) = load_vocabulary(), chain(size)
    snapshot = Snapshot.of(_quads(edges, rates))
    ours, found = _timed(snapshot, vocabulary, LOAD, runs)
    theirs, down = timed(lambda: _every_state(edges, rates), max(1, runs // 10))
    assert (found.method, len(found.components)) == ("decision diagram", size)
    assert isclose(found.low, down, rel_tol=1e-9), f"{found.low} is not {down}"
    yield {**row(NAME, size, ours, "networkx", theirs), "unavailability": down}
    if size != SIZES[0]:
        return
    site = Snapshot.of(generate(RACKS))
    seconds, rack = _timed(site, vocabulary, DEMO + "Rack-R017", runs)
    yield {
        "bench": NAME,
        "question": "a rack of a demo site",
        "size": len(rack.components),
        "ours_s": min(seconds),
        "peer": None,
        "runs": runs,
        "ours_median_s": statistics.median(seconds),
    }


def _timed(snapshot: Snapshot, vocabulary: Vocabulary, load: str, runs: int) -> tuple[list[float], Availability]:
    graph: SupplyGraph = compile_supply(snapshot, vocabulary)
    return timed(lambda: availability(snapshot, vocabulary, graph, NOW, load), runs)


def chain(size: int) -> Chain:
    """Edges of two paths of `size` / 2 components each, and MTBF and MTTR of each, hours; components are down 1 to 10 % of all time."""
    names = [[f"urn:bench:{side}{step:02}" for step in range(size // 2)] for side in "ab"]
    edges = [pair for path in names for pair in zip(path, [*path[1:], LOAD], strict=True)]
    for step in range(0, size // 2 - 1, 2):
        edges += [(names[0][step], names[1][step + 1]), (names[1][step], names[0][step + 1])]
    dice = np.random.default_rng(size)
    return edges, {name: (100.0, float(dice.uniform(1.0, 10.0))) for path in names for name in path}


def _quads(edges: list[tuple[str, str]], rates: dict[str, tuple[float, float]]) -> QuadBlock:
    fed = {target for _, target in edges}
    rows = [(source, DCX + "feedsPower", target, "urn:bench") for source, target in edges]
    rows += [(name, RDF + "type", DCX + ("PDU" if name in fed else "Utility_Feed"), "urn:bench") for name in rates]
    rows.append((LOAD, RDF + "type", BRICK + "ICT_Rack", "urn:bench"))
    for name, hours in rates.items():
        for of, value in zip(("mtbfHours", "mttrHours"), hours, strict=True):
            rows.append((name, DCX + of, literal(repr(value), XSD + "double"), "urn:bench"))
    return QuadBlock.of(rows)


def _every_state(edges: list[tuple[str, str]], rates: dict[str, tuple[float, float]]) -> float:
    """The probability that the load is not reached: of each state in turn."""
    names = sorted(rates)
    down = [mttr / (mtbf + mttr) for mtbf, mttr in (rates[name] for name in names)]
    grid = nx.DiGraph(edges)
    grid.add_edges_from(("grid", name) for name in names if grid.in_degree(name) == 0)
    total = 0.0
    for state in product((True, False), repeat=len(names)):
        up = grid.subgraph(["grid", LOAD, *(name for name, is_up in zip(names, state, strict=True) if is_up)])
        if not nx.has_path(up, "grid", LOAD):
            total += prod(1 - q if is_up else q for is_up, q in zip(state, down, strict=True))
    return total
