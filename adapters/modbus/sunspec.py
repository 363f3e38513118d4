"""SunSpec: devices that say themselves which models they have, and where. Pure: discovery yields what it wants read.

Rules of this file:

1. The marker `SunS` stands at 40000, 50000 or 0; after it model follows model, each with its id and length, until id 0xFFFF.
2. A number goes by its name (`W`), where the first model in the device that has it is meant, and by its model and name (`103.W`).
3. What a device has not stands as a sentinel by its type: such a point is a failed sensor, not a zero.
"""

from __future__ import annotations

import struct
import tomllib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from adapters.modbus.maps import HERE, Entry, RegisterMap
from adapters.modbus.registers import Register
from ontology.namespaces import UNIT

NAME = "sunspec"
"""What `dcx:registerMap` says for a device that describes itself."""
BASES = (40000, 50000, 0)
MARKER = b"SunS"
LAST = 0xFFFF
MODELS_MAX = 100
"""Models in one device; with more it is going round in circles."""
TYPES: Mapping[str, tuple[str, int]] = {
    "int16": ("int16", 0x8000),
    "uint16": ("uint16", 0xFFFF),
    "acc16": ("uint16", 0),
    "enum16": ("uint16", 0xFFFF),
    "bitfield16": ("uint16", 0xFFFF),
    "int32": ("int32", 0x8000_0000),
    "uint32": ("uint32", 0xFFFF_FFFF),
    "acc32": ("uint32", 0),
    "enum32": ("uint32", 0xFFFF_FFFF),
    "bitfield32": ("uint32", 0xFFFF_FFFF),
    "int64": ("int64", 0x8000_0000_0000_0000),
    "uint64": ("uint64", 0xFFFF_FFFF_FFFF_FFFF),
    "acc64": ("uint64", 0),
    "float32": ("float32", 0x7FC0_0000),
}
"""Types of the standard: how their registers are read, and what stands there for not implemented, or not accumulated (SunSpec Information
Model Specification 1.9, 5.2)."""


class NotSunSpec(Exception):
    """There is no marker, or the models do not end."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model of a device: its id, the address of the register that holds the id, and the registers after its length."""

    number: int
    address: int
    length: int


Walk = Generator[tuple[int, int], bytes | None, Sequence[Model]]


def discover() -> Walk:
    """The models of a device. Yields address and count of the holding registers that it wants to see, and is sent their bytes, or None
    where the device refuses. Raises `NotSunSpec`."""
    for base in BASES:
        if (yield base, 2) == MARKER:
            break
    else:
        raise NotSunSpec(f"no SunSpec marker at {', '.join(map(str, BASES))}")
    found: list[Model] = []
    at = base + 2
    while len(found) < MODELS_MAX and at <= 65534:
        head = yield at, 2
        number, length = struct.unpack(">HH", head) if head is not None else (LAST, 0)
        if number == LAST:
            return found
        found.append(Model(number, at, length))
        at += 2 + length
    raise NotSunSpec(f"after {len(found)} models there is no end")


def maps_of(models: Sequence[Model]) -> Sequence[RegisterMap]:
    """The register maps of a device with these models, to be applied one after the other: by model and name, by name, and by class."""
    placed = _all_placed(models)
    named = _by_name(placed)
    exact = [replace(entry, point=f"{number}.{entry.point}", cls="") for number, entry in placed]
    plain = [replace(entry, cls="") for entry in named]
    classed = [replace(entry, point="") for entry in named if entry.cls]
    return [RegisterMap(NAME, tuple(entries)) for entries in (exact, plain, classed)]


def classed_of(models: Sequence[Model]) -> Sequence[Entry]:
    """The numbers of a device with these models of which it is known what they are: those with a class."""
    return [entry for entry in _by_name(_all_placed(models)) if entry.cls]


def _all_placed(models: Sequence[Model]) -> Sequence[tuple[int, Entry]]:
    """Every number that a device has, with its model, where it stands there."""
    found = [(model.number, _placed(entry, model)) for model in models for entry in _models().get(model.number, ())]
    return [(number, entry) for number, entry in found if entry is not None]


def _by_name(placed: Sequence[tuple[int, Entry]]) -> Sequence[Entry]:
    """Of numbers of one name that of the first model."""
    named: dict[str, Entry] = {}
    for _, entry in placed:
        named.setdefault(entry.point, entry)
    return list(named.values())


def numbers() -> Sequence[int]:
    """The models whose numbers are known, by id."""
    return sorted(_models())


def _placed(entry: Entry, model: Model) -> Entry | None:
    """An entry where a device has its model; None where the device's model is too short for it."""
    register = entry.register
    if max(register.end, register.factor + 1) > model.length + 2:
        return None
    factor = register.factor + model.address if register.factor >= 0 else -1
    return replace(entry, register=replace(register, address=register.address + model.address, factor=factor))


@cache
def _models() -> Mapping[int, Sequence[Entry]]:
    """The numbers of each model that is known, at their places in it."""
    said = tomllib.loads(Path(__file__).with_name("sunspec.toml").read_text(encoding="utf-8"))
    models: dict[str, Any] = said["models"]
    return {
        int(number): tuple(_entry(row, said["units"], said["classes"]) for row in models[str(model.get("like", number))]["points"])
        for number, model in models.items()
    }


def _entry(row: Sequence[Any], units: Mapping[str, str], classes: Mapping[str, str]) -> Entry:
    name, place, kind, factor, unit = row
    type_, sentinel = TYPES[kind]
    register = Register(name, HERE, 1, "holding", place, type_, "ABCD", 1.0, 0.0, 0.0, factor=factor, sentinels=(sentinel,))
    return Entry(name, classes.get(name, ""), register, UNIT + units[unit] if unit in units else "")
