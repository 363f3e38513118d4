"""Which registers hold which points: built from the graph, replaced whole when the graph changes; neighbours are read together.

Rules of this file:

1. A point that has a reference of its own is found there; the others of a device by the register maps that the device names.
2. Of two entries of a map that mean one point the first counts, the second is told.
3. Serial lines are named by settings only: what a graph says must not open files of this machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from adapters.modbus.config import ANY, Endpoint, Limits
from adapters.modbus.maps import Entry, Maps, RegisterMap
from adapters.modbus.points import Described, is_wanted, said_in
from adapters.modbus.registers import BIT_TABLES, Group, Register, coalesce, order_of
from adapters.modbus.sunspec import NAME, Model, maps_of
from graph.naming import names_of
from graph.points import DEFAULT_PERIOD_S, sample_period_s
from graph.references import Reference, Unbound, references
from graph.snapshot import Snapshot
from ontology.errors import UnitError
from ontology.namespaces import BRICK, DCX, compact
from ontology.terms import KeyQuad, is_iri, literal_parts
from ontology.units import conversion

MODBUS_REFERENCE = DCX + "ModbusReference"
NO_MAPS = Maps()
SUNSPEC = RegisterMap(NAME, ())


@dataclass(frozen=True, slots=True)
class ModbusBindings:
    """All bindings of one graph revision: read requests by endpoint, registers by point, references that cannot be used and why."""

    groups: Mapping[Endpoint, Sequence[Group]] = field(default_factory=dict)
    registers: Mapping[str, Register] = field(default_factory=dict)
    unbound: Sequence[Unbound] = ()
    searches: Mapping[Endpoint, Sequence[Search]] = field(default_factory=dict)
    """Devices that say themselves what they have; their endpoints are in `groups` too."""
    described: Sequence[Described] = ()
    """The devices that name a map, with what it has of them."""
    said: Mapping[str, Sequence[KeyQuad]] = field(default_factory=dict)
    """What the graph has of the points that this wire has made, by device."""


def bind(
    snapshot: Snapshot, endpoints: Mapping[str, Endpoint] | None = None, maps: Maps = NO_MAPS, wanted: Sequence[str] = ()
) -> ModbusBindings:
    """The bindings that the graph's `dcx:ModbusReference`s and `dcx:registerMap`s ask for; one that cannot be used is in `unbound`, with
    the reason. `endpoints` gives a gateway (IRI) another place than the graph says; `wanted` are patterns of devices of which what has no
    point gets one. Cost: some ten microseconds a point."""
    found, unbound = references(snapshot, MODBUS_REFERENCE)
    refused = [*unbound, *maps.problems]
    places = endpoints or {}
    registers: dict[str, Register] = {}
    searches: dict[Endpoint, list[Search]] = {}
    for reference in found:
        try:
            registers[reference.point] = _register(snapshot, reference, places)
        except ValueError as error:
            refused.append(Unbound(reference.point, "", f"{compact(reference.point)}: {error}"))
    described: list[Described] = []
    refused += _mapped(snapshot, places, maps, registers, searches, described)
    described = [replace(one, wanted=is_wanted(one.device, wanted)) for one in described]
    groups: dict[Endpoint, list[Group]] = {endpoint: [] for endpoint in searches}
    for group in coalesce(registers.values()):
        groups.setdefault(group.endpoint, []).append(group)
    return ModbusBindings(groups, registers, tuple(refused), searches, described, said_in(snapshot))


# -- references ---------------------------------------------------------------------------------------------------------


def _register(snapshot: Snapshot, reference: Reference, endpoints: Mapping[str, Endpoint]) -> Register:
    node = reference.node
    table = snapshot.text(node, DCX + "function") or "holding"
    endpoint, limits = _endpoint(snapshot, node, endpoints)
    bit, factor, sentinel = (_whole(snapshot, node, name, -1) for name in ("bit", "scaleFactorAddress", "sentinel"))
    has_sentinel = snapshot.number(node, DCX + "sentinel") is not None
    return Register(
        reference.point,
        endpoint,
        _whole(snapshot, node, "unitId", 1),
        table,
        _whole(snapshot, node, "address", None),
        snapshot.text(node, DCX + "dataType") or ("bool" if table in BIT_TABLES else "uint16"),
        order_of(snapshot.text(node, DCX + "wordOrder") or "big", snapshot.text(node, DCX + "byteOrder") or "big"),
        reference.scale,
        reference.offset,
        reference.period_s,
        bit,
        factor,
        (sentinel,) if has_sentinel else (),
        limits=limits,
    )


def _endpoint(snapshot: Snapshot, node: int, endpoints: Mapping[str, Endpoint]) -> tuple[Endpoint, Limits]:
    gateway = snapshot.one(node, DCX + "gateway")
    if gateway is None:
        raise ValueError("there is no dcx:gateway: say through which gateway the device is reached")
    limits = _limits(snapshot, gateway)
    given = endpoints.get(snapshot.key(gateway))
    if given is not None:
        return given, limits
    host = snapshot.text(gateway, DCX + "host")
    framing = snapshot.text(gateway, DCX + "framing") or "tcp"
    if framing not in {"tcp", "rtu"}:
        raise ValueError(f"dcx:framing must be tcp or rtu, not {framing!r}; a serial line is named by setting modbus_endpoints")
    if not host:
        raise ValueError(f"gateway {compact(snapshot.key(gateway))} has no dcx:host: say where it is, or set its endpoint")
    return Endpoint(host, _whole(snapshot, gateway, "port", 502), "rtu" if framing == "rtu" else "tcp"), limits


def _limits(snapshot: Snapshot, gateway: int) -> Limits:
    gap, timeout = snapshot.number(gateway, DCX + "requestGap"), snapshot.number(gateway, DCX + "answerTimeout")
    flights = _whole(snapshot, gateway, "requestsInFlight", 1)
    return Limits(gap or 0.0, flights, timeout or 0.0) if (gap, timeout, flights) != (None, None, 1) else ANY


def _whole(snapshot: Snapshot, node: int, name: str, otherwise: int | None) -> int:
    number = snapshot.number(node, DCX + name)
    if number is None and otherwise is not None:
        return otherwise
    if number is None or not number.is_integer():
        raise ValueError(f"the reference needs a whole number as dcx:{name}")
    return int(number)


# -- register maps --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Target:
    """A point of a device, for which a map may have a register: its own unit (IRI, empty for none), and the seconds between samples that
    the graph asks for (0: it does not say)."""

    point: str
    unit: str
    period_s: float


@dataclass(frozen=True, slots=True)
class Device:
    """A device that names a register map: where it answers, what is added to each address of the map, and its points by their names."""

    iri: str
    endpoint: Endpoint
    unit: int
    added: int
    limits: Limits
    targets: Mapping[str, Target]

    def applied(self, chosen: RegisterMap, taken: set[str]) -> tuple[Sequence[Register], Sequence[Unbound]]:
        """The registers that a map gives to this device's points, and what of it cannot be used. `taken` grows with the points; one that
        is in it before is left out."""
        before, found, refused = frozenset(taken), list[Register](), list[Unbound]()
        for entry in chosen.entries:
            target = next((target for name in entry.names if (target := self.targets.get(name))), None)
            if target is None or target.point in before:
                continue
            what = f"{compact(target.point)}: map {chosen.name}, {entry.point or entry.cls}"
            if target.point in taken:
                why = "another entry of the map means this point: give the points names of their own"
                refused.append(Unbound(target.point, "", f"{what}: {why}"))
                continue
            taken.add(target.point)
            try:
                found.append(self._placed(entry, target))
            except (UnitError, ValueError) as error:
                refused.append(Unbound(target.point, "", f"{what}: {error}"))
        return found, refused

    def _placed(self, entry: Entry, target: Target) -> Register:
        """An entry of a map as the register of a point, in the point's own unit."""
        register = entry.register
        scale, offset = register.scale, register.offset
        if entry.unit and target.unit:
            to_scale, to_offset = conversion(entry.unit, target.unit)
            scale, offset = scale * to_scale, offset * to_scale + to_offset
        return replace(
            register,
            point=target.point,
            endpoint=self.endpoint,
            unit=self.unit,
            address=register.address + self.added,
            factor=register.factor + self.added if register.factor >= 0 else -1,
            scale=scale,
            offset=offset,
            period_s=target.period_s or register.period_s or DEFAULT_PERIOD_S,
            limits=self.limits,
        )


