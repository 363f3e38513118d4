"""Values and history over HTTP: what there is, now, then, and over a span of time."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adapters.http.rules import HttpRules
from graph.history import DAY_MS
from tests.support.http_wire import AIR, HISTORY, INLET, PLANT, POINTS, POWER, POWER_2, SERVER, VALUES, Wire, wire
from tests.support.wired import MovedClock

CLOCK = MovedClock()
NOW = CLOCK.ms


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """A plant that has said a little: the power of rack 1 once a second for a quarter of an hour."""
    with wire(tmp_path_factory.mktemp("wire"), clock=CLOCK) as one:
        one.tell(*((POWER, float(second % 60), NOW + 1000 * (second - 900)) for second in range(900)))
        one.tell((POWER, 4.5, NOW), (POWER_2, 5.5, NOW - 3_000), (SERVER, 450.0, NOW - 2 * DAY_MS))
        yield one


def test_all_values_come_as_columns_in_order_of_ids(served: Wire) -> None:
    """A point that has said nothing has no value and no time; what was said two days ago is history only."""
    told = served.get(VALUES)

    assert told == {
        "at": "2026-03-01T12:00:00.000Z",
        "revision": 1,
        "points": [AIR, INLET, POWER, POWER_2, SERVER],
        "values": [None, None, 4.5, 5.5, None],
        "observed_at": [None, None, NOW, NOW - 3_000, None],
        "quality": ["NO_VALUE", "NO_VALUE", "GOOD", "GOOD", "NO_VALUE"],
        "reason": ["NONE"] * 5,
    }


@pytest.mark.parametrize(
    ("asked", "points"),
    [
        ({"point": [POWER_2, "urn:example:Rack-1.Power"]}, [POWER_2, POWER]),
        ({"entity": "urn:example:Rack-1"}, [INLET, POWER]),
        ({"below": "urn:example:Rack-1"}, [INLET, POWER, SERVER]),
        ({"below": "urn:example:Building", "class": "brick:Temperature_Sensor"}, [AIR, INLET]),
        ({"class": "dcx:Rack_Power_Sensor"}, [POWER, POWER_2]),
        ({"entity": "urn:example:Row-1"}, []),
    ],
)
def test_points_are_chosen_by_name_by_thing_by_what_is_in_it_and_by_class(served: Wire, asked: dict[str, Any], points: list[str]) -> None:
    """Alike for values and for the list of points, which is in order of ids."""
    listed = served.get(POINTS, **asked)

    assert served.get(VALUES, **asked)["points"] == points
    assert [each["point"] for each in listed["points"]] == sorted(points)
    assert listed["total"] == len(points)


def test_a_point_says_where_it_belongs_and_what_it_may_read(served: Wire) -> None:
    """The rack and the room are the nearest that hold its thing."""
    (told,) = served.get(POINTS, point=INLET)["points"]

    assert told == {
        "point": INLET,
        "label": "inlet of rack 1",
        "class": "https://w3id.org/ridethrough/ontology#Rack_Inlet_Temperature_Sensor",
        "unit": "http://qudt.org/vocab/unit/DEG_C",
        "entity": "urn:example:Rack-1",
        "room": "urn:example:Hall-1",
        "rack": "urn:example:Rack-1",
        "period_s": 5.0,
        "low": 0.0,
        "high": 60.0,
    }
    assert served.get(POINTS, point=SERVER)["points"][0]["rack"] == "urn:example:Rack-1"


def test_points_come_in_pages(served: Wire) -> None:
    """`next` leads on, and is null at the end."""
    first = served.get(POINTS, first=3)
    second = served.get(POINTS, first=3, after=first["next"])

    assert [each["point"] for page in (first, second) for each in page["points"]] == [AIR, INLET, POWER, POWER_2, SERVER]
    assert (first["next"], second["next"], second["total"]) == (POWER, None, 5)


def test_values_come_as_lines_and_as_arrow(served: Wire) -> None:
    """By name or by what the client accepts, and say the same."""
    lines = served.client.get(VALUES, params={"format": "ndjson", "point": [POWER, AIR]})
    stream = served.client.get(
        VALUES,
        params={"point": [POWER, AIR]},
        headers={"accept": "application/json;q=0.5, application/vnd.*;q=0.1, application/vnd.apache.arrow.stream"},
    )

    assert [orjson.loads(line) for line in lines.content.splitlines()] == [
        {"point": POWER, "value": 4.5, "observed_at": NOW, "quality": "GOOD", "reason": "NONE"},
        {"point": AIR, "value": None, "observed_at": None, "quality": "NO_VALUE", "reason": "NONE"},
    ]
    table = pa.ipc.open_stream(stream.content).read_all()
    assert stream.headers["content-type"] == "application/vnd.apache.arrow.stream"
    assert table.column("point").to_pylist() == [POWER, AIR]
    assert table.column("value").to_pylist() == [4.5, None]
    assert served.client.get(VALUES, headers={"accept": "text/html"}).status_code == 406


def test_what_has_not_changed_is_not_sent_again(tmp_path: Path) -> None:
    """The tag is another one after a value and after a change of the graph."""
    with wire(tmp_path) as one:
        tags = [one.client.get(VALUES).headers["etag"]]
        same = one.client.get(VALUES, headers={"if-none-match": tags[0]})
        one.send([{"point": POWER, "value": 1.0}])
        tags.append(one.client.get(VALUES, headers={"if-none-match": tags[0]}).headers["etag"])
        one.changed(PLANT + "ex:More brick:hasPoint ex:More.Power .")
        changed = one.client.get(VALUES, headers={"if-none-match": tags[1]})
        tags.append(changed.headers["etag"])

    assert (same.status_code, same.content) == (304, b"")
    assert len(set(tags)) == 3
    assert "urn:example:More.Power" in changed.json()["points"]


def test_values_of_an_instant_are_as_they_stood(served: Wire) -> None:
    """Ten minutes ago rack 1 had said its value of that second, rack 2 nothing, and the server's had grown old."""
    told = served.get(VALUES, at=NOW - 600_000 + 400, point=[POWER, POWER_2])
    older = served.get(VALUES, at="2026-02-27T12:00:30Z", point=SERVER)

    assert told["values"] == [0.0, None]
    assert told["observed_at"] == [NOW - 600_000, None]
    assert told["quality"] == ["GOOD", "NO_VALUE"]
    assert (older["values"], older["quality"], older["reason"]) == ([450.0], ["NO_COMMUNICATION"], ["SILENCE"])


