"""What goes between the processes of a twin: bytes, the newest of each point, and two tables that come to say the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from adapters.mqtt import relay as relaying
from adapters.mqtt.client import MqttClient
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.relay import Relay
from adapters.mqtt.relay_codec import PAGE, by_page, decode_names, decode_rows, encode_names, encode_rows, everything, newest
from adapters.mqtt.relayed import Relayed
from adapters.mqtt.standby import heir
from graph.current import CurrentValues
from graph.points import point_facts
from graph.values import Quality, ReadingBatch, Reason, Samples
from tests.support.mosquitto import Mosquitto
from tests.support.wired import Table, snapshot_of, wait_until, wall_clock

NOW = 1_780_315_200_000
POINTS = [f"urn:ridethrough:demo:P{n}" for n in range(6)]
SITE = "".join(f"demo:Rack brick:hasPoint demo:P{n} . demo:P{n} dcx:samplePeriod 3600 .\n" for n in range(6))


def rows(*said: tuple[int, float, int, Quality, Reason]) -> Samples:
    """Rows of slot, value, source time, quality and why."""
    columns = list(zip(*said, strict=True)) if said else [()] * 5
    kinds = (np.int32, np.float64, np.int64, np.uint8, np.uint8)
    slots, values, observed, quality, reason = (np.array(column, kind) for column, kind in zip(columns, kinds, strict=True))
    return Samples(slots, values, observed, observed.copy(), quality, reason)


def good(slot: int, value: float, at: int) -> tuple[int, float, int, Quality, Reason]:
    return slot, value, NOW + at, Quality.GOOD, Reason.NONE


def lost(slot: int, at: int) -> tuple[int, float, int, Quality, Reason]:
    return slot, np.nan, NOW + at, Quality.NO_COMMUNICATION, Reason.LINK


def test_of_each_point_the_newest_by_source_time_goes_on_and_a_mark_that_came_after_it() -> None:
    """Late values do not; a mark before the last value does not."""
    said = rows(good(3, 1.0, 10), good(1, 5.0, 1), good(3, 2.0, 30), lost(1, 2), good(3, 3.0, 20), lost(0, 1), good(0, 7.0, 2))

    found = newest(said)

    values = ~np.isnan(found.values)
    assert list(zip(found.slots[values].tolist(), found.values[values].tolist(), strict=True)) == [(1, 5.0), (3, 2.0), (0, 7.0)]
    assert found.slots[np.isnan(found.values)].tolist() == [1]
    assert len(newest(rows())) == 0


def test_a_newest_of_random_rows_leaves_a_table_as_all_of_them_would() -> None:
    """The law that it is made for: a table that is told the newest says what one says that was told everything."""
    chance = np.random.default_rng(seed := int(time.time()))
    print(f"seed {seed}")  # noqa: T201 - to have a failure again
    said = [good(int(chance.integers(6)), float(n), int(chance.integers(50)) * 10 + n % 7) for n in range(300)]
    tables = [CurrentValues(dict.fromkeys(POINTS, 3600.0)) for _ in range(2)]

    tables[0].absorb(rows(*said))
    tables[1].absorb(newest(rows(*said)))

    assert tables[0].all().values.tolist() == tables[1].all().values.tolist()
    assert tables[0].all().observed_at.tolist() == tables[1].all().observed_at.tolist()


def test_rows_and_names_come_out_as_they_went_in() -> None:
    """By page; what is not of this form is a text that says why."""
    said = rows(good(3, 1.5, 10), good(PAGE + 4, -2.0, 11), lost(PAGE + 1, 12))
    pages = dict(by_page(said))

    found = decode_rows(encode_rows(7, 9, b"12345678", pages[1], PAGE), NOW)
    names = decode_names(encode_names(POINTS))

    assert sorted(pages) == [0, 1]
    assert not isinstance(found, str)
    assert found.rows.indexes is not None
    assert (found.begun, found.serial, found.rows.table, found.rows.indexes.tolist()) == (7, 9, b"12345678", [4, 1])
    assert found.rows.observed.tolist() == [NOW + 11, NOW + 12]
    assert found.rows.quality.tolist() == [Quality.GOOD, Quality.NO_COMMUNICATION]
    assert names == tuple(POINTS)
    for bad in (b"", b"\0" * 16, b"x" * 40, encode_rows(7, 9, b"12345678", pages[0], 0)[:-1]):
        assert isinstance(decode_rows(bad, NOW), str)
    for bad in (b"", b"abc", encode_names(POINTS)[:-3]):
        assert isinstance(decode_names(bad), str)


def test_all_that_is_known_gives_values_their_age_and_marks_their_reason() -> None:
    """What silence has made stale goes as it came; what a device has said of itself goes after its value; what a store kept goes not."""
    known = ReadingBatch(
        POINTS[:4],
        np.array([1.0, 2.0, 3.0, np.nan]),
        np.array([NOW, NOW + 1, NOW + 2, 0]),
        np.array([NOW + 5, NOW + 6, NOW + 7, 0]),
        np.array([Quality.STALE, Quality.BAD, Quality.STALE, Quality.NO_VALUE], np.uint8),
        np.array([Reason.SILENCE, Reason.DEVICE, Reason.RETAINED, Reason.NONE], np.uint8),
    )

    found = everything(np.arange(4, dtype=np.int32), known)

    assert found.slots.tolist() == [0, 1, 1]
    assert found.values.tolist()[:2] == [1.0, 2.0]
    assert found.quality.tolist() == [Quality.GOOD, Quality.GOOD, Quality.BAD]
    assert found.reason.tolist() == [Reason.NONE, Reason.NONE, Reason.DEVICE]
    assert found.observed_at.tolist() == [NOW, NOW + 1, NOW + 6]


def test_all_agree_on_who_stands_in() -> None:
    """The next by name, the first after the last."""
    assert [heir(gone, ["a", "c", "e"]) for gone in ("b", "d", "f", "")] == ["c", "e", "a", "a"]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A mosquitto that keeps nothing."""
    broker = Mosquitto(tmp_path, "persistence false\n").start()
    yield broker
    broker.stop()