@dataclass(frozen=True, slots=True)
class Search:
    """A SunSpec device, whose registers are known when it has been asked, and the points that are found elsewhere."""

    device: Device
    taken: frozenset[str]

    def found(self, models: Sequence[Model]) -> tuple[Sequence[Register], Sequence[Unbound]]:
        """The registers of its points, given the models that it has, and what cannot be used."""
        taken, registers, refused = set(self.taken), list[Register](), list[Unbound]()
        for one in maps_of(models):
            some, wrong = self.device.applied(one, taken)
            registers += some
            refused += wrong
        return registers, refused


def _mapped(
    snapshot: Snapshot,
    endpoints: Mapping[str, Endpoint],
    maps: Maps,
    registers: dict[str, Register],
    searches: dict[Endpoint, list[Search]],
    described: list[Described],
) -> list[Unbound]:
    """Add the registers that the maps of devices give to points without one, and those devices; returns what cannot be used."""
    said = [(snapshot.key(s), literal_parts(snapshot.key(o)).lexical, s) for s, o in snapshot.relation(DCX + "registerMap").pairs()]
    refused: list[Unbound] = []
    taken = set(registers)
    targets = _targets(snapshot) if said else {}
    for iri, name, node in sorted(said, key=lambda row: (row[1] == NAME, *row)):
        points = {called: target.point for called, target in targets.get(iri, {}).items()}
        described.append(Described(iri, name, points=points, whole=False))
        try:
            chosen = _chosen(maps, name)
            device = _device(snapshot, iri, node, endpoints, chosen.limits, targets.get(iri, {}))
            if name == NAME:
                searches.setdefault(device.endpoint, []).append(Search(device, frozenset(taken)))
                continue
            found, wrong = device.applied(chosen, taken)
        except ValueError as error:
            refused.append(Unbound(iri if is_iri(iri) else "", "", f"{compact(iri)}: {error}"))
        else:
            registers.update((register.point, register) for register in found)
            refused += wrong
            described[-1] = replace(described[-1], entries=chosen.entries, whole=chosen.whole)
    return refused


