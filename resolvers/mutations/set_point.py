"""`setPoint`: ask for a value to be written to a point that is enabled for control.

The answer comes at once with the command and its state; `commands` tells the rest. Refusals are a state with reasons, not an error.
"""

from __future__ import annotations

import asyncio
from math import isfinite
from typing import Annotated

import strawberry

from ontology.namespaces import expand
from resolvers.commands import Command
from resolvers.context import Info, face_of
from resolvers.errors import BadInput

TEXT_MAX = 500
"""Characters of a reason, a key or an author."""


@strawberry.input(description="A wish to write one value to one point.")
class SetPointInput:
    """What is wished, by whom, and why."""

    point: strawberry.ID = strawberry.field(description="IRI or CURIE of the point.")
    value: float = strawberry.field(description="The value in the point's unit.")
    reason: str = strawberry.field(description="Why; kept in the journal.")
    key: str | None = strawberry.field(
        default=None, description="Makes the same wish the same command: a second call with it writes nothing more."
    )
    author: str | None = strawberry.field(default=None, description="Who; the service's own author when not given.")


async def set_point(
    info: Info,
    input: Annotated[SetPointInput, strawberry.argument(description="The wish.")],  # noqa: A002 - the schema's word for it
) -> Command:
    """Hand the wish to the control flow, off the event loop: the journal is made durable before anything is sent."""
    for name, text in (("reason", input.reason), ("key", input.key), ("author", input.author)):
        if text is not None and not 1 <= len(text.strip()) <= TEXT_MAX:
            raise BadInput(f"{name} has {len(text)} characters: give 1 to {TEXT_MAX}")
    if not isfinite(input.value):
        raise BadInput(f"value = {input.value}: give a finite number")
    face = face_of(info)
    author = input.author or face.author
    return Command.of(await asyncio.to_thread(face.commands.request, expand(input.point), input.value, author, input.reason, input.key))
