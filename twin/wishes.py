"""What wires learn about the plant, made revisions of the graph at a pace of their own: the newest wish of each source, in a thread.

Rules of this file:

1. A wish is whole, so only the newest of a source counts; what has been overtaken is never written.
2. What is refused is logged once for each reason and waits for the next wish; while the store is away the wish waits and is tried again.
3. A wire withdraws only what its devices have taken back themselves, one by one: the bound on deletions is not meant for it.
"""

from __future__ import annotations

import logging
from threading import Condition, Thread

from graph.errors import GraphError, StoreUnavailable
from twin.ledger.ledger import Ledger
from twin.sync import Wish

_log = logging.getLogger(__name__)

PACE_S = 2.0
"""The shortest time between two wishes that are written; also before a store that was away is tried again."""


class Wishes:
    """`offer` from any thread; `start` and `close` once."""

    def __init__(self, ledger: Ledger, pace_s: float = PACE_S) -> None:
        self._ledger, self._pace_s = ledger, pace_s
        self._waiting: dict[str, Wish] = {}
        self._refused: dict[str, str] = {}
        self._wake = Condition()
        self._closed = False
        self._thread = Thread(target=self._run, name="wishes", daemon=True)

    def start(self) -> None:
        """Begin to write what is offered."""
        self._thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """End; what still waits is offered again by the wires after the next start. A second call does nothing."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def offer(self, wish: Wish) -> None:
        """What a source wants to say from now on; returns at once."""
        with self._wake:
            self._waiting[wish.source] = wish
            self._wake.notify()

    def refused(self) -> dict[str, str]:
        """Why the last wish of a source was refused, by source; none where it was not."""
        return dict(self._refused)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return
                waiting, self._waiting = self._waiting, {}
            for source in sorted(waiting):
                self._write(waiting[source])
            with self._wake:
                self._wake.wait_for(lambda: self._closed, self._pace_s)

    def _write(self, wish: Wish) -> None:
        try:
            self._ledger.sync(wish, author=wish.source, reason="what its devices say of the plant", deletions_max=1.0)
        except StoreUnavailable:
            with self._wake:
                self._waiting.setdefault(wish.source, wish)
        except (GraphError, ValueError) as error:
            if self._refused.get(wish.source) != str(error):
                _log.warning("what %s says of the plant is refused: %s", wish.source, error)
            self._refused[wish.source] = str(error)
        except Exception:
            _log.exception("what %s says of the plant could not be taken; its next wish is", wish.source)
        else:
            self._refused.pop(wish.source, None)
