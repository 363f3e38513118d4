"""A tenant's move: its load leaves where it is and comes to other racks. What is then overloaded, dark or hangs by one thing.

Rules of this file:

1. The load of a tenant is its IT equipment, and what is mounted in its racks and is nobody else's. A rack of its in which nothing says what
   it draws moves as what is planned for it.
2. It is spread so that the racks get alike: the largest piece first, each to the rack that has got least.
3. There it is supplied as the rack is, in power, cooling and network: by what feeds the rack, else by what feeds what is mounted in it.
   What fed it in these media where it was, by whatever relation, does so no longer; media that the rack lacks still come from there.
4. Readings were taken before the move: loads are those that are planned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analytics.assumed import Assumed
from analytics.capacity.cascade import GROWN
from analytics.capacity.flow import loads_since
from analytics.columns import rows_of
from analytics.conditions import Conditions
from analytics.figures import rounded, rounded_apart
from analytics.loads import HARDWARE, KILOWATT, RACK, draw_kw, hardware, quantities
from analytics.moves import Arrival, Move, Overfull, Relocation
from analytics.scenario import Case, Scenario, resolve
from analytics.state import Plant, plant
from analytics.supply import compile_supply
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.points import single_points
from graph.changes import ChangeSet
from graph.connections import Connections
from graph.errors import GraphError, UnknownEntity
from graph.snapshot import RDF_TYPE, Snapshot
from ontology.media import AIR_COOLING, FEEDS_IN, LIQUID_COOLING, NETWORK, POWER
from ontology.namespaces import BRICK, DCX, compact, expand
from ontology.terms import XSD, KeyQuad, QuadBlock, literal
from ontology.vocabulary import Vocabulary

MOVED_GRAPH = "urn:ridethrough:moved"
_MEDIA = (POWER, LIQUID_COOLING, AIR_COOLING, NETWORK)
_FEEDS = {medium: prop for prop, medium in FEEDS_IN.items()}
_PLANNED, _OWNER, _MOUNTED = DCX + "allocatedPower", DCX + "hasTenant", DCX + "mountedIn"
_PLACED = (_MOUNTED, BRICK + "hasLocation")
Points = Callable[[str], Mapping[str, tuple[str, ...]]]
"""The single points of failure of a thing, by medium."""


def case_of(
    snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph, conditions: Conditions, scenario: Scenario
) -> tuple[Case, Snapshot]:
    """A scenario against a state of the twin, its moves made first; and the snapshot that this is about, which moves make another one.

    Raises and costs as `scenario.resolve` and `after_moves`.
    """
    if not scenario.moves:
        return resolve(snapshot, vocabulary, graph, conditions, scenario), snapshot
    after = after_moves(snapshot, vocabulary, graph, conditions, scenario.moves)
    case = resolve(after.snapshot, vocabulary, after.graph, after.conditions, scenario)
    return replace(case, moved=after.moved, unmoved=graph, notes=(*after.notes, *case.notes)), after.snapshot


@dataclass(frozen=True, eq=False)
class AfterMoves:
    """The state after the moves, as a snapshot and a supply graph of the same revision."""

    snapshot: Snapshot
    graph: SupplyGraph
    conditions: Conditions
    moved: tuple[Relocation, ...]
    notes: tuple[str, ...]


def after_moves(
    snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph, conditions: Conditions, moves: Sequence[Move]
) -> AfterMoves:
    """Make the moves, and say what they do. Nothing is kept.

    Raises `UnknownEntity` for what the twin does not know, `GraphError` for a rack that is none and for a tenant without a load. Cost:
    compiling a supply graph, and all single failures of the site.
    """
    change, notes, placed = _Change(snapshot), list[str](), list[tuple[Move, dict[str, list[str]], tuple[str, ...]]]()
    for move in dict.fromkeys(moves):
        racks = [_rack(snapshot, vocabulary, each) for each in dict.fromkeys(move.racks)]
        if not racks:
            raise GraphError(f"{compact(expand(move.tenant))} moves nowhere: name the racks that its load comes to")
        load = _load(snapshot, vocabulary, change, _tenant(snapshot, move.tenant))
        for rack in sorted({*load.left} & {snapshot.key(each) for each in racks}):
            notes.append(f"{compact(load.tenant)} stands in {compact(rack)} already: what it has there counts among what comes to it")
        placed.append((move, *_place(snapshot, vocabulary, graph, change, load, racks, notes)))
    moved = snapshot.apply(change.made(), snapshot.revision, snapshot.at)
    after = compile_supply(moved, vocabulary)
    now = replace(conditions, power_kw={}, unmetered={})
    if conditions.power_kw:
        notes.append("loads are those that are planned: readings were taken before the move")
    over = _overfull(graph, after, now)
    points = single_points(after, now)
    state = plant(after, now)
    found = tuple(
        Relocation(
            expand(move.tenant),
            round(sum(arrival.kw for arrival in arrivals), 3),
            left,
            arrivals,
            over,
        )
        for move, to, left in placed
        for arrivals in [tuple(_arrival(moved, after, state, points.of, rack, got) for rack, got in sorted(to.items()))]
    )
    return AfterMoves(moved, after, now, found, tuple(notes))


class _Change:
    """Facts to add and to take back."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._added: list[KeyQuad] = []
        self._removed: set[KeyQuad] = set()

    def say(self, subject: str, predicate: str, obj: str) -> None:
        self._added.append((subject, predicate, obj, MOVED_GRAPH))

    def take_back(self, subject: int, predicate: str, obj: int | None = None) -> None:
        key = self._snapshot.key
        for p, o, g, _ in self._snapshot.said(subject).tolist():
            if key(p) == predicate and (obj is None or o == obj):
                self._removed.add((key(subject), predicate, key(o), key(g)))

    def made(self) -> ChangeSet:
        return ChangeSet(QuadBlock.of(self._added), QuadBlock.of(sorted(self._removed)))


