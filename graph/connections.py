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

from graph.snapshot import RDF_TYPE, Snapshot
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
    """One connection: what enters it, what it leads to (term numbers, ascending), and its media (keys), each with the facts that say so."""

    number: int
    sources: Mapping[int, tuple[Triple, ...]]
    targets: Mapping[int, tuple[Triple, ...]]
    media: Mapping[str, Triple]


class _Facts(Protocol):
    def objects(self, subject: int, predicate: str) -> Iterable[int]: ...
    def subjects(self, predicate: str, obj: int) -> Iterable[int]: ...
    def kind(self, number: int, kind: str) -> int | None: ...
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
        numbers |= {n for n in (*whole.subjects_of(_CNX), *whole.objects_of(_CNX)) if whole.kind(n, _CONNECTION) is not None}
        return tuple(_connection(number, whole) for number in sorted(numbers))

    def of(self, node: int) -> Sequence[Connection]:
        """The connections that a node enters or is led to by, ascending by number. Cost: that of its own connections."""
        near = self._near
        found = {*near.subjects(_FROM, node), *near.subjects(_TO, node)}
        points = {*near.objects(node, _HAS_POINT), *near.subjects(_POINT_OF, node)}
        points |= {p for p in _either_way(near, node) if near.kind(p, _POINT) is not None}
        for point in points:
            found |= {*near.subjects(_AT, point), *near.objects(point, _THROUGH)}
            found |= {c for c in _either_way(near, point) if near.kind(c, _CONNECTION) is not None}
        return tuple(_connection(number, near) for number in sorted(found))

    def joints(self, connection: int, node: int) -> list[Triple]:
        """The facts that lead a connection to a node, every one: without them it leads there no longer, and all else stands."""
        near = self._near
        found = [(connection, _TO, node)]
        for point in _points(connection, near):
            enters = any(near.kind(point, kind) is not None for kind in (_INLET, _EITHER))
            if enters and node in _owners(point, connection, near):
                found += [(connection, _AT, point), (point, _THROUGH, connection), (connection, _CNX, point), (point, _CNX, connection)]
        return [(subject, predicate, obj) for subject, predicate, obj in found if obj in near.objects(subject, predicate)]


def _either_way(facts: _Facts, node: int) -> set[int]:
    return {*facts.objects(node, _CNX), *facts.subjects(_CNX, node)}


def _connection(number: int, facts: _Facts) -> Connection:
    sources: dict[int, tuple[Triple, ...]] = {end: ((number, _FROM, end),) for end in facts.objects(number, _FROM)}
    targets: dict[int, tuple[Triple, ...]] = {end: ((number, _TO, end),) for end in facts.objects(number, _TO)}
    media = _media(number, facts)
    at_points: dict[str, Triple] = {}
    for point, joint in sorted(_points(number, facts).items()):
        at_points |= _media(point, facts)
        owners = sorted(_owners(point, number, facts).items())
        for ends, kinds in ((sources, (_OUTLET, _EITHER)), (targets, (_INLET, _EITHER))):
            said = [(point, RDF_TYPE, cls) for kind in kinds if (cls := facts.kind(point, kind)) is not None]
            for owner, owned in owners if said else ():
                ends.setdefault(owner, (joint, owned, said[0]))
    return Connection(number, dict(sorted(sources.items())), dict(sorted(targets.items())), dict(sorted((media or at_points).items())))


def _media(node: int, facts: _Facts) -> dict[str, Triple]:
    return {facts.key(medium): (node, _MEDIUM, medium) for medium in facts.objects(node, _MEDIUM)}


def _points(connection: int, facts: _Facts) -> dict[int, Triple]:
    """The connection's points, each with the fact that joins it."""
    found: dict[int, Triple] = {}
    for point in facts.objects(connection, _AT):
        found.setdefault(point, (connection, _AT, point))
    for point in facts.subjects(_THROUGH, connection):
        found.setdefault(point, (point, _THROUGH, connection))
    for triple, point in _cnx(connection, facts):
        if facts.kind(point, _POINT) is not None:
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
        if owner != connection and facts.kind(owner, _CONNECTION) is None and facts.kind(owner, _POINT) is None:
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

    def kind(self, number: int, kind: str) -> int | None:
        """The class by which a node is of a kind, or None."""
        classes = self._snapshot.objects(number, RDF_TYPE)
        return next((cls for cls in classes if self._vocabulary.is_a(self.key(cls), kind)), None)


class _Whole:
    """The facts about all nodes, laid out as tables."""

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary) -> None:
        self._out: dict[str, dict[int, list[int]]] = {}
        self._into: dict[str, dict[int, list[int]]] = {}
        for name in _RELATIONS:
            relation = snapshot.relation(name)
            out, into = self._out.setdefault(name, defaultdict(list)), self._into.setdefault(name, defaultdict(list))
            for subject, obj in relation.pairs():
                out[subject].append(obj)
                into[obj].append(subject)
        typed = snapshot.relation(RDF_TYPE)
        below = {kind: [n for iri in sorted(vocabulary.subclasses(kind)) if (n := snapshot.terms.find(iri)) is not None] for kind in _KINDS}
        self._kinds = {
            kind: {node: cls for cls in sorted(classes, reverse=True) for node in typed.subjects_of(cls).tolist()}
            for kind, classes in below.items()
        }
        self.key = snapshot.key

    def objects(self, subject: int, predicate: str) -> Sequence[int]:
        return self._out[predicate].get(subject, ())

    def subjects(self, predicate: str, obj: int) -> Sequence[int]:
        return self._into[predicate].get(obj, ())

    def subjects_of(self, predicate: str) -> Iterable[int]:
        return self._out[predicate]

    def objects_of(self, predicate: str) -> Iterable[int]:
        return self._into[predicate]

    def kind(self, number: int, kind: str) -> int | None:
        return self._kinds[kind].get(number)
