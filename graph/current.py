"""The current value of every point, as slot arrays: value, source time, receive time, quality and why.

Rules of this file:

1. The newer source time wins, not the later arrival. A late sample and the same sample twice change nothing.
2. Equal source times: another value is taken in order of arrival, unless its quality is worse (a broker's retained copy of a live value).
   What a sender counts beside its time (a sequence) finds gaps; it orders nothing, since each wire hands on what one sender says in order.
3. A source time more than 5 s ahead of ours counts as `UNCERTAIN`, and our time stands in for it; one of more than a day ago is history.
4. A row without a number (`nan`, an infinity) changes the quality, `BAD` at best of what is called good; the last number and its time
   stay. It speaks of our time, not of the device's, so the next number is late only if it is older than the last number.
5. Silence makes a value worse, never better: `STALE` after two periods, `NO_COMMUNICATION` after five, neither before 5 s.
6. A point keeps its slot for the life of the process, also while the graph does not have it; no slot ever comes to mean another point.
7. One writes at a time; readers take no lock: they copy, and copy again when somebody has written meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from threading import Lock
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from graph.current_kernel import AHEAD as AHEAD_COUNT
from graph.current_kernel import COUNTS, DUPLICATES, FROZEN, JUMPS, LATE, NEWS, OLD, RANGE, UNKNOWN, Columns, Judged, Rules, silence, take
from graph.points import DEFAULT_PERIOD_S, PointFacts
from graph.values import Codes, Floats, Millis, Quality, ReadingBatch, Reason, Samples, Slots

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PointValue:
    """What is known of one point now; `value` is nan and the times are 0 when nothing has been heard (`NO_VALUE`)."""

    point: str
    value: float
    observed_at: int
    received_at: int
    quality: Quality
    reason: Reason = Reason.NONE


@dataclass(frozen=True, slots=True)
class Counts:
    """What has become of all rows so far."""

    unknown: int
    """Of no point that the graph has."""
    news: int
    duplicates: int
    late: int
    """Older than what is known: history only."""
    old: int
    """Older than a day: history only."""
    ahead: int
    """More than 5 s ahead of our clock."""
    out_of_range: int
    jumps: int
    frozen: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: the slots that say something else now, and the rows that history keeps, as they were judged."""

    touched: Slots
    kept: Samples


