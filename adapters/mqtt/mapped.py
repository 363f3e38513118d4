"""The dialect of the mapping file: what its patterns fit is read as they say, found out once for each topic.

Rules of this file:

1. All rules that fit a topic count, each value on its own; a topic that none fits is left to others.
2. A pointer that leads nowhere says nothing about its point; a message in which none leads anywhere is poison.
3. A value of no point is told as unbound, with the reason; it costs a look-up the second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, nan
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np

from adapters.mqtt.bindings import Pointer
from adapters.mqtt.codec import ABSENT, follow, instant, number, parse, shown
from adapters.mqtt.dialect import Dialect, Heard, Intake, Message, SlotsOf
from adapters.mqtt.mapping import Mapped, Rule, is_open
from adapters.mqtt.naming import Names, names_of
from graph.naming import TWICE, segment
from graph.snapshot import Snapshot
from graph.values import Quality, Reason, Slots
from ontology.errors import UnitError
from ontology.namespaces import BRICK, RDFS, compact, expand, local_name
from ontology.terms import is_iri, is_literal, literal_parts
from ontology.units import conversion

TOPICS_MAX, STEPS_MAX = 200_000, 10_000
"""Topics that are remembered; members of a payload that one value with an open pointer may have."""
DCTERMS_IDENTIFIER = "http://purl.org/dc/terms/identifier"


class _Point(NamedTuple):
    """Where a value goes: its slot (-1 for none, and then why), value = raw * scale + offset in the point's own unit."""

    slot: int
    scale: float = 1.0
    offset: float = 0.0
    why: str = ""


_Use = tuple[Mapped, Mapping[str, str], dict[tuple[str, ...], _Point]]


class _Topic:
    """What has been found out about one topic: its values, each with the parts of the topic and the points found so far, by open steps."""

    __slots__ = ("values",)

    def __init__(self, values: Sequence[_Use]) -> None:
        self.values = values


_NOTHING = _Topic(())


class _Known:
    """One revision of the graph: topics found out so far, and points by what they are called."""

    def __init__(self, snapshot: Snapshot, slots: SlotsOf) -> None:
        self.snapshot, self.slots = snapshot, slots
        self.topics: dict[str, _Topic] = {}
        self.names: Names | None = None
        self.words: dict[str, str] | None = None
        self.units: dict[str, str] | None = None
        self.fed: set[int] = set()


