"""The HTTP wire of a running service: a reading that was answered is there after a restart; the settings say who may send."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette

from adapters.http.readings import let_in
from ontology.namespaces import BRICK, RDF, UNIT
from ontology.terms import QuadBlock
from resolvers.limits import Limits
from tests.support.served import listening
from tests.support.wired import wait_until
from twin.compose import open_twin
from twin.compose_http import http_app_of, http_rules_of
from twin.compose_service import Service
from twin.http import Gate, WebRules
from twin.settings import Settings
from twin.sync import Wish

RACK, LOAD = "urn:example:Rack", "urn:example:Load"
PLANT = [
    (RACK, BRICK + "hasPoint", LOAD, "urn:x"),
    (LOAD, RDF + "type", BRICK + "Active_Power_Sensor", "urn:x"),
    (LOAD, BRICK + "hasUnit", UNIT + "KiloW", "urn:x"),
]


@contextmanager
def running(folder: Path) -> Iterator[httpx.Client]:
    """A service with its HTTP wire over a data folder, as `ridethrough serve` puts it together."""
    opened = open_twin(Settings.model_validate({"data": folder}), "serve", read_only=False)
    service = Service(opened)
    service.start()
    http = http_app_of(opened, service)
    http.start()
    opened.ledger.sync(Wish("x", QuadBlock.of(PLANT)), author="ada", reason="test")
    app = Gate(Starlette(routes=list(http.routes)), WebRules(frozenset({"127.0.0.1"}), (), 1024, Limits()))
    with listening(app) as client:
        yield client
    http.close()
    service.stop()
    opened.close()


def test_a_reading_that_was_answered_is_there_after_a_restart(tmp_path: Path) -> None:
    """In history; among the current values as what it is, an old one; and as a series in Prometheus' language."""
    with running(tmp_path) as client:
        told = client.post("/api/v1/readings", json=[{"point": LOAD, "value": 4200, "unit": "unit:W"}]).json()
        counted = wait_until(lambda: "ridethrough_points{quality=" in client.get("/metrics").text)
    with running(tmp_path) as client:
        (kept,) = client.get("/api/v1/history", params={"point": LOAD, "since": 0}).json()["series"]
        current = client.get("/api/v1/values", params={"point": LOAD}).json()
        query = {"query": "last_over_time(active_power_sensor[1h])"}
        series = client.get("/api/v1/prometheus/api/v1/query", params=query).json()["data"]["result"]

    assert (told["taken"], told["kept"], counted) == (1, True, True)
    assert kept["values"] == [4.2]
    assert (current["values"], current["quality"]) == ([4.2], ["STALE"])
    assert [each["value"][1] for each in series] == ["4.2"]


def test_a_process_that_only_answers_takes_no_readings() -> None:
    """They would be in its own table and nowhere else: it says where to send them."""
    rules = http_rules_of(Settings.model_validate({"role": "api"}))

    assert "role ingest or all" in rules.elsewhere
    assert let_in(rules, "127.0.0.1", None, None) == rules.elsewhere
    assert let_in(http_rules_of(Settings.model_validate({"role": "ingest"})), "127.0.0.1", None, None) == ""


def test_the_settings_say_who_may_send_and_how_much() -> None:
    """Programs of this host, and 32 MB, unless they are set."""
    rules = http_rules_of(Settings.model_validate({}))
    other = http_rules_of(
        Settings.model_validate({"readings_write": "on", "readings_body_mb": 2, "allowed_origins": "https://noc.example"})
    )

    assert (rules.write, rules.body_bytes, list(rules.origins)) == ("loopback", 32 << 20, [])
    assert (other.write, other.body_bytes, list(other.origins)) == ("on", 2 << 20, ["https://noc.example"])
