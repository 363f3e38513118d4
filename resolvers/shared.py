"""Subscriptions that many ask alike are worked out once: one execution a tick for each document, variables and rights, its bytes shared.

Rules of this file:

1. Shared is what tells the present whole or in parts that replace older ones (`OPENINGS`). All else, and everything that does not begin
   (a document that is refused), is answered to each by strawberry itself.
2. A message is strawberry's, but for the order of its bytes: `{"id":…,"type":"next","payload":` and the shared bytes.
3. Who joins later is told how things stand first, then what changes.
4. Nobody waits for a slow reader: what does not go into its socket is left out, and when it reads again it is told how things stand now.
   One that has not read for `SLOW_S` is closed with 1013 and the reason.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Protocol

import orjson
from graphql import FieldNode, GraphQLError, OperationDefinitionNode, OperationType
from graphql.utilities import strip_ignored_characters
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.utils.aio import aclosing

from graph.errors import GraphError
from resolvers.compiled_live import CompiledValues
from resolvers.context import Face
from resolvers.limits import Limits
from resolvers.live import TICK_S
from resolvers.schema import DOCUMENTS_KEPT, Schema, parsed

_log = logging.getLogger(__name__)

SLOW_S = 10.0
"""How long a reader may take nothing before it is closed."""
SLOW_CODE, SLOW_REASON = 1013, f"nothing was read for {SLOW_S:.0f} s: read faster, or ask for less, and subscribe again"
MISSED_MAX = 32
"""Messages that wait for those who are just being told how things stand; beyond, they are told anew."""


class Opening(Enum):
    """What one who joins later is told first."""

    ASKED = "asked"
    """The first answer of an execution of its own: later messages of the field are parts."""
    NEWEST = "newest"
    """The newest message: each is whole."""


OPENINGS = {"readings": Opening.ASKED, "impact": Opening.NEWEST, "countdown": Opening.NEWEST}


class Outlet(Protocol):
    """The way to one socket."""

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""

    @property
    def free(self) -> bool:
        """Whether it takes a message without keeping more than a bounded amount in memory."""

    def write(self, head: bytes, payload: bytes) -> None:
        """Send head, payload and `}` as one text message, now or soon."""

    def close(self, code: int, reason: str) -> None:
        """Close the socket with a reason."""


@dataclass(frozen=True, slots=True)
class Key:
    """What subscriptions have in common that are one: the document without what does not count, variables, rights."""

    document: str
    variables: bytes
    operation: str | None
    rights: str
    opening: Opening


def rights_of(_context: Any) -> str:
    """What the caller may see, as a text; everybody the same until there are roles."""
    return ""


def key_of(query: str, variables: Any, operation: str | None, context: Any, tokens: int) -> Key | None:
    """The key of a subscription that can be shared, or None."""
    try:
        document, opening = _shareable(query, operation, tokens)
        if opening is None or not isinstance(variables, dict | None):
            return None
        return Key(document, orjson.dumps(variables or {}, option=orjson.OPT_SORT_KEYS), operation, rights_of(context), opening)
    except (GraphQLError, TypeError):
        return None


@lru_cache(maxsize=DOCUMENTS_KEPT)
def _shareable(query: str, operation: str | None, tokens: int) -> tuple[str, Opening | None]:
    document = parsed(query, tokens)
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    chosen = [node for node in operations if operation is None or (node.name and node.name.value == operation)]
    if len(chosen) != 1 or (operation is None and len(operations) != 1) or chosen[0].operation is not OperationType.SUBSCRIPTION:
        return "", None
    roots = chosen[0].selection_set.selections
    if len(roots) != 1 or not isinstance(roots[0], FieldNode):
        return "", None
    return strip_ignored_characters(query), OPENINGS.get(roots[0].name.value)


class Shares:
    """All that is shared in one event loop."""

    def __init__(self, schema: Schema, face: Face, limits: Limits) -> None:
        """What is shared reads the face and nothing of who asks."""
        self._schema, self._face, self._tokens = schema, face, limits.tokens
        self._values = CompiledValues(schema, limits)
        self._groups: dict[Key, Group] = {}

    def __len__(self) -> int:
        """How many executions are under way."""
        return len(self._groups)

    def key_of(self, operation: Operation[Any, Any], context: Any) -> Key | None:
        """The key of what a client asks, or None."""
        return key_of(operation.query, operation.variables, operation.operation_name, context, self._tokens)

    async def follow(self, key: Key, member: Member) -> bool:
        """Have the member told until it leaves (cancels this); True when there is no more to tell, False when it did not begin."""
        group = self._groups.get(key)
        if group is None or group.ended:
            stream = _Stream(self._schema, self._values, self._face, member.operation.query, member.operation.variables, key.operation)
            group = self._groups[key] = Group(key.opening, stream)
        group.join(member)
        try:
            return await asyncio.shield(group.end)
        finally:
            group.leave(member)
            if not group.members:
                group.stop()
                if self._groups.get(key) is group:
                    del self._groups[key]


@dataclass(frozen=True, slots=True)
class _Stream:
    """An execution that can be begun anew."""

    schema: Schema
    values: CompiledValues
    face: Face
    query: str
    variables: dict[str, object] | None
    operation: str | None

    async def payloads(self) -> AsyncGenerator[bytes, None]:
        """Each message's payload: from the columns where they cover it, else, and for whatever goes wrong there, by strawberry. Raises
        `NotBegun`."""
        compiled = self.values.stream(self.face, self.query, self.variables, self.operation)
        if compiled is not None:
            with suppress(GraphQLError, GraphError):
                async with aclosing(compiled):
                    async for payload in compiled:
                        yield payload
        source = await self.schema.stream(
            self.query, variable_values=self.variables, context_value={"face": self.face}, operation_name=self.operation
        )
        async with aclosing(source):
            async for result in source:
                if isinstance(result, PreExecutionError) or not isinstance(result, ExecutionResult):
                    raise NotBegun
                told: dict[str, Any] = {"data": result.data}
                if result.errors:
                    told["errors"] = [error.formatted for error in result.errors]
                if result.extensions:
                    told["extensions"] = result.extensions
                yield orjson.dumps(told)


class NotBegun(Exception):
    """The document is refused: each is told so by strawberry."""


class State(Enum):
    """How a member stands."""

    CURRENT = "current"
    WAITING = "waiting"
    """To be told how things stand."""
    BEHIND = "behind"
    """Its socket takes nothing."""


class Member:
    """One subscription of one socket."""

    def __init__(self, operation: Operation[Any, Any], outlet: Outlet) -> None:
        self.operation, self.outlet = operation, outlet
        self.head = b'{"id":' + orjson.dumps(operation.id) + b',"type":"next","payload":'
        self.state, self.since = State.CURRENT, 0.0

    @property
    def alive(self) -> bool:
        """Whether it is still to be told: its id may already mean another subscription of the same socket."""
        return not self.outlet.closed and self.operation.handler.operations.get(self.operation.id) is self.operation

    def tell(self, payload: bytes, now: float) -> None:
        """Send, or note that it is behind."""
        if not self.alive:
            return
        if self.outlet.free:
            self.outlet.write(self.head, payload)
        elif self.state is not State.BEHIND:
            self.state, self.since = State.BEHIND, now


class Group:
    """Those who have asked alike."""

    def __init__(self, opening: Opening, stream: _Stream) -> None:
        self.members: dict[Member, None] = {}
        self.end: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._opening, self._stream = opening, stream
        self._newest: bytes | None = None
        self._missed: list[bytes] | None = None
        """What is told while somebody is being told how things stand."""
        self._task = asyncio.create_task(self._run())
        self._care: asyncio.Task[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more is told."""
        return self.end.done()

    def join(self, member: Member) -> None:
        """One more; told how things stand unless the first message is still to come."""
        self.members[member] = None
        if self._newest is not None:
            member.state = State.WAITING
            self._look_after()

    def leave(self, member: Member) -> None:
        """One less."""
        self.members.pop(member, None)

    def stop(self) -> None:
        """Nobody is left."""
        self._task.cancel()
        if self._care is not None:
            self._care.cancel()
        if not self.end.done():
            self.end.set_result(True)

    async def _run(self) -> None:
        began = True
        try:
            async with aclosing(self._stream.payloads()) as payloads:
                async for payload in payloads:
                    self._tell(payload)
        except NotBegun:
            began = False
        except Exception:
            _log.exception("a shared subscription failed; those who had asked for it are told that it is over")
        if not self.end.done():
            self.end.set_result(began)

    def _tell(self, payload: bytes) -> None:
        self._newest = payload
        if self._missed is not None:
            self._missed.append(payload)
        now, behind = asyncio.get_running_loop().time(), False
        for member in self.members:
            if member.state is State.CURRENT:
                member.tell(payload, now)
            behind = behind or member.state is not State.CURRENT
        if behind:
            self._look_after()

    def _look_after(self) -> None:
        if self._care is None or self._care.done():
            self._care = asyncio.create_task(self._care_for())

    async def _care_for(self) -> None:
        """Until all are current: who waits is told how things stand, who reads again waits, who does not is closed."""
        while True:
            waiting = [member for member in self.members if member.state is State.WAITING]
            if waiting:
                with suppress(NotBegun):
                    await self._open(waiting)
            now = asyncio.get_running_loop().time()
            for member in [each for each in self.members if each.state is State.BEHIND]:
                if member.outlet.closed:
                    self.leave(member)
                elif member.outlet.free:
                    member.state = State.WAITING
                elif now - member.since > SLOW_S:
                    member.outlet.close(SLOW_CODE, SLOW_REASON)
                    self.leave(member)
            states = {member.state for member in self.members}
            if states <= {State.CURRENT}:
                return
            if State.WAITING not in states:
                await asyncio.sleep(TICK_S)

    async def _open(self, waiting: list[Member]) -> None:
        if self._opening is Opening.NEWEST:
            told = [] if self._newest is None else [self._newest]
        else:
            self._missed = []
            try:
                async with aclosing(self._stream.payloads()) as payloads:
                    told = [await anext(payloads, b"")]
                if len(self._missed) > MISSED_MAX:
                    return
                told += self._missed
            finally:
                self._missed = None
        now = asyncio.get_running_loop().time()
        for member in waiting:
            member.state = State.CURRENT
            for payload in filter(None, told):
                member.tell(payload, now)


class SharingHandler(BaseGraphQLTransportWSHandler[Any, Any]):
    """Strawberry's protocol, with what can be shared taken from the shares of its view."""

    async def run_operation(self, operation: Operation[Any, Any]) -> None:
        """See the rules of this file."""
        shares: Shares = self.context["shares"]
        outlet: Outlet | None = self.context["outlet"](self.websocket)
        key = shares.key_of(operation, self.context)
        if key is None or outlet is None or not await shares.follow(key, Member(operation, outlet)):
            await super().run_operation(operation)
            return
        await operation.send_operation_message({"id": operation.id, "type": "complete"})
