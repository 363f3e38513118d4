"""The queries about history: revisions, differences, sources, branches, and who says what."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import strawberry

from graph.changes import AsOf
from graph.changes import Revision as KeptRevision
from graph.errors import UnknownBranch, UnknownRevision
from ontology.namespaces import expand
from resolvers.context import Face, Info, State, face_of
from resolvers.errors import BadInput
from resolvers.history import (
    FIRST_MAX,
    REVISIONS_DEFAULT,
    Branch,
    Difference,
    First,
    Revision,
    Skip,
    Source,
    Statement,
    checked_rows,
    checked_skip,
    own_revisions,
)
from resolvers.states import NAME_MAX, AsOfArgument, AsOfInput, BranchArgument, asked, known, state_of

OlderBranch = Annotated[str | None, strawberry.argument(description="The branch that the older state is of; the site when not given.")]
NewerBranch = Annotated[str | None, strawberry.argument(description="The branch that the newer state is of; the site when not given.")]


@strawberry.type
class HistoryQuery:
    """Each reads in a worker thread: the store may have to be asked."""

    @strawberry.field(description="Every source that says something, in order of names.")
    async def sources(self, info: Info) -> list[Source]:
        face = face_of(info)
        return [Source.of(each) for each in await face.history.run(face.ledger.sources)]

    @strawberry.field(description="Revisions of the site, newest first.")
    async def revisions(
        self,
        info: Info,
        first: First = REVISIONS_DEFAULT,
        before: Annotated[int | None, strawberry.argument(description="Only those older than this number: for the next page.")] = None,
        source: Annotated[str | None, strawberry.argument(description="Only those of this source.")] = None,
    ) -> list[Revision]:
        if source is not None and len(source) > NAME_MAX:
            raise BadInput(f"source has {len(source)} characters: give {NAME_MAX} at most")
        face, rows = face_of(info), checked_rows(first, REVISIONS_DEFAULT)
        found = await face.history.run(partial(face.ledger.revisions, before=before, first=rows, source=source))
        return [Revision.of(each) for each in found]

    @strawberry.field(description="One revision of the site, or of a branch; null when there is none of that number.")
    async def revision(
        self,
        info: Info,
        number: Annotated[int, strawberry.argument(description="Its number.")],
        branch: BranchArgument = None,
    ) -> Revision | None:
        face = face_of(info)
        found = await face.history.run(_revision, face, number, branch or "")
        return None if found is None else Revision.of(found, branch or "")

    @strawberry.field(description="What differs between two states: what the newer one says and the older one does not, and the reverse.")
    async def difference(
        self,
        info: Info,
        older: Annotated[AsOfInput, strawberry.argument(description="The one state.")],
        newer: Annotated[AsOfInput, strawberry.argument(description="The other state; it may be the earlier one in time.")],
        older_branch: OlderBranch = None,
        newer_branch: NewerBranch = None,
    ) -> Difference:
        face = face_of(info)
        return await face.history.run(_difference, face, asked(older, older_branch), asked(newer, newer_branch))

    @strawberry.field(description="The branches, in order of names.")
    async def branches(
        self, info: Info, name: Annotated[str | None, strawberry.argument(description="Only the one of this name.")] = None
    ) -> list[Branch]:
        face = face_of(info)
        return [Branch.of(each) for each in await face.history.run(face.ledger.branches) if name in (None, each.name)]

    @strawberry.field(description="Every statement about an entity, with who says it, when and by which revision.")
    async def provenance(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="IRI, or CURIE with a known prefix.")],  # noqa: A002 - the schema's word
        predicate: Annotated[str | None, strawberry.argument(description="Only of this predicate; IRI or CURIE.")] = None,
        inferred: Annotated[bool, strawberry.argument(description="Also what the ontology says of it and no source does.")] = False,
        first: First = FIRST_MAX,
        skip: Skip = 0,
        as_of: AsOfArgument = None,
        branch: BranchArgument = None,
    ) -> list[Statement]:
        rows, start, face = checked_rows(first, FIRST_MAX), checked_skip(skip), face_of(info)
        state = await state_of(info, as_of, branch)
        (iri,) = await known(state.reads.index, [id])
        act = partial(_statements, face, state, iri, None if predicate is None else expand(predicate), inferred)
        return (await face.history.run(act, asked(as_of, branch)))[start : start + rows]


def _revision(face: Face, number: int, branch: str) -> KeptRevision | None:
    """A revision without its change. Raises `UnknownBranch`."""
    if not branch:
        found = face.ledger.revisions(before=number + 1, first=1)
        return found[0] if found and found[0].number == number else None
    try:
        return face.ledger.revision(number, branch)[0]
    except UnknownBranch:
        raise
    except UnknownRevision:
        return None


def _difference(face: Face, older: AsOf, newer: AsOf) -> Difference:
    change = face.ledger.difference(older, newer)
    owners = {**face.twin.snapshot.owners, **change.graphs}
    return Difference(change=change, owners=owners, branch=older.branch, newer=newer)


def _statements(face: Face, state: State, iri: str, predicate: str | None, inferred: bool, as_of: AsOf) -> list[Statement]:
    """What is said of an entity in a state, in order of predicate and object."""
    owners, own = state.questions.snapshot.owners, own_revisions(face, as_of.branch)
    said = [each for each in face.ledger.provenance(iri, as_of, inferred=inferred) if predicate in (None, each.quad[1])]
    return [Statement.said(each, owners, as_of.branch if each.revision in own else "") for each in said]
