"""The commands of the guide to capacity, given in an empty folder, answer as the guide says; only the instants differ."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.guides import GUIDES, answers, blocks
from twin.cli.app import app

GUIDE = GUIDES / "capacity.md"


def test_the_guide_s_pair_answers_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is the guide's; every command runs, and where a block of text follows it is what the command printed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pair.ttl").write_text(blocks(GUIDE, "turtle")[0][1], encoding="utf-8")

    for said, printed in answers(GUIDE):
        assert said == printed


def test_capacity_as_json_has_every_figure_and_ends_with_3_for_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same answer for a program."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pair.ttl").write_text(blocks(GUIDE, "turtle")[0][1], encoding="utf-8")
    CliRunner().invoke(app, ["load", "pair.ttl", "--source", "engineering"], catch_exceptions=False)

    done = CliRunner().invoke(app, ["capacity", "--json"])

    assert done.exit_code == 3
    assert '"worst_part": 1.2' in done.output
    assert '"usual_part_max": 0.5' in done.output
