"""The plant that retained metadata describe, as facts of a source of its own. Pure: equal metadata give equal facts, in whatever order they
came.

Rules of this file:

1. What has an id is one thing, wherever it is named: `urn:dsx-exchange:<id>`. Where several object types have one id, the first in the
   contract's table is the thing itself, and the others are parts of it: `urn:dsx-exchange:<id>/<type>`.
2. A point that only names an associate is of a part of that: the equipment of the point's own type that is there. Of the same type, or a
   sensor: it is a point of the associate itself.
3. Equipment in series with a meter (`IN_SERIES`) stands between the meter and what serves it, so that there is one path and no parallel
   one; a generator is one of what serves it.
4. What is only there to measure or to steer (`PASSES_ON`) supplies what reaches it and no more: a sensor in a pipe that something serves
   stands in that path, one that nothing serves is no supplier.
5. Who serves a thing without saying what is no second source of its power: where power is known to come from elsewhere, no edge is made
   of it, and that is told.
6. A rack that another source knows by the same name is that rack: the contract wants one identifier on both sides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from adapters.mqtt.dsx import contract
from adapters.mqtt.dsx.codec import Described
from ontology.namespaces import BRICK, DCX, RDF, RDFS, UNIT, XSD
from ontology.sources import source_graph
from ontology.terms import KeyQuad, QuadBlock, literal

SOURCE = "dsx-exchange"
PREFIX = "urn:dsx-exchange:"
GRAPH = source_graph(SOURCE)
METADATA, TOPIC = DCX + "dsxMetadata", DCX + "dsxTopic"
_FEEDS, _PART_OF, _HAS_POINT = BRICK + "feeds", BRICK + "isPartOf", BRICK + "hasPoint"
_RANK = {name: rank for rank, name in enumerate(contract.OBJECTS)}
_LIQUID, _AIR = ("Liquid", "Pump", "Valve", "RackLiquid"), ("Air", "Fan", "Damper")
_OFF = {"open", "opened", "off", "tripped"}
_ON = {"closed", "close", "on"}


def thing_iri(object_id: str, part: str = "") -> str:
    """The IRI of what has an id, or of the equipment of a type at it."""
    return PREFIX + quote(object_id, safe="") + (f"/{quote(part, safe='')}" if part else "")


def point_iri(point: str) -> str:
    """The IRI of a point, by what its topics share: `{objectType}/{pointType}/{tagPath}`."""
    return PREFIX + "point/" + quote(point, safe="/")


class Plant:
    """All points that are described, and the racks that other sources know by name."""

    def __init__(self, points: Mapping[str, Described], racks: Mapping[str, str]) -> None:
        """`points` by `Address.point`; `racks`: IRI by identifier."""
        self._points = [points[name] for name in sorted(points)]
        self._racks = racks
        self._types: dict[str, list[str]] = {}
        kinds: dict[str, set[str]] = defaultdict(set)
        for each in self._points:
            if each.object_id:
                kinds[each.object_id].add(each.at.object_type)
        for name, found in kinds.items():
            self._types[name] = sorted(found, key=lambda kind: (_RANK.get(kind, len(_RANK)), kind))
        self._parts: dict[str, set[str]] = defaultdict(set)
        self._of: dict[str, list[Described]] = defaultdict(list)
        for each in self._points:
            owner = self.owner(each)
            self._of[owner].append(each)
            if not each.object_id and owner != self.iri(each.associate_id):
                self._parts[each.associate_id].add(each.at.object_type)
        self._with_parts = {self.iri(name): name for name in self._parts}
        self._served: dict[str, set[str]] = defaultdict(set)
        for each in self._points:
            if each.object_id:
                self._served[each.object_id].update(to for to in each.serves if to != each.object_id)
        self.unsaid: list[tuple[str, str]] = []
        """Who serves whom, with nobody knows what, and is not counted (rule 5)."""
        self._serves = self._edges()
        self._fed = set[str]().union(*self._serves.values())

    # -- things ---------------------------------------------------------------------------------------------------

    def iri(self, name: str) -> str:
        """What has the id."""
        kinds = self._types.get(name)
        if name in self._racks and (kinds is None or kinds[0] == "Rack"):
            return self._racks[name]
        return thing_iri(name)

    def owner(self, each: Described) -> str:
        """What a point is of (rules 1 and 2)."""
        kind = each.at.object_type
        if each.object_id:
            return self.iri(each.object_id) if self._types[each.object_id][0] == kind else thing_iri(each.object_id, kind)
        at_it = self._types.get(each.associate_id, ())
        return self.iri(each.associate_id) if kind in {*at_it, "Sensor"} else thing_iri(each.associate_id, kind)

    def may_be_racks(self) -> frozenset[str]:
        """The ids of racks, and of what is served and not described."""
        return frozenset({name for name, kinds in self._types.items() if kinds[0] == "Rack"}.union(self.undescribed()))

    def racks(self) -> dict[str, str]:
        """The racks of other sources that are meant here, by id."""
        return {name: self._racks[name] for name in sorted(self.may_be_racks() & self._racks.keys())}

    def undescribed(self) -> list[str]:
        """Ids that something serves or is associated with, and that no metadata describe."""
        named = {name for each in self._points for name in (*each.serves, each.associate_id) if name}
        return sorted(named - self._types.keys())

    # -- facts ----------------------------------------------------------------------------------------------------

    def block(self) -> QuadBlock:
        """Everything, as quads of the source's graph. Cost: some 30 microseconds a point."""
        return QuadBlock.of(self.quads())

    def quads(self) -> Iterator[KeyQuad]:
        """The facts of things, points and supply."""
        for name, kinds in sorted(self._types.items()):
            yield from self._thing(self.iri(name), name, kinds[0])
            for kind in kinds[1:]:
                yield from self._part(name, kind)
        for name in self.undescribed():
            if name not in self._racks:
                yield from self._named(self.iri(name), BRICK + "Equipment", name)
        for name, parts in sorted(self._parts.items()):
            for kind in sorted(parts):
                yield from self._part(name, kind)
        for (upper, feeds), lower in sorted((edge, to) for edge, found in self._serves.items() for to in found):
            yield upper, feeds, lower, GRAPH
        for owner, found in sorted(self._of.items()):
            yield from self._requires(owner)
            for each in found:
                yield from self._point(owner, each)

    def _thing(self, iri: str, name: str, kind: str) -> Iterator[KeyQuad]:
        if iri == self._racks.get(name):
            return
        label = next((each.object_name for each in self._of[iri] if each.object_name), name)
        yield from self._named(iri, self._class(name, iri, kind), label)

    def _part(self, name: str, kind: str) -> Iterator[KeyQuad]:
        iri = thing_iri(name, kind)
        whole = next((each.object_name for each in self._of[self.iri(name)] if each.object_name), name)
        yield from self._named(iri, self._class(name, iri, kind), f"{whole} {kind}")
        yield iri, _PART_OF, self.iri(name), GRAPH

    def _named(self, iri: str, cls: str, label: str) -> Iterator[KeyQuad]:
        yield iri, RDF + "type", cls, GRAPH
        yield iri, RDFS + "label", literal(label), GRAPH

    def _class(self, name: str, iri: str, kind: str) -> str:
        """A tank that serves nothing but generators holds fuel; a battery system in a path carries it, as a UPS does."""
        served = self._served.get(name, set())
        if kind == "BESS" and served and iri in self._fed:
            return DCX + "UPS"
        if kind == "Tank" and served and all(self._types.get(to, [""])[0] == "Generator" for to in served):
            return DCX + "Fuel_Tank"
        return contract.OBJECTS.get(kind, contract.OBJECTS["GenericObject"]).cls

    # -- supply ---------------------------------------------------------------------------------------------------

    def _edges(self) -> dict[tuple[str, str], set[str]]:
        """What feeds what, by supplier and property (rule 3)."""
        suppliers: dict[str, set[str]] = defaultdict(set)
        for name, found in self._served.items():
            for to in found:
                suppliers[to].add(name)
        media = {name: self._medium(name, suppliers) for name in sorted(self._served)}
        powered = {to for name, feeds in media.items() if feeds == contract.POWER for to in self._served[name]}
        powered.update(name for name, parts in self._parts.items() if parts & contract.BESIDE)
        edges: dict[tuple[str, str], set[str]] = defaultdict(set)
        for name, stated in media.items():
            found = self._served[name]
            if self._types[name][0] in contract.PASSES_ON and not stated:
                continue
            feeds = stated or self._likely(found)
            for to in sorted(found):
                if not stated and to in powered and feeds in {contract.POWER, _FEEDS}:
                    self.unsaid.append((name, to))
                    continue
                if self._types.get(to, [""])[0] == "Generator" and feeds != contract.POWER:
                    continue  # fuel: a matter of time, not of supply
                series = self._series(to) if feeds == contract.POWER else []
                edges[self.iri(name), feeds].update(series or [self.iri(to)])
        for name, parts in sorted(self._parts.items()):
            series = self._series(name)
            for iri in series:
                edges[iri, contract.POWER].add(self.iri(name))
            for kind in sorted(parts & contract.BESIDE):
                edges[thing_iri(name, kind), contract.POWER].update(series or [self.iri(name)])
        return edges

    def _series(self, name: str) -> list[str]:
        """What stands before a thing in its path of power."""
        return [thing_iri(name, kind) for kind in sorted(self._parts.get(name, set()) & contract.IN_SERIES)]

    def _medium(self, name: str, suppliers: Mapping[str, set[str]]) -> str:
        """By the supplier's type; where that does not tell, by what its points measure, then by what serves it; empty for neither."""
        kind = self._types[name][0]
        stated = contract.OBJECTS.get(kind, contract.OBJECTS["GenericObject"]).feeds
        if stated:
            return stated
        measured = {each.at.point_type for each in self._of[self.iri(name)]}
        found = {contract.LIQUID for one in measured if one.startswith(_LIQUID)} | {
            contract.AIR for one in measured if one.startswith(_AIR)
        }
        if len(found) != 1 or kind in contract.PASSES_ON:
            found = {self._feeds(other) for other in suppliers.get(name, ())} - {""}
        return found.pop() if len(found) == 1 else ""

    def _likely(self, served: set[str]) -> str:
        """What something hands on that does not say what: what all hand on that it serves; else it is left open."""
        found = {self._feeds(other) for other in served} - {""}
        return found.pop() if len(found) == 1 else _FEEDS

    def _feeds(self, name: str) -> str:
        kind = self._types.get(name, ["GenericObject"])[0]
        return contract.OBJECTS.get(kind, contract.OBJECTS["GenericObject"]).feeds

    def _requires(self, owner: str) -> Iterator[KeyQuad]:
        """All of what stands in series before a thing, where that is more than one: the order in which they stand does not count."""
        if len(self._series(self._with_parts.get(owner, ""))) > 1:
            node = thing_iri(self._with_parts[owner], "series")
            yield owner, DCX + "requires", node, GRAPH
            yield node, DCX + "medium", DCX + "Power", GRAPH
            yield node, DCX + "allOf", literal("true", XSD + "boolean"), GRAPH

    # -- points ---------------------------------------------------------------------------------------------------

    def _point(self, owner: str, each: Described) -> Iterator[KeyQuad]:
        iri = point_iri(each.at.point)
        yield owner, _HAS_POINT, iri, GRAPH
        words = [each.object_name or each.thing, *each.process_area, each.at.point_type, *([each.phase] if each.phase else [])]
        yield from self._named(iri, point_class(each), " ".join(words))
        if each.unit:
            yield iri, BRICK + "hasUnit", UNIT + each.unit, GRAPH
        beats = each.at.point_type in contract.HEARTBEATS
        yield iri, DCX + "samplePeriod", literal(str(contract.HEARTBEAT_S if beats else contract.PERIOD_S), XSD + "integer"), GRAPH
        for state, text in each.states:
            yield iri, DCX + "stateText", literal(f"{state} = {text}"), GRAPH
        for area in each.process_area:
            yield iri, DCX + "processArea", literal(area), GRAPH
        if each.phase:
            yield iri, DCX + "electricalPhase", literal(each.phase), GRAPH
        back = self._read_back(owner, each)
        if back:
            yield iri, DCX + "hasFeedbackPoint", back, GRAPH
        yield iri, TOPIC, literal(each.at.value_topic(each.integration or contract.PUBLISHER)), GRAPH
        yield iri, METADATA, literal(each.text), GRAPH

    def _read_back(self, owner: str, each: Described) -> str:
        """The one point of the same thing that tells what became of a request; empty where there is none, or more than one."""
        wanted = contract.READ_BACK.get(each.at.point_type)
        found = [other for other in self._of[owner] if other.at.point_type == wanted]
        if wanted == "LiquidTemperature":
            found = [other for other in found if other.is_setpoint]
        same = [other for other in found if other.process_area == each.process_area]
        (only,) = same if len(same) == 1 else found if len(found) == 1 else [None]
        return "" if only is None else point_iri(only.at.point)


