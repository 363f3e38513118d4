"""The ledger: the one writer of the twin, and the way to look back.

Rules of this file:

1. Every change of the graph comes through here, as an exact change with its cause (`twin/ledger/writer.py` says how).
2. Looking back changes nothing: older states are the newest one with the revisions after them undone (`twin/ledger/history.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from graph.changes import NEWEST, AsOf, Branch, ChangeSet, Revision
from graph.difference import net
from graph.errors import UnknownRevision
from graph.ports import Clock, Progress, TwinStore
from graph.snapshot import Snapshot
from ontology.findings import Finding
from twin.kept import Kept
from twin.ledger.admission import findings_of_source
from twin.ledger.answers import Policies, Said, Source, Synced
from twin.ledger.branches import Branches, refuse_name
from twin.ledger.history import History
from twin.ledger.who_says import FindingsKept, SourceList, provenance_of
from twin.ledger.writer import NOTHING, Asked, Writer
from twin.state import Twin, View
from twin.sync import Wish

VIEWS_KEPT = 4
"""Views of other states than the newest whose supply graphs stay in memory."""
DEFAULT_POLICIES = Policies()


class Ledger:
    """Writes one change at a time; answers of older revisions and of branches from any thread."""

    def __init__(self, store: TwinStore, twin: Twin, clock: Clock, policies: Policies = DEFAULT_POLICIES) -> None:
        """The lists of revisions and branches are read here; the present then needs the store no more. Raises `StoreUnavailable`."""
        self._twin, self._clock = twin, clock
        self._history = History(store, twin)
        self._branches = Branches(store, self._history)
        self._sources, self._findings = SourceList(policies), FindingsKept()
        self._writer = Writer(store, twin, clock, policies, (self._history, self._branches, self._sources))
        self._views: Kept[int, View] = Kept(VIEWS_KEPT)

    # -- writing ---------------------------------------------------------------------------------------------------

    def sync(
        self,
        wish: Wish,
        *,
        author: str,
        reason: str,
        key: str = "",
        expected: int | None = None,
        deletions_max: float | None = None,
        dry_run: bool = False,
        branch: str = "",
        graph: str | None = None,
    ) -> Synced:
        """Make a source say exactly what it wishes (`graph` given: in that one graph). `expected` is the revision of the snapshot that the
        caller read; it holds as long as nothing has changed the source's graphs since. Raises `StaleRevision`, `Refused`,
        `StoreUnavailable`, `UnknownBranch`, and `ValueError` where the wish speaks in another source's graph. `deletions_max` is the share
        of what the source said that may go (`twin.ledger.admission.too_much_withdrawn`); a dry run tells what would refuse it."""
        return self._writer.sync(wish, Asked(author, reason, key, expected, deletions_max, dry_run, branch, graph))

    def sync_all(
        self,
        wishes: Sequence[Wish],
        *,
        author: str,
        reason: str,
        deletions_max: float | None = None,
        dry_run: bool = False,
        branch: str = "",
        progress: Progress | None = None,
    ) -> Sequence[Synced]:
        """Fulfil several wishes in order, each on top of the one before, a revision each. What is refused is refused for all of them,
        before anything is written; to repeat them all is harmless. Raises as `sync` does."""
        asked = Asked(author, reason, deletions_max=deletions_max, dry_run=dry_run, branch=branch)
        return self._writer.sync_all(wishes, asked, progress)

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
        """Add and remove single quads, in graphs of `source`; a branch may also do without what others say. Raises as `sync` does;
        deletions have no bound here: each is named."""
        asked = Asked(author, reason, key, expected, dry_run=dry_run, branch=branch)
        return self._writer.change(change, source, asked)

    def revert(self, number: int, *, author: str, reason: str, key: str = "") -> Synced:
        """Undo one revision by a new one. Raises `Refused` with what stands in the way when later revisions touched the same facts, and
        `UnknownRevision`."""
        return self._writer.revert(number, Asked(author, reason, key))

    def take_in(self, *, author: str, reason: str, progress: Progress | None = None) -> Synced:
        """Make what somebody wrote to the store past the twin a revision of its own. Raises `StoreUnavailable`."""
        return self._writer.take_in(Asked(author, reason), progress)

    def follow(self) -> int:
        """Take the revisions that another process has committed to a shared store; how many there were. Raises `StoreUnavailable`."""
        return self._writer.follow()

    # -- looking back ----------------------------------------------------------------------------------------------

    def revisions(self, *, before: int | None = None, first: int = 50, source: str | None = None) -> Sequence[Revision]:
        """At most `first` revisions older than number `before` (of one source), newest first."""
        known = self._history.revisions()
        end = len(known) if before is None else min(max(before - 1, 0), len(known))
        found: list[Revision] = []
        for at in range(end - 1, -1, -1):
            if len(found) >= first:
                break
            if source is None or known[at].cause.source == source:
                found.append(known[at])
        return found

    def revision(self, number: int, branch: str = "") -> tuple[Revision, ChangeSet]:
        """One revision and its change. Raises `UnknownRevision`."""
        if branch:
            return self._branches.change(branch, number)
        return self._history.get(number), self._history.change(number)

    def difference(self, older: AsOf, newer: AsOf) -> ChangeSet:
        """What must be added to and removed from the one state to have the other. Cost: follows the changes between them, not the graph."""
        (low, own_low), (high, own_high) = self._steps(older), self._steps(newer)
        back = [change.inverse() for change in reversed(own_low)]
        between = self._history.between(min(low, high), max(low, high))
        if low > high:
            between = [change.inverse() for change in reversed(between)]
        changes = [*back, *between, *own_high]
        return net(changes).change if changes else NOTHING

    def snapshot(self, as_of: AsOf) -> Snapshot:
        """That state of the twin. Raises `UnknownRevision`, `UnknownBranch`."""
        if as_of.branch:
            return self._branches.state(as_of)
        return self._twin.snapshot if as_of == NEWEST else self._history.state(self._history.number_of(as_of))

    def view(self, as_of: AsOf) -> View:
        """Questions of that state; a few are kept. The newest state of the site (by whatever name) or of a branch has live values, a state
        looked back to has none. Raises `UnknownRevision`, `UnknownBranch`."""
        if as_of == NEWEST:
            return self._twin.newest
        snapshot, newest = self.snapshot(as_of), self._twin.newest
        if snapshot is newest.snapshot:
            return newest
        live = bool(as_of.branch) and not as_of.is_past
        make = self._twin.live_view if live else self._twin.past_view
        return self._views.get(snapshot.serial if live else -snapshot.serial, lambda: make(snapshot))

    # -- branches --------------------------------------------------------------------------------------------------

    def branches(self) -> Sequence[Branch]:
        """The branches with their own revisions, in order of names."""
        return self._branches.all()

    def create_branch(self, name: str, *, base: AsOf, author: str, reason: str) -> Branch:
        """A new branch off a state of the site. Raises `BranchExists`, `UnknownRevision`, `ValueError` for a name that cannot be one."""
        if base.branch:
            raise ValueError(f"a branch stands on the site, not on branch {base.branch!r}: give a revision or an instant")
        refuse_name(name)
        return self._writer.create_branch(name, base, Asked(author, reason))

    def drop_branch(self, name: str) -> None:
        """Forget a branch. Raises `UnknownBranch`."""
        self._writer.drop_branch(name)

    def compare_branch(self, name: str) -> ChangeSet:
        """What the branch changes on its base, all its revisions together. Raises `UnknownBranch`."""
        return self._branches.difference(self._branches.get(name))

    def apply_branch(self, name: str, *, author: str, reason: str, key: str = "") -> Synced:
        """Make what the branch changes a revision of the site, and drop the branch. Raises `Refused` with the facts of the branch that the
        site has touched since its base, and the values in whose place both have put different ones, and `UnknownBranch`."""
        return self._writer.apply_branch(name, Asked(author, reason, key))

    # -- who says what ---------------------------------------------------------------------------------------------

    def sources(self) -> Sequence[Source]:
        """Every source that says something now, in order of names."""
        return self._sources.of(self._twin.snapshot, self._revision_of)

    def findings(self, source: str) -> Sequence[Finding]:
        """What is wrong with what the source says now, the worst first; worked out once for a state. Raises `UnknownRevision` for a
        source that there is not."""
        snapshot = self._twin.snapshot
        if source not in snapshot.owners.values():
            known = ", ".join(sorted(set(snapshot.owners.values()))) or "none: nothing is loaded yet"
            raise UnknownRevision(f"no source {source!r} in revision {snapshot.revision}; there are: {known}")
        return self._findings.of(source, snapshot.serial, lambda: findings_of_source(source, snapshot, self._twin.vocabulary))

    def provenance(self, subject: str, as_of: AsOf = NEWEST, *, inferred: bool = False) -> Sequence[Said]:
        """Every fact about an entity with who says it and by which revision, ordered by predicate, object and graph; the inferred ones too,
        if asked, marked as such. Raises `UnknownEntity`, `UnknownRevision`."""
        snapshot = self.snapshot(as_of)
        branch = self._branches.get(as_of.branch) if as_of.branch else None

        def revision_of(number: int) -> Revision | None:
            own = branch is not None and number > branch.base
            return branch.revisions[number - branch.base - 1] if branch is not None and own else self._revision_of(number)

        return provenance_of(snapshot, self._twin.vocabulary, subject, revision_of, inferred=inferred)

    def _revision_of(self, number: int) -> Revision | None:
        known = self._history.revisions()
        return known[number - 1] if 1 <= number <= len(known) else None

    def _steps(self, as_of: AsOf) -> tuple[int, list[ChangeSet]]:
        """A state as a revision of the site and changes of a branch on top of it."""
        if not as_of.branch:
            return self._history.number_of(as_of), []
        branch, count = self._branches.own(as_of)
        return branch.base, self._branches.changes(branch, count)
