"""The types of failure analysis and of the drawn graph, from the frozen results of the analytics room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import strawberry
from strawberry.types.nodes import SelectedField, Selection

from analytics.impact import BlastRadius, StatedPosition, Told
from analytics.impact import Outcome as AnalysedOutcome
from analytics.layout import GraphView as LaidOut
from analytics.standing import Standing
from resolvers.arguments import Of, iris_of
from resolvers.failure.rests_on import FIELDS, Rested
from resolvers.failure.scenarios import Better, ClassTotals, PartTotals, Relocation, Resolved, ServiceOutcome
from resolvers.failure.telling import told
from resolvers.outcomes import FailedItself, Outcome, OutcomeCount, OutcomeLoad


@strawberry.type(description="What a failure does to one entity in one medium, and why.")
class NodeOutcome:
    """One row of an answer."""

    id: strawberry.ID = strawberry.field(description="IRI of the entity.")
    label: str = strawberry.field(description="What a person calls it.")
    class_: str | None = strawberry.field(name="class", description="IRI of its most specific class.")
    medium: str = strawberry.field(description="IRI of the medium.")
    outcome: Outcome = strawberry.field(description="What happens to it.")
    evidence: list[strawberry.ID] = strawberry.field(description="A smallest set of the failed entities that explains it.")
    path: list[strawberry.ID] = strawberry.field(description="A shortest chain of supply from the evidence to the entity.")
    exposed_to: list[strawberry.ID] = strawberry.field(
        description="With NO_REDUNDANCY: single further failures that would take it down, at most three."
    )


@strawberry.type(description="What stands behind a failure.")
class ImpactTotals:
    """Each counted once, by its worst outcome over the media asked for."""

    racks: OutcomeCount = strawberry.field(description="Racks.")
    services: OutcomeCount = strawberry.field(description="Services.")
    tenants: OutcomeCount = strawberry.field(description="Tenants, by the worst of what is theirs.")
    it_load_kw: OutcomeLoad = strawberry.field(description="IT load in kilowatts.")


@strawberry.type(description="What lacked a supply before the failure already, and loses none by it: it is in no total.")
class DownBefore:
    """In the media asked for; each counted once."""

    racks: int = strawberry.field(description="Racks.")
    services: int = strawberry.field(description="Services.")
    tenants: int = strawberry.field(description="Tenants with something of theirs among it, that lose nothing else.")
    it_load_kw: float = strawberry.field(description="IT load in kilowatts.")


@strawberry.type(description="A switch position that the answer rests on.")
class Position:
    """Of every switch of the supply graph."""

    id: strawberry.ID = strawberry.field(description="IRI of the switch.")
    position: str = strawberry.field(description="`open` or `closed`.")
    from_telemetry: bool = strawberry.field(description="Whether a good live value says so; else it is the normal position.")


@strawberry.type(description="Something that opens because it carries too much after the failure.")
class Trip:
    """It counts as failed from then on."""

    id: strawberry.ID = strawberry.field(description="IRI of what trips.")
    after_s: float = strawberry.field(description="Seconds after the failure.")
    load_kw: float = strawberry.field(description="What it carries then, in kilowatts.")
    rated_kw: float = strawberry.field(description="Its rating, in kilowatts.")


@strawberry.type(description="Something that is still up after the failure and carries more than it may.")
class Overload:
    """At the end, when nothing more trips."""

    id: strawberry.ID = strawberry.field(description="IRI of what is overloaded.")
    load_kw: float = strawberry.field(description="What it carries, in kilowatts.")
    limit_kw: float = strawberry.field(description="What it may carry continuously, in kilowatts.")


@strawberry.type(description="What goes down, what stays up without a spare, and why, when the given entities fail.")
class Impact(Rested):
    """A blast radius."""

    revision: int = strawberry.field(description="Revision of the graph that the answer speaks of.")
    at: datetime = strawberry.field(description="Instant of the switch positions that the answer speaks of.")
    failed: list[strawberry.ID] = strawberry.field(description="What was taken as failed.")
    totals: ImpactTotals = strawberry.field(description="What stands behind it.")
    down_before: DownBefore = strawberry.field(description="What is in no total because it lacked a supply before this failure.")
    failed_itself: FailedItself = strawberry.field(description="What is in no total because it fails itself.")
    trips: list[Trip] = strawberry.field(description="What opens because it carries too much, in order of time.")
    overloads: list[Overload] = strawberry.field(description="What is still up and carries more than it may, in order of ids.")
    assumed: list[str] = strawberry.field(description="What the graph does not say and was assumed.")
    resolved: list[Resolved] = strawberry.field(description="What each id that was named stands for.")
    better: list[Better] = strawberry.field(description="What the switches that are closed first make better, in order of ids and media.")
    moves: list[Relocation] = strawberry.field(description="What the moves do by themselves, before anything fails.")
    rooms: list[PartTotals] = strawberry.field(
        description="The totals of each room that holds loads, in order of ids; last what is in no room."
    )
    by_tenant: list[PartTotals] = strawberry.field(description="The totals of each tenant that is affected, in order of ids.")
    by_service: list[ServiceOutcome] = strawberry.field(description="The services that are affected, in order of ids.")
    by_class: list[ClassTotals] = strawberry.field(description="What is affected, by class.")
    stated: strawberry.Private[Sequence[StatedPosition]]
    rows: strawberry.Private[Sequence[AnalysedOutcome]]

    @strawberry.field(
        description="What is affected, worst first, then by id and medium. With `of` only that is explained: of a large answer ask "
        "`evidence` and `path` for what is shown."
    )
    def outcomes(self, of: Of = None) -> list[NodeOutcome]:
        wanted = iris_of(of)
        return [_outcome(each) for each in self.rows if wanted is None or each.id in wanted]

    @strawberry.field(description="Switch positions that the answer rests on.")
    def positions(self) -> list[Position]:
        return [Position(id=strawberry.ID(each.id), position=each.position, from_telemetry=each.from_telemetry) for each in self.stated]

    @staticmethod
    def of(found: BlastRadius) -> Impact:
        """From the result of the analytics room."""
        told_first = replace(found, outcomes=(), positions=())
        return told(Impact, {**told_first.to_json(), "stated": found.positions, "rows": found.outcomes, "rested": found.rests_on})


PARTS = frozenset({"rooms", "byTenant", "byService", "byClass"})
"""Fields of an impact that its parts are counted for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How much of an impact is asked for, so that no more is worked out."""

    told: Told
    parts: bool
    """Whether part by part."""
    of: tuple[str, ...] | None
    """The entities whose outcomes are told; None for all."""
    rests: bool
    """Whether also which part of it rests on points that are not good."""


def asked_of(selections: Iterable[Selection]) -> Asked:
    """How much of an impact is asked for by what is selected of it. Raises `BadInput`."""
    fields = [*_fields(selections)]
    names = {field.name for field in fields}
    given = [field.arguments.get("of") for field in fields if field.name == "outcomes"]
    of = [iris_of([each] if isinstance(each, str) else each) for each in given]
    told = Told.TOTALS if not of else Told.WHY if names & {"evidence", "path"} else Told.OUTCOMES
    some = [each for each in of if each is not None]
    return Asked(
        told,
        not PARTS.isdisjoint(names),
        tuple(sorted(frozenset().union(*some))) if len(some) == len(of) else None,
        not FIELDS.isdisjoint(names),
    )


def _fields(selections: Iterable[Selection]) -> Iterator[SelectedField]:
    for selection in selections:
        if isinstance(selection, SelectedField):
            yield selection
        yield from _fields(selection.selections)


def _ids(iris: Iterable[str]) -> list[strawberry.ID]:
    return [strawberry.ID(iri) for iri in iris]


def _outcome(each: AnalysedOutcome) -> NodeOutcome:
    return NodeOutcome(
        id=strawberry.ID(each.id),
        label=each.label,
        class_=each.cls,
        medium=each.medium,
        outcome=Outcome(each.outcome.name),
        evidence=_ids(each.evidence),
        path=_ids(each.path),
        exposed_to=_ids(each.exposed_to),
    )


@strawberry.type(description="An entity with its place on the drawing.")
class GraphNode:
    """Coordinates are in units of the drawing: level by level downwards, side A to the left, side B to the right."""

    id: strawberry.ID = strawberry.field(description="Its IRI.")
    label: str = strawberry.field(description="What a person calls it.")
    class_: str | None = strawberry.field(name="class", description="IRI of its most specific class.")
    level: int = strawberry.field(description="Longest way from a source along supply; 0 for sources.")
    x: float = strawberry.field(description="Across.")
    y: float = strawberry.field(description="Down.")
    hidden: int = strawberry.field(description="How many neighbours are not drawn.")
    down: bool = strawberry.field(description="Whether some supply of it does not hold as things stand.")
    position: str | None = strawberry.field(description="Of a switch, `open` or `closed` as things stand.")


@strawberry.type(description="A relation between two drawn entities.")
class GraphEdge:
    """Directed as the graph says it."""

    source: strawberry.ID = strawberry.field(description="IRI of the subject.")
    target: strawberry.ID = strawberry.field(description="IRI of the object.")
    predicate: str = strawberry.field(description="IRI of the predicate.")
    medium: str | None = strawberry.field(description="IRI of the medium, where it carries supply.")


@strawberry.type(description="The graph around an entity, laid out by supply level: equal questions give equal drawings.")
class GraphView:
    """A drawing."""

    center: strawberry.ID = strawberry.field(description="IRI of the entity in the middle.")
    nodes: list[GraphNode] = strawberry.field(description="What is drawn.")
    edges: list[GraphEdge] = strawberry.field(description="What connects it.")
    truncated: int = strawberry.field(description="How many entities within the hops the limit has left out.")

    @staticmethod
    def of(view: LaidOut, standing: Standing) -> GraphView:
        """From the results of the analytics room."""
        return GraphView(
            center=strawberry.ID(view.center),
            nodes=[
                GraphNode(
                    id=strawberry.ID(node.id),
                    label=node.label,
                    class_=node.cls,
                    level=node.level,
                    x=node.x,
                    y=node.y,
                    hidden=node.hidden,
                    down=node.id in standing.down,
                    position=standing.positions.get(node.id),
                )
                for node in view.nodes
            ],
            edges=[
                GraphEdge(
                    source=strawberry.ID(edge.source), target=strawberry.ID(edge.target), predicate=edge.predicate, medium=edge.medium
                )
                for edge in view.edges
            ],
            truncated=view.truncated,
        )
