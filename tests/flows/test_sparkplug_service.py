"""Sparkplug edge nodes on a real broker, written from the specification alone, and the whole service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from graph.values import Quality, Reason
from tests.support.mosquitto import Mosquitto
from tests.support.running import DEMO, Running
from tests.support.sparkplug_messages import got
from tests.support.sparkplug_node import EdgeNode, Tag, Teller
from tests.support.wired import wait_until

SITE = """
demo:Ups-1 brick:hasPoint demo:Load , demo:Limit . demo:Gw brick:hasPoint demo:Signal .
demo:Load brick:hasUnit unit:KiloW ; ref:hasExternalReference [ a dcx:SparkplugReference ; dcx:sparkplugDevice "hall/gw/ups-1" ;
  dcx:metricName "Load" ] .
demo:Limit brick:hasUnit unit:KiloW ; ref:hasExternalReference [ a dcx:SparkplugReference ; dcx:sparkplugDevice "hall/gw/ups-1" ;
  dcx:metricName "Limit" ; dcx:scale 0.001 ] .
demo:Signal ref:hasExternalReference [ a dcx:SparkplugReference ; dcx:sparkplugDevice "hall/gw" ; dcx:metricName "Signal" ] .
"""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker of the test's own."""
    (tmp_path / "broker").mkdir()
    running = Mosquitto(tmp_path / "broker").start()
    yield running
    running.stop()


def teller() -> Teller:
    ups = {"Load": Tag("Float", 12_500.0, unit="W"), "Limit": Tag("Int32", 40_000), "Spare": Tag("Double", 1.5)}
    return Teller("hall", "gw", {"": {"Signal": Tag("Int8", -61)}, "ups-1": ups}, bd_seq=3)


@pytest.mark.quality("mqtt", "sparkplug-by-the-real-protocol")
def test_a_node_that_waits_for_its_primary_host_is_born_heard_lost_asked_and_dies(tmp_path: Path, broker: Mosquitto) -> None:
    """Births wait for our STATE; values arrive; a lost message is found within seconds, marked, and healed by births that we ask for;
    a node that drops dead is said so by its will; the host says goodbye."""
    node = EdgeNode(broker.port, teller(), waits_for="twin")
    running = Running(tmp_path, broker, SITE, mqtt_sparkplug_host="twin")
    try:
        assert running.service._mqtt is not None
        node.begin()
        assert running.comes("Load", 12.5)
        assert running.comes("Signal", -61.0)
        node.say(node.teller.data({"Load": 13_000.0}, "ups-1"))
        assert running.comes("Load", 13.0)
        assert any(
            u.topic.endswith("DDATA/gw/ups-1 Spare") and "dcx:SparkplugReference" in u.suggestion for u in running.service._mqtt.unbound()
        )

        asked = node.asked
        node.teller.data({"Limit": 39_000}, "ups-1")
        node.say(node.teller.data({"Load": 14_000.0}, "ups-1"))
        assert wait_until(lambda: node.asked > asked)
        assert running.comes("Load", 14.0)
        assert running.comes("Limit", 39.0)
        assert running.service._mqtt.missing() == 1

        node.drop()
        assert running.comes("Load", 14.0, Quality.NO_COMMUNICATION, Reason.LINK)
        watcher = EdgeNode(broker.port, Teller("x", "y", {}))
        assert wait_until(lambda: watcher.states != [])
        assert orjson.loads(watcher.states[-1])["online"] is True
        running.service.stop()
        assert wait_until(lambda: orjson.loads(watcher.states[-1])["online"] is False)
        watcher.close()
    finally:
        running.close()


def test_a_service_that_comes_later_asks_and_a_command_is_read_back(tmp_path: Path, broker: Mosquitto) -> None:
    """The node was born long ago and says nothing: it is asked, and all values are there. A command goes out by alias and type, and is
    confirmed by the device's own word."""
    node = EdgeNode(broker.port, teller())
    node.begin()
    running = Running(tmp_path, broker, SITE, control=True, control_points=DEMO + "Limit")
    try:
        assert running.comes("Limit", 40.0)
        sent = running.service.face.commands.request(DEMO + "Limit", 35.0, "ada", "less")
        assert wait_until(lambda: any(topic.endswith("/DCMD/gw/ups-1") for topic, _ in node.commands))
        (payload,) = [payload for topic, payload in node.commands if "DCMD" in topic]
        assert [got(metric) for metric in payload.metrics] == [35_000]
        node.say(node.teller.data({"Limit": 35_000}, "ups-1"))
        assert running.comes("Limit", 35.0)
        assert sent is not None
    finally:
        running.close()
        node.close()
