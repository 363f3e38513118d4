"""Switching procedures over GraphQL: the same answer as from the command line, its fields in camelCase."""

from __future__ import annotations

from typing import Any

import pytest

from analytics.procedures.check import check
from analytics.procedures.steps import procedure_of
from ontology.namespaces import DCX
from tests.resolvers.camel import in_camel_case
from tests.support.served import Served

COUNTS = "racks services equipment other itLoadKw"
WHOLE = f"""query($p: ProcedureInput!, $media: [String!], $load: [ID!]) {{ checkProcedure(procedure: $p, media: $media, load: $load) {{
  name allowed revision at assumed positions {{ id position fromTelemetry }} policy {{ loadLostMax withoutRedundancyMax overloadedMax }}
  bySupplyAlone
  load {{ {COUNTS} }}
  steps {{ id act of after lost {{ {COUNTS} first }} back {{ {COUNTS} }} down {{ {COUNTS} }} withoutRedundancy {{ {COUNTS} }}
    trips {{ id afterS loadKw ratedKw }} overloaded {{ id loadKw limitKw }} open isolated findings refused }}
  firstRefused because {{ id medium outcome evidence path }} safeOrder {{ steps setsTried complete }} notes }} }}"""
LOSING: list[dict[str, Any]] = [
    {"note": "call the control room", "id": "call"},
    {"open": "demo:Breaker-UPS-A-Output", "id": "cut"},
    {"isolate": "demo:UPS-A", "after": ["cut"]},
]


def test_the_answer_is_the_command_lines_in_camel_case(site: Served) -> None:
    """A UPS is cut off without its bypass: refused, because racks with one cord go dark; everything is told as there."""
    policy = {"loadLostMax": 0, "withoutRedundancyMax": 1000}
    found = site.ask(WHOLE, p={"name": "cut", "policy": policy, "steps": LOSING}, media=["Power"])["checkProcedure"]

    view = site.twin.newest
    wanted = procedure_of({"name": "cut", "policy": {"load_lost_max": 0, "without_redundancy_max": 1000}, "steps": LOSING})
    told = in_camel_case(check(wanted, view.supply(), view.conditions(), [DCX + "Power"]).to_json())
    for step in told["steps"]:
        step["act"] = step["act"].upper()
    assert {**found, "at": None} == {**told, "at": None}
    assert (found["allowed"], found["firstRefused"]) == (False, "cut")
    assert found["because"][0]["outcome"] == "LOST"


def test_a_procedure_that_closes_the_bypass_first_is_allowed(site: Served) -> None:
    """Steps without ids have their numbers; nothing is looked for where nothing is refused."""
    steps = [{"close": "demo:Breaker-UPS-A-Bypass"}, *LOSING[1:]]
    found = site.ask(WHOLE, p={"steps": steps}, media=["Power"])["checkProcedure"]

    assert (found["allowed"], found["firstRefused"], found["safeOrder"]) == (True, None, None)
    assert [step["id"] for step in found["steps"]] == ["1", "cut", "3"]


@pytest.mark.parametrize(
    ("steps", "code", "message"),
    [
        ([], "BAD_INPUT", "a procedure needs at least one step"),
        ([{"open": "demo:Breaker-UPS-A-Output", "close": "demo:Breaker-UPS-A-Output"}], "BAD_INPUT", "step 1 names 2 acts"),
        ([{"id": "a"}], "BAD_INPUT", "step 1 names 0 acts"),
        ([{"open": "demo:Breaker-UPS-Q"}], "UNKNOWN_ENTITY", "did you mean demo:Breaker-UPS-"),
        ([{"open": "demo:Rack-R001"}], "BAD_INPUT", "demo:Rack-R001 is no switch to open: isolate or restore it"),
        ([{"note": "x" * 2001}], "BAD_INPUT", "a text of the procedure has 2001 characters: give 2000 at most"),
        ([{"note": "x"}] * 201, "BAD_INPUT", "201 steps; at most 200"),
    ],
)
def test_a_procedure_that_cannot_be_run_is_refused_with_what_is_wrong(site: Served, steps: list[Any], code: str, message: str) -> None:
    """Before anything is worked out."""
    (error,) = site.post(WHOLE, p={"steps": steps})["errors"]

    assert error["extensions"]["code"] == code
    assert message in error["message"]


def test_a_policy_below_zero_is_refused(site: Served) -> None:
    """A count is 0 or more."""
    (error,) = site.post(WHOLE, p={"steps": LOSING, "policy": {"loadLostMax": -1}})["errors"]

    assert error["message"] == "policy load_lost_max is -1: give a whole number of 0 or more"
