"""A broker that goes and comes: what it had acknowledged is not lost by us, silence is seen, and good is good again without a restart."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from math import isnan
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from adapters.mqtt.client import MqttClient
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.session import Session
from graph.values import Quality, ReadingBatch, Reason
from tests.support.mosquitto import Mosquitto
from tests.support.wired import MovedClock, Table, Taken, snapshot_of, wait_until, wall_clock

P = "urn:ridethrough:demo:P"
SITE = """demo:E brick:hasPoint demo:P .
demo:P dcx:samplePeriod 5 ; ref:hasExternalReference [ a dcx:MQTTReference ; dcx:topic "dc/p" ;
  dcx:jsonPointer "/v" ; dcx:timePointer "/t" ] ."""
START = 1_772_366_400_000


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running mosquitto that keeps its sessions on disk."""
    broker = Mosquitto(tmp_path).start()
    yield broker
    broker.stop()


@pytest.fixture(params=["3.1.1", "5"])
def config(request: pytest.FixtureRequest, broker: Mosquitto) -> MqttConfig:
    """Quick to try again."""
    return MqttConfig("127.0.0.1", broker.port, client_id="twin", protocol=request.param, reconnect_s_min=0.1, reconnect_s_max=0.3)


def say(port: int, values: range) -> None:
    """Publish each value at QoS 1 and wait until the broker has acknowledged all."""
    speaker = paho.Client(CallbackAPIVersion.VERSION2, "speaker")
    speaker.connect("127.0.0.1", port)
    speaker.loop_start()
    sent = [speaker.publish("dc/p", f'{{"v": {value}, "t": {START + value}}}', qos=1) for value in values]
    for one in sent:
        one.wait_for_publish(10)
    speaker.disconnect()
    speaker.loop_stop()


def test_what_comes_while_we_are_away_comes_after(broker: Mosquitto, config: MqttConfig) -> None:
    """Subscribe, end, 500 messages at QoS 1, start again under the same client id: all 500, in order."""
    first = MqttClient(config, snapshot_of(SITE), Taken(), wall_clock)
    first.start()
    assert first.wait_connected(5)
    say(broker.port, range(1))
    assert wait_until(lambda: first.status().messages == 1)
    first.close()

    say(broker.port, range(1, 501))
    sink = Taken()
    second = MqttClient(config, snapshot_of(SITE), sink, wall_clock)
    second.start()

    assert wait_until(lambda: sink.values(P) == [float(value) for value in range(1, 501)])
    second.close()


def test_a_session_that_the_broker_has_lost_while_we_were_away_is_told_and_marked(
    tmp_path: Path, broker: Mosquitto, config: MqttConfig
) -> None:
    """Nobody is there while the broker takes 10 messages for us and is killed with its memory: the next process, which finds no session
    where one was, counts one loss and marks the points that it feeds `GAP`. The process after that finds a session: no loss."""
    folder = tmp_path / "data"
    _first(config, folder)
    say(broker.port, range(10))
    _forget(broker, tmp_path)

    sink = Taken()
    second = _process(config, folder, sink)
    assert wait_until(lambda: bool(_marks(sink)))
    say(broker.port, range(10, 11))

    assert wait_until(lambda: second.status().messages == 1)
    assert _marks(sink) == [(Quality.NO_COMMUNICATION, Reason.GAP)]
    assert second.status().sessions_lost == 1
    second.close()
    assert _first(config, folder) == (0, [])


@pytest.mark.parametrize("other", ["first of all", "name", "broker"])
def test_a_session_that_never_was_is_no_loss(tmp_path: Path, broker: Mosquitto, config: MqttConfig, other: str) -> None:
    """The first start of all; another client id than before; another broker than before (here: its other address)."""
    folder = tmp_path / "data"
    if other != "first of all":
        _first(config, folder)
    now = {"first of all": config, "name": replace(config, client_id="other"), "broker": replace(config, host="localhost")}[other]
    _forget(broker, tmp_path)

    assert _first(now, folder) == (0, [])
    assert _first(now, folder) == (0, [])


def _process(config: MqttConfig, folder: Path, sink: Taken) -> MqttClient:
    """The wire of a process with a data folder, listening."""
    client = MqttClient(config, snapshot_of(SITE), sink, wall_clock, session=Session(config, folder / "mqtt" / "session.jsonl"))
    client.start()
    assert client.wait_connected(10)
    return client


