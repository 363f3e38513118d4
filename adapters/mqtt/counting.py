"""Holes in a sender's own count of its messages: found at once, filled by what comes late, counted exactly."""

from __future__ import annotations

WINDOW = 2_048
"""Messages that may still come late; what is missing when so many have come after it is lost."""
_FULL = (1 << WINDOW) - 1


class Count:
    """One sender's count: each message one more than the one before."""

    __slots__ = ("_heard", "_highest", "missing")

    def __init__(self) -> None:
        self._highest = -1
        self._heard = 0
        """One bit a message, the highest in bit 0."""
        self.missing = 0
        """Messages that were sent, by the sender's count, and have not come."""

    def hear(self, count: int) -> int:
        """How many messages are missing right before this one, newly: 0 for the next in turn, for a late one, and for one said twice. A
        count that falls back by more than the window is a sender that has begun anew."""
        ahead = count - self._highest
        if self._highest < 0 or ahead <= -WINDOW:
            self._highest, self._heard = count, _FULL
            return 0
        if ahead > 0:
            self._highest = count
            self._heard = (self._heard << ahead | 1) & _FULL if ahead < WINDOW else 1
            self.missing += ahead - 1
            return ahead - 1
        bit = 1 << -ahead
        if not self._heard & bit:
            self._heard |= bit
            self.missing -= 1
        return 0
