"""The history in the data folder: a log that is durable at once, and sorted files beside it. No server, no database.

Rules of this file:

1. One process writes; others may read what was there when they opened it.
2. Nothing that the disk refuses ends anything: it is told, and tried again with the next call.
3. The disk is not filled to its end: below `reserve_bytes` of free space nothing more is taken, so that the graph can still be written.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

import numpy as np

from adapters.history.answers import Answers
from adapters.history.catalogue import Catalogue
from adapters.history.disk import told
from adapters.history.keeping import Rules
from adapters.history.log import SEGMENT_BYTES, Log
from adapters.history.reading import Reading
from adapters.history.rows import Numbers, Rows
from adapters.history.sealing import Sealing
from adapters.history.shelf import MINUTE, RAW, Shelf
from graph.history import DAY_MS, MINUTE_MS, Buckets, HistoryStatus, HistoryUnavailable, Series
from graph.points import DEFAULT_PERIOD_S, PointFacts
from graph.values import ReadingBatch, Samples, Slots

_log = logging.getLogger(__name__)

SEAL_MS = 15 * MINUTE_MS
"""How long a segment of the log waits at most before it is sorted."""
RESERVE_BYTES = 64 << 20
DAMAGED_TOLD = 3
LATEST_MS = 253_402_300_800_000
"""The year 10000: days up to it have names. What is observed outside of 1970 to then was not observed."""


class EmbeddedHistory:
    """The `History` of a folder. `maintain` is called by one thread at a time, all else by any."""

    def __init__(
        self,
        folder: Path,
        *,
        rules: Rules | None = None,
        budget_bytes: int = 0,
        seal_ms: int = SEAL_MS,
        reserve_bytes: int = RESERVE_BYTES,
        read_only: bool = False,
    ) -> None:
        """`budget_bytes`: what everything may take on the disk, 0 for no bound. Raises `HistoryUnavailable`."""
        self._folder, self._rules, self._budget = folder, rules or Rules(), budget_bytes
        self._seal_ms, self._reserve, self._read_only = seal_ms, reserve_bytes, read_only
        self._lock: int | None = None
        if not read_only:
            self._lock = _held(folder)
        with told(folder, "opened"):
            self._catalogue = Catalogue(folder)
            self._shelf = Shelf(folder, read_only=read_only)
            self._segments = Log(folder / "log", self._shelf.newest + 1, read_only=read_only)
        self._reading = Reading(folder, None if read_only else self._shelf.set_aside)
        self._answers = Answers(self._segments, self._shelf, self._reading)
        self._sealing = Sealing(self._segments, self._shelf, self._rules, lambda: (self._period_ms, self._rule_of), self._reading.damage)
        self._naming, self._maintaining = Lock(), Lock()
        self._by_slot = np.empty(0, np.int32)
        self._facts: Mapping[str, PointFacts] = {}
        self._period_ms, self._rule_of = np.empty(0, np.float64), np.empty(0, np.uint8)
        self._points_of: dict[str, Numbers] = {}
        self._filling_since: int | None = None
        self._over_budget = self._error = self._care_error = ""
        """Why nothing more may be kept, why the last samples could not be, and why the last care could not be done."""
        self._describe(0)

    # -- writing ----------------------------------------------------------------------------------------------------

    def rebind(self, points: Mapping[str, PointFacts]) -> None:
        """See `History.rebind`."""
        with self._naming:
            self._facts = points
            if not self._read_only:
                with suppress(OSError):  # told when a sample comes; at once is faster than one by one
                    self._catalogue.take(list(points))
            self._describe(0)

    def append(self, samples: Samples, names: Callable[[Slots], Sequence[str]]) -> None:
        """See `History.append`."""
        try:
            self._refuse_what_has_no_room()
            with told(self._folder):
                rows = self._numbered(samples, names)
                if len(rows):
                    self._segments.append(rows)
        except HistoryUnavailable as error:
            self._error = str(error)
            raise
        self._error = ""

    def _refuse_what_has_no_room(self) -> None:
        if self._read_only:
            raise HistoryUnavailable(f"the history in {self._folder} is open for reading only")
        if self._over_budget:
            raise HistoryUnavailable(self._over_budget)
        if self._reserve:
            with told(self._folder):
                disk = os.statvfs(self._folder)
            if disk.f_bavail * disk.f_frsize < self._reserve:
                raise HistoryUnavailable(
                    f"the history in {self._folder} takes nothing more: less than {self._reserve >> 20} MB are free on its disk, and "
                    "the rest is for the graph: free space, or set `history_disk_gb` lower"
                )

    def _numbered(self, samples: Samples, names: Callable[[Slots], Sequence[str]]) -> Rows:
        """The samples that can be kept, by number of their point."""
        slots, at = samples.slots, samples.observed_at
        fitting = (slots >= 0) & (at >= 0) & (at < LATEST_MS)
        if not fitting.all():
            samples = samples.piece(fitting)
            slots = samples.slots
        top = int(slots.max()) + 1 if len(slots) else 0
        known = self._by_slot
        numbers = known[slots] if top <= len(known) else None
        if numbers is None or (numbers < 0).any():
            numbers = self._name(slots, top, names)[slots]
        return Rows(numbers, samples.observed_at, samples.received_at, samples.values, samples.quality, samples.reason)

    def _name(self, slots: Slots, top: int, names: Callable[[Slots], Sequence[str]]) -> Numbers:
        with self._naming:
            known = self._by_slot
            if top > len(known):
                known = np.concatenate((known, np.full(top - len(known), -1, np.int32)))
            new = np.unique(slots[known[slots] < 0]).astype(np.int32)
            known[new] = self._catalogue.take(names(new))
            self._describe(len(self._period_ms))
            self._by_slot = known
            return known

    def _describe(self, known: int) -> None:
        """Know the period and the rule of each point of the catalogue from the first that is not known. Under `_naming`."""
        names, facts = self._catalogue.names[known:], self._facts
        periods = np.array([facts[name].period_s if name in facts else DEFAULT_PERIOD_S for name in names], np.float64)
        rules = np.array([self._rules.place(name) for name in names], np.uint8)
        self._period_ms = np.concatenate((self._period_ms[:known], periods * 1000.0))
        self._rule_of = np.concatenate((self._rule_of[:known], rules))

    # -- reading ----------------------------------------------------------------------------------------------------

    def series(self, point: str, since_ms: int, until_ms: int, limit: int) -> Series:
        """See `History.series`."""
        return self._answers.series(point, int(self._catalogue.find([point])[0]), since_ms, until_ms, limit)

    def buckets(self, points: Sequence[str], since_ms: int, until_ms: int, step_ms: int) -> Sequence[Buckets]:
        """See `History.buckets`."""
        if step_ms < 1:
            raise ValueError(f"a span must be 1 ms at least, not {step_ms}")
        return self._answers.buckets(points, self._catalogue.find(points), since_ms, until_ms, step_ms, self._period_ms)

    def at(self, points: Sequence[str], instant_ms: int, reach_ms: int = DAY_MS) -> ReadingBatch:
        """See `History.at`."""
        return self._answers.at(points, self._catalogue.find(points), instant_ms, self._period_ms, reach_ms)

    def points(self) -> Sequence[str]:
        """See `History.points`."""
        names = self._catalogue.names
        with self._naming:
            return sorted(names[number] for number in self._answers.present(self._points_of).tolist())

    # -- care -------------------------------------------------------------------------------------------------------

    def maintain(self, now_ms: int) -> None:
        """See `History.maintain`."""
        if self._read_only:
            return
        with self._maintaining:
            if self._sealing.ended:
                return
            try:
                with self._reading.told(), told(self._folder):
                    self._maintain(now_ms)
            except HistoryUnavailable as error:
                self._care_error = str(error)
                raise
            self._care_error = ""

    def _maintain(self, now_ms: int) -> None:
        try:
            self._seal(now_ms)
        finally:  # a disk that is too full to sort on may have room when this is done
            self._sealing.expire(now_ms)
            self._keep_to_the_budget(now_ms)
        self._sealing.tend(now_ms)

    def _seal(self, now_ms: int) -> None:
        """What waits is sorted before anything goes: a day is gone with all that was said of it."""
        if self._segments.active_bytes:
            self._filling_since = now_ms if self._filling_since is None else self._filling_since
            late = now_ms - self._filling_since >= self._seal_ms or self._segments.active_bytes > SEGMENT_BYTES
            if late or self._is_over_budget():  # what is sorted takes less, and can go
                self._segments.roll()
                self._filling_since = None
        while self._sealing.seal(now_ms):
            pass

    def _keep_to_the_budget(self, now_ms: int) -> None:
        """Let go of the oldest samples, then of the oldest minutes, until the rest fits; today's, the hours and what waits stay."""
        today = now_ms // DAY_MS
        for tier in (RAW, MINUTE):
            for rule, day in self._shelf.view.days((tier,)):
                if day < today and self._is_over_budget():
                    _log.warning("history is over its %d bytes: the %s values of day %d go", self._budget, tier, day)
                    self._sealing.drop(tier, rule, day)
        self._over_budget = ""
        if self._is_over_budget():
            self._over_budget = (
                f"the history in {self._folder} takes {self._bytes():,} bytes, more than its budget of {self._budget:,}, and only today's "
                "values and the hours are left: set `history_disk_gb` higher, or keep hours for fewer days"
            )

    def _is_over_budget(self) -> bool:
        return 0 < self._budget < self._bytes()

    def _bytes(self) -> int:
        return self._shelf.view.bytes() + self._segments.bytes()

    def status(self) -> HistoryStatus:
        """See `History.status`."""
        waiting = [rows for rows in self._segments.waiting() if len(rows)]
        times = [(int(rows.observed.min()), int(rows.observed.max())) for rows in waiting]
        view, rows = self._shelf.view, sum(len(rows) for rows in waiting)
        samples = rows + sum(part.rows for part in view.parts if part.tier == RAW)
        if view.parts:
            first, last = min(part.day for part in view.parts), max(part.day for part in view.parts)
            ends = [part for part in view.parts if part.day in {first, last}]
            with suppress(Exception):  # it is told what can be told
                times += [self._reading.footer(part.path).times for part in ends]
        oldest, newest = min((t[0] for t in times), default=0), max((t[1] for t in times), default=0)
        return HistoryStatus(
            samples, self._bytes(), oldest, newest, rows, self._error or self._care_error or self._over_budget, self._damaged()
        )

    def _damaged(self) -> str:
        if not (found := self._shelf.damaged()):
            return ""
        names = ", ".join(str(path.relative_to(self._folder)) for path in found[:DAMAGED_TOLD])
        more = f" and {len(found) - DAMAGED_TOLD} more" if len(found) > DAMAGED_TOLD else ""
        return (
            f"{len(found)} files of the history in {self._folder} were damaged and are set aside, what they held is missing in answers: "
            f"{names}{more}; look at the disk, then put them back from a copy without '.damaged' and start again, or delete them"
        )

    def close(self) -> None:
        """See `History.close`."""
        if self._lock is None and not self._read_only:
            return
        self._sealing.ended = True
        with self._maintaining, suppress(OSError):  # whose rows those were has been told
            self._segments.close()
        self._reading.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _held(folder: Path) -> int:
    """The folder, held against other processes that write. Raises `HistoryUnavailable`."""
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise HistoryUnavailable(
            f"the history in {folder} is written by another process: stop that, or give another with --data"
        ) from error
    return handle
