"""The verbs about values: what a running service has, what no value comes from, and what has been kept."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pyarrow.parquet
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.mosquitto import Mosquitto
from tests.support.mqtt_line import POINTS, SITE
from tests.support.processes import Process
from tests.support.wired import quads_of, wait_until
from twin.cli.app import app
from twin.cli.output import Failure
from twin.compose import open_ledger
from twin.settings import Settings
from twin.sync import Wish

START = round(time.time() * 1000) - 3_000
Typed = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The service over four points, three of which have spoken: one badly, one three times; and a topic that is of none."""
    folder = tmp_path_factory.mktemp("values")
    broker = Mosquitto(folder).start()
    opened = open_ledger(Settings.model_validate({"data": folder / "one" / "data"}), "test", read_only=False)
    opened.ledger.sync(Wish("test", quads_of(SITE.replace("samplePeriod 5", "samplePeriod 3600"))), author="test", reason="the site")
    opened.close()
    running = Process(folder / "one", mqtt_url=broker.url).start().wait()
    device = paho.Client(CallbackAPIVersion.VERSION2, "device")
    device.connect("127.0.0.1", broker.port)
    device.loop_start()
    for n in range(3):
        device.publish("dc/hall/it/rack/p0", json.dumps({"v": n + 0.5, "t": START + 1000 * n}), 1)
    device.publish("dc/hall/it/rack/p1", '{"v": 7, "t": 4102444800000}', 1)
    device.publish("dc/hall/it/rack/p2", "warm", 1)
    device.publish("dc/hall/it/rack/p9", "1", 1)
    device.publish("site/rack/p-3", "1", 1).wait_for_publish(10)
    device.disconnect()
    device.loop_stop()
    yield running
    running.stop()
    broker.stop()


@pytest.fixture
def type_(service: Process, capfd: pytest.CaptureFixture[str]) -> Typed:
    """What types a verb over the folder of the service: the exit code, and what it prints."""

    def typed(*words: str) -> tuple[int, str]:
        capfd.readouterr()
        code = app([*words, "--data", str(service.folder / "data")], standalone_mode=False)
        return code or 0, capfd.readouterr().out

    return typed


def test_points_tell_value_quality_and_why(type_: Typed) -> None:
    """Of the running service; those that are not good alone, by a part of their name, as JSON."""
    assert wait_until(lambda: "BAD" in type_("points")[1])

    code, printed = type_("points")
    bad, listed = type_("points", "--bad", "p2", "--json")
    one, found = type_("points", "--quality", "uncertain", "--json")
    none, nothing = type_("points", "nobody")

    assert (code, bad, one, none) == (0, 3, 0, 0)
    assert ["demo:P1", "7", "UNCERTAIN", "CLOCK"] in [line.split()[:4] for line in printed.splitlines()]
    assert [(row["point"], row["quality"], row["reason"]) for row in json.loads(listed)["points"]] == [(POINTS[2], "BAD", "SENSOR")]
    assert [row["point"] for row in json.loads(found)["points"]] == [POINTS[1]]
    assert nothing == "no such points\n"
    with pytest.raises(Failure, match="no quality 'excellent'; there are: GOOD"):
        type_("points", "--quality", "excellent")


def test_wires_tell_what_each_takes_and_what_becomes_of_it(type_: Typed) -> None:
    """The broker, what came, what could not be read, what is of no point; the newest payload of those where it is asked for."""
    assert wait_until(lambda: json.loads(type_("wires", "--json")[1])["readings"]["news"] == 5)

    code, printed = type_("wires")
    told = json.loads(type_("wires", "--json")[1])
    dead = type_("wires", "--dead")[1]

    (wire,) = told["wires"]
    assert (code, wire["connected"], wire["messages"], wire["deadLetters"], wire["unbound"]) == (0, True, 7, 1, 2)
    assert (told["points"], told["history"]["samples"], told["history"]["error"]) == (4, 5, "")
    assert printed.splitlines()[0].split()[:4] == ["WIRE", "PLACE", "STATE", "MESSAGES"]
    assert "so far: 5 news" in printed
    assert "warm" not in printed
    assert "dc/hall/it/rack/p2: the payload" in dead