@dataclass(frozen=True, slots=True)
class _Load:
    """Equipment by IRI with its kW, its term number where the model has it, and the racks that it leaves."""

    kw: dict[str, float]
    number: dict[str, int]
    left: tuple[str, ...]
    tenant: str


def _tenant(snapshot: Snapshot, name: str) -> int:
    number = snapshot.find(name)
    if number is None:
        raise UnknownEntity(UnknownEntity.text(expand(name), snapshot.revision))
    return number


def _rack(snapshot: Snapshot, vocabulary: Vocabulary, name: str) -> int:
    number = snapshot.find(name)
    if number is None:
        raise UnknownEntity(UnknownEntity.text(expand(name), snapshot.revision))
    if not any(vocabulary.is_a(cls, RACK) for cls in snapshot.types(number)):
        raise GraphError(f"{compact(expand(name))} is no rack, so nothing can move there: name things of brick:ICT_Rack")
    return number


def _load(snapshot: Snapshot, vocabulary: Vocabulary, change: _Change, tenant: int) -> _Load:
    """Rule 1; takes back where the load is."""
    draws = frozenset(hardware(snapshot, vocabulary).tolist())
    own = set(snapshot.subjects(_OWNER, tenant))
    racks = [thing for thing in own if any(vocabulary.is_a(cls, RACK) for cls in snapshot.types(thing))]
    mounted = {thing for rack in racks for thing in snapshot.subjects(_MOUNTED, rack) if not snapshot.objects(thing, _OWNER)}
    equipment = sorted((own | mounted) & draws, key=snapshot.key)
    kw = {snapshot.key(n): float(each) for n, each in zip(equipment, draw_kw(snapshot, np.array(equipment, dtype=np.int32)), strict=True)}
    leaving = set(equipment)
    left = {rack for thing in equipment for rack in snapshot.objects(thing, _MOUNTED)}
    for rack in sorted(racks, key=snapshot.key):
        inside = set(snapshot.subjects(_MOUNTED, rack)) & draws
        planned = float(np.nan_to_num(quantities(snapshot, _PLANNED, np.array([rack], dtype=np.int32), KILOWATT, most=True))[0])
        if not inside and planned > 0:
            iri = f"{MOVED_GRAPH}:{snapshot.key(rack)}"
            kw[iri] = planned
            change.say(iri, RDF_TYPE, HARDWARE)
            change.say(iri, _PLANNED, f"_:kw-{len(kw)}")
            change.say(f"_:kw-{len(kw)}", BRICK + "value", literal(repr(planned), XSD + "double"))
            change.say(f"_:kw-{len(kw)}", BRICK + "hasUnit", KILOWATT)
            left.add(rack)
        if inside <= leaving:
            change.take_back(rack, _PLANNED)
        change.take_back(rack, _OWNER, tenant)
    if not kw:
        raise GraphError(f"{compact(snapshot.key(tenant))} has no load to move: say which racks or IT equipment are its by dcx:hasTenant")
    return _Load(kw, {snapshot.key(n): n for n in equipment}, tuple(sorted(map(snapshot.key, left))), snapshot.key(tenant))


