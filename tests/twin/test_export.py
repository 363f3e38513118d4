"""History as files that others read."""

from __future__ import annotations

import csv
import io
import math

import pyarrow.parquet as pq

from graph.history import MINUTE_MS
from graph.values import Quality
from tests.support.histories import NAMES, tell
from tests.support.history_reference import HistoryReference
from twin.export import SAMPLES, SPANS, samples, spans, write_csv, write_parquet

NOON = 1_780_315_200_000


def history() -> HistoryReference:
    """Two points; three samples of one are of one instant, one is no number."""
    found = HistoryReference()
    times = [0, 1000, 1000, 1000, 2000, 61_000]
    tell(found, *((0, NOON + at, float(n), Quality.GOOD) for n, at in enumerate(times)), (1, NOON, math.nan, Quality.BAD))
    return found


def test_every_sample_is_in_the_parquet_file_once_however_small_the_pages_are() -> None:
    """Also where a page ends within an instant; instants are in UTC, what is no number is null."""
    for rows in (1, 2, 3, 100):
        out = io.BytesIO()
        count = write_parquet(samples(history(), NAMES[:2], NOON, NOON + 10**6, rows), SAMPLES, out)
        table = pq.read_table(out)

        assert count == 7
        assert table["value"].to_pylist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, None]
        assert table["point"].to_pylist() == [NAMES[0]] * 6 + [NAMES[1]]
        assert table["observed_at"][0].as_py().isoformat() == "2026-06-01T12:00:00+00:00"


def test_a_csv_file_names_quality_and_reason() -> None:
    """With a line of names."""
    out = io.BytesIO()
    write_csv(samples(history(), [NAMES[1]], NOON, NOON + 1), SAMPLES, out)

    names, row = csv.reader(io.StringIO(out.getvalue().decode()))
    assert names == ["point", "observed_at", "value", "quality", "reason"]
    assert row == [NAMES[1], "2026-06-01T12:00:00.000Z", "", "BAD", "DEVICE"]


def test_spans_are_taken_out_as_they_are_asked() -> None:
    """One row a minute in which something was said."""
    out = io.BytesIO()
    write_csv(spans(history(), [NAMES[0]], NOON, NOON + 2 * MINUTE_MS, MINUTE_MS), SPANS, out)

    _, first, second = csv.reader(io.StringIO(out.getvalue().decode()))
    assert first[2:6] == ["0", "4", "2", "5"]
    assert second[2:6] == ["5", "5", "5", "1"]
