"""How much more a site can take, and what is stranded, over GraphQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime

import strawberry

from analytics.planning import stranded as analysed
from graph.ports import Progress
from resolvers.arguments import checked_count
from resolvers.context import Questions, State
from resolvers.failure.planning import PLACES_MAX
from resolvers.failure.telling import told


@strawberry.type(description="What one rack takes when most is placed in all.")
class Filling:
    """One row of an answer."""

    rack: strawberry.ID = strawberry.field(description="IRI of the rack.")
    label: str = strawberry.field(description="What a person calls it.")
    kw: float = strawberry.field(description="Kilowatts more.")


@strawberry.type(description="A feeder with a rating: what it has left after the worst single failure, now and when most is placed in all.")
class StrandedFeeder:
    """One row of an answer."""

    id: strawberry.ID = strawberry.field(description="IRI of it.")
    label: str = strawberry.field(description="What a person calls it.")
    class_: str | None = strawberry.field(name="class", description="IRI of its class.")
    limit_kw: float = strawberry.field(description="What it may carry for good, kilowatts.")
    left_kw: float = strawberry.field(description="Of that, what is left now.")
    stranded_kw: float = strawberry.field(description="What is still left when all racks are filled: nothing can use it.")
    worth: float = strawberry.field(description="Kilowatts more in all for one more of its limit; 0 where it is not what limits.")


@strawberry.type(description="What one more unit beside each of a class would buy.")
class OneMore:
    """One row of an answer."""

    class_: str | None = strawberry.field(name="class", description="IRI of the class.")
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
    placeable_kw: float = strawberry.field(description="What fits in all, every single failure survived within all ratings.")
    complete: bool = strawberry.field(description="Whether no more fits; else as much fits, and maybe more.")
    racks: int = strawberry.field(description="How many racks can take anything.")
    fillings_count: int = strawberry.field(description="How many racks take something.")
    fillings: list[Filling] = strawberry.field(description="In order of ids, as many as were asked for.")
    feeders_count: int = strawberry.field(description="How many feeders with a rating there are above these racks.")
    feeders: list[StrandedFeeder] = strawberry.field(description="The one with most stranded first, as many as were asked for.")
    one_more: list[OneMore] = strawberry.field(
        description="Of the classes that limit, in all their places and in the best one alone: what buys most first."
    )
    notes: list[str] = strawberry.field(description="What was taken for granted.")


def stranded_of(questions: Questions, first: int, progress: Progress | None = None) -> Stranded:
    """To be called in a worker thread. Raises `GraphError` where there is no rack or no rating."""
    found = analysed.stranded(questions.snapshot, questions.vocabulary, questions.supply(), questions.conditions(), progress)
    said = replace(found, fillings=found.fillings[:first]).to_json()
    return told(
        Stranded,
        {
            **said,
            "fillings_count": len(found.fillings),
            "feeders_count": len(found.feeders),
            "feeders": [{**asdict(each), "class": each.cls} for each in found.feeders[:first]],
            "one_more": [{**asdict(each), "class": each.cls} for each in found.one_more],
        },
    )


@strawberry.input(description="All racks are filled up together.")
class StrandedJobInput:
    """As `ridethrough capacity --stranded`."""

    first: int = strawberry.field(default=30, description=f"How many feeders, and how many racks, to tell: 1 to {PLACES_MAX}.")

    async def work(self, state: State) -> Callable[[Progress], Stranded]:
        """What the job does. Raises `BadInput`."""
        first = checked_count("first", self.first, PLACES_MAX)
        return lambda progress: stranded_of(state.questions, first, progress)
