"""The pulse of live values: one hears the bus for all who follow, and wakes them together at most every tick.

Rules of this file:

1. A publisher pays one mark a point and, once a tick, one call into the event loop, however many follow.
2. All who follow are woken in the same turn of the loop: what changes together is told together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock

import numpy as np

from graph.following import Follower, Following
from graph.values import Slots

TICK_S = 0.1
"""How often values are told, at most."""


class Pulse:
    """Of one event loop. `follow` from inside that loop; the feed calls from any thread."""

    def __init__(self, readings: Callable[[Callable[[Slots], None]], Callable[[], None]], tick_s: float = TICK_S) -> None:
        """`readings` subscribes to the slots that change, and gives back what ends that."""
        self.loop = asyncio.get_running_loop()
        self._readings, self._tick_s = readings, tick_s
        self._following, self._waking = Following(), Lock()
        self._rung = False
        self._followers: dict[Heartbeat, None] = {}
        self._stop: Callable[[], None] | None = None

    @contextmanager
    def follow(self, slots: Slots | None = None) -> Iterator[Heartbeat]:
        """Follow some slots, until the end of the block."""
        mine = Heartbeat(self._following.follower(np.empty(0, np.int32) if slots is None else slots))
        self._followers[mine] = None
        if self._stop is None:
            self._stop = self._readings(self._heard)
        try:
            yield mine
        finally:
            del self._followers[mine]
            if not self._followers:
                self._stop()
                self._stop = None

    def _heard(self, slots: Slots) -> None:
        """From any thread: mark, and have the loop woken once a tick."""
        self._following.heard(slots)
        with self._waking:
            rung, self._rung = self._rung, True
        if not rung:
            with suppress(RuntimeError):  # the loop has ended: nobody listens any more
                self.loop.call_soon_threadsafe(self.loop.call_later, self._tick_s, self._beat)

    def _beat(self) -> None:
        with self._waking:
            self._rung = False
        for each in self._followers:
            each.wake()


class Heartbeat:
    """One who follows: waits for a beat, then asks what has changed."""

    def __init__(self, follower: Follower) -> None:
        self._loop, self._event = asyncio.get_running_loop(), asyncio.Event()
        self.over, self.changed = follower.over, follower.changed

    def wake(self) -> None:
        """In the loop."""
        self._event.set()

    def ring(self) -> None:
        """From any thread."""
        with suppress(RuntimeError):  # as above
            self._loop.call_soon_threadsafe(self._event.set)

    async def beat(self) -> None:
        """Until values may have changed; a beat before the wait counts."""
        await self._event.wait()
        self._event.clear()
