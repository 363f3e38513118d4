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
from typing import Any

import numpy as np
import orjson

from adapters.mqtt.bindings import Entry, Pointer, Target
from graph.values import Quality, ReadingBatch

MILLIS_FROM = 1e11
"""A number of seconds since 1970 reaches this in the year 5138; a number of milliseconds passed it in 1973."""
_ABSENT = object()


class Rows:
    """Readings on their way into a batch, as columns; one reading is one item in each list."""

    __slots__ = ("observed", "points", "quality", "received", "values")

    def __init__(self) -> None:
        self.points: list[str] = []
        self.values: list[float] = []
        self.observed: list[int] = []
        self.received: list[int] = []
        self.quality: list[int] = []

    def __len__(self) -> int:
        return len(self.points)

    def add(self, point: str, value: float, observed_at: int, received_at: int, quality: int) -> None:
        """One more reading."""
        self.points.append(point)
        self.values.append(value)
        self.observed.append(observed_at)
        self.received.append(received_at)
        self.quality.append(quality)

    def batch(self) -> ReadingBatch:
        """The readings so far."""
        return ReadingBatch(
            self.points,
            np.array(self.values, dtype=np.float64),
            np.array(self.observed, dtype=np.int64),
            np.array(self.received, dtype=np.int64),
            np.array(self.quality, dtype=np.uint8),
        )


def decode(rows: Rows, payload: bytes, entries: Sequence[Entry], received_at: int, *, retained: bool, bytes_max: int) -> str:
    """Add what the payload says to `rows`; returns the finding, empty when there is none.

    `received_at` in ms; a payload that the broker had kept (`retained`) is `UNCERTAIN` until a live one comes.
    Cost: one parse, and one walk along the pointer for each entry.
    """
    document, finding = _parse(payload, bytes_max)
    if finding:
        for entry in entries:
            rows.add(entry.point, nan, received_at, received_at, Quality.BAD)
        return finding
    good = Quality.UNCERTAIN if retained else Quality.GOOD
    times: dict[Pointer | None, int | None] = {None: received_at}
    found, problems = 0, []
    for entry in entries:
        raw = _follow(document, entry.value_at)
        if raw is _ABSENT:
            continue
        found += 1
        if entry.time_at not in times:
            times[entry.time_at] = _instant(_follow(document, entry.time_at or ()))
        observed = times[entry.time_at]
        value = _number(raw) * entry.scale + entry.offset
        if not isfinite(value):
            problems.append(f"{_path(entry.value_at)} is {_shown(raw)}, not a finite number")
            rows.add(entry.point, nan, received_at, received_at, Quality.BAD)
        elif observed is None:
            problems.append(f"{_path(entry.time_at or ())} is no instant: ISO 8601 with an offset, or seconds or milliseconds since 1970")
            rows.add(entry.point, value, received_at, received_at, max(good, Quality.UNCERTAIN))
        else:
            rows.add(entry.point, value, observed, received_at, good)
    if not found and entries:
        return f"the payload holds nothing at {_path(entries[0].value_at)}: correct dcx:jsonPointer or the sender"
    return problems[0] if problems else ""


def encode(target: Target, value: float) -> bytes:
    """The payload that asks for `value` (the point's unit): the raw number, alone or in an object where the target's pointer says."""
    document: Any = (value - target.offset) / target.scale
    for step in reversed(target.value_at):
        document = {step: document}
    return orjson.dumps(document)


def wanted(target: Target, payload: bytes, bytes_max: int) -> float | None:
    """The value, in the point's unit, that a command payload asks for; the inverse of `encode`, None for anything else."""
    document, finding = _parse(payload, bytes_max)
    value = nan if finding else _number(_follow(document, target.value_at)) * target.scale + target.offset
    return value if isfinite(value) else None


def _parse(payload: bytes, bytes_max: int) -> tuple[Any, str]:
    if len(payload) > bytes_max:
        return None, f"the payload has {len(payload)} bytes, more than the {bytes_max} that are read"
    try:
        return orjson.loads(payload), ""
    except orjson.JSONDecodeError as error:
        return None, f"the payload is neither JSON nor a number: {error}"


def _follow(document: Any, steps: Pointer) -> Any:
    for step in steps:
        if isinstance(document, dict):
            document = document.get(step, _ABSENT)
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return _ABSENT
    return document


def _number(raw: Any) -> float:
    """A JSON number, or true and false as 1 and 0; anything else is nan."""
    return float(raw) if isinstance(raw, int | float) else nan


def _instant(raw: Any) -> int | None:
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


def _shown(raw: Any) -> str:
    """What stands there, for a person; a container by its kind only: its depth is the sender's choice, and Python's is bounded."""
    if isinstance(raw, dict | list):
        return "an object" if isinstance(raw, dict) else "an array"
    text = repr(raw)
    return text if len(text) <= 40 else text[:37] + "..."
