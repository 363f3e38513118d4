"""What a wire leaves behind when it ends: no thread, no connection; and a second end does nothing."""

from __future__ import annotations

import threading
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it has no types
import pytest

from adapters.modbus.bindings import bind
from adapters.modbus.client import ModbusClient
from adapters.mqtt.client import MqttClient
from adapters.mqtt.config import MqttConfig
from tests.support.http_wire import POWER, wire
from tests.support.liar import Liar
from tests.support.modbus_wired import PATIENT, A, holding, site
from tests.support.mosquitto import Mosquitto
from tests.support.wired import Table, snapshot_of, wait_until, wall_clock


def connections_to(port: int) -> int:
    """How many connections to a port this process has made and not let go of."""
    return sum(bool(each.raddr) and each.raddr.port == port for each in psutil.Process().net_connections("tcp"))


@pytest.mark.quality("mqtt", "ends-cleanly")
def test_mqtt_leaves_nothing_behind(tmp_path: Path) -> None:
    """After it was connected to a broker."""
    broker = Mosquitto(tmp_path).start()
    snapshot, before = snapshot_of(""), set(threading.enumerate())
    client = MqttClient(MqttConfig("127.0.0.1", broker.port), snapshot, Table(snapshot).ingest, wall_clock)
    client.start()
    assert client.wait_connected(20)
    assert connections_to(broker.port) == 1

    client.close()
    client.close()

    assert set(threading.enumerate()) <= before
    assert connections_to(broker.port) == 0
    broker.stop()


@pytest.mark.quality("modbus", "ends-cleanly")
def test_modbus_leaves_nothing_behind() -> None:
    """After it has read a device. The device is a thread of the test's own, whose side of the connection is not counted."""
    device = Liar(holding({0: 7})).start()
    snapshot, before = snapshot_of(site(device.port)), set(threading.enumerate())
    table = Table(snapshot)
    client = ModbusClient(PATIENT, bind(snapshot), table.ingest, wall_clock)
    client.start()
    assert wait_until(lambda: table.quality(A) == "GOOD")
    assert connections_to(device.port) == 1

    client.close()
    client.close()

    assert not {each.name for each in set(threading.enumerate()) - before if each.name.startswith("modbus")}
    assert connections_to(device.port) == 0
    device.close()


@pytest.mark.quality("http", "ends-cleanly")
def test_http_leaves_nothing_behind(tmp_path: Path) -> None:
    """After it has taken a reading and begun to keep what it counts."""
    with wire(tmp_path) as first:  # what the process keeps for good, a pool of its web server's, is made here
        first.send([{"point": POWER, "value": 1}])
    before = set(threading.enumerate())
    with wire(tmp_path) as one:
        one.app.start()
        assert one.send([{"point": POWER, "value": 1}]).json()["taken"] == 1
        port = one.client.base_url.port
        assert port

    one.app.close()

    assert set(threading.enumerate()) <= before
    assert connections_to(port) == 0
