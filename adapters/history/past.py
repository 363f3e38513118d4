"""What a table of current values would have shown at an instant, from the samples until then."""

from __future__ import annotations

from math import isnan

import numpy as np

from adapters.history.rows import Numbers, Rows
from graph.compiled import compiled
from graph.current_kernel import aged
from graph.values import Codes, Floats, Millis, Quality, ReadingBatch, Reason

_NONE, _SILENCE = int(Quality.NO_VALUE), int(Reason.SILENCE)


def as_of(points: list[str], numbers: Numbers, rows: Rows, instant_ms: int, period_ms: Floats) -> ReadingBatch:
    """One row a point, in their order: its last number with its times, and how good that was then. `rows` are in order and not after the
    instant; `numbers` are those of the points, -1 for none. Cost: linear."""
    size = len(points)
    value, observed, received = np.full(size, np.nan), np.zeros(size, np.int64), np.zeros(size, np.int64)
    quality, reason = np.full(size, _NONE, np.uint8), np.zeros(size, np.uint8)
    begin, end = np.searchsorted(rows.point, numbers, "left"), np.searchsorted(rows.point, numbers, "right")
    _fold(
        begin,
        end,
        numbers,
        rows.observed,
        rows.received,
        rows.value,
        rows.quality,
        rows.reason,
        instant_ms,
        period_ms,
        value,
        observed,
        received,
        quality,
        reason,
    )
    return ReadingBatch(points, value, observed, received, quality, reason)


@compiled
def _fold(
    begin: Millis,
    end: Millis,
    numbers: Numbers,
    row_observed: Millis,
    row_received: Millis,
    row_value: Floats,
    row_quality: Codes,
    row_reason: Codes,
    instant_ms: int,
    period_ms: Floats,
    value: Floats,
    observed: Millis,
    received: Millis,
    quality: Codes,
    reason: Codes,
) -> None:
    for at in range(len(begin)):
        stamp = np.int64(0)
        for row in range(begin[at], end[at]):
            number = not isnan(row_value[row])
            again = row > begin[at] and row_observed[row] == stamp
            if again and row_quality[row] > quality[at]:
                continue  # another value of the same instant counts unless it is worse (`graph.current`, rule 2)
            stamp, quality[at], reason[at] = row_observed[row], row_quality[row], row_reason[row]
            received[at] = row_received[row]
            if number:
                value[at], observed[at] = row_value[row], row_observed[row]
        if end[at] > begin[at]:
            then = aged(int(quality[at]), float(instant_ms - stamp), period_ms[numbers[at]])
            if then != quality[at]:
                quality[at], reason[at] = then, _SILENCE
