"""The schema as it is served, and the guard before every operation: limits, cached validation, errors with codes, ours never shown."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache

import strawberry
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    MaxIntrospectionDepthRule,
    parse,
    specified_rules,
    validate,
)
from strawberry.extensions import MaskErrors
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext

from graph.errors import GraphError
from resolvers.changes import ChangeResult
from resolvers.commands import Command
from resolvers.errors import LimitExceeded, code_of
from resolvers.failure.jobs import Job, cancel_job, start_job
from resolvers.history import Branch
from resolvers.limits import Limits, over
from resolvers.mutations.apply_branch import apply_branch
from resolvers.mutations.create_branch import create_branch
from resolvers.mutations.drop_branch import drop_branch
from resolvers.mutations.edit_branch import edit_branch
from resolvers.mutations.revert import revert
from resolvers.mutations.set_point import set_point
from resolvers.query import Query
from resolvers.subscriptions import Subscription

_log = logging.getLogger(__name__)

DOCUMENTS_KEPT = 256
"""Parsed and validated documents that are kept."""
INTERNAL = "the service failed here, not the request; its log says why"


@strawberry.type(description="Acts on the plant and on the graph.")
class Mutation:
    """Each is a file of its own under resolvers/mutations."""

    set_point: Command = strawberry.mutation(
        resolver=set_point,
        description="Ask for a value to be written to a point that is enabled for control. A refusal is a command in state REFUSED.",
    )
    revert: ChangeResult = strawberry.mutation(
        resolver=revert,
        description="Undo one revision of the site by a new one. "
        "Errors: READ_ONLY, UNKNOWN_REVISION, REFUSED (later revisions stand in the way), BAD_INPUT.",
    )
    create_branch: Branch = strawberry.mutation(
        resolver=create_branch,
        description="Begin a what-if on a state of the site. Errors: READ_ONLY, BRANCH_EXISTS, UNKNOWN_REVISION, BAD_INPUT.",
    )
    edit_branch: ChangeResult = strawberry.mutation(
        resolver=edit_branch,
        description="Add and remove statements on a branch; the site stays as it is. "
        "Errors: READ_ONLY, UNKNOWN_BRANCH, STALE_REVISION, REFUSED, BAD_INPUT.",
    )
    apply_branch: ChangeResult = strawberry.mutation(
        resolver=apply_branch,
        description="Make what a branch changes a revision of the site; the branch ends. "
        "Errors: READ_ONLY, UNKNOWN_BRANCH, REFUSED (the site has said or taken back a fact of the branch since, "
        "or put another value in the place of one that the branch replaces), BAD_INPUT.",
    )
    drop_branch: bool = strawberry.mutation(
        resolver=drop_branch, description="Forget a branch and its changes. Errors: READ_ONLY, UNKNOWN_BRANCH, BAD_INPUT."
    )
    start_job: Job = strawberry.mutation(
        resolver=start_job,
        description="Begin to work a long question out beside the others; it changes nothing. "
        "Errors: LIMIT_EXCEEDED (as many run as may), UNKNOWN_ENTITY, UNKNOWN_REVISION, UNKNOWN_BRANCH, BAD_INPUT.",
    )
    cancel_job: Job = strawberry.mutation(
        resolver=cancel_job, description="End a job; what has ended stays as it ended. Errors: UNKNOWN_JOB."
    )


class Schema(strawberry.Schema):
    """Strawberry's schema; what goes wrong is logged by the guard, once, and only where it is ours."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: see `Guard`."""


@lru_cache(maxsize=4)
def build_schema(limits: Limits | None = None) -> Schema:
    """The schema with its guard; the same object for the same limits."""
    bounds = limits or Limits()
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=[lambda: Guard(bounds)],
        config=StrawberryConfig(),
    )


def sdl() -> str:
    """The schema in the schema definition language, as committed in resolvers/schema.graphql."""
    return build_schema().as_str() + "\n"


class Guard(MaskErrors):
    """Stands before one operation and behind its errors."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits = limits

    async def on_operation(self) -> AsyncIterator[None]:  # type: ignore[override] # strawberry awaits either kind
        """Bound the parser, pin the revision that every root field reads, and tidy the errors."""
        self.execution_context.parse_options["max_tokens"] = self._limits.tokens
        context = self.execution_context.context
        if isinstance(context, dict) and "face" in context:
            await context["face"].prepare()
            self.execution_context.context = {**context, "present": context["face"].present(), "states": {}}
        for _ in super().on_operation():
            yield

    def on_parse(self) -> Iterator[None]:
        """Parse once for a text."""
        if self.execution_context.query:
            try:
                self.execution_context.graphql_document = parsed(self.execution_context.query, self._limits.tokens)
            except GraphQLError as error:
                raise tidy(error) from None
        yield

    def on_validate(self) -> Iterator[None]:
        """Limits first; only a document within them is validated, once for a text."""
        context = self.execution_context
        document = context.graphql_document
        if document is not None:
            text = over(document, context.variables, self._limits)
            context.pre_execution_errors = [LimitExceeded(text)] if text else list(validated(context.schema._schema, document))
        yield

    def _process_errors(self, errors: list[GraphQLError]) -> list[GraphQLError]:
        return [tidy(error) for error in errors]


@lru_cache(maxsize=DOCUMENTS_KEPT)
def parsed(query: str, tokens: int) -> DocumentNode:
    """The document of a text; the same object for the same text. Raises `GraphQLSyntaxError`."""
    return parse(query, max_tokens=tokens)


@lru_cache(maxsize=DOCUMENTS_KEPT)
def validated(schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError]:
    """What is wrong with a document, at most five things. Not to be changed by the caller."""
    return validate(schema, document, [*specified_rules, MaxIntrospectionDepthRule], max_errors=5)


def tidy(error: GraphQLError) -> GraphQLError:
    """The error as a caller may see it: with a code; what is ours is logged in full and told in one sentence."""
    if "code" in (error.extensions or {}):
        return error
    cause = error.original_error
    if isinstance(cause, GraphError):
        return _coded(error, str(cause), code_of(cause))
    if isinstance(error, GraphQLSyntaxError):
        return _coded(error, error.message, "GRAPHQL_PARSE_FAILED")
    if cause is None or isinstance(cause, GraphQLError):
        return _coded(error, error.message, "GRAPHQL_VALIDATION_FAILED")
    _log.error("a resolver failed at %s", error.path, exc_info=cause)
    return _coded(error, INTERNAL, "INTERNAL")


def _coded(error: GraphQLError, message: str, code: str) -> GraphQLError:
    return GraphQLError(
        message, nodes=error.nodes, source=error.source, positions=error.positions, path=error.path, extensions={"code": code}
    )
