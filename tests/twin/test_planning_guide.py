"""The commands of the guide to planning, given in an empty folder, answer as the guide says; only the instants differ."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from twin.cli.app import app

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "planning.md"
INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ")


def test_the_guide_s_commands_answer_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command runs, and where a block of text follows its lines are lines of what the command printed, in that order."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```(console|text)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    answer = ""

    for kind, text in blocks:
        if kind == "text":
            printed = iter(INSTANT.sub("*", answer).splitlines())
            wanted = [INSTANT.sub("*", line) for line in text.splitlines() if line not in ("", "...")]
            assert [line for line in wanted if line not in printed] == []
            continue
        for line in text.splitlines():
            answer = CliRunner().invoke(app, shlex.split(line.removeprefix("$ ridethrough ")), catch_exceptions=False).output
