"""A twin whose process changes its role: what the broker kept for it is taken in by those that take in from then on, and not by it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from adapters.history.embedded import EmbeddedHistory
from graph.points import PointFacts
from tests.support.mosquitto import Mosquitto
from tests.support.mqtt_line import POINTS, SITE
from tests.support.wired import quads_of, wait_until
from twin.compose import Opened, open_ledger, open_twin
from twin.compose_service import Service, client_id_of
from twin.settings import Settings
from twin.sync import Wish

HEAD = "dc/hall/it/rack/"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A mosquitto that keeps what it has for who is away."""
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(tmp_path / "broker").start()
    yield broker
    broker.stop()


@pytest.fixture
def device(broker: Mosquitto) -> Iterator[paho.Client]:
    """A device."""
    device = paho.Client(CallbackAPIVersion.VERSION2, "device")
    device.connect("127.0.0.1", broker.port)
    device.loop_start()
    yield device
    device.disconnect()
    device.loop_stop()


def loaded(folder: Path) -> Path:
    """A data folder with the model."""
    opened = open_ledger(Settings.model_validate({"data": folder}), "test", read_only=False)
    opened.ledger.sync(Wish("test", quads_of(SITE)), author="test", reason="the site")
    opened.close()
    return folder


@contextmanager
def running(**settings: object) -> Iterator[tuple[Service, Opened]]:
    """A process of the twin, here."""
    opened = open_twin(Settings.model_validate(settings), "test", read_only=False)
    service = Service(opened)
    service.start()
    try:
        assert wait_until(lambda: not service.away()), service.away()
        yield service, opened
    finally:
        service.stop()
        opened.close()


def said(device: paho.Client, point: int, count: int) -> dict[int, float]:
    """So many values with their times; the broker has them."""
    first = time.time_ns() // 1_000_000
    values = {first + n: float(n) for n in range(count)}
    sent = [device.publish(f"{HEAD}p{point}", orjson.dumps({"v": value, "t": at}), 1) for at, value in values.items()]
    sent[-1].wait_for_publish(20)
    return values


def wires(service: Service) -> list[str]:
    """The places of its wires."""
    assert service.face.health is not None
    return [wire.place for wire in service.face.health().wires]


def kept(folder: Path, point: int) -> dict[int, float]:
    """What the history in a data folder has of a point."""
    history = EmbeddedHistory(folder / "history", read_only=True)
    series = history.series(POINTS[point], 0, 1 << 50, 100_000)
    history.close()
    return dict(zip(series.observed_at.tolist(), series.values.tolist(), strict=True))


@pytest.mark.parametrize(("before", "protocol"), [({}, "3.1.1"), ({"mqtt_share": "ridethrough"}, "5")])
def test_what_waits_for_a_process_that_now_only_answers_is_taken_in_by_those_that_take_in(
    before: dict[str, str], protocol: str, tmp_path: Path, broker: Mosquitto, device: paho.Client
) -> None:
    """From one process to roles over the same folder, with and without a group before: what was said in between is in history, a value
    without a time does not stand in for a newer one, and nothing waits at the broker for the process that was."""
    twin, common = loaded(tmp_path / "twin"), {"mqtt_url": broker.url, "mqtt_protocol": protocol}
    with running(data=twin, **common, **before):
        said(device, 0, 5)
    waited = said(device, 0, 300)
    device.publish(f"{HEAD}p1", "1.5", 1).wait_for_publish(10)

    ingest = tmp_path / "ingest"
    with (
        running(data=ingest, store=str(twin), role="ingest", **common) as (taking, _),
        running(data=twin, role="api", history=str(ingest / "history"), **common) as (answering, opened),
    ):
        device.publish(f"{HEAD}p1", "2.5", 1).wait_for_publish(10)
        assert wait_until(lambda: set(waited) <= set(kept(ingest, 0)), 30)
        assert wait_until(lambda: opened.twin.current.many(POINTS).values.tolist()[:2] == [299.0, 2.5])
        assert wait_until(lambda: len(wires(taking)) == 1), "the session is ended"
        later = said(device, 0, 50)
        assert wait_until(lambda: set(later) <= set(kept(ingest, 0)), 30)
        assert not answering.face.facts().unbound, "the process that answers has taken none of it"

    assert {at: kept(ingest, 0)[at] for at in waited} == waited
    assert set(kept(ingest, 1).values()) == {1.5, 2.5}
    assert waiting_for_the_old_one(twin, device, **common, **before) == []


