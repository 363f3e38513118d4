"""ASHRAE 223P connections as they stand in the twin: what enters each, what leaves it, in which media, and which facts say so.

Rules of this file:

1. `s223:connectsFrom` and `connectsTo` say it of the connection itself; `connectsAt` (or the point's `connectsThrough`) by points: an
   outlet's owner enters the connection, an inlet's owner is what it leads to, that of a bidirectional point is both.
2. A point's owner is said by `hasConnectionPoint` or `isConnectionPointOf`.
3. `s223:cnx` stands for both: between a point and a connection as `connectsAt`, between a point and anything else as `hasConnectionPoint`.

One reading of the standard for all: the supply model (rule 5 of docs/guides/supply-model.md) and the inferred `brick:feeds`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from graph.snapshot import Snapshot
from ontology.namespaces import S223
from ontology.vocabulary import Vocabulary

Triple = tuple[int, str, int]
"""A ground fact: term number, predicate's IRI, term number."""

_OUTLET, _INLET, _EITHER = (S223 + name for name in ("OutletConnectionPoint", "InletConnectionPoint", "BidirectionalConnectionPoint"))
_POINT, _CONNECTION = S223 + "ConnectionPoint", S223 + "Connection"
_FROM, _TO, _AT, _THROUGH = (S223 + name for name in ("connectsFrom", "connectsTo", "connectsAt", "connectsThrough"))
_HAS_POINT, _POINT_OF, _CNX, _MEDIUM = (S223 + name for name in ("hasConnectionPoint", "isConnectionPointOf", "cnx", "hasMedium"))
_KINDS = (_OUTLET, _INLET, _EITHER, _POINT, _CONNECTION)
_RELATIONS = (_FROM, _TO, _AT, _THROUGH, _HAS_POINT, _POINT_OF, _CNX, _MEDIUM)


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection: what enters it and what it leads to (term numbers, ascending) with the facts that say so, and its media (keys)."""

    number: int
    sources: Mapping[int, tuple[Triple, ...]]
    targets: Mapping[int, tuple[Triple, ...]]
    media: tuple[str, ...]


class _Facts(Protocol):
    def objects(self, subject: int, predicate: str) -> Iterable[int]: ...
    def subjects(self, predicate: str, obj: int) -> Iterable[int]: ...
    def is_a(self, number: int, kind: str) -> bool: ...
    def key(self, number: int) -> str: ...


class Connections:
    """The connections of one snapshot: all of them, or those of one node alone."""

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary) -> None:
        self._snapshot = snapshot
        self._near = _Near(snapshot, vocabulary)
        self._vocabulary = vocabulary

    @cached_property
    def all(self) -> Sequence[Connection]:
        """Every connection, ascending by number. Cost: linear in what is said by 223P's relations; done once."""
        if not any(len(self._snapshot.relation(name).subjects) for name in (_FROM, _TO, _AT, _THROUGH, _CNX)):
            return ()
        whole = _Whole(self._snapshot, self._vocabulary)
        numbers = {*whole.subjects_of(_FROM), *whole.subjects_of(_TO), *whole.subjects_of(_AT), *whole.objects_of(_THROUGH)}
        numbers |= {n for n in (*whole.subjects_of(_CNX), *whole.objects_of(_CNX)) if whole.is_a(n, _CONNECTION)}
        return tuple(_connection(number, whole) for number in sorted(numbers))

    def of(self, node: int) -> Sequence[Connection]:
        """The connections that a node enters or is led to by, ascending by number. Cost: that of its own connections."""
        near = self._near
        found = {*near.subjects(_FROM, node), *near.subjects(_TO, node)}
        points = {*near.objects(node, _HAS_POINT), *near.subjects(_POINT_OF, node)}
        points |= {p for p in _either_way(near, node) if near.is_a(p, _POINT)}
        for point in points:
            found |= {*near.subjects(_AT, point), *near.objects(point, _THROUGH)}
            found |= {c for c in _either_way(near, point) if near.is_a(c, _CONNECTION)}
        return tuple(_connection(number, near) for number in sorted(found))


def _either_way(facts: _Facts, node: int) -> set[int]:
    return {*facts.objects(node, _CNX), *facts.subjects(_CNX, node)}