def point_class(each: Described) -> str:
    """The class of a point: by its type, whether it is a set point, its side of the loop, and what its states are called."""
    shape = contract.POINTS.get(each.at.point_type, contract.POINTS["GenericPoint"])
    if each.at.point_type in {"Status", "Available"}:
        return _state_class(each)
    if each.is_setpoint:
        return shape.setpoint
    sides = {area.casefold() for area in each.process_area} & {"supply", "return"}
    if len(sides) == 1:
        return (shape.supply if sides == {"supply"} else shape.back) or shape.sensor
    return shape.sensor


def _state_class(each: Described) -> str:
    """What 0 and 1 mean decides, as impact reads it: a breaker that is open or closed, a thing that is available or out, runs or not."""
    called = {state: text.casefold().replace(" ", "") for state, text in each.states}
    if called.keys() != {0, 1}:
        return BRICK + "Status"
    off, on = called[0], called[1]
    if each.at.object_type == "Breaker" and off in _OFF and on in _ON:
        return DCX + "Breaker_Position_Status"
    if each.at.point_type == "Available" and on == "available" and off in {"notavailable", "unavailable"}:
        return BRICK + "Availability_Status"
    if off in {"notoperating", "off", "stopped", "notrunning"} and on in {"operating", "on", "running"}:
        return BRICK + "Run_Status"
    return BRICK + "Status"
