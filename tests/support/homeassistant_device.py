"""Devices that announce themselves by Home Assistant discovery, as two families of gateways do: in full, and abbreviated.

They know nothing of who listens. `announcements` gives topics and payloads; `Gateway` keeps them, and says states, on a broker.
"""

from __future__ import annotations

import json
from threading import Event
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

PREFIX = "homeassistant"
METER, ROOM = "tele/rack-meter-7/SENSOR", "zigbee2mqtt/hall 1"


def announcements() -> dict[str, dict[str, Any]]:
    """A meter by abbreviations, a climate sensor in full, a relay, and one of a whole device at once."""
    meter = {"ids": ["meter-7"], "name": "Rack meter 7", "mf": "Acme"}
    short = {
        "~": "tele/rack-meter-7",
        "stat_t": "~/SENSOR",
        "avty_t": "~/LWT",
        "pl_avail": "Online",
        "pl_not_avail": "Offline",
        "dev": meter,
    }
    room = {"identifiers": "0x00158d0001", "name": "Hall 1", "via_device": "bridge"}
    there = [{"topic": "zigbee2mqtt/bridge/state", "value_template": "{{ value_json.state }}"}]
    full = {"state_topic": ROOM, "availability": there, "device": room}
    return {
        f"{PREFIX}/sensor/meter-7/power/config": {
            **short,
            "name": "Power",
            "uniq_id": "meter-7-power",
            "val_tpl": "{{value_json['ENERGY']['Power'] | float}}",
            "unit_of_meas": "W",
            "dev_cla": "power",
            "exp_aft": 60,
        },
        f"{PREFIX}/sensor/meter-7/total/config": {
            **short,
            "name": "Total",
            "uniq_id": "meter-7-total",
            "val_tpl": "{{ value_json.ENERGY.Total }}",
            "unit_of_meas": "kWh",
            "dev_cla": "energy",
        },
        f"{PREFIX}/sensor/0x00158d0001/temperature/config": {
            **full,
            "name": "Temperature",
            "unique_id": "0x00158d0001_temperature",
            "value_template": "{{ value_json.temperature }}",
            "unit_of_measurement": "°C",
            "device_class": "temperature",
        },
        f"{PREFIX}/binary_sensor/0x00158d0001/leak/config": {
            **full,
            "name": "Leak",
            "unique_id": "0x00158d0001_leak",
            "value_template": "{{ value_json.water_leak }}",
            "payload_on": True,
            "payload_off": False,
            "device_class": "moisture",
        },
        f"{PREFIX}/switch/relay/config": {
            "name": "Relay 3",
            "uniq_id": "relay-3",
            "stat_t": "shelly/relay/3",
            "cmd_t": "shelly/relay/3/set",
        },
        f"{PREFIX}/device/cdu-9/config": {
            "dev": {"ids": "cdu-9", "name": "CDU 9"},
            "o": {"name": "cdu-bridge"},
            "stat_t": "cdu/9/state",
            "cmps": {
                "supply": {
                    "p": "sensor",
                    "uniq_id": "cdu-9-supply",
                    "unit_of_meas": "°C",
                    "dev_cla": "temperature",
                    "val_tpl": "{{value_json.t[0]}}",
                },
                "mode": {"p": "climate", "uniq_id": "cdu-9-mode"},
                "gone": {"p": "sensor"},
            },
        },
    }


class Gateway:
    """Those devices on a broker."""

    def __init__(self, port: int) -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "gateway")
        ready = Event()
        self._client.on_connect = lambda *_: ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert ready.wait(20), "the broker does not answer"

    def announce(self, documents: dict[str, dict[str, Any]]) -> None:
        """Publish configurations, retained."""
        for topic, document in documents.items():
            self.say(topic, document, retain=True)

    def say(self, topic: str, document: Any, *, retain: bool = False) -> None:
        """Publish at QoS 1: text as it is, anything else as JSON."""
        payload = document if isinstance(document, str) else json.dumps(document)
        self._client.publish(topic, payload, 1, retain).wait_for_publish(20)

    def close(self) -> None:
        """Leave the broker."""
        gone = Event()
        self._client.on_disconnect = lambda *_: gone.set()
        self._client.disconnect()
        gone.wait(5)
        self._client.loop_stop()
        self._client.on_connect = self._client.on_disconnect = None
