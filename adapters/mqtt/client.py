"""The MQTT socket: subscribes to what the graph binds, hands batches to the sink, acknowledges after that, publishes commands once.

Rules of this file:

1. A message of QoS 1 is acknowledged when the sink has taken it, never before; until then the broker's persistent session holds it.
   One exception: what the sink fails on three times is buried (rule 4), for it would fail for ever and hold up all that comes after it.
2. An acknowledgement goes to the connection on which its message came: after a reconnect the broker sends the message again, and its
   number may by then stand for another.
3. The queue is bounded; while it is full the socket is not read, and the broker keeps the rest.
4. Poison is acknowledged, kept in a bounded ring of dead letters and counted; it never comes twice and never stops the wire.
5. A command goes out at QoS 0, which is MQTT's *at most once*: a library that sends QoS 1 again after a reconnect would write twice.
"""

from __future__ import annotations

import logging
import random
import socket
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from adapters.mqtt.bindings import MqttBindings
from adapters.mqtt.codec import Rows, decode, encode
from adapters.mqtt.config import MqttConfig
from graph.commands import Command
from graph.ports import Clock, DeviceRefused, DeviceUnknown, ReadingSink
from graph.references import Unbound

_log = logging.getLogger(__name__)

SINK_ATTEMPTS = 3
"""How often a batch is offered to a sink that fails, before its messages become dead letters."""
COMMAND_EXPIRY_S = 10
"""A command that a broker could not hand on for so long is not handed on at all (reliability reference 6)."""
DEAD_LETTER_BYTES = 1_024
"""How much of a poison payload is kept to be looked at."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A payload that could not be read: its topic, its beginning, why, and when it came."""

    topic: str
    payload: bytes
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UnboundTopic:
    """A topic that speaks and that no point listens to: how often, when last, and why it is not bound."""

    topic: str
    count: int
    last_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class MqttStatus:
    """The wire now: whether the broker answers, connections so far, messages taken, payloads that were poison, messages that wait."""

    connected: bool
    connections: int
    messages: int
    poison: int
    queued: int


@dataclass(slots=True)
class _Message:
    topic: str
    payload: bytes
    retained: bool
    qos: int
    number: int
    connection: int
    at: datetime


