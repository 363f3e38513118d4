"""A wire recorded and played back: the same values come out, however fast; what is damaged is told; what is not there was not recorded."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import orjson
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from starlette.applications import Starlette

from adapters.history.embedded import EmbeddedHistory
from graph.errors import GraphError
from graph.values import Quality, ReadingBatch, Reason
from tests.support.mosquitto import Mosquitto
from tests.support.mqtt_line import POINTS, SITE
from tests.support.processes import Process
from tests.support.served import listening
from tests.support.wired import quads_of, wait_until
from twin.cli.app import app
from twin.cli.output import Failure
from twin.compose import Opened, open_ledger, open_twin
from twin.compose_http import http_app_of
from twin.compose_replay import Outcome, Playing, play_into
from twin.compose_service import Service
from twin.ingest import Ingest
from twin.recording import MAGIC, NotARecording, Record, Recorder, batches
from twin.replay import PlayedClock, readings_of, record_of
from twin.settings import Settings
from twin.sync import Wish

NOON = 1_780_315_200_000


def loaded(folder: Path, site: str = SITE) -> Path:
    """A data folder with the model."""
    opened = open_ledger(Settings.model_validate({"data": folder}), "test", read_only=False)
    opened.ledger.sync(Wish("test", quads_of(site)), author="test", reason="the site")
    opened.close()
    return folder


def played(folder: Path, recorded: Iterator[Sequence[Record]]) -> tuple[Opened, Outcome]:
    """A twin into which something has been played."""
    opened = open_twin(Settings.model_validate({"data": folder}), "test", read_only=False)
    outcome = play_into(opened, PlayedClock(), recorded)
    opened.close()
    return opened, outcome


def kept(folder: Path) -> list[list[tuple[int, float, int, int]]]:
    """What the history in a data folder has of each point."""
    history = EmbeddedHistory(folder / "history", read_only=True)
    found = []
    for point in POINTS:
        series = history.series(point, 0, 1 << 50, 100_000)
        codes = series.quality.tolist(), series.reason.tolist()
        found.append(list(zip(series.observed_at.tolist(), np.nan_to_num(series.values, nan=-1.0).tolist(), *codes, strict=True)))
    history.close()
    return found


def record(file: Path, *said: Sequence[Record], bytes_max: int = 1 << 30) -> Recorder:
    """A recording of batches."""
    recorder = Recorder(file, bytes_max)
    for batch in said:
        recorder.note(batch)
    recorder.close()
    return recorder


def said(count: int, seed: int = 1) -> list[list[Record]]:
    """Batches of messages of four points over some minutes: plain, with times, badly, late, of no point."""
    chance = random.Random(seed)
    found, at = [], NOON
    for n in range(count):
        at += 2 * chance.randrange(1, 1500)
        batch = []
        for _ in range(chance.randrange(1, 4)):
            late = chance.choice((0, 0, 0, 50_001))
            payload = chance.choice(
                (orjson.dumps({"v": n / 4, "t": at - late}), str(n).encode(), b"warm", orjson.dumps({"v": n, "q": "bad"}))
            )
            batch.append(Record(at, f"dc/hall/it/rack/p{chance.randrange(5)}", payload, chance.random() < 0.05, 1))
        found.append(batch)
    return found


def test_a_recording_gives_back_what_was_taken_together(tmp_path: Path) -> None:
    """Batches, places, bytes, flags and times, also of more than a block."""
    told = said(500)
    told.append([Record(NOON, "ä/ö", b"", True, 2), Record(NOON, "x", b"\0" * 3_000_000), Record(NOON, "readings", b"{}", readings=True)])

    recorder = record(tmp_path / "one", *told)

    assert list(batches(tmp_path / "one")) == told
    assert (recorder.recorded, recorder.missed) == (sum(map(len, told)), 0)
    assert (tmp_path / "one").stat().st_size < 60_000
    assert list(batches(_written(tmp_path / "empty", MAGIC))) == []


def _written(file: Path, data: bytes) -> Path:
    file.write_bytes(data)
    return file


def test_a_torn_end_costs_its_own_block_and_damage_is_told(tmp_path: Path) -> None:
    """Cut off anywhere in the last block, what was before it is there; a byte that is another one is told, so is what is no recording."""
    first, second = said(20, 1), said(20, 2)
    record(tmp_path / "one", *first)
    whole = (tmp_path / "one").read_bytes()
    record(tmp_path / "two", *second)
    joined = whole + (tmp_path / "two").read_bytes()[len(MAGIC) :]

    assert list(batches(_written(tmp_path / "joined", joined))) == first + second
    for cut in range(len(whole), len(joined), 37):
        assert list(batches(_written(tmp_path / "cut", joined[:cut]))) == first
    for at in range(len(MAGIC) + 12, len(whole), 101):
        broken = bytearray(joined)
        broken[at] ^= 0x55
        with pytest.raises(NotARecording, match="is damaged before byte"):
            list(batches(_written(tmp_path / "broken", bytes(broken))))
    with pytest.raises(NotARecording, match="is no recording: make one"):
        list(batches(_written(tmp_path / "text", b"hello")))


def test_a_recording_ends_where_it_is_as_large_as_it_may_be(tmp_path: Path) -> None:
    """What is there can be read; what did not fit is not there."""
    chance = random.Random(1)
    recorder = Recorder(tmp_path / "one", 2_500_000)
    for n in range(60):
        recorder.note([Record(NOON + n, "noise", chance.randbytes(100_000))])
        time.sleep(0.002)
    recorder.close()

    found = sum(map(len, batches(tmp_path / "one")))
    assert 5 < found < 30
    assert (recorder.recorded, recorder.missed) == (found, 60 - found)
    assert (tmp_path / "one").stat().st_size <= 2_500_000
    with pytest.raises(FileExistsError):
        Recorder(tmp_path / "one", 1)


def test_a_recording_of_nothing_leaves_no_file(tmp_path: Path) -> None:
    """Also one whose service could not start; while it runs, what is there can be read."""
    recorder = Recorder(tmp_path / "one", 1 << 20)
    assert list(batches(tmp_path / "one")) == []
    recorder.close()
    assert not (tmp_path / "one").exists()

    (tmp_path / "bad.toml").write_text("[[nothing")
    settings = {"data": loaded(tmp_path / "twin"), "mqtt_url": "mqtt://127.0.0.1:1", "mqtt_mapping": str(tmp_path / "bad.toml")}
    opened = open_twin(Settings.model_validate({**settings, "record": str(tmp_path / "recorded")}), "test", read_only=False)
    with pytest.raises(GraphError):
        Service(opened)
    opened.close()
    assert list((tmp_path / "recorded").iterdir()) == []


def test_readings_that_came_over_http_are_played_too(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """They are recorded as readings, counted as such, and come out as they went in."""
    settings = {"data": loaded(tmp_path / "live"), "record": str(tmp_path / "recorded")}
    opened = open_twin(Settings.model_validate(settings), "test", read_only=False)
    service = Service(opened)
    service.start()
    http = http_app_of(opened, service)
    at = time.time_ns() // 1_000_000
    with listening(Starlette(routes=list(http.routes))) as client:
        for n in range(3):
            body = [{"point": point, "value": n + k, "observed_at": at + n} for k, point in enumerate(POINTS)]
            assert client.post("/api/v1/readings", json=body).json()["taken"] == len(POINTS)
    http.close()
    service.stop()
    opened.close()

    (file,) = (tmp_path / "recorded").iterdir()
    app(["replay", "show", str(file)], standalone_mode=False)
    shown = capfd.readouterr().out
    _, outcome = played(loaded(tmp_path / "again"), batches(file))

    assert shown.startswith(f"0 messages of 0 topics and {3 * len(POINTS)} readings without messages, ")
    assert (outcome.messages, outcome.readings) == (0, 3 * len(POINTS))
    assert kept(tmp_path / "again") == kept(tmp_path / "live")
    assert len(kept(tmp_path / "again")[0]) == 3


def test_virtual_points_are_worked_out_by_the_clock_of_what_is_played(tmp_path: Path) -> None:
    """A sum of two points that speak every second: each second of it is in history, the same each time."""
    total = "urn:ridethrough:demo:Total"
    text = 'dcx:formula "\\"demo:P0\\" + \\"demo:P1\\""'
    formula = SITE + f"demo:Rack brick:hasPoint demo:Total . demo:Total {text} ; brick:hasUnit unit:KiloW .\n"
    told = [[Record(NOON + 1000 * n, f"dc/hall/it/rack/p{k}", str(n + k).encode()) for k in range(2)] for n in range(5)]
    record(tmp_path / "wire", *told)
    found = []
    for name in ("one", "two"):
        folder = loaded(tmp_path / name, formula)
        played(folder, batches(tmp_path / "wire"))
        history = EmbeddedHistory(folder / "history", read_only=True)
        series = history.series(total, 0, 1 << 50, 100)
        history.close()
        found.append(list(zip(((series.observed_at - NOON) // 1000).tolist(), series.values.tolist(), strict=True)))

    assert found[0] == found[1]
    assert dict(found[0]) == {1: 1.0, 2: 3.0, 3: 5.0, 4: 7.0, 5: 9.0}


def test_a_recording_that_is_damaged_in_the_middle_says_where_it_ended(tmp_path: Path) -> None:
    """Played at a speed: what came before stands, the reason is said and stays among those of the service."""
    record(tmp_path / "one", *([Record(NOON + n, "dc/hall/it/rack/p0", str(n).encode())] for n in range(5)))
    record(tmp_path / "two", [Record(NOON + 10, "dc/hall/it/rack/p0", b"10")])
    damaged = bytearray((tmp_path / "one").read_bytes() + (tmp_path / "two").read_bytes()[len(MAGIC) :])
    damaged[-1] ^= 0x55
    (tmp_path / "one").write_bytes(damaged)
    opened = open_twin(Settings.model_validate({"data": loaded(tmp_path / "twin")}), "test", read_only=False)
    clock, said_of_it = PlayedClock(), list[str]()
    ingest = Ingest(opened.twin.current, opened.bus, clock)
    playing = Playing(opened, clock, ingest, ingest.sweep)

    playing.begin(batches(tmp_path / "one"), 1000, said_of_it.append)

    assert wait_until(lambda: len(said_of_it) == 1)
    assert playing.reasons() == said_of_it
    assert said_of_it[0].startswith("replay: it ended at 2026-06-01T12:00:00Z, before the end: ")
    assert "is damaged before byte" in said_of_it[0]
    assert opened.twin.current.many(POINTS).values.tolist()[0] == 4.0
    playing.close()
    opened.close()


def test_what_is_played_twice_is_the_same_to_the_last_sample(tmp_path: Path) -> None:
    """Into two twins: the same current values and the same history; what cannot be read and what is of no point is counted."""
    record(tmp_path / "wire", *said(400))
    found = []
    for name in ("one", "two"):
        opened, outcome = played(loaded(tmp_path / name), batches(tmp_path / "wire"))
        rows = opened.twin.current.all()
        columns = rows.values.tolist(), rows.observed_at.tolist(), rows.received_at.tolist(), rows.quality.tolist(), rows.reason.tolist()
        found.append((columns, outcome, kept(tmp_path / name)))

    assert repr(found[0]) == repr(found[1])
    assert found[0][1].messages == sum(map(len, said(400)))
    assert found[0][1].unread > 0
    assert found[0][1].unbound > 0
    assert sum(map(len, found[0][2])) > 200


def test_what_a_service_took_comes_out_of_its_recording(tmp_path: Path) -> None:
    """A real broker, a service that records; another twin that never saw the broker has the same samples, and the same values."""
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(tmp_path / "broker", "persistence false\n").start()
    settings = {"data": loaded(tmp_path / "live"), "mqtt_url": broker.url, "record": tmp_path / "recorded"}
    opened = open_twin(Settings.model_validate({**settings, "record": str(tmp_path / "recorded")}), "test", read_only=False)
    service = Service(opened)
    service.start()
    try:
        assert wait_until(lambda: not service.away())
        device = paho.Client(CallbackAPIVersion.VERSION2, "device")
        device.connect("127.0.0.1", broker.port)
        device.loop_start()
        for n in range(300):
            payload = b"warm" if n % 50 == 7 else str(n).encode() if n % 2 else orjson.dumps({"v": n, "t": time.time_ns() // 1_000_000})
            sent = device.publish(f"dc/hall/it/rack/p{n % 5}", payload, 1)
        sent.wait_for_publish(10)
        device.disconnect()
        device.loop_stop()
        assert wait_until(lambda: service.face.health is not None and service.face.health().wires[0].messages == 300)
        live = opened.twin.current.many(POINTS)
    finally:
        service.stop()
        opened.close()
        broker.stop()

    (file,) = (tmp_path / "recorded").iterdir()
    again, outcome = played(loaded(tmp_path / "again"), batches(file))

    told = again.twin.current.many(POINTS)
    assert (outcome.messages, outcome.unread) == (300, 6)
    assert (told.values.tolist(), told.observed_at.tolist()) == (live.values.tolist(), live.observed_at.tolist())
    assert [rows for rows in kept(tmp_path / "again") if rows] == [
        [row for row in rows if row[3] != Reason.SILENCE] for rows in kept(tmp_path / "live") if rows
    ]


def test_readings_travel_as_records() -> None:
    """A value that is no number is none on the way; what is no such record is told."""
    batch = ReadingBatch.of([(POINTS[0], 1.5, NOON, NOON + 1, Quality.GOOD), (POINTS[1], float("nan"), NOON, NOON + 1, Quality.BAD)])

    found = readings_of(record_of(batch, NOON))

    assert list(found.points) == list(batch.points)
    assert repr(found.values.tolist()) == repr(batch.values.tolist())
    assert (found.observed_at.tolist(), found.quality.tolist()) == (batch.observed_at.tolist(), batch.quality.tolist())
    with pytest.raises(ValueError, match=f"readings of {NOON} cannot be read"):
        readings_of(Record(NOON, "readings", b"{}", readings=True))


def test_history_is_played_into_another_twin(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Every sample of the span comes out, once; of another span only what is in it. On the command line."""
    record(tmp_path / "wire", *said(200))
    played(loaded(tmp_path / "one"), batches(tmp_path / "wire"))
    loaded(tmp_path / "two")
    span = ["--since", "2026-06-01T00:00:00Z", "--until", "2026-06-02T00:00:00Z"]

    words = ["replay", "play", "--history", str(tmp_path / "one" / "history"), *span, "--data", str(tmp_path / "two"), "--json"]
    app(words, standalone_mode=False)
    told = orjson.loads(capfd.readouterr().out)

    assert sum(map(len, kept(tmp_path / "one"))) > 100
    assert [[row[:2] for row in rows] for rows in kept(tmp_path / "two")] == [[row[:2] for row in rows] for rows in kept(tmp_path / "one")]
    assert told["readings"] == sum(map(len, kept(tmp_path / "one")))


