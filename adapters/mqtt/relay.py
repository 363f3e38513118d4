"""The ingest process's side of the relay: what it has taken and made durable goes on to the other processes of its twin.

Rules of this file:

1. A connection of its own, beside the one that reads: its last will says that the process is gone, and what it sends holds up no reading.
2. Rows wait as the newest of each point and go out every `PACE_S`; the next lot waits until the socket has taken the one before. A broker
   that is slow is told less often, never from a longer queue; while it is away nothing waits, and after it all that is known is told.
3. What is lost on the way is lost to nobody: counts tell, and who has missed some says hello.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Any

import numpy as np
import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from adapters.mqtt.config import MqttConfig
from adapters.mqtt.link import tls_context
from adapters.mqtt.native_codec import table_id
from adapters.mqtt.relay_codec import PAGE, Left, Topics, by_page, encode_names, encode_rows, everything, newest, process_of
from adapters.mqtt.relay_status import Standing, encode_standing
from graph.current import CurrentValues
from graph.values import Samples

_log = logging.getLogger(__name__)

PACE_S = 0.05
"""How long rows wait for others at most, and how often a point is told again at most."""
ROWS_MAX = 200_000
"""Rows that wait before they are put together."""
STATUS_S = 2.0
"""How often it is told how this process stands."""
TAKEN_S_MAX = 10.0
"""How long the socket may take for a lot; then it is given up, and all that is known is told later."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another process that shares the ingest: its client id, whether it is there, and since when we have known that (monotonic, s)."""

    client_id: str
    online: bool
    since_s: float


