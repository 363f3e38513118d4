"""What a wire subscribes to: what settings and dialects want, each message asked for once."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.mqtt.config import MqttConfig
from adapters.mqtt.dialect import Dialect


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
