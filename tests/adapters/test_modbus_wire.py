"""The Modbus wire against real pymodbus servers on loopback."""

from __future__ import annotations

import pytest

from adapters.modbus.bindings import ModbusBindings, bind
from adapters.modbus.client import ModbusClient
from adapters.modbus.config import ModbusConfig
from adapters.modbus.simulator import ModbusSimulator
from graph.commands import Command
from graph.ports import DeviceRefused, DeviceUnknown
from tests.support.mosquitto import free_port
from tests.support.wired import Table, snapshot_of, wait_until, wall_clock

D = "urn:ridethrough:demo:"


def site(port: int) -> str:
    """A gateway on the port with one unit: every data type, a coil, a discrete input, a far register."""
    return f"""
demo:GW a dcx:Modbus_Gateway ; dcx:host "127.0.0.1" ; dcx:port {port} .
demo:UPS-A brick:hasPoint demo:Power , demo:Battery , demo:Energy , demo:Trim , demo:Setpoint , demo:Breaker , demo:Alarm , demo:Far .
demo:Power brick:hasUnit unit:KiloW ; dcx:samplePeriod 0.2 ; ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ;
  dcx:unitId 3 ; dcx:function "holding" ; dcx:address 10 ; dcx:dataType "float32" ; dcx:wordOrder "little" ; dcx:sourceUnit unit:W ] .
demo:Battery brick:hasUnit unit:PERCENT ; dcx:samplePeriod 0.2 ; ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ;
  dcx:unitId 3 ; dcx:function "holding" ; dcx:address 12 ; dcx:dataType "uint16" ; dcx:scale 0.1 ] .
demo:Energy dcx:samplePeriod 0.2 ; ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ;
  dcx:unitId 3 ; dcx:function "input" ; dcx:address 0 ; dcx:dataType "uint32" ] .
demo:Trim dcx:samplePeriod 0.2 ; ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ;
  dcx:unitId 3 ; dcx:function "input" ; dcx:address 2 ; dcx:dataType "int16" ; dcx:scale 0.5 ; dcx:offset 10 ] .
demo:Setpoint dcx:samplePeriod 0.2 ; ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ;
  dcx:unitId 3 ; dcx:function "holding" ; dcx:address 20 ; dcx:dataType "int16" ; dcx:scale 0.1 ] .
demo:Breaker dcx:samplePeriod 0.2 ; ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ;
  dcx:unitId 3 ; dcx:function "coil" ; dcx:address 17 ; dcx:dataType "bool" ] .
demo:Alarm dcx:samplePeriod 0.2 ; ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ;
  dcx:unitId 3 ; dcx:function "discrete" ; dcx:address 5 ; dcx:dataType "bool" ] .
demo:Far dcx:samplePeriod 0.2 ; ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ;
  dcx:unitId 3 ; dcx:function "holding" ; dcx:address 200 ; dcx:dataType "int32" ] .
"""


VALUES = {
    D + "Power": 812.5,
    D + "Battery": 97.3,
    D + "Energy": 70000.0,
    D + "Trim": 7.5,
    D + "Setpoint": 22.4,
    D + "Breaker": 1.0,
    D + "Alarm": 1.0,
    D + "Far": -5.0,
}
CONFIG = ModbusConfig(timeout_s=0.5, reconnect_s_min=0.1, reconnect_s_max=0.3)


class Plant:
    """Values and the writes that came, most obedient."""

    def __init__(self) -> None:
        self.values = dict(VALUES)
        self.refuses = False
        self.written: list[tuple[str, float]] = []

    def write(self, point: str, value: float) -> None:
        if self.refuses:
            raise ValueError("interlocked")
        self.written.append((point, value))
        self.values[point] = value


def wire(port: int) -> tuple[Plant, ModbusSimulator, Table, ModbusClient, ModbusBindings]:
    """A plant, its devices, a table and a client, not yet started."""
    snapshot = snapshot_of(site(port))
    bindings = bind(snapshot)
    plant, table = Plant(), Table(snapshot)
    devices = ModbusSimulator(bindings, lambda: plant.values, plant.write)
    return plant, devices, table, ModbusClient(CONFIG, bindings, table.ingest, wall_clock), bindings