def _chosen(maps: Maps, name: str) -> RegisterMap:
    found = SUNSPEC if name == NAME else maps.by_name.get(name)
    if found is None:
        known = ", ".join(sorted([NAME, *maps.by_name])) + "; setting modbus_maps names the folder of their files"
        raise ValueError(f"there is no register map {name!r}; there are: {known}")
    return found


def _device(
    snapshot: Snapshot, iri: str, node: int, endpoints: Mapping[str, Endpoint], limits: Limits, targets: Mapping[str, Target]
) -> Device:
    endpoint, said = _endpoint(snapshot, node, endpoints)
    unit, added = _whole(snapshot, node, "unitId", 1), _whole(snapshot, node, "addressOffset", 0)
    return Device(iri, endpoint, unit, added, limits if said == ANY else said, targets)


def _targets(snapshot: Snapshot) -> Mapping[str, Mapping[str, Target]]:
    """The points of every thing by their names. Cost: some twenty microseconds a point."""
    named = names_of(snapshot)
    points = {o for _, o in snapshot.relation(BRICK + "hasPoint").pairs()} | {s for s, _ in snapshot.relation(BRICK + "isPointOf").pairs()}
    periods = {snapshot.key(n): sample_period_s(snapshot, n) for n in points if snapshot.number(n, DCX + "samplePeriod") is not None}
    return {
        thing: {name: Target(iri, named.units.get(iri, ""), periods.get(iri, 0.0)) for name, iri in known.items() if iri}
        for thing, known in named.points.items()
    }
