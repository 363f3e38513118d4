"""Which topic speaks of which points: built from the graph, replaced whole when the graph changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graph.references import Reference, Unbound, references
from graph.snapshot import Snapshot
from ontology.namespaces import DCX, compact

MQTT_REFERENCE = DCX + "MQTTReference"
TOPIC_BYTES_MAX = 65_535
"""MQTT 5, 1.5.4."""

Pointer = tuple[str, ...]
"""A JSON pointer (RFC 6901) taken apart; the empty one means the whole payload."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One point in a topic's payload: where its value and its source time stand, and value = raw * scale + offset."""

    point: str
    value_at: Pointer
    time_at: Pointer | None
    scale: float
    offset: float
    unit: str = ""
    """The point's own unit, an IRI; empty for none."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a point's written value goes: topic, place in the payload, and the way back from the point's unit to the raw number."""

    topic: str
    value_at: Pointer
    scale: float
    offset: float


@dataclass(frozen=True, slots=True)
class MqttBindings:
    """All bindings of one graph revision: topic to entries, point to command target, topics that cannot be bound and why."""

    entries: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    targets: Mapping[str, Target] = field(default_factory=dict)
    unbound: Sequence[Unbound] = ()
    command_topics: frozenset[str] = frozenset()
    """Where we write; what comes back from there is our own."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Topics that only references name which cannot be used, and why."""

    def filters(self) -> Sequence[str]:
        """The subscriptions that cover every bound topic: `first/#` for each first level, a topic of one level as it is."""
        return sorted({topic.partition("/")[0] + "/#" if "/" in topic else topic for topic in self.entries})


def bind(snapshot: Snapshot) -> MqttBindings:
    """The bindings that the graph's `dcx:MQTTReference`s ask for; one that cannot be used is in `unbound`, with the reason."""
    found, unbound = references(snapshot, MQTT_REFERENCE)
    entries: dict[str, list[Entry]] = {}
    targets: dict[str, Target] = {}
    refused = list(unbound)
    for reference in found:
        topic = snapshot.text(reference.node, DCX + "topic") or ""
        command = snapshot.text(reference.node, DCX + "commandTopic")
        try:
            entry = _entry(snapshot, reference)
            _check_topic(topic)
            if command is not None:
                _check_topic(command)
                targets[reference.point] = Target(command, entry.value_at, entry.scale, entry.offset)
            entries.setdefault(topic, []).append(entry)
        except ValueError as error:
            refused.append(Unbound(reference.point, topic, f"{compact(reference.point)}: {error}"))
    command_topics = frozenset(target.topic for target in targets.values())
    only_refused = {one.target: one.reason for one in refused if one.target and one.target not in entries}
    return MqttBindings({topic: tuple(entries[topic]) for topic in sorted(entries)}, targets, tuple(refused), command_topics, only_refused)


def _entry(snapshot: Snapshot, reference: Reference) -> Entry:
    time = snapshot.text(reference.node, DCX + "timePointer")
    return Entry(
        reference.point,
        pointer(snapshot.text(reference.node, DCX + "jsonPointer") or ""),
        None if time is None else pointer(time),
        reference.scale,
        reference.offset,
        reference.unit,
    )


def pointer(text: str) -> Pointer:
    """A JSON pointer's steps (RFC 6901, section 4). Raises `ValueError` for one that begins with anything but a slash."""
    if not text:
        return ()
    if not text.startswith("/"):
        raise ValueError(f"a JSON pointer begins with '/', not {text!r} (RFC 6901): write '/{text}'")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in text[1:].split("/"))


def _check_topic(topic: str) -> None:
    """A topic to publish on: not empty, no wildcard, no NUL (MQTT 5, 4.7)."""
    if not topic:
        raise ValueError("the reference has no dcx:topic: say which topic speaks of the point")
    if any(sign in topic for sign in "+#\0") or len(topic.encode()) > TOPIC_BYTES_MAX:
        raise ValueError(f"topic {topic!r} holds a wildcard or is too long (MQTT 5, 4.7): name one topic")
