"""The Modbus TCP sockets: polls what the graph binds, hands batches to the sink, writes once.

Rules of this file:

1. One event loop in a thread of its own; one connection an endpoint; one request in flight on a connection.
2. Nothing is sent twice: the library's own retries are off, because a device that obeys and does not answer would get a write four times.
3. After an answer that did not come in time the connection is closed: its late answer would be taken for that of the next request.
4. A device that is away is a quality on its points, one line in the log, and a new attempt after 0.5 to 30 s (full jitter).
5. The sink is called in a thread beside the loop, so that nothing that listens to readings can hold up a write.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from adapters.modbus.bindings import WRITABLE, Group, ModbusBindings, coalesce
from adapters.modbus.codec import DoesNotFit, Write, batch, encode, is_bits, silence
from adapters.modbus.config import Endpoint, ModbusConfig
from graph.commands import Command
from graph.ports import Clock, DeviceRefused, DeviceUnknown, ReadingSink
from graph.references import Unbound
from graph.values import Quality, ReadingBatch

_log = logging.getLogger(__name__)

ILLEGAL_ADDRESS = 2
ACKNOWLEDGE = 5
"""The device has taken a long job; not a refusal (Modbus Application Protocol 1.1b3, 7)."""
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal address",
    3: "illegal value",
    4: "device failure",
    6: "device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "device behind the gateway does not answer",
}
AWAY = frozenset({10, 11})


class _Away(Exception):
    """No answer: the connection is gone, or the time of one unit is over (`unit_only`)."""

    def __init__(self, reason: str, *, unit_only: bool = False) -> None:
        super().__init__(reason)
        self.unit_only = unit_only


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """One endpoint now: whether it answers, requests so far, and the last thing that went wrong."""

    endpoint: str
    connected: bool
    requests: int
    error: str


class ModbusClient:
    """All gateways. `start`, `rebind` when the graph changes, `close`; as a `DevicePort` it writes coils and holding registers."""

    def __init__(self, config: ModbusConfig, bindings: ModbusBindings, sink: ReadingSink, clock: Clock) -> None:
        """Nothing is connected before `start`."""
        self._config, self._bindings, self._sink, self._clock = config, bindings, sink, clock
        self._loop: asyncio.AbstractEventLoop  # from `start` on: a client that is never started holds nothing
        self._thread = Thread(target=self._run, name="modbus", daemon=True)
        self._delivery = ThreadPoolExecutor(1, thread_name_prefix="modbus-ingest")
        self._lines: dict[Endpoint, _Line] = {}
        self._closed = False

    def start(self) -> None:
        """Begin to poll; returns at once."""
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # it logs each failed attempt; we log the first
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        self.rebind(self._bindings)

    def rebind(self, bindings: ModbusBindings) -> None:
        """Take the bindings of another revision, whole; connections that are still needed stay."""
        self._bindings = bindings
        if self._thread.is_alive():
            self._call(self._rebind(bindings), self._config.timeout_s * 2)

    def close(self) -> None:
        """Stop polling and let go of every connection. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        if self._thread.is_alive():
            with suppress(FutureTimeoutError):
                self._call(self._rebind(ModbusBindings()), self._config.timeout_s * 2)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(self._config.timeout_s)
            if not self._loop.is_running():
                self._loop.close()
        self._delivery.shutdown(wait=True)

    def status(self) -> Sequence[EndpointStatus]:
        """Every endpoint now, in order."""
        return [line.status() for _, line in sorted(self._lines.items(), key=lambda item: str(item[0]))]

    def unusable(self) -> Sequence[Unbound]:
        """The references of the graph that this wire cannot use, and why."""
        return self._bindings.unbound

    # -- commands -------------------------------------------------------------------------------------------------

    @property
    def send_s_max(self) -> float:
        """Seconds after which `send` has ended: see `ModbusConfig.send_s_max`."""
        return self._config.send_s_max

    def serves(self, point: str) -> bool:
        """Whether the point stands in a table that can be written."""
        register = self._bindings.registers.get(point)
        return register is not None and register.table in WRITABLE

    def send(self, command: Command) -> None:
        """Write the command's value once. Raises `DeviceRefused` with the device's reason, `DeviceUnknown` when no answer came."""
        register = self._bindings.registers.get(command.point)
        line = None if register is None else self._lines.get(register.endpoint)
        if register is None or line is None or register.table not in WRITABLE:
            raise DeviceRefused(f"{command.point} stands in no coil or holding register that is polled: nothing was sent")
        try:
            write = encode(register, command.value)
        except DoesNotFit as error:
            raise DeviceRefused(f"{error}: nothing was sent") from error
        try:
            self._call(line.write(write), self._config.send_s_max)
        except FutureTimeoutError as error:
            raise DeviceUnknown(f"{register.endpoint} did not answer in time") from error

    # -- the loop's thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """The loop until it is stopped; what is still under way then, the library's own tasks among it, is ended before the loop goes."""
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))

    def _call(self, work: Any, timeout_s: float) -> None:
        """Run it on the loop. Raises `TimeoutError` when it takes longer; it is cancelled then."""
        future: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            future.result(timeout_s)
        except FutureTimeoutError:
            future.cancel()
            raise

    async def _rebind(self, bindings: ModbusBindings) -> None:
        for endpoint in [endpoint for endpoint in self._lines if endpoint not in bindings.groups]:
            await self._lines.pop(endpoint).close()
        for endpoint, groups in bindings.groups.items():
            line = self._lines.get(endpoint)
            if line is None:
                line = self._lines[endpoint] = _Line(endpoint, self._config, self._clock, self._deliver)
            line.bind(groups)

    async def _deliver(self, readings: ReadingBatch) -> None:
        try:
            await self._loop.run_in_executor(self._delivery, self._sink.accept, readings)
        except Exception:
            _log.exception("a batch of %d readings was not taken", len(readings))


