"""How samples stand in the log: blocks of columns, each with its checksum. Pure.

A block is 16 bytes of head (`RTL1`, CRC-32 of all that follows it, rows, nothing) and the columns one after the other, the widest first, up
to a multiple of 8 bytes. Numbers are little-endian.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from adapters.history.rows import Rows

MAGIC = b"RTL1"
HEAD = struct.Struct("<4sIII")
ROW_BYTES = 30
_LAYOUT = (("observed", "<i8"), ("received", "<i8"), ("value", "<f8"), ("point", "<i4"), ("quality", "u1"), ("reason", "u1"))


def size_of(rows: int) -> int:
    """Bytes of a block of so many rows."""
    return HEAD.size + (rows * ROW_BYTES + 7) // 8 * 8


def encode(rows: Rows) -> bytearray:
    """The block of some rows. Cost: one copy and one checksum."""
    block = bytearray(size_of(len(rows)))
    at = HEAD.size
    for name, kind in _LAYOUT:
        column = np.frombuffer(block, kind, len(rows), at)
        column[:] = getattr(rows, name)
        at += column.nbytes
    HEAD.pack_into(block, 0, MAGIC, 0, len(rows), 0)
    crc = zlib.crc32(memoryview(block)[8:])
    HEAD.pack_into(block, 0, MAGIC, crc, len(rows), 0)
    return block


def decode(data: bytearray) -> Iterator[tuple[int, Rows]]:
    """The whole blocks of a file's bytes with the place where each ends, in order. What is no whole block (a torn tail, a damaged
    place) is passed over; after the last block given nothing whole follows."""
    at = 0
    while (at := data.find(MAGIC, at)) >= 0:
        rows = _block(data, at)
        if rows is None:
            at += 1
        else:
            at += size_of(len(rows))
            yield at, rows


def _block(data: bytearray, at: int) -> Rows | None:
    if at + HEAD.size > len(data):
        return None
    _, crc, count, _ = HEAD.unpack_from(data, at)
    end = at + size_of(count)
    if end > len(data) or zlib.crc32(memoryview(data)[at + 8 : end]) != crc:
        return None
    columns, at = {}, at + HEAD.size
    for name, kind in _LAYOUT:
        columns[name] = np.frombuffer(data, kind, count, at)
        at += columns[name].nbytes
    return Rows(**columns)
