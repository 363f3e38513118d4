"""What a table of current values would have shown at an instant, from the samples until then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan

import numpy as np

from adapters.history.rows import Numbers, Rows, arranged
from graph.compiled import compiled
from graph.current_kernel import aged
from graph.history import DAY_MS
from graph.values import Codes, Floats, Millis, Quality, ReadingBatch, Reason

_NONE, _SILENCE = int(Quality.NO_VALUE), int(Reason.SILENCE)


def looked_back(
    points: Sequence[str],
    numbers: Numbers,
    instant_ms: int,
    period_ms: Floats,
    rows_of: Callable[[Numbers, int, int], Rows],
    reach_ms: int = DAY_MS,
) -> ReadingBatch:
    """One row a point, in their order: its last number within `reach_ms` with its times, and how good that was at the instant.

    `numbers` are those of the points, -1 for none; `rows_of` gives the samples of some in [since, until), in order. It is asked for two
    periods of most points, and for as far as the reach goes of those that have no number there.
    """
    asked = np.unique(numbers[numbers >= 0]).astype(np.int32)
    near_ms = min(int(np.median(2 * period_ms[asked])), reach_ms) if len(asked) else 0
    rows = rows_of(asked, instant_ms - near_ms, instant_ms + 1)
    found = _as_of(list(points), numbers, rows, instant_ms, period_ms)
    lacking = np.unique(numbers[(numbers >= 0) & np.isnan(found.values)]).astype(np.int32)
    if not len(lacking) or near_ms == reach_ms:
        return found
    more = rows_of(lacking, instant_ms - reach_ms, instant_ms + 1)
    rows = arranged([rows.pick(~np.isin(rows.point, lacking)), more])
    return _as_of(list(points), numbers, rows, instant_ms, period_ms)


def _as_of(points: list[str], numbers: Numbers, rows: Rows, instant_ms: int, period_ms: Floats) -> ReadingBatch:
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
