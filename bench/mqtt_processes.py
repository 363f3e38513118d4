"""Two ingest processes against one, the same messages from the same mosquitto, QoS 1: how well the work is shared.

Each is the whole way: socket, decode, bind, check, table, durable log, passed on to other processes. The messages wait at the broker for
processes that have been stopped where they stand; what is timed is from when they go on until the last row is durable, so that no publisher
takes part. Then every sample must be in one of the histories, once.

What the machine has is said beside the ratio: processes cannot have more than its cores, of which the broker takes its part.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import orjson

from adapters.history.embedded import EmbeddedHistory
from bench import mqtt_speaker
from bench.mqtt_path import broker

NAME = "mqtt.processes"
RACKS, A_RACK = 100, 100
"""Racks, and points of each: a message is of one rack."""
MESSAGES = 20_000
START = round(time.time() * 1000) - 3_600_000
Row = dict[str, object]


def run(messages: int = MESSAGES, runs: int = 3) -> Iterator[Row]:
    """One row; `size` is the points of a run."""
    found: dict[int, list[tuple[float, float, float]]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(runs):
            for count in (1, 2):
                place = Path(folder) / f"{turn}-{count}"
                place.mkdir()
                found[count].append(_timed(place, count, messages))
    points = messages * A_RACK
    one, two = (min(wall for wall, _, _ in found[count]) for count in (1, 2))
    yield {
        "bench": NAME,
        "form": f"JSON columns of {A_RACK} points",
        "size": points,
        "ours_points_s": round(points / two),
        "peer": "one ingest process of ours",
        "peer_points_s": round(points / one),
        "ratio": round(one / two, 2),
        "runs": runs,
        "ours_median_points_s": round(points / statistics.median(wall for wall, _, _ in found[2])),
        "peer_median_points_s": round(points / statistics.median(wall for wall, _, _ in found[1])),
        "cores": os.cpu_count(),
        "ours_processor_s": round(min(used for _, used, _ in found[2]), 2),
        "peer_processor_s": round(min(used for _, used, _ in found[1]), 2),
        "broker_processor_s": round(min(used for _, _, used in found[2]), 2),
    }


class Taker:
    """An ingest process, from outside."""

    def __init__(self, port: int, folder: Path) -> None:
        """Returns when it listens."""
        folder.mkdir()
        self.folder = folder
        words = [sys.executable, "-m", "bench.mqtt_taker", str(port), folder.name, str(folder), str(RACKS), str(A_RACK)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own words
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "listens\n"
        self._rows = np.memmap(folder / "rows", np.int64, "r", shape=(1,))

    @property
    def rows(self) -> int:
        """Rows that are durable."""
        return int(self._rows[0])

    def tell(self, number: signal.Signals) -> None:
        """Stop it where it stands, or let it go on."""
        self._process.send_signal(number)

    def cpu_s(self) -> float:
        """Processor time so far."""
        return _cpu_s(self._process.pid)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def _timed(folder: Path, count: int, messages: int) -> tuple[float, float, float]:
    """Seconds, processor seconds of the takers, and of the broker."""
    with broker() as port:
        takers = [Taker(port, folder / f"taker{n}") for n in range(count)]
        speaker, file = mqtt_speaker.Speaker(port), folder / "said"
        mqtt_speaker.write(file, _said(2 * count * RACKS, 0), 1)
        speaker.load(file, 2 * count * RACKS)  # what names mean is found out
        speaker.begin()
        speaker.ended()
        _wait(takers, 2 * count * RACKS * A_RACK)
        for taker in takers:
            taker.tell(signal.SIGSTOP)
        mqtt_speaker.write(file, _said(messages, 1_000), 1)
        speaker.load(file, messages)
        speaker.begin()
        speaker.ended()
        pid = _broker_of(port)
        before, broker_before = sum(taker.cpu_s() for taker in takers), _cpu_s(pid)
        begun = time.perf_counter()
        for taker in takers:
            taker.tell(signal.SIGCONT)
        _wait(takers, (messages + 2 * count * RACKS) * A_RACK)
        wall = time.perf_counter() - begun
        used, broker_used = sum(taker.cpu_s() for taker in takers) - before, _cpu_s(pid) - broker_before
        for taker in takers:
            taker.close()
        speaker.close()
        _check(takers, messages)
    return wall, used, broker_used


def _said(messages: int, after: int) -> Iterator[tuple[str, bytes]]:
    for n in range(messages):
        rack = n % RACKS
        names = [f"p{point}" for point in range(rack * A_RACK, (rack + 1) * A_RACK)]
        values = (np.arange(A_RACK) / 8 + n).tolist()
        yield f"dc/hall/it/rack-{rack}/$batch", orjson.dumps({"p": names, "v": values, "t": START + after + n // RACKS})


def _wait(takers: Sequence[Taker], rows: int) -> None:
    end = time.perf_counter() + 60
    while (done := sum(taker.rows for taker in takers)) < rows:
        assert time.perf_counter() < end, f"{done} of {rows} rows came"
        time.sleep(0.001)


def _check(takers: Sequence[Taker], messages: int) -> None:
    """Of some points every sample is in one of the histories, once, and each process has taken its part."""
    histories = [EmbeddedHistory(taker.folder / "history", read_only=True) for taker in takers]
    for point in range(0, RACKS * A_RACK, 997):
        parts = [history.series(f"urn:ridethrough:demo:P{point}", START + 1_000, START + 1_000_000, 1_000_000) for history in histories]
        times = sorted(at for part in parts for at in part.observed_at.tolist())
        assert times == [START + 1_000 + n for n in range(messages // RACKS)], f"P{point}: {len(times)} samples"
    assert min(taker.rows for taker in takers) > 0
    for history in histories:
        history.close()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _broker_of(port: int) -> int:
    """The broker's process: the child of ours whose settings name the port."""
    for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split():
        words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        if any(b"mosquitto" in word for word in words[:1]) and f" {port} " in Path(words[2].decode()).read_text(encoding="utf-8"):
            return int(child)
    raise AssertionError("the broker has gone")
