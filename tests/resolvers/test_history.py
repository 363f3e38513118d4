"""History over GraphQL: revisions, differences, sources, findings, and who says what."""

from __future__ import annotations

import pytest

from graph.changes import NEWEST, ChangeSet
from ontology.namespaces import BRICK, DCX
from ontology.sources import source_graph
from ontology.terms import QuadBlock
from tests.resolvers.storied import CORD_A, CORD_B, FEEDS, RACK, UPS_A, UPS_B, Storied, quad

STATEMENT = "subject predicate object objectIsId datatype language graph source"


def test_revisions_are_listed_newest_first_with_who_when_and_why(read_past: Storied) -> None:
    """Three of them; the first says seven statements."""
    told = read_past.ask("{ revisions { number branch at author source reason added removed } }")["revisions"]

    assert [each["number"] for each in told] == [3, 2, 1]
    assert [each["source"] for each in told] == ["design", "netbox", "design"]
    assert told[0]["at"] == read_past.at[2].isoformat()
    assert {k: told[0][k] for k in ("branch", "author", "reason", "added", "removed")} == {
        "branch": None,
        "author": "ann",
        "reason": "design has news",
        "added": 0,
        "removed": 1,
    }


def test_revisions_are_paged_and_of_one_source(read_past: Storied) -> None:
    """`before` takes the last number of the page before."""
    told = read_past.ask(
        '{ a: revisions(first: 1) { number } b: revisions(first: 1, before: 3) { number } c: revisions(source: "design") { number } }'
    )

    assert told == {"a": [{"number": 3}], "b": [{"number": 2}], "c": [{"number": 3}, {"number": 1}]}


def test_one_revision_tells_what_it_changed(read_past: Storied) -> None:
    """The label with its language, in netbox's graph; the cord that netbox says, too, though design had said it."""
    told = read_past.ask(f"{{ revision(number: 2) {{ changes {{ addedCount removedCount added {{ {STATEMENT} }} entities }} }} }}")
    changes = told["revision"]["changes"]

    assert (changes["addedCount"], changes["removedCount"]) == (2, 0)
    assert changes["entities"] == sorted([RACK, UPS_A])
    assert changes["added"][0] == {
        "subject": RACK,
        "predicate": "http://www.w3.org/2000/01/rdf-schema#label",
        "object": "Cabinet 1",
        "objectIsId": False,
        "datatype": "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString",
        "language": "en",
        "graph": source_graph("netbox"),
        "source": "netbox",
    }
    assert (changes["added"][1]["object"], changes["added"][1]["objectIsId"]) == (RACK, True)


def test_long_lists_are_read_page_by_page(read_past: Storied) -> None:
    """Three and four of revision 1's seven statements are its seven; so are the pages of what is said of an entity."""
    told = read_past.ask(
        """{ revision(number: 1) { changes {
               whole: added { ...S } head: added(first: 3) { ...S } rest: added(skip: 3) { ...S } } }
             all: provenance(id: "urn:site:UPS-A") { ...S } two: provenance(id: "urn:site:UPS-A", first: 2) { ...S }
             others: provenance(id: "urn:site:UPS-A", skip: 2) { ...S } }
           fragment S on Statement { subject predicate object source }"""
    )
    changes = told["revision"]["changes"]

    assert len(changes["whole"]) == 7
    assert changes["head"] + changes["rest"] == changes["whole"]
    assert told["two"] + told["others"] == told["all"]


def test_what_went_says_which_revision_had_said_it(read_past: Storied) -> None:
    """The cord that revision 3 took away was of revision 1."""
    told = read_past.ask("{ revision(number: 3) { changes { removed { subject object revision { number } } } } }")

    assert told["revision"]["changes"]["removed"] == [{"subject": UPS_B, "object": RACK, "revision": {"number": 1}}]


def test_a_revision_that_there_is_not_is_null(read_past: Storied) -> None:
    """Asking is no error; asking a branch that there is not is one."""
    assert read_past.ask("{ a: revision(number: 99) { number } b: revision(number: 0) { number } }") == {"a": None, "b": None}
    assert read_past.refusal('{ revision(number: 1, branch: "nope") { number } }')[0] == "UNKNOWN_BRANCH"


