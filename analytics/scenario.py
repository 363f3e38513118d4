"""A what-if in words of an operator: what fails, which switches are opened or closed first, what is isolated for work, who moves where.

Rules of this file:

1. A place fails with all that is in it, a loop or a system with what is part of it, a group with a common cause with its members. What
   hands on supply itself, such as an aisle, fails as itself; so does everything else.
2. A switch that is opened is not broken: it hands on nothing, and what becomes of its own supply is told. One that is closed was closed
   before anything fails.
3. What is isolated is out like what fails, and the switches that could bring power to it are open: the next ones upstream, ties among
   them, looked for through what feeds nothing else (cords, modules, a group). Where no switch stands between it and a supplier of
   others or a source, it counts as disconnected at its own terminals, and the answer says so.
4. A thing has one part in a scenario; moves are made first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from analytics.columns import distinct, ranges, spans, without
from analytics.conditions import Conditions, Position
from analytics.moves import Move, Relocation
from analytics.places import contents, is_collection, is_place, parts
from analytics.supply_graph import FUEL, Flags, SupplyGraph
from graph.errors import GraphError, UnknownEntity
from graph.snapshot import Snapshot
from ontology.media import POWER
from ontology.namespaces import DCX, compact, expand
from ontology.terms import Ids
from ontology.vocabulary import Vocabulary

NAMED_MAX = 3
"""Things that a sentence names."""


class Role(StrEnum):
    """What a thing does in a scenario."""

    FAILS = "fails"
    OPENED = "opened"
    CLOSED = "closed"
    ISOLATED = "isolated"


class Kind(StrEnum):
    """What something that was named stands for."""

    ENTITY = "entity"
    PLACE = "place"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Scenario:
    """Ids are IRIs or CURIEs."""

    fails: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    isolated: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()

    def __post_init__(self) -> None:
        """Raises `GraphError` for a scenario in which nothing happens, and for one that gives a thing two parts."""
        if not (self.fails or self.opened or self.closed or self.isolated or self.moves):
            raise GraphError("nothing happens in this scenario: name what fails, is opened, closed, isolated or moved")
        part_of: dict[str, Role] = {}
        for part, named in self.named():
            if part_of.setdefault(named, part) is not part:
                raise GraphError(f"{compact(named)} is named as {part_of[named]} and as {part}: a scenario takes it once")
        to_of: dict[str, frozenset[str]] = {}
        for move in self.moves:
            to = frozenset(map(expand, move.racks))
            first = to_of.setdefault(expand(move.tenant), to)
            if first != to:
                one, other = (", ".join(map(compact, sorted(racks))) for racks in (first, to))
                raise GraphError(
                    f"{compact(expand(move.tenant))} moves to {one} and to {other}: a scenario takes it once, with all its racks"
                )

    def named(self) -> Iterator[tuple[Role, str]]:
        """Everything that is named, as an IRI, with its part in it; moves apart."""
        for part, ids in zip(Role, (self.fails, self.opened, self.closed, self.isolated), strict=True):
            for name in ids:
                yield part, expand(name)

    def ids(self) -> list[str]:
        """Everything that is named, as it was given."""
        moved = (name for move in self.moves for name in (move.tenant, *move.racks))
        return [*self.fails, *self.opened, *self.closed, *self.isolated, *moved]


@dataclass(frozen=True, slots=True)
class Resolved:
    """What something that was named stands for: the IRIs of what plays a part in supply, in order."""

    asked: str
    part: Role
    kind: Kind
    ids: tuple[str, ...]
    opens: tuple[str, ...] = ()
    """Of what is isolated: the switches that are open so that nothing brings power to it."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "asked": self.asked,
            "part": self.part.value,
            "kind": self.kind.value,
            "ids": list(self.ids),
            "opens": list(self.opens),
        }


