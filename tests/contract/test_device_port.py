"""What every `DevicePort` keeps, over real wires: Modbus TCP, and MQTT through mosquitto."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.modbus.bindings import bind as bind_modbus
from adapters.modbus.client import ModbusClient
from adapters.modbus.config import ModbusConfig
from adapters.modbus.simulator import ModbusSimulator
from adapters.mqtt.bindings import bind as bind_mqtt
from adapters.mqtt.client import MqttClient
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.simulator import MqttSimulator
from graph.commands import Command, CommandState
from graph.points import point_facts
from graph.ports import DevicePort, DeviceRefused, DeviceUnknown
from graph.stores.memory import MemoryJournal
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.wired import Table, snapshot_of, wait_until, wall_clock
from twin.control import Control

SET, READ_ONLY = "urn:ridethrough:demo:Set", "urn:ridethrough:demo:ReadOnly"


@dataclass
class Plant:
    """A set point that obeys, what was written to it, and the port to it."""

    device: DevicePort
    table: Table
    written: list[float]
    values: dict[str, float]
    away: Callable[[], None]
    speak: Callable[[], object]


@pytest.fixture(params=["modbus", "mqtt"])
def plant(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Plant]:
    """One plant by wire, live: its set point has a good value."""
    make = _modbus if request.param == "modbus" else _mqtt
    plant, close = make(tmp_path)
    assert wait_until(lambda: plant.speak() is None and plant.table.quality(SET) == "GOOD")
    yield plant
    close()


def _modbus(_folder: Path) -> tuple[Plant, Callable[[], None]]:
    reference = "a dcx:ModbusReference ; dcx:gateway demo:GW ; dcx:unitId 1"
    snapshot = snapshot_of(f"""demo:GW a dcx:Modbus_Gateway ; dcx:host "127.0.0.1" ; dcx:port {free_port()} .
demo:E brick:hasPoint demo:Set , demo:ReadOnly . demo:Set dcx:samplePeriod 0.2 .
demo:Set ref:hasExternalReference [ {reference} ; dcx:function "holding" ; dcx:address 3 ; dcx:dataType "uint16" ; dcx:scale 0.1 ] .
demo:ReadOnly ref:hasExternalReference [ {reference} ; dcx:function "input" ; dcx:address 0 ; dcx:dataType "uint16" ] .""")
    bindings, table = bind_modbus(snapshot), Table(snapshot)
    written: list[float] = []
    values = {SET: 20.0, READ_ONLY: 1.0}
    devices = ModbusSimulator(bindings, lambda: values, lambda point, value: _obey(point, value, values, written))
    devices.start()
    client = ModbusClient(ModbusConfig(timeout_s=0.5, reconnect_s_min=0.1, reconnect_s_max=0.2), bindings, table.ingest, wall_clock)
    client.start()

    def close() -> None:
        client.close()
        devices.close()

    return Plant(client, table, written, values, devices.close, lambda: None), close


def _mqtt(folder: Path) -> tuple[Plant, Callable[[], None]]:
    snapshot = snapshot_of("""demo:E brick:hasPoint demo:Set , demo:ReadOnly .
demo:Set ref:hasExternalReference [ a dcx:MQTTReference ; dcx:topic "dc/set" ; dcx:jsonPointer "/v" ; dcx:commandTopic "dc/set/to" ] .
demo:ReadOnly ref:hasExternalReference [ a dcx:MQTTReference ; dcx:topic "dc/read" ] .""")
    broker = Mosquitto(folder).start()
    config = MqttConfig("127.0.0.1", broker.port, reconnect_s_min=0.1, reconnect_s_max=0.2)
    bindings, table = bind_mqtt(snapshot), Table(snapshot)
    written: list[float] = []
    values = {SET: 20.0, READ_ONLY: 1.0}
    devices = MqttSimulator(config, bindings, lambda point, value: _obey(point, value, values, written))
    client = MqttClient(config, snapshot, table.ingest, wall_clock)
    client.start()
    assert devices.start()
    assert devices.ready.wait(5)

    def close() -> None:
        client.close()
        devices.close()
        broker.stop()

    def away() -> None:
        broker.kill()
        assert wait_until(lambda: not client.status().connected)

    def speak() -> None:
        devices.publish(values, wall_clock())

    return Plant(client, table, written, values, away, speak), close


def _obey(point: str, value: float, values: dict[str, float], written: list[float]) -> None:
    written.append(value)
    values[point] = value


def command(point: str = SET, value: float = 24.5) -> Command:
    return Command("urn:uuid:1", "k", point, value, "ann", "test", wall_clock())


def test_it_serves_what_can_be_written_and_nothing_else(plant: Plant) -> None:
    """A set point, not a sensor, not a stranger."""
    assert [plant.device.serves(point) for point in (SET, READ_ONLY, "urn:none")] == [True, False, False]


def test_what_it_does_not_serve_it_refuses(plant: Plant) -> None:
    """The plant hears nothing."""
    with pytest.raises(DeviceRefused, match="nothing was sent"):
        plant.device.send(command(READ_ONLY))

    assert plant.written == []


@pytest.mark.quality("mqtt", "writes-at-most-once")
def test_a_value_arrives_once_in_the_points_unit(plant: Plant) -> None:
    """24.5, whatever the wire makes of it in between."""
    plant.device.send(command())

    assert wait_until(lambda: bool(plant.written))
    assert [round(value, 6) for value in plant.written] == [24.5]


def test_a_device_that_is_away_is_said_to_be(plant: Plant) -> None:
    """Refused when it is certain that nothing was sent, unknown otherwise; never silence."""
    plant.away()

    with pytest.raises((DeviceRefused, DeviceUnknown)):
        plant.device.send(command())

    assert plant.written == []


def test_a_command_is_confirmed_end_to_end_by_the_wires_own_reading(plant: Plant) -> None:
    """Requested, sent once, confirmed by the reading that comes back over the same wire."""
    table = plant.table
    journal = MemoryJournal()
    facts = point_facts(snapshot_of("demo:E brick:hasPoint demo:Set ."))
    control = Control(journal, [plant.device], table.current, wall_clock, table.bus, on=True, enabled=frozenset({SET}), points=facts)

    record = control.request(SET, 24.5, "ann", "cooler", "k")

    def state() -> CommandState:
        found = control.get(record.command.id)
        assert found is not None
        return found.state

    assert wait_until(lambda: plant.speak() is None and state() is CommandState.CONFIRMED)
    assert len(plant.written) == 1
    assert [event.state for event in journal.events()][:2] == [CommandState.REQUESTED, CommandState.DISPATCHED]
    assert journal.events()[-1].state is CommandState.CONFIRMED
    control.close()
