"""From a wire's batches to current values: range, then the table, then the bus; and from there to the store at its own pace.

Rules of this file:

1. When `Ingest.accept` returns, every row that is news of a known point is in the table; the wire may acknowledge it.
2. Events leave in the order in which the table changed.
3. The store is never written row by row and never in a wire's thread: `ValueWriter` writes the newest value of what changed.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from math import isinf
from threading import Condition, RLock, Thread

import numpy as np

from graph.current import CurrentValues
from graph.points import PointFacts
from graph.ports import Clock, TwinStore
from graph.values import Quality, ReadingBatch
from twin.bus import Bus
from twin.events import ReadingStored

_log = logging.getLogger(__name__)

BATCH_ROWS_MAX = 50_000
"""Rows that are taken under one lock; a longer batch is taken in pieces."""


class Ingest:
    """The `ReadingSink` of every wire. Safe from any thread."""

    def __init__(self, current: CurrentValues, bus: Bus, clock: Clock, points: Mapping[str, PointFacts] | None = None) -> None:
        """`points` as `graph.points.point_facts` reads them; `rebind` gives others when the graph has changed."""
        self._lock = RLock()
        self._current, self._bus, self._clock = current, bus, clock
        self._ranges: dict[str, tuple[float, float]] = {}
        if points is not None:
            self.rebind(points)

    def rebind(self, points: Mapping[str, PointFacts]) -> None:
        """Take the points of another revision; values of points that stay are kept."""
        with self._lock:
            self._ranges = {iri: (facts.low, facts.high) for iri, facts in points.items() if not (isinf(facts.low) and isinf(facts.high))}
            self._current.rebind({iri: facts.period_s for iri, facts in points.items()})

    def accept(self, batch: ReadingBatch) -> None:
        """Take the batch; what changed is on the bus when this returns."""
        for start in range(0, len(batch), BATCH_ROWS_MAX):
            self._accept(_piece(batch, start, start + BATCH_ROWS_MAX) if len(batch) > BATCH_ROWS_MAX else batch)

    def _accept(self, batch: ReadingBatch) -> None:
        with self._lock:
            self._publish(self._current.take(self._in_range(batch)))

    def sweep(self) -> None:
        """Make silence visible as of now. The composition root calls it once a second."""
        with self._lock:
            self._publish(self._current.sweep(int(self._clock().timestamp() * 1000)))

    def _publish(self, batch: ReadingBatch) -> None:
        if len(batch):
            self._bus.publish(ReadingStored(batch))

    def _in_range(self, batch: ReadingBatch) -> ReadingBatch:
        """The batch with every value outside its point's range marked `UNCERTAIN` at best: out of specification, NE 107."""
        if not self._ranges:
            return batch
        ranges, values = self._ranges, batch.values.tolist()
        outside = [
            row
            for row, point in enumerate(batch.points)
            if (bounds := ranges.get(point)) is not None and (values[row] < bounds[0] or values[row] > bounds[1])
        ]
        if not outside:
            return batch
        quality = batch.quality.copy()
        quality[outside] = np.maximum(quality[outside], np.uint8(Quality.UNCERTAIN))
        return ReadingBatch(batch.points, batch.values, batch.observed_at, batch.received_at, quality)


def _piece(batch: ReadingBatch, lo: int, hi: int) -> ReadingBatch:
    columns = batch.values[lo:hi], batch.observed_at[lo:hi], batch.received_at[lo:hi], batch.quality[lo:hi]
    return ReadingBatch(batch.points[lo:hi], *columns)


class ValueWriter:
    """Writes changed current values to the store, at most every `pace_s` seconds, each point once: the newest wins.

    What waits is a set of points, so it is bounded by the graph. While the store is away the points keep waiting, and it is tried again
    after 0.5 to 30 s (full jitter).
    """

    def __init__(self, store: TwinStore, current: CurrentValues, bus: Bus, pace_s: float = 2.0) -> None:
        self._store, self._current, self._pace_s = store, current, pace_s
        self._waiting: set[str] = set()
        self._wake = Condition()
        self._closed = False
        self._failures = 0
        self._unsubscribe = bus.subscribe(ReadingStored, lambda event: self._offer(event.batch.points))
        self._thread = Thread(target=self._run, name="value-writer", daemon=True)

    @property
    def waiting(self) -> int:
        """How many points wait to be written."""
        return len(self._waiting)

    def start(self) -> None:
        """Begin to write, in a thread of its own."""
        self._thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what waits, once, and end; a store that is away loses nothing that the plant does not say again."""
        self._unsubscribe()
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        else:
            self._write()

    def _offer(self, points: Sequence[str]) -> None:
        with self._wake:
            self._waiting.update(points)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed, timeout=self._pause_s())
                closed = self._closed
            self._write()
            if closed:
                return

    def _pause_s(self) -> float:
        if not self._failures:
            return self._pace_s
        return max(0.5, random.uniform(0.0, min(30.0, 0.5 * 2.0 ** min(self._failures, 10))))

    def _write(self) -> None:
        with self._wake:
            points, self._waiting = sorted(self._waiting), set()
        if not points:
            return
        try:
            self._store.write_values(self._current.many(points))
        except Exception as error:
            with self._wake:
                self._waiting.update(points)
            if not self._failures:
                _log.warning("current values cannot be written: %s; %d points wait, it is tried again", error, len(points))
            self._failures += 1
        else:
            if self._failures:
                _log.warning("current values are written again after %d attempts", self._failures)
            self._failures = 0
