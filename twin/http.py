"""The web face: GraphQL, health, the explorer's files; and what stands before all of them (hosts, sizes, headers)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import orjson
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from strawberry.fastapi import GraphQLRouter
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from resolvers.compiled import CompiledReads
from resolvers.context import Face
from resolvers.limits import Limits
from resolvers.schema import build_schema
from resolvers.shared import Shares, SharingHandler
from twin.data_health import DataHealth
from twin.http_report import report_route
from twin.outlets import outlet_of, remember

STATIC = Path(__file__).parent / "static"
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
INIT_TIMEOUT = timedelta(seconds=10)
DRAINED_BYTES = 8 << 20
DRAIN_S = 2.0
"""How much of a body that is refused is still read, and for how long."""
SUBSCRIPTIONS_MAX = 50
"""Subscriptions of one socket."""
OWN_BOUNDS = frozenset({"rdf", "sparql", "api"})
"""Where bodies are bounded by the routes themselves, after they have seen who sends them."""


class Health(Protocol):
    """How the service stands, for those who watch it."""

    def reasons(self) -> Sequence[str]:
        """Why it is not ready; it is ready when there are none."""

    def away(self) -> Sequence[str]:
        """The wires that do not answer now."""


@dataclass(frozen=True)
class WebRules:
    """What the web face lets in."""

    hosts: frozenset[str]
    """Host names that a request may name; empty lets every name in."""
    origins: Sequence[str]
    body_bytes: int
    limits: Limits


def build_app(face: Face, health: Health, rules: WebRules, static: Path = STATIC, *, routes: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The application. `routes` are those of the other faces, which bound their bodies themselves."""
    app = FastAPI(title="Ridethrough", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(GraphQLFace(face, rules), prefix="/graphql")
    app.router.routes.extend((report_route(face), *routes))
    _health(app, health)
    _explorer(app, static)
    return Gate(app, rules)


def build_health(health: Health, rules: WebRules, data: Callable[[], DataHealth], *, routes: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The application of a process that answers no questions about the graph: how it stands, and its data; `routes`: its wire."""
    app = FastAPI(title="Ridethrough", docs_url=None, redoc_url=None, openapi_url=None)
    _health(app, health)

    @app.get("/wires")
    def wires() -> Response:
        """Each wire, what became of readings, and history."""
        found = replace(data(), dead_letters=())  # what senders have said is told by who knows who asks
        return Response(orjson.dumps(found), media_type="application/json")

    app.router.routes.extend(routes)
    return Gate(app, rules)


def _health(app: FastAPI, health: Health) -> None:
    @app.get("/healthz")
    async def healthz() -> PlainTextResponse:
        """Alive."""
        return PlainTextResponse("alive\n")

    @app.get("/readyz")
    def readyz() -> JSONResponse:
        """Ready, or why not; and which wires are away, which decides nothing."""
        why = list(health.reasons())
        return JSONResponse({"ready": not why, "reasons": why, "away": list(health.away())}, status_code=503 if why else 200)


class GraphQLFace(GraphQLRouter[Any, None]):
    """Strawberry's router, with the compiled reads before it, and subscriptions that are asked alike worked out once."""

    graphql_transport_ws_handler_class = SharingHandler

    def __init__(self, face: Face, rules: WebRules) -> None:
        schema = build_schema(rules.limits)
        self.shares = Shares(schema, face, rules.limits)

        async def context() -> dict[str, Any]:
            return {"face": face, "shares": self.shares, "outlet": outlet_of}

        super().__init__(
            schema,
            graphql_ide=None,
            context_getter=context,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=INIT_TIMEOUT,
            max_subscriptions_per_connection=SUBSCRIPTIONS_MAX,
            allowed_origins=rules.origins,
        )
        self._face = face
        self._reads = CompiledReads(schema, rules.limits)

    async def run(self, request: Any, context: Any = None, root_value: Any = None) -> Any:
        """Answer a read from the columns where a plan covers it; else as strawberry does."""
        if request.scope["type"] == "http" and request.method == "POST":
            answer = await self._compiled(request)
            if answer is not None:
                return Response(answer, media_type="application/json")
        return await super().run(request, context, root_value)

    async def _compiled(self, request: Request) -> bytes | None:
        if not request.headers.get("content-type", "").startswith("application/json") or "multipart" in request.headers.get("accept", ""):
            return None
        try:
            asked = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            return None
        if not isinstance(asked, dict) or not isinstance(asked.get("query"), str):
            return None
        variables = asked.get("variables")
        if not isinstance(variables, dict | None) or not isinstance(asked.get("operationName"), str | None):
            return None
        return await self._reads.respond(self._face, asked["query"], variables, asked.get("operationName"))


def _explorer(app: FastAPI, static: Path) -> None:
    """The bundle: the page is never kept by a browser, its assets (named by their content) for ever."""
    root = static.resolve()

    @app.get("/{path:path}", include_in_schema=False)
    def explorer(path: str, request: Request) -> Response:  # noqa: ARG001 - the route's own signature
        file = _file(root, path or "index.html")
        if file is None:
            text = "nothing is here; the API is at /graphql\n" if path else "the explorer is not built here: `./dev ui` builds it\n"
            return PlainTextResponse(text, status_code=404)
        immutable = "assets" in file.relative_to(root).parts
        return FileResponse(file, headers={"cache-control": "public, max-age=31536000, immutable" if immutable else "no-cache"})


def _file(root: Path, path: str) -> Path | None:
    """The file under a folder, or None: also for a path that the file system does not take."""
    try:
        file = (root / path).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None
    except (OSError, ValueError):
        return None


class Gate:
    """Stands before the application: refuses foreign host names and long bodies, and adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, rules: WebRules) -> None:
        self._app, self._rules = app, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if not self._host_is_ours(scope):
            await self._refuse(scope, receive, send, 421, "this host name is not served here: add it to allowed_hosts\n")
            return
        if scope["type"] == "websocket":
            await self._app(remember(scope, send), receive, send)
            return
        if OWN_BOUNDS.intersection(scope["path"].split("/", 2)[1:2]):
            await self._app(scope, receive, _with_headers(send))
            return
        body = await self._body(scope, receive) if scope["method"] in ("POST", "PUT", "PATCH") else b""
        if body is None:
            limit = self._rules.body_bytes // 1024
            await _drained(scope, receive)
            await self._refuse(scope, receive, send, 413, f"the body is longer than {limit} KB: send less, or raise body_kb\n")
            return
        await self._app(scope, _replay(body, receive), _with_headers(send))

    def _host_is_ours(self, scope: Scope) -> bool:
        if not self._rules.hosts:
            return True
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        return name.lower() in self._rules.hosts

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """The whole body, or None when it is longer than may be."""
        most = self._rules.body_bytes
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not declared.isdigit() or int(declared) > most:
            return None
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > most:
                return None
            if not message.get("more_body", False):
                return bytes(body)

    @staticmethod
    async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, text: str) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await PlainTextResponse(text, status_code=status, headers={"connection": "close"})(scope, receive, _with_headers(send))


async def _drained(scope: Scope, receive: Receive) -> None:
    """Read on for a moment what is refused: a connection that is closed over unread bytes is reset, and the client never sees why.
    Who asked before it sends (`Expect`) has sent nothing."""
    if any(name == b"expect" for name, _ in scope["headers"]):
        return
    left = DRAINED_BYTES
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with_headers(send: Send) -> Send:
    async def headed(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message["headers"]}  # a page may have a stricter policy of its own
            message = {**message, "headers": [*message["headers"], *(each for each in HEADERS if each[0] not in own)]}
        await send(message)

    return headed