def _connection(number: int, facts: _Facts) -> Connection:
    sources: dict[int, tuple[Triple, ...]] = {end: ((number, _FROM, end),) for end in facts.objects(number, _FROM)}
    targets: dict[int, tuple[Triple, ...]] = {end: ((number, _TO, end),) for end in facts.objects(number, _TO)}
    media = {facts.key(medium) for medium in facts.objects(number, _MEDIUM)}
    at_points: set[str] = set()
    for point, joint in sorted(_points(number, facts).items()):
        at_points |= {facts.key(medium) for medium in facts.objects(point, _MEDIUM)}
        outward = facts.is_a(point, _OUTLET) or facts.is_a(point, _EITHER)
        inward = facts.is_a(point, _INLET) or facts.is_a(point, _EITHER)
        for owner, owned in sorted(_owners(point, number, facts).items()):
            if outward:
                sources.setdefault(owner, (joint, owned))
            if inward:
                targets.setdefault(owner, (joint, owned))
    return Connection(number, dict(sorted(sources.items())), dict(sorted(targets.items())), tuple(sorted(media or at_points)))


def _points(connection: int, facts: _Facts) -> dict[int, Triple]:
    """The connection's points, each with the fact that joins it."""
    found: dict[int, Triple] = {}
    for point in facts.objects(connection, _AT):
        found.setdefault(point, (connection, _AT, point))
    for point in facts.subjects(_THROUGH, connection):
        found.setdefault(point, (point, _THROUGH, connection))
    for triple, point in _cnx(connection, facts):
        if facts.is_a(point, _POINT):
            found.setdefault(point, triple)
    return found


def _owners(point: int, connection: int, facts: _Facts) -> dict[int, Triple]:
    """The owners of a point, each with the fact that says so."""
    found: dict[int, Triple] = {}
    for owner in facts.subjects(_HAS_POINT, point):
        found.setdefault(owner, (owner, _HAS_POINT, point))
    for owner in facts.objects(point, _POINT_OF):
        found.setdefault(owner, (point, _POINT_OF, owner))
    for triple, owner in _cnx(point, facts):
        if owner != connection and not facts.is_a(owner, _CONNECTION) and not facts.is_a(owner, _POINT):
            found.setdefault(owner, triple)
    return found


def _cnx(node: int, facts: _Facts) -> list[tuple[Triple, int]]:
    out = [((node, _CNX, other), other) for other in facts.objects(node, _CNX)]
    return out + [((other, _CNX, node), other) for other in facts.subjects(_CNX, node)]


class _Near:
    """The facts about a few nodes, looked up one by one."""

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary) -> None:
        self._snapshot, self._vocabulary = snapshot, vocabulary
        self.objects = snapshot.objects
        self.subjects = snapshot.subjects
        self.key = snapshot.key

    def is_a(self, number: int, kind: str) -> bool:
        return any(self._vocabulary.is_a(cls, kind) for cls in self._snapshot.types(number))


class _Whole:
    """The facts about all nodes, laid out as tables."""

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary) -> None:
        self._out: dict[str, dict[int, list[int]]] = {}
        self._into: dict[str, dict[int, list[int]]] = {}
        for name in _RELATIONS:
            relation = snapshot.relation(name)
            out, into = self._out.setdefault(name, defaultdict(list)), self._into.setdefault(name, defaultdict(list))
            for subject, obj in zip(relation.subjects.tolist(), relation.objects.tolist(), strict=True):
                out[subject].append(obj)
                into[obj].append(subject)
        self._kinds = {kind: set(snapshot.instances(sorted(vocabulary.subclasses(kind))).tolist()) for kind in _KINDS}
        self.key = snapshot.key

    def objects(self, subject: int, predicate: str) -> Sequence[int]:
        return self._out[predicate].get(subject, ())

    def subjects(self, predicate: str, obj: int) -> Sequence[int]:
        return self._into[predicate].get(obj, ())

    def subjects_of(self, predicate: str) -> Iterable[int]:
        return self._out[predicate]

    def objects_of(self, predicate: str) -> Iterable[int]:
        return self._into[predicate]

    def is_a(self, number: int, kind: str) -> bool:
        return number in self._kinds[kind]
