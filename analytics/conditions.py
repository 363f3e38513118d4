"""Under which conditions a failure question is asked: the instant, where the switches stand, and what is out of service.

Rules of this file:

1. A switch stands where a good value of its `dcx:Breaker_Position_Status` point says (0 open, 1 closed; any other value is no position),
   else where its `dcx:normalPosition` says, else where its class stands normally (`dcx:defaultPosition`), else closed. Of several points
   that have such a value the first in order of IRIs counts; where another contradicts it, the answer says so.
2. A thing is out of service when a good value of a point of it is the one at which the point's class says so (`dcx:outWhen`), or, of a
   thing that says `dcx:shouldRun`, the one at which it does not run (`dcx:offWhen`): data in `ontology/supply.ttl`. A thing that may
   stand by and is off is not out.
3. What was heard and is not taken (a value that is not good, a position that is none) is kept beside: answers name it, and what they took
   instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isnan

import numpy as np

from analytics.unusable import Unusable, first_named, unusable
from graph.changes import ChangeSet
from graph.snapshot import Snapshot
from graph.values import Quality
from graph.watched import Reads, Watched
from ontology.namespaces import BRICK, DCX, compact
from ontology.supply import OFF, OUT, ClassSupply
from ontology.terms import Ids, is_literal, literal_parts
from ontology.vocabulary import Vocabulary

BREAKER_POSITION = DCX + "Breaker_Position_Status"
CurrentValue = Callable[[str], tuple[float, Quality] | None]
"""Gives the current value and quality of a point's IRI, or None when it has none."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a switch stands, and whether telemetry says so (else the model)."""

    is_open: bool
    from_telemetry: bool


@dataclass(frozen=True, slots=True)
class Conditions:
    """The instant (aware UTC) that an answer speaks of, and switch positions by IRI; a switch not named stands in its normal position."""

    at: datetime
    positions: Mapping[str, Position] = field(default_factory=dict)
    power_kw: Mapping[str, float] = field(default_factory=dict)
    """What telemetry says that things carry, by IRI, in kW; good readings only (`analytics/capacity/readings.py`)."""
    out: Mapping[str, str] = field(default_factory=dict)
    """What is out of service, by IRI, and the point that says so: it hands on nothing, as if it had failed before the question."""
    contradicted: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Switches of which two points say the opposite, by IRI: the point that was taken, and the first that contradicts it."""
    unread: Mapping[str, Unusable] = field(default_factory=dict)
    """Switches of which a point was heard that tells no position, by IRI: the first such point. Another one may tell it."""
    unsure: Mapping[str, Unusable] = field(default_factory=dict)
    """Things that no good value says to be out of service, though a point that would say so has a value that is not good, by IRI."""
    unmetered: Mapping[str, Unusable] = field(default_factory=dict)
    """What a meter was heard of that does not tell what it carries, by IRI. Another one may tell it."""
    power_at: datetime | None = None
    """When `power_kw` was read, where that was not at the instant itself: a large site's readings are taken from time to time."""

    def assumed(self, node_of: Callable[[str], int | None]) -> tuple[str, ...]:
        """What an answer takes from telemetry beside the positions, and in doubt: a sentence each, in order of IRIs. Of what plays a part
        in supply: what `node_of` knows (`SupplyGraph.find`)."""
        doubtful, out = _known(self.contradicted, node_of), _known(self.out, node_of)
        return (
            *first_named(doubtful, self._doubt, "more switches have points that contradict each other"),
            *first_named(
                out,
                lambda thing: f"{compact(thing)} counts as out of service, as {compact(self.out[thing])} says",
                "more things count as out of service",
            ),
            *first_named(
                _known(self.unread, node_of),
                lambda switch: f"{compact(switch)} {self.stands_though(switch)}",
                "more switches have a point that tells no position",
            ),
            *first_named(
                _known(self.unsure, node_of),
                lambda thing: f"{compact(thing)} counts as in service: {self.unsure[thing].text}",
                "more things count as in service, though a reading that could say otherwise cannot be used",
            ),
        )

    def stands_though(self, switch: str) -> str:
        """How a switch of `unread` is taken to stand, and what could not be used, in words."""
        stands = self.positions.get(switch)
        taken = "to stand as normal" if stands is None else f"as {'open' if stands.is_open else 'closed'}, as another point says"
        return f"is taken {taken}: {self.unread[switch].text}"

    def _doubt(self, switch: str) -> str:
        taken, other = map(compact, self.contradicted[switch])
        stands = self.positions.get(switch)
        position = "open" if stands is not None and stands.is_open else "closed"
        return f"{compact(switch)} is taken as {position}, as {taken} says: {other} says the opposite"


def _known(things: Iterable[str], node_of: Callable[[str], int | None]) -> list[str]:
    return sorted(thing for thing in things if node_of(thing) is not None)


