"""What a failure does, as GraphQL counts it: outcomes, and how many and how much have which."""

from __future__ import annotations

from enum import Enum

import strawberry


@strawberry.enum(description="What a failure does to an entity in one medium, worst first.")
class Outcome(Enum):
    """After docs/guides/supply-model.md."""

    LOST = "LOST"
    OVERLOADED = "OVERLOADED"
    NO_REDUNDANCY = "NO_REDUNDANCY"
    REDUCED = "REDUCED"
    UNAFFECTED = "UNAFFECTED"


@strawberry.type(description="How many have which worst outcome.")
class OutcomeCount:
    """A failed one is in no count."""

    lost: int = strawberry.field(description="Without supply.")
    overloaded: int = strawberry.field(description="Still up, above what it may carry.")
    no_redundancy: int = strawberry.field(description="One further failure from being lost.")
    reduced: int = strawberry.field(description="With fewer spares than before.")
    unaffected: int = strawberry.field(default=0, description="As before.")


@strawberry.type(description="How much IT load has which worst outcome, kilowatts.")
class OutcomeLoad:
    """A failed one is in no sum."""

    lost: float = strawberry.field(description="Without supply, kW.")
    overloaded: float = strawberry.field(description="Still up, above what it may carry, kW.")
    no_redundancy: float = strawberry.field(description="One further failure from being lost, kW.")
    reduced: float = strawberry.field(description="With fewer spares than before, kW.")
    unaffected: float = strawberry.field(description="As before, kW.")


@strawberry.type(description="What fails itself: it is in no count of outcomes.")
class FailedItself:
    """Each counted once."""

    racks: int = strawberry.field(description="Racks.")
    services: int = strawberry.field(description="Services.")
    tenants: int = strawberry.field(description="Tenants with something of theirs among it, that lose nothing else.")
    it_load_kw: float = strawberry.field(description="IT load in kilowatts.")
