"""Samples rolled up: one row for each point and span of time, such that rows of neighbouring spans can be put together to the same row as
their samples would have given.

Rules of this file:

1. A sample counts when it is a number and its quality is better than `BAD`.
2. A row speaks of the time from the first thing said in its span to the last: of that, `covered` ms lie no more than two periods behind a
   sample that counts, with nothing said in between. What is covered before and after comes from its neighbours.
3. Put together are rows in order of what they said first. Where they overlap in time (late samples of a day whose samples are gone already)
   minimum, maximum, sum and counts are exact, and what is covered is an estimate from below.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adapters.history.rows import Numbers, Places, Rows
from graph.compiled import compiled, inlined
from graph.current_kernel import SOONEST_MS, STALE_PERIODS, stale_ms
from graph.history import Buckets
from graph.values import Codes, Floats, Millis, Quality

_BAD = int(Quality.BAD)


class Summaries(NamedTuple):
    """One row a point and span."""

    point: Numbers
    first_at: Millis
    last_at: Millis
    """The first and the last instant at which something was said."""
    minimum: Floats
    maximum: Floats
    total: Floats
    """Of the samples that count; `nan` where none does."""
    counted: Places
    """How many samples count."""
    said: Places
    """How many there are."""
    covered: Millis
    quality: Codes
    """The worst."""
    last: Floats
    """The last number."""
    last_quality: Codes
    """Of the last thing said."""
    last_counts: Codes
    """Whether the last thing said counts: it covers what follows."""

    @property
    def size(self) -> int:
        """How many rows."""
        return len(self.point)

    def pick(self, rows: slice | NDArray[np.bool_] | Places | NDArray[np.intp]) -> Summaries:
        """Some of the rows, in their order."""
        return Summaries(**{name: column[rows] for name, column in self._asdict().items()})

    def as_rows(self, until_ms: int) -> Rows:
        """What is known of single samples where these are gone: the last of each span that ends before `until_ms`."""
        rows = self.pick(self.last_at < until_ms)
        return Rows(rows.point, rows.last_at, rows.last_at, rows.last, rows.last_quality.astype(np.uint8), np.zeros(rows.size, np.uint8))

    @staticmethod
    def empty(size: int = 0) -> Summaries:
        """So many rows with nothing in them."""
        whole, number, code = np.int64, np.float64, np.uint8
        kinds: tuple[Any, ...] = (np.int32, whole, whole, number, number, number, whole, whole, whole, code, number, code, code)
        columns: list[Any] = [np.empty(size, kind) for kind in kinds]
        return Summaries(*columns)

    @staticmethod
    def joined(parts: Sequence[Summaries]) -> Summaries:
        """All rows of some, in order of points and of what was said first."""
        parts = [part for part in parts if part.size]
        if len(parts) <= 1:
            return parts[0] if parts else Summaries.empty()
        rows = Summaries(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in Summaries._fields})
        return rows.pick(np.lexsort((rows.last_at, rows.first_at, rows.point)))


def summarised(rows: Rows, step_ms: int, period_ms: Floats) -> Summaries:
    """Samples in order (`adapters.history.rows`) by spans of `step_ms`; `period_ms` by number of point. Cost: one pass."""
    out = Summaries.empty(_spans(rows.point, rows.observed, step_ms))
    _summarise(rows.point, rows.observed, rows.value, rows.quality, step_ms, period_ms, out)
    return out


def together(rows: Summaries, step_ms: int, period_ms: Floats) -> Summaries:
    """Rows in order (`joined`) as rows of longer spans. Cost: one pass."""
    out = Summaries.empty(_spans(rows.point, rows.first_at, step_ms))
    _combine(rows, step_ms, period_ms, out)
    return out


def buckets_of(rows: Summaries, points: Sequence[str], numbers: Numbers, since_ms: int, step_ms: int, period_ms: Floats) -> list[Buckets]:
    """The answer for some points: rows in order, one a span, those before `since_ms` only for what they cover. Cost: linear."""
    covered = np.empty(rows.size, np.int64)
    _cover(rows, step_ms, period_ms, covered)
    start = rows.first_at // step_ms * step_ms
    mean = rows.total / np.where(rows.counted > 0, rows.counted, 1)
    begin, end = np.searchsorted(rows.point, numbers, "left"), np.searchsorted(rows.point, numbers, "right")
    found = []
    for point, first, stop in zip(points, begin.tolist(), end.tolist(), strict=True):
        own = slice(first + int(np.searchsorted(start[first:stop], since_ms)), stop)
        share = covered[own] / step_ms
        extremes = rows.minimum[own], rows.maximum[own], mean[own]
        found.append(Buckets(point, step_ms, start[own], *extremes, rows.counted[own], share, rows.quality[own]))
    return found


def held_ms(period_ms: Floats) -> int:
    """How far before a span something can have been said that covers some of it, for points of such periods."""
    return int(max(STALE_PERIODS * period_ms.max(), SOONEST_MS)) if len(period_ms) else 0


@compiled
def _spans(point: Numbers, at: Millis, step_ms: int) -> int:
    """How many spans of points there are in rows in order."""
    found = 0
    for row in range(len(point)):
        if row == 0 or point[row] != point[row - 1] or at[row] // step_ms != at[row - 1] // step_ms:
            found += 1
    return found


@inlined
def _bridge(counts: int, last_at: int, next_at: int, period_ms: float) -> int:
    """Ms that the last thing said covers until the next."""
    return max(0, min(next_at - last_at, int(stale_ms(period_ms)))) if counts else 0


@compiled
def _summarise(point: Numbers, at: Millis, value: Floats, quality: Codes, step_ms: int, period_ms: Floats, out: Summaries) -> None:
    span = -1
    for row in range(len(point)):
        if row == 0 or point[row] != point[row - 1] or at[row] // step_ms != at[row - 1] // step_ms:
            span += 1
            out.point[span], out.first_at[span] = point[row], at[row]
            out.minimum[span] = out.maximum[span] = out.total[span] = out.last[span] = np.nan
            out.counted[span] = out.said[span] = out.covered[span] = 0
            out.quality[span] = quality[row]
        else:
            out.covered[span] += _bridge(out.last_counts[span], out.last_at[span], at[row], period_ms[point[row]])
        number = not isnan(value[row])
        counts = number and quality[row] < _BAD
        if counts:
            none = out.counted[span] == 0
            out.minimum[span] = value[row] if none else min(out.minimum[span], value[row])
            out.maximum[span] = value[row] if none else max(out.maximum[span], value[row])
            out.total[span] = value[row] if none else out.total[span] + value[row]
            out.counted[span] += 1
        if number:
            out.last[span] = value[row]
        out.said[span] += 1
        out.quality[span] = max(out.quality[span], quality[row])
        out.last_at[span], out.last_quality[span], out.last_counts[span] = at[row], quality[row], counts


@compiled
def _combine(rows: Summaries, step_ms: int, period_ms: Floats, out: Summaries) -> None:
    span = -1
    for row in range(len(rows.point)):
        point, first = rows.point[row], rows.first_at[row]
        if row == 0 or point != rows.point[row - 1] or first // step_ms != rows.first_at[row - 1] // step_ms:
            span += 1
            out.point[span], out.first_at[span], out.last_at[span] = point, first, rows.last_at[row]
            out.minimum[span], out.maximum[span], out.total[span] = rows.minimum[row], rows.maximum[row], rows.total[row]
            out.counted[span], out.said[span], out.covered[span] = rows.counted[row], rows.said[row], rows.covered[row]
            out.quality[span], out.last[span] = rows.quality[row], rows.last[row]
            out.last_quality[span], out.last_counts[span] = rows.last_quality[row], rows.last_counts[row]
            continue
        if first >= out.last_at[span]:
            out.covered[span] += rows.covered[row] + _bridge(out.last_counts[span], out.last_at[span], first, period_ms[point])
        else:
            out.covered[span] = max(out.covered[span], rows.covered[row])
        if rows.counted[row] > 0:
            none = out.counted[span] == 0
            out.minimum[span] = rows.minimum[row] if none else min(out.minimum[span], rows.minimum[row])
            out.maximum[span] = rows.maximum[row] if none else max(out.maximum[span], rows.maximum[row])
            out.total[span] = rows.total[row] if none else out.total[span] + rows.total[row]
            out.counted[span] += rows.counted[row]
        out.said[span] += rows.said[row]
        out.quality[span] = max(out.quality[span], rows.quality[row])
        if rows.last_at[row] >= out.last_at[span]:
            if not isnan(rows.last[row]):
                out.last[span] = rows.last[row]
            out.last_at[span] = rows.last_at[row]
            out.last_quality[span], out.last_counts[span] = rows.last_quality[row], rows.last_counts[row]


@compiled
def _cover(rows: Summaries, step_ms: int, period_ms: Floats, covered: Millis) -> None:
    """Ms of each row's whole span that are covered: by itself, by the row before it, and by its own last sample up to the next row."""
    size = len(rows.point)
    for row in range(size):
        point = rows.point[row]
        start = rows.first_at[row] // step_ms * step_ms
        found, until = rows.covered[row], start + step_ms
        if row > 0 and rows.point[row - 1] == point and rows.last_counts[row - 1]:
            before = rows.last_at[row - 1]
            held = before + int(stale_ms(period_ms[point]))
            found += max(0, min(held, rows.first_at[row]) - max(start, before))
        if row + 1 < size and rows.point[row + 1] == point:
            until = min(until, rows.first_at[row + 1])
        found += _bridge(rows.last_counts[row], rows.last_at[row], until, period_ms[point])
        covered[row] = min(found, step_ms)
