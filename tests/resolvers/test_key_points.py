"""What a drawing writes beside each thing."""

from __future__ import annotations

from ontology.namespaces import DEMO
from tests.support.served import Served


def test_what_carries_power_shows_it_a_room_its_temperature_a_battery_its_charge(site: Served) -> None:
    """Of each the measurement that an operator looks for first; a breaker measures nothing, and what there is not is left out."""
    asked = ["demo:UPS-A", "demo:Hall-1", "demo:Rack-R001", "demo:Nope", "demo:Breaker-UPS-A-Output", "demo:Tank-GEN-1"]
    found = site.ask("query($of: [ID!]!) { keyPoints(of: $of) { of point { class unit value { quality } } } }", of=asked)["keyPoints"]
    names = {each["of"].removeprefix(DEMO): (each["point"]["class"] or "").split("#")[-1] for each in found}

    assert names["UPS-A"] == "Active_Power_Sensor"
    assert names["Hall-1"] == "Air_Temperature_Sensor"
    assert names["Rack-R001"] == "Rack_Power_Sensor"
    assert not {"Nope", "Breaker-UPS-A-Output"} & names.keys()
    assert {each["point"]["value"]["quality"] for each in found} == {"NO_VALUE"}


def test_too_many_at_once_are_refused(site: Served) -> None:
    """With the limit."""
    answer = site.post("query($of: [ID!]!) { keyPoints(of: $of) { of } }", of=["demo:UPS-A"] * 1001)

    assert "give 1000 at most" in answer["errors"][0]["message"]
