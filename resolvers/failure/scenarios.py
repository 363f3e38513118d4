"""A what-if over GraphQL: what it takes beside what fails, what that stands for, what it makes better, and the totals part by part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import strawberry

from analytics import moves, scenario
from resolvers.arguments import FAILED_MAX
from resolvers.errors import BadInput
from resolvers.failure.rests_on import Doubtful
from resolvers.outcomes import FailedItself, Outcome, OutcomeCount, OutcomeLoad


@strawberry.input(description="A tenant's load leaves where it is and comes to some racks.")
class MoveInput:
    """Ids are IRIs or CURIEs."""

    tenant: strawberry.ID = strawberry.field(description="The tenant.")
    racks: list[strawberry.ID] = strawberry.field(description="The racks that its load comes to; the largest piece goes first.")


Opened = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description="Switches that are opened: not broken, they hand on nothing.")
]
Closed = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="Switches that are closed first, such as a tie; an impact says what gets `better`."),
]
Isolated = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="What is taken out for work; the switches that could bring power to it are open."),
]
MovedTo = Annotated[list[MoveInput] | None, strawberry.argument(name="moved", description="Tenants that move, before anything fails.")]


def scenario_of(
    failed: Sequence[str],
    opened: Sequence[str] | None = None,
    closed: Sequence[str] | None = None,
    isolated: Sequence[str] | None = None,
    moved: Sequence[MoveInput] | None = None,
) -> scenario.Scenario:
    """The arguments as the analytics room takes them. Raises `BadInput` for none and for too many, `GraphError` for a contradiction."""
    made = tuple(moves.Move(str(each.tenant), tuple(map(str, each.racks))) for each in moved or ())
    named = [*failed, *(opened or ()), *(closed or ()), *(isolated or ()), *(rack for each in made for rack in (each.tenant, *each.racks))]
    if not 1 <= len(named) <= FAILED_MAX:
        beside = "" if len(named) == len(failed) else " with what is opened, closed, isolated and moved"
        raise BadInput(f"failed has {len(named)} ids{beside}: give 1 to {FAILED_MAX}")
    return scenario.Scenario(_texts(failed), _texts(opened), _texts(closed), _texts(isolated), made)


@strawberry.type(description="What something that was named stands for.")
class Resolved:
    """One id of a scenario."""

    asked: strawberry.ID = strawberry.field(description="IRI of what was named.")
    part: str = strawberry.field(description="`fails`, `opened`, `closed` or `isolated`.")
    kind: str = strawberry.field(description="`entity`: itself; `place`: what is in it; `system`: what is part of it.")
    ids: list[strawberry.ID] = strawberry.field(description="IRIs of what plays a part in supply, in order.")
    opens: list[strawberry.ID] = strawberry.field(description="Of what is isolated: the switches that are open for it.")


@strawberry.type(description="A supply that is better off because switches were closed first.")
class Better:
    """Against the same scenario without closing them."""

    id: strawberry.ID = strawberry.field(description="IRI of the entity.")
    label: str = strawberry.field(description="What a person calls it.")
    medium: str = strawberry.field(description="IRI of the medium.")
    without: str = strawberry.field(description="What would become of it without closing: an outcome, or DOWN_BEFORE.")
    outcome: Outcome = strawberry.field(description="What becomes of it so.")


@strawberry.type(description="What a rack gets by a move, and what its supply then hangs by.")
class Arrival:
    """With nothing failed."""

    rack: strawberry.ID = strawberry.field(description="IRI of the rack.")
    equipment: int = strawberry.field(description="Pieces of equipment that come to it.")
    kw: float = strawberry.field(description="What they draw, in kilowatts.")
    supplied: bool = strawberry.field(description="Whether all of them are supplied.")
    single_points: list[strawberry.ID] = strawberry.field(description="Things whose failure alone would take some of them down.")


@strawberry.type(description="What carries more than it may after the moves, and more than before.")
class Overfull:
    """With nothing failed."""

    id: strawberry.ID = strawberry.field(description="IRI of what is overloaded.")
    load_kw: float = strawberry.field(description="What it carries, in kilowatts.")
    before_kw: float = strawberry.field(description="What it carried before, in kilowatts.")
    limit_kw: float = strawberry.field(description="What it may carry continuously, in kilowatts.")


@strawberry.type(description="What a tenant's move does by itself, with nothing failed.")
class Relocation:
    """One move of a scenario."""

    tenant: strawberry.ID = strawberry.field(description="IRI of the tenant.")
    kw: float = strawberry.field(description="What moves, in kilowatts.")
    left: list[strawberry.ID] = strawberry.field(description="The racks that its load leaves.")
    arrivals: list[Arrival] = strawberry.field(description="The racks that it comes to.")
    overloads: list[Overfull] = strawberry.field(description="What is overloaded after all moves, in order of ids.")


@strawberry.type(description="What becomes of a room's, or a tenant's, racks, services and IT load.")
class PartTotals:
    """A service counts in each room where something runs it, a tenant where something is its own."""

    id: strawberry.ID | None = strawberry.field(description="IRI; null for what is in no room.")
    label: str = strawberry.field(description="What a person calls it.")
    outcome: Outcome = strawberry.field(description="The worst of it; LOST where something fails itself.")
    racks: OutcomeCount = strawberry.field(description="Racks.")
    services: OutcomeCount = strawberry.field(description="Services.")
    tenants: OutcomeCount = strawberry.field(description="Tenants.")
    it_load_kw: OutcomeLoad = strawberry.field(description="IT load in kilowatts.")
    failed_itself: FailedItself = strawberry.field(description="What of it fails itself, and is in none of these.")
    doubtful: Doubtful = strawberry.field(description="What of it depends on points that are not good: see `restsOn`.")


@strawberry.type(description="The worst that becomes of a service that is affected.")
class ServiceOutcome:
    """In order of ids."""

    id: strawberry.ID = strawberry.field(description="IRI of the service.")
    label: str = strawberry.field(description="What a person calls it.")
    outcome: Outcome = strawberry.field(description="What becomes of it.")


@strawberry.type(description="How many things of a class have which worst outcome; only of what is affected.")
class ClassTotals:
    """In order of classes; last what has none."""

    class_: str | None = strawberry.field(name="class", description="IRI of the class.")
    counts: OutcomeCount = strawberry.field(description="How many of them.")


def _texts(ids: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(map(str, ids or ()))
