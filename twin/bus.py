"""The bus: who wants to hear of a kind of event is called with each, in the publisher's own thread.

Rules of this file:

1. A subscriber hands over and returns; whoever must wait has its own queue.
2. A subscriber that fails is logged and stops nobody else.
3. Subscribers are called in the order in which they came.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

_log = logging.getLogger(__name__)

E = TypeVar("E")


class Bus:
    """Synchronous and typed: an event goes to those who subscribed to exactly its class. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._callbacks: dict[type, tuple[Callable[[Any], None], ...]] = {}

    def publish(self, event: object) -> None:
        """Call every subscriber of the event's class; returns when all have returned."""
        for callback in self._callbacks.get(type(event), ()):
            try:
                callback(event)
            except Exception:
                _log.exception("a subscriber of %s failed; the others go on", type(event).__name__)

    def subscribe(self, kind: type[E], callback: Callable[[E], None]) -> Callable[[], None]:
        """Call `callback` with each event of class `kind` from now on. Returns what ends that; a second call of it does nothing."""
        entry = _Entry(callback)
        with self._lock:
            self._callbacks[kind] = (*self._callbacks.get(kind, ()), entry)

        def unsubscribe() -> None:
            with self._lock:
                self._callbacks[kind] = tuple(one for one in self._callbacks.get(kind, ()) if one is not entry)

        return unsubscribe


class _Entry:
    """One subscription; its own object, so that one callback subscribed twice is ended one by one."""

    __slots__ = ("_callback",)

    def __init__(self, callback: Callable[[Any], None]) -> None:
        self._callback = callback

    def __call__(self, event: object) -> None:
        self._callback(event)
