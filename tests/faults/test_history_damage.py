"""A sorted file of history that is not what was written: a bit of it is another, or its end is missing. It is told which, and everything
else goes on: answers, sorting, rolling up, other days."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.history.embedded import EmbeddedHistory
from adapters.history.shelf import DAMAGED
from graph.history import DAY_MS, HOUR_MS
from tests.faults.test_history_faults import NOON, opened, rows_of
from tests.support.histories import NAMES, tell


def flipped(path: Path) -> None:
    """One bit in the middle of the data is another."""
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 16
    path.write_bytes(data)


def cut(path: Path) -> None:
    """Its second half is missing."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    """Nothing of it is left."""
    path.write_bytes(b"")


def filled(folder: Path) -> EmbeddedHistory:
    """Two days, each sorted into one file of 200 rows of two points."""
    history = opened(folder)
    for day in (0, 1):
        tell(history, *((n % 2, NOON + day * DAY_MS + n * 1000, n * 1.37, rows_of(0, 1)[0][3]) for n in range(200)))
    history.maintain(NOON + DAY_MS + HOUR_MS)
    return history


def file_of(folder: Path, tier: str, day: int) -> Path:
    """The file of a day of a tier."""
    (path,) = (folder / tier / "default" / ("2026-06-01" if day == 0 else "2026-06-02")).glob("*.parquet")
    return path


Harm = Callable[[Path], None]
HARMS = [flipped, cut, emptied]


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("reopened", [False, True], ids=["running", "started anew"])
def test_a_damaged_file_costs_its_own_rows_and_is_told(tmp_path: Path, harm: Harm, *, reopened: bool) -> None:
    """Whatever asks first, the other day is there; the file is set aside and named, also after a restart, until somebody looks at it."""
    history = filled(tmp_path)
    if reopened:
        history.close()
    harm(file_of(tmp_path, "raw", 1))
    history = opened(tmp_path) if reopened else history

    found = [len(history.series(name, 0, 2 * NOON, 999)) for name in NAMES[:2]]
    history.maintain(NOON + 2 * DAY_MS)
    told = history.status().damaged
    history.close()
    after = opened(tmp_path)

    assert found == [100, 100]
    assert "1 files of the history" in told
    assert f"raw/default/2026-06-02/000000000001-000000000001.200.parquet{DAMAGED}" in told
    assert after.status().damaged == told
    assert len(after.series(NAMES[0], 0, 2 * NOON, 999)) == 100
    next(tmp_path.rglob(f"*{DAMAGED}")).unlink()
    assert after.status().damaged == ""
    after.close()


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_day_is_found_when_it_is_rolled_up_and_holds_up_no_other(tmp_path: Path, harm: Harm) -> None:
    """Nobody has asked: it is found when the day is over; the other files of that day and all other days are looked after."""
    history = filled(tmp_path)
    tell(history, *rows_of(900, 4, day=1))
    harm(file_of(tmp_path, "raw", 1))

    for hour in range(1, 4):
        history.maintain(NOON + 2 * DAY_MS + hour * HOUR_MS)

    assert "2026-06-02" in history.status().damaged
    assert [found.count.sum() for found in history.buckets(NAMES[:2], NOON + DAY_MS, NOON + 2 * DAY_MS, HOUR_MS)] == [2, 2]
    assert [found.count.sum() for found in history.buckets(NAMES[:2], NOON, NOON + DAY_MS, HOUR_MS)] == [100, 100]
    history.close()


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_roll_up_is_made_anew_from_samples(tmp_path: Path, harm: Harm) -> None:
    """The hours of a day whose samples are there: nothing is missing in answers, before and after."""
    history = filled(tmp_path)
    history.maintain(NOON + 2 * DAY_MS)
    harm(file_of(tmp_path, "hour", 0))

    asked = [history.buckets(NAMES[:2], NOON, NOON + DAY_MS, HOUR_MS) for _ in range(2)]
    history.maintain(NOON + 2 * DAY_MS + HOUR_MS)
    asked.append(history.buckets(NAMES[:2], NOON, NOON + DAY_MS, HOUR_MS))

    assert "hour/default/2026-06-01" in history.status().damaged
    assert [[found.count.sum() for found in each] for each in asked[1:]] == [[100, 100]] * 2
    assert file_of(tmp_path, "hour", 0).exists()
    history.close()
