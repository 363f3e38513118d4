"""A Modbus TCP device that answers what a test tells it to, or not at all; it counts every request that reaches it."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread

Answer = Callable[[int, int, bytes], bytes | None]
"""Given unit, function code and request data: the answer's function code and data, or None for silence."""


class Liar:
    """Listens on a free loopback port from `start` to `close`."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[tuple[int, int, bytes]] = []
        self._lock = Lock()
        self._connections: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def start(self) -> Liar:
        Thread(target=self._accept, daemon=True).start()
        return self

    def close(self) -> None:
        """Stop listening, drop every connection."""
        for one in [self._listener, *self._connections]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def count(self, function: int) -> int:
        """Requests with that function code so far."""
        with self._lock:
            return sum(1 for _, code, _ in self.requests if code == function)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            while head := _exactly(connection, 7):
                number, _, length, unit = struct.unpack(">HHHB", head)
                body = _exactly(connection, length - 1)
                with self._lock:
                    self.requests.append((unit, body[0], body[1:]))
                said = self.answer(unit, body[0], body[1:])
                if said is not None:
                    connection.sendall(struct.pack(">HHHB", number, 0, len(said) + 1, unit) + said)
        except OSError:
            return


def registers(words: list[int], code: int = 3) -> bytes:
    """The answer that holds the words."""
    return struct.pack(">BB", code, len(words) * 2) + struct.pack(f">{len(words)}H", *words)


def refusal(code: int, reason: int) -> bytes:
    """The exception answer to a function code."""
    return bytes([code | 0x80, reason])


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            return b""
        data += part
    return data
