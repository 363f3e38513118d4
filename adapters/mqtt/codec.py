"""Payloads to readings and back. Pure: no socket, no clock, no state.

Rules of this file:

1. A payload never raises: it gives rows, or a finding that says what is wrong with it.
2. A bound point whose value in the payload is no finite number gets a `BAD` row: its last number stays, its quality does not.
3. A pointer that leads nowhere says nothing about its point; a payload in which no pointer leads anywhere is a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import isfinite, nan
from typing import Any, NamedTuple

import orjson

from adapters.mqtt.bindings import Pointer, Target
from adapters.mqtt.dialect import Intake
from graph.json_names import named_twice
from graph.values import Quality, Reason

MILLIS_FROM = 1e11
"""A number of seconds since 1970 reaches this in the year 5138; a number of milliseconds passed it in 1973."""
ABSENT = object()
"""What stands where a pointer leads nowhere."""


class Place(NamedTuple):
    """Where a payload speaks of a point: its slot, the pointers to value and source time (None: none), value = raw * scale + offset."""

    slot: int
    value_at: Pointer
    time_at: Pointer | None
    scale: float
    offset: float


def decode(intake: Intake, payload: bytes, places: Sequence[Place], *, retained: bool, bytes_max: int) -> str:
    """Add what the payload says to the intake; returns the finding, empty when there is none.

    A payload that the broker had kept (`retained`) is `UNCERTAIN` until a live one comes.
    Cost: one parse, and one walk along the pointer for each place.
    """
    document, finding = parse(payload, bytes_max)
    now = intake.now
    if finding:
        for place in places:
            intake.row(place.slot, nan, now, Quality.BAD, Reason.SENSOR)
        return finding
    good, why = (Quality.UNCERTAIN, Reason.RETAINED) if retained else (Quality.GOOD, Reason.NONE)
    times: dict[Pointer | None, int | None] = {None: now}
    found, problem = 0, ""
    for slot, value_at, time_at, scale, offset in places:
        raw = follow(document, value_at)
        if raw is ABSENT:
            continue
        found += 1
        if time_at not in times:
            times[time_at] = instant(follow(document, time_at or ()))
        observed = times[time_at]
        value = number(raw) * scale + offset
        if not isfinite(value):
            problem = problem or f"{_path(value_at)} is {shown(raw)}, not a finite number"
            intake.row(slot, nan, now, Quality.BAD, Reason.SENSOR)
        elif observed is None:
            problem = problem or f"{_path(time_at or ())} is no instant: ISO 8601 with an offset, or seconds or milliseconds since 1970"
            intake.row(slot, value, now, Quality.UNCERTAIN, why or Reason.CLOCK)
        else:
            intake.row(slot, value, observed, good, why)
    if not found and places:
        return f"the payload holds nothing at {_path(places[0].value_at)}: correct dcx:jsonPointer or the sender"
    return problem


def encode(target: Target, value: float) -> bytes:
    """The payload that asks for `value` (the point's unit): the raw number, alone or in an object where the target's pointer says."""
    document: Any = (value - target.offset) / target.scale
    for step in reversed(target.value_at):
        document = {step: document}
    return orjson.dumps(document)


def wanted(target: Target, payload: bytes, bytes_max: int) -> float | None:
    """The value, in the point's unit, that a command payload asks for; the inverse of `encode`, None for anything else."""
    document, finding = parse(payload, bytes_max)
    value = nan if finding else number(follow(document, target.value_at)) * target.scale + target.offset
    return value if isfinite(value) else None


def parse(payload: bytes, bytes_max: int) -> tuple[Any, str]:
    """The JSON document of a payload, or what is wrong with it."""
    if len(payload) > bytes_max:
        return None, f"the payload has {len(payload)} bytes, more than the {bytes_max} that are read"
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        return None, f"the payload is neither JSON nor a number: {error}"
    if named_twice(payload, document):
        return None, "an object of the payload names a member twice: which one counts is anybody's guess (RFC 8259, 4)"
    return document, ""


def follow(document: Any, steps: Pointer) -> Any:
    """What stands in a document where a pointer leads; `ABSENT` for nothing."""
    for step in steps:
        if isinstance(document, dict):
            document = document.get(step, ABSENT)
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return ABSENT
    return document


def number(raw: Any) -> float:
    """A JSON number, or true and false as 1 and 0; anything else is nan."""
    return float(raw) if isinstance(raw, int | float) else nan


def instant(raw: Any) -> int | None:
    """Milliseconds since 1970 of an ISO 8601 text with an offset or of a number; None for anything else."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int | float):
        millis = float(raw) if abs(raw) >= MILLIS_FROM else float(raw) * 1000.0
        return round(millis) if 0 <= millis < 1e15 else None
    if isinstance(raw, str):
        try:
            at = datetime.fromisoformat(raw)
        except ValueError:
            return None
        return None if at.tzinfo is None else round(at.timestamp() * 1000)
    return None


def _path(steps: Pointer) -> str:
    return "/" + "/".join(steps) if steps else "the payload"


def shown(raw: Any) -> str:
    """What stands there, for a person; a container by its kind only: its depth is the sender's choice, and Python's is bounded."""
    if isinstance(raw, dict | list):
        return "an object" if isinstance(raw, dict) else "an array"
    text = repr(raw)
    return text if len(text) <= 40 else text[:37] + "..."
