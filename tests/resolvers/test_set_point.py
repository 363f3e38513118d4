"""`setPoint`: the answer is the command and its state; the plant has the last word."""

from __future__ import annotations

import time

from ontology.namespaces import DEMO
from tests.support.served import Served, served

POINT = DEMO + "Breaker-UPS-A-Output.Position"
ASK = """mutation($v: Float!, $k: String) {
  setPoint(input: {point: "demo:Breaker-UPS-A-Output.Position", value: $v, reason: "maintenance", key: $k}) {
  id point value state reasons } }"""


def state_of(site: Served, command: str) -> str:
    return str(site.ask("query($id: ID!) { command(id: $id) { state } }", id=command)["command"]["state"])


def test_control_is_off_by_default_and_the_refusal_says_everything(site: Served) -> None:
    """All reasons, not the first; nothing is written."""
    command = site.ask(ASK, v=1.0)["setPoint"]

    assert command["state"] == "REFUSED"
    assert any("control is off" in reason for reason in command["reasons"])
    assert any("not enabled" in reason for reason in command["reasons"])
    assert site.plant.written == []


def test_the_readback_confirms_a_command() -> None:
    """Sent once; confirmed by a reading that came after it, not by the write."""
    with served(control=True, enabled=[POINT]) as site:
        site.read((POINT, 0.0))
        command = site.ask(ASK, v=1.0)["setPoint"]
        time.sleep(0.1)
        open_state = state_of(site, command["id"])
        site.read((POINT, 1.0))

        assert state_of(site, command["id"]) == "CONFIRMED"
        assert open_state in {"DISPATCHED", "ACKNOWLEDGED"}
        assert [(each.point, each.value) for each in site.plant.written] == [(POINT, 1.0)]


def test_the_same_key_is_the_same_command() -> None:
    """A client that asks twice because it heard nothing writes once."""
    with served(control=True, enabled=[POINT]) as site:
        site.read((POINT, 0.0))
        first = site.ask(ASK, v=1.0, k="k1")["setPoint"]["id"]
        second = site.ask(ASK, v=1.0, k="k1")["setPoint"]["id"]
        time.sleep(0.1)

        assert first == second
        assert len(site.plant.written) == 1


def test_a_wish_without_a_reason_is_refused(site: Served) -> None:
    """The journal must be able to say why."""
    (error,) = site.post('mutation { setPoint(input: {point: "x:y", value: 1, reason: " "}) { id } }')["errors"]

    assert error["extensions"] == {"code": "BAD_INPUT"}
