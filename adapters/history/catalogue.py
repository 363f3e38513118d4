"""The numbers of points: a point has the number of its line in a file that only grows, and keeps it for ever."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from adapters.history.rows import Numbers
from graph.disk import make_folder, sync_folder

FILE = "points"


class Catalogue:
    """IRIs by number and numbers by IRI. One writes at a time (the caller sees to it); who reads needs no lock."""

    def __init__(self, folder: Path) -> None:
        """The catalogue of a folder; a line that a crash has torn is passed over, as no row can use it."""
        self._path = folder / FILE
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._size = 0
        if self._path.exists():
            self._read(self._path.read_bytes())

    def __len__(self) -> int:
        return len(self._names)

    @property
    def names(self) -> Sequence[str]:
        """The IRIs, by number."""
        return self._names

    def find(self, points: Sequence[str]) -> Numbers:
        """The numbers of points, -1 for each that has none."""
        find = self._numbers.get
        return np.fromiter((find(point, -1) for point in points), np.int32, len(points))

    def take(self, points: Sequence[str]) -> Numbers:
        """The numbers of points; those that have none are given one, durable when this returns. Raises `OSError`."""
        new = [point for point in dict.fromkeys(points) if point not in self._numbers]
        if new:
            self._write(new)
            for point in new:
                self._numbers[point] = len(self._names)
                self._names.append(point)
        return self.find(points)

    def _write(self, points: Sequence[str]) -> None:
        fresh = not self._path.exists()
        make_folder(self._path.parent)
        data = b"".join(_line(point) for point in points)
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.ftruncate(handle, self._size)
            written = 0
            while written < len(data):
                written += os.pwrite(handle, data[written:], self._size + written)
            os.fsync(handle)
        finally:
            os.close(handle)
        if fresh:
            sync_folder(self._path.parent)
        self._size += len(data)

    def _read(self, data: bytes) -> None:
        for line in data.splitlines(keepends=True):
            point = line[9:-1].decode("utf-8", "replace")
            if _line(point) != line:
                return
            self._numbers[point] = len(self._names)
            self._names.append(point)
            self._size += len(line)


def _line(point: str) -> bytes:
    data = point.encode("utf-8", "replace").replace(b"\n", b"?").replace(b"\r", b"?")
    return b"%08x %b\n" % (zlib.crc32(data), data)
