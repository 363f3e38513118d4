"""`revert`: one revision is undone by a new one."""

from __future__ import annotations

from tests.resolvers.storied import CORD_A, LABELLED, RACK, UPS_A, Storied

REVERT = """mutation($n: Int!, $k: String, $r: String!) { revert(input: {number: $n, reason: $r, key: $k}) {
  revision { number author source reason added removed } addedCount removedCount dryRun quarantined } }"""


def test_what_a_revision_took_away_is_back(past: Storied) -> None:
    """Undoing revision 3 gives the rack its second cord again; revisions 1 to 3 stay in the list."""
    done = past.ask(REVERT, n=3, r="a mistake")["revert"]

    assert done["revision"] == {"number": 4, "author": "tests", "source": "design", "reason": "a mistake", "added": 1, "removed": 0}
    assert (done["addedCount"], done["removedCount"], done["dryRun"], done["quarantined"]) == (1, 0, False, None)
    assert RACK not in past.lost(UPS_A)
    assert [each["number"] for each in past.ask("{ revisions { number } }")["revisions"]] == [4, 3, 2, 1]


def test_the_same_key_undoes_once(past: Storied) -> None:
    """The second call tells the same revision."""
    first, again = past.ask(REVERT, n=3, r="a mistake", k="k")["revert"], past.ask(REVERT, n=3, r="a mistake", k="k")["revert"]

    assert first["revision"] == again["revision"]
    assert past.ask("{ status { revision } }")["status"]["revision"] == 4


def test_what_later_revisions_touched_is_not_undone(past: Storied) -> None:
    """Netbox has given the rack another label since: undoing its first is refused, and the refusal names the label."""
    past.sync("netbox", (RACK, LABELLED[1], '"Another"@en'), CORD_A)
    code, message = past.refusal(REVERT, n=2, r="a mistake")

    assert code == "REFUSED"
    assert "Cabinet 1" in message
    assert past.ask("{ status { revision } }")["status"]["revision"] == 4


def test_a_revision_that_there_is_not_cannot_be_undone(past: Storied) -> None:
    """The refusal says which there are; a wish without a reason is none."""
    assert past.refusal(REVERT, n=99, r="x") == ("UNKNOWN_REVISION", "no revision 99: there are 1 to 3")
    assert past.refusal(REVERT, n=3, r=" ")[0] == "BAD_INPUT"
