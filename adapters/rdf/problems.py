"""What a client is told when its request is not done: problem details (RFC 9457) with the reason, the limit and the next step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

import orjson
from starlette.requests import Request
from starlette.responses import Response

from graph.errors import FindingsRefused, GraphError, Refused, StaleRevision, StoreUnavailable, UnknownRevision

PROBLEM = "application/problem+json"
Answer = Callable[[Request], Awaitable[Response]]


class Problem(Exception):
    """A request that is answered with an error status. `told` are further members of the problem's object."""

    def __init__(self, status: int, title: str, detail: str, headers: dict[str, str] | None = None, **told: object) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail = status, title, detail
        self.headers = headers or {}
        self.told = told

    def response(self) -> Response:
        """The answer."""
        body = {"title": self.title, "status": self.status, "detail": self.detail, **self.told}
        text = orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_INDENT_2)
        return Response(text, self.status, {"cache-control": "no-store", **self.headers}, PROBLEM)


def busy(what: str, seconds: int = 2, headers: dict[str, str] | None = None) -> Problem:
    """Too much at once: the same request has a better chance a little later."""
    return Problem(503, "busy", what, {"retry-after": str(seconds), **(headers or {})})


def ending() -> Problem:
    """The service is on its way out."""
    return busy("the service is ending: try again when it is back", 10)


def problem_of(error: GraphError, *, conditional: bool) -> Problem:
    """What the client is told of an error of the twin; `conditional` is a request that set a condition."""
    text = str(error)
    if isinstance(error, StoreUnavailable):
        return Problem(503, "store away", text, {"retry-after": "10"})
    if isinstance(error, StaleRevision):
        return Problem(412, "changed meanwhile", text) if conditional else busy(text)
    if isinstance(error, UnknownRevision):
        return Problem(404, "no such state", text)
    if isinstance(error, FindingsRefused):
        return Problem(422, "refused", text)
    return Problem(409, "refused" if isinstance(error, Refused) else "not done", text)


def with_problems(answer: Answer) -> Answer:
    """The same answer, with what is refused told as problem details: alike at every address of the face."""

    @wraps(answer)
    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except Problem as problem:
            return problem.response()
        except GraphError as error:
            return problem_of(error, conditional="if-match" in request.headers or "if-none-match" in request.headers).response()

    return answered
