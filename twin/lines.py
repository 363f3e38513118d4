"""A file of lines that is durable when it has been added to, and small: what a process has to know again after a kill."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from graph.disk import make_folder, put_in_place, sync_folder


class Lines:
    """JSON, one document a line. Whatever is written begins a line of its own, so a torn one costs itself alone; nobody was told of it."""

    def __init__(self, path: Path) -> None:
        """Nothing is made before something is written."""
        self._path = path

    def read(self) -> Iterator[Any]:
        """The documents, in order. Raises `OSError`."""
        for line in self._path.read_bytes().split(b"\n") if self._path.exists() else ():
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError:
                continue

    def add(self, documents: Iterable[Any]) -> None:
        """Durable when this returns: one fsync for all. Raises `OSError`."""
        make_folder(self._path.parent)
        new = not self._path.exists()
        with self._path.open("ab") as file:
            file.write(b"".join(b"\n" + orjson.dumps(each) for each in documents) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if new:
            sync_folder(self._path.parent)

    def put(self, documents: Iterable[Any]) -> None:
        """Have these and no others: a crash leaves what was there before, or this. Raises `OSError`."""
        make_folder(self._path.parent)
        part = self._path.with_suffix(".part")
        with part.open("wb") as file:
            file.writelines(orjson.dumps(each) + b"\n" for each in documents)
        put_in_place(part, self._path)
