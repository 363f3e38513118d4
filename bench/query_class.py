"""All entities of a Brick class and its subclasses, in order of IRIs: the index against pyoxigraph's own SPARQL path query.

Ours is asked each time as if for the first time in a revision: nothing that was kept from the question before is used; `kept_s` is the
same question once more. The peer has the same quads and the ontology's subclass triples. Both give the same IRIs before anything is timed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import pyoxigraph as ox

from bench.site import block
from graph.snapshot import Snapshot
from ontology.namespaces import BRICK, RDFS
from ontology.terms import QuadBlock, term_of
from ontology.vocabulary import Vocabulary, load_vocabulary
from resolvers.index import Index

NAME = "query.class"
SIZES = (100_000,)
CLASSES = (BRICK + "Point", BRICK + "Equipment", BRICK + "Electrical_Equipment")
Row = dict[str, object]


def run(size: int = SIZES[0], runs: int = 9) -> Iterator[Row]:
    """A row for each class, over a site of `size` entities."""
    quads, vocabulary = block(size, 5 * size), load_vocabulary()
    index = Index(Snapshot.of(quads), vocabulary).worked_out()
    store = _peer(quads, vocabulary)
    for cls in CLASSES:
        query = f"SELECT DISTINCT ?x WHERE {{ ?x a/<{RDFS}subClassOf>* <{cls}> }} ORDER BY ?x"

        def ours(cls: str = cls) -> list[str]:
            index._members.clear()
            return [index.snapshot.key(n) for n in index.select(cls, None).tolist()]

        def theirs(query: str = query) -> list[str]:
            return [row[0].value for row in store.query(query)]  # type: ignore[union-attr] # a SELECT

        assert ours() == theirs()
        our_times, their_times = _times(ours, runs), _times(theirs, max(3, runs // 3))
        kept = _times(lambda cls=cls: index.select(cls, None), runs)  # type: ignore[misc] # bound here
        yield {
            "bench": NAME,
            "size": size,
            "class": cls,
            "found": len(ours()),
            "ours_s": min(our_times),
            "peer": "pyoxigraph",
            "peer_s": min(their_times),
            "ratio": round(min(their_times) / min(our_times), 2),
            "runs": runs,
            "ours_median_s": statistics.median(our_times),
            "peer_median_s": statistics.median(their_times),
            "kept_s": min(kept),
        }


def _peer(quads: QuadBlock, vocabulary: Vocabulary) -> ox.Store:
    terms = [term_of(key) for key in quads.terms]
    above = ox.NamedNode(RDFS + "subClassOf")
    store = ox.Store()
    store.bulk_extend(ox.Quad(terms[s], terms[p], terms[o]) for s, p, o, _ in quads.quads.tolist())
    store.bulk_extend(
        ox.Quad(ox.NamedNode(iri), above, ox.NamedNode(superclass))
        for iri in vocabulary.classes
        for superclass in vocabulary.superclasses(iri)
        if superclass != iri
    )
    store.optimize()
    return store


def _times(act: Callable[[], object], runs: int) -> list[float]:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return times
