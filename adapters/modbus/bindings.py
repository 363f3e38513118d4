"""Which registers hold which points: built from the graph, replaced whole when the graph changes; neighbours are read together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from adapters.modbus.config import Endpoint
from graph.references import Reference, Unbound, references
from graph.snapshot import Snapshot
from ontology.namespaces import DCX, compact

MODBUS_REFERENCE = DCX + "ModbusReference"
REGISTERS_MAX = 125
"""Registers in one read (Modbus Application Protocol 1.1b3, 6.3)."""
BITS_MAX = 2_000
"""Coils or discrete inputs in one read (Modbus Application Protocol 1.1b3, 6.1)."""
GAP_MAX = 8
"""Registers between two points that are read along rather than asked for twice (operator reference, Modbus)."""

WORDS: Mapping[str, int] = {"bool": 1, "uint16": 1, "int16": 1, "uint32": 2, "int32": 2, "float32": 2}
"""Data types, and how many registers each takes."""
BIT_TABLES = frozenset({"coil", "discrete"})
TABLES = BIT_TABLES | {"holding", "input"}
WRITABLE = frozenset({"coil", "holding"})


@dataclass(frozen=True, slots=True)
class Register:
    """One point in a device's tables; value = raw * scale + offset in the point's unit. `address` is zero-based."""

    point: str
    endpoint: Endpoint
    unit: int
    table: str
    address: int
    kind: str
    word_order: str
    scale: float
    offset: float
    period_s: float

    def __post_init__(self) -> None:
        if self.table not in TABLES:
            raise ValueError(f"dcx:function must be one of {', '.join(sorted(TABLES))}, not {self.table!r}")
        if self.kind not in WORDS:
            raise ValueError(f"dcx:dataType must be one of {', '.join(sorted(WORDS))}, not {self.kind!r}")
        if self.table in BIT_TABLES and self.kind != "bool":
            raise ValueError(f"a {self.table} holds one bit: dcx:dataType must be bool, not {self.kind!r}")
        if self.word_order not in {"big", "little"}:
            raise ValueError(f"dcx:wordOrder must be big or little, not {self.word_order!r}")
        if not 0 <= self.unit <= 255:
            raise ValueError(f"dcx:unitId must be 0 to 255, not {self.unit}")
        if not 0 <= self.address <= 65536 - WORDS[self.kind]:
            raise ValueError(f"dcx:address is zero-based, 0 to 65535, not {self.address}")

    @property
    def end(self) -> int:
        """The address after its last register."""
        return self.address + WORDS[self.kind]


@dataclass(frozen=True, slots=True)
class Group:
    """One read request: a table of one unit from `start`, `count` registers or bits, and the points in it."""

    endpoint: Endpoint
    unit: int
    table: str
    start: int
    count: int
    period_s: float
    registers: Sequence[Register]


@dataclass(frozen=True, slots=True)
class ModbusBindings:
    """All bindings of one graph revision: read requests by endpoint, registers by point, references that cannot be used and why."""

    groups: Mapping[Endpoint, Sequence[Group]] = field(default_factory=dict)
    registers: Mapping[str, Register] = field(default_factory=dict)
    unbound: Sequence[Unbound] = ()


def bind(snapshot: Snapshot, endpoints: Mapping[str, Endpoint] | None = None) -> ModbusBindings:
    """The bindings that the graph's `dcx:ModbusReference`s ask for; one that cannot be used is in `unbound`, with the reason.

    `endpoints` gives a gateway (IRI) another place than the graph says.
    """
    found, unbound = references(snapshot, MODBUS_REFERENCE)
    refused = list(unbound)
    registers: dict[str, Register] = {}
    for reference in found:
        try:
            registers[reference.point] = _register(snapshot, reference, endpoints or {})
        except ValueError as error:
            refused.append(Unbound(reference.point, "", f"{compact(reference.point)}: {error}"))
    groups: dict[Endpoint, list[Group]] = {}
    for group in coalesce(registers.values()):
        groups.setdefault(group.endpoint, []).append(group)
    return ModbusBindings(groups, registers, tuple(refused))


def coalesce(registers: Iterable[Register], gap_max: int = GAP_MAX) -> Sequence[Group]:
    """The fewest read requests that read the registers together without reading over a gap of more than `gap_max`, in order of place."""

    def place(r: Register) -> tuple[str, int, int, str, float]:
        return (r.endpoint.host, r.endpoint.port, r.unit, r.table, r.period_s)

    groups: list[Group] = []
    for _, found in groupby(sorted(registers, key=lambda r: (*place(r), r.address, r.point)), key=place):
        run: list[Register] = []
        end = 0
        for register in found:
            limit = BITS_MAX if register.table in BIT_TABLES else REGISTERS_MAX
            if run and (register.address > end + gap_max or max(end, register.end) - run[0].address > limit):
                groups.append(_group(run))
                run, end = [], 0
            run.append(register)
            end = max(end, register.end)
        if run:
            groups.append(_group(run))
    return groups


def _group(run: Sequence[Register]) -> Group:
    first = run[0]
    count = max(register.end for register in run) - first.address
    return Group(first.endpoint, first.unit, first.table, first.address, count, first.period_s, tuple(run))


def _register(snapshot: Snapshot, reference: Reference, endpoints: Mapping[str, Endpoint]) -> Register:
    node = reference.node
    table = snapshot.text(node, DCX + "function") or "holding"
    return Register(
        reference.point,
        _endpoint(snapshot, node, endpoints),
        _whole(snapshot, node, "unitId", 1),
        table,
        _whole(snapshot, node, "address", None),
        snapshot.text(node, DCX + "dataType") or ("bool" if table in BIT_TABLES else "uint16"),
        snapshot.text(node, DCX + "wordOrder") or "big",
        reference.scale,
        reference.offset,
        reference.period_s,
    )


def _endpoint(snapshot: Snapshot, node: int, endpoints: Mapping[str, Endpoint]) -> Endpoint:
    gateway = snapshot.one(node, DCX + "gateway")
    if gateway is None:
        raise ValueError("the reference has no dcx:gateway: say through which gateway the device is reached")
    given = endpoints.get(snapshot.key(gateway))
    if given is not None:
        return given
    host = snapshot.text(gateway, DCX + "host")
    if not host:
        raise ValueError(f"gateway {compact(snapshot.key(gateway))} has no dcx:host: say where it is, or set its endpoint")
    return Endpoint(host, _whole(snapshot, gateway, "port", 502))


def _whole(snapshot: Snapshot, node: int, name: str, otherwise: int | None) -> int:
    number = snapshot.number(node, DCX + name)
    if number is None and otherwise is not None:
        return otherwise
    if number is None or not number.is_integer():
        raise ValueError(f"the reference needs a whole number as dcx:{name}")
    return int(number)