def test_the_process_that_answers_tells_how_those_stand_that_take_in(tmp_path: Path, broker: Mosquitto, device: paho.Client) -> None:
    """Their wires, what they could not read, what is of no point: by process. Without one it says that nothing is taken in; of one that is
    gone it says that."""
    twin, common = loaded(tmp_path / "twin"), {"mqtt_url": broker.url}
    opened = open_twin(Settings.model_validate({"data": twin, "role": "api", **common}), "test", read_only=False)
    answering = Service(opened)
    answering.start()
    try:
        assert wait_until(lambda: answering.away() == ["mqtt: no process of role ingest is there: nothing is taken in"])
        taking = {"data": tmp_path / "ingest", "store": str(twin), "role": "ingest", "mqtt_client_id": "one", "mqtt_topics": "#", **common}
        with running(**taking):
            assert wait_until(lambda: not answering.away())
            for topic, payload in (("site/Rack-02/power", "5.5"), (f"{HEAD}p0", "1.5"), (f"{HEAD}p1", "warm"), (f"{HEAD}p7", "1")):
                device.publish(topic, payload, 1).wait_for_publish(10)
            place = f"127.0.0.1:{broker.port} at one"
            assert wait_until(lambda: place in wires(answering) and len(answering.face.facts().unbound) == 3)
            assert [(each.topic, each.count) for each in answering.face.facts().unbound] == [
                (f"{HEAD}p1", 1),
                (f"{HEAD}p7", 1),
                ("site/Rack-02/power", 1),
            ]
            assert answering.face.health is not None
            health = answering.face.health()
            (theirs,) = [wire for wire in health.wires if wire.place == place]
            assert (theirs.connected, theirs.messages >= 4, theirs.dead_letters, theirs.unbound) == (True, True, 1, 2)
            assert [(each.wire, each.topic, each.payload) for each in health.dead_letters] == [(f"mqtt {place}", f"{HEAD}p1", b"warm")]
        assert wait_until(lambda: answering.away() != [])
        (theirs,) = [wire for wire in answering.face.health().wires if wire.place == place]
        assert (theirs.connected, theirs.error) == (False, "the process is gone")
    finally:
        answering.stop()
        opened.close()


def test_a_part_that_fails_to_take_a_revision_holds_up_no_other_and_is_tried_again(
    tmp_path: Path, broker: Mosquitto, device: paho.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control cannot take it at first: the wire has it all the same, and control has it with the next tick."""
    with running(data=loaded(tmp_path / "twin"), mqtt_url=broker.url) as (service, opened):
        rebind, refused = service._control.rebind, list[int]()

        def once(points: Mapping[str, PointFacts]) -> None:
            if not refused:
                refused.append(len(points))
                raise TimeoutError("not now")
            rebind(points)
            refused.append(len(points))

        monkeypatch.setattr(service._control, "rebind", once)
        grown = SITE + "demo:Rack brick:hasPoint demo:P9 . demo:P9 dcx:samplePeriod 5 ; brick:hasUnit unit:KiloW .\n"
        opened.ledger.sync(Wish("test", quads_of(grown)), author="test", reason="one more")
        device.publish(f"{HEAD}p9", "7.5", 1).wait_for_publish(10)

        assert wait_until(lambda: opened.twin.current.many(["urn:ridethrough:demo:P9"]).values.tolist() == [7.5])
        assert wait_until(lambda: len(refused) == 2)
    assert refused == [5, 5]


def waiting_for_the_old_one(twin: Path, device: paho.Client, **settings: str) -> list[str]:
    """What the broker still gives to the client id of the first process."""
    device.publish(f"{HEAD}p0", "9", 1).wait_for_publish(10)
    version = paho.MQTTv5 if settings["mqtt_protocol"] == "5" else paho.MQTTv311
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id_of(Settings.model_validate({"data": twin})), protocol=version)
    heard: list[str] = []
    client._clean_session = False
    client.on_message = lambda _client, _user, message: heard.append(message.topic)
    client.connect("127.0.0.1", int(settings["mqtt_url"].rpartition(":")[2]))
    client.loop_start()
    time.sleep(0.5)
    client.disconnect()
    client.loop_stop()
    return heard
