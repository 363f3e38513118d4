"""A reading that an answer would stand on if it could be used: what its point says, why that is not taken, and of when it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import isnan

from graph.values import Quality, Reason
from ontology.namespaces import compact

Heard = Callable[[Sequence[str]], Sequence[tuple[int, Reason]]]
"""Gives the source time (ms since 1970) of what each of some points says, and why it is no better."""
_QUALITY = {
    Quality.GOOD: "good",
    Quality.UNCERTAIN: "uncertain",
    Quality.STALE: "stale",
    Quality.BAD: "bad",
    Quality.NO_COMMUNICATION: "without communication",
}
_REASON = {
    Reason.MAINTENANCE: "its device asks for service",
    Reason.RETAINED: "kept from before",
    Reason.CLOCK: "its clock is wrong",
    Reason.OUT_OF_RANGE: "out of range",
    Reason.FROZEN: "it does not move",
    Reason.SUBSTITUTE: "entered by hand or simulated",
    Reason.PARTIAL: "worked out from what is not all good",
    Reason.DEVICE: "its device has failed",
    Reason.SENSOR: "no number",
    Reason.JUMP: "it jumped",
    Reason.OUT_OF_SERVICE: "out of service",
    Reason.CONFIGURATION: "its device is mapped wrongly",
    Reason.LINK: "its device or broker is away",
    Reason.GAP: "something before it was lost",
}
"""What is added to a quality that does not say it; silence is what `stale` means."""
NAMED_MAX = 20
"""Things of one kind that an answer names; how many more there are is said."""
UNUSABLE = "reading-not-usable"
"""The code of the finding."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """What a point says and no answer stands on; of a thing with several such points the first in order of IRIs is told."""

    point: str
    value: float
    """`nan`: it never was a number."""
    quality: Quality
    unit: str = ""
    """Of the value, as it is written."""
    refused: str = ""
    """Why a good value is none: `below 0`."""
    reason: Reason = Reason.NONE
    observed_ms: int | None = None
    """Source time of the value, ms since 1970; None where that is not known."""

    @property
    def text(self) -> str:
        """`the value of urn:s:m is stale (110 kW of 2026-11-23 21:40:03Z)`."""
        why = self.refused or ", ".join(filter(None, (_QUALITY.get(self.quality), _REASON.get(self.reason))))
        value = "" if isnan(self.value) else f"{self.value:g}{self.unit and ' ' + self.unit}"
        of = "" if self.observed_ms is None else f"{datetime.fromtimestamp(self.observed_ms // 1000, UTC):%Y-%m-%d %H:%M:%S}Z"
        said = " of ".join(each for each in (value, of if value else "") if each)
        return f"the value of {compact(self.point)} is {why}{said and f' ({said})'}"


def unusable(point: str, reading: tuple[float, Quality] | None, refused: str, unit: str = "", factor: float = 1.0) -> Unusable | None:
    """What is told of a reading that is not taken, in `unit` by `factor`; None where nothing was heard. `refused`: why, if it is good."""
    if reading is None or reading[1] == Quality.NO_VALUE:
        return None
    value, quality = reading
    return Unusable(point, value * factor, quality, unit, refused if quality == Quality.GOOD else "")


def dated(found: Mapping[str, Unusable], heard: Heard | None) -> Mapping[str, Unusable]:
    """The same with when and why, as far as that is known. Cost: a look-up each."""
    if heard is None or not found:
        return found
    rows = zip(found.items(), heard([each.point for each in found.values()]), strict=True)
    return {thing: replace(each, observed_ms=at or None, reason=reason) for (thing, each), (at, reason) in rows}


def first_named(things: Sequence[str], say: Callable[[str], str], more: str) -> list[str]:
    """A sentence about each of the first things, and how many more there are."""
    told = [say(thing) for thing in things[:NAMED_MAX]]
    return told if len(things) <= NAMED_MAX else [*told, f"{len(things) - NAMED_MAX} {more}"]
