"""Where things are, and what belongs together: the room of each thing, what is in a place, what is part of a loop or a system.

A thing is in a place by `brick:hasLocation`, `rec:locatedIn`, `rec:isPartOf`, `dcx:mountedIn` and their opposites. It is there as part of
something, too (`brick:isPartOf`, `brick:hasPart`), unless it states a place of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.roles import REDUNDANCY_GROUP
from analytics.supply_graph import SupplyGraph
from graph.snapshot import Snapshot
from ontology.namespaces import BRICK, DCX, REC
from ontology.terms import Ids
from ontology.vocabulary import Vocabulary

ROOMS = (REC + "Room", BRICK + "Room", REC + "OutdoorSpace")
"""Classes of places that fail as one (fire, flood): rooms, and what stands in the open. Rows, zones, floors and buildings do not."""
PLACES = (REC + "Space", BRICK + "Location")
"""Classes of places of any size."""
COLLECTIONS = (REC + "Collection",)
"""Classes of what is many things as one: loops, systems, groups."""
HOLDS = (BRICK + "isLocationOf", BRICK + "hasPart", REC + "hasPart")
HELD_BY = (BRICK + "hasLocation", REC + "locatedIn", BRICK + "isPartOf", REC + "isPartOf", DCX + "mountedIn")
PART_OF = (BRICK + "hasPart", BRICK + "isPartOf")
"""By these a thing is where its whole is only if it states no place of its own."""
_PARTS = (BRICK + "hasPart", REC + "hasPart", REC + "includes", DCX + "hasMember")
_WHOLES = (BRICK + "isPartOf", REC + "isPartOf")
_DEEP_MAX = 64
"""Steps from a thing to its room."""


def is_place(snapshot: Snapshot, vocabulary: Vocabulary, thing: int) -> bool:
    """Whether an entity is a place that holds other things, a rack apart."""
    return _is_any(snapshot, vocabulary, thing, PLACES)


def is_collection(snapshot: Snapshot, vocabulary: Vocabulary, thing: int) -> bool:
    """Whether an entity is a loop, a system or a group with a common cause. A redundancy group is not: it is a node of supply, and fails
    by itself."""
    return _is_any(snapshot, vocabulary, thing, COLLECTIONS) and not _is_any(snapshot, vocabulary, thing, (REDUNDANCY_GROUP,))


def _is_any(snapshot: Snapshot, vocabulary: Vocabulary, thing: int, classes: tuple[str, ...]) -> bool:
    return any(vocabulary.is_a(cls, above) for cls in snapshot.types(thing) for above in classes)


def contents(snapshot: Snapshot, place: int) -> set[int]:
    """A place and all that is in it, however deep, by term number. Cost: what is in it."""
    seen, queue = {place}, deque([place])
    while queue:
        outer = queue.popleft()
        for thing, weak in _held(snapshot, outer):
            if thing not in seen and not (weak and _states_a_place(snapshot, thing)):
                seen.add(thing)
                queue.append(thing)
    return seen


def parts(snapshot: Snapshot, whole: int) -> set[int]:
    """A loop or a system and all that is part of it, however deep, by term number. Cost: its parts."""
    seen, queue = {whole}, deque([whole])
    while queue:
        outer = queue.popleft()
        found = [part for predicate in _PARTS for part in snapshot.objects(outer, predicate)]
        found += [part for predicate in _WHOLES for part in snapshot.subjects(predicate, outer)]
        for part in found:
            if part not in seen:
                seen.add(part)
                queue.append(part)
    return seen


def below(snapshot: Snapshot, thing: int) -> set[int]:
    """A thing, all that is located in it or part of it, and so on down, by term number. Cost: what is below."""
    seen, queue = {thing}, deque([thing])
    while queue:
        for inner in held_directly(snapshot, queue.popleft()):
            if inner not in seen:
                seen.add(inner)
                queue.append(inner)
    return seen


def held_directly(snapshot: Snapshot, thing: int) -> list[int]:
    """What is located in a thing or part of it, without what is in that, by term number. A few look-ups."""
    found = [inner for inner, _ in _held(snapshot, thing)]
    found += [part for predicate in _PARTS for part in snapshot.objects(thing, predicate)]
    return found + [part for predicate in _WHOLES for part in snapshot.subjects(predicate, thing)]


def holding(snapshot: Snapshot) -> Mapping[int, Sequence[int]]:
    """What `held_directly` gives for each thing that holds anything, by term number, each once and ascending. Cost: one sort of all."""
    forth = [snapshot.relation(predicate) for predicate in dict.fromkeys((*HOLDS, *_PARTS))]
    back = [snapshot.relation(predicate) for predicate in dict.fromkeys((*HELD_BY, *_WHOLES))]
    outer = np.concatenate([*(each.subjects for each in forth), *(each.objects for each in back)])
    inner = np.concatenate([*(each.objects for each in forth), *(each.subjects for each in back)])
    pairs = np.unique(np.stack((outer, inner)), axis=1)
    starts = np.flatnonzero(np.diff(pairs[0], prepend=-1))
    inners = np.split(pairs[1], starts[1:]) if len(starts) else []
    return {int(thing): found.tolist() for thing, found in zip(pairs[0][starts].tolist(), inners, strict=True)}


def _held(snapshot: Snapshot, outer: int) -> Iterator[tuple[int, bool]]:
    for predicate in HOLDS:
        for thing in snapshot.objects(outer, predicate):
            yield thing, predicate in PART_OF
    for predicate in HELD_BY:
        for thing in snapshot.subjects(predicate, outer):
            yield thing, predicate in PART_OF


def _states_a_place(snapshot: Snapshot, thing: int) -> bool:
    return any(snapshot.objects(thing, predicate) for predicate in HELD_BY if predicate not in PART_OF) or any(
        snapshot.subjects(predicate, thing) for predicate in HOLDS if predicate not in PART_OF
    )


@dataclass(frozen=True, eq=False)
class Rooms:
    """The room of every node of a supply graph. Compare two by identity."""

    ids: tuple[str, ...]
    """The rooms that hold something, in order of IRIs."""
    labels: tuple[str, ...]
    of: Ids
    """By node: index into `ids`, or -1 for what is in no room."""


def rooms_of(snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph) -> Rooms:
    """The room that each node is in, the innermost one. Where two places are stated the first predicate of `HELD_BY` counts.

    Cost: a few passes over the places of a snapshot, no Python for each thing.
    """
    terms = np.array([-1 if (term := snapshot.terms.find(iri)) is None else term for iri in graph.nodes.ids], dtype=np.int32)
    held_by = _holders(snapshot)
    below = set().union(*(vocabulary.subclasses(cls) for cls in ROOMS))
    is_room = np.zeros(len(snapshot.terms) + 1, dtype=np.bool_)
    is_room[snapshot.instances(below)] = True
    at = terms.copy()
    for _ in range(_DEEP_MAX):
        going = (at >= 0) & ~is_room[at]
        if not going.any():
            break
        at[going] = held_by[at[going]]
    at[(at >= 0) & ~is_room[at]] = -1
    found = sorted(np.unique(at[at >= 0]).tolist(), key=snapshot.key)
    number = np.full(len(snapshot.terms) + 1, -1, dtype=np.int32)
    number[found] = np.arange(len(found), dtype=np.int32)
    return Rooms(tuple(map(snapshot.key, found)), tuple(map(snapshot.label, found)), number[at])


def _holders(snapshot: Snapshot) -> Ids:
    """By term number what holds a thing, or -1; one more entry than there are terms, for what is none."""
    found = np.full(len(snapshot.terms) + 1, -1, dtype=np.int32)
    strong = [predicate for predicate in HELD_BY if predicate not in PART_OF] + [p for p in HOLDS if p not in PART_OF]
    for predicate in (*strong, *PART_OF):
        relation = snapshot.relation(predicate)
        inner, outer = relation.subjects, relation.objects
        if predicate in HOLDS:
            inner, outer = outer, inner
        new = found[inner] < 0
        found[inner[new][::-1]] = outer[new][::-1]
    return found
