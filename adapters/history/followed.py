"""The embedded history of another process, read: opened again as often as it may have become old."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar

from adapters.history.embedded import EmbeddedHistory
from graph.history import DAY_MS, Buckets, HistoryStatus, HistoryUnavailable, Series
from graph.points import PointFacts
from graph.values import ReadingBatch, Samples, Slots

FRESH_S = 2.0
"""How old an answer may be: what was said since then may be left out of it."""

T = TypeVar("T")


class FollowedHistory:
    """A `History` that only reads. A folder that is not there yet is one that has kept nothing."""

    def __init__(self, folder: Path, fresh_s: float = FRESH_S) -> None:
        """Nothing is opened before something is asked."""
        self._folder, self._fresh_s = folder, fresh_s
        self._lock = Lock()
        self._open: EmbeddedHistory | None = None
        self._until = 0.0
        self._facts: Mapping[str, PointFacts] = {}
        self._error = ""

    def rebind(self, points: Mapping[str, PointFacts]) -> None:
        """See `History.rebind`."""
        with self._lock:
            self._facts = points
            if self._open is not None:
                self._open.rebind(points)

    def append(self, samples: Samples, names: Callable[[Slots], Sequence[str]]) -> None:
        """Refused: another process writes."""
        del samples, names
        raise HistoryUnavailable(f"the history in {self._folder} is written by the ingest process, and only read here")

    def series(self, point: str, since_ms: int, until_ms: int, limit: int) -> Series:
        """See `History.series`."""
        return self._asked(lambda history: history.series(point, since_ms, until_ms, limit))

    def buckets(self, points: Sequence[str], since_ms: int, until_ms: int, step_ms: int) -> Sequence[Buckets]:
        """See `History.buckets`."""
        return self._asked(lambda history: history.buckets(points, since_ms, until_ms, step_ms))

    def at(self, points: Sequence[str], instant_ms: int, reach_ms: int = DAY_MS) -> ReadingBatch:
        """See `History.at`."""
        return self._asked(lambda history: history.at(points, instant_ms, reach_ms))

    def points(self) -> Sequence[str]:
        """See `History.points`."""
        return self._asked(lambda history: history.points())

    def maintain(self, now_ms: int) -> None:
        """Nothing: the process that writes looks after it."""
        del now_ms

    def status(self) -> HistoryStatus:
        """See `History.status`."""
        try:
            return self._asked(lambda history: history.status())
        except HistoryUnavailable as error:
            return HistoryStatus(0, 0, 0, 0, 0, str(error))

    def close(self) -> None:
        """See `History.close`."""
        with self._lock:
            self._let_go()

    def _asked(self, ask: Callable[[EmbeddedHistory], T]) -> T:
        """An answer; once more from the files as they are now where one of them has gone since they were opened."""
        with self._lock:
            with suppress(HistoryUnavailable):
                return ask(self._opened())
            self._let_go()
            return ask(self._opened())

    def _opened(self) -> EmbeddedHistory:
        if self._open is None or time.monotonic() >= self._until:
            self._let_go()
            if not self._folder.is_dir():
                raise HistoryUnavailable(f"there is no history in {self._folder} yet: the ingest process makes it, or name another folder")
            self._open = EmbeddedHistory(self._folder, read_only=True)
            self._open.rebind(self._facts)
            self._until = time.monotonic() + self._fresh_s
        return self._open

    def _let_go(self) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            opened.close()
