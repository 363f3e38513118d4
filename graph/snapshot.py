"""One immutable revision of the twin in memory, as columns: interned terms, and for each predicate its subjects and objects both ways.

Rules of this file:

1. A snapshot never changes. `Snapshot.apply` builds the next one and rebuilds only the relations that the change touches.
2. Terms are interned once for the life of the process (`TermTable`), append-only, and shared by all snapshots.
3. A relation keeps quads (subject, object, graph) sorted by subject, then object; a fact said by two graphs is one pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from graph.changes import ChangeSet
from graph.errors import UnknownEntity
from ontology.namespaces import RDF, RDFS, expand, local_name
from ontology.terms import Ids, KeyQuad, QuadBlock, is_iri, is_literal, literal_parts

RDF_TYPE = RDF + "type"
LABEL = RDFS + "label"
EPOCH = datetime.fromtimestamp(0, UTC)
_EMPTY: Ids = np.empty(0, dtype=np.int32)


class TermTable:
    """Term keys and their numbers. Append-only: a number, once given, stays; readers need no lock."""

    __slots__ = ("_ids", "keys")

    def __init__(self) -> None:
        self.keys: list[str] = []
        self._ids: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.keys)

    def intern(self, key: str) -> int:
        """The number of a key, given now when it is new. Only the one writer calls this."""
        number = self._ids.get(key)
        if number is None:
            number = len(self.keys)
            self.keys.append(key)
            self._ids[key] = number
        return number

    def find(self, key: str) -> int | None:
        """The number of a key, or None."""
        return self._ids.get(key)


@dataclass(frozen=True, slots=True)
class Relation:
    """One predicate's quads as int32 columns, sorted by (subject, object, graph), and the distinct pairs sorted both ways."""

    quads: Ids
    """Shape (n, 3): subject, object, graph."""
    subjects: Ids
    objects: Ids
    by_object_subjects: Ids
    by_object_objects: Ids

    @staticmethod
    def of(rows: Ids) -> Relation:
        """Build from `(n, 3)` rows in any order; duplicates are dropped. Cost: one sort."""
        rows = _sorted_unique(rows)
        s, o = rows[:, 0], rows[:, 1]
        if len(rows) > 1:
            first = np.concatenate(([True], (s[1:] != s[:-1]) | (o[1:] != o[:-1])))
            s, o = s[first], o[first]
        s, o = np.ascontiguousarray(s), np.ascontiguousarray(o)
        back = np.lexsort((s, o))
        return Relation(rows, s, o, s[back], o[back])

    def objects_of(self, subject: int) -> Ids:
        """The objects of one subject, ascending. Cost: two binary searches."""
        lo, hi = np.searchsorted(self.subjects, [subject, subject + 1])
        return self.objects[lo:hi]

    def subjects_of(self, obj: int) -> Ids:
        """The subjects of one object, ascending. Cost: two binary searches."""
        lo, hi = np.searchsorted(self.by_object_objects, [obj, obj + 1])
        return self.by_object_subjects[lo:hi]

    def first_objects(self, subjects: Ids) -> Ids:
        """For each of the given subjects its smallest object, or -1. One vectorised search."""
        if len(self.subjects) == 0:
            return np.full(len(subjects), -1, dtype=np.int32)
        at = np.minimum(np.searchsorted(self.subjects, subjects), len(self.subjects) - 1)
        return np.where(self.subjects[at] == subjects, self.objects[at], np.int32(-1)).astype(np.int32)


def _sorted_unique(rows: Ids) -> Ids:
    if len(rows) < 2:
        return rows
    rows = rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]
    return rows[np.concatenate(([True], (rows[1:] != rows[:-1]).any(axis=1)))]


_NO_RELATION = Relation.of(np.empty((0, 3), dtype=np.int32))


