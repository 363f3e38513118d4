"""Prometheus' query API: what a stock Grafana asks, answered from points, with Prometheus' own rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.http.rules import HttpRules
from graph.values import Quality, ReadingBatch
from tests.support.http_wire import AIR, PLANT, POWER, POWER_2, SERVER, Wire, wire
from tests.support.wired import MovedClock

CLOCK = MovedClock()
NOW = CLOCK.ms
S = NOW // 1000
API = "/api/v1/prometheus/api/v1"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """A quarter of an hour: rack 1 counts up by one each 10 s, rack 2 stands at 5 and says so each minute, the server ended in a fault."""
    with wire(tmp_path_factory.mktemp("wire"), clock=CLOCK) as one:
        one.tell(*((POWER, float(n), NOW - 900_000 + 10_000 * n) for n in range(91)))
        one.tell(*((POWER_2, 5.0, NOW - 60_000 * n) for n in range(15)))
        one.tell((SERVER, 400.0, NOW - 100_000), (AIR, 24.0, NOW - 400_000))
        one.ingest.accept(ReadingBatch.of([(SERVER, float("nan"), NOW - 50_000, NOW - 50_000, Quality.BAD)]))
        for second in (-60, -30, 0):
            one.app.sources.ring.tick(NOW + 1000 * second)
        yield one


def ask(one: Wire, query: str, at: float = S) -> dict[str, float]:
    """The answer to a query at an instant: value by point, by what is left of the labels, or by nothing."""
    data = one.get(f"{API}/query", query=query, time=at)["data"]
    if data["resultType"] == "scalar":
        return {"": float(data["result"][1])}
    return {each["metric"].get("point") or ",".join(each["metric"].values()): float(each["value"][1]) for each in data["result"]}


def test_the_metric_of_a_point_is_its_class_and_labels_say_which_point(served: Wire) -> None:
    """Where it belongs, in which unit."""
    (found,) = served.get(f"{API}/query", query="rack_inlet_temperature_sensor or rack_power_sensor{point=~'.*Rack-1.*'}")["data"]["result"]

    assert found["metric"] == {
        "__name__": "rack_power_sensor",
        "entity": "urn:example:Rack-1",
        "label": "Rack-1.Power",
        "point": POWER,
        "rack": "urn:example:Rack-1",
        "room": "urn:example:Hall-1",
        "unit": "KiloW",
    }
    assert found["value"] == [S, "90"]


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("rack_power_sensor", {POWER: 90.0, POWER_2: 5.0}),
        ('rack_power_sensor{rack!="urn:example:Rack-1"}', {POWER_2: 5.0}),
        ('{__name__=~"rack_.*", rack=~"urn:example:Rack-[13]"}', {POWER: 90.0}),
        ('rack_power_sensor{rack=~"Rack-1"}', {}),  # patterns are anchored
        ("rack_power_sensor offset 5m", {POWER: 60.0, POWER_2: 5.0}),
        ("active_power_sensor", {}),  # its device is in fault
        ("active_power_sensor offset 1m", {SERVER: 400.0}),
        ("air_temperature_sensor offset 2m", {AIR: 24.0}),  # heard 280 s before
        ("air_temperature_sensor offset 1s", {}),  # heard 399 s before: over the look-back
        ("rate(rack_power_sensor[1m])", {POWER: 0.1}),  # one sample has no rate
        ("increase(rack_power_sensor[5m])", {POWER: 30.0, POWER_2: 0.0}),
        ("delta(rack_power_sensor[5m])", {POWER: 30.0, POWER_2: 0.0}),
        ("avg_over_time(rack_power_sensor[1m])", {POWER: 87.5, POWER_2: 5.0}),  # 85 to 90
        ("min_over_time(rack_power_sensor[1m])", {POWER: 85.0, POWER_2: 5.0}),
        ("max_over_time(rack_power_sensor[1m] offset 1m)", {POWER: 84.0, POWER_2: 5.0}),
        ("sum_over_time(rack_power_sensor[1m])", {POWER: 525.0, POWER_2: 5.0}),
        ("count_over_time(rack_power_sensor[1m])", {POWER: 6.0, POWER_2: 1.0}),
        ("last_over_time(air_temperature_sensor[10m])", {AIR: 24.0}),
        ("sum(rack_power_sensor)", {"": 95.0}),
        ("avg by (room) (rack_power_sensor)", {"urn:example:Hall-1": 47.5}),
        ("max by (rack, unit) (rack_power_sensor)", {"urn:example:Rack-1,KiloW": 90.0, "urn:example:Rack-2,KiloW": 5.0}),
        ("min without (point, label, entity, rack) (rack_power_sensor)", {"urn:example:Hall-1,KiloW": 5.0}),
        ("count(rack_power_sensor > 10)", {"": 1.0}),
        ("topk(1, rack_power_sensor)", {POWER: 90.0}),
        ("bottomk(1, rack_power_sensor)", {POWER_2: 5.0}),
        ("rack_power_sensor * 1000 / 2", {POWER: 45_000.0, POWER_2: 2_500.0}),
        ("100 - rack_power_sensor", {POWER: 10.0, POWER_2: 95.0}),
        ("-rack_power_sensor + 1", {POWER: -89.0, POWER_2: -4.0}),
        ("rack_power_sensor > bool 10", {POWER: 1.0, POWER_2: 0.0}),
        ("rack_power_sensor / on (point) rack_power_sensor", {POWER: 1.0, POWER_2: 1.0}),
        ("rack_power_sensor - ignoring (unit) rack_power_sensor offset 1m", {POWER: 6.0, POWER_2: 0.0}),
        ("rack_power_sensor and on (rack) (rack_power_sensor > 10)", {POWER: 90.0}),
        ("rack_power_sensor unless on (rack) (rack_power_sensor > 10)", {POWER_2: 5.0}),
        ("clamp_max(rack_power_sensor, 50)", {POWER: 50.0, POWER_2: 5.0}),
        ("abs(-rack_power_sensor)", {POWER: 90.0, POWER_2: 5.0}),
        ("2 + 3 * 4 ^ 2 % 7", {"": 8.0}),
        ("1 + 1", {"": 2.0}),  # what Grafana asks to see whether somebody is there
        ("time()", {"": float(S)}),
        ("vector(3)", {"": 3.0}),
        ("scalar(sum(rack_power_sensor))", {"": 95.0}),
        ('ridethrough_points{quality="GOOD"}', {"ridethrough_points,GOOD": 2.0}),
        ("sum(ridethrough_points)", {"": 5.0}),
        ("nobody_knows_it", {}),
    ],
)
def test_queries_are_answered_by_prometheus_rules(served: Wire, query: str, answer: dict[str, float]) -> None:
    """Each number by hand: rack 1 stands at 90 now and was one less each 10 s before; rack 2 stands at 5."""
    assert ask(served, query) == pytest.approx(answer)


def test_a_counter_that_begins_anew_is_counted_on(tmp_path: Path) -> None:
    """0 to 50, then from 0 again to 30: 80 in all over 80 s, which are all of the window but its ends."""
    with wire(tmp_path, clock=CLOCK) as one:
        counts = [0.0, 10, 20, 30, 40, 50, 0, 10, 20, 30]
        one.tell(*((POWER, value, NOW - 90_000 + 10_000 * n) for n, value in enumerate(counts)))
        found = ask(one, "increase(rack_power_sensor[90s])")

    assert found == pytest.approx({POWER: 30 + 50 - 10 + 0 + (30 + 50 - 10) * 10 / 80})  # from 10 on, as the window is open at its begin


def test_a_range_at_one_instant_is_its_samples(served: Wire) -> None:
    """What Grafana's tables ask: those of (instant - range, instant], as they were said."""
    answer = served.get(f"{API}/query", query="(rack_power_sensor[30s])", time=S)["data"]

    series = {each["metric"]["point"]: each["values"] for each in answer["result"]}
    assert answer["resultType"] == "matrix"
    assert series[POWER] == [[S - 20, "88"], [S - 10, "89"], [S, "90"]]


