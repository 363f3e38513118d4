"""Requests that were answered before, by their keys: the same key with the same body gets the same answer again, and does nothing.

After the Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header): another body under a known key is refused, and so is a request
whose first one is still at work. Kept in a small SQLite file, so that a restart forgets none.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from adapters.http.problems import Problem

_log = logging.getLogger(__name__)

KEYS_MAX = 10_000
"""Answers that are kept; the oldest go first."""
KEY_CHARS = 200
_TABLE = "CREATE TABLE IF NOT EXISTS answer (id INTEGER PRIMARY KEY, key TEXT UNIQUE, digest BLOB, status INTEGER, body BLOB)"


class Keys:
    """The keys of one address. Safe from any thread."""

    def __init__(self, file: Path | None) -> None:
        """Kept in the file, or in memory without one."""
        self._lock, self._at_work = Lock(), set[str]()
        self._file: sqlite3.Connection | None = sqlite3.connect(file or ":memory:", check_same_thread=False, isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")
        self._file.execute(_TABLE)

    @contextmanager
    def held(self, key: str, body: bytes) -> Iterator[tuple[int, bytes] | None]:
        """Hold a key while its request is at work: gives the answer of before, if there is one. Raises `Problem` (409)."""
        with self._lock:
            if key in self._at_work:
                raise Problem(
                    409, "at work", "a request with this Idempotency-Key is at work: ask again when it is done", {"retry-after": "1"}
                )
            self._at_work.add(key)
        try:
            yield self._before(key, _digest(body))
        finally:
            with self._lock:
                self._at_work.discard(key)

    def keep(self, key: str, body: bytes, status: int, answer: bytes) -> None:
        """Keep an answer. Where that fails the key is forgotten, which is logged: readings without a time of their own count twice if they
        are sent again."""
        with self._lock:
            if self._file is None:
                return
            try:
                row = (key, _digest(body), status, answer)
                self._file.execute("INSERT OR REPLACE INTO answer (key, digest, status, body) VALUES (?, ?, ?, ?)", row)
                self._file.execute("DELETE FROM answer WHERE id <= (SELECT max(id) FROM answer) - ?", (KEYS_MAX,))
            except sqlite3.Error as error:
                _log.warning("an Idempotency-Key could not be kept: %s", error)

    def _before(self, key: str, digest: bytes) -> tuple[int, bytes] | None:
        with self._lock:
            if self._file is None:
                return None
            try:
                row = self._file.execute("SELECT digest, status, body FROM answer WHERE key = ?", (key,)).fetchone()
            except sqlite3.Error:
                return None
        if row is None:
            return None
        if row[0] != digest:
            raise Problem(409, "another body", "this Idempotency-Key came with another body before: give each request a key of its own")
        return int(row[1]), bytes(row[2])

    def close(self) -> None:
        """Let go of the file; a second call does nothing."""
        with self._lock:
            if self._file is not None:
                self._file.close()
            self._file = None


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=16).digest()
