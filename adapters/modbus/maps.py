"""Register maps as data: one TOML file a device type, docs/guides/modbus.md tells the format. Pure but for reading a folder.

Rules of this file:

1. An entry that cannot be used harms no other: it is told with its file, its place in it, and why.
2. Addresses are zero-based (`address`), or as manuals show them (`register`, 4xxxx), one of the two.
3. An entry finds its point among a device's points by name (`point`), and where none is called so by class (`class`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from adapters.modbus.config import ANY, Endpoint, Limits
from adapters.modbus.registers import BIT_TABLES, Register, order_of, place_of
from graph.naming import segment
from graph.references import Unbound
from ontology.errors import UnitError
from ontology.namespaces import UNIT, expand, local_name
from ontology.units import unit_of

HERE = Endpoint("map.invalid")
"""Where an entry stands until it is applied to a device."""
_TOP = frozenset({"name", "title", "source", "limits", "defaults", "groups", "register"})
_DEFAULTS = frozenset({"function", "type", "order", "word_order", "byte_order", "scale", "offset", "unit", "group", "sentinel"})
KEYS = _DEFAULTS | {"point", "class", "address", "register", "bit", "scale_factor", "enum", "words"}
"""What a register of a map may say."""
_LIMITS = frozenset({"gap_ms", "in_flight", "timeout_s", "registers_max", "gap_max"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One register of a device type: what its point is called, and where and how it stands; `unit` is an IRI, empty for the point's own."""

    point: str
    cls: str
    register: Register
    unit: str
    """Its scale and offset lead to this unit, and the point's period counts where `register.period_s` is 0."""

    @property
    def names(self) -> Sequence[str]:
        """What a point may be called to be this one, as `graph.naming` has it, the best first."""
        return [segment(name) for name in (self.point, local_name(expand(self.cls)) if self.cls else "") if name]


@dataclass(frozen=True, slots=True)
class RegisterMap:
    """A device type."""

    name: str
    entries: Sequence[Entry]
    title: str = ""
    source: str = ""
    limits: Limits = ANY
    whole: bool = True
    """Whether all that its file says could be used."""


@dataclass(frozen=True, slots=True)
class Maps:
    """The register maps that there are, by name, and what of their files cannot be used."""

    by_name: Mapping[str, RegisterMap] = field(default_factory=dict)
    problems: Sequence[Unbound] = ()


def read_folder(folder: Path) -> Maps:
    """Every `*.toml` of a folder, in order of names; of two maps of one name the first counts."""
    found: dict[str, RegisterMap] = {}
    problems: list[Unbound] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            one, refused = read(path.read_text(encoding="utf-8"), path.stem)
        except tomllib.TOMLDecodeError as error:
            problems.append(
                Unbound("", path.name, f"{path.name}: it is no TOML, {error}: correct that place; no device has this map until then")
            )
            continue
        except (OSError, ValueError) as error:
            problems.append(Unbound("", path.name, f"{path.name}: {error}"))
            continue
        problems += [Unbound("", path.name, f"{path.name}: {reason}") for reason in refused]
        if one.name in found:
            problems.append(Unbound("", path.name, f"{path.name}: another file has a map called {one.name!r}: give this one another name"))
        else:
            found[one.name] = one
    return Maps(found, tuple(problems))


def read(text: str, name: str) -> tuple[RegisterMap, Sequence[str]]:
    """The map that a file's text says, called `name` where it says no other, and why entries cannot be used. Raises `ValueError` for a
    file that is none at all."""
    said = tomllib.loads(text)
    _known(said, _TOP, "a map")
    limits = _limits(_table(said, "limits"))
    defaults, groups = _table(said, "defaults"), _table(said, "groups")
    _known(defaults, _DEFAULTS, "[defaults]")
    rows = said.get("register", [])
    if not isinstance(rows, list) or not rows:
        raise ValueError("the map has no registers: write them as [[register]]")
    entries: list[Entry] = []
    refused: list[str] = []
    for number, row in enumerate(rows, 1):
        try:
            entries.append(_entry(_with(defaults, row), groups, limits))
        except (TypeError, ValueError, UnitError) as error:
            called = row.get("point") or row.get("class") if isinstance(row, dict) else None
            refused.append(f"register {number}{f' ({called})' if called else ''}: {error}")
    title, source = str(said.get("title", "")), str(said.get("source", ""))
    return RegisterMap(str(said.get("name", name)), tuple(entries), title, source, limits, not refused), refused


def _with(defaults: Mapping[str, Any], row: Any) -> Mapping[str, Any]:
    """What an entry says, and the defaults where it does not; a register as manuals show it says its table itself."""
    own = row if isinstance(row, dict) else {}
    return {**{name: value for name, value in defaults.items() if name != "function" or "register" not in own}, **own}