def test_history_comes_in_pages_that_lose_nothing(served: Wire) -> None:
    """`next` is where the rest begins."""
    since, found = NOW - 900_000, list[float]()
    while since is not None:
        (series,) = served.get(HISTORY, point=POWER, since=since, until=NOW, limit=250)["series"]
        found += series["values"]
        since = series["next"]

    assert found == [float(second % 60) for second in range(900)]
    assert series["unit"] == "http://qudt.org/vocab/unit/KiloW"


def test_history_comes_by_spans_with_their_coverage(served: Wire) -> None:
    """A minute of one sample a second: 0 to 59, all of it covered, none of it bad."""
    told = served.get(HISTORY, point=[POWER, AIR], since="2026-03-01T11:50:00Z", until="2026-03-01T11:52:00Z", step=60)

    power, air = told["series"]
    assert (told["step_ms"], told["since"]) == (60_000, "2026-03-01T11:50:00.000Z")
    assert power["start"] == [NOW - 600_000, NOW - 540_000]
    assert [power[name] for name in ("minimum", "maximum", "mean", "count")] == [[0.0] * 2, [59.0] * 2, [29.5] * 2, [60] * 2]
    assert power["coverage"] == [1.0, 1.0]
    assert power["quality"] == ["GOOD", "GOOD"]
    assert air["start"] == []


@pytest.mark.parametrize(
    ("asked", "points"),
    [
        ({"entity": "urn:example:Rack-1"}, [INLET, POWER]),
        ({"below": "urn:example:Rack-1", "class": "dcx:Rack_Power_Sensor"}, [POWER]),
        ({"point": [POWER_2, POWER], "entity": "urn:example:Rack-1"}, [POWER]),
    ],
)
def test_history_is_asked_of_points_chosen_as_values_are(served: Wire, asked: dict[str, Any], points: list[str]) -> None:
    """By name, by thing, by what is in it and by class, each narrowing the choice; samples and spans of the same points."""
    samples = served.get(HISTORY, **asked, since=NOW - 60_000)["series"]
    spans = served.get(HISTORY, **asked, since=NOW - 60_000, step=60)["series"]

    assert sorted(each["point"] for each in samples) == sorted(each["point"] for each in spans) == sorted(points)


def test_a_chart_gets_no_more_than_its_pixels_and_loses_no_peak(served: Wire) -> None:
    """First, last, least and greatest are there."""
    (series,) = served.get(HISTORY, point=POWER, since=NOW - 900_000, max_points=20)["series"]

    assert len(series["values"]) <= 22
    assert (min(series["values"]), max(series["values"])) == (0.0, 59.0)
    assert (series["observed_at"][0], series["observed_at"][-1]) == (NOW - 900_000, NOW - 1_000)


def test_history_comes_as_csv_arrow_and_parquet(served: Wire) -> None:
    """The same rows in each."""
    asked: dict[str, Any] = {"point": POWER, "since": NOW - 2_000}
    forms = {
        form: served.client.get(HISTORY, params={**asked, "until": NOW + 1, "format": form}).content for form in ("csv", "arrow", "parquet")
    }
    spans = served.client.get(HISTORY, params={**asked, "step": 60, "format": "csv"}).text

    rows = list(csv.DictReader(io.StringIO(forms["csv"].decode())))
    assert [(row["point"], float(row["value"])) for row in rows] == [(POWER, 58.0), (POWER, 59.0), (POWER, 4.5)]
    assert rows[0]["observed_at"] == "2026-03-01T11:59:58.000Z"
    for table in (pa.ipc.open_stream(forms["arrow"]).read_all(), pq.read_table(io.BytesIO(forms["parquet"]))):
        assert table.column("value").to_pylist() == [58.0, 59.0, 4.5]
    assert spans.splitlines()[0] == '"point","start","minimum","maximum","mean","count","coverage","quality"'


