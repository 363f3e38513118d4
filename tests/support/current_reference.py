"""The table of current values as slowly and plainly as it can be said: what a point has heard, in a list; each rule a question to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf, isfinite, isnan, nan

from graph.points import PointFacts
from graph.values import Quality, Reason

Row = tuple[str, float, int, int, Quality, Reason]
"""Point, value, observed at, received at, quality, reason."""
AHEAD_MS, DAY_MS = 5_000, 86_400_000


@dataclass
class Heard:
    """One number that was taken: when it was so, and whether it was plausible."""

    at: int
    value: float
    plausible: bool


@dataclass
class Point:
    """One point: its numbers, newest last, and what is said of it now."""

    facts: PointFacts
    numbers: list[Heard] = field(default_factory=list)
    stamp: int = 0
    received: int = 0
    quality: Quality = Quality.NO_VALUE
    reason: Reason = Reason.NONE

    @property
    def period_ms(self) -> float:
        return self.facts.period_s * 1000

    @property
    def value(self) -> float:
        return self.numbers[-1].value if self.numbers else nan

    @property
    def observed(self) -> int:
        return self.numbers[-1].at if self.numbers else 0

    def still_since(self) -> int:
        """Since when the value was seen to be what it is: back over equal numbers, as far as no gap lies between."""
        since = self.observed
        for before, after in zip(reversed(self.numbers[:-1]), reversed(self.numbers), strict=False):
            if before.value != after.value or after.at - before.at > max(5 * self.period_ms, 5_000):
                break
            since = before.at
        return since

    def last_plausible(self) -> Heard | None:
        return next((each for each in reversed(self.numbers) if each.plausible), None)

    def at_best(self, quality: Quality, age_ms: int) -> Quality:
        limit = Quality.GOOD
        if age_ms > max(2 * self.period_ms, 5_000):
            limit = Quality.STALE
        if age_ms > max(5 * self.period_ms, 5_000):
            limit = Quality.NO_COMMUNICATION
        return max(quality, limit)

    def not_after(self, now: int) -> None:
        """Our clock was ahead: what is known of a later time is known as of now."""
        if self.stamp > now + AHEAD_MS:
            self.stamp = now
            for each in self.numbers:
                each.at = min(each.at, now)


@dataclass
class Reference:
    """Some points, the rows that history would keep, and what became of all rows."""

    points: dict[str, Point]
    kept: list[Row] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def take(self, row: Row) -> None:
        """One row, after all that came before."""
        name, value, stamp, now, quality, reason = row
        if name not in self.points:
            return self.count("unknown")
        point = self.points[name]
        value = value if isfinite(value) else nan
        number = not isnan(value)
        if stamp > now + AHEAD_MS:
            stamp = now
            self.count("ahead")
            if quality == Quality.GOOD:
                quality, reason = Quality.UNCERTAIN, Reason.CLOCK
        if not number and quality == Quality.GOOD:
            quality, reason = Quality.BAD, Reason.SENSOR
        point.not_after(now)
        heard = point.quality != Quality.NO_VALUE
        again = heard and ((stamp, value) == (point.observed, point.value) if number else stamp == point.stamp)
        if number and quality < Quality.BAD:
            quality, reason, found = self._judged(point, value, stamp, quality, reason, again=again)
            for what in () if again else found:
                self.count(what)
        keep: Row = (name, value, stamp, now, quality, reason)
        worth_keeping = reason != Reason.RETAINED or stamp != now
        if now - stamp > DAY_MS:
            self.count("old")
        elif not self._is_news(point, value, stamp, now, quality, reason):
            self.count("duplicates" if again else "late")
        else:
            self.count("news")
            then = point.at_best(quality, now - stamp)
            point.stamp, point.received, point.quality = stamp, now, then
            point.reason = Reason.SILENCE if then > quality else reason
            if number:
                point.numbers.append(Heard(stamp, value, quality < Quality.BAD))
        if worth_keeping:
            self.kept.append(keep)
        return None

    @staticmethod
    def _judged(
        point: Point, value: float, stamp: int, quality: Quality, reason: Reason, *, again: bool
    ) -> tuple[Quality, Reason, Sequence[str]]:
        """What is said again is judged as it was the first time."""
        facts, found = point.facts, list[str]()
        if not facts.low <= value <= facts.high:
            found.append("out_of_range")
            if quality == Quality.GOOD:
                quality, reason = Quality.UNCERTAIN, Reason.OUT_OF_RANGE
        sound = point.last_plausible()
        if sound is not None and stamp >= point.observed and facts.rate_max < inf:
            from_sound = abs(value - sound.value) / max((stamp - sound.at) / 1000, 1)
            from_last = abs(value - point.value) / max((stamp - point.observed) / 1000, 1)
            if from_sound > facts.rate_max and (again or from_last > facts.rate_max):
                found.append("jumps")
                quality, reason = Quality.BAD, Reason.JUMP
        seen_still = value == point.value and stamp - point.observed <= max(5 * point.period_ms, 5_000)
        if seen_still and stamp - point.still_since() > facts.frozen_s * 1000:
            found.append("frozen")
            if quality == Quality.GOOD:
                quality, reason = Quality.UNCERTAIN, Reason.FROZEN
        return quality, reason, found

    @staticmethod
    def _is_news(point: Point, value: float, stamp: int, now: int, quality: Quality, reason: Reason) -> bool:
        if point.quality == Quality.NO_VALUE:
            return True
        then = point.at_best(quality, now - stamp)
        if not isnan(value):
            if stamp != point.stamp or stamp > point.observed:
                return stamp > point.observed
            return then < point.quality or (value != point.value and then <= point.quality)
        if stamp != point.stamp:
            return stamp > point.stamp
        return then < point.quality or (then != point.quality and reason != Reason.RETAINED)

    def age(self, now: int) -> list[str]:
        """Silence, as of now: the points that it has made worse."""
        worse = []
        for name, point in self.points.items():
            if point.quality == Quality.NO_VALUE:
                continue
            point.not_after(now)
            then = point.at_best(point.quality, now - point.stamp)
            if then != point.quality:
                point.quality, point.reason = then, Reason.SILENCE
                worse.append(name)
        return worse
