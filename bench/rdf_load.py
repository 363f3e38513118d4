"""Turtle to a graph that can be queried: our snapshot against an rdflib graph.

Both read the same file of the synthetic site from disk. Before anything is timed the two hold the same graph: equal counts, and equal
RDFC-1.0 canonical forms of the statements without and with nameless nodes.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph as ox
import rdflib

from graph.snapshot import Snapshot
from ontology.rdf import read, write
from ontology.terms import term_of
from twin.demo.site import generate

NAME = "rdf.load"
SIZES = (200,)
"""Racks of the site; 200 are some 80,000 statements."""
AT = datetime(2026, 1, 1, tzinfo=UTC)
Row = dict[str, object]


def run(size: int = SIZES[0], runs: int = 5) -> Iterator[Row]:
    """One row: the site of `size` racks; `size` of the row is its statements."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "site.ttl"
        with file.open("wb") as out:
            write(generate(racks=size), "turtle", out)

        def ours() -> Snapshot:
            return Snapshot.of(read(file, source="bench"), at=AT)

        def theirs() -> rdflib.Graph:
            return rdflib.Graph().parse(file, format="turtle")

        snapshot, graph = ours(), theirs()
        assert len(snapshot) == len(graph)
        assert _canonical(_from_snapshot(snapshot)) == _canonical(_from_rdflib(graph))
        our_times, their_times = _times(ours, runs), _times(theirs, max(2, runs // 2))
    yield {
        "bench": NAME,
        "size": len(snapshot),
        "ours_s": min(our_times),
        "peer": "rdflib",
        "peer_s": min(their_times),
        "ratio": round(min(their_times) / min(our_times), 2),
        "runs": runs,
        "ours_median_s": statistics.median(our_times),
        "peer_median_s": statistics.median(their_times),
    }


def _from_snapshot(snapshot: Snapshot) -> ox.Dataset:
    return ox.Dataset(ox.Quad(term_of(s), term_of(p), term_of(o)) for s, p, o, _ in snapshot.quads())  # type: ignore[arg-type] # keys say what may stand where


def _from_rdflib(graph: rdflib.Graph) -> ox.Dataset:
    return ox.Dataset(ox.parse(graph.serialize(format="nt").encode(), format=ox.RdfFormat.N_TRIPLES))


def _canonical(dataset: ox.Dataset) -> list[str]:
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(map(str, dataset))


def _times(act: Callable[[], object], runs: int) -> list[float]:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return times
