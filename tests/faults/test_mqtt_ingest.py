"""Faults on the way from a device over the broker into the history (reliability reference 8: F3, F7, F11, F12), with a real mosquitto and
the real history. After each: every accepted sample is in history once, the newest by source time is current, and what is lost is told."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import numpy as np
import orjson
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from adapters.history.embedded import EmbeddedHistory
from adapters.mqtt.native_codec import Packed, pack, table_id
from graph.values import Reason
from tests.support.mosquitto import Mosquitto
from tests.support.mqtt_line import DEAD_LETTERS, POINTS, Line
from tests.support.poison import ANNOUNCED, FINE, POISON, STRANGE
from tests.support.proxy import Proxy
from tests.support.random_cases import cases
from tests.support.wired import wait_until

HEAD = "dc/hall/it/rack/"
FORGETFUL = "persistence false\n"


class Speaker:
    """A device that says count, time and value; what the broker has acknowledged is noted."""

    def __init__(self, port: int) -> None:
        self.port, self.said = port, dict[int, float]()
        self.at = round(time.time() * 1000) - 60_000
        self._count = 0
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "device", clean_session=False)
        self._client.max_inflight_messages_set(500)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def say(self, values: int, point: str = "p0") -> None:
        """So many values, each 1 ms later than the one before; returns when the broker has them all."""
        assert wait_until(self._client.is_connected, 10)
        sent = []
        for _ in range(values):
            self._count += 1
            self.said[self.at + self._count] = float(self._count)
            sent.append(self._client.publish(HEAD + point, self.payload(self._count), qos=1))
        for one in sent:
            one.wait_for_publish(20)

    def payload(self, count: int) -> bytes:
        """The count is the value, too."""
        return orjson.dumps({"v": count, "t": self.at + count, "s": count})

    def packed(self, times: int, names: tuple[str, ...]) -> None:
        """So many packed messages, in each the same value for all names."""
        payloads = []
        for _ in range(times):
            self._count += 1
            self.said[self.at + self._count] = float(self._count)
            values, codes = np.full(len(names), float(self._count)), np.zeros(len(names), np.uint8)
            at = np.full(len(names), self.at + self._count, np.int64)
            payloads.append(("dc/$packed", pack(Packed(table_id(names), None, values, at, codes, codes))))
        self.raw(payloads)

    def raw(self, payloads: list[tuple[str, bytes]]) -> None:
        """Any payloads; returns when the broker has them all."""
        sent = [self._client.publish(topic, payload, qos=1) for topic, payload in payloads]
        for one in sent:
            one.wait_for_publish(60)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def chance() -> random.Random:
    """Another one each time; its seed is printed."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - to have a failure again
    return random.Random(seed)


@pytest.fixture(params=[""])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mosquitto]:
    """A mosquitto that keeps its sessions on disk, or one with other settings."""
    broker = Mosquitto(tmp_path, request.param).start()
    yield broker
    broker.stop()


@pytest.fixture
def line(tmp_path: Path, broker: Mosquitto) -> Iterator[Line]:
    """Everything, listening."""
    line = Line(tmp_path, broker.port)
    yield line
    line.close()


@pytest.fixture
def device(broker: Mosquitto) -> Iterator[Speaker]:
    """One that speaks straight to the broker."""
    device = Speaker(broker.port)
    yield device
    device.close()


def test_a_broker_that_restarts_is_a_gap_told_within_five_seconds_and_nothing_accepted_is_lost(
    broker: Mosquitto, line: Line, device: Speaker
) -> None:
    """F3, clean: the points are marked `LINK` while it is away, in history, too; after it 200 of 200 are there, once."""
    device.say(100)
    assert wait_until(lambda: len(line.kept(POINTS[0])) == 100)

    broker.stop()
    gone = time.monotonic()
    assert wait_until(lambda: line.reason() == "NO_COMMUNICATION LINK", 5), "the fault must bite"
    told_s = time.monotonic() - gone
    broker.start()
    assert line.wire.wait_connected(10)
    device.say(100)

    assert told_s < 5
    assert wait_until(lambda: line.kept(POINTS[0]) == device.said)
    assert Reason.LINK in line.marks(POINTS[0])
    assert line.reason() in {"GOOD NONE", "NO_COMMUNICATION SILENCE"}  # its source time is a minute ago
    assert line.wire.status().missing == 0


