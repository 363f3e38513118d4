"""The embedded history killed at every named step, on a full disk, on one that reports errors, and with torn and damaged files: what was
acknowledged is there once, and nothing needs a hand."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.history import frames
from adapters.history.embedded import EmbeddedHistory
from adapters.history.keeping import Keeping, Rules
from graph.history import DAY_MS, HOUR_MS, MINUTE_MS, HistoryUnavailable
from graph.ports import History
from graph.values import Quality, ReadingBatch
from tests.contract.test_history import compare
from tests.faults.test_crash import in_child
from tests.support.histories import FACTS, NAMES, Row, in_memory, names_of, said, tell
from tests.support.history_reference import HistoryReference

NOON = 1_780_315_200_000
GOOD = Quality.GOOD


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """A folder whose fsync costs nothing."""
    with in_memory() as folder:
        yield Path(folder)


Act = Sequence[Row] | int
"""Rows that are appended, or an instant at which everything is put in order."""


def rows_of(begin: int, count: int, day: int = 0) -> list[Row]:
    """Rows of two points, a second apart."""
    return [(n % 2, NOON + day * DAY_MS + (begin + n) * 1000, float(n), GOOD) for n in range(count)]


LIFE: Sequence[Act] = [
    rows_of(0, 6),
    [*rows_of(6, 4), *rows_of(0, 4, day=1)],
    NOON + DAY_MS,
    rows_of(3, 9),
    NOON + DAY_MS + HOUR_MS,
    rows_of(20, 2, day=-1),
    NOON + 3 * DAY_MS,
    rows_of(40, 3),
    NOON + 8 * DAY_MS,
    NOON + 30 * DAY_MS,
]
"""Comes in, is sorted, comes late, is merged and rolled up, goes when its time is over."""
RULES = Rules(default=Keeping("default", 2, 20, 3660))


def opened(folder: Path, budget_bytes: int = 0, reserve_bytes: int = 0) -> EmbeddedHistory:
    history = EmbeddedHistory(folder, rules=RULES, seal_ms=0, budget_bytes=budget_bytes, reserve_bytes=reserve_bytes)
    history.rebind(FACTS)
    return history


def do(history: History, act: Act) -> None:
    if isinstance(act, int):
        history.maintain(act)
    else:
        tell(history, *act)


def live(folder: Path, done: Path) -> None:
    """All acts, each noted when it has returned."""
    history = opened(folder)
    for act in LIFE:
        do(history, act)
        with done.open("a", encoding="utf-8") as file:
            file.write("done\n")
    history.close()


def test_a_kill_at_any_named_step_loses_nothing_that_was_acknowledged_and_doubles_nothing(quick: Path) -> None:
    """After each, what was acknowledged is there; and when the rest is done, everything is as if nothing had happened."""
    live(quick / "warm", quick / "warm.done")  # a fork has the kernels that this process has
    steps = in_child(lambda: live(quick / "whole", quick / "whole.done"), -1)

    for number, step in enumerate(steps):
        folder, done = quick / str(number), quick / f"{number}.done"
        in_child(lambda: live(folder, done), number)  # noqa: B023 - it is called at once
        acts = len(done.read_text(encoding="utf-8").splitlines()) if done.exists() else 0
        expected, history = HistoryReference((2, 20, 3660)), opened(folder)
        expected.rebind(FACTS)
        for act in LIFE[:acts]:
            do(expected, act)
        if acts < len(LIFE) and isinstance(LIFE[acts], int):
            do(expected, LIFE[acts])  # what is over may be gone already
        for name in NAMES[:2]:
            kept = history.series(name, 0, 2 * NOON, 1000).observed_at.tolist()
            assert set(expected.series(name, 0, 2 * NOON, 1000).observed_at.tolist()) <= set(kept), step
            assert len(set(kept)) == len(kept), step
        for act in LIFE[acts:]:
            do(expected, act)
            do(history, act)
        compare(expected, history, NOON + 5000)
        history.close()
        assert not list(folder.rglob("*.part")), step

    assert len(steps) > 25
    assert {"history.append.written", "history.raw.placed", "history.seal.done", "history.merge.written", "history.dropped"} <= set(steps)


def test_what_comes_after_a_kill_and_before_all_is_in_order_again_is_put_in_order_too(quick: Path) -> None:
    """A day that is sorted, merged, rolled up, let go of, added to; a kill at any step of that, one sample more of the day, all again."""
    days = (NOON, NOON + HOUR_MS, NOON + DAY_MS, NOON + DAY_MS + HOUR_MS, *[NOON + 8 * DAY_MS] * 3)

    def live(folder: Path) -> None:
        for turn, now in enumerate(days):
            for half in range(2):
                history = opened(folder)
                tell(history, (turn % 2, NOON + 20_000 * turn + half, 1.0, GOOD))
                history.close()
            history = opened(folder)
            history.maintain(now)
            history.close()

    live(quick / "warm")
    steps = in_child(lambda: live(quick / "whole"), -1)
    caring = [number for number, step in enumerate(steps) if not step.startswith("history.append")]

    for number in caring:
        folder, told = quick / str(number), steps[:number].count("history.append.done") // 2
        in_child(lambda: live(folder), number)  # noqa: B023 - it is called at once
        history = opened(folder)
        tell(history, *((slot, NOON + HOUR_MS - 1, 1.0, GOOD) for slot in range(2)))
        history.close()
        history = opened(folder)
        expected = [2 * (told - told // 2) + 1, 2 * (told // 2) + 1]
        for now in (NOON + DAY_MS + HOUR_MS, NOON + 8 * DAY_MS):
            history.maintain(now)
            for step in (HOUR_MS, MINUTE_MS):
                found = history.buckets(NAMES[:2], NOON, NOON + HOUR_MS, step)
                assert [each.count.sum() for each in found] == expected, (number, steps[number])
            kept = [len(history.series(name, 0, 2 * NOON, 99)) for name in NAMES[:2]]
            assert kept == expected or "history.dropped" in steps[: number + 1] or now > NOON + 2 * DAY_MS, (number, steps[number])
        history.close()
    assert {"history.raw.placed", "history.minute.placed", "history.add.written"} <= {steps[number] for number in caring}


def test_a_torn_tail_costs_its_own_block_and_no_other(quick: Path) -> None:
    """The log cut off at every byte of its last block; what is appended after that stands behind the whole ones."""
    history = opened(quick / "whole")
    tell(history, *rows_of(0, 2))
    tell(history, *rows_of(2, 2))
    history.close()
    (log,) = (quick / "whole" / "log").iterdir()
    points, data, size = (quick / "whole" / "points").read_bytes(), log.read_bytes(), frames.size_of(2)

    assert len(data) == 2 * size
    for cut in range(size, 2 * size):
        folder = quick / str(cut)
        (folder / "log").mkdir(parents=True)
        (folder / "points").write_bytes(points)
        (folder / "log" / log.name).write_bytes(data[:cut])
        history = opened(folder)
        tell(history, *rows_of(9, 1))
        assert history.series(NAMES[0], 0, 2 * NOON, 10).observed_at.tolist() == [NOON, NOON + 9000]
        history.close()


def test_a_damaged_block_costs_its_own_rows(quick: Path) -> None:
    """One byte of the first of three blocks is another: the two after it are read."""
    history = opened(quick)
    for begin in (0, 2, 4):
        tell(history, *rows_of(begin, 2))
    history.close()
    (log,) = (quick / "log").iterdir()
    data = bytearray(log.read_bytes())
    data[40] ^= 1
    log.write_bytes(data)

    history = opened(quick)
    assert history.series(NAMES[0], 0, 2 * NOON, 10).observed_at.tolist() == [NOON + 2000, NOON + 4000]
    history.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 4 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(history: History, start: int, batches: int = 1000) -> tuple[int, str]:
    """Append batches of 2,000 rows until the history refuses: how many it took, and what it said."""
    for batch in range(batches):
        try:
            tell(history, *((0, NOON + (start + batch * 2000 + n), float(n), GOOD) for n in range(2000)))
        except HistoryUnavailable as error:
            return batch, str(error)
    return batches, ""


def test_a_full_disk_stops_history_with_the_remedy_and_it_goes_on_when_there_is_room(small_disk: Path) -> None:
    """Nothing that was taken is lost, what was refused is not half there, and no restart is needed."""
    history = opened(small_disk / "history")
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 3_000_000)

    taken, why = fill(history, 0)
    kept = len(history.series(NAMES[0], 0, 2 * NOON, 10**6))
    large = [(0, NOON + n, 9.0, GOOD) for n in range(40_000)]
    with pytest.raises(HistoryUnavailable, match="the disk is full"):
        tell(history, *large)
    told = history.status().error
    ballast.unlink()
    again, _ = fill(history, 10**7, batches=3)
    history.maintain(NOON + DAY_MS)

    assert 5 < taken < 40
    assert ("the disk is full: free space there" in why, "the disk is full" in told, history.status().error) == (True, True, "")
    assert (kept, again) == (taken * 2000, 3)
    assert len(history.series(NAMES[0], 0, 2 * NOON, 10**6)) == kept + 6000
    history.close()
    reopened = opened(small_disk / "history")
    assert len(reopened.series(NAMES[0], 0, 2 * NOON, 10**6)) == kept + 6000
    reopened.close()


def test_a_disk_too_full_to_sort_on_keeps_what_waits(small_disk: Path) -> None:
    """Putting in order is refused with the remedy; the log keeps everything, and it is put in order when there is room."""
    history = opened(small_disk / "history")
    taken, _ = fill(history, 0, batches=20)
    ballast = small_disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass

    with pytest.raises(HistoryUnavailable, match="the disk is full"):
        history.maintain(NOON + DAY_MS)
    waiting = history.status().waiting
    ballast.unlink()
    history.maintain(NOON + DAY_MS)

    assert (taken, waiting, history.status().waiting) == (20, 40_000, 0)
    assert len(history.series(NAMES[0], 0, 2 * NOON, 10**6)) == 40_000
    history.close()


def test_the_disk_is_never_filled_to_its_end(small_disk: Path) -> None:
    """Below the reserve nothing is taken: the rest is for the graph."""
    history = opened(small_disk / "history", reserve_bytes=3_000_000)

    taken, why = fill(history, 0)

    assert taken > 5
    assert "takes nothing more: less than 2 MB are free" in why
    history.close()


Hook = Callable[..., object]


def failing(monkeypatch: pytest.MonkeyPatch, name: str, number: int, code: int) -> Callable[[], bool]:
    """Have the system's call of that name fail the n-th time, with that error. Tells whether it has."""
    real, count = getattr(os, name), 0

    def call(*given: object, **more: object) -> object:
        nonlocal count
        count += 1
        if count == number:
            raise OSError(code, os.strerror(code))
        return real(*given, **more)

    monkeypatch.setattr(os, name, call)
    return lambda: count >= number


