"""What names from outside may mean in the twin as it is now: its points by their words, taken in once a revision and only when asked."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from analytics.suggest import Suggester, Suggestion
from twin.state import Twin


class Meant:
    """Suggestions for names of no point. Safe from any thread; whoever asks first after a change of the graph waits for all."""

    def __init__(self, twin: Twin) -> None:
        self._twin, self._lock = twin, Lock()
        self._kept: tuple[int, Suggester] | None = None

    def of(self, name: str) -> Sequence[Suggestion]:
        """See `Suggester.of`. Cost: after a change of the graph some ten microseconds a point."""
        with self._lock:
            snapshot = self._twin.snapshot
            if self._kept is None or self._kept[0] != snapshot.revision:
                self._kept = (snapshot.revision, Suggester(snapshot, self._twin.vocabulary))
            return self._kept[1].of(name)
