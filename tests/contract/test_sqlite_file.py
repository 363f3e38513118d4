"""The SQLite store's own promises: it is written by one process, its file keeps its size, and it says what is wrong with its folder."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from graph.changes import Cause, ChangeSet
from graph.errors import StoreUnavailable
from graph.stores.sqlite import TWIN_FILE, SqliteStore
from graph.values import Quality, ReadingBatch
from ontology.terms import KeyQuad, QuadBlock

ROOT = Path(__file__).parents[2]
CAUSE = Cause("ada", "test", datetime(2026, 3, 1, tzinfo=UTC), "")
QUADS_A_COMMIT = 3_000

WRITER = """
import sys
from pathlib import Path
from graph.stores.sqlite import SqliteStore
from tests.contract.test_sqlite_file import CAUSE, batch_of
store = SqliteStore(Path(sys.argv[1]), purpose="the writer of a test")
number = 0 if (newest := store.load().revision) is None else newest.number
print("open", flush=True)
while True:
    store.commit(batch_of(number), CAUSE, expected=number)
    number += 1
    print(number, flush=True)
"""


def quads_of(number: int) -> list[KeyQuad]:
    """What the change after revision `number` adds."""
    return [(f"urn:{number}:{n}", "urn:p", f'"{n}"', "urn:g") for n in range(QUADS_A_COMMIT)]


def batch_of(number: int) -> ChangeSet:
    """The change after revision `number`: adds its own quads and takes away those of two changes before."""
    gone = quads_of(number - 2) if number >= 2 else []
    return ChangeSet(QuadBlock.of(quads_of(number)), QuadBlock.of(gone))


def writer(folder: Path) -> subprocess.Popen[str]:
    """A process that commits one change after the other, and prints the number of each when it is durable."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def test_a_second_process_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    """By process id and purpose, with what to do; reading beside the writer is allowed; when it has ended the folder is free."""
    process = writer(tmp_path)

    with pytest.raises(StoreUnavailable, match=rf"{tmp_path} is in use by process {process.pid} \(the writer of a test\): stop .* --data"):
        SqliteStore(tmp_path)
    beside = SqliteStore(tmp_path, read_only=True)
    seen = beside.load()
    beside.close()
    process.kill()
    process.communicate()
    SqliteStore(tmp_path).close()

    newest = seen.revision.number if seen.revision else 0
    assert len(seen.quads) == QUADS_A_COMMIT * min(newest, 2)


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    """Neither the graph nor a value."""
    SqliteStore(tmp_path).close()
    reader = SqliteStore(tmp_path, read_only=True)

    with pytest.raises(StoreUnavailable, match="readonly"):
        reader.commit(batch_of(0), CAUSE, expected=0)
    with pytest.raises(StoreUnavailable, match="readonly"):
        reader.write_values(ReadingBatch.of([("urn:p", 1.0, 1, 2, Quality.GOOD)]))
    reader.close()


def test_reading_where_nothing_was_loaded_says_so(tmp_path: Path) -> None:
    """And makes no file."""
    with pytest.raises(StoreUnavailable, match=rf"no twin in {tmp_path}: load a model first"):
        SqliteStore(tmp_path, read_only=True)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_or_written_is_named(tmp_path: Path) -> None:
    """A file where the folder should be; and a folder without the right to write, for users who are bound by rights."""
    (tmp_path / "file").write_text("")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)

    with pytest.raises(StoreUnavailable, match=rf"data folder {tmp_path}/file cannot be written .* --data"):
        SqliteStore(tmp_path / "file")
    if os.geteuid() != 0:
        with pytest.raises(StoreUnavailable, match=rf"data folder {locked} cannot be written \(Permission denied\)"):
            SqliteStore(locked)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """The text says what to do; the folder is free again afterwards."""
    content = b"this is no database" * 100
    (tmp_path / TWIN_FILE).write_bytes(content)

    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=r"not a database.*backup"):
            SqliteStore(tmp_path)

    assert (tmp_path / TWIN_FILE).read_bytes() == content


def test_a_file_of_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """An older program never guesses at it, for writing or for reading."""
    SqliteStore(tmp_path).close()
    with sqlite3.connect(tmp_path / TWIN_FILE) as db:
        db.execute("INSERT INTO schema_version VALUES (99, '2030-01-01')")
    db.close()

    for read_only in (False, True):
        with pytest.raises(StoreUnavailable, match=r"schema 99.*newer program"):
            SqliteStore(tmp_path, read_only=read_only)


def test_a_closed_store_says_that_it_is_closed(tmp_path: Path) -> None:
    """Not an error of the driver."""
    store = SqliteStore(tmp_path)
    store.close()

    with pytest.raises(StoreUnavailable, match="closed"):
        store.load()


def steps_of_a_change(folder: Path, subjects: int) -> int:
    """How many steps of SQLite's own machine a change takes that adds, changes and removes a fact, in a file of that many subjects."""
    facts = [(f"urn:n:{n}", "urn:p", f'"{n}"', "urn:g") for n in range(subjects)]
    store = SqliteStore(folder)
    store.commit(ChangeSet(QuadBlock.of(facts), QuadBlock.empty()), CAUSE, expected=0)
    store.write_values(ReadingBatch.of([(fact[0], 1.0, 1, 2, Quality.GOOD) for fact in facts]))
    change = ChangeSet(
        QuadBlock.of([("urn:new", "urn:p", '"new"', "urn:g"), ("urn:n:1", "urn:p", '"other"', "urn:g")]), QuadBlock.of(facts[1:3])
    )
    steps = count()
    store._db.set_progress_handler(lambda: next(steps) < 0, 1)
    store.commit(change, CAUSE, expected=1)
    store._db.set_progress_handler(None, 0)
    assert len(store.values()) == subjects - 1
    store.close()
    return next(steps)


