"""The whole way of a value for the benches of MQTT: a real mosquitto, the wire, the checks, the table, a durable log, one subscriber."""

from __future__ import annotations

import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import paho.mqtt.client as paho
import pyoxigraph as ox
from paho.mqtt.enums import CallbackAPIVersion

from adapters.history.embedded import EmbeddedHistory
from adapters.mqtt.client import MqttClient
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.dialect import Dialect
from bench.mqtt_speaker import Speaker
from graph.current import CurrentValues
from graph.points import PointFacts, point_facts
from graph.snapshot import Snapshot
from graph.values import Samples, Slots
from ontology.namespaces import PREFIXES
from ontology.terms import QuadBlock, key_of
from tests.support.mosquitto import free_port, listens
from tests.support.tools import need
from twin.bus import Bus
from twin.events import ReadingStored
from twin.ingest import Ingest

INFLIGHT = 2_000
"""Messages that the broker has under way to one client; 20, which it has by default, wait for acknowledgements more than they travel."""

FOLLOWED = 1_000
"""Points that the subscriber follows: a full page of the explorer."""


def now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


@contextmanager
def broker() -> Iterator[int]:
    """A mosquitto of its own on the loopback; gives its port."""
    with tempfile.TemporaryDirectory() as folder:
        port, config = free_port(), Path(folder) / "mosquitto.conf"
        config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages {INFLIGHT}\nlog_type none\n"
            "set_tcp_nodelay true\nuser root\n",
            encoding="utf-8",
        )
        process = subprocess.Popen([need("mosquitto"), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own words
        try:
            assert listens(port)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def snapshot_of(statements: Sequence[str]) -> Snapshot:
    """A snapshot of Turtle; the known prefixes need not be declared."""
    text = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items()) + "\n".join(statements)
    triples = ox.parse(text.encode(), format=ox.RdfFormat.TURTLE)
    return Snapshot.of(QuadBlock.of((key_of(t.subject), t.predicate.value, key_of(t.object), "urn:bench") for t in triples))


class Log:
    """The service's own embedded history, durable with each batch, counted."""

    def __init__(self, folder: Path) -> None:
        self._history = EmbeddedHistory(folder / "history")
        self.rows = self.commits = 0

    def append(self, samples: Samples, names: Callable[[Slots], Sequence[str]]) -> None:
        """See `History.append`."""
        self._history.append(samples, names)
        self.rows += len(samples)
        self.commits += 1

    def close(self) -> None:
        """See `History.close`."""
        self._history.close()


class Way:
    """The service's own ingest over a broker, with one subscriber that follows the first thousand points."""

    def __init__(self, port: int, snapshot: Snapshot, log: Log, dialects: Sequence[Dialect] | None = None) -> None:
        """Returns when it listens."""
        self.points: dict[str, PointFacts] = dict(point_facts(snapshot))
        self.current, self.bus = CurrentValues(), Bus()
        self.ingest = Ingest(self.current, self.bus, now, self.points, log)  # type: ignore[arg-type]  # the log keeps, and answers nothing
        self.log = log
        self._port, self.changes = port, 0
        self._follow = self.current.follow(sorted(self.points)[:FOLLOWED])
        self.bus.subscribe(ReadingStored, self._heard)
        config = MqttConfig("127.0.0.1", port, client_id="ours", topics=(), batch_messages_max=5_000)
        self.wire = MqttClient(config, snapshot, self.ingest, now, dialects)
        self.wire.start()
        assert self.wire.wait_connected(10)

    def _heard(self, event: ReadingStored) -> None:
        self.changes += len(event.slots)
        self._follow()

    def wait(self, messages: int, timeout_s: float = 60.0) -> None:
        """Until so many messages in all are taken, and acknowledged."""
        end = time.perf_counter() + timeout_s
        while (done := self.wire.status().messages) < messages:
            assert time.perf_counter() < end, f"{done} of {messages} messages came"
            time.sleep(0.001)

    def wait_rows(self, rows: int, timeout_s: float = 60.0) -> None:
        """Until so many rows in all are durable."""
        end = time.perf_counter() + timeout_s
        while self.log.rows < rows:
            assert time.perf_counter() < end, f"{self.log.rows} of {rows} rows came"
            time.sleep(0.001)

    def close(self) -> None:
        """End it, and have the broker forget the session: it would keep what the peers are sent."""
        self.wire.close()
        self.log.close()
        forget = paho.Client(CallbackAPIVersion.VERSION2, "ours", clean_session=True)
        forget.connect("127.0.0.1", self._port)
        while not forget.is_connected():
            forget.loop(0.1)
        forget.disconnect()


def cpu_s() -> float:
    """Processor time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def timed(speaker: Speaker, wait: Callable[[], None]) -> tuple[float, float]:
    """Seconds of the clock and of the processor from when the publisher begins until `wait` returns."""
    cpu, start = cpu_s(), time.perf_counter()
    speaker.begin()
    wait()
    wall, used = time.perf_counter() - start, cpu_s() - cpu
    speaker.ended()
    return wall, used


def paho_alone(
    port: int, speaker: Speaker, topics: str, messages: int, read: Callable[[bytes], int] = lambda _: 0
) -> tuple[tuple[float, float], int]:
    """The same of paho with a callback that counts and has each payload read; and the sum of what `read` gave."""
    count, total, ready, done = 0, 0, Event(), Event()

    def on_message(_client: Any, _user: Any, message: paho.MQTTMessage) -> None:
        nonlocal count, total
        total += read(bytes(message.payload))
        count += 1
        if count == messages:
            done.set()

    def wait() -> None:
        assert done.wait(120), f"{count} of {messages} messages came"

    client = paho.Client(CallbackAPIVersion.VERSION2, "theirs")
    client.on_message = on_message
    client.on_connect = lambda c, *_: c.subscribe(topics, 1)
    client.on_subscribe = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert ready.wait(10)
    took = timed(speaker, wait)
    client.disconnect()
    client.loop_stop()
    return took, total
