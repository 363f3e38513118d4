"""A Modbus TCP device that answers what a test tells it to, or not at all; it counts every request that reaches it."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread

Act = Callable[[socket.socket, int, int], None]
"""Given the connection, the request's transaction and its unit: says what it likes."""
Said = bytes | Act | None
"""An answer's function code and data, something worse, or None for silence."""
Answer = Callable[[int, int, bytes], Said]
"""Given unit, function code and request data: what the device says."""


class Liar:
    """Listens on a free loopback port from `start` to `close`."""

    def __init__(self, answer: Answer, host: str = "127.0.0.1") -> None:
        """`host` empty: on every address of the loopback's network (and any other)."""
        self.answer = answer
        self.requests: list[tuple[int, int, bytes]] = []
        self._lock = Lock()
        self._connections: list[socket.socket] = []
        self._listener = socket.create_server((host, 0), backlog=1024)
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
                if isinstance(said, bytes):
                    connection.sendall(framed(number, unit, said))
                elif said is not None:
                    said(connection, number, unit)
        except OSError:
            return


def registers(words: list[int], code: int = 3) -> bytes:
    """The answer that holds the words."""
    return struct.pack(">BB", code, len(words) * 2) + struct.pack(f">{len(words)}H", *words)


def refusal(code: int, reason: int) -> bytes:
    """The exception answer to a function code."""
    return bytes([code | 0x80, reason])


def framed(number: int, unit: int, pdu: bytes) -> bytes:
    """An answer as it travels."""
    return struct.pack(">HHHB", number, 0, len(pdu) + 1, unit) + pdu


# -- quirks: each a way to give an answer -----------------------------------------------------------------------------


def late(pdu: bytes, seconds: float) -> Act:
    """The right answer, when nobody waits any more."""

    def act(connection: socket.socket, number: int, unit: int) -> None:
        time.sleep(seconds)
        connection.sendall(framed(number, unit, pdu))

    return act


def other_number(pdu: bytes) -> Act:
    """The answer to a question that was never asked."""
    return lambda connection, number, unit: connection.sendall(framed((number + 1000) % 65536, unit, pdu))


def other_unit(pdu: bytes) -> Act:
    """The answer of the device beside it."""
    return lambda connection, number, unit: connection.sendall(framed(number, unit + 1, pdu))


def half(pdu: bytes) -> Act:
    """A frame that stops in the middle, and nothing after it."""
    return lambda connection, number, unit: connection.sendall(framed(number, unit, pdu)[: 7 + len(pdu) // 2])


def reset(pdu: bytes) -> Act:
    """A frame that stops in the middle, and a connection that is reset."""

    def act(connection: socket.socket, number: int, unit: int) -> None:
        half(pdu)(connection, number, unit)
        time.sleep(0.02)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return act


def drip(pdu: bytes, seconds: float) -> Act:
    """One byte at a time."""

    def act(connection: socket.socket, number: int, unit: int) -> None:
        for byte in framed(number, unit, pdu):
            connection.sendall(bytes([byte]))
            time.sleep(seconds)

    return act


def nonsense(connection: socket.socket, _number: int, _unit: int) -> None:
    """What is no Modbus at all."""
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            return b""
        data += part
    return data
