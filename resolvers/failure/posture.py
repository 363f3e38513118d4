"""What hangs by a single failure as things stand, and who has just lost redundancy, over GraphQL."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from analytics.posture import posture as analysed
from analytics.posture.change import Moved, PostureChange
from resolvers.analysis import Position
from resolvers.arguments import checked_first
from resolvers.bell import Bell
from resolvers.context import Face, Info, Questions, face_of
from resolvers.errors import LimitExceeded
from resolvers.failure.rests_on import Rested, rests_asked
from resolvers.failure.telling import told
from resolvers.states import AsOfArgument, BranchArgument, state_of

FIRST_MAX = 1000
"""Single failures that one answer tells, and as many of the things that hang by any."""
EVENT_FIRST = 100
"""Ids of each kind, and reasons, that an event tells where nobody says how many."""
WAITING_MAX = 100
"""Changes that wait for one subscriber; one that cannot keep up is closed with a reason."""


EventFirst = Annotated[
    int | None,
    strawberry.argument(description=f"How many ids of each kind, and reasons, to list, 0 to {FIRST_MAX:,}; counts are of all."),
]


@strawberry.type(description="How many of one kind of things.")
class PostureCount:
    """Each counted once, by its worst supply."""

    all: int = strawberry.field(description="All there are.")
    dark: int = strawberry.field(description="Without a supply as things stand.")
    hanging: int = strawberry.field(description="With all supplies, of which one or more hang by a single failure.")


@strawberry.type(description="How much IT load, kilowatts.")
class PostureLoad:
    """Each piece of equipment counted once, by its worst supply."""

    all: float = strawberry.field(description="All there is, kW.")
    dark: float = strawberry.field(description="Of equipment without a supply as things stand, kW.")
    hanging: float = strawberry.field(description="Of equipment of which a supply hangs by a single failure, kW.")


@strawberry.type(description="A single failure, and what hangs by it: what is up and would lose a supply.")
class Hanger:
    """One row of an answer."""

    id: strawberry.ID = strawberry.field(description="IRI of what would fail.")
    label: str = strawberry.field(description="What a person calls it.")
    racks: int = strawberry.field(description="Racks that hang by it.")
    services: int = strawberry.field(description="Services that hang by it.")
    tenants: int = strawberry.field(description="Tenants of what hangs by it.")
    it_load_kw: float = strawberry.field(description="IT load that hangs by it, in kilowatts.")


@strawberry.type(description="A thing that hangs by single failures.")
class HangingBy:
    """One row of an answer."""

    id: strawberry.ID = strawberry.field(description="IRI of it.")
    by: list[strawberry.ID] = strawberry.field(description=f"The first {analysed.BY_MAX} single failures, in order of IRIs.")
    count: int = strawberry.field(description="How many there are in all.")


@strawberry.type(description="How the site stands against single failures.")
class Posture(Rested):
    """As `ridethrough posture`."""

    message: str = strawberry.field(description="The same in a sentence.")
    revision: int = strawberry.field(description="Revision of the graph that the answer speaks of.")
    at: datetime = strawberry.field(description="Instant of the readings that the answer speaks of.")
    racks: PostureCount = strawberry.field(description="Racks.")
    services: PostureCount = strawberry.field(description="Services.")
    tenants: PostureCount = strawberry.field(description="Tenants, by the worst of what is theirs.")
    it_load_kw: PostureLoad = strawberry.field(description="IT load.")
    hangers: list[Hanger] = strawberry.field(description="The single failures by which anything hangs: those by which most kW hang first.")
    hanging_racks: list[HangingBy] = strawberry.field(description="The racks that hang by a single failure, in order of IRIs.")
    hanging_services: list[HangingBy] = strawberry.field(description="The services that do.")
    dark_racks: list[strawberry.ID] = strawberry.field(description="The racks without a supply, in order of IRIs.")
    dark_services: list[strawberry.ID] = strawberry.field(description="The services without one.")
    assumed: list[str] = strawberry.field(
        description="What is out of service as telemetry says, what cannot be read, that load is not followed, and how the model was read."
    )
    positions: list[Position] = strawberry.field(description="Switch positions that the answer rests on.")


@strawberry.type(description="Those to whom one thing has happened.")
class PostureMoved:
    """Ids in order of IRIs."""

    count: int = strawberry.field(description="How many racks.")
    services_count: int = strawberry.field(description="How many services.")
    tenants_count: int = strawberry.field(description="How many tenants.")
    racks: list[strawberry.ID] = strawberry.field(description="The first racks.")
    services: list[strawberry.ID] = strawberry.field(description="The first services.")
    tenants: list[strawberry.ID] = strawberry.field(description="The first tenants of these and of the equipment.")
    it_load_kw: float = strawberry.field(description="Draw of the IT equipment among them, in kilowatts.")


@strawberry.enum(description="What a switch, a unit or the model did.")
class PostureAct(Enum):
    """As `analytics.posture.change.Act`."""

    OPENED = "OPENED"
    CLOSED = "CLOSED"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"
    BACK_IN_SERVICE = "BACK_IN_SERVICE"
    MODEL_CHANGED = "MODEL_CHANGED"


@strawberry.type(description="A reason for a change.")
class PostureCause:
    """What did what."""

    id: strawberry.ID = strawberry.field(description="IRI of the switch or unit; empty for a change of the model.")
    act: PostureAct = strawberry.field(description="What it did.")
    text: str = strawberry.field(description="The same in words.")


@strawberry.type(
    description="How the site stands now, and what has just changed; of the first event nothing. Each thing is in one of four."
)
class PostureEvent:
    """One event."""

    message: str = strawberry.field(description="What a person is told: `14 racks have just lost redundancy: demo:Q-A1 opened`.")
    revision: int = strawberry.field(description="Revision of the graph that it speaks of.")
    at: datetime = strawberry.field(description="Instant of the readings that it speaks of.")
    dark: PostureMoved = strawberry.field(description="A supply that held does not hold now.")
    lost: PostureMoved = strawberry.field(description="Lost redundancy: a supply hangs by a single failure that it did not hang by before.")
    back: PostureMoved = strawberry.field(description="A supply that did not hold holds now.")
    regained: PostureMoved = strawberry.field(description="Regained redundancy: a supply no longer hangs by a failure that it hung by.")
    because: list[PostureCause] = strawberry.field(description="The first of the switches, units or changes of the model that did it.")
    because_count: int = strawberry.field(description="How many there are in all.")
    racks: PostureCount = strawberry.field(description="All racks as they stand now.")
    services: PostureCount = strawberry.field(description="All services.")
    tenants: PostureCount = strawberry.field(description="All tenants.")
    it_load_kw: PostureLoad = strawberry.field(description="All IT load.")


@strawberry.type
class PostureQuery:
    """The question of the posture."""

    @strawberry.field(description="What hangs by a single failure as things stand, by which, and what is dark.")
    async def posture(
        self,
        info: Info,
        first: Annotated[
            int | None,
            strawberry.argument(
                description=f"How many single failures, racks and services to list, 0 to {FIRST_MAX:,}; counts are of all."
            ),
        ] = analysed.FIRST,
        as_of: AsOfArgument = None,
        branch: BranchArgument = None,
    ) -> Posture:
        rows = checked_first(first, analysed.FIRST, FIRST_MAX)
        state = await state_of(info, as_of, branch)
        return await face_of(info).analysis.run(_posture, state.questions, rows, rests_asked(info.selected_fields))


def _posture(questions: Questions, first: int, rests: bool) -> Posture:
    found = questions.posture().to_json(first)
    return told(Posture, {**found, "rested": questions.posture_rests_on() if rests else None})


async def postures(face: Face, first: int | None) -> AsyncGenerator[PostureEvent, None]:
    """How things stand, then each change as it happens, with the first ids of each kind. Raises `BadInput`, and `LimitExceeded` for who
    cannot keep up."""
    rows = checked_first(first, EVENT_FIRST, FIRST_MAX)
    waiting: deque[tuple[PostureChange, analysed.Counts]] = deque()
    bell = Bell()

    def hear(change: PostureChange, now: analysed.Counts) -> None:
        if len(waiting) <= WAITING_MAX:
            waiting.append((change.first(rows), now))
        bell.ring()

    stop = face.feed.postures(hear)
    try:
        await face.prepare()
        yield await face.analysis.run(_standing, face.present().questions)
        while True:
            await bell.wait()
            if len(waiting) > WAITING_MAX:
                raise LimitExceeded(f"more than {WAITING_MAX} changes were waiting for this subscriber: subscribe again")
            while waiting:
                yield event_of(*waiting.popleft())
    finally:
        stop()


def _standing(questions: Questions) -> PostureEvent:
    now = questions.posture()
    nobody = Moved()
    nothing = PostureChange(now.graph.revision, now.conditions.at, nobody, nobody, nobody, nobody, ())
    return told(PostureEvent, {**nothing.to_json(), **now.counts.to_json(), "message": now.message})


def event_of(change: PostureChange, now: analysed.Counts) -> PostureEvent:
    """A change as it is told."""
    return told(PostureEvent, {**change.to_json(), **now.to_json()})