class CurrentValues:
    """The table. Every method is safe from any thread."""

    def __init__(self, periods_s: Mapping[str, float] | None = None) -> None:
        """A table over the given points (IRI to seconds between samples), all without a value."""
        self._lock = Lock()
        self._names: list[str] = []
        self._slots: dict[str, int] = {}
        self._table = _Table.empty(0)
        self._version = 0
        """Odd while somebody writes."""
        self._counts = np.zeros(COUNTS, np.int64)
        self._serial = 0
        self._virtual = np.zeros(2, np.bool_)
        """By slot and 1; nothing stands before the first and after the last."""
        self.rebind({point: PointFacts(period_s) for point, period_s in (periods_s or {}).items()})

    def __len__(self) -> int:
        return len(self._table.in_order)

    def __contains__(self, point: str) -> bool:
        slot = self._slots.get(point, -1)
        return 0 <= slot < len(self._table) and bool(self._table.columns.alive[slot])

    @property
    def version(self) -> int:
        """Another number whenever anything in the table may be another; what is read after it was asked is at least as new."""
        return self._version

    # -- points and their slots -------------------------------------------------------------------------------------

    def rebind(self, points: Mapping[str, PointFacts]) -> None:
        """Take other points: what stays keeps its value, what goes is forgotten, what comes has none. Cost: linear in both."""
        names = sorted(points)
        rows = [
            (inf if f.virtual else f.period_s * 1000.0, f.low, f.high, f.rate_max, f.frozen_s * 1000.0)
            for f in map(points.__getitem__, names)
        ]
        kinds, kind = np.unique(np.array(rows).reshape(-1, 5), axis=0, return_inverse=True)
        with self._lock:
            for name in names:
                if name not in self._slots:
                    self._slots[name] = len(self._names)
                    self._names.append(name)
            find = self._slots.__getitem__
            in_order = np.fromiter(map(find, names), dtype=np.int32, count=len(names))
            virtual = np.zeros(len(self._names) + 2, np.bool_)
            virtual[in_order + 1] = [points[name].virtual for name in names]
            self._virtual = virtual
            self._writing(lambda: self._exchange(in_order, kind.reshape(-1).astype(np.int32), kinds))

    def _exchange(self, in_order: Slots, kind: Slots, kinds: NDArray[np.float64]) -> None:
        old, size = self._table, len(self._names)
        table = _Table.empty(size) if size > len(old) else old
        columns = table.columns
        if table is not old:
            for name in Columns._fields:
                getattr(columns, name)[: len(old)] = getattr(old.columns, name)
        alive = np.zeros(size, np.uint8)
        alive[in_order] = 1
        gone = np.flatnonzero((columns.alive == 1) & (alive == 0))
        _forget(columns, gone)
        columns.alive[:], columns.kind[in_order] = alive, kind
        rules = Rules(*(np.ascontiguousarray(kinds[:, at]) for at in range(5)))
        self._table = replace(table, rules=rules, in_order=in_order)

    def slots(self, points: Sequence[str]) -> Slots:
        """The slots of points, -1 for each that never was one. Cost: a dictionary look-up each."""
        find = self._slots.get
        return np.fromiter((find(point, -1) for point in points), dtype=np.int32, count=len(points))

    def points(self, slots: Slots) -> list[str]:
        """The IRIs of slots."""
        names = self._names
        return [names[slot] for slot in slots.tolist()]

    def virtual(self, slots: Slots) -> NDArray[np.bool_] | None:
        """Which of the slots are of virtual points; None for none of them."""
        found = np.take(self._virtual, slots + 1, mode="clip")
        return found if found.any() else None

    def known(self) -> int:
        """How many slots there are: the next point gets this number."""
        return len(self._names)

    # -- writing ----------------------------------------------------------------------------------------------------

    def absorb(self, samples: Samples) -> Taken:
        """Take samples by the rules above. Cost: one look at each row's slot."""
        with self._lock:
            return self._writing(lambda: self._absorb(samples))

    def _absorb(self, samples: Samples) -> Taken:
        table, rows = self._table, len(samples)
        self._serial += 1
        judged = Judged(np.empty(rows, np.int64), np.empty(rows, np.uint8), np.empty(rows, np.uint8), np.empty(rows, np.bool_))
        touched = np.empty(min(rows, len(table)), np.int32)
        values = samples.values
        if np.isinf(values).any():
            values = np.where(np.isinf(values), np.nan, values)
        found = take(
            table.columns,
            table.rules,
            samples.slots,
            values,
            samples.observed_at,
            samples.received_at,
            samples.quality,
            samples.reason,
            judged,
            table.seen,
            self._serial,
            touched,
            self._counts,
        )
        kept = Samples(samples.slots, values, judged.observed, samples.received_at, judged.quality, judged.reason)
        return Taken(touched[:found], kept if judged.kept.all() else kept.piece(judged.kept))

    def take(self, batch: ReadingBatch) -> ReadingBatch:
        """As `absorb`, of points by name. Returns what the touched points have now, one row a point, in order of slots."""
        return self.rows(np.sort(self.absorb(self.samples(batch)).touched))

    def samples(self, batch: ReadingBatch) -> Samples:
        """Readings by name as readings by slot; those of points that the table never had have slot -1."""
        return Samples(self.slots(batch.points), batch.values, batch.observed_at, batch.received_at, batch.quality, batch.reason)

    def restore(self, batch: ReadingBatch) -> None:
        """Values as they were kept: taken where nothing newer is known, and `STALE` at best."""
        with self._lock:
            self._writing(lambda: self._restore(batch))

    def _restore(self, batch: ReadingBatch) -> None:
        columns, slots = self._table.columns, self.slots(batch.points)
        rows = np.flatnonzero((slots >= 0) & ~np.isnan(batch.values))
        newer = (columns.quality[slots[rows]] == Quality.NO_VALUE) | (batch.observed_at[rows] > columns.observed[slots[rows]])
        rows = rows[newer & (columns.alive[slots[rows]] == 1)]
        to = slots[rows]
        columns.value[to], columns.received[to] = batch.values[rows], batch.received_at[rows]
        columns.observed[to] = columns.stamp[to] = columns.changed[to] = batch.observed_at[rows]
        fresh = batch.quality[rows] < Quality.STALE
        columns.quality[to] = np.where(fresh, np.uint8(Quality.STALE), batch.quality[rows])
        columns.reason[to] = np.where(fresh, np.uint8(Reason.RETAINED), batch.reason[rows])

    def sweep(self, now_ms: int) -> ReadingBatch:
        """Let silence speak, as of `now_ms`: returns the points whose quality has become worse by it. Cost: one pass over the arrays."""
        return self.rows(self.age(now_ms))

    def age(self, now_ms: int) -> Slots:
        """As `sweep`, by slot."""
        with self._lock:
            touched = np.empty(len(self._table), np.int32)
            found = self._writing(lambda: silence(self._table.columns, self._table.rules, now_ms, touched))
            return touched[:found]

    def _writing(self, work: Callable[[], T]) -> T:
        """Do what changes the arrays; who copies meanwhile copies again (rule 7). Under the lock."""
        self._version += 1
        try:
            return work()
        finally:
            self._version += 1

    # -- reading ----------------------------------------------------------------------------------------------------

    def get(self, point: str) -> PointValue | None:
        """The point's value now, or None for a point that the table does not have."""
        if point not in self:
            return None
        row = self.rows(np.array([self._slots[point]], np.int32))
        times = int(row.observed_at[0]), int(row.received_at[0])
        return PointValue(point, float(row.values[0]), *times, Quality(int(row.quality[0])), Reason(int(row.reason[0])))

    def many(self, points: Sequence[str]) -> ReadingBatch:
        """One row for each of the given points, in their order; a point that the table does not have is `NO_VALUE`."""
        return self._named(list(points), self.slots(points))

    def rows(self, slots: Slots) -> ReadingBatch:
        """One row for each of the given slots, in their order."""
        return self._named(self.points(slots), slots)

    def columns(self, slots: Slots) -> tuple[Floats, Millis, Codes, Codes]:
        """Value, source time, quality and reason of each of the given slots, in their order. Cost: an array look-up each."""
        values, observed, _, quality, reason = self._copied(slots)
        return values, observed, quality, reason

    def follow(self, points: Sequence[str]) -> Callable[[], tuple[Floats, Codes]]:
        """What gives the values and the qualities of these points now, in their order, as often as it is called; nan and `NO_VALUE` for a
        point that the table does not have. Cost of a call: an array look-up a point; after new points a dictionary look-up more."""
        known, slots = -1, np.empty(0, dtype=np.int32)

        def now() -> tuple[Floats, Codes]:
            nonlocal known, slots
            if known != len(self._names):
                known = len(self._names)
                slots = self.slots(points)
            values, _, _, qualities, _ = self._copied(slots)
            return values, qualities

        return now

    def all(self) -> ReadingBatch:
        """One row for every point, in order of IRIs."""
        return self.rows(self._table.in_order)

    def everything(self) -> tuple[Slots, Floats, Millis, Codes]:
        """Every point's slot, value, source time and quality, in order of IRIs. Cost: four copies."""
        slots = self._table.in_order
        values, observed, _, quality, _ = self._copied(slots)
        return slots, values, observed, quality

    def live(self) -> int:
        """How many points have a good value now."""
        return int(np.count_nonzero(self._table.columns.quality == Quality.GOOD))

    def counts(self) -> Counts:
        """What has become of all rows so far."""
        c = self._counts.tolist()
        order = (UNKNOWN, NEWS, DUPLICATES, LATE, OLD, AHEAD_COUNT, RANGE, JUMPS, FROZEN)
        return Counts(*(c[at] for at in order))

    def _named(self, points: list[str], slots: Slots) -> ReadingBatch:
        values, observed, received, quality, reason = self._copied(slots)
        return ReadingBatch(points, values, observed, received, quality, reason)

    def _copied(self, slots: Slots) -> tuple[Floats, Millis, Millis, Codes, Codes]:
        """The columns of some slots as they stood at one instant; nothing at all for -1 and for a slot that came after this was asked."""
        while True:
            version, table = self._version, self._table
            if version & 1 == 0:
                there = (slots >= 0) & (slots < len(table))
                at = slots if there.all() else np.where(there, slots, 0)
                found = _look(table.columns, at) if len(table) else _nothing(len(slots))
                if self._version == version:
                    if at is not slots:
                        _blank(found, ~there)
                    return found
            time.sleep(0)


