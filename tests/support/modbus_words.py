"""A Modbus device of words for tests: whatever table is asked for, with real pymodbus servers for lines that `Liar` does not speak."""

from __future__ import annotations

import asyncio
import os
import struct
import tty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from tests.support.liar import Answer, registers


def words_device(words: Mapping[int, int], size: int = 65_536) -> Answer:
    """A device with these registers in every table, any others below `size` 0; beyond it there are none (exception 02)."""

    def answer(unit: int, code: int, data: bytes) -> bytes | None:
        start, count = struct.unpack(">HH", data[:4])
        if code not in {3, 4}:
            return bytes([code | 0x80, 1])
        if start + count > size:
            return bytes([code | 0x80, 2])
        return registers([words.get(at, 0) for at in range(start, start + count)], code)

    return answer


@contextmanager
def served(words: Mapping[int, int], *, rtu_port: int = 0, line: str = "") -> Iterator[None]:
    """pymodbus' own server of unit 1 with these holding registers, RTU over TCP or on a serial line, in a thread of its own."""
    ready, ended = Event(), Event()
    values = [words.get(at, 0) for at in range(max(words) + 1)]
    device = SimDevice(1, simdata=[SimData(0, values=values, datatype=DataType.REGISTERS)])

    async def serve() -> None:
        server: Any
        if line:
            server = ModbusSerialServer(device, framer=FramerType.RTU, port=line, baudrate=115_200, parity="N", stopbits=1)
        else:
            server = ModbusTcpServer(device, framer=FramerType.RTU, address=("127.0.0.1", rtu_port))
        await server.serve_forever(background=True)
        ready.set()
        while not ended.is_set():
            await asyncio.sleep(0.02)
        await server.shutdown()

    thread = Thread(target=lambda: asyncio.run(serve()), name="rtu-device", daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield
    finally:
        ended.set()
        thread.join(20)


@contextmanager
def serial_line() -> Iterator[tuple[str, str]]:
    """The two ends of a serial line, as device files: two pseudo-terminals and a thread that carries bytes between them."""
    (one, one_end), (two, two_end) = os.openpty(), os.openpty()
    for each in (one, one_end, two, two_end):
        tty.setraw(each)
    ended = Event()

    def carry() -> None:
        os.set_blocking(one, False)
        os.set_blocking(two, False)
        while not ended.wait(0.002):
            for source, target in ((one, two), (two, one)):
                try:
                    os.write(target, os.read(source, 1024))
                except (BlockingIOError, OSError):
                    continue

    thread = Thread(target=carry, name="serial-line", daemon=True)
    thread.start()
    try:
        yield os.ttyname(one_end), os.ttyname(two_end)
    finally:
        ended.set()
        thread.join(20)
        for each in (one, one_end, two, two_end):
            os.close(each)
