"""What a client is told when its request is not done: problem details (RFC 9457) with the reason, the limit and the next step."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from graph.history import HistoryUnavailable

PROBLEM = "application/problem+json"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "Why a request was not done (RFC 9457).",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string", "description": "The kind of problem."},
        "status": {"type": "integer", "description": "The status of the answer."},
        "detail": {"type": "string", "description": "What is wrong here, the limit, and the next step."},
    },
}
_ABOUT = {
    400: "The body cannot be read.",
    403: "Who asks may not write here.",
    404: "There is no such point or thing.",
    405: "This address does not take the method.",
    406: "None of the formats that the client accepts is offered.",
    408: "The body did not come in time.",
    409: "A request of the same key is at work or came before with another body; or units are not those that the graph gives the points.",
    413: "The body or the answer is longer than may be.",
    415: "The body is in no format that is read here.",
    422: "A parameter, or each of the readings, makes no sense.",
    503: "What is asked is away now, or too much is asked at once.",
}


class Problem(Exception):
    """A request that is answered with an error status. `told` are further members of the problem's object."""

    def __init__(self, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None, **told: object) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail = status, title, detail
        self.headers, self.told = dict(headers or {}), told

    def response(self) -> Response:
        """The answer."""
        body = {"title": self.title, "status": self.status, "detail": self.detail, **self.told}
        text = orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE)
        return Response(text, self.status, {"cache-control": "no-store", **self.headers}, PROBLEM)


def busy(what: str, seconds: int = 2, headers: Mapping[str, str] | None = None) -> Problem:
    """Too much at once: the same request has a better chance a little later."""
    return Problem(503, "busy", what, {"retry-after": str(seconds), **(headers or {})})


def no_history() -> Problem:
    """Nothing is kept here."""
    return Problem(503, "no history", "no history is kept here: leave the setting `history` empty, or name a PostgreSQL")


def told(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of an address, for its description."""
    return {status: {"description": _ABOUT[status], "content": {PROBLEM: {"schema": SCHEMA}}} for status in (*statuses, 405, 422)}


def install(app: FastAPI) -> None:
    """Have every error of the application told as problem details."""

    @app.exception_handler(Problem)
    async def problem(_request: Request, error: Problem) -> Response:
        return error.response()

    @app.exception_handler(HistoryUnavailable)
    async def away(_request: Request, error: HistoryUnavailable) -> Response:
        return Problem(503, "history away", str(error), {"retry-after": "10"}).response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
        return Problem(422, "wrong parameter", f"{name}: {first['msg'].removeprefix('Value error, ')}").response()

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        detail = f"{request.method} {request.url.path}: {error.detail}; /api/v1/openapi.json lists what there is"
        return Problem(error.status_code, HTTPStatus(error.status_code).phrase.lower(), detail, error.headers).response()
