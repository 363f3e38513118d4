"""One ingest process of the bench of processes: the whole way of a value, its share of the messages, passed on when durable.

`python -m bench.mqtt_taker PORT NAME FOLDER RACKS A_RACK`: says `listens`, and counts the rows that are durable in FOLDER/rows (int64).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from adapters.history.embedded import EmbeddedHistory
from adapters.mqtt.client import MqttClient
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.relay import Relay
from bench.mqtt_path import now, snapshot_of
from graph.current import CurrentValues
from graph.points import point_facts
from graph.snapshot import Snapshot
from graph.values import Samples, Slots
from twin.bus import Bus
from twin.ingest import Ingest

GROUP = "bench"


class Counted:
    """The embedded history, with a count of its rows that another process can read."""

    def __init__(self, folder: Path) -> None:
        self._history = EmbeddedHistory(folder / "history")
        self._rows = np.memmap(folder / "rows", np.int64, "w+", shape=(1,))

    def append(self, samples: Samples, names: Callable[[Slots], Sequence[str]]) -> None:
        """See `History.append`."""
        self._history.append(samples, names)
        self._rows[0] += len(samples)


def site(racks: int, a_rack: int) -> Snapshot:
    """Racks of some points each, found by their names."""
    return snapshot_of([f"demo:P{n} brick:isPointOf demo:Rack-{n // a_rack} ; dcx:samplePeriod 5 ." for n in range(racks * a_rack)])


def main(port: int, name: str, folder: Path, racks: int, a_rack: int) -> None:
    """See the head of this file."""
    snapshot = site(racks, a_rack)
    current, points = CurrentValues(), dict(point_facts(snapshot))
    config = MqttConfig("127.0.0.1", port, client_id=name, topics=(), share_group=GROUP, batch_messages_max=5_000)
    relay = Relay(config, GROUP, current)
    ingest = Ingest(current, Bus(), now, points, Counted(folder), relay.offer)  # type: ignore[arg-type]  # it keeps, and answers nothing
    relay.start()
    wire = MqttClient(config, snapshot, ingest, now)
    wire.start()
    assert wire.wait_connected(20)
    assert relay.wait_connected(20)
    print("listens", flush=True)
    sys.stdin.readline()
    wire.close()
    relay.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
