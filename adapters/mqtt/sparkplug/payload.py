"""Sparkplug payloads to columns and back. Pure: no socket, no clock, no state.

Source: Sparkplug 3.0, 6.4 (payload B). Rules of this file:

1. A payload never raises: it gives columns, or a finding that says why it cannot be read.
2. A metric costs an object only where it has a text that must be read: a name in place of an alias, properties.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import isfinite
from typing import NamedTuple

import numpy as np
import orjson

from adapters.mqtt.sparkplug.wire import (
    BOOLEAN,
    COLUMNS,
    DOUBLE,
    FLOAT,
    INT,
    INT8,
    INT64,
    LONG,
    NAME_AT,
    NAME_LEN,
    PROPS_AT,
    PROPS_LEN,
    UINT64,
    Table,
    scan,
)
from graph.values import Quality, Reason

_NUMBER_NAMES = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float", "Double", "Boolean")
_OTHER_NAMES = ("String", "DateTime", "Text", "UUID", "DataSet", "Bytes", "File", "Template", "PropertySet", "PropertySetList")
TYPES = ("Unknown", *_NUMBER_NAMES, *_OTHER_NAMES, *(f"{name}Array" for name in (*_NUMBER_NAMES, "String", "DateTime")))
"""Data types by their number (6.4.16)."""
DOUBLE_TYPE, BOOL, DATE_TIME = 10, 11, 13
FLOATS = {9: FLOAT, DOUBLE_TYPE: DOUBLE}
NUMBERS = frozenset((*range(INT8, UINT64 + 1), *FLOATS, BOOL, DATE_TIME))
"""Data types of which a value is one number."""
QUALITIES = {
    192: (int(Quality.GOOD), int(Reason.NONE)),
    500: (int(Quality.STALE), int(Reason.DEVICE)),
    0: (int(Quality.BAD), int(Reason.DEVICE)),
}
"""What the property `Quality` may say (6.4.11)."""
ODD_QUALITY = (int(Quality.UNCERTAIN), int(Reason.CONFIGURATION))
REBIRTH = "Node Control/Rebirth"
METRIC = b"\x12"
"""What each metric of a payload begins with; other things may hold it, too."""
BORN_AND_DEAD = b"bdSeq"
Properties = Mapping[str, float | str]


class Payload(NamedTuple):
    """A payload as columns: when it was sent (ms; 0 where it does not say), its number in the sender's sequence (-1 for none)."""

    data: bytes
    sent_at: int
    seq: int
    table: Table
    """A column each of `wire.NAME_AT` to `wire.FLAGS`, a row a metric."""
    body: bool = False
    """Whether it carries bytes of its own, which nobody but its sender can read."""

    def __len__(self) -> int:
        return len(self.table)

    def names(self) -> list[bytes]:
        """The name of each metric, empty for one that goes by its alias."""
        data = self.data
        at, size = self.table[:, NAME_AT].tolist(), self.table[:, NAME_LEN].tolist()
        return [data[a : a + n] if n > 0 else b"" for a, n in zip(at, size, strict=True)]

    def properties(self) -> Iterator[tuple[int, Properties]]:
        """The properties of the metrics that have some, by the metric's row."""
        rows = np.flatnonzero(self.table[:, PROPS_LEN] > 0)
        spans = zip(self.table[rows, PROPS_AT].tolist(), self.table[rows, PROPS_LEN].tolist(), strict=True)
        for row, (at, size) in zip(rows.tolist(), spans, strict=True):
            yield row, properties(self.data[at : at + size])


def decode(data: bytes, bytes_max: int) -> Payload | str:
    """Read a payload, or say what is wrong with it. Cost: one call of compiled code, some 10 ns a metric."""
    if len(data) > bytes_max:
        return f"the payload has {len(data)} bytes, more than the {bytes_max} that are read"
    head, table = np.empty(3, np.int64), np.empty((data.count(METRIC), COLUMNS), np.int64)
    found = scan(np.frombuffer(data, np.uint8), head, table)
    if found < 0:
        return "the payload is no Sparkplug B payload: it is not encoded as protocol buffers"
    sent_at, seq, body = head.tolist()
    if not -1 <= seq <= 255:
        return f"seq is {seq}: it counts from 0 to 255 (Sparkplug 3.0, 6.4.5)"
    return Payload(data, max(sent_at, 0), seq, table[:found], bool(body))


