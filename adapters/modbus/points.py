"""Points that a device's register map or its SunSpec models describe and that the graph has not, as facts of a source of its own. Pure.

Rules of this file:

1. Only devices that the setting names get points; of any other it is told what could be had.
2. An entry for which somebody else has said a point makes none: that point is it.
3. What is not known now (a device that has not been asked yet, a map that cannot be read) takes nothing back: the points that were made
   stay as the graph has them. Only an entry that is gone from a map that is there, or a device that is, takes its points away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import quote

from adapters.modbus.maps import Entry
from adapters.modbus.registers import BIT_TABLES
from graph.naming import segment
from graph.references import Unbound
from graph.snapshot import RDF_TYPE, Snapshot
from ontology.namespaces import BRICK, DCX, RDF, RDFS, XSD, compact, expand, local_name
from ontology.sources import source_graph
from ontology.terms import KeyQuad, literal

SOURCE = "modbus"
PREFIX = "urn:modbus:point/"
GRAPH = source_graph(SOURCE)
NAMED_MAX = 5
"""Numbers without a point that are told by name."""
_HAS_POINT, _HAS_UNIT, _PERIOD, _LABEL = BRICK + "hasPoint", BRICK + "hasUnit", DCX + "samplePeriod", RDFS + "label"


@dataclass(frozen=True, slots=True)
class Described:
    """A device that says by which map it is read: the map's entries, and the device's points that an entry may mean, by name
    (`graph.naming`)."""

    device: str
    map_name: str
    entries: Sequence[Entry] = ()
    points: Mapping[str, str] = field(default_factory=dict)
    wanted: bool = False
    """Whether what has no point gets one."""
    whole: bool = True
    """Whether the entries are all that there are; else points of others may stand in the graph, and stay there."""

    def without_point(self) -> Sequence[Entry]:
        """The entries that nobody but this wire has a point for, each name once."""
        found: dict[str, Entry] = {}
        for entry in self.entries:
            iri = point_iri(self.device, entry)
            if next((point for name in entry.names if (point := self.points.get(name))), iri) == iri:
                found.setdefault(iri, entry)
        return list(found.values())

    def offer(self) -> Sequence[Unbound]:
        """What could be had, where it is not wanted."""
        found = [] if self.wanted else [_name(entry) for entry in self.without_point()]
        if not found:
            return []
        more = ", …" if len(found) > NAMED_MAX else ""
        what = f"{len(found)} of the numbers of its map {self.map_name} have no point: {', '.join(found[:NAMED_MAX])}{more}"
        remedy = f"give it such points, or name {compact(self.device)} in setting modbus_points, and they are made"
        return [Unbound(self.device, "", f"{what}: {remedy}")]


def is_wanted(device: str, patterns: Sequence[str]) -> bool:
    """Whether a device (IRI) is one of those that get points; patterns of ids with `*` and `?`."""
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in (device, compact(device)))


def point_iri(device: str, entry: Entry) -> str:
    """The IRI of the point that an entry makes."""
    return f"{PREFIX}{quote(device, safe='')}/{segment(_name(entry))}"


def facts_of(described: Sequence[Described], said: Mapping[str, Sequence[KeyQuad]]) -> list[KeyQuad]:
    """All that the source says; `said` by device, as `said_in` finds it. Equal devices give equal facts."""
    found: list[KeyQuad] = []
    for one in sorted((each for each in described if each.wanted), key=lambda each: each.device):
        entries = one.without_point()
        found += [fact for entry in entries for fact in _facts(one.device, entry)]
        if not one.whole:
            anew = {point_iri(one.device, entry) for entry in entries}
            kept = said.get(one.device, ())
            found += [fact for fact in kept if (fact[2] if fact[1] == _HAS_POINT else fact[0]) not in anew]
    return found


def said_in(snapshot: Snapshot) -> Mapping[str, Sequence[KeyQuad]]:
    """What a revision of the graph has of the points of this source, by device."""
    key = snapshot.key
    owners: dict[int, str] = {}
    found: dict[str, list[KeyQuad]] = {}
    relation = snapshot.relation(_HAS_POINT)
    for s, o in relation.pairs():
        if key(o).startswith(f"{PREFIX}{quote(key(s), safe='')}/"):
            owners[o] = key(s)
            found.setdefault(key(s), []).append((key(s), _HAS_POINT, key(o), GRAPH))
    for predicate in (RDF_TYPE, _LABEL, _HAS_UNIT, _PERIOD) if owners else ():
        relation = snapshot.relation(predicate)
        for s, o in relation.pairs():
            if s in owners:
                found[owners[s]].append((key(s), predicate, key(o), GRAPH))
    return found


def _facts(device: str, entry: Entry) -> Iterator[KeyQuad]:
    iri, register = point_iri(device, entry), entry.register
    state = register.table in BIT_TABLES or register.kind == "bool" or register.bit >= 0 or register.codes
    yield device, _HAS_POINT, iri, GRAPH
    yield iri, RDF + "type", expand(entry.cls) if entry.cls else BRICK + ("Status" if state else "Sensor"), GRAPH
    yield iri, _LABEL, literal(f"{local_name(device)} {_name(entry)}"), GRAPH
    if entry.unit:
        yield iri, _HAS_UNIT, entry.unit, GRAPH
    if register.period_s:
        yield iri, _PERIOD, literal(f"{register.period_s:.3f}".rstrip("0").rstrip("."), XSD + "decimal"), GRAPH


def _name(entry: Entry) -> str:
    return entry.point or local_name(expand(entry.cls))