class MqttClient:
    """One broker. `start`, `rebind` when the graph changes, `close`; as a `DevicePort` it writes points with a `dcx:commandTopic`."""

    def __init__(self, config: MqttConfig, bindings: MqttBindings, sink: ReadingSink, clock: Clock) -> None:
        """Nothing is connected before `start`."""
        self._config, self._bindings, self._sink, self._clock = config, bindings, sink, clock
        self._lock = Lock()
        self._queue: Queue[_Message] = Queue(config.queue_messages_max)
        self._stop = Event()
        self._connected = Event()
        self._connection = self._messages = self._poison = self._failures = 0
        self._dead: deque[DeadLetter] = deque(maxlen=config.dead_letters_max)
        self._unbound: OrderedDict[str, UnboundTopic] = OrderedDict()
        self._client = _paho(config)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._worker = Thread(target=self._run, name="mqtt-ingest", daemon=True)

    # -- life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Connect, and go on trying while the broker is away; returns at once."""
        properties = None
        if self._config.protocol == "5":
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves this constructor without annotations
            properties.SessionExpiryInterval = self._config.session_expiry_s
        clean = False if self._config.protocol == "5" else paho.MQTT_CLEAN_START_FIRST_ONLY
        self._client.connect_async(self._config.host, self._config.port, self._config.keepalive_s, clean_start=clean, properties=properties)
        self._back_off()
        self._worker.start()
        self._client.loop_start()

    def close(self) -> None:
        """Take what has been read, then let go of the broker; it keeps the session. A second call does nothing."""
        if self._stop.is_set():
            return
        self._stop.set()
        if self._worker.is_alive():
            self._worker.join(self._config.send_timeout_s)
        self._client.disconnect()
        self._client.loop_stop()

    def wait_connected(self, timeout_s: float) -> bool:
        """Whether the broker answers within `timeout_s`."""
        return self._connected.wait(timeout_s)

    def rebind(self, bindings: MqttBindings) -> None:
        """Take the bindings of another revision, whole; subscriptions follow."""
        with self._lock:
            before, self._bindings = set(self._filters()), bindings
            after = set(self._filters())
            for topic in [topic for topic in self._unbound if topic in bindings.entries]:
                del self._unbound[topic]
        if self._connected.is_set():
            if before - after:
                self._client.unsubscribe(sorted(before - after))
            self._subscribe(sorted(after - before))

    # -- looking at it --------------------------------------------------------------------------------------------

    def status(self) -> MqttStatus:
        """The wire now."""
        return MqttStatus(self._connected.is_set(), self._connection, self._messages, self._poison, self._queue.qsize())

    def unbound(self, first: int = 1_000) -> Sequence[UnboundTopic]:
        """Topics that nothing listens to, in order of topics; a bounded table, those heard longest ago leave it first."""
        with self._lock:
            return list(islice(sorted(self._unbound.values(), key=lambda one: one.topic), first))

    def dead_letters(self) -> Sequence[DeadLetter]:
        """The newest poison payloads, oldest first."""
        with self._lock:
            return list(self._dead)

    def unusable(self) -> Sequence[Unbound]:
        """The references of the graph that this wire cannot use, and why."""
        return self._bindings.unbound

    # -- commands -------------------------------------------------------------------------------------------------

    @property
    def send_s_max(self) -> float:
        """Seconds after which `send` has ended. What a socket that hangs still holds then is dropped with the connection (keep-alive)."""
        return self._config.send_timeout_s

    def serves(self, point: str) -> bool:
        """Whether the point has a `dcx:commandTopic`."""
        return point in self._bindings.targets

    def send(self, command: Command) -> None:
        """Publish the command once, not retained.

        Raises `DeviceRefused` when nothing left this host, `DeviceUnknown` when nobody can tell.
        """
        target = self._bindings.targets.get(command.point)
        if target is None:
            raise DeviceRefused(f"{command.point} has no dcx:commandTopic: nothing was sent")
        if not self._connected.is_set():
            raise DeviceRefused(f"the broker {self._config.host}:{self._config.port} is away: nothing was sent")
        properties = None
        if self._config.protocol == "5":
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # as above
            properties.MessageExpiryInterval = COMMAND_EXPIRY_S
            properties.CorrelationData = command.id.encode()
        info = self._client.publish(target.topic, encode(target, command.value), qos=0, retain=False, properties=properties)
        if info.rc == MQTTErrorCode.MQTT_ERR_NO_CONN:
            raise DeviceRefused(f"the broker {self._config.host}:{self._config.port} is away: nothing was sent")
        try:
            info.wait_for_publish(self._config.send_timeout_s)
        except (RuntimeError, ValueError) as error:
            raise DeviceUnknown(f"the connection broke while the command went out: {error}") from error
        if not info.is_published():
            raise DeviceUnknown(f"the broker took nothing for {self._config.send_timeout_s:g} s")

    # -- the library's callbacks (its network thread) ---------------------------------------------------------------

    def _on_connect(self, _client: paho.Client, _user: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._failures += 1
            if self._failures == 1:
                _log.warning("the broker %s:%d refuses us: %s", self._config.host, self._config.port, reason)
            return
        if self._failures or self._connection:
            _log.warning("the broker %s:%d answers again", self._config.host, self._config.port)
        self._failures = 0
        with self._lock:
            self._connection += 1
            filters = self._filters()
        self._connected.set()
        self._subscribe(filters)

    def _on_connect_fail(self, _client: paho.Client, _user: Any) -> None:
        self._lost("does not answer")

    def _on_disconnect(self, _client: paho.Client, _user: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._connected.clear()
        if not self._stop.is_set():
            self._lost(f"is gone: {reason}")

    def _lost(self, what: str) -> None:
        self._failures += 1
        if self._failures == 1:
            _log.warning("the broker %s:%d %s; it is tried again", self._config.host, self._config.port, what)
        self._back_off()

    def _back_off(self) -> None:
        """Full jitter: anything between the shortest time and a limit that doubles with each failure."""
        config = self._config
        limit = min(config.reconnect_s_max, config.reconnect_s_min * 2.0 ** min(self._failures, 16))
        delay: Any = random.uniform(config.reconnect_s_min, limit)  # paho says int; its wait takes any number of seconds
        self._client.reconnect_delay_set(delay, delay)

    def _filters(self) -> Sequence[str]:
        return self._bindings.filters(self._config.topics)

    def _subscribe(self, filters: Sequence[str]) -> None:
        if filters:
            self._client.subscribe([(topic, 1) for topic in filters])

    def _on_message(self, _client: paho.Client, _user: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "\ufffd"
        item = _Message(topic, bytes(message.payload), message.retain, message.qos, message.mid, self._connection, self._clock())
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=0.5)
            except Full:
                continue
            else:
                return

    # -- the worker -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            try:
                messages = [self._queue.get(timeout=0.1)]
            except Empty:
                if self._stop.is_set():
                    return
                continue
            try:
                while len(messages) < self._config.batch_messages_max:
                    messages.append(self._queue.get_nowait())
            except Empty:
                pass
            self._take(messages)

    def _take(self, messages: Sequence[_Message]) -> None:
        """Whatever the messages hold, this returns: the wire has one worker, and nothing is read without it."""
        try:
            taken = self._handed_on(messages)
        except Exception:
            _log.exception("%d messages could not be read; they are dead letters", len(messages))
            taken = False
        if not taken:
            for message in messages:
                self._bury(message, "the readings could not be taken; the log says why")
        self._messages += len(messages)
        for message in messages:
            if message.qos and message.connection == self._connection:
                self._client.ack(message.number, message.qos)

    def _handed_on(self, messages: Sequence[_Message]) -> bool:
        rows = Rows()
        for message in messages:
            self._decode(message, rows)
        return not len(rows) or self._offer(rows)

    def _offer(self, rows: Rows) -> bool:
        batch = rows.batch()
        for attempt in range(SINK_ATTEMPTS):
            try:
                self._sink.accept(batch)
            except Exception:
                _log.exception("a batch of %d readings was not taken, attempt %d of %d", len(batch), attempt + 1, SINK_ATTEMPTS)
                self._stop.wait(0.1 * 2**attempt)
            else:
                return True
        return False

    def _decode(self, message: _Message, rows: Rows) -> None:
        entries = self._bindings.entries.get(message.topic)
        if entries is None:
            return None if message.topic in self._bindings.command_topics else self._count_unbound(message)
        received_at = round(message.at.timestamp() * 1000)
        bytes_max = self._config.payload_bytes_max
        finding = decode(rows, message.payload, entries, received_at, retained=message.retained, bytes_max=bytes_max)
        if finding:
            self._bury(message, finding)
        return None

    def _bury(self, message: _Message, reason: str) -> None:
        with self._lock:
            self._poison += 1
            self._dead.append(DeadLetter(message.topic, message.payload[:DEAD_LETTER_BYTES], reason, message.at))

    def _count_unbound(self, message: _Message) -> None:
        with self._lock:
            known = self._unbound.pop(message.topic, None)
            reason = known.reason if known else self._why_unbound(message.topic)
            self._unbound[message.topic] = UnboundTopic(message.topic, known.count + 1 if known else 1, message.at, reason)
            while len(self._unbound) > self._config.unbound_topics_max:
                self._unbound.popitem(last=False)

    def _why_unbound(self, topic: str) -> str:
        given = next((one.reason for one in self._bindings.unbound if one.target == topic), None)
        return given or "no dcx:MQTTReference of the graph names this topic"


def _paho(config: MqttConfig) -> paho.Client:
    """The library's client for the configuration: persistent session, acknowledgements by hand."""
    five = config.protocol == "5"
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        config.client_id,
        None if five else False,
        protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
        manual_ack=True,
    )
    client.connect_timeout = config.connect_timeout_s
    client.on_socket_open = _no_delay
    if config.username:
        client.username_pw_set(config.username, config.password or None)
    if config.tls:
        client.tls_set()
    return client


def _no_delay(_client: paho.Client, _user: Any, connection: Any) -> None:
    """Send each acknowledgement at once: a broker has 20 messages under way by default, and Nagle's algorithm made that 300 a second."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
