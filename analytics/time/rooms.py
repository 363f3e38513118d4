"""How long the air of each room keeps its IT equipment below the limit once nothing cools it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.time.heat import AIR_KJ_PER_M3_K, seconds_to_rise
from analytics.time.stated import Stated
from graph.values import Floats
from ontology.namespaces import BRICK, DCX, REC, UNIT
from ontology.terms import Ids

ROOM = REC + "Room"
RACK = BRICK + "ICT_Rack"
_UP = (DCX + "mountedIn", BRICK + "hasLocation", BRICK + "isPartOf", REC + "isPartOf", REC + "locatedIn")
_DOWN = (BRICK + "hasPart", BRICK + "isLocationOf", REC + "hasPart", REC + "isLocationOf")
STEPS_UP_MAX = 12
"""Places looked at from a rack up to its room."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """The rooms that IT equipment stands in, as columns; of a range the first row has the lower ends, the second the upper ones."""

    terms: Ids
    """Term numbers of the rooms; of equipment that stands in none its own or its rack's."""
    of_node: Ids
    """Per node of the supply graph: its room, or -1."""
    volume: Floats
    """m3 of air."""
    solid: Floats
    """kJ/K."""
    exchange: Floats
    """kW/K."""
    inlet: Floats
    """Shape (2, rooms): degrees Celsius before the failure."""
    heat: Floats
    """Shape (2, rooms): kW into the air."""

    @staticmethod
    def none(nodes: int) -> Rooms:
        """No room at all, of a graph with so many nodes."""
        nothing, ends = np.zeros(0), np.zeros((2, 0))
        return Rooms(np.zeros(0, np.int32), np.full(nodes, -1, np.int32), nothing, nothing, nothing, ends, ends)

    def seconds(self, room: Ids, inlet: Floats, limit: Floats) -> Floats:
        """Shape (2, n): the least and the greatest time until the air of each given room has come from its inlet temperature to a limit
        (both of shape (2, n), degrees Celsius). The least: air alone, the greatest heat, the warmest start and the lowest limit; the
        greatest: with the solids, the least heat, the coolest start and the highest limit."""
        air, nothing = self.volume[room] * AIR_KJ_PER_M3_K, np.zeros(len(room))
        quick = seconds_to_rise(self.heat[1, room], limit[0] - inlet[1], air, nothing, nothing)
        slow = seconds_to_rise(self.heat[0, room], limit[1] - inlet[0], air, self.solid[room], self.exchange[room])
        return np.stack((quick, slow))


def rooms_of(stated: Stated, equipment: Ids, air_kw: Floats) -> Rooms:
    """The rooms of the given IT equipment (node numbers) with the heat that each gives into the air, kW. Cost: Python for each rack."""
    graph = stated.graph
    racks, mounted = graph.loads.racks, graph.loads.mounted
    rack_of = np.full(len(graph.nodes), -1, dtype=np.int32)
    inside = np.isin(mounted[:, 1], racks)
    rack_of[mounted[inside, 0]] = mounted[inside, 1]
    rack_of[racks] = racks
    stands = np.union1d(racks, equipment[rack_of[equipment] < 0]).astype(np.int32)
    room_of = np.full(len(graph.nodes), -1, dtype=np.int32)
    room_of[stands] = _rooms_above(stated, stated.terms[stands].tolist())
    inside_of = np.flatnonzero(rack_of >= 0)
    room_of[inside_of] = room_of[rack_of[inside_of]]
    terms = np.unique(room_of[room_of >= 0])
    of_node = np.where(room_of >= 0, np.searchsorted(terms, room_of), -1).astype(np.int32)
    volume = stated.number(DCX + "airVolume", terms, UNIT + "M3")
    whole = stated.number(BRICK + "volume", terms, UNIT + "M3")
    return Rooms(
        terms,
        of_node,
        _or_by_rack(stated, np.where(volume > 0, volume, whole), racks, of_node, "airVolume", "M3"),
        _or_by_rack(
            stated, stated.number(DCX + "heatCapacity", terms, UNIT + "KiloJ-PER-K"), racks, of_node, "heatCapacity", "KiloJ-PER-K"
        ),
        _or_by_rack(
            stated, stated.number(DCX + "heatExchange", terms, UNIT + "KiloW-PER-K"), racks, of_node, "heatExchange", "KiloW-PER-K"
        ),
        _inlet(stated, terms, racks, of_node),
        _heat(stated, equipment, air_kw, rack_of, of_node, len(terms)),
    )


