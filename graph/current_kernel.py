"""The inner loops of the table of current values: which row of a batch counts, and what silence does. Compiled by numba.

Rules of this file:

1. Rows are taken in the order in which they came, each as if it were alone.
2. A row is judged first (clock, range, jump, standing still), as of its own time; that is what history keeps of it. Then it is seen
   whether it is news for the table, and how good a value of its age can be now.
3. A jump is measured from the last value that was plausible and from the last one that came: what stays where it jumped to is a step, and
   counts from its second sample on; what comes back was a spike.
4. Standing still is seen: over a gap in which a point was lost (five periods) nobody saw it stand, and its time begins anew.
5. The same value of the same instant again is judged as it was the first time, and counted once. History is given it all the same: it may
   have missed it then, and keeps a sample once.
6. What the table knows of a time after ours was written while our clock was ahead: it counts as of now, or nothing would be news.
"""

from __future__ import annotations

from math import isnan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.compiled import compiled, inlined
from graph.values import Codes, Floats, Millis, Quality, Reason, Slots

AHEAD_MS = 5_000
"""How far a device's clock may run ahead of ours (reliability reference 2.1)."""
OLD_MS = 24 * 3_600_000
"""What is older never becomes a current value (reliability reference 2.1)."""
STALE_PERIODS = 2.0
LOST_PERIODS = 5.0
SOONEST_MS = 5_000.0
"""No value is called worse than it was said to be before that (reliability reference 2.2)."""
CLOSE_S = 1.0
"""Samples that are closer than this count as so far apart when a jump is measured: noise between two of them is no speed."""

UNKNOWN, NEWS, DUPLICATES, LATE, OLD, AHEAD, RANGE, JUMPS, FROZEN = range(9)
"""Places in `counts`: rows of no point, taken, said before, older than what is known, older than a day, ahead of our clock, out of range,
jumped, standing still."""
COUNTS = 9

_GOOD, _UNCERTAIN, _STALE, _BAD, _AWAY, _NONE = (int(quality) for quality in Quality)
_RETAINED, _CLOCK, _RANGE, _FROZEN, _SILENCE, _SENSOR, _JUMP = (
    int(r) for r in (Reason.RETAINED, Reason.CLOCK, Reason.OUT_OF_RANGE, Reason.FROZEN, Reason.SILENCE, Reason.SENSOR, Reason.JUMP)
)


class Columns(NamedTuple):
    """One row a slot. `observed` is the source time of the value shown; `stamp` is what the quality's age is counted from: the same
    instant, or that of a row without a number that came after it."""

    value: Floats
    observed: Millis
    received: Millis
    stamp: Millis
    changed: Millis
    """Since when the value is what it is."""
    sound: Floats
    sound_at: Millis
    """The last value that was plausible, and when; 0 for none."""
    quality: Codes
    reason: Codes
    alive: Codes
    """Whether the slot's point is one of the graph now."""
    kind: Slots
    """Row of the slot's rules."""


class Rules(NamedTuple):
    """What points are judged by; one row for each set of rules that some points share."""

    period_ms: Floats
    low: Floats
    high: Floats
    rate: Floats
    """How fast the value can move, units a second; infinite for what has no limit."""
    frozen_ms: Floats
    """How long it can stand still; infinite for what may stand for ever."""


class Judged(NamedTuple):
    """What became of each row of a batch: its time and quality as judged, and whether history keeps it."""

    observed: Millis
    quality: Codes
    reason: Codes
    kept: NDArray[np.bool_]


@inlined
def stale_ms(period_ms: float) -> float:
    """How old a value may be before it is `STALE`."""
    return max(STALE_PERIODS * period_ms, SOONEST_MS)


@inlined
def lost_ms(period_ms: float) -> float:
    """How old a value may be before nobody hears of its point any more."""
    return max(LOST_PERIODS * period_ms, SOONEST_MS)


@inlined
def aged(quality: int, age_ms: float, period_ms: float) -> int:
    """The quality that a value of that age can have at best; what has never been heard stays `NO_VALUE`."""
    if age_ms > lost_ms(period_ms):
        return max(quality, _AWAY)
    if age_ms > stale_ms(period_ms):
        return max(quality, _STALE)
    return quality


@inlined
def not_ahead(columns: Columns, slot: int, now: int) -> None:
    """Rule 6."""
    if columns.stamp[slot] > now + AHEAD_MS:
        columns.stamp[slot] = now
        columns.observed[slot] = min(columns.observed[slot], now)
        columns.changed[slot] = min(columns.changed[slot], now)
        columns.sound_at[slot] = min(columns.sound_at[slot], now)


