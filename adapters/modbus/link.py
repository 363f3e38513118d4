"""One connection to one endpoint: questions out, each answer to its question. It knows no register and no point.

Rules of this file:

1. An answer belongs to the question whose transaction, unit and function it names, or to none: what comes late is dropped and counted.
2. After three late answers the connection is closed, for a device that is behind stays behind; also after three questions in a row that
   heard nothing at all, for such a connection may be open on our side only. RTU over TCP names no transaction: it is closed after one.
   On a serial line there is nothing to close; a unit that was late is left alone long enough (`Line`, rule 2).
3. Nothing is ever sent twice.
4. Nothing is made for an answer but the answer: no task, no future, no timer of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, fields

from pymodbus.transport.serialtransport import create_serial_connection

from adapters.modbus.codec import REFUSED, Wrong
from adapters.modbus.config import Endpoint
from adapters.modbus.frames import NO_NUMBER, Framing, Garbled, RtuFraming, TcpFraming

LATE_MAX = 3
UNANSWERED_MAX = 3
"""Late answers, and questions in a row without an answer, that a connection may have (reliability reference 3.3, 2.2)."""
NUMBERS = 65_536
BUFFER_BYTES = 16_384
"""What is read from the connection at once: many answers of 260 bytes (Modbus Messaging on TCP/IP 1.0b, 4.2.2)."""

Told = Callable[["bytes | Exception"], None]
"""Hears the answer to a question as it came; or why there is none: `NoAnswer`, `Lost`, or `Wrong` for one that is of no such question."""


class NoAnswer(Exception):
    """None came in time."""


class Lost(Exception):
    """There is no connection (`refused`: none can be made), or it has ended before the answer came."""

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


@dataclass(slots=True)
class Counts:
    """What has become of the requests of an endpoint so far."""

    requests: int = 0
    answers: int = 0
    """Of them those that were answered, exceptions among them."""
    exceptions: int = 0
    timeouts: int = 0
    late: int = 0
    """Answers that nobody waited for any more."""
    wrong: int = 0
    """Answers of another unit, function or length than was asked for, and bytes that are no message."""
    mismatches: int = 0
    """Writes whose echo was another value than was written."""
    connections: int = 0
    busy: int = 0
    """Times that a device said so."""

    def copy(self) -> Counts:
        """As they are now."""
        return Counts(*(getattr(self, each.name) for each in fields(self)))


class Link(asyncio.BufferedProtocol):
    """A connection, once it is made. `put` as often at once as the device stands."""

    def __init__(self, endpoint: Endpoint, counts: Counts) -> None:
        self._endpoint, self._counts = endpoint, counts
        self._framing: Framing = TcpFraming() if endpoint.framing == "tcp" else RtuFraming()
        self._numbered = endpoint.framing == "tcp"
        self._asked: dict[int, tuple[int, int, float, Told]] = {}
        """By transaction: unit, function, until when, and who hears."""
        self._limit: asyncio.TimerHandle | None = None
        """Goes off when the question that is open for the shortest while has not been answered in time, or earlier."""
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._loop = asyncio.get_running_loop()
        self._number = self._late = self._unanswered = 0
        self._transport: asyncio.Transport | None = None
        self._made: asyncio.Future[None] = self._loop.create_future()
        self.reason = ""
        """Why it is closed."""

    @staticmethod
    async def open(endpoint: Endpoint, counts: Counts, timeout_s: float) -> Link:
        """A connection to the endpoint. Raises `Lost` with the reason."""
        loop = asyncio.get_running_loop()
        link = Link(endpoint, counts)
        try:
            async with asyncio.timeout(timeout_s):
                if endpoint.framing == "serial":
                    bits, parity, stops = int(endpoint.form[0]), endpoint.form[1], int(endpoint.form[2])
                    await create_serial_connection(loop, lambda: link, endpoint.host, endpoint.port, bits, parity, stops, 0)
                else:
                    await loop.create_connection(lambda: link, endpoint.host, endpoint.port)
                await link._made
        except TimeoutError:
            link.close("not connected in time")
            raise Lost(f"cannot connect within {timeout_s:g} s", refused=True) from None
        except OSError as error:
            link.close(str(error))
            raise Lost(f"cannot connect: {error}", refused=True) from error
        except BaseException:
            link.close("given up")
            raise
        counts.connections += 1
        return link

    @property
    def open_(self) -> bool:
        """Whether it can be asked."""
        return self._transport is not None

    def put(self, unit: int, request: bytes, timeout_s: float, told: Told) -> int:
        """Send a request; returns its transaction at once. `told` hears once, later. Raises `Lost`: then nothing was sent."""
        transport = self._transport
        if transport is None:
            raise Lost(self.reason)
        number, until = self._next(), self._loop.time() + timeout_s
        self._asked[number] = unit, request[0], until, told
        self._framing.forget()
        self._counts.requests += 1
        if self._limit is None or until < self._limit.when():
            self._watch(until)
        transport.write(self._framing.wrapped(number, unit, request))
        return number

    async def ask(self, unit: int, request: bytes, timeout_s: float) -> bytes:
        """The answer to a request, as it came. Raises what `Told` hears otherwise."""
        answer: asyncio.Future[bytes] = self._loop.create_future()

        def told(said: bytes | Exception) -> None:
            if not answer.done():
                answer.set_exception(said) if isinstance(said, Exception) else answer.set_result(said)

        number = self.put(unit, request, timeout_s, told)
        try:
            return await answer
        finally:
            if answer.cancelled():
                self._asked.pop(number, None)

    def close(self, reason: str) -> None:
        """Let go; every question that is open is told why. A second call does nothing."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
        self._end(reason)

    # -- what asyncio calls -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.BufferedProtocol`."""
        self._transport = transport  # type: ignore[assignment]  # both kinds of line give one that can be written
        if not self._made.done():
            self._made.set_result(None)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the hint is none
        """See `asyncio.BufferedProtocol`."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """See `asyncio.BufferedProtocol`."""
        self.data_received(bytes(self._buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """What a serial line calls instead."""
        try:
            frames = self._framing.feed(data)
        except Garbled as error:
            self._counts.wrong += 1
            self.close(f"no Modbus: {error}")
            return
        for number, unit, pdu in frames:
            if self._transport is not None:  # who heard the one before may have let go
                self._heard(number, unit, pdu)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.BufferedProtocol`."""
        self._transport = None
        self._end(f"the connection is gone: {exc}" if exc else "the device has closed the connection")

    # -- answers ------------------------------------------------------------------------------------------------------

    def _heard(self, number: int, unit: int, pdu: bytes) -> None:
        asked = self._asked.get(number)
        if asked is not None and asked[0] and unit != asked[0] and number == NO_NUMBER:
            asked = None  # without transactions it is the late answer of another unit
        if asked is None:
            self._counts.late += 1
            self._late += 1
            if self._late >= LATE_MAX and self._endpoint.framing != "serial":
                self.close(f"{self._late} answers came too late")
            return
        del self._asked[number]
        wanted, code, _, told = asked
        self._unanswered = 0
        if wanted and unit != wanted:
            self._counts.wrong += 1
            told(Wrong(f"unit {unit} answered for unit {wanted}"))
        elif pdu[0] & ~REFUSED != code:
            self._counts.wrong += 1
            told(Wrong(f"function {pdu[0]} where {code} was asked"))
        else:
            self._counts.answers += 1
            told(pdu)

    def _watch(self, until: float) -> None:
        if self._limit is not None:
            self._limit.cancel()
        self._limit = self._loop.call_at(until, self._expire)

    def _expire(self) -> None:
        self._limit = None
        now = self._loop.time()
        ended = [number for number, (_, _, until, _) in self._asked.items() if until <= now]
        unheard = [self._asked.pop(number)[3] for number in ended]
        self._counts.timeouts += len(ended)
        self._unanswered += len(ended)
        if self._asked:
            self._watch(min(until for _, _, until, _ in self._asked.values()))
        if ended and (self._endpoint.framing == "rtu" or (self._unanswered >= UNANSWERED_MAX and self._endpoint.framing == "tcp")):
            self.close(f"{self._unanswered} requests in a row were not answered")
        for told in unheard:
            told(NoAnswer("no answer in time"))

    def _end(self, reason: str) -> None:
        self.reason = self.reason or reason
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        if not self._made.done():
            self._made.cancel()
        asked, self._asked = self._asked, {}
        for _, _, _, told in asked.values():
            told(Lost(self.reason))

    def _next(self) -> int:
        if not self._numbered:
            return NO_NUMBER
        self._number = (self._number + 1) % NUMBERS
        return self._number
