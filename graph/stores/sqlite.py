"""The twin in one SQLite file, the default store.

Rules of this file:

1. One transaction a commit: quads, owners, revision and change set together, made durable (`synchronous=FULL`) before it returns.
2. One process writes (`FolderLock`); others may read beside it (`read_only`). Threads of one process take turns.
3. The schema only grows, by numbered migrations; a file of a newer schema is refused, never guessed at.
4. A term, once numbered, keeps its number; terms that no quad uses any more are left out on reading.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from graph.changes import Cause, ChangeSet, Revision
from graph.errors import StaleRevision, StoreUnavailable
from graph.ports import StoredTwin
from graph.stores.folder import STORE_LOCK, FolderLock
from graph.stores.packing import pack, unpack, used_terms
from graph.values import ReadingBatch
from ontology.terms import QuadBlock

TWIN_FILE = "twin.sqlite"
BUSY_MS = 5000

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE terms (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE)",
        "CREATE TABLE quads (s INTEGER NOT NULL, p INTEGER NOT NULL, o INTEGER NOT NULL, g INTEGER NOT NULL, "
        "PRIMARY KEY (s, p, o, g)) WITHOUT ROWID",
        "CREATE TABLE graphs (graph TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE revisions (number INTEGER PRIMARY KEY, author TEXT NOT NULL, source TEXT NOT NULL, at TEXT NOT NULL, "
        "reason TEXT NOT NULL, added INTEGER NOT NULL, removed INTEGER NOT NULL, change BLOB NOT NULL)",
        "CREATE TABLE point_values (point INTEGER PRIMARY KEY, value REAL, observed_at INTEGER NOT NULL, "
        "received_at INTEGER NOT NULL, quality INTEGER NOT NULL)",
    ),
)
"""Migration n (from 1) brings a file from schema n-1 to schema n."""

_WRITE_VALUE = """
INSERT INTO point_values (point, value, observed_at, received_at, quality)
SELECT id, ?, ?, ?, ? FROM terms WHERE key = ? AND EXISTS (SELECT 1 FROM quads WHERE s = id)
ON CONFLICT (point) DO UPDATE SET value = coalesce(excluded.value, value),
  observed_at = excluded.observed_at, received_at = excluded.received_at, quality = excluded.quality
