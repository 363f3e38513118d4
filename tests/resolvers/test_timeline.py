"""Time to impact over GraphQL: the same answer as from the command line, its fields in camelCase."""

from __future__ import annotations

from typing import Any

import pytest

from ontology.namespaces import DEMO
from tests.resolvers.test_impact import camel
from tests.support.served import Served

UTILITIES = [DEMO + "Utility-A", DEMO + "Utility-B"]
WHOLE = """query($f: [ID!]!, $h: Float) { timeline(failed: $f, horizonS: $h) {
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