def test_a_table_follows_another_through_everything(broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets what was known before it came, what is said then, marks, points that are new, what was dropped on the way, and all of it
    again after the broker was away."""
    taken, told = Table(snapshot_of(SITE)), Table(snapshot_of(SITE))
    relay = Relay(MqttConfig("127.0.0.1", broker.port, client_id="one", reconnect_s_min=0.1, reconnect_s_max=0.3), "g", taken.current)
    taken.ingest._onward = relay.offer

    def say(point: str, value: float, quality: Quality = Quality.GOOD) -> None:
        at = round(time.time() * 1000)
        taken.ingest.accept(ReadingBatch.of([(point, value, at, at, quality)]))

    def same() -> bool:
        ours, theirs = taken.current.all(), told.current.all()
        return (
            list(ours.points) == list(theirs.points)
            and np.array_equal(ours.values, theirs.values, equal_nan=True)
            and ours.quality.tolist() == theirs.quality.tolist()
        )

    say(POINTS[0], 1.0)
    relay.start()
    assert relay.wait_connected(10)
    config = MqttConfig("127.0.0.1", broker.port, client_id="api", topics=(), reconnect_s_min=0.1, reconnect_s_max=0.3)
    reading = Relayed("g", "api")
    wire = MqttClient(config, snapshot_of(SITE), told.ingest, wall_clock, [reading])
    wire.start()
    assert wire.wait_connected(10)

    assert wait_until(same), "what was known before it came"
    say(POINTS[1], 2.0)
    say(POINTS[0], np.nan, Quality.BAD)
    assert wait_until(same), "what is said then, and marks"
    assert told.quality(POINTS[0]) == "BAD"
    with monkeypatch.context() as patch:
        patch.setattr(relaying, "encode_rows", lambda *_: b"lost")
        say(POINTS[2], 3.0)
        assert wait_until(lambda: wire.status().poison > 0), "the fault must bite"
    say(POINTS[3], 4.0)
    assert wait_until(same), "what was dropped on the way"
    assert reading.missing() > 0
    grown = snapshot_of(SITE + "demo:Rack brick:hasPoint demo:New . demo:New dcx:samplePeriod 3600 .")
    for table in (taken, told):
        table.ingest.rebind(point_facts(grown))
    wire.rebind(grown)
    say("urn:ridethrough:demo:New", 5.0)
    assert wait_until(same), "points that are new"
    broker.stop()
    assert wait_until(lambda: told.quality(POINTS[3]) == "NO_COMMUNICATION"), "the fault must bite"
    say(POINTS[4], 6.0)
    broker.start()
    assert wait_until(lambda: told.value(POINTS[4]) == 6.0), "after the broker was away"
    assert reading.processes() == {"one": True}

    relay.close()
    assert wait_until(lambda: reading.processes() == {"one": False})
    wire.close()