def _place(
    snapshot: Snapshot,
    vocabulary: Vocabulary,
    graph: SupplyGraph,
    change: _Change,
    load: _Load,
    racks: list[int],
    notes: list[str],
) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """Rules 2 and 3. Gives what each rack gets, and the racks that are left."""
    got: dict[str, list[str]] = {snapshot.key(rack): [] for rack in racks}
    held = dict.fromkeys(got, 0.0)
    moving = frozenset(load.kw)
    supply = {snapshot.key(rack): _supply(snapshot, graph, rack, moving) for rack in racks}
    for name in sorted(name for name, (by, _) in supply.items() if not by[POWER]):
        notes.append(f"nothing feeds {compact(name)} with power, nor anything in it: what comes to it keeps its old feeds")
    for iri in sorted(load.kw, key=lambda each: (-load.kw[each], each)):
        rack = min(held, key=lambda each: (held[each], each))
        held[rack] += load.kw[iri]
        got[rack].append(iri)
        by, fed = supply[rack]
        number = load.number.get(iri)
        if number is not None:
            for medium in _MEDIA:
                if by.get(medium):
                    _unplug(snapshot, vocabulary, graph, change, number, medium, moving)
            for predicate in _PLACED:
                change.take_back(number, predicate)
        for medium, suppliers in by.items():
            if number is None or medium == POWER or _is_fed(graph, iri, medium):
                for supplier in suppliers:
                    change.say(supplier, _FEEDS[medium], iri)
        change.say(iri, BRICK + "hasLocation" if fed else _MOUNTED, rack)
        if number is None or not snapshot.objects(number, _OWNER):
            change.say(iri, _OWNER, load.tenant)
    return got, load.left


def _supply(snapshot: Snapshot, graph: SupplyGraph, rack: int, moving: frozenset[str]) -> tuple[dict[str, list[str]], bool]:
    """Who supplies what comes to a rack, by medium, and whether the rack itself is fed."""
    by: dict[str, list[str]] = {}
    node = graph.find(snapshot.key(rack))
    inside = [n for thing in snapshot.subjects(_MOUNTED, rack) if (n := graph.find(snapshot.key(thing))) is not None]
    it = frozenset(graph.loads.equipment.tolist())
    for medium in _MEDIA:
        own = [] if node is None else _suppliers(graph, [node], medium)
        found = own or _suppliers(graph, [n for n in inside if n in it], medium)
        by[medium] = [iri for iri in found if iri not in moving]
    return by, bool(node is not None and (graph.edges.target == node).any())


def _suppliers(graph: SupplyGraph, nodes: Iterable[int], medium: str) -> list[str]:
    edges, number = graph.edges, graph.media.index(medium)
    found = np.unique(edges.source[np.isin(edges.target, np.array(list(nodes), dtype=np.int32)) & (edges.medium == number)])
    return [graph.id(node) for node in found.tolist()]


def _is_fed(graph: SupplyGraph, iri: str, medium: str) -> bool:
    node = graph.find(iri)
    return node is not None and bool(_suppliers(graph, [node], medium))


