"""A twin kept in memory only, for tests and for looking at a file without a data folder; alike in all but durability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graph.changes import Cause, ChangeSet, Revision
from graph.commands import CommandEvent
from graph.errors import StaleRevision
from graph.ports import StoredTwin
from graph.values import Quality, ReadingBatch
from ontology.terms import KeyQuad, QuadBlock


class MemoryStore:
    """A `TwinStore` that forgets everything with the process."""

    def __init__(self) -> None:
        self._quads: dict[KeyQuad, None] = {}
        self._owners: dict[str, str] = {}
        self._revisions: list[Revision] = []
        self._changes: list[ChangeSet] = []
        self._values: dict[str, tuple[float, int, int, Quality]] = {}

    def load(self) -> StoredTwin:
        """See `TwinStore.load`."""
        return StoredTwin(self._revisions[-1] if self._revisions else None, QuadBlock.of(self._quads), dict(sorted(self._owners.items())))

    def commit(self, change: ChangeSet, cause: Cause, *, expected: int) -> Revision:
        """See `TwinStore.commit`."""
        newest = len(self._revisions)
        if newest != expected:
            raise StaleRevision(f"the change was made against revision {expected}, but the newest is {newest}: read again and repeat it")
        for quad in change.removed:
            self._quads.pop(quad, None)
        self._quads.update(dict.fromkeys(change.added))
        self._owners.update(change.graphs)
        if len(change.removed):
            subjects = {quad[0] for quad in self._quads}
            self._values = {point: row for point, row in self._values.items() if point in subjects}
        revision = Revision(newest + 1, cause, len(change.added), len(change.removed))
        self._revisions.append(revision)
        self._changes.append(ChangeSet(QuadBlock.of(change.added), QuadBlock.of(change.removed), dict(change.graphs)))
        return revision

    def revisions(self, since: int = 0) -> Sequence[Revision]:
        """See `TwinStore.revisions`."""
        return self._revisions[max(since, 0) :]

    def change(self, number: int) -> ChangeSet:
        """See `TwinStore.change`."""
        if not 1 <= number <= len(self._changes):
            raise KeyError(f"no revision {number}")
        return self._changes[number - 1]

    def write_values(self, batch: ReadingBatch) -> None:
        """See `TwinStore.write_values`. A `nan` keeps the number that stood before."""
        subjects = {quad[0] for quad in self._quads}
        columns = (batch.points, batch.values.tolist(), batch.observed_at.tolist(), batch.received_at.tolist(), batch.quality.tolist())
        for point, value, observed_at, received_at, quality in zip(*columns, strict=True):
            if point in subjects:
                kept = self._values[point][0] if np.isnan(value) and point in self._values else value
                self._values[point] = (kept, observed_at, received_at, Quality(quality))

    def values(self) -> ReadingBatch:
        """See `TwinStore.values`; in order of the points' IRIs."""
        return ReadingBatch.of([(point, *row) for point, row in sorted(self._values.items())])

    def close(self) -> None:
        """See `TwinStore.close`."""


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
