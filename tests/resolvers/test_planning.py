"""Availability over GraphQL: the same answer as from the command line, its fields in camelCase."""

from __future__ import annotations

from typing import Any

from analytics.planning.availability import availability
from ontology.namespaces import DEMO
from tests.resolvers.test_impact import camel
from tests.support.served import Served

RACK = DEMO + "Rack-R001"
WHOLE = """query($l: ID!, $m: [String!]) { availability(load: $l, media: $m) {
  revision at load media method availability unavailability hoursDownAYear outagesAYear hoursAnOutage missing notes assumed
  components { id mtbfHours mttrHours down importance share } positions { id position fromTelemetry }
  simulated { trials seed down confidence unavailability } } }"""


def in_camel_case(told: dict[str, Any]) -> dict[str, Any]:
    """The command line's JSON with GraphQL's names."""
    rows = {of: [{camel(k): v for k, v in row.items()} for row in told[of]] for of in ("components", "positions")}
    return {**{camel(k): v for k, v in told.items()}, **rows}


def test_the_availability_of_a_rack_is_the_command_lines_in_camel_case(site: Served) -> None:
    """Power alone: every component with every figure, but for the instant of asking."""
    view = site.twin.newest
    found = site.ask(WHOLE, l="demo:Rack-R001", m=["Power"])["availability"]
    told = availability(view.snapshot, view.vocabulary, view.supply(), view.conditions(), RACK, ["Power"]).to_json()

    assert {**found, "at": None} == {**in_camel_case(told), "at": None}
    assert found["method"] == "decision diagram"
    assert found["components"]


def test_a_load_that_nothing_feeds_is_refused_and_one_that_there_is_not_is_unknown(site: Served) -> None:
    """A utility has no supply that could fail; of a name that is not there the nearest are told."""
    (source,) = site.post(WHOLE, l="demo:Utility-A")["errors"]
    (nobody,) = site.post(WHOLE, l="demo:Rack-R9")["errors"]

    assert source["message"] == "nothing feeds demo:Utility-A in the media asked for: it has no supply that could fail"
    assert source["extensions"] == {"code": "BAD_INPUT"}
    assert nobody["extensions"] == {"code": "UNKNOWN_ENTITY"}
