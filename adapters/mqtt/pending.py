"""What devices have announced and the graph does not say yet: known again after a kill, also before the broker's kept copies come.

What waits in our session at the broker comes before those copies, and is of points that were announced before we went.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from twin.lines import Lines

_log = logging.getLogger(__name__)

OVERTAKEN_MAX = 1_000
"""Lines of the file, beside as many again as there are topics, that newer ones may have overtaken before it is written anew."""


class Pending:
    """The newest announcement of each topic. `add` and `keep` by one thread; `topics` by any."""

    def __init__(self, path: Path | None = None) -> None:
        """With what an earlier process left in the file; without one a restart forgets all. Raises `OSError`."""
        self._file = Lines(path) if path is not None else None
        self._topics: dict[str, bytes] = {}
        self._new: list[tuple[str, str]] = []
        self._written = 0
        """Lines of the file."""
        for line in self._file.read() if self._file is not None else ():
            self._written += 1
            match line:
                case [str(topic), str(payload)]:
                    self._topics[topic] = payload.encode()

    def topics(self) -> Mapping[str, bytes]:
        """Announcements by topic."""
        return self._topics.copy()

    def add(self, topic: str, payload: bytes) -> None:
        """One that was understood, or an empty one, that takes back what was announced; durable with the next `keep`."""
        self._topics.pop(topic, None)
        self._topics[topic] = payload
        if self._file is not None:
            self._new.append((topic, payload.decode()))

    def keep(self) -> None:
        """Make durable what has been added: one fsync for all of it."""
        new, self._new = self._new, []
        if new and self._file is not None:
            try:
                if self._written + len(new) > OVERTAKEN_MAX + 2 * len(self._topics):
                    self._put()
                else:
                    self._file.add(new)
                    self._written += len(new)
            except OSError as error:
                _log.warning("what devices announce cannot be kept: %s; a kill forgets what the graph does not say yet", error)

    def forget(self, topics: Mapping[str, bytes]) -> None:
        """Let go of announcements that the graph says by now, but for those that have been said anew since."""
        for topic, payload in topics.items():
            if self._topics.get(topic) == payload:
                del self._topics[topic]
        if topics and self._written and self._file is not None:
            try:
                self._put()
            except OSError as error:
                _log.warning("what devices have announced stays in its file: %s", error)

    def _put(self) -> None:
        """The file as it is meant: one line a topic."""
        if self._file is not None:
            self._file.put([(topic, payload.decode()) for topic, payload in self._topics.items()])
            self._written = len(self._topics)