def test_the_greatest_come_in_order(served: Wire) -> None:
    """At one instant topk says the greatest first, bottomk the least."""
    found = [
        [each["value"][1] for each in served.get(f"{API}/query", query=f"{name}(2, -rack_power_sensor)", time=S)["data"]["result"]]
        for name in ("topk", "bottomk")
    ]

    assert found == [["-5", "-90"], ["-90", "-5"]]


@pytest.mark.parametrize(
    ("number", "said"), [("2", "2"), ("0.1", "0.1"), ("1e21", "1" + "0" * 21), ("1e-7", "0.0000001"), ("-1/0", "-Inf")]
)
def test_numbers_are_said_as_prometheus_says_them(served: Wire, number: str, said: str) -> None:
    """No exponent, and no point after a whole number."""
    assert served.get(f"{API}/query", query=number, time=S)["data"]["result"] == [S, said]


def test_series_that_do_not_pair_are_an_error_of_the_execution(served: Wire) -> None:
    """Of the samples, not of the text: 422, as Prometheus says it. What pairs with nothing may be there twice."""
    answer = served.client.get(f"{API}/query", params={"query": "rack_power_sensor + on (room) rack_power_sensor"})

    assert (answer.status_code, answer.json()["errorType"]) == (422, "execution")
    assert "several series of one side" in answer.json()["error"]
    assert ask(served, "rack_power_sensor + on (room) vector(1)") == {}