def _unplug(
    snapshot: Snapshot,
    vocabulary: Vocabulary,
    graph: SupplyGraph,
    change: _Change,
    thing: int,
    medium: str,
    moving: frozenset[str],
) -> None:
    """Take back what feeds a thing in a medium from where it was; what moves with it goes on feeding it, and so does what carries another
    medium."""
    explicit = vocabulary.subproperties(_FEEDS[medium])
    plain = vocabulary.subproperties(BRICK + "feeds") - frozenset().union(*map(vocabulary.subproperties, FEEDS_IN))
    said = [(s, prop, thing, s) for prop in sorted(explicit | plain) for s in snapshot.subjects(prop, thing)]
    said += [(thing, prop, s, s) for prop in sorted(vocabulary.subproperties(BRICK + "isFedBy")) for s in snapshot.objects(thing, prop)]
    for subject, prop, obj, supplier in said:
        if snapshot.key(supplier) not in moving and (prop in explicit or _carries(snapshot, graph, supplier, thing, medium)):
            change.take_back(subject, prop, obj)
    connections = Connections(snapshot, vocabulary)
    for connection in connections.of(thing):
        stays = not connection.sources or {snapshot.key(each) for each in connection.sources} - moving
        if stays and thing in connection.targets and _carries(snapshot, graph, connection.number, thing, medium):
            for triple in connections.joints(connection.number, thing):
                change.take_back(*triple)
    for need in snapshot.objects(thing, DCX + "requires"):
        media = map(snapshot.key, snapshot.objects(need, DCX + "medium"))
        if medium in media and snapshot.objects(need, DCX + "among"):
            change.take_back(thing, DCX + "requires", need)


def _carries(snapshot: Snapshot, graph: SupplyGraph, supplier: int, thing: int, medium: str) -> bool:
    """Whether a supplier feeds a thing in a medium; of a store of energy, whether it would."""
    u, v = graph.find(snapshot.key(supplier)), graph.find(snapshot.key(thing))
    if u is None or v is None:
        return False
    first, last = rows_of(graph.edges.target, v)
    media = graph.edges.medium[first:last][graph.edges.source[first:last] == u]
    if len(media) == 0:
        stored = graph.assumptions
        media = stored.medium[(stored.what == Assumed.STORED) & (stored.node == u) & (stored.other == v)]
    return graph.media.index(medium) in media


def _overfull(before: SupplyGraph, after: SupplyGraph, conditions: Conditions) -> tuple[Overfull, ...]:
    state = plant(after, conditions)
    loads = loads_since(after, state, conditions, before)
    if loads is None:
        return ()
    slots, limit = loads.rated(), loads.electrical.limit_kw
    part, was = loads.part_of(slots, loads.base.demand, limit), loads.part_of(slots, loads.before, limit)
    over = slots[(part > GROWN) & (part > was * GROWN)]
    kw = zip(loads.base.demand[over].sum(axis=1).tolist(), loads.before[over].sum(axis=1).tolist(), strict=True)
    nodes = loads.slot_node[over].tolist()
    found = (
        Overfull(after.id(node), load_kw, rounded(carried), limit_kw)
        for node, (carries, carried) in zip(nodes, kw, strict=True)
        for load_kw, limit_kw in (rounded_apart(carries, float(limit[node])),)
    )
    return tuple(sorted(found, key=lambda each: each.id))


def _arrival(snapshot: Snapshot, graph: SupplyGraph, state: Plant, points: Points, rack: str, got: Sequence[str]) -> Arrival:
    nodes = [node for iri in got if (node := graph.find(iri)) is not None]
    dark = frozenset(state.wiring.pair_node[state.dark].tolist())
    by = {point for iri in got for causes in points(iri).values() for point in causes}
    numbers = np.array([number for iri in got if (number := snapshot.find(iri)) is not None], dtype=np.int32)
    return Arrival(
        rack,
        len(got),
        round(float(draw_kw(snapshot, numbers).sum()), 3),
        not dark & {*nodes},
        tuple(sorted(by - {rack, *got})),
    )
