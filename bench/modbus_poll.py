"""Polling Modbus devices as fast as they answer: our whole path against pymodbus' own async client, and against register by register.

Ours: request, answer, decode, bind, check, table, durable log (fsync), one subscriber, one process; 125 registers a request, each a point.
pymodbus: the same requests from its async client, `await read_holding_registers` in a loop for each connection, and nothing done with
what they hold. Register by register: the same client with one register a request. All from the same device, which answers in a process of
its own, in turns; one request in flight on each connection. Before anything is timed every point of ours has its value.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pymodbus.client import AsyncModbusTcpClient

from adapters.modbus.bindings import ModbusBindings, bind
from adapters.modbus.client import ModbusClient
from adapters.modbus.config import ModbusConfig
from bench.modbus_server import served, value
from bench.mqtt_path import FOLLOWED, Log, cpu_s, now, snapshot_of
from graph.current import CurrentValues
from graph.points import PointFacts, point_facts
from twin.bus import Bus
from twin.events import ReadingStored
from twin.ingest import Ingest

NAME = "modbus.poll"
SIZES = (1, 16)
"""Connections, each to a device of its own."""
REGISTERS = 125
"""Points of a request: a full one."""
BLOCKS = 30
"""Requests of a device, one after the other, each a block of registers of its own: so many that none comes again within a millisecond,
where the same number would be the same sample."""
Row = dict[str, object]


class Rate(NamedTuple):
    """Requests by the second of the clock, and by the second of this process's processor time."""

    wall: float
    core: float


def site(port: int, devices: int) -> list[str]:
    """Devices on addresses of the loopback's network, so that each has a connection; the points of each neighbour one another."""
    gateways = [f'demo:G{d} a dcx:Modbus_Gateway ; dcx:host "127.0.0.{d + 1}" ; dcx:port {port} .' for d in range(devices)]
    return gateways + [
        f"demo:P{d}.{n} brick:isPointOf demo:E{d} ; dcx:samplePeriod 0.000001 ; ref:hasExternalReference "
        f"[ a dcx:ModbusReference ; dcx:gateway demo:G{d} ; dcx:address {address(d, n)} ; dcx:scale 0.1 ] ."
        for d in range(devices)
        for n in range(REGISTERS * BLOCKS)
    ]


def address(device: int, point: int) -> int:
    """Where a device's point stands: blocks too far apart to be read together, other ones on each device."""
    return device * 4_020 + point // REGISTERS * 134 + point % REGISTERS


def run(devices: int, runs: int = 7, seconds: float = 1.0) -> Iterator[Row]:
    """One row; `size` is the connections."""
    ours: list[Rate] = []
    theirs: list[Rate] = []
    single: list[Rate] = []
    with tempfile.TemporaryDirectory() as folder, served() as port:
        snapshot = snapshot_of(site(port, devices))
        points, bindings = point_facts(snapshot), bind(snapshot)
        for turn in range(runs):
            ours.append(_ours(Path(folder) / str(turn), points, bindings, devices, seconds))
            theirs.append(asyncio.run(_pymodbus(port, devices, REGISTERS, seconds)))
            single.append(asyncio.run(_pymodbus(port, devices, 1, seconds)))
    best, peer, one = max(ours).wall, max(theirs).wall, max(single).wall
    yield {
        "bench": NAME,
        "size": devices,
        "ours_requests_s": round(best),
        "peer": "pymodbus async client, nothing done",
        "peer_requests_s": round(peer),
        "ratio": round(statistics.median(a.wall / b.wall for a, b in zip(ours, theirs, strict=True)), 2),
        "runs": runs,
        "ours_median_requests_s": round(statistics.median(rate.wall for rate in ours)),
        "peer_median_requests_s": round(statistics.median(rate.wall for rate in theirs)),
        "ours_requests_s_core": round(max(rate.core for rate in ours)),
        "peer_requests_s_core": round(max(rate.core for rate in theirs)),
        "ours_points_s": round(best * REGISTERS),
        "register_by_register_points_s": round(one),
        "register_by_register_ratio": round(best * REGISTERS / one, 1),
    }


def _ours(folder: Path, points: Mapping[str, PointFacts], bindings: ModbusBindings, devices: int, seconds: float) -> Rate:
    """Requests a second whose points are in the table and durable."""
    log, bus, current = Log(folder), Bus(), CurrentValues()
    ingest = Ingest(current, bus, now, points, log)  # type: ignore[arg-type]  # the log keeps, and answers nothing
    follow = current.follow(sorted(points)[:FOLLOWED])

    def heard(_: ReadingStored) -> None:
        follow()

    bus.subscribe(ReadingStored, heard)
    wire = ModbusClient(ModbusConfig(period_s_min=1e-6), bindings, ingest, now)
    wire.start()
    try:
        _until_known(current, devices)
        before, cpu, start = log.rows, cpu_s(), time.perf_counter()
        time.sleep(seconds)
        requests = (log.rows - before) / REGISTERS
        return Rate(requests / (time.perf_counter() - start), requests / (cpu_s() - cpu))
    finally:
        wire.close()
        log.close()


def _until_known(current: CurrentValues, devices: int) -> None:
    """Every point has what stands in its register."""
    places = [(d, n) for d in range(devices) for n in range(REGISTERS * BLOCKS)]
    names = [f"urn:ridethrough:demo:P{d}.{n}" for d, n in places]
    expected = np.array([value(address(d, n)) * 0.1 for d, n in places])
    end = time.perf_counter() + 30
    while np.isnan(found := current.many(names).values).any():
        assert time.perf_counter() < end, "not every point has been read"
        time.sleep(0.01)
    np.testing.assert_allclose(found, expected)


async def _pymodbus(port: int, devices: int, count: int, seconds: float) -> Rate:
    """Requests a second of the library's own client, `count` registers each."""
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    clients = [AsyncModbusTcpClient(f"127.0.0.{d + 1}", port=port) for d in range(devices)]
    for client in clients:
        assert await client.connect()
    answer = await clients[0].read_holding_registers(7, count=count)
    assert list(answer.registers) == [value(7 + n) for n in range(count)]
    cpu, start = cpu_s(), time.perf_counter()
    end = start + seconds
    asked = await asyncio.gather(*(_ask(client, d, count, end) for d, client in enumerate(clients)))
    rate = Rate(sum(asked) / (time.perf_counter() - start), sum(asked) / (cpu_s() - cpu))
    for client in clients:
        client.close()
    return rate


async def _ask(client: AsyncModbusTcpClient, device: int, count: int, end: float) -> int:
    asked = 0
    while time.perf_counter() < end:
        point = asked % REGISTERS if count == 1 else asked % BLOCKS * REGISTERS
        await client.read_holding_registers(address(device, point), count=count)
        asked += 1
    return asked
