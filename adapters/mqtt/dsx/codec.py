"""Topics and payloads of the BMS Event Bus, read and written. Pure.

Rules of this file:

1. What the contract lets be missing or null is no error. What breaks it is read as far as it means one thing, and told.
2. The topic says which point it is and of which types; the payload's own copy of these counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import Any, NamedTuple

import orjson

from adapters.mqtt.codec import MILLIS_FROM, number, parse, shown
from adapters.mqtt.dsx.contract import GOOD, PUBLISHER
from adapters.mqtt.units import AS_IT_IS, factors, unit_named
from graph.values import Quality, Reason
from ontology.controls import STEERING, visible

ROOT = "BMS/v1/"
SECONDS_FROM = 1e8
"""A number of seconds since 1970 passed it in 1973; a plant that speaks of the 2nd of January 1970 in milliseconds is not expected."""


class Address(NamedTuple):
    """A topic taken apart: who publishes it, whether it is metadata, the two types and the vendor's path of tags."""

    publisher: str
    is_metadata: bool
    object_type: str
    point_type: str
    tag_path: str

    @property
    def point(self) -> str:
        """What value and metadata of one point share."""
        return f"{self.object_type}/{self.point_type}/{self.tag_path}"

    def value_topic(self, publisher: str = PUBLISHER) -> str:
        """Where its values are published, by the BMS or by an integration."""
        return f"{ROOT}{publisher}/Value/{self.point}"


def address(topic: str) -> Address | None:
    """The parts of a topic; None for one that the bus does not have."""
    parts = topic.split("/", 6)
    if len(parts) < 7 or not topic.startswith(ROOT) or not all(parts[2:]):
        return None
    _, _, publisher, kind, object_type, point_type, tag_path = parts
    return Address(publisher, kind == "Metadata", object_type, point_type, tag_path) if kind in {"Metadata", "Value"} else None


@dataclass(frozen=True, slots=True)
class Described:
    """What the metadata of one point say. Ids and names are empty where none are given."""

    at: Address
    object_id: str = ""
    object_name: str = ""
    associate_id: str = ""
    serves: tuple[str, ...] = ()
    eng_unit: str = ""
    states: tuple[tuple[int, str], ...] = ()
    phase: str = ""
    process_area: tuple[str, ...] = ()
    is_setpoint: bool = False
    scope: str = ""
    integration: str = ""
    text: str = ""
    """The payload in canonical form, from which all of this can be read again."""
    wrong: tuple[str, ...] = ()
    """The fields that are not of the contract's types and were not read, and why."""
    unit: str = ""
    """The unit that the point has, by QUDT's name: the first that was stated and is known; empty for none."""
    factors: tuple[float, float] | None = AS_IT_IS
    """Scale and offset that bring a number of `eng_unit` to `unit`; None where it cannot be brought there."""

    def measured_in(self, unit: str) -> Described:
        """The same of a point that has a unit already; empty for one that has none yet."""
        stated = unit_named(self.eng_unit) or "" if self.eng_unit else ""
        return replace(self, unit=unit or stated, factors=factors(stated, unit or stated))

    @property
    def no_number(self) -> str:
        """Why values have no number where `factors` is None, and what to do."""
        said = f"engUnit {self.eng_unit!r} does not convert to" if self.eng_unit else "its metadata name no engUnit, and it has had"
        remedy = "clear its metadata, then publish them again, where it is another quantity now"
        return f"{said} unit:{self.unit}: values have no number; {remedy}"

    @property
    def publisher(self) -> str:
        """Who alone may say its values: the derivation rule of the contract."""
        return self.integration or PUBLISHER

    @property
    def thing(self) -> str:
        """The id of what the point is of, or is associated with."""
        return self.object_id or self.associate_id


def described(at: Address, payload: bytes, bytes_max: int) -> Described | str:
    """What a metadata message says, or what is wrong with it."""
    document, finding = parse(payload, bytes_max)
    if finding:
        return finding
    if type(document) is not dict:
        return f"metadata are an object, not {shown(document)}"
    read = _Fields(document)
    is_rack = at.object_type == "Rack"
    rack, object_id, associate = read.id("rackLocationId"), read.id("objectId"), read.id("associateId")
    object_id = (rack or object_id) if is_rack else (object_id or rack)
    if not object_id and not associate:
        return "metadata name no objectId, rackLocationId or associateId: of which object the point is, nobody knows"
    rack_name, name = read.text("rackLocationName"), read.text("objectName")
    found = Described(
        at,
        object_id,
        (rack_name or name) if is_rack else (name or rack_name),
        associate,
        read.each("servesId", _id),
        read.text("engUnit"),
        read.states("stateText"),
        read.text("phase"),
        read.each("processArea", _text),
        read.flag("isSetpoint"),
        read.text("scope"),
        read.id("integration"),
        STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()),
        tuple(read.wrong),
    )
    return found.measured_in("")


