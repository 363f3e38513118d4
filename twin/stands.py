"""What the points of conditions say now, worked out again only when one of them says something else: a question need not ask them all.

`Watch` is where it is told for everybody whether a point that something stands on says something else: for a question that is asked
again, and for who was told that there are readings: it looks for itself, in its own thread and at its own pace.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    """Some points, and whether any says something else (value or quality) than when last looked at. Safe from any thread. Who brings
    readings knows nothing of it."""

    def __init__(self, follow: Follow) -> None:
        self._follow = follow
        self._lock = Lock()
        self._points: frozenset[str] = frozenset()
        self._reader = unchanging(())
        self._values, self._qualities = self._reader()

    def over(self, points: frozenset[str]) -> None:
        """Watch these from now on: look at each. What is worked out after this stands on nothing older. The same set again: nothing."""
        with self._lock:
            if points is not self._points:
                self._points, self._reader = points, self._follow(tuple(points))
                self._values, self._qualities = self._reader()

    def moved(self) -> bool:
        """Whether any of them says something else. Cost: an array look-up a point."""
        with self._lock:
            values, qualities = self._reader()
            same = np.array_equal(self._qualities, qualities) and np.array_equal(self._values, values, equal_nan=True)
            self._values, self._qualities = values, qualities
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