@compiled
def take(  # noqa: PLR0912, PLR0915  one loop: a call for each row would cost more than the row
    columns: Columns,
    rules: Rules,
    slots: Slots,
    values: Floats,
    observed: Millis,
    received: Millis,
    quality: Codes,
    reason: Codes,
    judged: Judged,
    seen: Millis,
    serial: int,
    touched: Slots,
    counts: Millis,
) -> int:
    """Take rows into their slots. Gives how many slots were touched; these stand in `touched`, in the order of their first news.

    `seen` holds, by slot, the serial number of the call that touched it last. Cost: one look at each row's slot.
    """
    found = 0
    for row in range(len(slots)):
        slot = slots[row]
        judged.kept[row] = False
        if slot < 0 or columns.alive[slot] == 0:
            counts[UNKNOWN] += 1
            continue
        now, stamp, value = received[row], observed[row], values[row]
        q, why = int(quality[row]), int(reason[row])
        number = not isnan(value)
        kind = columns.kind[slot]
        if stamp > now + AHEAD_MS:
            stamp = now
            counts[AHEAD] += 1
            if q < _UNCERTAIN:
                q, why = _UNCERTAIN, _CLOCK
        if not number and q == _GOOD:
            q, why = _BAD, _SENSOR
        not_ahead(columns, slot, now)
        known = columns.quality[slot]
        again = known != _NONE and stamp == columns.stamp[slot]
        if number:
            again = known != _NONE and stamp == columns.observed[slot] and value == columns.value[slot]
        if number and q < _BAD:
            if value < rules.low[kind] or value > rules.high[kind]:
                counts[RANGE] += not again
                if q < _UNCERTAIN:
                    q, why = _UNCERTAIN, _RANGE
            if columns.sound_at[slot] > 0 and stamp >= columns.observed[slot] and rules.rate[kind] < np.inf:
                since_sound = max((stamp - columns.sound_at[slot]) / 1000.0, CLOSE_S)
                since_last = max((stamp - columns.observed[slot]) / 1000.0, CLOSE_S)
                far = abs(value - columns.sound[slot]) > rules.rate[kind] * since_sound
                if far and (again or abs(value - columns.value[slot]) > rules.rate[kind] * since_last):
                    counts[JUMPS] += not again
                    q, why = _BAD, _JUMP
            seen_still = value == columns.value[slot] and stamp - columns.observed[slot] <= lost_ms(rules.period_ms[kind])
            if seen_still and stamp - columns.changed[slot] > rules.frozen_ms[kind]:
                counts[FROZEN] += not again
                if q < _UNCERTAIN:
                    q, why = _UNCERTAIN, _FROZEN
        judged.observed[row], judged.quality[row], judged.reason[row] = stamp, q, why
        judged.kept[row] = why != _RETAINED or stamp != now
        then = aged(q, now - stamp, rules.period_ms[kind])
        if now - stamp > OLD_MS:
            counts[OLD] += 1
            continue
        newer = stamp > (columns.observed[slot] if number else columns.stamp[slot])
        better = then < known
        other = value != columns.value[slot] and then <= known if number else then != known and why != _RETAINED
        if not (known == _NONE or newer or (stamp == columns.stamp[slot] and (better or other))):
            counts[DUPLICATES if again else LATE] += 1
            continue
        counts[NEWS] += 1
        columns.stamp[slot], columns.received[slot], columns.quality[slot] = stamp, now, then
        columns.reason[slot] = _SILENCE if then > q else why
        if number:
            lost = stamp - columns.observed[slot] > lost_ms(rules.period_ms[kind])
            if lost or value != columns.value[slot]:
                columns.changed[slot] = stamp
            columns.value[slot], columns.observed[slot] = value, stamp
            if q < _BAD:
                columns.sound[slot], columns.sound_at[slot] = value, stamp
        if seen[slot] != serial:
            seen[slot] = serial
            touched[found] = slot
            found += 1
    return found


@compiled
def silence(columns: Columns, rules: Rules, now_ms: int, touched: Slots) -> int:
    """Let silence speak as of `now_ms`. Gives how many slots have become worse by it; these stand in `touched`."""
    found = 0
    for slot in range(len(columns.value)):
        quality = columns.quality[slot]
        if columns.alive[slot] == 0 or quality == _NONE:
            continue
        not_ahead(columns, slot, now_ms)
        then = aged(quality, now_ms - columns.stamp[slot], rules.period_ms[columns.kind[slot]])
        if then != quality:
            columns.quality[slot] = then
            columns.reason[slot] = _SILENCE
            touched[found] = slot
            found += 1
    return found
