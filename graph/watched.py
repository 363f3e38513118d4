"""A snapshot that notes what is read of it, so that what was made of it is made anew only when a change touches that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

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
    """The same snapshot; `reads` grows with what is asked of it by predicate or by class."""

    reads: Reads

    @staticmethod
    def over(snapshot: Snapshot) -> Watched:
        """A snapshot, watched from now on."""
        watched = object.__new__(Watched)
        watched.__dict__.update(snapshot.__dict__, reads=Reads())
        return watched

    def relation(self, predicate: str) -> Relation:
        """See `Snapshot.relation`."""
        self.reads.predicates.add(predicate)
        return super().relation(predicate)

    def instances(self, classes: Iterable[str]) -> Ids:
        """See `Snapshot.instances`."""
        wanted, typed = list(classes), RDF_TYPE in self.reads.predicates
        found = super().instances(wanted)
        self.reads.classes.update(wanted)
        if not typed:
            self.reads.predicates.discard(RDF_TYPE)
        return found
