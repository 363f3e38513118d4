"""`editBranch`: statements come and go on a branch; the site stays as it is."""

from __future__ import annotations

from typing import Any

import pytest

from ontology.namespaces import DCX
from ontology.sources import source_graph
from ontology.terms import XSD
from tests.resolvers.storied import FEEDS, RACK, UPS_A, UPS_B, Storied

EDIT = """mutation($i: EditBranchInput!) { editBranch(input: $i) {
  revision { number branch author source reason } addedCount removedCount dryRun quarantined findings { code } } }"""
CREATE = 'mutation { createBranch(input: {name: "b", reason: "try"}) { name } }'
CORD_B_AGAIN = {"subject": UPS_B, "predicate": "dcx:feedsPower", "object": RACK, "objectIsId": True}
CORD_A_GONE = {"subject": UPS_A, "predicate": FEEDS, "object": RACK, "objectIsId": True}


def wish(**more: Any) -> dict[str, Any]:
    return {"name": "b", "reason": "what if", **more}


def said_on(past: Storied, branch: str) -> set[tuple[str, str, str]]:
    """What feeds the rack on a branch: the UPS, the graph's source, the revision's branch."""
    told = past.ask(
        'query($b: String) { a: provenance(id: "urn:site:UPS-A", predicate: "dcx:feedsPower", branch: $b) { ...S }'
        ' b: provenance(id: "urn:site:UPS-B", predicate: "dcx:feedsPower", branch: $b) { ...S } }'
        " fragment S on Statement { subject source revision { branch } }",
        b=branch,
    )
    return {(each["subject"], each["source"], each["revision"]["branch"] or "site") for each in told["a"] + told["b"]}


def test_statements_come_and_go_on_the_branch_alone(past: Storied) -> None:
    """A cord is moved from UPS A to UPS B: what is added is said by the edit's source, what goes is gone from every graph that said it."""
    past.ask(CREATE)
    done = past.ask(EDIT, i=wish(add=[CORD_B_AGAIN], remove=[CORD_A_GONE], author="bob", source="plan"))["editBranch"]

    assert done["revision"] == {"number": 1, "branch": "b", "author": "bob", "source": "plan", "reason": "what if"}
    assert (done["addedCount"], done["removedCount"], done["dryRun"], done["quarantined"]) == (1, 2, False, None)
    assert said_on(past, "b") == {(UPS_B, "plan", "b")}
    assert past.ask("{ status { revision } }")["status"]["revision"] == 3
    assert RACK in past.lost(UPS_B, ', branch: "b"')
    assert RACK not in past.lost(UPS_B)


def test_a_statement_goes_from_one_graph_where_one_is_named(past: Storied) -> None:
    """Netbox says the cord still."""
    past.ask(CREATE)
    done = past.ask(EDIT, i=wish(remove=[{**CORD_A_GONE, "graph": source_graph("design")}]))["editBranch"]

    assert done["removedCount"] == 1
    assert said_on(past, "b") == {(UPS_A, "netbox", "site")}


def test_a_try_changes_nothing(past: Storied) -> None:
    """The same counts, no revision."""
    past.ask(CREATE)
    done = past.ask(EDIT, i=wish(remove=[CORD_A_GONE], dryRun=True))["editBranch"]

    assert (done["revision"], done["removedCount"], done["dryRun"]) == (None, 2, True)
    assert said_on(past, "b") == {(UPS_A, "design", "site"), (UPS_A, "netbox", "site")}


def test_what_a_change_brings_is_told_apart_from_what_was_wrong_before(past: Storied) -> None:
    """The rack has no place, which is no news. A predicate that is none is new, then as before beside a second; mended, both are gone."""
    past.ask(CREATE)
    kinds = "newFindings { message } goneFindingsCount unchangedFindingsCount findings { message }"
    edit = f"mutation($i: EditBranchInput!) {{ editBranch(input: $i) {{ {kinds} }} }}"
    wrong, worse = ({**CORD_A_GONE, "predicate": f"dcx:{predicate}"} for predicate in ("feedsPowr", "feedsCoolth"))

    first, second, mended = (
        past.ask(edit, i=wish(**act))["editBranch"] for act in ({"add": [wrong]}, {"add": [worse]}, {"remove": [wrong, worse]})
    )

    assert ["feedsPowr" in each["message"] for each in first["newFindings"]] == [True]
    assert ["feedsCoolth" in each["message"] for each in second["newFindings"]] == [True]
    assert [each["unchangedFindingsCount"] for each in (first, second, mended)] == [
        len(first["findings"]) - 1,
        len(first["findings"]),
        len(mended["findings"]),
    ]
    assert len(mended["findings"]) == len(first["findings"]) - 1 > 0
    assert (mended["newFindings"], mended["goneFindingsCount"]) == ([], 2)


