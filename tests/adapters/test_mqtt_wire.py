"""The MQTT wire over real brokers: mosquitto, and the one embedded for the demo."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from adapters.mqtt import codec
from adapters.mqtt.bindings import bind
from adapters.mqtt.broker import EmbeddedBroker
from adapters.mqtt.client import MqttClient
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.simulator import MqttSimulator
from graph.commands import Command
from graph.ports import DeviceRefused
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.wired import Table, snapshot_of, wait_until, wall_clock

INLET, LOAD, SETPOINT = "urn:ridethrough:demo:Inlet", "urn:ridethrough:demo:Load", "urn:ridethrough:demo:Setpoint"
SITE = """
demo:CRAH-1 brick:hasPoint demo:Inlet , demo:Load , demo:Setpoint .
demo:Inlet brick:hasUnit unit:DEG_C ; dcx:samplePeriod 5 ; ref:hasExternalReference [ a dcx:MQTTReference ;
  dcx:topic "dc/crah1" ; dcx:jsonPointer "/inlet_f" ; dcx:timePointer "/t" ; dcx:sourceUnit unit:DEG_F ] .
demo:Load brick:hasUnit unit:KiloW ; dcx:samplePeriod 5 ; ref:hasExternalReference [ a dcx:MQTTReference ;
  dcx:topic "dc/load" ; dcx:sourceUnit unit:W ] .
demo:Setpoint brick:hasUnit unit:DEG_C ; ref:hasExternalReference [ a dcx:MQTTReference ;
  dcx:topic "dc/crah1/setpoint" ; dcx:jsonPointer "/value" ; dcx:commandTopic "dc/crah1/setpoint/set" ] .
"""


@pytest.fixture(params=["mosquitto 3.1.1", "mosquitto 5", "embedded 3.1.1"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MqttConfig]:
    """A running broker, by kind and protocol."""
    kind, protocol = request.param.split()
    broker: Mosquitto | EmbeddedBroker
    broker = Mosquitto(tmp_path) if kind == "mosquitto" else EmbeddedBroker(free_port())
    broker.start()
    yield MqttConfig("127.0.0.1", broker.port, client_id="twin-under-test", protocol=protocol)
    if isinstance(broker, Mosquitto):
        broker.stop()
    else:
        broker.close()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[MqttConfig]:
    """A running mosquitto, for what does not depend on the broker's kind."""
    broker = Mosquitto(tmp_path).start()
    yield MqttConfig("127.0.0.1", broker.port, client_id="twin-under-test")
    broker.stop()


@pytest.mark.quality("mqtt", "values-come-in-the-points-own-unit")
@pytest.mark.quality("mqtt", "has-a-simulator-on-the-real-protocol")
def test_a_plants_values_reach_their_points_in_the_points_own_unit(config: MqttConfig) -> None:
    """77 F is (77 - 32) / 1.8 = 25 C; 6300 W is 6.3 kW; the source time comes from the payload."""
    bindings = bind(snapshot_of(SITE))
    table = Table(snapshot_of(SITE))
    client = MqttClient(config, snapshot_of(SITE), table.ingest, wall_clock)
    plant = MqttSimulator(config, bindings)
    client.start()
    assert client.wait_connected(5)
    assert plant.start()
    at = datetime.now(UTC).replace(microsecond=123000)

    assert wait_until(lambda: plant.publish({INLET: 25.0, LOAD: 6.3}, at) > 0 and table.quality(LOAD) == "GOOD")
    assert wait_until(lambda: table.quality(INLET) == "GOOD")

    inlet = table.current.get(INLET)
    assert inlet is not None
    assert inlet.value == pytest.approx(25.0, abs=1e-5)
    assert inlet.observed_at == round(at.timestamp() * 1000)
    assert table.value(LOAD) == pytest.approx(6.3)
    plant.close()
    client.close()


def test_a_command_reaches_the_plant_once_and_is_not_kept_by_the_broker(config: MqttConfig) -> None:
    """The plant hears 24.5 once; who subscribes later hears nothing, because commands are not retained."""
    bindings = bind(snapshot_of(SITE))
    table = Table(snapshot_of(SITE))
    client = MqttClient(config, snapshot_of(SITE), table.ingest, wall_clock)
    heard: list[tuple[str, float]] = []
    plant = MqttSimulator(config, bindings, lambda point, value: heard.append((point, value)))
    client.start()
    assert client.wait_connected(5)
    assert plant.start()
    assert wait_until(lambda: _subscribed(plant))

    client.send(Command("urn:uuid:1", "k", SETPOINT, 24.5, "ann", "cooler", wall_clock()))

    assert wait_until(lambda: heard == [(SETPOINT, 24.5)])
    plant.close()
    late: list[bytes] = []
    listener = paho.Client(CallbackAPIVersion.VERSION2, "late")
    listener.on_message = lambda _c, _u, message: late.append(bytes(message.payload))
    listener.connect("127.0.0.1", config.port)
    listener.subscribe("dc/crah1/setpoint/set")
    for _ in range(5):
        listener.loop(0.1)
    assert late == []
    listener.disconnect()
    client.close()


def _subscribed(plant: MqttSimulator) -> bool:
    """Long enough after the connection for the subscription to have been taken."""
    return plant.ready.wait(5)


