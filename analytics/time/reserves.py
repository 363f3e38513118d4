"""What a site has to bridge a loss and what starts after one, from a snapshot: a table of stores, and the delays of each node.

Rules of this file:

1. Of a range the first row is the worse end (less stored, longer delays), the second the better one; the timeline is run once with each.
2. What the model states counts before what its classes say; what had to be taken is kept in `taken`, what could not be used in `refused`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from analytics.loads import draws
from analytics.supply_graph import Flags, SupplyGraph
from analytics.time.batteries import Ends, PowerStores, needed, power_stores, tanks
from analytics.time.behind import Behind, speaking, storages
from analytics.time.readings import charge_points
from analytics.time.rooms import Rooms, rooms_of
from analytics.time.stated import Stated, Taken
from analytics.time.table import Kind, Row, Stores
from analytics.time.water import water_stores
from graph.snapshot import Snapshot
from graph.values import Floats
from ontology.media import AIR_COOLING, LIQUID_COOLING, POWER
from ontology.namespaces import DCX, UNIT
from ontology.vocabulary import Vocabulary

AIR_SHARE = 0.25
"""Of the heat of equipment that liquid cools, what still goes into the air; usual figure of cold plates on processors."""


@dataclass(frozen=True, eq=False)
class Reserves:
    """All that bridges and all that takes time, in node and medium numbers of a supply graph. Delays have shape (2, nodes), seconds."""

    graph: SupplyGraph
    stores: Stores
    names: tuple[str, ...]
    """Of each store what is named as it, an IRI."""
    rooms: Rooms
    standby: Flags
    """Per node: a source that runs only after it has been called."""
    start: Floats
    """Of a standby source: from its call until it supplies; `inf`: it does not start."""
    fuel: Floats
    """Of a standby source: how long it runs then; `inf` where no tank is known."""
    restart: Floats
    """From having its supply again until it hands on."""
    by_power: Flags
    """Per node: its restart time runs from when it has power again; else from when it has all of its supplies."""
    transfer: Floats
    """How long it is down while it goes from one supplier to another."""
    power_kw: Floats
    """Per node: its own draw."""
    liquid_share: Floats
    """Per node: the part of its heat that goes into liquid."""
    taken: tuple[Taken, ...]
    refused: tuple[tuple[int, str], ...]
    charge_points: tuple[tuple[int, str], ...] = ()
    """Stores by number, and the points (IRIs) that say how full they are."""
    power: PowerStores = field(default_factory=PowerStores)
    """What carries power, by what stands behind it."""
    tanks: tuple[tuple[Behind, Ends], ...] = ()
    """The fuel of standby sources, and how long each tank lasts, worse and better end, seconds."""
    needs: tuple[tuple[Behind, ...], ...] = ()
    """What standby sources start with, the tanks of one and the batteries of its starter apart: without any of them it does not start."""
    starts_not: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """The standby sources that do not start, and what is out (IRIs)."""
    name_of: Callable[[int], str] | None = None
    """The IRI of a term number."""
    unmoved: SupplyGraph | None = None
    """Where tenants have moved: the graph before that, so that what they load beyond its limit trips."""

    @cached_property
    def _reached_by(self) -> frozenset[str]:
        """All that takes a store or a tank away where it is out."""
        return self.power.reached_by().union(iri for need in self.needs for each in need for path in each.paths for iri in path)

    def without(self, out: Iterable[str]) -> Reserves:
        """What is left of them while some things (IRIs) are out: stores, and what they stand behind a thing through. The stores keep their
        numbers. Cost: where any of them is such a thing, Python for each store of power."""
        gone = self._reached_by.intersection(out)
        if not gone:
            return self
        rows = {row.node: row for row in self.power.rows(gone)}
        names, none = list(self.names), Row(-1, -1, Kind.ENERGY, -1, (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), 0.0)
        stores = self.stores.copied()
        for store in np.flatnonzero(stores.kind == Kind.ENERGY).tolist():
            node = int(stores.node[store])
            stores.put(store, rows.get(node, none))
            if node in rows and self.name_of is not None:
                names[store] = self.graph.id(node) if rows[node].source < 0 else self.name_of(rows[node].source)
        fuel = self.fuel.copy()
        fuel[:, [tank.node for tank, _ in self.tanks]] = 0.0
        for tank, lasts in self.tanks:
            fuel[:, tank.node] += lasts if tank.holds(gone) else (0.0, 0.0)
        without = [need for need in self.needs if not any(each.holds(gone) for each in need)]
        start = self.start.copy()
        start[:, [need[0].node for need in without]] = np.inf
        why = tuple((need[0].node, tuple(sorted({iri for each in need for path in each.paths for iri in path & gone}))) for need in without)
        return replace(self, stores=stores, names=tuple(names), fuel=fuel, start=start, starts_not=why)

    @staticmethod
    def none(graph: SupplyGraph) -> Reserves:
        """Nothing bridges, everything is at once."""
        size = len(graph.nodes)
        zero, columns = np.zeros(size), np.zeros((2, size))
        flags = np.zeros(size, dtype=np.bool_)
        fuel = np.full((2, size), np.inf)
        return Reserves(graph, Stores.of([]), (), Rooms.none(size), flags, columns, fuel, columns, flags, columns, zero, zero, (), ())


def reserves(snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph) -> Reserves:
    """Read the reserves of a supply graph's nodes. Cost: columns over the nodes, and Python for each rack, battery and loop."""
    stated = Stated(snapshot, vocabulary, graph, snapshot.terms.numbers(graph.nodes.ids))
    draw = draws(snapshot, vocabulary, graph, stated.terms)
    air, liquid = (_fed(graph, medium) for medium in (AIR_COOLING, LIQUID_COOLING))
    liquid_share = np.where(liquid, np.where(air, 1 - AIR_SHARE, 1.0), 0.0)
    equipment = np.setdiff1d(np.flatnonzero((draw > 0) | np.isin(np.arange(len(draw)), graph.loads.equipment)), graph.loads.racks)
    rooms = rooms_of(stated, equipment.astype(np.int32), (draw * (1 - liquid_share))[equipment])
    behind = storages(stated)
    standby, start = _sources(stated)
    fuels = tanks(stated, behind, standby)
    power = power_stores(stated, behind, set(np.flatnonzero(standby).tolist()))
    restart, by_power, transfer = _delays(stated, standby)
    stores = Stores.joined(
        (
            Stores.of(power.rows()),
            Stores.of(water_stores(stated)),
            *_hold_ups(stated),
            _in_rooms(stated, rooms, air),
        )
    )
    names = tuple(
        graph.id(node) if source < 0 else snapshot.key(source)
        for node, source in zip(stores.node.tolist(), stores.source.tolist(), strict=True)
    )
    notes = tuple(stated.taken), tuple(stated.refused)
    return Reserves(
        graph,
        stores,
        names,
        rooms,
        standby,
        start,
        _fuel(len(graph.nodes), fuels),
        restart,
        by_power,
        transfer,
        draw,
        liquid_share,
        *notes,
        charge_points(stated, speaking(behind), stores),
        power,
        tuple(fuels),
        needed(stated, behind, standby),
        name_of=snapshot.key,
    )


