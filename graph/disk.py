"""What makes files and a folder's own entries durable."""

from __future__ import annotations

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make durable which files a folder has: what was made, renamed or removed in it. Raises `OSError`."""
    _sync(folder, os.O_RDONLY)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, durably; one that there is costs a look. Raises `OSError`."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def put_in_place(part: Path, path: Path) -> None:
    """Make a written file durable and give it its name: a crash leaves what was there before, or the new one, whole. Raises `OSError`."""
    _sync(part, os.O_RDWR)
    part.replace(path)
    sync_folder(path.parent)


def _sync(path: Path, how: int) -> None:
    handle = os.open(path, how)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
