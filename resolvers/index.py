"""What the face reads of one revision: classes, labels, search texts, relations, points, in order of IRIs.

Rules of this file:

1. Nothing here knows a request.
2. What is worked out for one entity is kept, and handed on to the index of the next revision unless the change touched the entity.
   An entity counts as touched when a node without a name that hangs on it is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from difflib import get_close_matches
from functools import cached_property

import numpy as np

from graph.rows import inserted
from graph.snapshot import LABEL, RDF_TYPE, Snapshot
from ontology.namespaces import BRICK, compact, expand, local_name
from ontology.terms import Ids, is_blank, is_literal, literal_parts
from ontology.vocabulary import Vocabulary
from resolvers.errors import UnknownClass
from resolvers.memo import Memo

HAS_POINT = BRICK + "hasPoint"
IS_POINT_OF = BRICK + "isPointOf"
HAS_UNIT = BRICK + "hasUnit"
VALUE = BRICK + "value"
OUT, IN = "OUT", "IN"
NO_UNIT = ""
FEW = 2_000
"""Touched entities up to which an index is made of the one before; beyond, it is worked out anew."""


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

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary, before: Index | None = None) -> None:
        """An index of its own, or, with `before`, one that takes over what the change has left alone, at the cost of the change."""
        self.snapshot = snapshot
        self.vocabulary = vocabulary
        touched = None if before is None else _touched(before.snapshot, snapshot)
        if before is None or touched is None:
            self._short: dict[str, str] = {}
            self._shown: dict[tuple[str, ...], str | None] = {}
            self._labels, self._types = Memo[str](), Memo[tuple[str, ...]]()
            self._points, self._facts, self._units = Memo[tuple[int, ...]](), Memo[tuple[Fact, ...]](), Memo[str]()
            self.texts_of_facts: dict[tuple[tuple[str, str], ...], Memo[bytes]] = {}
            """For each selection of properties that was asked for, the written answers; see the compiled reads."""
            self._members: dict[str, Ids] = {}
            return
        self._short, self._shown = before._short, before._shown
        self._labels, self._types = before._labels.after(touched), before._types.after(touched)
        self._points, self._facts, self._units = before._points.after(touched), before._facts.after(touched), before._units.after(touched)
        self.texts_of_facts = {selection: memo.after(touched) for selection, memo in before.texts_of_facts.copy().items()}
        self._take_over(before, touched)

    def worked_out(self) -> Index:
        """The index with every column worked out, so that no question has to wait for one. Cost: some passes over all entities."""
        _ = self.snapshot.by_iri, self.counts
        return self

    def _take_over(self, before: Index, touched: Collection[int]) -> None:
        """The counts, the classes' members and the search texts of the index before, with the touched entities as they are now."""
        named = [n for n in touched if not self.snapshot.key(n).startswith(('"', "_:"))]
        moved = {n: (self._closure(before.types_of(n)), self._closure(self.types_of(n))) for n in named}
        moved = {n: (was, now) for n, (was, now) in moved.items() if was != now}
        lost = _by_class({n: was - now for n, (was, now) in moved.items()})
        gained = _by_class({n: now - was for n, (was, now) in moved.items()})
        self._members = before._members.copy()
        for cls in self._members.keys() & {*lost, *gained}:
            kept = self._members[cls]
            for number in lost.get(cls, ()):
                kept = kept[kept != number]
            for number in gained.get(cls, ()):
                kept = inserted(kept, [self.snapshot.terms.place(self.snapshot.key(number), kept)], [number])
            self._members[cls] = kept
        if "counts" in before.__dict__:
            counts = before.counts | {
                cls: before.counts.get(cls, 0) + len(gained.get(cls, ())) - len(lost.get(cls, ())) for cls in {*lost, *gained}
            }
            self.__dict__["counts"] = {cls: count for cls, count in counts.items() if count}
        texts = before.__dict__["texts"].after(named) if "texts" in before.__dict__ else None
        if texts is not None:
            self.__dict__["texts"] = texts

    def _closure(self, types: Iterable[str]) -> frozenset[str]:
        return frozenset(cls for iri in types for cls in (iri, *self.vocabulary.superclasses(iri)))

    # -- columns --------------------------------------------------------------------------------------------------

    @cached_property
    def texts(self) -> Texts:
        """What a search looks through. Worked out at the first search by words."""
        keys, labels, kinds = self.snapshot.terms.keys, self.snapshot.relation(LABEL), self.snapshot.relation(RDF_TYPE)
        said: dict[int, list[str]] = {}
        for s, o in labels.pairs():
            said.setdefault(s, []).append(keys[o])
        types: dict[int, tuple[str, ...]] = {}
        for s, o in kinds.pairs():
            types[s] = tuple(sorted((*types[s], keys[o]))) if s in types else (keys[o],)
        shown = {of: local_name(self.vocabulary.most_specific(of) or "").replace("_", " ") for of in set(types.values())}
        texts = {}
        for n in self.snapshot.by_iri.tolist():
            literals = [key for key in said.get(n, ()) if is_literal(key)]
            label = literal_parts(min(literals)).lexical if literals else local_name(keys[n])
            texts[n] = f"{keys[n]}\n{label}\n{shown.get(types.get(n, ()), '')}".lower()
        return Texts(texts)

    def _text(self, number: int) -> str:
        """IRI, label and the words of the class, in lower case."""
        words = local_name(self.class_of(number) or "").replace("_", " ")
        return f"{self.snapshot.key(number)}\n{self.label(number)}\n{words}".lower()

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
        counts = {cls: len(of[0]) if len(of) == 1 else len(np.unique(np.concatenate(of))) for cls, of in parts.items()}
        return {cls: count for cls, count in counts.items() if count}

    # -- one entity -----------------------------------------------------------------------------------------------

    def label(self, number: int) -> str:
        """What a person calls it: its first literal label in order of keys, else the last part of its IRI."""
        return self._labels.get(number) or self._labels.keep(number, self.snapshot.label(number))

    def types_of(self, number: int) -> tuple[str, ...]:
        """The class IRIs that the graph gives it, sorted."""
        found = self._types.get(number)
        return self._types.keep(number, tuple(self.snapshot.types(number))) if found is None else found

    def class_of(self, number: int) -> str | None:
        """The IRI of the class that it is shown as: the most specific of its types."""
        types = self.types_of(number)
        if types not in self._shown:
            self._shown[types] = self.vocabulary.most_specific(types)
        return self._shown[types]

    def in_order(self, numbers: Sequence[int] | Ids) -> Ids:
        """Named things only, each once, in order of IRIs."""
        return self.snapshot.in_order(np.unique(np.asarray(numbers, dtype=np.int32)))

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
            self._points.keep(number, found)
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
        found = self._units.get(number)
        if found is None:
            unit = self.snapshot.one(number, HAS_UNIT)
            found = self._units.keep(number, NO_UNIT if unit is None else self.snapshot.key(unit))
        return found or None

    def facts(self, number: int) -> tuple[Fact, ...]:
        """Literals and quantities of an entity, in order of predicate and value."""
        found = self._facts.get(number)
        if found is None:
            said = {(p, o) for p, o, _, _ in self.snapshot.said(number).tolist()}
            facts = [self._fact(p, o) for p, o in said if self.snapshot.key(o).startswith(('"', "_:"))]
            ordered = sorted((f for f in facts if f is not None), key=lambda f: tuple(part or "" for part in astuple(f)))
            found = self._facts.keep(number, tuple(ordered))
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
        s = self.snapshot
        said: dict[tuple[int, str], list[int]] = {}
        if direction in (None, OUT):
            for p, o, _, _ in s.said(number).tolist():
                said.setdefault((p, OUT), []).append(o)
        if direction in (None, IN):
            said |= {(p, IN): found.tolist() for p, r in s.relations.items() if r.links and len(found := r.subjects_of(number))}
        wanted = None if predicate is None else expand(predicate)
        links = [
            Link(s.key(p), way, self.in_order(others))
            for (p, way), others in said.items()
            if s.key(p) != RDF_TYPE and wanted in (None, s.key(p))
        ]
        return sorted((link for link in links if len(link.others)), key=lambda link: (link.predicate, link.direction == IN))

    # -- many entities --------------------------------------------------------------------------------------------

    def select(self, cls: str | None, text: str | None) -> Ids:
        """Named entities of a class (with its subclasses) whose id, label or class has every word of the text; in order of IRIs.

        Raises `UnknownClass`. Cost: linear in the entities of the class, or in all entities for a text alone.
        """
        rows = self.snapshot.by_iri if cls is None else self._members_of(expand(cls), cls)
        words = (text or "").lower().split()
        return self.texts.having(words, rows, self._text) if words else rows

    def _members_of(self, iri: str, asked: str) -> Ids:
        """The named entities of a class and its subclasses, in order of IRIs; kept until a change concerns the class."""
        rows = self._members.get(iri)
        if rows is None:
            within = self.vocabulary.subclasses(iri) if iri in self.vocabulary.classes else frozenset({iri})
            numbers = self.snapshot.instances(within)
            if len(numbers) == 0 and iri not in self.vocabulary.classes:
                raise UnknownClass(self._no_class(asked))
            rows = self._members[iri] = self.snapshot.in_order(numbers)
        return rows

    def _no_class(self, asked: str) -> str:
        known = {local_name(iri).lower(): iri for iri in sorted(self.vocabulary.classes, reverse=True)}
        near = get_close_matches(local_name(expand(asked)).lower(), known, n=1, cutoff=0.6)
        hint = f"did you mean {compact(known[near[0]])}?" if near else "the query `classes` lists all"
        return f"there is no class {asked!r}; {hint}"


