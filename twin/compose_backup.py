"""From settings to a backup and back: the store, the command journal beside it, and who may have them meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from graph.commands import CommandEvent
from graph.ports import Progress
from graph.stores.folder import SERVICE_LOCK, FolderLock
from graph.stores.journal import JOURNAL_FILE, SqliteJournal
from graph.stores.opening import store_to_fill
from twin.backup.backup import Manifest, back_up, restore
from twin.compose_store import now, store_of
from twin.settings import Settings


def back_up_all(settings: Settings, file: Path, progress: Progress | None = None) -> Manifest:
    """Back up the store and the command journal that the settings name; a running service is not
    disturbed. Raises `GraphError`, `OSError`."""
    store = store_of(settings, "backup", read_only=True)
    try:
        return back_up(store, _events(settings.data), file, now, progress)
    finally:
        store.close()


def _events(folder: Path) -> Sequence[CommandEvent]:
    """Every step of every command; none where no service has run yet."""
    if not (folder / JOURNAL_FILE).exists():
        return ()
    journal = SqliteJournal(folder, read_only=True)
    try:
        return journal.events()
    finally:
        journal.close()


def restore_all(settings: Settings, file: Path, progress: Progress | None = None) -> Manifest:
    """Make store and journal of a backup where the settings say, while nothing else runs there. Raises `GraphError`, `OSError`."""
    lock = FolderLock(settings.data, "restore", SERVICE_LOCK)
    try:
        password = settings.store_password.get_secret_value()
        with store_to_fill(settings.store, settings.data, user=settings.store_user, password=password) as store:
            journal = SqliteJournal(settings.data)
            try:
                return restore(file, store, journal, progress)
            finally:
                journal.close()
    finally:
        lock.release()
