"""What telemetry sees down and up: the points that say so, and what their good values say.

Rules of this file:

1. Only a good value says anything. A thing of which every such point is stale, silent or bad is unknown.
2. What a point says by its class is in `SAYS`. A meter of active power above nothing says that its owner has power; at nothing, that a rack
   or a piece of IT equipment that is stated to draw power is down. Of other things nothing means nothing: a spare carries nothing.
3. A breaker that stands closed has not opened; one that stands open is a matter of the conditions. What they have out of service is down.
4. A thing of which two points say the opposite of the same media is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analytics.capacity.readings import PowerPoints, power_points
from analytics.causes.sightings import ITSELF, Sighting, Sightings
from analytics.conditions import Conditions, CurrentValue
from analytics.supply_graph import SupplyGraph
from graph.changes import ChangeSet
from graph.snapshot import Snapshot
from graph.values import Quality
from graph.watched import Reads, Watched
from ontology.errors import UnitError
from ontology.media import AIR_COOLING, LIQUID_COOLING, POWER
from ontology.namespaces import BRICK, DCX, UNIT
from ontology.units import conversion
from ontology.vocabulary import Vocabulary

Media = tuple[str, ...] | None
COOLING: Media = (AIR_COOLING, LIQUID_COOLING)
INLET_C_MAX = 32.0
"""The allowable inlet of class A1 (ASHRAE TC 9.9, Thermal Guidelines for Data Processing Environments, 2021): hotter air is no cooling."""
NOTHING_KW = 0.001
"""What a meter may show at no load: below a watt."""
ON_BATTERY = DCX + "On_Battery_Status"


@dataclass(frozen=True, slots=True)
class Says:
    """What the good values of a class of points say of their owner: down where `down` holds, up where `up` does, else nothing."""

    cls: str
    media: Media
    down: Callable[[float], bool]
    up: Callable[[float], bool]
    unit: str = ""
    """What values are converted to; empty: they are taken as they are."""
    itself: bool = True
    """Whether what has failed itself shows so, too."""


def _never(_: float) -> bool:
    return False


def _one(value: float) -> bool:
    return value == 1


def _zero(value: float) -> bool:
    return value == 0


SAYS = (
    Says(ON_BATTERY, (POWER,), _one, _zero, itself=False),
    Says(BRICK + "Power_Loss_Alarm", (POWER,), _one, _zero, itself=False),
    Says(DCX + "Source_Available_Status", None, _zero, _one),
    Says(BRICK + "Run_Status", None, _never, _one),
    Says(DCX + "Generator_Run_Status", None, _never, _one),
    Says(DCX + "Breaker_Trip_Alarm", ITSELF, _one, _never),
    Says(BRICK + "High_Temperature_Alarm", COOLING, _one, _never),
    Says(BRICK + "Air_Flow_Loss_Alarm", COOLING, _one, _never),
    Says(BRICK + "Water_Loss_Alarm", COOLING, _one, _never),
    Says(DCX + "Rack_Inlet_Temperature_Sensor", COOLING, lambda celsius: celsius > INLET_C_MAX, _never, UNIT + "DEG_C"),
)
"""Each by its class and those below it. After IETF RFC 1628 (UPS), IEC 60947-6-1 (sources), ASHRAE TC 9.9 (air), and Brick's words."""


