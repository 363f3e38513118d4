"""`dropBranch`: forget a branch and its changes."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.changes import writer
from resolvers.context import Info


@strawberry.input(description="A wish to forget a branch.")
class DropBranchInput:
    """Which."""

    name: str = strawberry.field(description="Its name.")


async def drop_branch(
    info: Info,
    input: Annotated[DropBranchInput, strawberry.argument(description="The wish.")],  # noqa: A002 - the schema's word for it
) -> bool:
    """Hand the wish to the ledger. Raises `ReadOnly`, `BadInput`, `UnknownBranch`."""
    face = writer(info, name=input.name)
    await face.history.run(face.ledger.drop_branch, input.name)
    return True
