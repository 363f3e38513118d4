"""The commands of the guide to capacity, given in an empty folder, answer as the guide says; only the instants differ."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from twin.cli.app import app

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "capacity.md"
INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ")


def test_the_guide_s_pair_answers_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is the guide's; every command runs, and where a block of text follows it is what the command printed."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```(turtle|console|text)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    answer = ""

    for kind, text in blocks:
        if kind == "turtle":
            (tmp_path / "pair.ttl").write_text(text, encoding="utf-8")
        elif kind == "text":
            assert INSTANT.sub("*", text.strip()) == INSTANT.sub("*", answer.strip())
        else:
            for line in text.splitlines():
                answer = CliRunner().invoke(app, shlex.split(line.removeprefix("$ ridethrough ")), catch_exceptions=False).output


def test_capacity_as_json_has_every_figure_and_ends_with_3_for_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same answer for a program."""
    monkeypatch.chdir(tmp_path)
    turtle = re.findall(r"```turtle\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[0]
    (tmp_path / "pair.ttl").write_text(turtle, encoding="utf-8")
    CliRunner().invoke(app, ["load", "pair.ttl", "--source", "engineering"], catch_exceptions=False)

    done = CliRunner().invoke(app, ["capacity", "--json"])

    assert done.exit_code == 3
    assert '"worst_part": 1.2' in done.output
    assert '"usual_part_max": 0.5' in done.output
