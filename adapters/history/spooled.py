"""A log of this process in front of a database: what the database cannot take now waits on the disk here, and nothing accepted is lost.

Rules of this file:

1. A sample is durable in the database or in the log before anybody is told that it is kept.
2. While the database is away nothing waits for it: samples go to the log at once, and the care tries every few seconds to hand them over.
3. What is handed over is let go of afterwards. A kill between the two hands it over again: a database keeps each sample once.
4. There is a bound (`WAITING_MAX`). What comes beyond it, or while this disk is full as well, is refused, and whoever takes in counts it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np

from adapters.history.catalogue import Catalogue
from adapters.history.log import Log
from adapters.history.rows import Rows
from graph.history import DAY_MS, Buckets, HistoryFull, HistoryStatus, HistoryUnavailable, Series
from graph.points import PointFacts
from graph.ports import History
from graph.values import ReadingBatch, Samples, Slots

_log = logging.getLogger(__name__)

WAITING_MAX = 16_000_000
"""Samples that may wait, 31 bytes each on the disk and in memory: a quarter of an hour of a plant of 18,000 points a second."""
PIECE = 200_000
"""Samples of one commit when they are handed over."""


class Taking(History, Protocol):
    """A history that takes rows by name as well."""

    def take_over(self, points: Sequence[str], rows: Rows) -> None:
        """Keep rows whose `point` is a place in `points`; durable when this returns. Raises `HistoryUnavailable`."""


class SpooledHistory:
    """A `History` that goes on taking samples while the one behind it is away. Answers are those of the one behind: without what waits."""

    def __init__(self, behind: Taking, folder: Path, waiting_max: int = WAITING_MAX) -> None:
        """`folder`: of this process alone. Raises `HistoryUnavailable` where what waits there cannot be read."""
        self._behind, self._folder, self._max = behind, folder, waiting_max
        self._naming = Lock()
        try:
            self._catalogue, self._waiting = Catalogue(folder), Log(folder / "log")
        except OSError as error:
            raise HistoryUnavailable(f"what waits for the database in {folder} cannot be read: {error}") from None
        self._away = ""
        """Why the database could not take the last samples; empty while it does."""

    def rebind(self, points: Mapping[str, PointFacts]) -> None:
        """See `History.rebind`."""
        self._behind.rebind(points)

    def append(self, samples: Samples, names: Callable[[Slots], Sequence[str]]) -> None:
        """See `History.append`."""
        if not self._away:
            try:
                self._behind.append(samples, names)
            except HistoryFull:
                raise
            except HistoryUnavailable as error:
                self._turn_away(error)
            else:
                return
        self._keep(samples, names)

    def _keep(self, samples: Samples, names: Callable[[Slots], Sequence[str]]) -> None:
        samples = samples.piece(samples.slots >= 0)
        if self._waiting.rows + len(samples) > self._max:
            raise HistoryUnavailable(f"{self._away}; and {self._waiting.rows:,} samples wait in {self._folder}, which is all that may")
        slots, places = np.unique(samples.slots, return_inverse=True)
        try:
            with self._naming:
                numbers = self._catalogue.take(names(slots))
            rest = samples.observed_at, samples.received_at, samples.values, samples.quality, samples.reason
            if len(samples):
                self._waiting.append(Rows(numbers[places], *rest))
        except OSError as error:
            raise HistoryUnavailable(f"{self._away}; and what waits for it cannot be written to {self._folder}: {error}") from None

    def maintain(self, now_ms: int) -> None:
        """See `History.maintain`; before that, what waits is handed over."""
        try:
            self._hand_over()
        except HistoryUnavailable as error:
            self._turn_away(error)
            raise
        self._behind.maintain(now_ms)
        self._away = ""

    def _hand_over(self) -> None:
        waited = self._waiting.rows
        while self._waiting.rows:
            try:
                self._waiting.roll()
                for number, rows in self._waiting.closed().items():
                    for first in range(0, len(rows), PIECE):
                        self._hand(rows.pick(slice(first, first + PIECE)))
                    self._waiting.forget([number])
            except OSError as error:
                raise HistoryUnavailable(f"what waits for the database in {self._folder} cannot be handed over: {error}") from None
            self._away = ""  # it takes samples: what comes now need not wait
        if waited:
            _log.info("%s samples that had waited for the database are in it", f"{waited:,}")

    def _hand(self, rows: Rows) -> None:
        numbers, places = np.unique(rows.point, return_inverse=True)
        points = [self._catalogue.names[number] for number in numbers.tolist()]
        self._behind.take_over(points, replace(rows, point=places.astype(np.int32)))

    def _turn_away(self, error: HistoryUnavailable) -> None:
        if not self._away:
            _log.warning("samples wait in %s: %s", self._folder, error)
        self._away = str(error)

    # -- answers ----------------------------------------------------------------------------------------------------

    def series(self, point: str, since_ms: int, until_ms: int, limit: int) -> Series:
        """See `History.series`."""
        return self._behind.series(point, since_ms, until_ms, limit)

    def buckets(self, points: Sequence[str], since_ms: int, until_ms: int, step_ms: int) -> Sequence[Buckets]:
        """See `History.buckets`."""
        return self._behind.buckets(points, since_ms, until_ms, step_ms)

    def at(self, points: Sequence[str], instant_ms: int, reach_ms: int = DAY_MS) -> ReadingBatch:
        """See `History.at`."""
        return self._behind.at(points, instant_ms, reach_ms)

    def points(self) -> Sequence[str]:
        """See `History.points`."""
        return self._behind.points()

    def status(self) -> HistoryStatus:
        """See `History.status`: what waits here is told as waiting."""
        status, waits = self._behind.status(), self._waiting.rows
        error = status.error or self._away
        if waits:
            error = f"{error or 'the database is back'}; {waits:,} samples wait for it in {self._folder}, none is lost"
        return replace(status, waiting=status.waiting + waits, error=error)

    def close(self) -> None:
        """See `History.close`."""
        self._waiting.close()
        self._behind.close()
