"""What may fail as one: a piece of equipment, a room with all that is in it, a whole feed path, a group with a common cause."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analytics.places import HELD_BY, HOLDS, PART_OF, ROOMS
from analytics.roles import COMMON_CAUSE_GROUP
from analytics.supply_graph import Flags, SupplyGraph
from graph.snapshot import Snapshot
from ontology.media import POWER
from ontology.namespaces import DCX
from ontology.terms import Ids, is_literal, literal_parts
from ontology.vocabulary import Vocabulary


class UnitKind(StrEnum):
    """Kinds of single failures, in the order in which they are listed."""

    EQUIPMENT = "equipment"
    ROOM = "room"
    PATH = "path"
    GROUP = "group"


KINDS = tuple(UnitKind)


@dataclass(frozen=True, slots=True)
class Unit:
    """One single failure. The id is an IRI; that of a path is its side, such as `A`."""

    kind: UnitKind
    id: str
    label: str

    def to_json(self) -> dict[str, str]:
        """As the command line prints it."""
        return {"kind": self.kind.value, "id": self.id, "label": self.label}


@dataclass(frozen=True, eq=False)
class Units:
    """Single failures as columns: by kind, then in order of ids. `nodes[at[i]:at[i + 1]]` all fail in failure i."""

    graph: SupplyGraph
    kind: Ids
    """Index into `KINDS`."""
    named: Ids
    """The node of a piece of equipment, else an index into `names`."""
    names: Sequence[tuple[str, str]]
    """Id and label of what is no piece of equipment."""
    at: Ids
    nodes: Ids

    def __len__(self) -> int:
        return len(self.kind)

    def unit(self, index: int) -> Unit:
        """One of them, by its number."""
        kind, named = KINDS[self.kind[index]], int(self.named[index])
        if kind is UnitKind.EQUIPMENT:
            return Unit(kind, self.graph.id(named), self.graph.label(named))
        return Unit(kind, *self.names[named])

    def nodes_of(self, index: int) -> Ids:
        """The nodes that fail, ascending."""
        return self.nodes[self.at[index] : self.at[index + 1]]

    def slots(self, slots_at: Ids) -> tuple[Ids, Ids]:
        """Where the slots begin that each takes down itself, and those slots; node n has the slots `slots_at[n]` to `slots_at[n + 1]`."""
        sizes = np.diff(slots_at)[self.nodes]
        ends = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
        slots = np.arange(ends[-1], dtype=np.int32) + np.repeat(slots_at[self.nodes] - ends[:-1], sizes)
        return ends[self.at], slots.astype(np.int32)

    def count(self) -> dict[str, int]:
        """How many there are of each kind."""
        counts = np.bincount(self.kind, minlength=len(KINDS)).tolist()
        return {kind.value: count for kind, count in zip(KINDS, counts, strict=True) if count}

    @staticmethod
    def equipment(graph: SupplyGraph) -> Units:
        """Every failure unit of a supply graph."""
        nodes = np.flatnonzero(graph.nodes.failure_unit).astype(np.int32)
        return Units.of_nodes(graph, nodes)

    @staticmethod
    def of_nodes(graph: SupplyGraph, nodes: Ids) -> Units:
        """Each of the given nodes alone."""
        return Units(graph, np.zeros(len(nodes), np.int32), nodes, (), np.arange(len(nodes) + 1, dtype=np.int32), nodes)


def units_of(
    snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph, kinds: Iterable[UnitKind] = KINDS, equipment: Units | None = None
) -> Units:
    """The single failures of the given kinds; a room, path or group in which nothing plays a part in supply is left out.

    `equipment` is what counts as equipment; absent: every failure unit.

    Cost: some passes over places, parts and sides; Python for each thing that is in a room.
    """
    wanted, parts = set(kinds), []
    if UnitKind.EQUIPMENT in wanted:
        parts.append(Units.equipment(graph) if equipment is None else equipment)
    if UnitKind.ROOM in wanted:
        parts.append(_named(graph, UnitKind.ROOM, list(_rooms(snapshot, vocabulary, graph))))
    if UnitKind.PATH in wanted:
        parts.append(_named(graph, UnitKind.PATH, list(_paths(snapshot, graph))))
    if UnitKind.GROUP in wanted:
        parts.append(_named(graph, UnitKind.GROUP, list(_groups(snapshot, vocabulary, graph))))
    return _together(graph, parts)


def _rooms(snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph) -> Iterator[tuple[str, str, Ids]]:
    """A room fails with itself and all that is located in it or mounted in that, and with the parts of these.

    A part that is located elsewhere itself does not fail with its whole.
    """
    held: dict[int, list[int]] = defaultdict(list)
    located: set[int] = set()
    for predicate in (*HOLDS, *HELD_BY):
        relation = snapshot.relation(predicate)
        outer, inner = (relation.subjects, relation.objects) if predicate in HOLDS else (relation.objects, relation.subjects)
        weak = predicate in PART_OF
        if not weak:
            located.update(inner.tolist())
        for whole, part in zip(outer.tolist(), inner.tolist(), strict=True):
            held[whole].append(part if not weak else ~part)
    for room in _instances(snapshot, vocabulary, ROOMS):
        seen, queue = {room}, deque([room])
        while queue:
            for part in held.get(queue.popleft(), ()):
                thing = part if part >= 0 else ~part
                if thing not in seen and (part >= 0 or thing not in located):
                    seen.add(thing)
                    queue.append(thing)
        yield snapshot.key(room), snapshot.label(room), _nodes(graph, (snapshot.key(thing) for thing in seen))


def _paths(snapshot: Snapshot, graph: SupplyGraph) -> Iterator[tuple[str, str, Ids]]:
    """A path is all that states its side by `dcx:feedSide`, and what of the power chain hangs on that side alone or feeds it alone.

    Handed down first: a node without a side that feeds power, is no load and takes power from one side only is of that side. Then up:
    one of which all power goes to one side. Ties are not followed.
    """
    side, names = _stated_sides(snapshot, graph)
    if not names:
        return
    edges, power = graph.edges, graph.media.index(POWER)
    hop = (edges.medium == power) & ~_either_way(graph)
    source, target = edges.source[hop], edges.target[hop]
    carries = np.zeros(len(graph.nodes), dtype=np.bool_)
    carries[source] = True
    carries[np.concatenate((graph.loads.racks, graph.loads.services, graph.loads.equipment))] = False
    _spread(side, target, source, carries)
    _spread(side, source, target, carries)
    for number, name in enumerate(names):
        yield name, f"path {name}", np.flatnonzero(side == number).astype(np.int32)


_NO_SIDE, _SEVERAL = -1, -2


def _stated_sides(snapshot: Snapshot, graph: SupplyGraph) -> tuple[Ids, list[str]]:
    """Each node's stated side as a number, `_NO_SIDE` where it states none, `_SEVERAL` where several; and their names."""
    relation = snapshot.relation(DCX + "feedSide")
    stated: dict[int, set[str]] = defaultdict(set)
    for subject, obj in relation.pairs():
        node, key = graph.find(snapshot.key(subject)), snapshot.key(obj)
        if node is not None and is_literal(key):
            stated[node].add(literal_parts(key).lexical)
    names = sorted(set().union(*stated.values()))
    side = np.full(len(graph.nodes), _NO_SIDE, dtype=np.int32)
    for node, of in stated.items():
        side[node] = names.index(next(iter(of))) if len(of) == 1 else _SEVERAL
    return side, names