@dataclass(frozen=True, slots=True)
class _Table:
    """The arrays at one time; another one takes its place when there are more slots or other rules."""

    columns: Columns
    rules: Rules
    in_order: Slots
    """The slots of the points that the graph has, in order of IRIs."""
    seen: Millis
    """By slot, the number of the batch that touched it last."""

    @staticmethod
    def empty(size: int) -> _Table:
        nothing = _nothing(size)
        columns = Columns(
            nothing[0],
            nothing[1],
            nothing[2],
            np.zeros(size, np.int64),
            np.zeros(size, np.int64),
            np.full(size, np.nan),
            np.zeros(size, np.int64),
            nothing[3],
            nothing[4],
            np.zeros(size, np.uint8),
            np.zeros(size, np.int32),
        )
        one = Rules(*(np.full(1, value) for value in (DEFAULT_PERIOD_S * 1000.0, -np.inf, np.inf, np.inf, np.inf)))
        return _Table(columns, one, np.empty(0, np.int32), np.full(size, -1, np.int64))

    def __len__(self) -> int:
        return len(self.columns.value)


def _look(c: Columns, at: Slots) -> tuple[Floats, Millis, Millis, Codes, Codes]:
    return c.value[at], c.observed[at], c.received[at], c.quality[at], c.reason[at]


def _nothing(size: int) -> tuple[Floats, Millis, Millis, Codes, Codes]:
    none = np.full(size, Quality.NO_VALUE, dtype=np.uint8)
    return np.full(size, np.nan), np.zeros(size, np.int64), np.zeros(size, np.int64), none, np.zeros(size, np.uint8)


def _blank(found: tuple[Floats, Millis, Millis, Codes, Codes], rows: NDArray[np.bool_]) -> None:
    """Take back what stands in rows of no point."""
    values, observed, received, quality, reason = found
    values[rows], observed[rows], received[rows], quality[rows], reason[rows] = np.nan, 0, 0, Quality.NO_VALUE, Reason.NONE


def _forget(columns: Columns, slots: NDArray[np.intp]) -> None:
    empty = _Table.empty(1).columns
    for name in Columns._fields:
        getattr(columns, name)[slots] = getattr(empty, name)[0]