class Relay:
    """`start`, `offer` what has become durable, `close`."""

    def __init__(self, config: MqttConfig, group: str, current: CurrentValues) -> None:
        """`config` as the reading wire has it. Raises `OSError` or `ValueError` for certificates that cannot be read."""
        self.client_id, self.process = config.client_id, process_of(config.client_id)
        self._config, self._topics, self._current = config, Topics.of(group), current
        self._lock, self._stop = Lock(), Event()
        self._waiting: list[Samples] = []
        self._rows = 0
        self._connected, self._greet = Event(), Event()
        self._peers: dict[str, Peer] = {}
        self._left: dict[str, Left] = {}
        self._pages: dict[int, bytes] = {}
        self._named = 0
        """Slots whose names have been announced on this connection."""
        self._begun, self._count = time.time_ns() // 1_000_000, 0
        self._standing: Callable[[], Standing] = Standing
        self._status_at = 0.0
        self.told = 0
        """Rows that have gone out."""
        five = config.protocol == "5"
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            f"{config.client_id}-relay",
            None if five else True,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
        )
        self._client.connect_timeout = config.connect_timeout_s
        if config.username:
            self._client.username_pw_set(config.username, config.password or None)
        if config.tls:
            self._client.tls_set_context(tls_context(config))
        self._client.will_set(self._topics.process(self.process), self._presence(online=False), 1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._thread = Thread(target=self._run, name="relay", daemon=True)

    # -- life -------------------------------------------------------------------------------------------------------

    def start(self, standing: Callable[[], Standing] = Standing) -> None:
        """Connect, and go on trying; returns at once. `standing` says how this process stands; it must not wait."""
        self._standing = standing
        shortest: Any = self._config.reconnect_s_min  # paho says int; its wait takes any number of seconds
        longest: Any = self._config.reconnect_s_max
        self._client.reconnect_delay_set(shortest, longest)
        self._client.connect_async(self._config.host, self._config.port, self._config.keepalive_s)
        self._client.loop_start()
        self._thread.start()

    def close(self) -> None:
        """Say what waits, say that we are gone, and go. A second call does nothing."""
        if self._stop.is_set():
            return
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(TAKEN_S_MAX)
        if self._connected.is_set():
            gone = self._client.publish(self._topics.process(self.process), self._presence(online=False), 1, retain=True)
            try:
                gone.wait_for_publish(self._config.send_timeout_s)
            except (RuntimeError, ValueError):
                _log.debug("the broker went before it took our leave; its last will of us says the same")
        self._client.disconnect()
        self._client.loop_stop()
        self._client._reset_sockets(sockpair_only=True)  # the library leaves the pair that wakes it to the collector

    def wait_connected(self, timeout_s: float) -> bool:
        """Whether the broker answers within `timeout_s`."""
        return self._connected.wait(timeout_s)

    def offer(self, samples: Samples) -> None:
        """Rows that are durable; returns at once. While the broker is away they are let go."""
        if not self._connected.is_set():
            return
        with self._lock:
            self._waiting.append(samples)
            self._rows += len(samples)
            if self._rows > ROWS_MAX:
                self._waiting = [newest(Samples.joined(self._waiting))]
                self._rows = len(self._waiting[0])

    def peers(self) -> Mapping[str, Peer]:
        """The other processes that have shared the ingest, by name."""
        return dict(self._peers)

    def left(self) -> Mapping[str, Left]:
        """The sessions that are nobody's, by client id; `done` with one forgets it."""
        owned = {self.client_id, *(peer.client_id for peer in self.peers().values())}
        return {name: left for name, left in self._left.copy().items() if name not in owned}

    def done(self, client_id: str) -> None:
        """A session that was nobody's is looked after."""
        self._left.pop(client_id, None)

    # -- the library's callbacks (its network thread) -----------------------------------------------------------------

    def _on_connect(self, client: paho.Client, _user: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            return
        client.subscribe([(self._topics.hello, 0), (self._topics.process("+"), 1), (self._topics.left("+"), 1)])
        client.publish(self._topics.process(self.process), self._presence(online=True), 1, retain=True)
        self._greet.set()
        self._connected.set()

    def _on_disconnect(self, _client: paho.Client, _user: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        self._connected.clear()
        with self._lock:
            self._waiting, self._rows = [], 0

    def _on_message(self, _client: paho.Client, _user: Any, message: paho.MQTTMessage) -> None:
        if message.topic == self._topics.hello:
            self._greet.set()
            return
        name = message.topic.rpartition("/")[2]
        if message.topic == self._topics.left(name):
            if (left := Left.decode(bytes(message.payload))) is not None:
                self._left[left.client_id] = left
            return
        try:
            said = orjson.loads(message.payload)
            peer = Peer(str(said["client"]), said["state"] == "online", time.monotonic())
        except (orjson.JSONDecodeError, KeyError, TypeError):
            self._peers.pop(name, None)
            return
        if name != self.process:
            self._peers[name] = peer

    # -- telling ------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.wait(PACE_S):
            self._turn()
        self._turn()

    def _turn(self) -> None:
        if not self._connected.is_set():
            return
        try:
            if self._greet.is_set():
                self._greet.clear()
                self._tell_all()
            with self._lock:
                waiting, self._waiting, self._rows = self._waiting, [], 0
            if waiting:
                self._tell(newest(Samples.joined(waiting)))
            if time.monotonic() - self._status_at >= STATUS_S:
                self._status_at = time.monotonic()
                self._client.publish(self._topics.status(self.process), encode_standing(self._standing()))
        except Exception as error:
            self._greet.set()
            if self._connected.is_set():
                _log.warning("values could not be passed on: %s; all that is known is told again", error)

    def _tell_all(self) -> None:
        """Names, then everything that is known: to who has just come, and after each break."""
        self._pages, self._named = {}, 0
        slots = self._current.everything()[0]
        self._announce()
        self._tell(everything(slots, self._current.rows(slots)))

    def _tell(self, rows: Samples) -> None:
        if not len(rows):
            return
        if int(rows.slots.max()) >= self._named:
            self._announce()
        last = None
        for page, own in by_page(rows):
            self._count += 1
            payload = encode_rows(self._begun, self._count, self._pages[page], own, page * PAGE)
            last = self._client.publish(self._topics.values(self.process), payload)
        self.told += len(rows)
        if last is not None:
            last.wait_for_publish(TAKEN_S_MAX)
            if not last.is_published():
                raise TimeoutError(f"the broker took nothing for {TAKEN_S_MAX:g} s")

    def _announce(self) -> None:
        """Names of pages that are new or have grown."""
        known = self._current.known()
        for page in range(self._named // PAGE, -(-known // PAGE)):
            names = self._current.points(np.arange(page * PAGE, min((page + 1) * PAGE, known), dtype=np.int32))
            self._pages[page] = table_id(names)
            self._client.publish(self._topics.points(self.process, page), encode_names(names), 1, retain=True)
        self._named = known

    def _presence(self, *, online: bool) -> bytes:
        return orjson.dumps({"client": self.client_id, "state": "online" if online else "offline"})
