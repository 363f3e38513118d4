"""From the log to the sorted files, from small files to large ones, from samples to minutes and hours, and out when their time is over.

Rules of this file:

1. Each act writes its files whole beside their places, gives them their names, and then lets go of what they replace. A crash in between
   leaves both, and whoever reads keeps each sample once.
2. Small files of a day that is not over are put together when there are `TOGETHER` of a size; those of a day that is over, to one, which is
   rolled up on the way. What comes late waits until it is worth it (`LATE_SHARE`, `TOGETHER`, `LATE_SEGMENTS`), and is found meanwhile.
3. Samples go when their time is over and they are rolled up; late ones of such a day are added to its minutes and hours, and
   told: what of them had been said before is counted again, since what it could be compared with is gone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from math import log
from pathlib import Path

import numpy as np
import pyarrow as pa

from adapters.history.keeping import Rules
from adapters.history.log import Log
from adapters.history.parquet import Writer, columns_of, pieces, raw_writer, rolled_columns, rolled_writer, samples_of, summaries_of
from adapters.history.rows import Rows, arranged
from adapters.history.shelf import HOUR, MINUTE, RAW, TIERS, Part, Shelf, View, day_text, named
from adapters.history.summaries import Summaries, summarised, together
from graph.disk import make_folder, put_in_place
from graph.history import DAY_MS, HOUR_MS, MINUTE_MS
from graph.steps import reached
from graph.values import Codes, Floats

_log = logging.getLogger(__name__)

ROWS_AT_ONCE = 4_000_000
"""Rows of the log that are sorted at once: 300 MB while it lasts."""
TOGETHER = 8
OVER_MS = 10 * MINUTE_MS
"""How long after its end a day counts as over: what was on the way has come."""
LATE_SHARE = 0.1
"""Late rows of this share of a day are worth writing the day again."""
LATE_SEGMENTS = 4
"""So are fewer, when nothing late has come for so many segments of the log."""
ADDED = "history: %d samples of %s came when its samples were gone: they count in its minutes and hours, what was said before again"


class Sealing:
    """The acts, each of which may be ended by a crash at any place; one at a time. They raise `OSError` and Arrow's errors."""

    def __init__(
        self,
        log: Log,
        shelf: Shelf,
        rules: Rules,
        facts: Callable[[], tuple[Floats, Codes]],
        damage: Callable[[Sequence[Part], BaseException], Sequence[Part]],
    ) -> None:
        """`facts` gives, by number of point, the period in ms and the place of the rule that it is kept by; `damage` tells which
        damaged files among some brought an error about, and sets them aside."""
        self._log, self._shelf, self._rules, self._facts, self._damage = log, shelf, rules, facts, damage
        self.ended = False
        """Long acts end at their next piece; what they have not done is done at the next start."""

    def seal(self, now_ms: int) -> bool:
        """Sort closed segments into their files, `ROWS_AT_ONCE` at most; what is over already goes. Whether there was anything."""
        closed, taken, rows = self._log.closed(), list[int](), 0
        for number, segment in closed.items():
            if taken and rows + len(segment) > ROWS_AT_ONCE:
                break
            taken.append(number)
            rows += len(segment)
        if not taken:
            return False
        parts = self._sorted(Rows.joined([closed[number] for number in taken]), taken[0], taken[-1], now_ms)
        reached("history.seal.written")
        self._shelf.change(parts, [])
        self._log.forget(taken)
        reached("history.seal.done")
        return True

    def tend(self, now_ms: int) -> None:
        """Put files together and roll up what is over."""
        for rule, day in self._shelf.view.days((RAW,)):
            parts = self._shelf.view.of(RAW, rule, day)
            if (day + 1) * DAY_MS + OVER_MS > now_ms:
                if suffix := _of_a_size(parts):
                    with self._sound(rule, day):
                        self._merge(suffix, roll_up=False)
            elif self._worth_it(self._shelf.view, rule, day):
                self.roll_up(rule, day)

    def roll_up(self, rule: str, day: int) -> None:
        """Have the samples of a day in one file and rolled up; late ones of which the others are gone already are added."""
        view = self._shelf.view
        hours, parts = view.rolled(HOUR, rule, day), view.of(RAW, rule, day)
        with self._sound(rule, day):
            if hours is not None and parts and hours.outlives(parts):
                self._add(parts, hours)
            elif parts:
                self._merge(parts, roll_up=True)

    @contextmanager
    def _sound(self, rule: str, day: int) -> Iterator[None]:
        """Have what a damaged file of a day ends done without it the next time, and all else go on."""
        view = self._shelf.view
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            if not self._damage([part for tier in TIERS for part in view.of(tier, rule, day)], error):
                raise

    def expire(self, now_ms: int) -> None:
        """Let go of every file whose time is over."""
        for rule, day in self._shelf.view.days():
            keeping, age_days = self._rules.named(rule), (now_ms - (day + 1) * DAY_MS) / DAY_MS
            if age_days >= keeping.raw_days and age_days < keeping.hour_days:
                self.drop(RAW, rule, day)
            gone = [part for tier in TIERS if age_days >= keeping.days(tier) for part in self._shelf.view.of(tier, rule, day)]
            if gone:
                self._shelf.change([], gone)

    def drop(self, tier: str, rule: str, day: int) -> int:
        """Let go of a tier of a day; samples are rolled up before. Gives how many bytes that frees."""
        if tier == RAW and not rolled_up(self._shelf.view, rule, day):
            self.roll_up(rule, day)
            if not rolled_up(self._shelf.view, rule, day):  # a file was damaged: next time
                return 0
        gone = self._shelf.view.of(tier, rule, day)
        self._shelf.change([], gone)
        reached("history.dropped")
        return sum(part.bytes for part in gone)

    def _sorted(self, rows: Rows, first: int, last: int, now_ms: int) -> list[Part]:
        _, rule_of = self._facts()
        kind = rows.observed // DAY_MS * len(self._rules.all) + rule_of[rows.point]
        kinds = np.unique(kind)
        found = []
        for each in kinds.tolist():
            day, rule = divmod(each, len(self._rules.all))
            if now_ms - (day + 1) * DAY_MS >= self._rules.all[rule].hour_days * DAY_MS:
                continue  # a clock that has lost its date makes no file for each day since 1970
            own = arranged([rows if len(kinds) == 1 else rows.pick(kind == each)])
            with _Files(self._shelf, self._rules.all[rule].name, day, first, last) as files:
                files.raw().add(columns_of(own))
            found += files.parts
        return found

    def _worth_it(self, view: View, rule: str, day: int) -> bool:
        """Whether a day that is over is to be written anew."""
        if rolled_up(view, rule, day):
            return False
        parts, before = view.of(RAW, rule, day), view.rolled(HOUR, rule, day)
        if before is None:
            return True
        late = [part for part in parts if not before.holds(part)]
        share = sum(part.rows for part in late) / max(1, sum(part.rows for part in parts))
        newest = max(part.last for part in late)
        return share >= LATE_SHARE or len(late) >= TOGETHER or self._log.next_number - newest > LATE_SEGMENTS

    def _merge(self, parts: Sequence[Part], *, roll_up: bool) -> None:
        """Put samples' files of a day together to one, and roll them up."""
        rule, day = parts[0].rule, parts[0].day
        gone = list(parts)
        with _Files(self._shelf, rule, day, parts[0].first, parts[-1].last) as files:
            raw = files.raw() if len(parts) > 1 else None
            rolled = files.rolled() if roll_up else None
            period_ms, _ = self._facts()
            for piece in pieces([samples_of(part.path) for part in parts]):
                if self.ended:
                    raise InterruptedError("the history is being closed")
                rows = arranged(piece)
                if raw is not None:
                    raw.add(columns_of(rows))
                if rolled is not None:
                    _roll(rolled, summarised(rows, MINUTE_MS, period_ms), period_ms)
        if raw is None:
            gone = []
        if roll_up:
            gone += [part for tier in (MINUTE, HOUR) for part in self._shelf.view.of(tier, rule, day)]
        reached("history.merge.written")
        self._shelf.change(files.parts, gone)
        reached("history.merge.done")

    def _add(self, parts: Sequence[Part], rolled: Part) -> None:
        """Add late samples to what is rolled up of a day whose samples are gone, to each tier those that it does not speak of yet."""
        rule, day, view = rolled.rule, rolled.day, self._shelf.view
        period_ms, _ = self._facts()
        _log.warning(ADDED, sum(part.rows for part in parts if not rolled.holds(part)), day_text(day))
        with _Files(self._shelf, rule, day, rolled.first, parts[-1].last) as files:
            writers = files.rolled()
            for tier, writer, step in zip((MINUTE, HOUR), writers, (MINUTE_MS, HOUR_MS), strict=True):
                before = view.rolled(tier, rule, day)
                late = [part for part in parts if before is not None and not before.holds(part)]
                if before is not None and late:
                    new = [summarised(arranged(piece), step, period_ms) for piece in pieces([samples_of(part.path) for part in late])]
                    fresh = Summaries.joined(new)
                    for piece in pieces([summaries_of(before.path)]):
                        below = int(np.searchsorted(fresh.point, piece[-1].point[-1], "right"))
                        writer.add(rolled_columns(together(Summaries.joined([*piece, fresh.pick(slice(0, below))]), step, period_ms)))
                        fresh = fresh.pick(slice(below, fresh.size))
                    writer.add(rolled_columns(fresh))
        written = {part.tier for part in files.parts}
        gone = [*parts, *(part for tier in (MINUTE, HOUR) if tier in written for part in view.of(tier, rule, day))]
        reached("history.add.written")
        self._shelf.change(files.parts, gone)


