"""Simulated devices on Modbus TCP: real pymodbus servers whose registers show a plant's values and hand writes on to the plant."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Event, Lock, Thread

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from adapters.modbus.bindings import ModbusBindings
from adapters.modbus.codec import DoesNotFit, decode, encode
from adapters.modbus.config import Endpoint
from adapters.modbus.registers import BIT_TABLES, Register

_log = logging.getLogger(__name__)

START_S_MAX = 10.0
READ_TABLES = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
WRITE_TABLES = {5: "coil", 15: "coil", 6: "holding", 16: "holding"}
"""Function codes and the tables that they speak of (Modbus Application Protocol 1.1b3, 6)."""

Values = Callable[[], Mapping[str, float]]
"""Gives the plant's values by point, in the points' own units."""
Write = Callable[[str, float], None]
"""Takes a point's IRI and the value written, in the point's unit."""


class ModbusSimulator:
    """One server for each endpoint of the bindings, all in one thread. A point without a value in the plant keeps what was written."""

    def __init__(self, bindings: ModbusBindings, values: Values, write: Write | None = None) -> None:
        """`values` is called for each request that reads, `write` for each point that a request writes, both in the simulator's thread."""
        self._bindings, self._values, self._write = bindings, values, write
        self._ready = Event()
        self._lock = Lock()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: Callable[[], None] | None = None
        self._thread = Thread(target=self._run, name="modbus-plant", daemon=True)
        self.writes = 0
        """Write requests that came so far."""

    def start(self) -> None:
        """Listen; returns when clients can connect. Raises `OSError` when a port is taken, with the next step."""
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
        self._thread.start()
        if not self._ready.wait(START_S_MAX):
            raise OSError(f"the simulated devices did not start within {START_S_MAX:g} s")
        if self._error is not None:
            raise OSError(f"the simulated devices cannot listen: {self._error}; choose other ports") from self._error

    def close(self) -> None:
        """Stop listening and drop every connection. A second call does nothing."""
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
        servers = []
        try:
            for endpoint in sorted(self._bindings.groups, key=str):
                server = ModbusTcpServer(self._devices(endpoint), address=(endpoint.host, endpoint.port))
                try:
                    await server.serve_forever(background=True)
                except RuntimeError as error:
                    raise OSError(f"{endpoint} is busy") from error
                servers.append(server)
            self._ready.set()
            await ended.wait()
        finally:
            for server in servers:
                await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus leaves its servers' methods without annotations

    def _devices(self, endpoint: Endpoint) -> list[SimDevice]:
        units: dict[int, list[Register]] = {}
        for register in self._bindings.registers.values():
            if register.endpoint == endpoint:
                units.setdefault(register.unit, []).append(register)
        return [self._device(unit, units[unit]) for unit in sorted(units)]

    def _device(self, unit: int, registers: Sequence[Register]) -> SimDevice:
        async def answer(
            code: int, start: int, address: int, _count: int, current: list[int], wanted: list[int] | list[bool] | None
        ) -> ExcCodes | None:
            if wanted is None:
                self._show(registers, READ_TABLES.get(code, ""), start, current)
                return None
            return self._written(registers, WRITE_TABLES.get(code, ""), address, wanted)

        def block(table: str) -> list[SimData]:
            ends = [register.end for register in registers if register.table == table]
            if table in BIT_TABLES:
                return [SimData(0, values=[False] * (-(-max(ends, default=1) // 16) * 16), datatype=DataType.BITS)]
            return [SimData(0, count=max(ends, default=1), values=0, datatype=DataType.REGISTERS)]

        return SimDevice(unit, (block("coil"), block("discrete"), block("holding"), block("input")), action=answer)

    def _show(self, registers: Sequence[Register], table: str, start: int, current: list[int]) -> None:
        """Bring the plant's values into a table's registers; a bit table holds 16 bits a register, the lowest first."""
        values = self._values()
        for register in registers:
            value = values.get(register.point)
            if register.table != table or value is None:
                continue
            try:
                words = encode(register, value).words
            except DoesNotFit:
                words = [0xFFFF] * (register.end - register.address)
            if table in BIT_TABLES:
                at, bit = register.address // 16 - start, 1 << (register.address % 16)
                current[at] = current[at] | bit if words[0] else current[at] & ~bit
            else:
                current[register.address - start : register.end - start] = list(words)

    def _written(self, registers: Sequence[Register], table: str, address: int, wanted: list[int] | list[bool]) -> ExcCodes | None:
        with self._lock:
            self.writes += 1
        for register in registers:
            if register.table != table or not (address <= register.address and register.end <= address + len(wanted)):
                continue
            try:
                value = decode(register, wanted, address)
            except struct.error:
                return ExcCodes.ILLEGAL_VALUE
            if self._write is not None:
                try:
                    self._write(register.point, value)
                except ValueError as error:
                    _log.warning("the plant refuses %g for %s: %s", value, register.point, error)
                    return ExcCodes.ILLEGAL_VALUE
        return None