def _fed(graph: SupplyGraph, medium: str) -> Flags:
    """The nodes that something feeds in a medium."""
    fed = np.zeros(len(graph.nodes), dtype=np.bool_)
    fed[graph.edges.target[graph.edges.medium == graph.media.index(medium)]] = True
    return fed


def _sources(stated: Stated) -> tuple[Flags, Floats]:
    """The standby sources: they feed power and need none, whatever else feeds them, and they have a start time. Their times."""
    graph = stated.graph
    size = len(graph.nodes)
    feeds = np.zeros(size, dtype=np.bool_)
    power = graph.media.index(POWER)
    feeds[graph.edges.source[graph.edges.medium == power]] = True
    feeds[graph.requirements.node[graph.requirements.medium == power]] = False
    nodes = np.flatnonzero(feeds).astype(np.int32)
    low, high = stated.value(DCX + "startTimeSeconds", nodes)
    standby, start = np.zeros(size, dtype=np.bool_), np.zeros((2, size))
    standby[nodes[~np.isnan(low)]] = True
    start[:, nodes] = np.nan_to_num(np.stack((high, low)))
    return standby, start


def _fuel(nodes: int, fuels: list[tuple[Behind, Ends]]) -> Floats:
    """How long each node runs on all of its tanks; `inf` where none is known."""
    fuel = np.full((2, nodes), np.inf)
    fuel[:, [tank.node for tank, _ in fuels]] = 0.0
    for tank, lasts in fuels:
        fuel[:, tank.node] += lasts
    return fuel


