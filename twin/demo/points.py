"""Meters and sensors of the demo site as points: units, periods, and where on the wires their values are found.

Rules of this file:

1. A point's name is its device's name, a dot and its role: `UPS-A.Output-Power`; the plant finds what to compute by the role.
2. Plant devices speak Modbus TCP, each with a unit id of its own behind a gateway; racks and rooms publish JSON over MQTT.
3. Registers of a device are given out in the order in which its points are listed, one function at a time, from address 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ontology.namespaces import BRICK, DCX, RDF, REF, UNIT
from twin.demo.plan import SitePlan
from twin.demo.writer import HAS_POINT, HAS_UNIT, IS_POINT_OF, RDFS_LABEL, QuadWriter, decimal, integer, text

HOST = "127.0.0.1"
FIRST_PORT = 15020
LAST_UNIT_ID = 247  # Modbus over serial line V1.02, section 2.2: addresses 1 to 247 are for single devices
_WORDS = {"bool": 1, "uint16": 1, "int16": 1, "uint32": 2, "int32": 2, "float32": 2}


@dataclass(frozen=True, slots=True)
class Spec:
    """A kind of point: role, class, unit, seconds between samples, and its Modbus form (function, type, scale, unit on the wire)."""

    role: str
    cls: str
    unit: str
    period: int = 5
    function: str = "input"
    data_type: str = "uint16"
    scale: float = 0.1
    wire_unit: str = ""
    feedback: str = ""
    limits: tuple[float, float] | None = None
    """Least and greatest value that may be written, in the point's unit."""


def position(role: str = "Position") -> Spec:
    """A breaker's position, a coil that can be written: 0 open, 1 closed."""
    return Spec(role, DCX + "Breaker_Position_Status", "UNITLESS", 2, "coil", "bool", 1.0, limits=(0.0, 1.0))


def status(role: str, cls: str) -> Spec:
    """A yes or no, a discrete input."""
    return Spec(role, cls, "UNITLESS", 5, "discrete", "bool", 1.0)


def power(role: str = "Power") -> Spec:
    """Active power in kW, on the wire as 32-bit watts, high word first."""
    return Spec(role, BRICK + "Active_Power_Sensor", "KiloW", 5, "input", "uint32", 1.0, wire_unit="W")


def temperature(role: str, cls: str) -> Spec:
    """A temperature in tenths of a degree Celsius."""
    return Spec(role, cls, "DEG_C", 5, "input", "int16", 0.1)


def percent(role: str, cls: str) -> Spec:
    """A share of a whole, in tenths of a per cent."""
    return Spec(role, cls, "PERCENT", 5, "input", "uint16", 0.1)


@dataclass
class Gateways:
    """The Modbus gateways of the site, and the next free unit id behind each; one that is full gets a sister at the next free port."""

    writer: QuadWriter
    _count: dict[str, int] = field(default_factory=dict)
    _current: dict[str, tuple[str, int]] = field(default_factory=dict)
    _port: int = FIRST_PORT

    def open(self, kind: str) -> None:
        """Make the (next) gateway of a kind: `Electrical`, `Mechanical`, `Gensets`."""
        number = self._count.get(kind, 0) + 1
        self._count[kind] = number
        local = f"Gateway-{kind}" if number == 1 else f"Gateway-{kind}-{number}"
        iri = self.writer.thing(local, DCX + "Modbus_Gateway", f"Modbus gateway, {kind.lower()} {number}")
        self.writer.add(iri, DCX + "host", text(HOST))
        self.writer.add(iri, DCX + "port", integer(self._port))
        self._port += 1
        self._current[kind] = (iri, 0)

    def next_unit(self, kind: str) -> tuple[str, int]:
        """A gateway and a unit id on it that no device has yet."""
        gateway, last = self._current[kind]
        if last == LAST_UNIT_ID:
            self.open(kind)
            gateway, last = self._current[kind]
        self._current[kind] = (gateway, last + 1)
        return gateway, last + 1


