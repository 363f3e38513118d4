"""The points that can say how a failure goes on: of charge, of the time left, of temperature, of running, of a tank's level."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.time.behind import speaking, storages
from analytics.time.reserves import Reserves
from analytics.time.stated import Stated
from analytics.time.table import Kind
from graph.snapshot import Snapshot
from ontology.errors import UnitError
from ontology.namespaces import BRICK, DCX, UNIT
from ontology.terms import Ids
from ontology.units import conversion
from ontology.vocabulary import Vocabulary

INLET = DCX + "Rack_Inlet_Temperature_Sensor"
AIR = (BRICK + "Room_Air_Temperature_Sensor", BRICK + "Zone_Air_Temperature_Sensor")
RUNS = BRICK + "On_Off_Status"
REQUEST = BRICK + "Run_Request_Status"
LEVEL = DCX + "Fuel_Level_Sensor"
REMAINING = DCX + "Runtime_Remaining_Sensor"


@dataclass(frozen=True, eq=False)
class PresentPoints:
    """The points of one state of the model that can say how a failure goes on."""

    charges: tuple[tuple[int, str], ...]
    """Stores by number, and points of their charge."""
    warm: tuple[tuple[str, tuple[tuple[str, float, float], ...]], ...]
    """Racks and rooms (IRIs), each with its points of temperature: scale and offset to degrees Celsius."""
    warm_of: Ids
    """Per store: its place in `warm`, or -1."""
    runs: tuple[tuple[int, str], ...]
    """Nodes, and points that say whether they run."""
    levels: tuple[tuple[int, str], ...]
    """Standby sources (nodes), and points of their tanks' levels in per cent."""
    remaining: tuple[tuple[int, str, float], ...]
    """Stores by number, points of the time that they have left, and seconds for each of the point's unit."""

    @staticmethod
    def none() -> PresentPoints:
        """Of a site without stores."""
        return PresentPoints((), (), np.empty(0, np.int32), (), (), ())

    @property
    def points(self) -> frozenset[str]:
        """All of them."""
        warm = {point for _, of in self.warm for point, _, _ in of}
        remaining = {point for _, point, _ in self.remaining}
        return frozenset(warm.union(remaining, *({point for _, point in each} for each in (self.charges, self.runs, self.levels))))


def present_points(snapshot: Snapshot, vocabulary: Vocabulary, reserves: Reserves) -> PresentPoints:
    """Find the points of a supply graph's reserves. Cost: Python for each such point, and columns over the stores."""
    graph = reserves.graph
    terms = snapshot.terms.numbers(graph.nodes.ids)
    node_of = {int(term): node for node, term in enumerate(terms.tolist())}
    running = vocabulary.subclasses(RUNS) - vocabulary.subclasses(REQUEST)
    runs = tuple(sorted((node_of[owner], point) for owner, point, _ in _owned(snapshot, running) if owner in node_of))
    levels = defaultdict(list)
    for tank, point, unit in _owned(snapshot, vocabulary.subclasses(LEVEL)):
        if unit in (None, UNIT + "PERCENT"):
            levels[tank].append(point)
    stated = Stated(snapshot, vocabulary, graph, terms)
    accounts = _owned(snapshot, vocabulary.subclasses(REMAINING))
    behind = speaking(storages(stated)) if levels or accounts else []
    tanks = [(node, point) for tank, node in behind if reserves.standby[node] for point in levels[tank]]
    warm, warm_of = _warm(snapshot, vocabulary, reserves, node_of)
    return PresentPoints(reserves.charge_points, warm, warm_of, runs, tuple(sorted(tanks)), _remaining(reserves, accounts, behind, node_of))


def _remaining(
    reserves: Reserves, accounts: Sequence[Owned], behind: Sequence[tuple[int, int]], node_of: Mapping[int, int]
) -> tuple[tuple[int, str, float], ...]:
    """The accounts of what stores energy, and of what it stands behind."""
    stores = reserves.stores
    store_at = {int(stores.node[store]): store for store in np.flatnonzero(stores.kind == Kind.ENERGY).tolist()}
    nodes = defaultdict(list)
    for storage, node in behind:
        nodes[storage].append(node)
    found = set()
    for owner, point, unit in accounts:
        scale = _conversion(unit, UNIT + "SEC")[0]
        for node in (*nodes[owner], node_of.get(owner, -1)):
            if node in store_at and not np.isnan(scale):
                found.add((store_at[node], point, scale))
    return tuple(sorted(found))


Owned = tuple[int, str, str | None]


def _owned(snapshot: Snapshot, classes: Iterable[str]) -> list[Owned]:
    """What has a point of the classes (term numbers), the point and its unit (IRIs), each once, in order of points."""
    found = set()
    for point in snapshot.instances(sorted(classes)).tolist():
        unit = snapshot.one(point, BRICK + "hasUnit")
        for owner in {*snapshot.subjects(BRICK + "hasPoint", point), *snapshot.objects(point, BRICK + "isPointOf")}:
            found.add((owner, snapshot.key(point), None if unit is None else snapshot.key(unit)))
    return sorted(found, key=lambda each: (each[1], each[0]))


Warm = tuple[tuple[str, tuple[tuple[str, float, float], ...]], ...]


def _warm(snapshot: Snapshot, vocabulary: Vocabulary, reserves: Reserves, node_of: Mapping[int, int]) -> tuple[Warm, Ids]:
    """The temperatures at each rack's inlets, else of its room's air, and which of these each store in a room goes by."""
    graph, stores, rooms = reserves.graph, reserves.stores, reserves.rooms
    inlets, airs = defaultdict(list), defaultdict(list)
    for owner, point, unit in _owned(snapshot, vocabulary.subclasses(INLET)):
        inlets[node_of.get(owner, -1)].append((point, *_celsius(unit)))
    air = frozenset().union({BRICK + "Air_Temperature_Sensor"}, *(vocabulary.subclasses(cls) for cls in AIR))
    for owner, point, unit in _owned(snapshot, air):
        airs[owner].append((point, *_celsius(unit)))
    rack_of = np.arange(len(graph.nodes), dtype=np.int32)
    rack_of[graph.loads.mounted[:, 0]] = graph.loads.mounted[:, 1]
    numbers: dict[tuple[bool, int], int] = {}
    warm: list[tuple[str, tuple[tuple[str, float, float], ...]]] = []
    warm_of = np.full(len(stores), -1, dtype=np.int32)
    for store in np.flatnonzero(stores.kind == Kind.ROOM).tolist() if inlets or airs else ():
        rack, room = int(rack_of[stores.node[store]]), int(rooms.terms[stores.room[store]])
        by_rack = rack in inlets
        of = inlets[rack] if by_rack else airs.get(room)
        if of:
            key = by_rack, rack if by_rack else room
            if key not in numbers:
                numbers[key] = len(warm)
                warm.append((graph.id(rack) if by_rack else snapshot.key(room), tuple(of)))
            warm_of[store] = numbers[key]
    return tuple(warm), warm_of


def _celsius(unit: str | None) -> tuple[float, float]:
    return _conversion(unit, UNIT + "DEG_C")


def _conversion(unit: str | None, wanted: str) -> tuple[float, float]:
    """Scale and offset from a unit to the wanted one, which is taken where none is stated; nan where they do not belong together."""
    try:
        return conversion(unit, wanted) if unit is not None else (1.0, 0.0)
    except UnitError:
        return float("nan"), 0.0
