"""Registers to values and back, by one table. Pure: no socket, no clock, no state."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from adapters.modbus.bindings import BIT_TABLES, Group, Register
from graph.values import Quality, ReadingBatch

FORMATS = {"uint16": ">H", "int16": ">h", "uint32": ">I", "int32": ">i", "float32": ">f"}
"""Data type to `struct` format; words are big-endian on the wire (Modbus Application Protocol 1.1b3, 4.2)."""


class DoesNotFit(ValueError):
    """A value that the register's data type cannot hold."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write request: a coil's bit, or the words of a holding register."""

    unit: int
    table: str
    address: int
    words: Sequence[int]


def decode(register: Register, data: Sequence[int] | Sequence[bool], start: int) -> float:
    """The register's value in its point's unit, from words or bits that begin at address `start`; nan for a float that is no number."""
    at = register.address - start
    if register.kind == "bool":
        raw = float(bool(data[at]))
    else:
        words = list(map(int, data[at : at + register.end - register.address]))
        ordered = words if register.word_order == "big" else words[::-1]
        raw = float(struct.unpack(FORMATS[register.kind], struct.pack(f">{len(ordered)}H", *ordered))[0])
    value = raw * register.scale + register.offset
    return value if isfinite(value) else nan


def batch(group: Group, data: Sequence[int] | Sequence[bool], at_ms: int) -> ReadingBatch:
    """The readings of one answer: the instant of the answer is the source time. Raises `ValueError` for an answer that is too short."""
    if len(data) < group.count:
        raise ValueError(f"unit {group.unit} answered {len(data)} of {group.count} registers")
    values = np.array([decode(register, data, group.start) for register in group.registers], dtype=np.float64)
    quality = np.where(np.isnan(values), Quality.BAD, Quality.GOOD).astype(np.uint8)
    return _columns(group.registers, values, at_ms, quality)


def silence(registers: Sequence[Register], at_ms: int, quality: Quality) -> ReadingBatch:
    """Rows without numbers for the registers: no answer, or an answer that refuses."""
    return _columns(registers, np.full(len(registers), nan), at_ms, np.full(len(registers), quality, dtype=np.uint8))


def _columns(registers: Sequence[Register], values: np.ndarray, at_ms: int, quality: np.ndarray) -> ReadingBatch:
    times = np.full(len(registers), at_ms, dtype=np.int64)
    return ReadingBatch([register.point for register in registers], values, times, times, quality)


def encode(register: Register, value: float) -> Write:
    """The request that writes `value` (the point's unit). Raises `DoesNotFit` for a value that the data type cannot hold."""
    raw = (value - register.offset) / register.scale
    if register.kind == "bool":
        if round(raw) not in {0, 1}:
            raise DoesNotFit(f"{register.point} holds one bit, 0 or 1, not {value:g}")
        return Write(register.unit, register.table, register.address, [round(raw)])
    try:
        packed = struct.pack(FORMATS[register.kind], raw if register.kind == "float32" else round(raw))
    except (struct.error, OverflowError, ValueError) as error:
        raise DoesNotFit(f"{register.point}: {value:g} is {raw:g} in the register, which does not fit in {register.kind}") from error
    words = list(struct.unpack(f">{len(packed) // 2}H", packed))
    return Write(register.unit, register.table, register.address, words if register.word_order == "big" else words[::-1])


def is_bits(table: str) -> bool:
    """Whether a table holds single bits."""
    return table in BIT_TABLES
