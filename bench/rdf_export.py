"""The twin as text: our writer from a snapshot's columns against rdflib's serialiser from its graph.

Both hold the synthetic site before anything is timed, and what both write is parsed again by the same parser and compared by RDFC-1.0
canonical form: equal datasets, or no row. Two rows: Turtle, which people read, and N-Quads, which programs read.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Iterator

import pyoxigraph as ox
import rdflib

from graph.snapshot import Snapshot
from ontology.namespaces import PREFIXES
from ontology.rdf import write
from ontology.terms import QuadBlock
from twin.demo.site import generate

NAME = "rdf.export"
SIZES = (200,)
"""Racks of the site; 200 are some 80,000 statements."""
GRAPH = "urn:ridethrough:bench"
Row = dict[str, object]


def run(size: int = SIZES[0], runs: int = 5) -> Iterator[Row]:
    """A row for Turtle and one for N-Quads; `size` of the row is its statements."""
    snapshot = Snapshot.of(QuadBlock.of((s, p, o, GRAPH) for s, p, o, _ in generate(racks=size)))
    for syntax, theirs in (("turtle", _rdflib_turtle(snapshot)), ("nquads", _rdflib_nquads(snapshot))):

        def ours(syntax: str = syntax) -> bytes:
            out = io.BytesIO()
            write(snapshot.block(), syntax, out)
            return out.getvalue()

        form = ox.RdfFormat.TURTLE if syntax == "turtle" else ox.RdfFormat.N_QUADS
        assert _canonical(ours(), form) == _canonical(theirs(), form)
        our_times, their_times = _times(ours, runs), _times(theirs, max(2, runs // 2))
        yield {
            "bench": NAME,
            "what": syntax,
            "size": len(snapshot),
            "ours_s": min(our_times),
            "peer": "rdflib",
            "peer_s": min(their_times),
            "ratio": round(min(their_times) / min(our_times), 2),
            "runs": runs,
            "ours_median_s": statistics.median(our_times),
            "peer_median_s": statistics.median(their_times),
            "statements_per_s": round(len(snapshot) / min(our_times)),
        }


def _rdflib_turtle(snapshot: Snapshot) -> Callable[[], bytes]:
    graph = rdflib.Graph()
    graph.parse(_written(snapshot, "ntriples"), format="nt")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    return lambda: graph.serialize(format="turtle", encoding="utf-8")


def _rdflib_nquads(snapshot: Snapshot) -> Callable[[], bytes]:
    graph = rdflib.Dataset()
    graph.parse(_written(snapshot, "nquads"), format="nquads")
    return lambda: graph.serialize(format="nquads", encoding="utf-8")


def _written(snapshot: Snapshot, syntax: str) -> io.BytesIO:
    out = io.BytesIO()
    write(snapshot.block(), syntax, out)
    out.seek(0)
    return out


def _canonical(text: bytes, form: ox.RdfFormat) -> list[str]:
    dataset = ox.Dataset(ox.parse(text, format=form))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(map(str, dataset))


def _times(act: Callable[[], object], runs: int) -> list[float]:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return times
