"""The revisions of the site, and its states of the past: the newest state with what came after undone.

Rules of this file:

1. The list of revisions is read from the store at once, and kept; a change set is read when it is asked for.
2. A state of the past comes of two steps, however many revisions lie between: what they come to is worked out first, then undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from graph.changes import AsOf, ChangeSet, Revision
from graph.difference import net
from graph.errors import UnknownRevision
from graph.ports import TwinStore
from graph.snapshot import EPOCH, Snapshot
from ontology.terms import QuadBlock
from twin.kept import Kept
from twin.state import Twin

STATES_KEPT = 4
"""States of the past that stay in memory; each shares with the newest what has not changed."""


class History:
    """Looks back from the twin's newest state. Safe from any thread; only the one writer calls `note`."""

    def __init__(self, store: TwinStore, twin: Twin) -> None:
        """Raises `StoreUnavailable`: the list is read here, so that what is told of it later needs no store."""
        self._store, self._twin = store, twin
        self._revisions: list[Revision] = []
        self._keys: dict[str, Revision] = {}
        self._states: Kept[int, Snapshot] = Kept(STATES_KEPT)
        for revision in store.revisions():
            self.note(revision)

    def revisions(self) -> Sequence[Revision]:
        """Every revision up to the newest of this process, oldest first: number n stands at n - 1."""
        known, newest = self._revisions, self._twin.snapshot.revision
        return known if len(known) == newest else known[:newest]

    def note(self, revision: Revision) -> None:
        """A revision has been committed; what is known already changes nothing."""
        if revision.number == len(self._revisions) + 1:
            self._revisions.append(revision)
            if revision.cause.key:
                self._keys[revision.cause.key] = revision

    def by_key(self, key: str) -> Revision | None:
        """The revision that a caller's key has already made."""
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

    def number_of(self, as_of: AsOf) -> int:
        """The revision of the site that is asked about; 0 is the empty one. Raises `UnknownRevision`."""
        newest = self._twin.snapshot.revision
        number = self.number_at(as_of.at) if as_of.at is not None else newest if as_of.revision is None else as_of.revision
        if not 0 <= number <= newest:
            raise UnknownRevision(_no_revision(number, newest))
        return number

    def between(self, older: int, newer: int) -> list[ChangeSet]:
        """The changes after revision `older` up to `newer`, oldest first."""
        return [self.change(number) for number in range(older + 1, newer + 1)]

    def state(self, number: int) -> Snapshot:
        """The site as of a revision that there is; 0 is the empty one. Cost: follows the changes since the nearest later state that is
        kept."""
        newest = self._twin.snapshot
        if number == newest.revision:
            return newest
        return self._states.get(number, lambda: self._back(newest, number))

    def _back(self, newest: Snapshot, number: int) -> Snapshot:
        near = min((each for each in (newest, *self._states.there()) if each.revision > number), key=lambda each: each.revision)
        at = self.get(number).cause.at if number else EPOCH
        found = net(self.between(number, near.revision))
        said, unsaid = found.undone
        changed = {graph: min(revision, number) for graph, revision in near.changed.items() if graph not in found.change.graphs}
        between = near.before(ChangeSet(said.added, QuadBlock.empty(), found.change.graphs), number, at, changed)
        return between.before(unsaid, number, at, changed)


def _no_revision(number: int, newest: int) -> str:
    return f"no revision {number}: there are 1 to {newest}" if newest else f"no revision {number}: nothing has been loaded yet"