def _id(raw: Any) -> str | None:
    """An identifier: a text as it stands, blanks and all, or a number as one; None for anything else."""
    if isinstance(raw, str):
        return visible(raw)
    return str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else None


def _text(raw: Any) -> str | None:
    """What is to be read by people: as `_id`, without the blanks around it."""
    found = _id(raw)
    return None if found is None else found.strip()


class _Fields:
    """The fields of a metadata message, by name; what has another type than the contract gives it counts as missing, and is noted."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.wrong: list[str] = []

    def id(self, name: str) -> str:
        """An identifier; empty for none."""
        return self._one(name, _id)

    def text(self, name: str) -> str:
        """A text; empty for none."""
        return self._one(name, _text)

    def _one(self, name: str, read: Callable[[Any], str | None]) -> str:
        raw = self._document.get(name)
        found = read(raw)
        if found is None and raw is not None:
            self._note(name, raw, "a text")
        return found or ""

    def each(self, name: str, read: Callable[[Any], str | None]) -> tuple[str, ...]:
        """A list of texts, or one text alone; each once, in order."""
        raw = self._document.get(name)
        found: dict[str, None] = {}
        for one in raw if isinstance(raw, list) else [raw]:
            text = read(one)
            if text:
                found[text] = None
            elif text is None and raw is not None:
                self._note(name, one, "a list of texts" if raw is one else "a text, in its list")
        return tuple(found)

    def flag(self, name: str) -> bool:
        """True or false; false for none."""
        raw = self._document.get(name)
        if raw is not None and not isinstance(raw, bool):
            self._note(name, raw, "true or false")
        return raw is True

    def states(self, name: str) -> tuple[tuple[int, str], ...]:
        """What the states are called: a list of `{value, text}`; also a list of texts, and an object of texts by value."""
        raw = self._document.get(name)
        if isinstance(raw, Mapping):
            raw = [{"value": value, "text": text} for value, text in raw.items()]
        if not isinstance(raw, list):
            if raw is not None:
                self._note(name, raw, "a list of {value, text}")
            return ()
        found: dict[int, str] = {}
        for place, each in enumerate(raw):
            value, text = (each.get("value"), each.get("text")) if isinstance(each, Mapping) else (place, each)
            called = _text(text)
            try:
                found.setdefault(int(str(value)), called or "")
            except ValueError:
                called = None
            if called is None:
                self._note(name, each, "a {value, text}, in its list")
        return tuple(sorted(found.items()))

    def _note(self, name: str, raw: Any, wanted: str) -> None:
        self.wrong.append(f"{name} is {shown(raw)}, not {wanted}: it is not read")


class Value(NamedTuple):
    """One reading: the number (nan for none), its source time in ms, how good it is and why, and what is wrong with the message."""

    value: float
    observed_at: int
    quality: Quality
    reason: Reason
    finding: str = ""


def value(payload: bytes, now: int, bytes_max: int, *, retained: bool) -> Value:
    """Read a value message. `null` is no error: the BMS has no valid reading. Never raises."""
    document, finding = parse(payload, bytes_max)
    if not finding and type(document) is not dict:
        finding = f"a value is an object with value, timestamp and quality, not {shown(document)}"
    if finding:
        return Value(nan, now, Quality.BAD, Reason.SENSOR, finding)
    return _judged(document, now, retained=retained)


def _judged(document: Mapping[str, Any], now: int, *, retained: bool) -> Value:
    raw, quality = document.get("value", ""), document.get("quality")
    observed, finding = _instant(document.get("timestamp"), now)
    found = nan if isinstance(raw, bool) else number(raw)
    if not isfinite(found):
        wrong = "" if raw is None else f"value is {shown(raw)}, not a finite number or null"
        return Value(nan, observed, Quality.BAD, Reason.SENSOR, wrong or finding)
    if isinstance(quality, bool) or not isinstance(quality, int | float):
        return Value(found, observed, Quality.UNCERTAIN, Reason.CONFIGURATION, f"quality is {shown(quality)}, not an integer")
    if quality != GOOD:
        return Value(found, observed, Quality.BAD, Reason.DEVICE, finding)
    if finding:
        return Value(found, observed, Quality.UNCERTAIN, Reason.CLOCK, finding)
    if retained:
        return Value(found, observed, Quality.UNCERTAIN, Reason.RETAINED)
    return Value(found, observed, Quality.GOOD, Reason.NONE)


def _instant(raw: Any, now: int) -> tuple[int, str]:
    """The source time in ms; where it can be none, ours, and why. Seconds are taken for what they are."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        if MILLIS_FROM <= raw < 1e15:
            return round(raw), ""
        if SECONDS_FROM <= raw < MILLIS_FROM:
            return round(raw * 1000), ""
    return now, f"timestamp is {shown(raw)}, no instant in milliseconds since 1970"


def encode(number_: float, at: int) -> bytes:
    """A value message of ours, good, observed at `at` (ms)."""
    return orjson.dumps({"value": number_, "timestamp": at, "quality": GOOD})
