"""The command journal: every step in order, kept when the process is killed, never changed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graph.commands import Command, CommandEvent, CommandState
from graph.errors import StoreUnavailable
from graph.ports import Journal
from graph.stores.journal import JOURNAL_FILE, SqliteJournal
from graph.stores.memory import MemoryJournal

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, UTC)
COMMAND = Command("c-1", "key-1", "urn:p:setpoint", 21.5, "ada", "wärmer", NOON)

WRITER = """
import sys
from pathlib import Path
from graph.commands import CommandEvent, CommandState
from graph.stores.journal import SqliteJournal
from tests.contract.test_journal import COMMAND, NOON
journal = SqliteJournal(Path(sys.argv[1]))
for number in range(10_000):
    journal.append(CommandEvent(COMMAND, CommandState.REQUESTED, NOON, str(number)))
    print(number, flush=True)
"""


def steps() -> list[CommandEvent]:
    """A life of one command."""
    states = [CommandState.REQUESTED, CommandState.DISPATCHED, CommandState.ACKNOWLEDGED, CommandState.TIMED_OUT]
    return [CommandEvent(COMMAND, state, NOON, f"step {number}") for number, state in enumerate(states)]


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_steps_come_back_in_the_order_they_were_written(kind: str, tmp_path: Path) -> None:
    """Whole: the command, its state, instants to the microsecond, the detail."""
    journal: Journal = MemoryJournal() if kind == "memory" else SqliteJournal(tmp_path)

    for step in steps():
        journal.append(step)

    assert list(journal.events()) == steps()
    if isinstance(journal, SqliteJournal):
        journal.close()
        journal.close()
        again = SqliteJournal(tmp_path)
        assert list(again.events()) == steps()
        again.close()


def test_a_killed_process_has_lost_no_step_that_it_was_answered(tmp_path: Path) -> None:
    """Every number that the child printed is there, in order, and at most one more."""
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout is not None
    first = [child.stdout.readline() for _ in range(20)]
    child.send_signal(signal.SIGKILL)
    printed = [*first, *child.communicate()[0].splitlines()]

    journal = SqliteJournal(tmp_path)
    kept = [int(step.detail) for step in journal.events()]
    journal.close()

    assert kept == list(range(len(kept)))
    assert len(kept) - len([line for line in printed if line.strip()]) in (0, 1)


def test_a_step_can_neither_be_changed_nor_taken_away(tmp_path: Path) -> None:
    """The file itself refuses, whoever asks."""
    journal = SqliteJournal(tmp_path)
    journal.append(steps()[0])
    journal.close()
    db = sqlite3.connect(tmp_path / JOURNAL_FILE)

    for statement in ("DELETE FROM steps", "UPDATE steps SET value = 0"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(statement)
    db.close()


def test_a_step_that_cannot_be_kept_is_an_error(tmp_path: Path) -> None:
    """So that nothing is sent."""
    journal = SqliteJournal(tmp_path)
    journal.close()

    with pytest.raises(StoreUnavailable, match="closed"):
        journal.append(steps()[0])
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match=r"file cannot be written .* --data"):
        SqliteJournal(tmp_path / "file")
