"""The commands of the guide to scenarios, given in an empty folder, answer as the guide says; instants differ, rows may be left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.guides import GUIDES, answers, blocks, missing
from tests.support.served import served
from twin.cli.app import app

GUIDE = GUIDES / "scenarios.md"


def test_the_guide_s_scenarios_answer_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command runs, and every line of a block that follows it is a line of the answer, in that order."""
    monkeypatch.chdir(tmp_path)

    for said, printed in answers(GUIDE):
        assert missing(said, printed) == []


def test_the_guide_s_query_is_answered() -> None:
    """The scenario of the guide, over GraphQL."""
    ((_, query),) = blocks(GUIDE, "graphql")
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
