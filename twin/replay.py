"""A recording, or what history has kept, played in the order and by the clock of what was: the same values come out, however fast.

Rules of this file:

1. The clock is the recording's: it stands at each batch's own instant while that is taken, and at each whole second between.
2. One thread plays; nothing else moves the clock. Speed is only how long it waits in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from threading import Event

import numpy as np
import orjson

from graph.history import MINUTE_MS
from graph.ports import History, ReadingSink
from graph.values import ReadingBatch, Samples, Slots
from twin.recording import Record

SECOND_MS = 1_000
AFTER_S = 3
"""Seconds that are played after the last batch: what waits for quiet comes about."""
WINDOW_MS = 10 * MINUTE_MS
"""Of history, so much is read at a time."""
READINGS = "readings"
"""The place of readings that came over a wire without messages, or out of a history."""


class PlayedClock:
    """The present instant of what is played."""

    def __init__(self) -> None:
        self.ms = 0

    def __call__(self) -> datetime:
        """That instant."""
        return datetime.fromtimestamp(self.ms / 1000, UTC)


class Player:
    """Plays batches: `take` is given each, `second` told of each second."""

    def __init__(self, clock: PlayedClock, take: Callable[[Sequence[Record]], None], second: Callable[[int], None]) -> None:
        self._clock, self._take, self._second = clock, take, second
        self.stop = Event()
        """Set to end before the end."""
        self.batches = 0

    def play(self, batches: Iterator[Sequence[Record]], speed: float) -> None:
        """Returns at the end. `speed` is seconds of the recording a second; 0 waits for nothing."""
        for batch in batches:
            if not self.batches:
                self._clock.ms = batch[0].at
            self._until(batch[0].at, speed)
            if self.stop.is_set():
                return
            self._take(batch)
            self.batches += 1
        if self.batches:
            self._until(self._clock.ms + AFTER_S * SECOND_MS, speed)

    def _until(self, instant: int, speed: float) -> None:
        """Let time pass up to an instant; one that has passed changes nothing."""
        while self._clock.ms < instant and not self.stop.is_set():
            whole = (self._clock.ms // SECOND_MS + 1) * SECOND_MS
            then = min(whole, instant)
            if speed:
                self.stop.wait((then - self._clock.ms) / 1000 / speed)
            self._clock.ms = then
            if then == whole:
                self._second(then)


def out_of(history: History, points: Sequence[str], since_ms: int, until_ms: int) -> Iterator[list[Record]]:
    """What history has kept in [since, until), a batch for each second of source time. Cost: each window is asked for once a point.
    Raises `HistoryUnavailable`."""
    for begin in range(since_ms, until_ms, WINDOW_MS):
        end = min(begin + WINDOW_MS, until_ms)
        parts = [history.series(point, begin, end, 1 << 31) for point in points]
        spoken = [part for part in parts if len(part)]
        if not spoken:
            continue
        of = np.repeat(np.arange(len(spoken)), [len(part) for part in spoken])
        columns = [np.concatenate([getattr(part, name) for part in spoken]) for name in ("observed_at", "values", "quality", "reason")]
        order = np.lexsort((np.arange(len(of)), columns[0]))
        seconds = columns[0][order] // SECOND_MS
        for rows in np.split(order, np.flatnonzero(np.diff(seconds)) + 1):
            names = [spoken[number].point for number in of[rows].tolist()]
            observed, values, quality, reason = (column[rows] for column in columns)
            at = int(observed.max())
            received = np.full(len(rows), at + 1, np.int64)  # a kept copy without a time of its own would be of the instant when it came
            yield [record_of(ReadingBatch(names, values, observed, received, quality, reason), at)]


def record_of(batch: ReadingBatch, at: int) -> Record:
    """Readings as a record."""
    rows = {
        "p": list(batch.points),
        "v": batch.values,
        "t": batch.observed_at,
        "r": batch.received_at,
        "q": batch.quality,
        "why": batch.reason,
    }
    return Record(at, READINGS, orjson.dumps(rows, option=orjson.OPT_SERIALIZE_NUMPY), readings=True)


def readings_of(record: Record) -> ReadingBatch:
    """The readings of a record. Raises `ValueError` for one that holds none."""
    try:
        rows = orjson.loads(record.payload)
        values = np.array([np.nan if value is None else value for value in rows["v"]], np.float64)
        times = np.array(rows["t"], np.int64), np.array(rows["r"], np.int64)
        return ReadingBatch(rows["p"], values, *times, np.array(rows["q"], np.uint8), np.array(rows["why"], np.uint8))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"readings of {record.at} cannot be read: {error}") from None


class RecordedSink:
    """A `ReadingSink` that has what it is given recorded, before it hands it on: for wires that have no messages."""

    def __init__(self, sink: ReadingSink, names: Callable[[Slots], Sequence[str]], record: Callable[[Sequence[Record]], None]) -> None:
        """`names` gives the IRIs of slots."""
        self._sink, self._names, self._record = sink, names, record

    def slots(self, points: Sequence[str]) -> Slots:
        """See `ReadingSink.slots`."""
        return self._sink.slots(points)

    def take(self, samples: Samples) -> None:
        """See `ReadingSink.take`."""
        known = samples.piece(samples.slots >= 0)
        names = self._names(known.slots)
        columns = known.values, known.observed_at, known.received_at, known.quality, known.reason
        self.accept(ReadingBatch(names, *columns))

    def accept(self, batch: ReadingBatch) -> None:
        """See `ReadingSink.accept`."""
        self._note(batch)
        self._sink.accept(batch)

    def early(self, batch: ReadingBatch) -> int:
        """See `ReadingSink.early`."""
        self._note(batch)
        return self._sink.early(batch)

    def _note(self, batch: ReadingBatch) -> None:
        if len(batch.points):
            self._record([record_of(batch, time.time_ns() // 1_000_000)])
