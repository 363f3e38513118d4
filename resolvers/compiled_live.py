"""Subscriptions to readings, compiled once for a document and told as bytes from the columns.

The rules of `resolvers/compiled.py` hold: a message is the JSON that graphql-core would give, limits and validation are the same, and what
the plan does not cover, what is refused and what goes wrong is left to graphql-core.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import orjson
from graphql import GraphQLError, GraphQLObjectType, OperationType
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values

from graph.errors import GraphError
from resolvers.compiled_columns import readings
from resolvers.compiled_plan import Pick, Selection, plan
from resolvers.context import Face
from resolvers.limits import Limits, over
from resolvers.live_values import Wanted, followed
from resolvers.schema import Schema, parsed, validated


class CompiledValues:
    """The compiled way of one schema."""

    def __init__(self, schema: Schema, limits: Limits) -> None:
        self._schema, self._limits = schema._schema, limits
        kind = self._schema.subscription_type
        self._kind: GraphQLObjectType = kind if kind is not None else GraphQLObjectType("Subscription", {})

    def stream(
        self, face: Face, query: str, variables: Mapping[str, Any] | None, operation: str | None
    ) -> AsyncGenerator[bytes, None] | None:
        """The payload of each message, or None where graphql-core must answer. Iterating raises what a resolver would."""
        try:
            document = parsed(query, self._limits.tokens)
            if over(document, variables, self._limits) or validated(self._schema, document):
                return None
            made = plan(document, operation, OperationType.SUBSCRIPTION)
            if made is None or len(made.selection.picks) != 1:
                return None
            coerced = get_variable_values(self._schema, made.operation.variable_definitions or (), dict(variables or {}))
            if not isinstance(coerced, VariableValues):
                return None
            (pick,) = made.selection.picks
            given = get_argument_values(self._kind.fields[pick.name], pick.node, coerced)
            wanted = Wanted.of(given.get("points"), given.get("entity"), given.get("subTree"))
        except (GraphQLError, GraphError):
            return None
        return _payloads(face, wanted, pick)


async def _payloads(face: Face, wanted: Wanted, pick: Pick) -> AsyncGenerator[bytes, None]:
    await face.prepare()
    selection: Selection = pick.inner if pick.inner is not None else Selection("PointReading", ())
    async with aclosing(followed(face, wanted)) as told:
        async for points in told:
            rows = readings(face.current.many(points), int(face.clock().timestamp() * 1000), selection)
            yield orjson.dumps({"data": {pick.key: rows}})
