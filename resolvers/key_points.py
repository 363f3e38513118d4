"""The one point that says most about a thing at a glance: what a drawing writes beside it."""

from __future__ import annotations

from typing import Annotated

import strawberry

from ontology.namespaces import BRICK, local_name
from resolvers.context import Info
from resolvers.errors import BadInput
from resolvers.index import Index
from resolvers.states import AsOfArgument, BranchArgument, state_of
from resolvers.types import Point

OF_MAX = 1000
"""Entities of one question."""
FIRST_UNITS = ("KiloW", "MegaW", "W", "KiloV-A", "DEG_C", "DEG_F", "PERCENT", "PERCENT_RH", "L-PER-SEC", "L-PER-MIN", "M3-PER-HR")
"""Units by what an operator looks for first: how much it carries, how warm it is, how full."""
NO_NUMBERS = frozenset({"UNITLESS", "NUM"})
NOT_MEASURED = (BRICK + "Setpoint", BRICK + "Command", BRICK + "Status", BRICK + "Alarm")


@strawberry.type(description="A thing, and the point that says most about it at a glance.")
class KeyPoint:
    """One of a drawing."""

    of: strawberry.ID = strawberry.field(description="IRI of the thing.")
    point: Point = strawberry.field(
        description="Its power where it has one, else its temperature, its level, its flow, or another measurement."
    )


@strawberry.type
class KeyPointsQuery:
    """Read from memory."""

    @strawberry.field(
        description=f"The measurement that says most about each of at most {OF_MAX} entities, in their order; what has none is left out."
    )
    async def key_points(
        self,
        info: Info,
        of: Annotated[list[strawberry.ID], strawberry.argument(description="The entities; IRIs or CURIEs. Unknown ones are left out.")],
        as_of: AsOfArgument = None,
        branch: BranchArgument = None,
    ) -> list[KeyPoint]:
        if len(of) > OF_MAX:
            raise BadInput(f"of has {len(of)} ids: give {OF_MAX} at most")
        reads = (await state_of(info, as_of, branch)).reads
        numbers = dict.fromkeys(n for each in of if (n := reads.index.snapshot.find(each)) is not None)
        found = ((number, key_point(reads.index, number)) for number in numbers)
        return [KeyPoint(of=strawberry.ID(reads.iri(n)), point=Point(reads=reads, number=p)) for n, p in found if p is not None]


def key_point(index: Index, number: int) -> int | None:
    """The point of an equipment or a place, or None: the first unit of `FIRST_UNITS`, then any other, in order of IRIs."""
    ranked = [(rank, at, point) for at, point in enumerate(index.points(number)) if (rank := _rank(index, point)) is not None]
    return min(ranked)[2] if ranked else None


def _rank(index: Index, point: int) -> int | None:
    unit, cls = local_name(index.unit(point) or ""), index.class_of(point)
    above = frozenset() if cls is None else frozenset(index.vocabulary.superclasses(cls))
    if not unit or unit in NO_NUMBERS or above.intersection(NOT_MEASURED):
        return None
    return FIRST_UNITS.index(unit) if unit in FIRST_UNITS else len(FIRST_UNITS)
