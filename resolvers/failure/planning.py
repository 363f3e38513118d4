"""How available a load is, and where a new one fits, over GraphQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from enum import Enum

import strawberry

from analytics.planning import availability as analysed
from analytics.planning import place as placing
from analytics.state import plant
from analytics.sweeps import units as failing
from analytics.sweeps.fed import fed
from graph.ports import Progress
from ontology.namespaces import expand
from resolvers.analysis import Position
from resolvers.arguments import Id, Media, checked_count
from resolvers.context import Info, Questions, State, face_of
from resolvers.errors import BadInput
from resolvers.failure.sweeps import UnitCounts, UnitKind, checked_units
from resolvers.failure.telling import told
from resolvers.states import AsOfArgument, BranchArgument, known, state_of

PLACES_MAX = 1000
"""Racks that one answer tells."""


@strawberry.type(description="Something that supplies the load and has rates of failure and repair.")
class AvailabilityComponent:
    """One row of an answer."""

    id: strawberry.ID = strawberry.field(description="IRI of it.")
    mtbf_hours: float = strawberry.field(description="Mean time between failures, hours.")
    mttr_hours: float = strawberry.field(description="Mean time to repair, hours.")
    down: float = strawberry.field(description="The part of all time that it is down.")
    importance: float = strawberry.field(
        description="How much likelier the load is down while this is, than while it stands: 1 for a single point of failure."
    )
    share: float = strawberry.field(description="The part of the load's unavailability that would go if this never failed.")


@strawberry.type(description="What a simulation found; equal seeds find the same.")
class Simulated:
    """A Monte Carlo run."""

    trials: float = strawberry.field(description="Trials; a float, as there may be more than an Int holds.")
    seed: float = strawberry.field(description="Seed of the draws.")
    down: float = strawberry.field(description="Trials in which the load was down.")
    confidence: float = strawberry.field(description="With which the unavailability lies between its bounds.")
    unavailability: list[float] = strawberry.field(description="From and to.")


@strawberry.type(description="How much of the time the supply of a load holds. Of a pair of figures the first is the lower bound.")
class Availability:
    """As `ridethrough availability`."""

    revision: int = strawberry.field(description="Revision of the graph that the answer speaks of.")
    at: datetime = strawberry.field(description="Instant of the switch positions that the answer speaks of.")
    load: strawberry.ID = strawberry.field(description="IRI of the load.")
    media: list[str] = strawberry.field(description="It is down when a supply of it in one of these does not hold.")
    method: str = strawberry.field(
        description="`decision diagram`: exact; `cut sets`: between two bounds; `down before`: it is down with nothing failed."
    )
    availability: list[float] = strawberry.field(description="The part of all time that it is up, from and to; equal where it is exact.")
    unavailability: list[float] = strawberry.field(description="The part of all time that it is down, from and to.")
    hours_down_a_year: list[float] = strawberry.field(description="The same in hours of a year.")
    outages_a_year: float | None = strawberry.field(description="How often it goes down; only where it is exact.")
    hours_an_outage: float | None = strawberry.field(description="How long until it is up again, on average.")
    components: list[AvailabilityComponent] = strawberry.field(description="Those that count most first; only where it is exact.")
    missing: list[strawberry.ID] = strawberry.field(description="What can fail and states no rates: it counts as never failing.")
    notes: list[str] = strawberry.field(description="Whose rates were taken.")
    simulated: Simulated | None = strawberry.field(description="What a job with trials found.")
    assumed: list[str] = strawberry.field(description="What the graph does not say and was assumed.")
    positions: list[Position] = strawberry.field(description="Switch positions that the answer rests on.")


@strawberry.enum(description="What can stand against a place.")
class AgainstKind(Enum):
    """In the order in which it is told."""

    FEEDS = strawberry.enum_value("feeds", description="Fewer live feeds than the load has cords.")
    REDUNDANCY = strawberry.enum_value("redundancy", description="One failure takes the supply of a medium down.")
    POWER = "power"
    OVER = strawberry.enum_value("over", description="What limits it is over its limit already, by what is there.")
    COOLING = "cooling"
    UNITS = "units"
    WEIGHT = "weight"
    NETWORK = "network"


@strawberry.type(description="Something that stands against a place: how much is needed and there is.")
class Against:
    """One reason."""

    kind: AgainstKind = strawberry.field(description="What it is about.")
    needed: float = strawberry.field(description="What the load needs.")
    there: float = strawberry.field(description="What there is.")
    unit: str = strawberry.field(description="Of both; with REDUNDANCY the medium.")
    at: strawberry.ID | None = strawberry.field(description="IRI of where that is so.")
    cause: strawberry.ID | None = strawberry.field(description="IRI of the failure after which it is so; null: as things stand.")


@strawberry.type(description="One rack as a place for the load; null where the model does not say.")
class Place:
    """One row of an answer."""

    rack: strawberry.ID = strawberry.field(description="IRI of the rack.")
    label: str = strawberry.field(description="What a person calls it.")
    fits: bool = strawberry.field(description="Whether nothing stands against it.")
    room_kw: float | None = strawberry.field(
        description="The most that a load of so many cords may draw here so that nothing is overloaded, after any one failure too."
    )
    limited_by: strawberry.ID | None = strawberry.field(description="IRI of what limits it.")
    limited_after: strawberry.ID | None = strawberry.field(description="The failure after which that is the limit; null: as things stand.")
    without_limit_kw: float | None = strawberry.field(description="The room if that feeder and those of its class had no limit.")
    units_free: int | None = strawberry.field(description="Rack units in a row that are free.")
    weight_left_kg: float | None = strawberry.field(description="Kilograms that it may still take.")
    cooling_left_kw: float | None = strawberry.field(
        description="What the fullest cooling unit behind it has left with this load, after the worst failure; below 0: too little."
    )
    cooling_room_kw: float | None = strawberry.field(
        description="The most heat that a load may give off here, into air and liquid in the parts of this one, after any one failure too."
    )
    network: bool = strawberry.field(description="Whether network reaches it.")
    against: list[Against] = strawberry.field(description="What stands against it.")
    unknown: list[str] = strawberry.field(description="What could not be checked, because the model states no figure.")


@strawberry.type(description="A class of feeders that limits racks.")
class Bottleneck:
    """One row of an answer."""

    class_: str | None = strawberry.field(name="class", description="IRI of the class.")
    feeders: list[strawberry.ID] = strawberry.field(description="IRIs of those that limit racks.")
    racks: int = strawberry.field(description="How many racks they limit.")
    more_kw: float | None = strawberry.field(
        description="One rack at a time, the most that one of these could take more; null: nothing else would limit it."
    )


@strawberry.type(description="The load that was placed.")
class PlacedLoad:
    """As it was asked for."""

    kw: float = strawberry.field(description="What it draws, kilowatts.")
    cords: int = strawberry.field(description="Power cords.")
    units: int = strawberry.field(description="Rack units in a row.")
    weight_kg: float = strawberry.field(description="Kilograms.")
    air_kw: float | None = strawberry.field(description="Heat into the air; null: all that does not go into liquid.")
    liquid_kw: float = strawberry.field(description="Heat into liquid, kilowatts.")
    network: bool = strawberry.field(description="Whether it needs network.")


@strawberry.type(description="All racks as places for a load: those that fit first.")
class Placement:
    """As `ridethrough place`."""

    revision: int = strawberry.field(description="Revision of the graph that the answer speaks of.")
    at: datetime = strawberry.field(description="Instant of the readings and switch positions that the answer speaks of.")
    tried: UnitCounts = strawberry.field(description="How many single failures of each kind were tried.")
    load: PlacedLoad = strawberry.field(description="The load.")
    fitting: int = strawberry.field(description="In how many racks it fits.")
    places_count: int = strawberry.field(description="How many racks were tried.")
    places: list[Place] = strawberry.field(description="The best first, as many as were asked for.")
    bottlenecks: list[Bottleneck] = strawberry.field(description="Those that limit most racks first.")
    unrated: int = strawberry.field(description="Things that carry load and state no rating: they limit nothing.")
    notes: list[str] = strawberry.field(description="What was taken for granted of loads and racks.")
    assumed: list[str] = strawberry.field(description="What the graph does not say and was assumed.")
    positions: list[Position] = strawberry.field(description="Switch positions that the answer rests on.")


@strawberry.type
class PlanningQuery:
    """Questions of planning that are quick enough to wait for."""

    @strawberry.field(description="How much of the time the supply of a load holds, by rates of failure and repair; a job simulates it.")
    async def availability(
        self, info: Info, load: Id, media: Media = None, as_of: AsOfArgument = None, branch: BranchArgument = None
    ) -> Availability:
        state = await state_of(info, as_of, branch)
        (iri,) = await known(state.reads.index, [load])
        return await face_of(info).analysis.run(availability_of, state.questions, iri, media)


def availability_of(
    questions: Questions,
    load: str,
    media: Sequence[str] | None,
    trials: int = 0,
    seed: int = 1,
    progress: Progress | None = None,
) -> Availability:
    """To be called in a worker thread. Raises `GraphError` where nothing feeds the load or nothing has rates."""
    found = analysed.availability(
        questions.snapshot,
        questions.vocabulary,
        questions.supply(),
        questions.conditions(),
        load,
        None if media is None else [expand(medium) for medium in media],
        trials=trials,
        seed=seed,
        tell=progress,
    )
    return told(Availability, found.to_json())


def tried_kinds(kinds: Sequence[UnitKind] | None) -> Sequence[failing.UnitKind]:
    """What fails one at a time. Raises `BadInput` for an empty list."""
    return placing.TRIED if kinds is None else [failing.UnitKind(kind.value) for kind in checked_units(kinds)]


def placed(
    questions: Questions, load: placing.Load, first: int, kinds: Sequence[failing.UnitKind], progress: Progress | None = None
) -> Placement:
    """To be called in a worker thread. Raises `GraphError` where there is no rack or no rating."""
    found = placing.place(questions.snapshot, questions.vocabulary, questions.supply(), questions.conditions(), load, progress, kinds)
    said = replace(found, places=found.places[:first]).to_json()
    bottlenecks = [{**asdict(each), "class": each.cls} for each in found.bottlenecks]
    return told(Placement, {**said, "fitting": found.fitting, "places_count": len(found.places), "bottlenecks": bottlenecks})


@strawberry.input(description="A load that is to be placed; 0 for what does not matter.")
class PlacementJobInput:
    """As `ridethrough place`."""

    kw: float = strawberry.field(description="What it draws, kilowatts: above 0.")
    cords: int = strawberry.field(
        default=2, description="Power cords: with one it hangs on one feed, with more it takes equal parts from all feeds of its rack."
    )
    units: int = strawberry.field(default=0, description="Rack units in a row.")
    weight_kg: float = strawberry.field(default=0.0, description="Kilograms.")
    air_kw: float | None = strawberry.field(default=None, description="Heat into the air; all that does not go into liquid, if not given.")
    liquid_kw: float = strawberry.field(default=0.0, description="Heat into liquid, kilowatts.")
    network: bool = strawberry.field(default=False, description="Whether it needs network.")
    tried: list[UnitKind] | None = strawberry.field(
        default=None, description="What fails one at a time: only units of these kinds; equipment and groups when not given."
    )
    first: int = strawberry.field(default=10, description=f"How many racks to tell, the best first: 1 to {PLACES_MAX}.")

    async def work(self, state: State) -> Callable[[Progress], Placement]:
        """What the job does. Raises `BadInput`, `GraphError` for a load that cannot be."""
        first = checked_count("first", self.first, PLACES_MAX)
        load = placing.Load(self.kw, self.cords, self.units, self.weight_kg, self.air_kw, self.liquid_kw, self.network)
        kinds = tried_kinds(self.tried)
        return lambda progress: placed(state.questions, load, first, kinds, progress)


@strawberry.input(description="A load whose supply is simulated.")
class AvailabilityJobInput:
    """As `ridethrough availability --monte-carlo`."""

    load: strawberry.ID = strawberry.field(description="IRI or CURIE.")
    media: list[str] | None = strawberry.field(default=None, description="Only these media; all when not given.")
    trials: float = strawberry.field(
        default=1e6, description=f"Whole number of trials, 1 to {analysed.TRIALS_MAX:,}; a float, as there may be more than an Int holds."
    )
    seed: int = strawberry.field(default=1, description="Of the draws, 0 or more: equal seeds give equal answers.")

    async def work(self, state: State) -> Callable[[Progress], Availability]:
        """What the job does. Raises `BadInput`, `NoSuchEntity`, `GraphError` where nothing feeds the load."""
        if not 1 <= self.trials <= analysed.TRIALS_MAX or self.trials != int(self.trials):
            raise BadInput(f"trials = {self.trials:g}: give a whole number, 1 to {analysed.TRIALS_MAX:,}")
        if self.seed < 0:
            raise BadInput(f"seed = {self.seed}: give 0 or more")
        (iri,) = await known(state.reads.index, [self.load])
        await asyncio.to_thread(_fed, state.questions, iri, self.media)
        return lambda progress: availability_of(state.questions, iri, self.media, int(self.trials), self.seed, progress)


def _fed(questions: Questions, load: str, media: Sequence[str] | None) -> None:
    """Refuse what has no supply before a job begins. To be called in a worker thread."""
    graph = questions.supply()
    fed(graph, plant(graph, questions.conditions()), load, None if media is None else [expand(medium) for medium in media])
