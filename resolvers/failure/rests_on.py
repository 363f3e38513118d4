"""Which part of an answer rests on points that are not good, from the frozen result of the analytics room."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from strawberry.types.nodes import SelectedField, Selection

from analytics import rests_on as analysed
from resolvers.arguments import checked_first
from resolvers.failure.telling import told
from resolvers.types import Quality, Reason

FIELDS = frozenset({"restsOn", "doubtful"})
IDS_DEFAULT, IDS_MAX = 100, 50_000


def rests_asked(selections: Iterable[Selection]) -> bool:
    """Whether any of what is selected tells it: else it is not worked out."""
    return any((isinstance(each, SelectedField) and each.name in FIELDS) or rests_asked(each.selections) for each in selections)


@strawberry.enum(name="ReadFor", description="What a point is read for.")
class ReadFor(Enum):
    """After analytics/instruments.py."""

    POSITION = strawberry.enum_value("position", description="Where a switch stands: 0 open, 1 closed.")
    SERVICE = strawberry.enum_value("service", description="Whether something is out of service.")
    LOAD = strawberry.enum_value("load", description="What something carries, kilowatts.")
    CHARGE = strawberry.enum_value("charge", description="Per cent of a store.")
    TEMPERATURE = strawberry.enum_value("temperature", description="At a rack's inlets, or of a room's air.")
    RUNS = strawberry.enum_value("runs", description="1 it runs, 0 it does not.")
    LEVEL = strawberry.enum_value("level", description="Per cent of a tank.")
    REMAINING = strawberry.enum_value("remaining", description="Seconds that a store has left, by its own account.")


@strawberry.type(description="A point that an answer would have stood on, were its value good.")
class PoorReading:
    """A point that is read for several things has a row for each."""

    point: strawberry.ID = strawberry.field(description="IRI of the point.")
    what: ReadFor = strawberry.field(description="What it is read for.")
    of: strawberry.ID = strawberry.field(description="IRI of what it is about.")
    quality: Quality = strawberry.field(description="How good its value is; GOOD where the value is none, such as a position of 0.5.")
    reason: Reason = strawberry.field(description="Why it is no better.")
    value: float | None = strawberry.field(description="Its last value, in what `what` is read in; null where there never was a number.")
    observed_at: datetime | None = strawberry.field(description="When that was so.")
    age_s: float | None = strawberry.field(description="Seconds between that and the instant of the answer.")
    instead: str = strawberry.field(description="What the answer took instead.")
    entities: list[strawberry.ID] = strawberry.field(
        description=f"The first {analysed.ENTITIES_MAX} of the answer's entities that depend on it, in order of IRIs."
    )
    entities_count: int = strawberry.field(description="How many there are in all.")


@strawberry.type(description="What of an answer may be otherwise, because it depends on points that are not good; each counted once.")
class Doubtful:
    """In kinds that totals have."""

    racks: int = strawberry.field(description="Racks.")
    services: int = strawberry.field(description="Services.")
    tenants: int = strawberry.field(description="Tenants with something of theirs among it.")
    it_load_kw: float = strawberry.field(description="IT load in kilowatts.")


@strawberry.type(description="The points that an answer was read from, by how good they are, and what of it depends on those that are not.")
class RestsOn:
    """Of a state that is looked back to: nothing, as it has no live values."""

    points: int = strawberry.field(description="Points that are read for it; each is in one of the next five.")
    good: int = strawberry.field(description="Good, and taken.")
    uncertain: int = strawberry.field(description="UNCERTAIN: not taken.")
    stale: int = strawberry.field(description="STALE: not taken.")
    bad: int = strawberry.field(description="BAD, NO_COMMUNICATION, or good and yet no value: not taken.")
    silent: int = strawberry.field(description="Never heard: the answer is as if the graph had none.")
    entities: int = strawberry.field(description="Entities of the answer that depend on any that is heard and not taken.")
    doubtful: Doubtful = strawberry.field(description="The racks, services, tenants and IT load among these.")
    poor_count: int = strawberry.field(description="How many rows there are in all of what is heard and not taken.")
    poor: list[PoorReading] = strawberry.field(description=f"The first {analysed.NAMED_MAX} of them, the worst first.")
    found: strawberry.Private[analysed.RestsOn]

    @strawberry.field(description="The first of `entities`, in order of IRIs.")
    def ids(
        self, first: Annotated[int | None, strawberry.argument(description=f"How many at most, up to {IDS_MAX:,}.")] = IDS_DEFAULT
    ) -> list[strawberry.ID]:
        return [strawberry.ID(iri) for iri in self.found.ids(checked_first(first, IDS_DEFAULT, IDS_MAX))]


@strawberry.type
class Rested:
    """An answer that can say so."""

    rested: strawberry.Private[analysed.RestsOn | None] = None

    @strawberry.field(description="Which part of it rests on points that are not good, and what was taken instead.")
    def rests_on(self) -> RestsOn:
        found = self.rested or analysed.RestsOn()
        return told(RestsOn, {**found.to_json(), "found": found})
