"""Sweeps over GraphQL: the same answer as from the command line, its fields in camelCase."""

from __future__ import annotations

from typing import Any

from analytics.sweeps.answers import sweep
from analytics.sweeps.single import By
from analytics.sweeps.units import UnitKind
from tests.resolvers.camel import in_camel_case
from tests.support.served import Served

WHOLE = """query($units: [UnitKind!], $by: Measure! = IT_LOAD, $first: Int! = 20, $redundancy: Boolean! = false) {
  sweep(units: $units, by: $by, first: $first, redundancy: $redundancy) {
    revision at by tried { equipment room path group } harmful hangByOne { racks services } assumed
    positions { id position fromTelemetry }
    failures { failed { kind id label } nodes weakens lost { supplies racks services tenants itLoadKw }
      noRedundancy { racks services tenants itLoadKw } } } }"""


def by_command_line(site: Served, kinds: list[UnitKind], by: By, first: int, *, redundancy: bool) -> Any:
    """What `ridethrough sweep --json` prints, with GraphQL's names and words; at another instant."""
    view = site.twin.newest
    told = sweep(view.snapshot, view.vocabulary, view.supply(), view.conditions(), kinds, by, first, redundancy=redundancy).to_json()
    told.pop("order")
    return in_camel_case(told) | {"at": None}


def test_the_answer_is_the_command_lines_in_camel_case(site: Served) -> None:
    """Everything alone, the worst three by load, with what they leave without redundancy."""
    found = site.ask(WHOLE, first=3, redundancy=True)["sweep"]

    told = by_command_line(site, list(UnitKind), By.KW, 3, redundancy=True)
    told["tried"] = {"group": 0, **told["tried"]}
    for row in told["failures"]:
        for unit in row["failed"]:
            unit["kind"] = unit["kind"].upper()
    assert {**found, "at": None, "by": "kw"} == told


def test_rooms_alone_are_ranked_by_racks(site: Served) -> None:
    """The room of the cooling plant takes all 20 racks down, so it is told first; nothing but rooms is tried."""
    found = site.ask(WHOLE, units=["ROOM"], by="RACKS", first=1)["sweep"]

    assert found["tried"] == {"equipment": 0, "room": 5, "path": 0, "group": 0}
    assert (found["by"], found["failures"][0]["lost"]["racks"]) == ("RACKS", 20)
    assert found["failures"][0]["noRedundancy"] is None


def test_no_units_and_no_failures_are_refused(site: Served) -> None:
    """An empty list of kinds and a list of no failures are mistakes, each told with what may be given."""
    (no_units,) = site.post(WHOLE, units=[])["errors"]
    (none_told,) = site.post(WHOLE, first=0)["errors"]

    assert no_units["message"] == "units is empty: name one or more of EQUIPMENT, ROOM, PATH, GROUP, or leave it out for all"
    assert none_told["message"] == "first = 0: give 1 to 1000"
    assert {no_units["extensions"]["code"], none_told["extensions"]["code"]} == {"BAD_INPUT"}


def test_many_sweeps_in_one_document_cost_too_much(site: Served) -> None:
    """A sweep costs 50,000 fields of the 500,000 that a document may have: eleven are refused; so is one with redundancy of 1,000 twice."""
    eleven = "{ " + " ".join(f"a{n}: sweep {{ harmful }}" for n in range(11)) + " }"
    (many,) = site.post(eleven)["errors"]
    (deep,) = site.post("{ a: sweep(first: 1000, redundancy: true) { by } b: sweep(first: 1000, redundancy: true) { by } }")["errors"]

    assert {many["extensions"]["code"], deep["extensions"]["code"]} == {"LIMIT_EXCEEDED"}
