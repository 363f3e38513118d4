"""`ridethrough prove` and `ridethrough procedure check` as a script sees them: exit codes, JSON, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from twin.cli.app import app
from twin.cli.output import Failure

SITE = """
@prefix brick: <https://brickschema.org/schema/Brick#> . @prefix dcx: <https://w3id.org/ridethrough/ontology#> . @prefix : <urn:s:> .
:UA a dcx:Utility_Feed ; dcx:feedsPower :Main-A . :UB a dcx:Utility_Feed ; dcx:feedsPower :Main-B .
:Main-A a brick:Circuit_Breaker ; dcx:feedsPower :Both, :One . :Main-B a brick:Circuit_Breaker ; dcx:feedsPower :Both .
:Both a brick:ICT_Rack . :One a brick:ICT_Rack .
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the site loaded."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.ttl").write_text(SITE)
    assert ask("load", "site.ttl", "--source", "engineering").exit_code == 0
    return tmp_path


def ask(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_a_proof_ends_with_0_where_it_holds_and_with_3_where_it_does_not(run: Path) -> None:
    """Both racks: One hangs by side A, so UA and Main-A are counter-examples. Both alone: all can be out. Four components."""
    whole = ask("prove", "maintainable", "--json", "--ids")
    one = ask("prove", "maintainable", "--load", "urn:s:Both")

    told = json.loads(whole.output)
    (line,) = told["lines"]
    assert (whole.exit_code, one.exit_code) == (3, 0), run
    assert (told["holds"], told["revision"], line["tried"], line["breached"]) == (False, 1, {"equipment": 4}, {"equipment": 2})
    assert line["ids"] == ["urn:s:Main-A", "urn:s:Main-B", "urn:s:UA", "urn:s:UB"]
    assert [breach["out"]["id"] for breach in line["breaches"]] == ["urn:s:Main-A", "urn:s:UA"]
    assert line["counter_example"]["outcomes"][0]["path"] == ["urn:s:Main-A", "urn:s:One"]
    assert "concurrently maintainable: HOLDS (revision 1" in one.output


def test_a_procedure_ends_with_0_where_it_is_allowed_and_with_3_where_a_step_is_refused(run: Path) -> None:
    """Opening Main-A drops One, opening Main-B drops nothing; the policy of the file or of the command line decides. JSON is read, too."""
    (run / "a.yaml").write_text("steps: [{open: 'urn:s:Main-A'}]")
    (run / "b.json").write_text(json.dumps({"name": "B", "steps": [{"open": "urn:s:Main-B"}]}))

    refused, waived = ask("procedure", "check", "a.yaml", "--json"), ask("procedure", "check", "a.yaml", "--max-lost", "1")
    allowed, bound = ask("procedure", "check", "b.json"), ask("procedure", "check", "b.json", "--max-without-redundancy", "0")

    told = json.loads(refused.output)
    assert [each.exit_code for each in (refused, waived, allowed, bound)] == [3, 0, 0, 3]
    assert (told["name"], told["allowed"], told["first_refused"], told["safe_order"]["steps"]) == ("a", False, "1", [])
    assert told["because"][0]["evidence"] == ["urn:s:Main-A"]
    assert "step 1 (open urn:s:Main-B) is refused: 1 loads are without redundancy; policy allows 0" in bound.output
    assert "no order of these steps is safe" in bound.output


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("prove", "maintainable", "--ids"), "--ids names all that was tried in JSON: add --json"),
        (("prove", "maintainable", "--load", "urn:s:Nobody"), "no entity 'urn:s:Nobody'"),
        (("prove", "fault-tolerant", "--medium", "Steam"), "no medium 'Steam'"),
        (("procedure", "check", "bad.yaml"), "bad.yaml: no YAML and no JSON"),
        (("procedure", "check", "none.yaml"), "none.yaml: a procedure needs at least one step"),
        (("procedure", "check", "bus.yaml"), "step '1': urn:s:Both is no switch to open: isolate or restore it"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(run: Path, words: tuple[str, ...], text: str) -> None:
    """Wrong options, unknown ids, files that are none."""
    for name, content in (("bad", "steps: [{"), ("none", "steps: []"), ("bus", "steps: [{open: 'urn:s:Both'}]")):
        (run / f"{name}.yaml").write_text(content)

    answer = ask(*words)

    assert answer.exit_code != 0
    assert text in str(answer.exception), (answer.output, type(answer.exception) is Failure)
