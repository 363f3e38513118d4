"""What a series gives at each instant of a question: its last sample, or a function of the samples of the time before.

The rules are those of Prometheus 3: a window is (instant - range, instant]; a sample counts for the look-back; `rate` and its kin are
extrapolated to the ends of the window, unless the first or last sample is further from them than 1.1 of the mean distance between samples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from adapters.http.prometheus.sources import Line
from graph.values import Floats, Millis


def last(line: Line, instants: Millis) -> Floats:
    """The last sample at or before each instant, nan where it is too old or none."""
    if not len(line.times):
        return np.full(len(instants), np.nan)
    at = np.searchsorted(line.times, instants, side="right") - 1
    found = line.values[np.maximum(at, 0)]
    fresh = (at >= 0) & (instants - line.times[np.maximum(at, 0)] < line.lookback_ms)
    return np.where(fresh, found, np.nan)


class Window(NamedTuple):
    """The numbers of a series, and which of them (from, to) fall into each window."""

    times: Millis
    values: Floats
    low: Floats
    high: Floats
    weight: Floats
    """How many samples each stands for."""
    first: NDArray[np.intp]
    end: NDArray[np.intp]
    since: Millis
    until: Millis

    @property
    def some(self) -> NDArray[np.bool_]:
        """Where there is a sample."""
        return self.end > self.first


def window(line: Line, instants: Millis, range_ms: int) -> Window:
    """The windows of a series, without what is no number."""
    numbers = ~np.isnan(line.values)
    times, values = line.times[numbers], line.values[numbers]
    low, high = (values if each is None else each[numbers] for each in (line.low, line.high))
    count = np.ones(len(values)) if line.count is None else line.count[numbers]
    since = instants - range_ms
    first, end = np.searchsorted(times, since, side="right"), np.searchsorted(times, instants, side="right")
    return Window(times, values, low, high, count, first, end, since, instants)


def _sum(w: Window, column: Floats) -> Floats:
    total = np.concatenate(([0.0], np.cumsum(column)))
    return total[w.end] - total[w.first]


def _least(w: Window, column: Floats, reduce: np.ufunc) -> Floats:
    if not len(column):
        return np.full(len(w.first), np.nan)
    bounds = np.stack((w.first, np.maximum(w.end, w.first)), axis=1).ravel()
    padded = np.append(column, column[-1])
    found: Floats = reduce.reduceat(padded, np.minimum(bounds, len(column)))[::2]
    return found


def _where(w: Window, found: Floats) -> Floats:
    return np.where(w.some, found, np.nan)


def _average(w: Window) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return _where(w, _sum(w, w.values * w.weight) / _sum(w, w.weight))


def _changed(w: Window, *, counter: bool, rate: bool) -> Floats:
    """rate, increase and delta: the extrapolatedRate of Prometheus."""
    found = np.full(len(w.first), np.nan)
    rows = np.flatnonzero(w.end - w.first >= 2)
    if not len(rows):
        return found
    a, b = w.first[rows], w.end[rows] - 1
    change = w.values[b] - w.values[a]
    if counter:  # what was lost when the counter began anew
        drops = np.concatenate(([0.0], np.cumsum(np.where(np.diff(w.values) < 0, w.values[:-1], 0.0))))
        change = change + drops[b] - drops[a]
    sampled = (w.times[b] - w.times[a]) / 1000.0
    mean = sampled / (b - a)
    to_start, to_end = (w.times[a] - w.since[rows]) / 1000.0, (w.until[rows] - w.times[b]) / 1000.0
    to_start = np.where(to_start >= 1.1 * mean, mean / 2, to_start)
    if counter:
        with np.errstate(invalid="ignore", divide="ignore"):
            to_zero = sampled * w.values[a] / change
        to_start = np.where((change > 0) & (w.values[a] >= 0) & (to_zero < to_start), to_zero, to_start)
    to_end = np.where(to_end >= 1.1 * mean, mean / 2, to_end)
    change = change * (sampled + to_start + to_end) / sampled
    found[rows] = change / ((w.until[rows] - w.since[rows]) / 1000.0) if rate else change
    return found


OVER_TIME: dict[str, Callable[[Window], Floats]] = {
    "avg_over_time": _average,
    "min_over_time": lambda w: _where(w, _least(w, w.low, np.minimum)),
    "max_over_time": lambda w: _where(w, _least(w, w.high, np.maximum)),
    "sum_over_time": lambda w: _where(w, _sum(w, w.values * w.weight)),
    "count_over_time": lambda w: _where(w, _sum(w, w.weight)),
    "last_over_time": lambda w: _where(w, w.values[np.maximum(w.end - 1, 0)] if len(w.values) else np.full(len(w.end), np.nan)),
    "rate": lambda w: _changed(w, counter=True, rate=True),
    "increase": lambda w: _changed(w, counter=True, rate=False),
    "delta": lambda w: _changed(w, counter=False, rate=False),
}
KEEPS_NAME = frozenset({"last_over_time"})
