"""The twin in one SQLite file, the default store.

Rules of this file:

1. One transaction a commit: quads, owners, revision and change set together, made durable (`synchronous=FULL`) before it returns.
2. One process writes (`FolderLock`); others may read beside it (`read_only`). Threads of one process take turns.
3. The schema only grows, by numbered migrations; a file of a newer schema is refused, never guessed at.
4. A term, once numbered, keeps its number; terms that no quad uses any more are left out on reading.
5. A commit reads and writes the rows of the subjects that it speaks of, and no others: its cost does not follow the file's size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import compress
from pathlib import Path
from threading import RLock

import numpy as np

from graph.changes import Branch, Cause, ChangeSet, Revision
from graph.errors import BranchExists, StaleRevision
from graph.fold import drift_between, fold, history
from graph.packing import pack, unpack, used_terms
from graph.ports import Progress, StoredTwin
from graph.steps import reached
from graph.stores.folder import STORE_LOCK, FolderLock
from graph.stores.sqlite_file import check, migrate, open_database, sqlite_errors, transaction
from graph.stores.sqlite_schema import COLUMNS, MIGRATIONS, ROW, ROW_BYTES, subject_rows
from graph.values import ReadingBatch
from ontology.terms import Ids, QuadBlock

TWIN_FILE = "twin.sqlite"
SUBJECTS_A_PAGE = 20_000

_WRITE_VALUE = """
INSERT INTO point_values (point, value, observed_at, received_at, quality, reason)
SELECT id, ?, ?, ?, ?, ? FROM terms WHERE key = ? AND EXISTS (SELECT 1 FROM subjects WHERE s = id)
ON CONFLICT (point) DO UPDATE SET value = coalesce(excluded.value, value),
  observed_at = excluded.observed_at, received_at = excluded.received_at, quality = excluded.quality, reason = excluded.reason
