"""The log: what has come in and is not yet sorted into its files, durable before anybody is told that it is.

Rules of this file:

1. Segments are files of blocks, numbered from one on; only the newest is written, and no number comes again.
2. Whoever appends waits for one fsync, which one of those who wait does for all of them.
3. What could not be made durable is told to everybody who waited for it, and the segment is left: after a failed fsync nobody knows what
   the system still holds. The next block begins another one.
4. At opening, what follows the last whole block of the newest segment is cut off; a damaged place in a segment costs only its block.
5. What waits is in memory as well, so that questions see it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

from adapters.history import frames
from adapters.history.rows import COLUMNS, Rows
from graph.disk import make_folder, sync_folder
from graph.steps import reached

SEGMENT_BYTES = 64 << 20
"""How long a segment may become: some two million samples, which is what is sorted at once."""
_ROWS_MAX = SEGMENT_BYTES // frames.ROW_BYTES + (1 << 16)
"""What a segment holds, with the block that makes it too long."""
_FIRST_ROWS = 4096
_GROWTH = 8
"""How many times as long the arrays of a segment become when they are full: what is not written to takes no memory yet, and copying what
is there costs more than the disk."""


class Log:
    """The segments of a folder. Every method is safe from any thread; those that write raise `OSError`."""

    def __init__(self, folder: Path, first: int = 1, *, read_only: bool = False) -> None:
        """The log of a folder; `first` is the lowest number that a new segment may have."""
        self._folder = folder
        self._writing, self._syncing = Lock(), Lock()
        self._active: _Segment | None = None
        self._closed: dict[int, Rows] = {}
        self._pending: list[_Pending] = []
        self._seen: tuple[Rows, ...] = ()
        """What questions see: exchanged whole, so that nobody who asks waits for a disk."""
        self._next = first
        for path in sorted(folder.glob("*.log")):
            number = int(path.stem)
            self._closed[number] = _recovered(path, read_only=read_only)
            self._next = max(self._next, number + 1)
        self._publish()

    def append(self, rows: Rows) -> None:
        """Make the rows durable; then questions see them."""
        block = frames.encode(rows)
        if self.active_bytes > SEGMENT_BYTES:
            with suppress(OSError):  # told to those whose rows it held
                self.roll()
        with self._writing:
            pending = _Pending(self._put(block), rows)
            self._pending.append(pending)
        reached("history.append.written")
        with self._syncing:
            if not pending.done:
                self._settle()
        if pending.error is not None:
            raise pending.error
        reached("history.append.done")

    def waiting(self) -> Sequence[Rows]:
        """The rows that are durable here, by segment, in order of arrival."""
        return self._seen

    @property
    def rows(self) -> int:
        """How many rows wait."""
        return sum(len(part) for part in self.waiting())

    @property
    def next_number(self) -> int:
        """The number that the next new segment has."""
        return self._next

    @property
    def active_bytes(self) -> int:
        """How long the newest segment is."""
        active = self._active
        return 0 if active is None else active.size

    def bytes(self) -> int:
        """What the log takes on the disk."""
        return sum(frames.size_of(len(rows)) for rows in self.waiting())

    def roll(self) -> None:
        """Close the newest segment, so that what it holds may be sorted."""
        with self._syncing:
            self._settle()
            with self._writing:
                self._leave()

    def closed(self) -> dict[int, Rows]:
        """The segments that nobody writes any more, by number."""
        with self._writing:
            return dict(sorted(self._closed.items()))

    def forget(self, numbers: Sequence[int]) -> None:
        """Let go of closed segments: what they hold stands elsewhere."""
        for number in numbers:
            (self._folder / _name(number)).unlink(missing_ok=True)
        if numbers:
            sync_folder(self._folder)
        with self._writing:
            self._closed = {number: rows for number, rows in self._closed.items() if number not in set(numbers)}
            self._publish()

    def close(self) -> None:
        """Make everything durable and let go; a second call does nothing."""
        self.roll()

    def _put(self, block: bytearray) -> _Segment:
        """Write a block behind the others; what a failed write has left is written over by the next. Under `_writing`."""
        active = self._active = self._active or self._begun()
        written, view = 0, memoryview(block)
        while written < len(block):
            written += os.pwrite(active.handle, view[written:], active.size + written)
        active.size += len(block)
        return active

    def _begun(self) -> _Segment:
        make_folder(self._folder)
        number = self._next
        handle = os.open(self._folder / _name(number), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        sync_folder(self._folder)
        self._next = number + 1
        return _Segment(number, handle)

    def _settle(self) -> None:
        """Make durable what was written so far, for all who wait. Under `_syncing`."""
        with self._writing:
            active, mine = self._active, self._pending
            self._pending = []
        if active is None or not mine:
            return
        try:
            active.sync()
        except OSError as error:
            with self._writing:
                for pending in [*mine, *self._pending]:
                    pending.done, pending.error = True, error
                self._pending = []
                self._abandon(active)
            raise
        with self._writing:
            for pending in mine:
                pending.show()
            self._publish()

    def _leave(self) -> None:
        """No longer write the newest segment. Under both locks."""
        active = self._active
        if active is not None and not self._pending:
            os.close(active.handle)
            self._closed[active.number], self._active = active.seen(), None
            self._publish()

    def _abandon(self, segment: _Segment) -> None:
        """Rule 3: keep what was told to be durable, cut off the rest as far as the system lets us."""
        if self._active is segment:
            self._active = None
        try:
            os.ftruncate(segment.handle, segment.synced)
        except OSError:  # what stays there was told to nobody: seen again after a restart, it is no harm
            pass
        finally:
            os.close(segment.handle)
            self._closed[segment.number] = segment.seen()
            self._publish()

    def _publish(self) -> None:
        """Let questions see what is durable now. Under `_writing`."""
        active = self._active
        self._seen = (*self._closed.values(), *([active.seen()] if active is not None else []))


class _Segment:
    """The file that is written, and what of it is durable, in arrays that grow."""

    def __init__(self, number: int, handle: int) -> None:
        self.number, self.handle = number, handle
        self.size = self.synced = 0
        self._buffer, self._count = Rows.empty(_FIRST_ROWS), 0

    def sync(self) -> None:
        size = self.size
        os.fdatasync(self.handle)
        self.synced = max(self.synced, size)

    def show(self, rows: Rows) -> None:
        count = self._count + len(rows)
        if count > len(self._buffer):
            grown = Rows.empty(max(count, min(_GROWTH * len(self._buffer), _ROWS_MAX)))
            for name in COLUMNS:
                getattr(grown, name)[: self._count] = getattr(self._buffer, name)[: self._count]
            self._buffer = grown
        for name in COLUMNS:
            getattr(self._buffer, name)[self._count : count] = getattr(rows, name)
        self._count = count

    def seen(self) -> Rows:
        return self._buffer.pick(slice(0, self._count))


class _Pending:
    """Rows that are written and not yet told to be durable."""

    def __init__(self, segment: _Segment, rows: Rows) -> None:
        self.segment, self.rows = segment, rows
        self.done = False
        self.error: OSError | None = None

    def show(self) -> None:
        self.segment.show(self.rows)
        self.done = True


def _name(number: int) -> str:
    return f"{number:012d}.log"


def _recovered(path: Path, *, read_only: bool) -> Rows:
    data, end, parts = bytearray(path.read_bytes()), 0, []
    for end, rows in frames.decode(data):  # noqa: B007 - the last end counts
        parts.append(rows)
    if end < len(data) and not read_only:
        with path.open("r+b") as file:
            file.truncate(end)
            os.fsync(file.fileno())
    return Rows.joined(parts)
