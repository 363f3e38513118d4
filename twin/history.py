"""The revisions of the site, and its states of the past: the newest state with what came after undone.

Rules of this file:

1. The list of revisions is read from the store once, and kept; a change set is read when it is asked for.
2. A state of the past comes of two steps, however many revisions lie between: what they come to is worked out first, then undone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from threading import RLock

from graph.changes import ChangeSet, Revision
from graph.difference import net
from graph.errors import UnknownRevision
from graph.ports import TwinStore
from graph.snapshot import EPOCH, Snapshot
from ontology.terms import QuadBlock
from twin.state import Twin

STATES_KEPT = 4
"""States of the past that stay in memory; each shares with the newest what has not changed."""


class History:
    """Looks back from the twin's newest state. Safe from any thread."""

    def __init__(self, store: TwinStore, twin: Twin) -> None:
        self._store, self._twin = store, twin
        self._lock = RLock()
        self._revisions: list[Revision] = []
        self._keys: dict[str, Revision] = {}
        self._states: OrderedDict[int, Snapshot] = OrderedDict()

    def revisions(self) -> Sequence[Revision]:
        """Every revision up to the newest of this process, oldest first: number n stands at n - 1."""
        newest = self._twin.snapshot.revision
        with self._lock:
            if len(self._revisions) < newest:
                self._note(self._store.revisions(len(self._revisions)))
            return self._revisions if len(self._revisions) == newest else self._revisions[:newest]

    def note(self, revision: Revision) -> None:
        """A revision has been committed."""
        with self._lock:
            if revision.number == len(self._revisions) + 1:
                self._note([revision])

    def _note(self, revisions: Sequence[Revision]) -> None:
        self._revisions += revisions
        self._keys |= {revision.cause.key: revision for revision in revisions if revision.cause.key}

    def by_key(self, key: str) -> Revision | None:
        """The revision that a caller's key has already made."""
        self.revisions()
        return self._keys.get(key)

    def get(self, number: int) -> Revision:
        """One revision. Raises `UnknownRevision`."""
        known = self.revisions()
        if not 1 <= number <= len(known):
            raise UnknownRevision(_no_revision(number, len(known)))
        return known[number - 1]

    def change(self, number: int) -> ChangeSet:
        """What one revision changed. Raises `UnknownRevision`."""
        self.get(number)
        try:
            return self._store.change(number)
        except KeyError:
            raise UnknownRevision(f"the change of revision {number} is not kept: restore the store from its last backup") from None

    def number_at(self, at: datetime) -> int:
        """The newest revision that had been made by an instant. Raises `UnknownRevision` for one before the first."""
        known = self.revisions()
        for revision in reversed(known):
            if revision.cause.at <= at:
                return revision.number
        first = f"the first revision is of {known[0].cause.at:%Y-%m-%d %H:%M:%S} UTC" if known else "nothing has been loaded yet"
        raise UnknownRevision(f"nothing was known at {at:%Y-%m-%d %H:%M:%S %Z}: {first}; ask for a later instant")

    def between(self, older: int, newer: int) -> list[ChangeSet]:
        """The changes after revision `older` up to `newer`, oldest first."""
        return [self.change(number) for number in range(older + 1, newer + 1)]

    def state(self, number: int) -> Snapshot:
        """The site as of a revision; 0 is the empty one. Raises `UnknownRevision`. Cost: follows the changes since the nearest later state
        that is kept."""
        newest = self._twin.snapshot
        if number == newest.revision:
            return newest
        with self._lock:
            if not 0 <= number <= newest.revision:
                raise UnknownRevision(_no_revision(number, newest.revision))
            kept = self._states.get(number)
            if kept is None:
                near = min((each for each in (newest, *self._states.values()) if each.revision > number), key=lambda each: each.revision)
                kept = self._states[number] = self._back(near, number)
                if len(self._states) > STATES_KEPT:
                    self._states.popitem(last=False)
            self._states.move_to_end(number)
            return kept

    def _back(self, near: Snapshot, number: int) -> Snapshot:
        at = self.get(number).cause.at if number else EPOCH
        found = net(self.between(number, near.revision))
        said, unsaid = found.undone
        changed = {graph: min(revision, number) for graph, revision in near.changed.items() if graph not in found.change.graphs}
        between = near.before(ChangeSet(said.added, QuadBlock.empty(), found.change.graphs), number, at, changed)
        return between.before(unsaid, number, at, changed)


def _no_revision(number: int, newest: int) -> str:
    return f"no revision {number}: there are 1 to {newest}" if newest else f"no revision {number}: nothing has been loaded yet"
