"""A twin of several processes, each killed in its turn (reliability reference 8: F1, F2, F5): two take the messages in and share a history
in PostgreSQL, one answers. The service itself, a real mosquitto, a real PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from adapters.history.postgres import PostgresHistory
from tests.support.mosquitto import Mosquitto
from tests.support.mqtt_line import POINTS, SITE
from tests.support.postgres import served
from tests.support.processes import Process
from tests.support.wired import quads_of, wait_until
from twin.compose import open_ledger
from twin.settings import Settings
from twin.sync import Wish

HEAD = "dc/hall/it/rack/"


class Plant:
    """A device of some points, that counts; what the broker has acknowledged is what it has said."""

    def __init__(self, port: int) -> None:
        self.said: list[dict[int, float]] = [{} for _ in POINTS]
        self._at = round(time.time() * 1000)
        self._count = 0
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "plant", clean_session=False)
        self._client.max_inflight_messages_set(500)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def say(self, values: int) -> None:
        """So many values of each point; returns when the broker has them all."""
        sent = []
        for _ in range(values):
            self._count += 1
            at = max(round(time.time() * 1000), self._at + 1)
            self._at = at
            for point, said in enumerate(self.said):
                said[at] = float(self._count)
                sent.append(self._client.publish(HEAD + f"p{point}", orjson.dumps({"v": self._count, "t": at}), qos=1))
        for one in sent:
            one.wait_for_publish(30)

    @property
    def last(self) -> float:
        """The value said last."""
        return float(self._count)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@dataclass
class Site:
    """All of it."""

    broker: Mosquitto
    plant: Plant
    ingests: list[Process]
    api: Process
    history: PostgresHistory

    def kept(self, point: int) -> dict[int, float]:
        """What history has of a point, by source time; each time once."""
        series = self.history.series(POINTS[point], 0, 1 << 50, 1_000_000)
        good = ~np.isnan(series.values)
        times = series.observed_at[good].tolist()
        assert len(set(times)) == len(times), "a sample is in history twice"
        return dict(zip(times, series.values[good].tolist(), strict=True))

    def has_everything(self) -> bool:
        """Whether all that was said is in history."""
        return all(self.kept(point) == said for point, said in enumerate(self.plant.said))

    def current(self) -> list[tuple[float | None, str]]:
        """What the process that answers knows of each point."""
        points = self.api.ask('{ entity(id: "demo:Rack") { points { value { value quality } } } }')["entity"]["points"]
        return [(each["value"]["value"], each["value"]["quality"]) for each in points]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Everything, listening."""
    with served() as server:
        (tmp_path / "broker").mkdir()
        broker = Mosquitto(tmp_path / "broker").start()
        common = {"mqtt_url": broker.url, "history": server.emptied()}
        opened = open_ledger(Settings.model_validate({"data": tmp_path / "api" / "data"}), "test", read_only=False)
        opened.ledger.sync(Wish("test", quads_of(SITE)), author="test", reason="the site")
        opened.close()
        api = Process(tmp_path / "api", role="api", **common)
        store = tmp_path / "api" / "data"
        ingests = [Process(tmp_path / name, role="ingest", store=store, mqtt_client_id=name, **common) for name in ("one", "two")]
        for process in (api, *ingests):
            process.start()
        history = PostgresHistory(str(common["history"]))
        plant = Plant(broker.port)
        try:
            for process in (api, *ingests):
                process.wait()
            yield Site(broker, plant, ingests, api, history)
        finally:
            plant.close()
            history.close()
            for process in (api, *ingests):
                process.stop()
            broker.stop()


def test_one_of_two_that_take_in_is_killed_and_the_other_takes_over(site: Site) -> None:
    """Its share, also what the broker had given it and it had not acknowledged, comes in over the other within seconds; everything that was
    said is in history once; the process that answers has the newest. Then the killed one comes back and has its share again."""
    site.plant.say(200)
    assert wait_until(site.has_everything)
    first = site.ingests[0]

    first.kill()
    site.plant.say(200)

    assert not site.has_everything(), "the fault must bite: half of the messages wait for the one that is gone"
    assert wait_until(site.has_everything, 30)
    assert wait_until(lambda: site.current() == [(site.plant.last, "GOOD")] * 4), site.current()
    assert "the ingest process one is gone" in site.ingests[1].log()

    first.start().wait()
    assert wait_until(lambda: "the ingest process one has its share again" in site.ingests[1].log())
    site.plant.say(200)
    assert wait_until(site.has_everything, 30)
    assert wait_until(lambda: site.current() == [(site.plant.last, "GOOD")] * 4)