def rolled_up(view: View, rule: str, day: int) -> bool:
    """Whether the hours of a day, which are put in their place last, speak of all its samples."""
    rolled = view.rolled(HOUR, rule, day)
    return rolled is not None and all(rolled.holds(part) for part in view.of(RAW, rule, day))


class _Files:
    """Files of one day that are written at once: in their places when the block ends without an error, gone when it does not."""

    def __init__(self, shelf: Shelf, rule: str, day: int, first: int, last: int) -> None:
        self._shelf, self._where = shelf, (rule, day, first, last)
        self._stack = ExitStack()
        self._writers: list[tuple[str, Path, Writer]] = []
        self.parts: list[Part] = []

    def raw(self) -> Writer:
        """A file of samples."""
        return self._begun(RAW, raw_writer)

    def rolled(self) -> tuple[Writer, Writer]:
        """Files of minutes and of hours."""
        return self._begun(MINUTE, rolled_writer), self._begun(HOUR, rolled_writer)

    def _begun(self, tier: str, make: Callable[[Path], Writer]) -> Writer:
        part = self._shelf.path(tier, *self._where, 0).with_suffix(".part")
        make_folder(part.parent)
        self._stack.callback(part.unlink, missing_ok=True)
        writer = self._stack.enter_context(make(part))
        self._writers.append((tier, part, writer))
        return writer

    def __enter__(self) -> _Files:
        """For a while."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        """See the class."""
        if kind is not None:
            self._stack.close()
            return
        with self._stack:
            for _, _, writer in self._writers:
                writer.finish()
            for tier, part, writer in self._writers:
                if writer.rows:
                    path = self._shelf.path(tier, *self._where, writer.rows)
                    if not path.exists():  # a file of that name says the same: it stays as it is, whoever reads it
                        put_in_place(part, path)
                    reached(f"history.{tier}.placed")
                    self.parts.append(named(path))


def _roll(writers: tuple[Writer, Writer], minutes: Summaries, period_ms: Floats) -> None:
    minute, hour = writers
    minute.add(rolled_columns(minutes))
    hour.add(rolled_columns(together(minutes, HOUR_MS, period_ms)))


def _of_a_size(parts: Sequence[Part]) -> Sequence[Part]:
    """The newest files that are so many of a size that they are worth putting together."""
    levels = [int(log(part.rows + 1, TOGETHER)) for part in parts]
    for level in sorted(set(levels)):
        newest = 0
        while newest < len(parts) and levels[-1 - newest] <= level:
            newest += 1
        if newest >= TOGETHER:
            return parts[len(parts) - newest :]
    return ()
