"""The compiled parts of the history made ready, so that nobody's first question waits for a compiler."""

from __future__ import annotations

import numpy as np

from adapters.history.past import looked_back
from adapters.history.rows import Rows, arranged
from adapters.history.summaries import Summaries, buckets_of, summarised, together
from graph.history import HOUR_MS, MINUTE_MS


def warm() -> None:
    """Sort, roll up and ask of three samples once. Cost: some seconds at the very first start, some tenths of one at every later one."""
    point, at = np.array([0, 0, 0], np.int32), np.array([2, 1, 2], np.int64)
    codes, period_ms = np.zeros(3, np.uint8), np.full(1, 1000.0)
    rows = arranged([Rows(point, at, at, np.array([1.0, 2.0, 1.0]), codes, codes)])
    minutes = summarised(rows, MINUTE_MS, period_ms)
    hours = together(Summaries.joined([minutes]), HOUR_MS, period_ms)
    numbers = np.zeros(1, np.int32)
    buckets_of(hours, ["urn:warm"], numbers, 0, HOUR_MS, period_ms)
    looked_back(["urn:warm"], numbers, 2, period_ms, lambda *_: rows)
