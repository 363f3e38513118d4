"""What a client is told when its request is not done: problem details (RFC 9457) with the reason, the limit and the next step."""

from __future__ import annotations

import orjson
from starlette.responses import Response

PROBLEM = "application/problem+json"


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


def busy(what: str, seconds: int = 2) -> Problem:
    """Too much at once: the same request has a better chance a little later."""
    return Problem(503, "busy", what, {"retry-after": str(seconds)})
