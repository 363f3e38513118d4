"""Wires take another revision of the graph while they run: bindings are replaced whole, connections stay."""

from __future__ import annotations

from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from adapters.modbus.bindings import ModbusBindings
from adapters.modbus.bindings import bind as bind_modbus
from adapters.modbus.client import ModbusClient
from adapters.modbus.config import ModbusConfig
from adapters.modbus.simulator import ModbusSimulator
from adapters.mqtt.bindings import bind as bind_mqtt
from adapters.mqtt.client import MqttClient
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.simulator import MqttSimulator
from graph.points import point_facts
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.wired import Table, snapshot_of, wait_until, wall_clock

A, B, C = (f"urn:ridethrough:demo:{name}" for name in "ABC")


def topic(point: str, name: str) -> str:
    return f'demo:E brick:hasPoint demo:{point} . demo:{point} ref:hasExternalReference [ a dcx:MQTTReference ; dcx:topic "{name}" ] .'


@pytest.mark.quality("mqtt", "follows-the-graph")
def test_an_mqtt_topic_is_heard_from_the_revision_on_that_names_it(tmp_path: Path) -> None:
    """First only A on dc/a; dc/b is unbound, plant2/c not even subscribed. Then all three; dc/b leaves the list of the unbound."""
    broker = Mosquitto(tmp_path).start()
    config = MqttConfig("127.0.0.1", broker.port, topics=())
    first, second = snapshot_of(topic("A", "dc/a")), snapshot_of(topic("A", "dc/a") + topic("B", "dc/b") + topic("C", "plant2/c"))
    table = Table(first)
    client = MqttClient(config, first, table.ingest, wall_clock)
    plant = MqttSimulator(config, bind_mqtt(second))
    client.start()
    assert client.wait_connected(5)
    assert plant.start()
    values = {A: 1.0, B: 2.0, C: 3.0}
    assert wait_until(lambda: plant.publish(values, wall_clock()) > 0 and [one.topic for one in client.unbound()] == ["dc/b"])
    assert table.value(A) == 1.0

    table.ingest.rebind(point_facts(second))
    client.rebind(second)

    assert wait_until(lambda: plant.publish(values, wall_clock()) > 0 and table.quality(B) == table.quality(C) == "GOOD")
    assert client.unbound() == []
    assert client.status().connections == 1
    client.close()
    plant.close()
    broker.stop()


def test_a_change_of_the_graph_takes_only_what_has_a_point_now_from_the_unbound(tmp_path: Path) -> None:
    """Three topics of no point; then one has a reference, and one a point that is called so: the third stays, with its count."""
    broker = Mosquitto(tmp_path).start()
    before = "demo:Rack brick:hasPoint demo:Rack-Inlet . demo:Rack-Inlet a brick:Temperature_Sensor ."
    after = before + "demo:Rack brick:hasPoint demo:Rack-Power . demo:Rack-Power a brick:Power_Sensor ." + topic("B", "plant/b")
    table = Table(snapshot_of(before))
    client = MqttClient(MqttConfig("127.0.0.1", broker.port), snapshot_of(before), table.ingest, wall_clock)
    client.start()
    assert client.wait_connected(5)
    device = paho.Client(CallbackAPIVersion.VERSION2, "device")
    device.connect("127.0.0.1", broker.port)
    device.loop_start()
    for name in ("plant/b", "dc/hall/rack/power", "rare/rack/power", "rare/rack/power"):
        device.publish(name, "1", 1)
    assert wait_until(lambda: client.status().unbound == 4)

    table.ingest.rebind(point_facts(snapshot_of(after)))
    client.rebind(snapshot_of(after))

    assert [(one.topic, one.count) for one in client.unbound()] == [("rare/rack/power", 2)]
    device.publish("rare/rack/power", "1", 1)
    assert wait_until(lambda: [one.count for one in client.unbound()] == [3])
    client.close()
    device.disconnect()
    device.loop_stop()
    broker.stop()


def test_a_topic_far_from_every_bound_one_is_counted_too(tmp_path: Path) -> None:
    """A is bound on dc/a; what speaks on plant2/c is listed as unbound, since a wire listens to everything unless it is told otherwise."""
    broker = Mosquitto(tmp_path).start()
    config = MqttConfig("127.0.0.1", broker.port)
    graph = snapshot_of(topic("A", "dc/a"))
    client = MqttClient(config, graph, Table(graph).ingest, wall_clock)
    plant = MqttSimulator(config, bind_mqtt(snapshot_of(topic("C", "plant2/c"))))
    client.start()
    assert client.wait_connected(5)
    assert plant.start()

    assert wait_until(lambda: plant.publish({C: 3.0}, wall_clock()) > 0 and [one.topic for one in client.unbound()] == ["plant2/c"])
    client.close()
    plant.close()
    broker.stop()


@pytest.mark.quality("modbus", "follows-the-graph")
def test_a_modbus_register_is_read_from_the_revision_on_that_names_it() -> None:
    """A alone, then A and B over the same connection, then none at all."""
    port = free_port()

    def register(point: str, address: int) -> str:
        return f"""demo:GW a dcx:Modbus_Gateway ; dcx:host "127.0.0.1" ; dcx:port {port} . demo:E brick:hasPoint demo:{point} .
demo:{point} dcx:samplePeriod 0.2 ; ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ; dcx:address {address} ] ."""

    first, second = snapshot_of(register("A", 0)), snapshot_of(register("A", 0) + register("B", 1))
    devices = ModbusSimulator(bind_modbus(second), lambda: {A: 1.0, B: 2.0})
    devices.start()
    table = Table(first)
    client = ModbusClient(ModbusConfig(timeout_s=0.5), bind_modbus(first), table.ingest, wall_clock)
    client.start()
    assert wait_until(lambda: table.quality(A) == "GOOD")

    table.ingest.rebind(point_facts(second))
    client.rebind(bind_modbus(second))

    assert wait_until(lambda: table.quality(B) == "GOOD")
    assert table.value(B) == 2.0
    client.rebind(ModbusBindings())
    assert client.status() == []
    client.close()
    devices.close()
