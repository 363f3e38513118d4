"""One immutable revision of the twin in memory: what is said, sorted by subject, and for each predicate its pairs both ways.

Rules of this file:

1. A snapshot never changes. `apply` builds the next one, `before` the one before; both share every page that the change leaves alone.
2. Terms are numbered once for the life of the process (`TermTable`), and shared by all snapshots.
3. A fact said by two graphs is two rows of `facts` and one pair of its relation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import count

import numpy as np

from graph.changes import ChangeSet
from graph.errors import UnknownEntity
from graph.relation import NO_RELATION, Relation, by_predicate, leads_on, relations_of
from graph.rows import SMALL, Rows, inserted, without
from graph.term_table import TermTable
from ontology.namespaces import RDF, RDFS, expand, local_name
from ontology.terms import Ids, KeyQuad, QuadBlock, is_iri, is_literal, literal_parts

RDF_TYPE = RDF + "type"
LABEL = RDFS + "label"
EPOCH = datetime.fromtimestamp(0, UTC)
STEPS_KEPT = 32
"""Changes on the way to a snapshot that it can name the touched terms of."""
TOUCHED_MAX = 50_000
"""Quads of a change beyond which it counts as one of everything."""
_EMPTY: Ids = np.empty(0, dtype=np.int32)
_NO_ROWS: Ids = np.empty((5, 0), dtype=np.int32)
_serials = count(1)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The whole twin as of one revision. Ids are numbers of its `terms`; an entity is a subject that is an IRI or a blank node."""

    revision: int
    at: datetime
    terms: TermTable
    facts: Rows
    """Subject, predicate, object, graph, and the revision that said it."""
    relations: Mapping[int, Relation]
    owners: Mapping[str, str]
    changed: Mapping[str, int] = field(default_factory=dict)
    """The newest revision that changed each graph."""
    steps: tuple[tuple[int, Ids | None], ...] = ()
    """How it came to be, the last step first: the serial of the snapshot before, and the terms touched (None: too many)."""
    serial: int = field(default_factory=lambda: next(_serials))

    # -- building -------------------------------------------------------------------------------------------------

    @staticmethod
    def empty(at: datetime = EPOCH, terms: TermTable | None = None) -> Snapshot:
        """Revision 0: nothing is known."""
        return Snapshot(0, at, TermTable() if terms is None else terms, Rows.of(_NO_ROWS, 4), {}, {})

    @staticmethod
    def of(
        quads: QuadBlock,
        revision: int = 1,
        at: datetime = EPOCH,
        owners: Mapping[str, str] | None = None,
        since: Ids | None = None,
        changed: Mapping[str, int] | None = None,
        terms: TermTable | None = None,
    ) -> Snapshot:
        """A first snapshot of the given quads. `since` gives the revision that each was said by, this one when not given.

        Cost: sorts of all quads; a second for two million.
        """
        table = TermTable() if terms is None else terms
        columns = _columns(table.intern(quads.terms), quads.quads, revision if since is None else since)
        facts = Rows.of(columns, 4)
        graphs = {table.keys[g]: revision for g in np.unique(columns[3]).tolist()} if changed is None else dict(changed)
        return Snapshot(revision, at, table, facts, relations_of(table, facts.whole), dict(owners or {}), graphs)

    def exact(self, change: ChangeSet) -> ChangeSet:
        """The change without what changes nothing, and with what each removed quad was said by. Cost: that of looking each quad up."""
        added, removed = self._known(change.added), self._known(change.removed)
        since = self.facts.carried(removed)
        said_again = Rows.of(np.vstack((added, added[:1])), 4).carried(removed) >= 0
        new, gone = np.flatnonzero(self.facts.carried(added) < 0), np.flatnonzero((since >= 0) & ~said_again)
        return ChangeSet(
            QuadBlock(change.added.terms, change.added.quads[new]),
            QuadBlock(change.removed.terms, change.removed.quads[gone]),
            change.graphs,
            since[gone],
        )

    def apply(self, change: ChangeSet, revision: int, at: datetime) -> Snapshot:
        """The next snapshot. Removing what is not there and adding what is there change nothing. Cost: some pages a quad for a small
        change, one pass over the touched relations for a large one."""
        removed = self._known(change.removed)
        added = _columns(self.terms.intern(change.added.terms), change.added.quads, revision)
        graphs = {self.terms.keys[g] for g in {*np.unique(removed[3]).tolist(), *np.unique(added[3]).tolist()} if g >= 0}
        changed = {**self.changed, **dict.fromkeys(graphs, revision)}
        return self._next(removed[:, (removed >= 0).all(axis=0)], added, revision, at, {**self.owners, **change.graphs}, changed)

    def before(self, change: ChangeSet, revision: int, at: datetime, changed: Mapping[str, int] | None = None) -> Snapshot:
        """The snapshot that this exact change was applied to, which was `revision`, made at `at`. Cost: as `apply`."""
        removed = self._known(change.added)
        since: Ids | int = change.since if len(change.since) else revision
        added = _columns(self.terms.intern(change.removed.terms), change.removed.quads, since)
        owners = {graph: owner for graph, owner in self.owners.items() if graph not in change.graphs}
        return self._next(removed, added, revision, at, owners, self.changed if changed is None else changed)

    def _next(
        self, removed: Ids, added: Ids, revision: int, at: datetime, owners: Mapping[str, str], changed: Mapping[str, int]
    ) -> Snapshot:
        facts = self.facts.edited(removed, added)
        small = removed.shape[1] + added.shape[1] <= SMALL
        relations = self._edited(facts, removed, added) if small else self._rebuilt(facts, removed, added)
        few = removed.shape[1] + added.shape[1] <= TOUCHED_MAX
        step = (self.serial, np.unique(np.concatenate((removed[[0, 2]].ravel(), added[[0, 2]].ravel()))) if few else None)
        snapshot = Snapshot(revision, at, self.terms, facts, relations, owners, changed, (step, *self.steps)[:STEPS_KEPT])
        if small and "by_iri" in self.__dict__:
            snapshot.__dict__["by_iri"] = self._named_next(snapshot, np.unique(np.concatenate((removed[0], added[0]))))
        return snapshot

    def _edited(self, facts: Rows, removed: Ids, added: Ids) -> dict[int, Relation]:
        """The relations after a small change."""
        relations = dict(self.relations)
        gone, come = by_predicate(removed), by_predicate(added)
        for p in sorted(gone.keys() | come.keys()):
            lost = gone.get(p, _NO_ROWS)
            lost = lost[:, [not facts.holds(s, p, o) for s, o in zip(lost[0].tolist(), lost[2].tolist(), strict=True)]]
            more = come.get(p, _NO_ROWS)[[0, 2]]
            relation = relations.get(p, NO_RELATION).edited(lost[[0, 2]], more, links=leads_on(self.terms, more[1]))
            if len(relation):
                relations[p] = relation
            else:
                relations.pop(p, None)
        return relations

    def _rebuilt(self, facts: Rows, removed: Ids, added: Ids) -> dict[int, Relation]:
        """The relations after a large change."""
        touched = np.union1d(removed[1], added[1])
        rows = facts.whole
        left = rows[:, np.isin(rows[1], touched)] if self.relations else rows
        kept = {p: relation for p, relation in self.relations.items() if p not in set(touched.tolist())}
        return kept | relations_of(self.terms, left)

    def _named_next(self, snapshot: Snapshot, subjects: Ids) -> Ids:
        """The entities of the next snapshot in order, without another pass over all of them."""
        named, place, keys = self.by_iri, self.terms.place, self.terms.keys
        touched = sorted((n for n in subjects.tolist() if is_iri(keys[n])), key=keys.__getitem__)
        gone = [n for n in touched if self.facts.holds(n) and not snapshot.facts.holds(n)]
        if gone:
            named = without(named, [place(keys[n], named) for n in gone])
        new = [n for n in touched if snapshot.facts.holds(n) and not self.facts.holds(n)]
        return inserted(named, [place(keys[n], named) for n in new], new) if new else named

    def _known(self, block: QuadBlock) -> Ids:
        """The quads of a block in numbers of this table, shape (4, n); -1 for a term that it does not have."""
        return np.ascontiguousarray(self._numbers(block)[block.quads].T)

    def _numbers(self, block: QuadBlock) -> Ids:
        if len(block) * 4 >= len(block.terms):
            return self.terms.numbers(block.terms)
        numbers = np.full(len(block.terms), -1, dtype=np.int32)
        used = np.unique(block.quads)
        numbers[used] = self.terms.numbers([block.terms[n] for n in used.tolist()])
        return numbers

    def touched_since(self, older: Snapshot) -> Ids | None:
        """The subjects and objects of all that changed on the way from `older` to this snapshot, ascending; None when that is not known."""
        if older.serial == self.serial:
            return _EMPTY
        found: list[Ids] = []
        for serial, touched in self.steps:
            if touched is None:
                return None
            found.append(touched)
            if serial == older.serial:
                return np.unique(np.concatenate(found))
        return None

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
        if self.facts.holds(number):
            return True
        return any(len(relation.subjects_of(number)) for relation in self.relations.values() if relation.links)

    def relation(self, predicate: str) -> Relation:
        """The relation of a predicate's IRI; an empty one when nothing uses it."""
        number = self.terms.find(predicate)
        return NO_RELATION if number is None else self.relations.get(number, NO_RELATION)

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
    def by_iri(self) -> Ids:
        """The entities that are IRIs, in order of their IRIs: the order of everything that a user pages through. Handed on by changes."""
        subjects = self.facts.whole[0]
        return self.in_order(subjects[np.concatenate(([True], subjects[1:] != subjects[:-1]))] if len(subjects) else _EMPTY)

    def in_order(self, numbers: Ids) -> Ids:
        """Those of the numbers that are IRIs, in order of their IRIs. Cost: one sort of labels, no string."""
        labels = self.terms.order(numbers)
        named = np.flatnonzero(labels >= 0)
        return numbers[named[np.argsort(labels[named])]]

    def label(self, subject: int) -> str:
        """What a person calls it: its first `rdfs:label`, else the last part of its IRI."""
        return self.text(subject, LABEL) or local_name(self.key(subject))

    # -- quads ----------------------------------------------------------------------------------------------------

    def quads(self, source: str | None = None) -> Iterator[KeyQuad]:
        """All quads, or those of one source, in order of subjects by number."""
        keys = self.terms.keys
        for s, p, o, g in self._rows(source, None)[:4].T.tolist():
            yield keys[s], keys[p], keys[o], keys[g]

    def block(self, source: str | None = None, graph: str | None = None) -> QuadBlock:
        """All quads as a block of its own, or those of one source or one graph. Cost: a pass over all, and over the terms' numbers."""
        rows, keys = self._rows(source, graph)[:4], self.terms.keys
        places = np.zeros(len(keys), dtype=np.int32)
        places[rows] = 1
        numbers = np.flatnonzero(places)
        places[numbers] = np.arange(len(numbers), dtype=np.int32)
        return QuadBlock([keys[n] for n in numbers.tolist()], np.ascontiguousarray(places[rows].T))

    def _rows(self, source: str | None, graph: str | None) -> Ids:
        rows = self.facts.whole
        if source is None and graph is None:
            return rows
        wanted = [graph] if graph is not None else [name for name, owner in self.owners.items() if owner == source]
        return rows[:, np.isin(rows[3], self.terms.numbers(wanted))]

    def said(self, subject: int) -> Ids:
        """All that is said of a subject, shape (n, 4): predicate, object, graph, and the revision that said it; in order."""
        return self.facts.find(subject)[1:].T

    def since(self, s: int, p: int, o: int, g: int) -> int | None:
        """The revision that said a quad; None for one that this revision does not have."""
        found = self.facts.find(s, p, o, g)
        return int(found[4, 0]) if found.shape[1] else None

    def __len__(self) -> int:
        return len(self.facts)


def _columns(numbers: Ids, quads: Ids, since: Ids | int) -> Ids:
    """Rows of `facts`, shape (5, n), of quads over terms with the given numbers."""
    columns = np.empty((5, len(quads)), dtype=np.int32)
    for at in range(4):
        columns[at] = numbers[quads[:, at]]
    columns[4] = since
    return columns
