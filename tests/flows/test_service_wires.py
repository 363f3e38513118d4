"""What the service says of its settings and of its wires before anything answers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from graph.current import CurrentValues
from graph.errors import GraphError
from graph.stores.memory import MemoryStore
from ontology.vocabulary import load_vocabulary
from tests.support.mosquitto import free_port
from tests.support.wired import snapshot_of
from twin.bus import Bus
from twin.compose import Opened
from twin.compose_service import Service
from twin.compose_store import now
from twin.ledger.ledger import Ledger
from twin.settings import Settings
from twin.state import Twin

SITE = """
demo:GW a dcx:Modbus_Gateway ; dcx:host "127.0.0.1" . demo:E brick:hasPoint demo:Typed , demo:Wild , demo:Feet , demo:Well .
demo:Typed ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ; dcx:address 1 ; dcx:dataType "uint24" ] .
demo:Well ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ; dcx:address 1 ; dcx:function "holding" ] .
demo:Wild ref:hasExternalReference [ a dcx:MQTTReference ; dcx:topic "dc/#" ] .
demo:Feet brick:hasUnit unit:DEG_C ; ref:hasExternalReference [ a dcx:MQTTReference ; dcx:topic "dc/feet" ; dcx:sourceUnit unit:KiloW ] .
"""


def service(folder: Path, **settings: object) -> Service:
    """A service over the site; nothing is started."""
    given: Mapping[str, object] = {"data": folder, "modbus": True, "mqtt_url": f"mqtt://127.0.0.1:{free_port()}", **settings}
    bus, current = Bus(), CurrentValues()
    twin = Twin(load_vocabulary(), snapshot_of(SITE), current, bus, now)
    store = MemoryStore()
    return Service(Opened(Settings.model_validate(given), store, twin, Ledger(store, twin, now), bus, ExitStack()))


def test_references_that_no_wire_can_use_are_told_with_the_reason(tmp_path: Path) -> None:
    """An unknown data type, a wildcard for a topic and units that do not convert: three of four references, from both wires."""
    running = service(tmp_path)

    told = {each.topic: (each.count, each.reason) for each in running.face.facts().unbound}
    running.stop()

    assert set(told) == {"dc/#", "dc/feet", "urn:ridethrough:demo:Typed"}
    assert "dcx:dataType must be one of" in told["urn:ridethrough:demo:Typed"][1]
    assert "holds a wildcard" in told["dc/#"][1]
    assert {count for count, _ in told.values()} == {0}


@pytest.mark.parametrize(("given", "name"), [("demo:Nobody", "urn:ridethrough:demo:Nobody"), ('["demo:Well"]', '["demo:Well"]')])
def test_a_control_point_that_the_graph_does_not_have_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, given: str, name: str
) -> None:
    """A wrong id and JSON text: the log names it and says how ids are given; a point that is there is no word worth."""
    service(tmp_path, control=True, control_points=f"{given},demo:Well").stop()

    (warning,) = [record.getMessage() for record in caplog.records if "control_points" in record.getMessage()]
    assert f"no point {name} in the graph" in warning
    assert "commas" in warning


def test_a_readback_time_that_a_write_could_outlast_is_refused_at_the_start(tmp_path: Path) -> None:
    """Over Modbus a write may take 2 * 3 s for its turn and 3 s for its answer: 9 s are too short. With control off nobody asks."""
    with pytest.raises(GraphError, match="setting 'control_timeout_s': a write may take 9 s"):
        service(tmp_path, control=True, control_timeout_s=9.0)

    service(tmp_path / "off", control_timeout_s=9.0).stop()
