"""How the messages of one topic are read: each kind of topic has a reader, made once, called with every message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isinf, nan

from adapters.mqtt.codec import Place, decode, parse
from adapters.mqtt.counting import Count
from adapters.mqtt.dialect import Intake, Message
from adapters.mqtt.native_codec import one
from graph.values import Quality, Reason
from ontology.errors import UnitError
from ontology.namespaces import expand
from ontology.units import conversion, units

Reader = Callable[[Message, Intake], None]
TOO_LARGE = "v is too large a number for the point's own unit"

_SYMBOLS = {unit.symbol: unit.name for unit in reversed(units()) if unit.symbol}


class Pointed:
    """A topic whose references say by pointers where their values stand."""

    __slots__ = ("_bytes_max", "places")

    def __init__(self, places: Sequence[Place], bytes_max: int) -> None:
        self.places, self._bytes_max = places, bytes_max

    def __call__(self, message: Message, intake: Intake) -> None:
        """Read one message."""
        finding = decode(intake, message.payload, self.places, retained=message.retained, bytes_max=self._bytes_max)
        if finding:
            intake.poison(message, finding)


class Plain:
    """A topic of one point: a number, or an object of the native layout."""

    __slots__ = ("_bytes_max", "_counts", "_said", "offset", "scale", "slot", "unit")

    def __init__(self, slot: int, scale: float, offset: float, unit: str, bytes_max: int, counts: dict[str, Count]) -> None:
        """`unit`: the point's own, an IRI or empty; `scale` and `offset` for a payload that names no unit; `counts`: those of senders, by
        topic, which outlive this reader."""
        self.slot, self.scale, self.offset, self.unit, self._bytes_max = slot, scale, offset, unit, bytes_max
        self._said: tuple[str, float, float] = ("", scale, offset)
        """The unit that was said last, and how it becomes the point's own."""
        self._counts = counts

    def __call__(self, message: Message, intake: Intake) -> None:
        """Read one message."""
        now = intake.now
        document, finding = parse(message.payload, self._bytes_max)
        if finding:
            intake.row(self.slot, nan, now, Quality.BAD, Reason.SENSOR)
            intake.poison(message, finding)
            return
        value, observed, quality, reason, unit, count, finding = one(document, now)
        if unit == self._said[0]:
            _, scale, offset = self._said
        else:
            try:
                scale, offset = self.converted(unit)
            except UnitError as error:
                scale, offset, finding = 1.0, 0.0, finding or f"u is {unit!r}: {error}"
                value, quality, reason = nan, Quality.BAD, Reason.CONFIGURATION
            else:
                self._said = (unit, scale, offset)
        if message.retained and quality <= Quality.UNCERTAIN:
            quality, reason = Quality.UNCERTAIN, Reason.RETAINED
        elif count >= 0:
            known = self._counts.get(message.topic)
            if known is None:
                known = self._counts[message.topic] = Count()
            if known.hear(count) and quality == Quality.GOOD:
                reason = Reason.GAP
        value = value * scale + offset
        if isinf(value):
            value, quality, reason, finding = nan, Quality.BAD, Reason.SENSOR, finding or TOO_LARGE
        intake.row(self.slot, value, observed, quality, reason)
        if finding:
            intake.poison(message, finding)

    def converted(self, unit: str) -> tuple[float, float]:
        """Scale and offset for a payload that names its unit, by QUDT's name or by symbol. Raises `UnitError`."""
        return (self.scale, self.offset) if not unit or not self.unit else conversion(named(unit), self.unit)


def named(unit: str) -> str:
    """The CURIE of a unit that is given by IRI, CURIE, QUDT's name or symbol."""
    return expand(unit) if ":" in unit else f"unit:{_SYMBOLS.get(unit, unit)}"
