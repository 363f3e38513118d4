"""Requests, answers and values as bytes, by one table. Pure: no socket, no clock, no state."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from adapters.modbus.plan import VIEWS, Answer, Plan, octets_of
from adapters.modbus.registers import BIT_TABLES, Group, Register
from graph.values import Quality, Reason

READ: Mapping[str, int] = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
WRITE_COIL, WRITE_REGISTER, WRITE_REGISTERS = 5, 6, 16
"""Function codes (Modbus Application Protocol 1.1b3, 6)."""
REFUSED = 0x80
"""Set in the function code of an exception answer (Modbus Application Protocol 1.1b3, 7)."""


class DoesNotFit(ValueError):
    """A value that the register's data type cannot hold."""


class Wrong(Exception):
    """An answer that is none to what was asked: another unit, function or length."""


class Refused(Exception):
    """An exception answer."""

    def __init__(self, code: int) -> None:
        super().__init__(FAULTS.get(code, OTHER).text + f" ({code})")
        self.code = code


@dataclass(frozen=True, slots=True)
class Fault:
    """What an exception answer says of the points that were asked for (reliability reference 3.3)."""

    text: str
    quality: Quality = Quality.BAD
    reason: Reason = Reason.DEVICE


ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE, ACKNOWLEDGE, BUSY = 1, 2, 3, 4, 5, 6
MAP_FAULTS = frozenset({ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE})
"""The map of the device is wrong: what is refused so is not asked for again before the map is another."""
AWAY = frozenset({10, 11})
BUSY_TRIES_MAX = 2
"""New tries of what a device was too busy for (reliability reference 3.3)."""
FAULTS: Mapping[int, Fault] = {
    ILLEGAL_FUNCTION: Fault("illegal function", reason=Reason.CONFIGURATION),
    ILLEGAL_ADDRESS: Fault("illegal address", reason=Reason.CONFIGURATION),
    ILLEGAL_VALUE: Fault("illegal value", reason=Reason.CONFIGURATION),
    DEVICE_FAILURE: Fault("device failure"),
    ACKNOWLEDGE: Fault("a long job is under way"),
    BUSY: Fault("device busy"),
    8: Fault("memory parity error"),
    10: Fault("gateway path unavailable", Quality.NO_COMMUNICATION, Reason.LINK),
    11: Fault("device behind the gateway does not answer", Quality.NO_COMMUNICATION, Reason.LINK),
}
OTHER = Fault("exception")


@dataclass(frozen=True, slots=True)
class Write:
    """One write request: a coil's bit, or the words of a holding register."""

    unit: int
    table: str
    address: int
    words: Sequence[int]


# -- requests and answers ---------------------------------------------------------------------------------------------


def read_request(table: str, start: int, count: int) -> bytes:
    """The request that reads `count` registers or bits from a zero-based address."""
    return struct.pack(">BHH", READ[table], start, count)


def read_answer(request: bytes, answer: bytes) -> bytes:
    """What an answer to a read holds. Raises `Refused`, and `Wrong` for a length that is not what was asked for."""
    _checked(request, answer)
    count = struct.unpack(">H", request[3:5])[0]
    expected = -(-count // 8) if request[0] <= READ["discrete"] else 2 * count
    if len(answer) != expected + 2 or answer[1] != expected:
        raise Wrong(f"{len(answer) - 2} bytes where {expected} were asked for")
    return answer[2:]


def write_request(write: Write) -> bytes:
    """The request that writes a coil, a register, or several."""
    if write.table == "coil":
        return struct.pack(">BHH", WRITE_COIL, write.address, 0xFF00 if write.words[0] else 0)
    if len(write.words) == 1:
        return struct.pack(">BHH", WRITE_REGISTER, write.address, write.words[0])
    count = len(write.words)
    return struct.pack(f">BHHB{count}H", WRITE_REGISTERS, write.address, count, 2 * count, *write.words)


def echoes(request: bytes, answer: bytes) -> bool:
    """Whether an answer names what was written: address and value for one, address and count for several. Raises `Refused`, `Wrong`."""
    _checked(request, answer)
    return answer == request[:5]


def _checked(request: bytes, answer: bytes) -> None:
    if len(answer) >= 2 and answer[0] == request[0] | REFUSED:
        raise Refused(answer[1])
    if len(answer) < 2 or answer[0] != request[0]:
        raise Wrong(f"function {answer[0] if answer else 'none'} where {request[0]} was asked")


# -- values -----------------------------------------------------------------------------------------------------------


def decode(register: Register, data: Sequence[int] | Sequence[bool], start: int) -> float:
    """The register's value in its point's unit, without its scale factor, from words or bits that begin at `start`; nan for none."""
    at = register.address - start
    part = data[at : at + register.end - register.address]
    octets = bytes([bool(part[0])]) if register.table in BIT_TABLES else struct.pack(f">{len(part)}H", *map(int, part))
    group = Group(register.endpoint, register.unit, register.table, register.address, len(part), register.period_s, (register,))
    plan = Plan(group, np.zeros(1, np.int32))
    _, values = plan.decoded([(Answer(plan, octets, 0, {}), [1.0] if register.factor >= 0 else [])])
    return float(values[0]) if isfinite(values[0]) else nan


def encode(register: Register, value: float, factor: float = 1.0) -> Write:
    """The request that writes `value` (the point's unit) to a register whose scale factor, where it has one, is `factor` (10^n).

    Raises `DoesNotFit` for a value that the data type cannot hold, and for what a request cannot write alone: a bit of a word.
    """
    raw = (value - register.offset) / register.scale / factor
    if register.codes:
        raw = _code(register, raw)
    if register.bit >= 0:
        raise DoesNotFit(f"{register.point} is bit {register.bit} of a register: writing it would write the others too")
    if register.kind == "bool":
        if not isfinite(raw) or round(raw) not in {0, 1}:
            raise DoesNotFit(f"{register.point} holds one bit, 0 or 1, not {value:g}")
        return Write(register.unit, register.table, register.address, [round(raw)])
    try:
        packed = _packed(register.kind, raw)
    except (struct.error, OverflowError, ValueError) as error:
        raise DoesNotFit(f"{register.point}: {value:g} is {raw:g} in the register, which does not fit in {register.kind}") from error
    octets = bytearray(len(packed))
    for significance, place in enumerate(octets_of(register)):
        octets[place] = packed[significance]
    return Write(register.unit, register.table, register.address, list(struct.unpack(f">{len(octets) // 2}H", octets)))


def _code(register: Register, value: float) -> float:
    found = [raw for raw, meant in register.codes if meant == value]
    if not found:
        raise DoesNotFit(f"{register.point} has no code for {value:g}")
    return float(found[0])


def _packed(kind: str, raw: float) -> bytes:
    """A raw number as bytes, the most significant first. Raises what says that it does not fit."""
    size = int(VIEWS[kind][2:])
    if kind.startswith("bcd"):
        return bytes.fromhex(_digits(raw, 2 * size))
    if kind.startswith("m10k"):
        digits = _digits(raw, int(kind[4:]) // 4)
        return struct.pack(f">{len(digits) // 4}H", *(int(digits[at : at + 4]) for at in range(0, len(digits), 4)))
    form = {"u": "BHIQ", "i": "bhiq", "f": " efd"}[VIEWS[kind][1]][size.bit_length() - 1]
    return struct.pack(f">{form}", raw if VIEWS[kind][1] == "f" else round(raw))


def _digits(raw: float, count: int) -> str:
    if not 0 <= round(raw) < 10**count:
        raise ValueError("does not fit")
    return f"{round(raw):0{count}d}"
