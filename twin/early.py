"""Readings that come before their points: of what a device has announced, while the graph does not have it yet.

Rules of this file:

1. All of them are kept, in order, not the newest of each; and in a file, where there is one, before anybody is told that they are.
2. They are handed over when a revision has their points. A kill between that and the file's next state hands them over again: the table
   and the history know what they have.
3. There is a bound; what comes beyond it is refused, so that whoever brought it can say so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from graph.disk import make_folder, put_in_place, sync_folder
from graph.steps import reached
from graph.values import ReadingBatch

ROWS_MAX = 500_000
"""Readings that wait: a plant of 100,000 points that says each of them five times before it is in the graph."""

_Row = tuple[str, float | None, int, int, int, int]
"""Point, value, observed and received (ms), quality, why: as `ReadingBatch.stored` reads it."""


class Early:
    """What waits, by point. One thread at a time."""

    def __init__(self, file: Path | None = None, rows_max: int = ROWS_MAX) -> None:
        """`file`: where it is durable, with what an earlier process has left; None keeps it in memory alone. Raises `OSError`."""
        self._file, self._max = file, rows_max
        self._rows: dict[str, list[_Row]] = {}
        self._count = 0
        self._written = False
        for row in _left(file) if file is not None and file.exists() else ():
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
            self._append(self._file, b"".join(b"\n" + orjson.dumps(row) for row in rows) + b"\n")
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
            part = self._file.with_suffix(".part")
            with part.open("wb") as file:
                file.writelines(orjson.dumps(row) + b"\n" for rows in self._rows.values() for row in rows)
            put_in_place(part, self._file)
            self._written = bool(self._rows)

    def _add(self, row: _Row) -> None:
        self._rows.setdefault(row[0], []).append(row)
        self._count += 1

    def _append(self, path: Path, data: bytes) -> None:
        make_folder(path.parent)
        new = not path.exists()
        with path.open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if new:
            sync_folder(path.parent)
        self._written = True


def _rows(batch: ReadingBatch) -> Iterator[_Row]:
    columns = batch.values, batch.observed_at, batch.received_at, batch.quality, batch.reason
    return zip(batch.points, *(column.tolist() for column in columns), strict=True)


def _left(file: Path) -> Iterator[_Row]:
    """What a file holds; a line that is not whole was told to nobody, and whatever is written begins another one."""
    for line in file.read_bytes().split(b"\n"):
        try:
            row: Any = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(row, list) and len(row) == 6 and isinstance(row[0], str) and all(isinstance(each, int) for each in row[2:]):
            yield tuple(row)
