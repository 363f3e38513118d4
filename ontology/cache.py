"""The compiled ontology on disk: one JSON file for each set of inputs, checked by its digest, written atomically.

A cache is never needed: a file that is missing, broken or of another form is built anew;
a folder that cannot be written is done without.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

import orjson

from ontology.compile import Facts


def facts_for(key: str, folder: Path | None, build: Callable[[], Facts]) -> Facts:
    """The facts under a key: read from the folder when they stand there whole, else built and put there."""
    if folder is None:
        return build()
    path = folder / f"vocabulary-{key}.json"
    found = _read(path)
    if found is None:
        found = build()
        _write(path, found)
    return found


def _read(path: Path) -> Facts | None:
    try:
        digest, _, body = path.read_bytes().partition(b"\n")
        return cast(Facts, orjson.loads(body)) if digest == _digest(body) else None
    except (OSError, orjson.JSONDecodeError):
        return None


def _write(path: Path, facts: Facts) -> None:
    """Write beside and rename, so that a second process never reads half a file. What cannot be written is left."""
    body = orjson.dumps(facts)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(_digest(body) + b"\n" + body)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).hexdigest().encode()
