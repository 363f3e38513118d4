"""The sorted files themselves: samples and roll-ups as Parquet, in order of point and time, written in one go or piece by piece."""

from __future__ import annotations

import errno
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from adapters.history.rows import COLUMNS, Numbers, Rows
from adapters.history.summaries import Summaries

GROUP_ROWS = 32_768
"""Rows of a row group: what a question for one point reads at least, 1 to 2 ms. DuckDB looks at every group of a file that it is asked of,
some 0.07 ms each, so points that are asked for by name are read past it (`adapters.history.reading`)."""
GROUPS_AT_ONCE = 8
"""Row groups that are read at once when whole files are put together."""
_POINTS, _GROUPS, _TIMES = b"points", b"groups", b"times"
_RAW = pa.schema(
    [
        *(("point", pa.int32()), ("observed", pa.int64()), ("received", pa.int64())),
        *(("value", pa.float64()), ("quality", pa.uint8()), ("reason", pa.uint8())),
    ]
)
_ROLLED = pa.schema([(name, pa.from_numpy_dtype(column.dtype)) for name, column in Summaries.empty()._asdict().items()])
_ENDS = {_RAW: ("observed", "observed"), _ROLLED: ("first_at", "last_at")}
_DELTAS = {"point", "observed", "received", "first_at", "last_at", "counted", "said", "covered"}
_SPLIT = {"value", "minimum", "maximum", "total", "last"}
_AS_MINIMUM = ("maximum", "total", "last")
_CODES = ("quality", "reason", "last_quality", "last_counts")


class Writer:
    """Writes one file; given rows must follow those before in order."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        encodings = {name: "DELTA_BINARY_PACKED" for name in schema.names if name in _DELTAS}
        encodings |= {name: "BYTE_STREAM_SPLIT" for name in schema.names if name in _SPLIT}
        self._schema = schema
        self._sink = pa.OSFile(str(path), "wb")
        self._file = pq.ParquetWriter(
            self._sink,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[name for name in schema.names if name in _CODES],
            column_encoding=encodings,
            write_statistics=True,
            write_page_checksum=True,
        )
        self._points = np.zeros(0, np.bool_)
        self._groups: list[tuple[int, int]] = []
        self._first_at, self._last_at = (schema.names.index(name) for name in _ENDS[schema])
        self._times: list[int] = []
        self.rows = 0

    def add(self, columns: Sequence[NDArray[Any]]) -> None:
        """Write some rows."""
        size = len(columns[0])
        if not size:
            return
        self._file.write_table(pa.Table.from_arrays([pa.array(c) for c in columns], schema=self._schema), row_group_size=GROUP_ROWS)
        top = int(columns[0].max()) + 1
        if top > len(self._points):
            self._points = np.concatenate((self._points, np.zeros(top - len(self._points), np.bool_)))
        self._points[columns[0]] = True
        self._times = [min([*self._times, int(columns[self._first_at].min())]), max([*self._times, int(columns[self._last_at].max())])]
        starts = range(0, size, GROUP_ROWS)
        self._groups += [(int(columns[0][start]), int(columns[0][min(start + GROUP_ROWS, size) - 1])) for start in starts]
        self.rows += size

    def finish(self) -> None:
        """Write the footer: the file is whole then."""
        groups = np.array(self._groups, np.int32).reshape(-1, 2)
        times = " ".join(map(str, self._times)).encode()
        self._file.add_key_value_metadata({_POINTS: _packed(np.packbits(self._points)), _GROUPS: _packed(groups), _TIMES: times})
        self._file.close()
        self._sink.close()

    def __enter__(self) -> Writer:
        """For a while."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file, whole or not."""
        with suppress(OSError, pa.ArrowException):  # what cannot be written any more has been told
            self._file.close()
        with suppress(OSError, pa.ArrowException):
            self._sink.close()


def raw_writer(path: Path) -> Writer:
    """A writer of samples."""
    return Writer(path, _RAW)


def rolled_writer(path: Path) -> Writer:
    """A writer of roll-ups."""
    return Writer(path, _ROLLED)


def columns_of(rows: Rows) -> list[NDArray[Any]]:
    """What a writer takes."""
    return [getattr(rows, name) for name in COLUMNS]


