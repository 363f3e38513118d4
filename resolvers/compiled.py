"""Read queries, compiled once for a document into a plan over the columns and answered as bytes.

Rules of this file:

1. An answer is the JSON that graphql-core would give; a test compares the two over generated queries.
2. What the plan does not cover, what is refused and what goes wrong is answered by graphql-core: None is given back here.
3. Limits and validation are the same as on the other way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from graphql import DocumentNode, GraphQLError, GraphQLObjectType, GraphQLSchema
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values

from graph.changes import AsOf
from graph.errors import GraphError
from ontology.terms import Ids
from resolvers.compiled_columns import Row, entities, inner
from resolvers.compiled_plan import Pick, Plan, Selection, plan
from resolvers.context import Face
from resolvers.cursors import decode, encode
from resolvers.errors import LimitExceeded
from resolvers.index import page
from resolvers.limits import Limits, over
from resolvers.query import PAGE_DEFAULT, checked_text
from resolvers.reads import Reads
from resolvers.schema import DOCUMENTS_KEPT, Schema, parsed, validated
from resolvers.states import AsOfInput, asked, other_state
from resolvers.types import checked_first

OTHER_STATE = frozenset({"asOf", "branch"})
"""Arguments that ask for another state than the present."""


class CompiledReads:
    """The compiled way of one schema."""

    def __init__(self, schema: Schema, limits: Limits) -> None:
        self._schema: GraphQLSchema = schema._schema
        self._limits = limits
        query = self._schema.query_type
        self._query: GraphQLObjectType = query if query is not None else GraphQLObjectType("Query", {})
        self._planned = lru_cache(maxsize=DOCUMENTS_KEPT)(self._plan)

    async def respond(self, face: Face, query: str, variables: Mapping[str, Any] | None, operation: str | None) -> bytes | None:
        """As `answer`, done where it makes nobody wait: in a thread what looks through all texts or at another state than the present."""
        await face.prepare()
        names = self._arguments(query, operation)
        try:
            if names & OTHER_STATE:
                return await face.history.run(self.answer, face, query, variables, operation)
        except LimitExceeded:
            return None
        if "text" in names:
            return await asyncio.to_thread(self.answer, face, query, variables, operation)
        return self.answer(face, query, variables, operation)

    def answer(self, face: Face, query: str, variables: Mapping[str, Any] | None, operation: str | None) -> bytes | None:
        """The response body, or None where graphql-core must answer. Cost: one pass over the things of the answer for each field."""
        try:
            document, made = self._planned(query, operation)
            if made is None or over(document, variables, self._limits):
                return None
            coerced = get_variable_values(self._schema, made.operation.variable_definitions or (), dict(variables or {}))
            if not isinstance(coerced, VariableValues):
                return None
            states = _States(face)
            data = {pick.key: self._root(states, pick, coerced) for pick in made.selection.picks}
        except (GraphQLError, GraphError):
            return None
        return orjson.dumps({"data": data})

    def _arguments(self, query: str, operation: str | None) -> frozenset[str]:
        """The names of the arguments of the root fields, where a plan covers them."""
        try:
            _, made = self._planned(query, operation)
        except GraphQLError:
            return frozenset()
        return frozenset(each.name.value for pick in made.selection.picks for each in pick.node.arguments or ()) if made else frozenset()

    def _plan(self, query: str, operation: str | None) -> tuple[DocumentNode, Plan | None]:
        document = parsed(query, self._limits.tokens)
        return document, None if validated(self._schema, document) else plan(document, operation)

    def _root(self, states: _States, pick: Pick, variables: VariableValues) -> Any:
        if pick.name == "__typename":
            return "Query"
        arguments = get_argument_values(self._query.fields[pick.name], pick.node, variables)
        reads = states.reads(arguments.get("asOf"), arguments.get("branch"))
        if pick.name == "entity":
            number = reads.index.snapshot.find(arguments["id"])
            return None if number is None else entities(reads, [number], inner(pick))[0]
        found = reads.index.select(arguments.get("class"), checked_text(arguments.get("text")))
        first = arguments.get("first")
        return _connection(reads, found, PAGE_DEFAULT if first is None else first, arguments.get("after"), inner(pick))


class _States:
    """The states of one answer, each worked out once."""

    def __init__(self, face: Face) -> None:
        self._face, self._found = face, dict[AsOf | None, Reads]()

    def reads(self, as_of: Mapping[str, Any] | None, branch: str | None) -> Reads:
        wanted = None if as_of is None and branch is None else asked(None if as_of is None else AsOfInput(**as_of), branch)
        if wanted not in self._found:
            self._found[wanted] = (self._face.present() if wanted is None else other_state(self._face, wanted)).reads
        return self._found[wanted]


def _connection(reads: Reads, found: Ids, first: int, after: str | None, selection: Selection) -> Row:
    shown, more, earlier = page(reads.index, found, checked_first(first), None if after is None else decode(after))
    numbers = shown.tolist()
    answer: Row = {}
    for pick in selection.picks:
        if pick.name == "totalCount":
            answer[pick.key] = len(found)
        elif pick.name == "nodes":
            answer[pick.key] = entities(reads, numbers, inner(pick))
        elif pick.name == "edges":
            answer[pick.key] = _edges(reads, numbers, inner(pick))
        elif pick.name == "pageInfo":
            answer[pick.key] = _page_info(reads, numbers, more, earlier, inner(pick))
        else:
            answer[pick.key] = "EntityConnection"
    return answer


def _edges(reads: Reads, numbers: list[int], selection: Selection) -> list[Row]:
    columns: list[list[Any]] = []
    for pick in selection.picks:
        if pick.name == "node":
            columns.append(entities(reads, numbers, inner(pick)))
        elif pick.name == "cursor":
            columns.append([encode(reads.iri(n)) for n in numbers])
        else:
            columns.append(["EntityEdge"] * len(numbers))
    return [dict(zip(selection.keys, row, strict=True)) for row in zip(*columns, strict=True)]


def _page_info(reads: Reads, numbers: list[int], more: bool, earlier: bool, selection: Selection) -> Row:
    facts = {
        "hasNextPage": more,
        "hasPreviousPage": earlier,
        "startCursor": encode(reads.iri(numbers[0])) if numbers else None,
        "endCursor": encode(reads.iri(numbers[-1])) if numbers else None,
        "__typename": "PageInfo",
    }
    return {pick.key: facts[pick.name] for pick in selection.picks}
