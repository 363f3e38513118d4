"""One connection to one endpoint: questions out, each answer to its question. It knows no register and no point.

Rules of this file:

1. An answer belongs to the question whose transaction, unit and function it names, or to none: what comes late is dropped and counted.
2. After three late answers the connection is closed, for a device that is behind stays behind; also after three questions in a row that
   heard nothing at all, for such a connection may be open on our side only. RTU over TCP names no transaction: it is closed after one.
   On a serial line there is nothing to close; a unit that was late is left alone long enough (`Line`, rule 2).
3. Nothing is ever sent twice.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields

from pymodbus.transport.serialtransport import create_serial_connection

from adapters.modbus.codec import REFUSED, Wrong
from adapters.modbus.config import Endpoint
from adapters.modbus.frames import NO_NUMBER, Framing, Garbled, RtuFraming, TcpFraming

LATE_MAX = 3
UNANSWERED_MAX = 3
"""Late answers, and questions in a row without an answer, that a connection may have (reliability reference 3.3, 2.2)."""
NUMBERS = 65_536


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


class Link(asyncio.Protocol):
    """A connection, once it is made. `ask` as often at once as the device stands."""

    def __init__(self, endpoint: Endpoint, counts: Counts) -> None:
        self._endpoint, self._counts = endpoint, counts
        self._framing: Framing = TcpFraming() if endpoint.framing == "tcp" else RtuFraming()
        self._numbered = endpoint.framing == "tcp"
        self._asked: dict[int, tuple[int, int, asyncio.Future[bytes]]] = {}
        self._number = self._late = self._unanswered = 0
        self._transport: asyncio.Transport | None = None
        self._made: asyncio.Future[None] = asyncio.get_running_loop().create_future()
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

    async def ask(self, unit: int, request: bytes, timeout_s: float) -> bytes:
        """The answer to a request, as it came. Raises `NoAnswer`, `Lost`, or `Wrong` for an answer that is of no such request."""
        transport = self._transport
        if transport is None:
            raise Lost(self.reason)
        loop = asyncio.get_running_loop()
        number = self._next()
        answer: asyncio.Future[bytes] = loop.create_future()
        self._asked[number] = (unit, request[0], answer)
        self._framing.forget()
        self._counts.requests += 1
        limit = loop.call_later(timeout_s, self._expire, answer)
        try:
            transport.write(self._framing.wrapped(number, unit, request))
            return await answer
        finally:
            limit.cancel()
            self._asked.pop(number, None)

    def close(self, reason: str) -> None:
        """Let go; every question that is open is told why. A second call does nothing."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
        self._end(reason)

    # -- what asyncio calls -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = transport  # type: ignore[assignment]  # both kinds of line give one that can be written
        if not self._made.done():
            self._made.set_result(None)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        try:
            frames = self._framing.feed(data)
        except Garbled as error:
            self._counts.wrong += 1
            self.close(f"no Modbus: {error}")
            return
        for number, unit, pdu in frames:
            self._heard(number, unit, pdu)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._transport = None
        self._end(f"the connection is gone: {exc}" if exc else "the device has closed the connection")

    # -- answers ------------------------------------------------------------------------------------------------------

    def _heard(self, number: int, unit: int, pdu: bytes) -> None:
        asked = self._asked.get(number)
        if asked is not None and asked[0] and unit != asked[0] and number == NO_NUMBER:
            asked = None  # without transactions it is the late answer of another unit
        if asked is None or asked[2].done():
            self._counts.late += 1
            self._late += 1
            if self._late >= LATE_MAX and self._endpoint.framing != "serial":
                self.close(f"{self._late} answers came too late")
            return
        wanted, code, answer = asked
        self._unanswered = 0
        if wanted and unit != wanted:
            self._counts.wrong += 1
            answer.set_exception(Wrong(f"unit {unit} answered for unit {wanted}"))
        elif pdu[0] & ~REFUSED != code:
            self._counts.wrong += 1
            answer.set_exception(Wrong(f"function {pdu[0]} where {code} was asked"))
        else:
            self._counts.answers += 1
            answer.set_result(pdu)

    def _expire(self, answer: asyncio.Future[bytes]) -> None:
        if answer.done():
            return
        self._counts.timeouts += 1
        self._unanswered += 1
        answer.set_exception(NoAnswer("no answer in time"))
        if self._endpoint.framing == "rtu" or (self._unanswered >= UNANSWERED_MAX and self._endpoint.framing == "tcp"):
            self.close(f"{self._unanswered} requests in a row were not answered")

    def _end(self, reason: str) -> None:
        self.reason = self.reason or reason
        if not self._made.done():
            self._made.cancel()
        for _, _, answer in list(self._asked.values()):
            if not answer.done():
                answer.set_exception(Lost(self.reason))

    def _next(self) -> int:
        if not self._numbered:
            return NO_NUMBER
        self._number = (self._number + 1) % NUMBERS
        return self._number
