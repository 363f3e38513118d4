"""Which points a subscription is about, and their values as they change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from analytics.places import below
from graph.current import CurrentValues, PointValue
from graph.names import no_entity
from graph.values import Quality, Reason
from resolvers.context import Face
from resolvers.errors import BadInput, NoSuchEntity
from resolvers.index import Index
from resolvers.past_values import PointReading
from resolvers.states import known

POINTS_MAX = 5000
"""Points of one subscription."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Points by themselves, of an entity, or of all that is below one: exactly one of the three."""

    points: Sequence[str] | None
    entity: str | None
    sub_tree: str | None

    @staticmethod
    def of(points: Sequence[str] | None, entity: str | None, sub_tree: str | None) -> Wanted:
        """Raises `BadInput`."""
        if sum(each is not None for each in (points, entity, sub_tree)) != 1:
            raise BadInput("give exactly one of points, entity and subTree")
        if points is not None and not 1 <= len(points) <= POINTS_MAX:
            raise BadInput(f"points has {len(points)} ids: give 1 to {POINTS_MAX}")
        return Wanted(points, entity, sub_tree)

    async def found(self, index: Index) -> list[str]:
        """The IRIs of the points in one revision, each once; of an entity in order of IRIs. Raises `BadInput`, `NoSuchEntity`."""
        if self.points is not None:
            return list(dict.fromkeys(await known(index, self.points)))
        return await asyncio.to_thread(self._around, index)

    def _around(self, index: Index) -> list[str]:
        (asked,) = (each for each in (self.entity, self.sub_tree) if each is not None)
        number = index.snapshot.find(asked)
        if number is None:
            raise NoSuchEntity(no_entity(index.snapshot, asked))
        things = below(index.snapshot, number) if self.sub_tree is not None else {number}
        found = sorted({index.snapshot.key(point) for thing in things for point in index.points(thing)})
        if len(found) > POINTS_MAX:
            raise BadInput(f"{asked} has {len(found)} points below it, and {POINTS_MAX} may be followed: give something smaller")
        return found


async def followed_values(face: Face, wanted: Wanted) -> AsyncGenerator[list[PointReading], None]:
    """The values of what `followed` tells."""
    async with aclosing(followed(face, wanted)) as told:
        async for points in told:
            now_ms = int(face.clock().timestamp() * 1000)
            yield [PointReading.of(row, now_ms) for row in rows_of(face.current, points)]


async def followed(face: Face, wanted: Wanted) -> AsyncGenerator[Sequence[str], None]:
    """All points first, then those that have changed, and those that a change of the graph brings. Raises `BadInput`, `NoSuchEntity`."""
    index = face.index()
    iris = await wanted.found(index)
    with face.pulse().follow(face.current.slots(iris)) as heart:
        stop = face.feed.changes(heart.ring)
        try:
            yield iris
            while True:
                await heart.beat()
                changed = {iris[row] for row in heart.changed().tolist()}
                if face.twin.snapshot is not index.snapshot:
                    await face.prepare()
                    index, before = face.index(), frozenset(iris)
                    iris = await wanted.found(index)
                    heart.over(face.current.slots(iris))
                    changed = (set(iris) - before) | changed.intersection(iris)
                if changed:
                    yield sorted(changed)
        finally:
            stop()


def rows_of(current: CurrentValues, points: Sequence[str]) -> list[PointValue]:
    """What is known of points now, in their order, as of one instant."""
    batch = current.many(points)
    columns = (batch.values, batch.observed_at, batch.received_at, batch.quality, batch.reason)
    rows = zip(batch.points, *(column.tolist() for column in columns), strict=True)
    return [PointValue(p, v, o, r, Quality(q), Reason(why)) for p, v, o, r, q, why in rows]
