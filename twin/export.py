"""History taken out: samples and spans of any history as Arrow record batches, and those as Parquet or CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from pyarrow.compute import strftime

from graph.history import Buckets, Series
from graph.ports import History
from graph.values import Quality, Reason

ROWS = 100_000
"""Rows of a batch at most: what is in memory at once."""
_TIME = pa.timestamp("ms", "UTC")
SAMPLES = pa.schema(
    [("point", pa.string()), ("observed_at", _TIME), ("value", pa.float64()), ("quality", pa.string()), ("reason", pa.string())]
)
SPANS = pa.schema(
    [
        *(("point", pa.string()), ("start", _TIME), ("minimum", pa.float64()), ("maximum", pa.float64()), ("mean", pa.float64())),
        *(("count", pa.int64()), ("coverage", pa.float64()), ("quality", pa.string())),
    ]
)
_QUALITIES = pa.array([each.name for each in Quality])
_REASONS = pa.array([each.name for each in Reason])


def samples(history: History, points: Sequence[str], since_ms: int, until_ms: int, rows: int = ROWS) -> Iterator[pa.RecordBatch]:
    """The samples of points in [since, until), one point after the other, each in order; a value that is no number is null. Bounded
    memory. Raises `HistoryUnavailable`."""
    for point in points:
        for part in _pages(history, point, since_ms, until_ms, rows):
            yield batch_of(part)


def batch_of(series: Series) -> pa.RecordBatch:
    """The samples of a series as they are, of `SAMPLES`."""
    columns = [
        pa.repeat(series.point, len(series)),
        pa.array(series.observed_at, _TIME),
        pa.array(series.values, mask=np.isnan(series.values)),
        _QUALITIES.take(pa.array(series.quality)),
        _REASONS.take(pa.array(series.reason)),
    ]
    return pa.record_batch(columns, schema=SAMPLES)


def spans(history: History, points: Sequence[str], since_ms: int, until_ms: int, step_ms: int) -> Iterator[pa.RecordBatch]:
    """The spans of `step_ms` of points that [since, until) touches, one batch a point. Raises `HistoryUnavailable`."""
    for point in points:
        (found,) = history.buckets([point], since_ms, until_ms, step_ms)
        yield spans_of(found)


def spans_of(found: Buckets) -> pa.RecordBatch:
    """Spans as they are, of `SPANS`."""
    numbers = [pa.array(column, mask=np.isnan(column)) for column in (found.minimum, found.maximum, found.mean)]
    told = [pa.array(found.count), pa.array(found.coverage), _QUALITIES.take(pa.array(found.quality))]
    return pa.record_batch([pa.repeat(found.point, len(found)), pa.array(found.start, _TIME), *numbers, *told], schema=SPANS)


def write_parquet(batches: Iterator[pa.RecordBatch], schema: pa.Schema, out: BinaryIO) -> int:
    """Write batches as one Parquet file. Gives the number of rows."""
    count = 0
    with pa.parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            count += len(batch)
    return count


def write_csv(batches: Iterator[pa.RecordBatch], schema: pa.Schema, out: BinaryIO) -> int:
    """Write batches as CSV after RFC 4180, with a line of names; times are ISO 8601 in UTC. Gives the number of rows."""
    count = 0
    told = pa.schema([field.with_type(pa.string()) if field.type == _TIME else field for field in schema])
    with pa.csv.CSVWriter(out, told) as writer:
        for batch in batches:
            columns = [strftime(column, "%Y-%m-%dT%H:%M:%SZ") if column.type == _TIME else column for column in batch.columns]
            writer.write_batch(pa.record_batch(columns, schema=told))
            count += len(batch)
    return count


def _pages(history: History, point: str, since_ms: int, until_ms: int, rows: int) -> Iterator[Series]:
    """The samples of a point, some at a time. A page ends between two instants, so that what is of one instant stays together."""
    while True:
        page = history.series(point, since_ms, until_ms, rows)
        if len(page) < rows:
            if len(page):
                yield page
            return
        cut = int(np.searchsorted(page.observed_at, page.observed_at[-1]))
        if cut:
            yield Series(point, page.observed_at[:cut], page.values[:cut], page.quality[:cut], page.reason[:cut])
            since_ms = int(page.observed_at[cut])
        else:
            rows *= 2
