"""One point a message, JSON, QoS 1: our whole path against what paho alone can receive, and against aiomqtt with one Neo4j write a message.

Ours: socket, decode, bind, check, table, durable log (fsync before the acknowledgement), one subscriber, one process. paho: a callback that
counts, acknowledged by the library; nothing is read, kept or told. Both from the same mosquitto, the same publisher in a process of its
own, the same messages, in turns. Before anything is timed every value of ours is where it belongs. Wall and processor time are both told:
broker, publisher and receiver share the machine's cores.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import orjson

from bench import mqtt_speaker
from bench.mqtt_neo4j import aiomqtt_writes
from bench.mqtt_path import Log, Way, broker, paho_alone, snapshot_of, timed

NAME = "mqtt.qos1"
POINTS, MESSAGES = 20_000, 60_000
Row = dict[str, object]


def site(points: int) -> list[str]:
    """Temperatures, each on a topic of its own."""
    return [
        f"demo:P{n} brick:isPointOf demo:E ; dcx:samplePeriod 5 ; dcx:minValue -1e9 ; ref:hasExternalReference [ a dcx:MQTTReference ; "
        f'dcx:topic "{topic(n)}" ; dcx:jsonPointer "/v" ; dcx:timePointer "/t" ] .'
        for n in range(points)
    ]


def topic(point: int) -> str:
    """Where a point speaks."""
    return f"dc/hall-{point % 10}/cooling/crah-{point // 100}/inlet-{point}"


def run(messages: int = MESSAGES, runs: int = 3, *, neo4j: bool = True) -> Iterator[Row]:
    """One row; `size` is the messages of a run."""
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder, broker() as port:
        speaker, file, commits = mqtt_speaker.Speaker(port), Path(folder) / "said", 0
        for turn in range(runs + 1):
            mqtt_speaker.write(file, _said(messages, turn), 1)
            speaker.load(file, messages)
            log = Log(Path(folder) / str(turn))
            path = Way(port, snapshot_of(site(POINTS)), log)
            took = timed(speaker, partial(path.wait, messages))
            _check(path, messages)
            path.close()
            assert log.rows == messages, f"{log.rows} rows are durable"
            commits += log.commits
            if turn:  # the first warms both
                ours.append(took)
                speaker.load(file, messages)
                theirs.append(paho_alone(port, speaker, "dc/#", messages)[0])
        speaker.close()
        writes = aiomqtt_writes(port, list(_said(3_000, 0))) if neo4j else 0.0
    rate, peer = max(messages / wall for wall, _ in ours), max(messages / wall for wall, _ in theirs)
    yield {
        "bench": NAME,
        "size": messages,
        "ours_msg_s": round(rate),
        "peer": "paho on_message, nothing done",
        "peer_msg_s": round(peer),
        "ratio": round(rate / peer, 2),
        "runs": runs,
        "ours_median_msg_s": round(statistics.median(messages / wall for wall, _ in ours)),
        "peer_median_msg_s": round(statistics.median(messages / wall for wall, _ in theirs)),
        "ours_msg_s_core": round(max(messages / cpu for _, cpu in ours)),
        "peer_msg_s_core": round(max(messages / cpu for _, cpu in theirs)),
        "messages_a_commit": round(messages * (runs + 1) / commits),
        "aiomqtt_neo4j_msg_s": round(writes),
        "aiomqtt_neo4j_ratio": round(rate / writes, 1) if writes else None,
    }


def _said(messages: int, turn: int) -> Iterator[tuple[str, bytes]]:
    """Each point in its turn, with another value and a later time each; every run's are other ones."""
    at = round(time.time() * 1000) - 4_000 + turn
    for n in range(messages):
        yield topic(n % POINTS), orjson.dumps({"v": n + 0.5, "t": at + n // POINTS, "q": "good", "u": "DEG_C"})


def _check(path: Way, messages: int) -> None:
    """Every point has the last value said of it."""
    names = [f"urn:ridethrough:demo:P{n}" for n in range(POINTS)]
    last = [max(range(n, messages, POINTS), default=-1) for n in range(POINTS)]
    expected = np.array([n + 0.5 if n >= 0 else np.nan for n in last])
    np.testing.assert_array_equal(expected, path.current.many(names).values)
