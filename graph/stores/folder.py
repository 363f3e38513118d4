"""Folders of ours: one process writes in one at a time, and a second one is told who the first is."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from graph.errors import FolderInUse, StoreUnavailable

STORE_LOCK = "twin.lock"
"""Held by who writes `twin.sqlite`."""
SERVICE_LOCK = "service.lock"
"""Held by the running service: journal, places of devices, and all else beside the store."""
_TEXT_BYTES_MAX = 1000


class FolderLock:
    """Holds a folder, or one part of it, for writing until `release`, or until the process ends, however it ends.

    `file` says which part: `STORE_LOCK` and `SERVICE_LOCK` can be held beside each other. `purpose` is told to who comes second: a verb,
    and, for a service, ` at ` and its address.
    Raises `StoreUnavailable` when the folder cannot be made or written, or when another process holds it.
    """

    def __init__(self, folder: Path, purpose: str, file: str) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file: int | None = os.open(folder / file, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreUnavailable(
                f"data folder {folder} cannot be written ({error.strerror}): make it writable for this user, or give another with --data"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._file, _TEXT_BYTES_MAX).decode(errors="replace").strip() or "another process"
            os.close(self._file)
            raise FolderInUse(
                f"data folder {folder} is in use by {holder}: stop that process, or give another folder with --data",
                holder.partition(" at ")[2].rstrip(")"),
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"process {os.getpid()} ({purpose})\n".encode(), 0)

    def release(self) -> None:
        """Let another process have the folder; a second call does nothing."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None
