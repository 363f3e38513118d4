"""`createBranch`: a what-if begins on a state of the site."""

from __future__ import annotations

from typing import Any

import pytest

from tests.resolvers.storied import Storied, storied

CREATE = """mutation($i: CreateBranchInput!) { createBranch(input: $i) {
  name base author reason revisions { number } difference { addedCount } } }"""


def test_a_branch_stands_on_the_newest_revision_unless_another_is_named(past: Storied) -> None:
    """By number, by instant, or neither."""
    bases = {"now": None, "by-number": {"revision": 1}, "by-time": {"at": past.at[1].isoformat()}}
    made = {name: past.ask(CREATE, i={"name": name, "reason": "try", "base": base})["createBranch"]["base"] for name, base in bases.items()}

    assert made == {"now": 3, "by-number": 1, "by-time": 2}
    assert past.ask("{ status { branches revision } }")["status"] == {"branches": 3, "revision": 3}


def test_a_branch_says_who_made_it_and_why(past: Storied) -> None:
    """The service's own author stands in for one that is not named."""
    one = past.ask(CREATE, i={"name": "a", "reason": "move a cord", "author": "bob"})["createBranch"]
    other = past.ask(CREATE, i={"name": "b", "reason": "try"})["createBranch"]

    assert one == {"name": "a", "base": 3, "author": "bob", "reason": "move a cord", "revisions": [], "difference": {"addedCount": 0}}
    assert other["author"] == "tests"


@pytest.mark.parametrize(
    ("more", "code", "part"),
    [
        ({"name": "taken"}, "BRANCH_EXISTS", "taken"),
        ({"name": ""}, "BAD_INPUT", "name"),
        ({"name": "/x"}, "BAD_INPUT", "'/x'"),
        ({"name": "x" * 501}, "BAD_INPUT", "501"),
        ({"name": "a", "reason": ""}, "BAD_INPUT", "reason"),
        ({"name": "a", "base": {"revision": 99}}, "UNKNOWN_REVISION", "there are 1 to 3"),
    ],
)
def test_a_branch_that_cannot_be_says_why(past: Storied, more: dict[str, Any], code: str, part: str) -> None:
    """No branch is made."""
    past.ask(CREATE, i={"name": "taken", "reason": "first"})
    told = past.refusal(CREATE, i={"reason": "try", **more})

    assert told[0] == code, told
    assert part in told[1]
    assert past.ask("{ status { branches } }")["status"]["branches"] == 1


@pytest.mark.parametrize(
    "act",
    [
        'createBranch(input: {name: "a", reason: "r"}) { name }',
        'editBranch(input: {name: "a", reason: "r"}) { dryRun }',
        'applyBranch(input: {name: "a", reason: "r"}) { dryRun }',
        'dropBranch(input: {name: "a"})',
        'revert(input: {number: 1, reason: "r"}) { dryRun }',
    ],
)
def test_where_the_graph_is_not_changed_from_here_every_change_is_refused(act: str) -> None:
    """The refusal names the setting and the other way."""
    with storied(write="off") as past:
        code, message = past.refusal("mutation { " + act + " }")

        assert code == "READ_ONLY"
        assert "rdf_write" in message
        assert past.ask("{ status { branches revision } }")["status"] == {"branches": 0, "revision": 3}
