"""Sparkplug B, 1,000 metrics a message by alias, QoS 1: our whole path against paho that parses and looks at each metric.

Ours: socket, decode, aliases, the node's counting, check, table, durable log (fsync before the acknowledgement), one subscriber, one
process. Theirs: a callback that parses the payload and keeps the value of each metric by its alias, nothing durable. Both from the same
mosquitto, the same publisher in a process of its own, the same messages, in turns. Before anything is timed every value of ours is where
it belongs. (Nodes publish at QoS 0; here nothing may be lost on the way to a figure.)
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from adapters.mqtt.sparkplug.dialect import Sparkplug
from bench import mqtt_speaker
from bench.mqtt_path import Log, Way, broker, cpu_s, snapshot_of
from tests.support.sparkplug_messages import TYPES, message

NAME = "mqtt.sparkplug"
DEVICES, METRICS, MESSAGES = 20, 1_000, 1_500
"""Devices of the one node, metrics of each, messages of a run."""
START = round(time.time() * 1000) - 80_000
Row = dict[str, object]


def run(messages: int = MESSAGES, runs: int = 3) -> Iterator[Row]:
    """One row; `size` is the metrics of a run."""
    points = messages * METRICS
    names = [
        f'demo:P{n} ref:hasExternalReference [ a dcx:SparkplugReference ; dcx:sparkplugDevice "hall/gw/d{n // METRICS}" ; ' for n in _all()
    ]
    site = snapshot_of([f'{text} dcx:metricName "m{n % METRICS}" ] ; dcx:samplePeriod 5 .' for n, text in zip(_all(), names, strict=True)])
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder, broker() as port:
        speaker, file = mqtt_speaker.Speaker(port), Path(folder) / "said"
        for turn in range(runs + 1):
            log = Log(Path(folder) / str(turn))
            way = Way(port, site, log, [Sparkplug()])
            at = START + 20_000 * turn
            mqtt_speaker.write(file, _births(at), 1)
            speaker.load(file, DEVICES + 1)
            speaker.begin()
            way.wait_rows(DEVICES * METRICS)
            speaker.ended()
            mqtt_speaker.write(file, _data(messages, at), 1)
            speaker.load(file, messages)
            cpu, start, before = cpu_s(), time.perf_counter(), log.rows
            speaker.begin()
            way.wait_rows(before + points)
            ours.append((time.perf_counter() - start, cpu_s() - cpu))
            speaker.ended()
            _check(way, messages)
            way.close()
            speaker.load(file, messages)
            theirs.append(_paho(port, speaker, messages))
        speaker.close()
    ours, theirs = ours[1:], theirs[1:]  # the first warmed both
    rate, other = max(points / wall for wall, _ in ours), max(points / wall for wall, _ in theirs)
    yield {
        "bench": NAME,
        "size": points,
        "ours_points_s": round(rate),
        "peer": "paho on_message, protobuf and a dictionary, nothing kept",
        "peer_points_s": round(other),
        "ratio": round(rate / other, 2),
        "runs": runs,
        "ours_median_points_s": round(statistics.median(points / wall for wall, _ in ours)),
        "peer_median_points_s": round(statistics.median(points / wall for wall, _ in theirs)),
        "ours_points_s_core": round(max(points / cpu for _, cpu in ours)),
        "peer_points_s_core": round(max(points / cpu for _, cpu in theirs)),
    }


def _all() -> range:
    return range(DEVICES * METRICS)


def _payload(seq: int, at: int, device: int, value: float, *, born: bool = False) -> bytes:
    made = message()(timestamp=at, seq=seq % 256)
    for n in range(METRICS):
        metric = made.metrics.add(alias=device * METRICS + n + 1, timestamp=at, double_value=value + n / 8)
        if born:
            metric.name, metric.datatype = f"m{n}", TYPES["Double"]
    data: bytes = made.SerializeToString()
    return data


def _births(at: int) -> Iterator[tuple[str, bytes]]:
    node = message()(timestamp=at, seq=0)
    node.metrics.add(name="bdSeq", datatype=TYPES["UInt64"], timestamp=at, long_value=0)
    yield "spBv1.0/hall/NBIRTH/gw", node.SerializeToString()
    for device in range(DEVICES):
        yield f"spBv1.0/hall/DBIRTH/gw/d{device}", _payload(device + 1, at, device, 0.0, born=True)


def _data(messages: int, at: int) -> Iterator[tuple[str, bytes]]:
    for n in range(messages):
        yield f"spBv1.0/hall/DDATA/gw/d{n % DEVICES}", _payload(DEVICES + 1 + n, at + 1 + n, n % DEVICES, float(n + 1))


def _check(way: Way, messages: int) -> None:
    """Every point has the last value said of it, and nothing was missing on the way."""
    for device in range(DEVICES):
        last = max(n for n in range(messages) if n % DEVICES == device) + 1
        rows = way.current.many([f"urn:ridethrough:demo:P{n}" for n in range(device * METRICS, (device + 1) * METRICS)])
        np.testing.assert_array_equal(last + np.arange(METRICS) / 8, rows.values)
    assert way.wire.missing() == 0


def _paho(port: int, speaker: mqtt_speaker.Speaker, messages: int) -> tuple[float, float]:
    count, found, ready, done, payload = 0, dict[int, float](), Event(), Event(), message()

    def on_message(_client: Any, _user: Any, heard: paho.MQTTMessage) -> None:
        nonlocal count
        for metric in payload.FromString(heard.payload).metrics:
            found[metric.alias] = metric.double_value
        count += 1
        if count == messages:
            done.set()

    client = paho.Client(CallbackAPIVersion.VERSION2, "theirs")
    client.on_message = on_message
    client.on_connect = lambda c, *_: c.subscribe("spBv1.0/hall/DDATA/#", 1)
    client.on_subscribe = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert ready.wait(10)
    cpu, start = cpu_s(), time.perf_counter()
    speaker.begin()
    assert done.wait(120), f"{count} of {messages} messages came"
    wall, used = time.perf_counter() - start, cpu_s() - cpu
    assert len(found) == min(messages, DEVICES) * METRICS
    speaker.ended()
    client.disconnect()
    client.loop_stop()
    return wall, used