def test_a_range_is_answered_at_equal_steps(served: Wire) -> None:
    """By POST, as Grafana asks; where there is no value there is no pair."""
    form = {"query": "rack_power_sensor", "start": str(S - 1200), "end": str(S), "step": "5m"}
    answer = served.client.post(f"{API}/query_range", data=form).json()["data"]

    series = {each["metric"]["point"]: each["values"] for each in answer["result"]}
    assert answer["resultType"] == "matrix"
    assert series[POWER] == [[S - 900, "0"], [S - 600, "30"], [S - 300, "60"], [S, "90"]]
    assert [at for at, _ in series[POWER_2]] == [S - 600, S - 300, S]


def test_our_own_metrics_have_a_past(served: Wire) -> None:
    """A sample each 15 s at most."""
    answer = served.get(f"{API}/query_range", query="sum(ridethrough_readings_total)", start=S - 60, end=S, step=30)["data"]["result"]

    assert answer == [{"metric": {}, "values": [[S - 60, "109"], [S - 30, "109"], [S, "109"]]}]


def test_what_there_is_can_be_asked(served: Wire) -> None:
    """Series, names of labels, values of a label, what a metric is, and the version that Grafana looks at."""
    metrics = served.get(f"{API}/label/__name__/values")["data"]
    rooms = served.get(f"{API}/label/room/values", **{"match[]": "rack_power_sensor"})["data"]
    series = served.get(f"{API}/series", **{"match[]": ['rack_power_sensor{rack=~".*2"}', "ridethrough_points"]})["data"]
    labels = served.get(f"{API}/labels")["data"]
    metadata = served.get(f"{API}/metadata", metric="rack_power_sensor")["data"]
    build = served.get(f"{API}/status/buildinfo")["data"]

    assert [name for name in metrics if not name.startswith("ridethrough_")] == [
        "active_power_sensor",
        "air_temperature_sensor",
        "rack_inlet_temperature_sensor",
        "rack_power_sensor",
    ]
    assert rooms == ["urn:example:Hall-1"]
    assert [each.get("point", each.get("quality")) for each in series] == [POWER_2, *(each.name for each in Quality)]
    assert {"__name__", "entity", "label", "point", "quality", "rack", "room", "unit", "wire"} <= set(labels)
    assert metadata["rack_power_sensor"][0]["help"] == "Points of the class dcx:Rack_Power_Sensor."
    assert build["version"] == "3.0.0"


