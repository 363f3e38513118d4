"""A twin kept in memory only, for tests and for looking at a file without a data folder; alike in all but durability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from graph.changes import Branch, Cause, ChangeSet, Revision
from graph.commands import CommandEvent
from graph.errors import BranchExists, StaleRevision
from graph.fold import drift_between, history
from graph.packing import used_terms
from graph.ports import Progress, StoredTwin
from graph.values import ReadingBatch
from ontology.terms import KeyQuad, QuadBlock


class MemoryStore:
    """A `TwinStore` that forgets everything with the process."""

    def __init__(self) -> None:
        self._quads: dict[KeyQuad, int] = {}
        self._owners: dict[str, str] = {}
        self._changed: dict[str, int] = {}
        self._revisions: list[Revision] = []
        self._changes: list[ChangeSet] = []
        self._branches: dict[str, tuple[Branch, list[ChangeSet]]] = {}
        self._values: dict[str, tuple[float, int, int, int, int]] = {}

    def load(self, progress: Progress | None = None) -> StoredTwin:
        """See `TwinStore.load`."""
        del progress
        newest = self._revisions[-1] if self._revisions else None
        since = np.fromiter(self._quads.values(), dtype=np.int32, count=len(self._quads))
        return StoredTwin(newest, QuadBlock.of(self._quads), dict(sorted(self._owners.items())), since, dict(sorted(self._changed.items())))

    def commit(self, change: ChangeSet, cause: Cause, *, expected: int, branch: str = "") -> Revision:
        """See `TwinStore.commit`."""
        kept = self._branch(branch)[0].revisions if branch else self._revisions
        again = next((revision for revision in kept if cause.key and revision.cause.key == cause.key), None)
        if again is not None:
            return again
        if len(kept) != expected:
            raise StaleRevision(f"the change was made against revision {expected}, but the newest is {len(kept)}: read again and repeat it")
        revision = Revision(expected + 1, cause, len(change.added), len(change.removed))
        copy = _copied(change)
        if branch:
            of, changes = self._branch(branch)
            self._branches[branch] = replace(of, revisions=(*of.revisions, revision)), [*changes, copy]
            return revision
        self._write(change, revision.number)
        self._revisions.append(revision)
        self._changes.append(copy)
        return revision

    def _write(self, change: ChangeSet, number: int) -> None:
        for quad in change.removed:
            if self._quads.pop(quad, None) is not None:
                self._changed[quad[3]] = number
        for quad in change.added:
            if self._quads.setdefault(quad, number) == number:
                self._changed[quad[3]] = number
        self._owners.update(change.graphs)
        if len(change.removed):
            subjects = {quad[0] for quad in self._quads}
            self._values = {point: row for point, row in self._values.items() if point in subjects}

    def _branch(self, name: str) -> tuple[Branch, list[ChangeSet]]:
        if name not in self._branches:
            raise KeyError(f"no branch {name!r}")
        return self._branches[name]

    def revisions(self, since: int = 0) -> Sequence[Revision]:
        """See `TwinStore.revisions`."""
        return self._revisions[max(since, 0) :]

    def change(self, number: int, branch: str = "") -> ChangeSet:
        """See `TwinStore.change`."""
        changes = self._branch(branch)[1] if branch else self._changes
        if not 1 <= number <= len(changes):
            raise KeyError(f"no revision {number}")
        return changes[number - 1]

    def branches(self) -> Sequence[Branch]:
        """See `TwinStore.branches`."""
        return [self._branches[name][0] for name in sorted(self._branches)]

    def create_branch(self, branch: Branch) -> None:
        """See `TwinStore.create_branch`."""
        if branch.name in self._branches:
            raise BranchExists(f"there is a branch {branch.name!r} already: choose another name, or drop that one first")
        self._branches[branch.name] = replace(branch, revisions=()), []

    def replace_branch(self, branch: Branch, change: ChangeSet) -> None:
        """See `TwinStore.replace_branch`."""
        revision = Revision(1, branch.cause, len(change.added), len(change.removed))
        self._branches[branch.name] = replace(branch, revisions=(revision,)), [_copied(change)]

    def drop_branch(self, name: str) -> None:
        """See `TwinStore.drop_branch`."""
        self._branch(name)
        del self._branches[name]

    def drift(self, progress: Progress | None = None) -> ChangeSet:
        """See `TwinStore.drift`."""
        del progress
        return drift_between(QuadBlock.of(self._quads), history(enumerate(self._changes, 1)))

    def write_values(self, batch: ReadingBatch) -> None:
        """See `TwinStore.write_values`. A `nan` keeps the number that stood before."""
        subjects = {quad[0] for quad in self._quads}
        columns = (batch.points, batch.values.tolist(), batch.observed_at.tolist(), batch.received_at.tolist())
        codes = zip(batch.quality.tolist(), batch.reason.tolist(), strict=True)
        for (point, value, observed_at, received_at), (quality, reason) in zip(zip(*columns, strict=True), codes, strict=True):
            if point in subjects:
                kept = self._values[point][0] if np.isnan(value) and point in self._values else value
                self._values[point] = (kept, observed_at, received_at, quality, reason)

    def values(self) -> ReadingBatch:
        """See `TwinStore.values`; in order of the points' IRIs."""
        return ReadingBatch.stored([(point, *row) for point, row in sorted(self._values.items())])

    def close(self) -> None:
        """See `TwinStore.close`."""


def _copied(change: ChangeSet) -> ChangeSet:
    return replace(change, added=_own(change.added), removed=_own(change.removed), graphs=dict(change.graphs), since=change.since.copy())


def _own(block: QuadBlock) -> QuadBlock:
    terms, quads = used_terms(block)
    return QuadBlock(terms, quads.astype(np.int32))


class MemoryJournal:
    """A `Journal` that forgets everything with the process."""

    def __init__(self) -> None:
        self._events: list[CommandEvent] = []

    def append(self, event: CommandEvent) -> None:
        """See `Journal.append`."""
        self._events.append(event)

    def events(self) -> Sequence[CommandEvent]:
        """See `Journal.events`."""
        return list(self._events)
