"""What the graph says of each point, as columns in order of IRIs: class, name, unit, and where it belongs. Read once for a revision."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from adapters.http.parts import HttpParts
from analytics.places import HELD_BY, HOLDS, ROOMS
from graph.points import PointFacts, point_facts
from graph.snapshot import LABEL, RDF_TYPE, Snapshot
from graph.values import Slots
from graph.watched import Reads, Watched
from ontology.namespaces import BRICK, REC, expand, local_name
from ontology.terms import is_iri, is_literal, literal_parts
from ontology.vocabulary import Vocabulary
from twin.events import GraphChanged

RACKS = (BRICK + "ICT_Rack", REC + "ITRack")
_DEEP_MAX = 32
"""Steps from a thing to its room."""
Links = Mapping[int, list[int]]


@dataclass(frozen=True, eq=False)
class Directory:
    """The points of a revision. All columns are of one length; an empty text where nothing is said."""

    revision: int
    iris: Sequence[str]
    slots: Slots
    facts: Sequence[PointFacts]
    classes: Sequence[str]
    labels: Sequence[str]
    units: Sequence[str]
    entities: Sequence[str]
    rooms: Sequence[str]
    racks: Sequence[str]

    def __len__(self) -> int:
        return len(self.iris)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The row of each point."""
        return {iri: row for row, iri in enumerate(self.iris)}

    @cached_property
    def rows_of_slots(self) -> NDArray[np.int32]:
        """The row of each slot, -1 for one that is no point's."""
        rows = np.full(int(self.slots.max(initial=-1)) + 1, -1, np.int32)
        rows[self.slots] = np.arange(len(self), dtype=np.int32)
        return rows

    @cached_property
    def virtual(self) -> NDArray[np.bool_]:
        """Which points have a formula."""
        return np.fromiter((facts.virtual for facts in self.facts), np.bool_, len(self))

    @cached_property
    def by_entity(self) -> Mapping[str, list[int]]:
        """The rows of each entity's points."""
        found: dict[str, list[int]] = defaultdict(list)
        for row, entity in enumerate(self.entities):
            found[entity].append(row)
        return found

    def row(self, point: str) -> int:
        """The row of a point by IRI or CURIE; -1 for none."""
        row = self.places.get(point)
        return self.places.get(expand(point), -1) if row is None else row


class Directories:
    """The directory of the newest revision, made when it is asked for and kept until a change touches what it was made of."""

    def __init__(self, parts: HttpParts) -> None:
        self._parts, self._lock = parts, Lock()
        self._kept: Directory | None = None
        self._reads = Reads()
        self._touched = 0
        self.close: Callable[[], None] = parts.bus.subscribe(GraphChanged, self._changed)

    def now(self) -> Directory:
        """That of now. Takes up to a second where a large graph has changed: call it in a worker thread."""
        kept = self._kept
        if kept is not None:
            return kept
        with self._lock:
            if self._kept is not None:
                return self._kept
            touched, watched = self._touched, Watched.over(self._parts.snapshot())
            made = directory_of(watched, self._parts.vocabulary, self._parts.sink.slots)
            self._reads = watched.reads
            if touched == self._touched:
                self._kept = made
            return made

    def _changed(self, event: GraphChanged) -> None:
        if self._kept is None or event.change is None or self._reads.touched_by(event.change):
            self._touched += 1
            self._kept = None


