"""What a broker says, recorded beside the service: a subscriber that keeps no session and acknowledges nothing that others wait for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from adapters.mqtt.config import MqttConfig
from adapters.mqtt.link import tls_context
from twin.recording import Record

CONNECT_S = 10.0


class Tap:
    """`start`, then everything goes to `record`; `close`."""

    def __init__(self, config: MqttConfig, record: Callable[[Sequence[Record]], None]) -> None:
        """`config.topics` are what is listened to. Raises `OSError` or `ValueError` for certificates that cannot be read."""
        self._config, self._record = config, record
        self._ready = Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, config.client_id, clean_session=True)
        if config.username:
            self._client.username_pw_set(config.username, config.password or None)
        if config.tls:
            self._client.tls_set_context(tls_context(config))
        self._client.on_connect = lambda client, *_: client.subscribe([(topic, 0) for topic in config.topics])
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._heard

    def start(self) -> None:
        """Returns when it listens. Raises `OSError`."""
        self._client.connect(self._config.host, self._config.port)
        self._client.loop_start()
        if not self._ready.wait(CONNECT_S):
            raise OSError(f"the broker {self._config.host}:{self._config.port} did not take our subscription within {CONNECT_S:g} s")

    def close(self) -> None:
        """Let go of the broker."""
        self._client.disconnect()
        self._client.loop_stop()
        self._client._reset_sockets(sockpair_only=True)  # the library leaves the pair that wakes it to the collector

    def _heard(self, _client: paho.Client, _user: Any, message: paho.MQTTMessage) -> None:
        at = time.time_ns() // 1_000_000
        self._record([Record(at, message.topic, bytes(message.payload), bool(message.retain), message.qos)])
