"""`revert`: undo one revision of the site by a new one."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import strawberry

from resolvers.changes import ChangeResult, writer
from resolvers.context import Info


@strawberry.input(description="A wish to undo one revision of the site.")
class RevertInput:
    """Which, by whom, and why."""

    number: int = strawberry.field(description="The revision to undo.")
    reason: str = strawberry.field(description="Why; kept with the new revision.")
    author: str | None = strawberry.field(default=None, description="Who; the service's own author when not given.")
    key: str | None = strawberry.field(
        default=None, description="Makes the same wish the same change: a second call with it changes nothing."
    )


async def revert(
    info: Info,
    input: Annotated[RevertInput, strawberry.argument(description="The wish.")],  # noqa: A002 - the schema's word for it
) -> ChangeResult:
    """Hand the wish to the ledger. Raises `ReadOnly`, `BadInput`, `UnknownRevision`, `Refused`."""
    face = writer(info, reason=input.reason, author=input.author, key=input.key)
    act = partial(face.ledger.revert, author=input.author or face.author, reason=input.reason, key=input.key or "")
    return ChangeResult.of(await face.history.run(act, input.number))
