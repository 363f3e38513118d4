"""The countdown of a failure that is under way, over a socket: at once, every second, and when a reading that it stands on changes.

Rules of this file:

1. How long an answer holds is `twin/countdown.py`'s to say; in between, the seconds alone are counted down.
2. It is told at most every `SOONEST_S`, at least every second while anything is still to come, and else when something changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from enum import Enum
from functools import partial
from itertools import islice
from math import inf
from typing import Annotated

import strawberry

from analytics.time import countdown as analysed
from graph.snapshot import Snapshot
from resolvers.arguments import FAILED_MAX, Of, checked_first, iris_of
from resolvers.context import Face
from resolvers.errors import BadInput
from resolvers.failure.rests_on import Rested
from resolvers.failure.telling import told
from resolvers.failure.timeline import TimelineBound, TimelineEvent, checked_horizon
from resolvers.live import Heartbeat
from resolvers.states import known
from twin.countdown import Counting

TICK_S = 1.0
SOONEST_S = 0.25
LEFT_DEFAULT, LEFT_MAX = 50, 10_000

CountedFailed = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description=f"What has failed: IRIs or CURIEs, at most {FAILED_MAX}; what readings say is out, when not given."),
]
Since = Annotated[
    datetime | None, strawberry.argument(description="When it failed, with its offset, at most 7 days ago; when this begins, if not given.")
]


@strawberry.type(description="How things of one kind stand in a countdown, each counted once.")
class Ahead:
    """Racks, or services."""

    lost: int = strawberry.field(description="Without one of their supplies now.")
    maybe: int = strawberry.field(description="Perhaps without one already, perhaps not yet.")
    counting: int = strawberry.field(description="With all supplies still, but perhaps not up to the horizon.")
    next_lower: float | None = strawberry.field(description="Seconds until the next of them may lose one; null: none will.")
    next_upper: float | None = strawberry.field(description="Seconds until one certainly has; null: with the better ends none will.")


@strawberry.enum(description="What a reading is taken for.")
class ReadingSays(Enum):
    """After docs/guides/timeline.md."""

    CHARGE = strawberry.enum_value("charge", description="Per cent of a store.")
    TEMPERATURE = strawberry.enum_value("temperature", description="Degrees Celsius at a rack's inlets, or of a room's air.")
    RUNS = strawberry.enum_value("runs", description="1 it runs, 0 it does not.")
    LEVEL = strawberry.enum_value("level", description="Per cent of a tank.")
    LOAD = strawberry.enum_value("load", description="Kilowatts.")
    REMAINING = strawberry.enum_value("remaining", description="Seconds that a store has left, by its own account.")


@strawberry.type(description="A reading that corrects a countdown.")
class CountdownReading:
    """One of those that it stands on."""

    says: ReadingSays = strawberry.field(description="What it is taken for.")
    of: strawberry.ID = strawberry.field(description="IRI of what it is about.")
    point: strawberry.ID | None = strawberry.field(description="IRI of the point; null for a load, which may come of several.")
    value: float = strawberry.field(description="Its value, as `says` has it.")
    at: datetime | None = strawberry.field(description="When it was observed; null for a load.")


@strawberry.type(description="What has happened since a failure, how long each load still has, what comes next; corrected by readings.")
class Countdown(Rested):
    """As it stands at one instant."""

    revision: int = strawberry.field(description="Revision of the graph that the answer speaks of.")
    at: datetime = strawberry.field(description="The instant from which seconds are counted.")
    since: datetime = strawberry.field(description="When the failure began.")
    elapsed_s: float = strawberry.field(description="Seconds since then.")
    failed: list[strawberry.ID] = strawberry.field(description="What has failed; empty: nothing is out.")
    horizon_s: float = strawberry.field(description="How far it looks from when it was worked out.")
    happened: list[TimelineEvent] = strawberry.field(
        description="What has happened, in seconds after the failure; with an upper bound of null it may have."
    )
    now: list[TimelineEvent] = strawberry.field(description="How it stands: what is lost, carried and down now.")
    next: list[TimelineEvent] = strawberry.field(description="What comes, in seconds from now, in order of the lower bounds.")
    left_count: int = strawberry.field(description="How many supplies are lost or may be.")
    racks: Ahead = strawberry.field(description="How the racks stand.")
    services: Ahead = strawberry.field(description="How the services stand.")
    assumed: list[str] = strawberry.field(description="What the graph does not say and was assumed.")
    readings: list[CountdownReading] = strawberry.field(description="The readings that it stands on.")
    found: strawberry.Private[analysed.Countdown]

    @strawberry.field(description="How long each supply still holds, the most urgent first.")
    def left(
        self,
        of: Of = None,
        first: Annotated[int | None, strawberry.argument(description=f"How many at most, up to {LEFT_MAX:,}.")] = LEFT_DEFAULT,
    ) -> list[TimelineBound]:
        rows = checked_first(first, LEFT_DEFAULT, LEFT_MAX)
        wanted = iris_of(of)
        kept = iter(self.found.left) if wanted is None else self.found.left.of(sorted(wanted))
        return [told(TimelineBound, each._asdict()) for each in islice(kept, rows)]

    @staticmethod
    def of(found: analysed.Countdown) -> Countdown:
        """From the result of the analytics room."""
        events = {name: list(map(TimelineEvent.said, getattr(found, name))) for name in ("happened", "now", "next")}
        return told(Countdown, {**found.to_json(), **events, "found": found, "rested": found.rests_on})


async def counted(
    face: Face, failed: Sequence[str] | None, since: datetime | None, horizon_s: float | None, rests: bool = False
) -> AsyncGenerator[Countdown, None]:
    """The stream; with `rests` its answers say what of them rests on poor points. Raises `BadInput`, `NoSuchEntity`, `LimitExceeded`."""
    horizon = checked_horizon(horizon_s)
    if failed is not None and not 1 <= len(failed) <= FAILED_MAX:
        raise BadInput(f"failed has {len(failed)} ids: give 1 to {FAILED_MAX}, or leave it out for what readings say is out")
    if since is not None:
        _check_since(since, face.clock())
    counting = Counting(face.current, face.clock, None if failed is None else await known(face.index(), failed), since, horizon, rests)
    with face.pulse().follow() as heart:
        stop = face.feed.changes(heart.ring)
        try:
            while True:
                await face.prepare()
                state = face.twin.newest
                found, valid_s = await face.analysis.run(counting.answer, state)
                over = partial(_over, face, counting, state.snapshot)
                at = found.at
                while True:
                    yield Countdown.of(found.later(at))
                    left_s = valid_s - (at - found.at).total_seconds()
                    if await _within(TICK_S if found.next else left_s, heart, over):
                        break
                    at = face.clock()
                    if (at - found.at).total_seconds() >= valid_s:
                        break
        finally:
            stop()


def _over(face: Face, counting: Counting, snapshot: Snapshot) -> bool:
    return counting.heard() or face.twin.snapshot is not snapshot


async def _within(seconds: float, heart: Heartbeat, over: Callable[[], bool]) -> bool:
    """Whether it is over within so many seconds; not at once, so that what changes together is told together."""
    await asyncio.sleep(SOONEST_S)
    with suppress(TimeoutError):
        async with asyncio.timeout(None if seconds == inf else seconds - SOONEST_S):
            while not over():
                await heart.beat()
        return True
    return False


def _check_since(since: datetime, now: datetime) -> None:
    """An instant has its offset, is not in the future nor too long ago. Raises `BadInput`."""
    if since.tzinfo is None:
        raise BadInput(f"since = {since.isoformat()} has no offset: give one, such as {since.isoformat()}Z")
    if not 0 <= (now - since).total_seconds() <= analysed.SINCE_S_MAX:
        raise BadInput(
            f"since = {since.isoformat()}: give an instant of the last {analysed.SINCE_S_MAX / 86400:.0f} days, not of the future"
        )