@pytest.mark.parametrize(("name", "code"), [("pwrite", errno.EIO), ("fdatasync", errno.EIO), ("fsync", errno.EIO), ("open", errno.EROFS)])
def test_whichever_call_of_the_system_fails_all_others_count(quick: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: int) -> None:
    """The n-th call fails, for all n of a short life: what was acknowledged is there, live and after a restart, and the next call works."""
    bit = 0
    for number in range(1, 40):
        history, acknowledged = opened(quick / f"{name}{number}"), list[Row]()
        with monkeypatch.context() as patch:
            has_bitten = failing(patch, name, number, code)
            for act in (rows_of(0, 2), NOON + DAY_MS, rows_of(2, 2), NOON + 2 * DAY_MS, rows_of(4, 2)):
                with suppress(HistoryUnavailable):
                    do(history, act)
                    acknowledged += act if isinstance(act, list) else []
            bitten = has_bitten()
        for _ in range(2):
            found = {time for each in NAMES[:2] for time in history.series(each, 0, 2 * NOON, 99).observed_at.tolist()}
            assert {row[1] for row in acknowledged} <= found, number
            history.maintain(NOON + 2 * DAY_MS)
            history.close()
            history = opened(quick / f"{name}{number}")
        history.close()
        if not bitten:
            break
        bit += 1
    assert bit >= 3