@lru_cache(16_384)
def properties(data: bytes) -> Properties:
    """The properties of a metric that are numbers or texts; those that cannot be read are left out."""
    keys: list[str] = []
    values: list[float | str | None] = []
    for field, value in _fields(data):
        if isinstance(value, bytes) and field == 1:
            keys.append(value.decode(errors="replace"))
        elif isinstance(value, bytes) and field == 2:
            values.append(_property(value))
    return {key: value for key, value in zip(keys, values, strict=False) if value is not None}


def _property(data: bytes) -> float | str | None:
    found: float | str | None = None
    of = 0
    for field, value in _fields(data):
        if isinstance(value, bytes):
            if field == 8:
                found = value.decode(errors="replace")
            elif field == 5 and len(value) == 4:
                found = float(struct.unpack("<f", value)[0])
            elif field == 6 and len(value) == 8:
                found = float(struct.unpack("<d", value)[0])
        elif field == 1:
            of = value
        elif field == 2 and value:
            return None
        elif field in {3, 4, 7}:
            bits = {3: 32, 4: 64}.get(field, 1) if not INT8 <= of <= INT64 else 4 << of
            whole = value & (1 << bits) - 1
            found = float(whole - (1 << bits) if INT8 <= of <= INT64 and whole >> bits - 1 else whole)
    return found


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message, up to what cannot be read: a number for a varint, bytes for the rest."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if at < 0:
            return
        if wire == 0:
            value, at = _varint(data, at)
            if at < 0:
                return
            yield tag >> 3, value
            continue
        size = {1: 8, 5: 4}.get(wire, -1)
        if wire == 2:
            size, at = _varint(data, at)
        if at < 0 or size < 0 or len(data) - at < size:
            return
        yield tag >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            return 0, -1
        value |= (data[at] & 127) << shift
        at += 1
        if data[at - 1] < 128:
            return value & (1 << 64) - 1, at
    return 0, -1


# -- what we say -----------------------------------------------------------------------------------------------------------


def rebirth(at: int) -> bytes:
    """The payload of an NCMD that asks a node for its births (6.4.5: a command has no seq)."""
    return command(REBIRTH, None, BOOL, 1.0, at)


def command(name: str, alias: int | None, of: int, value: float, at: int) -> bytes:
    """The payload of an NCMD or DCMD that writes one metric, by its alias where it has one (6.4.6). Raises `ValueError` for a value that
    the data type does not hold."""
    metric = _text(1, name.encode()) if alias is None else _number(2, alias)
    metric += _number(3, at) + _number(4, of) + _value(of, value)
    return _number(1, at) + _text(2, metric)


def _value(of: int, value: float) -> bytes:
    if of in FLOATS and isfinite(value):
        wire, form = (5, "<f") if of == 9 else (1, "<d")
        return bytes([FLOATS[of] << 3 | wire]) + struct.pack(form, value)
    if of == BOOL and value in {0.0, 1.0}:
        return _number(BOOLEAN, int(value))
    if INT8 <= of <= UINT64 and value == value // 1:
        whole, bits = int(value), 4 << (of if of <= INT64 else of - INT64)
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if of <= INT64 else (0, (1 << bits) - 1)
        if low <= whole <= high:
            return _number(LONG if bits == 64 else INT, whole & ((1 << max(bits, 32)) - 1))
    raise ValueError(f"a metric of type {TYPES[of] if of < len(TYPES) else of} does not hold {value:g}")


def _number(field: int, value: int) -> bytes:
    out = bytearray()
    for part in (field << 3, value):
        left = part
        while left > 127:
            out.append(left & 127 | 128)
            left >>= 7
        out.append(left)
    return bytes(out)


def _text(field: int, value: bytes) -> bytes:
    head = _number(field, len(value))
    return bytes([head[0] | 2]) + head[1:] + value


def state(at: int, *, online: bool) -> bytes:
    """The payload of a host's STATE (6.4.20 and 5.6)."""
    return orjson.dumps({"online": online, "timestamp": at})


def is_offline(data: bytes) -> bool:
    """Whether a STATE payload says that its host is away."""
    try:
        said = orjson.loads(data)
    except orjson.JSONDecodeError:
        return data.strip() == b"OFFLINE"
    return isinstance(said, dict) and said.get("online") is False


def type_name(of: int) -> str:
    """A data type as Sparkplug calls it."""
    return TYPES[of] if 0 < of < len(TYPES) else f"type {of}"