"""
_READ_REVISIONS = "SELECT number, author, source, at, reason, key, added, removed FROM revisions WHERE branch = ?"
_READ_BRANCHES = "SELECT name, base, author, source, at, reason, key FROM branches ORDER BY name"
_OWN = "INSERT INTO graphs VALUES (?, ?, NULL) ON CONFLICT (graph) DO UPDATE SET owner = excluded.owner"
_CHANGED = "INSERT INTO graphs VALUES (?, NULL, ?) ON CONFLICT (graph) DO UPDATE SET changed = excluded.changed"


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
            with sqlite_errors(self._path):
                self._db = open_database(self._path, read_only=read_only)
                migrate(self._db, MIGRATIONS, read_only=read_only)
        except BaseException:
            if self._folder_lock is not None:
                self._folder_lock.release()
            raise

    # -- reading --------------------------------------------------------------------------------------------------

    def load(self, progress: Progress | None = None) -> StoredTwin:
        """See `TwinStore.load`. Cost: linear; about a second for a million quads."""
        with self._transaction("BEGIN"):
            newest = self._db.execute(_READ_REVISIONS + " ORDER BY number DESC LIMIT 1", ("",)).fetchone()
            graphs = self._db.execute("SELECT graph, owner, changed FROM graphs ORDER BY graph").fetchall()
            block, since = self._quads(progress)
        owners = {graph: owner for graph, owner, _ in graphs if owner is not None}
        changed = {graph: number for graph, _, number in graphs if number is not None}
        return StoredTwin(None if newest is None else _revision(newest), block, owners, since, changed)

    def _quads(self, progress: Progress | None) -> tuple[QuadBlock, Ids]:
        """All quads over the terms that they use, and the revision that said each. Holds one page of packed rows beside them."""
        (size,) = self._db.execute("SELECT coalesce(sum(length(quads)), 0) FROM subjects").fetchone()
        count = size // ROW_BYTES
        quads, since = np.empty((count, 4), dtype=np.int32), np.empty(count, dtype=np.int32)
        cursor, at = self._db.execute("SELECT s, quads FROM subjects ORDER BY s"), 0
        while page := cursor.fetchmany(SUBJECTS_A_PAGE):
            rows = _unpacked(page)
            quads[at : at + len(rows)] = rows[:, :4]
            since[at : at + len(rows)] = rows[:, 4]
            at += len(rows)
            if progress is not None:
                progress("quads read", at, count)
        (last,) = self._db.execute("SELECT coalesce(max(id), 0) FROM terms").fetchone()
        used = np.zeros(last + 1, dtype=np.bool_)
        for column in range(4):
            used[quads[:, column]] = True
        keys = (key for (key,) in self._db.execute("SELECT key FROM terms ORDER BY id"))
        terms = list(keys) if used[1:].all() else list(compress(keys, used[1:].tolist()))  # numbers have no gaps: rule 4
        places = (np.cumsum(used, dtype=np.int32) - 1).astype(np.int32)
        for column in range(4):
            quads[:, column] = places[quads[:, column]]
        return QuadBlock(terms, quads), since

    def revisions(self, since: int = 0) -> Sequence[Revision]:
        """See `TwinStore.revisions`."""
        with self._errors(), self._mutex:
            rows = self._db.execute(_READ_REVISIONS + " AND number > ? ORDER BY number", ("", since)).fetchall()
        return [_revision(row) for row in rows]

    def change(self, number: int, branch: str = "") -> ChangeSet:
        """See `TwinStore.change`."""
        with self._errors(), self._mutex:
            row = self._db.execute("SELECT change FROM revisions WHERE branch = ? AND number = ?", (branch, number)).fetchone()
        if row is None:
            raise KeyError(f"no revision {number}{f' of branch {branch!r}' if branch else ''} in {self._path}")
        return unpack(row[0])

    def branches(self) -> Sequence[Branch]:
        """See `TwinStore.branches`."""
        with self._transaction("BEGIN"):
            rows = self._db.execute(_READ_BRANCHES).fetchall()
            own = {row[0]: self._db.execute(_READ_REVISIONS + " ORDER BY number", (row[0],)).fetchall() for row in rows}
        return [Branch(name, base, _cause(*cause), tuple(map(_revision, own[name]))) for name, base, *cause in rows]

    def drift(self, progress: Progress | None = None) -> ChangeSet:
        """See `TwinStore.drift`. Cost: a sort of all quads that any revision speaks of."""
        with self._transaction("BEGIN"):
            held, _ = self._quads(progress)
            told = history(self._changes(progress))
        return drift_between(held, told)

    def check(self) -> None:
        """Raise `StoreUnavailable` where a page of the file is damaged. Cost: all of it is read."""
        with self._errors(), self._mutex:
            check(self._db, self._path)

    def _changes(self, progress: Progress | None) -> Iterator[tuple[int, ChangeSet]]:
        (count,) = self._db.execute("SELECT count(*) FROM revisions WHERE branch = ''").fetchone()
        for number, packed in self._db.execute("SELECT number, change FROM revisions WHERE branch = '' ORDER BY number"):
            yield number, unpack(packed)
            if progress is not None:
                progress("revisions read", number, count)

    # -- writing --------------------------------------------------------------------------------------------------

    def commit(self, change: ChangeSet, cause: Cause, *, expected: int, branch: str = "") -> Revision:
        """See `TwinStore.commit`. Cost: one fsync, some microseconds a quad, and the rows of the subjects that it touches."""
        revision = Revision(expected + 1, cause, len(change.added), len(change.removed))
        packed = pack(change)
        with self._transaction("BEGIN IMMEDIATE"):
            reached("commit.begun")
            self._need_branch(branch)
            again = self._db.execute(_READ_REVISIONS + " AND key = ? AND key <> ''", (branch, cause.key)).fetchone()
            if again is not None:
                return _revision(again)
            (newest,) = self._db.execute("SELECT coalesce(max(number), 0) FROM revisions WHERE branch = ?", (branch,)).fetchone()
            if newest != expected:
                raise StaleRevision(
                    f"the change was made against revision {expected}, but the newest is {newest}: read again and repeat it"
                )
            if not branch:
                self._write(change, revision.number)
            self._revise(branch, revision, packed)
            reached("commit.written")
        reached("commit.done")
        return revision

    def _revise(self, branch: str, revision: Revision, packed: bytes) -> None:
        row = (branch, revision.number, *_cause_row(revision.cause), revision.added, revision.removed, packed)
        self._db.execute("INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def create_branch(self, branch: Branch) -> None:
        """See `TwinStore.create_branch`."""
        with self._transaction("BEGIN IMMEDIATE"):
            reached("branch.create.begun")
            if not self._new_branch(branch):
                raise BranchExists(f"there is a branch {branch.name!r} already: choose another name, or drop that one first")
            reached("branch.create.written")
        reached("branch.create.done")

    def _new_branch(self, branch: Branch) -> bool:
        """False where there is one of that name."""
        row = (branch.name, branch.base, *_cause_row(branch.cause))
        return self._db.execute("INSERT OR IGNORE INTO branches VALUES (?, ?, ?, ?, ?, ?, ?)", row).rowcount > 0

    def replace_branch(self, branch: Branch, change: ChangeSet) -> None:
        """See `TwinStore.replace_branch`."""
        revision = Revision(1, branch.cause, len(change.added), len(change.removed))
        packed = pack(change)
        with self._transaction("BEGIN IMMEDIATE"):
            reached("branch.replace.begun")
            self._forget_branch(branch.name)
            self._new_branch(branch)
            self._revise(branch.name, revision, packed)
            reached("branch.replace.written")
        reached("branch.replace.done")

    def drop_branch(self, name: str) -> None:
        """See `TwinStore.drop_branch`."""
        with self._transaction("BEGIN IMMEDIATE"):
            reached("branch.drop.begun")
            self._need_branch(name or "''")
            self._forget_branch(name)
            reached("branch.drop.written")
        reached("branch.drop.done")

    def _forget_branch(self, name: str) -> None:
        self._db.execute("DELETE FROM revisions WHERE branch = ?", (name,))
        self._db.execute("DELETE FROM branches WHERE name = ?", (name,))

    def _need_branch(self, name: str) -> None:
        if name and self._db.execute("SELECT 1 FROM branches WHERE name = ?", (name,)).fetchone() is None:
            raise KeyError(f"no branch {name!r} in {self._path}")

    def _write(self, change: ChangeSet, revision: int) -> None:
        """Bring the rows of the subjects that the change speaks of to the next revision."""
        empty = self._db.execute("SELECT 1 FROM terms LIMIT 1").fetchone() is None
        gone, come = self._removed_quads(change.removed), self._added_quads(change.added)
        subjects = np.unique(np.concatenate((gone[:, 0], come[:, 0])))
        graphs: set[int] = set()
        for at in range(0, len(subjects), SUBJECTS_A_PAGE):
            page = subjects[at : at + SUBJECTS_A_PAGE]
            graphs |= self._write_page(page, _of_subjects(gone, page), _of_subjects(come, page), revision, empty=empty)
        self._db.executemany(_CHANGED, sorted((self._key(graph), revision) for graph in graphs))
        self._db.executemany(_OWN, sorted(change.graphs.items()))

    def _write_page(self, subjects: Ids, gone: Ids, come: Ids, revision: int, *, empty: bool) -> set[int]:
        """The numbers of the graphs that the change of these subjects changed."""
        held = np.empty((0, 5), dtype=np.int32) if empty else _unpacked(list(self._rows_of(subjects.tolist())))
        told = np.concatenate((held[:, :4], gone, come))
        revisions = np.concatenate((held[:, 4], np.full(len(gone) + len(come), revision, dtype=np.int32)))
        adds = np.ones(len(told), dtype=np.bool_)
        adds[len(held) : len(held) + len(gone)] = False
        done = fold(told, revisions, adds)
        self._db.executemany("INSERT OR REPLACE INTO subjects VALUES (?, ?)", subject_rows(done.quads, done.since))
        bare = [(subject,) for subject in np.setdiff1d(subjects, done.quads[:, 0]).tolist()]
        self._db.executemany("DELETE FROM subjects WHERE s = ?", bare)
        self._db.executemany("DELETE FROM point_values WHERE point = ?", bare)
        changed = told[len(held) :][done.effective[len(held) :]]
        return set(np.unique(changed[:, 3]).tolist())

    def _rows_of(self, subjects: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        for subject in subjects:
            yield from self._db.execute("SELECT s, quads FROM subjects WHERE s = ?", (subject,))

    def _removed_quads(self, block: QuadBlock) -> Ids:
        terms, quads = used_terms(block)
        rows = self._numbers(terms)[quads]
        return _by_subject(rows[(rows != 0).all(axis=1)])

    def _added_quads(self, block: QuadBlock) -> Ids:
        terms, quads = used_terms(block)
        numbers = self._numbers(terms)
        (last,) = self._db.execute("SELECT coalesce(max(id), 0) FROM terms").fetchone()
        new = sorted(np.flatnonzero(numbers == 0).tolist(), key=terms.__getitem__)  # in order, the index on keys grows at its end
        numbers[new] = np.arange(last + 1, last + 1 + len(new))
        self._db.executemany("INSERT INTO terms VALUES (?, ?)", ((last + 1 + n, terms[place]) for n, place in enumerate(new)))
        return _by_subject(numbers[quads])

    def _numbers(self, terms: Sequence[str]) -> Ids:
        """The numbers of the terms, 0 for each that the file does not have."""
        numbers = np.zeros(len(terms), dtype=np.int32)
        if self._db.execute("SELECT 1 FROM terms LIMIT 1").fetchone() is None:
            return numbers
        for place, term in enumerate(terms):
            row = self._db.execute("SELECT id FROM terms WHERE key = ?", (term,)).fetchone()
            if row is not None:
                numbers[place] = row[0]
        return numbers

    def _key(self, number: int) -> str:
        key: str = self._db.execute("SELECT key FROM terms WHERE id = ?", (number,)).fetchone()[0]
        return key

    # -- current values -------------------------------------------------------------------------------------------

    def write_values(self, batch: ReadingBatch) -> None:
        """See `TwinStore.write_values`. A `nan` keeps the number that stood before. Cost: some 5 us a row."""
        codes = batch.quality.tolist(), batch.reason.tolist()
        columns = (batch.values.tolist(), batch.observed_at.tolist(), batch.received_at.tolist(), *codes, batch.points)
        with self._transaction("BEGIN IMMEDIATE"):
            self._db.executemany(_WRITE_VALUE, zip(*columns, strict=True))

    def values(self) -> ReadingBatch:
        """See `TwinStore.values`; in order of the points' IRIs."""
        with self._errors(), self._mutex:
            rows = self._db.execute(
                "SELECT key, value, observed_at, received_at, quality, reason FROM point_values JOIN terms ON id = point ORDER BY key"
            ).fetchall()
        return ReadingBatch.stored(rows)

    def close(self) -> None:
        """See `TwinStore.close`."""
        with self._mutex:
            self._db.close()
            if self._folder_lock is not None:
                self._folder_lock.release()

    # -- transactions and errors ----------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with self._errors(), self._mutex, transaction(self._db, begin):
            yield

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with sqlite_errors(self._path):
            yield


