"""The difference of two revisions, over graphs of several sizes with the same difference: ours follows the difference, not the graph.

The peer has both states as pyoxigraph datasets and takes what the one has and the other has not. The differences are equal before
anything is timed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pyoxigraph as ox

from bench.site import PREFIX, block, owners
from graph.changes import AsOf
from graph.current import CurrentValues
from graph.snapshot import LABEL
from graph.stores.memory import MemoryStore
from ontology.sources import source_graph
from ontology.terms import KeyQuad, QuadBlock, key_of, term_of
from ontology.vocabulary import load_vocabulary
from twin.bus import Bus
from twin.ledger.ledger import Ledger
from twin.state import Twin
from twin.sync import Wish, snapshot_of

NAME = "store.diff"
SIZES = (1_000, 10_000, 100_000)
REVISIONS = 20
AT = datetime(2026, 1, 1, tzinfo=UTC)
Row = dict[str, object]


def run(size: int, runs: int = 15) -> Iterator[Row]:
    """One row: `REVISIONS` revisions of a few quads each on top of a site of `size` entities."""
    quads = block(size, 5 * size)
    store = MemoryStore()
    twin = Twin(load_vocabulary(), snapshot_of(store), CurrentValues(), Bus(), lambda: AT)
    ledger = Ledger(store, twin, lambda: AT)
    for source in sorted(set(owners().values())):
        mine = [graph for graph, owner in owners().items() if owner == source]
        ledger.sync(Wish(source, QuadBlock.of(quad for quad in quads if quad[3] in mine)), author="bench", reason="the site")
    first = twin.snapshot.revision
    for number in range(REVISIONS):
        said = [(f"{PREFIX}rack-{number}", LABEL, f'"renamed {number}"', source_graph("renamed"))]
        wish = Wish("renamed", QuadBlock.of([*said, *twin.snapshot.quads("renamed")]))
        ledger.sync(wish, author="bench", reason="a name")

    def ours() -> tuple[set[KeyQuad], set[KeyQuad]]:
        change = ledger.difference(AsOf(first), AsOf(first + REVISIONS))
        return set(change.added), set(change.removed)

    older, newer = _dataset(ledger.snapshot(AsOf(first)).quads()), _dataset(twin.snapshot.quads())

    def theirs() -> tuple[set[KeyQuad], set[KeyQuad]]:
        return {_keys(quad) for quad in newer if quad not in older}, {_keys(quad) for quad in older if quad not in newer}

    assert ours() == theirs()
    assert len(ours()[0]) == REVISIONS
    our_times, their_times = _times(ours, runs), _times(theirs, 3)
    yield {
        "bench": NAME,
        "size": size,
        "ours_s": min(our_times),
        "peer": "pyoxigraph datasets",
        "peer_s": min(their_times),
        "ratio": round(min(their_times) / min(our_times), 2),
        "runs": runs,
        "ours_median_s": statistics.median(our_times),
        "peer_median_s": statistics.median(their_times),
    }


def _dataset(quads: Iterator[KeyQuad]) -> ox.Dataset:
    return ox.Dataset(ox.Quad(*(term_of(key) for key in quad)) for quad in quads)  # type: ignore[arg-type] # keys say what may stand where


def _keys(quad: ox.Quad) -> KeyQuad:
    return key_of(quad.subject), key_of(quad.predicate), key_of(quad.object), key_of(quad.graph_name)  # type: ignore[arg-type] # RDF 1.1


def _times(act: Callable[[], object], runs: int) -> list[float]:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return times
