"""The commands of the guide to the posture, given in an empty folder, answer as the guide says; only the instants differ."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.guides import GUIDES, answers
from twin.cli.app import app

GUIDE = GUIDES / "posture.md"


def test_the_guide_s_posture_is_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command runs, and where a block of text follows it is what the command printed. As JSON the counts are the same."""
    monkeypatch.chdir(tmp_path)

    for said, printed in answers(GUIDE):
        assert said == printed

    told = json.loads(CliRunner().invoke(app, ["posture", "--json"], catch_exceptions=False).output)
    assert told["racks"] == {"all": 40, "dark": 0, "hanging": 3}
    assert told["message"] == "3 of 40 racks hang by a single failure, 0 are dark"