class Texts:
    """The search texts of a revision, shared with the next one but for what a change touches."""

    def __init__(self, texts: dict[int, str], hidden: frozenset[int] = frozenset()) -> None:
        self._texts, self._hidden = texts, hidden

    def after(self, touched: Iterable[int]) -> Texts | None:
        """The texts of the next revision; what was touched on the way is put together at each search. None when that is too much."""
        hidden = self._hidden.union(touched)
        return Texts(self._texts, hidden) if len(hidden) <= FEW else None

    def having(self, words: Sequence[str], rows: Ids, text_of: Callable[[int], str]) -> Ids:
        """Those of the rows whose text has every word. Cost: a look at each."""
        known, hidden = self._texts, self._hidden
        found = [n for n in rows.tolist() if all(word in text for text in (text_of(n) if n in hidden else known[n],) for word in words)]
        return np.array(found, dtype=np.int32)


def _by_class(classes: Mapping[int, frozenset[str]]) -> dict[str, list[int]]:
    """The entities of each class."""
    by_class: dict[str, list[int]] = {}
    for number, of in classes.items():
        for cls in of:
            by_class.setdefault(cls, []).append(number)
    return by_class


def _touched(before: Snapshot, snapshot: Snapshot) -> set[int] | None:
    """What the way between two revisions touched, with what holds a touched node without a name; None for too much of it."""
    numbers = snapshot.touched_since(before)
    if numbers is None or len(numbers) > FEW:
        return None
    touched = set(numbers.tolist())
    for number in numbers.tolist():
        if is_blank(snapshot.key(number)):
            touched.update(s for r in snapshot.relations.values() if r.links for s in r.subjects_of(number).tolist())
    return touched


def page(index: Index, rows: Ids, first: int, after_iri: str | None) -> tuple[Ids, bool, bool]:
    """One page of rows that are in order of IRIs: the rows, whether there are further ones, whether there were earlier ones."""
    keys = index.snapshot.terms.keys
    start = 0 if after_iri is None else bisect_right(rows, after_iri, key=lambda n: keys[n])
    return rows[start : start + first], start + first < len(rows), start > 0