@dataclass(frozen=True, slots=True)
class Draft:
    """A site while it is written: its plan, the writer, and the gateways that its devices stand behind."""

    plan: SitePlan
    writer: QuadWriter
    gateways: Gateways


class ModbusDevice:
    """One Modbus unit and its register map as it fills; several pieces of equipment may share a unit (a panel and its breakers)."""

    __slots__ = ("_gateway", "_next", "_unit", "_writer")

    def __init__(self, writer: QuadWriter, gateways: Gateways, kind: str) -> None:
        self._writer = writer
        self._gateway, self._unit = gateways.next_unit(kind)
        self._next: dict[str, int] = {}

    def points(self, owner: str, label: str, *specs: Spec) -> None:
        """Points of one piece of equipment, in order."""
        for spec in specs:
            self._point(owner, label, spec)

    def _point(self, owner: str, label: str, spec: Spec) -> None:
        w = self._writer
        iri = add_point(w, owner, label, spec)
        if spec.feedback:
            w.add(iri, DCX + "hasFeedbackPoint", f"{owner}.{spec.feedback}")
        if spec.limits:
            w.add(iri, DCX + "minValue", decimal(spec.limits[0]))
            w.add(iri, DCX + "maxValue", decimal(spec.limits[1]))
        reference = w.blank()
        address = self._next.get(spec.function, 0)
        self._next[spec.function] = address + _WORDS[spec.data_type]
        w.add(iri, REF + "hasExternalReference", reference)
        w.add(reference, RDF + "type", DCX + "ModbusReference")
        w.add(reference, DCX + "gateway", self._gateway)
        w.add(reference, DCX + "unitId", integer(self._unit))
        w.add(reference, DCX + "function", text(spec.function))
        w.add(reference, DCX + "address", integer(address))
        w.add(reference, DCX + "dataType", text(spec.data_type))
        if _WORDS[spec.data_type] == 2:
            w.add(reference, DCX + "wordOrder", text("big"))
        if spec.scale != 1.0:
            w.add(reference, DCX + "scale", decimal(spec.scale))
        if spec.wire_unit:
            w.add(reference, DCX + "sourceUnit", UNIT + spec.wire_unit)


def add_point(w: QuadWriter, owner: str, label: str, spec: Spec) -> str:
    """A point of some equipment or room, without a reference; gives its IRI."""
    iri = f"{owner}.{spec.role}"
    w.add(owner, HAS_POINT, iri)
    w.add(iri, RDF + "type", spec.cls)
    w.add(iri, RDFS_LABEL, text(f"{label} {spec.role.replace('-', ' ').lower()}"))
    w.add(iri, HAS_UNIT, UNIT + spec.unit)
    w.add(iri, DCX + "samplePeriod", integer(spec.period))
    return iri


def mqtt_point(w: QuadWriter, owner: str, label: str, spec: Spec, place: tuple[str, str]) -> None:
    """A point whose value is a member of a JSON object; `place` is its topic and the member's pointer, `t` its time (ms since 1970 UTC)."""
    iri = add_point(w, owner, label, spec)
    reference = w.blank()
    topic, pointer = place
    w.add(iri, REF + "hasExternalReference", reference)
    w.add(reference, RDF + "type", DCX + "MQTTReference")
    w.add(reference, DCX + "topic", text(topic))
    w.add(reference, DCX + "jsonPointer", text(pointer))
    w.add(reference, DCX + "timePointer", text("/t"))


def virtual_point(w: QuadWriter, owner: str, label: str, spec: Spec, formula: str) -> None:
    """A point that is worked out from others; the plant knows nothing of it."""
    iri = f"{owner}.{spec.role}"
    w.add(iri, IS_POINT_OF, owner)
    w.add(iri, RDF + "type", spec.cls)
    w.add(iri, RDFS_LABEL, text(f"{label} {spec.role.replace('-', ' ')}"))
    w.add(iri, HAS_UNIT, UNIT + spec.unit)
    w.add(iri, DCX + "samplePeriod", integer(spec.period))
    w.add(iri, DCX + "formula", text(formula))
