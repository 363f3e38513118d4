"""`createBranch`: begin a what-if on a state of the site."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import strawberry

from graph.changes import NEWEST
from resolvers.changes import writer
from resolvers.context import Info
from resolvers.errors import BadInput
from resolvers.history import Branch
from resolvers.states import AsOfInput, asked


@strawberry.input(description="A wish for a what-if.")
class CreateBranchInput:
    """Its name, what it stands on, by whom, and why."""

    name: str = strawberry.field(description="Its name.")
    reason: str = strawberry.field(description="What it is for.")
    base: AsOfInput | None = strawberry.field(
        default=None, description="The state of the site that it stands on; the newest when not given."
    )
    author: str | None = strawberry.field(default=None, description="Who; the service's own author when not given.")


async def create_branch(
    info: Info,
    input: Annotated[CreateBranchInput, strawberry.argument(description="The wish.")],  # noqa: A002 - the schema's word for it
) -> Branch:
    """Hand the wish to the ledger. Raises `ReadOnly`, `BadInput`, `BranchExists`, `UnknownRevision`."""
    face = writer(info, name=input.name, reason=input.reason, author=input.author)
    base = NEWEST if input.base is None else asked(input.base, None)
    act = partial(face.ledger.create_branch, base=base, author=input.author or face.author, reason=input.reason)
    try:
        return Branch.of(await face.history.run(act, input.name))
    except ValueError as error:
        raise BadInput(str(error)) from None
