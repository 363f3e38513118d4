"""Many points a message, QoS 1: our whole path, JSON columns and packed ones, against paho with a parse and nothing else.

Ours: socket, decode, bind, check, table, durable log (fsync before the acknowledgement), one subscriber, one process. paho: a callback that
parses (orjson; for packed readings a view of the values) and counts, acknowledged by the library. Both from the same mosquitto, the same
publisher in a process of its own, the same messages, in turns. Before anything is timed every value of ours is where it belongs.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from adapters.mqtt.native_codec import HEAD, Packed, pack, table_id
from bench import mqtt_speaker
from bench.mqtt_path import Log, Way, broker, paho_alone, snapshot_of, timed
from graph.snapshot import Snapshot

NAME = "mqtt.batch"
POINTS, A_MESSAGE, MESSAGES = 100_000, 1_000, 2_000
"""Points of the plant, points in a message, messages of a run: each point speaks twenty times."""
Row = dict[str, object]
Said = Callable[[int], Iterator[tuple[str, bytes]]]


def run(messages: int = MESSAGES, runs: int = 3) -> Iterator[Row]:
    """A row each for JSON and packed; `size` is the points of a run."""
    site = _site()
    yield _measured("JSON columns", site, _json, _parsed, messages, runs)
    yield _measured("packed", site, _packed, _viewed, messages, runs)


def _measured(
    form: str,
    site: Snapshot,
    said: Callable[[int, int], Iterator[tuple[str, bytes]]],
    peer: Callable[[bytes], int],
    messages: int,
    runs: int,
) -> Row:
    points = messages * A_MESSAGE
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder, broker() as port:
        speaker, file, commits = mqtt_speaker.Speaker(port), Path(folder) / "said", 0
        _announce(port)
        for turn in range(runs + 1):
            log = Log(Path(folder) / str(turn))
            way = Way(port, site, log)
            mqtt_speaker.write(file, said(_racks(), 2 * turn), 1)
            speaker.load(file, _racks())
            speaker.begin()
            way.wait_rows(POINTS)  # the announced names, and each rack once: what its names mean is found out
            speaker.ended()
            mqtt_speaker.write(file, said(messages, 2 * turn + 1), 1)
            speaker.load(file, messages)
            ours.append(timed(speaker, partial(way.wait_rows, log.rows + messages * A_MESSAGE)))
            _check(way, messages, 2 * turn + 1)
            way.close()
            assert log.rows == points + POINTS, f"{log.rows} rows are durable"
            commits += log.commits
            speaker.load(file, messages)
            took, read = paho_alone(port, speaker, "dc/hall-1/#", messages, peer)
            theirs.append(took)
            assert read == points
        speaker.close()
    ours, theirs = ours[1:], theirs[1:]  # the first warmed both
    rate, other = max(points / wall for wall, _ in ours), max(points / wall for wall, _ in theirs)
    return {
        "bench": NAME,
        "form": form,
        "size": points,
        "ours_points_s": round(rate),
        "peer": "paho on_message and a parse, nothing kept",
        "peer_points_s": round(other),
        "ratio": round(rate / other, 2),
        "runs": runs,
        "ours_median_points_s": round(statistics.median(points / wall for wall, _ in ours)),
        "peer_median_points_s": round(statistics.median(points / wall for wall, _ in theirs)),
        "ours_points_s_core": round(max(points / cpu for _, cpu in ours)),
        "peer_points_s_core": round(max(points / cpu for _, cpu in theirs)),
        "points_a_commit": round((points + POINTS) * (runs + 1) / commits),
    }


def _site() -> Snapshot:
    """Racks of 1,000 points each, found by their names."""
    return snapshot_of([f"demo:P{n} brick:isPointOf demo:Rack-{n // A_MESSAGE} ; dcx:samplePeriod 5 ." for n in range(POINTS)])


def _names(rack: int) -> list[str]:
    return [f"hall-1/it/rack-{rack}/p{n}" for n in range(rack * A_MESSAGE, (rack + 1) * A_MESSAGE)]


def _racks() -> int:
    return POINTS // A_MESSAGE


def _instant(turn: int) -> int:
    return START + turn * 100


START = round(time.time() * 1000) - 4_000


def _values(message: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.arange(A_MESSAGE) / 8 + message


def _json(messages: int, turn: int) -> Iterator[tuple[str, bytes]]:
    for n in range(messages):
        rack = n % _racks()
        names = [name.rpartition("/")[2] for name in _names(rack)]
        document = {"p": names, "v": _values(n).tolist(), "t": _instant(turn) + n // _racks()}
        yield f"dc/hall-1/it/rack-{rack}/$batch", orjson.dumps(document)


def _packed(messages: int, turn: int) -> Iterator[tuple[str, bytes]]:
    ids = [table_id(_names(rack)) for rack in range(_racks())]
    plain = np.zeros(A_MESSAGE, np.uint8)
    for n in range(messages):
        rack = n % _racks()
        times = np.full(A_MESSAGE, _instant(turn) + n // _racks(), np.int64)
        yield f"dc/hall-1/it/rack-{rack}/$packed", pack(Packed(ids[rack], None, _values(n), times, plain, plain))


def _parsed(payload: bytes) -> int:
    return len(orjson.loads(payload)["v"])


def _viewed(payload: bytes) -> int:
    return len(np.frombuffer(payload, "<f8", A_MESSAGE, HEAD.size))


def _announce(port: int) -> None:
    speaker = paho.Client(CallbackAPIVersion.VERSION2, "announcer")
    speaker.connect("127.0.0.1", port)
    speaker.loop_start()
    for rack in range(_racks()):
        names = _names(rack)
        speaker.publish(f"dc/$points/{table_id(names).hex()}", orjson.dumps(names), 1, retain=True).wait_for_publish(10)
    speaker.disconnect()
    speaker.loop_stop()


def _check(way: Way, messages: int, turn: int) -> None:
    """Every point of every rack has the last value said of it."""
    for rack in range(_racks()):
        last = max(n for n in range(messages) if n % _racks() == rack)
        rows = way.current.many([f"urn:ridethrough:demo:P{n}" for n in range(rack * A_MESSAGE, (rack + 1) * A_MESSAGE)])
        np.testing.assert_array_equal(_values(last), rows.values)
        assert set(rows.observed_at.tolist()) == {_instant(turn) + last // _racks()}
