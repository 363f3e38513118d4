"""Questions to the sorted files: few points by the row groups that hold them, many by DuckDB, which never leaves the folder."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from adapters.history.parquet import Footer, intact, may_be_damage, summaries
from adapters.history.rows import COLUMNS, Numbers, Rows
from adapters.history.shelf import Part
from adapters.history.summaries import Summaries
from graph.history import HistoryUnavailable

MEMORY = "1GB"
"""What one question may use in DuckDB beside what it gives."""
NAMED_MAX = 64
"""Points that are looked for one by one; for more of them whole files are looked through."""
FOOTERS_MAX = 256
"""Footers that are kept in memory, the ones last used."""

_log = logging.getLogger(__name__)
T = TypeVar("T")
Columns = dict[str, NDArray[Any]]
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
    "memory_limit": MEMORY,
    "temp_directory": "",
}
_RAW = f"SELECT {', '.join(COLUMNS)} FROM read_parquet($files) WHERE observed >= $since AND observed < $until"  # noqa: S608 - our own names
_ROLLED = f"SELECT {', '.join(Summaries._fields)} FROM read_parquet($files) WHERE last_at >= $since AND first_at < $until"  # noqa: S608 - the same


class Reading:
    """Reads files of a folder. Safe from any thread."""

    def __init__(self, folder: Path, set_aside: Callable[[Part], None] | None = None) -> None:
        """`set_aside` is told of each file that turns out to be damaged, once."""
        self._folder, self._set_aside, self._lock = folder, set_aside, Lock()
        self._damaged: set[Path] = set()
        self._base: duckdb.DuckDBPyConnection | None = None
        self._footers: OrderedDict[Path, Footer] = OrderedDict()

    def rows(self, parts: Sequence[Part], numbers: Numbers | None, since_ms: int, until_ms: int) -> list[Rows]:
        """The samples of some points (in order; None: of all) in [since, until): of each file in order, or of all files together."""
        found = self._asked(_RAW, COLUMNS, parts, numbers, since_ms, until_ms, ("observed", "observed"))
        return [Rows(**columns) for columns in found]

    def rolled(self, parts: Sequence[Part], numbers: Numbers | None, since_ms: int, until_ms: int) -> list[Summaries]:
        """The rolled up rows of some points that say something of [since, until), as `rows`."""
        found = self._asked(_ROLLED, Summaries._fields, parts, numbers, since_ms, until_ms, ("last_at", "first_at"))
        return [summaries(*columns.values()) for columns in found]

    def footer(self, path: Path) -> Footer:
        """The footer of a file, from memory where it was read before. Raises `OSError` and Arrow's errors."""
        with self._lock:
            known = self._footers.get(path)
            if known is not None:
                self._footers.move_to_end(path)
                return known
        found = Footer.of(path)
        with self._lock:
            self._footers[path] = found
            while len(self._footers) > FOOTERS_MAX:
                self._footers.popitem(last=False)
        return found

    def within(self, parts: Sequence[Part], since_ms: int, until_ms: int) -> list[Part]:
        """Those of the files that say something of [since, until). Cost: a footer each."""
        spans = self._looked(parts, lambda sound: [(part, *self.footer(part.path).times) for part in sound])
        return [part for part, first, last in spans if first < until_ms and last >= since_ms]

    def points(self, part: Part) -> Numbers:
        """The points that a file says something of."""
        found = self._looked([part], lambda sound: [self.footer(each.path).points for each in sound])
        return found[0] if found else np.empty(0, np.int32)

    def damage(self, parts: Sequence[Part], error: BaseException) -> Sequence[Part]:
        """The damaged files among these that brought an error about: they are set aside and told."""
        if isinstance(error, duckdb.OutOfMemoryException | duckdb.InterruptException) or not may_be_damage(error):
            return ()
        mine = self._set_aside is not None  # a file that is gone under another process's reader is none
        found = [part for part in parts if part.path not in self._damaged and not intact(part.path) and (mine or part.path.exists())]
        for part in found:
            _log.error("a file of the history is damaged, its %d rows are left out of answers from now on: %s", part.rows, part.path)
            with self._lock:
                self._footers.pop(part.path, None)
            if self._set_aside is not None:
                self._set_aside(part)  # the name may come again, with what is made anew
            else:
                self._damaged.add(part.path)
        return found

    def _looked(self, parts: Sequence[Part], look: Callable[[Sequence[Part]], T]) -> T:
        """What `look` finds in the files; those that are damaged are left out."""
        sound = [part for part in parts if part.path not in self._damaged] if self._damaged else parts
        while True:
            try:
                with self.told():
                    return look(sound)
            except HistoryUnavailable as error:
                if error.__cause__ is None or not (damaged := self.damage(sound, error.__cause__)):
                    raise
                sound = [part for part in sound if part not in damaged]

    @contextmanager
    def told(self) -> Iterator[None]:
        """Have what goes wrong in reading told as `HistoryUnavailable`."""
        try:
            yield
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise HistoryUnavailable(
                f"the history in {self._folder} cannot be read: {error}; look at the disk and at the system's log"
            ) from error

    def close(self) -> None:
        """Let go; a second call does nothing."""
        with self._lock:
            base, self._base = self._base, None
        if base is not None:
            base.close()

    def _asked(
        self,
        question: str,
        names: Sequence[str],
        parts: Sequence[Part],
        numbers: Numbers | None,
        since_ms: int,
        until_ms: int,
        bounds: tuple[str, str],
    ) -> list[Columns]:
        def look(sound: Sequence[Part]) -> list[Columns]:
            if not sound or (numbers is not None and not len(numbers)):
                return []
            if numbers is not None and len(numbers) <= NAMED_MAX:
                found = (self._named(part.path, names, numbers) for part in sound)
                return [_within(columns, numbers, since_ms, until_ms, bounds) for columns in found if columns]
            return [self._searched(question, sound, numbers, since_ms, until_ms)]

        return self._looked(parts, look)

    def _named(self, path: Path, names: Sequence[str], numbers: Numbers) -> Columns:
        """The row groups of a file that may hold the points."""
        footer = self.footer(path)
        groups = footer.groups(numbers)
        if not groups:
            return {}
        with pq.ParquetFile(path, metadata=footer.data, page_checksum_verification=True) as file:
            table = file.read_row_groups(groups, columns=list(names), use_threads=False)
        return {name: np.asarray(table.column(name)) for name in names}

    def _searched(self, question: str, parts: Sequence[Part], numbers: Numbers | None, since_ms: int, until_ms: int) -> Columns:
        given: dict[str, object] = {"files": [str(part.path.resolve()) for part in parts], "since": since_ms, "until": until_ms}
        if numbers is not None:
            question += " AND point IN (SELECT unnest($points::INTEGER[]))"
            given["points"] = numbers.tolist()
        cursor = self._opened().cursor()
        try:
            return {name: np.asarray(column) for name, column in cursor.execute(question, given).fetchnumpy().items()}
        finally:
            cursor.close()

    def _opened(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._base is None:
                base = duckdb.connect(":memory:", config=_CONFIG)
                base.execute("SET allowed_directories = [$folder]", {"folder": str(self._folder.resolve())})
                base.execute("SET enable_external_access = false")
                base.execute("SET parquet_metadata_cache = true")
                self._base = base
            return self._base


def _within(columns: Columns, numbers: Numbers, since_ms: int, until_ms: int, bounds: tuple[str, str]) -> Columns:
    """The rows of some points that end after `since_ms` and begin before `until_ms`."""
    point = columns["point"]
    if len(numbers) == 1:
        begin, end = np.searchsorted(point, numbers[0], "left"), np.searchsorted(point, numbers[0], "right")
        columns = {name: column[begin:end] for name, column in columns.items()}
        keep = np.ones(end - begin, np.bool_)
    else:
        keep = np.isin(point, numbers)
    keep &= (columns[bounds[0]] >= since_ms) & (columns[bounds[1]] < until_ms)
    return {name: column[keep] for name, column in columns.items()}
