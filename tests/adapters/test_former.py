"""A session that is nobody's any more, over a real mosquitto: when it is given up, and when not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import paho.mqtt.client as paho
import pytest

from adapters.mqtt.client import MqttClient
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.dialect import Dialect
from adapters.mqtt.former import Former
from adapters.mqtt.relay_codec import Left
from tests.support.mosquitto import Mosquitto
from tests.support.mqtt_line import SITE
from tests.support.wired import Taken, snapshot_of, wait_until, wall_clock


class Slow(MqttClient):
    """A wire that hears late that its subscriptions are taken, as where a machine is busy."""

    def __init__(self, config: MqttConfig, dialects: Sequence[Dialect]) -> None:
        self.hears = Event()
        super().__init__(config, snapshot_of(SITE), Taken(), wall_clock, dialects)

    def _on_subscribe(self, client: paho.Client, user: Any, number: int, reasons: Sequence[Any], properties: Any) -> None:
        self.hears.wait(30)
        super()._on_subscribe(client, user, number, reasons, properties)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A mosquitto."""
    broker = Mosquitto(tmp_path).start()
    yield broker
    broker.stop()


@pytest.fixture
def slow(broker: Mosquitto) -> Iterator[tuple[Former, Slow]]:
    """One that is connected, and does not listen yet."""
    config = MqttConfig("127.0.0.1", broker.port, client_id="one", share_group="ridethrough")
    former = Former(config, Left("before", ()), [], Slow, 0)
    wire = former.wire
    assert isinstance(wire, Slow)
    former.start()
    assert wait_until(lambda: wire.status().connections == 1)
    yield former, wire
    wire.hears.set()
    former.close()


def is_over(former: Former) -> bool:
    """Whether nothing is left to do after one more step."""
    former.step()
    return former.over


def test_a_session_whose_subscriptions_are_not_taken_yet_is_not_given_up(slow: tuple[Former, Slow]) -> None:
    """The broker answers, and is slow: it goes on as soon as it can, and the session is ended."""
    former, wire = slow

    former.step()

    assert not former.over
    wire.hears.set()
    assert wait_until(lambda: is_over(former))
    assert wire.status().messages > 0, "its mark has come"


def test_a_session_whose_connection_breaks_is_given_up(
    slow: tuple[Former, Slow], broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    """It stays as it is, and it is told why."""
    former, wire = slow
    wire.hears.set()
    assert wire.wait_connected(20)

    broker.kill()

    assert wait_until(lambda: is_over(former))
    assert "what waits in the session before could not be had: is gone" in caplog.text
