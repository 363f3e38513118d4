"""The subscriptions: values conflate to the newest for each subscriber, commands and revisions are told one by one.

Rules of this file:

1. A slow subscriber costs bounded memory: at most one row for each of its points, `COMMANDS_MAX` commands.
2. Values are told at most every tick of `resolvers.live`; an impact is worked out again at most every `IMPACT_TICK_S`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial
from typing import Annotated

import strawberry

from analytics.time.timeline import HORIZON_S
from resolvers.analysis import Impact, asked_of
from resolvers.arguments import Failed, Media
from resolvers.bell import Bell
from resolvers.commands import Command
from resolvers.context import Info, face_of
from resolvers.errors import LimitExceeded
from resolvers.failure.countdown import Countdown, CountedFailed, Since, counted
from resolvers.failure.jobs import Job, JobId, followed
from resolvers.failure.posture import EVENT_FIRST, EventFirst, PostureEvent, postures
from resolvers.failure.rests_on import rests_asked
from resolvers.failure.scenarios import scenario_of
from resolvers.failure.timeline import HorizonS
from resolvers.history import Revision
from resolvers.live_values import POINTS_MAX, Wanted, followed_values
from resolvers.past_values import PointReading
from resolvers.query import impact_of
from twin.control import CommandRecord
from twin.stands import Watch

COMMANDS_MAX = 1000
"""Steps that wait for one subscriber; one that cannot keep up is closed with a reason."""
REVISIONS_MAX = 100
"""Revisions that are read at a time for a subscriber who lags behind."""
IMPACT_TICK_S = 0.5


@strawberry.type(description="Live answers, over a graphql-transport-ws socket.")
class Subscription:
    """What is told as it happens."""

    @strawberry.subscription(
        description=f"The values of points, at most {POINTS_MAX}: of those given, or of an entity, or of all that is located in an entity "
        "or part of it, however deep. All at once first, then those that change. Errors: BAD_INPUT, UNKNOWN_ENTITY."
    )
    async def readings(
        self,
        info: Info,
        points: Annotated[list[strawberry.ID] | None, strawberry.argument(description="IRIs or CURIEs of points.")] = None,
        entity: Annotated[strawberry.ID | None, strawberry.argument(description="The entity whose points are told; IRI or CURIE.")] = None,
        sub_tree: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="The place, system or equipment of which all points are told; IRI or CURIE."),
        ] = None,
    ) -> AsyncGenerator[list[PointReading], None]:
        async for told in followed_values(face_of(info), Wanted.of(points, entity, sub_tree)):
            yield told

    @strawberry.subscription(
        description="What is hit when the given entities fail, again whenever a switch moves, anything goes out of service or comes back, "
        "or the graph changes."
    )
    async def impact(self, info: Info, failed: Failed, media: Media = None) -> AsyncGenerator[Impact, None]:
        face, asked = face_of(info), asked_of(info.selected_fields)
        watch = Watch(face.current.follow)
        with face.pulse().follow() as heart:
            stop = face.feed.changes(heart.ring)
            try:
                while True:
                    await face.prepare()
                    present = face.present()
                    watch.over((await face.analysis.run(present.questions.condition_points)).points)
                    yield await impact_of(face, present, scenario_of(failed), media, asked)
                    while face.twin.snapshot is present.questions.snapshot and not watch.moved():
                        await heart.beat()
                    await asyncio.sleep(IMPACT_TICK_S)
            finally:
                stop()

    @strawberry.subscription(description="Each new revision of the site, in order.")
    async def revisions(
        self,
        info: Info,
        after: Annotated[
            int | None,
            strawberry.argument(description="The revision that is known already: those after it come at once. The newest, if none."),
        ] = None,
    ) -> AsyncGenerator[Revision, None]:
        face, bell = face_of(info), Bell()
        stop = [face.feed.changes(bell.ring)]
        told = face.twin.snapshot.revision if after is None else max(after, 0)
        try:
            while True:
                newest = face.twin.snapshot.revision
                while told < newest:
                    upto = min(newest, told + REVISIONS_MAX)
                    for each in reversed(await face.history.run(partial(face.ledger.revisions, before=upto + 1, first=upto - told))):
                        yield Revision.of(each)
                    told = upto
                await bell.wait()
        finally:
            _end(stop)

    @strawberry.subscription(
        description="How long each load still has while a failure is under way: at once, every second while anything is to come, and when "
        "a reading that it stands on changes. Errors: BAD_INPUT, UNKNOWN_ENTITY."
    )
    async def countdown(
        self, info: Info, failed: CountedFailed = None, since: Since = None, horizon_s: HorizonS = HORIZON_S
    ) -> AsyncGenerator[Countdown, None]:
        async for each in counted(face_of(info), failed, since, horizon_s, rests_asked(info.selected_fields)):
            yield each

    @strawberry.subscription(description="A job at once and as it goes on; ends with it. Errors: UNKNOWN_JOB.")
    async def job(self, info: Info, id: JobId) -> AsyncGenerator[Job, None]:  # noqa: A002 - the schema's word for it
        async for each in followed(face_of(info), id):
            yield each

    @strawberry.subscription(
        description="How the site stands against single failures, then at once when anybody loses redundancy or a supply, or gets it back."
    )
    async def posture(self, info: Info, first: EventFirst = EVENT_FIRST) -> AsyncGenerator[PostureEvent, None]:
        async for event in postures(face_of(info), first):
            yield event

    @strawberry.subscription(description="Each step of each command.")
    async def commands(self, info: Info) -> AsyncGenerator[Command, None]:
        waiting: deque[CommandRecord] = deque()
        bell = Bell()

        def hear(status: CommandRecord) -> None:
            if len(waiting) <= COMMANDS_MAX:
                waiting.append(status)
            bell.ring()

        stop = [face_of(info).feed.commands(hear)]
        try:
            while True:
                await bell.wait()
                if len(waiting) > COMMANDS_MAX:
                    raise LimitExceeded(f"more than {COMMANDS_MAX} steps were waiting for this subscriber: subscribe again")
                while waiting:
                    yield Command.of(waiting.popleft())
        finally:
            _end(stop)


def _end(stop: Sequence[Callable[[], None]]) -> None:
    for unsubscribe in stop:
        unsubscribe()
