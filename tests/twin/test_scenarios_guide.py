"""The commands of the guide to scenarios, given in an empty folder, answer as the guide says; instants differ, rows may be left out."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.served import served
from twin.cli.app import app

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "scenarios.md"
INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ")


def blocks(*kinds: str) -> list[tuple[str, str]]:
    """The guide's blocks of some kinds."""
    return re.findall(rf"```({'|'.join(kinds)})\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def typed(command: str) -> str:
    """What a command prints."""
    return CliRunner().invoke(app, shlex.split(command.removeprefix("$ ridethrough ")), catch_exceptions=False).output


def test_the_guide_s_scenarios_answer_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command runs, and every line of a block that follows it is a line of the answer, in that order."""
    monkeypatch.chdir(tmp_path)
    answer = ""

    for kind, text in blocks("console", "text"):
        if kind == "console":
            for line in text.splitlines():
                answer = typed(line)
            continue
        lines = iter(INSTANT.sub("*", answer).splitlines())
        wanted = [INSTANT.sub("*", line) for line in text.splitlines() if line not in ("", "…")]
        assert [line for line in wanted if line not in lines] == []


def test_the_guide_s_query_is_answered() -> None:
    """The scenario of the guide, over GraphQL."""
    ((_, query),) = blocks("graphql")
    with served() as site:
        found = site.ask(query)["impact"]

    assert [each["part"] for each in found["resolved"]] == ["fails", "opened", "closed"]
    assert found["moves"][0]["arrivals"][0]["kw"] > 0


def test_a_move_that_cannot_be_read_and_a_scenario_of_nothing_are_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both say what to give, before anything is opened."""
    monkeypatch.chdir(tmp_path)

    unread = CliRunner().invoke(app, ["impact", "--move", "demo:Tenant-01"])
    nothing = CliRunner().invoke(app, ["impact"])

    assert "give a tenant and the racks it comes to" in str(unread.exception)
    assert "nothing happens" in str(nothing.exception)
