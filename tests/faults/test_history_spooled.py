"""Samples that a database cannot take wait on the disk of who takes them in, and are in the database once when it is back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest

from adapters.history.postgres import PostgresHistory
from adapters.history.rows import Rows
from adapters.history.spooled import SpooledHistory
from graph.history import DAY_MS, HistoryUnavailable
from tests.faults.test_crash import in_child
from tests.faults.test_history_faults import NOON, rows_of
from tests.support.histories import FACTS, NAMES, tell
from tests.support.postgres import Postgres, served

AT_ONCE = 4


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of its own, to be killed."""
    with served() as server:
        yield server


def opened(url: str, folder: Path, waiting_max: int = 1_000) -> SpooledHistory:
    history = SpooledHistory(PostgresHistory(url, append_s=2.0), folder, waiting_max)
    history.rebind(FACTS)
    return history


def kept(history: SpooledHistory) -> list[int]:
    return [len(history.series(name, 0, 2 * NOON, 99)) for name in NAMES[:2]]


def test_what_comes_while_the_server_is_away_is_in_it_afterwards(server: Postgres, tmp_path: Path) -> None:
    """Also when the service is started anew meanwhile, and each sample once, whatever was said twice."""
    history = opened(url := server.emptied(), tmp_path)
    tell(history, *rows_of(0, 4))
    server.kill()
    tell(history, *rows_of(4, 4))
    tell(history, *rows_of(4, 4))
    told = history.status()
    history.close()
    history = opened(url, tmp_path)
    tell(history, *rows_of(8, 4))
    with pytest.raises(HistoryUnavailable, match="see whether it runs"):
        history.maintain(NOON)
    waiting = history.status().waiting
    server.start()
    history.maintain(NOON)

    assert (told.waiting, waiting) == (8, 12), "the fault must bite"
    assert "8 samples wait for it" in told.error
    assert (history.status().waiting, history.status().error) == (0, "")
    assert kept(history) == [6, 6]
    history.close()


def test_a_server_that_hangs_is_waited_for_once(server: Postgres, tmp_path: Path) -> None:
    """By who takes in; what comes afterwards goes to the disk at once, and all of it is there when the server goes on."""
    history = opened(server.emptied(), tmp_path)
    tell(history, *rows_of(0, 4))
    with server.frozen():
        took_s = []
        for number in (4, 8):
            begun = time.monotonic()
            tell(history, *rows_of(number, 4))
            took_s.append(time.monotonic() - begun)
    history.maintain(NOON)

    assert took_s[0] > 1.0, "the fault must bite"
    assert took_s[1] < took_s[0]
    assert kept(history) == [6, 6]
    history.close()


def test_a_kill_at_any_step_of_handing_over_loses_nothing_and_doubles_nothing(server: Postgres, tmp_path: Path) -> None:
    """What is handed over and not yet let go of is handed over again."""
    url = server.emptied()

    def wait_for(folder: Path) -> None:
        history = opened("postgresql://nobody@127.0.0.1:1/none", folder)
        tell(history, *rows_of(0, 12))
        history.close()

    def hands_over(folder: Path) -> None:
        history = opened(url, folder)
        history.maintain(NOON)
        history.close()

    wait_for(tmp_path / "whole")
    steps = in_child(lambda: hands_over(tmp_path / "whole"), -1)
    for number in range(len(steps)):
        url, folder = server.emptied(), tmp_path / str(number)
        wait_for(folder)
        in_child(lambda: hands_over(folder), number)  # noqa: B023 - it is called at once
        history = opened(url, folder)
        history.maintain(NOON)
        assert kept(history) == [6, 6], steps[number]
        history.close()

    assert "history.append.copied" in steps


def test_there_is_a_bound_to_what_waits(server: Postgres, tmp_path: Path) -> None:
    """Beyond it a sample is refused, with where the others wait; those are handed over all the same."""
    history = opened(server.emptied(), tmp_path, waiting_max=6)
    server.kill()
    tell(history, *rows_of(0, 4))

    with pytest.raises(HistoryUnavailable, match=r"4 samples wait in .*, which is all that may"):
        tell(history, *rows_of(4, 4))
    server.start()
    history.maintain(NOON + DAY_MS)

    assert kept(history) == [2, 2]
    history.close()


class Refusing(PostgresHistory):
    """One whose first commit fails by a fault of its own, when as many wait as are told."""

    refused = False

    def _write(self, rows: Rows, limit_s: float) -> None:
        if len(rows) == AT_ONCE and not self.refused:
            self.refused = True
            raise ValueError("a fault")
        super()._write(rows, limit_s)


def test_nobody_is_told_that_rows_are_durable_which_a_fault_kept_out(server: Postgres) -> None:
    """Several wait for one commit: it fails for all of them, by whatever."""
    history, together, refused = Refusing(server.emptied()), Barrier(AT_ONCE + 1), list[BaseException]()
    history.rebind(FACTS)
    tell(history, *rows_of(0, 1))

    def says(number: int) -> None:
        together.wait()
        try:
            tell(history, *rows_of(number, 1))
        except ValueError as error:
            refused.append(error)

    threads = [Thread(target=says, args=(number,)) for number in range(1, AT_ONCE + 1)]
    for thread in threads:
        thread.start()
    with history._writing:  # all of them wait for one commit
        together.wait()
        while len(history._pending) < AT_ONCE:
            pass
    for thread in threads:
        thread.join()

    assert len(refused) == AT_ONCE
    assert sum(len(history.series(name, 0, 2 * NOON, 99)) for name in NAMES) == 1
    history.close()
