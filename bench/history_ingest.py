"""Samples into the history, durable: the embedded history against SQLite, on the same disk in the same run.

Every batch is one sample of each of some points. Ours: the batch is durable when `append` returns (column log, fsync), while a thread sorts
what has come in into its files, as the service does; `sorted_s` is when everything stands there. Theirs: WAL, synchronous FULL, one
transaction a batch, no index. Both hold the same rows of a point at the end.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event, Thread

import numpy as np

from adapters.history.embedded import EmbeddedHistory
from graph.points import PointFacts
from graph.values import Samples, Slots

NAME = "history.ingest"
SIZES = (10_000_000,)
QUICK = 2_000_000
POINTS = 50_000
START = 1_780_315_200_000
Row = dict[str, object]


def run(size: int = SIZES[0], runs: int = 2) -> Iterator[Row]:
    """One row: `size` samples of `POINTS` points."""
    batches = [batch_of(number) for number in range(size // POINTS)]
    ours, theirs, syncs = [], [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            syncs.append(_fsync_s(Path(folder)))
            ours.append(_ours(Path(folder), batches))
            theirs.append(_theirs(Path(folder), batches[: max(1, len(batches) // 4)]))
    part = 4 if len(batches) >= 4 else 1
    best, peer = min(each[0] for each in ours), min(theirs) * part
    yield {
        "bench": NAME,
        "size": size,
        "ours_s": round(best, 3),
        "ours_rows_s": round(size / best),
        "sorted_s": round(min(each[1] for each in ours), 3),
        "sorted_rows_s": round(size / min(each[1] for each in ours)),
        "fsync_ms": round(min(syncs) * 1000, 2),
        "peer": f"SQLite {sqlite3.sqlite_version}, WAL, synchronous FULL (a {part}th of the rows, times {part})",
        "peer_s": round(peer, 3),
        "ratio": round(peer / best, 1),
        "runs": runs,
        "ours_median_s": round(statistics.median(each[0] for each in ours), 3),
        "peer_median_s": round(statistics.median(theirs) * part, 3),
    }


def batch_of(number: int, points: int = POINTS, step_ms: int = 1000) -> Samples:
    """One sample of each point, with some spread over the second."""
    rng = np.random.default_rng(number)
    at = START + number * step_ms + rng.integers(0, step_ms, points)
    zeros = np.zeros(points, np.uint8)
    return Samples(
        np.arange(points, dtype=np.int32), np.round(20 + rng.normal(0, 1, points), 2), at, at + rng.integers(5, 50, points), zeros, zeros
    )


def names_of(slots: Slots) -> Sequence[str]:
    """The IRIs of slots."""
    return [f"urn:bench:{slot}" for slot in slots.tolist()]


def _ours(folder: Path, batches: Sequence[Samples]) -> tuple[float, float]:
    history, stop = EmbeddedHistory(folder / "history", seal_ms=0), Event()
    history.rebind({f"urn:bench:{n}": PointFacts(1.0) for n in range(POINTS)})
    history.append(batches[0], names_of)  # the points are known, the kernels loaded
    history.maintain(START)

    def maintained() -> None:
        while not stop.wait(0.2):
            history.maintain(START)

    care = Thread(target=maintained)
    begun = time.perf_counter()
    care.start()
    for batch in batches[1:]:
        history.append(batch, names_of)
    durable_s = time.perf_counter() - begun
    stop.set()
    care.join()
    history.maintain(START)
    sorted_s = time.perf_counter() - begun
    found = history.series("urn:bench:7", 0, 2 * START, 10**7)
    assert found.values.tolist() == [batch.values[7] for batch in batches]
    assert history.status().samples == sum(map(len, batches))
    history.close()
    return durable_s, sorted_s


def _theirs(folder: Path, batches: Sequence[Samples]) -> float:
    with sqlite3.connect(folder / "peer.sqlite", isolation_level=None) as peer:
        peer.execute("PRAGMA journal_mode = WAL")
        peer.execute("PRAGMA synchronous = FULL")
        peer.execute("CREATE TABLE sample (point INTEGER, observed INTEGER, received INTEGER, value REAL, quality INTEGER, reason INTEGER)")
        begun = time.perf_counter()
        for batch in batches:
            columns = (batch.slots, batch.observed_at, batch.received_at, batch.values, batch.quality, batch.reason)
            peer.execute("BEGIN")
            peer.executemany("INSERT INTO sample VALUES (?, ?, ?, ?, ?, ?)", zip(*(c.tolist() for c in columns), strict=True))
            peer.execute("COMMIT")
        took = time.perf_counter() - begun
        found = peer.execute("SELECT value FROM sample WHERE point = 7 ORDER BY observed").fetchall()
    assert [value for (value,) in found] == [batch.values[7] for batch in batches]
    peer.close()
    return took


def _fsync_s(folder: Path, times: int = 20) -> float:
    """The least that one fsync of 4 KB takes here."""
    found = []
    with (folder / "probe").open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(b"x" * 4096)
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            found.append(time.perf_counter() - begun)
    return min(found)
