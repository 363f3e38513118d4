"""The demo's plant: the site made once, an embedded broker, simulated devices on Modbus and MQTT, and the clock that steps them."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

import numpy as np
import orjson

from adapters.modbus.bindings import bind as bind_modbus
from adapters.modbus.client import ModbusClient
from adapters.modbus.config import Endpoint, ModbusConfig
from adapters.modbus.simulator import ModbusSimulator
from adapters.mqtt.bindings import bind as bind_mqtt
from adapters.mqtt.broker import EmbeddedBroker
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.simulator import MqttSimulator
from graph.commands import Command
from graph.errors import GraphError, UnknownEntity
from graph.names import no_entity
from graph.ports import DeviceRefused, DeviceUnknown, TwinStore
from graph.snapshot import Snapshot
from graph.values import ReadingBatch, Samples, Slots
from ontology.namespaces import BRICK, DCX
from twin.compose import Opened
from twin.compose_service import Wires
from twin.compose_store import now, store_of, vocabulary_of
from twin.demo.plant import Plant
from twin.demo.site import generate
from twin.settings import Settings
from twin.sync import Wish, snapshot_of

_log = logging.getLogger(__name__)

SOURCE = "demo"
STEP_S = 1.0
"""Seconds between two steps of the plant."""
PUBLISH_STEPS = 5
"""Steps between two messages of a rack: the sample period that the site gives them, seconds."""
PLACE_FILE = "demo.json"
"""In the data folder while the demo runs: where its simulated devices listen."""
LOOPBACK = "127.0.0.1"
HEARD_S, HEARD_POLL_S = 10.0, 0.1
"""How long, and how often, it is looked whether the running twin has read what was done to the plant."""


def build_site(opened: Opened, racks: int, seed: int) -> None:
    """Make the synthetic site and commit it as what source `demo` says."""
    wish = Wish(SOURCE, generate(racks=racks, seed=seed))
    settings = opened.settings
    opened.ledger.sync(wish, author=settings.author, reason=f"synthetic site, seed {seed}")


class DemoPlant:
    """The plant behind the demo: it knows nothing of the twin but the graph that it was built from."""

    def __init__(self, opened: Opened, seed: int) -> None:
        """Nothing listens and nothing moves before `start`."""
        twin = opened.twin
        self._place = opened.settings.data / PLACE_FILE
        self._plant = Plant(twin.snapshot, twin.vocabulary, twin.newest.supply(), seed)
        self._stop, self._stack = Event(), ExitStack()
        self._endpoints = {gateway: Endpoint(LOOPBACK, _free_port()) for gateway in _gateways(opened)}
        self._broker = EmbeddedBroker()
        self._devices = ModbusSimulator(bind_modbus(twin.snapshot, self._endpoints), self._plant.values, self._plant.write)
        self._mqtt_bindings = bind_mqtt(twin.snapshot)

    @property
    def wires(self) -> Wires:
        """Where the service reaches the plant."""
        return Wires(self._broker.url, True, {gateway: str(endpoint) for gateway, endpoint in self._endpoints.items()})

    def start(self) -> None:
        """Listen and move. Raises `GraphError` when a port is taken."""
        self._plant.step(STEP_S, now())
        try:
            self._broker.start()
            self._stack.callback(self._broker.close)
            self._devices.start()
            self._stack.callback(self._devices.close)
        except OSError as error:
            raise GraphError(str(error)) from None
        publisher = MqttSimulator(MqttConfig.from_url(self._broker.url, "demo-plant"), self._mqtt_bindings, self._plant.write)
        publisher.start()
        self._stack.callback(publisher.close)
        thread = Thread(target=self._run, args=(publisher,), name="plant", daemon=True)
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(self._stop.set)
        self._place.write_bytes(orjson.dumps({"endpoints": self.wires.modbus_endpoints, "mqtt": self._broker.url}))
        self._stack.callback(self._place.unlink, missing_ok=True)

    def stop(self) -> None:
        """End every thread and every listener. A second call does nothing."""
        self._stack.close()

    def _run(self, publisher: MqttSimulator) -> None:
        steps, due = 0, time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + STEP_S, time.monotonic())
            try:
                self._plant.step(STEP_S, now())
                if steps % PUBLISH_STEPS == 0:
                    publisher.publish(self._plant.values(), now())
            except Exception:
                _log.exception("a step of the plant failed; it goes on")
            steps += 1


def _gateways(opened: Opened) -> list[str]:
    snapshot = opened.twin.snapshot
    return sorted(snapshot.key(n) for n in snapshot.instances(opened.twin.vocabulary.subclasses(DCX + "Modbus_Gateway")))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class _Deaf:
    """Takes readings and forgets them: the one who operates a breaker by hand looks at it, not at us."""

    def slots(self, points: Sequence[str]) -> Slots:
        """No point is known."""
        return np.full(len(points), -1, np.int32)

    def take(self, samples: Samples) -> None:
        """Nothing."""

    def accept(self, batch: ReadingBatch) -> None:
        """Nothing."""

    def early(self, batch: ReadingBatch) -> int:
        """Nothing."""
        return len(batch)


def operate(settings: Settings, breaker: str, *, closed: bool) -> bool:
    """Write the position of a breaker of the running demo, over Modbus, and wait until the twin has read it: whether it has, within
    `HEARD_S`. Raises `GraphError` with the next step."""
    endpoints = _running(settings.data / PLACE_FILE)
    store = store_of(settings, "simulate", read_only=True)
    try:
        snapshot = snapshot_of(store)
        point = _position_point(settings, snapshot, breaker)
        client = ModbusClient(ModbusConfig(), bind_modbus(snapshot, endpoints), _Deaf(), now)
        client.start()
        try:
            _write_once(client, Command(str(uuid4()), str(uuid4()), point, float(closed), settings.author, "simulate", now()))
        finally:
            client.close()
        return _heard(store, point, float(closed), int(now().timestamp() * 1000))
    finally:
        store.close()


def _heard(store: TwinStore, point: str, value: float, since_ms: int) -> bool:
    """Wait until the store has that value of a point, observed since then."""
    until = time.monotonic() + HEARD_S
    while time.monotonic() < until:
        kept = store.values()
        at = kept.points.index(point) if point in kept.points else None
        if at is not None and kept.values[at] == value and kept.observed_at[at] >= since_ms:
            return True
        time.sleep(HEARD_POLL_S)
    return False


def _write_once(client: ModbusClient, command: Command) -> None:
    if not client.serves(command.point):
        raise GraphError(f"{command.point} is no coil or holding register: its breaker cannot be operated from here")
    try:
        client.send(command)
    except (DeviceRefused, DeviceUnknown) as error:
        raise GraphError(f"the plant did not take it: {error}") from None


def _running(place: Path) -> dict[str, Endpoint]:
    with suppress(OSError, ValueError):
        return {gateway: Endpoint.parse(text) for gateway, text in orjson.loads(place.read_bytes())["endpoints"].items()}
    raise GraphError(f"no demo runs on {place.parent}: start `ridethrough demo --data {place.parent}` in another terminal")


def _position_point(settings: Settings, snapshot: Snapshot, breaker: str) -> str:
    number = snapshot.find(breaker)
    if number is None:
        raise UnknownEntity(no_entity(snapshot, breaker))
    kinds = vocabulary_of(settings).subclasses(DCX + "Breaker_Position_Status")
    points = [*snapshot.objects(number, BRICK + "hasPoint"), *snapshot.subjects(BRICK + "isPointOf", number)]
    found = sorted(snapshot.key(point) for point in points if kinds.intersection(snapshot.types(point)))
    if not found:
        raise GraphError(f"{breaker} has no dcx:Breaker_Position_Status point: give a breaker, a tie or another switch")
    return found[0]
