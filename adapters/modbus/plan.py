"""An answer's bytes to samples, all its points in one go. Pure: no socket, no clock; the exponents that it remembers are given to it.

A plan is made once for a read request: for each data type, where the bytes of its points lie, in the order in which numpy reads a
big-endian number; orders of words and bytes are part of that. Decoding is a gather and a view for each type, however many its points, and
once for all answers of requests that are laid out alike: those of one device type are.

Cost: some 60 us a layout, 1 us an answer and 5 ns a point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import nan

import numpy as np
from numpy.typing import NDArray

from adapters.modbus.registers import BIT_TABLES, Group, Register
from graph.values import Codes, Floats, Quality, Reason, Samples, Slots

Raw = NDArray[np.unsignedinteger | np.signedinteger | np.floating]
Factors = dict[tuple[str, int], float]
"""What is known of a unit's exponents: 10^n by table and address, nan for one that the device has not."""

VIEWS = {
    "bool": ">u2",
    "uint16": ">u2",
    "int16": ">i2",
    "uint32": ">u4",
    "int32": ">i4",
    "uint64": ">u8",
    "int64": ">i8",
    "float32": ">f4",
    "float64": ">f8",
    "bcd16": ">u2",
    "bcd32": ">u4",
    "bcd64": ">u8",
    "m10k32": ">u2",
    "m10k48": ">u2",
    "m10k64": ">u2",
}
"""How numpy reads each data type; words are big-endian on the wire (Modbus Application Protocol 1.1b3, 4.2)."""
EXPONENT_MAX = 10
"""A scale factor is -10 to 10 (SunSpec Information Model 1.1, sunssf); 0x8000 says that there is none."""


