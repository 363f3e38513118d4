"""One entity changes in a twin of a million: how long until readers have it, and until SQLite has it for good, against pyoxigraph on disk.

To readers: from the wish to the answer of the index of the next revision (its label, its class's members, its place among all entities),
readers of the revision before undisturbed. Durable: the commit, synced to the disk. The peer's store on the disk takes the same quads by
`extend` and answers for the entity. Nothing is timed before the answers are equal.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph as ox

from bench.site import PREFIX, block, owners
from graph.changes import Cause, ChangeSet
from graph.snapshot import LABEL, RDF_TYPE, Snapshot
from graph.stores.sqlite import SqliteStore
from ontology.namespaces import BRICK
from ontology.sources import source_graph
from ontology.terms import KeyQuad, QuadBlock, literal_parts, term_of
from ontology.vocabulary import load_vocabulary
from resolvers.index import Index

NAME = "store.change"
SIZES = (1_000_000,)
AT = datetime(2026, 1, 1, tzinfo=UTC)
Row = dict[str, object]


def run(size: int = SIZES[0], runs: int = 25) -> Iterator[Row]:
    """One row: `runs` changes, each one revision."""
    quads = block(size, 5 * size)
    with tempfile.TemporaryDirectory() as folder:
        store, peer = SqliteStore(Path(folder)), _peer(quads, folder)
        store.commit(ChangeSet(quads, QuadBlock.empty(), owners()), Cause("bench", "dcim", AT, "the site"), expected=0)
        snapshot = Snapshot.of(quads, 1, AT, owners())
        del quads
        index = Index(snapshot, load_vocabulary()).worked_out()
        index.select("brick:Point", None)
        readers, durable, theirs = [], [], []
        for number in range(2, runs + 2):
            iri, said = _entity(number)
            start = time.perf_counter()
            change = snapshot.exact(ChangeSet(QuadBlock.of(said), QuadBlock.empty()))
            committing = time.perf_counter()
            store.commit(change, Cause("bench", "dcim", AT, "one sensor more"), expected=number - 1)
            committed = time.perf_counter()
            older, snapshot = snapshot, snapshot.apply(change, number, AT)
            index = Index(snapshot, index.vocabulary, index).worked_out()
            label = index.label(snapshot.need(iri))
            members = index.select("brick:Point", None)
            done = time.perf_counter()
            readers.append(done - start - (committed - committing))
            durable.append(committed - committing)
            start = time.perf_counter()
            peer.extend([ox.Quad(*(term_of(key) for key in quad)) for quad in said])  # type: ignore[arg-type] # as in the store
            peer.flush()
            found = next(peer.quads_for_pattern(term_of(iri), term_of(LABEL), None, None)).object  # type: ignore[arg-type] # an IRI
            theirs.append(time.perf_counter() - start)
            assert label == found.value == literal_parts(said[1][2]).lexical  # type: ignore[union-attr] # a literal
            assert older.find(iri) is None
            assert len(members) == index.counts[BRICK + "Point"]
        store.close()
    yield {
        "bench": NAME,
        "size": size,
        "ours_s": min(durable),
        "peer": "pyoxigraph on disk",
        "peer_s": min(theirs),
        "ratio": round(min(theirs) / min(durable), 2),
        "runs": runs,
        "ours_median_s": statistics.median(durable),
        "peer_median_s": statistics.median(theirs),
        "to_readers_s": min(readers),
        "to_readers_median_s": statistics.median(readers),
        "to_readers_max_s": max(readers),
    }


def _entity(number: int) -> tuple[str, list[KeyQuad]]:
    """A new sensor in a rack, and its IRI."""
    iri, graph = f"{PREFIX}new-sensor-{number}", source_graph("bms")
    rack = f"{PREFIX}rack-{number}"
    return iri, [
        (iri, RDF_TYPE, BRICK + "Temperature_Sensor", graph),
        (iri, LABEL, f'"New sensor {number}"', graph),
        (iri, BRICK + "isPointOf", rack, graph),
        (rack, BRICK + "hasPoint", iri, graph),
        (rack, BRICK + "hasPart", iri, graph),
    ]


def _peer(quads: QuadBlock, folder: str) -> ox.Store:
    terms = [term_of(key) for key in quads.terms]
    store = ox.Store(str(Path(folder) / "peer"))
    store.bulk_extend(ox.Quad(terms[s], terms[p], terms[o], terms[g]) for s, p, o, g in quads.quads.tolist())
    return store
