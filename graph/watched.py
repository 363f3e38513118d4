"""A snapshot that notes what is read of it, so that what was made of it is made anew only when a change touches that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NoReturn

from graph.changes import ChangeSet
from graph.relation import Relation
from graph.snapshot import RDF_TYPE, Snapshot
from ontology.terms import Ids, QuadBlock


@dataclass(frozen=True, slots=True)
class Reads:
    """What was read: predicates, and the classes of which all instances were asked for. Equal facts of these give an equal outcome."""

    predicates: set[str] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)

    def touched_by(self, change: ChangeSet) -> bool:
        """Whether an exact change says or takes back anything of what was read. Cost: that of the change."""
        return any(self._touched_by(block) for block in (change.added, change.removed))

    def _touched_by(self, block: QuadBlock) -> bool:
        terms = block.terms
        named = {(terms[p], terms[o] if terms[p] == RDF_TYPE else "") for _, p, o, _ in block.quads.tolist()}
        return any(p in self.predicates or (p == RDF_TYPE and o in self.classes) for p, o in named)


class Watched(Snapshot):
    """The same snapshot; `reads` grows with what is asked of it by predicate or by class. What cannot be noted cannot be asked: reading
    past these two raises `TypeError`."""

    reads: Reads
    _seen: Snapshot

    @staticmethod
    def over(snapshot: Snapshot) -> Watched:
        """A snapshot, watched from now on."""
        watched = object.__new__(Watched)
        watched.__dict__.update(revision=snapshot.revision, at=snapshot.at, terms=snapshot.terms, reads=Reads(), _seen=snapshot)
        return watched

    def relation(self, predicate: str) -> Relation:
        """See `Snapshot.relation`."""
        self.reads.predicates.add(predicate)
        return self._seen.relation(predicate)

    def instances(self, classes: Iterable[str]) -> Ids:
        """See `Snapshot.instances`."""
        wanted = list(classes)
        self.reads.classes.update(wanted)
        return self._seen.instances(wanted)

    @property
    def facts(self) -> NoReturn:
        """Raise: whoever reads rows reads what nobody notes."""
        raise TypeError("facts of a watched snapshot are read past what is noted: ask by predicate or by class")

    @property
    def relations(self) -> NoReturn:
        """Raise, as `facts` does."""
        raise TypeError("relations of a watched snapshot are read past what is noted: ask by predicate or by class")

    def find(self, iri: str) -> NoReturn:
        """Raise: whether something is spoken of at all depends on every fact."""
        raise TypeError(f"whether a watched snapshot speaks of {iri} cannot be noted: ask by predicate or by class")