@dataclass(frozen=True)
class Snapshot:
    """The whole twin as of one revision. Ids are numbers of its `terms`; an entity is a subject that is an IRI or a blank node."""

    revision: int
    at: datetime
    terms: TermTable
    relations: Mapping[int, Relation]
    owners: Mapping[str, str]

    # -- building -------------------------------------------------------------------------------------------------

    @staticmethod
    def empty(at: datetime = EPOCH) -> Snapshot:
        """Revision 0: nothing is known."""
        return Snapshot(0, at, TermTable(), {}, {})

    @staticmethod
    def of(quads: QuadBlock, revision: int = 1, at: datetime = EPOCH, owners: Mapping[str, str] | None = None) -> Snapshot:
        """A first snapshot of the given quads."""
        return Snapshot.empty(at).apply(ChangeSet(quads, QuadBlock.empty(), owners or {}), revision, at)

    def apply(self, change: ChangeSet, revision: int, at: datetime) -> Snapshot:
        """The next snapshot. Removing what is not there and adding what is there change nothing. Only touched relations are rebuilt."""
        added, removed = self._by_predicate(change.added), self._by_predicate(change.removed)
        relations = dict(self.relations)
        for p in sorted(added.keys() | removed.keys()):
            rows = relations.get(p, _NO_RELATION).quads
            if p in removed:
                rows = rows[~_rows_in(rows, removed[p])]
            if p in added:
                rows = np.concatenate((rows, added[p]))
            if len(rows):
                relations[p] = Relation.of(rows)
            else:
                relations.pop(p, None)
        return Snapshot(revision, at, self.terms, relations, {**self.owners, **change.graphs})

    def _by_predicate(self, block: QuadBlock) -> dict[int, Ids]:
        if len(block) == 0:
            return {}
        intern = self.terms.intern
        numbers = np.fromiter((intern(key) for key in block.terms), dtype=np.int32, count=len(block.terms))
        quads = numbers[block.quads]
        quads = quads[np.argsort(quads[:, 1], kind="stable")]
        cuts = [0, *(np.flatnonzero(np.diff(quads[:, 1])) + 1).tolist(), len(quads)]
        return {int(quads[lo, 1]): quads[lo:hi][:, [0, 2, 3]] for lo, hi in pairwise(cuts)}

    # -- reading by key -------------------------------------------------------------------------------------------

    def key(self, number: int) -> str:
        """The key of a term's number."""
        return self.terms.keys[number]

    def find(self, iri: str) -> int | None:
        """The number of an entity, by IRI or CURIE; None when no quad of this revision has it as a subject or an object."""
        number = self.terms.find(expand(iri))
        return None if number is None or not self.mentions(number) else number

    def need(self, iri: str) -> int:
        """Like `find`, but raises `UnknownEntity`."""
        number = self.find(iri)
        if number is None:
            raise UnknownEntity(UnknownEntity.text(iri, self.revision))
        return number

    def mentions(self, number: int) -> bool:
        """Whether some quad of this revision has the term as its subject or its object."""
        return any(len(r.objects_of(number)) or len(r.subjects_of(number)) for r in self.relations.values())

    def relation(self, predicate: str) -> Relation:
        """The relation of a predicate's IRI; an empty one when nothing uses it."""
        number = self.terms.find(predicate)
        return _NO_RELATION if number is None else self.relations.get(number, _NO_RELATION)

    def objects(self, subject: int, predicate: str) -> list[int]:
        """The objects of (subject, predicate), ascending by number."""
        return list(map(int, self.relation(predicate).objects_of(subject)))

    def subjects(self, predicate: str, obj: int) -> list[int]:
        """The subjects of (predicate, object), ascending by number."""
        return list(map(int, self.relation(predicate).subjects_of(obj)))

    def text(self, subject: int, predicate: str) -> str | None:
        """The lexical form of the first literal of (subject, predicate) in order of keys, or None."""
        keys = sorted(k for k in (self.key(o) for o in self.objects(subject, predicate)) if is_literal(k))
        return literal_parts(keys[0]).lexical if keys else None

    def number(self, subject: int, predicate: str) -> float | None:
        """The first literal of (subject, predicate) as a number, or None when there is none that reads as one."""
        text = self.text(subject, predicate)
        try:
            return None if text is None else float(text)
        except ValueError:
            return None

    def one(self, subject: int, predicate: str) -> int | None:
        """The first object of (subject, predicate) that is no literal, in order of keys, or None."""
        found = sorted((self.key(o), o) for o in self.objects(subject, predicate))
        return next((o for key, o in found if not is_literal(key)), None)

    # -- entities -------------------------------------------------------------------------------------------------

    def types(self, subject: int) -> list[str]:
        """The class IRIs of an entity, sorted."""
        return sorted(self.key(o) for o in self.objects(subject, RDF_TYPE))

    def instances(self, classes: Iterable[str]) -> Ids:
        """The ids of all entities of any of the given class IRIs (the caller adds subclasses), ascending, each once."""
        relation = self.relation(RDF_TYPE)
        numbers = (self.terms.find(iri) for iri in classes)
        parts = [relation.subjects_of(n) for n in numbers if n is not None]
        return np.unique(np.concatenate(parts)).astype(np.int32) if parts else _EMPTY

    @cached_property
    def entities(self) -> Ids:
        """All subjects, ascending by number. Computed once for a snapshot."""
        parts = [relation.subjects for relation in self.relations.values()]
        return np.unique(np.concatenate(parts)).astype(np.int32) if parts else _EMPTY

    @cached_property
    def by_iri(self) -> Ids:
        """The entities that are IRIs, in order of their IRIs: the order of everything that a user pages through."""
        keys = self.terms.keys
        named = [n for n in self.entities.tolist() if is_iri(keys[n])]
        return np.array(sorted(named, key=keys.__getitem__), dtype=np.int32)

    def label(self, subject: int) -> str:
        """What a person calls it: its first `rdfs:label`, else the last part of its IRI."""
        return self.text(subject, LABEL) or local_name(self.key(subject))

    # -- quads ----------------------------------------------------------------------------------------------------

    def quads(self, source: str | None = None) -> Iterator[KeyQuad]:
        """All quads, or those of one source, in no particular order."""
        keys = self.terms.keys
        for p, relation in self.relations.items():
            predicate = keys[p]
            for s, o, g in relation.quads.tolist():
                if source is None or self.owners.get(keys[g]) == source:
                    yield keys[s], predicate, keys[o], keys[g]

    def __len__(self) -> int:
        return sum(len(relation.quads) for relation in self.relations.values())


def _rows_in(rows: Ids, wanted: Ids) -> NDArray[np.bool_]:
    """Which of `rows` are among `wanted`, both of shape (n, 3)."""
    both = np.concatenate((rows, wanted))
    _, inverse = np.unique(both, axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    return np.isin(inverse[: len(rows)], inverse[len(rows) :])
