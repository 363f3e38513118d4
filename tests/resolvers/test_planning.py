"""Availability, placement and stranded capacity over GraphQL: the same answers as from the command line, their fields in camelCase."""

from __future__ import annotations

from typing import Any

import pytest

from analytics.planning.availability import availability
from analytics.planning.place import Load, place
from analytics.planning.stranded import stranded
from ontology.namespaces import DEMO
from tests.resolvers.camel import in_camel_case
from tests.resolvers.test_jobs import START, until_ended
from tests.support.served import Served

RACK = DEMO + "Rack-R001"
WHOLE = """query($l: ID!, $m: [String!]) { availability(load: $l, media: $m) {
  revision at load media method availability unavailability hoursDownAYear outagesAYear hoursAnOutage missing notes assumed
  components { id mtbfHours mttrHours down importance share } positions { id position fromTelemetry }
  simulated { trials seed down confidence unavailability } } }"""


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

    assert source["message"] == "nothing feeds demo:Utility-A: it has no supply that could fail; name a rack, a server or a service"
    assert source["extensions"] == {"code": "BAD_INPUT"}
    assert nobody["extensions"] == {"code": "UNKNOWN_ENTITY"}


PLACED = """query($id: ID!) { job(id: $id) { state error result { ... on Placement {
  revision at load { kw cords units weightKg airKw liquidKw network } fitting placesCount unrated tried { equipment group } notes assumed
  positions { id position fromTelemetry }
  places { rack label fits roomKw limitedBy limitedAfter withoutLimitKw unitsFree weightLeftKg coolingLeftKw coolingRoomKw network unknown
    against { kind needed there unit at cause } }
  bottlenecks { class feeders racks moreKw } } } } }"""
STRANDED = """query($id: ID!) { job(id: $id) { state error result { ... on Stranded {
  revision at tried { equipment group } placeableKw survivingKw complete racks hanging leftOut { reason count racks }
  fillingsCount feedersCount notes fillings { rack label kw hangsBy }
  feeders { id label class kind limitKw leftKw strandedKw worth } oneMore { class kind units moreKw ids } } } } }"""
SIMULATED = """query($id: ID!) { job(id: $id) { state error result { ... on Availability {
  load method unavailability simulated { trials seed down confidence unavailability } } } } }"""


def found_by(site: Served, result: str, **asked: Any) -> dict[str, Any]:
    """What a job has found, or why it failed, once it has ended."""
    job = site.ask(START, i=asked)["startJob"]
    until_ended(site, job["id"])
    told: dict[str, Any] = site.ask(result, id=job["id"])["job"]
    return told


def test_a_placement_as_a_job_is_the_command_lines_answer(site: Served) -> None:
    """4 kW by two cords in every rack of the site: each place with what stands against it."""
    view = site.twin.newest
    found = found_by(site, PLACED, placement={"kw": 4.0, "units": 4, "first": 1000})["result"]
    told = in_camel_case(place(view.snapshot, view.vocabulary, view.supply(), view.conditions(), Load(4.0, units=4)).to_json())
    told["tried"] = {"group": 0, **told["tried"]}
    told["bottlenecks"] = [{"class": each.pop("cls"), **each, "feeders": list(each["feeders"])} for each in told["bottlenecks"]]
    for each in told["places"]:
        each["against"] = [{**against, "kind": against["kind"].upper()} for against in each["against"]]

    assert {**found, "at": None} == {**told, "at": None, "placesCount": len(told["places"])}
    assert found["placesCount"] > 10
    assert {kind for each in found["places"] for kind in (against["kind"] for against in each["against"])}


def test_what_is_stranded_as_a_job_is_the_command_lines_answer(site: Served) -> None:
    """Every rack and every feeder of the site; of fewer asked for the first, and how many there are."""
    view = site.twin.newest
    found = found_by(site, STRANDED, stranded={"first": 1000})["result"]
    few = found_by(site, STRANDED, stranded={"first": 2})["result"]
    told = in_camel_case(stranded(view.snapshot, view.vocabulary, view.supply(), view.conditions()).to_json())
    for each in (*told["feeders"], *told["oneMore"]):
        each["class"], each["kind"] = each.pop("cls"), each["kind"].upper()
    for each in told["oneMore"]:
        each["ids"] = list(each["ids"])
    told["tried"] = {"group": 0, **told["tried"]}
    told["leftOut"] = [{**each, "racks": list(each["racks"]), "count": len(each["racks"])} for each in told["leftOut"]]
    counts = {"fillingsCount": len(told["fillings"]), "feedersCount": len(told["feeders"])}

    assert {**found, "at": None} == {**told, "at": None, **counts}
    assert {**few, "at": None} == {**found, "at": None, "fillings": told["fillings"][:2], "feeders": told["feeders"][:2]}
    assert found["placeableKw"] > 0
    assert found["feedersCount"] > 2


def test_an_availability_as_a_job_is_simulated_as_the_command_line_does(site: Served) -> None:
    """10,000 trials with seed 7: as many are down."""
    view = site.twin.newest
    asked = {"load": "demo:Rack-R001", "media": ["Power"], "trials": 10_000, "seed": 7}
    found = found_by(site, SIMULATED, availability=asked)["result"]
    told = availability(view.snapshot, view.vocabulary, view.supply(), view.conditions(), RACK, ["Power"], trials=10_000, seed=7).simulated

    assert told is not None
    assert found["simulated"] == told.to_json()
    assert (found["load"], found["method"]) == (RACK, "decision diagram")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"placement": {"kw": 0}}, "a load draws more than 0 kW"),
        ({"placement": {"kw": 5, "first": 0}}, "first = 0: give 1 to 1000"),
        ({"stranded": {"first": 1001}}, "first = 1001: give 1 to 1000"),
        ({"availability": {"load": "demo:Rack-R001", "trials": 0}}, "trials = 0: give a whole number, 1 to 100,000,000,000"),
        ({"availability": {"load": "demo:Rack-R001", "seed": -1}}, "seed = -1: give 0 or more"),
        ({"availability": {"load": "demo:Tenant-01"}}, "demo:Tenant-01 is a tenant and has no supply of its own: name one of its racks"),
        ({"availability": {"load": "demo:Cooling-Plant"}}, "nothing feeds demo:Cooling-Plant: it has no supply that could fail"),
        ({"availability": {"load": "demo:Rack-R9"}}, "did you mean demo:Rack-R0"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_before_it_starts(site: Served, asked: dict[str, Any], message: str) -> None:
    """The error names what is wrong; no job is kept."""
    before = len(site.ask("{ jobs { id } }")["jobs"])
    (error,) = site.post(START, i=asked)["errors"]

    assert message in error["message"]
    assert len(site.ask("{ jobs { id } }")["jobs"]) == before
