"""How the data stands: by wire, by source, by equipment; what is late, stale, unread or of no point."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import numpy as np
import strawberry

from analytics.suggest import Suggestion
from graph.references import UNNAMED, completed
from graph.snapshot import RDF_TYPE
from graph.values import Codes
from graph.values import Quality as Good
from resolvers.context import Info, Unbound, face_of, present_of
from resolvers.errors import BadInput, NoWires
from resolvers.live_values import rows_of
from resolvers.past_values import QUALITY, PointReading
from resolvers.reads import Reads
from resolvers.types import Quality, instant
from twin import data_health as told

FIRST_DEFAULT, FIRST_MAX = 50, 1000
RECENT_MS = 60_000
"""Of readings that came in so long ago lag is told."""
PAYLOAD_TOLD = 200
"""Bytes of a payload that could not be read, as they are shown."""
First = Annotated[int | None, strawberry.argument(description=f"How many at most, 0 to {FIRST_MAX}.")]


@strawberry.type(description="A point that a name from outside may mean.")
class Candidate:
    """A guess by words, for a person to decide."""

    point: strawberry.ID = strawberry.field(description="The point.")
    score: float = strawberry.field(description="How much of what the name says the point has too, 0 to 1.")
    reason: str = strawberry.field(description="The words that speak for it.")


@strawberry.type(description="A topic or a reference that no value comes from.")
class UnboundTopic:
    """A topic without a point, a reference that cannot be used, or a topic whose payloads cannot be read."""

    topic: str = strawberry.field(description="The topic; the point, for a reference without one.")
    count: int = strawberry.field(description="Messages so far; 0 for a reference that cannot be used.")
    last_at: datetime = strawberry.field(description="When the last one came; for a reference, since when the graph has it so.")
    reason: str = strawberry.field(description="Why no value comes from it, and the next step.")
    statement: strawberry.Private[str]
    """As `resolvers.context.Unbound` has it."""

    @strawberry.field(description="The statement that would bind it to the likeliest point, as Turtle; empty where nothing comes near.")
    async def suggestion(self, info: Info) -> str:
        """Empty, too, where two points are as likely as each other."""
        if not self.statement.startswith(UNNAMED):
            return self.statement
        likely = await _meant(info, self.topic)
        alone = bool(likely) and (len(likely) == 1 or likely[0].score > likely[1].score)
        return completed(self.statement, likely[0].point) if alone else ""

    @strawberry.field(
        description="Points without a reference that a topic may mean, likeliest first; none where it is named or nothing comes near."
    )
    async def candidates(self, info: Info) -> list[Candidate]:
        """Held against the words of the graph's points, in a thread: the first to ask after a change of the graph waits for it."""
        found = await _meant(info, self.topic) if self.statement.startswith(UNNAMED) else ()
        return [Candidate(point=strawberry.ID(each.point), score=each.score, reason=each.reason) for each in found]

    @staticmethod
    def of(unbound: Unbound) -> UnboundTopic:
        """From the service's own facts."""
        topic, count, last_at, reason, statement = unbound.topic, unbound.count, unbound.last_at, unbound.reason, unbound.suggestion
        return UnboundTopic(topic=topic, count=count, last_at=last_at, reason=reason, statement=statement)


async def _meant(info: Info, name: str) -> Sequence[Suggestion]:
    """The points that a name may mean."""
    meant = face_of(info).meant
    return () if meant is None else await asyncio.to_thread(meant, name)


@strawberry.type(description="How many points are of a quality.")
class QualityCount:
    """One of six."""

    quality: Quality = strawberry.field(description="The quality.")
    count: int = strawberry.field(description="Points.")


@strawberry.type(description="The points of one source of the graph, or of one equipment, by quality.")
class PointGroup:
    """A group."""

    id: str = strawberry.field(description="Name of the source; IRI of the equipment.")
    label: str = strawberry.field(description="What a person calls it.")
    points: int = strawberry.field(description="How many points it has.")
    quality: list[QualityCount] = strawberry.field(description="How many of each quality, best first; those that there are.")


@strawberry.type(description="One way in: a broker, an endpoint that is polled.")
class WireHealth:
    """After twin/data_health.py."""

    name: str = strawberry.field(description="Its kind: `mqtt`, `modbus`.")
    place: str = strawberry.field(description="Its address.")
    connected: bool = strawberry.field(description="Whether it answers.")
    error: str = strawberry.field(description="Why it does not, or the last thing that went wrong; empty for nothing.")
    messages: int = strawberry.field(description="Messages taken, or requests made, so far.")
    rate_s: float = strawberry.field(description="The same a second, over the last minute.")
    waiting: int = strawberry.field(description="What has come in and is not yet taken.")
    dead_letters: int = strawberry.field(description="Payloads in which something could not be read; of Modbus, answers that do not fit.")
    unbound: int = strawberry.field(description="Messages of no point.")
    lost: int = strawberry.field(
        description="Messages lost on the way, by what senders themselves count; of Modbus, requests without an answer in time."
    )

    @staticmethod
    def of(wire: told.WireHealth) -> WireHealth:
        """From the service's own facts."""
        return WireHealth(**{name: getattr(wire, name) for name in told.WireHealth.__dataclass_fields__})