@dataclass(slots=True)
class _Poll:
    """A read request and when it is due next (the loop's clock)."""

    group: Group
    due: float


@dataclass(slots=True)
class _Unit:
    """How a unit behind an endpoint fares: failures since it last answered, and when it is asked again."""

    failures: int = 0
    again: float = 0.0
    refused: set[int] = field(default_factory=set)


class _Line:
    """One endpoint: its connection, what is polled on it, and the order of its requests."""

    def __init__(self, endpoint: Endpoint, config: ModbusConfig, clock: Clock, deliver: Any) -> None:
        self._endpoint, self._config, self._clock, self._deliver = endpoint, config, clock, deliver
        self._client: AsyncModbusTcpClient | None = None
        self._one_at_a_time = asyncio.Lock()
        self._polls: list[_Poll] = []
        self._units: dict[int, _Unit] = {}
        self._requests = 0
        self._error = ""
        self._closing = False
        self._woken = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._poll())

    def status(self) -> EndpointStatus:
        return EndpointStatus(str(self._endpoint), self._client is not None, self._requests, self._error)

    def bind(self, groups: Sequence[Group]) -> None:
        now = asyncio.get_running_loop().time()
        self._polls = [_Poll(group, now) for group in groups]
        self._units = {group.unit: self._units.get(group.unit, _Unit()) for group in groups}
        self._woken.set()

    async def close(self) -> None:
        self._closing = True  # Python 3.11's wait_for may swallow the cancellation (bpo-42130): the flag ends the polling then
        self._woken.set()
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._hang_up()

    # -- reading ----------------------------------------------------------------------------------------------------

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._closing:
            self._woken.clear()
            for poll in list(self._polls):
                if self._closing:
                    return
                start = loop.time()
                unit = self._units.get(poll.group.unit)
                if unit is None or poll.due > start or unit.again > start:
                    continue
                try:
                    await self._read(poll)
                except Exception:
                    _log.exception("polling %s failed; it goes on", self._endpoint)
                poll.due = max(loop.time(), poll.due + max(poll.group.period_s, self._config.period_s_min))
            await self._rest(loop.time())

    async def _rest(self, now: float) -> None:
        due = [max(poll.due, self._units[poll.group.unit].again) for poll in self._polls if poll.group.unit in self._units]
        if self._closing:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.001, min(due) - now) if due else None):
                await self._woken.wait()

    async def _read(self, poll: _Poll) -> None:
        group, unit = poll.group, self._units[poll.group.unit]
        try:
            async with self._one_at_a_time:
                answer = await self._ask(group)
        except _Away as error:
            await self._away([group.unit] if error.unit_only else sorted(self._units), str(error))
            return
        if answer.isError():
            await self._refused(poll, unit, answer.exception_code)
            return
        try:
            readings = batch(group, answer.bits if is_bits(group.table) else answer.registers, self._now())
        except ValueError as error:
            self._error = str(error)
            readings = silence(group.registers, self._now(), Quality.BAD)
        else:
            self._error = ""
        if unit.failures:
            _log.warning("Modbus unit %d at %s answers again", group.unit, self._endpoint)
        unit.failures, unit.again = 0, 0.0
        unit.refused.discard(group.start)
        await self._deliver(readings)

    async def _ask(self, group: Group) -> ModbusPDU:
        client = await self._connect()
        read = {
            "coil": client.read_coils,
            "discrete": client.read_discrete_inputs,
            "holding": client.read_holding_registers,
            "input": client.read_input_registers,
        }[group.table]
        self._requests += 1
        try:
            return await read(group.start, count=group.count, device_id=group.unit)
        except (ModbusException, OSError, TimeoutError) as error:
            self._hang_up()
            raise _Away(str(error), unit_only=True) from error

    async def _refused(self, poll: _Poll, unit: _Unit, code: int) -> None:
        """An exception answer: a gap that the device will not read is read around; everything else is a quality."""
        group = poll.group
        if code == ILLEGAL_ADDRESS and len(apart := coalesce(group.registers, gap_max=0)) > 1:
            now = asyncio.get_running_loop().time()
            if any(one is poll for one in self._polls):
                self._polls = [one for one in self._polls if one is not poll] + [_Poll(part, now) for part in apart]
                self._woken.set()
            return
        reason = f"{EXCEPTIONS.get(code, 'exception')} ({code})"
        if group.start not in unit.refused:
            unit.refused.add(group.start)
            _log.warning("Modbus unit %d at %s refuses %s %d: %s", group.unit, self._endpoint, group.table, group.start, reason)
        self._error = reason
        await self._deliver(silence(group.registers, self._now(), Quality.NO_COMMUNICATION if code in AWAY else Quality.BAD))

    async def _away(self, units: Sequence[int], reason: str) -> None:
        self._error = reason
        units = [number for number in units if number in self._units]  # another revision may have come meanwhile
        fresh = [number for number in units if self._units[number].failures == 0]
        for number in units:
            unit = self._units[number]
            unit.failures += 1
            limit = min(self._config.reconnect_s_max, self._config.reconnect_s_min * 2.0 ** min(unit.failures, 16))
            unit.again = asyncio.get_running_loop().time() + random.uniform(self._config.reconnect_s_min, limit)
        if fresh:
            _log.warning("Modbus units %s at %s are away: %s; they are tried again", fresh, self._endpoint, reason)
            gone = [register for poll in self._polls if poll.group.unit in fresh for register in poll.group.registers]
            await self._deliver(silence(gone, self._now(), Quality.NO_COMMUNICATION))

    def _now(self) -> int:
        return round(self._clock().timestamp() * 1000)

    # -- writing ----------------------------------------------------------------------------------------------------

    async def write(self, write: Write) -> None:
        """Send the request once, within `turn_s_max` or not at all. Raises `DeviceRefused` or `DeviceUnknown`."""
        async with AsyncExitStack() as turn:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._config.turn_s_max) as limit:
                    await turn.enter_async_context(self._one_at_a_time)
                    try:
                        client = await self._connect()
                    except _Away as error:
                        raise DeviceRefused(f"{self._endpoint} is away: {error}; nothing was sent") from error
            if limit.expired():
                raise DeviceRefused(f"{self._endpoint} was busy for {self._config.turn_s_max:g} s; nothing was sent")
            self._requests += 1
            try:
                answer = await _send(client, write)
            except (ModbusException, OSError, TimeoutError) as error:
                self._hang_up()
                raise DeviceUnknown(f"{self._endpoint} did not answer the write: {error}") from error
            except asyncio.CancelledError:
                self._hang_up()
                raise
        if answer.isError() and answer.exception_code != ACKNOWLEDGE:
            code = answer.exception_code
            raise DeviceRefused(f"unit {write.unit} at {self._endpoint} refuses the write: {EXCEPTIONS.get(code, 'exception')} ({code})")
        if not answer.isError() and not _echoes(answer, write):
            raise DeviceUnknown(f"unit {write.unit} at {self._endpoint} answered with another address or value than was written")

    async def _connect(self) -> AsyncModbusTcpClient:
        if self._client is not None and self._client.connected:
            return self._client
        self._hang_up()
        client = AsyncModbusTcpClient(
            self._endpoint.host, port=self._endpoint.port, timeout=self._config.timeout_s, retries=0, reconnect_delay=0
        )
        connected = False
        try:
            connected = await client.connect()
        except (ModbusException, OSError, TimeoutError) as error:
            raise _Away(f"cannot connect: {error}") from error
        finally:
            if not connected:
                client.close()
        if not connected:
            raise _Away("cannot connect")
        self._client = client
        return client

    def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


async def _send(client: AsyncModbusTcpClient, write: Write) -> ModbusPDU:
    if write.table == "coil":
        return await client.write_coil(write.address, bool(write.words[0]), device_id=write.unit)
    if len(write.words) == 1:
        return await client.write_register(write.address, write.words[0], device_id=write.unit)
    return await client.write_registers(write.address, list(write.words), device_id=write.unit)


def _echoes(answer: ModbusPDU, write: Write) -> bool:
    """Whether the answer names what was written: address and value for one, address and count for several."""
    if answer.address != write.address:
        return False
    if write.table == "coil":
        return list(map(bool, answer.bits[:1])) == [bool(write.words[0])]
    return list(answer.registers) == list(write.words) if len(write.words) == 1 else answer.count == len(write.words)
