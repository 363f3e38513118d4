"""How the data stands: what each wire does, how fast readings come and how late, what could not be read, what history keeps.

What is said of points by quality is worked out by whoever asks, from the table of current values; here is what only the service knows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from graph.current import Counts
from graph.history import HistoryStatus

SPAN_S = 60.0
"""The span of time that rates are over."""


@dataclass(frozen=True, slots=True)
class WireHealth:
    """One broker, endpoint or other way in: whether it answers, what it took so far, and a second of the last minute."""

    name: str
    """Its kind: mqtt, modbus."""
    place: str
    """Its address, without secrets."""
    connected: bool
    error: str
    """Why it does not answer; the last thing that went wrong."""
    messages: int
    """Messages taken, or requests made."""
    rate_s: float
    waiting: int = 0
    """What has come in and is not yet taken."""
    dead_letters: int = 0
    """Payloads in which something could not be read."""
    unbound: int = 0
    """Messages of no point."""
    lost: int = 0
    """Messages that were lost on the way, by what senders count; of Modbus, requests that were not answered in time."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A payload that could not be read: where it came, its beginning, why, and when."""

    wire: str
    topic: str
    payload: bytes
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DataHealth:
    """What the service knows about its data now."""

    counts: Counts
    readings_s: float
    """Readings of known points a second, over the last minute."""
    wires: Sequence[WireHealth]
    dead_letters: Sequence[DeadLetter]
    """The newest, newest first."""
    history: HistoryStatus | None
    """None where nothing is kept."""
    history_missed: int
    """Readings that history could not take."""


def taken(counts: Counts) -> int:
    """Readings of known points so far."""
    return counts.news + counts.duplicates + counts.late + counts.old


class Rates:
    """Counts of things over the last minute: told now and then what they are, asked what they rise by a second. Safe from any thread."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        """`clock_s` is monotonic."""
        self._clock_s, self._lock = clock_s, Lock()
        self._seen: deque[tuple[float, Mapping[str, int]]] = deque()

    def note(self, counts: Mapping[str, int]) -> None:
        """What the counts are now; called every second or so."""
        now = self._clock_s()
        with self._lock:
            self._seen.append((now, dict(counts)))
            while len(self._seen) > 2 and self._seen[0][0] < now - SPAN_S:
                self._seen.popleft()

    def of(self, name: str, count: int) -> float:
        """How much a count, `count` now, rises a second; 0 while it has not been seen for half a second."""
        with self._lock:
            first = next(((at, counts[name]) for at, counts in self._seen if name in counts), None)
        if first is None or (span := self._clock_s() - first[0]) < 0.5:
            return 0.0
        return max(0.0, (count - first[1]) / span)
