"""The history in PostgreSQL when the server is killed, does not answer, or the service is killed at a named step."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from adapters.history.keeping import Keeping, Rules
from adapters.history.postgres import PostgresHistory
from graph import steps
from graph.history import DAY_MS, HOUR_MS, HistoryUnavailable
from graph.values import Quality
from tests.contract.test_history import compare
from tests.faults.test_crash import in_child
from tests.faults.test_history_faults import LIFE, NOON, do, rows_of
from tests.support.histories import FACTS, NAMES, tell
from tests.support.history_reference import HistoryReference
from tests.support.postgres import Postgres, served

GOOD = Quality.GOOD


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of its own, to be killed."""
    with served() as server:
        yield server


def opened(url: str) -> PostgresHistory:
    history = PostgresHistory(url, rules=Rules(default=Keeping("default", 2, 20, 3660)), append_s=2.0)
    history.rebind(FACTS)
    return history


def live(url: str, done: Path) -> None:
    history = opened(url)
    for act in LIFE:
        do(history, act)
        with done.open("a", encoding="utf-8") as file:
            file.write("done\n")
    history.close()


def test_a_kill_at_any_named_step_loses_nothing_and_doubles_nothing(server: Postgres, tmp_path: Path) -> None:
    """When what was not acknowledged is said again, everything is as if nothing had happened."""
    live(server.emptied(), tmp_path / "warm")
    steps = in_child(lambda: live(url, tmp_path / "whole"), -1) if (url := server.emptied()) else []

    for number in range(0, len(steps), 3):  # each act comes several times
        url, done = server.emptied(), tmp_path / str(number)
        in_child(lambda: live(url, done), number)  # noqa: B023 - it is called at once
        acts = len(done.read_text(encoding="utf-8").splitlines()) if done.exists() else 0
        expected, history = HistoryReference((2, 20, 3660)), opened(url)
        expected.rebind(FACTS)
        for at, act in enumerate(LIFE):
            do(expected, act)
            if at >= acts:
                do(history, act)
        compare(expected, history, NOON + 5000)
        history.close()

    assert {"history.append.copied", "history.roll.written", "history.dropped"} <= set(steps)


def test_a_server_that_is_killed_or_frozen_is_told_and_used_again_when_it_is_back(server: Postgres) -> None:
    """Within seconds, with what to look at; what was acknowledged is there, and nothing needs a restart."""
    history = opened(server.emptied())
    tell(history, *rows_of(0, 4))
    server.kill()

    with pytest.raises(HistoryUnavailable, match=r"does not answer as it should: .*; see whether it runs"):
        tell(history, *rows_of(4, 4))
    told = history.status().error
    server.start()
    tell(history, *rows_of(4, 4))
    begun = time.monotonic()
    with server.frozen(), pytest.raises(HistoryUnavailable, match="it is tried again by itself"):
        tell(history, *rows_of(8, 4))
    waited_s = time.monotonic() - begun
    tell(history, *rows_of(8, 4))
    history.maintain(NOON + DAY_MS)

    assert "see whether it runs" in told
    assert waited_s < 15
    assert history.status().error == ""
    assert [len(history.series(name, 0, 2 * NOON, 99)) for name in NAMES[:2]] == [6, 6]
    history.close()


def test_what_comes_while_a_day_is_let_go_is_in_its_hours(server: Postgres) -> None:
    """Samples of a day whose time is over, each said when the day has just been rolled up and its samples are about to go."""
    history, count = opened(server.emptied()), 0

    def says(step: str) -> None:
        nonlocal count
        if step == "history.roll.done" and count < 3:
            count += 1
            tell(history, (0, NOON + count, 1.0, GOOD))

    tell(history, (0, NOON, 1.0, GOOD))
    steps.watch(says)
    try:
        for _ in range(3):
            history.maintain(NOON + 8 * DAY_MS)
    finally:
        steps.watch(None)

    assert count == 3, "the fault must bite"
    assert history.buckets(NAMES[:1], NOON, NOON + HOUR_MS, HOUR_MS)[0].count.sum() == 4
    assert len(history.series(NAMES[0], 0, 2 * NOON, 99)) == 0
    history.close()


def test_samples_of_days_that_are_over_are_taken_while_they_are_let_go_again_and_again(server: Postgres) -> None:
    """Each is taken, whatever table has just gone, and counted once."""
    history, count, refused = opened(server.emptied()), 150, list[HistoryUnavailable]()

    def speak() -> None:
        try:
            for number in range(count):
                tell(history, *((0, NOON - day * DAY_MS + number, 1.0, GOOD) for day in range(10)))
        except HistoryUnavailable as error:
            refused.append(error)

    speaking, rounds = Thread(target=speak), 0
    speaking.start()
    while speaking.is_alive():
        history.maintain(NOON + 8 * DAY_MS)
        rounds += 1
    speaking.join()
    history.maintain(NOON + 8 * DAY_MS)

    assert refused == []
    assert rounds > 3, "the fault must bite"
    for day in range(10):
        at = NOON - day * DAY_MS
        assert history.buckets(NAMES[:1], at, at + HOUR_MS, HOUR_MS)[0].count.sum() == count
    history.close()
