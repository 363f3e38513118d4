"""The demo as a newcomer starts it: ready with values moving, the promised answers from every face, a clean end, a quick second start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from ontology.namespaces import BRICK, DEMO

RIDETHROUGH = str(Path(sys.executable).with_name("ridethrough"))
FIRST_START_S = 240
"""Where nothing has compiled the failure engine yet, the first start does."""
SECOND_START_S = 10
UPS_A, UPS_B = DEMO + "UPS-A", DEMO + "UPS-B"


class Demo:
    """A running demo."""

    def __init__(self, data: Path, process: subprocess.Popen[str], address: str) -> None:
        self.data, self.process = data, process
        self.web = httpx.Client(base_url=address, timeout=30)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = self.web.post("/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def type(self, *words: str) -> str:
        """A command in a second terminal."""
        env = {**os.environ, "RIDETHROUGH_DATA": str(self.data)}
        return subprocess.run([RIDETHROUGH, *words], env=env, capture_output=True, text=True, timeout=120, check=True).stdout


@contextmanager
def running(data: Path) -> Iterator[tuple[Demo, float]]:
    """The demo on a free port, and the seconds until it was ready; Ctrl-C ends it well."""
    start = time.perf_counter()
    command = [RIDETHROUGH, "demo", "--data", str(data), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            line = next(line for line in process.stdout if " at http://" in line)
            demo = Demo(data, process, line.split(" at ")[1].split()[0])
            while demo.web.get("/readyz").status_code != 200:
                assert time.perf_counter() - start < FIRST_START_S
                time.sleep(0.1)
            yield demo, time.perf_counter() - start
            demo.web.close()
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
    assert process.returncode == 0, rest
    assert rest.endswith("ended\n"), rest


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture(scope="module")
def demo(data: Path) -> Iterator[Demo]:
    with running(data) as (one, seconds):
        assert seconds < FIRST_START_S
        yield one


def racks_by_outcome(told: dict[str, Any]) -> dict[str, set[str]]:
    """The racks of an answer of the command line, by outcome."""
    found: dict[str, set[str]] = {}
    for row in told["outcomes"]:
        if row["class"] == BRICK + "ICT_Rack":
            found.setdefault(row["outcome"], set()).add(row["id"])
    return found


def cords(demo: Demo) -> dict[str, str]:
    """The sides from which each rack is fed, as text such as "AB"."""
    query = """{ entities(class: "brick:ICT_Rack", first: 200) { nodes { id
        relations(predicate: "dcx:feedsPower", direction: IN) { entities(first: 4) { nodes {
            properties { predicate value } } } } } } }"""
    found = {}
    for node in demo.ask(query)["entities"]["nodes"]:
        feeders = [each for relation in node["relations"] for each in relation["entities"]["nodes"]]
        found[node["id"]] = "".join(sorted({p["value"] for f in feeders for p in f["properties"] if p["predicate"].endswith("#feedSide")}))
    return found


def test_values_move(demo: Demo) -> None:
    """The IT load seen by a UPS is good, and is another number a few seconds later."""
    query = "query($id: ID!) { entity(id: $id) { points { value { value quality observedAt } } } }"
    deadline = time.monotonic() + 20
    seen: set[tuple[float, str]] = set()
    while time.monotonic() < deadline and len(seen) < 2:
        (point,) = demo.ask(query, id="demo:UPS-A.Output-Power")["entity"]["points"]
        if point["value"]["quality"] == "GOOD":
            seen.add((point["value"]["value"], point["value"]["observedAt"]))
        time.sleep(0.5)

    assert len(seen) == 2


def test_losing_one_sides_ups_loses_no_dual_corded_rack(demo: Demo) -> None:
    """Dual-corded racks keep no redundancy, single-corded ones of that side are lost, the others do not care; UPS-A is why."""
    told = json.loads(demo.type("impact", "demo:UPS-A", "--medium", "Power", "--json"))
    sides, racks = cords(demo), racks_by_outcome(told)

    assert set(sides.values()) == {"A", "AB", "B"}
    assert racks["LOST"] == {rack for rack, side in sides.items() if side == "A"}
    assert racks["NO_REDUNDANCY"] == {rack for rack, side in sides.items() if side == "AB"}
    assert told["totals"]["racks"]["UNAFFECTED"] == sum(side == "B" for side in sides.values())
    assert {tuple(row["evidence"]) for row in told["outcomes"]} == {(UPS_A,)}


def test_losing_both_sides_loses_every_rack(demo: Demo) -> None:
    """Nothing is left that could feed one."""
    told = json.loads(demo.type("impact", "demo:UPS-A", "demo:UPS-B", "--json"))

    assert told["totals"]["racks"] == {"LOST": 200, "OVERLOADED": 0, "NO_REDUNDANCY": 0, "REDUCED": 0, "UNAFFECTED": 0}


@pytest.mark.parametrize("failed", ["demo:Chiller-1", "demo:Utility-A"])
def test_losing_one_of_what_has_a_spare_loses_nothing(demo: Demo, failed: str) -> None:
    """N+1 chillers, two utilities: no rack, no service, no tenant."""
    totals = json.loads(demo.type("impact", failed, "--json"))["totals"]

    assert [totals[what]["LOST"] for what in ("racks", "services", "tenants")] == [0, 0, 0]


def test_graphql_gives_the_answer_of_the_command_line(demo: Demo) -> None:
    """The same counts for the same question at the same time."""
    told = json.loads(demo.type("impact", "demo:UPS-A", "--json"))
    query = """query($f: [ID!]!) { impact(failed: $f) {
        outcomes { id medium outcome } totals { racks { lost noRedundancy reduced unaffected } } } }"""
    found = demo.ask(query, f=["demo:UPS-A"])["impact"]

    assert found["outcomes"] == [{name: row[name] for name in ("id", "medium", "outcome")} for row in told["outcomes"]]
    assert list(found["totals"]["racks"].values()) == [
        told["totals"]["racks"][k] for k in ("LOST", "NO_REDUNDANCY", "REDUCED", "UNAFFECTED")
    ]


def test_a_breaker_that_is_pulled_in_the_plant_is_seen(demo: Demo) -> None:
    """Opened over Modbus: its position reads 0, what it fed reads no power; closed again, all is as before."""
    query = "query($id: ID!) { entity(id: $id) { points { id value { value quality } } } }"

    def read(point: str) -> float | None:
        value = demo.ask(query, id=point)["entity"]["points"][0]["value"]
        return value["value"] if value["quality"] == "GOOD" else None

    def settles(point: str, low: float, high: float) -> bool:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            value = read(point)
            if value is not None and low <= value <= high:
                return True
            time.sleep(0.3)
        return False

    told = demo.type("simulate", "open", "demo:Breaker-UPS-A-Output")
    opened = settles("demo:Breaker-UPS-A-Output.Position", 0, 0), settles("demo:UPS-A.Output-Power", 0, 1)
    demo.type("simulate", "close", "demo:Breaker-UPS-A-Output")
    closed = settles("demo:Breaker-UPS-A-Output.Position", 1, 1), settles("demo:UPS-A.Output-Power", 100, 2000)

    assert "and the twin has read it" in told
    assert (opened, closed) == ((True, True), (True, True))


def test_the_data_survives_and_the_second_start_is_quick(data: Path, tmp_path: Path) -> None:
    """The same revision and the same entities; the site is not made again."""
    del tmp_path
    facts = "{ status { revision entities } }"
    with running(data.with_name("again")) as (one, _):
        before = one.ask(facts)
    with running(data.with_name("again")) as (two, seconds):
        after = two.ask(facts)

    assert before == after
    assert seconds < SECOND_START_S * (3 if os.environ.get("CI") else 2)
