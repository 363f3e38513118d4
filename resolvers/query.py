"""The queries: each checks its arguments and hands over to the index or to the analytics room."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from analytics.scenario import Scenario
from ontology.namespaces import expand
from resolvers.analysis import Asked, GraphView, Impact, asked_of
from resolvers.arguments import Failed, Id, Media
from resolvers.commands import Command
from resolvers.context import Face, Info, Questions, State, face_of, present_of
from resolvers.data_health import DataHealthQuery, UnboundTopic
from resolvers.errors import BadInput
from resolvers.failure.capacity import CapacityQuery
from resolvers.failure.causes import CausesQuery
from resolvers.failure.jobs import JobsQuery
from resolvers.failure.planning import PlanningQuery
from resolvers.failure.posture import PostureQuery
from resolvers.failure.procedures import ProceduresQuery
from resolvers.failure.scenarios import Closed, Isolated, MovedTo, Opened, scenario_of
from resolvers.failure.sweeps import SweepQuery
from resolvers.failure.timeline import TimelineQuery
from resolvers.history_query import HistoryQuery
from resolvers.key_points import KeyPointsQuery
from resolvers.past_values import PastValuesQuery
from resolvers.states import AsOfArgument, BranchArgument, known, state_of
from resolvers.types import Entity, EntityConnection, OntologyClass
from resolvers.virtual_points import VirtualPointsQuery

PAGE_DEFAULT = 50
HOPS_MAX = 6
NODES_MAX = 10_000


@strawberry.type(description="How the service stands.")
class Status:
    """Facts of the service."""

    revision: int = strawberry.field(description="Newest revision of the graph.")
    at: datetime = strawberry.field(description="When that revision was made.")
    entities: int = strawberry.field(description="Named entities in the graph.")
    points: int = strawberry.field(description="Points that can have a live value.")
    live: int = strawberry.field(description="Points whose value is good now.")
    store: str = strawberry.field(description="Where the graph is kept.")
    control: bool = strawberry.field(description="Whether any point may be written.")
    branches: int = strawberry.field(description="Branches that are kept.")
    sources: int = strawberry.field(description="Sources that own a graph.")
    unbound: list[UnboundTopic] = strawberry.field(description="Topics and references that no value comes from, and why.")


@strawberry.type(description="Questions about the twin: its newest revision, or another state of it.")
class Query(
    HistoryQuery,
    PastValuesQuery,
    DataHealthQuery,
    VirtualPointsQuery,
    KeyPointsQuery,
    SweepQuery,
    TimelineQuery,
    CapacityQuery,
    PlanningQuery,
    JobsQuery,
    ProceduresQuery,
    CausesQuery,
    PostureQuery,
):
    """Reads of the newest revision come from memory; none of them waits for the store."""

    @strawberry.field(description="One entity, or null when this revision does not have it.")
    async def entity(
        self,
        info: Info,
        id: Id,  # noqa: A002 - the schema's word for it
        as_of: AsOfArgument = None,
        branch: BranchArgument = None,
    ) -> Entity | None:
        reads = (await state_of(info, as_of, branch)).reads
        number = reads.index.snapshot.find(id)
        return None if number is None else Entity(reads=reads, number=number)

    @strawberry.field(description="Named entities in order of their IRIs.")
    async def entities(
        self,
        info: Info,
        class_: Annotated[
            str | None, strawberry.argument(name="class", description="Only of this class and its subclasses; IRI or CURIE.")
        ] = None,
        text: Annotated[
            str | None, strawberry.argument(description="Only those with every word of this in id, label or class; case is ignored.")
        ] = None,
        first: Annotated[int | None, strawberry.argument(description="Entities on the page, 0 to 1000.")] = PAGE_DEFAULT,
        after: Annotated[str | None, strawberry.argument(description="Cursor of the entity before the page.")] = None,
        as_of: AsOfArgument = None,
        branch: BranchArgument = None,
    ) -> EntityConnection:
        reads = (await state_of(info, as_of, branch)).reads
        found = await asyncio.to_thread(reads.index.select, class_, checked_text(text))
        return EntityConnection.of(reads, found, PAGE_DEFAULT if first is None else first, after)

    @strawberry.field(description="All classes of the ontology, and others that entities name, in order of their IRIs.")
    async def classes(self, info: Info, as_of: AsOfArgument = None, branch: BranchArgument = None) -> list[OntologyClass]:
        return list(OntologyClass.all((await state_of(info, as_of, branch)).reads))

    @strawberry.field(description="The graph around an entity, laid out by supply level.")
    async def graph(
        self,
        info: Info,
        around: Id,
        hops: Annotated[int | None, strawberry.argument(description=f"How far from it, 0 to {HOPS_MAX}.")] = 2,
        limit: Annotated[int | None, strawberry.argument(description=f"Entities at most, 1 to {NODES_MAX}.")] = 300,
        as_of: AsOfArgument = None,
        branch: BranchArgument = None,
    ) -> GraphView:
        hops, limit = 2 if hops is None else hops, 300 if limit is None else limit
        if not 0 <= hops <= HOPS_MAX:
            raise BadInput(f"hops = {hops}: give 0 to {HOPS_MAX}")
        if not 1 <= limit <= NODES_MAX:
            raise BadInput(f"limit = {limit}: give 1 to {NODES_MAX}")
        state = await state_of(info, as_of, branch)
        (iri,) = await known(state.reads.index, [around])
        return await asyncio.to_thread(_drawing, state.questions, iri, hops, limit)

    @strawberry.field(
        description="What is hit, and why, when the given entities fail together: a place with all that is in it, a loop or a system with "
        "its parts; or when switches are opened or closed first, things are isolated, tenants move."
    )
    async def impact(
        self,
        info: Info,
        failed: Failed,
        media: Media = None,
        as_of: AsOfArgument = None,
        branch: BranchArgument = None,
        opened: Opened = None,
        closed: Closed = None,
        isolated: Isolated = None,
        moved: MovedTo = None,
    ) -> Impact:
        state = await state_of(info, as_of, branch)
        scenario = scenario_of(failed, opened, closed, isolated, moved)
        return await impact_of(face_of(info), state, scenario, media, asked_of(info.selected_fields))

    @strawberry.field(description="A command by its id, or null.")
    def command(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Id of the command.")],  # noqa: A002 - the schema's word
    ) -> Command | None:
        found = face_of(info).commands.get(id)
        return None if found is None else Command.of(found)

    @strawberry.field(description="How the service stands.")
    async def status(self, info: Info) -> Status:
        face, snapshot = face_of(info), present_of(info).reads.index.snapshot
        facts = face.facts()
        return Status(
            revision=snapshot.revision,
            at=snapshot.at,
            entities=len(snapshot.by_iri),
            points=facts.points,
            live=facts.live,
            store=facts.store,
            control=facts.control,
            branches=len(await asyncio.to_thread(face.ledger.branches)),
            sources=len(set(snapshot.owners.values())),
            unbound=[UnboundTopic.of(unbound) for unbound in facts.unbound],
        )


def _drawing(questions: Questions, around: str, hops: int, limit: int) -> GraphView:
    view = questions.view(around, hops, limit)
    return GraphView.of(view, questions.standing([node.id for node in view.nodes]))


async def impact_of(face: Face, state: State, scenario: Scenario, media: Sequence[str] | None, asked: Asked) -> Impact:
    """The blast radius in one state, worked out in a worker thread. Raises `BadInput`, `NoSuchEntity`, `LimitExceeded`."""
    await known(state.reads.index, scenario.ids())
    wanted = None if media is None else [expand(medium) for medium in media]
    return await face.analysis.run(_impact, state.questions, scenario, wanted, asked)


def _impact(questions: Questions, scenario: Scenario, media: Sequence[str] | None, asked: Asked) -> Impact:
    return Impact.of(questions.impact(scenario, media, asked.told, asked.parts, asked.of, asked.rests))


def checked_text(text: str | None) -> str | None:
    """A search text. Raises `BadInput` beyond 200 characters."""
    if text is not None and len(text) > 200:
        raise BadInput(f"text has {len(text)} characters: give 200 at most")
    return text
