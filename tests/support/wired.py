"""Small sites with wired points, a clock that a test moves, and a sink that remembers what it was given."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pyoxigraph as ox

from graph.current import CurrentValues
from graph.points import point_facts
from graph.snapshot import Snapshot
from graph.values import ReadingBatch, Samples, Slots
from ontology.namespaces import PREFIXES
from ontology.terms import QuadBlock, key_of
from twin.bus import Bus
from twin.ingest import Ingest


def snapshot_of(turtle: str) -> Snapshot:
    """A snapshot of a Turtle text; the known prefixes need not be declared."""
    return Snapshot.of(quads_of(turtle))


def quads_of(turtle: str) -> QuadBlock:
    """The quads of a Turtle text; the known prefixes need not be declared."""
    head = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
    triples = ox.parse((head + turtle).encode(), format=ox.RdfFormat.TURTLE)
    return QuadBlock.of((key_of(t.subject), t.predicate.value, key_of(t.object), "urn:test:graph") for t in triples)


class MovedClock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)

    @property
    def ms(self) -> int:
        """The instant in milliseconds since 1970."""
        return round(self.at.timestamp() * 1000)


def wall_clock() -> datetime:
    """The real time."""
    return datetime.now(UTC)


class Taken:
    """A `ReadingSink` that remembers every batch, and can be told to refuse. Every point has a slot as soon as it is asked for."""

    def __init__(self) -> None:
        self.batches: list[ReadingBatch] = []
        self.refuses = False
        self._names: list[str] = []

    def slots(self, points: Sequence[str]) -> Slots:
        for point in points:
            if point not in self._names:
                self._names.append(point)
        return np.array([self._names.index(point) for point in points], np.int32)

    def take(self, samples: Samples) -> None:
        names = [self._names[slot] for slot in samples.slots.tolist()]
        self.accept(ReadingBatch(names, samples.values, samples.observed_at, samples.received_at, samples.quality, samples.reason))

    def accept(self, batch: ReadingBatch) -> None:
        if self.refuses:
            raise RuntimeError("the sink refuses")
        self.batches.append(batch)

    def early(self, batch: ReadingBatch) -> int:
        self.accept(batch)
        return len(batch)

    def values(self, point: str) -> list[float]:
        """Every value that came for a point, in order."""
        return [float(b.values[row]) for b in list(self.batches) for row, name in enumerate(b.points) if name == point]


class Table:
    """Current values behind a real `Ingest` and bus, bound to a snapshot."""

    def __init__(self, snapshot: Snapshot, clock: Callable[[], datetime] = wall_clock) -> None:
        self.current, self.bus = CurrentValues(), Bus()
        self.ingest = Ingest(self.current, self.bus, clock, point_facts(snapshot))

    def quality(self, point: str) -> str:
        """The quality of a point by name."""
        found = self.current.get(point)
        assert found is not None
        return found.quality.name

    def value(self, point: str) -> float:
        """The value of a point."""
        found = self.current.get(point)
        assert found is not None
        return found.value


def wait_until(condition: Callable[[], bool], timeout_s: float = 30.0) -> bool:
    """Whether the condition comes true within `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()