@pytest.mark.quality("mqtt", "unbound-is-listed")
def test_topics_that_nothing_listens_to_are_counted_with_the_reason(config: MqttConfig) -> None:
    """Two messages on dc/stranger: listed once, count 2, and why."""
    table = Table(snapshot_of(SITE))
    client = MqttClient(config, snapshot_of(SITE), table.ingest, wall_clock)
    client.start()
    assert client.wait_connected(5)
    speaker = paho.Client(CallbackAPIVersion.VERSION2, "stranger")
    speaker.connect("127.0.0.1", config.port)
    speaker.loop_start()

    def speak() -> bool:
        speaker.publish("dc/stranger", b"1")
        return bool(client.unbound())

    assert wait_until(speak)

    (unbound,) = client.unbound()
    assert unbound.topic == "dc/stranger"
    assert unbound.count >= 1
    assert unbound.reason == "no dcx:MQTTReference of the graph names this topic"
    speaker.disconnect()
    speaker.loop_stop()
    client.close()


def test_poison_is_a_bad_quality_and_a_dead_letter_and_the_next_good_value_counts(config: MqttConfig) -> None:
    """After 6300 W the payload NaN: the number stays 6.3 kW, the quality is BAD; after 6400 W all is well again."""
    table = Table(snapshot_of(SITE))
    client = MqttClient(config, snapshot_of(SITE), table.ingest, wall_clock)
    client.start()
    assert client.wait_connected(5)
    speaker = paho.Client(CallbackAPIVersion.VERSION2, "speaker")
    speaker.connect("127.0.0.1", config.port)
    speaker.loop_start()

    def say(payload: bytes, quality: str) -> bool:
        speaker.publish("dc/load", payload, qos=1)
        return wait_until(lambda: table.quality(LOAD) == quality, 1)

    assert wait_until(lambda: say(b"6300", "GOOD"))
    assert say(b"NaN", "BAD")
    assert table.value(LOAD) == pytest.approx(6.3)
    assert client.dead_letters()[-1].topic == "dc/load"
    assert say(b"6400", "GOOD")
    assert table.value(LOAD) == pytest.approx(6.4)
    speaker.disconnect()
    speaker.loop_stop()
    client.close()


def test_a_message_on_which_the_wire_itself_fails_is_buried_and_the_next_is_read(
    mosquitto: MqttConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A codec that breaks on one payload costs that message: it is logged and counted, and the worker lives."""
    table = Table(snapshot_of(SITE))
    client = MqttClient(mosquitto, snapshot_of(SITE), table.ingest, wall_clock)

    def breaks(payload: bytes, bytes_max: int) -> tuple[Any, str]:
        if payload == b"break":
            raise RecursionError("too deep")
        return codec.parse(payload, bytes_max)

    monkeypatch.setattr("adapters.mqtt.point.parse", breaks)
    client.start()
    assert client.wait_connected(5)
    speaker = paho.Client(CallbackAPIVersion.VERSION2, "speaker")
    speaker.connect("127.0.0.1", mosquitto.port)
    speaker.loop_start()

    def say(payload: bytes) -> bool:
        return bool(speaker.publish("dc/load", payload, qos=1))

    assert wait_until(lambda: say(b"break") and bool(client.dead_letters()))
    assert wait_until(lambda: say(b"6300") and table.quality(LOAD) == "GOOD")

    assert "could not be read; it is a dead letter" in caplog.text
    speaker.disconnect()
    speaker.loop_stop()
    client.close()


def test_a_plant_that_refuses_a_command_goes_on_speaking(mosquitto: MqttConfig, caplog: pytest.LogCaptureFixture) -> None:
    """The plant raises `ValueError` for 99 C: it is logged, and the next command arrives."""
    bindings = bind(snapshot_of(SITE))
    heard: list[float] = []

    def write(_point: str, value: float) -> None:
        if value > 60:
            raise ValueError("too hot")
        heard.append(value)

    client = MqttClient(mosquitto, snapshot_of(SITE), Table(snapshot_of(SITE)).ingest, wall_clock)
    plant = MqttSimulator(mosquitto, bindings, write)
    client.start()
    assert client.wait_connected(5)
    assert plant.start()
    assert plant.ready.wait(5)

    for value in (99.0, 24.5):
        client.send(Command("urn:uuid:1", "k", SETPOINT, value, "ann", "cooler", wall_clock()))

    assert wait_until(lambda: heard == [24.5])
    assert "the plant refuses 99" in caplog.text
    plant.close()
    client.close()


def test_a_command_is_refused_while_the_broker_is_away() -> None:
    """Nothing listens on the port: nothing was sent, and that is certain."""
    config = MqttConfig("127.0.0.1", free_port())
    client = MqttClient(config, snapshot_of(SITE), Table(snapshot_of(SITE)).ingest, wall_clock)
    client.start()

    with pytest.raises(DeviceRefused, match="is away: nothing was sent"):
        client.send(Command("urn:uuid:1", "k", SETPOINT, 24.5, "ann", "cooler", wall_clock()))

    client.close()


def test_a_busy_port_stops_the_embedded_broker_with_the_next_step() -> None:
    """Two brokers on one port: the second says which port, and what to do."""
    first = EmbeddedBroker(free_port())
    first.start()

    with pytest.raises(OSError, match="choose another port"):
        EmbeddedBroker(first.port).start()

    first.close()