def _either_way(graph: SupplyGraph) -> Flags:
    """The edges that have an opposite one: ties."""
    edges, size = graph.edges, np.int64(len(graph.nodes))
    forward, back = edges.source * size + edges.target, edges.target * size + edges.source
    return np.isin(forward, back)


def _spread(side: Ids, of: Ids, by: Ids, carries: Flags) -> None:
    """Give each node in `of` that carries and has no side the one side that all its neighbours in `by` have, until nothing changes."""
    while True:
        low = np.full(len(side), np.iinfo(np.int32).max, dtype=np.int32)
        high = np.full(len(side), _SEVERAL, dtype=np.int32)
        np.minimum.at(low, of, side[by])
        np.maximum.at(high, of, side[by])
        new = (side == _NO_SIDE) & carries & (low == high) & (low >= 0)
        if not new.any():
            return
        side[new] = low[new]


def _groups(snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph) -> Iterator[tuple[str, str, Ids]]:
    """A common-cause group fails with all its members."""
    for group in _instances(snapshot, vocabulary, (COMMON_CAUSE_GROUP,)):
        members = snapshot.objects(group, DCX + "hasMember")
        yield snapshot.key(group), snapshot.label(group), _nodes(graph, map(snapshot.key, members))


def _instances(snapshot: Snapshot, vocabulary: Vocabulary, classes: Iterable[str]) -> list[int]:
    """The instances of some classes, in order of IRIs."""
    below = set().union(*(vocabulary.subclasses(cls) for cls in classes))
    return sorted(snapshot.instances(below).tolist(), key=snapshot.key)


def _nodes(graph: SupplyGraph, iris: Iterable[str]) -> Ids:
    return np.array(sorted({node for iri in iris if (node := graph.find(iri)) is not None}), dtype=np.int32)


def _named(graph: SupplyGraph, kind: UnitKind, found: list[tuple[str, str, Ids]]) -> Units:
    found = [each for each in found if len(each[2])]
    at = np.cumsum([0, *(len(nodes) for _, _, nodes in found)]).astype(np.int32)
    nodes = np.concatenate([np.empty(0, np.int32), *(nodes for _, _, nodes in found)])
    names = tuple((iri, label) for iri, label, _ in found)
    return Units(graph, np.full(len(found), KINDS.index(kind), np.int32), np.arange(len(found), dtype=np.int32), names, at, nodes)


def _together(graph: SupplyGraph, parts: list[Units]) -> Units:
    names: list[tuple[str, str]] = []
    kinds, named, sizes, nodes = ([np.empty(0, np.int32)] for _ in range(4))
    for part in parts:
        kinds.append(part.kind)
        named.append(part.named + np.int32(len(names)))
        names.extend(part.names)
        sizes.append(np.diff(part.at))
        nodes.append(part.nodes)
    at = np.concatenate(([0], np.cumsum(np.concatenate(sizes)))).astype(np.int32)
    return Units(graph, np.concatenate(kinds), np.concatenate(named).astype(np.int32), tuple(names), at, np.concatenate(nodes))