@strawberry.type(description="A payload that could not be read.")
class DeadLetter:
    """One of the newest."""

    wire: str = strawberry.field(description="The wire that it came by.")
    topic: str = strawberry.field(description="Its topic.")
    payload: str = strawberry.field(description="Its beginning; what is no text is escaped.")
    reason: str = strawberry.field(description="Why it could not be read.")
    at: datetime = strawberry.field(description="When it came.")


@strawberry.type(description="What became of all readings since the start.")
class ReadingCounts:
    """After graph/current.py."""

    news: int = strawberry.field(description="Taken as the newest.")
    late: int = strawberry.field(description="Older than what was known: kept in history only.")
    duplicates: int = strawberry.field(description="Said before.")
    old: int = strawberry.field(description="Older than a day: kept in history only.")
    ahead: int = strawberry.field(description="More than 5 s ahead of our clock.")
    unknown: int = strawberry.field(description="Of no point that the graph has.")
    out_of_range: int = strawberry.field(description="Outside what their point can read.")
    jumps: int = strawberry.field(description="Faster than their point can move.")
    frozen: int = strawberry.field(description="Of points that stand still for too long.")


@strawberry.type(description="How the history of values stands.")
class HistoryHealth:
    """After graph/history.py."""

    samples: float = strawberry.field(
        description="Samples that are kept; one said again counts again until the files of its day are put together."
    )
    bytes: float = strawberry.field(description="Bytes that they take.")
    oldest: datetime | None = strawberry.field(description="The oldest sample's time.")
    newest: datetime | None = strawberry.field(description="The newest sample's time.")
    waiting: int = strawberry.field(description="Samples that are durable and not yet sorted into their files.")
    missed: int = strawberry.field(description="Readings since the start that could not be kept.")
    error: str = strawberry.field(description="Why nothing can be written, or what is damaged; empty for neither.")


@strawberry.type(description="How the data stands now.")
class DataHealth:
    """Points as the table has them, wires as the service knows them."""

    at: datetime = strawberry.field(description="The instant that it speaks of.")
    points: int = strawberry.field(description="Points that can have a live value.")
    quality: list[QualityCount] = strawberry.field(description="How many points are of each quality, best first; those that there are.")
    readings_s: float = strawberry.field(description="Readings of known points a second, over the last minute.")
    lag_median_s: float | None = strawberry.field(
        description="Seconds from the device's clock to ours, of the values of the last minute: the middle."
    )
    lag_p99_s: float | None = strawberry.field(description="The same: 99 of 100 are faster.")
    readings: ReadingCounts = strawberry.field(description="What became of all readings since the start.")
    wires: list[WireHealth] = strawberry.field(description="Each way in.")
    sources: list[PointGroup] = strawberry.field(description="The points by the source of the graph that says them, in order of names.")
    equipment: list[PointGroup] = strawberry.field(description="Equipment with points that are not good, that with most of them first.")
    not_good: list[PointReading] = strawberry.field(description="Points that are not good: the worst first, of those the oldest.")
    unbound: list[UnboundTopic] = strawberry.field(description="Topics and references that no value comes from, and why.")
    dead_letters: list[DeadLetter] = strawberry.field(description="Payloads in which something could not be read, the newest first.")
    history: HistoryHealth | None = strawberry.field(description="What is kept; null where nothing is.")


@strawberry.type
class DataHealthQuery:
    """Worked out beside the others: all points are looked at."""

    @strawberry.field(description="How the data stands: rates, lag, quality by source and equipment, what is unread or of no point.")
    async def data_health(self, info: Info, first: First = FIRST_DEFAULT) -> DataHealth:
        face, reads = face_of(info), present_of(info).reads
        rows = FIRST_DEFAULT if first is None else first
        if not 0 <= rows <= FIRST_MAX:
            raise BadInput(f"first = {rows}: give 0 to {FIRST_MAX}")
        if face.health is None:
            raise NoWires("this process has no wires of its own: ask the one that takes readings in")
        return await asyncio.to_thread(_health, reads, face.health, face.facts().unbound, rows)


