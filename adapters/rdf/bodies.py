"""How a body is taken off the wire: bounded, plain, and a few at once."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from adapters.rdf.problems import Problem

BODY_S = 300.0
"""Seconds in which a body must have come."""
BODIES_MAX = 4
"""Bodies that are taken in at once; the next wait for so long as `BODY_S`."""


class Bodies:
    """Takes bodies in, a few at once."""

    def __init__(self) -> None:
        self._places: asyncio.Semaphore | None = None

    async def read(self, request: Request, most: int, setting: str) -> bytes:
        """The whole body, of at most `most` bytes; `setting` says where that can be raised. Raises `Problem` (408, 413, 415)."""
        encoding = request.headers.get("content-encoding", "identity").lower()
        if encoding not in ("", "identity"):
            detail = f"a body in {encoding!r} is not taken: send it as it is"
            raise Problem(415, "encoded", detail, {"accept-encoding": "identity"})
        declared = request.headers.get("content-length", "0")
        too_long = Problem(
            413, "too long", f"the body is longer than {most:,} bytes: send it in parts, or raise {setting}", {"connection": "close"}
        )
        if not declared.isdigit() or int(declared[:18]) > most:
            raise too_long
        if self._places is None:
            self._places = asyncio.Semaphore(BODIES_MAX)
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_S), self._places:
                async for part in request.stream():
                    body += part
                    if len(body) > most:
                        raise too_long
        except TimeoutError:
            raise Problem(408, "too slow", f"the body did not come within {BODY_S:g} s", {"connection": "close"}) from None
        except ClientDisconnect:
            raise Problem(400, "broken off", "the client ended before its body did") from None
        return bytes(body)
