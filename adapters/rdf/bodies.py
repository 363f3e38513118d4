"""How a body is taken off the wire: plain, bounded, and all that are on their way within a bound of bytes that have come: who sends slowly
holds little, and keeps nobody out."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from adapters.rdf.problems import Problem, busy

BODY_S = 300.0
"""Seconds in which a body must have come."""
BODIES_MAX = 4
"""How many of the longest bodies may be on their way at once; of shorter ones as many as come to the same bytes."""


class Bodies:
    """Takes bodies in, on one event loop."""

    def __init__(self) -> None:
        self._held = 0

    async def read(self, request: Request, most: int, setting: str) -> bytes:
        """The whole body, of at most `most` bytes; `setting` says where that can be raised. Raises `Problem` (408, 413, 415, 503)."""
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
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_S):
                async for part in request.stream():
                    body += part
                    self._held += len(part)
                    if len(body) > most:
                        raise too_long
                    if self._held > BODIES_MAX * most:
                        raise busy(
                            "too many long bodies are on their way: send this one again in some seconds", 10, {"connection": "close"}
                        )
        except TimeoutError:
            raise Problem(408, "too slow", f"the body did not come within {BODY_S:g} s", {"connection": "close"}) from None
        except ClientDisconnect:
            raise Problem(400, "broken off", "the client ended before its body did") from None
        finally:
            self._held -= len(body)
        return bytes(body)
