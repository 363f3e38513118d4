"""The ports of the twin: everything that it needs from outside, on one page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from graph.changes import Branch, Cause, ChangeSet, Revision
from graph.commands import Command, CommandEvent
from graph.values import ReadingBatch
from ontology.terms import Ids, QuadBlock

Clock = Callable[[], datetime]
"""Gives the present instant, aware UTC."""

Progress = Callable[[str, int, int], None]
"""Told of long work: what is done, how much so far, how much in all (0 when unknown)."""


@dataclass(frozen=True, slots=True)
class StoredTwin:
    """All that a store keeps of the graph: the newest revision (None when the store is empty), the quads, the revision that each of them
    was said by (int32, one for each quad), each graph's owner, and the newest revision that changed each graph."""

    revision: Revision | None
    quads: QuadBlock
    owners: Mapping[str, str]
    since: Ids
    changed: Mapping[str, int]


class TwinStore(Protocol):
    """Keeps the twin. Every method may raise `StoreUnavailable`; what `commit` returned survives a crash, and a crash before it returns
    leaves the old revision or the new one, whole, without anybody's help."""

    def load(self, progress: Progress | None = None) -> StoredTwin:
        """Everything, as of the newest revision."""

    def commit(self, change: ChangeSet, cause: Cause, *, expected: int, branch: str = "") -> Revision:
        """Make the change and its revision durable, in one transaction, on the site or on a branch. `expected` is the newest revision that
        the change was made against (of a branch: of its own changes). Raises `StaleRevision` when it is not the newest any more, `KeyError`
        for a branch that there is not. A cause whose `key` has been committed before gives that revision back and changes nothing."""

    def revisions(self, since: int = 0) -> Sequence[Revision]:
        """The revisions after number `since`, oldest first."""

    def change(self, number: int, branch: str = "") -> ChangeSet:
        """The change set of one revision, with `since`. Raises `KeyError` for a number that is not kept."""

    def branches(self) -> Sequence[Branch]:
        """The branches with their own revisions, in order of names."""

    def create_branch(self, branch: Branch) -> None:
        """Keep a new branch without changes. Raises `BranchExists`."""

    def replace_branch(self, branch: Branch, change: ChangeSet) -> None:
        """Keep a branch with one change, both of the branch's cause, in the place of the one of that name where there is one: in one
        transaction, so that a crash leaves the one or the other."""

    def drop_branch(self, name: str) -> None:
        """Forget a branch and its changes. Raises `KeyError` for one that there is not."""

    def drift(self, progress: Progress | None = None) -> ChangeSet:
        """How what the store holds differs from what its revisions say: empty unless somebody wrote past this port. To commit it takes it
        in; nothing else does. Cost: linear in all that is kept."""

    def write_values(self, batch: ReadingBatch) -> None:
        """Keep the batch as current values; a row for a point that the graph does not have is left out."""

    def values(self) -> ReadingBatch:
        """The current values as last written."""

    def close(self) -> None:
        """Let go of the store; a second call does nothing."""


class ReadingSink(Protocol):
    """Takes what a wire has read."""

    def accept(self, batch: ReadingBatch) -> None:
        """Take the batch; when this returns, the wire may acknowledge it."""


class Journal(Protocol):
    """Keeps every step of every command, in order, durable before the call returns."""

    def append(self, event: CommandEvent) -> None:
        """Write one step. Raises `StoreUnavailable` when it cannot be made durable; then nothing may be sent."""

    def events(self) -> Sequence[CommandEvent]:
        """Every step so far, oldest first."""


class DevicePort(Protocol):
    """Writes to one kind of device."""

    @property
    def send_s_max(self) -> float:
        """Seconds after which `send` has ended, and after which nothing more of it goes out."""

    def serves(self, point: str) -> bool:
        """Whether this wire can write the point."""

    def send(self, command: Command) -> None:
        """Write once, never again. Raises `DeviceRefused` when it is certainly not done, `DeviceUnknown` when nobody can tell."""


class DeviceRefused(Exception):
    """The device answered that it did not do it, or nothing was sent."""


class DeviceUnknown(Exception):
    """No answer came: the device may or may not have done it; only a readback tells."""