def _first(config: MqttConfig, folder: Path) -> tuple[int, list[tuple[int, int]]]:
    """One that listens, has a value and ends: the losses that it told, and its marks."""
    sink = Taken()
    client = _process(config, folder, sink)
    say(config.port, range(1))
    assert wait_until(lambda: client.status().messages == 1)
    client.close()
    return client.status().sessions_lost, _marks(sink)


def _forget(broker: Mosquitto, folder: Path) -> None:
    """Kill the broker, and start it with an empty store."""
    broker.kill()
    (folder / "mosquitto.db").unlink(missing_ok=True)
    broker.start()


def _marks(sink: Taken) -> list[tuple[int, int]]:
    """Quality and reason of what came without a number."""
    rows = [(float(b.values[row]), int(b.quality[row]), int(b.reason[row])) for b in list(sink.batches) for row in range(len(b))]
    return [(quality, reason) for value, quality, reason in rows if isnan(value)]


@pytest.mark.quality("mqtt", "acknowledges-after-the-sink")
def test_a_message_that_the_sink_has_not_taken_comes_again(broker: Mosquitto, config: MqttConfig) -> None:
    """A process that ends between reading and taking has acknowledged nothing: the next one gets every message."""

    class Stuck(Taken):
        """Never returns before the test ends."""

        def __init__(self) -> None:
            super().__init__()
            self.asked = 0

        def accept(self, batch: ReadingBatch) -> None:
            self.asked += len(batch)
            wait_until(lambda: over, 30)

    over = False
    stuck = Stuck()
    first = MqttClient(config, snapshot_of(SITE), stuck, wall_clock)
    first.start()
    assert first.wait_connected(5)
    assert wait_until(lambda: _subscribed(broker, stuck))
    say(broker.port, range(1, 11))
    first._link.loop_stop()
    first._link._sock_close()  # the process is gone: no DISCONNECT, no PUBACK

    sink = Taken()
    second = MqttClient(config, snapshot_of(SITE), sink, wall_clock)
    second.start()

    assert wait_until(lambda: set(range(1, 11)) <= {int(value) for value in sink.values(P)})
    over = True
    second.close()


def _subscribed(broker: Mosquitto, stuck: object) -> bool:
    """Say 0 until the stuck sink has been asked once."""
    say(broker.port, range(1))
    return bool(getattr(stuck, "asked", 0))


@pytest.mark.quality("mqtt", "reconnects-by-itself")
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_broker_that_returns_is_found_again_and_nothing_that_it_kept_is_lost(broker: Mosquitto, config: MqttConfig, end: str) -> None:
    """Values 1 to 20, the broker goes and comes back, values 21 to 40: each is taken, none twice in the table's eyes."""
    sink = Taken()
    client = MqttClient(config, snapshot_of(SITE), sink, wall_clock)
    client.start()
    assert client.wait_connected(5)
    say(broker.port, range(1, 21))
    assert wait_until(lambda: len(set(sink.values(P))) == 20)

    getattr(broker, end)()
    assert wait_until(lambda: not client.status().connected), "the fault must bite"
    broker.start()

    assert client.wait_connected(10)
    assert wait_until(lambda: client.status().connections == 2)
    say(broker.port, range(21, 41))
    assert wait_until(lambda: set(sink.values(P)) == {float(value) for value in range(1, 41)})
    client.close()


@pytest.mark.quality("mqtt", "away-is-a-quality-logged-once")
def test_silence_of_the_broker_is_seen_and_heals(broker: Mosquitto) -> None:
    """Period 5 s: STALE after 10 s of silence, NO_COMMUNICATION after 25 s, GOOD with the first value after the return."""
    clock = MovedClock()
    config = MqttConfig("127.0.0.1", broker.port, client_id="twin", reconnect_s_min=0.1, reconnect_s_max=0.3)
    table = Table(snapshot_of(SITE), clock)
    client = MqttClient(config, snapshot_of(SITE), table.ingest, clock)
    client.start()
    assert client.wait_connected(5)
    assert wait_until(lambda: _spoken(broker, table, clock))
    broker.kill()
    assert wait_until(lambda: not client.status().connected)

    clock.move(10.5)
    table.ingest.sweep()
    assert table.quality(P) == "STALE"
    clock.move(15)
    table.ingest.sweep()
    assert table.quality(P) == "NO_COMMUNICATION"
    assert table.value(P) == 1.0

    broker.start()
    assert client.wait_connected(10)
    assert wait_until(lambda: _spoken(broker, table, clock))
    client.close()


