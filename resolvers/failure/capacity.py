"""How full the plant is now, and after any one failure, over GraphQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated

import strawberry

from analytics.capacity import standing
from graph.ports import Progress
from resolvers.arguments import checked_count
from resolvers.context import Info, Questions, face_of
from resolvers.failure.rests_on import Rested, rests_asked
from resolvers.failure.telling import told
from resolvers.history import Severity
from resolvers.states import AsOfArgument, BranchArgument, state_of

FIRST_DEFAULT, FIRST_MAX = 50, 1000
"""Feeders that one answer tells, and as many findings."""


@strawberry.type(description="Something with a rating that carries power; kW, and parts of its continuous limit (1 for all of it).")
class Feeder:
    """One row of an answer."""

    id: strawberry.ID = strawberry.field(description="IRI of it.")
    label: str = strawberry.field(description="What a person calls it.")
    class_: str | None = strawberry.field(name="class", description="IRI of its most specific class.")
    load_kw: float = strawberry.field(description="What it carries, in kilowatts.")
    basis: str = strawberry.field(description="What that stands on: `reading`, `allocated`, `rated`, `sum` of what it feeds, or `nothing`.")
    rated_kw: float = strawberry.field(description="Its rating, in kilowatts.")
    limit_kw: float = strawberry.field(description="What it may carry continuously, in kilowatts.")
    part: float = strawberry.field(description="What it carries, as a part of that limit.")
    worst_part: float = strawberry.field(description="The highest such part after any one failure, nothing having tripped yet.")
    worst_cause: strawberry.ID | None = strawberry.field(description="The failure that loads it so; null: none loads it more than now.")
    usual_part_max: float = strawberry.field(
        description="The part of its rating that it may carry now so that no single failure overloads it: 0.4 for a breaker of a pair."
    )
    phases_kw: list[float] = strawberry.field(
        description="What it carries on L1, L2 and L3, in kilowatts; empty where nothing of the site states a phase."
    )
    phase_limit_kw: float | None = strawberry.field(
        description="What each phase may carry continuously, a third of `limitKw`, where it is on all three: `part` is then that of its "
        "fullest phase. Null: it is on fewer, or loads are not known by phase."
    )


@strawberry.type(description="Something that is overloaded, or would be after one failure.")
class CapacityFinding:
    """As `ridethrough capacity` tells it."""

    severity: Severity = strawberry.field(description="An error where it is so now, a warning where it would be.")
    code: str = strawberry.field(
        description="`overloaded`, `overloaded-after-one-failure`, `rating-limits-nothing` or `reading-not-usable`."
    )
    id: strawberry.ID = strawberry.field(description="IRI of it.")
    message: str = strawberry.field(description="What is so.")
    remedy: str = strawberry.field(description="What to do about it.")


@strawberry.type(description="How full everything with a rating is.")
class Capacity(Rested):
    """As `ridethrough capacity`."""

    revision: int = strawberry.field(description="Revision of the graph that the answer speaks of.")
    at: datetime = strawberry.field(description="Instant of the readings and switch positions that the answer speaks of.")
    feeders: list[Feeder] = strawberry.field(description="The fullest after one failure first.")
    feeders_count: int = strawberry.field(description="How many there are in all.")
    findings: list[CapacityFinding] = strawberry.field(description="The worst first.")
    findings_count: int = strawberry.field(description="How many there are in all.")
    unrated: int = strawberry.field(description="How many things carry load and state no rating: nothing is said of them.")
    assumed: list[str] = strawberry.field(description="What the loads stand on.")


@strawberry.type
class CapacityQuery:
    """The question of how full."""

    @strawberry.field(description="What everything with a rating carries, may carry, and would carry after the worst single failure.")
    async def capacity(
        self,
        info: Info,
        first: Annotated[
            int | None, strawberry.argument(description=f"How many feeders and findings to tell, 1 to {FIRST_MAX:,}.")
        ] = FIRST_DEFAULT,
        as_of: AsOfArgument = None,
        branch: BranchArgument = None,
    ) -> Capacity:
        rows = checked_count("first", FIRST_DEFAULT if first is None else first, FIRST_MAX)
        state = await state_of(info, as_of, branch)
        return await face_of(info).analysis.run(capacity_of, state.questions, rows, None, rests_asked(info.selected_fields))


def capacity_of(questions: Questions, first: int, progress: Progress | None = None, rests: bool = False) -> Capacity:
    """To be called in a worker thread."""
    found = standing.capacity(questions.supply(), questions.conditions(), progress, questions.instruments() if rests else None)
    shown = replace(found, feeders=found.feeders[:first], findings=found.findings[:first])
    return told(
        Capacity, {**shown.to_json(), "feeders_count": len(found.feeders), "findings_count": len(found.findings), "rested": found.rests_on}
    )
