"""Branches: changes of their own on top of a state of the site, which they do not touch.

Rules of this file:

1. The store keeps a branch's changes; its state is made of them and of the site's at its base, and a few of these are kept in memory.
2. In the snapshot of a branch the revisions go on counting from its base: `base + n` is the branch's own revision n.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from graph.changes import AsOf, Branch, Cause, ChangeSet, Revision
from graph.difference import net
from graph.errors import UnknownBranch, UnknownRevision
from graph.ports import TwinStore
from graph.snapshot import Snapshot
from ontology.terms import QuadBlock
from twin.kept import Kept
from twin.ledger.answers import QUARANTINE
from twin.ledger.history import History

STATES_KEPT = 4
NAME_MAX = 200
_NAME = re.compile(r"\w[\w.+@-]*(/\w[\w.+@-]*)*")

_Key = tuple[str, int, str, int]


class Branches:
    """The branches of a store and their states. Safe from any thread; only the ledger calls what changes them."""

    def __init__(self, store: TwinStore, history: History) -> None:
        """Raises `StoreUnavailable`: the list is read here, so that what is told of it later needs no store."""
        self._store, self._history = store, history
        self._known: dict[str, Branch] = {}
        self._states: Kept[_Key, Snapshot] = Kept(STATES_KEPT)
        self.refresh()

    def refresh(self) -> None:
        """Read the list of branches again: another process may have changed it."""
        self._known = {branch.name: branch for branch in self._store.branches()}

    def all(self) -> Sequence[Branch]:
        """The branches, in order of names."""
        return [branch for _, branch in sorted(self._known.items())]

    def get(self, name: str) -> Branch:
        """One branch. Raises `UnknownBranch`."""
        found = self._known.get(name)
        if found is None:
            names = ", ".join(branch.name for branch in self.all()[:10]) or "none"
            raise UnknownBranch(f"no branch {name!r}; there are: {names}")
        return found

    def by_key(self, name: str, key: str) -> Revision | None:
        """The revision of a branch that a caller's key has already made."""
        return next((revision for revision in self.get(name).revisions if key and revision.cause.key == key), None)

    def create(self, name: str, base: int, cause: Cause) -> Branch:
        """Keep a new branch. Raises `BranchExists`."""
        self._store.create_branch(Branch(name, base, cause))
        self.refresh()
        return self.get(name)

    def replace(self, name: str, base: int, change: ChangeSet, cause: Cause) -> None:
        """Keep a branch with that one change, in the place of the one that there may be."""
        self._store.replace_branch(Branch(name, base, cause), change)
        self.refresh()

    def drop(self, name: str) -> None:
        """Forget a branch. Raises `UnknownBranch`."""
        self.get(name)
        with suppress(KeyError):  # another process was first: it is gone, as was wished
            self._store.drop_branch(name)
        self.refresh()

    def change(self, name: str, number: int) -> tuple[Revision, ChangeSet]:
        """One revision of a branch and its change. Raises `UnknownBranch`, `UnknownRevision`."""
        branch = self.get(name)
        if not 1 <= number <= len(branch.revisions):
            raise UnknownRevision(f"branch {name!r} has no change {number}: it has {len(branch.revisions)}, counted from 1")
        return branch.revisions[number - 1], self._change(branch, number)

    def changes(self, branch: Branch, most: int | None = None) -> list[ChangeSet]:
        """The branch's own changes, oldest first."""
        count = len(branch.revisions) if most is None else most
        return [self._change(branch, number) for number in range(1, count + 1)]

    def difference(self, branch: Branch, most: int | None = None) -> ChangeSet:
        """What the branch changes on its base, its changes together."""
        changes = self.changes(branch, most)
        return net(changes).change if changes else ChangeSet(QuadBlock.empty(), QuadBlock.empty())

    def own(self, as_of: AsOf) -> tuple[Branch, int]:
        """The branch that is asked about, and how many of its own changes count. Raises `UnknownBranch`, `UnknownRevision`."""
        branch = self.get(as_of.branch)
        count = len(branch.revisions) if as_of.revision is None else as_of.revision
        if as_of.at is not None:
            count = sum(revision.cause.at <= as_of.at for revision in branch.revisions)
        if not 0 <= count <= len(branch.revisions):
            raise UnknownRevision(f"branch {branch.name!r} has no change {count}: it has {len(branch.revisions)}, counted from 1")
        return branch, count

    def state(self, as_of: AsOf) -> Snapshot:
        """The state of a branch. Raises `UnknownBranch`, `UnknownRevision`. Cost: follows its own changes."""
        branch, count = self.own(as_of)
        return self._states.get(self._key(branch, count), lambda: self._state(branch, count))

    def _state(self, branch: Branch, count: int) -> Snapshot:
        kept = ((at, self._states.find(self._key(branch, at))) for at in range(count - 1, 0, -1))
        start, state = next(((at, found) for at, found in kept if found is not None), (0, None))
        if state is None:
            state = self._history.state(branch.base)
        for number in range(start + 1, count + 1):
            state = state.apply(self._change(branch, number), branch.base + number, branch.revisions[number - 1].cause.at)
        return state

    def commit(self, name: str, change: ChangeSet, cause: Cause, expected: int) -> Revision:
        """Make a change of a branch durable. Raises `UnknownBranch`, `StaleRevision`."""
        with self._there(name):
            revision = self._store.commit(change, cause, expected=expected, branch=name)
        self.refresh()
        return revision

    def _change(self, branch: Branch, number: int) -> ChangeSet:
        with self._there(branch.name):
            return self._store.change(number, branch.name)

    @contextmanager
    def _there(self, name: str) -> Iterator[None]:
        """Around what asks the store for a branch. Raises `UnknownBranch` where another process has dropped it."""
        try:
            yield
        except KeyError:
            self.refresh()
            self.get(name)
            raise UnknownBranch(f"branch {name!r} was dropped and made anew by another process: ask again") from None

    @staticmethod
    def _key(branch: Branch, count: int) -> _Key:
        return branch.name, branch.base, branch.cause.at.isoformat(), count


def refuse_name(name: str) -> None:
    """Raise `ValueError` for what cannot name a user's branch: what is hard to type or to put into an address, and what `--at` and `diff`
    take for a revision or an instant."""
    if len(name) > NAME_MAX or not _NAME.fullmatch(name):
        raise ValueError(
            f"{name[:NAME_MAX]!r} cannot name a branch: give up to {NAME_MAX} letters and digits, and between them any of . _ - + @ / only"
        )
    if name.isdecimal() or _is_instant(name):
        raise ValueError(f"{name!r} cannot name a branch: it reads as a revision or an instant; begin it with a word")


def _is_instant(text: str) -> bool:
    with suppress(ValueError):
        datetime.fromisoformat(text)
        return True
    return False


def quarantine_of(source: str) -> str:
    """The branch that holds what a source was not let say."""
    return QUARANTINE + source
