"""Where the sorted files stand: `TIER/RULE/DAY/FIRST-LAST.ROWS.parquet`. The names say everything; there is no list beside them that could
disagree.

Rules of this file:

1. A file holds what the log's segments FIRST to LAST said of one day (of source time, UTC) of the points that are kept by one rule. Its
   content is never changed.
2. A file whose segments are all among another's, in the same folder, is a part of it, left by a crash, and goes.
3. A minute or hour file is of what the samples' files of its FIRST to LAST said: where there is a samples' file of another number, it is
   not whole. Samples go by whole days: where none of their files begins with its FIRST, those that it was made of are gone.
4. A file that turns out to be damaged gets another name and is told; everything else goes on as if it had never been.
5. Whoever reads holds a view; what has been replaced meanwhile goes when the last view with it is given back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Lock

from graph.history import DAY_MS

RAW, MINUTE, HOUR = "raw", "minute", "hour"
TIERS = (RAW, MINUTE, HOUR)
DAMAGED = ".damaged"
"""What stands behind the name of a file that could not be read."""
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One file: its day as a number since 1970, the segments that it is of, its rows and bytes."""

    tier: str
    rule: str
    day: int
    first: int
    last: int
    rows: int
    bytes: int
    path: Path

    def holds(self, other: Part) -> bool:
        """Whether all that the other says is in here."""
        return self.first <= other.first and other.last <= self.last

    def outlives(self, parts: Sequence[Part]) -> bool:
        """Whether this rolled up file speaks of samples that are in none of the samples' files of its day (in order) any more."""
        return all(self.first < part.first for part in parts)


class View:
    """The files at one time, by tier, rule and day, in order of segments."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self.readers = 0
        self.parts = sorted(parts)
        self._groups: dict[tuple[str, str, int], list[Part]] = {}
        for part in self.parts:
            self._groups.setdefault((part.tier, part.rule, part.day), []).append(part)

    def of(self, tier: str, rule: str, day: int) -> Sequence[Part]:
        """The files of a tier, a rule and a day."""
        return self._groups.get((tier, rule, day), [])

    def days(self, tiers: Sequence[str] = TIERS) -> list[tuple[str, int]]:
        """Each rule and day that has a file in some of the tiers, in order of days."""
        return sorted({(rule, day) for tier, rule, day in self._groups if tier in tiers}, key=lambda each: (each[1], each[0]))

    def rolled(self, tier: str, rule: str, day: int) -> Part | None:
        """The rolled up file of a day, whether whole or not."""
        found = self.of(tier, rule, day)
        return found[-1] if found else None

    def bytes(self, tiers: Sequence[str] = TIERS) -> int:
        """What the files take on the disk."""
        return sum(part.bytes for part in self.parts if part.tier in tiers)


class Shelf:
    """The files of a folder. One changes them at a time; any number read."""

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.folder = folder
        self._lock = Lock()
        parts, gone = _found(folder)
        if not read_only:
            for path in gone:
                path.unlink(missing_ok=True)
            for place in folder.glob("*/*/*/"):
                with suppress(OSError):  # it holds something
                    place.rmdir()
        self._view = View(parts)
        self._old: list[tuple[View, Sequence[Part]]] = []

    @property
    def newest(self) -> int:
        """The highest number of a segment that anything is of."""
        return max((part.last for part in self._view.parts), default=0)

    @property
    def view(self) -> View:
        """The files as they stand; for looking at names and sizes only."""
        return self._view

    @contextmanager
    def reading(self) -> Iterator[View]:
        """The files as they stand, all of them there until the block ends."""
        with self._lock:
            view = self._view
            view.readers += 1
        try:
            yield view
        finally:
            with self._lock:
                view.readers -= 1
            self._clear()

    def path(self, tier: str, rule: str, day: int, first: int, last: int, rows: int) -> Path:
        """Where a file of that content stands."""
        name = f"{first:012d}-{last:012d}.{rows}.parquet"
        return self.folder / tier / rule / (_EPOCH + timedelta(days=day)).isoformat() / name

    def change(self, added: Sequence[Part], removed: Sequence[Part]) -> None:
        """Have the added files (written and durable) in place of the removed ones."""
        with self._lock:
            old, gone = self._view, set(removed) - set(added)
            self._view = View({*(part for part in old.parts if part not in gone), *added})
            self._old.append((old, sorted(gone)))
        self._clear()

    def set_aside(self, part: Part) -> None:
        """Have a damaged file out of the way, under another name: what it held is missing from now on."""
        with self._lock:
            old = self._view
            self._view = View(each for each in old.parts if each.path != part.path)
            self._old.append((old, []))
            with suppress(OSError):  # then it is read no more all the same, until the next start
                part.path.rename(part.path.with_name(part.path.name + DAMAGED))

    def damaged(self) -> list[Path]:
        """The files that were set aside, in this life or before."""
        return sorted(self.folder.glob(f"*/*/*/*{DAMAGED}"))

    def _clear(self) -> None:
        with self._lock:
            free = list[Part]()
            while self._old and self._old[0][0].readers == 0:
                free += self._old.pop(0)[1]
        for part in free:
            part.path.unlink(missing_ok=True)


def named(path: Path) -> Part:
    """What the name of a file says. Raises `ValueError` for one that is not ours."""
    span, rows, _ = path.name.split(".")
    first, last = span.split("-")
    day = (date.fromisoformat(path.parent.name) - _EPOCH).days
    rule, tier = path.parent.parent.name, path.parent.parent.parent.name
    return Part(tier, rule, day, int(first), int(last), int(rows), path.stat().st_size, path)


def day_text(day: int) -> str:
    """The day of a number, as people write it."""
    return datetime.fromtimestamp(day * DAY_MS / 1000, UTC).date().isoformat()


def _found(folder: Path) -> tuple[list[Part], list[Path]]:
    """The files that count, and what a crash has left beside them."""
    kept: list[Part] = []
    gone = [path for tier in TIERS for path in folder.glob(f"{tier}/*/*/*.part")]
    for tier in TIERS:
        for place in sorted(folder.glob(f"{tier}/*/*/")):
            parts = []
            for path in sorted(place.glob("*.parquet")):
                with suppress(ValueError):
                    parts.append(named(path))
            for part in parts:
                over = [other for other in parts if other != part and other.holds(part)]
                same = [other for other in over if part.holds(other) and other > part]
                if [other for other in over if not part.holds(other)] or same:
                    gone.append(part.path)
                else:
                    kept.append(part)
    return kept, gone