@dataclass(frozen=True, slots=True)
class _Block:
    """The points of one data type: their rows, where their bytes lie, and what of them is more than a number."""

    kind: str
    rows: NDArray[np.intp]
    bytes_at: NDArray[np.intp]
    bits: NDArray[np.uint64] | None
    sentinels: Sequence[NDArray[np.uint64]]
    """The first sentinel of each point, the second …; where a point has no more, one that it has."""
    guarded: NDArray[np.intp]
    """The places in the block of points with sentinels."""
    run: slice | None
    """Where the bytes lie when they lie one after the other, as they will be read."""

    def octets(self, data: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The bytes of the points, by answer and point."""
        return np.take(data, self.bytes_at, axis=1) if self.run is None else data[:, self.run].reshape(len(data), *self.bytes_at.shape)


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows whose raw numbers stand for others."""

    rows: NDArray[np.intp]
    keys: Floats
    values: Floats


@dataclass(frozen=True, slots=True)
class Answer:
    """What one read brought, not decoded yet: the bytes, when they came, and the exponents that are known of its unit."""

    plan: Plan
    data: bytes
    at_ms: int
    factors: Factors

    def __len__(self) -> int:
        return len(self.plan.slots)


def samples_of(answers: Sequence[Answer]) -> Samples:
    """The samples of some answers: the instant of an answer is the source time of its samples. Answers of one layout stand together, those
    of a plan in their order.

    A row is `BAD` for the reason `SENSOR` that holds a sentinel, no number, or a number that its table does not know; a point whose
    exponent has not been read yet is left out (slot -1). Raises `ValueError` for an answer of another length than was asked for.
    """
    alike: dict[bytes, list[tuple[Answer, Sequence[float | None]]]] = {}
    for answer in answers:
        alike.setdefault(answer.plan.layout, []).append((answer, answer.plan.exponents(answer)))
    decoded = [some[0][0].plan.decoded(some) for some in alike.values()]
    slots, values = np.concatenate([one for one, _ in decoded]), np.concatenate([one for _, one in decoded])
    ordered = [answer for some in alike.values() for answer, _ in some]
    times = np.repeat(np.array([answer.at_ms for answer in ordered], np.int64), [len(answer) for answer in ordered])
    fine = np.isfinite(values)
    if fine.all():
        none = np.zeros(len(values), np.uint8)
        return Samples(slots, values, times, times, none, none)
    values[~fine] = nan
    return Samples(slots, values, times, times, *_judged(~fine, Quality.BAD, Reason.SENSOR))


class Plan:
    """How one read request's answer becomes samples."""

    __slots__ = (
        "_blocks",
        "_codes",
        "_factor_keys",
        "_factor_rows",
        "_factors",
        "_offset",
        "_scale",
        "_scaled",
        "_size",
        "_table",
        "group",
        "layout",
        "slots",
    )

    def __init__(self, group: Group, slots: Slots) -> None:
        """`slots` of the group's registers, in their order."""
        self.group, self.slots = group, slots
        registers = group.registers
        self._table = group.table
        self._size = -(-group.count // 8) if group.table in BIT_TABLES else 2 * group.count
        self._blocks = [
            _block(kind, [row for row, r in enumerate(registers) if r.kind == kind], group) for kind in sorted({r.kind for r in registers})
        ]
        self._codes = [_codes(codes, registers) for codes in sorted({r.codes for r in registers if r.codes})]
        self._scale, self._offset = np.array([r.scale for r in registers]), np.array([r.offset for r in registers])
        self._scaled = bool((self._scale != 1.0).any() or (self._offset != 0.0).any())
        self._factors = [((group.table, address), 2 * (address - group.start)) for address in group.factors]
        factored = [row for row, r in enumerate(registers) if r.factor >= 0]
        self._factor_rows, self._factor_keys = np.array(factored, np.intp), [(group.table, registers[row].factor) for row in factored]
        self.layout = _layout(group)
        """Plans of the same layout read the same numbers out of the same bytes."""

    def exponents(self, answer: Answer) -> Sequence[float | None]:
        """The powers of ten of those points that need one, None for one that has not been read yet. The answer's `factors` learn those
        that stand in it. Raises `ValueError` for an answer of another length than was asked for."""
        data, factors = answer.data, answer.factors
        if len(data) != self._size:
            group = self.group
            raise ValueError(f"unit {group.unit} answered {len(data)} bytes where {group.count} {group.table} make {self._size}")
        for key, at in self._factors:
            exponent = int.from_bytes(data[at : at + 2], "big", signed=True)
            factors[key] = 10.0**exponent if abs(exponent) <= EXPONENT_MAX else nan
        return [factors.get(key) for key in self._factor_keys] if self._factor_keys else ()

    def decoded(self, answers: Sequence[tuple[Answer, Sequence[float | None]]]) -> tuple[Slots, Floats]:
        """Slots and values of answers of this layout with their exponents, one after the other; not finite where there is no number."""
        octets = np.frombuffer(b"".join([answer.data for answer, _ in answers]), np.uint8).reshape(len(answers), self._size)
        slots, values = np.concatenate([answer.plan.slots for answer, _ in answers]), self._raw(octets)
        if self._factor_keys:
            known = np.array([exponents for _, exponents in answers], np.float64)  # None is nan, too
            values[:, self._factor_rows] *= known
            unread = np.zeros(values.shape, np.bool_)
            unread[:, self._factor_rows] = [[exponent is None for exponent in exponents] for _, exponents in answers]
            slots[unread.reshape(-1)] = -1
        if self._scaled:
            values = values * self._scale + self._offset
        return slots, values.reshape(-1)

    def silent(self, at_ms: int, quality: Quality, reason: Reason) -> Samples:
        """Rows without numbers: no answer, or an answer that refuses."""
        rows = len(self.slots)
        times = np.full(rows, at_ms, np.int64)
        return Samples(self.slots, np.full(rows, nan), times, times, *_judged(np.ones(rows, np.bool_), quality, reason))

    def _raw(self, octets: NDArray[np.uint8]) -> Floats:
        """The numbers in answers of this layout, one row an answer, as they stand there."""
        if len(self._blocks) == 1 and self._table not in BIT_TABLES and not self._codes:
            return _numbers(self._blocks[0], self._blocks[0].octets(octets))
        values = np.empty((len(octets), len(self.slots)))
        if self._table in BIT_TABLES:
            bits = np.unpackbits(octets, axis=1, bitorder="little")
            for block in self._blocks:
                values[:, block.rows] = bits[:, block.bytes_at[:, 0]]
            return values
        for block in self._blocks:
            values[:, block.rows] = _numbers(block, block.octets(octets))
        for table in self._codes:
            raw = values[:, table.rows]
            at = np.minimum(np.searchsorted(table.keys, raw), len(table.keys) - 1)
            values[:, table.rows] = np.where(table.keys[at] == raw, table.values[at], nan)
        return values


def _layout(group: Group) -> bytes:
    """What tells whether another request's answer is decoded in the same way."""
    start = group.start
    said = [(r.address - start, r.kind, r.order, r.bit, r.factor >= 0, r.sentinels, r.codes, r.scale, r.offset) for r in group.registers]
    return blake2b(repr((group.table, group.count, said)).encode(), digest_size=16).digest()


def _numbers(block: _Block, octets: NDArray[np.uint8]) -> Floats:
    """The numbers of one data type, from bytes in big-endian order by answer and point; nan where there is none."""
    raw = octets.view(VIEWS[block.kind])
    if block.kind.startswith("m10k"):
        powers = 10_000.0 ** np.arange(raw.shape[-1] - 1, -1, -1)
        return np.where((raw > 9999).any(axis=-1), nan, raw.astype(np.float64) @ powers)
    found: Raw = raw[..., 0]
    if block.kind.startswith("bcd"):
        values = _decimal(found)
    elif block.bits is not None:
        values = ((found.astype(np.uint64) >> block.bits) & np.uint64(1)).astype(np.float64)
    elif block.kind == "bool":
        values = (found != 0).astype(np.float64)
    else:
        values = found.astype(np.float64)
    if len(block.guarded):
        patterns = octets.view(f">u{octets.shape[-1]}")[:, block.guarded, 0]
        missing = np.logical_or.reduce([patterns == each for each in block.sentinels])
        values[:, block.guarded] = np.where(missing, nan, values[:, block.guarded])
    return values


def _decimal(packed: Raw) -> Floats:
    """Numbers of four decimal digits a word; nan where a digit is none."""
    values, wrong = np.zeros(packed.shape), np.zeros(packed.shape, np.bool_)
    left = packed.astype(np.uint64)
    for digit in range(2 * packed.dtype.itemsize):
        four = left & np.uint64(15)
        wrong |= four > 9
        values += four.astype(np.float64) * 10.0**digit
        left >>= np.uint64(4)
    return np.where(wrong, nan, values)


def _judged(bad: NDArray[np.bool_], quality: Quality, reason: Reason) -> tuple[Codes, Codes]:
    return np.where(bad, np.uint8(quality), np.uint8(Quality.GOOD)), np.where(bad, np.uint8(reason), np.uint8(Reason.NONE))


def _block(kind: str, rows: Sequence[int], group: Group) -> _Block:
    found = [group.registers[row] for row in rows]
    if group.table in BIT_TABLES:
        places = [[r.address - group.start] for r in found]
    else:
        places = [[2 * (r.address - group.start) + at for at in octets_of(r)] for r in found]
    bits = np.array([max(r.bit, 0) for r in found], np.uint64) if any(r.bit >= 0 for r in found) else None
    guarded = [at for at, r in enumerate(found) if r.sentinels]
    most = max((len(found[at].sentinels) for at in guarded), default=0)
    mask = (1 << 16 * (found[0].end - found[0].address)) - 1
    columns = [
        np.array([found[at].sentinels[min(n, len(found[at].sentinels) - 1)] & mask for at in guarded], np.uint64) for n in range(most)
    ]
    flat = [place for some in places for place in some]
    run = slice(flat[0], flat[-1] + 1) if flat == list(range(flat[0], flat[0] + len(flat))) else None
    return _Block(_flags(kind, bits), np.array(rows, np.intp), np.array(places, np.intp), bits, columns, np.array(guarded, np.intp), run)


def _flags(kind: str, bits: NDArray[np.uint64] | None) -> str:
    """A `bool` with a bit is read as the word that it stands in."""
    return "uint16" if kind == "bool" and bits is not None else kind


def octets_of(register: Register) -> Sequence[int]:
    """Which of its bytes, counted from its address, is the most significant one, the next …"""
    words = list(range(register.end - register.address))
    ordered = words[::-1] if register.order in {"CDAB", "DCBA"} else words
    halves = (1, 0) if register.order in {"BADC", "DCBA"} else (0, 1)
    return [2 * word + half for word in ordered for half in halves]


def _codes(codes: tuple[tuple[int, float], ...], registers: Sequence[Register]) -> _Table:
    rows = np.array([row for row, r in enumerate(registers) if r.codes == codes], np.intp)
    ordered = sorted(codes)
    return _Table(rows, np.array([key for key, _ in ordered], np.float64), np.array([value for _, value in ordered]))
