"""What follows from the ground facts of a snapshot, worked out when it is read: never stored, so never out of step with a change.

Rules of this file:

1. An inferred fact is one that no graph says. What becomes ground is inferred no more.
2. Single facts go through the tables of `ontology/inference.py`, backward from what is asked: one entity, or one property.
3. Two facts are joined for 223P connections alone (`graph/connections.py`): what enters one feeds what it leads to, unless it could be
   the other way, too. What that implies follows by rule 2.
4. Each fact comes with ground facts from which it follows; of several derivations the first in order of keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from graph.connections import Connection, Connections, Triple
from graph.snapshot import RDF_TYPE, Snapshot
from ontology.inference import FEEDS, INFERRED_GRAPH, Step, rules_of
from ontology.terms import Ids, KeyQuad, is_literal
from ontology.vocabulary import Vocabulary

__all__ = ["INFERRED_GRAPH", "Derived", "Inferred"]

Pairs = tuple[Ids, Ids]
_Because = tuple[Triple, ...]
_EMPTY: Ids = np.empty(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Derived:
    """An inferred fact, in the graph `INFERRED_GRAPH`, and the ground facts that it follows from, in order of keys."""

    quad: KeyQuad
    because: tuple[KeyQuad, ...]


class Inferred:
    """The inferred facts of one snapshot. Making one costs nothing; what is asked is worked out then."""

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary) -> None:
        self._snapshot = snapshot
        self._rules = rules_of(vocabulary)
        self._connections = Connections(snapshot, vocabulary)

    # -- one entity -----------------------------------------------------------------------------------------------

    def about(self, subject: int) -> list[Derived]:
        """The inferred facts of a subject, its classes included, in order of keys. Cost: that of the facts about it, not of the twin."""
        classes = [((subject, RDF_TYPE, iri), because) for iri, because in self._classes(subject).items()]
        found = ((fact, because) for fact, because in self._around(subject).items() if fact[0] == subject)
        key = self._snapshot.key
        facts = [*classes, *(((s, p, key(o)), because) for (s, p, o), because in found)]
        return sorted((self._derived(key(s), p, o, because) for (s, p, o), because in facts), key=lambda fact: fact.quad)

    def toward(self, obj: int) -> list[Derived]:
        """The inferred facts that have a node as their object (being of a class is not asked here), in order of keys. Cost as `about`."""
        key = self._snapshot.key
        found = ((fact, because) for fact, because in self._around(obj).items() if fact[2] == obj)
        return sorted((self._derived(key(s), p, key(o), because) for (s, p, o), because in found), key=lambda fact: fact.quad)

    def types(self, subject: int) -> list[str]:
        """The class IRIs that an entity is inferred to be of, sorted; those that it is said to be of are left out."""
        return sorted(self._classes(subject))

    def _classes(self, subject: int) -> dict[str, _Because]:
        ground = self._snapshot.types(subject)
        found: dict[str, _Because] = {}
        for iri in ground:
            because = ((subject, RDF_TYPE, self._number(iri)),)
            for above in self._rules.classes(iri):
                if above not in ground:
                    found.setdefault(above, because)
        return found

    def _around(self, node: int) -> dict[Triple, _Because]:
        """All inferred facts that the node is an end of, being of a class excepted."""
        found: dict[Triple, _Because] = {}
        for fact, because in (*self._ground_around(node), *self._fed_around(node)):
            if len(because) > 1:
                self._take(found, fact, because)
            for step in self._rules.implied.get(fact[1], ()):
                subject, _, obj = fact
                if step.reversed and is_literal(self._snapshot.key(obj)):
                    continue
                self._take(found, (obj, step.property, subject) if step.reversed else (subject, step.property, obj), because)
        return found

    def _take(self, found: dict[Triple, _Because], fact: Triple, because: _Because) -> None:
        if self._is_ground(fact):
            return
        before = found.get(fact)
        if before is None or self._order(because) < self._order(before):
            found[fact] = because

    def _ground_around(self, node: int) -> Iterator[tuple[Triple, _Because]]:
        snapshot = self._snapshot
        for number, relation in snapshot.relations.items():
            predicate = snapshot.key(number)
            if predicate not in self._rules.implied:
                continue
            for obj in relation.objects_of(node).tolist():
                yield (node, predicate, obj), ((node, predicate, obj),)
            for subject in relation.subjects_of(node).tolist():
                if subject != node:
                    yield (subject, predicate, node), ((subject, predicate, node),)

    def _fed_around(self, node: int) -> Iterator[tuple[Triple, _Because]]:
        for connection in self._connections.of(node):
            for fact, because in self._fed_by(connection):
                if node in (fact[0], fact[2]):
                    yield fact, because

    def _fed_by(self, connection: Connection) -> Iterator[tuple[Triple, _Because]]:
        """Rule 3."""
        name = self._rules.feeds_of_medium(connection.media)
        media = tuple(connection.media.values()) if name != FEEDS else ()
        sources, targets = connection.sources, connection.targets
        for source, entering in sources.items():
            for target, leaving in targets.items():
                both_ways = target in sources and source in targets
                if source != target and not both_ways:
                    yield (source, name, target), tuple(dict.fromkeys((*entering, *leaving, *media)))

    # -- one property, one class ----------------------------------------------------------------------------------

    def pairs(self, predicate: str) -> Pairs:
        """The pairs of a property, ground and inferred: subjects and objects by term number, ascending, each pair once.

        `rdf:type` is not asked here, but by `types` and `instances`: inferred classes need no number. Cost: one sort of the relations that
        imply it.
        """
        if predicate == RDF_TYPE:
            raise ValueError("the pairs of rdf:type are not listed: ask Inferred.types(subject) or Inferred.instances(class)")
        relation = self._snapshot.relation(predicate)
        return _unpacked(np.unique(np.concatenate((_packed(relation.subjects, relation.objects), self._implied_pairs(predicate)))))

    def instances(self, cls: str) -> Ids:
        """The entities that are of a class, said or inferred, by term number, ascending."""
        used = np.unique(self._snapshot.relation(RDF_TYPE).objects).tolist()
        return self._snapshot.instances(iri for iri in map(self._snapshot.key, used) if iri == cls or cls in self._rules.classes(iri))

    def _implied_pairs(self, predicate: str) -> NDArray[np.int64]:
        """The pairs that some rule gives a property, packed; those that are ground included."""
        steps = (Step(predicate, False), *self._rules.implying.get(predicate, ()))
        parts = [np.empty(0, dtype=np.int64)]
        for at, step in enumerate(steps):
            relation = self._snapshot.relation(step.property)
            joined = self._fed.get(step.property)
            for subjects, objects in ((relation.subjects, relation.objects) if at else (_EMPTY, _EMPTY), joined or (_EMPTY, _EMPTY)):
                if step.reversed:
                    nodes = ~self._literals(objects)
                    parts.append(_packed(objects[nodes], subjects[nodes]))
                else:
                    parts.append(_packed(subjects, objects))
        return np.concatenate(parts)

    @cached_property
    def _fed(self) -> Mapping[str, Pairs]:
        """The pairs that connections join, by the property that feeds."""
        found: dict[str, list[tuple[int, int]]] = {}
        for connection in self._connections.all:
            for (source, name, target), _ in self._fed_by(connection):
                found.setdefault(name, []).append((source, target))
        return {name: (_column(p[0] for p in pairs), _column(p[1] for p in pairs)) for name, pairs in found.items()}

    def _literals(self, numbers: Ids) -> NDArray[np.bool_]:
        """Which of the terms are literals."""
        keys = self._snapshot.terms.keys
        wrong = np.array([n for n in np.unique(numbers).tolist() if is_literal(keys[n])], dtype=np.int32)
        return np.isin(numbers, wrong) if len(wrong) else np.zeros(len(numbers), dtype=np.bool_)

    # -- all of it ------------------------------------------------------------------------------------------------

    def quads(self) -> Iterator[KeyQuad]:
        """Every inferred fact, in `INFERRED_GRAPH`, by predicate in order of IRIs. Cost: sorts over the relations that imply something."""
        keys = self._snapshot.terms.keys
        for predicate in self._inferable():
            ground = self._snapshot.relation(predicate)
            new = np.setdiff1d(self._implied_pairs(predicate), _packed(ground.subjects, ground.objects))
            subjects, objects = _unpacked(new)
            for subject, obj in zip(subjects.tolist(), objects.tolist(), strict=True):
                yield keys[subject], predicate, keys[obj], INFERRED_GRAPH
        yield from self._class_quads()

    def facts(self) -> Iterator[Derived]:
        """Every inferred fact with what it follows from, by subject. Cost: that of `about` for every node; `quads` is far faster."""
        snapshot = self._snapshot
        relations = [relation for relation in snapshot.relations.values() if len(relation.subjects)]
        numbers = np.unique(np.concatenate([_EMPTY, *(r.subjects for r in relations), *(r.objects for r in relations)])).tolist()
        for number in numbers:
            if not is_literal(snapshot.key(number)):
                yield from self.about(number)

    def _inferable(self) -> list[str]:
        """The properties of which something may be inferred here, in order of IRIs."""
        used = {self._snapshot.key(number) for number in self._snapshot.relations} | self._fed.keys()
        return sorted({step.property for name in used for step in self._rules.implied.get(name, ())} | self._fed.keys())

    def _class_quads(self) -> Iterator[KeyQuad]:
        snapshot, relation = self._snapshot, self._snapshot.relation(RDF_TYPE)
        below: dict[str, list[int]] = {}
        for number in np.unique(relation.objects).tolist():
            for above in self._rules.classes(snapshot.key(number)):
                below.setdefault(above, []).append(number)
        for above in sorted(below):
            number = snapshot.terms.find(above)
            found = np.unique(np.concatenate([relation.subjects_of(cls) for cls in below[above]]))
            said = _EMPTY if number is None else relation.subjects_of(number)
            for subject in np.setdiff1d(found, said).tolist():
                yield snapshot.key(subject), RDF_TYPE, above, INFERRED_GRAPH

    # -- keys and grounds -----------------------------------------------------------------------------------------

    def _number(self, used: str) -> int:
        """The number of a class or property that a ground fact uses."""
        number = self._snapshot.terms.find(used)
        return -1 if number is None else number

    def _is_ground(self, fact: Triple) -> bool:
        subject, predicate, obj = fact
        at = self._snapshot.relation(predicate).objects_of(subject)
        place = int(np.searchsorted(at, obj))
        return place < len(at) and int(at[place]) == obj

    def _order(self, because: _Because) -> list[tuple[str, str, str]]:
        key = self._snapshot.key
        return sorted((key(s), p, key(o)) for s, p, o in because)

    def _derived(self, subject: str, predicate: str, obj: str, because: Iterable[Triple]) -> Derived:
        return Derived((subject, predicate, obj, INFERRED_GRAPH), tuple(sorted(map(self._ground, because))))

    def _ground(self, fact: Triple) -> KeyQuad:
        """The quad of a ground fact: of the graphs that say it the first in order of IRIs."""
        subject, predicate, obj = fact
        graphs = self._snapshot.facts.find(subject, self._number(predicate), obj)[3].tolist()
        key = self._snapshot.key
        return key(subject), predicate, key(obj), min(map(key, graphs))


def _packed(subjects: Ids, objects: Ids) -> NDArray[np.int64]:
    return (subjects.astype(np.int64) << 32) | objects.astype(np.int64)


def _unpacked(pairs: NDArray[np.int64]) -> Pairs:
    return (pairs >> 32).astype(np.int32), (pairs & 0xFFFFFFFF).astype(np.int32)


def _column(numbers: Iterable[int]) -> Ids:
    return np.fromiter(numbers, dtype=np.int32)
