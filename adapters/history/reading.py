"""Questions to the sorted files: few points by the row groups that hold them, many by DuckDB, which never leaves the folder."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from adapters.history.parquet import Footer, summaries
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

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, Lock()
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
        with self.told():
            spans = [self.footer(part.path).times for part in parts]
        return [part for part, (first, last) in zip(parts, spans, strict=True) if first < until_ms and last >= since_ms]

    @contextmanager
    def told(self) -> Iterator[None]:
        """Have what goes wrong in reading told as `HistoryUnavailable`."""
        try:
            yield
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise HistoryUnavailable(
                f"the history in {self._folder} cannot be read: {error}; look at the disk; a damaged file that is moved away costs its own "
                "rows only"
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
        if not parts or (numbers is not None and not len(numbers)):
            return []
        with self.told():
            if numbers is not None and len(numbers) <= NAMED_MAX:
                found = (self._named(part.path, names, numbers) for part in parts)
                return [_within(columns, numbers, since_ms, until_ms, bounds) for columns in found if columns]
            return [self._searched(question, parts, numbers, since_ms, until_ms)]

    def _named(self, path: Path, names: Sequence[str], numbers: Numbers) -> Columns:
        """The row groups of a file that may hold the points."""
        footer = self.footer(path)
        groups = footer.groups(numbers)
        if not groups:
            return {}
        with pq.ParquetFile(path, metadata=footer.data) as file:
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
