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
from math import isnan

import numpy as np
from numpy.typing import NDArray

from adapters.mqtt.dialect import Intake
from adapters.mqtt.point import named
from adapters.mqtt.sparkplug.bindings import Bindings, Metric, is_offered
from adapters.mqtt.sparkplug.payload import NUMBERS, ODD_QUALITY, QUALITIES, Payload, type_name
from adapters.mqtt.sparkplug.wire import ALIAS, BY_ALIAS, FLAGS, HAS_ALIAS, HISTORICAL, TYPE, UNKNOWN, judge, numbers, places
from graph.values import Codes, Floats, Millis, Quality, Reason, Samples, Slots
from ontology.errors import UnitError
from ontology.units import conversion

UNIT_NAMES = ("engUnit", "Engineering Units", "engineeringUnits", "unit", "units")
"""Properties that gateways name a unit with; Sparkplug itself has no word for it."""
TOLD_MAX = 100
"""Metrics of one device that are offered by name; of the others only how many they are is told."""
VOUCH_MS = 30_000
"""What has not been said for so long is said again: twice in the period of a point that states none."""


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
        self.types: Codes = np.zeros(size, np.uint8)
        self.types[rows] = np.clip(birth.table[TYPE], 0, 255)
        with_alias = np.flatnonzero(birth.table[FLAGS] & HAS_ALIAS)
        aliases = birth.table[ALIAS, with_alias].astype(np.uint64)
        self._aliases, first = np.unique(aliases, return_index=True)
        self._alias_rows = rows[with_alias[first]]
        self.alias = dict(zip(rows[with_alias].tolist(), aliases.tolist(), strict=True))
        self.units = _units(birth, rows)
        self._last: Floats = np.full(size, np.nan)
        self._quality: Codes = np.full(size, Quality.NO_VALUE, np.uint8)
        self._reason: Codes = np.zeros(size, np.uint8)
        self._said: Millis = np.zeros(size, np.int64)
        """When something was said of it last, ours."""
        self._at: Millis = np.zeros(size, np.int64)
        """The source time of that."""
        self._floor: Millis = np.full(size, 0 if before is None else before._floor.max(initial=0), np.int64)
        """The source time that what is said live has to come after."""
        self._rows = rows
        self.bind(bindings)

    def bind(self, bindings: Bindings) -> None:
        """Take a revision of the graph. Cost: a look-up a metric."""
        self.bindings = bindings
        self.bound = bindings.devices.get(self.device, {})
        size = len(self.place)
        self.slots: Slots = np.full(size, -1, np.int32)
        self._scale, self._offset = np.ones(size), np.zeros(size)
        self._vouch: NDArray[np.bool_] = np.zeros(size, np.bool_)
        self.refused: list[tuple[str, str]] = []
        """Points whose metric cannot be read, and why."""
        for name, metric in self.bound.items():
            row = self.place.get(name.encode())
            why = self._enter(row, name, metric) if row is not None else f"the birth of {self.device} has no metric {name!r}"
            if why:
                self.refused.append((metric.point, why))

    def _enter(self, row: int, name: str, metric: Metric) -> str:
        of = int(self.types[row])
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
        self.slots[row], self._scale[row], self._offset[row], self._vouch[row] = metric.slot, scale, offset, not metric.promised
        return ""

    def born(self, birth: Payload, intake: Intake) -> None:
        """Take the values of the birth that made it."""
        self._take(birth, self._rows, intake, birth=True)

    def data(self, payload: Payload, intake: Intake) -> int:
        """Take values. Gives how many metrics are not of the birth."""
        place = np.full(len(payload), BY_ALIAS, np.int32)
        if (payload.table[FLAGS] & HAS_ALIAS == 0).any():
            for column, name in enumerate(payload.names()):
                if name:
                    place[column] = self.place.get(name, UNKNOWN)
        lost = int((place == UNKNOWN).sum()) + int(places(payload.table, self._aliases, self._alias_rows, place))
        if lost:
            kept = place >= 0
            payload, place = payload._replace(table=np.ascontiguousarray(payload.table[:, kept])), place[kept]
        self._take(payload, place, intake)
        return lost

    def _take(self, payload: Payload, place: Slots, intake: Intake, *, birth: bool = False) -> None:
        table, size = payload.table, len(payload)
        if not size:
            return
        stated = np.clip(table[TYPE], 0, 255).astype(np.uint8)
        types = np.where(stated > 0, stated, self.types[place])
        values, observed = np.empty(size), np.empty(size, np.int64)
        quality, reason = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
        for column, said in payload.properties():
            if "Quality" in said:
                quality[column], reason[column] = QUALITIES.get(said["Quality"], ODD_QUALITY)  # type: ignore[call-overload]  # a text is odd
        numbers(table, types, values)
        sent_at = payload.sent_at or intake.now
        judge(table, sent_at, values, quality, reason, observed)
        values = values * self._scale[place] + self._offset[place]
        history = (table[FLAGS] & HISTORICAL) != 0
        if history.any():
            self._history(history, place, values, observed, quality, reason, intake)
            live = ~history
            place, values, observed, quality, reason = place[live], values[live], observed[live], quality[live], reason[live]
        if birth:
            self._add(place, values, observed, quality, reason, intake)
            observed = np.maximum(observed, sent_at)
        observed = np.maximum(observed, self._floor[place])
        self._add(place, values, observed, quality, reason, intake)
        self._last[place], self._quality[place], self._reason[place] = values, quality, reason
        self._said[place], self._at[place] = intake.now, observed
        if birth:
            self._floor[place] = observed + 1

    def _history(
        self, rows: NDArray[np.bool_], place: Slots, values: Floats, observed: Millis, quality: Codes, reason: Codes, intake: Intake
    ) -> None:
        """Rule 3: the past first, then again what holds now."""
        place, observed = place[rows], observed[rows]
        self._add(place, values[rows], observed, quality[rows], reason[rows], intake)
        overtaken = (self._quality[place] != Quality.NO_VALUE) & ((observed > self._at[place]) | np.isnan(self._last[place]))
        if overtaken.any():
            self._say_again(np.unique(place[overtaken]), intake)

    def _say_again(self, place: Slots, intake: Intake) -> None:
        now = np.maximum(np.full(len(place), intake.now, np.int64), self._floor[place])
        self._add(place, self._last[place], now, self._quality[place], self._reason[place], intake)
        self._at[place], self._floor[place] = now, now + 1

    def _add(self, place: Slots, values: Floats, observed: Millis, quality: Codes, reason: Codes, intake: Intake) -> None:
        slots = self.slots[place]
        bound = slots >= 0
        if not bound.all():
            slots, values, observed, quality, reason = slots[bound], values[bound], observed[bound], quality[bound], reason[bound]
        if len(slots):
            received = np.full(len(slots), intake.now, np.int64)
            intake.rows(Samples(slots, values, observed, received, quality.copy(), reason.copy()))

    def vouched(self, intake: Intake) -> None:
        """Rule 2: say again what has long not been said."""
        due = self._vouch & (self._quality == Quality.GOOD) & (intake.now - self._said >= VOUCH_MS)
        place = np.flatnonzero(due).astype(np.int32)
        if len(place):
            self._say_again(place, intake)
            self._said[place] = intake.now

    def fed(self) -> Slots:
        """The points of its metrics."""
        return self.slots[self.slots >= 0]

    def tell(self, topic: str, intake: Intake) -> None:
        """Offer the metrics that are of no point, and say which can be of none."""
        free = [(name, row) for name, row in self.place.items() if self.slots[row] < 0]
        texts = [(name.decode(errors="replace"), int(self.types[row])) for name, row in free]
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
        raw = (value - float(self._offset[row])) / float(self._scale[row])
        of = int(self.types[row])
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


REASON_OF_GAP = Quality.STALE, Reason.GAP
"""What a hole in the sequence makes of a node's points: the last usable values, not present ones."""
