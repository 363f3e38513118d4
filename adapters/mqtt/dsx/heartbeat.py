"""Heartbeats: the BMS's, which must not stop, and ours, where its metadata offer a place for them. Pure: the time is an argument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapters.mqtt.dialect import Publication
from adapters.mqtt.dsx.codec import Address, Described, encode
from adapters.mqtt.dsx.contract import HEARTBEAT_S, HEARTBEATS_MISSED, PERIOD_S

LOST_MS = HEARTBEAT_S * HEARTBEATS_MISSED * 1000
_OWN_STATE = {"Status": ("operating", "on", "running", "online"), "Available": ("available",)}


@dataclass(slots=True)
class Beat:
    """One heartbeat of the BMS: the value it gave last, when it was heard (ms, ours), and whether it counts as lost."""

    described: Described
    heard_at: int
    value: float | None = None
    lost: bool = False


def within(scope: str, at: Address) -> bool:
    """Whether a heartbeat's scope names a point: by a topic filter, by the first levels of its topic or of its tag path, or by its object
    type. The contract leaves the form open; an empty scope is everything."""
    wanted = [part for part in scope.strip("/").split("/") if part]
    if wanted and wanted[-1] == "#":
        wanted = wanted[:-1]
    if not wanted:
        return True
    topic, names = at.value_topic().split("/"), at.point.split("/")
    metadata = [*topic[:3], "Metadata", *topic[4:]]
    return any(_leads(wanted, levels) for levels in (topic, metadata, names, names[2:]))


def _leads(wanted: list[str], levels: list[str]) -> bool:
    return len(wanted) <= len(levels) and all(want in {"+", level} for want, level in zip(wanted, levels, strict=False))


class Heartbeats:
    """What is known of the BMS's heartbeats, and when ours are due."""

    def __init__(self, integration: str) -> None:
        """`integration`: our own id; empty says nothing to anybody."""
        self._integration = integration
        self._beats: dict[str, Beat] = {}
        self._said: dict[str, int] = {}

    def describe(self, points: Mapping[str, Described], now: int) -> None:
        """Take the metadata as they are by now."""
        stated = {name: each for name, each in points.items() if each.at.point_type == "HeartbeatTimestampBms"}
        for name, each in stated.items():
            known = self._beats.get(name)
            self._beats[name] = Beat(each, now) if known is None else Beat(each, known.heard_at, known.value, known.lost)
        for name in self._beats.keys() - stated.keys():
            del self._beats[name]

    def hear(self, point: str, value: float, now: int) -> None:
        """A live heartbeat of the BMS has come."""
        beat = self._beats.get(point)
        if beat is not None:
            beat.heard_at, beat.value, beat.lost = now, value, False

    def begin(self, now: int) -> None:
        """The broker answers (again): what did not come while it was away counts from here."""
        for beat in self._beats.values():
            beat.heard_at = now

    def newly_lost(self, now: int) -> list[Described]:
        """The heartbeats that have stopped since this was asked last."""
        found = [beat for _, beat in sorted(self._beats.items()) if not beat.lost and now - beat.heard_at >= LOST_MS]
        for beat in found:
            beat.lost = True
        return [beat.described for beat in found]

    @property
    def lost(self) -> list[Described]:
        """The heartbeats that have stopped."""
        return [beat.described for _, beat in sorted(self._beats.items()) if beat.lost]

    def due(self, points: Mapping[str, Described], now: int) -> Iterator[Publication]:
        """What is to be said now: our time, the echo of theirs, that we operate; only where metadata name us, and only what is due."""
        if not self._integration:
            return
        for name, each in sorted(points.items()):
            if each.integration != self._integration or each.at.object_type != "System":
                continue
            value, every_s = self._own(each, now)
            if value is not None and now - self._said.get(name, 0) >= every_s * 1000:
                self._said[name] = now
                yield Publication(each.at.value_topic(self._integration), encode(value, now))

    def _own(self, each: Described, now: int) -> tuple[float | None, int]:
        """What a point of ours says now, and how often; None for nothing."""
        match each.at.point_type:
            case "HeartbeatTimestampIntegration":
                return float(now), HEARTBEAT_S
            case "HeartbeatEchoIntegration":
                return self._echo(each), HEARTBEAT_S
            case "Status" | "Available" as kind if each.object_id == self._integration:
                stated = [value for value, text in each.states if text.casefold() in _OWN_STATE[kind]]
                return (float(stated[0]) if len(stated) == 1 else None), PERIOD_S
        return None, PERIOD_S

    def _echo(self, each: Described) -> float | None:
        """What the BMS said last: of those that beat, the one that the echo is of, else the only one; nothing once it has stopped."""
        beats = [beat for beat in self._beats.values() if beat.value is not None and not beat.lost]
        of_it = [beat for beat in beats if beat.described.object_id == each.object_id] or beats
        return of_it[0].value if len(of_it) == 1 else None
