"""The dialect of Home Assistant discovery: what devices announce becomes a graph, their states its readings.

Rules of this file:

1. It only reads: nothing is said, and no command goes out.
2. What has been announced stays until its configuration is cleared; after a restart the graph says what had been, and `Pending` what it
   had not heard of yet, so a broker that comes up empty empties nothing. The wish is whole, and waits until configurations have been quiet.
3. A state of a point that is announced and not yet in the graph is handed over by name (`Intake.early`): none is lost.
4. A point keeps the unit that it had first: states in another one of its kind are converted as they come. Where that cannot be, a value
   has no number (`CONFIGURATION`).
5. What is not available is `NO_COMMUNICATION`, for the reason `LINK`, until it speaks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isnan, nan
from typing import NamedTuple

import numpy as np

from adapters.mqtt.codec import parse
from adapters.mqtt.dialect import Dialect, Intake, Message, SlotsOf
from adapters.mqtt.homeassistant.codec import Entity, Presence, again, discovered, is_there, paths, read
from adapters.mqtt.homeassistant.plant import CONFIG, SOURCE, TOPIC, block, point_iri
from adapters.mqtt.pending import Pending
from adapters.mqtt.quiet import Quiet
from adapters.mqtt.units import AS_IT_IS, factors, unit_named
from graph.references import Unbound
from graph.snapshot import Snapshot
from graph.values import Quality, Reason, Slots
from ontology.namespaces import BRICK, UNIT
from ontology.terms import is_literal, literal_parts
from twin.sync import Wish

ENTITIES_MAX = 100_000
"""Points that are taken from announcements."""


class _Read(NamedTuple):
    """One entity, its place in the topics that speak of it, its slot (-1 while the graph does not have it), and what brings its numbers to
    the unit of the point."""

    one: Entity
    slot: int
    factors: tuple[float, float] | None = AS_IT_IS


class HomeAssistant(Dialect):
    """Everything under the prefix of discovery, and the topics that are announced there."""

    name = "homeassistant"

    def __init__(self, prefix: str = "homeassistant", bytes_max: int = 65_536, pending: Pending | None = None) -> None:
        """`prefix`: where configurations stand. `pending`: where those that the graph does not say yet are kept. Raises `ValueError` for
        what can be no topic."""
        if not prefix or prefix.startswith("/") or any(sign in prefix for sign in "+#\0"):
            raise ValueError(f"the prefix of discovery is the beginning of a topic, such as homeassistant, not {prefix!r}")
        self._prefix, self._bytes_max = prefix.rstrip("/"), bytes_max
        self._pending = Pending() if pending is None else pending
        self._known: Mapping[str, bytes] = {}
        """Configurations that were pending and that the newest revision says."""
        self._entities: dict[str, Entity] = {}
        self._units: dict[str, str] = {}
        """What points are measured in, by unique id."""
        self._announced: dict[str, dict[str, Entity]] = {}
        """The same, by the topic of their configuration."""
        self._refused: dict[str, str] = {}
        self._slots: SlotsOf = lambda points: np.full(len(points), -1, np.int32)
        self._followed: SlotsOf | None = None
        self._readers: dict[str, list[_Read]] = {}
        self._presences: dict[str, dict[str, tuple[_Read, Presence]]] = {}
        self._there: dict[str, bool] = {}
        """By availability topic, what it said last."""
        self._quiet, self._now = Quiet(), 0
        self._loaded = False

    def bind(self, snapshot: Snapshot, slots: SlotsOf) -> None:
        """See `Dialect.bind`. Cost: at the first time linear in what had been announced."""
        if not self._loaded:
            self._entities, self._units = _announced_in(snapshot), _units_in(snapshot)
            for key, one in self._entities.items():
                self._announced.setdefault(key.partition("#")[0], {})[key] = one
            self._loaded = True
            for topic, payload in self._pending.topics().items():
                if self._renewed(topic, self._discovered(topic, payload)):
                    self._quiet.stir(1)
        pending = self._pending.topics()
        self._known = self._said_in(snapshot, pending) if pending else {}
        revision = snapshot.revision

        def bound(points: Sequence[str], _revision: int = revision) -> Slots:
            return slots(points)

        self._slots = bound

    def filters(self) -> Sequence[str]:
        """See `Dialect.filters`: the states."""
        return sorted(self._readers.copy())

    def everywhere(self) -> Sequence[str]:
        """Configurations and availability, which are kept by the broker."""
        return [*paths(self._prefix), *sorted(self._presences.copy())]

    def fed(self) -> Slots:
        """See `Dialect.fed`."""
        found = self._slots([point_iri(one.unique) for one in self._entities.copy().values()])
        return np.unique(found[found >= 0])

    # -- what comes -------------------------------------------------------------------------------------------------

    def take(self, message: Message, intake: Intake) -> bool:
        """See `Dialect.take`."""
        self._now = intake.now
        self._follow()
        topic = message.topic
        if topic.startswith(self._prefix + "/") and topic.endswith("/config"):
            self._announce(message, intake)
            return True
        there, reads = self._presences.get(topic), self._readers.get(topic)
        if there is not None:
            self._look(message, there.values(), intake)
        if reads is not None:
            self._state(message, reads, intake)
        return there is not None or reads is not None

    def _announce(self, message: Message, intake: Intake) -> None:
        topic = message.topic
        if topic.count("/") - self._prefix.count("/") not in {3, 4}:
            intake.unbound(topic, f"no topic of discovery: it is {self._prefix}/{{component}}/[{{node}}/]{{object}}/config")
            return
        found, wrong = discovered(topic, message.payload, self._prefix, self._bytes_max) if message.payload else ([], [])
        if wrong and not found and wrong[0].startswith("the payload"):
            intake.poison(message, wrong[0])
            return
        for why in wrong:
            intake.unbound(topic, why)
        before = self._announced.get(topic, {})
        after = {one.key: one for one in found}
        self._refused.pop(topic, None)
        if wrong:
            self._refused[topic] = wrong[0]
        if before == after:
            return
        if len(self._entities) - len(before) + len(after) > ENTITIES_MAX:
            intake.unbound(topic, f"{ENTITIES_MAX:,} entities are announced already, and no more are taken")
            return
        for one in before.values():
            self._forget(one)
        self._renewed(topic, after)
        for one in found:
            self._listen(one, int(self._slots([point_iri(one.unique)])[0]))
        self._pending.add(topic, message.payload)
        self._quiet.stir(intake.now)

    def _discovered(self, topic: str, payload: bytes) -> dict[str, Entity]:
        found = discovered(topic, payload, self._prefix, self._bytes_max)[0] if payload else []
        return {one.key: one for one in found}

    def _renewed(self, topic: str, after: Mapping[str, Entity]) -> bool:
        """Take what a configuration says now; whether that is something else than before."""
        before = self._announced.pop(topic, {})
        for key in before:
            del self._entities[key]
        for gone in {one.unique for one in before.values()} - {one.unique for one in after.values()}:
            self._units.pop(gone, None)
        self._entities.update(after)
        for one in after.values():
            if stated := _stated(one):
                self._units.setdefault(one.unique, stated)
        if after:
            self._announced[topic] = dict(after)
        return before != after

    def _said_in(self, snapshot: Snapshot, pending: Mapping[str, bytes]) -> dict[str, bytes]:
        """Which of these configurations are as a revision of the graph says."""
        said: dict[str, dict[str, Entity]] = {}
        for key, one in _announced_in(snapshot).items():
            said.setdefault(key.partition("#")[0], {})[key] = one
        return {topic: payload for topic, payload in pending.items() if said.get(topic, {}) == self._discovered(topic, payload)}

    def settle(self) -> None:
        """See `Dialect.settle`: configurations are durable."""
        self._pending.keep()

    def _state(self, message: Message, reads: Sequence[_Read], intake: Intake) -> None:
        document, finding = None, ""
        if any(read.one.path is not None for read in reads):
            document, finding = parse(message.payload, self._bytes_max)
        problem = finding
        for one, slot, factors_ in reads:
            value, wrong = read(document, message.payload, one)
            if wrong == "nowhere" and not finding:
                continue
            problem = problem or wrong
            quality, reason = self._quality(one, value, retained=message.retained)
            if factors_ is None:
                value, quality, reason = nan, Quality.BAD, Reason.CONFIGURATION
            elif factors_ != AS_IT_IS:
                value = value * factors_[0] + factors_[1]
            if slot >= 0:
                intake.row(slot, value, intake.now, quality, reason)
            else:
                intake.early(message.topic, point_iri(one.unique), value, intake.now, quality, reason)
        if problem:
            intake.poison(message, problem)

    def _quality(self, one: Entity, value: float, *, retained: bool) -> tuple[Quality, Reason]:
        if isnan(value):
            return Quality.BAD, Reason.SENSOR
        if retained and self._is_away(one):
            return Quality.NO_COMMUNICATION, Reason.LINK
        return (Quality.UNCERTAIN, Reason.RETAINED) if retained else (Quality.GOOD, Reason.NONE)

    def _look(self, message: Message, there: Iterable[tuple[_Read, Presence]], intake: Intake) -> None:
        """Rule 5."""
        gone = []
        for (one, slot, _), presence in there:
            said = is_there(message.payload, presence)
            if said is None:
                continue
            self._there[message.topic] = said
            if not said and slot >= 0 and self._is_away(one, message.topic):
                gone.append(slot)
        if gone:
            intake.mark(np.unique(np.array(gone, np.int32)), Quality.NO_COMMUNICATION, Reason.LINK)

    def _is_away(self, one: Entity, heard: str = "") -> bool:
        """Whether an entity is not available, by all of its topics or by one, as it wants it; `heard`: the one that has just spoken."""
        said = [self._there[each.topic] for each in one.presence if each.topic in self._there]
        if one.mode == "any":
            return len(said) == len(one.presence) and bool(said) and not any(said)
        if one.mode == "latest" and heard:
            return not self._there[heard]
        return not all(said)

    def tick(self, intake: Intake) -> None:
        """See `Dialect.tick`."""
        self._now = intake.now
        self._follow()
        known, self._known = self._known, {}
        self._pending.forget(known)

    def _follow(self) -> None:
        """Where states go, as of the newest revision and the newest announcements."""
        if self._followed is self._slots:
            return
        self._followed = self._slots
        self._readers, self._presences = {}, {}
        entities = list(self._entities.values())
        slots = self._followed([point_iri(one.unique) for one in entities])
        for one, slot in zip(entities, slots.tolist(), strict=True):
            self._listen(one, slot)

    def _listen(self, one: Entity, slot: int) -> None:
        reading = _Read(one, slot, factors(_stated(one), self._units.get(one.unique, "")))
        self._readers.setdefault(one.topic, []).append(reading)
        for presence in one.presence:
            self._presences.setdefault(presence.topic, {})[one.key] = reading, presence

    def _forget(self, one: Entity) -> None:
        self._readers[one.topic] = [read for read in self._readers[one.topic] if read.one.key != one.key]
        if not self._readers[one.topic]:
            del self._readers[one.topic]
        for topic in {presence.topic for presence in one.presence}:
            del self._presences[topic][one.key]
            if not self._presences[topic]:
                del self._presences[topic]

    # -- what is told -----------------------------------------------------------------------------------------------

    def wish(self) -> Wish | None:
        """See `Dialect.wish`."""
        if not self._quiet.is_over(self._now):
            return None
        return Wish(SOURCE, block(self._entities, self._units))

    def unusable(self) -> Sequence[Unbound]:
        """See `Dialect.unusable`: announcements that are not read, and units that are not known."""
        found = [Unbound("", topic, why) for topic, why in sorted(self._refused.copy().items())]
        for key, one in sorted(self._entities.copy().items()):
            if one.unit and unit_named(one.unit) is None:
                found.append(Unbound(point_iri(one.unique), key, f"unit {one.unit!r} is none that is known here: the value has none"))
            unit = self._units.get(one.unique, "")
            if factors(_stated(one), unit) is None:
                why = f"its unit {one.unit!r} does not convert to unit:{unit}: values have no number"
                remedy = "clear its configuration, then publish it again, where it is another quantity now"
                found.append(Unbound(point_iri(one.unique), key, f"{why}; {remedy}"))
        return found


def _stated(one: Entity) -> str:
    """The unit that an announcement names, by QUDT's name; empty for none that is known."""
    return (unit_named(one.unit) or "") if one.unit else ""


def _units_in(snapshot: Snapshot) -> dict[str, str]:
    """What a revision of the graph says that points are measured in, by unique id."""
    key = snapshot.key
    named = {key(s): key(o).removeprefix(UNIT) for s, o in snapshot.relation(BRICK + "hasUnit").pairs()}
    return {one.unique: unit for one in _announced_in(snapshot).values() if (unit := named.get(point_iri(one.unique), ""))}


def _announced_in(snapshot: Snapshot) -> dict[str, Entity]:
    """What a revision of the graph says had been announced."""
    key = snapshot.key
    topics = {s: literal_parts(key(o)).lexical for s, o in snapshot.relation(TOPIC).pairs() if is_literal(key(o))}
    found: dict[str, Entity] = {}
    for s, o in snapshot.relation(CONFIG).pairs():
        one = again(topics.get(s, ""), literal_parts(key(o)).lexical) if is_literal(key(o)) and s in topics else None
        if one is not None:
            found[one.key] = one
    return found
