"""Time to impact over GraphQL: the same answer as from the command line, its fields in camelCase."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ontology.namespaces import DEMO
from tests.resolvers.test_impact import camel
from tests.support.served import RACKS, Served
from twin.cli.app import app

UTILITIES = [DEMO + "Utility-A", DEMO + "Utility-B"]
WHOLE = """query($f: [ID!]!, $h: Float, $o: [ID!], $c: [ID!], $i: [ID!], $mv: [MoveInput!]) {
  timeline(failed: $f, horizonS: $h, opened: $o, closed: $c, isolated: $i, moved: $mv) {
  revision at failed horizonS assumed readings { point value } boundsCount
  events { kind lower upper class medium ids reason }
  bounds { id medium lower upper backLower backUpper } } }"""


def in_camel_case(told: dict[str, Any]) -> dict[str, Any]:
    """The command line's JSON with GraphQL's names."""
    events = [{**event, "kind": event["kind"].upper()} for event in told["events"]]
    bounds = [{camel(k): v for k, v in bound.items()} for bound in told["bounds"]]
    return {**{camel(k): v for k, v in told.items()}, "events": events, "bounds": bounds, "boundsCount": len(bounds)}


def test_the_timeline_is_the_command_lines_in_camel_case(site: Served) -> None:
    """Both utilities and the generators gone for eight hours: every event and every bound is the same, but for the instant of asking."""
    failed = [*UTILITIES, DEMO + "Generator-Group"]
    found = site.ask(WHOLE, f=failed, h=8 * 3600.0)["timeline"]
    told = in_camel_case(site.twin.newest.timeline(failed, 8 * 3600.0).to_json())

    assert {**found, "at": None} == {**told, "at": None}
    assert {"CARRIED", "LOST"} <= {event["kind"] for event in found["events"]}


def test_the_timeline_of_a_scenario_is_what_the_command_line_prints(site: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Utility A fails, a breaker is opened, a bypass closed first, UPS B isolated, a tenant moves: every event and bound is the same."""
    monkeypatch.chdir(tmp_path)
    given = {"--open": "demo:Breaker-PDU-H1-A1", "--close": "demo:Breaker-UPS-A-Bypass", "--isolate": "demo:UPS-B"}
    words = [*(word for option in given.items() for word in option), "--move", "demo:Tenant-01=demo:Rack-R003,demo:Rack-R004"]
    moved = [{"tenant": "demo:Tenant-01", "racks": ["demo:Rack-R003", "demo:Rack-R004"]}]
    named = dict(zip("oci", ([each] for each in given.values()), strict=True))

    found = site.ask(WHOLE, f=UTILITIES[:1], h=8 * 3600.0, mv=moved, **named)["timeline"]

    typed = ["impact", UTILITIES[0], *words, "--timeline", "--hours", "8", "--json"]
    for line in (["generate", "--racks", str(RACKS), "--seed", "1", "-o", "site.ttl"], ["load", "site.ttl", "--source", "demo"], typed):
        printed = CliRunner().invoke(app, line, catch_exceptions=False)
    told = in_camel_case(json.loads(printed.stdout)["timeline"])
    del told["restsOn"]  # not asked for above
    assert {**found, "at": None} == {**told, "at": None}
    assert found["failed"] == [DEMO + "UPS-B", UTILITIES[0]]
    opened = [event for event in found["events"] if event["kind"] == "LOST" and DEMO + "PDU-H1-A1" in event["ids"]]
    assert [event["lower"] for event in opened] == [0.0]
    assert found["events"] != site.ask(WHOLE, f=UTILITIES[:1], h=8 * 3600.0)["timeline"]["events"]


def test_a_timeline_in_which_nothing_happens_is_refused(site: Served) -> None:
    """Nothing is named: the error says what may be given, as it does for an impact."""
    (error,) = site.post(WHOLE, f=[])["errors"]

    assert error["extensions"] == {"code": "BAD_INPUT"}
    assert error["message"] == "failed has 0 ids: give 1 to 1000"


def test_the_bounds_of_some_entities_can_be_asked_for_alone(site: Served) -> None:
    """Of all that may be lost only what is named, in the same order; a page has as many as are asked for."""
    asked = "query($f: [ID!]!, $of: [ID!]) { timeline(failed: $f) { bounds(of: $of, first: 2) { id medium } boundsCount } }"
    two = site.ask(asked, f=UTILITIES)["timeline"]
    one = site.ask(asked, f=UTILITIES, of=[two["bounds"][1]["id"]])["timeline"]

    assert len(two["bounds"]) == 2 < two["boundsCount"] == one["boundsCount"]
    assert two["bounds"][1] in one["bounds"]
    assert {row["id"] for row in one["bounds"]} == {two["bounds"][1]["id"]}


@pytest.mark.parametrize("horizon", [0.0, -1.0, 1e9])
def test_a_horizon_out_of_bounds_is_refused(site: Served, horizon: float) -> None:
    """Zero, negative and longer than thirty days: the error names what may be given."""
    (error,) = site.post(WHOLE, f=UTILITIES, h=horizon)["errors"]

    assert error["extensions"] == {"code": "BAD_INPUT"}
    assert error["message"] == f"horizonS = {horizon:g}: give more than 0 and at most 2,592,000 seconds"


def test_an_unknown_id_in_a_timeline_is_an_error_with_the_nearest_ones(site: Served) -> None:
    """The error names the id and what was likely meant."""
    (error,) = site.post(WHOLE, f=["demo:Utility-Q"])["errors"]

    assert error["message"].startswith("no entity 'demo:Utility-Q' in revision 1; did you mean demo:Utility-")
    assert error["extensions"] == {"code": "UNKNOWN_ENTITY"}
