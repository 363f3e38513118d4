"""Where a new load fits so that every single failure is still survived, within all ratings; and what limits where it does not.

After `docs/guides/planning.md`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import inf, isfinite

import numpy as np

from analytics.capacity.flow import Loads, loads_of
from analytics.capacity.told import stands_on, unmetered, unmetered_told
from analytics.conditions import Conditions
from analytics.figures import rounded, rounded_apart
from analytics.loads import KILOWATT, draws
from analytics.planning.cooling import cooled, heat_of, shorts
from analytics.planning.hanging import hanging
from analytics.planning.headroom import Room, room_of
from analytics.planning.space import UNITS, WEIGHT_LIMIT, Space, spaces
from analytics.state import Plant, plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.basis import Basis, basis_of
from analytics.sweeps.units import UnitKind, Units, units_of
from analytics.time.stated import Stated
from graph.errors import GraphError
from graph.ports import Progress
from graph.snapshot import Snapshot
from ontology.media import AIR_COOLING, LIQUID_COOLING, NETWORK, POWER
from ontology.namespaces import BRICK, compact, local_name
from ontology.vocabulary import Vocabulary

ROUNDING_KW = 1e-6
TRIED = (UnitKind.EQUIPMENT, UnitKind.GROUP)
"""What fails one at a time, where nothing else is asked for."""
CAPACITY = BRICK + "coolingCapacity"


@dataclass(frozen=True, slots=True)
class Load:
    """A load to be placed. Kilowatts, rack units, kilograms; 0 for what does not matter."""

    kw: float
    cords: int = 2
    """With one cord it hangs on one feed; with more it takes equal parts from all feeds of its rack."""
    units: int = 0
    weight_kg: float = 0.0
    air_kw: float | None = None
    """Heat that goes into the air; absent: all that does not go into liquid."""
    liquid_kw: float = 0.0
    network: bool = False

    def __post_init__(self) -> None:
        figures = (self.kw, self.weight_kg, self.air_kw or 0.0, self.liquid_kw)
        if not all(isfinite(figure) and figure >= 0 for figure in figures) or self.kw <= 0 or self.cords < 1 or self.units < 0:
            raise GraphError("a load draws more than 0 kW by one cord or more, and its heat, height and weight are 0 or more")
        if self.liquid_kw + (self.air_kw or 0.0) > self.kw + ROUNDING_KW:
            heat = self.liquid_kw + (self.air_kw or 0.0)
            raise GraphError(
                f"a load that draws {self.kw:g} kW gives off no {heat:g} kW of heat: give at most {self.kw:g} kW to air and liquid"
            )

    @property
    def heat(self) -> dict[str, float]:
        """By medium, kW."""
        air = max(0.0, self.kw - self.liquid_kw) if self.air_kw is None else self.air_kw
        return {AIR_COOLING: air, LIQUID_COOLING: self.liquid_kw}


class Kind(StrEnum):
    """What can stand against a place, in the order in which it is told."""

    FEEDS = "feeds"
    """Fewer live feeds than the load has cords."""
    REDUNDANCY = "redundancy"
    """One failure takes the supply of a medium down."""
    POWER = "power"
    OVER = "over"
    """With no load more what limits the place is over its limit already, by what is there."""
    COOLING = "cooling"
    UNITS = "units"
    WEIGHT = "weight"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Against:
    """Something that stands against a place: how much is needed and there is, and where that is so after which failure."""

    kind: Kind
    needed: float
    there: float
    unit: str
    at: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One rack as a place for the load; None where the model does not say."""

    rack: str
    label: str
    fits: bool
    room_kw: float | None
    """The most that a load of so many cords may draw here so that nothing is overloaded, after any one failure too; never below 0."""
    limited_by: str | None
    limited_after: str | None
    """The failure after which it is the limit; None: as things stand."""
    without_limit_kw: float | None
    """The room if that feeder and those of its class had no limit."""
    units_free: int | None
    weight_left_kg: float | None
    cooling_left_kw: float | None
    """What the fullest cooling unit behind it has left with this load, after the worst failure; below 0: too little."""
    cooling_room_kw: float | None
    """The most heat that a load may give off here, into air and liquid in the parts of this one, after any one failure too."""
    network: bool
    against: tuple[Against, ...]
    unknown: tuple[str, ...]
    """What could not be checked, because the model states no figure."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {**asdict(self), "against": [asdict(each) for each in self.against], "unknown": list(self.unknown)}


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """A class of feeders that limits racks: which of them limit how many racks."""

    cls: str | None
    feeders: tuple[str, ...]
    """In order of ids."""
    racks: int
    more_kw: float | None
    """One rack at a time, the most that one of these could take more; None: nothing else would limit it."""


@dataclass(frozen=True, slots=True)
class Places:
    """All racks as places for one load: those that fit first, of these the ones of which least is unknown and that keep most power. Equal
    questions give equal answers."""

    basis: Basis
    tried: Mapping[str, int]
    """How many single failures of each kind were tried."""
    load: Load
    places: tuple[Place, ...]
    bottlenecks: tuple[Bottleneck, ...]
    """Those that limit most racks first."""
    unrated: int
    """Things that carry load and state no rating: they limit nothing."""
    notes: tuple[str, ...]

    @property
    def fitting(self) -> int:
        """How many fit."""
        return sum(place.fits for place in self.places)

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            **self.basis.to_json(),
            "tried": dict(self.tried),
            "load": asdict(self.load),
            "fitting": self.fitting,
            "places": [place.to_json() for place in self.places],
            "bottlenecks": [asdict(each) for each in self.bottlenecks],
            "unrated": self.unrated,
            "notes": list(self.notes),
        }


def place(
    snapshot: Snapshot,
    vocabulary: Vocabulary,
    graph: SupplyGraph,
    conditions: Conditions,
    load: Load,
    tell: Progress | None = None,
    kinds: Sequence[UnitKind] = TRIED,
) -> Places:
    """Try a load in every rack, over all single failures of the given kinds.

    Raises `GraphError` where there is no rack, or no rating of power is stated. `tell` hears of the failures tried. Cost: that of all
    single failures, and for each that moves load the power chains of the racks that it reroutes.
    """
    state = plant(graph, conditions)
    loads = loads_to_place(graph, state, conditions)
    units = units_of(snapshot, vocabulary, graph, kinds)
    stated = Stated(snapshot, vocabulary, graph, snapshot.terms.numbers(graph.nodes.ids))
    sites = _Sites(graph, state, conditions, units, loads, stated, load, tell)
    places = sorted(
        (sites.place(row) for row in range(len(graph.loads.racks))),
        key=lambda each: (not each.fits, len(each.against), len(each.unknown), -(inf if each.room_kw is None else each.room_kw), each.rack),
    )
    carried = loads.base.demand.sum(axis=1) > 0
    unrated = int(np.count_nonzero(carried & ~np.isfinite(loads.electrical.limit_kw[loads.slot_node])))
    notes = notes_of(graph, conditions, loads, stated)
    basis = basis_of(graph, conditions, state, with_load=True)
    return Places(basis, tried_of(units, kinds), load, tuple(places), _bottlenecks(graph, places), unrated, notes)


def loads_to_place(graph: SupplyGraph, state: Plant, conditions: Conditions) -> Loads:
    """The loads of a site that has racks and ratings. Raises `GraphError` where it has not."""
    loads = loads_of(graph, state, conditions)
    if len(graph.loads.racks) == 0:
        raise GraphError("there is no rack (brick:ICT_Rack) to place a load in")
    if loads is None:
        raise GraphError(
            "no rating is stated, so nothing says what fits: give breakers, UPSs and boards a dcx:ratedPower or dcx:breakerRating"
        )
    return loads


def tried_of(units: Units, kinds: Sequence[UnitKind]) -> dict[str, int]:
    """How many single failures there are of each kind that was asked for."""
    counts = units.count()
    return {kind.value: counts.get(kind.value, 0) for kind in UnitKind if kind in kinds}


def notes_of(graph: SupplyGraph, conditions: Conditions, loads: Loads, stated: Stated) -> tuple[str, ...]:
    """What an answer rests on: where the loads come from, what was taken for granted, which figures were refused."""
    refused = sorted(f"{compact(graph.id(node))}: {text}" for node, text in stated.refused)
    without_meter = unmetered_told(graph, unmetered(graph, loads, conditions))
    return (stands_on(loads, conditions), *without_meter, *(each.text(len(each.nodes)) for each in stated.taken), *refused)


class _Sites:
    """What is known of all racks, for one load."""

    def __init__(
        self,
        graph: SupplyGraph,
        state: Plant,
        conditions: Conditions,
        units: Units,
        loads: Loads,
        stated: Stated,
        load: Load,
        tell: Progress | None,
    ) -> None:
        self.graph, self.units, self.load, self.loads = graph, units, load, loads
        racks = self.racks = graph.loads.racks
        self.feeds = [_feeds(state, loads, int(rack)) for rack in racks]
        entries, self.row_of = _entries(loads, racks.tolist(), self.feeds, load.cords)
        self.room: Room = room_of(graph, state, loads, np.array(entries, dtype=np.int32), tell, units)
        self.space: list[Space] = spaces(stated, racks)
        capacity, _ = stated.value(CAPACITY, np.arange(len(graph.nodes), dtype=np.int32), KILOWATT)
        heat = heat_of(graph, state, conditions, units, capacity, draws(stated.snapshot, stated.vocabulary, graph, stated.terms), tell)
        self.short = shorts(heat, racks.tolist(), load.heat)
        self.single = hanging(graph, state, conditions, units)
        self.fed = set(zip(state.wiring.pair_node.tolist(), state.wiring.pair_medium.tolist(), strict=True))
        self.with_network = _with_network(graph, self.fed)
        self.cooled = cooled(graph, state)

    def place(self, row: int) -> Place:
        """One rack."""
        graph, rack = self.graph, int(self.racks[row])
        against: list[Against] = []
        unknown: list[str] = []
        if len(self.feeds[row]) < self.load.cords:
            against.append(Against(Kind.FEEDS, self.load.cords, len(self.feeds[row]), "feeds"))
        against += self._hangs(rack)
        best = max(self.row_of[row], key=lambda at: float(self.room.kw[at]), default=None)
        room = inf if best is None else float(self.room.kw[best])
        limit, after = (None, None) if best is None else (self._at(int(self.room.slot[best])), self._after(int(self.room.cause[best])))
        if best is not None and not isfinite(room):
            unknown.append("power: nothing upstream states a rating")
        elif best is not None and room < self.load.kw - ROUNDING_KW:
            against.append(Against(Kind.POWER, self.load.kw, rounded_apart(max(room, 0.0), self.load.kw)[0], "kW", limit, after))
            if room < -ROUNDING_KW:
                against.append(Against(Kind.OVER, 0.0, rounded(-room), "kW", limit, after))
        cooling = self._cooling(rack, against, unknown)
        self._inside(row, against, unknown)
        network = rack in self.with_network
        if self.load.network and not network:
            against.append(Against(Kind.NETWORK, 1, 0, "network"))
        return Place(
            graph.id(rack),
            graph.label(rack),
            not against,
            _kw(max(room, 0.0)) if best is not None else 0.0,
            limit,
            after,
            None if best is None else _kw(float(self.room.next_kw[best])),
            self.space[row].units,
            None if self.space[row].weight_kg is None else round(float(self.space[row].weight_kg or 0.0), 3),
            *cooling,
            network,
            tuple(against),
            tuple(unknown),
        )

    def _hangs(self, rack: int) -> list[Against]:
        """The media in which one failure takes the rack down: power counts for a load of several cords, cooling for one that needs it."""
        media = [POWER] if self.load.cords > 1 and len(self.feeds[int(np.searchsorted(self.racks, rack))]) > 1 else []
        media += [medium for medium, kw in self.load.heat.items() if kw > 0]
        return [
            Against(Kind.REDUNDANCY, 2, 1, local_name(medium), self.graph.id(rack), self.units.unit(cause).id)
            for medium in media
            if (cause := self.single.get((rack, medium))) is not None
        ]

    def _cooling(self, rack: int, against: list[Against], unknown: list[str]) -> tuple[float | None, float | None]:
        """`Place.cooling_left_kw` and `cooling_room_kw`."""
        if not self.cooled and any(kw > 0 for kw in self.load.heat.values()):
            unknown.append("cooling: the model states none")
            return None, None
        for medium, kw in self.load.heat.items():
            if kw > 0 and (medium not in self.graph.media or (rack, self.graph.media.index(medium)) not in self.fed):
                against.append(Against(Kind.COOLING, kw, 0.0, "kW", local_name(medium)))
        short = self.short.get(rack)
        if short is None:
            if any(kw > 0 for kw in self.load.heat.values()):
                unknown.append("cooling: nothing upstream states a capacity")
            return None, None
        needed = sum(kw for kw in self.load.heat.values() if kw > 0)
        if short.room_kw < needed - ROUNDING_KW:
            there = rounded_apart(short.room_kw, needed)[0]
            against.append(Against(Kind.COOLING, needed, there, "kW", self.graph.id(short.unit), self._after(short.cause)))
        return rounded(short.left_kw), rounded(short.room_kw)

    def _inside(self, row: int, against: list[Against], unknown: list[str]) -> None:
        space, load = self.space[row], self.load
        if load.units and space.units is None:
            unknown.append(f"height: no {compact(UNITS)}")
        elif load.units and space.units is not None and space.units < load.units:
            against.append(Against(Kind.UNITS, load.units, space.units, "U"))
        if load.units and space.unplaced:
            unknown.append(f"height: {space.unplaced} things in it have no position")
        if load.weight_kg and space.weight_kg is None:
            unknown.append(f"weight: no {compact(WEIGHT_LIMIT)}")
        elif load.weight_kg and space.weight_kg is not None and space.weight_kg < load.weight_kg:
            against.append(Against(Kind.WEIGHT, load.weight_kg, round(space.weight_kg, 3), "kg"))
        if load.weight_kg and space.unweighed:
            unknown.append(f"weight: {space.unweighed} things in it state none")

    def _at(self, slot: int) -> str | None:
        return None if slot < 0 else self.graph.id(int(self.loads.slot_node[slot]))

    def _after(self, failure: int) -> str | None:
        return None if failure < 0 else self.units.unit(failure).id


def _feeds(state: Plant, loads: Loads, rack: int) -> list[int]:
    """The live slots that a rack takes power from; none while it is dark."""
    slot = int(loads.power_slot[rack])
    if slot < 0 or state.base.live[slot] == 0:
        return []
    first, last = loads.net.takes_at[slot], loads.net.takes_at[slot + 1]
    return [int(supplier) for supplier in loads.net.takes[first:last]]


def _entries(loads: Loads, racks: list[int], feeds: list[list[int]], cords: int) -> tuple[list[int], list[list[int]]]:
    """The slots that a load would take its power from: of a rack all feeds alike, with one cord any one of them; and those of each rack."""
    entries: list[int] = []
    rows: list[list[int]] = []
    for rack, of in zip(racks, feeds, strict=True):
        own = ([] if not of else [int(loads.power_slot[rack])]) if cords > 1 else of
        rows.append(list(range(len(entries), len(entries) + len(own))))
        entries += own
    return entries, rows


def _with_network(graph: SupplyGraph, fed: set[tuple[int, int]]) -> set[int]:
    """The racks that network reaches: themselves, or something in them."""
    if NETWORK not in graph.media:
        return set()
    medium = graph.media.index(NETWORK)
    inside = {rack for thing, rack in graph.loads.mounted.tolist() if (thing, medium) in fed}
    return inside | {rack for rack in graph.loads.racks.tolist() if (rack, medium) in fed}


def _bottlenecks(graph: SupplyGraph, places: list[Place]) -> tuple[Bottleneck, ...]:
    limited: dict[str, list[Place]] = defaultdict(list)
    for each in places:
        if each.limited_by is not None:
            limited[_class(graph, each.limited_by) or ""].append(each)
    found = (
        Bottleneck(cls or None, tuple(sorted({each.limited_by or "" for each in of})), len(of), _kw(max(map(_more_kw, of))))
        for cls, of in limited.items()
    )
    return tuple(sorted(found, key=lambda each: (-each.racks, each.cls or "")))


def _class(graph: SupplyGraph, iri: str) -> str | None:
    node = graph.find(iri)
    return None if node is None else graph.class_iri(node)


def _more_kw(place: Place) -> float:
    """What a rack could take more if its limit and the like were none."""
    return inf if place.without_limit_kw is None else place.without_limit_kw - max(place.room_kw or 0.0, 0.0)


def _kw(kw: float) -> float | None:
    return rounded(kw) if isfinite(kw) else None
