"""A small MQTT broker inside the process, for the demo: loopback, a thread and an event loop of its own. Not for production."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

from amqtt.broker import Broker  # type: ignore[import-untyped]  # amqtt ships no type information
from amqtt.contexts import BrokerConfig, ListenerConfig  # type: ignore[import-untyped]  # as above

START_S_MAX = 10.0


class EmbeddedBroker:
    """An amqtt broker on `127.0.0.1:port`; port 0 takes a free one. Anonymous, in memory, MQTT 3.1.1."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        """Nothing listens before `start`."""
        self.host, self.port = host, port or _free_port(host)
        self._ready = Event()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: Callable[[], None] | None = None
        self._thread = Thread(target=self._run, name="mqtt-broker", daemon=True)

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"mqtt://{self.host}:{self.port}"

    def start(self) -> None:
        """Listen; returns when clients can connect. Raises `OSError` when the port is taken, with the next step."""
        _quiet()
        self._thread.start()
        if not self._ready.wait(START_S_MAX):
            raise OSError(f"the embedded broker did not start within {START_S_MAX:g} s")
        if self._error is not None:
            raise OSError(
                f"the embedded broker cannot listen on {self.host}:{self.port}: {self._error}; choose another port"
            ) from self._error

    def close(self) -> None:
        """Stop listening and end the thread. A second call does nothing."""
        loop, end = self._loop, self._end
        if loop is not None and end is not None and self._thread.is_alive():
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(end)
            self._thread.join(START_S_MAX)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._error = error
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        self._end = ended.set
        broker = Broker(
            BrokerConfig(
                listeners={"default": ListenerConfig(bind=f"{self.host}:{self.port}")},
                plugins={"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
            )
        )
        await broker.start()
        self._ready.set()
        await ended.wait()
        await broker.shutdown()


def _free_port(host: str) -> int:

    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _quiet() -> None:
    """The broker logs each client at INFO and each dropped one as a warning; the service's log is for the operator."""
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.ERROR)
