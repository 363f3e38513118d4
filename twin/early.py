"""Readings that come before their points: of what a device has announced, while the graph does not have it yet.

Rules of this file:

1. All of them are kept, in order, not the newest of each; and in a file, where there is one, before anybody is told that they are.
2. They are handed over when a revision has their points. A kill between that and the file's next state hands them over again: the table
   and the history know what they have.
3. There is a bound; what comes beyond it is refused, so that whoever brought it can say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from graph.steps import reached
from graph.values import ReadingBatch
from twin.lines import Lines

ROWS_MAX = 500_000
"""Readings that wait: a plant of 100,000 points that says each of them five times before it is in the graph."""

_Row = tuple[str, float | None, int, int, int, int]
"""Point, value, observed and received (ms), quality, why: as `ReadingBatch.stored` reads it."""


class Early:
    """What waits, by point. One thread at a time."""

    def __init__(self, file: Path | None = None, rows_max: int = ROWS_MAX) -> None:
        """`file`: where it is durable, with what an earlier process has left; None keeps it in memory alone. Raises `OSError`."""
        self._file, self._max = Lines(file) if file is not None else None, rows_max
        self._rows: dict[str, list[_Row]] = {}
        self._count = 0
        self._written = False
        for row in _left(self._file) if self._file is not None else ():
            self._add(row)
            self._written = True

    def __len__(self) -> int:
        return self._count

    def points(self) -> Mapping[str, int]:
        """How many readings wait, by point."""
        return {point: len(rows) for point, rows in self._rows.copy().items()}

    def keep(self, batch: ReadingBatch) -> int:
        """Keep readings, the first as many as there is room for; gives how many, which are durable then. Raises `OSError` for what could
        not be made so; it waits in memory all the same."""
        rows = list(_rows(batch))[: max(0, self._max - self._count)]
        for row in rows:
            self._add(row)
        if rows and self._file is not None:
            self._file.add(rows)
            self._written = True
        reached("early.kept")
        return len(rows)

    def ready(self, there: Callable[[str], bool]) -> ReadingBatch:
        """The readings of points that are there by now, those of one point in order."""
        return ReadingBatch.stored([row for point, rows in self._rows.items() if there(point) for row in rows])

    def forget(self, points: Sequence[str]) -> None:
        """Let go of these points' readings: they stand elsewhere. Raises `OSError`. Cost: linear in what still waits."""
        gone = [self._rows.pop(point, ()) for point in dict.fromkeys(points)]
        self._count -= sum(map(len, gone))
        if self._written and self._file is not None:
            self._file.put(row for rows in self._rows.values() for row in rows)
            self._written = bool(self._rows)

    def _add(self, row: _Row) -> None:
        self._rows.setdefault(row[0], []).append(row)
        self._count += 1


def _rows(batch: ReadingBatch) -> Iterator[_Row]:
    columns = batch.values, batch.observed_at, batch.received_at, batch.quality, batch.reason
    return zip(batch.points, *(column.tolist() for column in columns), strict=True)


def _left(file: Lines) -> Iterator[_Row]:
    """The readings that a file holds."""
    for row in file.read():
        if isinstance(row, list) and len(row) == 6 and isinstance(row[0], str) and all(isinstance(each, int) for each in row[2:]):
            yield tuple(row)
