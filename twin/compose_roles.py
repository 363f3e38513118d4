"""The roles of a process: one that does all, one of several that take the messages in, one that answers.

| role | reads devices | history | graph | tells others |
|---|---|---|---|---|
| `all` | all that is said | writes | reads and writes | |
| `ingest` | its share, and that of one that is gone | writes | reads | what it has taken |
| `api` | nothing: it hears what was taken | reads | reads and writes | |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from adapters.mqtt.client import MqttClient
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.dialect import Dialect
from adapters.mqtt.former import Former
from adapters.mqtt.native import Native
from adapters.mqtt.relay import Relay
from adapters.mqtt.relay_codec import Left
from adapters.mqtt.relay_status import Standing
from adapters.mqtt.relayed import Outward, Relayed, Swallowed
from adapters.mqtt.standby import Standby
from graph.current import CurrentValues
from graph.snapshot import Snapshot
from graph.values import Samples
from twin.compose_mqtt import dialects_of
from twin.settings import Settings


def broker_for(settings: Settings, config: MqttConfig) -> MqttConfig:
    """How a process of the role reads: an `api` process has nothing to share and listens to nothing else. What waits in the session of a
    process that took in before is not for it to take: it has one of its own."""
    if settings.role != "api":
        return config
    return replace(config, client_id=f"{config.client_id}-api", share_group="", topics=())


def spoken_by(settings: Settings, config: MqttConfig) -> Sequence[Dialect]:
    """The dialects of the role. `config` is the broker's, before the role. Raises `ValueError` for a setting that a dialect cannot work
    with."""
    spoken = dialects_of(settings, config)
    if settings.role == "ingest":
        return [Swallowed(settings.mqtt_share), *spoken]
    if settings.role == "api":
        asks = [Outward(dialect) for dialect in spoken if not isinstance(dialect, Native)]
        return [Relayed(settings.mqtt_share, config.client_id, Left(config.client_id, tuple(settings.mqtt_topics))), *asks]
    return spoken


class Passing:
    """What an ingest process does beside reading: it passes on what it has taken, and stands in for others. For another role: nothing."""

    def __init__(self, settings: Settings, config: MqttConfig | None, current: CurrentValues) -> None:
        self._settings, self._config = settings, config
        self._relay = Relay(config, settings.mqtt_share, current) if settings.role == "ingest" and config is not None else None
        self._standby: Standby | None = None
        self.onward: Callable[[Samples], None] | None = self._relay.offer if self._relay is not None else None
        """Takes what has become durable."""

    def start(
        self, own: MqttClient | None, wire: Callable[[MqttConfig, Sequence[Dialect]], MqttClient], standing: Callable[[], Standing]
    ) -> None:
        """Say that this process is there, then watch the others: before its own wire is started, so that they let go of its share. `wire`
        makes one of a configuration and dialects; `standing` says how this process stands."""
        relay, config, settings = self._relay, self._config, self._settings
        if relay is None or config is None or own is None:
            return

        def standing_in(client_id: str) -> MqttClient:
            theirs = replace(config, client_id=client_id)
            return wire(theirs, spoken_by(settings, theirs))

        def looking_after(left: Left, since_ms: int) -> Former:
            theirs = replace(config, client_id=left.client_id)
            return Former(config, left, spoken_by(settings, theirs), wire, since_ms)

        relay.start(standing)
        self._standby = Standby(relay, lambda: own.status().connected, standing_in, looking_after)
        self._standby.start()

    def rebind(self, snapshot: Snapshot) -> None:
        """Take another revision of the graph."""
        if self._standby is not None:
            self._standby.rebind(snapshot)

    def close(self) -> None:
        """Let go of others' shares, pass on what waits, and say that this process is gone: after its own wire has ended."""
        if self._standby is not None:
            self._standby.close()
        if self._relay is not None:
            self._relay.close()

    def wires(self) -> Mapping[str, MqttClient]:
        """The sessions of others that are held, by process."""
        return {} if self._standby is None else self._standby.wires()