def test_the_cost_of_a_change_does_not_follow_the_file(tmp_path: Path) -> None:
    """In a file a hundred times as large it takes the same steps, values of removed points included."""
    small, large = steps_of_a_change(tmp_path / "small", 50), steps_of_a_change(tmp_path / "large", 5_000)

    assert large <= small * 1.1


@pytest.mark.parametrize("content", [b"", b"\0" * 8192])
def test_a_file_that_has_lost_its_content_is_not_taken_for_a_new_twin(content: bytes, tmp_path: Path) -> None:
    """Neither to read nor to write; it stays as it is, for whoever can still save something."""
    (tmp_path / TWIN_FILE).write_bytes(content)

    for read_only in (False, True):
        with pytest.raises(StoreUnavailable, match=r"twin\.sqlite is not a database .*: move the file away and restore a backup"):
            SqliteStore(tmp_path, read_only=read_only)

    assert (tmp_path / TWIN_FILE).read_bytes() == content


def test_another_program_s_database_is_left_alone(tmp_path: Path) -> None:
    """It gets no tables of ours."""
    with sqlite3.connect(tmp_path / TWIN_FILE) as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()

    with pytest.raises(StoreUnavailable, match=r"another program's database: move the file away"):
        SqliteStore(tmp_path)


def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    """Half of the file overwritten with nonsense, its header whole; the text says what to do. A whole file passes."""
    store = SqliteStore(tmp_path)
    store.commit(batch_of(0), CAUSE, expected=0)
    store.check()
    store.close()
    content = (tmp_path / TWIN_FILE).read_bytes()
    half = len(content) // 8192 * 4096
    (tmp_path / TWIN_FILE).write_bytes(content[:half] + b"\x55" * (len(content) - half))
    damaged = SqliteStore(tmp_path, read_only=True)

    with pytest.raises(StoreUnavailable, match=r"twin\.sqlite .*: move the file away and restore a backup"):
        damaged.check()
    damaged.close()
