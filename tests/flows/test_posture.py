"""Live posture: a breaker position comes in over a wire, and who has lost redundancy is told over the socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import get_ident
from typing import Any

import orjson
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from adapters.mqtt.broker import EmbeddedBroker
from graph.stores.memory import MemoryStore
from graph.values import Quality, ReadingBatch, Slots
from ontology.namespaces import DCX, DEMO, RDF, REF
from ontology.terms import KeyQuad, QuadBlock, literal
from ontology.vocabulary import load_vocabulary
from resolvers.limits import Limits
from tests.support.mosquitto import free_port
from tests.support.served import listening
from tests.support.wired import Table, snapshot_of, wait_until, wall_clock
from twin.compose import open_twin
from twin.compose_demo import build_site
from twin.compose_service import Service, Wires
from twin.events import PostureChanged
from twin.http import WebRules, build_app
from twin.ingest import ValueWriter
from twin.posture import PostureWatch
from twin.settings import Settings
from twin.state import Twin
from twin.sync import Wish

SITE = """
demo:Feed-A a dcx:Utility_Feed ; brick:hasPoint demo:Available . demo:Available a dcx:Source_Available_Status .
demo:Feed-A dcx:feedsPower demo:Q-A1 . demo:Feed-B a dcx:Utility_Feed ; dcx:feedsPower demo:R1, demo:R2 .
demo:Q-A1 a brick:Circuit_Breaker ; dcx:feedsPower demo:R1, demo:R2 ; brick:hasPoint demo:Position, demo:Load .
demo:Position a dcx:Breaker_Position_Status . demo:Load a brick:Active_Power_Sensor .
demo:R1 a brick:ICT_Rack . demo:R2 a brick:ICT_Rack .
"""


class Watched:
    """A small twin whose posture is watched."""

    def __init__(self) -> None:
        self.table = Table(snapshot_of(SITE))
        self.twin = Twin(load_vocabulary(), snapshot_of(SITE), self.table.current, self.table.bus, wall_clock)
        self.told: Queue[PostureChanged] = Queue()
        self.watch = PostureWatch(self.twin, self.table.bus)
        self.table.bus.subscribe(PostureChanged, self.told.put)

    def read(self, *rows: tuple[str, float], quality: Quality = Quality.GOOD) -> None:
        at = int(wall_clock().timestamp() * 1000)
        self.table.ingest.accept(ReadingBatch.of([(DEMO + point, value, at, at, quality) for point, value in rows]))

    def next(self) -> str:
        return self.told.get(timeout=20).change.message

    def quiet(self) -> bool:
        with pytest.raises(Empty):
            self.told.get(timeout=0.3)
        return True


@pytest.fixture
def watched() -> Iterator[Watched]:
    """The watch, started, with the breaker known to be closed."""
    one = Watched()
    one.read(("Position", 1.0), ("Available", 1.0))
    one.watch.start()
    assert wait_until(lambda: one.watch.posture is not None)
    yield one
    one.watch.close()


def test_a_breaker_that_opens_is_told_with_who_lost_redundancy_and_once(watched: Watched) -> None:
    """Q-A1 feeds both racks beside B: it opens, both hang by B. The same reading again, and one of its load, is no news."""
    watched.read(("Position", 0.0))
    first = watched.next()
    watched.read(("Position", 0.0), ("Load", 7.0))

    assert first == "2 racks have just lost redundancy: demo:Q-A1 opened"
    assert watched.quiet()


def test_a_source_that_is_not_available_is_told_and_so_is_its_return(watched: Watched) -> None:
    """Feed-A says 0, then 1."""
    watched.read(("Available", 0.0))
    lost = watched.next()
    watched.read(("Available", 1.0))

    assert lost == "2 racks have just lost redundancy: demo:Feed-A is out of service"
    assert watched.next() == "2 racks have just regained redundancy: demo:Feed-A is back in service"


def test_what_changes_at_the_same_time_is_one_event(watched: Watched) -> None:
    """Breaker and source in one batch: one event with both reasons."""
    watched.read(("Position", 0.0), ("Available", 0.0))

    assert watched.next() == "2 racks have just lost redundancy: demo:Feed-A is out of service, demo:Q-A1 opened"
    assert watched.quiet()


def test_who_brings_readings_looks_up_no_name_for_those_who_listen(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the posture watched and values written: the change is told, and the publisher's thread has found the points of no slot."""
    publisher, asked = get_ident(), list[int]()
    points = watched.table.current.points

    def named(slots: Slots) -> list[str]:
        asked.extend([get_ident()] * (get_ident() == publisher))
        return points(slots)

    monkeypatch.setattr(watched.table.current, "points", named)
    writer = ValueWriter(MemoryStore(), watched.table.current, watched.table.bus)
    watched.read(("Position", 0.0))

    assert watched.next() == "2 racks have just lost redundancy: demo:Q-A1 opened"
    assert asked == []
    writer.close()


