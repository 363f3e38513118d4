"""The guide to time to impact: its commands run, and what it works out by hand is what they answer."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from analytics.time.heat import air_rise
from twin.cli.app import app

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "timeline.md"
DEMO, DCX = "urn:ridethrough:demo:", "https://w3id.org/ridethrough/ontology#"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every command of the guide, given in an empty folder, with what it printed."""
    folder = tmp_path_factory.mktemp("guide")
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        lines = [
            line
            for block in re.findall(r"```console\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
            for line in block.splitlines()
        ]
        for line in [*lines, "$ ridethrough impact demo:Utility-A demo:Utility-B --timeline --json"]:
            words = shlex.split(line.removeprefix("$ ridethrough "))
            answer = CliRunner().invoke(app, words, catch_exceptions=False)
            assert answer.exit_code == 0, line
            found[line] = answer.stdout
    return found


@pytest.fixture(scope="module")
def both(answers: dict[str, str]) -> dict[str, Any]:
    """What becomes of the site when both utilities go, as JSON."""
    told: dict[str, Any] = json.loads(answers["$ ridethrough impact demo:Utility-A demo:Utility-B --timeline --json"])
    return told


def bound(told: dict[str, Any], name: str, medium: str) -> dict[str, float | None] | None:
    return next((b for b in told["timeline"]["bounds"] if (b["id"], b["medium"]) == (DEMO + name, DCX + medium)), None)


def rounded(told: dict[str, Any], name: str, medium: str) -> tuple[float | None, ...]:
    found = bound(told, name, medium)
    assert found is not None, name
    ends = (found[end] for end in ("lower", "upper", "back_lower", "back_upper"))
    return tuple(None if end is None else round(end, 3) for end in ends)


def test_no_rack_loses_power_because_generators_come_before_the_batteries_are_empty(both: dict[str, Any]) -> None:
    """Generators at 10 s, the switch 50 to 150 ms: power is back on the boards at 10.05 to 10.15 s; racks notice nothing."""
    assert rounded(both, "Switchgear-A", "Power") == (0, 0, 10.05, 10.15)
    assert not [b for b in both["timeline"]["bounds"] if "Rack-R" in b["id"] and b["medium"] == DCX + "Power"]


def test_air_and_water_move_again_before_a_server_trips(both: dict[str, Any]) -> None:
    """A CRAH: 10.1 + 10 = 20.1 s to 10.3 + 30 = 40.3 s. A hall of racks with 15 m3, 400 kJ/K, 150 W/K each takes longer for 21 K."""
    assert rounded(both, "Cold-Aisle-H1-1", "AirCooling") == (0, 0, 20.1, 40.3)
    assert float(air_rise(4.5, 40.3, 15 * 1.206, 0.0, 0.15)) < 21
    assert not [b for b in both["timeline"]["bounds"] if "Server-R001" in b["id"]]


def test_the_water_lasts_until_the_chillers_are_cold_again(both: dict[str, Any]) -> None:
    """Chillers: condenser water at 20.1 to 40.3 s, and 150 s: 170.1 to 190.3 s; the water lasts 201 s from 25.3 s on."""
    chillers = [e for e in both["timeline"]["events"] if e["kind"] == "runs" and e["class"].endswith("Water_Cooled_Chiller")]

    assert [(round(e["lower"], 3), round(e["upper"], 3)) for e in chillers] == [(170.1, 190.3)]
    carried = [e for e in both["timeline"]["events"] if e["kind"] == "carried" and e["class"].endswith("Chilled_Water_Pump")]
    assert [(round(e["lower"], 3), round(e["upper"], 3)) for e in carried] == [(15.1, 25.3)]
    loop = bound(both, "CHW-Loop-1", "LiquidCooling")
    assert loop is not None
    assert loop["back_upper"] == pytest.approx(25.3)  # with the pumps: once they run, the water never stops


def test_liquid_cooled_servers_may_go_because_their_cdus_are_on_no_ups(both: dict[str, Any]) -> None:
    """5 s of flow at the worse end, CDUs back at 40.3 s: lost; 30 s at the better one, CDUs back at 20.1 s: not."""
    gpu = [b for b in both["timeline"]["bounds"] if b["medium"] == DCX + "LiquidCooling" and "Server-R" in b["id"]]

    assert gpu
    assert {(b["lower"], b["upper"]) for b in gpu} == {(5.0, None)}


def test_lost_outcomes_say_their_seconds(both: dict[str, Any]) -> None:
    """What the timeline knows of is with the outcome; what holds in the end has none."""
    lost = {(o["id"], o["medium"]): o.get("seconds") for o in both["outcomes"] if o["outcome"] == "LOST"}

    assert lost[DEMO + "Transformer-A", DCX + "Power"] == [0.0, 0.0]
    assert all(o.get("seconds") is None for o in both["outcomes"] if o["outcome"] != "LOST")


def test_a_person_reads_times_and_reasons(answers: dict[str, str]) -> None:
    """Without generators the halls end it, and what is down draws nothing from the batteries; every line has its time, what, and why."""
    told = next(text for line, text in answers.items() if line.endswith("--hours 8"))

    assert "within 8 h:" in told
    assert re.search(r"1 min 24 s to 2 min 20 s .* Server +loses AirCooling +the air of demo:Hall-\S+ has reached 45", told), told
    assert "UPS_Module  loses" not in told
    assert re.search(r"assumed: dcx:\w+ of .* \.\.\. and \d+ more like it: --json", told), told