def _unpacked(page: Sequence[tuple[int, bytes]]) -> Ids:
    """Rows of table `subjects` as (n, 5) columns: subject, predicate, object, graph, revision."""
    columns = np.frombuffer(b"".join(packed for _, packed in page), dtype=ROW).reshape(-1, COLUMNS)
    lengths = [len(packed) // ROW_BYTES for _, packed in page]
    subjects = np.repeat(np.array([subject for subject, _ in page], dtype=np.int32), lengths)
    return np.column_stack((subjects, columns)).astype(np.int32, copy=False)


def _by_subject(rows: Ids) -> Ids:
    return rows[np.argsort(rows[:, 0], kind="stable")]


def _of_subjects(rows: Ids, page: Ids) -> Ids:
    """The rows, sorted by subject, of a page of neighbouring subjects."""
    low, high = np.searchsorted(rows[:, 0], page[0]), np.searchsorted(rows[:, 0], page[-1], "right")
    return rows[low:high]


def _cause_row(cause: Cause) -> tuple[str, str, str, str, str]:
    return cause.author, cause.source, cause.at.astimezone(UTC).isoformat(), cause.reason, cause.key


def _cause(author: str, source: str, at: str, reason: str, key: str) -> Cause:
    return Cause(author, source, datetime.fromisoformat(at), reason, key)


def _revision(row: tuple[int, str, str, str, str, str, int, int]) -> Revision:
    number, *cause, added, removed = row
    return Revision(number, _cause(*cause), added, removed)
