"""How old a value is when a subscriber has it: from the device's own clock to the event, at 20,000 points a second, one point a message.

A publisher in a process of its own says 200 points every 10 ms, QoS 1, each with the instant at which it was made; the way is the whole one
(socket, decode, bind, check, table, durable history, bus). Both run on one machine, so there is one clock. No peer: a promise in
milliseconds.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import numpy as np

from bench.mqtt_path import Log, Way, broker, snapshot_of
from bench.mqtt_qos1 import POINTS, site, topic
from bench.mqtt_speaker import CONNECT, packet
from twin.events import ReadingStored

NAME = "mqtt.freshness"
A_SECOND, EVERY_S = 20_000, 0.01
SECONDS, SETTLE_S = 20, 3
PROMISE_MS = 250
Row = dict[str, object]


def run(seconds: int = SECONDS) -> Iterator[Row]:
    """One row; ages in ms over all values that came after the first seconds."""
    with tempfile.TemporaryDirectory() as folder, broker() as port:
        way = Way(port, snapshot_of(site(POINTS)), Log(Path(folder) / "kept"))
        ages: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []

        def heard(event: ReadingStored) -> None:
            ages.append(round(time.time() * 1000) - event.batch.observed_at)

        words = [sys.executable, "-m", "bench.mqtt_freshness", str(port), str(seconds + SETTLE_S)]
        with subprocess.Popen(words) as speaker:  # noqa: S603 - our own words
            way.wait_rows(A_SECOND * SETTLE_S)
            way.bus.subscribe(ReadingStored, heard)
            speaker.wait()
        way.wait_rows(A_SECOND * (seconds + SETTLE_S))
        way.close()
    all_ages = np.concatenate(ages)
    low, middle, high, worst = np.percentile(all_ages, [5, 50, 99, 100]).tolist()
    yield {
        "bench": NAME,
        "size": len(all_ages),
        "points_s": A_SECOND,
        "p5_ms": low,
        "median_ms": middle,
        "p99_ms": high,
        "worst_ms": worst,
        "promise_p99_ms": PROMISE_MS,
    }


def main(port: int, seconds: int) -> None:
    """The publisher."""
    topics = [topic(n) for n in range(POINTS)]
    at_once = round(A_SECOND * EVERY_S)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(CONNECT)
        Thread(target=_drain, args=(connection,), daemon=True).start()
        begun, said = time.perf_counter(), 0
        while said < seconds * A_SECOND:
            payload = b'{"v": %d, "t": %d}' % (said, round(time.time() * 1000))
            connection.sendall(b"".join(packet(topics[n % POINTS], payload, 1, n) for n in range(said, said + at_once)))
            said += at_once
            time.sleep(max(0.0, begun + said / A_SECOND - time.perf_counter()))
        time.sleep(0.5)


def _drain(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
