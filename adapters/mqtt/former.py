"""A session with the broker that nobody reads any more: its process has another role now. What waits there is taken in; then it is ended.

Rules of this file:

1. Its subscriptions are left first: what comes from then on comes by those of the processes that take in.
2. Then a mark goes through it, behind all that waits. When the mark has come and been taken, nothing waits any more, and the session is
   ended. It is said again while it does not come: a queue that is full drops it.
3. Whatever breaks before that leaves the session as it is; it is tried when its process says again that the session is nobody's.
4. A value without a time of its own was said before this process began to listen, or has been taken already: it gets the time of that
   instant, each of a point a millisecond after the one before, so that it stands in for no newer one.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from adapters.mqtt.client import MqttClient
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.dialect import Dialect, Intake, Message, Publication, SlotsOf
from adapters.mqtt.link import tls_context
from adapters.mqtt.relay_codec import Left, Topics, process_of
from adapters.mqtt.subscriptions import wanted
from graph.snapshot import Snapshot

_log = logging.getLogger(__name__)

MARK_S = 1.0
"""How long a mark is waited for before it is said again."""
GIVEN_UP_S = 10.0
"""How long the broker may let us wait for the session."""


class Former:
    """One such session. `start`, then `step` now and then until it is over; `close`."""

    def __init__(
        self,
        config: MqttConfig,
        left: Left,
        dialects: Sequence[Dialect],
        wire: Callable[[MqttConfig, Sequence[Dialect]], MqttClient],
        since_ms: int,
    ) -> None:
        """`config` as the wire of this process has it, which listens since `since_ms`; `dialects` such as are spoken there, not yet bound.
        `wire` makes one."""
        self._left, self._dialects, self._group = left, dialects, config.share_group
        self._mark = _Mark(Topics.of(config.share_group).mark(process_of(left.client_id)))
        self._config = replace(config, client_id=left.client_id, topics=(), share_group="")
        self.wire = wire(self._config, [self._mark, *(_Waiting(dialect, since_ms) for dialect in dialects)])
        self._begun = self._said = 0.0
        self.over = False
        """Whether there is nothing left to do: all has been taken in, or it was given up."""

    def start(self) -> None:
        """Connect; returns at once."""
        self._begun = time.monotonic()
        self.wire.start()

    def step(self) -> None:
        """Go on as far as it goes now."""
        status, now = self.wire.status(), time.monotonic()
        if self.over:
            return
        if self._mark.heard.is_set():
            self.wire.close()
            end_session(self._config)
            if waited := self.wire.status().messages - self._mark.count:
                text = "the session %s, whose process has another role now, is ended: %d messages that waited there were taken in"
                _log.warning(text, self._left.client_id, waited)
            self.over = True
        elif status.connections > 1 or (status.connections and status.error) or (not self._said and now - self._begun > GIVEN_UP_S):
            self.wire.close()
            _log.warning("what waits in the session %s could not be had: %s", self._left.client_id, status.error or "no answer")
            self.over = True
        elif status.connected and now - self._said >= MARK_S:
            self.wire.pass_through(() if self._said else self._subscribed(), self._mark.publication)
            self._said = now

    def close(self) -> None:
        """Let go of it as it is."""
        self.wire.close()

    def _subscribed(self) -> list[str]:
        """What its process has subscribed to, for itself or shared."""
        topics = replace(self._config, topics=self._left.topics)
        return sorted({each for group in ("", self._group) for each in wanted(self._dialects, replace(topics, share_group=group))})


class _Mark(Dialect):
    """What is said last, and hears itself."""

    name = "mark"

    def __init__(self, topic: str) -> None:
        self.publication = Publication(topic, b"", 1)
        self.heard, self.count = Event(), 0

    def bind(self, snapshot: Snapshot, slots: SlotsOf) -> None:
        """See `Dialect.bind`. Nothing is read."""

    def everywhere(self) -> Sequence[str]:
        """See `Dialect.everywhere`."""
        return [self.publication.topic]

    def take(self, message: Message, intake: Intake) -> bool:
        """See `Dialect.take`."""
        del intake
        if message.topic != self.publication.topic:
            return False
        self.count += 1
        self.heard.set()
        return True


class _Waiting(Dialect):
    """A language of which only what waits is read (rules 1 and 4)."""

    def __init__(self, spoken: Dialect, since_ms: int) -> None:
        self._spoken, self._since, self.name = spoken, since_ms, spoken.name
        self._without_time: Counter[int] = Counter()

    def bind(self, snapshot: Snapshot, slots: SlotsOf) -> None:
        """See `Dialect.bind`."""
        self._spoken.bind(snapshot, slots)

    def take(self, message: Message, intake: Intake) -> bool:
        """See `Dialect.take`."""
        before = len(intake.observed)
        taken = self._spoken.take(message, intake)
        for row in range(before, len(intake.observed)):
            if intake.observed[row] == intake.now:
                slot = intake.slots[row]
                intake.observed[row] = min(intake.now, self._since + self._without_time[slot])
                self._without_time[slot] += 1
        return taken


def end_session(config: MqttConfig) -> None:
    """Have the broker forget the session of a client id: a connection that begins anew drops what is there (MQTT 5, 3.1.2.4). What cannot
    be done is left to the broker, which ends sessions by itself after a time."""
    five = config.protocol == "5"
    version = MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311
    client = paho.Client(CallbackAPIVersion.VERSION2, config.client_id, None if five else True, protocol=version)
    client.connect_timeout = config.connect_timeout_s
    answered = Event()
    client.on_connect = lambda *_: answered.set()
    if config.username:
        client.username_pw_set(config.username, config.password or None)
    try:
        if config.tls:
            client.tls_set_context(tls_context(config))
        client.connect(config.host, config.port, clean_start=True if five else paho.MQTT_CLEAN_START_FIRST_ONLY)
        client.loop_start()
        answered.wait(config.connect_timeout_s)
        client.disconnect()
        client.loop_stop()
    except (OSError, ValueError) as error:
        _log.warning("the session %s could not be ended: %s", config.client_id, error)
    finally:
        client._reset_sockets(sockpair_only=True)  # the library leaves the pair that wakes it to the collector