def test_a_recording_is_made_looked_at_and_played_on_the_command_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Beside whatever else listens to the broker."""
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(tmp_path / "broker", "persistence false\n").start()
    file = tmp_path / "wire"
    device = paho.Client(CallbackAPIVersion.VERSION2, "device")
    device.connect("127.0.0.1", broker.port)
    device.loop_start()
    device.publish("dc/hall/it/rack/p0", "1.5", 1, retain=True).wait_for_publish(10)
    app(["replay", "record", str(file), "--mqtt-url", broker.url, "--seconds", "0.5"], standalone_mode=False)
    device.disconnect()
    device.loop_stop()
    broker.stop()
    made = capfd.readouterr().out
    app(["replay", "show", str(file)], standalone_mode=False)
    shown = capfd.readouterr().out
    app(["replay", "play", str(file), "--data", str(loaded(tmp_path / "one"))], standalone_mode=False)
    told = capfd.readouterr().out

    assert f"{file}: 1 messages" in made
    assert shown.startswith("1 messages of 1 topics, 0.0 MB, ")
    assert "1         dc/hall/it/rack/p0" in shown
    assert "1 messages, 1 readings; 0 could not be read, 0 are of no point; 0 points are good at the end" in told
    with pytest.raises(Failure, match="is there already"):
        app(["replay", "record", str(file), "--mqtt-url", broker.url], standalone_mode=False)
    with pytest.raises(Failure, match="give a recording, or --history"):
        app(["replay", "play"], standalone_mode=False)


def test_a_recording_is_served_while_it_is_played_and_stands_still_at_its_end(tmp_path: Path) -> None:
    """At a hundred seconds a second: the values come one by one, and their age is of the recording's time."""
    told = [[Record(NOON + 1000 * n, "dc/hall/it/rack/p0", str(n).encode())] for n in range(300)]
    record(tmp_path / "wire", *told)
    process = Process(tmp_path / "one")
    loaded(tmp_path / "one" / "data")

    process.start_as("replay", "play", str(tmp_path / "wire"), "--speed", "100").wait()
    query = '{ entity(id: "demo:Rack") { points { value { value quality observedAt } } } }'
    found: list[float] = []

    def ended() -> bool:
        value = process.ask(query)["entity"]["points"][0]["value"]
        found.append(value["value"] or 0.0)
        return bool(value["value"] == 299.0)

    try:
        assert wait_until(ended), found
        time.sleep(1)
        last = process.ask(query)["entity"]["points"][0]["value"]
    finally:
        process.stop()
    assert sorted(found) == found
    assert (last["quality"], last["observedAt"][:19]) == ("GOOD", "2026-06-01T12:04:59")
