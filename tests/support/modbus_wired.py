"""Two registers of a lying device, polled into a table, for the tests of what a Modbus device may do."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager

from adapters.modbus.bindings import bind
from adapters.modbus.client import ModbusClient
from adapters.modbus.config import ModbusConfig
from graph.commands import Command
from tests.support.liar import Answer, Liar, Said, registers
from tests.support.wired import Table, snapshot_of, wall_clock

A, B = "urn:ridethrough:demo:A", "urn:ridethrough:demo:B"
CONFIG = ModbusConfig(timeout_s=0.3, reconnect_s_min=0.05, reconnect_s_max=0.1, period_s_min=0.1)
PATIENT = ModbusConfig(timeout_s=10.0, reconnect_s_min=0.05, reconnect_s_max=0.1, period_s_min=0.1, busy_s=0.05)
"""For devices that do answer: no loaded machine makes a timeout of it."""


def site(port: int, second: str = "dcx:unitId 1 ; dcx:address 5") -> str:
    """Two holding registers, 0 of unit 1 and a second one."""
    reference = 'a dcx:ModbusReference ; dcx:gateway demo:GW ; dcx:function "holding" ; dcx:dataType "uint16"'
    return f"""demo:GW a dcx:Modbus_Gateway ; dcx:host "127.0.0.1" ; dcx:port {port} .
demo:E brick:hasPoint demo:A , demo:B .
demo:A dcx:samplePeriod 0.1 ; ref:hasExternalReference [ {reference} ; dcx:unitId 1 ; dcx:address 0 ] .
demo:B dcx:samplePeriod 0.1 ; ref:hasExternalReference [ {reference} ; {second} ] ."""


@contextmanager
def wire(
    answer: Answer, second: str = "dcx:unitId 1 ; dcx:address 5", config: ModbusConfig = CONFIG, more: str = ""
) -> Iterator[tuple[Liar, Table, ModbusClient]]:
    """The device, a table and a polling client."""
    liar = Liar(answer).start()
    snapshot = snapshot_of(site(liar.port, second) + more)
    table = Table(snapshot)
    client = ModbusClient(config, bind(snapshot), table.ingest, wall_clock)
    client.start()
    try:
        yield liar, table, client
    finally:
        client.close()
        liar.close()


def holding(words: dict[int, int]) -> Answer:
    """A device with these holding registers, any others 0, that obeys and says so."""

    def answer(unit: int, code: int, data: bytes) -> Said:
        if code == 3:
            start, count = struct.unpack(">HH", data)
            return registers([words.get(at, 0) for at in range(start, start + count)])
        words[struct.unpack(">H", data[:2])[0]] = struct.unpack(">H", data[2:4])[0]
        return bytes([code]) + data[:4]

    return answer


def write(client: ModbusClient, value: float = 9.0) -> None:
    """A command for A."""
    client.send(Command("urn:uuid:1", "k", A, value, "ann", "test", wall_clock()))
