"""What a running service has been refused or has lost is told by `/readyz` and data health."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

import pytest

from graph.values import Quality, ReadingBatch
from tests.flows.test_wishes import wish
from tests.support.wired import snapshot_of, wait_until
from twin.compose import open_twin
from twin.compose_service import Service
from twin.settings import Settings
from twin.sync import Wish

SITE = "demo:E brick:hasPoint demo:P . demo:P brick:hasUnit unit:DEG_C ."
CONNACK, SUBACK_REFUSED = b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x80"


@pytest.fixture
def refusing() -> Iterator[int]:
    """The port of a broker that takes everybody (MQTT 3.1.1) and refuses the first subscription."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            taken, _ = server.accept()
            with taken:
                taken.recv(65_536)
                taken.sendall(CONNACK)
                taken.recv(65_536)
                taken.sendall(SUBACK_REFUSED)
                while taken.recv(65_536):
                    pass

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(20)


def test_what_is_refused_and_what_a_recording_has_no_room_for_is_told(tmp_path: Path, refusing: int) -> None:
    """A subscription refused by the broker, a wish in another source's graph, and a reading beyond `record_mb`; the wire is connected."""
    given = {"data": tmp_path / "data", "mqtt_url": f"mqtt://127.0.0.1:{refusing}", "mqtt_protocol": "3.1.1"}
    given |= {"record": str(tmp_path / "recordings"), "record_mb": 0.00001}
    with ExitStack() as stack:
        opened = open_twin(Settings.model_validate(given), "test", read_only=False)
        stack.callback(opened.close)
        opened.ledger.sync(Wish("site", snapshot_of(SITE).block()), author="test", reason="the site")
        service = Service(opened)
        stack.callback(service.stop)
        service.start()

        service._wishes.offer(wish("a", "one", graph="urn:ridethrough:source:site"))
        service.sink.accept(ReadingBatch.of([("urn:ridethrough:demo:P", 1.0, 1, 1, Quality.GOOD)]))

        assert wait_until(lambda: len(service.away()) == 3), service.away()
        broker, refused, recording = service.away()
    assert broker.startswith("mqtt: the broker refuses 1 of our ")
    assert refused.startswith("what a says of the plant is refused: ")
    assert recording.startswith("recording: 1 messages are not in the file")
