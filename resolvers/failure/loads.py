"""The load that a proof or a procedure must keep, and what is asked of it: the types and the checks that both share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import strawberry

from resolvers.errors import BadInput
from resolvers.index import Index
from resolvers.states import known

LOAD_MAX = 1000
"""Entities that one question may name as what must be kept."""

Load = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description=f"Only this load counts: racks, services, tenants, at most {LOAD_MAX}; all when not given."),
]


@strawberry.type(description="How much load.")
class LoadCounts:
    """Each counted once."""

    racks: int = strawberry.field(description="Racks.")
    services: int = strawberry.field(description="Services.")
    equipment: int = strawberry.field(description="Pieces of IT equipment.")
    other: int = strawberry.field(description="Others that were named.")
    it_load_kw: float = strawberry.field(description="What the equipment draws, in kilowatts.")


@strawberry.type(description="How much load, and the first of it by name.")
class NamedLoad(LoadCounts):
    """Each counted once."""

    first: list[strawberry.ID] = strawberry.field(description="The first of them, in order of IRIs.")


async def named(index: Index, name: str, ids: Sequence[str] | None) -> list[str] | None:
    """The IRIs of what a question names, None where it names nothing. Raises `BadInput`, `NoSuchEntity`."""
    if ids is None:
        return None
    if not 1 <= len(ids) <= LOAD_MAX:
        raise BadInput(f"{name} has {len(ids)} ids: give 1 to {LOAD_MAX}, or leave it out for all")
    return await known(index, ids)
