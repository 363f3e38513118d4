"""Topics and payloads of the BMS Event Bus, read and written. Pure.

Rules of this file:

1. What the contract lets be missing or null is no error. What breaks it is read as far as it means one thing, and told.
2. The topic says which point it is and of which types; the payload's own copy of these counts for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any, NamedTuple

import orjson

from adapters.mqtt.codec import MILLIS_FROM, number, parse, shown
from adapters.mqtt.dsx.contract import GOOD, PUBLISHER
from graph.values import Quality, Reason
from ontology.controls import STEERING, visible

ROOT = "BMS/v1/"
SECONDS_FROM = 1e8
"""A number of seconds since 1970 passed it in 1973; a plant that speaks of the 2nd of January 1970 in milliseconds is not expected."""
IDS_MAX = 1_000
"""Ids that one message may name as served."""


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
    object_id = _text(document.get("rackLocationId")) if at.object_type == "Rack" else ""
    object_id = object_id or _text(document.get("objectId")) or _text(document.get("rackLocationId"))
    associate = _text(document.get("associateId"))
    if not object_id and not associate:
        return "metadata name no objectId, rackLocationId or associateId: of which object the point is, nobody knows"
    name = _text(document.get("rackLocationName")) if at.object_type == "Rack" else ""
    return Described(
        at,
        object_id,
        name or _text(document.get("objectName")) or _text(document.get("rackLocationName")),
        associate,
        _texts(document.get("servesId")),
        _text(document.get("engUnit")),
        _states(document.get("stateText")),
        _text(document.get("phase")),
        _texts(document.get("processArea")),
        document.get("isSetpoint") is True,
        _text(document.get("scope")),
        _text(document.get("integration")),
        STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()),
    )


def _text(raw: Any) -> str:
    """A text, or a number as one; empty for anything else."""
    if isinstance(raw, str):
        return visible(raw.strip())
    return str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else ""


def _texts(raw: Any) -> tuple[str, ...]:
    """A list of texts, or one text alone; each once, in order."""
    found = [_text(each) for each in (raw if isinstance(raw, list) else [raw])[:IDS_MAX]]
    return tuple(dict.fromkeys(each for each in found if each))


def _states(raw: Any) -> tuple[tuple[int, str], ...]:
    """What the states are called: a list of `{value, text}`; also a list of texts, and an object of texts by value."""
    if isinstance(raw, Mapping):
        raw = [{"value": value, "text": text} for value, text in raw.items()]
    if not isinstance(raw, list):
        return ()
    found: dict[int, str] = {}
    for place, each in enumerate(raw[:IDS_MAX]):
        value, text = (each.get("value"), each.get("text")) if isinstance(each, Mapping) else (place, each)
        try:
            found.setdefault(int(str(value)), _text(text))
        except ValueError:
            continue
    return tuple(sorted(found.items()))


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
    found = number(raw)
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