"""
_READ_REVISIONS = "SELECT number, author, source, at, reason, added, removed FROM revisions"


class SqliteStore:
    """A `TwinStore` on `twin.sqlite` in the data folder.

    Raises `StoreUnavailable` when the folder or the file cannot be used; the text says why and what to do. With `read_only`
    nothing is written, no lock is taken, and the file must exist.
    """

    def __init__(self, folder: Path, *, read_only: bool = False, purpose: str = "ridethrough") -> None:
        self._path = folder / TWIN_FILE
        self._mutex = RLock()
        self._folder_lock = None if read_only else FolderLock(folder, purpose, STORE_LOCK)
        try:
            with self._errors():
                self._db = open_database(self._path, read_only=read_only)
                migrate(self._db, MIGRATIONS, read_only=read_only)
        except StoreUnavailable:
            if self._folder_lock is not None:
                self._folder_lock.release()
            raise

    # -- the port -------------------------------------------------------------------------------------------------

    def load(self) -> StoredTwin:
        """See `TwinStore.load`. Cost: linear; about a second for a million quads."""
        with self._errors(), self._mutex, self._transaction("BEGIN"):
            newest = self._db.execute(_READ_REVISIONS + " ORDER BY number DESC LIMIT 1").fetchone()
            owners = dict(self._db.execute("SELECT graph, owner FROM graphs ORDER BY graph"))
            rows = np.array(self._db.execute("SELECT s, p, o, g FROM quads").fetchall(), dtype=np.int64).reshape(-1, 4)
            numbers, places = np.unique(rows, return_inverse=True)
            wanted = set(numbers.tolist())
            terms = [key for number, key in self._db.execute("SELECT id, key FROM terms ORDER BY id") if number in wanted]
        block = QuadBlock(terms, places.reshape(-1, 4).astype(np.int32))
        return StoredTwin(None if newest is None else _revision(newest), block, owners)

    def commit(self, change: ChangeSet, cause: Cause, *, expected: int) -> Revision:
        """See `TwinStore.commit`. Cost: some 5 us a quad."""
        revision = Revision(expected + 1, cause, len(change.added), len(change.removed))
        packed = pack(change)
        with self._errors(), self._mutex, self._transaction("BEGIN IMMEDIATE"):
            (newest,) = self._db.execute("SELECT coalesce(max(number), 0) FROM revisions").fetchone()
            if newest != expected:
                raise StaleRevision(
                    f"the change was made against revision {expected}, but the newest is {newest}: read again and repeat it"
                )
            self._remove(change.removed)
            self._add(change.added)
            self._db.executemany(
                "INSERT INTO graphs VALUES (?, ?) ON CONFLICT (graph) DO UPDATE SET owner = excluded.owner", sorted(change.graphs.items())
            )
            at = cause.at.astimezone(UTC).isoformat()
            row = (revision.number, cause.author, cause.source, at, cause.reason, revision.added, revision.removed, packed)
            self._db.execute("INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            if len(change.removed):
                self._db.execute("DELETE FROM point_values WHERE NOT EXISTS (SELECT 1 FROM quads WHERE s = point)")
        return revision

    def revisions(self, since: int = 0) -> Sequence[Revision]:
        """See `TwinStore.revisions`."""
        with self._errors(), self._mutex:
            return [_revision(row) for row in self._db.execute(_READ_REVISIONS + " WHERE number > ? ORDER BY number", (since,))]

    def change(self, number: int) -> ChangeSet:
        """See `TwinStore.change`."""
        with self._errors(), self._mutex:
            row = self._db.execute("SELECT change FROM revisions WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise KeyError(f"no revision {number} in {self._path}")
        return unpack(row[0])

    def write_values(self, batch: ReadingBatch) -> None:
        """See `TwinStore.write_values`. A `nan` keeps the number that stood before. Cost: some 5 us a row."""
        columns = (batch.values.tolist(), batch.observed_at.tolist(), batch.received_at.tolist(), batch.quality.tolist(), batch.points)
        with self._errors(), self._mutex, self._transaction("BEGIN IMMEDIATE"):
            self._db.executemany(_WRITE_VALUE, zip(*columns, strict=True))

    def values(self) -> ReadingBatch:
        """See `TwinStore.values`; in order of the points' IRIs."""
        with self._errors(), self._mutex:
            rows = self._db.execute(
                "SELECT key, value, observed_at, received_at, quality FROM point_values JOIN terms ON id = point ORDER BY key"
            ).fetchall()
        return ReadingBatch.of([(key, np.nan if value is None else value, *rest) for key, value, *rest in rows])

    def close(self) -> None:
        """See `TwinStore.close`."""
        with self._mutex:
            self._db.close()
            if self._folder_lock is not None:
                self._folder_lock.release()

    # -- quads ----------------------------------------------------------------------------------------------------

    def _add(self, block: QuadBlock) -> None:
        terms, quads = used_terms(block)
        numbers = self._numbers(terms)
        new = np.flatnonzero(numbers == 0)
        (last,) = self._db.execute("SELECT coalesce(max(id), 0) FROM terms").fetchone()
        numbers[new] = np.arange(last + 1, last + 1 + len(new))
        self._db.executemany("INSERT INTO terms VALUES (?, ?)", ((int(numbers[n]), terms[n]) for n in new.tolist()))
        rows = numbers[quads]
        rows = rows[np.lexsort((rows[:, 3], rows[:, 2], rows[:, 1], rows[:, 0]))]
        self._db.executemany("INSERT OR IGNORE INTO quads VALUES (?, ?, ?, ?)", rows.tolist())

    def _remove(self, block: QuadBlock) -> None:
        terms, quads = used_terms(block)
        rows = self._numbers(terms)[quads]
        known = rows[(rows != 0).all(axis=1)]
        self._db.executemany("DELETE FROM quads WHERE s = ? AND p = ? AND o = ? AND g = ?", known.tolist())

    def _numbers(self, terms: Sequence[str]) -> NDArray[np.int64]:
        """The numbers of the terms, 0 for each that the file does not have."""
        numbers = np.zeros(len(terms), dtype=np.int64)
        if self._db.execute("SELECT 1 FROM terms LIMIT 1").fetchone() is None:
            return numbers
        for place, term in enumerate(terms):
            row = self._db.execute("SELECT id FROM terms WHERE key = ?", (term,)).fetchone()
            if row is not None:
                numbers[place] = row[0]
        return numbers

    # -- transactions and errors ----------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self._db.execute(begin)
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with sqlite_errors(self._path):
            yield


# -- shared with the journal --------------------------------------------------------------------------------------


def open_database(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """A connection in autocommit mode with a write-ahead log, for use by one thread at a time. Call inside `sqlite_errors`."""
    if read_only and not path.exists():
        raise StoreUnavailable(
            f"there is no twin in {path.parent}: load a model first with `ridethrough load FILE`, or give the folder with --data"
        )
    mode = "ro" if read_only else "rwc"
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False)
    db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    if not read_only:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
    return db


def migrate(db: sqlite3.Connection, migrations: Sequence[Sequence[str]], *, read_only: bool) -> None:
    """Bring the file to the newest schema, one transaction a step. Raises `StoreUnavailable` for a schema that is newer than ours."""
    known = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchone() is not None
    version = db.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()[0] if known else 0
    path = db.execute("PRAGMA database_list").fetchone()[2]
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
        db.execute("BEGIN IMMEDIATE")
        db.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)")
        for statement in migrations[number - 1]:
            db.execute(statement)
        db.execute("INSERT INTO schema_version VALUES (?, datetime('now'))", (number,))
        db.execute("COMMIT")


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn the database's errors into `StoreUnavailable`, with the path and the next step."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        if "not a database" in text or "malformed" in text:
            remedy = "move the file away and restore a backup, or give another folder with --data"
        elif "locked" in text:
            remedy = f"another process has held it for {BUSY_MS / 1000:g} s; stop that process"
        elif "full" in text:
            remedy = "free some space on that disk"
        elif "closed" in text:
            remedy = "the store was closed; open it again"
        else:
            remedy = "make the folder and the file writable for this user, or give another folder with --data"
        raise StoreUnavailable(f"{path} cannot be used ({text}): {remedy}") from error


def _revision(row: tuple[int, str, str, str, str, int, int]) -> Revision:
    number, author, source, at, reason, added, removed = row
    return Revision(number, Cause(author, source, datetime.fromisoformat(at), reason), added, removed)
