"""How a body is taken off the wire: whole, bounded as it stands when unpacked, within a time, and not too many long ones at once."""

from __future__ import annotations

import asyncio
import zlib

from starlette.requests import ClientDisconnect, Request

from adapters.http.problems import Problem, busy

BODY_S = 60.0
"""Seconds in which a body must have come."""
BODIES_MAX = 4
"""How many of the longest bodies may be on their way at once; of shorter ones as many as come to the same bytes."""
ENCODINGS = ("identity", "gzip")


class Bodies:
    """Takes bodies in, on one event loop."""

    def __init__(self) -> None:
        self._held = 0

    async def read(self, request: Request, most: int, setting: str) -> bytes:
        """The whole body, unpacked, of at most `most` bytes; `setting` raises that. Raises `Problem` (400, 408, 413, 415, 503)."""
        coding = request.headers.get("content-encoding", "identity").strip().lower() or "identity"
        if coding not in ENCODINGS:
            text = f"a body in {coding[:40]!r} is not taken: send it as it is, or in gzip"
            raise Problem(415, "encoded", text, {"accept-encoding": ", ".join(ENCODINGS)})
        unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if coding == "gzip" else None
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_S):
                async for part in request.stream():
                    piece = part if unpack is None else unpack.decompress(part, most + 1 - len(body))
                    body += piece
                    self._held += len(piece)
                    if len(body) > most or (unpack is not None and unpack.unconsumed_tail):
                        text = f"the body is longer than {most:,} bytes (unpacked): send it in parts, or raise {setting}"
                        raise Problem(413, "too long", text, {"connection": "close"})
                    if self._held > BODIES_MAX * most:
                        raise busy("too many long bodies are on their way: send this one again", 5, {"connection": "close"})
        except TimeoutError:
            raise Problem(408, "too slow", f"the body did not come within {BODY_S:g} s", {"connection": "close"}) from None
        except zlib.error as error:
            raise Problem(400, "no gzip", f"the body says that it is gzip, and is not: {error}", {"connection": "close"}) from None
        except ClientDisconnect:
            raise Problem(400, "broken off", "the client ended before its body did") from None
        finally:
            self._held -= len(body)
        if unpack is not None and (not unpack.eof or unpack.unused_data):
            raise Problem(400, "no gzip", "the body is not one whole gzip stream: it ends in the middle, or something follows it")
        return bytes(body)
