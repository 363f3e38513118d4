"""Simulated devices on MQTT: publishes a plant's values on the topics that the graph binds, and hands commands on to the plant."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Event
from typing import Any

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from adapters.mqtt.bindings import Entry, MqttBindings, Pointer
from adapters.mqtt.codec import wanted
from adapters.mqtt.config import MqttConfig

_log = logging.getLogger(__name__)

Write = Callable[[str, float], None]
"""Takes a point's IRI and the value wanted, in the point's unit."""


def payloads(bindings: MqttBindings, values: Mapping[str, float], at: datetime) -> Mapping[str, bytes]:
    """What the devices say at `at`: topic to payload, for every topic of which at least one point has a value.

    The value stands where the topic's pointers say, as the raw number (the binding's scale and offset undone), the time as ISO 8601.
    """
    said: dict[str, bytes] = {}
    for topic, entries in bindings.entries.items():
        document: Any = {}
        heard = False
        for entry in entries:
            value = values.get(entry.point)
            if value is None:
                continue
            heard = True
            document = _put(document, entry.value_at, _raw(entry, value))
            if entry.time_at:
                document = _put(document, entry.time_at, at.isoformat(timespec="milliseconds"))
        if heard:
            said[topic] = orjson.dumps(document)
    return said


def _raw(entry: Entry, value: float) -> float:
    return round((value - entry.offset) / entry.scale, 6)


def _put(document: Any, steps: Pointer, value: Any) -> Any:
    """The document with `value` at the pointer; the empty pointer is the whole document."""
    if not steps:
        return value
    below = document if isinstance(document, dict) else {}
    return {**below, steps[0]: _put(below.get(steps[0]), steps[1:], value)}


class MqttSimulator:
    """A publisher of its own beside the service: `start`, `publish` at the plant's pace, `close`."""

    def __init__(self, config: MqttConfig, bindings: MqttBindings, write: Write | None = None) -> None:
        """`write` is called, in the library's thread, for each command that arrives."""
        self._config, self._bindings, self._write = config, bindings, write
        self._by_topic = {target.topic: (point, target) for point, target in bindings.targets.items()}
        self._connected = Event()
        self.ready = Event()
        """Set while the broker has taken the subscription to commands."""
        self._client = paho.Client(CallbackAPIVersion.VERSION2, f"{config.client_id}-plant", True)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def start(self, timeout_s: float = 5.0) -> bool:
        """Connect; returns whether the broker answered within `timeout_s`. It is tried again for ever."""
        delay: Any = self._config.reconnect_s_min  # paho says int; its wait takes any number of seconds
        self._client.reconnect_delay_set(delay, 5)
        self._client.connect_async(self._config.host, self._config.port, self._config.keepalive_s)
        self._client.loop_start()
        return self._connected.wait(timeout_s)

    def publish(self, values: Mapping[str, float], at: datetime, qos: int = 0) -> int:
        """Say the values of all points once; returns the number of messages. While the broker is away nothing is said."""
        if not self._connected.is_set():
            return 0
        said = payloads(self._bindings, values, at)
        for topic, payload in said.items():
            self._client.publish(topic, payload, qos=qos)
        return len(said)

    def close(self) -> None:
        """Say no more."""
        self._client.disconnect()
        self._client.loop_stop()
        self._client._reset_sockets(sockpair_only=True)  # the library leaves the pair that wakes it to the collector

    def _on_connect(self, client: paho.Client, _user: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            return
        if self._write is not None and self._by_topic:
            client.subscribe([(topic, 0) for topic in sorted(self._by_topic)])
        self._connected.set()

    def _on_subscribe(self, _client: paho.Client, _user: Any, _number: int, _reasons: Any, _properties: Any) -> None:
        self.ready.set()

    def _on_disconnect(self, _client: paho.Client, _user: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        self._connected.clear()
        self.ready.clear()

    def _on_message(self, _client: paho.Client, _user: Any, message: paho.MQTTMessage) -> None:
        point, target = self._by_topic.get(message.topic, ("", None))
        value = None if target is None else wanted(target, bytes(message.payload), self._config.payload_bytes_max)
        if value is None or self._write is None:
            _log.warning("the plant was sent something that it does not understand on %s", message.topic)
            return
        try:
            self._write(point, value)
        except ValueError as error:
            _log.warning("the plant refuses %g for %s: %s", value, point, error)
