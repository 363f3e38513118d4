"""The commands of a guide, given as it gives them, with what it says that they print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from twin.cli.app import app

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ")


def blocks(guide: Path, *kinds: str) -> list[tuple[str, str]]:
    """The blocks of some kinds (`console`, `text`, `turtle`, ...), in order, each with its kind."""
    return re.findall(rf"```({'|'.join(kinds)})\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)


def answers(guide: Path) -> list[tuple[list[str], list[str]]]:
    """For each block of text the lines that it says and those that the command before it printed, `*` for instants.

    Every command of the guide is given, in the present folder. A guide in which nothing can be compared is a fault of its test.
    """
    found, printed = [], ""
    for kind, text in blocks(guide, "console", "text"):
        if kind == "text":
            found.append((_lines(text), _lines(printed)))
            continue
        for line in text.splitlines():
            printed = CliRunner().invoke(app, shlex.split(line.removeprefix("$ ridethrough ")), catch_exceptions=False).output
    assert found, f"{guide.name} says of no command what it prints"
    assert all(said for said, _ in found), f"{guide.name} has an empty block of text"
    return found


def missing(said: list[str], printed: list[str]) -> list[str]:
    """The lines that are said and not printed, in that order; `...` stands for any."""
    rest = iter(printed)
    return [line for line in said if line not in ("", "...", "…") and line not in rest]


def _lines(text: str) -> list[str]:
    return INSTANT.sub("*", text.strip()).splitlines()
