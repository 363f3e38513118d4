"""A snapshot as the checks of `ontology/incremental.py` read it: by keys, a few nodes at a time."""

from __future__ import annotations

from graph.relation import Relation
from graph.snapshot import Snapshot
from ontology.terms import KeyQuad


class SnapshotReader:
    """One snapshot by keys. Every call costs a few binary searches, and what it gives."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._keys = snapshot.terms.keys
        self._find = snapshot.terms.find
        self._relations: dict[str, Relation] = {snapshot.key(number): relation for number, relation in snapshot.relations.items()}

    def uses(self, predicate: str) -> bool:
        """Whether anything is said by a predicate."""
        return predicate in self._relations

    def about(self, subject: str) -> list[KeyQuad]:
        """All quads with the subject."""
        number, keys = self._find(subject), self._keys
        if number is None:
            return []
        return [(subject, keys[p], keys[o], keys[g]) for p, o, g, _ in self._snapshot.said(number).tolist()]

    def toward(self, obj: str) -> list[KeyQuad]:
        """All quads with the object."""
        number, keys, facts = self._find(obj), self._keys, self._snapshot.facts
        if number is None:
            return []
        return [
            (keys[s], keys[p], obj, keys[g])
            for p, relation in self._snapshot.relations.items()
            for s in relation.subjects_of(number).tolist()
            for g in facts.find(s, p, number)[3].tolist()
        ]

    def objects(self, subject: str, predicate: str) -> list[str]:
        """The objects of a subject by a predicate."""
        relation, number = self._relations.get(predicate), self._find(subject)
        if relation is None or number is None:
            return []
        return [self._keys[o] for o in relation.objects_of(number).tolist()]

    def subjects(self, predicate: str, obj: str) -> list[str]:
        """The subjects of an object by a predicate."""
        relation, number = self._relations.get(predicate), self._find(obj)
        if relation is None or number is None:
            return []
        return [self._keys[s] for s in relation.subjects_of(number).tolist()]

    def a_subject(self, predicate: str, obj: str) -> str | None:
        """One of the subjects of an object by a predicate, or None."""
        relation, number = self._relations.get(predicate), self._find(obj)
        if relation is None or number is None:
            return None
        return next((self._keys[s] for s in relation.subjects_of(number)[:1].tolist()), None)
