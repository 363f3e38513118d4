"""Virtual points: what each is worked out from, how good its figure is, and which of its points are not good."""

from __future__ import annotations

import asyncio

import strawberry

from resolvers.context import Info, face_of
from resolvers.types import Quality
from twin.virtual import Explained


@strawberry.type(description="A point that a figure stands on and that is not good.")
class PoorPoint:
    """It plays its part, as the last known value, or is missing."""

    point: strawberry.ID = strawberry.field(description="The point.")
    quality: Quality = strawberry.field(description="How good its value is.")


@strawberry.type(description="A virtual point: a formula over points and over the graph, and its newest figure.")
class VirtualPoint:
    """Its value is that of any point; this says what it stands on."""

    point: strawberry.ID = strawberry.field(description="The point.")
    formula: str = strawberry.field(description="What it is worked out from, as the graph says it.")
    value: float | None = strawberry.field(description="The newest figure; none where nothing that it stands on is there.")
    quality: Quality = strawberry.field(description="How good that is: good only where all is that it stands on.")
    coverage: float = strawberry.field(description="The share of what it should be made of that is in it, 0 to 1.")
    stands_on: int = strawberry.field(description="How many points it stands on.")
    not_good: int = strawberry.field(description="How many of them are not good now.")
    rests_on: list[PoorPoint] = strawberry.field(description="The first twenty of those, worst first.")

    @staticmethod
    def of(told: Explained) -> VirtualPoint:
        """From the flow's own words."""
        figure = told.figure
        return VirtualPoint(
            point=strawberry.ID(told.point),
            formula=told.formula,
            value=figure.value if figure.coverage > 0 else None,
            quality=Quality[figure.quality.name],
            coverage=figure.coverage,
            stands_on=told.stands_on,
            not_good=told.poor,
            rests_on=[PoorPoint(point=strawberry.ID(point), quality=Quality[quality.name]) for point, quality in told.worst],
        )


@strawberry.type
class VirtualPointsQuery:
    """Of the process that keeps them current; another has none."""

    @strawberry.field(description="The virtual points, in order of ids: formulas, figures, and what of them is not good.")
    async def virtual_points(self, info: Info) -> list[VirtualPoint]:
        face = face_of(info)
        told = [] if face.virtual is None else await asyncio.to_thread(face.virtual)
        return [VirtualPoint.of(each) for each in told]
