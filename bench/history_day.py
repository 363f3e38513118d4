"""One point's day out of very many rows: the embedded history against DuckDB's own table, in which the rows stand as they came.

100,000 points with 1,000 samples each in one day, sorted into its file as the service does. Asked are random points, each another; the
answers of both are equal. `first_s` is the first question after opening, which reads the file's footer; `hour_median_s` is the day by
hours, `loaded_s` both loads, `sorted_s` the day put into one file and rolled up.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from adapters.history.embedded import EmbeddedHistory
from bench.history_ingest import START, batch_of, names_of
from graph.history import DAY_MS, HOUR_MS
from graph.values import Samples

NAME = "history.day"
SIZES = (100_000,)
QUICK = 5_000
SAMPLES = 1_000
STEP_MS = 86_000
MIDNIGHT = START // DAY_MS * DAY_MS + DAY_MS
Row = dict[str, object]


def run(points: int = SIZES[0], questions: int = 50) -> Iterator[Row]:
    """One row: a day of `points` points."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        history = EmbeddedHistory(folder / "history", seal_ms=0)
        peer = duckdb.connect(folder / "peer.duckdb")
        peer.execute("CREATE TABLE sample (point INTEGER, observed BIGINT, value DOUBLE)")
        begun = time.perf_counter()
        some = [batch_of(number, points, STEP_MS) for number in range(20)]
        for number in range(SAMPLES):
            one, later = some[number % len(some)], MIDNIGHT - START + number // len(some) * len(some) * STEP_MS
            times = one.observed_at + later, one.received_at + later
            batch = Samples(one.slots, np.round(one.values + number / 100, 2), *times, one.quality, one.reason)
            history.append(batch, names_of)
            columns = [pa.array(c) for c in (batch.slots, batch.observed_at, batch.values)]
            peer.register("arrived", pa.table(columns, names=["point", "observed", "value"]))
            peer.execute("INSERT INTO sample SELECT * FROM arrived")
            if number % 20 == 0:
                history.maintain(MIDNIGHT)
        history.maintain(MIDNIGHT)
        loaded_s = time.perf_counter() - begun
        history.maintain(MIDNIGHT + 2 * DAY_MS)
        sorted_s = time.perf_counter() - begun - loaded_s
        size = history.status().bytes
        history.close()
        history = EmbeddedHistory(folder / "history")
        yield {
            "bench": NAME,
            "size": points * SAMPLES,
            "loaded_s": round(loaded_s, 1),
            "sorted_s": round(sorted_s, 1),
            "bytes": size,
        } | _asked(history, peer, points, questions)
        history.close()
        peer.close()


def _asked(history: EmbeddedHistory, peer: duckdb.DuckDBPyConnection, points: int, questions: int) -> Row:
    ours, theirs, hours = [], [], []
    rng = random.Random(1)
    for at, slot in enumerate(rng.sample(range(points), questions)):
        begun = time.perf_counter()
        found = history.series(f"urn:bench:{slot}", MIDNIGHT, MIDNIGHT + DAY_MS, 100_000)
        ours.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        history.buckets([f"urn:bench:{slot}"], MIDNIGHT, MIDNIGHT + DAY_MS, HOUR_MS)
        hours.append(time.perf_counter() - begun)
        assert len(found) == SAMPLES
        if at < 5:
            begun = time.perf_counter()
            rows = peer.execute("SELECT observed, value FROM sample WHERE point = ? ORDER BY observed", [slot]).fetchnumpy()
            theirs.append(time.perf_counter() - begun)
            assert np.array_equal(rows["observed"], found.observed_at)
            assert np.array_equal(rows["value"], found.values)
    return {
        "ours_s": round(min(ours[1:]), 5),
        "peer": f"DuckDB {duckdb.__version__} table, unsorted",
        "peer_s": round(min(theirs), 5),
        "ratio": round(min(theirs) / min(ours[1:]), 1),
        "runs": questions,
        "ours_median_s": round(statistics.median(ours[1:]), 5),
        "ours_p95_s": round(sorted(ours[1:])[int(0.95 * len(ours)) - 1], 5),
        "first_s": round(ours[0], 5),
        "hour_median_s": round(statistics.median(hours[1:]), 5),
        "peer_median_s": round(statistics.median(theirs), 5),
    }
