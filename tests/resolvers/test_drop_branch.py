"""`dropBranch`: a what-if is forgotten."""

from __future__ import annotations

from tests.resolvers.storied import Storied

DROP = 'mutation { dropBranch(input: {name: "b"}) }'


def test_a_branch_is_forgotten_with_its_changes(past: Storied) -> None:
    """It is in no list any more, and cannot be asked."""
    past.ask('mutation { createBranch(input: {name: "b", reason: "try"}) { name } }')
    past.ask('{ entity(id: "urn:site:R1", branch: "b") { id } }')

    assert past.ask(DROP) == {"dropBranch": True}
    assert past.ask("{ branches { name } }") == {"branches": []}
    assert past.refusal('{ entity(id: "urn:site:R1", branch: "b") { id } }')[0] == "UNKNOWN_BRANCH"


def test_a_branch_of_the_same_name_has_nothing_of_the_old_one(past: Storied) -> None:
    """What was kept of the old one's state is not shown for the new one."""
    gone = '{subject: "urn:site:UPS-A", predicate: "dcx:feedsPower", object: "urn:site:R1", objectIsId: true}'
    past.ask('mutation { createBranch(input: {name: "b", reason: "try"}) { name } }')
    past.ask(f'mutation {{ editBranch(input: {{name: "b", reason: "r", remove: [{gone}]}}) {{ removedCount }} }}')
    feeds = '{ entity(id: "urn:site:UPS-A", branch: "b") { relations(predicate: "dcx:feedsPower") { count } } }'
    without = past.ask(feeds)
    past.ask(DROP)
    past.ask('mutation { createBranch(input: {name: "b", reason: "try"}) { name } }')

    assert without == {"entity": {"relations": []}}
    assert past.ask(feeds) == {"entity": {"relations": [{"count": 1}]}}


def test_a_branch_that_there_is_not_cannot_be_dropped(past: Storied) -> None:
    """The refusal lists those that there are."""
    assert past.refusal(DROP) == ("UNKNOWN_BRANCH", "no branch 'b'; there are: none")
