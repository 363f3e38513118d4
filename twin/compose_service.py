"""The running service: wires, ingest, control and the values' way to the store, around one twin.

Rules of this file:

1. Every thread that `start` begins, `stop` ends, in the opposite order.
2. What has a deadline (silence, commands) never waits for the store.
3. When the graph has a new revision, points and bindings of every wire are renewed from it before anybody else hears of it.
"""

from __future__ import annotations

import gc
import logging
import platform
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from threading import Event, Lock, Thread

from adapters.modbus.bindings import ModbusBindings
from adapters.modbus.bindings import bind as bind_modbus
from adapters.modbus.client import ModbusClient
from adapters.modbus.config import Endpoint, ModbusConfig
from adapters.modbus.maps import Maps, read_folder
from adapters.mqtt.client import MqttClient
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.dialect import Dialect
from adapters.mqtt.relay_status import Standing
from adapters.mqtt.relayed import Relayed
from adapters.mqtt.session import Session
from adapters.mqtt.strays import UnboundTopic
from graph.errors import GraphError, StoreUnavailable
from graph.points import point_facts
from graph.ports import DevicePort, History, ReadingSink
from graph.snapshot import Snapshot
from graph.watched import Watched
from ontology.namespaces import expand
from resolvers.context import Face, ServiceFacts, Unbound
from twin.compose import Opened
from twin.compose_commands import BusFeed, control_of
from twin.compose_health import HealthWatch, together
from twin.compose_history import KeptHistory
from twin.compose_mqtt import session_of
from twin.compose_replay import recorder_of
from twin.compose_roles import Passing, broker_for, spoken_by
from twin.compose_store import now, store_name
from twin.early import Early
from twin.events import GraphChanged
from twin.ingest import Ingest, ValueWriter
from twin.meant import Meant
from twin.posture import PostureWatch
from twin.replay import RecordedSink
from twin.settings import Settings
from twin.virtual import VirtualFlow
from twin.wishes import Wishes

_log = logging.getLogger(__name__)

EARLY_FILE = "early.jsonl"
"""In the data folder: readings of points that have been announced and are not in the graph yet."""
UNBOUND_TOLD = 1000
"""Unusable references, unbound topics and poisoned ones that one answer lists."""
TICK_S = 1.0
"""How often silence is looked for, commands are looked after, and a shared store is asked for revisions of others."""
FOLLOW_END_S = 2.0
"""How long the end waits for a store that does not answer; its thread then ends with the process."""


@dataclass(frozen=True)
class Wires:
    """Where the telemetry comes from: a broker's address (empty for none), and whether and where gateways are polled."""

    mqtt_url: str
    modbus: bool
    modbus_endpoints: Mapping[str, str]


def broker_of(mqtt_url: str) -> MqttConfig:
    """The broker that a setting names. Raises `GraphError`."""
    try:
        return MqttConfig.from_url(mqtt_url)
    except ValueError as error:
        raise GraphError(f"setting 'mqtt_url': {error}") from None


def client_id_of(settings: Settings) -> str:
    """The same after each restart, and another for each twin: two clients of one id throw each other off the broker."""
    place = f"{platform.node()}:{settings.data.resolve()}"
    return settings.mqtt_client_id or f"ridethrough-{blake2b(place.encode(), digest_size=5).hexdigest()}"