def test_what_is_so_already_is_no_change(past: Storied) -> None:
    """Saying what the source says and removing what nobody says leaves the branch as it is."""
    past.ask(CREATE)
    done = past.ask(EDIT, i=wish(add=[CORD_A_GONE], remove=[CORD_B_AGAIN], source="design"))["editBranch"]

    assert (done["revision"], done["addedCount"], done["removedCount"]) == (None, 0, 0)


def test_the_same_key_is_the_same_edit(past: Storied) -> None:
    """A client that heard nothing asks again and changes nothing more."""
    past.ask(CREATE)
    first = past.ask(EDIT, i=wish(add=[CORD_B_AGAIN], key="k"))["editBranch"]
    again = past.ask(EDIT, i=wish(add=[CORD_B_AGAIN], key="k"))["editBranch"]

    assert first["revision"] == again["revision"]
    assert len(past.ask('{ branches(name: "b") { revisions { number } } }')["branches"][0]["revisions"]) == 1


def test_literals_keep_datatype_and_language(past: Storied) -> None:
    """An amount, a text with its language, a plain text."""
    past.ask(CREATE)
    note, about = DCX + "note", {"subject": RACK, "predicate": DCX + "note"}
    literals = [("4.50", "xsd:decimal", None), ("Gestell", None, "de"), ('with "quotes"\n', None, None)]
    past.ask(EDIT, i=wish(add=[{**about, "object": text, "datatype": of, "language": tag} for text, of, tag in literals]))
    told = past.ask(
        'query($p: String) { provenance(id: "urn:site:R1", predicate: $p, branch: "b") { object datatype language objectIsId } }', p=note
    )["provenance"]

    assert {(each["object"], each["datatype"], each["language"]) for each in told} == {
        ("4.50", XSD + "decimal", None),
        ("Gestell", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString", "de"),
        ('with "quotes"\n', XSD + "string", None),
    }
    assert not any(each["objectIsId"] for each in told)


@pytest.mark.parametrize(
    ("more", "code", "part"),
    [
        ({}, "BAD_INPUT", "give 1 to 1000"),
        ({"add": [CORD_B_AGAIN] * 1001}, "BAD_INPUT", "1001 statements"),
        ({"add": [{**CORD_B_AGAIN, "subject": "no iri"}]}, "BAD_INPUT", "subject"),
        ({"add": [{**CORD_B_AGAIN, "object": '"text"'}]}, "BAD_INPUT", "object"),
        ({"add": [{**CORD_B_AGAIN, "predicate": "_:b"}]}, "BAD_INPUT", "a predicate has an IRI"),
        ({"add": [{**CORD_B_AGAIN, "objectIsId": False, "datatype": "xsd:int", "language": "de"}]}, "BAD_INPUT", "one of them"),
        ({"add": [{**CORD_B_AGAIN, "objectIsId": False, "language": "not a tag"}]}, "BAD_INPUT", "object"),
        ({"add": [{**CORD_B_AGAIN, "graph": source_graph("design")}], "source": "plan"}, "BAD_INPUT", "belongs to source 'design'"),
        ({"add": [CORD_B_AGAIN], "name": "nope"}, "UNKNOWN_BRANCH", "no branch 'nope'"),
        ({"add": [CORD_B_AGAIN], "reason": " "}, "BAD_INPUT", "reason"),
    ],
)
def test_an_edit_that_cannot_be_made_says_why(past: Storied, more: dict[str, Any], code: str, part: str) -> None:
    """Nothing of it is made."""
    past.ask(CREATE)
    told = past.refusal(EDIT, i=wish(**more))

    assert told[0] == code, told
    assert part in told[1]
    assert past.ask('{ branches(name: "b") { revisions { number } } }') == {"branches": [{"revisions": []}]}
