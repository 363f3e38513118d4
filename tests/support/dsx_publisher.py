"""A building management system on the DSX Exchange BMS bus, written from the contract alone: it knows nothing of who listens.

Source: NVIDIA DSX Exchange, AsyncAPI "BMS Event Bus" 1.0.0. Metadata are retained and said again every 100 s, values when they change and
every 100 s, heartbeats every 10 s; here all of it when a test says so.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

ON_OFF = [{"value": 0, "text": "NotOperating"}, {"value": 1, "text": "Operating"}]
AVAILABLE = [{"value": 0, "text": "NotAvailable"}, {"value": 1, "text": "Available"}]
LEAK = [{"value": 0, "text": "NoLeak"}, {"value": 1, "text": "Leak"}]
ISOLATED = [{"value": 0, "text": "NotIsolated"}, {"value": 1, "text": "Isolated"}]
ASKED = [{"value": 0, "text": "NoIsolationRequested"}, {"value": 1, "text": "IsolationRequested"}]


@dataclass
class BmsPoint:
    """One point: its place on the bus, its metadata, and the value that it has."""

    object_type: str
    point_type: str
    tag_path: str
    metadata: dict[str, Any] = field(default_factory=dict)
    value: float | None = None

    @property
    def address(self) -> str:
        """What its topics share."""
        return f"{self.object_type}/{self.point_type}/{self.tag_path}"

    @property
    def described(self) -> dict[str, Any]:
        """The metadata payload."""
        return {"objectType": self.object_type, "pointType": self.point_type, **self.metadata}


def value_payload(value: float | None, at_ms: int | None = None, quality: int = 1) -> dict[str, Any]:
    """A value message."""
    return {"value": value, "timestamp": round(time.time() * 1000) if at_ms is None else at_ms, "quality": quality}


def small_plant(integration: str = "MEPAI") -> list[BmsPoint]:
    """Two meters in a row, the upper one with a UPS associated, two racks; a chiller, two CDUs, a pump at one; a CRAH; heartbeats."""

    def meter(name: str, serves: list[str]) -> list[BmsPoint]:
        ids = {"objectName": f"Meter {name}", "objectId": name, "servesId": serves}
        return [
            BmsPoint("PowerMeter", "ActivePower", f"site1/power/{name}/kw", {**ids, "engUnit": "kW"}, 120.0),
            BmsPoint("PowerMeter", "PhaseCurrent", f"site1/power/{name}/ia", {**ids, "engUnit": "A", "phase": "A"}, 160.0),
        ]

    def rack(name: str) -> list[BmsPoint]:
        ids = {"rackLocationName": f"Rack {name}", "rackLocationId": name}
        asked = {**ids, "stateText": ASKED, "integration": integration}
        return [
            BmsPoint("Rack", "RackPower", f"site1/hall1/{name}/power", {**ids, "engUnit": "kW"}, 60.0),
            BmsPoint("Rack", "RackLiquidSupplyTemperature", f"site1/hall1/{name}/tcs-supply", {**ids, "engUnit": "C"}, 32.0),
            BmsPoint("Rack", "RackLeakDetect", f"site1/hall1/{name}/leak", {**ids, "stateText": LEAK}, 0),
            BmsPoint("Rack", "RackLiquidIsolationStatus", f"site1/hall1/{name}/isolated", {**ids, "stateText": ISOLATED}, 0),
            BmsPoint("Rack", "RackLiquidIsolationRequest", f"site1/hall1/{name}/isolate", asked),
        ]

    def cdu(name: str) -> list[BmsPoint]:
        ids = {"objectName": f"CDU {name}", "objectId": name, "servesId": ["R01", "R02"]}
        supply = {**ids, "engUnit": "C", "processArea": ["Secondary", "Supply"]}
        return [
            BmsPoint("CDU", "LiquidTemperature", f"site1/cooling/{name}/supply", supply, 31.5),
            BmsPoint("CDU", "LiquidTemperature", f"site1/cooling/{name}/sp", {**supply, "isSetpoint": True}, 32.0),
            BmsPoint("CDU", "LiquidTemperatureSpRequest", f"site1/cooling/{name}/spr", {**supply, "integration": integration}),
            BmsPoint("CDU", "Available", f"site1/cooling/{name}/available", {**ids, "stateText": AVAILABLE}, 1),
        ]

    system = {"objectName": "Site BMS", "objectId": "BMS"}
    ours = {"integration": integration}
    return [
        *meter("PM-UPS", ["PM-RPP"]),
        *meter("PM-RPP", ["R01", "R02"]),
        BmsPoint("UPS", "Status", "site1/power/ups-a/status", {"associateId": "PM-UPS", "stateText": ON_OFF}, 1),
        BmsPoint("UPS", "Available", "site1/power/ups-a/available", {"associateId": "PM-UPS", "stateText": AVAILABLE}, 1),
        *rack("R01"),
        *rack("R02"),
        *cdu("CDU-1"),
        *cdu("CDU-2"),
        BmsPoint("Pump", "PumpSpeed", "site1/cooling/CDU-1/pump", {"associateId": "CDU-1", "engUnit": "RPM"}, 2900.0),
        BmsPoint(
            "Chiller",
            "LiquidTemperature",
            "site1/plant/ch-1/supply",
            {"objectName": "Chiller 1", "objectId": "CH-1", "servesId": ["CDU-1", "CDU-2", "CRAH-1"], "engUnit": "C"},
            18.0,
        ),
        BmsPoint(
            "CRAH",
            "AirTemperature",
            "site1/hall1/crah-1/supply",
            {"objectName": "CRAH 1", "objectId": "CRAH-1", "servesId": ["R01", "R02"], "engUnit": "C", "processArea": ["Supply"]},
            24.0,
        ),
        BmsPoint("System", "HeartbeatTimestampBms", "site1/bms/heartbeat", dict(system)),
        BmsPoint(
            "System", "HeartbeatTimestampIntegration", f"site1/{integration}/hb", {"objectName": "AI", "objectId": integration, **ours}
        ),
        BmsPoint("System", "HeartbeatEchoIntegration", f"site1/{integration}/echo", {**system, **ours}),
    ]


class DsxPublisher:
    """Connects, keeps what others say on the bus in `heard`, and publishes what it is told to."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "site-bms")
        self._client.on_message = lambda _c, _u, m: self.heard.append((m.topic, bytes(m.payload), m.retain))
        subscribed = Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_connect = lambda c, *_: c.subscribe("BMS/#", 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert subscribed.wait(5), "the broker took no subscription"

    def describe(self, points: Iterable[BmsPoint]) -> None:
        """Publish metadata, retained."""
        for point in points:
            self.say(f"BMS/v1/PUB/Metadata/{point.address}", point.described, retain=True)

    def forget(self, point: BmsPoint) -> None:
        """Clear the retained metadata of a point."""
        self.raw(f"BMS/v1/PUB/Metadata/{point.address}", b"", retain=True)

    def report(self, points: Iterable[BmsPoint]) -> None:
        """Publish the value of each point that has one."""
        for point in points:
            if point.value is not None:
                self.say(f"BMS/v1/PUB/Value/{point.address}", value_payload(point.value))

    def beat(self, point: BmsPoint) -> int:
        """Publish the BMS's own time on its heartbeat; gives it, ms."""
        at = round(time.time() * 1000)
        self.say(f"BMS/v1/PUB/Value/{point.address}", value_payload(at, at))
        return at

    def say(self, topic: str, document: Mapping[str, Any], *, retain: bool = False) -> None:
        """Publish JSON at QoS 1."""
        self.raw(topic, json.dumps(document).encode(), retain=retain)

    def raw(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish bytes at QoS 1."""
        self._client.publish(topic, payload, 1, retain)

    def flush(self) -> None:
        """Wait until the broker has taken all of it."""
        self._client.publish("flush", b"", 1).wait_for_publish(20)

    def from_others(self) -> list[tuple[str, bytes, bool]]:
        """What was heard that is not the BMS's own."""
        return [one for one in list(self.heard) if not one[0].startswith("BMS/v1/PUB/")]

    def close(self) -> None:
        """Leave the broker; the socket is closed when this returns."""
        gone = Event()
        self._client.on_disconnect = lambda *_: gone.set()
        self._client.disconnect()
        gone.wait(5)
        self._client.loop_stop()
        self._client.on_message = self._client.on_subscribe = self._client.on_connect = self._client.on_disconnect = None
