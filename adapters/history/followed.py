"""The embedded history of another process, read: opened again, beside the questions, as often as it may have become old."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import inf
from pathlib import Path
from threading import Lock, Thread
from typing import TypeVar

from adapters.history.embedded import EmbeddedHistory
from graph.history import DAY_MS, Buckets, HistoryStatus, HistoryUnavailable, Series
from graph.points import PointFacts
from graph.values import ReadingBatch, Samples, Slots

FRESH_S = 2.0
"""How old the files that a question is answered from may be before they are opened anew for the next one."""
OLD_S = 10.0
"""How old they may be at most: what was said since then may be left out of an answer."""

T = TypeVar("T")


class FollowedHistory:
    """A `History` that only reads. A folder that is not there yet is one that has kept nothing."""

    def __init__(self, folder: Path, fresh_s: float = FRESH_S) -> None:
        """Nothing is opened before something is asked."""
        self._folder, self._fresh_s = folder, fresh_s
        self._lock, self._opening = Lock(), Lock()
        """Over which of them is asked now; and over opening one, which takes as long as what waits in the log is long."""
        self._open: _Opened | None = None
        self._facts: Mapping[str, PointFacts] = {}
        self._renewing: Thread | None = None

    def rebind(self, points: Mapping[str, PointFacts]) -> None:
        """See `History.rebind`."""
        with self._lock:
            self._facts, opened = points, self._open
        if opened is not None:
            opened.history.rebind(points)

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
            renewing, self._renewing = self._renewing, None
        if renewing is not None:
            renewing.join()
        self._exchange(None)

    def _asked(self, ask: Callable[[EmbeddedHistory], T]) -> T:
        """An answer; once more from the files as they are now where one of them has gone since they were opened."""
        with suppress(HistoryUnavailable), self._now() as history:
            return ask(history)
        with self._now(0.0) as history:
            return ask(history)

    @contextmanager
    def _now(self, oldest_s: float = OLD_S) -> Iterator[EmbeddedHistory]:
        """The history, opened no longer ago than that; who uses it has it to the end, whatever is opened meanwhile."""
        asked_at = time.monotonic()
        opened = self._taken(oldest_s)
        if opened is None:
            with self._opening:
                opened = self._taken(time.monotonic() - asked_at)  # another one may have opened it meanwhile
                if opened is None:
                    self._renew()
                    opened = self._taken(inf)
        if opened is None:
            raise HistoryUnavailable(f"the history in {self._folder} is closed")
        try:
            yield opened.history
        finally:
            self._left(opened)

    def _taken(self, oldest_s: float) -> _Opened | None:
        with self._lock:
            opened = self._open
            if opened is None or (age_s := time.monotonic() - opened.at) > oldest_s:
                return None
            opened.users += 1
            if age_s > self._fresh_s and self._renewing is None:
                self._renewing = Thread(target=self._renew_beside, name="history-followed", daemon=True)
                self._renewing.start()
            return opened

    def _renew_beside(self) -> None:
        try:
            with self._opening:
                self._renew()
        except HistoryUnavailable:  # told to who asks when what is open has become old
            pass
        finally:
            with self._lock:
                self._renewing = None

    def _renew(self) -> None:
        """Under `_opening`."""
        if not self._folder.is_dir():
            raise HistoryUnavailable(f"there is no history in {self._folder} yet: the ingest process makes it, or name another folder")
        at = time.monotonic()
        history = EmbeddedHistory(self._folder, read_only=True)
        history.rebind(self._facts)
        self._exchange(_Opened(history, at))

    def _exchange(self, opened: _Opened | None) -> None:
        with self._lock:
            before, self._open = self._open, opened
        if before is not None:
            self._left(before)

    def _left(self, opened: _Opened) -> None:
        with self._lock:
            opened.users -= 1
            last = opened.users == 0
        if last:
            opened.history.close()


@dataclass(slots=True, eq=False)
class _Opened:
    """One opening of the folder, and how many use it: those who ask, and the `FollowedHistory` itself."""

    history: EmbeddedHistory
    at: float
    users: int = 1
