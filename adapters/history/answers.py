"""Answers from what the log holds and what stands in the files, put together: each sample once, wherever it stands, and as often.

Who looks at both looks at the log first: what is sorted away meanwhile is then seen twice, and not missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from adapters.history.log import Log
from adapters.history.past import looked_back
from adapters.history.reading import Reading
from adapters.history.rows import Numbers, Rows, arranged
from adapters.history.shelf import HOUR, MINUTE, RAW, Part, Shelf, View
from adapters.history.summaries import Summaries, buckets_of, held_ms, summarised, together
from graph.history import DAY_MS, HOUR_MS, MINUTE_MS, Buckets, Series
from graph.values import Floats, ReadingBatch

_ROLLED = ((HOUR, HOUR_MS), (MINUTE, MINUTE_MS))


class Answers:
    """Questions by number of point. Safe from any thread; no question waits for who writes. All raise `HistoryUnavailable`."""

    def __init__(self, log: Log, shelf: Shelf, reading: Reading) -> None:
        self._log, self._shelf, self._reading = log, shelf, reading

    def series(self, point: str, number: int, since_ms: int, until_ms: int, limit: int) -> Series:
        """See `History.series`."""
        wanted, found, count = np.array([number], np.int32), list[Rows](), 0
        waiting = Rows.joined(self._waiting(wanted, since_ms, until_ms))
        with self._shelf.reading() as view:
            for day, parts in _by_day(view, waiting, since_ms, until_ms):
                if count >= limit:
                    break
                own = waiting.pick(waiting.observed // DAY_MS == day)
                rows = arranged([*self._reading.rows(parts, wanted, since_ms, until_ms), own])
                found.append(rows)
                count += len(rows)
        rows = Rows.joined(found).pick(slice(0, max(0, limit)))
        return Series(point, rows.observed, rows.value, rows.quality, rows.reason)

    def buckets(
        self, points: Sequence[str], numbers: Numbers, since_ms: int, until_ms: int, step_ms: int, period_ms: Floats
    ) -> list[Buckets]:
        """See `History.buckets`: whole spans, those that [since, until) touches."""
        wanted = np.unique(numbers[numbers >= 0]).astype(np.int32)
        since, until = since_ms // step_ms * step_ms, -(-until_ms // step_ms) * step_ms
        reach = held_ms(period_ms[wanted])
        found, waiting = list[Summaries](), Rows.joined(self._waiting(wanted, since - reach, until))
        with self._shelf.reading() as view:
            for day in _days(view, waiting, since - reach, until):
                own = waiting.pick(waiting.observed // DAY_MS == day)
                raw, rolled = _sources(view, day, step_ms, waiting=len(own) > 0)
                samples = arranged([*self._reading.rows(raw, wanted, since - reach, until), own])
                found.append(summarised(samples, step_ms, period_ms))
                found += self._reading.rolled(rolled, wanted, since - reach, until)
        rows = together(Summaries.joined(found), step_ms, period_ms)
        return buckets_of(rows, points, numbers, since, step_ms, period_ms)

    def at(self, points: Sequence[str], numbers: Numbers, instant_ms: int, period_ms: Floats, reach_ms: int) -> ReadingBatch:
        """See `History.at`."""
        return looked_back(points, numbers, instant_ms, period_ms, self._rows, reach_ms)

    def present(self, kept: dict[str, Numbers]) -> Numbers:
        """The numbers of all points that anything is kept of; `kept` is what is known of files that were looked at before."""
        found = [np.unique(rows.point) for rows in self._log.waiting() if len(rows)]
        with self._shelf.reading() as view:
            parts = {str(part.path): part for part in view.parts}
            for path in kept.keys() - parts.keys():
                del kept[path]
            for path, part in parts.items():
                if path not in kept:
                    kept[path] = self._reading.points(part)
            found += kept.values()
        return np.unique(np.concatenate(found)).astype(np.int32) if found else np.empty(0, np.int32)

    def _waiting(self, wanted: Numbers, since_ms: int, until_ms: int) -> list[Rows]:
        """What the log holds of some points (in order), in [since, until), in order of arrival."""
        found, top = [], int(wanted[-1]) + 1 if len(wanted) else 0
        named = np.zeros(top + 1, np.bool_)
        named[wanted] = True
        for rows in self._log.waiting():
            if not len(rows):
                continue
            own = rows.point == wanted[0] if len(wanted) == 1 else named[np.minimum(rows.point, top)]
            kept = rows.pick(np.flatnonzero(own))
            found.append(kept.pick((kept.observed >= since_ms) & (kept.observed < until_ms)))
        return found

    def _rows(self, wanted: Numbers, since_ms: int, until_ms: int) -> Rows:
        """The samples of some points; of days whose samples are gone, what is rolled up of them, each row as its last sample."""
        waiting = self._waiting(wanted, since_ms, until_ms)
        with self._shelf.reading() as view:
            days = [(rule, day) for rule, day in view.days() if (day + 1) * DAY_MS > since_ms and day * DAY_MS < until_ms]
            raw = self._reading.within([part for rule, day in days for part in view.of(RAW, rule, day)], since_ms, until_ms)
            gone = [part for rule, day in days if (part := _only_rolled(view, rule, day)) is not None]
            lasts = [rows.as_rows(until_ms) for rows in self._reading.rolled(gone, wanted, since_ms, until_ms)]
            return arranged([*lasts, *self._reading.rows(raw, wanted, since_ms, until_ms), *waiting])


def _by_day(view: View, waiting: Rows, since_ms: int, until_ms: int) -> Iterator[tuple[int, list[Part]]]:
    """The samples' files of each day of the span that has something, in order."""
    for day in _days(view, waiting, since_ms, until_ms):
        yield day, [part for rule in _rules(view) for part in view.of(RAW, rule, day)]


def _days(view: View, waiting: Rows, since_ms: int, until_ms: int) -> list[int]:
    days = {day for _, day in view.days()} | set(np.unique(waiting.observed // DAY_MS).tolist())
    return sorted(day for day in days if (day + 1) * DAY_MS > since_ms and day * DAY_MS < until_ms)


def _rules(view: View) -> list[str]:
    return sorted({rule for rule, _ in view.days()})


def _sources(view: View, day: int, step_ms: int, *, waiting: bool) -> tuple[list[Part], list[Part]]:
    """The samples' files and the rolled up files that a question for spans of `step_ms` reads of a day: hours where they speak of all that
    there is, else minutes, else samples; and what is rolled up of samples that are gone."""
    raw, rolled = list[Part](), list[Part]()
    for rule in _rules(view):
        parts = view.of(RAW, rule, day)
        for tier, unit_ms in _ROLLED:
            file = view.rolled(tier, rule, day)
            if file is None or step_ms % unit_ms:
                continue
            whole = all(file.holds(part) for part in parts) and not waiting
            if whole or file.outlives(parts):
                rolled.append(file)
                raw += [part for part in parts if not file.holds(part)]
                break
        else:
            raw += parts
    return raw, rolled


def _only_rolled(view: View, rule: str, day: int) -> Part | None:
    """The finest rolled up file of a day whose samples are gone."""
    file = view.rolled(MINUTE, rule, day) or view.rolled(HOUR, rule, day)
    return file if file is not None and file.outlives(view.of(RAW, rule, day)) else None
