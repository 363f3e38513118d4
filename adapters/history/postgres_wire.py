"""Rows of PostgreSQL's binary COPY as numpy columns, and back. Pure: no row is ever a Python object.

A stream is a head of 19 bytes, the rows, and -1 as int16. A row is its number of fields as int16, and of each field its length as int32 and
its bytes; numbers are big-endian (PostgreSQL's manual, COPY, "Binary Format"). No field is ever null, so all rows are of one length.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEAD = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TAIL = struct.pack(">h", -1)
SMALL, WHOLE, LONG, REAL = ">i2", ">i4", ">i8", ">f8"


def encode(columns: Sequence[NDArray[Any]], kinds: Sequence[str]) -> bytes:
    """The stream of some columns, each sent as a kind of number. Cost: one copy."""
    rows = np.empty(len(columns[0]), _row(kinds))
    rows["fields"] = len(kinds)
    for at, (column, kind) in enumerate(zip(columns, kinds, strict=True)):
        rows[f"size{at}"] = np.dtype(kind).itemsize
        rows[f"field{at}"] = column
    return HEAD + rows.tobytes() + TAIL


def decode(data: bytes, kinds: Sequence[str]) -> list[NDArray[Any]]:
    """The columns of a stream, in this machine's order of bytes."""
    rows = np.frombuffer(data, _row(kinds), (len(data) - len(HEAD) - len(TAIL)) // _row(kinds).itemsize, len(HEAD))
    return [rows[f"field{at}"].astype(np.dtype(kind).newbyteorder("=")) for at, kind in enumerate(kinds)]


def _row(kinds: Sequence[str]) -> np.dtype[Any]:
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for at, kind in enumerate(kinds):
        fields += [(f"size{at}", ">i4"), (f"field{at}", kind)]
    return np.dtype(fields)
