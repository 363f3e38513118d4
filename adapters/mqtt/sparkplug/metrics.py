"""The metrics of one device, or of a node itself, from its birth to its death: which point each is of, and what was said of it last.

Rules of this file:

1. A birth says what there is: names, aliases, data types. What comes after it under another alias is of nobody.
2. Sparkplug says only what changes, and everything in a birth: while the session stands, what is not said again is as it was. So a birth
   speaks of its own instant also where a metric's time is older, and `vouched` says again, as of now, what has long not been said; but not
   of a point of which the graph says how often it speaks (`dcx:samplePeriod`): there silence is silence.
3. What is said live comes after what was vouched for, whatever its time says; what is historical never stands for the present.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from math import isnan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from adapters.mqtt.dialect import Intake
from adapters.mqtt.point import named
from adapters.mqtt.sparkplug.bindings import Bindings, Metric, is_offered
from adapters.mqtt.sparkplug.payload import DOUBLE_TYPE, NUMBERS, ODD_QUALITY, QUALITIES, Payload, command, decode, type_name
from adapters.mqtt.sparkplug.wire import (
    ALIAS,
    AT,
    BY_ALIAS,
    FLAGS,
    FLOOR,
    HAS_ALIAS,
    LAST,
    OF,
    OFFSET,
    QUALITY,
    SAID,
    SCALE,
    TYPE,
    UNKNOWN,
    WHY,
    absorb,
)
from graph.snapshot import Snapshot
from graph.values import Codes, Floats, Millis, Quality, Samples, Slots
from ontology.errors import UnitError
from ontology.units import conversion

UNIT_NAMES = ("engUnit", "Engineering Units", "engineeringUnits", "unit", "units")
"""Properties that gateways name a unit with; Sparkplug itself has no word for it."""
TOLD_MAX = 100
"""Metrics of one device that are offered by name; of the others only how many they are is told."""
VOUCH_MS = 30_000
"""What has not been said for so long is said again: twice in the period of a point that states none."""


FEW = 16
"""Rows up to which one at a time is less work than columns."""
_NOTHING_SAID: Codes = np.empty((2, 0), np.uint8)


class _Room(NamedTuple):
    """Where the rows of a payload are put together."""

    slots: Slots
    values: Floats
    times: Millis
    codes: Codes

    @staticmethod
    def of(rows: int) -> _Room:
        return _Room(np.empty(rows, np.int32), np.empty(rows), np.empty((2, rows), np.int64), np.empty((2, rows), np.uint8))


def _add(out: _Room, rows: int, intake: Intake) -> None:
    if rows <= FEW:
        columns = out.slots[:rows].tolist(), out.values[:rows].tolist(), out.times[0, :rows].tolist(), *out.codes[:, :rows].tolist()
        for row in zip(*columns, strict=True):
            intake.row(*row)
        return
    received, codes = np.full(rows, intake.now, np.int64), out.codes[:, :rows].copy()
    intake.rows(Samples(out.slots[:rows].copy(), out.values[:rows].copy(), out.times[0, :rows].copy(), received, codes[0], codes[1]))


class Metrics:
    """What a birth has made known."""

    def __init__(self, device: str, birth: Payload, bindings: Bindings, before: Metrics | None = None) -> None:
        """`device`: `group/node/device`, or `group/node`; `before`: what its last birth made known."""
        self.device = device
        names = birth.names()
        self.place: dict[bytes, int] = {}
        for name in names:
            self.place.setdefault(name, len(self.place))
        rows = np.fromiter((self.place[name] for name in names), np.int32, len(names))
        size = len(self.place)
        self._codes: Codes = np.zeros((3, size), np.uint8)
        self._codes[OF, rows], self._codes[QUALITY] = np.clip(birth.table[:, TYPE], 0, 255), Quality.NO_VALUE
        with_alias = np.flatnonzero(birth.table[:, FLAGS] & HAS_ALIAS)
        aliases = birth.table[with_alias, ALIAS].astype(np.uint64)
        self._aliases, first = np.unique(aliases, return_index=True)
        self._alias_rows = rows[with_alias[first]]
        self.alias = dict(zip(rows[with_alias].tolist(), aliases.tolist(), strict=True))
        self.units = _units(birth, rows)
        self._floats: Floats = np.full((3, size), np.nan)
        self._times: Millis = np.zeros((3, size), np.int64)
        if before is not None:
            self._times[FLOOR] = before._times[FLOOR].max(initial=0)
        self._rows = rows
        self._room = _Room.of(FEW)
        self.bind(bindings)

    def bind(self, bindings: Bindings) -> None:
        """Take a revision of the graph. Cost: a look-up a metric."""
        self.bindings = bindings
        self.bound = bindings.devices.get(self.device, {})
        size = len(self.place)
        self.slots: Slots = np.full(size, -1, np.int32)
        self._floats[SCALE], self._floats[OFFSET] = 1.0, 0.0
        self._vouch: NDArray[np.bool_] = np.zeros(size, np.bool_)
        self.refused: list[tuple[str, str]] = []
        """Points whose metric cannot be read, and why."""
        for name, metric in self.bound.items():
            row = self.place.get(name.encode())
            why = self._enter(row, name, metric) if row is not None else f"the birth of {self.device} has no metric {name!r}"
            if why:
                self.refused.append((metric.point, why))

    def _enter(self, row: int, name: str, metric: Metric) -> str:
        of = int(self._codes[OF, row])
        if of not in NUMBERS:
            return f"metric {name!r} of {self.device} is of type {type_name(of)}, no single number"
        scale, offset = metric.scale, metric.offset
        unit = self.units.get(row, "")
        if unit and metric.unit and not metric.stated:
            try:
                by, and_by = conversion(named(unit), metric.unit)
            except UnitError as error:
                return f"metric {name!r} of {self.device} comes in {unit!r}: {error}"
            scale, offset = scale * by, offset * by + and_by
        self.slots[row], self._vouch[row] = metric.slot, not metric.promised
        self._floats[SCALE, row], self._floats[OFFSET, row] = scale, offset
        return ""

    def born(self, birth: Payload, intake: Intake) -> None:
        """Take the values of the birth that made it."""
        self._take(birth, self._rows, intake, birth=True)

    def data(self, payload: Payload, intake: Intake) -> int:
        """Take values. Gives how many metrics are not of the birth."""
        place = np.full(len(payload), BY_ALIAS, np.int32)
        if not (payload.table[:, FLAGS] & HAS_ALIAS).all():
            for column, name in enumerate(payload.names()):
                if name:
                    place[column] = self.place.get(name, UNKNOWN)
        return self._take(payload, place, intake, birth=False)

    def _take(self, payload: Payload, place: Slots, intake: Intake, *, birth: bool) -> int:
        size = len(payload)
        said = _NOTHING_SAID
        for column, properties in payload.properties():
            if "Quality" in properties:
                if said is _NOTHING_SAID:
                    said = np.zeros((2, size), np.uint8)
                said[:, column] = QUALITIES.get(properties["Quality"], ODD_QUALITY)  # type: ignore[call-overload]  # a text is odd
        if len(self._room.slots) < 2 * size:
            self._room = _Room.of(2 * size)
        out = self._room
        sent_at, now = payload.sent_at or intake.now, intake.now
        device = self._aliases, self._alias_rows, self.slots, self._floats, self._times, self._codes
        rows, lost, overtaken = absorb(
            payload.table, sent_at, now, birth, place, *device, said, out.slots, out.values, out.times, out.codes
        )
        _add(out, rows, intake)
        if overtaken:
            self._say_again(np.unique(out.times[1, :overtaken]).astype(np.int32), intake)
        return lost

    def _say_again(self, place: Slots, intake: Intake) -> None:
        """What holds now, as of now: after history (rule 3), and when it has long not been said."""
        place = place[self.slots[place] >= 0]
        now = np.maximum(intake.now, self._times[FLOOR, place])
        self._times[AT, place], self._times[FLOOR, place] = now, now + 1
        received, codes = np.full(len(place), intake.now, np.int64), self._codes[:, place]
        intake.rows(Samples(self.slots[place], self._floats[LAST, place], now, received, codes[QUALITY], codes[WHY]))

    def vouched(self, intake: Intake) -> None:
        """Rule 2: say again what has long not been said."""
        due = self._vouch & (self._codes[QUALITY] == Quality.GOOD) & (intake.now - self._times[SAID] >= VOUCH_MS)
        place = np.flatnonzero(due).astype(np.int32)
        if len(place):
            self._say_again(place, intake)
            self._times[SAID, place] = intake.now

    def fed(self) -> Slots:
        """The points of its metrics."""
        return self.slots[self.slots >= 0]

    def tell(self, topic: str, intake: Intake) -> None:
        """Offer the metrics that are of no point, and say which can be of none."""
        free = [(name, row) for name, row in self.place.items() if self.slots[row] < 0]
        texts = [(name.decode(errors="replace"), int(self._codes[OF, row])) for name, row in free]
        texts = [(name, of) for name, of in texts if name not in self.bound]
        offered = sorted(name for name, of in texts if is_offered(name, of))
        for name in offered[:TOLD_MAX]:
            intake.unbound(f"{topic} {name}", "no dcx:SparkplugReference names this metric", self.bindings.suggestion(self.device, name))
        if len(offered) > TOLD_MAX:
            intake.unbound(topic, f"{len(offered) - TOLD_MAX} more of its metrics are of no point")
        others = Counter(type_name(of) for name, of in texts if of not in NUMBERS)
        if others:
            kinds = ", ".join(f"{count} of type {of}" for of, count in sorted(others.items()))
            intake.unbound(f"{topic} ({len(texts) - len(offered)} metrics)", f"metrics that are no single number are not taken: {kinds}")

    def raw(self, name: str, value: float) -> tuple[int, int | None, float]:
        """Data type, alias and raw number of a value in the point's unit, to be written. Raises `KeyError` for what is not there."""
        row = self.place[name.encode()]
        if self.slots[row] < 0:
            raise KeyError(name)
        raw = (value - float(self._floats[OFFSET, row])) / float(self._floats[SCALE, row])
        of = int(self._codes[OF, row])
        near = round(raw) if not isnan(raw) and abs(raw - round(raw)) < 1e-9 * max(1.0, abs(raw)) else raw
        return of, self.alias.get(row), float(near)


def _units(birth: Payload, rows: Slots) -> dict[int, str]:
    """The unit that each metric names."""
    found: dict[int, str] = {}
    for column, said in birth.properties():
        unit = next((said[name] for name in UNIT_NAMES if name in said), "")
        if isinstance(unit, str) and unit:
            found[int(rows[column])] = unit
    return found


@cache
def warm() -> None:
    """Have the inner loops ready: a birth and a value of nobody. Cost: some seconds at the very first time, some tenths of one later."""
    payload, intake = decode(command("warm", None, DOUBLE_TYPE, 1.0, 1), 100), Intake(1)
    if isinstance(payload, Payload):
        metrics = Metrics("warm", payload, Bindings(Snapshot.empty(), lambda points: np.full(len(points), -1, np.int32)))
        metrics.born(payload, intake)
        metrics.data(payload, intake)
