"""What the face reads of one revision, as columns in order of IRIs: classes, labels, search texts, relations, points.

Everything is worked out once for a revision; nothing here knows a request.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from difflib import get_close_matches
from functools import cached_property

import numpy as np

from graph.snapshot import LABEL, RDF_TYPE, Snapshot
from ontology.namespaces import BRICK, compact, expand, local_name
from ontology.terms import Ids, is_blank, is_iri, is_literal, literal_parts
from ontology.vocabulary import Vocabulary
from resolvers.errors import UnknownClass

HAS_POINT = BRICK + "hasPoint"
IS_POINT_OF = BRICK + "isPointOf"
HAS_UNIT = BRICK + "hasUnit"
VALUE = BRICK + "value"
OUT, IN = "OUT", "IN"
KEPT_MAX = 200_000
"""Entities whose points, facts and units are kept once they have been asked for."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One property of an entity: a literal, or a quantity (value with unit) that stands on a node of its own."""

    predicate: str
    value: str
    datatype: str | None
    language: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """One predicate in one direction, and the entities at its other end in order of IRIs."""

    predicate: str
    direction: str
    others: Ids


class Index:
    """One revision, read for people."""

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary) -> None:
        self.snapshot = snapshot
        self.vocabulary = vocabulary
        self._short: dict[str, str] = {}
        self._points: dict[int, tuple[int, ...]] = {}
        self._facts: dict[int, tuple[Fact, ...]] = {}
        self.texts_of_facts: dict[tuple[tuple[str, str], ...], dict[int, bytes]] = {}
        """For each selection of properties that was asked for, the written answers; see the compiled reads."""
        self._units: dict[int, str | None] = {}

    def worked_out(self) -> Index:
        """The index with every column worked out, so that no question has to wait for one. Cost: some passes over all quads."""
        _ = self.rank, self.labels, self.shown_class, self.statements, self.texts, self.counts
        return self

    # -- columns --------------------------------------------------------------------------------------------------

    @cached_property
    def rank(self) -> Ids:
        """For each term number its place in order of IRIs, or -1 for what is no named entity."""
        rank = np.full(len(self.snapshot.terms), -1, dtype=np.int32)
        rank[self.snapshot.by_iri] = np.arange(len(self.snapshot.by_iri), dtype=np.int32)
        return rank

    @cached_property
    def labels(self) -> dict[int, str]:
        """The label of each entity that has one: its first literal in order of keys."""
        keys, relation = self.snapshot.terms.keys, self.snapshot.relation(LABEL)
        first: dict[int, str] = {}
        for s, o in zip(relation.subjects.tolist(), relation.objects.tolist(), strict=True):
            key = keys[o]
            if is_literal(key) and (s not in first or key < first[s]):
                first[s] = key
        return {s: literal_parts(key).lexical for s, key in first.items()}

    @cached_property
    def shown_class(self) -> dict[int, str]:
        """The class that an entity is shown as: the most specific of its types."""
        choose = self.vocabulary.most_specific
        found = {types: choose(types) for types in set(self.types.values())}
        return {s: cls for s, types in self.types.items() if (cls := found[types]) is not None}

    @cached_property
    def types(self) -> dict[int, tuple[str, ...]]:
        """The class IRIs of each entity that has one, sorted."""
        keys, relation = self.snapshot.terms.keys, self.snapshot.relation(RDF_TYPE)
        types: dict[int, tuple[str, ...]] = {}
        for s, o in zip(relation.subjects.tolist(), relation.objects.tolist(), strict=True):
            types[s] = tuple(sorted((*types[s], keys[o]))) if s in types else (keys[o],)
        return types

    @cached_property
    def statements(self) -> tuple[Ids, Ids, Ids]:
        """Subject, predicate and object of everything said by a literal or by a node without a name, sorted by subject."""
        snapshot = self.snapshot
        unnamed = np.fromiter((key.startswith(('"', "_:")) for key in snapshot.terms.keys), dtype=np.bool_, count=len(snapshot.terms))
        parts = [np.empty((0, 3), dtype=np.int32)]
        for predicate, relation in snapshot.relations.items():
            rows = np.flatnonzero(unnamed[relation.objects])
            parts.append(np.column_stack((relation.subjects[rows], np.full(len(rows), predicate, np.int32), relation.objects[rows])))
        subject, predicates, obj = np.concatenate(parts).T
        order = np.argsort(subject, kind="stable")
        return subject[order], predicates[order], obj[order]

    @cached_property
    def texts(self) -> list[str]:
        """What a search looks through, for each named entity in order of IRIs: IRI, label, words of the class; lower case."""
        keys, labels, shown = self.snapshot.terms.keys, self.labels, self.shown_class
        words = {cls: local_name(cls).replace("_", " ") for cls in set(shown.values())}
        return [f"{keys[n]}\n{labels.get(n, '')}\n{words.get(shown.get(n, ''), '')}".lower() for n in self.snapshot.by_iri.tolist()]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Entities of each class that have a name, with those of its subclasses, each once: as many as `entities` pages through."""
        relation, named = self.snapshot.relation(RDF_TYPE), np.sort(self.snapshot.by_iri)
        parts: dict[str, list[Ids]] = {}
        for number in np.unique(relation.objects).tolist():
            iri = self.snapshot.key(number)
            members = np.intersect1d(relation.subjects_of(number), named, assume_unique=True)
            for cls in {iri, *self.vocabulary.superclasses(iri)}:
                parts.setdefault(cls, []).append(members)
        return {cls: len(of[0]) if len(of) == 1 else len(np.unique(np.concatenate(of))) for cls, of in parts.items()}

    # -- one entity -----------------------------------------------------------------------------------------------

    def label(self, number: int) -> str:
        """What a person calls it."""
        return self.labels.get(number) or local_name(self.snapshot.key(number))

    def class_of(self, number: int) -> str | None:
        """The IRI of the most specific of its classes."""
        return self.shown_class.get(number)

    def in_order(self, numbers: Sequence[int] | Ids) -> Ids:
        """Named things only, each once, in order of IRIs."""
        keys = self.snapshot.terms.keys
        return np.array(sorted({int(n) for n in numbers if is_iri(keys[n])}, key=keys.__getitem__), dtype=np.int32)

    def curie(self, number: int) -> str:
        """Its IRI under a known prefix. Every known namespace ends where a local name begins, so one look-up a namespace is enough."""
        iri = self.snapshot.terms.keys[number]
        cut = max(iri.rfind("#"), iri.rfind("/"), iri.rfind(":")) + 1
        short = self._short.get(iri[:cut])
        if short is None:
            short = self._short[iri[:cut]] = compact(iri[:cut])
        return short + iri[cut:]

    def points(self, number: int) -> tuple[int, ...]:
        """The points of an equipment or a place, in order of IRIs; of a point, the point itself."""
        found = self._points.get(number)
        if found is None:
            s = self.snapshot
            found = tuple(self.in_order([*s.objects(number, HAS_POINT), *s.subjects(IS_POINT_OF, number)]).tolist())
            if not found and self.is_point(number):
                found = (number,)
            if len(self._points) < KEPT_MAX:
                self._points[number] = found
        return found

    def is_point(self, number: int) -> bool:
        """Whether it is a point, by its class."""
        cls = self.class_of(number)
        return cls is not None and BRICK + "Point" in self.vocabulary.superclasses(cls)

    def equipment(self, point: int) -> int | None:
        """What a point belongs to: the first in order of IRIs."""
        s = self.snapshot
        found = self.in_order([*s.subjects(HAS_POINT, point), *s.objects(point, IS_POINT_OF)])
        return int(found[0]) if len(found) else None

    def unit(self, number: int) -> str | None:
        """The IRI of the unit that a point's values are in."""
        if number not in self._units:
            unit = self.snapshot.one(number, HAS_UNIT)
            if len(self._units) >= KEPT_MAX:
                return None if unit is None else self.snapshot.key(unit)
            self._units[number] = None if unit is None else self.snapshot.key(unit)
        return self._units[number]

    def facts(self, number: int) -> tuple[Fact, ...]:
        """Literals and quantities of an entity, in order of predicate and value."""
        found = self._facts.get(number)
        if found is None:
            subjects, predicates, objects = self.statements
            lo, hi = np.searchsorted(subjects, [number, number + 1])
            said = [self._fact(p, o) for p, o in zip(predicates[lo:hi].tolist(), objects[lo:hi].tolist(), strict=True)]
            found = tuple(sorted((f for f in said if f is not None), key=lambda f: tuple(part or "" for part in astuple(f))))
            if len(self._facts) < KEPT_MAX:
                self._facts[number] = found
        return found

    def _fact(self, predicate: int, obj: int) -> Fact | None:
        s, key = self.snapshot, self.snapshot.key(obj)
        unit: str | None = None
        if is_blank(key):
            amount = s.objects(obj, VALUE)
            if not amount or not is_literal(s.key(amount[0])):
                return None
            key, unit = s.key(amount[0]), self.unit(obj)
        parts = literal_parts(key)
        return Fact(s.key(predicate), parts.lexical, parts.datatype, parts.language or None, unit)

    def links(self, number: int, predicate: str | None = None, direction: str | None = None) -> list[Link]:
        """Relations to other named things, both ways unless one is asked for; in order of predicate, out before in."""
        s, found = self.snapshot, []
        for p, relation in s.relations.items():
            if s.key(p) == RDF_TYPE or (predicate is not None and s.key(p) != expand(predicate)):
                continue
            for way, others in ((OUT, relation.objects_of), (IN, relation.subjects_of)):
                if direction in (None, way) and len(named := self.in_order(others(number).tolist())):
                    found.append(Link(s.key(p), way, named))
        return sorted(found, key=lambda link: (link.predicate, link.direction == IN))

    # -- many entities --------------------------------------------------------------------------------------------

    def select(self, cls: str | None, text: str | None) -> Ids:
        """Named entities of a class (with its subclasses) whose id, label or class has every word of the text; in order of IRIs.

        Raises `UnknownClass`. Cost: linear in the entities of the class, or in all entities for a text alone.
        """
        by_iri = self.snapshot.by_iri
        places = np.arange(len(by_iri), dtype=np.int32) if cls is None else self._places_of(expand(cls), cls)
        words = (text or "").lower().split()
        if words:
            texts = self.texts
            places = np.array([at for at in places.tolist() if all(word in texts[at] for word in words)], dtype=np.int32)
        return by_iri[places]

    def _places_of(self, iri: str, asked: str) -> Ids:
        within = self.vocabulary.subclasses(iri) if iri in self.vocabulary.classes else frozenset({iri})
        numbers = self.snapshot.instances(within)
        if len(numbers) == 0 and iri not in self.vocabulary.classes:
            raise UnknownClass(self._no_class(asked))
        places = self.rank[numbers]
        return np.sort(places[places >= 0])

    def _no_class(self, asked: str) -> str:
        known = {local_name(iri).lower(): iri for iri in sorted(self.vocabulary.classes, reverse=True)}
        near = get_close_matches(local_name(expand(asked)).lower(), known, n=1, cutoff=0.6)
        hint = f"did you mean {compact(known[near[0]])}?" if near else "the query `classes` lists all"
        return f"there is no class {asked!r}; {hint}"


def page(index: Index, rows: Ids, first: int, after_iri: str | None) -> tuple[Ids, bool, bool]:
    """One page of rows that are in order of IRIs: the rows, whether there are further ones, whether there were earlier ones."""
    keys = index.snapshot.terms.keys
    start = 0 if after_iri is None else bisect_right(rows, after_iri, key=lambda n: keys[n])
    return rows[start : start + first], start + first < len(rows), start > 0