def _spoken(broker: Mosquitto, table: Table, clock: MovedClock) -> bool:
    speaker = paho.Client(CallbackAPIVersion.VERSION2, "speaker")
    speaker.connect("127.0.0.1", broker.port)
    speaker.loop_start()
    speaker.publish("dc/p", f'{{"v": 1, "t": {clock.ms}}}', qos=1).wait_for_publish(5)
    speaker.disconnect()
    speaker.loop_stop()
    return wait_until(lambda: table.quality(P) == "GOOD", 1)


def test_a_sink_that_fails_stops_nothing(broker: Mosquitto, config: MqttConfig) -> None:
    """Three attempts, then a dead letter that says so; the next message is taken."""
    sink = Taken()
    client = MqttClient(config, snapshot_of(SITE), sink, wall_clock)
    client.start()
    assert client.wait_connected(5)
    say(broker.port, range(1, 2))
    assert wait_until(lambda: sink.values(P) == [1.0])

    sink.refuses = True
    say(broker.port, range(2, 3))
    assert wait_until(lambda: len(client.dead_letters()) == 1)
    sink.refuses = False
    say(broker.port, range(3, 4))

    assert wait_until(lambda: sink.values(P) == [1.0, 3.0])
    assert client.dead_letters()[0].reason == "the readings could not be taken; the log says why"
    client.close()


@pytest.mark.quality("mqtt", "poison-is-bounded-and-counted")
def test_ten_thousand_poison_payloads_and_the_values_between_them(broker: Mosquitto) -> None:
    """Every tenth of 10,000 messages is good: 1,000 values are taken, 9,000 are counted, the ring keeps its bound."""
    config = MqttConfig("127.0.0.1", broker.port, client_id="twin", dead_letters_max=100)
    sink = Taken()
    client = MqttClient(config, snapshot_of(SITE), sink, wall_clock)
    client.start()
    assert client.wait_connected(5)
    say(broker.port, range(1))
    assert wait_until(lambda: sink.values(P) == [0.0])
    speaker = paho.Client(CallbackAPIVersion.VERSION2, "poisoner")
    speaker.max_inflight_messages_set(1000)
    speaker.connect("127.0.0.1", broker.port)
    speaker.loop_start()
    poison = [b"NaN", b"\xff", b'{"v": "warm"}', b'{"v": null}', b"[" * 5000, b"{", b"", b'{"w": 1}', b'{"v": 1e400}']

    for number in range(10_000):
        payload = f'{{"v": {number}, "t": {START + number}}}'.encode() if number % 10 == 0 else poison[number % 9]
        last = speaker.publish("dc/p", payload, qos=1)
    last.wait_for_publish(60)

    assert wait_until(lambda: client.status().messages == 10_001, 60)
    assert [value for value in sink.values(P) if not isnan(value)][1:] == [float(number) for number in range(0, 10_000, 10)]
    assert client.status().poison == 9_000
    assert len(client.dead_letters()) == 100
    speaker.disconnect()
    speaker.loop_stop()
    client.close()


def test_a_half_open_broker_is_let_go_and_the_real_one_found(tmp_path: Path) -> None:
    """Something accepts the connection and never answers: after the keepalive it is dropped; then mosquitto stands on the port."""
    broker = Mosquitto(tmp_path)
    deaf = socket.create_server(("127.0.0.1", broker.port), reuse_port=False)
    config = MqttConfig("127.0.0.1", broker.port, keepalive_s=1, reconnect_s_min=0.1, reconnect_s_max=0.3)
    client = MqttClient(config, snapshot_of(SITE), Taken(), wall_clock)
    client.start()
    held, _ = deaf.accept()
    assert not client.wait_connected(0.5)

    deaf.close()
    broker.start()

    assert client.wait_connected(15)
    held.close()
    client.close()
    broker.stop()


def test_a_broker_that_hangs_is_noticed_and_found_again_when_it_goes_on(broker: Mosquitto) -> None:
    """Its process stands still for a while: not connected within three keepalives, and what is said afterwards is taken."""
    config = MqttConfig("127.0.0.1", broker.port, client_id="twin", keepalive_s=1, reconnect_s_min=0.1, reconnect_s_max=0.3)
    sink = Taken()
    client = MqttClient(config, snapshot_of(SITE), sink, wall_clock)
    client.start()
    assert client.wait_connected(5)

    broker.pause()
    assert wait_until(lambda: not client.status().connected, 5), "the fault must bite"
    broker.resume()

    assert client.wait_connected(10)
    say(broker.port, range(5, 6))
    assert wait_until(lambda: sink.values(P) == [5.0])
    client.close()
