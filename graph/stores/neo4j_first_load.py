"""A first load: nothing was said before, so nothing is read, and what a step writes is worked out while the server writes the one before.

Rules of this file:

1. `rows_of` is pure: from a part and the table of names, all that the server is told, but for its own numbers of nodes.
2. Working ahead changes no order: a step is still one transaction, and what was worked out for it counts only when it is its turn. Where
   that fails or another process has come first, the step works it out itself.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import Any

from graph.changes import ChangeSet
from graph.errors import StoreUnavailable
from graph.packing import unpack
from graph.stores import cypher
from graph.stores.neo4j_connection import Connection, Tx, run
from graph.stores.neo4j_writing import Places, learn, read_names
from graph.stores.property_graph import Names, encode, labels_of, properties_of, split
from ontology.terms import QuadBlock


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one predicate that the same graphs say: what they have in common, and the IRIs of their ends."""

    told: dict[str, Any]
    ends: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Rows:
    """What a part of a first load writes: rows of `NEW_NODES` and of `ENDS`, links, how many quads these say, and in which graphs."""

    nodes: list[list[Any]]
    ends: list[str]
    links: list[Links]
    more: int
    graphs: list[str]


def rows_of(added: QuadBlock, names: Names, number: int) -> Rows:
    """The rows of a part, said by the revision `number`. Raises `KeyError` where `names` lacks one of its terms."""
    said = split(added)
    nodes: list[list[Any]] = []
    graphs: set[str] = set()
    for subject, facts in sorted(said.facts.items()):
        properties: dict[str, Any] = {**properties_of(facts, names), "_facts": sorted(encode(fact, number, names) for fact in facts)}
        nodes.append([subject, labels_of(facts, names), properties])
        graphs.update(graph for _, _, graph in facts)
    groups: dict[tuple[str, tuple[str, ...]], list[tuple[str, str]]] = defaultdict(list)
    for (s, predicate, o), by in sorted(said.links.items()):
        groups[predicate, tuple(sorted(by))].append((s, o))
        graphs.update(by)
    links = [Links(_told(predicate, by, names, number), ends) for (predicate, by), ends in groups.items()]
    ends = sorted({end for group in links for pair in group.ends for end in pair} - said.facts.keys())
    more = sum(map(len, said.facts.values())) + sum(map(len, said.links.values()))
    return Rows(nodes, ends, links, more, sorted(graphs))


def _told(predicate: str, graphs: tuple[str, ...], names: Names, number: int) -> dict[str, Any]:
    return {"type": names.predicates[predicate], "predicate": predicate, "graphs": list(graphs), "since": [number] * len(graphs)}


def write_first(tx: Tx, added: QuadBlock, number: int) -> int:
    """Say `added` by the revision `number`, the first; returns by how many quads the twin grew."""
    return write_rows(tx, _learnt(tx, added, number), Places(), number)


def write_rows(tx: Tx, rows: Rows, places: Places, number: int) -> int:
    """Write the rows. Ends that stand in `places` are not looked up; those that come are noted there."""
    places.begin()
    places.note(tx, cypher.NEW_NODES, rows.nodes)
    places.note(tx, cypher.ENDS, [iri for iri in rows.ends if iri not in places.ids])
    ids = places.ids
    for links in rows.links:
        run(tx, cypher.NEW_LINKS, [[ids[s], ids[o]] for s, o in links.ends], **links.told)
    run(tx, cypher.CHANGED, rows.graphs, number=number)
    return rows.more


def _learnt(tx: Tx, added: QuadBlock, number: int) -> Rows:
    names = read_names(tx)
    learn(tx, names, added)
    return rows_of(added, names, number)


def read_part(tx: Tx, commit: str, place: int) -> ChangeSet:
    """A part that was kept of a commit."""
    return unpack(bytes(tx.run(cypher.PART, commit=commit, part=place).single(strict=True)["data"]))


class FirstLoad:
    """What one process knows on its way through the steps of a first load: the server's numbers of nodes, and the next part's rows."""

    def __init__(self, server: Connection) -> None:
        self.places = Places()
        self._server, self._commit = server, ""
        self._next: _Ahead | None = None

    def write(self, tx: Tx, commit: str, place: int, parts: int, number: int) -> tuple[ChangeSet, int]:
        """Write one of the commit's `parts`; returns it, and by how many quads the twin grew."""
        if commit != self._commit:
            self._commit, self.places = commit, Places()
        ahead = self._next if self._next is not None and self._next.of == (commit, place) else None
        if ahead is None or not ahead.done():
            part = read_part(tx, commit, place)
            rows = _learnt(tx, part.added, number)
        else:
            part, rows = ahead.found[0]
        if place + 1 < parts:
            self._next = _Ahead(self._server, commit, place + 1, number)
            self._next.start()
        return part, write_rows(tx, rows, self.places, number)


class _Ahead(Thread):
    """Reads a part and works its rows out (rule 2)."""

    def __init__(self, server: Connection, commit: str, place: int, number: int) -> None:
        super().__init__(name="neo4j first load", daemon=True)
        self.of = (commit, place)
        self.found: list[tuple[ChangeSet, Rows]] = []
        self._server, self._number = server, number

    def run(self) -> None:
        with suppress(StoreUnavailable, KeyError):
            names, part = self._server.read(partial(_named_part, commit=self.of[0], place=self.of[1]))
            self.found.append((part, rows_of(part.added, names, self._number)))

    def done(self) -> bool:
        """Whether it came to rows, once it has ended."""
        self.join()
        return bool(self.found)


def _named_part(tx: Tx, commit: str, place: int) -> tuple[Names, ChangeSet]:
    return read_names(tx), read_part(tx, commit, place)
