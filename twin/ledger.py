"""The ledger: the one writer of the twin, and the way to look back.

Rules of this file:

1. Every change of the graph comes through here, one at a time, as an exact change with its cause; the store has it before a reader does.
2. A change that was made against what is no longer so is told (`StaleRevision`, `Refused`), never merged in silence.
3. Looking back changes nothing: older states are the newest one with the revisions after them undone.
"""

from __future__ import annotations

from collections.abc import Sequence

from graph.changes import NEWEST, AsOf, Branch, ChangeSet, Revision
from graph.ports import Clock, TwinStore
from graph.snapshot import Snapshot
from ontology.findings import Finding
from twin.answers import Policies, Policy, Said, Source, Synced
from twin.state import Twin, View
from twin.sync import Wish

__all__ = ["Ledger", "Policies", "Policy", "Said", "Source", "Synced"]

DELETIONS_MAX = 0.10
"""The share of what a source said before that one sync may withdraw: an export that came out empty must not empty the twin."""


class Ledger:
    """Writes one change at a time; answers of older revisions and of branches from any thread."""

    def __init__(self, store: TwinStore, twin: Twin, clock: Clock, policies: Policies | None = None) -> None:
        """Nothing is read before it is asked for."""
        self._store, self._twin, self._clock = store, twin, clock
        self._policies = policies or Policies()

    # -- writing ---------------------------------------------------------------------------------------------------

    def sync(
        self,
        wish: Wish,
        *,
        author: str,
        reason: str,
        key: str = "",
        expected: int | None = None,
        deletions_max: float = DELETIONS_MAX,
        dry_run: bool = False,
        branch: str = "",
        graph: str | None = None,
    ) -> Synced:
        """Make a source say exactly what it wishes (`graph` given: in that one graph). `expected` is the revision of the snapshot that the
        caller read. Raises `StaleRevision`, `Refused`, `StoreUnavailable`, `UnknownRevision` for a branch, and `ValueError` where the wish
        speaks in another source's graph."""
        raise NotImplementedError

    def change(
        self,
        change: ChangeSet,
        *,
        author: str,
        source: str,
        reason: str,
        key: str = "",
        expected: int | None = None,
        dry_run: bool = False,
        branch: str = "",
    ) -> Synced:
        """Add and remove single quads, in graphs of `source`. Raises as `sync` does; deletions have no bound here: they are named one by one."""
        raise NotImplementedError

    def revert(self, number: int, *, author: str, reason: str, key: str = "") -> Synced:
        """Undo one revision by a new one. Raises `Refused` with what stands in the way when later revisions touched the same facts, and
        `UnknownRevision`."""
        raise NotImplementedError

    # -- looking back ----------------------------------------------------------------------------------------------

    def revisions(self, *, before: int | None = None, first: int = 50, source: str | None = None) -> Sequence[Revision]:
        """At most `first` revisions older than number `before` (of one source), newest first."""
        raise NotImplementedError

    def revision(self, number: int, branch: str = "") -> tuple[Revision, ChangeSet]:
        """One revision and its change. Raises `UnknownRevision`."""
        raise NotImplementedError

    def difference(self, older: AsOf, newer: AsOf) -> ChangeSet:
        """What must be added to and removed from the one state to have the other. Cost: follows the changes between them, not the graph."""
        raise NotImplementedError

    def snapshot(self, as_of: AsOf) -> Snapshot:
        """That state of the twin. Raises `UnknownRevision`."""
        return self._twin.snapshot

    def view(self, as_of: AsOf) -> View:
        """Questions of that state; a few are kept. Raises `UnknownRevision`."""
        return self._twin.newest

    # -- branches --------------------------------------------------------------------------------------------------

    def branches(self) -> Sequence[Branch]:
        """The branches with their own revisions, in order of names."""
        raise NotImplementedError

    def create_branch(self, name: str, *, base: AsOf, author: str, reason: str) -> Branch:
        """A new branch off a state of the site. Raises `BranchExists`, `UnknownRevision`, `ValueError` for a name that cannot be one."""
        raise NotImplementedError

    def drop_branch(self, name: str) -> None:
        """Forget a branch. Raises `UnknownRevision` for one that there is not."""
        raise NotImplementedError

    def compare_branch(self, name: str) -> ChangeSet:
        """What the branch changes on its base, all its revisions together."""
        raise NotImplementedError

    def apply_branch(self, name: str, *, author: str, reason: str, key: str = "") -> Synced:
        """Make what the branch changes a revision of the site, and drop the branch. Raises `Refused` with the facts that the site has changed
        since the branch's base and that the branch changes too."""
        raise NotImplementedError

    # -- who says what ---------------------------------------------------------------------------------------------

    def sources(self) -> Sequence[Source]:
        """Every source that says something now, in order of names."""
        raise NotImplementedError

    def findings(self, source: str) -> Sequence[Finding]:
        """What is wrong with what the source says now, the worst first; worked out once for what it says. Raises `UnknownRevision` for a
        source that there is not."""
        raise NotImplementedError

    def provenance(self, subject: str, as_of: AsOf = NEWEST) -> Sequence[Said]:
        """Every fact about an entity with who says it and by which revision, ordered by predicate, object and graph. Raises `UnknownEntity`."""
        raise NotImplementedError