@dataclass(frozen=True, slots=True)
class Told:
    """What telemetry says of switches and of service, as `Conditions` has it."""

    positions: Mapping[str, Position]
    out: Mapping[str, str]
    contradicted: Mapping[str, tuple[str, str]]
    unread: Mapping[str, Unusable] = field(default_factory=dict)
    unsure: Mapping[str, Unusable] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConditionPoints:
    """The points of one state of the model that conditions stand on."""

    switches: Mapping[str, tuple[str, ...]]
    """The position points of each switch that has any, all in order of IRIs."""
    signs: tuple[tuple[str, str, float], ...]
    """A thing, a point of it, and the value at which that says that the thing is out; in order of things, then of points."""
    points: frozenset[str]
    """All of them."""
    reads: Reads

    def outlives(self, change: ChangeSet) -> bool:
        """Whether they are the same after an exact change. Cost: that of the change."""
        return not self.reads.touched_by(change)

    def read(self, current_value: CurrentValue) -> Told:
        """What they say now. Cost: one look-up a point."""
        found, contradicted, unread = {}, {}, dict[str, Unusable]()
        for switch, points in self.switches.items():
            said = [(point, told) for point in points if (told := _told(current_value(point))) is not None]
            if said:
                taken, found[switch] = said[0]
                if other := next((point for point, told in said if told != found[switch]), None):
                    contradicted[switch] = (taken, other)
            silent = [point for point in points if _told(current_value(point)) is None]
            heard = (unusable(point, current_value(point), "neither 0 (open) nor 1 (closed)") for point in silent)
            if first := next((each for each in heard if each is not None), None):
                unread[switch] = first
        out, unsure = dict[str, str](), dict[str, Unusable]()
        for thing, point, value in self.signs:
            reading = current_value(point)
            if reading is None or thing in out:
                continue
            if reading == (value, Quality.GOOD):
                out[thing] = point
            elif reading[1] != Quality.GOOD and thing not in unsure and (poor := unusable(point, reading, "")) is not None:
                unsure[thing] = poor
        return Told(found, out, contradicted, unread, {thing: each for thing, each in unsure.items() if thing not in out})


def condition_points(snapshot: Snapshot, vocabulary: Vocabulary) -> ConditionPoints:
    """The points of a snapshot that conditions stand on. Cost: a few look-ups of columns, and Python for each such point."""
    watched = Watched.over(snapshot)
    switches = _position_points(watched, vocabulary)
    signs = tuple(_signs(watched, vocabulary))
    points = frozenset({point for of in switches.values() for point in of} | {point for _, point, _ in signs})
    return ConditionPoints(switches, signs, points, watched.reads)


def switches_with_position(snapshot: Snapshot, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The switches that have a position point, in order of IRIs."""
    return tuple(_position_points(snapshot, vocabulary))


def _position_points(snapshot: Snapshot, vocabulary: Vocabulary) -> dict[str, tuple[str, ...]]:
    found, key = defaultdict(list), snapshot.terms.keys
    owned = _owned(snapshot, snapshot.instances(sorted(vocabulary.subclasses(BREAKER_POSITION))))
    for owner, point in sorted({(key[owner], key[point]) for owner, point in owned}):
        found[owner].append(point)
    return {switch: tuple(points) for switch, points in found.items()}


def speaking(snapshot: Snapshot, vocabulary: Vocabulary, says: Callable[[ClassSupply], bool]) -> list[tuple[str, str, str]]:
    """What has a point of a class that says something, or of one below, that point, and that class, by IRI, each pair once and in order.
    Of several such classes of one point the most specific is told. Cost: a look-up a class, and Python for each such point."""
    said = [cls for cls, own in vocabulary.supply.said.items() if says(own)]
    below = frozenset().union(*(vocabulary.subclasses(cls) for cls in said))
    class_of: dict[int, str] = {}
    for cls in sorted(below, key=lambda cls: (len(vocabulary.superclasses(cls)), cls)):
        class_of |= dict.fromkeys(snapshot.instances([cls]).tolist(), cls)
    key = snapshot.terms.keys
    points = np.array(sorted(class_of), dtype=np.int32)
    return sorted({(key[owner], key[point], class_of[point]) for owner, point in _owned(snapshot, points)})


def _owned(snapshot: Snapshot, points: Ids) -> list[tuple[int, int]]:
    """What has one of the points, and that point."""
    if len(points) == 0:
        return []
    has, of = snapshot.relation(BRICK + "hasPoint"), snapshot.relation(BRICK + "isPointOf")
    forth, back = np.isin(has.objects, points), np.isin(of.subjects, points)
    owners = np.concatenate((has.subjects[forth], of.objects[back])).tolist()
    return list(zip(owners, np.concatenate((has.objects[forth], of.subjects[back])).tolist(), strict=True))


def _signs(snapshot: Snapshot, vocabulary: Vocabulary) -> Iterator[tuple[str, str, float]]:
    """Rule 2."""
    supply, should_run = vocabulary.supply, _should_run(snapshot)
    for owner, point, cls in speaking(snapshot, vocabulary, lambda own: OUT in own.signs or OFF in own.signs):
        out = supply.sign(cls, OUT)
        value = out if out is not None else supply.sign(cls, OFF) if owner in should_run else None
        if value is not None and not isnan(value):
            yield owner, point, value


def _should_run(snapshot: Snapshot) -> frozenset[str]:
    relation, key = snapshot.relation(DCX + "shouldRun"), snapshot.terms.keys
    rows = relation.pairs()
    return frozenset(key[who] for who, what in rows if is_literal(key[what]) and literal_parts(key[what]).lexical in ("true", "1"))


def _told(reading: tuple[float, Quality] | None) -> Position | None:
    if reading is None or reading[1] != Quality.GOOD or reading[0] not in (0.0, 1.0):
        return None
    return Position(is_open=reading[0] == 0.0, from_telemetry=True)
