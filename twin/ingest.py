"""From a wire's batches to current values and history: the table, the bus, then the log; and from there to the store at its own pace.

Rules of this file:

1. When `Ingest.accept` or `take` returns, every row of a known point is in the table as far as it is news, and durable in the history
   where there is one; the wire may acknowledge it.
2. Events leave in the order in which the table changed.
3. A history that cannot be written stops no current value: it is logged once, what it misses is counted, and it is tried with each batch.
4. Readings that come before their points (`early`) wait, durable as well, and are taken when a revision has the points.
5. The store is never written row by row and never in a wire's thread: `ValueWriter` writes the newest value of what changed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from threading import Event, Lock, Thread

import numpy as np

from graph.current import CurrentValues
from graph.following import Following
from graph.history import HistoryUnavailable
from graph.points import PointFacts
from graph.ports import Clock, History, TwinStore
from graph.steps import reached
from graph.values import ReadingBatch, Samples, Slots
from twin.bus import Bus
from twin.early import Early
from twin.events import ReadingStored

_log = logging.getLogger(__name__)
_dice = Random()

BATCH_ROWS_MAX = 50_000
"""Rows that are taken under one lock; a longer batch is taken in pieces."""


class Ingest:
    """The `ReadingSink` of every wire. Safe from any thread."""

    def __init__(
        self,
        current: CurrentValues,
        bus: Bus,
        clock: Clock,
        points: Mapping[str, PointFacts] | None = None,
        history: History | None = None,
        onward: Callable[[Samples], None] | None = None,
        early: Early | None = None,
    ) -> None:
        """`points` as `graph.points.point_facts` reads them; `rebind` gives others when the graph has changed. `onward` is told the rows
        that history keeps, when it has them: it must not wait. `early` is where readings wait for their points; in memory alone where
        none is given."""
        self._lock, self._waiting = Lock(), Lock()
        self._early = Early() if early is None else early
        self._current, self._bus, self._clock, self._history, self._onward = current, bus, clock, history, onward
        self.history_missed = 0
        """Rows that the history could not take."""
        self.history_error = ""
        """Why it cannot take any now; empty while it can."""
        if points is not None:
            self.rebind(points)

    def rebind(self, points: Mapping[str, PointFacts]) -> None:
        """Take the points of another revision; values of points that stay are kept, and those that have waited for theirs are taken."""
        with self._waiting:
            self._current.rebind(points)
            if len(self._early):
                self._take_early()

    def slots(self, points: Sequence[str]) -> Slots:
        """See `ReadingSink.slots`."""
        slots = self._current.slots(points)
        gone = [row for row, point in enumerate(points) if point not in self._current]
        slots[gone] = -1
        return slots

    def accept(self, batch: ReadingBatch) -> None:
        """Take readings by name; otherwise as `take`."""
        self.take(self._current.samples(batch))

    def take(self, samples: Samples) -> None:
        """Take the samples; what changed is on the bus, and what is kept is durable, when this returns. Rows of a virtual point count as
        rows of none: only its formula says what it reads."""
        virtual = self._current.virtual(samples.slots)
        self.work_out(samples if virtual is None else replace(samples, slots=np.where(virtual, np.int32(-1), samples.slots)))

    def work_out(self, samples: Samples) -> None:
        """As `take`, of virtual points, too."""
        for start in range(0, len(samples), BATCH_ROWS_MAX):
            self._take(samples.piece(slice(start, start + BATCH_ROWS_MAX)) if len(samples) > BATCH_ROWS_MAX else samples)

    def early(self, batch: ReadingBatch) -> int:
        """See `ReadingSink.early`."""
        with self._waiting:
            try:
                kept = self._early.keep(batch)
            except OSError as error:
                kept = len(batch)
                _log.warning("readings that wait for their points are in memory alone: %s", error)
            if any(point in self._current for point in batch.points):
                self._take_early()
        return kept

    def waiting(self) -> Mapping[str, int]:
        """How many readings wait for their point to be in the graph, by point."""
        return self._early.points()

    def _take_early(self) -> None:
        """Under `_waiting`."""
        ready = self._early.ready(self._current.__contains__)
        if len(ready):
            self.accept(ready)
            try:
                self._early.forget(ready.points)
            except OSError as error:
                _log.warning("readings that had waited for their points stay in their file: %s", error)

    def _take(self, samples: Samples) -> None:
        with self._lock:
            taken = self._current.absorb(samples)
            self._publish(taken.touched)
        reached("ingest.absorbed")
        if self._history is not None and len(taken.kept):
            self._keep(self._history, taken.kept)
        reached("ingest.kept")
        if self._onward is not None and len(taken.kept):
            self._onward(taken.kept)

    def _keep(self, history: History, samples: Samples) -> None:
        try:
            history.append(samples, self._current.points)
        except HistoryUnavailable as error:
            self.history_missed += len(samples)
            if not self.history_error:
                _log.warning("history cannot be written: %s; current values go on, what is missed is counted", error)
            self.history_error = str(error)
        else:
            if self.history_error:
                _log.warning("history is written again; %d rows were missed so far", self.history_missed)
            self.history_error = ""

    def sweep(self) -> None:
        """Make silence visible as of now. The composition root calls it once a second."""
        with self._lock:
            self._publish(self._current.age(int(self._clock().timestamp() * 1000)))

    def _publish(self, slots: Slots) -> None:
        if len(slots):
            self._bus.publish(ReadingStored(slots, self._current))


class ValueWriter:
    """Writes changed current values to the store, at most every `pace_s` seconds, each point once: the newest wins.

    What changes is a mark by slot (`graph/following.py`), so what waits is bounded by the graph. While the store is away the points keep
    waiting, and it is tried again after 0.5 to 30 s (full jitter).
    """

    def __init__(self, store: TwinStore, current: CurrentValues, bus: Bus, pace_s: float = 2.0) -> None:
        self._store, self._current, self._pace_s = store, current, pace_s
        self._following = Following()
        self._follower = self._following.follower()
        self._waiting: Slots = np.empty(0, np.int32)
        self._closed = Event()
        self._failures = 0
        self._unsubscribe = bus.subscribe(ReadingStored, lambda event: self._following.heard(event.slots))
        self._thread = Thread(target=self._run, name="value-writer", daemon=True)

    @property
    def waiting(self) -> int:
        """How many points wait for a store that is away."""
        return len(self._waiting)

    def start(self) -> None:
        """Begin to write, in a thread of its own."""
        self._thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what waits, once, and end; a store that is away loses nothing that the plant does not say again."""
        self._unsubscribe()
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        else:
            self._write()

    def _run(self) -> None:
        closed = False
        while not closed:
            closed = self._closed.wait(self._pause_s())
            self._write()

    def _pause_s(self) -> float:
        if not self._failures:
            return self._pace_s
        return max(0.5, _dice.uniform(0.0, min(30.0, 0.5 * 2.0 ** min(self._failures, 10))))

    def _write(self) -> None:
        slots: Slots = np.union1d(self._waiting, self._follower.changed()).astype(np.int32)
        if not len(slots):
            return
        try:
            self._store.write_values(self._current.rows(slots))
        except Exception as error:
            self._waiting = slots
            if not self._failures:
                _log.warning("current values cannot be written: %s; %d points wait, it is tried again", error, len(slots))
            self._failures += 1
        else:
            self._waiting = np.empty(0, np.int32)
            if self._failures:
                _log.warning("current values are written again after %d attempts", self._failures)
            self._failures = 0
