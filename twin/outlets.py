"""The way from a shared message to a socket: the frame is written to the transport as it is, without a task, a queue or a copy of the text.

Rules of this file:

1. What a server-to-client text frame is, is RFC 6455, 5.2: unmasked, whole, uncompressed (7.2.3.2 of RFC 7692 lets any message be).
2. What is read of uvicorn's protocol is told here and nowhere else: `transport`, `writable`, `close_sent`, `disconnected`, `conn`. With
   another server `outlet_of` gives None, and nothing is shared.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Scope, Send
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

SEND = "ridethrough.send"
"""Where a socket's scope keeps the server's own `send`."""
GONE_S = 10.0
"""How long one that is told to go may take to read so."""


def remember(scope: Scope, send: Send) -> Scope:
    """The scope of a socket with the server's own `send` in it: whoever comes between wraps it."""
    return {**scope, SEND: send}


def outlet_of(websocket: Any) -> UvicornOutlet | None:
    """The outlet of strawberry's socket, or None where the server is not uvicorn's."""
    protocol = getattr(websocket.ws.scope.get(SEND), "__self__", None)
    return UvicornOutlet(protocol) if isinstance(protocol, WebSocketsSansIOProtocol) else None


def header_of(length: int) -> bytes:
    """The head of a text frame of so many bytes."""
    if length < 126:
        return bytes((0x81, length))
    if length < 65_536:
        return b"\x81\x7e" + length.to_bytes(2, "big")
    return b"\x81\x7f" + length.to_bytes(8, "big")


class UvicornOutlet:
    """See `resolvers.shared.Outlet`. To be used in the server's event loop."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: WebSocketsSansIOProtocol) -> None:
        self._protocol = protocol

    @property
    def closed(self) -> bool:
        """Whether the socket is closed or closing."""
        protocol = self._protocol
        return protocol.close_sent or protocol.disconnected or protocol.transport.is_closing()

    @property
    def free(self) -> bool:
        """Whether what lies in the transport is under its bound (64 KB)."""
        return self._protocol.writable.is_set()

    def write(self, head: bytes, payload: bytes) -> None:
        """One frame."""
        length = len(head) + len(payload) + 1
        self._protocol.transport.write(b"".join((header_of(length), head, payload, b"}")))

    def close(self, code: int, reason: str) -> None:
        """Say so behind what was sent, and end the connection if even that is not read."""
        protocol = self._protocol
        if self.closed:
            return
        protocol.conn.send_close(code, reason)
        protocol.transport.write(b"".join(protocol.conn.data_to_send()))
        protocol.close_sent = True
        protocol.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        asyncio.get_running_loop().call_later(GONE_S, protocol.transport.abort)
