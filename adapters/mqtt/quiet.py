"""When what devices announce is made a wish: when it has been quiet for a while, or restless for too long."""

from __future__ import annotations

QUIET_MS, BUSY_MS = 1_500, 10_000


class Quiet:
    """One language's announcements. Times in ms, ours."""

    def __init__(self) -> None:
        self._last = self._since = 0

    def stir(self, now: int) -> None:
        """Something has been said that was not said before."""
        self._last, self._since = now, self._since or now

    @property
    def stirred(self) -> bool:
        """Whether there is something to wish for."""
        return self._since > 0

    def is_over(self, now: int) -> bool:
        """Whether it is to be wished for now; then it has been, and is quiet again."""
        due = self.stirred and (now - self._last >= QUIET_MS or now - self._since >= BUSY_MS)
        if due:
            self._since = 0
        return due
