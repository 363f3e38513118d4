"""The inner loop over a Sparkplug payload: protocol buffers read straight into columns, one a metric. Compiled by numba.

Source: Sparkplug 3.0, 6.4.1 (the fields of Payload and Metric); Protocol Buffers, Encoding (https://protobuf.dev/programming-guides/encoding).

Rules of this file:

1. What a field of another number or wire type holds is skipped; of a field said twice the last counts, as the encoding has it.
2. Groups, which Sparkplug does not have, and whatever does not end where it says, make the whole payload unreadable.
3. Nothing is taken apart twice: texts and properties are left where they stand, by place and length.
4. What becomes of a metric is worked out in the same loop that takes it, one after the other, as it was said.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graph.compiled import compiled, inlined
from graph.values import Codes, Floats, Quality, Reason, Slots

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

SCALE, OFFSET, LAST = range(3)
"""Of each metric of a device: value = raw * scale + offset, and the last value, nan for none."""
SAID, AT, FLOOR = range(3)
"""When something was said of it last (ms, ours), the source time of that, and the source time that what is said live has to come after."""
OF, QUALITY, WHY = range(3)
"""Its data type, and how good the last value was."""

_GOOD, _UNCERTAIN, _BAD, _NONE = int(Quality.GOOD), int(Quality.UNCERTAIN), int(Quality.BAD), int(Quality.NO_VALUE)
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


@inlined
def _number(kind: Whole, bits: Whole, of: Whole, half: NDArray[np.uint32], whole: NDArray[np.uint64]) -> float:
    """The number of a value, of a data type; nan for what is none. `half` and `whole` are room for one each.

    Whole numbers with a sign stand there as numbers without one, in 32 bits (or sign-extended to more); the type says how many count.
    """
    value = np.nan
    if kind == DOUBLE:
        whole[0] = np.uint64(bits)
        value = whole.view(np.float64)[0]
    elif kind == FLOAT:
        half[0] = np.uint32(bits)
        value = np.float64(half.view(np.float32)[0])
    elif kind == BOOLEAN:
        value = np.float64(bits)
    elif kind in (INT, LONG):
        if of == INT8:
            value = np.float64(np.int8(bits))
        elif of == INT16:
            value = np.float64(np.int16(bits))
        elif of == INT32:
            value = np.float64(np.int32(bits))
        elif of == INT64:
            value = np.float64(bits)
        else:
            value = np.float64(np.uint64(bits))
    return value


@compiled
def numbers(table: Table, types: Codes, values: Floats) -> None:
    """The number of each metric, of the data type that is given for it; nan for what is none."""
    half, whole = np.empty(1, np.uint32), np.empty(1, np.uint64)
    for row in range(table.shape[1]):
        values[row] = _number(table[KIND, row], table[BITS, row], types[row], half, whole)


@compiled
def absorb(  # noqa: PLR0912  one loop: a call for each metric would cost more than the metric
    table: Table,
    sent_at: int,
    now: int,
    birth: bool,
    place: Slots,
    aliases: NDArray[np.uint64],
    alias_rows: Slots,
    slots: Slots,
    floats: Floats,
    times: Table,
    codes: Codes,
    said: Codes,
    out_slots: Slots,
    out_values: Floats,
    out_times: Table,
    out_codes: Codes,
) -> tuple[int, int, int]:
    """Take the metrics of a payload, in their order, into what is known of their device, and say what rows they give.

    `place` holds the row of each metric at its device, or that it goes by its alias (`aliases`, sorted, and their rows); of the device:
    `slots`, `floats` (`SCALE` to `LAST`), `times` (`SAID` to `FLOOR`), `codes` (`OF` to `WHY`); `said`: quality and reason of each metric
    by its properties, or nothing. Out come rows, two for a metric at most (a birth speaks of its own instant, too), and the second
    row of `out_times` holds the places that history has overtaken, as many as their count says: (rows, lost metrics, overtaken). Cost:
    some 20 ns a metric.
    """
    half, whole = np.empty(1, np.uint32), np.empty(1, np.uint64)
    rows = lost = overtaken = 0
    for column in range(table.shape[1]):
        at, flags = place[column], table[FLAGS, column]
        if at == BY_ALIAS:
            at = UNKNOWN
            if flags & HAS_ALIAS:
                alias = np.uint64(table[ALIAS, column])
                found = np.searchsorted(aliases, alias)
                if found < len(aliases) and aliases[found] == alias:
                    at = alias_rows[found]
        if at == UNKNOWN:
            lost += 1
            continue
        of = table[TYPE, column] if 0 < table[TYPE, column] < 256 else np.int64(codes[OF, at])
        value = _number(table[KIND, column], table[BITS, column], of, half, whole) * floats[SCALE, at] + floats[OFFSET, at]
        quality: Whole = _GOOD
        why: Whole = 0
        if said.shape[1]:
            quality, why = np.int64(said[0, column]), np.int64(said[1, column])
        stamp = table[TIME, column] if flags & HAS_TIME else sent_at
        if not TIME_MIN <= stamp < TIME_MAX:
            stamp = sent_at
            if quality < _UNCERTAIN:
                quality, why = _UNCERTAIN, _CLOCK
        if flags & NULL or not np.isfinite(value):
            value = np.nan
            if quality < _BAD:
                quality, why = _BAD, _SENSOR
        past = flags & HISTORICAL != 0
        twice = birth and not past and stamp < sent_at
        bound = slots[at] >= 0
        for turn in range(2 if twice else 1):
            if not past and turn == twice:
                stamp = max(stamp, times[FLOOR, at]) if not birth else max(stamp, sent_at, times[FLOOR, at])
            if bound:
                out_slots[rows], out_values[rows], out_times[0, rows] = slots[at], value, stamp
                out_codes[0, rows], out_codes[1, rows] = quality, why
                rows += 1
        if past:
            if codes[QUALITY, at] != _NONE and (stamp > times[AT, at] or np.isnan(floats[LAST, at])):
                out_times[1, overtaken] = at
                overtaken += 1
            continue
        floats[LAST, at], codes[QUALITY, at], codes[WHY, at] = value, quality, why
        times[SAID, at], times[AT, at] = now, stamp
        if birth:
            times[FLOOR, at] = stamp + 1
    return rows, lost, overtaken
