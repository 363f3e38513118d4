"""What stands where in a device: data types, registers, and which of them are read together. Pure.

Rules of this file:

1. Addresses are zero-based, as on the wire; `shown` says them as manuals do (40001 is holding register 0).
2. value = raw * 10^factor * scale + offset, in the point's own unit; the factor stands in a register of its own where a device has one.
3. An order is told by the places of the four bytes A (most significant) to D: ABCD is the standard's own, CDAB has the words exchanged,
   BADC the bytes of each word, DCBA both. With one word only the bytes count, with four the same holds for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from adapters.modbus.config import ANY, BITS_MAX, Endpoint, Limits

WORDS: Mapping[str, int] = {
    "bool": 1,
    "uint16": 1,
    "int16": 1,
    "uint32": 2,
    "int32": 2,
    "uint64": 4,
    "int64": 4,
    "float32": 2,
    "float64": 4,
    "bcd16": 1,
    "bcd32": 2,
    "bcd64": 4,
    "m10k32": 2,
    "m10k48": 3,
    "m10k64": 4,
}
"""Data types, and how many registers each takes. bcd: four decimal digits a word; m10k: 0 to 9999 a word, the most significant first."""
ORDERS = frozenset({"ABCD", "CDAB", "BADC", "DCBA"})
BIT_TABLES = frozenset({"coil", "discrete"})
TABLES = BIT_TABLES | {"holding", "input"}
WRITABLE = frozenset({"coil", "holding"})
SHOWN_FROM: Mapping[str, int] = {"coil": 0, "discrete": 1, "input": 3, "holding": 4}
"""The first digit of the number that a manual gives a register."""


@dataclass(frozen=True, slots=True)
class Register:
    """One point in a device's tables, or (`point` empty) a register that holds the decimal exponent of others."""

    point: str
    endpoint: Endpoint
    unit: int
    table: str
    address: int
    kind: str
    order: str
    scale: float
    offset: float
    period_s: float
    bit: int = -1
    """Which bit of the word it is, 0 the least; -1: the whole."""
    factor: int = -1
    """The address of the register that holds its decimal exponent, in the same table; -1: none."""
    sentinels: tuple[int, ...] = ()
    """Bit patterns that stand for no value."""
    codes: tuple[tuple[int, float], ...] = ()
    """Raw numbers and what they mean; any other is no value. Empty: numbers mean themselves."""
    limits: Limits = ANY

    def __post_init__(self) -> None:
        if self.table not in TABLES:
            raise ValueError(f"dcx:function must be one of {', '.join(sorted(TABLES))}, not {self.table!r}")
        if self.kind not in WORDS:
            hint = ": texts have no place in a table of numbers" if self.kind.startswith(("string", "text", "ascii")) else ""
            raise ValueError(f"dcx:dataType must be one of {', '.join(sorted(WORDS))}, not {self.kind!r}{hint}")
        if self.table in BIT_TABLES and (self.kind != "bool" or self.bit >= 0):
            raise ValueError(f"a {self.table} holds one bit: dcx:dataType must be bool, not {self.kind!r}, without dcx:bit")
        if self.order not in ORDERS:
            raise ValueError(
                f"dcx:wordOrder and dcx:byteOrder must be big or little, an order one of ABCD CDAB BADC DCBA, not {self.order!r}"
            )
        if self.bit >= 0 and self.kind not in {"bool", "uint16", "uint32", "uint64"}:
            raise ValueError(f"a bit is one of a uint16, uint32 or uint64, not of a {self.kind}")
        if self.bit >= 16 * WORDS[self.kind]:
            raise ValueError(f"a {self.kind} has bits 0 to {16 * WORDS[self.kind] - 1}, not {self.bit}")
        if not 0 <= self.unit <= 255:
            raise ValueError(f"dcx:unitId must be 0 to 255, not {self.unit}")
        if not 0 <= self.address <= 65536 - WORDS[self.kind]:
            raise ValueError(f"dcx:address is zero-based, 0 to 65535, not {self.address}")
        if not -1 <= self.factor <= 65535:
            raise ValueError(f"the address of a scale factor is zero-based, 0 to 65535, not {self.factor}")
        if self.sentinels and self.kind.startswith("m10k"):
            raise ValueError(f"a {self.kind} has no sentinel: a word over 9999 is no value in any case")

    @property
    def end(self) -> int:
        """The address after its last register."""
        return self.address + WORDS[self.kind]