def directory_of(snapshot: Snapshot, vocabulary: Vocabulary, slots: Callable[[Sequence[str]], Slots]) -> Directory:
    """The directory of a revision. Cost: some microseconds a point, and a pass over all types and labels."""
    facts = point_facts(snapshot, vocabulary)
    iris, key = list(facts), snapshot.key
    find = snapshot.terms.find
    numbers = [-1 if (number := find(iri)) is None else number for iri in iris]
    types, labels, units = (_links(snapshot, RDF_TYPE), _links(snapshot, LABEL), _links(snapshot, BRICK + "hasUnit"))
    owners: dict[int, list[int]] = defaultdict(list)
    for entity, point in snapshot.relation(BRICK + "hasPoint").pairs():
        owners[point].append(entity)
    for point, entity in snapshot.relation(BRICK + "isPointOf").pairs():
        owners[point].append(entity)
    shown: dict[tuple[str, ...], str] = {}

    def class_of(number: int) -> str:
        of = tuple(sorted(key(one) for one in types.get(number, ())))
        if of not in shown:
            shown[of] = vocabulary.most_specific(of) or ""
        return shown[of]

    def label_of(number: int) -> str:
        said = sorted(key(one) for one in labels.get(number, ()) if is_literal(key(one)))
        return literal_parts(said[0]).lexical if said else local_name(key(number))

    belongs = [min((key(one) for one in owners.get(number, ()) if is_iri(key(one))), default="") for number in numbers]
    where = _Places(snapshot, vocabulary)
    located = [where.of(found) if entity and (found := find(entity)) is not None else ("", "") for entity in belongs]
    return Directory(
        snapshot.revision,
        iris,
        slots(iris),
        list(facts.values()),
        [class_of(number) for number in numbers],
        [label_of(number) for number in numbers],
        [min((key(one) for one in units.get(number, ()) if is_iri(key(one))), default="") for number in numbers],
        belongs,
        [room for room, _ in located],
        [rack for _, rack in located],
    )


class _Places:
    """The room and the rack of a thing: itself, or the nearest that holds it."""

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary) -> None:
        self._key = snapshot.key
        self._above: dict[int, list[int]] = defaultdict(list)
        for predicate in HELD_BY:
            for thing, place in snapshot.relation(predicate).pairs():
                self._above[thing].append(place)
        for predicate in HOLDS:
            for place, thing in snapshot.relation(predicate).pairs():
                self._above[thing].append(place)
        self._rooms, self._racks = _instances(snapshot, vocabulary, ROOMS), _instances(snapshot, vocabulary, RACKS)
        self._known: dict[int, tuple[str, str]] = {}

    def of(self, thing: int) -> tuple[str, str]:
        """The IRIs of room and rack, empty for none."""
        if thing not in self._known:
            self._known[thing] = self._nearest(thing, self._rooms), self._nearest(thing, self._racks)
        return self._known[thing]

    def _nearest(self, thing: int, wanted: frozenset[int]) -> str:
        level, seen = [thing], {thing}
        for _ in range(_DEEP_MAX):
            found = sorted(self._key(one) for one in level if one in wanted)
            if found or not level:
                return found[0] if found else ""
            level = [place for one in level for place in self._above.get(one, ()) if place not in seen and not seen.add(place)]  # type: ignore[func-returns-value] # add gives None
        return ""


def below(snapshot: Snapshot, entity: int) -> frozenset[str]:
    """An entity and all that is in it or part of it, however deep, by IRI. Cost: what is in it."""
    seen, queue = {entity}, deque([entity])
    while queue:
        outer = queue.popleft()
        inner = [thing for predicate in HOLDS for thing in snapshot.objects(outer, predicate)]
        inner += [thing for predicate in HELD_BY for thing in snapshot.subjects(predicate, outer)]
        for thing in inner:
            if thing not in seen:
                seen.add(thing)
                queue.append(thing)
    return frozenset(snapshot.key(thing) for thing in seen)


def _instances(snapshot: Snapshot, vocabulary: Vocabulary, classes: Sequence[str]) -> frozenset[int]:
    wanted = {each for cls in classes for each in (vocabulary.subclasses(cls) if cls in vocabulary.classes else {cls})}
    return frozenset(snapshot.instances(sorted(wanted)).tolist())


def _links(snapshot: Snapshot, predicate: str) -> Links:
    found: dict[int, list[int]] = {}
    for s, o in snapshot.relation(predicate).pairs():
        found.setdefault(s, []).append(o)
    return found
