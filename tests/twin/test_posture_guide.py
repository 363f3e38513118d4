"""The commands of the guide to the posture, given in an empty folder, answer as the guide says; only the instants differ."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from twin.cli.app import app

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "posture.md"
INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ")


def test_the_guide_s_posture_is_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command runs, and where a block of text follows it is what the command printed. As JSON the counts are the same."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```(console|text)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    answer = ""

    for kind, text in blocks:
        if kind == "text":
            assert INSTANT.sub("*", text).strip() == INSTANT.sub("*", answer).strip()
            continue
        for line in text.splitlines():
            answer = CliRunner().invoke(app, shlex.split(line.removeprefix("$ ridethrough ")), catch_exceptions=False).output

    told = json.loads(CliRunner().invoke(app, ["posture", "--json"], catch_exceptions=False).output)
    assert told["racks"] == {"all": 40, "dark": 0, "hanging": 3}
    assert told["message"] == "3 of 40 racks hang by a single failure, 0 are dark"
