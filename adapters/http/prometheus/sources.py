"""Where the samples of series are: points in the table and in the history, our own metrics in a ring of the last hours.

Rules of this file:

1. A value that is BAD or worse ends its series until the next good one, as a stale marker does in Prometheus.
2. What would be too many samples to look at is answered from minutes, then from hours: each stands with its mean, least and greatest at
   its end, and the answer carries a warning.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

import numpy as np

from adapters.http.directory import Directories
from adapters.http.metrics import Metrics
from adapters.http.parts import HttpParts
from adapters.http.prometheus.labels import NAME, BadQuery, Catalogue, Labels, Matcher, fit
from graph.history import HOUR_MS, MINUTE_MS, Buckets, Series
from graph.values import Floats, Millis, Quality

LOOKBACK_MS = 300_000
"""How long a sample counts, as with Prometheus; of a point that speaks more seldom, five of its periods."""
SERIES_MAX = 5_000
"""Series of one selector that history is asked for."""
NOW_MS = 5_000
"""A question about an instant no further from now than this is answered from the table of current values."""
RING_S = 15
RING = 4 * 60 * 12
"""Samples of each metric of our own that are kept: half a day."""


class Unavailable(Exception):
    """What was asked for is not kept here, or cannot be read now."""


@dataclass(frozen=True, slots=True)
class Line:
    """The samples of one series in order of time; nan ends what was before. `low`, `high` and `count` where they are of spans."""

    labels: Labels
    times: Millis
    values: Floats
    lookback_ms: int = LOOKBACK_MS
    low: Floats | None = None
    high: Floats | None = None
    count: Floats | None = None


@dataclass(slots=True)
class Fetch:
    """What a selector asks for: samples in (since, until]; `instant` where only the last of them counts."""

    matchers: Sequence[Matcher]
    since: int
    until: int
    instant: bool
    warnings: set[str] = field(default_factory=set)


class Sources:
    """All series. Safe from any thread."""

    def __init__(self, parts: HttpParts, directories: Directories, metrics: Metrics, samples_max: int) -> None:
        self._parts, self._directories, self._samples_max = parts, directories, samples_max
        self._catalogue: Catalogue | None = None
        self.ring = Ring(metrics)

    @property
    def catalogue(self) -> Catalogue:
        """The points of the newest graph."""
        directory, kept = self._directories.now(), self._catalogue
        if kept is None or kept.directory is not directory:
            kept = self._catalogue = Catalogue(directory)
        return kept

    def lines(self, asked: Fetch) -> list[Line]:
        """The samples of every series that the matchers let through. Raises `BadQuery`, `Unavailable`, `HistoryUnavailable`."""
        catalogue = self.catalogue
        chosen = catalogue.select(asked.matchers)
        own = self.ring.lines(asked.matchers, asked.since, asked.until)
        return own + (self._points(catalogue, chosen, asked) if chosen else [])

    def _points(self, catalogue: Catalogue, chosen: Sequence[tuple[str, int]], asked: Fetch) -> list[Line]:
        directory = catalogue.directory
        labels = [catalogue.labels(row, metric) for metric, row in chosen]
        lookback = [max(LOOKBACK_MS, int(5000 * directory.facts[row].period_s)) for _, row in chosen]
        if asked.instant and abs(asked.until - self._parts.now_ms) <= NOW_MS:
            values, observed, quality, _ = self._parts.current.columns(directory.slots[[row for _, row in chosen]])
            values = np.where(quality > Quality.UNCERTAIN, np.nan, values)
            at = np.minimum(observed, asked.until)
            return [Line(labels[n], at[n : n + 1], values[n : n + 1], lookback[n]) for n in range(len(chosen))]
        if self._parts.history is None:
            raise Unavailable("no history is kept here: leave the setting `history` empty, or name a PostgreSQL")
        if len(chosen) > SERIES_MAX:
            raise BadQuery(f"the selector has {len(chosen):,} series, more than {SERIES_MAX:,}: name a room, a rack or an entity")
        points = [directory.iris[row] for _, row in chosen]
        step = self._step(asked, [directory.facts[row].period_s for _, row in chosen])
        since = asked.since - (max(lookback) - LOOKBACK_MS if asked.instant else 0)
        if step is None:
            return [
                _of_samples(labels[n], self._parts.history.series(point, since, asked.until + 1, self._samples_max), lookback[n])
                for n, point in enumerate(points)
            ]
        asked.warnings.add(f"answered from spans of {step // 1000} s: the samples may be more than {self._samples_max:,}")
        spans = self._parts.history.buckets(points, since - step, asked.until + 1, step)
        return [_of_spans(labels[n], found, max(lookback[n], 2 * step)) for n, found in enumerate(spans)]

    def _step(self, asked: Fetch, periods_s: Sequence[float]) -> int | None:
        """The span that stands for samples; None for the samples themselves (rule 2)."""
        span_s = (asked.until - asked.since) / 1000
        if sum(span_s / period for period in periods_s) <= self._samples_max:
            return None
        return MINUTE_MS if len(periods_s) * span_s / 60 <= self._samples_max else HOUR_MS


def _of_samples(labels: Labels, found: Series, lookback: int) -> Line:
    return Line(labels, found.observed_at, np.where(found.quality > Quality.STALE, np.nan, found.values), lookback)


def _of_spans(labels: Labels, found: Buckets, lookback: int) -> Line:
    return Line(labels, found.start + found.step_ms, found.mean, lookback, found.minimum, found.maximum, found.count.astype(np.float64))


class Ring:
    """Our own metrics as they were, a sample each `RING_S`; `tick` is called by who keeps time."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics, self._lock = metrics, Lock()
        self._times: deque[int] = deque(maxlen=RING)
        self._series: dict[tuple[tuple[str, str], ...], deque[tuple[int, float]]] = {}

    def tick(self, now_ms: int) -> None:
        """Keep what stands now, if the last time is long enough ago."""
        with self._lock:
            if self._times and now_ms - self._times[-1] < 1000 * RING_S:
                return
            self._times.append(now_ms)
        for labels, value in self._now():
            with self._lock:
                self._series.setdefault(tuple(labels.items()), deque(maxlen=RING)).append((now_ms, value))
        with self._lock:
            oldest = self._times[0]
            self._series = {key: kept for key, kept in self._series.items() if kept[-1][0] >= oldest}

    def labels(self) -> list[Labels]:
        """Every series of now."""
        return [labels for labels, _ in self._now()]

    def lines(self, matchers: Sequence[Matcher], since: int, until: int) -> list[Line]:
        """The series that the matchers let through."""
        if not any(matcher.label == NAME for matcher in matchers):
            return []
        with self._lock:
            found = {key: list(kept) for key, kept in self._series.items() if fit(dict(key), matchers)}
        return [_of_ring(dict(key), kept, since, until) for key, kept in sorted(found.items())]

    def _now(self) -> list[tuple[Labels, float]]:
        return [({NAME: name, **labels}, value) for name, rows in self._metrics.now().items() for labels, value in rows]


def _of_ring(labels: Labels, kept: Sequence[tuple[int, float]], since: int, until: int) -> Line:
    inside = [(at, value) for at, value in kept if since < at <= until]
    return Line(labels, np.array([at for at, _ in inside], np.int64), np.array([value for _, value in inside], np.float64))
