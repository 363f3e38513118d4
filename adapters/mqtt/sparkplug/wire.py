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

from graph.compiled import compiled
from graph.values import Codes, Floats, Quality, Reason, Slots

Bytes = NDArray[np.uint8]
Table = NDArray[np.int64]
Whole = int | np.int64

NAME_AT, NAME_LEN, ALIAS, TIME, TYPE, KIND, BITS, PROPS_AT, PROPS_LEN, FLAGS = range(10)
"""Columns of a scanned payload, one row a metric. Numbers without a sign keep their 64 bits; a length is -1 for what is not said, a place
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


@compiled
def scan(data: Bytes, head: Table, table: Table) -> int:  # noqa: PLR0911, PLR0912, PLR0915  one loop over one format, no calls
    """Read a payload into the head and the rows of the table, of which there are at least as many as the payload has bytes 0x12.

    Gives the metrics read; -1 for what is no encoding of protocol buffers. Cost: one look at each byte of what is no text.
    """
    head[SENT_AT], head[SEQ], head[BODY] = -1, -1, 0
    row, whole = 0, len(data)
    end: Whole = whole
    at: Whole = 0
    inside = False
    name_at = name_size = alias = time = of = kind = bits = props_at = props_size = flags = np.int64(0)
    while True:
        if at == end:
            if not inside:
                return row
            table[row, NAME_AT], table[row, NAME_LEN], table[row, ALIAS], table[row, TIME] = name_at, name_size, alias, time
            table[row, TYPE], table[row, KIND], table[row, BITS] = of, kind, bits
            table[row, PROPS_AT], table[row, PROPS_LEN], table[row, FLAGS] = props_at, props_size, flags
            row, end, inside = row + 1, whole, False
            continue
        tag, shift = np.int64(0), 0
        while True:
            if at >= end or shift > 63:
                return -1
            byte = np.int64(data[at])
            at += 1
            tag |= (byte & 127) << shift
            if byte < 128:
                break
            shift += 7
        wire, field = tag & 7, tag >> 3
        if field <= 0:
            return -1
        value = np.int64(0)
        if wire in (0, 2):
            shift = 0
            while True:
                if at >= end or shift > 63:
                    return -1
                byte = np.int64(data[at])
                at += 1
                value |= (byte & 127) << shift
                if byte < 128:
                    break
                shift += 7
            if wire == 2:
                if value < 0 or value > end - at:
                    return -1
                at += value
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
            if end - at < size:
                return -1
            for step in range(size):
                value |= np.int64(data[at + step]) << (8 * step)
            at += size
        else:
            return -1
        if not inside:
            if tag == 18:
                at, end, inside = at - value, at, True
                name_at = alias = time = of = kind = bits = props_at = flags = np.int64(0)
                name_size = props_size = np.int64(-1)
            elif tag == 8:
                head[SENT_AT] = value
            elif tag == 24:
                head[SEQ] = value
            elif tag == 42:
                head[BODY] = 1
        elif wire == 0:
            if field == 2:
                alias, flags = value, flags | HAS_ALIAS
            elif field == 3:
                time, flags = value, flags | HAS_TIME
            elif field == 4:
                of = value & 0xFFFFFFFF
            elif 5 <= field <= 7:
                bit = HISTORICAL if field == 5 else TRANSIENT if field == 6 else NULL
                flags = (flags | bit) if value else (flags & ~bit)
            elif field == INT:
                kind, bits = field, value & 0xFFFFFFFF
            elif field == LONG:
                kind, bits = field, value
            elif field == BOOLEAN:
                kind, bits = field, np.int64(value != 0)
        elif wire == 2:
            if field == 1:
                name_at, name_size = at - value, value
            elif field == 9:
                props_at, props_size = at - value, value
            elif 15 <= field <= 19:
                kind = field
        elif (wire == 5 and field == FLOAT) or (wire == 1 and field == DOUBLE):
            kind, bits = field, value


@compiled
def numbers(table: Table, types: Codes, values: Floats) -> None:
    """The number of each metric, of the data type that is given for it; nan for what is none.

    Whole numbers with a sign stand there as numbers without one, in 32 bits (or sign-extended to more); the type says how many count.
    """
    half, whole = np.empty(1, np.uint32), np.empty(1, np.uint64)
    single, double = half.view(np.float32), whole.view(np.float64)
    for row in range(len(types)):
        kind, bits, of = table[row, KIND], table[row, BITS], types[row]
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
def _places(table: Table, aliases: NDArray[np.uint64], alias_rows: Slots, known: Codes, place: Slots, types: Codes) -> int:
    """Find the row of each metric that goes by its alias, and the data type of each. Gives how many have no row."""
    lost = 0
    for row in range(len(place)):
        if place[row] == BY_ALIAS:
            place[row] = UNKNOWN
            if table[row, FLAGS] & HAS_ALIAS:
                alias = np.uint64(table[row, ALIAS])
                found = np.searchsorted(aliases, alias)
                if found < len(aliases) and aliases[found] == alias:
                    place[row] = alias_rows[found]
        stated = table[row, TYPE]
        if 0 < stated < 256:
            types[row] = stated
        else:
            types[row] = known[place[row]] if place[row] >= 0 else 0
        lost += place[row] == UNKNOWN
    return lost


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
    size = len(place)
    types, values = np.empty(size, np.uint8), np.empty(size)
    lost = _places(table, aliases, alias_rows, codes[OF], place, types)
    numbers(table, types, values)
    rows = overtaken = 0
    for column in range(size):
        at, flags = place[column], table[column, FLAGS]
        if at == UNKNOWN:
            continue
        value = values[column] * floats[SCALE, at] + floats[OFFSET, at]
        quality: Whole = _GOOD
        why: Whole = 0
        if said.shape[1]:
            quality, why = np.int64(said[0, column]), np.int64(said[1, column])
        stamp = table[column, TIME] if flags & HAS_TIME else sent_at
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
