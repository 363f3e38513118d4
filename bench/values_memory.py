"""Memory of the table of current values: a million points, each with a value, against a Python object a point.

Each is a process of its own. What is counted is what resident memory grows by from the moment when the points' names are there (they are
the graph's, and both sides use the same ones) until every point has a value and has been asked. Both answer for some points, and the
answers are compared. The peer is a dictionary of name to a slotted object with value, two times and a quality: the least that a table
made of objects takes.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graph.current import CurrentValues
from graph.values import ReadingBatch

NAME = "values.memory"
POINTS = 1_000_000
QUICK = 100_000
_NOW = 1_800_000_000_000
_STEP = 9_973
"""Every such point is asked."""
_PIECE = 50_000
"""Rows of one batch."""
Row = dict[str, object]


@dataclass(slots=True)
class Value:
    """One point, as the peer keeps it."""

    value: float
    observed_at: int
    received_at: int
    quality: int


def run(points: int = POINTS, runs: int = 3) -> Iterator[Row]:
    """One row; `size` is the points, `ours_bytes` and `peer_bytes` are of one point."""
    ours, theirs = ([_child(who, points) for _ in range(runs)] for who in ("ours", "peer"))
    assert ours[0][1] == theirs[0][1]
    least, most = min(found[0] for found in ours), min(found[0] for found in theirs)
    yield {
        "bench": NAME,
        "size": points,
        "ours_bytes": round(least, 1),
        "peer": "a dictionary of slotted objects",
        "peer_bytes": round(most, 1),
        "ratio": round(most / least, 1),
        "runs": runs,
        "ours_median_bytes": round(float(np.median([found[0] for found in ours])), 1),
        "peer_median_bytes": round(float(np.median([found[0] for found in theirs])), 1),
    }


def _child(who: str, points: int) -> tuple[float, list[list[float]]]:
    command = [sys.executable, "-m", "bench.values_memory", who, str(points)]
    found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)  # noqa: S603 - our own module
    return found["bytes"], found["answers"]


def _ours(names: list[str]) -> Callable[[], list[list[float]]]:
    table = CurrentValues(dict.fromkeys(names, 5.0))
    for first in range(0, len(names), _PIECE):
        piece = names[first : first + _PIECE]
        at = np.full(len(piece), _NOW, np.int64)
        table.take(ReadingBatch(piece, np.arange(first, first + len(piece)) / 7, at, at, np.zeros(len(piece), np.uint8)))

    def answers() -> list[list[float]]:
        rows = table.many(names[::_STEP])
        return [list(row) for row in zip(rows.values.tolist(), rows.observed_at.tolist(), rows.quality.tolist(), strict=True)]

    return answers


def _peer(names: list[str]) -> Callable[[], list[list[float]]]:
    table = {name: Value(n / 7, _NOW + 0 * n, _NOW + 0 * n, 0) for n, name in enumerate(names)}
    return lambda: [[table[name].value, table[name].observed_at, table[name].quality] for name in names[::_STEP]]


def _resident() -> int:
    """Bytes."""
    gc.collect()
    line = next(line for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def _main(who: str, points: int) -> None:
    """The life of one started process."""
    make = _ours if who == "ours" else _peer
    make([f"urn:warm:{n}" for n in range(100)])()
    names = sorted(f"urn:ridethrough:demo:Rack-R{n // 20:05d}.Point-{n % 20:02d}" for n in range(points))
    before = _resident()
    answers = make(names)
    said = answers()
    sys.stdout.write(json.dumps({"bytes": (_resident() - before) / points, "answers": said}))


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
