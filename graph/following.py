"""Who follows which points, and what of them has changed: any number of followers at the cost of one mark for each changed point.

Rules of this file:

1. A change is a mark by slot: the number of the batch that brought it. Who tells of changes does not know who follows.
2. What a follower has missed is a set of points, so it is bounded by what it follows, however slow the follower is.
3. One tells at a time (`heard`); followers take no lock. A point may be told twice, never too seldom.
"""

from __future__ import annotations

from threading import Lock

import numpy as np
from numpy.typing import NDArray

from graph.values import Slots

Rows = NDArray[np.intp]


class Following:
    """The marks of all points. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._marks: NDArray[np.int64] = np.zeros(0, np.int64)
        self._newest = 0

    def heard(self, slots: Slots) -> None:
        """These have changed. Cost: one array write a slot."""
        if not len(slots):
            return
        with self._lock:
            top = int(slots.max()) + 1
            if top > len(self._marks):
                grown = np.zeros(max(top, 2 * len(self._marks)), np.int64)
                grown[: len(self._marks)] = self._marks
                self._marks = grown
            self._marks[slots] = self._newest + 1
            self._newest += 1  # after the marks: who looks meanwhile finds them again the next time

    def follower(self, slots: Slots | None = None) -> Follower:
        """One who follows these from now on, or all, those that come later, too."""
        return Follower(self, slots)


class Follower:
    """Follows some slots; used by one thread at a time."""

    def __init__(self, following: Following, slots: Slots | None) -> None:
        self._following, self._last = following, following._newest
        self._slots: Slots | None = None
        if slots is not None:
            self.over(slots)

    def over(self, slots: Slots) -> None:
        """Follow these from now on; what of them has changed since `changed` was asked last is still told. A slot of -1 never changes."""
        self._rows = np.flatnonzero(slots >= 0)
        self._slots = slots[self._rows]
        self._top = int(self._slots.max(initial=-1)) + 1

    def changed(self) -> Rows:
        """Where among the followed slots those stand that have changed since this was asked last, in order; who follows all is told the
        slots themselves. Cost: a look at each."""
        newest, marks = self._following._newest, self._following._marks
        if newest == self._last:
            return np.empty(0, np.intp)
        found: Rows
        if self._slots is None:
            found = np.flatnonzero(marks > self._last)
        else:
            if self._top > len(marks):
                marks = np.concatenate((marks, np.zeros(self._top - len(marks), np.int64)))
            found = self._rows[marks[self._slots] > self._last]
        self._last = newest
        return found
