"""Current values on their way to the store: paced, conflated, kept while the store is away."""

from __future__ import annotations

import time

from graph.errors import StoreUnavailable
from graph.stores.memory import MemoryStore
from graph.values import Quality, ReadingBatch
from tests.support.wired import MovedClock, Table, snapshot_of, wait_until
from twin.ingest import ValueWriter

P, Q = "urn:ridethrough:demo:P", "urn:ridethrough:demo:Q"
SITE = "demo:E brick:hasPoint demo:P , demo:Q ."


class Store(MemoryStore):
    """A store that remembers what it was given, and can be away."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[dict[str, float]] = []
        self.away = False

    def write_values(self, batch: ReadingBatch) -> None:
        if self.away:
            raise StoreUnavailable("the store is away")
        self.batches.append(dict(zip(batch.points, batch.values.tolist(), strict=True)))


def say(table: Table, point: str, value: float, at_ms: int) -> None:
    table.ingest.accept(ReadingBatch.of([(point, value, at_ms, at_ms, Quality.GOOD)]))


def test_a_hundred_values_of_one_point_are_one_row() -> None:
    """Written once at the pace: the newest."""
    clock, store = MovedClock(), Store()
    table = Table(snapshot_of(SITE), clock)
    writer = ValueWriter(store, table.current, table.bus, pace_s=0.2)
    writer.start()

    for value in range(100):
        say(table, P, float(value), clock.ms + value)
    say(table, Q, 7.0, clock.ms)

    assert wait_until(lambda: bool(store.batches))
    writer.close()
    assert store.batches[-1][P] == 99.0
    assert {point: value for batch in store.batches for point, value in batch.items()} == {P: 99.0, Q: 7.0}
    assert len(store.batches) <= 2


def test_what_changes_while_the_store_is_away_is_written_when_it_is_back() -> None:
    """The newest value of each point; nothing grows meanwhile but the set of points."""
    clock, store = MovedClock(), Store()
    table = Table(snapshot_of(SITE), clock)
    writer = ValueWriter(store, table.current, table.bus, pace_s=0.05)
    writer.start()
    store.away = True
    say(table, P, 1.0, clock.ms)
    time.sleep(0.2)
    say(table, P, 2.0, clock.ms + 1)
    say(table, Q, 7.0, clock.ms + 1)
    assert wait_until(lambda: writer.waiting == 2)

    store.away = False

    assert wait_until(lambda: writer.waiting == 0 and bool(store.batches))
    assert store.batches[0] == {P: 2.0, Q: 7.0}
    writer.close()


def test_what_waits_is_written_at_the_end() -> None:
    """A pace of an hour, and an end after a moment."""
    clock, store = MovedClock(), Store()
    table = Table(snapshot_of(SITE), clock)
    writer = ValueWriter(store, table.current, table.bus, pace_s=3600.0)
    writer.start()
    say(table, P, 1.0, clock.ms)

    writer.close()

    assert store.batches == [{P: 1.0}]
