"""The failure engine made ready at the start of a service, so that nobody's first question waits for a compiler."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from threading import Event, Thread, Timer

from twin.http import Health

_log = logging.getLogger(__name__)

SAID_AFTER_S = 3.0
"""A start that finds the machine code on the disk takes half a second, and is not spoken of."""


class Warming:
    """A service that is not ready before its engine is: `start` begins in a thread of its own, and says so where it takes long."""

    def __init__(self, service: Health, warm: Callable[[], None], say: Callable[[str], None], said_after_s: float = SAID_AFTER_S) -> None:
        self._service, self._warm, self._say, self._said_after_s = service, warm, say, said_after_s
        self._began = 0.0
        self._done = Event()

    def start(self) -> None:
        """Begin. An engine that cannot be made ready beforehand is left to compile at its first questions, and the log says why."""
        self._began = time.monotonic()
        Thread(target=self._run, name="warming", daemon=True).start()

    def reasons(self) -> Sequence[str]:
        """Why it is not ready: what the service says, and the engine until it is compiled."""
        if self._done.is_set():
            return self._service.reasons()
        waited = time.monotonic() - self._began
        return [
            *self._service.reasons(),
            f"failure engine: being loaded, at its first start compiled for this machine; {waited:.0f} s so far",
        ]

    def away(self) -> Sequence[str]:
        """As the service says."""
        return self._service.away()

    def _run(self) -> None:
        text = (
            "loading the failure engine; at its first start it is compiled for this machine, about a minute; /readyz says when it is done"
        )
        notice = Timer(self._said_after_s, self._say, [text])
        notice.daemon = True
        notice.start()
        try:
            self._warm()
        except Exception:
            _log.exception("the failure engine could not be compiled beforehand; each kind of question is at its first use")
        notice.cancel()
        took = time.monotonic() - self._began
        self._done.set()
        if took > self._said_after_s:
            self._say(f"the failure engine is ready: it took {took:.0f} s")
