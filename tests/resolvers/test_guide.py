"""The documents of the GraphQL guide run as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.history_reference import HistoryReference
from tests.support.served import Served, served

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "graphql.md"
EXAMPLES = re.findall(r"```graphql\n(.*?)```", GUIDE.read_text(), re.DOTALL)
LIVE = [example for example in EXAMPLES if example.startswith("subscription")]


def test_every_document_of_the_guide_is_answered_in_its_order() -> None:
    """Data and no error; the cord that R007 gets on the branch keeps one rack alight, and is pulled again in the end."""
    with served() as site:
        site.face.kept = HistoryReference()
        answers: list[dict[str, Any]] = []
        for example in EXAMPLES:
            if example not in LIVE:
                answers.append(site.ask(example, **_variables(example, answers[-1:])))
    racks = next({name: answer[name]["totals"]["racks"]["lost"] for name in ("site", "whatIf")} for answer in answers if "whatIf" in answer)

    assert all(value for answer in answers for value in answer.values())
    assert racks["site"] - racks["whatIf"] == 1
    assert answers[-1]["revert"] == {"revision": {"number": 3, "reason": "the cord was pulled again"}, "removedCount": 1}


@pytest.mark.parametrize("example", LIVE)
def test_a_subscription_of_the_guide_gives_its_first_event(site: Served, example: str) -> None:
    """The present state is the first event."""
    job = {"id": site.ask("mutation { startJob(input: {sweep: {}}) { id } }")["startJob"]["id"]} if "$id" in example else {}
    with site.subscribed(example, **job) as event:
        assert all(event().values())


def _variables(example: str, answers: list[dict[str, Any]]) -> dict[str, Any]:
    """What a document takes from the answer before it, as the guide says."""
    if "$number" in example:
        return {"number": answers[0]["revisions"][0]["number"]}
    return {"id": next(iter(answers[0].values()))["id"]} if "$id" in example else {}
