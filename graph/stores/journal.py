"""The command journal in its own SQLite file, `journal.sqlite`: append-only, each step on the disk before `append` returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock

from graph.commands import Command, CommandEvent, CommandState
from graph.errors import StoreUnavailable
from graph.stores.sqlite_file import check, migrate, open_database, sqlite_errors

JOURNAL_FILE = "journal.sqlite"

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE steps (number INTEGER PRIMARY KEY AUTOINCREMENT, command TEXT NOT NULL, key TEXT NOT NULL, point TEXT NOT NULL, "
        "value REAL NOT NULL, author TEXT NOT NULL, reason TEXT NOT NULL, requested_at TEXT NOT NULL, "
        "state TEXT NOT NULL, at TEXT NOT NULL, detail TEXT NOT NULL)",
        "CREATE TRIGGER steps_stay BEFORE DELETE ON steps BEGIN SELECT raise(ABORT, 'the journal is append-only'); END",
        "CREATE TRIGGER steps_are_final BEFORE UPDATE ON steps BEGIN SELECT raise(ABORT, 'the journal is append-only'); END",
    ),
)


class SqliteJournal:
    """A `Journal` on `journal.sqlite` in the data folder; the process that writes holds the folder by its `SERVICE_LOCK`.

    With `read_only` the file must exist. Raises `StoreUnavailable` when the file cannot be opened or written.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self._path = folder / JOURNAL_FILE
        self._mutex = RLock()
        try:
            if not read_only:
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"data folder {folder} cannot be written ({error.strerror}): make it writable for this user, or give another with --data"
            ) from error
        with sqlite_errors(self._path):
            self._db = open_database(self._path, read_only=read_only)
            migrate(self._db, MIGRATIONS, read_only=read_only)

    def append(self, event: CommandEvent) -> None:
        """See `Journal.append`. Cost: one fsync."""
        command = event.command
        row = (
            *(command.id, command.key, command.point, command.value, command.author, command.reason, _text(command.requested_at)),
            *(event.state.value, _text(event.at), event.detail),
        )
        with sqlite_errors(self._path), self._mutex:
            self._db.execute(
                "INSERT INTO steps (command, key, point, value, author, reason, requested_at, state, at, detail) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )

    def events(self) -> Sequence[CommandEvent]:
        """See `Journal.events`."""
        with sqlite_errors(self._path), self._mutex:
            rows = self._db.execute(
                "SELECT command, key, point, value, author, reason, requested_at, state, at, detail FROM steps ORDER BY number"
            ).fetchall()
        return [
            CommandEvent(Command(name, key, point, value, author, reason, _instant(asked)), CommandState(state), _instant(at), detail)
            for name, key, point, value, author, reason, asked, state, at, detail in rows
        ]

    def check(self) -> None:
        """Raise `StoreUnavailable` where a page of the file is damaged. Cost: all of it is read."""
        with sqlite_errors(self._path), self._mutex:
            check(self._db, self._path)

    def close(self) -> None:
        """Let go of the file; a second call does nothing."""
        with self._mutex:
            self._db.close()


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


_instant = datetime.fromisoformat
