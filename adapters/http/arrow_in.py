"""Readings out of an Arrow IPC stream that a stranger sent: nothing in it makes more of itself than its bytes.

Arrow can pack its buffers, and can say a long text once for a million rows. Packed streams are refused (gzip of the whole request is
bounded where it is unpacked), and a dictionary's texts are pointed at, never copied.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pyarrow as pa

_RECORDS, _DICTIONARY = 3, 2
"""`MessageHeader` of Arrow's Message.fbs."""


class Broken(Exception):
    """The bytes are no such stream; the text says why, and what to send."""


def columns_of(body: bytes, rows_max: int, named: Callable[[str], str]) -> dict[str, list[Any]]:
    """The columns of a stream by name. Raises `Broken`."""
    try:
        if _is_packed(body):
            raise Broken("the stream's buffers are compressed: write it without, and send the request in gzip")
        batches, rows = [], 0
        with pa.ipc.open_stream(body) as stream:
            schema = stream.schema
            for batch in stream:
                rows += batch.num_rows
                if rows > rows_max:
                    raise Broken(f"there are more than the {rows_max:,} readings that one request may have: send them in parts")
                batches.append(batch)
        table = pa.Table.from_batches(batches, schema)
        table.validate(full=True)
        columns = {named(name): table.column(at) for at, name in enumerate(table.column_names)}
        if "point" not in columns or "value" not in columns:
            raise Broken(f"the table has the columns {', '.join(table.column_names)[:200]}: point and value are needed")
        return {name: _READ[name](columns[name], name) for name in _READ if name in columns}
    except (pa.ArrowException, OSError, ValueError, OverflowError, struct.error, IndexError) as error:
        raise Broken(f"the body is no Arrow IPC stream of readings: {str(error)[:300]}") from None


def _texts(column: pa.ChunkedArray, name: str) -> list[Any]:
    kind = column.type
    if pa.types.is_dictionary(kind) and _is_text(kind.value_type):
        found: list[Any] = []
        for chunk in column.chunks:
            words = [*chunk.dictionary.to_pylist(), None]
            found += [words[-1 if at is None else at] for at in chunk.indices.to_pylist()]
        return found
    if not (_is_text(kind) or pa.types.is_null(kind)):
        raise Broken(f"the column {name} is of {kind}: write texts, plain or in a dictionary")
    return list(column.to_pylist())


def _numbers(column: pa.ChunkedArray, name: str) -> list[Any]:
    kind = column.type
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind)):
        raise Broken(f"the column {name} is of {kind}: write numbers")
    return list(column.to_pylist())


def _instants(column: pa.ChunkedArray, name: str) -> list[Any]:
    kind = column.type
    if pa.types.is_timestamp(kind):
        if kind.tz is None:
            raise Broken(f"{name} has no time zone: write it as timestamp with one, such as UTC, or as milliseconds")
        return list(column.cast(pa.timestamp("ms", "UTC"), safe=False).cast(pa.int64()).to_pylist())
    return list(column.to_pylist()) if _is_text(kind) else _numbers(column, name)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


_READ: dict[str, Callable[[pa.ChunkedArray, str], list[Any]]] = {
    "point": _texts,
    "value": _numbers,
    "observed_at": _instants,
    "quality": _texts,
    "unit": _texts,
}


def _is_packed(body: bytes) -> bool:
    """Whether a batch says that its buffers are compressed (`RecordBatch.compression` in Arrow's Message.fbs)."""
    for message in pa.ipc.MessageReader.open_stream(body):
        head = message.metadata.to_pybytes()
        root = struct.unpack_from("<I", head)[0]
        kind_at, header_at = _field(head, root, 1), _field(head, root, 2)
        kind = head[kind_at] if kind_at else 0
        if kind not in {_RECORDS, _DICTIONARY} or not header_at:
            continue
        records = _table(head, header_at)
        if kind == _DICTIONARY:
            data_at = _field(head, records, 1)
            if not data_at:
                continue
            records = _table(head, data_at)
        if _field(head, records, 3):
            return True
    return False


def _field(head: bytes, table: int, number: int) -> int:
    """Where a field of a flatbuffer's table is; 0 where it is left out."""
    names = table - struct.unpack_from("<i", head, table)[0]
    size = struct.unpack_from("<H", head, names)[0]
    at = 4 + 2 * number
    offset = struct.unpack_from("<H", head, names + at)[0] if at < size else 0
    return table + offset if offset else 0


def _table(head: bytes, at: int) -> int:
    return at + int(struct.unpack_from("<I", head, at)[0])
