"""The dialect of the graph's own references: any topic, a number or JSON, with pointers that say where value and time stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from adapters.mqtt.bindings import Entry, MqttBindings, bind
from adapters.mqtt.codec import Place, encode
from adapters.mqtt.counting import Count
from adapters.mqtt.dialect import NO_SLOTS, Dialect, Intake, Message, Publication, SlotsOf
from adapters.mqtt.point import Plain, Pointed
from graph.commands import Command
from graph.ports import DeviceRefused
from graph.references import Unbound
from graph.snapshot import Snapshot
from graph.values import Slots

COMMAND_EXPIRY_S = 10
"""A command that a broker could not hand on for so long is not handed on at all (reliability reference 6)."""


class Bound(Dialect):
    """Topics that a `dcx:MQTTReference` names, letter by letter. A reference without pointers reads a number, or an object of the native
    layout."""

    name = "reference"

    def __init__(self, bytes_max: int = 65_536) -> None:
        """`bytes_max`: a longer payload is poison."""
        self._bytes_max = bytes_max
        self._bindings = MqttBindings()
        self._readers: Mapping[str, Plain | Pointed] = {}
        self._fed = NO_SLOTS
        self._counts: dict[str, Count] = {}

    def bind(self, snapshot: Snapshot, slots: SlotsOf) -> None:
        """See `Dialect.bind`. Cost: linear in the references."""
        bindings = bind(snapshot)
        fed = slots([entry.point for entries in bindings.entries.values() for entry in entries])
        numbers = iter(fed.tolist())
        readers = {topic: self._reader(entries, [next(numbers) for _ in entries]) for topic, entries in bindings.entries.items()}
        self._bindings, self._readers, self._fed = bindings, readers, np.unique(fed[fed >= 0])

    def _reader(self, entries: Sequence[Entry], slots: Sequence[int]) -> Plain | Pointed:
        first = entries[0]
        if len(entries) == 1 and not first.value_at and first.time_at is None:
            return Plain(slots[0], first.scale, first.offset, first.unit, self._bytes_max, self._counts)
        places = [Place(slot, e.value_at, e.time_at, e.scale, e.offset) for slot, e in zip(slots, entries, strict=True)]
        return Pointed(places, self._bytes_max)

    def filters(self) -> Sequence[str]:
        """See `Dialect.filters`."""
        return self._bindings.filters()

    def take(self, message: Message, intake: Intake) -> bool:
        """See `Dialect.take`. What comes back from a topic of commands is our own."""
        reader = self._readers.get(message.topic)
        if reader is None:
            return message.topic in self._bindings.command_topics or self._refused(message, intake)
        reader(message, intake)
        return True

    def knows(self, topic: str) -> bool:
        """See `Dialect.knows`."""
        return topic in self._readers

    def _refused(self, message: Message, intake: Intake) -> bool:
        """A topic that only references name which cannot be used: it is unbound for their reason."""
        why = self._bindings.refused.get(message.topic)
        if why is not None:
            intake.unbound(message.topic, why)
        return why is not None

    def plain(self, topic: str) -> Plain | None:
        """The point that a reference without pointers names the topic for, if one does."""
        reader = self._readers.get(topic)
        return reader if isinstance(reader, Plain) else None

    def under(self, prefix: str) -> set[int]:
        """The slots of all points whose topics begin with a prefix and one level more. Cost: linear in the topics."""
        readers = [reader for topic, reader in self._readers.items() if topic.rpartition("/")[0] == prefix]
        found = {reader.slot for reader in readers if isinstance(reader, Plain)}
        return found | {place.slot for reader in readers if isinstance(reader, Pointed) for place in reader.places}

    def missing(self) -> int:
        """See `Dialect.missing`."""
        return sum(count.missing for count in list(self._counts.values()))

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