@pytest.mark.parametrize(
    ("address", "asked", "status", "told"),
    [
        (VALUES, {"point": "urn:example:Nobody"}, 404, "no point 'urn:example:Nobody'"),
        (VALUES, {"entity": "urn:example:Nobody"}, 404, "no entity"),
        (VALUES, {"class": "brick:Unheard_Of"}, 404, "no class"),
        (VALUES, {"at": "noon"}, 422, "at: 'noon' is no instant"),
        (VALUES, {"at": "2026-03-01T12:00:00"}, 422, "with an offset"),
        (VALUES, {"format": "xml"}, 422, "format"),
        (VALUES, {"points": POWER}, 422, "has no parameter 'points': give at, below, class, entity, format, point"),
        (HISTORY, {"point": POWER}, 422, "since: Field required"),
        (HISTORY, {"point": POWER, "since": 0, "step": 1, "format": "csv"}, 413, "longer spans"),
        (HISTORY, {"point": POWER, "since": 0, "limit": 1, "format": "csv"}, 413, "less time"),
        (HISTORY, {"point": "urn:example:Nobody", "since": 0}, 404, "neither the graph nor the history"),
        (HISTORY, {"point": POWER, "since": NOW, "until": NOW}, 422, "since 2026-03-01T12:00:00.000Z must be before until"),
        (HISTORY, {"point": POWER, "since": NOW + 1}, 422, "must be before until 2026-03-01T12:00:00.000Z (now)"),
        (HISTORY, {"point": POWER, "since": -1}, 422, "since: '-1' is before 1970"),
        (VALUES, {"at": 1e15}, 422, "after the year 9999"),
        (HISTORY, {"since": 0}, 422, "say whose history: point, entity, below or class"),
        (HISTORY, {"point": [POWER] * 101, "since": 0}, 422, "101 points are asked for, 100 may be at once"),
        (HISTORY, {"entity": "urn:example:Nobody", "since": 0}, 404, "no entity"),
        ("/api/v1/nothing", {}, 404, "/api/v1/openapi.json"),
    ],
)
def test_what_makes_no_sense_is_a_problem_with_the_next_step(
    served: Wire, address: str, asked: dict[str, Any], status: int, told: str
) -> None:
    """RFC 9457, with the thing and the limit."""
    answer = served.client.get(address, params=asked)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert told in answer.json()["detail"]


def test_an_answer_is_bounded_over_all_its_points_and_says_where_the_rest_begins(tmp_path: Path) -> None:
    """Of samples and of spans; what is asked for from there on is the rest."""
    since, until = NOW - 60_000, NOW + 1
    with wire(tmp_path, clock=CLOCK, rules=HttpRules(samples_max=100)) as one:
        one.tell(*((point, float(row), NOW - row) for row in range(60) for point in (POWER, POWER_2)))
        first = one.get(HISTORY, point=[POWER, POWER_2], since=since, until=until)["series"]
        rest = one.get(HISTORY, point=POWER_2, since=first[1]["next"], until=until)["series"]
        spans = one.get(HISTORY, point=POWER, since=0, until=until, step=60)["series"]

    assert [(len(each["values"]), each["next"]) for each in first] == [(60, None), (40, NOW - 19)]
    assert len(rest[0]["values"]) == 20
    assert (spans[0]["start"], spans[0]["next"]) == ([], 100 * 60_000)


def test_a_point_that_the_graph_has_lost_is_answered_from_history(tmp_path: Path) -> None:
    """What was kept stays until its time is over."""
    with wire(tmp_path, clock=CLOCK) as one:
        one.tell((POWER, 1.5, NOW))
        one.changed(PLANT.replace("ex:Rack-1.Power", "ex:New"))
        (series,) = one.get(HISTORY, point=POWER, since=NOW - 1, until=NOW + 1)["series"]

    assert (series["values"], series["unit"]) == ([1.5], None)


def test_without_a_history_the_past_is_not_available_and_the_present_is(tmp_path: Path) -> None:
    """503 with the setting that keeps one."""
    with wire(tmp_path, keeps=False) as one:
        answers = [one.client.get(HISTORY, params={"point": POWER, "since": 0}), one.client.get(VALUES, params={"at": 0})]
        present = one.client.get(VALUES).status_code

    assert [(answer.status_code, answer.json()["title"]) for answer in answers] == [(503, "no history")] * 2
    assert present == 200
