"""What a wire subscribes to: what settings and dialects want, each message asked for once; and what of it a broker refuses."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Lock

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

from adapters.mqtt.config import MqttConfig
from adapters.mqtt.dialect import Dialect

_log = logging.getLogger(__name__)

SHOWN_MAX = 3
"""Refused subscriptions that are named where they are told."""


class Subscriptions:
    """The subscriptions of one client. Safe from any thread."""

    def __init__(self, dialects: Sequence[Dialect], config: MqttConfig) -> None:
        self._dialects, self._config, self._lock = dialects, config, Lock()
        self._filters: frozenset[str] = frozenset()
        self._asked: dict[int, list[str]] = {}
        self._refused: set[str] = set()

    def anew(self, link: paho.Client) -> bool:
        """Ask for all that is wanted, over a new connection; whether there will be an answer."""
        with self._lock:
            self._filters, self._asked, self._refused = wanted(self._dialects, self._config), {}, set()
            return self._ask(link, self._filters)

    def renew(self, link: paho.Client) -> None:
        """Subscribe to what is wanted and not there yet, and leave what is wanted no more."""
        with self._lock:
            before, self._filters = self._filters, wanted(self._dialects, self._config)
            if gone := before - self._filters:
                self._refused -= gone
                link.unsubscribe(sorted(gone))
            self._ask(link, self._filters - before)

    def _ask(self, link: paho.Client, filters: frozenset[str]) -> bool:
        code, number = link.subscribe([(topic, 1) for topic in sorted(filters)]) if filters else (MQTTErrorCode.MQTT_ERR_NO_CONN, None)
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS or number is None:
            return False
        self._asked[number] = sorted(filters)
        return True

    def answered(self, number: int, taken: Sequence[bool]) -> None:
        """The broker has answered: which of the subscriptions of a request it takes."""
        with self._lock:
            refused = {topic for topic, yes in zip(self._asked.pop(number, ()), taken, strict=False) if not yes}
            self._refused |= refused
        if refused:
            _log.warning("the broker %s:%d %s", self._config.host, self._config.port, self.refused())

    def refused(self) -> str:
        """What the broker refuses to let us hear, and the next step; empty for nothing."""
        with self._lock:
            refused = sorted(self._refused)
        if not refused:
            return ""
        named = ", ".join(refused[:SHOWN_MAX]) + (", …" if len(refused) > SHOWN_MAX else "")
        return f"refuses {len(refused)} of our {len(self._filters)} subscriptions ({named}): its access rules have to let us read"


def wanted(dialects: Sequence[Dialect], config: MqttConfig) -> frozenset[str]:
    """The subscriptions of a wire.

    `#` covers all but the broker's own topics (MQTT 5, 4.7.2). What is shared with other processes goes under the group (4.8.2); what each
    of them needs for itself does not, and where nothing is shared it is left out if another subscription hears it: a broker would say each
    kept message twice.
    """
    shared = {topic for dialect in dialects for topic in dialect.filters()} | set(config.topics)
    if "#" in shared:
        shared = {topic for topic in shared if topic == "#" or topic.startswith("$")}
    everywhere = {topic for dialect in dialects for topic in dialect.everywhere()}
    if config.share_group:
        return frozenset({f"$share/{config.share_group}/{topic}" for topic in shared} | everywhere)
    return frozenset(shared | {topic for topic in everywhere if not _covered(topic, shared)})


def _covered(topic: str, others: set[str]) -> bool:
    return any(other.endswith("#") and topic.startswith(other[:-1]) and topic[:1] != "$" for other in others)
