"""A twin of several processes, each killed in its turn (reliability reference 8: F1, F2, F5): two take the messages in and share a history
in PostgreSQL, one answers. The service itself, a real mosquitto, a real PostgreSQL."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Thread

import numpy as np
import orjson
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from adapters.history.postgres import PostgresHistory
from graph.values import Quality
from tests.support.mosquitto import Mosquitto
from tests.support.mqtt_line import POINTS, SITE
from tests.support.postgres import Postgres, served
from tests.support.processes import Process
from tests.support.wired import quads_of, wait_until
from twin.cli.running import Running
from twin.cli.wires import _asked
from twin.compose import open_ledger, open_twin
from twin.compose_service import Service
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

    plant: Plant
    ingests: list[Process]
    api: Api
    history: PostgresHistory
    server: Postgres

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

    def is_current(self) -> bool:
        """Whether the process that answers has what was said last, as good."""
        return self.api.values() == [(self.plant.last, "GOOD")] * len(POINTS)


class Api:
    """The process that answers: this one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.start()

    def start(self) -> None:
        self._opened = open_twin(self._settings, "test", read_only=False)
        self._service = Service(self._opened)
        self._service.start()

    def values(self) -> list[tuple[float, str]]:
        """Value and quality of each point."""
        rows = self._opened.twin.current.many(POINTS)
        return [(value, Quality(quality).name) for value, quality in zip(rows.values.tolist(), rows.quality.tolist(), strict=True)]

    def stop(self) -> None:
        self._service.stop()
        self._opened.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Everything, listening."""
    folder = tmp_path_factory.mktemp("site")
    with served() as server, ExitStack() as stack:
        (folder / "broker").mkdir()
        broker = Mosquitto(folder / "broker").start()
        stack.callback(broker.stop)
        common = {"mqtt_url": broker.url, "history": server.emptied()}
        api = Settings.model_validate({"data": folder / "api", "role": "api", **common})
        opened = open_ledger(api, "test", read_only=False)
        opened.ledger.sync(Wish("test", quads_of(SITE)), author="test", reason="the site")
        opened.close()
        ingests = [Process(folder / name, role="ingest", store=api.data, mqtt_client_id=name, **common) for name in ("one", "two")]
        for process in ingests:
            process.start()
            stack.callback(process.stop)
        answering = Api(api)
        stack.callback(answering.stop)
        history, plant = PostgresHistory(str(common["history"])), Plant(broker.port)
        stack.callback(history.close)
        stack.callback(plant.close)
        for process in ingests:
            process.wait()
        yield Site(plant, ingests, answering, history, server)


def test_one_of_two_that_take_in_is_killed_and_the_other_takes_over(site: Site) -> None:
    """F1: its share, also what the broker had given it and it had not acknowledged, comes in over the other within seconds; everything that
    was said is in history once; the process that answers has the newest. Then the killed one comes back and has its share again."""
    site.plant.say(100)
    assert wait_until(site.has_everything)
    first, second = site.ingests
    wires = _asked(Running(f"http://127.0.0.1:{first.port}"), 0)
    assert (wires["wires"][0]["connected"], wires["history"]["error"], wires["readings"]["news"] > 0) == (True, "", True)

    first.kill()
    site.plant.say(100)

    assert wait_until(site.has_everything)  # half of the messages have waited for the one that is gone
    assert wait_until(site.is_current), site.api.values()
    assert "the ingest process one is gone" in second.log(), "the fault must bite"
    wires = _asked(Running(f"http://127.0.0.1:{second.port}"), 0)
    held = {wire["place"].partition(" for ")[2]: wire["messages"] for wire in wires["wires"]}
    assert held["one"] > 0, "its session is told; for a moment there is one more, of what the process that answers may have been before"

    first.start().wait()
    assert wait_until(lambda: "the ingest process one has its share again" in second.log())
    site.plant.say(100)
    assert wait_until(site.has_everything)
    assert wait_until(site.is_current), site.api.values()


def test_a_process_that_is_killed_at_a_random_moment_loses_nothing(site: Site) -> None:
    """F2: while 1,200 values are said one or the other is killed, and started again. It is back before or after the other stands in."""
    chance = random.Random(seed := random.randrange(1 << 32))
    print(f"seed {seed}")  # noqa: T201 - to have a failure again
    speaking = Thread(target=site.plant.say, args=(300,))
    speaking.start()
    time.sleep(chance.uniform(0.0, 0.1))
    victim = chance.choice(site.ingests)
    victim.kill()
    bit = speaking.is_alive() or not site.has_everything()
    speaking.join()
    victim.start().wait()

    assert bit, "the fault must bite"
    assert wait_until(site.has_everything, 60)
    site.plant.say(1)
    assert wait_until(site.is_current), site.api.values()


def test_the_process_that_answers_has_all_that_is_known_after_a_restart(site: Site) -> None:
    """What was said while it was away, and is not said again."""
    site.api.stop()
    site.plant.say(3)
    assert wait_until(site.has_everything)

    site.api.start()

    assert wait_until(lambda: [value for value, _ in site.api.values()] == [site.plant.last] * len(POINTS)), site.api.values()


def test_a_history_that_is_away_stops_no_current_value_and_goes_on_by_itself(site: Site) -> None:
    """F5: PostgreSQL is killed; values go on, it is told; when it is back, it has every sample, those of meanwhile too."""
    site.server.kill()
    site.plant.say(20)

    assert wait_until(site.is_current), site.api.values()
    waits = "samples wait for it"
    assert wait_until(lambda: any(waits in each for process in site.ingests for each in process.away())), "the fault must bite"
    site.server.start()
    site.plant.say(20)
    assert wait_until(lambda: not any(process.away() for process in site.ingests), 60)
    site.plant.say(20)

    assert wait_until(site.has_everything, 60)
    assert wait_until(site.is_current), site.api.values()
