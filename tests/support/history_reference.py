"""A history as it is meant: every sample in one list, every question answered by looking at all of them. Slow, and obviously right."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from graph.history import DAY_MS, HOUR_MS, MINUTE_MS, Buckets, HistoryStatus, Series
from graph.points import DEFAULT_PERIOD_S, PointFacts
from graph.values import Quality, ReadingBatch, Reason, Samples, Slots

SOONEST_MS = 5_000


@dataclass
class Sample:
    """One thing said."""

    point: str
    observed: int
    received: int
    value: float
    quality: int
    reason: int

    def same(self, other: Sample) -> bool:
        """Whether the other says it again."""
        alike = self.value == other.value or (math.isnan(self.value) and math.isnan(other.value))
        return self.point == other.point and self.observed == other.observed and alike

    @property
    def counts(self) -> bool:
        """Whether it is a measurement."""
        return not math.isnan(self.value) and self.quality < Quality.BAD


@dataclass
class HistoryReference:
    """The `History` of a list; `days` are those that samples, minutes and hours are kept."""

    days: tuple[int, int, int] = (30, 400, 3660)
    samples: list[Sample] = field(default_factory=list)
    facts: Mapping[str, PointFacts] = field(default_factory=dict)
    now: int = 0

    def rebind(self, points: Mapping[str, PointFacts]) -> None:
        """Know the points."""
        self.facts = points

    def append(self, samples: Samples, names: Callable[[Slots], Sequence[str]]) -> None:
        """Take one after the other: what was said before is not said twice."""
        for row in range(len(samples)):
            if samples.slots[row] < 0:
                continue
            point = names(samples.slots[row : row + 1])[0]
            times = int(samples.observed_at[row]), int(samples.received_at[row])
            new = Sample(point, *times, float(samples.values[row]), int(samples.quality[row]), int(samples.reason[row]))
            if (before := next((each for each in self.samples if each.same(new)), None)) is None:
                self.samples.append(new)
            elif new.quality < before.quality:
                before.quality, before.reason = new.quality, new.reason

    def of(self, point: str, tier: int = 0) -> list[Sample]:
        """The samples of a point that a tier still speaks of, in order of source time, then of arrival."""
        kept = [each for each in self.samples if each.point == point and not self._over(each, tier)]
        return sorted(kept, key=lambda each: each.observed)

    def _over(self, sample: Sample, tier: int) -> bool:
        return (sample.observed // DAY_MS + 1 + self.days[tier]) * DAY_MS <= self.now

    def period_ms(self, point: str) -> float:
        """Ms between two samples of a point."""
        facts = self.facts.get(point)
        return 1000.0 * (facts.period_s if facts else DEFAULT_PERIOD_S)

    def series(self, point: str, since_ms: int, until_ms: int, limit: int) -> Series:
        """Those of the span."""
        found = [each for each in self.of(point) if since_ms <= each.observed < until_ms][:limit]
        return Series(
            point,
            np.array([each.observed for each in found], np.int64),
            np.array([each.value for each in found], np.float64),
            np.array([each.quality for each in found], np.uint8),
            np.array([each.reason for each in found], np.uint8),
        )

    def buckets(self, points: Sequence[str], since_ms: int, until_ms: int, step_ms: int) -> Sequence[Buckets]:
        """Each span that something was said in, by itself."""
        tier = 2 if step_ms % HOUR_MS == 0 else 1 if step_ms % MINUTE_MS == 0 else 0
        since, until = since_ms // step_ms * step_ms, -(-until_ms // step_ms) * step_ms
        return [self._buckets(point, self.of(point, tier), since, until, step_ms) for point in points]

    def _buckets(self, point: str, samples: list[Sample], since: int, until: int, step: int) -> Buckets:
        covers = []
        for at, each in enumerate(samples):
            end = each.observed + int(max(2 * self.period_ms(point), SOONEST_MS))
            if at + 1 < len(samples):
                end = min(end, samples[at + 1].observed)
            covers.append((each.observed, end if each.counts else each.observed))
        rows = []
        for first in sorted({each.observed // step * step for each in samples if since <= each.observed < until}):
            inside = [each for each in samples if first <= each.observed < first + step]
            values = [each.value for each in inside if each.counts]
            covered = sum(max(0, min(end, first + step) - max(begin, first)) for begin, end in covers)
            extremes = (min(values), max(values), sum(values) / len(values)) if values else (math.nan,) * 3
            rows.append((first, *extremes, len(values), covered / step, max(each.quality for each in inside)))
        table = np.array(rows, np.float64).reshape(-1, 7)
        start, minimum, maximum, mean, counted, coverage, quality = (table[:, column] for column in range(7))
        return Buckets(
            point,
            step,
            start.astype(np.int64),
            minimum,
            maximum,
            mean,
            counted.astype(np.int64),
            coverage,
            quality.astype(np.uint8),
        )

    def at(self, points: Sequence[str], instant_ms: int, reach_ms: int = DAY_MS) -> ReadingBatch:
        """What a table would have shown."""
        rows = [self._at(point, instant_ms, reach_ms) for point in points]
        return ReadingBatch(
            list(points),
            np.array([row[0] for row in rows], np.float64),
            np.array([row[1] for row in rows], np.int64),
            np.array([row[2] for row in rows], np.int64),
            np.array([row[3] for row in rows], np.uint8),
            np.array([row[4] for row in rows], np.uint8),
        )

    def _at(self, point: str, instant: int, reach: int) -> tuple[float, int, int, int, int]:
        value, observed, received, stamp, quality, reason = math.nan, 0, 0, -1, int(Quality.NO_VALUE), int(Reason.NONE)
        for each in self._of_an_instant(point):
            if instant - reach <= each.observed <= instant and not (each.observed == stamp and each.quality > quality):
                stamp, received, quality, reason = each.observed, each.received, each.quality, each.reason
                if not math.isnan(each.value):
                    value, observed = each.value, each.observed
        age = instant - stamp
        stale, lost = (max(periods * self.period_ms(point), SOONEST_MS) for periods in (2, 5))
        aged = Quality.NO_COMMUNICATION if age > lost else Quality.STALE if age > stale else 0
        if stamp >= 0 and aged > quality:
            quality, reason = int(aged), int(Reason.SILENCE)
        return value, observed, received, quality, reason

    def _of_an_instant(self, point: str) -> list[Sample]:
        """The samples of a point; of those that are gone, the last of each minute, or of each hour where the minutes are gone too."""
        found = self.of(point)
        for tier, unit in ((2, HOUR_MS), (1, MINUTE_MS)):
            gone = [each for each in self.of(point, tier) if self._over(each, tier - 1)]
            for first in {each.observed // unit for each in gone}:
                inside = [each for each in gone if each.observed // unit == first]
                last, numbers = inside[-1], [each.value for each in inside if not math.isnan(each.value)]
                value = numbers[-1] if numbers else math.nan
                found.append(Sample(point, last.observed, last.observed, value, last.quality, Reason.NONE))
        return sorted(found, key=lambda each: each.observed)

    def points(self) -> Sequence[str]:
        """Whatever an hour is still kept of."""
        return sorted({each.point for each in self.samples if not self._over(each, 2)})

    def maintain(self, now_ms: int) -> None:
        """What is over goes."""
        self.now = max(self.now, now_ms)

    def status(self) -> HistoryStatus:
        """How many there are."""
        times = [each.observed for each in self.samples if not self._over(each, 2)]
        return HistoryStatus(len(times), 0, min(times, default=0), max(times, default=0), 0, "")

    def close(self) -> None:
        """Nothing to let go of."""
