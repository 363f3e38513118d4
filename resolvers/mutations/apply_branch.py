"""`applyBranch`: make what a branch changes a revision of the site."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import strawberry

from resolvers.changes import ChangeResult, writer
from resolvers.context import Info


@strawberry.input(description="A wish to make a what-if real.")
class ApplyBranchInput:
    """Which, by whom, and why."""

    name: str = strawberry.field(description="Name of the branch.")
    reason: str = strawberry.field(description="Why; kept with the new revision.")
    author: str | None = strawberry.field(default=None, description="Who; the service's own author when not given.")
    key: str | None = strawberry.field(
        default=None, description="Makes the same wish the same change: a second call with it changes nothing."
    )


async def apply_branch(
    info: Info,
    input: Annotated[ApplyBranchInput, strawberry.argument(description="The wish.")],  # noqa: A002 - the schema's word for it
) -> ChangeResult:
    """Hand the wish to the ledger. Raises `ReadOnly`, `BadInput`, `UnknownBranch`, `Refused`."""
    face = writer(info, name=input.name, reason=input.reason, author=input.author, key=input.key)
    act = partial(face.ledger.apply_branch, author=input.author or face.author, reason=input.reason, key=input.key or "")
    return ChangeResult.of(await face.history.run(act, input.name))
