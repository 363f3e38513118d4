"""The way to one endpoint: whose turn it is to ask, the connection, made when somebody needs it, and the quiet that a line wants.

All in one loop's thread.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from adapters.modbus.config import Endpoint, ModbusConfig
from adapters.modbus.link import Counts, Link, Told


class Turns:
    """A number of turns. Polls `take` one that is free; a write waits for one (`turn`) and gets the next before any poll."""

    def __init__(self, freed: Callable[[], None], count: int = 1) -> None:
        """`freed` is called when a turn has been given back that nobody waits for."""
        self._freed, self._count, self._free = freed, count, count
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def free(self) -> bool:
        """Whether one can be taken."""
        return self._free > 0

    def resize(self, count: int) -> None:
        """So many from now on; those that are taken stay so until they are given back."""
        self._free += count - self._count
        self._count = count
        self._hand_on()

    def take(self) -> None:
        """Take one that is free."""
        self._free -= 1

    def give(self) -> None:
        """Give one back."""
        self._free += 1
        self._hand_on()
        if self._free > 0:
            self._freed()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, in order, and have it for as long as the block takes."""
        if self._free > 0:
            self.take()
        else:
            await self._wait()
        try:
            yield
        finally:
            self.give()

    async def _wait(self) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self.give()
            raise

    def _hand_on(self) -> None:
        while self._free > 0 and self._waiting:
            first = self._waiting.popleft()
            if not first.done():
                self.take()
                first.set_result(None)


class Channel:
    """The connection to one endpoint, whichever it is at the time. Who asks has a turn."""

    def __init__(self, endpoint: Endpoint, config: ModbusConfig, freed: Callable[[], None]) -> None:
        """`freed` is called when a turn has been given back that nobody waits for."""
        self.turns, self.counts = Turns(freed), Counts()
        self.error = ""
        """The last thing that went wrong; empty once something has gone well."""
        self._endpoint, self._config = endpoint, config
        self._link: Link | None = None
        self._connecting = asyncio.Lock()
        self._clear_at = 0.0
        self._loop = asyncio.get_running_loop()

    @property
    def open_(self) -> bool:
        """Whether there is a connection."""
        return self._link is not None and self._link.open_

    def put(self, unit: int, request: bytes, timeout_s: float, told: Told) -> bool:
        """Send a request if that can be done at once; returns whether. `told` hears once, later. `timeout_s` 0: the wire's own."""
        link = self._link
        if link is None or not link.open_ or (self._endpoint.quiet_s and self._clear_at > self._loop.time()):
            return False
        link.put(unit, request, timeout_s or self._config.timeout_s, told)
        return True

    async def ask(self, unit: int, request: bytes, timeout_s: float) -> bytes:
        """A request and its answer. Raises what `Told` hears otherwise."""
        link = await self.ready()
        try:
            return await link.ask(unit, request, timeout_s or self._config.timeout_s)
        finally:
            self.hush()

    async def ready(self) -> Link:
        """The connection, made if there is none, when the line may be spoken on. Raises `Lost`."""
        async with self._connecting:
            if self._link is None or not self._link.open_:
                self._link = None
                self._link = await Link.open(self._endpoint, self.counts, self._config.timeout_s)
            link = self._link
        if (wait := self._clear_at - self._loop.time()) > 0:
            await asyncio.sleep(wait)
        return link

    def hush(self) -> None:
        """Somebody has spoken: a serial line is left quiet for a while."""
        if self._endpoint.quiet_s:
            self._clear_at = self._loop.time() + self._endpoint.quiet_s

    def close(self) -> None:
        """Let go of the connection."""
        link, self._link = self._link, None
        if link is not None:
            link.close("closed")
