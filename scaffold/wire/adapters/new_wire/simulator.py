"""Simulated devices of the NewWire wire: real servers that show a plant's values."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

from adapters.new_wire.bindings import Group, NewWireBindings
from adapters.new_wire.codec import answer_of, keys_of

Values = Callable[[], Mapping[str, float]]
"""Gives the plant's values by point, in the points' own units."""


class NewWireSimulator:
    """One server for each endpoint of the bindings. A point without a value in the plant has none in its device."""

    def __init__(self, bindings: NewWireBindings, values: Values) -> None:
        """`values` is called for each question, in the server's threads."""
        self._bindings, self._values = bindings, values
        self._servers: list[_Server] = []

    def start(self) -> None:
        """Listen; returns when clients can connect. Raises `OSError` when a port is taken, with the next step."""
        for group in self._bindings.groups.values():
            try:
                server = _Server(group, self._values)
            except OSError as error:
                self.close()
                raise OSError(f"the simulated device {group.endpoint} cannot listen: {error}; choose another port") from error
            self._servers.append(server)
            server.begin()

    def close(self) -> None:
        """Stop listening and drop every connection. A second call does nothing."""
        while self._servers:
            self._servers.pop().end()


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False  # so that its end waits for who is being answered

    def __init__(self, group: Group, values: Values) -> None:
        self.connections: set[socket.socket] = set()
        self._group, self._values = group, values
        self._thread = Thread(target=self.serve_forever, args=(0.05,), name="new_wire-plant", daemon=True)
        super().__init__((group.endpoint.host, group.endpoint.port), _Connection)

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self.shutdown()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self._thread.join()

    def answered(self, asked: bytes) -> bytes:
        """The answer to a question: the plant's values as the device has them."""
        plant = self._values()
        known = {value.key: (plant[value.point] - value.offset) / value.scale for value in self._group.values if value.point in plant}
        return answer_of([known.get(key) for key in keys_of(asked)])


class _Connection(StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.server.connections.add(self.connection)
        with suppress(OSError):
            while asked := self.rfile.readline(65_536):
                self.wfile.write(self.server.answered(asked))
        self.server.connections.discard(self.connection)
