"""Which state of the twin a question is about: the newest, one looked back to, or a branch; and the few of them that are kept.

Rules of this file:

1. What names neither an instant, a revision nor a branch is the present, and costs nothing here; so is the newest revision by its number.
2. A state looked back to has no live values: every point is without one, every switch stands where it normally does.
3. A branch has the live values of the site. Neither lets a point be written: a command speaks of the present alone.
4. A state is worked out in a worker thread, once for an operation, and a few of them are kept (`resolvers/indexes.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from graph.changes import AsOf
from graph.current import CurrentValues
from graph.names import no_entity
from ontology.namespaces import expand
from resolvers.context import Face, Info, State, face_of, present_of
from resolvers.errors import BadInput, NoSuchEntity
from resolvers.index import Index
from resolvers.reads import Reads

NAME_MAX = 200
"""Characters of the name of a branch or a source."""


@strawberry.input(one_of=True, name="AsOf", description="Which state of the twin: give exactly one of the two.")
class AsOfInput:
    """A state by number or by time."""

    revision: int | None = strawberry.field(
        default=strawberry.UNSET, description="Its revision; with a branch the number of a change of that branch, 0 for what it stands on."
    )
    at: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="An instant with its offset: the newest revision that had been made by then."
    )


AsOfArgument = Annotated[
    AsOfInput | None, strawberry.argument(name="asOf", description="The state to ask; the newest when not given. It has no live values.")
]
BranchArgument = Annotated[
    str | None, strawberry.argument(description="The branch to ask; the site when not given. It has the live values.")
]


def asked(as_of: AsOfInput | None, branch: str | None) -> AsOf:
    """The arguments as the ledger takes them. Raises `BadInput`."""
    if branch is not None and not 1 <= len(branch) <= NAME_MAX:
        raise BadInput(f"branch has {len(branch)} characters: give the name of a branch, as `branches` lists them")
    revision = None if as_of is None or as_of.revision is strawberry.UNSET else as_of.revision
    at = None if as_of is None or as_of.at is strawberry.UNSET else as_of.at
    if as_of is not None and (revision is None) == (at is None):
        raise BadInput("asOf names a revision or an instant: give exactly one of the two")
    try:
        return AsOf(revision, at, branch or "")
    except ValueError as error:
        raise BadInput(f"asOf: {error}") from None


async def state_of(info: Info, as_of: AsOfInput | None, branch: str | None) -> State:
    """The state that a root field asks about (rule 1 to 4). Raises `BadInput`, `UnknownRevision`, `UnknownBranch`."""
    face = face_of(info)
    if as_of is None and branch is None:
        return present_of(info)
    wanted = asked(as_of, branch)
    seen: dict[AsOf, asyncio.Task[State]] = info.context.get("states", {})
    if wanted not in seen:
        seen[wanted] = asyncio.ensure_future(face.history.run(other_state, face, wanted))
    return await seen[wanted]


def other_state(face: Face, wanted: AsOf) -> State:
    """A state that is not the present, with its index. To be called in a worker thread. Raises `UnknownRevision`, `UnknownBranch`."""
    view = face.ledger.view(wanted)
    if view is face.twin.newest:
        return face.present()
    current = _NO_VALUES if wanted.is_past else face.current
    return State(view, Reads(face.indexes.other(view.snapshot), current, _not_writable, face.clock()))


_NO_VALUES = CurrentValues()


def _not_writable(_: str) -> bool:
    return False


async def known(index: Index, ids: Sequence[str]) -> list[str]:
    """The IRIs of ids that this revision has. Raises `NoSuchEntity` for the first that it does not have, with the nearest ones."""
    unknown = next((asked for asked in ids if index.snapshot.find(asked) is None), None)
    if unknown is not None:
        raise NoSuchEntity(await asyncio.to_thread(no_entity, index.snapshot, unknown))
    return [expand(asked) for asked in ids]
