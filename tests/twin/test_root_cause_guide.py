"""The commands of the guide to root cause, given in an empty folder, answer as the guide says; and a file says what is seen as well."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.guides import GUIDES, answers
from twin.cli.app import app
from twin.cli.output import Failure


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the guide's site loaded."""
    folder = tmp_path_factory.mktemp("site")
    run(f"generate --racks 40 --seed 1 --design 2N -o {folder}/site.ttl")
    run(f"load {folder}/site.ttl --source engineering --data {folder}/data")
    return folder


def run(line: str) -> str:
    return CliRunner().invoke(app, shlex.split(line), catch_exceptions=False).output


def test_the_guide_s_commands_answer_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command runs, and where a block of text follows it is what the command printed; only the instants differ."""
    monkeypatch.chdir(tmp_path)

    for said, printed in answers(GUIDES / "root-cause.md"):
        assert said == printed


def test_a_file_says_what_is_seen(site: Path) -> None:
    """A line each; the answer is that of the options."""
    seen = site / "seen.txt"
    seen.write_text("# side A, row 1\ndemo:RPDU-R001-A down\ndemo:RPDU-R002-A,down\n\ndemo:RPDU-R003-A unknown\ndemo:RPDU-R012-A up\n")
    options = "--down demo:RPDU-R001-A --down demo:RPDU-R002-A --unknown demo:RPDU-R003-A --up demo:RPDU-R012-A"

    by_file, by_options = (json.loads(run(f"rootcause {how} --json --data {site}/data")) for how in (f"--seen {seen}", options))

    assert {**by_file, "at": ""} == {**by_options, "at": ""}
    assert by_file["explanations"][0]["causes"][0]["id"] == "urn:ridethrough:demo:RPP-H1-R1-A"


def test_nothing_named_asks_the_readings(site: Path) -> None:
    """None has been written: everything that could say something is unknown, and nothing has to be explained."""
    found = json.loads(run(f"rootcause --json --data {site}/data"))

    assert (found["down"], found["explanations"]) == ([], [])
    assert len(found["unknown"]) > 100


def test_wrong_usage_is_told(site: Path) -> None:
    """A line that is none, and things that are up where nothing is down."""
    seen = site / "wrong.txt"
    seen.write_text("demo:RPDU-R001-A sideways\n")

    with pytest.raises(Failure, match="1: 'demo:RPDU-R001-A sideways' is no id with down, up or unknown behind it"):
        run(f"rootcause --seen {seen} --data {site}/data")
    with pytest.raises(Failure, match="nothing is said to be down"):
        run(f"rootcause --up demo:UPS-A --data {site}/data")
