"""The mark of a restore: while it stands, a store holds a part of a twin, and nobody but the same restore has it."""

from __future__ import annotations

from graph.changes import Branch
from graph.errors import StoreUnavailable
from graph.ports import TwinStore

RESTORE_MARK = "/restore"
"""The branch that says so: its reason is the backup's file, its key what identifies the backup. No user's branch begins with a slash."""


def mark_of(store: TwinStore) -> Branch | None:
    """The mark of the restore that has not come to its end, if there is one. Cost: a list of branches."""
    return next((branch for branch in store.branches() if branch.name == RESTORE_MARK), None)


def refuse_part(store: TwinStore, name: str) -> None:
    """Raise `StoreUnavailable` where a restore has not come to its end: half a twin gives wrong answers, and a write would keep the
    restore from going on."""
    mark = mark_of(store)
    if mark is not None:
        raise unfinished(name, mark.cause.reason)


def unfinished(name: str, file: str) -> StoreUnavailable:
    """What is told of a store that holds a part of the backup in that file."""
    return StoreUnavailable(f"{name} holds an unfinished restore of {file}: wait for it, or, when it was cut off, repeat the restore")
