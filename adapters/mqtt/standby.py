"""A process that shares the ingest stands in for another one that is gone: it takes over that one's session with the broker.

A broker gives each member of a group its share of the messages, also one that is away: they wait in its session (measured with mosquitto;
MQTT 5, 4.8.2 lets it). So a process that is gone would hold up its share until it is back. Instead the next process by name connects
under the client id of the one that is gone, which gives it that session, with all that waits and all that had not been acknowledged. When
the owner comes back it says so first, and the session is let go.

A process that takes in no more, for it has another role now, leaves a session for good: what waits there is taken in the same way, and the
session is ended (`adapters/mqtt/former.py`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread

from adapters.mqtt.client import MqttClient
from adapters.mqtt.former import Former
from adapters.mqtt.relay import Relay
from adapters.mqtt.relay_codec import Left, process_of
from graph.snapshot import Snapshot

_log = logging.getLogger(__name__)

GONE_S = 2.0
"""How long a process is gone before another stands in: a restart by hand takes longer, a broken connection is mended sooner."""
LOOK_S = 0.25


class Standby:
    """`start`, `rebind` when the graph changes, `close`."""

    def __init__(
        self, relay: Relay, listens: Callable[[], bool], wire: Callable[[str], MqttClient], former: Callable[[Left, int], Former]
    ) -> None:
        """`listens` says whether this process' own wire does. `wire` makes one that reads, not yet started, under a client id; `former`
        what looks after a session that is nobody's, by a process that has listened since an instant (ms)."""
        self._relay, self._listens, self._wire, self._former = relay, listens, wire, former
        self._lock, self._stop = Lock(), Event()
        self._taken: dict[str, MqttClient] = {}
        self._formers: dict[str, Former] = {}
        self._since: tuple[float, int] | None = None
        self._thread = Thread(target=self._run, name="standby", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self) -> None:
        """Let go of all that was taken over."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._keep(set())
        for former in self._formers.values():
            former.close()

    def rebind(self, snapshot: Snapshot) -> None:
        """Take another revision of the graph."""
        with self._lock:
            for wire in (*self._taken.values(), *(former.wire for former in self._formers.values())):
                wire.rebind(snapshot)

    def wires(self) -> Mapping[str, MqttClient]:
        """The sessions of others that are held, by process."""
        with self._lock:
            formers = {process_of(name): former.wire for name, former in self._formers.items()}
            return {**formers, **self._taken}

    def _run(self) -> None:
        while not self._stop.wait(LOOK_S):
            for look in (self._look, self._look_at_formers):
                try:
                    look()
                except Exception:
                    _log.exception("standing in for another process failed; it is tried again")

    def _look(self) -> None:
        peers = self._relay.peers()
        gone = {name for name, peer in peers.items() if not peer.online and time.monotonic() - peer.since_s >= GONE_S}
        mine = {name for name in gone if self._is_heir(name)}
        self._keep(mine)
        for name in sorted(mine - self._taken.keys()):
            with self._lock:  # a graph that changes meanwhile waits until the wire can be told
                wire = self._taken[name] = self._wire(peers[name].client_id)
            wire.start()
            _log.warning("the ingest process %s is gone: its share of the messages is taken here", name)

    def _is_heir(self, gone: str) -> bool:
        online = [name for name, peer in self._relay.peers().items() if peer.online]
        return heir(gone, sorted([self._relay.process, *online])) == self._relay.process

    def _keep(self, names: set[str]) -> None:
        with self._lock:
            left = {name: self._taken.pop(name) for name in self._taken.keys() - names}
        for name in sorted(left):
            left[name].close()
            _log.warning("the ingest process %s has its share again", name)

    def _look_at_formers(self) -> None:
        """When this process itself has listened for a while: who else is there has been heard, and nothing is left to nobody."""
        if self._since is None and self._listens():
            self._since = time.monotonic(), time.time_ns() // 1_000_000
        if self._since is None or time.monotonic() - self._since[0] < GONE_S:
            return
        for name, left in sorted(self._relay.left().items()):
            self._relay.done(name)
            if name not in self._formers and self._is_heir(process_of(name)):
                with self._lock:
                    former = self._formers[name] = self._former(left, self._since[1])
                former.start()
        for name, former in list(self._formers.items()):
            former.step()
            if former.over:
                with self._lock:
                    del self._formers[name]


def heir(gone: str, there: list[str]) -> str:
    """Who of those that are there stands in: the next by name, the first after the last. The same for all who ask."""
    return next((name for name in there if name > gone), there[0])