def test_what_no_value_comes_from_is_told_with_what_would_bind_it(type_: Typed) -> None:
    """The topic, how often it spoke, why; the statement, how likely it is and why; of a topic that comes near nothing none."""
    code, printed = type_("points", "--unbound", "rack")

    assert code == 3
    assert "dc/hall/it/rack/p9  1" in printed
    assert "demo:Rack has no point 'p9'" in printed
    assert 'demo:P3 ref:hasExternalReference [ a dcx:MQTTReference ; dcx:topic "site/rack/p-3" ] .' in printed
    assert "demo:P3: 1, both speak of rack, p, 3" in printed
    assert 'dcx:topic "dc/hall/it/rack/p9"' not in printed
    assert type_("points", "--unbound", "p8")[0] == 0


def test_history_prints_samples_spans_and_instants_beside_the_running_service(type_: Typed) -> None:
    """By point or by equipment; as JSON the numbers are numbers."""
    samples = json.loads(type_("history", "demo:P0", "--since", "10m", "--json")[1])
    spans = json.loads(type_("history", "demo:P0", "--since", "10m", "--step", "1d", "--json")[1])
    past = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START / 1000 + 2))
    then = json.loads(type_("history", "demo:Rack", "--at", past, "--json")[1])["values"]
    printed = type_("history", "demo:Rack", "--since", "10m")[1]
    status = json.loads(type_("history", "--json")[1])

    assert [row["value"] for row in samples["rows"]] == [0.5, 1.5, 2.5]
    assert sum(row["count"] for row in spans["rows"]) == 3
    assert {row["maximum"] for row in spans["rows"][-1:]} == {2.5}
    assert [row["point"] for row in then] == POINTS
    assert then[0]["value"] in {0.5, 1.5}
    assert then[3] == {"point": POINTS[3], "value": None, "observed_at": None, "quality": "NO_VALUE", "reason": "NONE"}
    assert printed.splitlines()[0].split() == ["POINT", "OBSERVED", "AT", "VALUE", "QUALITY", "REASON"]
    assert "demo:P2" in printed
    assert (status["points"], status["samples"], status["error"]) == (3, 5, "")


def test_history_is_taken_out_as_csv_and_parquet(type_: Typed, tmp_path: Path) -> None:
    """Every sample of every point; a value that is no number is empty."""
    to_screen = list(csv.DictReader(io.StringIO(type_("history", "--csv", "-", "--since", "1d")[1])))
    file = tmp_path / "kept.parquet"
    told = type_("history", "demo:Rack", "--since", "1d", "--parquet", str(file))[1]

    rows = pyarrow.parquet.read_table(file).to_pylist()
    assert [row["value"] for row in to_screen if row["point"] == POINTS[0]] == ["0.5", "1.5", "2.5"]
    assert [row["value"] for row in to_screen if row["point"] == POINTS[2]] == [""]
    assert [row["value"] for row in rows if row["point"] == POINTS[0]] == [0.5, 1.5, 2.5]
    assert told == f"{file}: 5 rows of 4 points\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("demo:P0", "--since", "yesterday"), "'yesterday' is neither an instant such as"),
        (("demo:P0", "--since", "2026-03-03T14:00:00"), "says no offset from UTC"),
        (("demo:P0", "--step", "0m"), "'0m' is no span such as 15m"),
        (("demo:P0", "--since", "1h", "--until", "2h"), "--since must be before --until"),
        (("demo:P0", "--csv", "-", "--json"), "give one of --csv, --parquet and --json"),
        (("demo:P0", "--at", "1h", "--step", "1m"), "--at prints the values of one instant"),
        (("demo:Nobody",), "no entity 'demo:Nobody'"),
    ],
)
def test_what_history_cannot_be_asked_is_told(type_: Typed, words: tuple[str, ...], told: str) -> None:
    """What was wrong, and what it takes."""
    with pytest.raises(Failure, match=told):
        type_("history", *words)


def test_a_folder_that_no_service_holds_is_told(tmp_path: Path) -> None:
    """With the next step."""
    with pytest.raises(Failure, match=r"no service runs over .*: start `ridethrough serve`"):
        app(["points", "--data", str(tmp_path)], standalone_mode=False)
    with pytest.raises(Failure, match=r"nothing has been kept in .* yet"):
        app(["history", "--data", str(tmp_path)], standalone_mode=False)