def test_a_change_of_the_model_renews_the_posture(watched: Watched) -> None:
    """R2 gets a name: no news. R2 loses its cord to B in the model: it hangs by Q-A1 and Feed-A from now on."""
    cord = "demo:Feed-B a dcx:Utility_Feed ; dcx:feedsPower demo:R1, demo:R2"

    watched.twin.replace(snapshot_of(SITE + 'demo:R2 rdfs:label "rack two" .'))
    quiet = watched.quiet()
    watched.twin.replace(snapshot_of(SITE.replace(cord, cord.removesuffix(", demo:R2"))))

    assert quiet
    assert watched.next() == "1 rack has just lost redundancy: the model changed (revision 1)"


def test_a_feed_that_goes_by_the_ledger_is_told_with_its_revision(tmp_path: Path) -> None:
    """R2 is taken off B in revision 2, where the supply graph is put right and not compiled anew; in revision 3 it is put on again."""
    opened = open_twin(Settings.model_validate({"data": tmp_path}), "test", read_only=False)
    told: Queue[PostureChanged] = Queue()
    opened.bus.subscribe(PostureChanged, told.put)
    feed = (DEMO + "Feed-B", DCX + "feedsPower", DEMO + "R2", "urn:test")
    facts = [(*quad[:3], "urn:test") for quad in snapshot_of(SITE).block()]

    def say(quads: list[KeyQuad]) -> None:
        opened.ledger.sync(Wish("test", QuadBlock.of(quads)), author="tests", reason="feeds")

    say(facts)
    watch = PostureWatch(opened.twin, opened.bus)
    watch.start()
    assert wait_until(lambda: watch.posture is not None)
    say([quad for quad in facts if quad != feed])
    lost = told.get(timeout=20).change.message
    say(facts)
    regained = told.get(timeout=20).change.message
    watch.close()
    opened.close()

    assert lost == "1 rack has just lost redundancy: the model changed (revision 2)"
    assert regained == "1 rack has just regained redundancy: the model changed (revision 3)"


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, Callable[[float], None]]]:
    """The demo's site behind the real service, one breaker's position on MQTT: the address, and what publishes that position."""
    broker = EmbeddedBroker(free_port())
    broker.start()
    opened = open_twin(Settings.model_validate({"data": folder}), "test", read_only=False)
    build_site(opened, racks=20, seed=1)
    point, reference, graph = DEMO + "Breaker-UPS-A-Output.Position", "_:mqtt", "urn:test:wiring"
    facts = [
        (point, REF + "hasExternalReference", reference, graph),
        (reference, RDF + "type", DCX + "MQTTReference", graph),
        (reference, DCX + "topic", literal("test/breaker"), graph),
    ]
    opened.ledger.sync(Wish("test", QuadBlock.of(facts)), author="tests", reason="wiring")
    service = Service(opened, Wires(broker.url, False, {}))
    service.start()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    rules = WebRules(frozenset({"127.0.0.1"}), (), 256 * 1024, Limits())
    try:
        with listening(build_app(service.face, service, rules)) as web:
            yield f"ws://{web.base_url.host}:{web.base_url.port}/graphql", lambda value: _publish(client, value)
    finally:
        client.loop_stop()
        client.disconnect()
        service.stop()
        opened.close()
        broker.close()


def _publish(client: paho.Client, value: float) -> None:
    client.publish("test/breaker", str(value), qos=1).wait_for_publish(5)


def test_a_position_published_by_mqtt_is_an_event_on_the_socket(tmp_path: Path) -> None:
    """The demo's site of 20 racks, one of them on side A alone: the output breaker of UPS-A reports closed, then open. Whoever subscribed
    hears that the one is dark, that those on both sides have lost their redundancy, and why."""
    asked = "subscription { posture { message lost { count racks } dark { count } because { id act text } racks { all hanging dark } } }"
    with served(tmp_path / "data") as (address, publish), connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        _say(socket, {"type": "connection_init"})
        assert _hear(socket) == {"type": "connection_ack"}
        publish(1.0)
        _say(socket, {"id": "1", "type": "subscribe", "payload": {"query": asked}})
        before = _hear(socket)["payload"]["data"]["posture"]
        for position in (0.0, 1.0):  # where the breaker stands is known from here on, whenever its first position was taken in
            publish(position)
            _hear(socket)
        publish(0.0)
        event = _hear(socket)["payload"]["data"]["posture"]

    assert before["lost"]["count"] == 0
    assert (event["lost"]["count"], len(event["lost"]["racks"]), event["dark"]["count"], event["racks"]["dark"]) == (18, 18, 1, 1)
    assert event["message"] == "1 rack has just gone dark, 18 racks lost redundancy: demo:Breaker-UPS-A-Output opened"
    assert event["because"] == [
        {"id": DEMO + "Breaker-UPS-A-Output", "act": "OPENED", "text": "demo:Breaker-UPS-A-Output opened"},
    ]


def _say(socket: Any, message: dict[str, Any]) -> None:
    socket.send(orjson.dumps(message).decode())


def _hear(socket: Any) -> dict[str, Any]:
    told: dict[str, Any] = orjson.loads(socket.recv(timeout=30))
    return told
