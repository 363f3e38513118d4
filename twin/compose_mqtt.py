"""The dialects that are spoken with the broker, in the order in which they are asked for a message."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from adapters.mqtt.announced import Announced
from adapters.mqtt.bound import Bound
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.dialect import Dialect
from adapters.mqtt.dsx.dialect import Dsx
from adapters.mqtt.homeassistant.dialect import HomeAssistant
from adapters.mqtt.mapped import MappedTopics
from adapters.mqtt.mapping import load
from adapters.mqtt.native import Native
from adapters.mqtt.pending import Pending
from adapters.mqtt.session import Session
from adapters.mqtt.sparkplug.dialect import Sparkplug
from twin.settings import Settings


def dialects_of(settings: Settings, config: MqttConfig) -> Sequence[Dialect]:
    """The graph's own references first: what somebody has bound by hand stays so; then those of the mapping file. Raises
    `ValueError` for a setting that a dialect cannot work with, and `OSError` for a file that cannot be read."""
    folder, size = settings.data / "mqtt", config.payload_bytes_max
    session = blake2b(config.client_id.encode(), digest_size=5).hexdigest()
    dsx = Dsx(settings.mqtt_dsx_integration, size, Pending(folder / f"dsx-{session}.jsonl"))
    home = Pending(folder / f"homeassistant-{session}.jsonl")
    bound = Bound(size)
    announced = Announced(folder / "points")
    native = Native(bound, bytes_max=size, batch_bytes_max=config.batch_bytes_max, announced=announced)
    sparkplug = Sparkplug(settings.mqtt_sparkplug_groups, settings.mqtt_sparkplug_host, config.batch_bytes_max)
    discovered = [HomeAssistant(settings.mqtt_homeassistant, size, home)] if settings.mqtt_homeassistant else []
    mapped = [MappedTopics(load(Path(settings.mqtt_mapping)), size)] if settings.mqtt_mapping else []
    return [bound, *mapped, dsx, sparkplug, *discovered, native]


def session_of(settings: Settings, config: MqttConfig) -> Session:
    """The session of the process' own wire. `config` as that wire has it. Raises `OSError` for a file that cannot be read."""
    return Session(config, settings.data / "mqtt" / "session.jsonl")
