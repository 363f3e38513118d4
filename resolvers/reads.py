"""What one operation reads: one revision, the current values, and the instant that its answer speaks of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from graph.current import PointValue
from resolvers.index import Index


@dataclass(frozen=True)
class Reads:
    """A revision and the live values beside it, for the time of one operation."""

    index: Index
    sample: Callable[[str], PointValue]
    controllable: Callable[[str], bool]
    now: datetime

    @property
    def now_ms(self) -> int:
        """The instant in milliseconds since 1970."""
        return int(self.now.timestamp() * 1000)

    def iri(self, number: int) -> str:
        """The IRI of an entity's number."""
        return self.index.snapshot.key(number)