def _delays(stated: Stated, standby: Flags) -> tuple[Floats, Flags, Floats]:
    """How long each node takes from having its supply again until it hands on, which need power alone for it, and how long each is down
    when it transfers."""
    nodes = np.flatnonzero(~standby).astype(np.int32)
    low, high = stated.value(DCX + "startTimeSeconds", nodes)
    motor, slowest = stated.value(DCX + "startTimeSeconds", nodes, medium=POWER, by_model=False)
    by_power = np.zeros(len(standby), dtype=np.bool_)
    by_power[nodes] = ~np.isnan(motor)
    low, high = np.where(np.isnan(low), motor, low), np.where(np.isnan(high), slowest, high)
    quick, slow = stated.value(DCX + "transferTimeMs", nodes)
    restart, transfer = np.zeros((2, len(standby))), np.zeros((2, len(standby)))
    for end, (starts, transfers) in enumerate(((high, slow), (low, quick))):
        restart[end, nodes] = np.maximum(np.nan_to_num(starts), np.nan_to_num(transfers) / 1000)
        transfer[end, nodes] = np.nan_to_num(transfers) / 1000
    return restart, by_power, transfer


def _hold_ups(stated: Stated) -> list[Stores]:
    """What a class says of one medium: power supplies, cold plates."""
    graph, parts = stated.graph, []
    for number, medium in enumerate(graph.media):
        nodes = np.flatnonzero(_fed(graph, medium)).astype(np.int32)
        low, high = stated.value(DCX + "ridethroughSeconds", nodes, medium=medium, by_model=False)
        known = ~np.isnan(low)
        nodes, ends = nodes[known], np.stack((low[known], high[known]))
        medium_of, kind, none = (np.full(len(nodes), value, dtype=np.int32) for value in (number, int(Kind.HOLD_UP), -1))
        parts.append(Stores.plain(nodes, medium_of, kind, none, ends))
    return parts


def _in_rooms(stated: Stated, rooms: Rooms, air_cooled: Flags) -> Stores:
    """The IT equipment that air cools, with the temperatures that it allows."""
    graph = stated.graph
    own = air_cooled & (rooms.of_node >= 0)
    own[graph.loads.racks] = False
    nodes = np.flatnonzero(own).astype(np.int32)
    limit = np.stack(stated.limit(DCX + "inletTemperatureMax", nodes, UNIT + "DEG_C"))
    known = ~np.isnan(limit[0])
    nodes, limit = nodes[known], np.ascontiguousarray(limit[:, known])
    room = rooms.of_node[nodes]
    medium, kind = (np.full(len(nodes), value, dtype=np.int32) for value in (graph.media.index(AIR_COOLING), int(Kind.ROOM)))
    part = Stores.plain(nodes, medium, kind, rooms.terms[room].astype(np.int32), rooms.seconds(room, rooms.inlet[:, room], limit))
    return replace(part, room=room, limit=limit)
