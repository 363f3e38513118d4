"""What has been read of the socket and not yet been taken: bounded, in order, by the bufferful."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition

from adapters.mqtt.dialect import Message

TOGETHER_MS = 50
"""Messages whose arrival is so close are taken as one batch, with one time of arrival."""


class Inbox:
    """Between the thread that reads and the one that takes. `put` waits while there is no room: the socket is not read, the broker keeps
    the rest."""

    def __init__(self, messages_max: int) -> None:
        self._max = messages_max
        self._pieces: deque[tuple[int, int, list[Message]]] = deque()
        self._waiting = 0
        self._changed = Condition()

    def __len__(self) -> int:
        return self._waiting

    def put(self, now: int, connection: int, messages: list[Message], give_up: Callable[[], bool]) -> None:
        """Add what came at `now` (ms) over a connection. What there is no room for when `give_up` comes true is let go: it has not been
        acknowledged."""
        with self._changed:
            while self._waiting and self._waiting + len(messages) > self._max:
                if give_up():
                    return
                self._changed.wait(0.2)
            self._pieces.append((now, connection, messages))
            self._waiting += len(messages)
            self._changed.notify_all()

    def get(self, messages_max: int, timeout_s: float) -> tuple[int, int, list[Message]]:
        """The oldest messages of one connection that came together, `messages_max` and a bufferful at most, with the time when the first of
        them came; none after `timeout_s`. Call `taken` when they are."""
        with self._changed:
            if not self._pieces:
                self._changed.wait(timeout_s)
            if not self._pieces:
                return 0, 0, []
            now, connection, messages = self._pieces.popleft()
            while self._pieces and len(messages) < messages_max:
                then, other, more = self._pieces[0]
                if other != connection or then - now > TOGETHER_MS:
                    break
                self._pieces.popleft()
                messages += more
            return now, connection, messages

    def taken(self, messages: int) -> None:
        """So many of what `get` gave are done with."""
        with self._changed:
            self._waiting -= messages
            self._changed.notify_all()
