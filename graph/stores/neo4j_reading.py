"""Everything that a Neo4j database holds of the twin, read in pages.

Rules of this file:

1. Scalars come back by `collect()`, in pages in order of the index on `iri`; a relationship comes as the server's own numbers of its
   ends, which cost neither a look-up there nor a text on the way.
2. Numbers are kept in arrays, not in lists: a site of a million entities has tens of millions of them.
3. What another hand wrote is passed over where it cannot be understood; `graph.stores.neo4j_drift` tells of it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from functools import partial
from queue import Queue
from threading import Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.ports import Progress
from graph.stores import cypher
from graph.stores.neo4j_connection import READ_S, Connection, Tx
from graph.stores.neo4j_writing import read_names, said_by
from graph.stores.property_graph import Names, unescaped
from ontology.terms import Ids, QuadBlock

PAGE = 20_000
READING = "reading the graph"


def read_quads(server: Connection, expected: int, progress: Progress | None = None) -> tuple[QuadBlock, Ids]:
    """All quads, and the revision that said each. `expected` quads are told to `progress` as the whole.

    Nodes and relationships are read side by side, each page of nodes being told to the reader of relationships.
    """
    names = server.read(read_names)
    pages: Queue[list[int] | None] = Queue()
    links = _Links(server, names, pages)
    links.start()
    nodes = _Nodes(names)
    try:
        for ids, iris, facts in _node_pages(server):
            nodes.take(ids, iris, facts)
            pages.put(ids)
            if progress is not None:
                progress(READING, len(nodes.since) + len(links.since), expected)
    finally:
        pages.put(None)
        links.join()
    if links.failed is not None:
        raise links.failed
    return _together(nodes, links)


class _Nodes:
    """Types and literals, as columns over the terms; and which term each of the server's numbers is."""

    def __init__(self, names: Names) -> None:
        self.terms: dict[str, int] = {}
        self.quads, self.since = array("i"), array("i")
        self.ids, self.numbers = array("q"), array("i")
        self._names = names.iris

    def take(self, ids: list[int], iris: list[str], facts: list[list[str]]) -> None:
        terms, names = self.terms, self._names
        number = terms.setdefault
        quads, since = self.quads, self.since
        self.ids.extend(ids)
        for iri, entries in zip(iris, facts, strict=True):
            s = number(iri, len(terms))
            self.numbers.append(s)
            for entry in entries:
                try:
                    name, revision, graph, obj = entry.split(" ", 3)
                    predicate, told = names[name], int(revision)
                except (ValueError, KeyError, AttributeError):
                    continue
                quads.extend((s, number(predicate, len(terms)), number(obj, len(terms)), number(unescaped(graph), len(terms))))
                since.append(told)


class _Links(Thread):
    """The relationships of the nodes whose pages come in, as columns over the server's numbers of nodes and over terms of its own."""

    def __init__(self, server: Connection, names: Names, pages: Queue[list[int] | None]) -> None:
        super().__init__(name="neo4j links", daemon=True)
        self.terms: dict[str, int] = {}
        self.subjects, self.objects = array("q"), array("q")
        self.predicates, self.graphs, self.since = array("i"), array("i"), array("i")
        self.failed: BaseException | None = None
        self._server, self._names, self._pages = server, names.iris, pages

    def run(self) -> None:
        while (ids := self._pages.get()) is not None:
            if self.failed is None:
                try:
                    self._take(self._server.read(partial(_rows, ids=ids), READ_S))
                except BaseException as error:  # raised again by the thread that reads the nodes
                    self.failed = error

    def _take(self, rows: Iterable[tuple[str, list[str], list[int], list[int], list[int]]]) -> None:
        number = self.terms.setdefault
        for name, graphs, since, subjects, objects in rows:
            if name not in self._names:
                continue
            predicate = number(self._names[name], len(self.terms))
            for graph, told in said_by(graphs, since).items():
                g = number(graph, len(self.terms))
                self.subjects.extend(subjects)
                self.objects.extend(objects)
                self.predicates.extend([predicate] * len(subjects))
                self.graphs.extend([g] * len(subjects))
                self.since.extend([told] * len(subjects))


def _rows(tx: Tx, ids: list[int]) -> list[tuple[Any, ...]]:
    return [(r["name"], r["graphs"], r["since"], r["subjects"], r["objects"]) for r in tx.run(cypher.LINK_PAGE, ids=ids)]


def _node_pages(server: Connection) -> Iterator[tuple[list[int], list[str], list[list[str]]]]:
    after = ""
    while True:
        [page] = server.ask(cypher.NODE_PAGE, READ_S, after=after, limit=PAGE)
        if not page["iris"]:
            return
        yield page["ids"], page["iris"], page["facts"]
        after = page["iris"][-1]


def _together(nodes: _Nodes, links: _Links) -> tuple[QuadBlock, Ids]:
    """One block: the links' own terms are numbered among the nodes', their ends looked up by the server's numbers."""
    terms = nodes.terms
    renumber = np.array([terms.setdefault(term, len(terms)) for term in links.terms] or [0], dtype=np.int32)
    ids = np.frombuffer(nodes.ids, dtype=np.int64) if nodes.ids else np.zeros(1, dtype=np.int64)
    numbers = np.frombuffer(nodes.numbers, dtype=np.int32) if nodes.numbers else np.zeros(1, dtype=np.int32)
    order = np.argsort(ids)
    ids, numbers = ids[order], numbers[order]
    facts = np.frombuffer(nodes.quads, dtype=np.int32).reshape(-1, 4) if nodes.quads else np.empty((0, 4), dtype=np.int32)
    since = np.frombuffer(nodes.since, dtype=np.int32) if nodes.since else np.empty(0, dtype=np.int32)
    if not links.since:
        return QuadBlock(list(terms), facts), since
    subjects, objects = (np.frombuffer(column, dtype=np.int64) for column in (links.subjects, links.objects))
    known = _is_in(subjects, ids) & _is_in(objects, ids)
    columns = (
        numbers[np.searchsorted(ids, subjects[known])],
        renumber[np.frombuffer(links.predicates, dtype=np.int32)[known]],
        numbers[np.searchsorted(ids, objects[known])],
        renumber[np.frombuffer(links.graphs, dtype=np.int32)[known]],
    )
    told = np.frombuffer(links.since, dtype=np.int32)[known]
    return QuadBlock(list(terms), np.concatenate((facts, np.stack(columns, axis=1)))), np.concatenate((since, told))


def _is_in(wanted: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    places = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    found: NDArray[np.bool_] = ids[places] == wanted
    return found


def read_graphs(tx: Tx) -> tuple[dict[str, str], dict[str, int]]:
    """Each graph's owner, and the newest revision that changed each graph."""
    rows = [(row["iri"], row["owner"], row["changed"]) for row in tx.run(cypher.GRAPHS)]
    return {iri: owner for iri, owner, _ in rows if owner is not None}, {iri: changed for iri, _, changed in rows if changed is not None}
