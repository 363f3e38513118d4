"""What the points of conditions say now, worked out again only when one of them says something else: a question need not ask them all.

`Watch` is where it is told for everybody whether a point that something stands on says something else: for a question that is asked
again (all of them are looked at), and for who hears of readings (those that were heard).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from threading import Lock

import numpy as np

from analytics.conditions import ConditionPoints, CurrentValue, Told
from analytics.unusable import Heard, dated
from graph.values import Codes, Floats

Reader = Callable[[], tuple[Floats, Codes]]
"""Gives the values and the qualities of some points now."""
Follow = Callable[[Sequence[str]], Reader]
"""Gives a reader of the points, such as `graph.current.CurrentValues.follow`."""


def unchanging(_points: Sequence[str]) -> Reader:
    """Follows points that never say anything else: those of the past."""
    nothing = np.empty(0), np.empty(0, np.uint8)
    return lambda: nothing


class Watch:
    """Some points, and whether any says something else (value or quality) than when last looked at. Safe from any thread."""

    def __init__(self, follow: Follow) -> None:
        self._follow = follow
        self._lock = Lock()
        self._points: frozenset[str] = frozenset()
        self._row_of: dict[str, int] = {}
        self._reader = unchanging(())
        self._values, self._qualities = self._reader()

    def over(self, points: frozenset[str]) -> None:
        """Watch these from now on: look at each. What is worked out after this stands on nothing older. The same set again: nothing."""
        with self._lock:
            if points is not self._points:
                listed = tuple(points)
                self._points, self._row_of = points, {point: row for row, point in enumerate(listed)}
                self._reader = self._follow(listed)
                self._values, self._qualities = self._reader()

    def moved(self) -> bool:
        """Whether any of them says something else. Cost: an array look-up a point."""
        with self._lock:
            return self._differ(slice(None), *self._reader())

    def heard(self, points: Iterable[str]) -> bool:
        """Whether any of them says something else, of a batch of readings that are in the table. Cost: a look at each of the batch."""
        with self._lock:
            mine = [point for point in points if point in self._row_of]
            return bool(mine) and self._differ([self._row_of[point] for point in mine], *self._follow(mine)())

    def _differ(self, rows: slice | list[int], values: Floats, qualities: Codes) -> bool:
        """Compare and remember."""
        same = np.array_equal(self._qualities[rows], qualities) and np.array_equal(self._values[rows], values, equal_nan=True)
        if not same:
            self._values[rows], self._qualities[rows] = values, qualities
        return not same


class Stands:
    """One state's points. Equal values are one answer, the same object, so that what follows from it need not be worked out again."""

    def __init__(self, known: CurrentValue, follow: Follow, heard: Heard | None = None) -> None:
        self._known, self._watch, self._heard = known, Watch(follow), heard
        self._last: tuple[ConditionPoints, Told] | None = None
        self._lock = Lock()

    def read(self, points: ConditionPoints) -> Told:
        """What they say now. Cost: an array look-up a point; when one of them has changed, a step of Python each."""
        with self._lock:
            self._watch.over(points.points)
            moved = self._watch.moved()  # before they are asked one by one: what comes in between is a change the next time
            if self._last is not None and self._last[0] is points and not moved:
                return self._last[1]
            said = points.read(self._known)
            told = replace(said, unread=dated(said.unread, self._heard), unsure=dated(said.unsure, self._heard))
            self._last = (points, told)
            return told
