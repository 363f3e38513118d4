"""A device that speaks a form of its own on a real broker, a mapping file, and the whole service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.errors import GraphError
from tests.support.homeassistant_device import Gateway
from tests.support.mosquitto import Mosquitto
from tests.support.running import Running
from tests.support.wired import wait_until

SITE = "demo:Pdu-3 brick:hasPoint demo:Pdu-3-Load . demo:Pdu-3-Load brick:hasUnit unit:KiloW ; dcx:samplePeriod 60 ."
MAP = """
[[map]]
topic = "acme/{unit}/state"
at = "/out/watts"
point = "demo:{unit}-Load"
unit = "W"
"""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker of the test's own."""
    (tmp_path / "broker").mkdir()
    running = Mosquitto(tmp_path / "broker").start()
    yield running
    running.stop()


@pytest.mark.quality("mqtt", "mapping-by-the-real-protocol")
def test_a_device_of_a_form_of_its_own_is_read_by_the_mapping_file(tmp_path: Path, broker: Mosquitto) -> None:
    """The service listens to what the file names, and to nothing else; what is of no point is told with the entry; a file that cannot
    work stops the start."""
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    device = Gateway(broker.port)
    running = Running(tmp_path, broker, SITE, mqtt_mapping=str(tmp_path / "map.toml"), mqtt_topics="none/at/all")
    try:
        device.say("acme/Pdu-3/state", {"out": {"watts": 1250}})
        assert running.comes("Pdu-3-Load", 1.25)
        device.say("acme/Pdu-4/state", {"out": {"watts": 1}})
        wire = running.service._mqtt
        assert wire is not None
        assert wait_until(lambda: [one.reason for one in wire.unbound()] == ["map.toml: [[map]] 1: the graph has no point demo:Pdu-4-Load"])
    finally:
        running.close()
        device.close()
    (tmp_path / "map.toml").write_text(MAP + "colour = 3", encoding="utf-8")
    with pytest.raises(GraphError, match=r"a setting of mqtt: .*colour is no key"):
        Running(tmp_path, broker, SITE, mqtt_mapping=str(tmp_path / "map.toml"))
