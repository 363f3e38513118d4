"""The schema of `twin.sqlite`, as the numbered migrations that made it. What is written here once is never changed, only added to.

Schema 2 keeps all quads of one subject in one row, as packed columns: a file of eight million quads is read in seconds, and a change
rewrites the rows of its subjects and nothing else. It adds the revision that said each quad, the newest revision that changed each
graph, keys of causes, and branches.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from graph.changes import ChangeSet
from graph.fold import drift_between, history
from graph.packing import pack, unpack
from graph.stores.sqlite_file import Migration
from ontology.terms import Ids, QuadBlock

ROW = np.dtype("<i4")
COLUMNS = 4
"""Columns of a packed row: predicate, object, graph, and the revision that said it."""
ROW_BYTES = COLUMNS * ROW.itemsize


def subject_rows(quads: Ids, since: Ids) -> Iterable[tuple[int, bytes]]:
    """The rows of table `subjects` of quads that are sorted by subject: its number, and its (k, 4) columns packed."""
    if len(quads) == 0:
        return
    packed = np.ascontiguousarray(np.column_stack((quads[:, 1:], since)), dtype=ROW).tobytes()
    cuts = np.append(np.flatnonzero(np.diff(quads[:, 0], prepend=-1)), len(quads)) * ROW_BYTES
    subjects = quads[cuts[:-1] // ROW_BYTES, 0].tolist()
    places = cuts.tolist()
    for subject, low, high in zip(subjects, places[:-1], places[1:], strict=True):
        yield subject, packed[low:high]


def _retell(db: sqlite3.Connection) -> None:
    """Work out from the change sets what schema 1 did not keep, and make them exact. The quads stay those of the file: one that no change
    set tells of counts as said by the newest revision, so that `drift` still finds it."""
    numbers = [number for (number,) in db.execute("SELECT number FROM revisions ORDER BY number")]
    keys = ["", *(key for (key,) in db.execute("SELECT key FROM terms ORDER BY id"))]  # numbers begin at 1 and have no gaps
    rows = np.fromiter(chain.from_iterable(db.execute("SELECT s, p, o, g FROM quads")), dtype=np.int32).reshape(-1, 4)
    told = history(_changes(db, numbers))
    drift = drift_between(QuadBlock(keys, rows), told)
    if not drift.is_empty:
        told = history(chain(_changes(db, numbers), [(numbers[-1] if numbers else 1, drift)]))
    for number, change in zip(numbers, told.exact, strict=False):
        row = (pack(change), len(change.added), len(change.removed), number)
        db.execute("UPDATE revisions SET change = ?, added = ?, removed = ? WHERE number = ?", row)
    ids = {key: number for number, key in enumerate(keys)}
    quads = np.array([ids.get(term, 0) for term in told.quads.terms], dtype=np.int32)[told.quads.quads]
    order = np.lexsort((quads[:, 3], quads[:, 2], quads[:, 1], quads[:, 0]))
    db.executemany("INSERT INTO subjects VALUES (?, ?)", subject_rows(quads[order], told.since[order]))
    db.executemany(
        "INSERT INTO graphs VALUES (?, NULL, ?) ON CONFLICT (graph) DO UPDATE SET changed = excluded.changed", told.changed.items()
    )


def _changes(db: sqlite3.Connection, numbers: Iterable[int]) -> Iterator[tuple[int, ChangeSet]]:
    for number in numbers:
        yield number, unpack(db.execute("SELECT change FROM revisions WHERE number = ?", (number,)).fetchone()[0])


MIGRATIONS: tuple[Migration, ...] = (
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
    (
        "CREATE TABLE subjects (s INTEGER PRIMARY KEY, quads BLOB NOT NULL)",
        "ALTER TABLE graphs RENAME TO graphs_1",
        "CREATE TABLE graphs (graph TEXT PRIMARY KEY, owner TEXT, changed INTEGER) WITHOUT ROWID",
        "INSERT INTO graphs SELECT graph, owner, NULL FROM graphs_1",
        "DROP TABLE graphs_1",
        _retell,
        "DROP TABLE quads",
        "ALTER TABLE revisions RENAME TO revisions_1",
        "CREATE TABLE revisions (branch TEXT NOT NULL, number INTEGER NOT NULL, author TEXT NOT NULL, source TEXT NOT NULL, "
        "at TEXT NOT NULL, reason TEXT NOT NULL, key TEXT NOT NULL, added INTEGER NOT NULL, removed INTEGER NOT NULL, "
        "change BLOB NOT NULL, PRIMARY KEY (branch, number))",
        "INSERT INTO revisions SELECT '', number, author, source, at, reason, '', added, removed, change FROM revisions_1",
        "DROP TABLE revisions_1",
        "CREATE UNIQUE INDEX revision_keys ON revisions (branch, key) WHERE key <> ''",
        "CREATE TABLE branches (name TEXT PRIMARY KEY, base INTEGER NOT NULL, author TEXT NOT NULL, source TEXT NOT NULL, "
        "at TEXT NOT NULL, reason TEXT NOT NULL, key TEXT NOT NULL) WITHOUT ROWID",
    ),
    ("ALTER TABLE point_values ADD COLUMN reason INTEGER NOT NULL DEFAULT 0",),
)
"""Migration n (from 1) brings a file from schema n-1 to schema n; the revisions of the site are those of branch ''."""
