"""The inner loop over a Sparkplug payload: protocol buffers read straight into columns, one a metric. Compiled by numba.

Source: Sparkplug 3.0, 6.4.1 (the fields of Payload and Metric); Protocol Buffers, Encoding (https://protobuf.dev/programming-guides/encoding).

Rules of this file:

1. What a field of another number or wire type holds is skipped; of a field said twice the last counts, as the encoding has it.
2. Groups, which Sparkplug does not have, and whatever does not end where it says, make the whole payload unreadable.
3. Nothing is taken apart twice: texts and properties are left where they stand, by place and length.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graph.compiled import compiled, inlined
from graph.values import Codes, Floats, Millis, Quality, Reason, Slots

Bytes = NDArray[np.uint8]
Table = NDArray[np.int64]
Whole = int | np.int64

NAME_AT, NAME_LEN, ALIAS, TIME, TYPE, KIND, BITS, PROPS_AT, PROPS_LEN, FLAGS = range(10)
"""Rows of a scanned payload, one column a metric. Numbers without a sign keep their 64 bits; a length is -1 for what is not said, a place
is one in the payload; `KIND` is the number of the field that the value came in, 0 for none."""
COLUMNS = 10
HAS_ALIAS, HAS_TIME, HISTORICAL, TRANSIENT, NULL = 1, 2, 4, 8, 16
"""Bits of `FLAGS`."""
SENT_AT, SEQ, BODY = range(3)
"""What stands in the head; the first two are -1 where they are not said."""

INT, LONG, FLOAT, DOUBLE, BOOLEAN = 10, 11, 12, 13, 14
"""Fields of the oneof of a metric's value that hold a number; 15 to 19 hold none."""
INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64 = range(1, 9)
"""Data types, as Sparkplug numbers them."""
TIME_MIN, TIME_MAX = 100_000_000_000, 1_000_000_000_000_000
"""Milliseconds since 1970 that can be a time: 1973 to the year 33658."""

_GOOD, _UNCERTAIN, _BAD = int(Quality.GOOD), int(Quality.UNCERTAIN), int(Quality.BAD)
_CLOCK, _SENSOR = int(Reason.CLOCK), int(Reason.SENSOR)
BY_ALIAS, UNKNOWN = -2, -1
"""In place of a metric's row in its table: to be found by its alias; there is none."""


@inlined
def _varint(data: Bytes, at: int, end: int) -> tuple[np.uint64, int]:
    """A number, and where it ends; -1 where it does not."""
    value = np.uint64(0)
    for step in range(10):
        if at >= end:
            return value, -1
        byte = np.uint64(data[at])
        at += 1
        value |= (byte & np.uint64(127)) << np.uint64(7 * step)
        if byte < np.uint64(128):
            return value, at
    return value, -1


@inlined
def _after(data: Bytes, at: int, end: int, wire: Whole) -> int:
    """Where the value of a field of that wire type ends; -1 where it does not."""
    if wire == 0:
        _, at = _varint(data, at, end)
        return at
    size = 8 if wire == 1 else 4
    if wire == 2:
        length, at = _varint(data, at, end)
        return -1 if at < 0 or length > np.uint64(end - at) else at + np.int64(length)  # type: ignore[return-value]  # one machine word to numba
    if wire not in (1, 5):
        return -1
    return at + size if end - at >= size else -1


@inlined
def _fixed(data: Bytes, at: int, size: int) -> np.uint64:
    value = np.uint64(0)
    for step in range(size):
        value |= np.uint64(data[at + step]) << np.uint64(8 * step)
    return value


@compiled
def metrics_in(data: Bytes) -> int:
    """How many metrics a payload holds; -1 for one that cannot be read. Cost: one step a field."""
    found, at, end = 0, 0, len(data)
    while at < end:
        tag, at = _varint(data, at, end)
        if at < 0 or tag < np.uint64(8):
            return -1
        found += tag == np.uint64(18)
        at = _after(data, at, end, np.int64(tag & np.uint64(7)))
        if at < 0:
            return -1
    return found


@compiled
def scan(data: Bytes, head: Table, table: Table) -> int:
    """Read a payload of which `metrics_in` has counted the metrics into the head and into the table's columns.

    Gives the metrics read; -1 where one of them cannot be. Cost: one look at each byte of what is no text.
    """
    head[SENT_AT], head[SEQ], head[BODY] = -1, -1, 0
    row, at, end = 0, 0, len(data)
    while at < end:
        tag, at = _varint(data, at, end)
        wire, field = np.int64(tag & np.uint64(7)), np.int64(tag >> np.uint64(3))
        after = _after(data, at, end, wire)
        if after < 0:
            return -1
        if field == 2 and wire == 2:
            _, start = _varint(data, at, end)
            if _metric(data, start, after, table[:, row]) < 0:
                return -1
            row += 1
        elif wire == 0 and field in (1, 3):
            value, _ = _varint(data, at, end)
            head[SENT_AT if field == 1 else SEQ] = np.int64(value)
        elif wire == 2 and field == 5:
            head[BODY] = 1
        at = after
    return row


