"""Root cause over GraphQL: which few failures explain what is seen down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from analytics.causes import explain
from analytics.causes.sightings import Sightings
from analytics.sweeps import units as analysed
from resolvers.analysis import Position
from resolvers.arguments import checked_count
from resolvers.context import Info, Questions, face_of
from resolvers.errors import BadInput
from resolvers.failure.sweeps import UnitKind, checked_units
from resolvers.failure.telling import told
from resolvers.states import AsOfArgument, BranchArgument, known, state_of

SEEN_MAX = 20_000
"""Things that one question may say are down, up or unknown."""
FIRST_MAX = 20
IDS_TOLD = 1000
"""Ids in one list of an answer; beside it stands how many there are."""

Down = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description=f"Seen down: IRIs or CURIEs, with `up` and `unknown` at most {SEEN_MAX:,}.")
]
Up = Annotated[list[strawberry.ID] | None, strawberry.argument(description="Seen up.")]
MayFail = Annotated[list[UnitKind] | None, strawberry.argument(description="What may have failed as one; equipment when not given.")]
Order = Annotated[int | None, strawberry.argument(description=f"How many may have failed together, 1 to {explain.ORDER_MAX}.")]
Unknown = Annotated[list[strawberry.ID] | None, strawberry.argument(description="There to be seen, and silent or stale: says nothing.")]


@strawberry.type(description="One thing that has failed, as an explanation has it.")
class Cause:
    """A member of a set of causes."""

    kind: UnitKind = strawberry.field(description="What kind of single failure it is.")
    id: strawberry.ID = strawberry.field(description="IRI of it.")
    label: str = strawberry.field(description="What a person calls it.")
    class_: str | None = strawberry.field(name="class", description="IRI of its most specific class.")
    prior: float | None = strawberry.field(
        description="In how many of a hundred outages things of its class were a cause; null where nobody says."
    )
    known: bool = strawberry.field(description="Whether it is seen out itself: a switch that stands open and normally does not.")


@strawberry.type(
    description=f"A set of causes, and what it makes of what is seen. Lists of ids are in order, the first {IDS_TOLD:,} at most."
)
class Explanation:
    """One row of an answer."""

    causes: list[Cause] = strawberry.field(description="What has failed together.")
    score: float = strawberry.field(description="How much it leaves open and contradicts, and what its causes cost; the lower the better.")
    explains: list[strawberry.ID] = strawberry.field(description="Seen down, and down by these causes.")
    explains_count: int = strawberry.field(description="How many.")
    unexplained: list[strawberry.ID] = strawberry.field(description="Seen down, and up by these causes.")
    unexplained_count: int = strawberry.field(description="How many.")
    contradicts: list[strawberry.ID] = strawberry.field(description="Seen up, and down by these causes.")
    contradicts_count: int = strawberry.field(description="How many.")
    unknown: list[strawberry.ID] = strawberry.field(description="Says nothing, and is down by these causes.")
    unknown_count: int = strawberry.field(description="How many.")
    supplies: int = strawberry.field(description="How many supplies (of an entity, in a medium) do not hold by these causes, seen or not.")


@strawberry.type(description=f"Which few failures explain what is seen down. Lists of ids are in order, the first {IDS_TOLD:,} at most.")
class RootCause:
    """As `ridethrough rootcause`."""

    revision: int = strawberry.field(description="Revision of the graph that the answer speaks of.")
    at: datetime = strawberry.field(description="Instant of the readings and switch positions that the answer speaks of.")
    down: list[strawberry.ID] = strawberry.field(description="Seen down, and to be explained.")
    down_count: int = strawberry.field(description="How many.")
    up_count: int = strawberry.field(description="How many are seen up.")
    unknown_count: int = strawberry.field(description="How many say nothing that can be used.")
    opened: list[strawberry.ID] = strawberry.field(description="Switches that stand open, as telemetry says, and normally do not.")
    before: list[strawberry.ID] = strawberry.field(description="Seen down, and in the model without a supply with nothing failed.")
    explanations: list[Explanation] = strawberry.field(description="The best first.")
    order: int = strawberry.field(description="Up to so many causes together were looked for.")
    tried: int = strawberry.field(description="Sets of causes that were tried.")
    left_out: str = strawberry.field(description="What was not looked into; empty when nothing.")
    assumed: list[str] = strawberry.field(description="What the graph and the readings do not say and was assumed.")
    positions: list[Position] = strawberry.field(description="Switch positions that the answer rests on.")


@strawberry.type
class CausesQuery:
    """The question of why."""

    @strawberry.field(
        description="The smallest sets of failures that explain what is seen down, up to two together, ranked by what speaks against them "
        "and by how often such things fail. Nothing named: what the alarms and readings say now."
    )
    async def root_cause(
        self,
        info: Info,
        down: Down = None,
        up: Up = None,
        unknown: Unknown = None,
        order: Order = explain.ORDER,
        first: Annotated[int | None, strawberry.argument(description=f"How many explanations to tell, 1 to {FIRST_MAX}.")] = explain.FIRST,
        units: MayFail = None,
        as_of: AsOfArgument = None,
        branch: BranchArgument = None,
    ) -> RootCause:
        rows = checked_count("first", explain.FIRST if first is None else first, FIRST_MAX)
        together = checked_count("order", explain.ORDER if order is None else order, explain.ORDER_MAX)
        given = [down or [], up or [], unknown or []]
        if sum(map(len, given)) > SEEN_MAX:
            raise BadInput(f"down, up and unknown have {sum(map(len, given)):,} ids: give {SEEN_MAX:,} at most")
        if any(given) and not down:
            raise BadInput("nothing is said to be down: name it in `down`, or name nothing at all to ask the readings")
        state = await state_of(info, as_of, branch)
        names = [await known(state.reads.index, each) for each in given]
        seen = Sightings.of(*names) if any(given) else None
        kinds = [analysed.UnitKind(each.value) for each in checked_units([UnitKind.EQUIPMENT] if units is None else units)]
        return await face_of(info).analysis.run(_caused, state.questions, seen, together, rows, kinds)


def _caused(questions: Questions, seen: Sightings | None, order: int, first: int, kinds: Sequence[analysed.UnitKind]) -> RootCause:
    found: dict[str, Any] = questions.root_cause(seen, order, first, kinds).to_json()
    found["explanations"] = [_short(each, ("explains", "unexplained", "contradicts", "unknown")) for each in found["explanations"]]
    return told(RootCause, _short(found, ("down", "up", "unknown", "opened", "before")))


def _short(said: dict[str, Any], lists: Sequence[str]) -> dict[str, Any]:
    """The same with the first ids of each list, and how many there are."""
    short = {name: said[name][:IDS_TOLD] for name in lists}
    return {**said, **short, **{f"{name}_count": len(said[name]) for name in lists}}