@dataclass(frozen=True, eq=False)
class Case:
    """A scenario against one state of the twin: nodes by number, and the conditions with the closed switches closed."""

    graph: SupplyGraph
    conditions: Conditions
    failed: Ids
    """What fails or is isolated, ascending."""
    opened: Ids
    """Switches that are opened, ascending; none of `failed`."""
    asked: tuple[str, ...]
    """What was named as failing or isolated, as IRIs, in order."""
    resolved: tuple[Resolved, ...] = ()
    notes: tuple[str, ...] = ()
    moved: tuple[Relocation, ...] = ()
    closed: tuple[str, ...] = ()
    before: Conditions | None = None
    """The conditions with nothing closed, where something is."""
    unmoved: SupplyGraph | None = None
    """The graph before the moves, where there are any."""
    stores: tuple[str, ...] = ()
    """What fails and is no node of supply, but stores energy, as IRIs, in order."""

    @property
    def out(self) -> Ids:
        """The nodes that hand on nothing, ascending."""
        return np.union1d(self.failed, self.opened).astype(np.int32)

    def out_ids(self) -> list[str]:
        """The same, as IRIs, then the stores of energy that are no nodes."""
        return [*map(self.graph.id, self.out.tolist()), *self.stores]

    @staticmethod
    def of_failed(graph: SupplyGraph, failed: Sequence[str], conditions: Conditions) -> Case:
        """Only failures, each of what is named itself. Raises `UnknownEntity`."""
        ids, nodes = graph.resolve(failed)
        apart = tuple(iri for iri in ids if graph.find(iri) is None)
        return Case(graph, conditions, nodes, np.empty(0, dtype=np.int32), tuple(ids), stores=apart)


@dataclass(slots=True)
class _Found:
    failed: set[int] = field(default_factory=set)
    stores: set[str] = field(default_factory=set)
    opened: set[int] = field(default_factory=set)
    resolved: list[Resolved] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def resolve(snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph, conditions: Conditions, scenario: Scenario) -> Case:
    """A scenario against a state of the twin; its moves have been made (`analytics/moving.py`).

    Raises `UnknownEntity` for what the twin does not know, `GraphError` for opening or closing what is no switch. Cost: what is in the
    places that are named.
    """
    found = _Found()
    named = list(dict.fromkeys(scenario.named()))
    for part, iri in named:
        number = snapshot.find(iri)
        if number is None:
            raise UnknownEntity(UnknownEntity.text(iri, graph.revision))
        if part in (Role.OPENED, Role.CLOSED):
            _switch(graph, conditions, part, iri, found)
        else:
            _out(snapshot, vocabulary, graph, part, number, found)
    closed = tuple(iri for part, iri in named if part is Role.CLOSED)
    stands = dict.fromkeys(closed, Position(is_open=False, from_telemetry=False))
    failed = np.array(sorted(found.failed), dtype=np.int32)
    for iri in closed:
        if graph.find(iri) in found.failed:
            found.notes.append(f"{compact(iri)} is out, so closing it changes nothing")
    return Case(
        graph,
        replace(conditions, positions={**conditions.positions, **stands}) if closed else conditions,
        failed,
        np.array(sorted(found.opened - found.failed), dtype=np.int32),
        tuple(sorted({iri for part, iri in named if part in (Role.FAILS, Role.ISOLATED)})),
        tuple(found.resolved),
        tuple(found.notes),
        (),
        closed,
        conditions if closed else None,
        stores=tuple(sorted(found.stores)),
    )


def _switch(graph: SupplyGraph, conditions: Conditions, part: Role, iri: str, found: _Found) -> None:
    node = graph.find(iri)
    if node is None or not graph.nodes.switch[node]:
        raise GraphError(f"{compact(iri)} is no switch, so it cannot be {part}: let it fail, or isolate it")
    position = conditions.positions.get(iri)
    is_open = bool(graph.nodes.normally_open[node]) if position is None else position.is_open
    if is_open == (part is Role.OPENED):
        found.notes.append(f"{compact(iri)} is {'open' if is_open else 'closed'} already: that it is {part} changes nothing")
    if part is Role.OPENED:
        found.opened.add(node)
    found.resolved.append(Resolved(iri, part, Kind.ENTITY, (iri,)))


