"""What explains a storm, over GraphQL: the same answer as from the command line, its fields in camelCase; live where nothing is named."""

from __future__ import annotations

from typing import Any

import pytest

from analytics.causes.sightings import Sightings
from ontology.namespaces import DEMO
from tests.resolvers.camel import in_camel_case
from tests.support.served import Served, served

WHOLE = """query($down: [ID!], $up: [ID!], $unknown: [ID!], $order: Int, $first: Int) {
  rootCause(down: $down, up: $up, unknown: $unknown, order: $order, first: $first) {
    revision at down downCount upCount unknownCount opened before order tried leftOut assumed positions { id position fromTelemetry }
    explanations { causes { kind id label class prior known } score explains explainsCount unexplained unexplainedCount
      contradicts contradictsCount unknown unknownCount supplies } } }"""
CRAHS = [DEMO + f"CRAH-H1-0{n}" for n in (1, 2, 3)]
PUMPS = [DEMO + f"Pump-{n}" for n in (1, 2, 3, 4)]


def counted(told: dict[str, Any], *lists: str) -> dict[str, Any]:
    return {**told, **{f"{name}Count": len(told[name]) for name in lists}}


def causes(found: dict[str, Any]) -> list[list[str]]:
    return [[cause["id"].removeprefix(DEMO) for cause in each["causes"]] for each in found["explanations"]]


def test_the_answer_is_the_command_lines_in_camel_case(site: Served) -> None:
    """Two of the chillers have failed: their air handlers are down, their pumps run, one sensor is silent."""
    seen = Sightings.of(CRAHS[:2], PUMPS, CRAHS[2:])
    told = in_camel_case(site.twin.newest.root_cause(seen).to_json())
    told["explanations"] = [
        counted({**each, "causes": [{**cause, "kind": cause["kind"].upper()} for cause in each["causes"]]}, *LISTS)
        for each in told["explanations"]
    ]
    wanted = counted(told, "down", "up", "unknown")
    del wanted["up"], wanted["unknown"]

    found = site.ask(WHOLE, down=["demo:CRAH-H1-01", CRAHS[1]], up=PUMPS, unknown=CRAHS[2:])["rootCause"]

    assert {**found, "at": None} == {**wanted, "at": None}
    assert found["explanations"]


LISTS = ("explains", "unexplained", "contradicts", "unknown")


def test_nothing_named_asks_the_readings(site: Served) -> None:
    """All that is heard says that it is up: there is nothing to explain."""
    found = site.ask("{ rootCause { downCount upCount unknownCount explanations { score } } }")["rootCause"]

    assert found["downCount"] == 0
    assert found["unknownCount"] > 0
    assert found["explanations"] == []


def test_a_breaker_that_opens_explains_the_racks_that_go_dark() -> None:
    """Every meter shows power but those of the racks behind one feed; the breaker's own position says that it is open."""
    with served() as one:
        graph = one.twin.newest.supply()
        racks = [graph.id(rack) for rack in graph.loads.racks.tolist()]
        breaker = DEMO + "Breaker-UPS-A-Output"
        lost = {o.id for o in one.twin.newest.impact([breaker]).outcomes if o.outcome.name == "LOST"}
        one.read((f"{breaker}.Position", 0.0), *((f"{rack}.Power", 0.0 if rack in lost else 5.0) for rack in racks))

        found = one.ask("{ rootCause { downCount opened explanations { causes { id known } unexplained contradicts } } }")["rootCause"]

    assert found["opened"] == [breaker]
    assert found["downCount"] == len(lost & set(racks)) > 0
    assert found["explanations"][0] == {"causes": [{"id": breaker, "known": True}], "unexplained": [], "contradicts": []}


@pytest.mark.parametrize("order", [1, 2, 3])
def test_so_many_causes_are_looked_for_as_may_have_failed_together(site: Served, order: int) -> None:
    """Three pumps of four stand still, each by itself: up to so many of them explain as many, and the rest is left open."""
    found = site.ask(WHOLE, down=PUMPS[:3], up=[PUMPS[3], "demo:UPS-A", "demo:UPS-B"], order=order)["rootCause"]

    assert found["order"] == order
    assert max(len(each["causes"]) for each in found["explanations"]) == order
    assert (len(found["explanations"][0]["unexplained"]) == 0) == (order == 3)


def test_what_cannot_be_asked_is_refused_with_the_reason(site: Served) -> None:
    """Ids that nobody knows, counts out of range, things up and nothing down."""
    for arguments, told in (
        ('down: ["demo:Nobody"]', "Nobody"),
        ('down: ["demo:UPS-A"], first: 0', "give 1 to 20"),
        ('down: ["demo:UPS-A"], order: 0', "give 1 to 4"),
        ('down: ["demo:UPS-A"], order: 5', "give 1 to 4"),
        ('up: ["demo:UPS-A"]', "nothing is said to be down"),
    ):
        (error,) = site.post(f"{{ rootCause({arguments}) {{ tried }} }}")["errors"]

        assert told in error["message"]
