"""The mapping file: topics of anybody's making to points, by patterns. Read once, at the start, and refused there with what to correct.

    [[map]]
    topic = "plant/{hall}/{device}/telemetry"
    time = "/ts"
    values = [
      { at = "/temp_f", point = "ex:{device}-Inlet", unit = "DEG_F" },
      { at = "/outputs/{n}/w", identifier = "{device}/output-{n}", unit = "W", scale = 0.1 },
      { at = "/door", point = "ex:{device}-Door", states = { open = 1, closed = 0 } },
    ]

Rules of this file:

1. A part in braces is one level of a topic or a piece of one, or one step of a pointer; the same name is the same text everywhere.
2. What a point is called is known from its message alone: each name that a point has stands in its topic or in its pointer.
3. An error names the file, the entry, the key and what to write.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from adapters.mqtt.bindings import Pointer, pointer
from adapters.mqtt.point import named
from adapters.mqtt.units import unit_named
from ontology.errors import UnitError
from ontology.namespaces import PREFIXES
from ontology.units import unit_of

_NAMES = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
KEYS = {"topic", "time", "values", "at", "point", "identifier", "unit", "scale", "offset", "states"}
_VALUE = {"at", "point", "identifier", "unit", "scale", "offset", "states", "time"}
FILE_BYTES_MAX = 4_194_304


@dataclass(frozen=True, slots=True)
class Mapped:
    """One value: where it stands, which point it is of, and how it becomes that point's own. value = raw * scale + offset, in `unit`."""

    at: Pointer
    point: str
    """A template of an IRI or CURIE; empty where `identifier` names the point."""
    identifier: str
    unit: str
    """A CURIE of QUDT; empty for the point's own."""
    scale: float
    offset: float
    time: Pointer | None
    states: Mapping[str, float] = field(default_factory=dict)
    """What words are worth, in small letters."""
    entry: str = ""
    """Where it stands in the file."""

    @property
    def opens(self) -> bool:
        """Whether a step of its pointer is a name: it stands for each that is there."""
        return any(is_open(step) for step in self.at)


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern of topics, and the values of its messages."""

    topic: re.Pattern[str]
    subscription: str
    values: tuple[Mapped, ...]


def load(file: Path) -> tuple[Rule, ...]:
    """The rules of a mapping file, in its order. Raises `ValueError` for what is wrong with it, and `OSError`."""
    data = file.read_bytes()
    if len(data) > FILE_BYTES_MAX:
        raise ValueError(f"{file}: it has {len(data)} bytes, more than the {FILE_BYTES_MAX} that a mapping may have")
    try:
        document = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{file}: it is no TOML: {error}") from None
    _known(document, {"map"}, str(file))
    entries = document.get("map", [])
    if not isinstance(entries, list) or not entries:
        raise ValueError(f"{file}: it maps nothing: write [[map]], with topic and point")
    return tuple(_rule(entry, f"{file}: [[map]] {number}") for number, entry in enumerate(entries, 1))


def _rule(entry: Any, where: str) -> Rule:
    _known(entry, KEYS, where)
    topic = _text(entry, "topic", where)
    pattern, subscription, names = _pattern(topic, where)
    values = entry.get("values")
    if values is None:
        parts = [{key: value for key, value in entry.items() if key in _VALUE}]
    elif not isinstance(values, list) or not values:
        raise ValueError(f"{where}: values is a list of tables: write values = [{{ at = …, point = … }}]")
    else:
        beside = sorted(entry.keys() & (_VALUE - {"time"}))
        if beside:
            raise ValueError(f"{where}: {beside[0]} stands beside values: write it in each of them")
        parts = values
    time = entry.get("time")
    places = [f"{where}, value {number}" if values is not None else where for number in range(1, len(parts) + 1)]
    return Rule(pattern, subscription, tuple(_value(part, time, names, place) for part, place in zip(parts, places, strict=True)))


def _value(part: Any, time: Any, names: set[str], where: str) -> Mapped:
    _known(part, _VALUE, where)
    at, when = _pointer(part, "at", where), _pointer({"time": part.get("time", time)}, "time", where)
    point, identifier = part.get("point", ""), part.get("identifier", "")
    if bool(point) == bool(identifier) or not isinstance(point, str) or not isinstance(identifier, str):
        raise ValueError(f'{where}: it needs one of point = "ex:{{name}}" (an IRI) and identifier = "{{asset}}/{{point}}"')
    prefix = point.partition(":")[0]
    if point and (":" not in point or (not point.startswith(("urn:", "http:", "https:")) and prefix not in PREFIXES)):
        raise ValueError(
            f"{where}: point {point!r} is no IRI: begin it with urn:, http:// or a known prefix ({', '.join(sorted(PREFIXES))})"
        )
    opened = {step[1:-1] for step in at if is_open(step)}
    for name in _names(point or identifier, where):
        if name not in names | opened:
            raise ValueError(
                f"{where}: {{{name}}} stands neither in topic nor in at: known are {', '.join(sorted(names | opened)) or 'none'}"
            )
    if opened & names:
        raise ValueError(f"{where}: {{{min(opened & names)}}} stands in topic and in at: give one of them another name")
    if when and any(is_open(step) for step in when):
        raise ValueError(f"{where}: time stands in one place: {{…}} is for at")
    scale, offset = _number(part, "scale", 1.0, where), _number(part, "offset", 0.0, where)
    if scale == 0:
        raise ValueError(f"{where}: scale 0 would make every value the same")
    return Mapped(
        at,
        point,
        identifier,
        _unit(part, where),
        scale,
        offset,
        when if "time" in part or time is not None else None,
        _states(part, where),
        where.rpartition("/")[2],
    )


def _pattern(topic: str, where: str) -> tuple[re.Pattern[str], str, set[str]]:
    """What a topic has to look like, what to subscribe to for it, and the names of its parts."""
    names = _names(topic, where)
    if len(set(names)) != len(names):
        raise ValueError(f"{where}: topic names a part twice: give each a name of its own")
    if topic.startswith(("/", "$")) or "\0" in topic:
        raise ValueError(f"{where}: topic {topic!r} begins with / or $, which devices' topics do not")
    levels, wanted, regex = topic.split("/"), [], []
    for place, level in enumerate(levels):
        if level == "#" and place == len(levels) - 1 and place:
            wanted.append("#")
            regex.append(".+")
        elif level == "+":
            wanted.append("+")
            regex.append("[^/]+")
        elif not level or "+" in level or "#" in level:
            raise ValueError(f"{where}: topic level {level!r} is empty or holds a wildcard: + is a whole level, # the last")
        else:
            wanted.append("+" if "{" in level else level)
            pieces = _NAMES.split(level)
            regex.append("".join(f"(?P<{piece}>[^/]+?)" if odd % 2 else re.escape(piece) for odd, piece in enumerate(pieces)))
    return re.compile("/".join(regex)), "/".join(wanted), set(names)


def _names(text: str, where: str) -> list[str]:
    """The names in braces."""
    found = _NAMES.findall(text)
    wrong = [name for name in found if not _NAME.fullmatch(name)]
    if wrong or any(sign in _NAMES.sub("", text) for sign in "{}"):
        raise ValueError(f"{where}: {text!r} has braces that hold no name: write {{name}}, of letters, digits and _")
    return found


def is_open(step: str) -> bool:
    """Whether a step of a pointer is a name, which stands for each member that is there."""
    return step[:1] == "{" and step[-1:] == "}" and _NAME.fullmatch(step[1:-1]) is not None


def _pointer(part: Mapping[str, Any], key: str, where: str) -> Pointer:
    text = part.get(key)
    if text is None:
        return ()
    if not isinstance(text, str):
        raise ValueError(f'{where}: {key} is a JSON pointer, such as "/a/b", not {text!r}')
    try:
        return pointer(text)
    except ValueError as error:
        raise ValueError(f"{where}: {key}: {error}") from None


def _unit(part: Mapping[str, Any], where: str) -> str:
    said = part.get("unit", "")
    if not said:
        return ""
    known = unit_named(said) if isinstance(said, str) else None
    unit = f"unit:{known}" if known else named(str(said))
    try:
        unit_of(unit)
    except UnitError as error:
        raise ValueError(f"{where}: unit {said!r}: {error}") from None
    return unit


def _states(part: Mapping[str, Any], where: str) -> dict[str, float]:
    said = part.get("states", {})
    if not isinstance(said, dict):
        raise ValueError(f"{where}: states is a table of words and numbers: write states = {{ open = 1, closed = 0 }}")
    return {word.casefold(): _number(said, word, 0.0, f"{where}, states") for word in said}


def _number(part: Mapping[str, Any], key: str, default: float, where: str) -> float:
    found = part.get(key, default)
    if isinstance(found, bool) or not isinstance(found, int | float) or not isfinite(found):
        raise ValueError(f"{where}: {key} is a number, not {found!r}")
    return float(found)


def _text(entry: Mapping[str, Any], key: str, where: str) -> str:
    found = entry.get(key)
    if not isinstance(found, str) or not found:
        raise ValueError(f'{where}: it needs {key} = "…"')
    return found


def _known(table: Any, keys: set[str], where: str) -> None:
    if not isinstance(table, dict):
        raise ValueError(f"{where}: it is a table, not {table!r}")
    unknown = sorted(table.keys() - keys)
    if unknown:
        raise ValueError(f"{where}: {unknown[0]} is no key that is known here: there are {', '.join(sorted(keys))}")
