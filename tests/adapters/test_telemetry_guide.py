"""The telemetry guide's model is bound by both wires as the guide says."""

from __future__ import annotations

import io
import re
from pathlib import Path

from adapters.modbus.bindings import bind as bind_modbus
from adapters.mqtt.bindings import bind as bind_mqtt
from graph.points import point_facts
from graph.snapshot import Snapshot
from ontology.rdf import read_stream

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "telemetry.md"


def test_the_guides_references_are_bound() -> None:
    """One topic, one register, nothing refused; 0 to 60 C every 5 s."""
    turtle = re.findall(r"```turtle\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[0]
    snapshot = Snapshot.of(read_stream(io.BytesIO(turtle.encode()), name="guide", format="turtle", source="guide"))

    mqtt, modbus, facts = bind_mqtt(snapshot), bind_modbus(snapshot), point_facts(snapshot)

    assert (list(mqtt.entries), list(mqtt.unbound)) == (["dc/hall-1/rack-1"], [])
    assert (list(modbus.registers), list(modbus.unbound)) == (["urn:example:UPS-A-Load"], [])
    assert (facts["urn:example:Rack-1-Inlet"].low, facts["urn:example:Rack-1-Inlet"].high) == (0.0, 60.0)
    assert facts["urn:example:Rack-1-Inlet"].period_s == 5.0
