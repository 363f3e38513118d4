"""The ports of the twin: everything that it needs from outside, on one page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from graph.changes import Branch, Cause, ChangeSet, Revision
from graph.commands import Command, CommandEvent
from graph.history import DAY_MS, Buckets, HistoryStatus, Series
from graph.points import PointFacts
from graph.values import ReadingBatch, Samples, Slots
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
    """Takes what a wire has read. When `take` or `accept` returns, the wire may acknowledge it: it is durable as far as anything is."""

    def slots(self, points: Sequence[str]) -> Slots:
        """The slots of points, -1 for each that the graph does not have; they hold for the life of the process."""

    def take(self, samples: Samples) -> None:
        """Take samples by slot: the way of everything that comes often."""

    def accept(self, batch: ReadingBatch) -> None:
        """Take readings by name."""

    def early(self, batch: ReadingBatch) -> int:
        """Take readings of points that have been announced, whether or not the graph has them by now: those that it does not have wait,
        all of them and in order, and are taken with the revision that does. Gives how many there was room for: the first."""


class History(Protocol):
    """Keeps what was read, for years. Every method but `close` may raise `HistoryUnavailable`, and is safe from any thread.

    A sample is a point, a source time and a value: said again, it is kept once, with the better quality. Spans are [since, until).
    """

    def rebind(self, points: Mapping[str, PointFacts]) -> None:
        """Know these points' periods and how long each is kept; what is kept of points that are gone stays until its time is over."""

    def append(self, samples: Samples, names: Callable[[Slots], Sequence[str]]) -> None:
        """Keep the samples; when this returns, they survive a kill. `names` gives the IRIs of slots, asked once a slot."""

    def series(self, point: str, since_ms: int, until_ms: int, limit: int) -> Series:
        """The samples of a point as they came, the oldest `limit` of the span; none for a point that never said anything."""

    def buckets(self, points: Sequence[str], since_ms: int, until_ms: int, step_ms: int) -> Sequence[Buckets]:
        """The samples of points by spans of `step_ms`, one answer a point, in their order: whole spans, those that [since, until) touches.
        What has only been kept as rolled up is taken from there (a step of whole minutes, or of whole hours)."""

    def at(self, points: Sequence[str], instant_ms: int, reach_ms: int = DAY_MS) -> ReadingBatch:
        """The last sample of each point at or before the instant, in their order; `NO_VALUE` where there is none within `reach_ms` (a day
        at most), and aged as the table of current values would have been."""

    def points(self) -> Sequence[str]:
        """Every point that anything is kept of, in order of IRIs."""

    def maintain(self, now_ms: int) -> None:
        """Sort what has come into its files, roll it up, and let go of what is over its time; long work, called every few seconds."""

    def status(self) -> HistoryStatus:
        """How it stands; never raises."""

    def close(self) -> None:
        """Make everything durable and let go; a second call does nothing."""


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
