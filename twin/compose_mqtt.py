"""The dialects that are spoken with the broker, in the order in which they are asked for a message."""

from __future__ import annotations

from collections.abc import Sequence
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
from adapters.mqtt.sparkplug.dialect import Sparkplug
from twin.settings import Settings


def dialects_of(settings: Settings, config: MqttConfig) -> Sequence[Dialect]:
    """The graph's own references first: what somebody has bound by hand stays so; then those of the mapping file. Raises
    `ValueError` for a setting that a dialect cannot work with, and `OSError` for a file that cannot be read."""
    bound = Bound(config.payload_bytes_max)
    announced = Announced(settings.data / "mqtt" / "points")
    native = Native(bound, bytes_max=config.payload_bytes_max, batch_bytes_max=config.batch_bytes_max, announced=announced)
    sparkplug = Sparkplug(settings.mqtt_sparkplug_groups, settings.mqtt_sparkplug_host, config.batch_bytes_max)
    discovered = [HomeAssistant(settings.mqtt_homeassistant, config.payload_bytes_max)] if settings.mqtt_homeassistant else []
    mapped = [MappedTopics(load(Path(settings.mqtt_mapping)), config.payload_bytes_max)] if settings.mqtt_mapping else []
    return [bound, *mapped, Dsx(settings.mqtt_dsx_integration, config.payload_bytes_max), sparkplug, *discovered, native]
