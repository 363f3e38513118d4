"""The dashboards in docker/grafana: sound, and every query in them is answered on the demo's site."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.http.app import PATH
from graph.snapshot import Snapshot
from tests.support.http_wire import Wire, wire
from tests.support.served import small_site
from tests.support.wired import MovedClock
from twin.data_health import WireHealth

FOLDER = Path(__file__).parents[2] / "docker" / "grafana"
BOARDS = sorted(FOLDER.glob("*.json"))
CLOCK = MovedClock()
SECOND = CLOCK.ms // 1000
API = f"{PATH}/prometheus/api/v1"
WIRES = (WireHealth("mqtt", "mqtt://127.0.0.1:1883", True, "", 12, 1.0), WireHealth("modbus", "127.0.0.1:502", False, "gone", 3, 0.1))
SELDOM = {"Racks above 27 °C in the last hour"}
"""Panels that are empty while all is well."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """The demo's site with a few minutes of values of every point."""
    snapshot = Snapshot.of(small_site())
    with wire(tmp_path_factory.mktemp("wire"), snapshot=snapshot, clock=CLOCK, wires=WIRES) as one:
        points = list(one.current.all().points)
        one.tell(*((point, 20.0 + minute % 3, CLOCK.ms - 60_000 * minute) for minute in range(6) for point in points))
        for seconds in (-90, -60, -30, 0):
            one.app.sources.ring.tick(CLOCK.ms + 1000 * seconds)
        yield one


def asked(expression: str) -> str:
    """A query as Grafana sends it, with everything chosen."""
    return re.sub(r"\$(room|rack|wire)\b", ".*", expression).replace("$__rate_interval", "1m")


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_every_query_of_a_dashboard_is_answered(demo: Wire, path: Path) -> None:
    """Over a range and at an instant, with a value, and without a warning."""
    for panel in json.loads(path.read_text())["panels"]:
        for target in panel["targets"]:
            query = asked(target["expr"])
            one = demo.get(f"{API}/query", query=query, time=SECOND)
            many = demo.get(f"{API}/query_range", query=query, start=SECOND - 300, end=SECOND, step=15)

            assert "warnings" not in one | many, query
            assert panel["title"] in SELDOM or (one["data"]["result"] and many["data"]["result"]), f"{panel['title']}: {query}"
            for name in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                assert all(name in each["metric"] for each in one["data"]["result"]), f"{panel['title']}: {name}"


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_every_choice_of_a_dashboard_has_something_to_choose(demo: Wire, path: Path) -> None:
    """Grafana asks the values of a label for each."""
    for variable in json.loads(path.read_text())["templating"]["list"]:
        if variable["type"] == "query":
            found = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
            assert found is not None
            assert demo.get(f"{API}/label/{found[2]}/values", **{"match[]": asked(found[1])})["data"]


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_a_dashboard_is_sound(path: Path) -> None:
    """Panels are numbered, titled, of a unit, do not overlap, and name no data source of their own."""
    board: dict[str, Any] = json.loads(path.read_text())
    panels = board["panels"]
    taken: set[tuple[int, int]] = set()

    assert board["uid"] == f"ridethrough-{path.stem.split('-')[0] if path.stem.startswith('plant') else 'health'}"
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
    for panel in panels:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
        taken |= cells


def test_the_data_source_leads_to_the_service() -> None:
    """The path is the one that is served."""
    text = (FOLDER / "datasource.yaml").read_text()

    assert re.search(r"^    type: prometheus$", text, re.MULTILINE)
    assert re.search(rf"^    url: \S+:8080{PATH}/prometheus$", text, re.MULTILINE)
