"""What poison costs those who send none: the age of a good sender's values when they are told and durable, in turns of one run: alone;
beside another who sends as many readings, as long as the poison; beside one who sends what cannot be read. The ratio is of the last two,
turn by turn: that somebody else sends costs the same processor, socket and broker whatever it is.

Good: 2,000 values a second, one a message, QoS 1, each the instant at which it was made. Poison: 1,000 messages a second of every kind of
`tests.support.poison` (NaN, infinities, 1e400, deep nesting, wrong types, no UTF-8, 70,000 digits, …). The way is the whole one. Before
it is told, every poisoned message is counted as a dead letter, and every good value has come.
"""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Thread

import numpy as np

from bench.mqtt_path import Log, Way, broker, snapshot_of
from bench.mqtt_speaker import CONNECT, packet
from graph.values import Samples, Slots
from tests.support.mqtt_line import SITE
from tests.support.poison import ANNOUNCED, POISON

NAME = "mqtt.poison"
GOOD_S, POISON_S, EVERY_S = 2_000, 1_000, 0.01
SECONDS, TURNS = 5, 7
PROMISE = 1.1
"""A p95 of so many times what it is with readings in place of the poison, at most (reliability reference 8, F12)."""
READ_BYTES = 60_000
"""A reading is no longer: more than 64 KB are not read."""
KINDS = ("alone", "readings", "poison")
"""What is sent beside the good values."""
HEAD = "dc/hall/it/rack/"
Row = dict[str, object]


class Aged(Log):
    """A log that knows how old each good value was when it was durable, in seconds."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.ages: list[float] = []

    def append(self, samples: Samples, names: Callable[[Slots], Sequence[str]]) -> None:
        """See `History.append`."""
        super().append(samples, names)
        now = time.monotonic()
        self.ages += (now - samples.values[np.abs(samples.values - now) < 60]).tolist()


def run(seconds: int = SECONDS, turns: int = TURNS) -> Iterator[Row]:
    """One row; `size` is the poisoned messages of all turns."""
    ages: dict[str, list[list[float]]] = {kind: [[] for _ in range(turns)] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder, broker() as port:
        log, good = Aged(Path(folder)), GOOD_S * 2
        way = Way(port, snapshot_of([SITE]), log)
        _speak(port, "good", 2)
        way.wait(good)
        for turn in range(turns):
            for kind in KINDS[:: 1 if turn % 2 == 0 else -1]:
                log.ages = ages[kind][turn]
                others = [subprocess.Popen(_words(port, kind, seconds))] if kind != "alone" else []  # noqa: S603 - our own words
                _speak(port, "good", seconds)
                for other in others:
                    other.wait()
                good += GOOD_S * seconds + (POISON_S * seconds + 1) * len(others)
                way.wait(good)
        poison = POISON_S * seconds * turns
        assert way.wire.status().poison == poison, f"{way.wire.status().poison} dead letters of {poison}"
        assert {len(turn) for found in ages.values() for turn in found} == {GOOD_S * seconds}
        way.close()
    told = {kind: np.percentile(1000 * np.array(found), [50, 95], axis=1) for kind, found in ages.items()}
    ratios = told["poison"][1] / told["readings"][1]
    yield {
        "bench": NAME,
        "size": poison,
        **{f"{kind}_median_ms": round(float(np.median(found[0])), 2) for kind, found in told.items()},
        **{f"{kind}_p95_ms": round(float(np.median(found[1])), 2) for kind, found in told.items()},
        **{f"{kind}_p95_min_ms": round(float(found[1].min()), 2) for kind, found in told.items()},
        "ratio_p95": round(float(np.median(ratios)), 3),
        "ratio_p95_min": round(float(ratios.min()), 3),
        "promise_ratio": PROMISE,
        "runs": turns,
    }


def _words(port: int, kind: str, seconds: int) -> list[str]:
    return [sys.executable, "-m", "bench.mqtt_poison", str(port), kind, str(seconds)]


def _speak(port: int, kind: str, seconds: int) -> None:
    subprocess.run(_words(port, kind, seconds), check=True)  # noqa: S603 - our own words


def main(port: int, kind: str, seconds: int) -> None:
    """A publisher."""
    chance, good = random.Random(1), kind == "good"
    a_second = GOOD_S if good else POISON_S
    at_once = round(a_second * EVERY_S)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(CONNECT if good else CONNECT.replace(b"bench", b"other"))
        Thread(target=_drain, args=(connection,), daemon=True).start()
        if not good:
            connection.sendall(packet(*ANNOUNCED, 1, 0))
        begun = time.monotonic()
        for said in range(0, seconds * a_second, at_once):
            time.sleep(max(0.0, begun + said / a_second - time.monotonic()))
            packets = []
            for number in range(said, said + at_once):
                topic, payload = ("p0", b"%.6f" % time.monotonic()) if good else chance.choice(POISON)(chance)
                if kind == "readings":
                    topic, payload = "p1", b'{"v": 1}'.ljust(min(len(payload), READ_BYTES))
                packets.append(packet(HEAD + topic, payload, 1, number))
            connection.sendall(b"".join(packets))
        time.sleep(0.5)


def _drain(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
