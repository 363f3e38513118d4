"""The dialect of the graph's own references: any topic, a number or JSON, with pointers that say where value and time stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from adapters.mqtt.bindings import MqttBindings, bind
from adapters.mqtt.codec import Place, decode, encode
from adapters.mqtt.dialect import NO_SLOTS, Dialect, Intake, Message, Publication, SlotsOf
from graph.commands import Command
from graph.ports import DeviceRefused
from graph.references import Unbound
from graph.snapshot import Snapshot
from graph.values import Slots

COMMAND_EXPIRY_S = 10
"""A command that a broker could not hand on for so long is not handed on at all (reliability reference 6)."""


class Bound(Dialect):
    """Topics that a `dcx:MQTTReference` names, letter by letter."""

    name = "reference"

    def __init__(self, bytes_max: int = 65_536) -> None:
        """`bytes_max`: a longer payload is poison."""
        self._bytes_max = bytes_max
        self._bindings = MqttBindings()
        self._places: Mapping[str, Sequence[Place]] = {}
        self._fed = NO_SLOTS

    def bind(self, snapshot: Snapshot, slots: SlotsOf) -> None:
        """See `Dialect.bind`. Cost: linear in the references."""
        bindings = bind(snapshot)
        points = [entry.point for entries in bindings.entries.values() for entry in entries]
        fed = slots(points)
        numbers = iter(fed.tolist())
        places = {
            topic: tuple(Place(next(numbers), e.value_at, e.time_at, e.scale, e.offset) for e in entries)
            for topic, entries in bindings.entries.items()
        }
        self._bindings, self._places, self._fed = bindings, places, np.unique(fed[fed >= 0])

    def filters(self) -> Sequence[str]:
        """See `Dialect.filters`."""
        return self._bindings.filters()

    def take(self, message: Message, intake: Intake) -> bool:
        """See `Dialect.take`. What comes back from a topic of commands is our own."""
        places = self._places.get(message.topic)
        if places is None:
            return message.topic in self._bindings.command_topics or self._refused(message, intake)
        finding = decode(intake, message.payload, places, retained=message.retained, bytes_max=self._bytes_max)
        if finding:
            intake.poison(message, finding)
        return True

    def _refused(self, message: Message, intake: Intake) -> bool:
        """A topic that only references name which cannot be used: it is unbound for their reason."""
        why = self._bindings.refused.get(message.topic)
        if why is not None:
            intake.unbound(message.topic, why)
        return why is not None

    def fed(self) -> Slots:
        """See `Dialect.fed`."""
        return self._fed

    def unusable(self) -> Sequence[Unbound]:
        """See `Dialect.unusable`."""
        return self._bindings.unbound

    def serves(self, point: str) -> bool:
        """Whether the point has a `dcx:commandTopic`."""
        return point in self._bindings.targets

    def request(self, command: Command) -> Publication:
        """See `Dialect.request`."""
        target = self._bindings.targets.get(command.point)
        if target is None:
            raise DeviceRefused(f"{command.point} has no dcx:commandTopic: nothing was sent")
        return Publication(target.topic, encode(target, command.value), expiry_s=COMMAND_EXPIRY_S, correlation=command.id.encode())