def _out(snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph, part: Role, number: int, found: _Found) -> None:
    iri = snapshot.key(number)
    kind, things = _stands_for(snapshot, vocabulary, graph, number)
    nodes = sorted({node for thing in things if (node := graph.find(snapshot.key(thing))) is not None})
    stores = {snapshot.key(thing) for thing in things if _is_store(snapshot, vocabulary, graph, thing)}
    found.stores |= stores
    if not nodes and stores:
        fuel = any(vocabulary.is_a(cls, DCX + FUEL) for cls in snapshot.types(number))
        instead = "fuel is not followed here: see --timeline" if fuel else "it bridges time (impact --timeline)"
        found.notes.append(f"{compact(iri)} stores energy or holds what does, and is no supplier: {instead}")
    elif not nodes:
        found.notes.append(f"{compact(iri)} plays no part in supply, nor does anything in it: it takes nothing with it")
    opens: list[int] = []
    if part is Role.ISOLATED:
        opens, bare = _made_safe(graph, set(nodes))
        found.opened.update(opens)
        if bare:
            more = ", ..." if len(bare) > NAMED_MAX else ""
            named = ", ".join(compact(graph.id(node)) for node in bare[:NAMED_MAX])
            found.notes.append(f"{compact(iri)} is disconnected at its own terminals: no switch stands between it and {named}{more}")
    found.failed.update(nodes)
    found.resolved.append(Resolved(iri, part, kind, tuple(map(graph.id, nodes)), tuple(map(graph.id, opens))))


def _stands_for(snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph, number: int) -> tuple[Kind, set[int]]:
    """Rule 1."""
    if is_place(snapshot, vocabulary, number) and not _hands_on(graph, graph.find(snapshot.key(number))):
        return Kind.PLACE, contents(snapshot, number)
    if is_collection(snapshot, vocabulary, number):
        return Kind.SYSTEM, parts(snapshot, number)
    return Kind.ENTITY, {number}


def _is_store(snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph, thing: int) -> bool:
    """Whether a thing stores energy and is no node of supply: as a part of what it stands behind."""
    return graph.find(snapshot.key(thing)) is None and any(vocabulary.supply.is_storage(cls) for cls in snapshot.types(thing))


def _hands_on(graph: SupplyGraph, node: int | None) -> bool:
    return node is not None and bool((graph.edges.source == node).any())


def _made_safe(graph: SupplyGraph, nodes: set[int]) -> tuple[list[int], list[int]]:
    """Rule 3: the switches to open, and suppliers with no switch between; each ascending.

    All that feeds nothing but what is within so far joins it at once: in which order things are named makes no difference. Cost: the edges
    into what is within; those out of the suppliers, once for each thing in a row that feeds nothing else.
    """
    within = np.zeros(len(graph.nodes), dtype=np.bool_)
    reached = np.zeros(len(graph.nodes), dtype=np.bool_)
    joined = np.array(sorted(nodes), dtype=np.int32)
    bare = joined[:0]
    while len(joined):
        within[joined] = True
        suppliers, _ = _power_into(graph, joined)
        reached[suppliers] = True
        bare = distinct(np.concatenate((bare, suppliers[~graph.nodes.switch[suppliers]])))
        bare = bare[~within[bare]]
        joined = _feeding_only(graph, bare, within)
    return np.flatnonzero(reached & graph.nodes.switch & ~within).tolist(), bare.tolist()


def _power_into(graph: SupplyGraph, nodes: Ids) -> tuple[Ids, Ids]:
    """The edges that bring power to some nodes: sources, and targets."""
    edges = graph.edges
    rows = spans(np.searchsorted(edges.target, nodes), np.searchsorted(edges.target, nodes, side="right"))
    rows = rows[edges.medium[rows] == graph.media.index(POWER)]
    return edges.source[rows], edges.target[rows]


def _feeding_only(graph: SupplyGraph, nodes: Ids, within: Flags) -> Ids:
    """Those of some nodes, ascending, that feed nothing but what is within, and that something feeds with power."""
    at, fed = graph.feeding
    rows = ranges(at, nodes)
    source = np.repeat(nodes, at[nodes + 1] - at[nodes])
    others = distinct(source[~within[fed[rows]]])
    _, powered = _power_into(graph, nodes)
    return without(distinct(powered), others)