@dataclass(frozen=True, slots=True)
class Footer:
    """What is known of a file before any of its rows is read: least and greatest point of each row group, every point in it, and the first
    and last instant of which it says anything."""

    data: pq.FileMetaData
    lowest: Numbers
    highest: Numbers
    points: Numbers
    times: tuple[int, int]

    @staticmethod
    def of(path: Path) -> Footer:
        """The footer of a file. Cost: some ms for a file of a hundred million rows."""
        data = pq.read_metadata(path)
        groups = np.frombuffer(_unpacked(data.metadata[_GROUPS]), np.int32).reshape(-1, 2)
        points = np.flatnonzero(np.unpackbits(np.frombuffer(_unpacked(data.metadata[_POINTS]), np.uint8))).astype(np.int32)
        first, last = map(int, data.metadata[_TIMES].split())
        return Footer(data, groups[:, 0], groups[:, 1], points, (first, last))

    def groups(self, numbers: Numbers) -> list[int]:
        """The row groups that may hold one of the points (in order), in order."""
        begin = np.searchsorted(numbers, self.lowest, "left")
        return np.flatnonzero(begin < np.searchsorted(numbers, self.highest, "right")).tolist()


def _packed(data: NDArray[Any]) -> bytes:
    return zlib.compress(data.tobytes(), 1).hex().encode()


def _unpacked(data: bytes) -> bytes:
    return zlib.decompress(bytes.fromhex(data.decode()))


def rolled_columns(rows: Summaries) -> list[NDArray[Any]]:
    """What a writer takes: `nan` stands for "as the minimum", which one sample in a span gives all four of; the files are half as large."""
    same = {name: np.where(getattr(rows, name) == rows.minimum, np.nan, getattr(rows, name)) for name in _AS_MINIMUM}
    return list(rows._replace(**same))


def summaries(*columns: NDArray[Any]) -> Summaries:
    """The rolled up rows of a file's columns."""
    rows = Summaries(*columns)
    return rows._replace(**{name: np.where(np.isnan(getattr(rows, name)), rows.minimum, getattr(rows, name)) for name in _AS_MINIMUM})


Piece = TypeVar("Piece", Rows, Summaries)


class InOrder(Generic[Piece]):
    """Reads one file from its beginning, up to one point after the other, so that several can be put together piece by piece."""

    def __init__(self, path: Path, make: Callable[..., Piece], names: Sequence[str]) -> None:
        self._names = list(names)
        self._make: Callable[..., Piece] = make
        self._pieces: Iterator[Piece] = self._read(path)
        self._held: Piece | None = next(self._pieces, None)

    @property
    def ended(self) -> bool:
        """Whether everything was given."""
        return self._held is None

    @property
    def highest(self) -> int:
        """The highest point that is read so far; there is one until the end."""
        return -1 if self._held is None else int(self._held.point[-1])

    def up_to(self, point: int) -> list[Piece]:
        """All rows not given yet of points up to that one, in order."""
        found = []
        while self._held is not None:
            cut = int(np.searchsorted(self._held.point, point, "right"))
            found.append(self._held.pick(slice(0, cut)))
            if cut < self._held.size:
                self._held = self._held.pick(slice(cut, self._held.size))
                break
            self._held = next(self._pieces, None)
        return found

    def _read(self, path: Path) -> Iterator[Piece]:
        with pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True) as file:
            for first in range(0, file.num_row_groups, GROUPS_AT_ONCE):
                groups = list(range(first, min(first + GROUPS_AT_ONCE, file.num_row_groups)))
                table = file.read_row_groups(groups, columns=self._names, use_threads=False)
                yield self._make(*(np.array(table.column(name)) for name in self._names))


def intact(path: Path) -> bool:
    """Whether all of a file can be read and is what was written. Cost: reading all of it."""
    try:
        Footer.of(path)
        with pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True) as file:
            for group in range(file.num_row_groups):
                file.read_row_group(group, use_threads=False)
    except (pa.ArrowException, OSError, KeyError, ValueError):
        return False
    return True


def may_be_damage(error: BaseException) -> bool:
    """Whether a file's content may have brought the error about; not a full disk, a limit of the system or a missing right."""
    if isinstance(error, InterruptedError):
        return False
    return not isinstance(error, OSError) or error.errno in {None, errno.EIO, errno.ENOENT}


def samples_of(path: Path) -> InOrder[Rows]:
    """The samples of a file, in order."""
    return InOrder(path, Rows, COLUMNS)


def summaries_of(path: Path) -> InOrder[Summaries]:
    """The rolled up rows of a file, in order."""
    return InOrder(path, summaries, Summaries._fields)


def pieces(files: Sequence[InOrder[Piece]]) -> Iterator[list[Piece]]:
    """The rows of several files, some whole points at a time: the parts of each piece are in the order of the files. Bounded memory."""
    while open_ := [file for file in files if not file.ended]:
        point = min(file.highest for file in open_)
        yield [part for file in open_ for part in file.up_to(point)]
