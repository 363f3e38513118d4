"""A thread that does one thing again and again, until it is told to end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread

_log = logging.getLogger(__name__)

EVERY_S = 5.0
END_S = 5.0


class Keeper:
    """`start` begins, `close` ends it and waits for that; a second call of it does nothing."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act, self._stop = act, Event()
        self._thread = Thread(target=self._run, name="metrics", daemon=True)

    def start(self) -> None:
        """Begin, with the first act at once."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(END_S)

    def _run(self) -> None:
        while True:
            try:
                self._act()
            except Exception:
                _log.exception("what the service counts of itself could not be kept; it is tried again")
            if self._stop.wait(EVERY_S):
                return
