"""A list of entities with nested properties, points and live values over GraphQL: the compiled reads against plain strawberry.

The peer is strawberry's own execution of the same document over the same schema and data (its documents parsed and validated beforehand,
as ours are), its answer written by orjson. Both answers are asserted equal before anything is timed.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import orjson

from graph.current import CurrentValues
from graph.points import point_facts
from graph.snapshot import Snapshot
from graph.stores.memory import MemoryStore
from graph.values import Quality, ReadingBatch
from ontology.vocabulary import load_vocabulary
from resolvers.compiled import CompiledReads
from resolvers.context import Face, ServiceFacts
from resolvers.limits import Limits
from resolvers.schema import build_schema
from twin.bus import Bus
from twin.compose_commands import BusFeed
from twin.control import Control
from twin.demo.site import generate
from twin.ledger.ledger import Ledger
from twin.state import Twin

NAME = "graphql.list"
SIZES = (1000,)
AT = datetime(2026, 1, 1, tzinfo=UTC)
QUERY = """query($n: Int) { entities(class: "brick:ICT_Rack", first: $n) { totalCount pageInfo { hasNextPage endCursor } nodes {
  id curie label class properties { predicate value unit } points { id label unit value { value quality observedAt } } } } }"""
Row = dict[str, object]


class _NoJournal:
    """Nobody writes here."""

    def append(self, event: object) -> None:
        """Nothing."""

    def events(self) -> tuple[()]:
        """None."""
        return ()


def run(size: int = SIZES[0], runs: int = 20) -> Iterator[Row]:
    """One row: `size` racks with all that is said of them and all their points."""
    face, limits = _face(size), Limits(cost=10**9)
    schema = build_schema(limits)
    compiled = CompiledReads(schema, limits)
    variables = {"n": size}

    def ours() -> bytes:
        answer = compiled.answer(face, QUERY, variables, None)
        assert answer is not None
        return answer

    async def strawberry() -> bytes:
        result = await schema.execute(QUERY, variable_values=variables, context_value={"face": face})
        assert result.errors is None, result.errors
        return orjson.dumps({"data": result.data})

    with asyncio.Runner() as runner:

        def theirs() -> bytes:
            return runner.run(strawberry())

        first = orjson.loads(ours())
        assert first == orjson.loads(theirs())
        assert len(first["data"]["entities"]["nodes"]) == size
        our_times, their_times = _times(ours, runs), _times(theirs, max(3, runs // 4))
    yield {
        "bench": NAME,
        "size": size,
        "ours_s": min(our_times),
        "peer": "strawberry",
        "peer_s": min(their_times),
        "ratio": round(min(their_times) / min(our_times), 2),
        "runs": runs,
        "ours_median_s": statistics.median(our_times),
        "peer_median_s": statistics.median(their_times),
    }


def _face(racks: int) -> Face:
    """The demo's site with that many racks, every point with a value."""
    snapshot = Snapshot.of(generate(racks=racks), at=AT)
    facts = point_facts(snapshot)
    bus, current = Bus(), CurrentValues({iri: each.period_s for iri, each in facts.items()})
    at_ms = int(AT.timestamp() * 1000)
    current.take(ReadingBatch.of([(iri, n / 3, at_ms, at_ms, Quality.GOOD) for n, iri in enumerate(facts)]))
    twin = Twin(load_vocabulary(), snapshot, current, bus, lambda: AT)
    control = Control(_NoJournal(), [], current, lambda: AT, bus)
    ledger = Ledger(MemoryStore(), twin, lambda: AT)
    return Face(twin, current, lambda: AT, control, BusFeed(bus), _no_facts, "bench", ledger)


def _no_facts() -> ServiceFacts:
    """Never asked for here."""
    raise AssertionError("the benchmark asks for no facts of a service")


def _times(act: Callable[[], object], runs: int) -> list[float]:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return times