def _health(reads: Reads, health: Callable[[], told.DataHealth], unbound: Sequence[Unbound], first: int) -> DataHealth:
    service, table = health(), _Points(reads)
    median, p99 = table.lag_s()
    letters = [_letter(each) for each in service.dead_letters[:first]]
    counts = {name: getattr(service.counts, name) for name in ReadingCounts.__annotations__}
    return DataHealth(
        at=reads.now,
        points=len(table.quality),
        quality=_counted(table.quality),
        readings_s=service.readings_s,
        lag_median_s=median,
        lag_p99_s=p99,
        readings=ReadingCounts(**counts),
        wires=[WireHealth.of(wire) for wire in service.wires],
        sources=table.by_source(),
        equipment=table.by_equipment(first),
        not_good=table.not_good(first),
        unbound=[UnboundTopic.of(each) for each in unbound[:first]],
        dead_letters=letters,
        history=_kept(service),
    )


def _letter(letter: told.DeadLetter) -> DeadLetter:
    payload = letter.payload[:PAYLOAD_TOLD].decode("utf-8", "backslashreplace")
    return DeadLetter(wire=letter.wire, topic=letter.topic, payload=payload, reason=letter.reason, at=letter.at)


def _kept(service: told.DataHealth) -> HistoryHealth | None:
    if (status := service.history) is None:
        return None
    return HistoryHealth(
        samples=status.samples,
        bytes=status.bytes,
        oldest=instant(status.oldest),
        newest=instant(status.newest),
        waiting=status.waiting,
        missed=service.history_missed,
        error=status.error or status.damaged,
    )


def _counted(quality: Codes) -> list[QualityCount]:
    counts = np.bincount(quality, minlength=len(QUALITY)).tolist()
    return [QualityCount(quality=QUALITY[code], count=count) for code, count in enumerate(counts) if count]


class _Points:
    """All points of the table as of one instant, as columns in order of IRIs."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        batch = reads.current.all()
        self._iris, self._observed, self._received = batch.points, batch.observed_at, batch.received_at
        self.quality = batch.quality
        find = reads.index.snapshot.terms.find
        self._numbers = np.fromiter((-1 if (n := find(iri)) is None else n for iri in self._iris), np.int32, len(self._iris))

    def lag_s(self) -> tuple[float | None, float | None]:
        """Middle and 99th percentile; None where nothing came in the last minute."""
        recent = (self._received > self._reads.now_ms - RECENT_MS) & (self.quality <= Good.UNCERTAIN)
        if not recent.any():
            return None, None
        middle, late = np.percentile((self._received - self._observed)[recent] / 1000, [50, 99]).tolist()
        return max(0.0, middle), max(0.0, late)

    def by_source(self) -> list[PointGroup]:
        """A point is of the source that says what it is. Cost: a pass over all that is said."""
        snapshot, names = self._reads.index.snapshot, sorted(set(self._reads.index.snapshot.owners.values()))
        facts, kind = snapshot.facts.whole, snapshot.terms.find(RDF_TYPE)
        typed = facts[:, facts[1] == (-1 if kind is None else kind)]
        owner = np.full(len(snapshot.terms) + 1, len(names), np.int32)
        for graph, source in snapshot.owners.items():
            owner[snapshot.terms.numbers([graph])] = names.index(source)
        of_term = np.full(len(snapshot.terms) + 1, len(names), np.int32)
        of_term[typed[0][::-1]] = owner[typed[3][::-1]]
        of_point = of_term[self._numbers]
        groups = ((name, self.quality[of_point == at]) for at, name in enumerate(names))
        return [PointGroup(id=name, label=name, points=len(of), quality=_counted(of)) for name, of in groups if len(of)]

    def by_equipment(self, first: int) -> list[PointGroup]:
        """Those with points that are not good. Cost: a look at each such point."""
        index = self._reads.index
        poor = self._numbers[(self.quality != Good.GOOD) & (self._numbers >= 0)].tolist()
        found = Counter(owner for point in poor if (owner := index.equipment(point)) is not None)
        worst = sorted(found.items(), key=lambda item: (-item[1], index.snapshot.key(item[0])))[:first]
        quality_of = dict(zip(self._numbers.tolist(), self.quality.tolist(), strict=True))
        return [self._equipment(number, quality_of) for number, _ in worst]

    def _equipment(self, number: int, quality_of: Mapping[int, int]) -> PointGroup:
        index = self._reads.index
        quality = np.array([quality_of[point] for point in index.points(number) if point in quality_of], np.uint8)
        return PointGroup(id=index.snapshot.key(number), label=index.label(number), points=len(quality), quality=_counted(quality))

    def not_good(self, first: int) -> list[PointReading]:
        """The worst first, of those the oldest; what has never said anything comes last."""
        never = self.quality == Good.NO_VALUE
        rows = np.flatnonzero(self.quality != Good.GOOD)
        order = np.lexsort((self._observed[rows], -self.quality[rows].astype(np.int32), never[rows]))
        worst = [self._iris[row] for row in rows[order][:first].tolist()]
        return [PointReading.of(row, self._reads.now_ms) for row in rows_of(self._reads.current, worst)]
