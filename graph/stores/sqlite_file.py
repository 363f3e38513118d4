"""A SQLite file of ours: opened, brought to the newest schema step by step, its errors told with the next step."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from graph.errors import StoreUnavailable
from graph.steps import reached

BUSY_MS = 5000
CACHE_KIB = 65_536
WAL_BYTES_MAX = 64_000_000
"""What the write-ahead log shrinks to again after a large commit."""
HEADER = b"SQLite format 3\0"
INSTEAD = "move the file away and restore a backup, or give another folder with --data"

Migration = Sequence[str | Callable[[sqlite3.Connection], None]]
"""Statements, and acts on the data, that bring a file from one schema to the next."""


def open_database(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """A connection in autocommit mode with a write-ahead log, for use by one thread at a time. Call inside `sqlite_errors`. Raises
    `StoreUnavailable` for a file that is no database, which SQLite itself takes for a new one when it is empty."""
    if path.exists():
        _refuse_stranger(path)
    elif read_only:
        raise StoreUnavailable(
            f"there is no twin in {path.parent}: load a model first with `ridethrough load FILE`, or give the folder with --data"
        )
    mode = "ro" if read_only else "rwc"
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False)
    db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    if not read_only:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA journal_size_limit = {WAL_BYTES_MAX}")
    return db


def _refuse_stranger(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(len(HEADER))
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be read ({error.strerror}): make it readable and writable for this user") from error
    if head != HEADER:
        raise StoreUnavailable(f"{path} is not a database ({'it has lost its first bytes' if head else 'it has 0 bytes'}): {INSTEAD}")


def check(db: sqlite3.Connection, path: Path) -> None:
    """Have every page of the file looked at. Raises `StoreUnavailable` for a damaged one. Cost: all of it is read."""
    found = [text for (text,) in db.execute("PRAGMA quick_check(1)")]
    if found != ["ok"]:
        raise StoreUnavailable(f"{path} is damaged ({' '.join(found[0].split())}): {INSTEAD}")


def migrate(db: sqlite3.Connection, migrations: Sequence[Migration], *, read_only: bool) -> None:
    """Bring the file to the newest schema, one transaction a step: migration n (from 1) brings a file from schema n-1 to schema n.
    Raises `StoreUnavailable` for a schema that is newer than ours, or older where nothing may be written."""
    known = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchone() is not None
    version = db.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()[0] if known else 0
    path = db.execute("PRAGMA database_list").fetchone()[2]
    if not known and db.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
        raise StoreUnavailable(f"{path} is another program's database: {INSTEAD}")
    if version > len(migrations):
        raise StoreUnavailable(
            f"{path} has schema {version}, this program knows up to {len(migrations)}: "
            "use the newer program that wrote it, or give another folder with --data"
        )
    if read_only:
        if version < len(migrations):
            raise StoreUnavailable(
                f"{path} has the older schema {version}, not {len(migrations)}: open it once with a verb that writes, such as load"
            )
        return
    for number in range(version + 1, len(migrations) + 1):
        reached(f"migration.{number}.begun")
        with transaction(db, "BEGIN IMMEDIATE"):
            db.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)")
            for act in migrations[number - 1]:
                if isinstance(act, str):
                    db.execute(act)
                else:
                    act(db)
            db.execute("INSERT INTO schema_version VALUES (?, datetime('now'))", (number,))
            reached(f"migration.{number}.written")
        reached(f"migration.{number}.done")


@contextmanager
def transaction(db: sqlite3.Connection, begin: str) -> Iterator[None]:
    """All of it or nothing; `begin` is how SQLite is told."""
    db.execute(begin)
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn the database's errors into `StoreUnavailable`, with the path and the next step."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        if "not a database" in text or "malformed" in text:
            remedy = INSTEAD
        elif "locked" in text:
            remedy = f"another process has held it for {BUSY_MS / 1000:g} s; stop that process"
        elif "full" in text:
            remedy = "free some space on that disk"
        elif "closed" in text:
            remedy = "the store was closed; open it again"
        else:
            remedy = "make the folder and the file writable for this user, or give another folder with --data"
        raise StoreUnavailable(f"{path} cannot be used ({text}): {remedy}") from error
