"""From a broker to a screen: what is published is followed, kept, drawn and accounted for. A real mosquitto, the whole service, GraphQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from ontology.namespaces import DEMO
from ontology.terms import QuadBlock
from resolvers.limits import Limits
from tests.support.mosquitto import Mosquitto
from tests.support.served import listening
from tests.support.wired import snapshot_of, wait_until
from twin.compose import open_twin
from twin.compose_service import Service
from twin.http import WebRules, build_app
from twin.settings import Settings
from twin.sync import Wish

LOAD, INLET = DEMO + "Load", DEMO + "Inlet"
SITE = """
demo:CRAH-1 a brick:CRAH ; brick:hasPoint demo:Inlet , demo:Load .
demo:Load a brick:Active_Power_Sensor ; brick:hasUnit unit:KiloW ; dcx:samplePeriod 60 ; ref:hasExternalReference [
  a dcx:MQTTReference ; dcx:topic "dc/load" ; dcx:sourceUnit unit:W ] .
demo:Inlet a brick:Supply_Air_Temperature_Sensor ; brick:hasUnit unit:DEG_C ; dcx:samplePeriod 60 ; ref:hasExternalReference [
  a dcx:MQTTReference ; dcx:topic "dc/inlet" ] .
"""
HEALTH = """{ dataHealth { quality { quality count } readings { news unknown } wires { name connected error messages deadLetters unbound }
  sources { id points } equipment { id quality { quality count } } unbound { topic count } deadLetters { topic payload reason }
  history { samples error missed } } }"""


class Screen:
    """What asks and follows."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer."""
        answer = self._client.post("/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    @contextmanager
    def following(self, query: str) -> Iterator[Any]:
        """What gives the next event's data."""
        address = f"ws://{self._client.base_url.host}:{self._client.base_url.port}/graphql"
        with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            socket.send('{"type": "connection_init"}')
            assert orjson.loads(socket.recv(timeout=30)) == {"type": "connection_ack"}
            socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}).decode())
            yield lambda: orjson.loads(socket.recv(timeout=60))["payload"]["data"]


@contextmanager
def plant(folder: Path) -> Iterator[tuple[Screen, paho.Client, Mosquitto]]:
    """The site behind the service, a device that speaks, and the broker between them."""
    (folder / "broker").mkdir()
    broker = Mosquitto(folder / "broker").start()
    opened = open_twin(Settings.model_validate({"data": folder / "data", "mqtt_url": broker.url}), "test", read_only=False)
    facts = [(*quad[:3], "urn:test:site") for quad in snapshot_of(SITE).block()]
    opened.ledger.sync(Wish("site", QuadBlock.of(facts)), author="tests", reason="the site")
    service = Service(opened)
    service.start()
    device = paho.Client(CallbackAPIVersion.VERSION2)
    device.connect("127.0.0.1", broker.port)
    device.loop_start()
    try:
        assert wait_until(lambda: not service.away()), service.away()
        with listening(build_app(service.face, service, WebRules(frozenset({"127.0.0.1"}), (), 256 * 1024, Limits()))) as client:
            yield Screen(client), device, broker
    finally:
        device.loop_stop()
        device.disconnect()
        service.stop()
        opened.close()
        broker.stop()


def test_what_is_published_is_followed_kept_drawn_and_accounted_for(tmp_path: Path) -> None:
    """6,300 W is 6.3 kW on the screen and in the trend. A stranger's topic is listed, and a payload that is no number, whose point is bad.
    When the broker goes, its wire says so."""
    begun = datetime.now(UTC) - timedelta(minutes=1)
    with plant(tmp_path) as (screen, device, broker):
        with screen.following('subscription { readings(entity: "demo:CRAH-1") { point value { value quality } } }') as next_event:
            first = next_event()["readings"]
            device.publish("dc/load", b"6300", qos=1).wait_for_publish(20)
            second = next_event()["readings"]
        device.publish("dc/stranger", b"1", qos=1).wait_for_publish(20)
        device.publish("dc/inlet", b"warm", qos=1).wait_for_publish(20)
        accounted = wait_until(lambda: bool((now := screen.ask(HEALTH)["dataHealth"])["deadLetters"] and now["unbound"]))
        health = screen.ask(HEALTH)["dataHealth"]
        asked = "query($p: [ID!]!, $since: DateTime!) { history(points: $p, since: $since, maxPoints: 100) { value quality } }"
        trend = screen.ask(asked, p=[LOAD, INLET], since=begun.isoformat())["history"]
        broker.stop()
        gone = wait_until(lambda: not screen.ask(HEALTH)["dataHealth"]["wires"][0]["connected"])

    assert [(row["point"], row["value"]["quality"]) for row in first] == [(INLET, "NO_VALUE"), (LOAD, "NO_VALUE")]
    assert second == [{"point": LOAD, "value": {"value": 6.3, "quality": "GOOD"}}]
    assert (accounted, gone) == (True, True)
    assert {each["quality"]: each["count"] for each in health["quality"]} == {"GOOD": 1, "BAD": 1}
    assert health["equipment"][0]["id"] == DEMO + "CRAH-1"
    assert health["sources"] == [{"id": "site", "points": 2}]
    assert "dc/stranger" in {each["topic"] for each in health["unbound"]}
    assert (health["deadLetters"][0]["topic"], health["deadLetters"][0]["payload"]) == ("dc/inlet", "warm")
    assert health["wires"][0]["deadLetters"] == 1
    assert health["history"]["samples"] >= 1
    assert (trend[0]["value"], trend[0]["quality"]) == ([6.3], ["GOOD"])
    assert set(trend[1]["quality"]) <= {"BAD"}
