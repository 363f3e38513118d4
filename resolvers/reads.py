"""What one operation reads: one revision, the current values, and the instant that its answer speaks of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import nan

from graph.current import CurrentValues, PointValue
from graph.inferred import Inferred
from graph.values import Quality
from resolvers.index import Index


def sample_of(current: CurrentValues, point: str) -> PointValue:
    """What the table has for a point; no value for one that it does not have."""
    return current.get(point) or PointValue(point, nan, 0, 0, Quality.NO_VALUE)


@dataclass(frozen=True)
class Reads:
    """A revision and the live values beside it, for the time of one operation."""

    index: Index
    current: CurrentValues
    controllable: Callable[[str], bool]
    now: datetime

    @cached_property
    def inferred(self) -> Inferred:
        """What follows from what is said in this revision."""
        return Inferred(self.index.snapshot, self.index.vocabulary)

    @property
    def now_ms(self) -> int:
        """The instant in milliseconds since 1970."""
        return int(self.now.timestamp() * 1000)

    def sample(self, point: str) -> PointValue:
        """What is known of a point now."""
        return sample_of(self.current, point)

    def iri(self, number: int) -> str:
        """The IRI of an entity's number."""
        return self.index.snapshot.key(number)