def test_a_difference_is_net_and_reads_both_ways(read_past: Storied) -> None:
    """From 1 to 3 two statements came and one went; the other way round it is the reverse."""
    told = read_past.ask(
        """{ on: difference(older: {revision: 1}, newer: {revision: 3}) { addedCount removedCount removed { subject } }
             back: difference(older: {revision: 3}, newer: {revision: 1}) {
               addedCount removedCount added { subject revision { number } } } }"""
    )

    assert told["on"] == {"addedCount": 2, "removedCount": 1, "removed": [{"subject": UPS_B}]}
    assert told["back"] == {"addedCount": 1, "removedCount": 2, "added": [{"subject": UPS_B, "revision": {"number": 1}}]}


def test_a_branch_differs_from_the_site_by_its_own_changes(past: Storied) -> None:
    """Two states of different lines: the branch has lost both claims of a cord and gained another."""
    past.served.ledger.create_branch("other-feed", base=NEWEST, author="ann", reason="try")
    change = ChangeSet(QuadBlock.of([quad("design", CORD_B)]), QuadBlock.of([quad("design", CORD_A), quad("netbox", CORD_A)]))
    past.served.ledger.change(change, author="ann", source="design", reason="swap", branch="other-feed")
    told = past.ask(
        """{ branches(name: "other-feed") { name base author reason
                        revisions { number branch reason changes { removed { source revision { number } } } }
                        difference { addedCount removedCount } }
             difference(older: {revision: 3}, newer: {revision: 1}, newerBranch: "other-feed") { addedCount removedCount }
             revision(number: 1, branch: "other-feed") { branch number } }"""
    )
    (branch,) = told["branches"]

    assert {k: branch[k] for k in ("name", "base", "author", "reason")} == {
        "name": "other-feed",
        "base": 3,
        "author": "ann",
        "reason": "try",
    }
    assert branch["difference"] == told["difference"] == {"addedCount": 1, "removedCount": 2}
    assert [(r["number"], r["branch"], r["reason"]) for r in branch["revisions"]] == [(1, "other-feed", "swap")]
    assert [(s["source"], s["revision"]["number"]) for s in branch["revisions"][0]["changes"]["removed"]] == [("design", 1), ("netbox", 2)]
    assert told["revision"] == {"branch": "other-feed", "number": 1}


def test_sources_tell_what_they_say_and_when_they_last_spoke(read_past: Storied) -> None:
    """Design says six statements since its last change, netbox two."""
    told = read_past.ask("{ sources { name graphs quads policy last { number } } status { branches sources } }")

    assert told["sources"] == [
        {"name": "design", "graphs": [source_graph("design")], "quads": 6, "policy": "accept", "last": {"number": 3}},
        {"name": "netbox", "graphs": [source_graph("netbox")], "quads": 2, "policy": "accept", "last": {"number": 2}},
    ]
    assert told["status"] == {"branches": 0, "sources": 2}


