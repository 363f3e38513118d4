"""Devices that announce themselves by Home Assistant discovery on a real broker, and the whole service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.values import Quality, Reason
from tests.support.homeassistant_device import METER, PREFIX, Gateway, announcements
from tests.support.mosquitto import Mosquitto
from tests.support.running import Running
from tests.support.wired import wait_until

N = "urn:home-assistant:point/"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker of the test's own."""
    (tmp_path / "broker").mkdir()
    running = Mosquitto(tmp_path / "broker").start()
    yield running
    running.stop()


@pytest.mark.quality("mqtt", "homeassistant-by-the-real-protocol")
def test_devices_that_announce_themselves_become_points_with_live_values(tmp_path: Path, broker: Mosquitto) -> None:
    """Announced before the service is there, and kept by the broker: one revision; values and their loss; one is withdrawn, and nothing of
    it comes from the service itself: only the topics that were announced are listened to."""
    gateway = Gateway(broker.port)
    gateway.announce(announcements())
    gateway.say(METER, {"ENERGY": {"Power": 400, "Total": 7}}, retain=True)
    running = Running(tmp_path, broker, mqtt_topics="none/at/all")
    try:
        assert wait_until(lambda: running.opened.twin.snapshot.revision == 1)
        assert running.comes(N + "meter-7-total", 7.0, Quality.UNCERTAIN, Reason.RETAINED)
        gateway.say(METER, {"ENERGY": {"Power": 412.5, "Total": 7.25}})
        assert running.comes(N + "meter-7-power", 412.5)
        gateway.say("tele/rack-meter-7/LWT", "Offline", retain=True)
        assert running.comes(N + "meter-7-power", 412.5, Quality.NO_COMMUNICATION, Reason.LINK)

        gateway.say(f"{PREFIX}/switch/relay/config", "", retain=True)
        assert wait_until(lambda: running.opened.twin.snapshot.revision == 2)
        assert running.opened.twin.snapshot.find(N + "relay-3") is None
        assert [source.name for source in running.opened.ledger.sources()] == ["home-assistant"]
    finally:
        running.close()
        gateway.close()
