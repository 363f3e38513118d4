"""What telemetry sees down and up: the points that say so, and what their good values say.

Rules of this file:

1. Only a good value says anything. A thing of which every such point is stale, silent or bad is unknown.
2. What a point says by its class is data in `ontology/supply.ttl` (`dcx:downWhen`, `dcx:upWhen`, `dcx:unfedWhen`, `dcx:fedWhen`,
   `dcx:openedWhen`, `dcx:downAbove`, `dcx:saysOf`); of several classes of one point the most specific counts. A meter of active power
   above nothing says that its owner has power; at nothing, that a rack or a piece of IT equipment that is stated to draw power is down. Of
   other things nothing means nothing: a spare carries nothing.
3. A breaker that stands closed has not opened; one that stands open is a matter of the conditions. What they have out of service is down.
4. A thing of which two points say the opposite of the same media is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan

import numpy as np

from analytics.capacity.readings import PowerPoints, power_points
from analytics.causes.sightings import ITSELF, Sighting, Sightings
from analytics.conditions import Conditions, CurrentValue, speaking
from analytics.supply_graph import SupplyGraph
from analytics.time.stated import Stated
from graph.changes import ChangeSet
from graph.snapshot import Snapshot
from graph.values import Quality
from graph.watched import Reads, Watched
from ontology.errors import UnitError
from ontology.media import POWER
from ontology.namespaces import BRICK, DCX
from ontology.supply import DOWN, FED, OPENED, UNFED, UP
from ontology.units import conversion
from ontology.vocabulary import Vocabulary

Media = tuple[str, ...] | None
Compared = tuple[str, str]
"""A property (IRI) that values are compared with, in a unit (IRI)."""
Said = tuple[bool, Media, bool]
"""Whether the owner of a point is down (else up), in which media, and whether what has failed itself shows so, too."""
NOTHING_KW = 0.001
"""What a meter may show at no load: below a watt."""
ON_BATTERY = DCX + "On_Battery_Status"
_SIGNS = ((DOWN, True, True), (UP, False, True), (UNFED, True, False), (FED, False, False), (OPENED, True, True))
"""Each sign of a class of points: whether the thing is down by it, and whether what has failed itself shows so, too."""


@dataclass(frozen=True, slots=True)
class Says:
    """What the good values of a point say of its owner: each sign at one value, and that it is down above a limit."""

    media: Media
    signs: tuple[tuple[float, Said], ...] = ()
    above: float = inf
    """In the unit that values are converted to."""
    by_class: bool = False
    """Whether that limit is what a class says, the model stating none."""
    on_battery: bool = False

    def of(self, value: float) -> Said | None:
        """None where the value says nothing."""
        if value > self.above:
            return True, self.media, True
        return next((said for at, said in self.signs if at == value), None)


@dataclass(frozen=True, slots=True)
class SightingPoints:
    """The points of one state of the model that say what is down or up; found once a state, read at will."""

    told: tuple[tuple[str, str, Says, float, float], ...]
    """Owner, point, what it says, and by which scale and offset its value is converted."""
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
        heard, silent, carried, hot = set(), set(), set(), set()
        for owner, point, says, scale, offset in self.told:
            reading = current_value(point)
            if reading is None or reading[1] != Quality.GOOD:
                silent.add(owner)
                continue
            heard.add(owner)
            value = reading[0] * scale + offset
            if (said := says.of(value)) is not None:
                down, media, itself = said
                found.setdefault((owner, media, itself), set()).add(down)
                if down and says.on_battery:
                    carried.add(owner)
                if says.by_class and value > says.above:
                    hot.add(owner)
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
        notes = (
            *([f"{len(both):,} are said to be down and up by points of theirs: they count as unknown"] if both else []),
            *([f"{len(hot):,} are down by the limit that their class allows: their model states none"] if hot else []),
        )
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
    watched, supply = Watched.over(snapshot), vocabulary.supply
    speaks = [
        each
        for each in speaking(watched, vocabulary, lambda own: own.down_above is not None or any(sign in own.signs for sign, _, _ in _SIGNS))
        if graph.find(each[0]) is not None
    ]
    compared = {(owner, above) for owner, _, cls in speaks if (above := supply.down_above(cls)) is not None}
    limits, told = _limits(Stated(watched, vocabulary, graph, snapshot.terms.numbers(graph.nodes.ids)), compared), []
    for owner, point, cls in speaks:
        above = supply.down_above(cls)
        scale, offset = _conversion(watched, point, above[1] if above is not None else "")
        limit, by_class = (inf, False) if above is None else limits[owner, above]
        of = supply.says_of(cls)
        media = None if of is None else tuple(sorted(of))
        signs = tuple(
            (at, (down, ITSELF if sign == OPENED else media, itself))
            for sign, down, itself in _SIGNS
            if (at := supply.sign(cls, sign)) is not None and not isnan(at)
        )
        told.append((owner, point, Says(media, signs, limit, by_class, vocabulary.is_a(cls, ON_BATTERY)), scale, offset))
    loads = graph.loads
    drawing = {*loads.equipment[loads.equipment_kw > 0].tolist()}
    holding = {rack for node, rack in loads.mounted.tolist() if node in drawing}
    if graph.electrical is not None:
        holding |= {rack for rack in loads.racks.tolist() if graph.electrical.draw_kw[rack] > 0}
    draws = frozenset(graph.id(node) for node in drawing | holding)
    return SightingPoints(tuple(told), power_points(snapshot, vocabulary), draws, graph, watched.reads)


def _limits(stated: Stated, compared: set[tuple[str, Compared]]) -> dict[tuple[str, Compared], tuple[float, bool]]:
    """Of each owner that values are compared with a property of: its upper limit, and whether a class says it. Stated, else that of the
    most sensitive thing mounted in it, else that of its class; `inf` where nobody says any. Cost: columns for each property."""
    graph, found = stated.graph, dict[tuple[str, Compared], tuple[float, bool]]()
    for of, unit in sorted({above for _, above in compared}):
        owners = sorted(owner for owner, above in compared if above == (of, unit))
        nodes = graph.numbers_of(owners)
        own = stated.limit(of, nodes, unit, by_class=False)[1]
        inside = graph.loads.mounted[np.isin(graph.loads.mounted[:, 1], nodes)]
        least, stated_least = np.full((2, len(graph.nodes)), inf)
        for limits, by_class in ((least, True), (stated_least, False)):
            theirs = stated.limit(of, np.ascontiguousarray(inside[:, 0]), unit, by_class=by_class)[1]
            np.fmin.at(limits, inside[:, 1], theirs)
        of_class = stated.value(of, nodes, unit, by_model=False)[1]
        mounted = np.where(np.isinf(least[nodes]), of_class, least[nodes])
        limit = np.where(np.isnan(own), mounted, own)
        assumed = np.isnan(own) & (limit != stated_least[nodes])
        for owner, at, taken in zip(owners, np.where(np.isnan(limit), inf, limit).tolist(), assumed.tolist(), strict=True):
            found[owner, (of, unit)] = (at, taken)
    return found


def _conversion(snapshot: Snapshot, iri: str, unit: str) -> tuple[float, float]:
    """From the point's unit to another; as it is where nothing can be converted."""
    point = snapshot.terms.find(iri) if unit else None
    stated = [] if point is None else sorted(snapshot.key(each) for each in snapshot.objects(point, BRICK + "hasUnit"))
    try:
        return conversion(stated[0], unit) if stated else (1.0, 0.0)
    except UnitError:
        return float("nan"), float("nan")