def test_many_who_append_share_their_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight threads: everything each was told to be durable is there, in its own order, with fewer fsyncs than appends."""
    syncs, real = 0, os.fdatasync

    def counted(handle: int) -> None:
        nonlocal syncs
        syncs += 1
        real(handle)

    monkeypatch.setattr(os, "fdatasync", counted)
    history = opened(tmp_path)

    def writer(number: int) -> None:
        for n in range(50):
            history.append(said([(number % 4, NOON + n, float(number), GOOD)]), names_of)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(writer, range(8)))
        history.maintain(NOON)

    for slot in range(4):
        found = history.series(NAMES[slot], NOON, NOON + 50, 1000)
        assert found.observed_at.tolist() == [NOON + n for n in range(50) for _ in range(2)]
    assert syncs < 400
    history.close()


def test_a_budget_is_kept_by_letting_the_oldest_samples_go(tmp_path: Path) -> None:
    """Their hours stay; today's samples stay; a budget that is too small for those is told and stops history."""
    history = opened(tmp_path)
    for day in (-1, 0):
        tell(history, *((0, NOON + day * DAY_MS + n * 1000, n * 1.37 % 1, GOOD) for n in range(20_000)))
    history.maintain(NOON + 6 * HOUR_MS)
    full = history.status().bytes
    history.close()

    history = opened(tmp_path, budget_bytes=full - 1000)
    history.maintain(NOON + 6 * HOUR_MS)
    left = [len(history.series(NAMES[0], NOON + day * DAY_MS, NOON + (day + 1) * DAY_MS, 10**6)) for day in (-1, 0)]
    hours = history.buckets([NAMES[0]], NOON - DAY_MS, NOON, HOUR_MS)[0].count.sum()
    history.close()
    small = opened(tmp_path, budget_bytes=1000)
    small.maintain(NOON + 6 * HOUR_MS)

    assert (left, hours) == ([0, 20_000], 20_000)
    with pytest.raises(HistoryUnavailable, match=r"more than its budget of 1,000.*set `history_disk_gb` higher"):
        tell(small, *rows_of(0, 1))
    assert len(small.series(NAMES[0], NOON, NOON + DAY_MS, 10**6)) == 20_000
    small.close()