def _entry(said: Mapping[str, Any], groups: Mapping[str, Any], limits: Limits) -> Entry:
    _known(said, KEYS, "a register")
    point, cls = str(said.get("point", "")), str(said.get("class", ""))
    if not point and not cls:
        raise ValueError("it says neither point nor class: name the point that it is for")
    table, address = _place(said)
    order = str(said["order"]) if "order" in said else order_of(str(said.get("word_order", "big")), str(said.get("byte_order", "big")))
    kind = str(said.get("type", "bool" if table in BIT_TABLES else "uint16"))
    register = Register(
        point or cls,
        HERE,
        1,
        table,
        address,
        kind,
        "ABCD" if table in BIT_TABLES else order,
        _number(said, "scale", 1.0),
        _number(said, "offset", 0.0),
        _period_s(said, groups),
        _whole(said, "bit", -1),
        _whole(said, "scale_factor", -1),
        _sentinels(said.get("sentinel", ())),
        _codes(said.get("enum", {})),
        limits,
    )
    if register.scale == 0:
        raise ValueError("a scale of 0 makes every value the same: leave it out, or correct it")
    words = _whole(said, "words", register.end - address)
    if words != register.end - address:
        raise ValueError(f"a {kind} takes {register.end - address} words, not {words}")
    return Entry(point, cls, register, _unit(str(said.get("unit", ""))))


def _place(said: Mapping[str, Any]) -> tuple[str, int]:
    if ("address" in said) == ("register" in said):
        raise ValueError("it needs an address (counted from 0) or a register (as manuals show it, 4xxxx), one of the two")
    if "address" in said:
        return str(said.get("function", "holding")), _whole(said, "address", 0)
    table, address = place_of(said["register"])
    if "function" in said and said["function"] != table:
        raise ValueError(f"register {said['register']} is one of the table {table}, not {said['function']}")
    return table, address


def _unit(name: str) -> str:
    return UNIT + unit_of(name if ":" in name else UNIT + name).name if name else ""


def _period_s(said: Mapping[str, Any], groups: Mapping[str, Any]) -> float:
    """Seconds between samples that the entry's group asks for, 0 for none."""
    name = said.get("group")
    if name is None:
        return 0.0
    if name not in groups:
        raise ValueError(f"group {name!r} is not described: add [groups.{name}] with period_s")
    period = _number(_table(groups, str(name)), "period_s", 0.0)
    if not 0 < period <= 86_400:
        raise ValueError(f"group {name!r} needs a period_s of more than 0 and at most 86400, not {period:g}")
    return period


def _sentinels(said: Any) -> tuple[int, ...]:
    found = said if isinstance(said, list | tuple) else [said]
    if not all(isinstance(each, int) for each in found):
        raise ValueError(f"a sentinel is a whole number as it stands in the register, such as 0x8000, not {said!r}")
    return tuple(found)


def _codes(said: Any) -> tuple[tuple[int, float], ...]:
    """Raw numbers and what they mean: a number, or a name, which leaves the raw number as it is."""
    if not isinstance(said, dict):
        raise ValueError('an enum is a table of codes, such as { 0 = "off", 1 = "on" }')
    return tuple(sorted((int(code, 0), float(int(code, 0) if isinstance(meant, str) else meant)) for code, meant in said.items()))


def _limits(said: Mapping[str, Any]) -> Limits:
    _known(said, _LIMITS, "[limits]")
    return Limits(
        _number(said, "gap_ms", 0.0) / 1000.0,
        _whole(said, "in_flight", ANY.in_flight),
        _number(said, "timeout_s", ANY.timeout_s),
        _whole(said, "registers_max", ANY.registers_max),
        _whole(said, "gap_max", ANY.gap_max),
    )


def _known(said: Mapping[str, Any], names: frozenset[str], what: str) -> None:
    unknown = sorted(set(said) - names)
    if unknown:
        raise ValueError(f"{what} has no {unknown[0]!r}: it may say {', '.join(sorted(names))}")


def _table(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = said.get(name, {})
    if not isinstance(found, dict):
        raise ValueError(f"{name} is a table: write it as [{name}]")
    return found


def _number(said: Mapping[str, Any], name: str, otherwise: float) -> float:
    found = said.get(name, otherwise)
    if isinstance(found, bool) or not isinstance(found, int | float) or not isfinite(found):
        raise ValueError(f"{name} is a number, not {found!r}")
    return float(found)


def _whole(said: Mapping[str, Any], name: str, otherwise: int) -> int:
    found = said.get(name, otherwise)
    if isinstance(found, bool) or not isinstance(found, int):
        raise ValueError(f"{name} is a whole number, not {found!r}")
    return found
