"""Files that survive a crash, and what is said when the disk does not take them."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graph.history import HistoryUnavailable

_REMEDY = {
    errno.ENOSPC: "the disk is full: free space there, set `history_disk_gb` lower, or give another folder with --data",
    errno.EDQUOT: "the quota of this user is used up: raise it, or set `history_disk_gb` lower",
    errno.EROFS: "it is mounted read-only: mount it writable, and look in the system's log for why it was not",
    errno.EIO: "the disk reports an error: look in the system's log, and replace the disk",
    errno.EACCES: "this user may not write there: make it writable, or give another folder with --data",
    errno.EPERM: "this user may not write there: make it writable, or give another folder with --data",
}


@contextmanager
def told(folder: Path, act: str = "written") -> Iterator[None]:
    """Have what the system refuses said as `HistoryUnavailable`, with the remedy."""
    try:
        yield
    except OSError as error:
        remedy = _REMEDY.get(error.errno or 0, f"{error.strerror or error}: look at the folder, and at the system's log")
        raise HistoryUnavailable(f"the history in {folder} cannot be {act}: {remedy}; it is tried again by itself") from error
