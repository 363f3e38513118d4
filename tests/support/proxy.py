"""A TCP proxy between a wire and its server, that a test cuts: one way, both ways, for good or for a while. It counts what it held back."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Event, Lock, Thread


class Proxy:
    """Listens on a free loopback port and hands on to another, from `start` to `close`. While a way is cut its bytes wait."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._ways = {"in": Event(), "out": Event()}
        for way in self._ways.values():
            way.set()
        self.held = 0
        """Pieces of bytes that found their way cut: the proof that a fault bit."""
        self._lock = Lock()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def start(self) -> Proxy:
        """Begin to hand on."""
        Thread(target=self._accept, daemon=True).start()
        return self

    def cut(self, *ways: str) -> None:
        """Hold back what goes `in` (to the server), `out` (from it), or both where none is named; connections stay open."""
        for way in ways or ("in", "out"):
            self._ways[way].clear()

    def heal(self) -> None:
        """Let everything through again, what has waited first."""
        for way in self._ways.values():
            way.set()

    def drop(self) -> None:
        """Close every connection."""
        with self._lock:
            sockets, self._open = self._open, []
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def close(self) -> None:
        """End it."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.heal()
        self.drop()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._to), 2)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                self._open += [near, far]
            for source, target, way in ((near, far, "in"), (far, near, "out")):
                Thread(target=self._hand_on, args=(source, target, self._ways[way]), daemon=True).start()

    def _hand_on(self, source: socket.socket, target: socket.socket, way: Event) -> None:
        with suppress(OSError):
            while piece := source.recv(65_536):
                if not way.is_set():
                    self.held += 1
                    way.wait()
                target.sendall(piece)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