@dataclass(frozen=True, slots=True)
class Group:
    """One read request: a table of one unit from `start`, `count` registers or bits, the points in it, and the addresses of exponents."""

    endpoint: Endpoint
    unit: int
    table: str
    start: int
    count: int
    period_s: float
    registers: Sequence[Register]
    factors: Sequence[int] = ()
    limits: Limits = ANY


def shown(table: str, address: int) -> str:
    """An address as manuals show it: 40001 for holding register 0, with six digits from 10,000 on."""
    number = address + 1
    return f"{SHOWN_FROM[table]}{number:04d}" if number <= 9999 else f"{SHOWN_FROM[table]}{number:05d}"


def place_of(number: int | str) -> tuple[str, int]:
    """Table and zero-based address of a register as manuals show it (40001, 300015). Raises `ValueError`."""
    digits = str(number).zfill(5)
    tables = {str(digit): table for table, digit in SHOWN_FROM.items()}
    if not digits.isdecimal() or len(digits) > 6 or digits[0] not in tables or int(digits[1:]) < 1:
        raise ValueError(f"a register is shown as 0xxxx, 1xxxx, 3xxxx or 4xxxx, counted from 1, not {number}")
    return tables[digits[0]], int(digits[1:]) - 1


def order_of(word_order: str, byte_order: str) -> str:
    """The order that `dcx:wordOrder` and `dcx:byteOrder` ask for, each `big` or `little`; what is neither is returned, to be refused."""
    names = {("big", "big"): "ABCD", ("little", "big"): "CDAB", ("big", "little"): "BADC", ("little", "little"): "DCBA"}
    return names.get((word_order, byte_order), f"{word_order} {byte_order}")


def coalesce(registers: Iterable[Register], gap_max: int | None = None) -> Sequence[Group]:
    """The fewest read requests that read the registers together without reading over a longer gap than the device's limits (or `gap_max`)
    allow, in order of place. Registers of exponents are read with the points that need them, or at the pace of the fastest of those."""

    def place(r: Register) -> tuple[str, str, int, int, str, float]:
        return (r.endpoint.framing, r.endpoint.host, r.endpoint.port, r.unit, r.table, r.period_s)

    found = list(registers)
    groups: list[Group] = []
    for _, placed in groupby(sorted([*found, *_exponents(found)], key=lambda r: (*place(r), r.address, r.point)), key=place):
        run: list[Register] = []
        end = 0
        for register in placed:
            limits = register.limits
            limit = BITS_MAX if register.table in BIT_TABLES else limits.registers_max
            gap = limits.gap_max if gap_max is None else gap_max
            if run and (register.address > end + gap or max(end, register.end) - run[0].address > limit):
                groups.append(_group(run))
                run, end = [], 0
            run.append(register)
            end = max(end, register.end)
        if run:
            groups.append(_group(run))
    return groups


def halves(group: Group) -> Sequence[Group]:
    """A read that a device refuses, as smaller ones: around its gaps, or else in two; nothing for a single point."""
    apart = coalesce(group.registers, 0)
    if len(apart) > 1 or len(group.registers) < 2:
        return apart if len(apart) > 1 else ()
    ordered = sorted(group.registers, key=lambda r: r.address)
    middle = len(ordered) // 2
    return [*coalesce(ordered[:middle], 0), *coalesce(ordered[middle:], 0)]


def _exponents(registers: Sequence[Register]) -> list[Register]:
    """The registers of exponents that others need, each once a unit and table, at the pace of the fastest that needs it."""
    wanted: dict[tuple[Endpoint, int, str, int], Register] = {}
    for r in registers:
        key = (r.endpoint, r.unit, r.table, r.factor)
        if r.factor >= 0 and (key not in wanted or r.period_s < wanted[key].period_s):
            wanted[key] = Register("", r.endpoint, r.unit, r.table, r.factor, "int16", "ABCD", 1.0, 0.0, r.period_s, limits=r.limits)
    return list(wanted.values())


def _group(run: Sequence[Register]) -> Group:
    first = run[0]
    count = max(register.end for register in run) - first.address
    points = tuple(register for register in run if register.point)
    factors = tuple(sorted({register.address for register in run if not register.point}))
    return Group(first.endpoint, first.unit, first.table, first.address, count, first.period_s, points, factors, first.limits)