class MappedTopics(Dialect):
    """Every topic that a rule of the mapping file fits."""

    name = "mapping"

    def __init__(self, rules: Sequence[Rule], bytes_max: int = 65_536) -> None:
        """`bytes_max`: a longer payload is poison."""
        self._rules, self._bytes_max = rules, bytes_max
        self._known = _Known(Snapshot.empty(), lambda points: np.full(len(points), -1, np.int32))

    def bind(self, snapshot: Snapshot, slots: SlotsOf) -> None:
        """See `Dialect.bind`. Points are found with the first message of each topic."""
        self._known = _Known(snapshot, slots)

    def filters(self) -> Sequence[str]:
        """See `Dialect.filters`."""
        return sorted({rule.subscription for rule in self._rules})

    def fed(self) -> Slots:
        """See `Dialect.fed`: the points that have been spoken of."""
        return np.array(sorted(self._known.fed.copy()), np.int32)

    def take(self, message: Message, intake: Intake) -> bool:
        """See `Dialect.take`."""
        known = self._known
        topic = known.topics.get(message.topic)
        if topic is None:
            if len(known.topics) >= TOPICS_MAX:
                known.topics.clear()
            topic = known.topics[message.topic] = self._found(message.topic)
        if not topic.values:
            return False
        document, finding = parse(message.payload, self._bytes_max)
        if finding and not any(value.states and not value.at for value, _, _ in topic.values):
            self._unread(known, topic, intake)
            intake.poison(message, finding)
            return True
        if finding:
            document = message.payload.decode(errors="replace").strip()
        found, problem = 0, ""
        for value, parts, points in topic.values:
            observed, wrong = _instant(document, value.time, intake.now)
            problem = problem or wrong
            for raw, steps in _at(document, value.at):
                found += 1
                point = points.get(steps)
                if point is None:
                    point = points[steps] = self._point(known, value, parts, steps)
                if point.slot < 0:
                    intake.heard.append(Heard(message.topic, point.why))
                else:
                    problem = self._row(value, point, raw, (observed, bool(wrong)), message, intake) or problem
        if not found:
            problem = (
                f"the payload holds nothing at {' or '.join(_shown(value.at) for value, _, _ in topic.values)}: correct at, or the sender"
            )
        if problem:
            intake.poison(message, problem)
        return True

    def _found(self, topic: str) -> _Topic:
        values: list[_Use] = []
        for rule in self._rules:
            fits = rule.topic.fullmatch(topic)
            if fits is not None:
                values += [(value, fits.groupdict(), dict[tuple[str, ...], _Point]()) for value in rule.values]
        return _Topic(values) if values else _NOTHING

    def _row(self, value: Mapped, point: _Point, raw: Any, when: tuple[int, bool], message: Message, intake: Intake) -> str:
        """Add a reading; gives what is wrong with it."""
        said = value.states.get(str(raw).strip().casefold(), nan) if value.states else number(raw)
        if not isfinite(said) and value.states:
            said = number(raw)
        result = said * point.scale + point.offset
        if not isfinite(result):
            intake.row(point.slot, nan, intake.now, Quality.BAD, Reason.SENSOR)
            return (
                ""
                if raw is None
                else f"{_shown(value.at)} is {shown(raw)}, not a finite number{' or a word of states' * bool(value.states)}"
            )
        quality, reason = (Quality.UNCERTAIN, Reason.RETAINED) if message.retained else (Quality.GOOD, Reason.NONE)
        if when[1]:
            quality, reason = Quality.UNCERTAIN, reason or Reason.CLOCK
        intake.row(point.slot, result, when[0], quality, reason)
        return ""

    def _unread(self, known: _Known, topic: _Topic, intake: Intake) -> None:
        """A payload that cannot be read makes the points bad of which it would have spoken."""
        for value, parts, points in topic.values:
            if not value.opens and () not in points:
                points[()] = self._point(known, value, parts, ())
            for point in points.values():
                if point.slot >= 0:
                    intake.row(point.slot, nan, intake.now, Quality.BAD, Reason.SENSOR)

    # -- which point it is ------------------------------------------------------------------------------------------

    def _point(self, known: _Known, value: Mapped, parts: Mapping[str, str], steps: tuple[str, ...]) -> _Point:
        """The point of a value, by its template."""
        opened = [step[1:-1] for step in value.at if is_open(step)]
        names = {**parts, **dict(zip(opened, steps, strict=True))}
        if value.point:
            names = {name: quote(text, safe="~") for name, text in names.items()}
        called = (value.point or value.identifier).format_map(names)
        iri, why = (expand(called), "") if value.point else self._called(known, called)
        if not iri:
            return _Point(-1, why=f"{value.entry}: {why}")
        slot = int(known.slots([iri])[0])
        if slot < 0:
            return _Point(-1, why=f"{value.entry}: the graph has no point {compact(iri)}")
        try:
            scale, offset = self._converted(known, value, iri)
        except UnitError as error:
            return _Point(-1, why=f"{value.entry}: {error}")
        known.fed.add(slot)
        return _Point(slot, scale, offset)

    def _converted(self, known: _Known, value: Mapped, point: str) -> tuple[float, float]:
        if known.units is None:
            known.units = {known.snapshot.key(s): known.snapshot.key(o) for s, o in known.snapshot.relation(BRICK + "hasUnit").pairs()}
        own = known.units.get(point, "")
        if not value.unit or not own:
            return value.scale, value.offset
        scale, offset = conversion(value.unit, own)
        return value.scale * scale, value.offset * scale + offset

    def _called(self, known: _Known, called: str) -> tuple[str, str]:
        """The point that goes by an identifier: `asset/point` by their names, else one word of its own."""
        if "/" in called:
            if known.names is None:
                known.names = names_of(known.snapshot)
            found = known.names.find("/".join(segment(level) for level in called.split("/")))
            return found.point, found.reason
        if known.words is None:
            known.words = _words(known.snapshot)
        iri = known.words.get(called.casefold())
        return (iri, "") if iri else ("", f"{'more than one point' if iri == TWICE else 'no point'} is called {called!r}")


def _words(snapshot: Snapshot) -> dict[str, str]:
    """Points by label, by `dcterms:identifier` and by the end of their IRI, in small letters; of two of one word, none."""
    key = snapshot.key
    points = {o for _, o in snapshot.relation(BRICK + "hasPoint").pairs()} | {s for s, _ in snapshot.relation(BRICK + "isPointOf").pairs()}
    said = [
        (s, literal_parts(key(o)).lexical)
        for p in (RDFS + "label", DCTERMS_IDENTIFIER)
        for s, o in snapshot.relation(p).pairs()
        if is_literal(key(o))
    ]
    found: dict[str, str] = {}
    for point, word in sorted(
        {(key(point), local_name(key(point))) for point in points} | {(key(s), word) for s, word in said if s in points}
    ):
        if is_iri(point):
            before = found.setdefault(word.casefold(), point)
            if before != point:
                found[word.casefold()] = TWICE
    return found


# -- where a value stands ------------------------------------------------------------------------------------------------


def _at(document: Any, steps: Pointer) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """What stands where a pointer leads, with the names of its open steps: each member that is there."""
    for place, step in enumerate(steps):
        if is_open(step):
            inside = follow(document, steps[:place])
            members = inside.items() if type(inside) is dict else enumerate(inside) if type(inside) is list else ()
            for name, member in list(members)[:STEPS_MAX]:
                for raw, below in _at(member, steps[place + 1 :]):
                    yield raw, (str(name), *below)
            return
    raw = follow(document, steps)
    if raw is not ABSENT:
        yield raw, ()


def _instant(document: Any, at: Pointer | None, now: int) -> tuple[int, str]:
    """The source time, and what is wrong with it; ours, where the file names none or the message holds none."""
    if at is None:
        return now, ""
    found = instant(follow(document, at))
    if found is None:
        return now, f"{_shown(at)} is no instant: ISO 8601 with an offset, or seconds or milliseconds since 1970"
    return found, ""


def _shown(steps: Pointer) -> str:
    return "/" + "/".join(steps) if steps else "the payload"
