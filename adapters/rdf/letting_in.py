"""Who may write over HTTP, and how a body is taken off the wire: bounded, plain, and not from any web page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from adapters.rdf.problems import Problem
from adapters.rdf.rules import RdfRules

BODY_S = 300.0
"""Seconds in which a body must have come."""
BODIES_MAX = 4
"""Bodies that are taken in at once; the next wait for so long as `BODY_S`."""


THREADS_MAX = 24
"""Requests of one face at work or waiting at once; further ones wait in the event loop."""


def let_in(request: Request, rules: RdfRules) -> None:
    """See that this client may write. Raises `Problem` (403)."""
    if rules.write == "off":
        raise Problem(403, "read only", "writing over HTTP is off here: set rdf_write to loopback or on, or use `ridethrough load`")
    if rules.write == "loopback" and not _is_loopback(request.client.host if request.client else ""):
        raise Problem(403, "read only", "only programs on the host of the service may write: ask there, or set rdf_write to on")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host") and origin not in rules.origins:
        raise Problem(403, "foreign origin", f"a page of {origin} may not write here: add it to allowed_origins if it is yours")


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


class Threads:
    """Threads of a face's own: what waits in them for a place or for the store takes none from the rest of the service."""

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(THREADS_MAX)

    async def run(self, act: Callable[..., Response], *given: object) -> Response:
        """Do it in a thread."""
        return await to_thread.run_sync(act, *given, limiter=self._limiter)


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
