"""Samples by number of their point, as columns: what the log holds, what is sorted into files, what a question is answered from.

Rules of this file:

1. Rows are in order of point, then source time, then arrival.
2. A sample said again (same point, source time and value; two that are no number are the same) is kept once: where and when it came first,
   with the best quality that it was said with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
from numpy.typing import NDArray

from graph.compiled import compiled
from graph.values import Codes, Floats, Millis

Numbers = NDArray[np.int32]
"""Numbers of points: their places in the catalogue."""
Places = NDArray[np.int64]

COLUMNS = ("point", "observed", "received", "value", "quality", "reason")


@dataclass(frozen=True, slots=True)
class Rows:
    """One row a sample: number of its point, source and receive time in ms since 1970 UTC, value, quality and reason."""

    point: Numbers
    observed: Millis
    received: Millis
    value: Floats
    quality: Codes
    reason: Codes

    def __len__(self) -> int:
        return len(self.point)

    @property
    def size(self) -> int:
        """How many rows."""
        return len(self.point)

    def pick(self, rows: slice | NDArray[np.bool_] | Places | NDArray[np.intp]) -> Rows:
        """Some of the rows, in their order."""
        return Rows(*(getattr(self, name)[rows] for name in COLUMNS))

    @staticmethod
    def empty(size: int = 0) -> Rows:
        """So many rows with nothing in them."""
        times = np.empty(size, np.int64), np.empty(size, np.int64)
        return Rows(np.empty(size, np.int32), *times, np.empty(size), np.empty(size, np.uint8), np.empty(size, np.uint8))

    @staticmethod
    def joined(parts: Sequence[Rows]) -> Rows:
        """All rows of some, one after the other."""
        if len(parts) == 1:
            return parts[0]
        return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS)) if parts else Rows.empty()


def arranged(parts: Sequence[Rows]) -> Rows:
    """All rows of some parts, the ones that came first given first, by the rules above. Cost: linear where each point's rows came in
    order of time, else n log n."""
    rows = Rows.joined([part for part in parts if len(part)])
    if not len(rows):
        return rows
    rows = rows.pick(_order(rows.point, rows.observed, int(rows.point.min()), int(rows.point.max())))
    quality, reason = rows.quality.copy(), rows.reason.copy()
    keep = np.ones(len(rows), np.bool_)
    dropped = _settle(rows.point, rows.observed, rows.value, quality, reason, keep)
    rows = Rows(rows.point, rows.observed, rows.received, rows.value, quality, reason)
    return rows.pick(keep) if dropped else rows


@compiled
def _order(point: Numbers, observed: Millis, low: int, high: int) -> Places:
    """Where each row of the order stands now: a counting sort by point, then by time where it is not so already; both stable."""
    starts = np.zeros(high - low + 2, np.int64)
    for row in range(len(point)):
        starts[point[row] - low + 1] += 1
    for at in range(1, len(starts)):
        starts[at] += starts[at - 1]
    places = np.empty(len(point), np.int64)
    free = starts[:-1].copy()
    for row in range(len(point)):
        at = point[row] - low
        places[free[at]] = row
        free[at] += 1
    for at in range(len(starts) - 1):
        begin, end = starts[at], starts[at + 1]
        for place in range(begin + 1, end):
            if observed[places[place]] < observed[places[place - 1]]:
                own = places[begin:end].copy()
                places[begin:end] = own[np.argsort(observed[own], kind="mergesort")]
                break
    return places


@compiled
def _settle(point: Numbers, observed: Millis, value: Floats, quality: Codes, reason: Codes, keep: NDArray[np.bool_]) -> int:
    """Rule 2 for rows in order: marks what is not kept, and puts the best quality where it is. Gives how many are not kept."""
    dropped, begin, size = 0, 0, len(point)
    while begin < size:
        end = begin + 1
        while end < size and point[end] == point[begin] and observed[end] == observed[begin]:
            end += 1
        if end - begin > 1:
            order = np.argsort(value[begin:end], kind="mergesort")
            first = begin + order[0]
            for at in range(1, end - begin):
                other = begin + order[at]
                if value[other] == value[first] or (isnan(value[other]) and isnan(value[first])):
                    keep[other] = False
                    dropped += 1
                    if quality[other] < quality[first]:
                        quality[first], reason[first] = quality[other], reason[other]
                else:
                    first = other
        begin = end
    return dropped
