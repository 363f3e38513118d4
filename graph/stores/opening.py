"""From the setting that names a store to the store itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graph.disk import sync_folder
from graph.errors import GraphError
from graph.ports import TwinStore
from graph.restoring import refuse_part
from graph.steps import reached
from graph.stores.folder import STORE_LOCK, FolderLock
from graph.stores.sqlite import TWIN_FILE, SqliteStore

NEO4J_SCHEMES = ("bolt", "neo4j", "bolt+s", "neo4j+s", "bolt+ssc", "neo4j+ssc")


def open_store(
    setting: str, data: Path, *, user: str = "", password: str = "", read_only: bool = False, purpose: str = "ridethrough"
) -> TwinStore:
    """Open the store that `setting` names: nothing for `twin.sqlite` in the data folder, a path for another folder, or Neo4j's address.

    With `read_only` nothing is written there, not even what writing needs. `user` and `password` are Neo4j's; `purpose` is told to a
    second process that wants the same folder. Raises `GraphError` for a setting that is none of these, `StoreUnavailable` when the
    store cannot be opened, or holds a restore that has not come to its end.
    """
    store = _opened(setting, data, user=user, password=password, read_only=read_only, purpose=purpose)
    try:
        refuse_part(store, setting or str(data))
    except BaseException:
        store.close()
        raise
    return store


def _opened(setting: str, data: Path, *, user: str, password: str, read_only: bool, purpose: str, filling: bool = False) -> TwinStore:
    scheme, separator, _ = setting.partition("://")
    if not separator:
        return SqliteStore(Path(setting) if setting else data, read_only=read_only, purpose=purpose)
    if scheme in NEO4J_SCHEMES:
        from graph.stores.neo4j import Neo4jStore  # noqa: PLC0415 - the driver takes 0.3 s to import; only its users wait for it

        return Neo4jStore(setting, user=user, password=password, read_only=read_only, filling=filling)
    raise GraphError(
        f"store {setting!r} is not known: leave it empty for a file in the data folder, give a folder, or give bolt://HOST:7687 or neo4j://HOST:7687"
    )


@contextmanager
def store_to_fill(setting: str, data: Path, *, user: str = "", password: str = "", purpose: str = "restore") -> Iterator[TwinStore]:
    """A store for what must be there whole or not at all. A file is filled beside its place, and moved there when the block has ended
    without an error; a file that holds something already, and Neo4j, are given as they are, for the caller to look at first.

    Raises as `open_store` does, and when another process holds the folder.
    """
    if "://" in setting:
        store = _opened(setting, data, user=user, password=password, read_only=False, purpose=purpose, filling=True)
        try:
            yield store
        finally:
            store.close()
        return
    folder = Path(setting) if setting else data
    lock = FolderLock(folder, purpose, STORE_LOCK)
    try:
        if _holds_something(folder):
            kept = SqliteStore(folder, read_only=True)
            try:
                yield kept
            finally:
                kept.close()
        else:
            yield from _filled_beside(folder, purpose)
    finally:
        lock.release()


def _holds_something(folder: Path) -> bool:
    if not (folder / TWIN_FILE).exists():
        return False
    kept = SqliteStore(folder, read_only=True)
    try:
        return bool(kept.revisions() or kept.branches())
    finally:
        kept.close()


def _filled_beside(folder: Path, purpose: str) -> Iterator[TwinStore]:
    part = folder / "twin.part"
    shutil.rmtree(part, ignore_errors=True)  # what a killed one has left
    try:
        store = SqliteStore(part, purpose=purpose)
        try:
            yield store
        finally:
            store.close()
        reached("fill.written")
        for ending in ("", "-wal", "-shm"):  # an empty file's own log must not be taken for the new file's
            (folder / (TWIN_FILE + ending)).unlink(missing_ok=True)
        (part / TWIN_FILE).replace(folder / TWIN_FILE)
        sync_folder(folder)
        reached("fill.done")
    finally:
        shutil.rmtree(part, ignore_errors=True)
