"""A plant that plugs in by DSX Exchange while the service is killed: values between metadata and graph; a real mosquitto, the service as a
process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crashing import Nursery
from tests.support.dsx_publisher import BmsPoint, DsxPublisher, value_payload
from tests.support.mosquitto import Mosquitto
from tests.support.wired import wait_until

VALUES = 60


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    """What forks services."""
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A mosquitto as it comes: 20 messages under way at once."""
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(tmp_path / "broker").start()
    yield broker
    broker.stop()


def test_a_kill_between_metadata_and_graph_loses_no_value(nursery: Nursery, broker: Mosquitto, tmp_path: Path) -> None:
    """One metadata message, then values 20 ms apart; the service dies as soon as some wait for their point, and comes again: each that was
    said is in history once, the newest is current."""
    service = nursery.service(tmp_path / "twin", mqtt_url=broker.url)
    fan = BmsPoint("Fan", "FanSpeed", "hall/f1", {"objectName": "F", "objectId": "F-1", "engUnit": "RPM"})
    point = f"urn:dsx-exchange:point/{fan.address}"
    service.start()
    service.wait()
    assert wait_until(lambda: not service.away())
    bms = DsxPublisher(broker.port)
    service.arm("early.kept", 5)
    began, said = round(time.time() * 1000), []
    try:
        bms.describe([fan])
        for value in range(VALUES):
            said.append((round(time.time() * 1000), float(value)))
            bms.say(f"BMS/v1/PUB/Value/{fan.address}", value_payload(float(value), said[-1][0]))
            time.sleep(0.02)
        bms.flush()
        assert service.ended(20), "the kill did not bite"

        service.start()
        service.wait()

        assert wait_until(lambda: service.metric("ridethrough_points") == 1), service.log()
        assert wait_until(lambda: service.current(point) == said[-1]), service.log()
        assert service.samples(point, began, began + 600_000) == said
        service.stop()
        assert (service.data / "early.jsonl").read_bytes() == b""
    finally:
        bms.close()
