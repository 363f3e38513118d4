"""`applyBranch`: a what-if becomes a revision of the site."""

from __future__ import annotations

from tests.resolvers.storied import CORD_A, LABELLED, RACK, UPS_A, Storied

APPLY = """mutation($k: String) { applyBranch(input: {name: "b", reason: "the board agreed", author: "bob", key: $k}) {
  revision { number branch author source reason added removed } addedCount removedCount dryRun } }"""
EDIT = """mutation { createBranch(input: {name: "b", reason: "try"}) { name }
  editBranch(input: {name: "b", reason: "second cord", source: "plan",
    add: [{subject: "urn:site:UPS-B", predicate: "dcx:feedsPower", object: "urn:site:R1", objectIsId: true}]}) { addedCount } }"""


def test_what_a_branch_changes_becomes_one_revision_and_the_branch_ends(past: Storied) -> None:
    """With the second cord applied losing UPS A darkens no rack."""
    past.ask(EDIT)
    dark = past.lost(UPS_A)
    done = past.ask(APPLY)["applyBranch"]

    assert done["revision"] == {
        "number": 4,
        "branch": None,
        "author": "bob",
        "source": "plan",
        "reason": "the board agreed",
        "added": 1,
        "removed": 0,
    }
    assert (done["addedCount"], done["removedCount"], done["dryRun"]) == (1, 0, False)
    assert RACK in dark
    assert RACK not in past.lost(UPS_A)
    assert past.ask("{ branches { name } }") == {"branches": []}


def test_the_same_key_is_applied_once(past: Storied) -> None:
    """The branch is gone at the second call, and its revision is told again."""
    past.ask(EDIT)
    first, again = past.ask(APPLY, k="k")["applyBranch"], past.ask(APPLY, k="k")["applyBranch"]

    assert first["revision"] == again["revision"]
    assert past.ask("{ status { revision } }")["status"]["revision"] == 4


def test_a_branch_is_refused_where_both_have_replaced_a_value(past: Storied) -> None:
    """The refusal names the fact; site and branch stay as they are."""
    past.ask(EDIT)
    past.ask(
        """mutation { editBranch(input: {name: "b", reason: "its new label", add: [
          {subject: "urn:site:R1", predicate: "rdfs:label", object: "Cabinet I", language: "en"}], remove: [
          {subject: "urn:site:R1", predicate: "rdfs:label", object: "Cabinet 1", language: "en"}]}) { removedCount } }"""
    )
    past.sync("netbox", (RACK, LABELLED[1], '"Another"@en'), CORD_A)
    code, message = past.refusal(APPLY)

    assert code == "REFUSED"
    assert "Cabinet I" in message
    assert past.ask("{ status { revision branches } }")["status"] == {"revision": 4, "branches": 1}


def test_what_the_site_has_changed_elsewhere_stays(past: Storied) -> None:
    """A branch brings its own changes, not the state that it stood on."""
    past.ask(EDIT)
    past.sync("netbox", (RACK, LABELLED[1], '"Another"@en'), CORD_A)
    past.ask(APPLY)

    assert past.ask('{ entity(id: "urn:site:R1") { label } }') == {"entity": {"label": "Another"}}


def test_a_branch_that_there_is_not_cannot_be_applied(past: Storied) -> None:
    """The refusal lists those that there are."""
    assert past.refusal(APPLY)[0] == "UNKNOWN_BRANCH"