def test_findings_are_told_for_each_source(past: Storied) -> None:
    """A word that Brick does not have is found where it is said."""
    past.sync("typo", ("urn:site:X", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", BRICK + "Air_Handlr"))
    found = {
        each["name"]: each["findings"]
        for each in past.ask("{ sources { name findings { severity code focus message remedy path count } } }")["sources"]
    }

    assert any("Air_Handlr" in finding["message"] for finding in found["typo"])
    assert all(finding["remedy"] and finding["severity"] in {"ERROR", "WARNING", "INFO"} for finding in found["typo"])


def test_each_statement_says_who_says_it_and_since_when(read_past: Storied) -> None:
    """Two sources say that UPS A feeds the rack: two statements, each with its revision."""
    told = read_past.ask(
        """query($p: String) { provenance(id: "urn:site:UPS-A", predicate: $p) {
             object source inferred revision { number author } because { subject } } }""",
        p="dcx:feedsPower",
    )["provenance"]

    assert told == [
        {"object": RACK, "source": source, "inferred": False, "revision": {"number": number, "author": author}, "because": []}
        for source, number, author in (("design", 1, "tests"), ("netbox", 2, "ann"))
    ]


def test_what_is_inferred_is_marked_with_what_it_follows_from(read_past: Storied) -> None:
    """That UPS A feeds the rack in power means that it feeds it, and that it is equipment; neither is said by anybody."""
    told = read_past.ask(
        """{ provenance(id: "urn:site:UPS-A", inferred: true) {
             predicate object source graph inferred revision { number } because { predicate source } } }"""
    )["provenance"]
    inferred = {(each["predicate"], each["object"]): each for each in told if each["inferred"]}

    feeds = inferred[BRICK + "feeds", RACK]
    assert (feeds["source"], feeds["graph"], feeds["revision"]) == (None, None, None)
    assert feeds["because"] == [{"predicate": FEEDS, "source": "design"}]
    assert ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", BRICK + "Equipment") in inferred
    assert [each["inferred"] for each in told if each["predicate"] == FEEDS] == [False, False]


def test_provenance_is_told_of_another_state_and_of_a_branch(past: Storied) -> None:
    """What a branch says is of the branch's own revision; what it stands on is of the site's."""
    past.served.ledger.create_branch("b", base=NEWEST, author="ann", reason="try")
    past.served.ledger.change(
        ChangeSet(QuadBlock.of([quad("design", (UPS_A, FEEDS, UPS_B))]), QuadBlock.empty()),
        author="ann",
        source="design",
        reason="x",
        branch="b",
    )
    query = """query($b: String, $r: AsOf) { provenance(id: "urn:site:UPS-A", predicate: "dcx:feedsPower", branch: $b, asOf: $r) {
      object revision { branch number } } }"""

    assert past.ask(query, b="b")["provenance"] == [
        {"object": RACK, "revision": {"branch": None, "number": 1}},
        {"object": RACK, "revision": {"branch": None, "number": 2}},
        {"object": UPS_B, "revision": {"branch": "b", "number": 1}},
    ]
    assert past.ask(query, r={"revision": 1})["provenance"] == [{"object": RACK, "revision": {"branch": None, "number": 1}}]


def test_an_entity_tells_its_inferred_classes_and_relations(read_past: Storied) -> None:
    """The rack is fed in power, so it is fed; a UPS is equipment. What is said comes first."""
    told = read_past.ask(
        """{ entity(id: "urn:site:R1") { classes inferredClasses
               relations(direction: IN, inferred: true) { predicate inferred entities { nodes { id } } }
               plain: relations(direction: IN) { predicate inferred } } }"""
    )["entity"]

    assert BRICK + "ICT_Rack" in told["classes"]
    assert BRICK + "ICT_Rack" not in told["inferredClasses"]
    assert BRICK + "Equipment" in told["inferredClasses"]
    assert told["plain"] == [{"predicate": FEEDS, "inferred": False}]
    assert told["relations"][0] == {"predicate": FEEDS, "inferred": False, "entities": {"nodes": [{"id": UPS_A}]}}
    assert {"predicate": BRICK + "feeds", "inferred": True, "entities": {"nodes": [{"id": UPS_A}]}} in told["relations"]


def test_new_revisions_are_told_one_by_one(past: Storied) -> None:
    """Revision 3 is told at once to who knows of 2; then two syncs, two events in order."""
    with past.served.subscribed("subscription { revisions(after: 2) { number source } }") as next_event:
        first = next_event()["revisions"]
        past.sync("a", (UPS_A, DCX + "note", '"one"'))
        past.sync("b", (UPS_A, DCX + "note", '"two"'))
        told = [next_event()["revisions"], next_event()["revisions"]]

    assert first == {"number": 3, "source": "design"}
    assert told == [{"number": 4, "source": "a"}, {"number": 5, "source": "b"}]


@pytest.mark.parametrize(
    "query",
    [
        "{ revisions(first: 1001) { number } }",
        "{ revision(number: 1) { changes { added(skip: -1) { subject } } } }",
        "{ revision(number: 1) { changes(first: -1) { addedCount } } }",
        "{ difference(older: {revision: 1}, newer: {revision: 2}) { added(first: 1001) { subject } } }",
        '{ provenance(id: "urn:site:R1", first: 1001) { subject } }',
    ],
)
def test_lists_of_history_have_their_bounds(read_past: Storied, query: str) -> None:
    """0 to 1,000 rows."""
    assert read_past.refusal(query)[0] == "BAD_INPUT"


def test_reading_many_changes_back_costs_too_much(read_past: Storied) -> None:
    """A thousand change sets in one document would hold up the store."""
    assert read_past.refusal("{ revisions(first: 1000) { changes { added(first: 1000) { subject } } } }")[0] == "LIMIT_EXCEEDED"
    assert (
        read_past.refusal('{ provenance(id: "urn:site:R1") { revision { changes { added(first: 1000) { subject } } } } }')[0]
        == "LIMIT_EXCEEDED"
    )
