"""The commands of the guide to sweeps, given in an empty folder, answer as the guide says; only the instants differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.guides import GUIDES, answers


def test_the_guide_s_sweeps_answer_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command runs, and where a block of text follows it is what the command printed, but for what was assumed."""
    monkeypatch.chdir(tmp_path)

    for pair in answers(GUIDES / "sweeps.md"):
        said, printed = ([line for line in lines if not line.startswith("assumed:")] for lines in pair)
        assert said == printed