def test_what_waits_is_sorted_when_it_is_over_the_budget_and_the_oldest_of_it_goes(tmp_path: Path) -> None:
    """Seven days of 20,000 samples come at once, long before they would be sorted. The oldest go, the newest stay, more is taken."""
    history = EmbeddedHistory(tmp_path, rules=RULES, budget_bytes=1_000_000, reserve_bytes=0)
    for day in range(-6, 1):
        tell(history, *((0, NOON + day * DAY_MS + n * 1000, n * 1.37 % 1, GOOD) for n in range(20_000)))
    before = history.status()

    history.maintain(NOON + 6 * HOUR_MS)
    left = [len(history.series(NAMES[0], NOON + day * DAY_MS, NOON + (day + 1) * DAY_MS, 10**6)) for day in range(-6, 1)]
    after = history.status()
    tell(history, *rows_of(0, 1))

    assert (before.bytes > 1_000_000, before.waiting, after.error) == (True, 140_000, "")
    assert after.bytes <= 1_000_000
    assert (left, left[0], left[-2:]) == (sorted(left), 0, [20_000, 20_000])
    history.close()


def test_a_second_process_is_refused_and_a_reader_is_not(tmp_path: Path) -> None:
    """A reader sees what there was when it was opened, and can change nothing."""
    history = opened(tmp_path)
    tell(history, *rows_of(0, 4))

    with pytest.raises(HistoryUnavailable, match="is written by another process: stop that"):
        opened(tmp_path)
    reader = EmbeddedHistory(tmp_path, read_only=True)
    assert len(reader.series(NAMES[0], 0, 2 * NOON, 10)) == 2
    with pytest.raises(HistoryUnavailable, match="open for reading only"):
        tell(reader, *rows_of(0, 1))
    reader.maintain(NOON + 99 * DAY_MS)
    reader.close()
    history.close()
    assert isinstance(history.at(NAMES, NOON), ReadingBatch)


def test_a_care_that_fails_is_told_until_it_works_again(quick: Path) -> None:
    """Not until the next sample, which says nothing of it: a file stands where a folder must be."""
    history = EmbeddedHistory(quick / "history", seal_ms=0, reserve_bytes=0)
    history.rebind(FACTS)
    tell(history, *rows_of(0, 4))
    in_the_way = quick / "history" / "raw"
    in_the_way.write_text("a file")
    with pytest.raises(HistoryUnavailable):
        history.maintain(NOON)
    tell(history, *rows_of(4, 4))

    told = history.status().error
    in_the_way.unlink()
    history.maintain(NOON)

    assert "cannot be written: File exists" in told, "the fault must bite"
    assert history.status().error == ""
    history.close()