def command(point: str, value: float) -> Command:
    """A command as control makes it."""
    return Command("urn:uuid:1", "k", point, value, "ann", "test", wall_clock())


@pytest.mark.quality("modbus", "values-come-in-the-points-own-unit")
@pytest.mark.quality("modbus", "has-a-simulator-on-the-real-protocol")
def test_every_data_type_reaches_its_point_and_neighbours_are_read_together() -> None:
    """Three holding reads would be four without coalescing: 10 to 20 in one (gap 7), 200 apart; one read for each other table."""
    _, devices, table, client, bindings = wire(free_port())
    devices.start()

    client.start()

    assert wait_until(lambda: all(table.quality(point) == "GOOD" for point in VALUES))
    for point, value in VALUES.items():
        assert table.value(point) == pytest.approx(value, rel=1e-6), point
    spans = [(group.table, group.start, group.count) for groups in bindings.groups.values() for group in groups]
    assert spans == [("coil", 17, 1), ("discrete", 5, 1), ("holding", 10, 11), ("holding", 200, 2), ("input", 0, 3)]
    client.close()
    devices.close()


def test_a_write_goes_out_once_and_is_seen_only_when_the_plant_says_so() -> None:
    """One write request each for a register (FC 6), two words (FC 16) and a coil (FC 5)."""
    plant, devices, table, client, _ = wire(free_port())
    devices.start()
    client.start()
    assert wait_until(lambda: table.quality(D + "Setpoint") == "GOOD")

    client.send(command(D + "Setpoint", 24.5))
    client.send(command(D + "Power", 700.0))
    client.send(command(D + "Breaker", 0.0))

    assert [(point, round(value, 6)) for point, value in plant.written] == [
        (D + "Setpoint", 24.5),
        (D + "Power", 700.0),
        (D + "Breaker", 0.0),
    ]
    assert devices.writes == 3
    assert wait_until(lambda: table.value(D + "Setpoint") == pytest.approx(24.5) and table.value(D + "Breaker") == 0.0)
    client.close()
    devices.close()


def test_a_refused_write_says_so_with_the_devices_reason() -> None:
    """A value outside of int16 is refused before it is sent; a plant that refuses answers exception 3, illegal value."""
    plant, devices, table, client, _ = wire(free_port())
    devices.start()
    client.start()
    assert wait_until(lambda: table.quality(D + "Setpoint") == "GOOD")

    with pytest.raises(DeviceRefused, match="does not fit in int16: nothing was sent"):
        client.send(command(D + "Setpoint", 1e6))
    with pytest.raises(DeviceRefused, match="stands in no coil or holding register"):
        client.send(command(D + "Alarm", 1.0))
    assert devices.writes == 0

    plant.refuses = True
    with pytest.raises(DeviceRefused, match=r"illegal value \(3\)"):
        client.send(command(D + "Setpoint", 20.0))
    assert devices.writes == 1
    client.close()
    devices.close()


@pytest.mark.quality("modbus", "reconnects-by-itself")
def test_a_device_that_is_away_is_a_quality_and_good_again_when_it_is_back() -> None:
    """Values stay, their quality is NO_COMMUNICATION; after the return they are GOOD without a restart."""
    port = free_port()
    plant, devices, table, client, bindings = wire(port)
    devices.start()
    client.start()
    assert wait_until(lambda: table.quality(D + "Power") == "GOOD")

    devices.close()

    assert wait_until(lambda: table.quality(D + "Power") == "NO_COMMUNICATION")
    assert table.value(D + "Power") == pytest.approx(812.5)
    with pytest.raises((DeviceRefused, DeviceUnknown)):
        client.send(command(D + "Setpoint", 20.0))
    again = ModbusSimulator(bindings, lambda: plant.values, plant.write)
    again.start()
    assert wait_until(lambda: all(table.quality(point) == "GOOD" for point in VALUES))
    assert again.writes == 0
    client.close()
    again.close()
