"""The commands of the guide to proofs, given in an empty folder, answer as the guide says; only the instants differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.guides import GUIDES, answers, blocks

GUIDE = GUIDES / "proofs.md"


def test_the_guide_s_proofs_answer_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command runs, and where a block of text follows it is what the command printed; a yaml block is the file that it names."""
    monkeypatch.chdir(tmp_path)
    for _, text in blocks(GUIDE, "yaml"):
        (tmp_path / text.splitlines()[0].removeprefix("# ")).write_text(text)

    for said, printed in answers(GUIDE):
        assert said == printed