@pytest.mark.parametrize("broker", [FORGETFUL], indirect=True)
def test_what_a_killed_broker_loses_is_counted_exactly(tmp_path: Path, broker: Mosquitto, device: Speaker) -> None:
    """F3, kill -9 of a broker that keeps nothing: its session is gone, which is told and marked `GAP`; the device's own count tells how
    many were lost."""
    proxy = Proxy(broker.port).start()
    line = Line(tmp_path, proxy.port)
    device.say(100)
    assert wait_until(lambda: len(line.kept(POINTS[0])) == 100)

    proxy.cut("out")
    device.say(37)
    assert wait_until(lambda: proxy.held > 0)
    broker.kill()
    proxy.drop()
    proxy.heal()
    broker.start()
    assert wait_until(lambda: line.wire.status().sessions_lost == 1, 10), "the fault must bite"
    device.say(50)

    assert wait_until(lambda: len(line.kept(POINTS[0])) == 150)
    assert wait_until(lambda: Reason.GAP in line.marks(POINTS[0]))
    assert line.wire.status().missing == 37
    line.close()
    proxy.close()


def test_packed_readings_that_waited_for_a_restart_are_taken(tmp_path: Path, line: Line, device: Speaker) -> None:
    """What was said while the twin was away comes before the broker's kept copy of the names: it knows them from before."""
    names = ("hall/it/rack/p0", "hall/it/rack/p1")
    device.raw([(f"dc/$points/{table_id(names).hex()}", orjson.dumps(names))])
    device.packed(10, names)
    assert wait_until(lambda: len(line.kept(POINTS[0])) == 10)

    line.close()
    device.packed(50, names)
    again = Line(tmp_path, device.port)

    assert wait_until(lambda: again.kept(POINTS[0]) == device.said)
    assert again.kept(POINTS[1]) == device.said
    assert again.wire.status().poison == 0
    again.close()


@pytest.mark.parametrize("broker", [FORGETFUL], indirect=True)
@pytest.mark.parametrize("ways", [("in",), ("out",), ("in", "out")], ids=["to the broker", "from the broker", "both ways"])
def test_a_partition_holds_up_and_loses_nothing(tmp_path: Path, broker: Mosquitto, device: Speaker, ways: tuple[str, ...]) -> None:
    """F7: the way is cut for longer than the keep-alive; the wire gives the connection up, marks its points, has everything in the end."""
    proxy = Proxy(broker.port).start()
    line = Line(tmp_path, proxy.port, keepalive_s=1)
    device.say(200)
    assert wait_until(lambda: len(line.kept(POINTS[0])) == 200)

    proxy.cut(*ways)
    device.say(200)
    assert wait_until(lambda: line.reason() == "NO_COMMUNICATION LINK", 10)
    assert proxy.held > 0, "the fault must bite"
    proxy.heal()

    assert wait_until(lambda: line.kept(POINTS[0]) == device.said, 30)
    assert line.wire.status().missing == 0
    line.close()
    proxy.close()


@pytest.mark.parametrize("broker", [FORGETFUL], indirect=True)
def test_a_link_that_flaps_loses_nothing(tmp_path: Path, broker: Mosquitto, device: Speaker) -> None:
    """F7: every connection is dropped again and again while 2,000 values are said."""
    proxy = Proxy(broker.port).start()
    line = Line(tmp_path, proxy.port)

    for _ in range(10):
        device.say(200)
        proxy.drop()

    assert wait_until(lambda: line.kept(POINTS[0]) == device.said, 30)
    assert line.wire.status().connections >= 3, "the fault must bite"
    assert line.wire.status().missing == 0
    line.close()
    proxy.close()


@pytest.mark.parametrize("broker", [FORGETFUL], indirect=True)
def test_duplicates_and_disorder_and_lateness_change_nothing(chance: random.Random, line: Line, device: Speaker) -> None:
    """F11: every value three times, up to 1,000 places from its own, some a day late: history has each once, the last by its own time is
    current."""
    late = {round(time.time() * 1000) - 86_390_000 + n: 1_000_000.0 + n for n in range(20)}
    counts = list(range(1, 1_201))
    told = sorted(counts * 3, key=lambda count: count + chance.uniform(-1_000, 1_000))
    for count in counts:
        device.said[device.at + count] = float(count)
    payloads = [(HEAD + "p0", device.payload(count)) for count in told]
    for at, value in late.items():
        payloads.insert(chance.randrange(len(payloads)), (HEAD + "p0", orjson.dumps({"v": value, "t": at})))

    device.raw(payloads)

    assert wait_until(lambda: line.wire.status().messages == len(payloads))
    assert told != sorted(told), "the fault must bite"
    assert line.kept(POINTS[0]) == device.said | late
    found = line.current.get(POINTS[0])
    assert found is not None
    assert (found.value, found.observed_at) == (1_200.0, device.at + 1_200)
    assert line.current.counts().duplicates > 0
    assert line.wire.status().missing == 0


