"""The commands of the guide to planning, given in an empty folder, answer as the guide says; only the instants differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.guides import GUIDES, answers, missing


def test_the_guide_s_commands_answer_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command runs, and where a block of text follows its lines are lines of what the command printed, in that order."""
    monkeypatch.chdir(tmp_path)

    for said, printed in answers(GUIDES / "planning.md"):
        assert missing(said, printed) == []
