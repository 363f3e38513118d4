"""`editBranch`: add and remove statements on a branch; the site stays as it is."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import strawberry

from graph.changes import AsOf, ChangeSet
from ontology.namespaces import expand
from ontology.sources import source_graph
from ontology.terms import QuadBlock, is_blank, key_of, literal, term_of
from resolvers.changes import ChangeResult, writer
from resolvers.context import Face, Info
from resolvers.errors import BadInput
from twin.sync import wherever_said

STATEMENTS_MAX = 1000
"""Statements of one edit; more is a file's work."""
LITERAL_MAX = 65_536
"""Characters of one literal."""
TOLD_MAX = 100
"""Characters of a refused term that are told back."""
SOURCE = "what-if"
"""The source that speaks in an edit which names none."""


@strawberry.input(description="One statement: subject, predicate, object.")
class StatementInput:
    """A quad to add or to remove."""

    subject: strawberry.ID = strawberry.field(description="IRI or CURIE of the subject.")
    predicate: str = strawberry.field(description="IRI or CURIE of the predicate.")
    object: str = strawberry.field(description="IRI or CURIE of the object, or the lexical form of a literal.")
    object_is_id: bool = strawberry.field(default=False, description="Whether the object is an entity; else it is a literal.")
    datatype: str | None = strawberry.field(default=None, description="IRI or CURIE of the literal's datatype; text when not given.")
    language: str | None = strawberry.field(default=None, description="Language tag of the literal.")
    graph: str | None = strawberry.field(
        default=None, description="IRI of its graph. When not given: the source's own graph; to remove, every graph that says it."
    )


@strawberry.input(description="A wish to add and remove statements on a branch.")
class EditBranchInput:
    """Which branch, what, on behalf of which source, by whom, and why."""

    name: str = strawberry.field(description="Name of the branch.")
    reason: str = strawberry.field(description="Why; kept with the branch's revision.")
    add: list[StatementInput] = strawberry.field(default_factory=list, description=f"Statements to add, at most {STATEMENTS_MAX}.")
    remove: list[StatementInput] = strawberry.field(default_factory=list, description=f"Statements to remove, at most {STATEMENTS_MAX}.")
    source: str = strawberry.field(default=SOURCE, description="The source that says what is added.")
    author: str | None = strawberry.field(default=None, description="Who; the service's own author when not given.")
    key: str | None = strawberry.field(
        default=None, description="Makes the same wish the same change: a second call with it changes nothing."
    )
    dry_run: bool = strawberry.field(default=False, description="Only try: tell what would come and go, and change nothing.")


async def edit_branch(
    info: Info,
    input: Annotated[EditBranchInput, strawberry.argument(description="The wish.")],  # noqa: A002 - the schema's word for it
) -> ChangeResult:
    """Hand the wish to the ledger. Raises `ReadOnly`, `BadInput`, `UnknownBranch`, `Refused`, `StaleRevision`."""
    face = writer(info, name=input.name, reason=input.reason, source=input.source, author=input.author, key=input.key)
    if not 1 <= len(input.add) + len(input.remove) <= STATEMENTS_MAX:
        raise BadInput(f"the edit has {len(input.add) + len(input.remove)} statements: give 1 to {STATEMENTS_MAX}, or PUT a file at /rdf")
    try:
        return await face.history.run(_edit, face, input)
    except ValueError as error:
        raise BadInput(str(error)) from None


def _edit(face: Face, wish: EditBranchInput) -> ChangeResult:
    added = [(*triple_of(each), expand(each.graph) if each.graph else source_graph(wish.source)) for each in wish.add]
    snapshot = face.ledger.view(AsOf(branch=wish.name)).snapshot
    gone = [(*triple_of(each), expand(each.graph or "")) for each in wish.remove]
    anywhere = wherever_said(snapshot, QuadBlock.of(quad for quad in gone if not quad[3]))
    removed = [*(quad for quad in gone if quad[3]), *anywhere]
    act = partial(face.ledger.change, author=wish.author or face.author, source=wish.source, reason=wish.reason, key=wish.key or "")
    change = ChangeSet(QuadBlock.of(added), QuadBlock.of(removed))
    return ChangeResult.of(act(change, dry_run=wish.dry_run, branch=wish.name), branch=wish.name, dry_run=wish.dry_run)


def triple_of(statement: StatementInput) -> tuple[str, str, str]:
    """The keys of a statement. Raises `BadInput`."""
    subject, predicate = _iri("subject", statement.subject), _iri("predicate", statement.predicate)
    if is_blank(predicate):
        raise BadInput(f"predicate = {statement.predicate!r}: a predicate has an IRI")
    if statement.object_is_id:
        return subject, predicate, _iri("object", statement.object)
    if len(statement.object) > LITERAL_MAX:
        raise BadInput(f"object has {len(statement.object)} characters: a literal has {LITERAL_MAX} at most")
    return subject, predicate, _literal(statement)


def _iri(part: str, asked: str) -> str:
    """The key of an IRI, a CURIE or a blank node. Raises `BadInput`."""
    key = expand(asked)
    if not key or key.startswith('"'):
        raise BadInput(f"{part} = {asked[:TOLD_MAX]!r}: give an IRI or a CURIE with a known prefix")
    return _checked(part, key)


def _literal(statement: StatementInput) -> str:
    if statement.language and statement.datatype:
        raise BadInput(f"object has language {statement.language!r} and a datatype: give one of them")
    if statement.language:
        key = f'"{statement.object}"@{statement.language}'
        _checked("object", key)
        return key  # in the case in which the tag was given
    return _checked(
        "object", literal(statement.object, _iri("datatype", statement.datatype)) if statement.datatype else literal(statement.object)
    )


def _checked(part: str, key: str) -> str:
    """The key as reading it from a file gives it. Raises `BadInput` for what RDF cannot say."""
    try:
        return key_of(term_of(key))
    except ValueError as error:
        raise BadInput(f"{part} = {key[:TOLD_MAX]!r}: {error}") from None
