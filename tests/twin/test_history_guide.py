"""The history guide's commands, given one after the other in an empty folder, answer as the guide says; only the instants differ."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from twin.cli.app import app

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "history.md"
INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def blocks() -> Iterator[tuple[str, str]]:
    """The guide's blocks, in order: their kind and their text."""
    yield from re.findall(r"```(\w+)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def commands(text: str) -> Iterator[tuple[list[str], str]]:
    """The commands of a console block, each with what it answers."""
    for part in re.split(r"^\$ ridethrough ", text, flags=re.MULTILINE)[1:]:
        line, _, answer = part.partition("\n")
        yield shlex.split(line), answer


def test_the_guide_s_commands_answer_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources, a dry run, revisions, an older state, an undoing, a branch."""
    monkeypatch.chdir(tmp_path)
    told, expected = [], []

    for kind, text in blocks():
        if kind == "turtle":
            Path(text.splitlines()[0].removeprefix("# ")).write_text(text)
            continue
        for words, answer in commands(text):
            told.append((words, INSTANT.sub("*", CliRunner().invoke(app, words, catch_exceptions=False).output.rstrip())))
            expected.append((words, INSTANT.sub("*", answer.rstrip())))

    assert told == expected
