"""The history guide's commands, typed one after the other in an empty folder, answer as the guide says; only the instants differ."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

RIDETHROUGH = str(Path(sys.executable).with_name("ridethrough"))
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


def test_the_guide_s_commands_answer_as_it_says(tmp_path: Path) -> None:
    """Sources, a dry run, revisions, an older state, an undoing, a branch."""
    environment = {**os.environ, "NO_COLOR": "1"}
    told, expected = [], []

    for kind, text in blocks():
        if kind == "turtle":
            (tmp_path / text.splitlines()[0].removeprefix("# ")).write_text(text)
            continue
        for words, answer in commands(text):
            run = subprocess.run(
                [RIDETHROUGH, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
            )
            told.append((words, INSTANT.sub("*", run.stderr + run.stdout)))
            expected.append((words, INSTANT.sub("*", answer)))

    assert told == expected
