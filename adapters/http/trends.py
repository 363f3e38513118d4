"""How a point went, for a chart: from samples where they are few enough to look at, else from rolled-up spans."""

from __future__ import annotations

import numpy as np

from analytics.trend import Way, thinned
from graph.history import HOUR_MS, MINUTE_MS, Buckets, Series
from graph.ports import History
from graph.values import Quality, Reason

SAMPLES_MAX = 200_000
"""Samples that are looked at for one chart; that is two days at one a second, and 10 to 20 ms."""
_STEPS_MS = tuple(n * MINUTE_MS for n in (1, 5, 15)) + tuple(n * HOUR_MS for n in (1, 4, 24, 7 * 24))


def trend(history: History, point: str, since_ms: int, until_ms: int, pixels: int, period_ms: float, way: Way = Way.MIN_MAX) -> Series:
    """About `pixels` samples of a point in [since, until), chosen so that a chart shows the same; `period_ms` is how often it speaks.

    Where there are too many to look at, each span of minutes or hours stands with its least and its greatest value, at its beginning and
    in its middle. Raises `HistoryUnavailable`.
    """
    if (until_ms - since_ms) / period_ms <= SAMPLES_MAX:
        found = history.series(point, since_ms, until_ms, SAMPLES_MAX + 1)
        if len(found) <= SAMPLES_MAX:
            return thinned(found, pixels, way)
    step = next((each for each in _STEPS_MS if (until_ms - since_ms) / each <= pixels / 2), _STEPS_MS[-1])
    (spans,) = history.buckets([point], since_ms, until_ms, step)
    return thinned(_as_samples(spans), pixels, way)


def _as_samples(spans: Buckets) -> Series:
    """Each span as two samples; one in which nothing counts is one that is none, and so is the end of one that no other follows."""
    at = np.stack((spans.start, spans.start + spans.step_ms // 2), axis=1).ravel()
    values = np.stack((spans.minimum, spans.maximum), axis=1).ravel()
    quality = np.repeat(spans.quality, 2)
    ends = spans.start[:-1][np.diff(spans.start) > spans.step_ms] + spans.step_ms
    at, values = np.concatenate((at, ends)), np.concatenate((values, np.full(len(ends), np.nan)))
    quality = np.concatenate((quality, np.full(len(ends), Quality.NO_VALUE, np.uint8)))
    order = np.argsort(at, kind="stable")
    return Series(spans.point, at[order], values[order], quality[order], np.full(len(at), Reason.NONE, np.uint8))
