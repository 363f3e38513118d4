"""In which order an edge node's messages were said: its own counting from 0 to 255 puts right what a broker has mixed up.

Source: Sparkplug 3.0, 5.4 (message ordering). Rules of this file:

1. A message in turn is taken at once. One from ahead waits for those before it: `WAIT_MS` at most, and no more than `AHEAD_MAX` of them.
2. What has been waited for in vain is missing: it is counted, those after it are taken, and the node has to be asked for its births.
3. What comes after its turn is late: the same message again, or one that has been given up.
4. Before the first birth nothing is in turn: messages wait for it, those sent before it are dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

WAIT_MS = 2_000
"""The reorder timeout: the specification names a couple of seconds for what is usual."""
AHEAD_MAX = 100
"""How far a message may run ahead; half of the numbers, 128, could not be told from late ones."""
AROUND = 256

Item = TypeVar("Item")


class Order(Generic[Item]):
    """The messages of one edge node."""

    __slots__ = ("_next", "_since", "_waiting", "missing")

    def __init__(self) -> None:
        self._next = -1
        """The number that is in turn; -1 before the first birth."""
        self._waiting: dict[int, Item] = {}
        self._since = 0
        self.missing = 0
        """Messages that were never heard, so far."""

    @property
    def begun(self) -> bool:
        """Whether a birth has been heard, and nothing since that makes it void."""
        return self._next >= 0

    @property
    def waits(self) -> int:
        """How many messages wait for others."""
        return len(self._waiting)

    def begin(self, seq: int, waiting: Sequence[Item] = ()) -> list[Item]:
        """A birth of the node: counting begins after it. Of those that wait, `waiting` came after the birth; gives those now in turn."""
        kept = {id(item) for item in waiting}
        self._waiting = {number: item for number, item in self._waiting.items() if id(item) in kept}
        self._next = (seq + 1) % AROUND
        return self._in_turn()

    def lose(self) -> None:
        """What was heard counts no more: nothing is in turn until the next birth."""
        self._next = -1
        self._waiting.clear()

    def waiting(self) -> list[Item]:
        """Those that wait, in the order in which they came."""
        return list(self._waiting.values())

    def hear(self, seq: int, item: Item, now: int) -> tuple[list[Item], bool]:
        """The messages that are in turn now, and whether that is this one alone and late. Cost: constant for one in turn."""
        if seq == self._next and not self._waiting:
            self._next = (seq + 1) % AROUND
            return [item], False
        if self._next >= 0 and (seq - self._next) % AROUND >= AROUND // 2:
            return [item], True
        if seq in self._waiting:
            return [], False
        self._since = self._since if self._waiting else now
        self._waiting[seq] = item
        return (self._in_turn() if self._next >= 0 else []), False

    def overdue(self, now: int) -> bool:
        """Whether something has been waited for too long, or too much waits for it."""
        if not self._waiting:
            return False
        if now - self._since >= WAIT_MS or len(self._waiting) > AHEAD_MAX:
            return True
        return self._next >= 0 and any((seq - self._next) % AROUND > AHEAD_MAX for seq in self._waiting)

    def give_up(self) -> list[Item]:
        """Count what is missing before those that wait; gives these, in their order. Before a birth they are dropped."""
        waiting, self._waiting = self._waiting, {}
        if self._next < 0:
            self.missing += len(waiting)
            return []
        order = sorted(waiting, key=lambda seq: (seq - self._next) % AROUND)
        if order:
            self.missing += (order[-1] - self._next) % AROUND + 1 - len(order)
            self._next = (order[-1] + 1) % AROUND
        return [waiting[seq] for seq in order]

    def _in_turn(self) -> list[Item]:
        found = []
        while self._next in self._waiting:
            found.append(self._waiting.pop(self._next))
            self._next = (self._next + 1) % AROUND
        return found