@compiled
def _metric(data: Bytes, at: int, end: int, into: Table) -> int:  # noqa: PLR0912  as above
    """Read one metric; -1 where that cannot be done."""
    into[:] = 0
    into[NAME_LEN] = into[PROPS_LEN] = -1
    while at < end:
        tag, at = _varint(data, at, end)
        if at < 0 or tag < np.uint64(8):
            return -1
        wire, field = np.int64(tag & np.uint64(7)), np.int64(tag >> np.uint64(3))
        after = _after(data, at, end, wire)
        if after < 0:
            return -1
        if wire == 2:
            _, start = _varint(data, at, end)
            if field == 1:
                into[NAME_AT], into[NAME_LEN] = start, after - start
            elif field == 9:
                into[PROPS_AT], into[PROPS_LEN] = start, after - start
            elif 15 <= field <= 19:
                into[KIND] = field
        elif wire == 0:
            value, _ = _varint(data, at, end)
            if field == 2:
                into[ALIAS] = np.int64(value)
                into[FLAGS] |= HAS_ALIAS
            elif field == 3:
                into[TIME] = np.int64(value)
                into[FLAGS] |= HAS_TIME
            elif field == 4:
                into[TYPE] = np.int64(value & np.uint64(0xFFFFFFFF))
            elif 5 <= field <= 7:
                bit = HISTORICAL if field == 5 else TRANSIENT if field == 6 else NULL
                into[FLAGS] = (into[FLAGS] | bit) if value else (into[FLAGS] & ~bit)
            elif field in (INT, LONG, BOOLEAN):
                into[KIND] = field
                if field == INT:
                    value &= np.uint64(0xFFFFFFFF)
                into[BITS] = np.int64(value) if field != BOOLEAN else np.int64(value != np.uint64(0))
        elif wire == 5 and field == FLOAT:
            into[KIND], into[BITS] = FLOAT, np.int64(_fixed(data, at, 4))
        elif wire == 1 and field == DOUBLE:
            into[KIND], into[BITS] = DOUBLE, np.int64(_fixed(data, at, 8))
        at = after
    return 0


@compiled
def numbers(table: Table, types: Codes, values: Floats) -> None:
    """The number of each metric, of the data type that is given for it; nan for what is none.

    Whole numbers with a sign stand there as numbers without one, in 32 bits (or sign-extended to more); the type says how many count.
    """
    half, whole = np.empty(1, np.uint32), np.empty(1, np.uint64)
    single, double = half.view(np.float32), whole.view(np.float64)
    for row in range(table.shape[1]):
        kind, bits, of = table[KIND, row], table[BITS, row], types[row]
        if kind == DOUBLE:
            whole[0] = np.uint64(bits)
            values[row] = double[0]
        elif kind == FLOAT:
            half[0] = np.uint32(bits)
            values[row] = single[0]
        elif kind == BOOLEAN:
            values[row] = bits
        elif kind in (INT, LONG):
            if of == INT8:
                values[row] = np.int8(bits)
            elif of == INT16:
                values[row] = np.int16(bits)
            elif of == INT32:
                values[row] = np.int32(bits)
            elif of == INT64:
                values[row] = bits
            else:
                values[row] = np.uint64(bits)
        else:
            values[row] = np.nan


@compiled
def places(table: Table, aliases: NDArray[np.uint64], rows: Slots, place: Slots) -> int:
    """Find the row of each metric that goes by its alias, in sorted aliases. Gives how many have none."""
    lost = 0
    for row in range(table.shape[1]):
        if place[row] == BY_ALIAS:
            place[row] = UNKNOWN
            if table[FLAGS, row] & HAS_ALIAS:
                alias = np.uint64(table[ALIAS, row])
                at = np.searchsorted(aliases, alias)
                if at < len(aliases) and aliases[at] == alias:
                    place[row] = rows[at]
            lost += place[row] == UNKNOWN
    return lost


@compiled
def judge(table: Table, sent_at: int, values: Floats, quality: Codes, reason: Codes, observed: Millis) -> None:
    """The source time of each metric, and what is wrong with it: no number, or a time that is none. `sent_at` stands in for a time."""
    for row in range(table.shape[1]):
        flags = table[FLAGS, row]
        at = table[TIME, row] if flags & HAS_TIME else sent_at
        if not TIME_MIN <= at < TIME_MAX:
            at = sent_at
            if quality[row] < _UNCERTAIN:
                quality[row], reason[row] = _UNCERTAIN, _CLOCK
        observed[row] = at
        if flags & NULL or not np.isfinite(values[row]):
            values[row] = np.nan
            if quality[row] < _BAD:
                quality[row], reason[row] = _BAD, _SENSOR
