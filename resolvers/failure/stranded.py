"""How much more a site can take, and what is stranded, over GraphQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime

import strawberry

from analytics.planning import stranded as analysed
from analytics.sweeps import units as failing
from graph.ports import Progress
from resolvers.arguments import checked_count
from resolvers.context import Questions, State
from resolvers.failure.planning import PLACES_MAX, AgainstKind, tried_kinds
from resolvers.failure.sweeps import UnitCounts, UnitKind
from resolvers.failure.telling import told


@strawberry.type(description="What one rack takes when most is placed in all.")
class Filling:
    """One row of an answer."""

    rack: strawberry.ID = strawberry.field(description="IRI of the rack.")
    label: str = strawberry.field(description="What a person calls it.")
    kw: float = strawberry.field(description="Kilowatts more.")
    hangs_by: strawberry.ID | None = strawberry.field(
        description="The first single failure that takes its power or cooling down, as it is fed now; null where it survives every one."
    )


@strawberry.type(description="Racks that take no part, and why.")
class LeftOut:
    """One row of an answer."""

    reason: str = strawberry.field(description="Why.")
    count: int = strawberry.field(description="How many they are.")
    racks: list[strawberry.ID] = strawberry.field(description="IRIs, in order, as many as were asked for.")


@strawberry.type(description="A feeder with a rating, or a cooling unit with a capacity: what it has left after the worst single failure.")
class StrandedFeeder:
    """One row of an answer."""

    id: strawberry.ID = strawberry.field(description="IRI of it.")
    label: str = strawberry.field(description="What a person calls it.")
    class_: str | None = strawberry.field(name="class", description="IRI of its class.")
    kind: AgainstKind = strawberry.field(description="What is limited: POWER or COOLING.")
    limit_kw: float = strawberry.field(description="What it may carry for good, kilowatts.")
    left_kw: float = strawberry.field(description="Of that, what is left now.")
    stranded_kw: float = strawberry.field(description="What is still left when all racks are filled: nothing can use it.")
    worth: float = strawberry.field(description="Kilowatts more in all for one more of its limit; 0 where it is not what limits.")


@strawberry.type(description="What one more unit beside each of a class would buy.")
class OneMore:
    """One row of an answer."""

    class_: str | None = strawberry.field(name="class", description="IRI of the class.")
    kind: AgainstKind = strawberry.field(description="What it would carry: POWER or COOLING.")
    units: int = strawberry.field(description="How many places such a unit would come to.")
    more_kw: float = strawberry.field(description="Kilowatts more in all.")
    ids: list[strawberry.ID] = strawberry.field(
        description="The feeders that share a load in the one place where it buys most; empty where it comes to each place of the class."
    )


@strawberry.type(description="How much more all racks can take together, what is stranded beside it, and what one more unit would buy.")
class Stranded:
    """As `ridethrough capacity --stranded`."""

    revision: int = strawberry.field(description="Revision of the graph that the answer speaks of.")
    at: datetime = strawberry.field(description="Instant of the readings and switch positions that the answer speaks of.")
    tried: UnitCounts = strawberry.field(description="How many single failures of each kind were tried.")
    placeable_kw: float = strawberry.field(
        description="What fits in all, nothing being above what it may carry or cool, as things stand and after any single failure."
    )
    surviving_kw: float = strawberry.field(description="The same if only racks took part that survive every single failure.")
    complete: bool = strawberry.field(description="Whether no more fits; else as much fits, and maybe more.")
    racks: int = strawberry.field(description="How many racks take part.")
    hanging: int = strawberry.field(description="How many of these some single failure takes down, as they are fed now.")
    left_out: list[LeftOut] = strawberry.field(description="The others, by reason.")
    fillings_count: int = strawberry.field(description="How many racks take something.")
    fillings: list[Filling] = strawberry.field(description="In order of ids, as many as were asked for.")
    feeders_count: int = strawberry.field(
        description="How many feeders with a rating and cooling units with a capacity there are above these racks."
    )
    feeders: list[StrandedFeeder] = strawberry.field(description="The one with most stranded first, as many as were asked for.")
    one_more: list[OneMore] = strawberry.field(
        description="Of the classes that limit, in all their places and in the best one alone: what buys most first."
    )
    notes: list[str] = strawberry.field(description="What was taken for granted.")


def stranded_of(questions: Questions, first: int, kinds: Sequence[failing.UnitKind], progress: Progress | None = None) -> Stranded:
    """To be called in a worker thread. Raises `GraphError` where there is no rack or no rating."""
    found = analysed.stranded(questions.snapshot, questions.vocabulary, questions.supply(), questions.conditions(), progress, kinds)
    said = replace(found, fillings=found.fillings[:first]).to_json()
    return told(
        Stranded,
        {
            **said,
            "left_out": [{"reason": each.reason, "count": len(each.racks), "racks": each.racks[:first]} for each in found.left_out],
            "fillings_count": len(found.fillings),
            "feeders_count": len(found.feeders),
            "feeders": [{**asdict(each), "class": each.cls} for each in found.feeders[:first]],
            "one_more": [{**asdict(each), "class": each.cls} for each in found.one_more],
        },
    )


@strawberry.input(description="All racks are filled up together.")
class StrandedJobInput:
    """As `ridethrough capacity --stranded`."""

    tried: list[UnitKind] | None = strawberry.field(
        default=None, description="What fails one at a time: only units of these kinds; equipment and groups when not given."
    )
    first: int = strawberry.field(default=30, description=f"How many feeders, and how many racks, to tell: 1 to {PLACES_MAX}.")

    async def work(self, state: State) -> Callable[[Progress], Stranded]:
        """What the job does. Raises `BadInput`."""
        first = checked_count("first", self.first, PLACES_MAX)
        kinds = tried_kinds(self.tried)
        return lambda progress: stranded_of(state.questions, first, kinds, progress)