@dataclass(frozen=True, slots=True)
class SightingPoints:
    """The points of one state of the model that say what is down or up; found once a state, read at will."""

    told: tuple[tuple[str, str, int, float, float], ...]
    """Owner, point, what it says (an index into `SAYS`), and by which scale and offset its value is converted."""
    meters: PowerPoints
    draws: frozenset[str]
    """The racks and the IT equipment that are stated to draw power, IRIs."""
    graph: SupplyGraph
    reads: Reads

    def outlive(self, change: ChangeSet) -> bool:
        """Whether they are the same after an exact change, the supply graph's part aside. Cost: that of the change."""
        return not self.reads.touched_by(change) and self.meters.outlives(change)

    def serve(self, graph: SupplyGraph) -> bool:
        """Whether they are those of a supply graph: the one they were found for, or one that differs in its revision and labels only."""
        return self.graph.nodes is graph.nodes and self.graph.loads is graph.loads

    def read(self, current_value: CurrentValue, conditions: Conditions) -> Sightings:
        """What the points say now. Cost: a look-up a point."""
        found: dict[tuple[str, Media, bool], set[bool]] = {}
        heard, silent, carried = set(), set(), set()
        for owner, point, number, scale, offset in self.told:
            reading = current_value(point)
            if reading is None or reading[1] != Quality.GOOD:
                silent.add(owner)
                continue
            says, value = SAYS[number], reading[0] * scale + offset
            heard.add(owner)
            if (down := says.down(value)) or says.up(value):
                found.setdefault((owner, says.media, says.itself), set()).add(down)
            if down and says.cls == ON_BATTERY:
                carried.add(owner)
        for owner, kw in self._metered(current_value, silent).items():
            heard.add(owner)
            if kw > NOTHING_KW:
                found.setdefault((owner, (POWER,), True), set()).add(False)
            elif owner in self.draws:
                found.setdefault((owner, None, True), set()).add(True)
        for switch, stands in conditions.positions.items():
            if not stands.is_open and switch not in conditions.contradicted:
                found.setdefault((switch, ITSELF, True), set()).add(False)
        for iri in conditions.out:
            found[iri, None, True] = {True}
        both = sorted({owner for (owner, _, _), said in found.items() if len(said) > 1})
        told = tuple(
            Sighting(owner, next(iter(said)), media, itself)
            for (owner, media, itself), said in sorted(found.items(), key=lambda each: (each[0][0], each[0][1] or (), each[0][2]))
            if len(said) == 1
        )
        notes = (f"{len(both):,} are said to be down and up by points of theirs: they count as unknown",) if both else ()
        return Sightings(told, tuple(sorted({*(silent - heard), *both})), tuple(sorted(carried)), notes)

    def _metered(self, current_value: CurrentValue, silent: set[str]) -> dict[str, float]:
        """What things carry by their good meters, of several the most, in kW; owners of others are added to `silent`."""
        most: dict[str, float] = {}
        for point, owner, factor in zip(self.meters.points, self.meters.owners, self.meters.factors.tolist(), strict=True):
            reading = current_value(point)
            if reading is None or reading[1] != Quality.GOOD:
                silent.add(owner)
            else:
                most[owner] = max(most.get(owner, 0.0), reading[0] * factor)
        return most


def sighting_points(snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph) -> SightingPoints:
    """The points of a snapshot whose owners play a part in supply, in order of owners. Cost: Python for each such point."""
    told, watched, keys = [], Watched.over(snapshot), snapshot.terms.keys
    for number, says in enumerate(SAYS):
        for point in watched.instances(sorted(vocabulary.subclasses(says.cls))).tolist():
            scale, offset = _conversion(watched, point, says.unit)
            for owner in {*watched.subjects(BRICK + "hasPoint", point), *watched.objects(point, BRICK + "isPointOf")}:
                if graph.find(keys[owner]) is not None:
                    told.append((keys[owner], keys[point], number, scale, offset))
    loads = graph.loads
    drawing = {*loads.equipment[loads.equipment_kw > 0].tolist()}
    holding = {rack for node, rack in loads.mounted.tolist() if node in drawing}
    if graph.electrical is not None:
        holding |= {rack for rack in loads.racks.tolist() if graph.electrical.draw_kw[rack] > 0}
    draws = frozenset(graph.id(node) for node in drawing | holding)
    return SightingPoints(tuple(sorted(told)), power_points(snapshot, vocabulary), draws, graph, watched.reads)


def _conversion(snapshot: Snapshot, point: int, unit: str) -> tuple[float, float]:
    """From the point's unit to another; as it is where nothing can be converted."""
    stated = sorted(snapshot.key(each) for each in snapshot.objects(point, BRICK + "hasUnit")) if unit else []
    try:
        return conversion(stated[0], unit) if stated else (1.0, 0.0)
    except UnitError:
        return float("nan"), float("nan")
