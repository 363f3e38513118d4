"""A process that shares the ingest stands in for another one that is gone: it takes over that one's session with the broker.

A broker gives each member of a group its share of the messages, also one that is away: they wait in its session (measured with mosquitto;
MQTT 5, 4.8.2 lets it). So a process that is gone would hold up its share until it is back. Instead the next process by name connects
under the client id of the one that is gone, which gives it that session, with all that waits and all that had not been acknowledged. When
the owner comes back it says so first, and the session is let go.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread

from adapters.mqtt.client import MqttClient
from adapters.mqtt.relay import Peer
from graph.snapshot import Snapshot

_log = logging.getLogger(__name__)

GONE_S = 2.0
"""How long a process is gone before another stands in: a restart by hand takes longer, a broken connection is mended sooner."""
LOOK_S = 0.25


class Standby:
    """`start`, `rebind` when the graph changes, `close`."""

    def __init__(self, process: str, peers: Callable[[], Mapping[str, Peer]], wire: Callable[[str], MqttClient]) -> None:
        """`wire` makes one that reads, not yet started, under a client id."""
        self._process, self._peers, self._wire = process, peers, wire
        self._lock, self._stop = Lock(), Event()
        self._taken: dict[str, MqttClient] = {}
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

    def rebind(self, snapshot: Snapshot) -> None:
        """Take another revision of the graph."""
        with self._lock:
            for wire in self._taken.values():
                wire.rebind(snapshot)

    def taken(self) -> list[str]:
        """The processes that this one stands in for."""
        return sorted(self._taken)

    def wires(self) -> list[MqttClient]:
        """Their sessions."""
        with self._lock:
            return [self._taken[name] for name in sorted(self._taken)]

    def _run(self) -> None:
        while not self._stop.wait(LOOK_S):
            try:
                self._look()
            except Exception:
                _log.exception("standing in for another process failed; it is tried again")

    def _look(self) -> None:
        peers = self._peers()
        there = sorted([self._process, *(name for name, peer in peers.items() if peer.online)])
        gone = {name for name, peer in peers.items() if not peer.online and time.monotonic() - peer.since_s >= GONE_S}
        mine = {name for name in gone if heir(name, there) == self._process}
        self._keep(mine)
        for name in sorted(mine - self._taken.keys()):
            wire = self._wire(peers[name].client_id)
            wire.start()
            _log.warning("the ingest process %s is gone: its share of the messages is taken here", name)
            with self._lock:
                self._taken[name] = wire

    def _keep(self, names: set[str]) -> None:
        with self._lock:
            left = {name: self._taken.pop(name) for name in self._taken.keys() - names}
        for name in sorted(left):
            left[name].close()
            _log.warning("the ingest process %s has its share again", name)


def heir(gone: str, there: list[str]) -> str:
    """Who of those that are there stands in: the next by name, the first after the last. The same for all who ask."""
    return next((name for name in there if name > gone), there[0])
