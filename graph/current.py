"""The current value of every point, as slot arrays: value, source time, receive time, quality.

Rules of this file:

1. The newer source time wins, not the later arrival. A late sample and the same sample twice change nothing.
2. Equal source times: another value is taken in order of arrival, unless its quality is worse (a broker's retained copy of a live value).
3. A source time more than 5 s ahead of ours counts as `UNCERTAIN`, and our time stands in for it.
4. A row without a number (`nan`) changes the quality; the last number and its time stay. It speaks of our time, not of the device's,
   so the next number is late only if it is older than the last number.
5. Silence makes a value worse, never better: `STALE` after two periods, `NO_COMMUNICATION` after five (a period counts as 2.5 s at least).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from graph.values import Codes, Floats, Millis, Quality, ReadingBatch

AHEAD_MS = 5_000
"""How far a device's clock may run ahead of ours (reliability reference 2.1)."""
STALE_PERIODS = 2.0
LOST_PERIODS = 5.0
SHORTEST_PERIOD_MS = 2_500.0
"""Two of it are the 5 s after which a value may be called stale at the earliest (reliability reference 2.2)."""


@dataclass(frozen=True, slots=True)
class PointValue:
    """What is known of one point now; `value` is nan and the times are 0 when nothing has been heard (`NO_VALUE`)."""

    point: str
    value: float
    observed_at: int
    received_at: int
    quality: Quality


