"""An edge node on Sparkplug B 3.0, written from the specification alone: it knows nothing of who listens.

`Teller` makes its messages, one after the other; `EdgeNode` has them on a broker: death by will, births, data, births again when asked.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.sparkplug_messages import TYPES, message, put


@dataclass
class Tag:
    """One metric: its data type and value; `quality` as a property, where it is not good; `unit` as gateways name it."""

    kind: str
    value: Any
    quality: int | None = None
    unit: str = ""


@dataclass
class Teller:
    """The messages of one node: `devices` by name, the node's own metrics under the empty one."""

    group: str
    node: str
    devices: dict[str, dict[str, Tag]]
    aliases: bool = True
    bd_seq: int = 0
    at: int = 0
    """When it says something, ms; 0 is now."""
    seq: int = -1
    sent: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.group}/{self.node}"

    @property
    def now(self) -> int:
        return self.at or round(time.time() * 1000)

    def topic(self, kind: str, device: str = "") -> str:
        """Where a kind of message goes."""
        return f"spBv1.0/{self.group}/{kind}/{self.node}" + (f"/{device}" if device else "")

    def births(self) -> list[tuple[str, bytes]]:
        """The node's birth, and those of its devices."""
        self.seq = -1
        own = {"Node Control/Rebirth": Tag("Boolean", False), **self.devices.get("", {})}
        made = [self._message("NBIRTH", "", own, born=True, bd_seq=self.bd_seq)]
        return made + [self.birth(device) for device in self.devices if device]

    def birth(self, device: str) -> tuple[str, bytes]:
        """The birth of one device."""
        return self._message("DBIRTH", device, self.devices[device], born=True)

    def data(self, values: Mapping[str, Any], device: str = "", at: int = 0, *, historical: bool = False) -> tuple[str, bytes]:
        """New values of some of a device's metrics, by name; `at`: when they were so, if not now."""
        tags = self.devices.get(device, {})
        if not historical:
            for name, value in values.items():
                tags[name].value = value
        told = {name: Tag(tags[name].kind, value, tags[name].quality) for name, value in values.items()}
        return self._message("DDATA" if device else "NDATA", device, told, at=at, historical=historical)

    def death(self, device: str = "") -> tuple[str, bytes]:
        """The death of a device; of the node itself where none is named."""
        if device:
            return self._message("DDEATH", device, {})
        payload = message()(timestamp=self.now)
        metric = payload.metrics.add(name="bdSeq", datatype=TYPES["UInt64"], timestamp=self.now)
        metric.long_value = self.bd_seq
        return self.topic("NDEATH"), payload.SerializeToString()

    def _message(
        self,
        kind: str,
        device: str,
        tags: Mapping[str, Tag],
        *,
        born: bool = False,
        bd_seq: int | None = None,
        at: int = 0,
        historical: bool = False,
    ) -> tuple[str, bytes]:
        self.seq = (self.seq + 1) % 256
        payload = message()(timestamp=self.now, seq=self.seq)
        if bd_seq is not None:
            payload.metrics.add(name="bdSeq", datatype=TYPES["UInt64"], timestamp=self.now, long_value=bd_seq)
        for name, tag in tags.items():
            metric = payload.metrics.add(timestamp=at or self.now)
            if born or not self.aliases:
                metric.name, metric.datatype = name, TYPES[tag.kind]
            if self.aliases:
                metric.alias = self.alias(device, name)
            if historical:
                metric.is_historical = True
            put(metric, tag.kind, tag.value)
            if tag.quality is not None:
                metric.properties.keys.append("Quality")
                metric.properties.values.add(type=TYPES["Int32"], int_value=tag.quality)
            if tag.unit and born:
                metric.properties.keys.append("engUnit")
                metric.properties.values.add(type=TYPES["String"], string_value=tag.unit)
        return self.topic(kind, device), payload.SerializeToString()

    def alias(self, device: str, name: str) -> int:
        """Unique over the node's metrics, and large."""
        names = [(one, each) for one, tags in self.devices.items() for each in tags]
        return (names.index((device, name)) if (device, name) in names else 9_999) + (1 << 33)


class EdgeNode:
    """A node on a broker. Returns from its constructor when it listens to commands; `begin` says the births."""

    def __init__(self, port: int, teller: Teller, *, waits_for: str = "") -> None:
        """`waits_for`: the id of the primary host, on whose STATE the births wait."""
        self.teller, self.commands, self.states = teller, list[Any](), list[bytes]()
        self.asked = 0
        self._host, self._online = waits_for, Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, f"{teller.group}-{teller.node}", clean_session=True)
        self._client.will_set(*teller.death(), qos=1)
        ready = Event()
        self._client.on_message = self._heard
        self._client.on_subscribe = lambda *_: ready.set()
        topics = [(teller.topic("NCMD"), 0), (teller.topic("DCMD") + "/+", 0), (f"spBv1.0/STATE/{waits_for or '+'}", 1)]
        self._client.on_connect = lambda client, *_: client.subscribe(topics)
        self._client.connect("127.0.0.1", port, keepalive=60)
        self._client.loop_start()
        assert ready.wait(20), "the broker took no subscription"

    def begin(self) -> None:
        """Say the births, when the primary host is there."""
        assert not self._host or self._online.wait(20), f"host {self._host} is not online"
        for told in self.teller.births():
            self.say(told)

    def say(self, told: tuple[str, bytes]) -> None:
        """Publish one message, at QoS 0."""
        self._client.publish(*told, 0)

    def _heard(self, _client: paho.Client, _user: Any, heard: paho.MQTTMessage) -> None:
        if "/STATE/" in heard.topic:
            self.states.append(bytes(heard.payload))
            if b'"online":true' in heard.payload.replace(b" ", b""):
                self._online.set()
            return
        payload = message().FromString(heard.payload)
        self.commands.append((heard.topic, payload))
        if any(metric.name == "Node Control/Rebirth" for metric in payload.metrics):
            self.asked += 1
            for told in self.teller.births():
                self.say(told)

    def drop(self) -> None:
        """Be gone without a word: the broker says the will."""
        self._client.loop_stop()
        sock = self._client.socket()
        if sock is not None:
            sock.close()
        self._client._reset_sockets(sockpair_only=True)  # the library leaves the pair that wakes it to the collector

    def close(self) -> None:
        """Say the death, and leave."""
        gone = Event()
        self._client.on_disconnect = lambda *_: gone.set()
        self._client.publish(*self.teller.death(), 1).wait_for_publish(10)
        self._client.disconnect()
        gone.wait(5)
        self._client.loop_stop()
        self._client.on_message = self._client.on_subscribe = self._client.on_connect = self._client.on_disconnect = None
