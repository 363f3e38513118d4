"""The service's ingest over a broker, with its history: in a test, or as a process that a test kills.

`python -m tests.support.mqtt_line FOLDER PORT`: says `listens`, then `has taken` when it has the first message, and goes on until it
is ended.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from adapters.history.embedded import EmbeddedHistory
from adapters.mqtt.announced import Announced
from adapters.mqtt.bound import Bound
from adapters.mqtt.client import MqttClient
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.native import Native
from graph.current import CurrentValues
from graph.points import point_facts
from graph.values import Reason
from tests.support.wired import snapshot_of, wall_clock
from twin.bus import Bus
from twin.ingest import Ingest

POINTS = [f"urn:ridethrough:demo:P{n}" for n in range(4)]
SITE = "".join(f"demo:Rack brick:hasPoint demo:P{n} . demo:P{n} dcx:samplePeriod 5 ; brick:hasUnit unit:KiloW .\n" for n in range(4))
DEAD_LETTERS = 500


class Line:
    """The service's ingest over a broker, with its history."""

    def __init__(self, folder: Path, port: int, **settings: float | str) -> None:
        snapshot = snapshot_of(SITE)
        points = dict(point_facts(snapshot))
        self.current, self.history = CurrentValues(), EmbeddedHistory(folder / "history", reserve_bytes=0)
        self.history.rebind(points)
        self.ingest = ingest = Ingest(self.current, Bus(), wall_clock, points, self.history)
        quick = {
            "client_id": "twin",
            "reconnect_s_min": 0.1,
            "reconnect_s_max": 0.3,
            "link_s_max": 0.5,
            "dead_letters_max": DEAD_LETTERS,
            **settings,
        }
        bound = Bound()
        spoken = [bound, Native(bound, announced=Announced(folder / "points"))]
        config = MqttConfig("127.0.0.1", port, **quick)  # type: ignore[arg-type]  # by name
        self.wire = MqttClient(config, snapshot, ingest, wall_clock, spoken)
        self.wire.start()
        assert self.wire.wait_connected(10)

    def kept(self, point: str) -> dict[int, float]:
        """What history has of a point, by source time; each time once."""
        series = self.history.series(point, 0, 1 << 50, 1_000_000)
        good = ~np.isnan(series.values)
        times, values = series.observed_at[good].tolist(), series.values[good].tolist()
        assert len(set(times)) == len(times), "a sample is in history twice"
        return dict(zip(times, values, strict=True))

    def marks(self, point: str) -> set[Reason]:
        """The reasons that history has for a point."""
        return {Reason(reason) for reason in self.history.series(point, 0, 1 << 50, 1_000_000).reason.tolist()}

    def reason(self, point: str = POINTS[0]) -> str:
        found = self.current.get(point)
        assert found is not None
        return f"{found.quality.name} {found.reason.name}"

    def close(self) -> None:
        self.wire.close()
        self.history.close()


def main(folder: Path, port: int) -> None:
    """See the head of this file."""
    line = Line(folder, port)
    print("listens", flush=True)  # noqa: T201 - for the test
    while not line.wire.status().messages:
        time.sleep(0.01)
    print("has taken", flush=True)  # noqa: T201 - as above
    while line.wire.status().connections:
        time.sleep(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