@pytest.mark.parametrize(
    ("path", "asked", "told"),
    [
        ("query", {"query": "sum("}, "unclosed left parenthesis"),
        ("query", {}, "query is missing"),
        ("query", {"query": "x", "time": "noon"}, "time is 'noon'"),
        ("query", {"query": "histogram_quantile(0.9, x)"}, "histogram_quantile is not answered here"),
        ("query", {"query": "avg_over_time(x[1h:5m])"}, "subqueries are not answered"),
        ("query", {"query": "x @ 1"}, "@ is not answered"),
        ("query", {"query": "rack_power_sensor * on (room) group_left () rack_power_sensor"}, "group_left"),
        ("query", {"query": "x", "timeout": "soon"}, "timeout is 'soon'"),
        ("query", {"query": "stddev(x)"}, "stddev is not answered"),
        ("query", {"query": "label_replace(x, 'a', 'b', 'c', 'd')"}, "label_replace is not answered"),
        ("query", {"query": 'x{a=~"("}'}, ""),
        ("query", {"query": 'rack_power_sensor{room=~"a{1,2000}"}'}, "pattern"),
        ("query", {"query": "(" * 300 + "1" + ")" * 300}, "more than 200 brackets"),
        ("query", {"query": "1+" * 2500 + "1"}, "characters"),
        ("query_range", {"query": "x", "start": S, "end": S - 1, "step": 1}, "end is before start"),
        ("query_range", {"query": "x", "start": 0, "end": S, "step": 1}, "steps are more than 11,000"),
        ("query_range", {"query": "x", "start": 0, "end": S, "step": "soon"}, "step is 'soon'"),
        ("query_range", {"query": "rack_power_sensor[5m]", "start": S, "end": S, "step": 1}, "answered at one instant"),
        ("series", {}, "match[] is missing"),
        ("series", {"match[]": "sum(x)"}, "match[] is no selector"),
    ],
)
def test_what_is_not_answered_is_refused_by_name(served: Wire, path: str, asked: dict[str, Any], told: str) -> None:
    """In Prometheus' own form of an error."""
    answer = served.client.get(f"{API}/{path}", params=asked)

    assert (answer.status_code, answer.json()["status"], answer.json()["errorType"]) == (400, "error", "bad_data")
    assert told in answer.json()["error"]


def test_a_long_range_is_answered_from_spans_and_says_so(tmp_path: Path) -> None:
    """Minutes stand for their samples: mean, least and greatest stay exact."""
    with wire(tmp_path, clock=CLOCK, rules=HttpRules(promql_samples=200)) as one:
        one.tell(*((POWER, float(n % 6), NOW - 3_600_000 + 10_000 * n) for n in range(360)))
        answers: list[httpx.Response] = [
            one.client.get(f"{API}/query", params={"query": f"{name}_over_time(rack_power_sensor[1h])", "time": S})
            for name in ("avg", "min", "max", "count")
        ]

    found = [float(answer.json()["data"]["result"][0]["value"][1]) for answer in answers]
    assert found == pytest.approx([2.5, 0.0, 5.0, 360.0])
    assert "answered from spans of 60 s" in answers[0].json()["warnings"][0]


def test_the_present_needs_no_history(tmp_path: Path) -> None:
    """The past does, and the answer says which setting keeps one."""
    with wire(tmp_path, turtle=PLANT, keeps=False, clock=CLOCK) as one:
        one.tell((POWER, 4.0, NOW))
        present = ask(one, "rack_power_sensor")
        past = one.client.get(f"{API}/query", params={"query": "rack_power_sensor offset 1h"})

    assert present == {POWER: 4.0}
    assert (past.status_code, past.json()["errorType"]) == (503, "unavailable")
    assert "history" in past.json()["error"]