@pytest.mark.quality("mqtt", "one-dead-device-does-not-silence-the-others")
@pytest.mark.random
@pytest.mark.parametrize("broker", [FORGETFUL], indirect=True)
def test_poison_is_counted_exactly_and_harms_nobody_else(chance: random.Random, line: Line, device: Speaker) -> None:
    """F12: payloads and topics of every bad kind (3,000; `./dev random 10000` tries more), and 300 good values of another point among them:
    as many dead letters and unbound messages as were sent, each good value in history, and no crash."""
    bad, good = cases(3_000), 300
    sent, poison, strange = [], 0, 0
    for _ in range(bad):
        kind = chance.choice((POISON, POISON, STRANGE, FINE))
        poison, strange = poison + (kind is POISON), strange + (kind is STRANGE)
        topic, payload = chance.choice(kind)(chance)
        sent.append((HEAD + topic, payload))
    for count in range(1, good + 1):
        device.said[device.at + count] = float(count)
        sent.insert(chance.randrange(len(sent)), (HEAD + "p0", device.payload(count)))
    counts = [at for at, (topic, _) in enumerate(sent) if topic == HEAD + "p0"]
    for at, count in zip(counts, range(1, good + 1), strict=True):
        sent[at] = (HEAD + "p0", device.payload(count))

    device.raw([ANNOUNCED, *sent])

    assert wait_until(lambda: line.wire.status().messages == 1 + bad + good, 100)
    status = line.wire.status()
    assert (status.poison, status.unbound, status.missing) == (poison, strange, 0)
    assert line.kept(POINTS[0]) == device.said
    assert len(line.wire.dead_letters()) == min(poison, DEAD_LETTERS)
    assert status.connections == 1


@pytest.mark.parametrize("broker", [FORGETFUL], indirect=True)
def test_an_ingest_that_is_killed_has_everything_after_it_has_come_back(
    chance: random.Random, tmp_path: Path, broker: Mosquitto, device: Speaker
) -> None:
    """F1: twice kill -9 while values come: what was acknowledged is in history, all else comes again, each once."""
    taken = []
    for _ in range(2):
        words = [sys.executable, "-m", "tests.support.mqtt_line", str(tmp_path), str(broker.port)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as ingest:
            assert ingest.stdout is not None
            assert ingest.stdout.readline() == "listens\n"
            device.say(10)
            assert ingest.stdout.readline() == "has taken\n"
            speaking = Thread(target=device.say, args=(1_500,))
            speaking.start()
            time.sleep(chance.uniform(0.0, 0.05))
            ingest.kill()
            speaking.join()
        with closing(EmbeddedHistory(tmp_path / "history", read_only=True)) as history:
            taken.append(len(history.series(POINTS[0], 0, 1 << 50, 1_000_000)))

    line = Line(tmp_path, broker.port)

    assert any(0 < so_far < (turn + 1) * 1_510 for turn, so_far in enumerate(taken)), f"the fault must bite: {taken}"
    assert wait_until(lambda: line.kept(POINTS[0]) == device.said, 20)
    assert line.wire.status().missing == 0
    line.close()


def test_shared_subscriptions_give_each_value_to_one_process(tmp_path: Path, broker: Mosquitto, device: Speaker) -> None:
    """Two wires of one group take 400 values together, each once; both take part."""
    lines = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        lines.append(Line(tmp_path / name, broker.port, client_id=name, share_group="ingest", protocol="5"))

    device.say(400)

    assert wait_until(lambda: sum(len(line.kept(POINTS[0])) for line in lines) == 400)
    first, second = (line.kept(POINTS[0]) for line in lines)
    assert first | second == device.said
    assert min(len(first), len(second)) > 0
    for line in lines:
        line.close()