class Service:
    """One twin with its wires. `start`, then `face` serves; `stop` ends all of it."""

    def __init__(self, opened: Opened, wires: Wires | None = None, *, moving: bool = False) -> None:
        """`moving`: the service is ready only when live values have come in (the demo's promise)."""
        settings = opened.settings
        self._opened, self._moving = opened, moving
        self._wires = wires or Wires(settings.mqtt_url, settings.modbus, settings.modbus_endpoints)
        self._stack, self._stop = ExitStack(), Event()
        self._store_error = ""
        self._binding, self._unbound = Lock(), False
        self._told: list[Callable[[], Sequence[str]]] = []
        try:
            self._compose(opened, settings)
        except BaseException:
            self._stack.close()
            raise

    def _compose(self, opened: Opened, settings: Settings) -> None:
        twin = opened.twin
        watched = Watched.over(twin.snapshot)
        self._reads = watched.reads
        points = point_facts(watched, twin.vocabulary)
        self._kept = KeptHistory(settings, twin.vocabulary, now)
        self._stack.callback(self._kept.close)
        self._kept.rebind(watched, points)
        self._kept.catch_up(twin.current)
        self._recorder = recorder_of(settings)
        if self._recorder is not None:
            self._stack.callback(self._recorder.close)
        self._broker = self._broker_config()
        self._passing = Passing(settings, self._broker, twin.current)
        early = Early(settings.data / EARLY_FILE if self._kept.taking is not None else None)
        self._ingest = Ingest(twin.current, opened.bus, now, points, self._kept.taking, self._passing.onward, early)
        self._endpoints, self._maps = self._parsed_endpoints(), self._register_maps()
        self._sink: ReadingSink = self._ingest
        if self._recorder is not None:
            self._sink = RecordedSink(self._ingest, twin.current.points, self._recorder.note)
        self._virtual = VirtualFlow(twin.current, self._ingest, opened.bus, now, twin.vocabulary)
        self._wishes = Wishes(opened.ledger)
        self._relayed: Relayed | None = None
        self._mqtt = self._own_wire(watched, self._broker) if self._broker is not None else None
        self._modbus = self._modbus_client(watched)
        devices: list[DevicePort] = [device for device in (self._mqtt, self._modbus) if device is not None]
        self._control = control_of(opened, devices, self._stack)
        self._health = HealthWatch(twin.current, self._ingest, lambda: self._kept.history, self._sessions, self._modbus, self._others)
        self.face = Face(
            twin,
            twin.current,
            now,
            self._control,
            BusFeed(opened.bus),
            self._facts,
            settings.author,
            opened.ledger,
            settings.rdf_write,
            health=self._health.now,
            meant=Meant(twin).of,
            virtual=self._virtual.explained,
            kept=self._kept.history,
        )
        self._stack.callback(self.face.jobs.close)

    @property
    def history(self) -> History | None:
        """What was read, None where nothing is kept."""
        return self._kept.history

    @property
    def ingest(self) -> Ingest:
        """Where readings go."""
        return self._ingest

    @property
    def sink(self) -> ReadingSink:
        """Where readings go that have come without messages: the same, and they are recorded as readings if anything is."""
        return self._sink

    # -- life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to listen to the wires. Raises `GraphError` for a setting that no wire can work with."""
        opened = self._opened
        answers = opened.settings.role != "ingest"
        if answers:
            writer = ValueWriter(opened.store, opened.twin.current, opened.bus)
            writer.start()
            self._stack.callback(writer.close)
            self._wishes.start()
            self._stack.callback(self._wishes.close)
        self._kept.start()
        self._passing.start(self._mqtt, lambda config, spoken: self._mqtt_client(opened.twin.snapshot, config, spoken), self._standing)
        self._stack.callback(self._passing.close)
        for wire in (self._mqtt, self._modbus):
            if wire is not None:
                wire.start()
                self._stack.callback(wire.close)
        self._stack.callback(opened.bus.subscribe(GraphChanged, self._renew))
        if answers:
            self._virtual.start(opened.twin.snapshot)
            self._stack.callback(self._virtual.close)
            watch = PostureWatch(opened.twin, opened.bus)
            watch.start()
            self._stack.callback(watch.close)
            self._begin("loads", opened.twin.renew_loads)
        self._begin("follower", self._follow, end_s=FOLLOW_END_S)
        self._begin("ticker", self._ingest.sweep, self._control.tick, self._health.tick, self._bind_again)
        gc.freeze()  # the graph stays: no collection need walk through it again
        self._stack.callback(gc.unfreeze)
        self._stack.callback(self._stop.set)

    def stop(self) -> None:
        """End every thread; what waits is written. A second call does nothing."""
        self._stack.close()

    def _parsed_endpoints(self) -> dict[str, Endpoint]:
        try:
            return {expand(gateway): Endpoint.parse(text) for gateway, text in self._wires.modbus_endpoints.items()}
        except ValueError as error:
            raise GraphError(f"setting 'modbus_endpoints': {error}") from None

    def _register_maps(self) -> Maps:
        folder = self._opened.settings.modbus_maps
        if folder and not Path(folder).is_dir():
            raise GraphError(f"setting 'modbus_maps': {folder} is no folder: make it, or correct the setting")
        return read_folder(Path(folder)) if folder else Maps()

    def _broker_config(self) -> MqttConfig | None:
        if not self._wires.mqtt_url:
            return None
        settings = self._opened.settings
        try:
            return replace(
                broker_of(self._wires.mqtt_url),
                client_id=client_id_of(settings),
                topics=settings.mqtt_topics,
                protocol=settings.mqtt_protocol,
                share_group=settings.mqtt_share,
                ca_file=settings.mqtt_ca_file,
                cert_file=settings.mqtt_cert_file,
                key_file=settings.mqtt_key_file,
                batch_bytes_max=round(settings.mqtt_batch_mb * 1_048_576),
            )
        except ValueError as error:
            raise GraphError(f"a setting of mqtt: {error}") from None

    def _own_wire(self, snapshot: Snapshot, broker: MqttConfig) -> MqttClient:
        settings = self._opened.settings
        try:
            spoken = spoken_by(settings, broker)
            self._relayed = next((each for each in spoken if isinstance(each, Relayed)), None)
            config = broker_for(settings, broker)
            return self._mqtt_client(snapshot, config, spoken, session_of(settings, config))
        except (OSError, ValueError) as error:
            raise GraphError(f"a setting of mqtt: {error}") from None

    def _mqtt_client(self, snapshot: Snapshot, config: MqttConfig, spoken: Sequence[Dialect], session: Session | None = None) -> MqttClient:
        role = self._opened.settings.role
        wishes = None if role == "ingest" else self._wishes.offer
        if self._recorder is None or role == "api":  # what others pass on is recorded as the readings that it is
            return MqttClient(config, snapshot, self._sink, now, spoken, wishes, session=session)
        return MqttClient(config, snapshot, self._ingest, now, spoken, wishes, self._recorder.note, session)

    def _modbus_client(self, snapshot: Snapshot) -> ModbusClient | None:
        if not self._wires.modbus:
            return None
        bindings = self._modbus_bindings(snapshot)
        wishes = None if self._opened.settings.role == "ingest" else self._wishes.offer
        return ModbusClient(ModbusConfig(), bindings, self._sink, now, wishes)

    def _modbus_bindings(self, snapshot: Snapshot) -> ModbusBindings:
        return bind_modbus(snapshot, self._endpoints, self._maps, self._opened.settings.modbus_points)

    def _renew(self, event: GraphChanged) -> None:
        """Rule 3. A change that touches nothing that was read for them costs nothing here."""
        if event.change is None or self._reads.touched_by(event.change):
            self._rebind(event.snapshot)

    def _rebind(self, snapshot: Snapshot) -> None:
        """Points first, then what reads them. What fails holds up no other, and is tried again with the tick."""
        with self._binding:
            self._unbound = False
            watched = Watched.over(snapshot)
            self._reads = watched.reads
            points = point_facts(watched, self._opened.twin.vocabulary)
            acts: list[Callable[[], None]] = [
                lambda: self._kept.rebind(watched, points),
                lambda: self._ingest.rebind(points),
                lambda: self._control.rebind(points),
                lambda: self._passing.rebind(watched),
            ]
            if (mqtt := self._mqtt) is not None:
                acts.append(lambda: mqtt.rebind(watched))
            if (modbus := self._modbus) is not None:
                acts.append(lambda: modbus.rebind(self._modbus_bindings(watched)))
            for act in acts:
                try:
                    act()
                except Exception:
                    self._unbound = True
                    _log.exception("a part of the service could not take revision %d of the graph; it is tried again", snapshot.revision)

    def _bind_again(self) -> None:
        if self._unbound:
            self._rebind(self._opened.twin.snapshot)

    def _begin(self, name: str, *acts: Callable[[], None], end_s: float | None = None) -> None:
        """Do the acts every `TICK_S` in a thread of their own, whose end is waited for, for `end_s` at most."""
        thread = Thread(target=self._tick, args=acts, name=name, daemon=True)
        thread.start()
        self._stack.callback(thread.join, end_s)

    def _tick(self, *acts: Callable[[], None]) -> None:
        while not self._stop.wait(TICK_S):
            for act in acts:
                try:
                    act()
                except Exception:
                    _log.exception("a tick of the service failed; it goes on")

    def _follow(self) -> None:
        """Take the revisions and the branches that another process has committed to a shared store."""
        try:
            self._opened.ledger.follow()
        except StoreUnavailable as error:
            self._store_error = str(error)
        else:
            self._store_error = ""

    # -- what is told about it ------------------------------------------------------------------------------------

    def reasons(self) -> list[str]:
        """Why the service is not ready; none when it is."""
        found = [f"store: {self._store_error}"] if self._store_error else []
        if self._moving and self._opened.twin.current.live() == 0:
            found.append("values: none has come in yet")
        return found + [why for told in self._told for why in told()]

    def listen_to(self, reasons: Callable[[], Sequence[str]]) -> None:
        """Somebody else, too, says why it is not ready."""
        self._told.append(reasons)

    def away(self) -> list[str]:
        """The wires that do not answer now or refuse us a part, what is refused of what devices say, and what a recording has no room for.
        The service is ready without them: their points' quality tells of it."""
        found = [f"history: {error}"] if (error := self._kept.error()) else []
        if self._mqtt is not None and (not (status := self._mqtt.status()).connected or status.error):
            found.append(f"mqtt: the broker {status.error or 'does not answer'}")
        found += [f"what {source} says of the plant is refused: {why}" for source, why in sorted(self._wishes.refused().items())]
        if self._recorder is not None and (missed := self._recorder.missed):
            found.append(f"recording: {missed:,} messages are not in the file: it is full (record_mb), or the log says why")
        if self._relayed is not None and not any(self._relayed.processes().values()):
            found.append("mqtt: no process of role ingest is there: nothing is taken in")
        if self._modbus is not None:
            found += [f"modbus: {each.endpoint} does not answer: {each.error}" for each in self._modbus.status() if not each.connected]
        return found

    def _sessions(self) -> list[tuple[str, MqttClient]]:
        """Our own with the broker, and those of other processes that are held here."""
        if self._mqtt is None or self._broker is None:
            return []
        place = f"{self._broker.host}:{self._broker.port}"
        return [(place, self._mqtt), *((f"{place} for {name}", wire) for name, wire in sorted(self._passing.wires().items()))]

    def _others(self) -> dict[str, Standing]:
        """How the processes that take in for this one stand; one that is gone has no wire that answers."""
        if self._relayed is None:
            return {}
        there = self._relayed.processes()
        gone = "the process is gone"
        return {
            name: standing
            if there.get(name)
            else replace(standing, wires=[replace(wire, connected=False, error=gone, rate_s=0.0) for wire in standing.wires])
            for name, standing in sorted(self._relayed.standing().items())
        }

    def _standing(self) -> Standing:
        """How this process stands; what the graph alone tells, whoever answers knows."""
        heard = [UnboundTopic(u.topic, u.count, u.last_at, u.reason, u.suggestion) for u in self._unread() if u.count]
        return self._health.standing(heard)

    def _facts(self) -> ServiceFacts:
        current, settings = self._opened.twin.current, self._opened.settings
        return ServiceFacts(store_name(settings), settings.control, len(current), current.live(), self._unread()[:UNBOUND_TOLD])

    def _unread(self) -> list[Unbound]:
        """What no value comes from: references that no wire can use (as of their revision), topics without a point, and poison."""
        snapshot = self._opened.twin.snapshot
        wires = [wire for wire in (self._mqtt, self._modbus) if wire is not None]
        found = [Unbound(u.target or u.point, 0, snapshot.at, u.reason) for wire in (*wires, self._virtual) for u in wire.unusable()]
        waits = "its point is announced and not in the graph yet: so many readings wait for it"
        found += [Unbound(point, count, snapshot.at, waits) for point, count in sorted(self._ingest.waiting().items())]
        if self._mqtt is not None:
            wires_of_brokers = [wire for _, wire in self._sessions()]
            topics = [u for wire in wires_of_brokers for u in wire.unbound(UNBOUND_TOLD)]
            topics += [u for other in self._others().values() for u in other.unbound]
            heard = together(Unbound(u.topic, u.count, u.last_at, u.reason, u.suggestion) for u in topics)
            spoken = {each.topic for each in heard}
            dead = [letter for wire in wires_of_brokers for letter in wire.dead_letters()]
            counts, newest = Counter(letter.topic for letter in dead), {letter.topic: letter for letter in dead}
            poison = [Unbound(topic, counts[topic], newest[topic].at, newest[topic].reason) for topic in sorted(newest)]
            found = [each for each in found if each.topic not in spoken] + heard + poison
        return found