def _rooms_above(stated: Stated, terms: list[int]) -> list[int]:
    """For each thing the nearest room above it, or a place that states a volume; itself where there is none."""
    snapshot, known = stated.snapshot, stated.vocabulary.subclasses(ROOM)
    is_room: dict[int, bool] = {}

    def room(place: int) -> bool:
        if place not in is_room:
            sized = any(snapshot.one(place, p) is not None for p in (BRICK + "volume", DCX + "airVolume"))
            is_room[place] = sized or any(cls in known for cls in snapshot.types(place))
        return is_room[place]

    def above(start: int) -> int:
        place, seen = start, {start}
        for _ in range(STEPS_UP_MAX):
            places = (
                *(o for p in _UP for o in snapshot.objects(place, p)),
                *(s for p in _DOWN for s in snapshot.subjects(p, place)),
            )
            found = next((each for each in places if each not in seen), None)
            if found is None:
                return start
            if room(found):
                return found
            seen.add(found)
            place = found
        return start

    return [above(term) for term in terms]


def _or_by_rack(stated: Stated, given: Floats, racks: Ids, of_node: Ids, of: str, unit: str) -> Floats:
    """What each room states, else the sum of what its racks state or their class says; of a room without racks that of one rack."""
    silent = ~(given > 0)
    inside = racks[silent[of_node[racks]]]
    each, _ = stated.value(DCX + of, inside, UNIT + unit)
    summed = np.bincount(of_node[inside], weights=np.nan_to_num(each), minlength=len(given))
    one = stated.default(RACK, DCX + of, UNIT + unit)[0]
    return np.where(silent, np.where(summed > 0, summed, one), given)


def _inlet(stated: Stated, terms: Ids, racks: Ids, of_node: Ids) -> Floats:
    """Of each room the temperature at the inlets before the failure; what is taken is noted at the first rack of each room."""
    given = stated.ends(DCX + "inletTemperature", terms, UNIT + "DEG_C")
    silent = np.isnan(given[0])
    _, first = np.unique(of_node[racks], return_index=True)
    stated.value(DCX + "inletTemperature", racks[first][silent[of_node[racks[first]]]], UNIT + "DEG_C", by_model=False)
    usual = stated.default(RACK, DCX + "inletTemperature", UNIT + "DEG_C")
    return np.stack([np.where(silent, end, own) for end, own in zip(usual, given, strict=True)])


def _heat(stated: Stated, equipment: Ids, air_kw: Floats, rack_of: Ids, of_node: Ids, rooms: int) -> Floats:
    """The heat into each room's air: of its equipment; of a rack whose equipment states no power what the rack states or its class says."""
    racks = stated.graph.loads.racks
    mounted = rack_of[equipment] >= 0
    inside = np.bincount(rack_of[equipment[mounted]], weights=air_kw[mounted], minlength=len(stated.graph.nodes))
    silent = racks[inside[racks] == 0]
    known = of_node[equipment] >= 0
    of_equipment = np.bincount(of_node[equipment[known]], weights=air_kw[known], minlength=rooms)
    of_silent = stated.value(DCX + "allocatedPower", silent, UNIT + "KiloW")
    return np.stack([of_equipment + np.bincount(of_node[silent], weights=np.nan_to_num(end), minlength=rooms) for end in of_silent])
