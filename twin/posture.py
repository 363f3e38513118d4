"""Live posture: after every change of a switch, of what is out of service or of the model, who has lost redundancy is said on the bus.

Rules of this file:

1. Who brings readings pays nothing: it only wakes a thread, which looks at the points that conditions stand on, at most every `SETTLE_S`.
2. What comes in while the posture is renewed is looked at together, right afterwards; nothing is queued.
3. What is told of a change is worked out here, once for all who hear of it.
4. A renewal that fails is logged; the next one is compared with the last posture that is known.
"""

from __future__ import annotations

import logging
from threading import Event, Thread

from analytics.posture.change import compare
from analytics.posture.posture import Posture
from graph.snapshot import Snapshot
from twin.bus import Bus
from twin.events import GraphChanged, PostureChanged, ReadingStored
from twin.stands import Watch
from twin.state import Twin

_log = logging.getLogger(__name__)

SETTLE_S = 0.02
"""How long a change is left to settle: the switches of one transfer come as one."""
LISTED_MAX = 1_000
"""Ids of each kind, and reasons, that an event lists; it counts all."""


class PostureWatch:
    """Renews the posture of the newest revision and publishes `PostureChanged`. `start` begins, `close` ends it."""

    def __init__(self, twin: Twin, bus: Bus) -> None:
        self._twin, self._bus = twin, bus
        self._wake, self._closed = Event(), Event()
        self._stands_on = Watch(twin.current.follow)
        self._snapshot: Snapshot | None = None
        """Of which the posture was renewed last."""
        self._last: Posture | None = None
        self._thread = Thread(target=self._run, name="posture", daemon=True)
        self._ends = tuple(bus.subscribe(kind, lambda _: self._wake.set()) for kind in (ReadingStored, GraphChanged))

    @property
    def posture(self) -> Posture | None:
        """The last posture that is known; None before the first."""
        return self._last

    def start(self) -> None:
        """Work out how things stand, and from then on what changes, in a thread of its own."""
        self._wake.set()
        self._thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """End the thread. A second call does nothing."""
        for unsubscribe in self._ends:
            unsubscribe()
        self._closed.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            try:
                changed = self._stands_on.moved() or self._twin.snapshot is not self._snapshot
                if self._closed.wait(SETTLE_S):
                    return
                if changed:
                    self._renew()
            except Exception:
                _log.exception("the posture could not be renewed; the next change tries again")

    def _renew(self) -> None:
        view = self._twin.newest
        self._snapshot = view.snapshot
        self._stands_on.over(view.condition_points().points)
        self._stands_on.moved()  # what has come while it settled is in this posture
        before, after = self._last, view.posture()
        self._last = after
        if before is not None:
            change = compare(before, after)
            if change.any:
                self._bus.publish(PostureChanged(change.first(LISTED_MAX), after.counts))