class CurrentValues:
    """The table. Every method is safe from any thread; the lock is held for array work only."""

    def __init__(self, periods_s: Mapping[str, float] | None = None) -> None:
        """A table over the given points (IRI to seconds between samples), all without a value."""
        self._lock = Lock()
        self._points: list[str] = []
        self._slots: dict[str, int] = {}
        self._columns = _Columns.empty(0)
        self.rebind(periods_s or {})

    def __len__(self) -> int:
        return len(self._points)

    def __contains__(self, point: str) -> bool:
        return point in self._slots

    def rebind(self, periods_s: Mapping[str, float]) -> None:
        """Take other points: what stays keeps its value, what goes is forgotten, what comes has none. Cost: linear in both."""
        points = sorted(periods_s)
        periods = np.array([periods_s[point] for point in points], dtype=np.float64) * 1000.0
        with self._lock:
            old = np.fromiter((self._slots.get(point, -1) for point in points), dtype=np.int64, count=len(points))
            columns = _Columns.empty(len(points))
            kept = np.flatnonzero(old >= 0)
            columns.copy(kept, self._columns, old[kept])
            columns.period_ms[:] = np.maximum(periods, SHORTEST_PERIOD_MS)
            self._points, self._slots, self._columns = points, {point: slot for slot, point in enumerate(points)}, columns

    def take(self, batch: ReadingBatch) -> ReadingBatch:
        """Take a batch by the rules above. Returns what the touched points have now, one row a point; unknown points are left out.

        Cost: one dictionary look-up a row, one sort of the batch (of each turn, where rows without a number stand between others).
        """
        with self._lock:
            find = self._slots.get
            slots = np.fromiter((find(point, -1) for point in batch.points), dtype=np.int64, count=len(batch))
            turns = np.flatnonzero(np.diff(np.isnan(batch.values))) + 1  # rule 4: with and without a number in turn, as they came
            touched = [self._take(slots[rows], batch, rows) for rows in np.split(np.arange(len(batch)), turns)]
            return self._rows(np.unique(np.concatenate(touched)))

    def _take(self, slots: NDArray[np.int64], batch: ReadingBatch, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Take some rows of a batch, all with a number or all without one, into their slots. Returns the slots touched, ascending."""
        now, observed, values, columns = batch.received_at[rows], batch.observed_at[rows], batch.values[rows], self._columns
        ahead = observed > now + AHEAD_MS
        stamp = np.where(ahead, now, observed)
        quality = np.where(ahead, np.maximum(batch.quality[rows], Quality.UNCERTAIN), batch.quality[rows]).astype(np.uint8)
        quality = _aged(quality, now - stamp, columns.period_ms[slots] if len(columns) else np.full(len(slots), np.inf))
        wanted = np.flatnonzero(slots >= 0)
        wanted = wanted[_is_news(columns, slots[wanted], stamp[wanted], values[wanted], quality[wanted])]
        if len(wanted) == 0:
            return wanted
        order = wanted[np.lexsort((wanted, -quality[wanted].astype(np.int16), stamp[wanted], slots[wanted]))]
        newest = order[np.append(slots[order][1:] != slots[order][:-1], True)]
        touched: NDArray[np.int64] = slots[newest]
        columns.stamp[touched], columns.received[touched], columns.quality[touched] = stamp[newest], now[newest], quality[newest]
        if not np.isnan(values[0]):
            columns.value[touched], columns.observed[touched] = values[newest], stamp[newest]
        return touched

    def restore(self, batch: ReadingBatch) -> None:
        """Values as a store kept them: taken where nothing has been heard yet, and `STALE` at best."""
        with self._lock:
            for row, point in enumerate(batch.points):
                slot = self._slots.get(point, -1)
                if slot < 0 or self._columns.quality[slot] != Quality.NO_VALUE or np.isnan(batch.values[row]):
                    continue
                self._columns.value[slot] = batch.values[row]
                self._columns.observed[slot] = self._columns.stamp[slot] = batch.observed_at[row]
                self._columns.received[slot] = batch.received_at[row]
                self._columns.quality[slot] = max(int(batch.quality[row]), Quality.STALE)

    def sweep(self, now_ms: int) -> ReadingBatch:
        """Let silence speak, as of `now_ms`: returns the points whose quality has become worse by it. Cost: one pass over the arrays."""
        with self._lock:
            columns = self._columns
            quality = _aged(columns.quality, now_ms - columns.stamp, columns.period_ms)
            worse = np.flatnonzero(quality != columns.quality)
            columns.quality[worse] = quality[worse]
            return self._rows(worse)

    def get(self, point: str) -> PointValue | None:
        """The point's value now, or None for a point that the table does not have."""
        with self._lock:
            slot = self._slots.get(point)
            if slot is None:
                return None
            c = self._columns
            return PointValue(point, float(c.value[slot]), int(c.observed[slot]), int(c.received[slot]), Quality(int(c.quality[slot])))

    def many(self, points: Sequence[str]) -> ReadingBatch:
        """One row for each of the given points, in their order; a point that the table does not have is `NO_VALUE`."""
        with self._lock:
            find = self._slots.get
            slots = np.fromiter((find(point, -1) for point in points), dtype=np.int64, count=len(points))
            known = np.flatnonzero(slots >= 0)
            columns = _Columns.empty(len(points))
            columns.copy(known, self._columns, slots[known])
        return ReadingBatch(list(points), columns.value, columns.observed, columns.received, columns.quality)

    def follow(self, points: Sequence[str]) -> Callable[[], tuple[Floats, Codes]]:
        """What gives the values and the qualities of these points now, in their order, as often as it is called; nan and `NO_VALUE` for a
        point that the table does not have. Cost of a call: an array look-up a point; after a `rebind` a dictionary look-up more."""
        bound: dict[str, int] | None = None
        slots = np.empty(0, dtype=np.int64)

        def now() -> tuple[Floats, Codes]:
            nonlocal bound, slots
            with self._lock:
                if bound is not self._slots:
                    bound, find = self._slots, self._slots.get
                    slots = np.fromiter((find(point, -1) for point in points), dtype=np.int64, count=len(points))
                known = slots >= 0
                values, qualities = np.full(len(slots), np.nan), np.full(len(slots), Quality.NO_VALUE, dtype=np.uint8)
                values[known], qualities[known] = self._columns.value[slots[known]], self._columns.quality[slots[known]]
                return values, qualities

        return now

    def all(self) -> ReadingBatch:
        """One row for every point, in order of IRIs."""
        with self._lock:
            return self._rows(np.arange(len(self._points)))

    def live(self) -> int:
        """How many points have a good value now."""
        with self._lock:
            return int(np.count_nonzero(self._columns.quality == Quality.GOOD))

    def _rows(self, slots: NDArray[np.int64]) -> ReadingBatch:
        c = self._columns
        points = [self._points[slot] for slot in slots.tolist()]
        return ReadingBatch(points, c.value[slots], c.observed[slots], c.received[slots], c.quality[slots])


@dataclass(frozen=True, slots=True)
class _Columns:
    """The slot arrays. `observed` is the source time of the value shown; `stamp` is what the quality's age is counted from: the same
    instant, or that of a row without a number that came after it."""

    value: Floats
    observed: Millis
    received: Millis
    stamp: Millis
    quality: Codes
    period_ms: Floats

    @staticmethod
    def empty(size: int) -> _Columns:
        return _Columns(
            np.full(size, np.nan),
            np.zeros(size, dtype=np.int64),
            np.zeros(size, dtype=np.int64),
            np.zeros(size, dtype=np.int64),
            np.full(size, Quality.NO_VALUE, dtype=np.uint8),
            np.full(size, SHORTEST_PERIOD_MS),
        )

    def __len__(self) -> int:
        return len(self.value)

    def copy(self, to: NDArray[np.int64], source: _Columns, slots: NDArray[np.int64]) -> None:
        """Take the values of other slots of another table."""
        self.value[to], self.observed[to], self.received[to] = source.value[slots], source.observed[slots], source.received[slots]
        self.stamp[to], self.quality[to] = source.stamp[slots], source.quality[slots]


def _is_news(columns: _Columns, slots: NDArray[np.int64], stamp: Millis, value: Floats, quality: Codes) -> NDArray[np.bool_]:
    """Which rows say something that the table does not know (rules 1 and 2)."""
    known = columns.quality[slots]
    unheard = known == Quality.NO_VALUE
    newer = stamp > np.where(np.isnan(value), columns.stamp[slots], columns.observed[slots])
    better = quality < known
    other = ~np.isnan(value) & (value != columns.value[slots]) & (quality <= known)
    return np.asarray(unheard | newer | ((stamp == columns.stamp[slots]) & (better | other)))


def _aged(quality: Codes, age_ms: NDArray[np.int64], period_ms: Floats) -> Codes:
    """The quality that a value of that age can have at best (rule 5); what has never been heard stays `NO_VALUE`."""
    floor = np.where(
        age_ms > LOST_PERIODS * period_ms,
        np.uint8(Quality.NO_COMMUNICATION),
        np.where(age_ms > STALE_PERIODS * period_ms, np.uint8(Quality.STALE), np.uint8(Quality.GOOD)),
    )
    return np.where(quality == Quality.NO_VALUE, quality, np.maximum(quality, floor)).astype(np.uint8)
