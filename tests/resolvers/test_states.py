"""Other states of the twin than the present: as of a revision or an instant, and of a branch."""

from __future__ import annotations

from datetime import timedelta

import pytest

from graph.changes import NEWEST, ChangeSet
from ontology.terms import QuadBlock
from tests.resolvers.storied import CORD_A, POINT, RACK, UPS_A, UPS_B, Storied, quad, storied

LABEL_OF = 'entity(id: "urn:site:R1"{}) {{ label }}'


def without_cord_a(past: Storied, name: str) -> None:
    """A branch on which the design does not have the cord from UPS A."""
    past.served.ledger.create_branch(name, base=NEWEST, author="ann", reason="what if")
    change = ChangeSet(QuadBlock.empty(), QuadBlock.of([quad("design", CORD_A), quad("netbox", CORD_A)]))
    past.served.ledger.change(change, author="ann", source="design", reason="what if", branch=name)


def test_an_entity_is_told_as_it_was_at_a_revision(read_past: Storied) -> None:
    """The rack had no label before netbox gave it one; both states in one document, by aliases."""
    told = read_past.ask(f"{{ then: {LABEL_OF.format(', asOf: {revision: 1}')} now: {LABEL_OF.format('')} }}")

    assert told == {"then": {"label": "R1"}, "now": {"label": "Cabinet 1"}}


def test_an_instant_means_the_newest_revision_of_that_instant(read_past: Storied) -> None:
    """At the very instant of revision 2 it is told; a moment before it is not."""
    query = 'query($at: DateTime!) { entity(id: "urn:site:R1", asOf: {at: $at}) { label } }'
    at = read_past.at[1]

    assert read_past.ask(query, at=at.isoformat())["entity"] == {"label": "Cabinet 1"}
    assert read_past.ask(query, at=(at - timedelta(microseconds=1)).isoformat())["entity"] == {"label": "R1"}


def test_the_blast_radius_is_told_as_it_was(read_past: Storied) -> None:
    """With both cords losing UPS A darkens nothing behind it; since the second cord went it darkens the rack."""
    assert RACK not in read_past.lost(UPS_A, ", asOf: {revision: 2}")
    assert RACK in read_past.lost(UPS_A)


def test_lists_classes_and_drawings_are_told_as_they_were(read_past: Storied) -> None:
    """Revision 1 has one cord more than the present: one edge more, the same classes and entities."""
    query = """query($now: AsOf, $then: AsOf) {
      a: graph(around: "urn:site:R1", hops: 1, asOf: $then) { edges { source predicate } }
      b: graph(around: "urn:site:R1", hops: 1, asOf: $now) { edges { source predicate } }
      c: entities(text: "cabinet", asOf: $then) { totalCount }
      d: entities(text: "cabinet", asOf: $now) { totalCount }
      e: classes(asOf: $then) { id count } }"""
    told = read_past.ask(query, then={"revision": 1}, now=None)

    assert {edge["source"] for edge in told["a"]["edges"]} - {edge["source"] for edge in told["b"]["edges"]} == {UPS_B}
    assert (told["c"]["totalCount"], told["d"]["totalCount"]) == (0, 1)
    assert {each["id"]: each["count"] for each in told["e"]}["https://brickschema.org/schema/Brick#ICT_Rack"] == 1


def test_the_past_has_no_live_values_and_a_branch_has_them(past: Storied) -> None:
    """Telemetry is of now: a state looked back to shows none, a what-if shows what is measured."""
    past.served.read((POINT, 4.5))
    without_cord_a(past, "one-feed")
    value = 'entity(id: "urn:site:UPS-A"{}) {{ points {{ controllable value {{ value quality }} }} }}'
    state = {"now": "", "then": ", asOf: {revision: 1}", "what": ', branch: "one-feed"'}
    told = past.ask("{ " + " ".join(f"{name}: {value.format(each)}" for name, each in state.items()) + " }")

    assert told["now"]["points"][0]["value"] == {"value": 4.5, "quality": "GOOD"}
    assert told["then"]["points"][0]["value"] == {"value": None, "quality": "NO_VALUE"}
    assert told["what"]["points"][0]["value"] == {"value": 4.5, "quality": "GOOD"}


def test_a_branch_is_compared_with_the_site_in_one_document(past: Storied) -> None:
    """Without its last cord the rack is dark before anything fails, so UPS A takes nothing further with it."""
    without_cord_a(past, "no-feed")
    told = past.ask(
        """{ site: impact(failed: ["urn:site:UPS-A"]) { totals { racks { lost } } }
             what: impact(failed: ["urn:site:UPS-A"], branch: "no-feed") { totals { racks { lost } } }
             base: impact(failed: ["urn:site:UPS-A"], asOf: {revision: 0}, branch: "no-feed") { totals { racks { lost } } } }"""
    )

    assert {name: each["totals"]["racks"]["lost"] for name, each in told.items()} == {"site": 1, "what": 0, "base": 1}


def test_a_branch_and_its_past_are_told_apart(past: Storied) -> None:
    """Change 0 of a branch is what it stands on; change 1 is the first of its own."""
    without_cord_a(past, "one-feed")
    feeds = 'entity(id: "urn:site:UPS-A", branch: "one-feed"{}) {{ relations(predicate: "dcx:feedsPower") {{ count }} }}'
    told = past.ask("{ base: " + feeds.format(", asOf: {revision: 0}") + " first: " + feeds.format(", asOf: {revision: 1}") + " }")

    assert [len(each["relations"]) for each in told.values()] == [1, 0]


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        ("asOf: {revision: 99}", "UNKNOWN_REVISION", "there are 1 to 3"),
        ('asOf: {at: "1999-01-01T00:00:00Z"}', "UNKNOWN_REVISION", "ask for a later instant"),
        ('branch: "nope"', "UNKNOWN_BRANCH", "no branch 'nope'"),
        ('branch: ""', "BAD_INPUT", "give the name of a branch"),
        ("asOf: {revision: -1}", "BAD_INPUT", "counted from 1"),
        ('asOf: {at: "2026-01-01T00:00:00"}', "BAD_INPUT", "offset"),
        ("asOf: {}", "GRAPHQL_VALIDATION_FAILED", "exactly one"),
        ('asOf: {revision: 1, at: "2026-01-01T00:00:00Z"}', "GRAPHQL_VALIDATION_FAILED", "exactly one"),
    ],
)
def test_a_state_that_there_is_not_is_told_with_the_next_step(read_past: Storied, arguments: str, code: str, part: str) -> None:
    """The same refusal for an entity, a list and an impact."""
    for query in (
        'entity(id: "urn:site:R1", {}) {{ id }}',
        "entities({}) {{ totalCount }}",
        'impact(failed: ["urn:site:R1"], {}) {{ at }}',
    ):
        told = read_past.refusal("{ " + query.format(arguments) + " }")

        assert told[0] == code, told
        assert part in told[1]


def test_an_entity_that_was_not_there_then_is_not_told_by_the_present() -> None:
    """Null for the entity, UNKNOWN_ENTITY with the revision's number where it was to fail."""
    with storied() as past:
        past.sync("new", ("urn:site:UPS-C", *CORD_A[1:]))
        told = past.ask('{ entity(id: "urn:site:UPS-C", asOf: {revision: 3}) { id } }')
        code, message = past.refusal('{ impact(failed: ["urn:site:UPS-C"], asOf: {revision: 3}) { at } }')

    assert told == {"entity": None}
    assert code == "UNKNOWN_ENTITY"
    assert "revision 3" in message
