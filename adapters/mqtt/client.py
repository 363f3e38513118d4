"""The MQTT wire: one broker, several dialects; hands batches to the sink, acknowledges after that, publishes commands once.

Rules of this file:

1. A message of QoS 1 is acknowledged when the sink has taken it, never before; until then the broker's persistent session holds it.
   One exception: what the sink fails on three times is buried (rule 4), for it would fail for ever and hold up all that comes after it.
2. An acknowledgement goes to the connection on which its message came, or nowhere (`adapters/mqtt/link.py`).
3. The inbox is bounded; while it is full the socket is not read, and the broker keeps the rest.
4. Poison is acknowledged, kept in a bounded ring of dead letters and counted; it never comes twice and never stops the wire.
5. A command goes out at QoS 0, which is MQTT's *at most once*: a library that sends QoS 1 again after a reconnect would write twice.
6. A broker that is away for longer than `link_s_max` makes every point that it fed `NO_COMMUNICATION`, for the reason `LINK`; one that
   comes back and has forgotten our session has lost what it held: that is counted, and the points are marked once more, `GAP`. So it is
   where we come back (`adapters/mqtt/session.py`).
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from threading import Event, Thread
from typing import Any

import numpy as np
import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from adapters.mqtt.bound import Bound
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.dialect import NO_SLOTS, Dialect, Heard, Intake, Message, Publication
from adapters.mqtt.inbox import Inbox
from adapters.mqtt.link import Link, why_not
from adapters.mqtt.native import Native
from adapters.mqtt.session import Session
from adapters.mqtt.strays import DeadLetter, Strays, UnboundTopic
from adapters.mqtt.subscriptions import Subscriptions
from graph.commands import Command
from graph.ports import Clock, DeviceRefused, DeviceUnknown, ReadingSink
from graph.references import Unbound, statement
from graph.snapshot import Snapshot
from graph.steps import reached
from graph.values import Quality, Reason, Samples, Slots
from twin.recording import Record
from twin.sync import Wish

_log = logging.getLogger(__name__)
_dice = Random()

SINK_ATTEMPTS = 3
"""How often a batch is offered to a sink that fails, before its messages become dead letters."""
TICK_S = 1.0
"""How often dialects are told that time passes, and the link is looked at."""
NOT_NAMED = "no dcx:MQTTReference of the graph names this topic"


@dataclass(frozen=True, slots=True)
class MqttStatus:
    """The wire now: whether the broker answers, connections so far, messages taken, payloads that were poison, messages that wait, messages
    of no point, sessions that the broker has lost with what it held for us, and what is wrong with it: why it does not answer, or which
    subscriptions it refuses."""

    connected: bool
    connections: int
    messages: int
    poison: int
    queued: int
    unbound: int = 0
    sessions_lost: int = 0
    error: str = ""
    missing: int = 0
    """Messages that were lost on the way, by what senders themselves count."""


class MqttClient:
    """One broker. `start`, `rebind` when the graph changes, `close`; as a `DevicePort` it writes the points that a dialect serves."""

    def __init__(
        self,
        config: MqttConfig,
        snapshot: Snapshot,
        sink: ReadingSink,
        clock: Clock,
        dialects: Sequence[Dialect] | None = None,
        wishes: Callable[[Wish], None] | None = None,
        record: Callable[[Sequence[Record]], None] | None = None,
        session: Session | None = None,
    ) -> None:
        """Nothing is connected before `start`. `dialects` in the order in which they are asked for a message; the graph's own references
        where none are given. `wishes` takes what a dialect has learned about the plant, at once: it is called between batches.
        `record` is told what is taken together, before it is read; it must not wait. `session`: what an earlier process knew of it; left
        out, a broker that has lost it while no process was there is not noticed."""
        self._record = record
        self._config, self._sink, self._clock, self._wishes = config, sink, clock, wishes
        self._dialects = list(dialects) if dialects is not None else _spoken(config)
        self._inbox = Inbox(config.queue_messages_max)
        self._strays = Strays(config.dead_letters_max, config.unbound_topics_max)
        self._stop, self._connected, self._greet = Event(), Event(), Event()
        self._subscriptions = Subscriptions(self._dialects, config)
        self._session = session or Session(config)
        self._connections = self._messages = self._failures = self._sessions_lost = 0
        self._error = ""
        self._lost_at: float | None = None
        self._linked = True
        self._session_lost = False
        self._bind(snapshot)
        self._link = Link(config, self._on_messages)
        self._link.on_pre_connect = self._on_pre_connect
        self._link.on_connect = self._on_connect
        self._link.on_subscribe = self._on_subscribe
        self._link.on_connect_fail = self._on_connect_fail
        self._link.on_disconnect = self._on_disconnect
        self._worker = Thread(target=self._run, name="mqtt-ingest", daemon=True)

    # -- life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Connect, and go on trying while the broker is away; returns at once."""
        self._back_off()
        self._worker.start()
        self._link.begin(self._config)

    def close(self) -> None:
        """Take what has been read, then let go of the broker; it keeps the session. A second call does nothing."""
        if self._stop.is_set():
            return
        self._stop.set()
        if self._worker.is_alive():
            self._worker.join(self._config.send_timeout_s)
        self._take_leave()
        self._link.disconnect()
        self._link.loop_stop()
        self._link._reset_sockets(sockpair_only=True)  # the library leaves the pair that wakes it to the collector

    def _take_leave(self) -> None:
        """Have said what dialects say last; it has gone out when this returns, if the broker takes it in time."""
        intake = Intake(self._now())
        for dialect in self._dialects:
            dialect.leaving(intake)
        for info in self._say(intake.says) if self._connected.is_set() else ():
            with suppress(RuntimeError, ValueError):
                info.wait_for_publish(self._config.send_timeout_s)

    def wait_connected(self, timeout_s: float) -> bool:
        """Whether the broker has taken our subscriptions within `timeout_s`."""
        return self._connected.wait(timeout_s)

    def rebind(self, snapshot: Snapshot) -> None:
        """Take another revision of the graph: every dialect is bound anew, subscriptions follow, unbound topics with a point leave."""
        self._bind(snapshot)
        self._strays.rebound(lambda topic: any(dialect.knows(topic) for dialect in self._dialects))
        self._resubscribe()

    def _bind(self, snapshot: Snapshot) -> None:
        for dialect in self._dialects:
            dialect.bind(snapshot, self._sink.slots)

    def _fed(self) -> Slots:
        """The points that this wire feeds."""
        return np.unique(np.concatenate([NO_SLOTS, *(dialect.fed() for dialect in self._dialects)]))

    # -- looking at it --------------------------------------------------------------------------------------------

    def status(self) -> MqttStatus:
        """The wire now."""
        strays, lost = self._strays, self._sessions_lost
        counts = self._connections, self._messages, strays.poison, len(self._inbox), strays.unbound_messages, lost
        connected = self._connected.is_set()
        return MqttStatus(connected, *counts, self._subscriptions.refused() if connected else self._error, self.missing())

    def missing(self) -> int:
        """Messages that were lost on the way, by what senders themselves count."""
        return sum(dialect.missing() for dialect in self._dialects)

    def unbound(self, first: int = 1_000) -> Sequence[UnboundTopic]:
        """Topics that nothing listens to, in order of topics; a bounded table, those heard longest ago leave it first."""
        found = self._strays.topics(first)
        return [
            replace(one, suggestion=statement("MQTTReference", {"topic": one.topic})) if one.reason == NOT_NAMED else one for one in found
        ]

    def dead_letters(self) -> Sequence[DeadLetter]:
        """The newest poison payloads, oldest first."""
        return self._strays.letters()

    def unusable(self) -> Sequence[Unbound]:
        """The references of the graph that this wire cannot use, and why."""
        return [one for dialect in self._dialects for one in dialect.unusable()]

    # -- commands -------------------------------------------------------------------------------------------------

    @property
    def send_s_max(self) -> float:
        """Seconds after which `send` has ended. What a socket that hangs still holds then is dropped with the connection (keep-alive)."""
        return self._config.send_timeout_s

    def serves(self, point: str) -> bool:
        """Whether a dialect can write the point."""
        return any(dialect.serves(point) for dialect in self._dialects)

    def send(self, command: Command) -> None:
        """Publish the command once, not retained.

        Raises `DeviceRefused` when nothing left this host, `DeviceUnknown` when nobody can tell.
        """
        dialect = next((one for one in self._dialects if one.serves(command.point)), None)
        if dialect is None:
            raise DeviceRefused(f"{command.point} has no dcx:commandTopic: nothing was sent")
        request = dialect.request(command)
        away = f"the broker {self._config.host}:{self._config.port} is away: nothing was sent"
        if not self._connected.is_set():
            raise DeviceRefused(away)
        info = self._publish(request)
        if info.rc == MQTTErrorCode.MQTT_ERR_NO_CONN:
            raise DeviceRefused(away)
        try:
            info.wait_for_publish(self._config.send_timeout_s)
        except (RuntimeError, ValueError) as error:
            raise DeviceUnknown(f"the connection broke while the command went out: {error}") from error
        if not info.is_published():
            raise DeviceUnknown(f"the broker took nothing for {self._config.send_timeout_s:g} s")

    def _say(self, says: Sequence[Publication]) -> list[paho.MQTTMessageInfo]:
        """Publish what dialects want said; what no broker would take is told."""
        infos = []
        for said in says:
            try:
                infos.append(self._publish(said))
            except ValueError as error:
                _log.warning("nothing can be said on %r: %s", said.topic, error)
        return infos

    def _publish(self, said: Publication) -> paho.MQTTMessageInfo:
        properties = None
        if self._config.protocol == "5" and (said.expiry_s is not None or said.correlation):
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves this constructor without annotations
            if said.expiry_s is not None:
                properties.MessageExpiryInterval = said.expiry_s
            if said.correlation:
                properties.CorrelationData = said.correlation
        return self._link.publish(said.topic, said.payload, qos=said.qos, retain=said.retain, properties=properties)

    def pass_through(self, left: Sequence[str], said: Publication) -> None:
        """Leave subscriptions that the session has of before, then say something: whatever waits in the session comes before it."""
        if left:
            self._link.unsubscribe(list(left))
        self._publish(said)

    # -- the library's callbacks (its network thread) ---------------------------------------------------------------

    def _on_pre_connect(self, _client: paho.Client, _user: Any) -> None:
        will = next((will for dialect in self._dialects if (will := dialect.will(self._now())) is not None), None)
        if will is not None:
            self._link.will_set(will.topic, will.payload, will.qos, will.retain)

    def _on_connect(self, _client: paho.Client, _user: Any, flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._lost(f"refuses us: {reason}")
            return
        if self._session.known and not flags.session_present:
            self._sessions_lost += 1
            self._session_lost = True
            _log.warning("the broker %s:%d has forgotten our session, and what it held for us", self._config.host, self._config.port)
        self._connections += 1
        if not self._subscriptions.anew(self._link):
            self._listening()

    def _on_subscribe(self, _client: paho.Client, _user: Any, number: int, reasons: Sequence[Any], _properties: Any) -> None:
        answers = [not reason.is_failure for reason in reasons]
        self._subscriptions.answered(number, answers)
        if any(answers):
            self._session.taken()
        self._listening()

    def _listening(self) -> None:
        """From now on what is said reaches us: a broker that ends each connection before this is tried ever more rarely."""
        if not self._connected.is_set():
            if self._failures or self._connections > 1:
                _log.warning("the broker %s:%d answers again", self._config.host, self._config.port)
            self._failures, self._error = 0, ""
            self._connected.set()
            self._greet.set()

    def _on_connect_fail(self, _client: paho.Client, _user: Any) -> None:
        """The library calls this while it handles what went wrong."""
        self._lost(why_not(sys.exc_info()[1]))

    def _on_disconnect(self, _client: paho.Client, _user: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if self._connected.is_set():
            self._lost_at = time.monotonic()
        self._connected.clear()
        if not self._stop.is_set():
            self._lost(f"is gone: {reason}")

    def _lost(self, what: str) -> None:
        self._failures += 1
        if self._failures == 1 or (what != self._error and what.startswith("refuses")):
            _log.warning("the broker %s:%d %s; it is tried again", self._config.host, self._config.port, what)
        self._error = what
        self._back_off()

    def _back_off(self) -> None:
        """Full jitter: anything between the shortest time and a limit that doubles with each failure."""
        config = self._config
        limit = min(config.reconnect_s_max, config.reconnect_s_min * 2.0 ** min(self._failures, 16))
        delay: Any = _dice.uniform(config.reconnect_s_min, limit)  # paho says int; its wait takes any number of seconds
        self._link.reconnect_delay_set(delay, delay)

    def _resubscribe(self) -> None:
        if self._connected.is_set():
            self._subscriptions.renew(self._link)

    def _on_messages(self, connection: int, messages: list[Message]) -> None:
        self._inbox.put(self._now(), connection, messages, self._stop.is_set)

    def _now(self) -> int:
        return round(self._clock().timestamp() * 1000)

    # -- the worker -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """Whatever messages hold and dialects do, this goes on: the wire has one worker, and nothing is read without it."""
        ticked = time.monotonic()
        while True:
            now, connection, messages = self._inbox.get(self._config.batch_messages_max, 0.1)
            if self._greet.is_set() or time.monotonic() - ticked >= TICK_S:  # a dialect hears of a connection before what comes by it
                ticked = time.monotonic()
                self._tick()
            if messages:
                try:
                    self._take(now, connection, messages)
                except Exception:
                    _log.exception("%d messages could not be finished: they are not acknowledged, and come again", len(messages))
                self._inbox.taken(len(messages))
            elif self._stop.is_set():
                return

    def _take(self, now: int, connection: int, messages: Sequence[Message]) -> None:
        intake = Intake(now)
        self._note(now, messages)
        for message in messages:
            try:
                for dialect in self._dialects:
                    if dialect.take(message, intake):
                        break
                else:
                    intake.heard.append(Heard(message.topic, NOT_NAMED))
            except Exception:
                _log.exception("a message on %s could not be read; it is a dead letter", message.topic)
                intake.poison(message, "the wire failed on it; the log says why")
        for dialect in self._dialects:
            dialect.settle()
        if not self._handed_on(intake):
            intake.letters = [(message, "the readings could not be taken; the log says why") for message in messages]
        self._strays.spoken(messages, intake.heard)
        self._finish(intake)
        self._messages += len(messages)
        numbers = [message.number for message in messages if message.qos]
        reached("mqtt.taken")
        if numbers:
            self._link.acknowledge(connection, numbers)
        reached("mqtt.acknowledged")

    def _note(self, now: int, messages: Sequence[Message]) -> None:
        try:
            if self._record is not None:
                self._record([Record(now, each.topic, each.payload, each.retained, each.qos) for each in messages])
        except Exception:
            _log.exception("%d messages could not be recorded", len(messages))

    def _handed_on(self, intake: Intake) -> bool:
        try:
            samples = intake.samples()
        except Exception:
            _log.exception("rows of a batch do not fit together")
            return False
        return not (len(samples) or intake.before) or self._offer(samples, intake)

    def _offer(self, samples: Samples, intake: Intake) -> bool:
        for attempt in range(SINK_ATTEMPTS):
            try:
                if len(samples):
                    self._sink.take(samples)
                intake.wait_in(self._sink)
            except Exception:
                _log.exception("a batch of %d readings was not taken, attempt %d of %d", len(samples), attempt + 1, SINK_ATTEMPTS)
                self._stop.wait(0.1 * 2**attempt)
            else:
                return True
        return False

    def _finish(self, intake: Intake) -> None:
        """What a batch leaves beside its rows: dead letters, unbound topics, what is to be said."""
        if intake.letters:
            self._strays.bury(intake.letters, intake.now)
        if intake.heard:
            self._strays.count(intake.heard, intake.now)
        self._say(intake.says)

    def _tick(self) -> None:
        """Once a second, and as soon as the broker answers: the link, what dialects have to say, what they have learned."""
        intake = Intake(self._now())
        try:
            self._look_at_link(intake)
            greet = self._greet.is_set()
            self._greet.clear()
            for dialect in self._dialects:
                if greet:
                    dialect.connected(intake)
                dialect.tick(intake)
                if self._wishes is not None and (wish := dialect.wish()) is not None:
                    self._wishes(wish)
            self._resubscribe()
        except Exception:
            _log.exception("a tick of the wire failed; it goes on")
        self._handed_on(intake)
        self._finish(intake)

    def _look_at_link(self, intake: Intake) -> None:
        """Rule 6."""
        if self._connected.is_set():
            if self._session_lost:
                self._session_lost = False
                intake.mark(self._fed(), Quality.NO_COMMUNICATION, Reason.GAP)
            self._linked, self._lost_at = True, None
        elif self._linked and self._lost_at is not None and time.monotonic() - self._lost_at >= self._config.link_s_max:
            self._linked = False
            intake.mark(self._fed(), Quality.NO_COMMUNICATION, Reason.LINK)


def _spoken(config: MqttConfig) -> list[Dialect]:
    """What is spoken unless other dialects are named: the graph's own references, then the native layout."""
    bound = Bound(config.payload_bytes_max)
    return [bound, Native(bound, bytes_max=config.payload_bytes_max, batch_bytes_max=config.batch_bytes_max)]
