"""The timeline of a failure over GraphQL, from the frozen result of the analytics room."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import Enum
from itertools import islice
from typing import Annotated, Any

import strawberry

from analytics.time import story
from analytics.time import timeline as analysed
from resolvers.arguments import Failed, Of, checked_first, iris_of
from resolvers.context import Info, face_of
from resolvers.errors import BadInput
from resolvers.failure.rests_on import Rested, rests_asked
from resolvers.failure.scenarios import Closed, Isolated, MovedTo, Opened, scenario_of
from resolvers.failure.telling import told
from resolvers.states import AsOfArgument, BranchArgument, known, state_of

HORIZON_S_MAX = 30 * 24 * 3600.0
IDS_DEFAULT, IDS_MAX = 1000, 1_000_000
BOUNDS_DEFAULT, BOUNDS_MAX = 10_000, 50_000

HorizonS = Annotated[
    float | None,
    strawberry.argument(description=f"How far to look, in seconds: at most {HORIZON_S_MAX:,.0f}; 4 hours if not given."),
]


@strawberry.enum(description="What happens in a timeline; events of one instant come in this order.")
class TimelineEventKind(Enum):
    """After docs/guides/timeline.md."""

    FAILED = "failed"
    CARRIED = strawberry.enum_value("carried", description="A store carries it on.")
    CALLED = strawberry.enum_value("called", description="A standby source is called.")
    TRIPS = strawberry.enum_value("trips", description="It opens because it carries too much.")
    LOST_AGAIN = strawberry.enum_value("lost_again", description="It had its supply back, and loses it after that.")
    TRANSFERS = strawberry.enum_value("transfers", description="A transfer switch may interrupt what it feeds.")
    LOST = "lost"
    STARTED = strawberry.enum_value("started", description="A standby source supplies.")
    BACK = strawberry.enum_value("back", description="It has the supply again.")
    RUNS = strawberry.enum_value("runs", description="It has restarted, and hands on again.")
    DOWN = strawberry.enum_value("down", description="A standby source is out of fuel, or does not start: `reason` says which.")


@strawberry.type(description="One thing that happens to entities of one class at one time; seconds after the failure.")
class TimelineEvent:
    """One row of a story."""

    kind: TimelineEventKind = strawberry.field(description="What happens.")
    lower: float = strawberry.field(description="Seconds after the failure, with every range at its worse end.")
    upper: float | None = strawberry.field(description="The same with the better ends; null: then not at all before the horizon.")
    class_: str | None = strawberry.field(name="class", description="IRI of the class that they have.")
    medium: str | None = strawberry.field(description="IRI of the medium, where the event is of one.")
    count: int = strawberry.field(description="How many entities it happens to.")
    reason: str = strawberry.field(description="Why, of the first of the ids; the others have the like.")
    found: strawberry.Private[story.Event]

    @strawberry.field(description="What it happens to: IRIs, in order.")
    def ids(
        self, first: Annotated[int | None, strawberry.argument(description=f"How many at most, up to {IDS_MAX:,}.")] = IDS_DEFAULT
    ) -> list[strawberry.ID]:
        return [strawberry.ID(iri) for iri in self.found.ids[: checked_first(first, IDS_DEFAULT, IDS_MAX)]]

    @staticmethod
    def said(found: story.Event) -> dict[str, Any]:
        """What it is filled from."""
        return {**found.to_json(), "count": len(found.ids), "found": found}


@strawberry.type(
    description="When one entity loses one supply, and when it has it back; seconds after the failure, in a countdown from now."
)
class TimelineBound:
    """One supply that may be lost."""

    id: strawberry.ID = strawberry.field(description="IRI of the entity.")
    medium: str = strawberry.field(description="IRI of the medium.")
    lower: float = strawberry.field(description="With every range at its worse end; in a countdown 0: it may be lost already.")
    upper: float | None = strawberry.field(
        description="With the better ends; null: then it is not lost before the horizon; in a countdown 0: it is lost."
    )
    back_lower: float | None = strawberry.field(description="When it is back for good; null: with neither end before the horizon.")
    back_upper: float | None = strawberry.field(description="Null: where it is lost, not in every case back before the horizon.")


@strawberry.type(description="A reading that an answer stands on.")
class UsedReading:
    """A point and what it says."""

    point: strawberry.ID = strawberry.field(description="IRI of the point.")
    value: float = strawberry.field(description="Its value, in its own unit.")


@strawberry.type(description="What becomes of the site, and when, after the given entities fail together.")
class Timeline(Rested):
    """The time to impact."""

    revision: int = strawberry.field(description="Revision of the graph that the answer speaks of.")
    at: datetime = strawberry.field(description="Instant of the switch positions and charges that the answer speaks of.")
    failed: list[strawberry.ID] = strawberry.field(description="What was taken as failed.")
    horizon_s: float = strawberry.field(description="How far it looks, in seconds.")
    events: list[TimelineEvent] = strawberry.field(description="What happens, in order of the lower bounds.")
    bounds_count: int = strawberry.field(description="How many supplies may be lost.")
    assumed: list[str] = strawberry.field(description="What the graph does not say and was assumed.")
    readings: list[UsedReading] = strawberry.field(description="The readings that it stands on: charges, in per cent.")
    found: strawberry.Private[analysed.Timeline]

    @strawberry.field(description="Every supply that may be lost, in order of ids and media.")
    def bounds(
        self,
        of: Of = None,
        first: Annotated[int | None, strawberry.argument(description=f"How many at most, up to {BOUNDS_MAX:,}.")] = BOUNDS_DEFAULT,
    ) -> list[TimelineBound]:
        rows = checked_first(first, BOUNDS_DEFAULT, BOUNDS_MAX)
        wanted = iris_of(of)
        kept = (bound for bound in self.found.bounds if wanted is None or bound.id in wanted)
        return [told(TimelineBound, bound._asdict()) for bound in islice(kept, rows)]

    @staticmethod
    def of(found: analysed.Timeline) -> Timeline:
        """From the result of the analytics room."""
        bare, events = replace(found, events=(), bounds=()), list(map(TimelineEvent.said, found.events))
        return told(
            Timeline, {**bare.to_json(), "events": events, "bounds_count": len(found.bounds), "found": found, "rested": found.rests_on}
        )


@strawberry.type
class TimelineQuery:
    """The question of when."""

    @strawberry.field(
        description="What becomes of the site, and when, after the given entities fail together; or in a scenario, as of `impact`. Errors: "
        "BAD_INPUT, UNKNOWN_ENTITY, LIMIT_EXCEEDED."
    )
    async def timeline(
        self,
        info: Info,
        failed: Failed,
        horizon_s: HorizonS = analysed.HORIZON_S,
        as_of: AsOfArgument = None,
        branch: BranchArgument = None,
        opened: Opened = None,
        closed: Closed = None,
        isolated: Isolated = None,
        moved: MovedTo = None,
    ) -> Timeline:
        horizon, state = checked_horizon(horizon_s), await state_of(info, as_of, branch)
        scenario = scenario_of(failed, opened, closed, isolated, moved)
        await known(state.reads.index, scenario.ids())
        return Timeline.of(await face_of(info).analysis.run(state.questions.timeline, scenario, horizon, rests_asked(info.selected_fields)))


def checked_horizon(horizon_s: float | None) -> float:
    """A horizon in seconds, the default for none. Raises `BadInput`."""
    wanted = analysed.HORIZON_S if horizon_s is None else horizon_s
    if not 0 < wanted <= HORIZON_S_MAX:
        raise BadInput(f"horizonS = {wanted:g}: give more than 0 and at most {HORIZON_S_MAX:,.0f} seconds")
    return wanted
