"""Every failure in turn, and what one load hangs by, over GraphQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from analytics.sweeps import answers, cuts, single, units
from graph.ports import Progress
from resolvers.analysis import Position
from resolvers.arguments import Id, Media, checked_count, media_of
from resolvers.context import Info, Questions, State, face_of
from resolvers.errors import BadInput
from resolvers.failure.telling import told
from resolvers.states import AsOfArgument, BranchArgument, known, state_of

FIRST_MAX = 1000
"""Failures that one answer tells."""
CUTS_DEFAULT, CUTS_MAX = 1000, 200_000


@strawberry.enum(description="What may fail as one.")
class UnitKind(Enum):
    """After docs/guides/sweeps.md."""

    EQUIPMENT = "equipment"
    ROOM = "room"
    PATH = strawberry.enum_value("path", description="All of one feed side.")
    GROUP = strawberry.enum_value("group", description="All members of a group with a common cause.")


@strawberry.enum(description="What failures are ranked by, the most first.")
class Measure(Enum):
    """As `ridethrough sweep --by`."""

    IT_LOAD = strawberry.enum_value("kw", description="IT load, in kilowatts.")
    RACKS = "racks"
    SERVICES = "services"
    TENANTS = "tenants"


@strawberry.type(description="One thing that fails, or is out, as one.")
class FailureUnit:
    """A piece of equipment, a room, a path, a group."""

    kind: UnitKind = strawberry.field(description="What it is.")
    id: strawberry.ID = strawberry.field(description="IRI; of a path its side, such as A.")
    label: str = strawberry.field(description="What a person calls it.")


@strawberry.type(description="How many units of each kind.")
class UnitCounts:
    """0 where there is none."""

    equipment: int = strawberry.field(default=0, description="Pieces of equipment.")
    room: int = strawberry.field(default=0, description="Rooms.")
    path: int = strawberry.field(default=0, description="Paths.")
    group: int = strawberry.field(default=0, description="Groups with a common cause.")


@strawberry.type(description="What goes down, what fails itself among it; each counted once.")
class Lost:
    """By one failure, or by two together and by neither alone."""

    supplies: int = strawberry.field(description="Supplies: an entity's in one medium; those of what fails itself are left out.")
    racks: int = strawberry.field(description="Racks.")
    services: int = strawberry.field(description="Services.")
    tenants: int = strawberry.field(description="Tenants with something of theirs among it.")
    it_load_kw: float = strawberry.field(description="IT load in kilowatts.")


@strawberry.type(description="What is still up and hangs by one thing that it did not hang by before.")
class Exposed:
    """As NO_REDUNDANCY of an impact."""

    racks: int = strawberry.field(description="Racks.")
    services: int = strawberry.field(description="Services.")
    tenants: int = strawberry.field(description="Tenants with something of theirs among it.")
    it_load_kw: float = strawberry.field(description="IT load in kilowatts.")


@strawberry.type(description="What one failure, or two together, take down.")
class SweptFailure:
    """One row of a sweep."""

    failed: list[FailureUnit] = strawberry.field(description="What fails: one unit, or two.")
    nodes: int = strawberry.field(description="How many entities fail with it.")
    lost: Lost = strawberry.field(description="What it takes down; of two together, what neither takes down alone.")
    weakens: bool | None = strawberry.field(
        default=None, description="Of one: whether a requirement that still holds lost a supplier. Null of two."
    )
    no_redundancy: Exposed | None = strawberry.field(default=None, description="Only where it was asked for.")


@strawberry.type(description="How much hangs by one piece of equipment.")
class HangByOne:
    """As things stand; `cutSets` tells by which."""

    racks: int = strawberry.field(description="Racks.")
    services: int = strawberry.field(description="Services.")


@strawberry.type(description="Every single failure in turn (N-1): the worst of them.")
class Sweep:
    """As `ridethrough sweep`."""

    revision: int = strawberry.field(description="Revision of the graph that the answer speaks of.")
    at: datetime = strawberry.field(description="Instant of the switch positions that the answer speaks of.")
    by: Measure = strawberry.field(description="What they are ranked by.")
    tried: UnitCounts = strawberry.field(description="How many were tried.")
    harmful: int = strawberry.field(description="How many of them take anything down.")
    failures: list[SweptFailure] = strawberry.field(description="The worst first.")
    hang_by_one: HangByOne = strawberry.field(description="What has a supply that hangs by one piece of equipment.")
    assumed: list[str] = strawberry.field(description="What the graph does not say and was assumed.")
    positions: list[Position] = strawberry.field(description="Switch positions that the answer rests on.")


@strawberry.type(description="What one load hangs by: sets of failures that take it down together while no part of them does.")
class CutSets:
    """As `ridethrough sweep --load`."""

    revision: int = strawberry.field(description="Revision of the graph that the answer speaks of.")
    at: datetime = strawberry.field(description="Instant of the switch positions that the answer speaks of.")
    load: strawberry.ID = strawberry.field(description="IRI of the load.")
    media: list[str] = strawberry.field(description="It is down when its supply in one of these does not hold; empty: nothing feeds it.")
    order: int = strawberry.field(description="Sets of up to so many failures were looked for.")
    down_before: bool = strawberry.field(description="Whether it is down with nothing failed: there is nothing to cut then.")
    tried: int = strawberry.field(description="How many sets were tried.")
    left_out: str = strawberry.field(description="What was not looked into; empty when these are all there are.")
    assumed: list[str] = strawberry.field(description="What the graph does not say and was assumed.")
    positions: list[Position] = strawberry.field(description="Switch positions that the answer rests on.")
    cut_sets_: strawberry.Private[Sequence[Sequence[str]]]

    @strawberry.field(description="The minimal cut sets as IRIs, by size, then in order of ids; those of one are single points of failure.")
    def cut_sets(
        self, first: Annotated[int, strawberry.argument(description=f"How many at most, up to {CUTS_MAX:,}.")] = CUTS_DEFAULT
    ) -> list[list[strawberry.ID]]:
        checked_count("first", first, CUTS_MAX)
        return [[strawberry.ID(iri) for iri in cut] for cut in self.cut_sets_[:first]]

    @strawberry.field(description="How many there are of one failure, of two, and so on up to the order.")
    def counts(self) -> list[int]:
        sizes = [len(cut) for cut in self.cut_sets_]
        return [sizes.count(size) for size in range(1, self.order + 1)]


Units = Annotated[list[UnitKind] | None, strawberry.argument(description="Only units of these kinds; all when not given.")]
By = Annotated[Measure, strawberry.argument(description="Rank by this.")]
First = Annotated[int, strawberry.argument(description=f"How many failures to tell, the worst first: 1 to {FIRST_MAX}.")]


@strawberry.type
class SweepQuery:
    """Questions about all failures of a site."""

    @strawberry.field(description="Every single failure in turn (N-1): what takes most down. A job of the same tells how far it is.")
    async def sweep(
        self,
        info: Info,
        units: Units = None,
        by: By = Measure.IT_LOAD,
        first: First = answers.FIRST,
        redundancy: Annotated[
            bool, strawberry.argument(description="Also what each failure told leaves without redundancy; takes longer.")
        ] = False,
        as_of: AsOfArgument = None,
        branch: BranchArgument = None,
    ) -> Sweep:
        wanted = checked_units(units)
        checked_count("first", first, FIRST_MAX)
        state = await state_of(info, as_of, branch)
        return await face_of(info).studies.run(swept, state.questions, wanted, by, first, redundancy)

    @strawberry.field(description="What a load hangs by: the minimal sets of failures that take it down.")
    async def cut_sets(
        self,
        info: Info,
        load: Id,
        media: Media = None,
        order: Annotated[int, strawberry.argument(description=f"Sets of up to so many failures, 1 to {cuts.ORDER_MAX}.")] = cuts.ORDER_MAX,
        as_of: AsOfArgument = None,
        branch: BranchArgument = None,
    ) -> CutSets:
        checked_count("order", order, cuts.ORDER_MAX)
        state = await state_of(info, as_of, branch)
        (iri,) = await known(state.reads.index, [load])
        return await face_of(info).studies.run(_cut, state.questions, iri, media_of(media), order)


def _cut(questions: Questions, load: str, media: Sequence[str] | None, order: int) -> CutSets:
    found = cuts.cut_sets(questions.supply(), questions.conditions(), load, media, order)
    return told(CutSets, found.to_json())


def swept(
    questions: Questions, kinds: Sequence[UnitKind], by: Measure, first: int, redundancy: bool, progress: Progress | None = None
) -> Sweep:
    """To be called in a worker thread."""
    found = answers.sweep(
        questions.snapshot,
        questions.vocabulary,
        questions.supply(),
        questions.conditions(),
        [units.UnitKind(kind.value) for kind in kinds],
        single.By(by.value),
        first,
        redundancy=redundancy,
        progress=progress,
    )
    return told(Sweep, found.to_json())


def checked_units(kinds: Sequence[UnitKind] | None) -> Sequence[UnitKind]:
    """All kinds where none is named. Raises `BadInput` for an empty list."""
    if kinds is not None and not kinds:
        raise BadInput(f"units is empty: name one or more of {', '.join(kind.name for kind in UnitKind)}, or leave it out for all")
    return tuple(UnitKind) if kinds is None else kinds


@strawberry.type(description="Every two failures at once (N-2): the worst of them.")
class SweepPairs:
    """As `ridethrough sweep --order 2`."""

    revision: int = strawberry.field(description="Revision of the graph that the answer speaks of.")
    at: datetime = strawberry.field(description="Instant of the switch positions that the answer speaks of.")
    by: Measure = strawberry.field(description="What they are ranked by.")
    units: int = strawberry.field(description="How many were paired.")
    unit_counts: UnitCounts = strawberry.field(description="How many of each kind; of the equipment the infrastructure.")
    tried: int = strawberry.field(description="How many pairs there are.")
    run: int = strawberry.field(description="How many share something that two together may overstrain; all others do no more than apart.")
    harmful: int = strawberry.field(description="How many take down what neither of the two takes down alone.")
    left_out: str = strawberry.field(description="What was not looked into; empty when nothing.")
    failures: list[SweptFailure] = strawberry.field(description="The worst first, each with what neither of the two takes down alone.")
    assumed: list[str] = strawberry.field(description="What the graph does not say and was assumed.")
    positions: list[Position] = strawberry.field(description="Switch positions that the answer rests on.")


@strawberry.input(description="All single failures, to be tried.")
class SweepJobInput:
    """As the query `sweep`."""

    units: list[UnitKind] | None = strawberry.field(default=None, description="Only units of these kinds; all when not given.")
    by: Measure = strawberry.field(default=Measure.IT_LOAD, description="Rank by this.")
    first: int = strawberry.field(default=answers.FIRST, description=f"How many failures to tell: 1 to {FIRST_MAX}.")
    redundancy: bool = strawberry.field(default=False, description="Also what each failure told leaves without redundancy.")

    async def work(self, state: State) -> Callable[[Progress], Sweep]:
        """What the job does. Raises `BadInput`."""
        kinds, first = checked_units(self.units), checked_count("first", self.first, FIRST_MAX)
        return lambda progress: swept(state.questions, kinds, self.by, first, self.redundancy, progress)


@strawberry.input(description="All pairs of failures, to be tried.")
class PairsJobInput:
    """As `ridethrough sweep --order 2`."""

    units: list[UnitKind] | None = strawberry.field(
        default=None, description="Only units of these kinds, of the equipment the infrastructure; all when not given."
    )
    by: Measure = strawberry.field(default=Measure.IT_LOAD, description="Rank by this.")
    first: int = strawberry.field(default=answers.FIRST, description=f"How many pairs to tell: 1 to {FIRST_MAX}.")

    async def work(self, state: State) -> Callable[[Progress], SweepPairs]:
        """What the job does. Raises `BadInput`."""
        kinds = [units.UnitKind(kind.value) for kind in checked_units(self.units)]
        first = checked_count("first", self.first, FIRST_MAX)
        return lambda progress: _swept_pairs(state.questions, kinds, self.by, first, progress)


def _swept_pairs(questions: Questions, kinds: Sequence[units.UnitKind], by: Measure, first: int, progress: Progress) -> SweepPairs:
    asked = (questions.snapshot, questions.vocabulary, questions.supply(), questions.conditions())
    found = answers.sweep_pairs(*asked, kinds, single.By(by.value), first, progress)
    return told(SweepPairs, found.to_json())
