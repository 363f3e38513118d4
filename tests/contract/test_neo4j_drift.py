"""What another hand changes in Neo4j is told as a difference, and taken in only when that is committed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from neo4j import Driver, GraphDatabase

from graph.changes import Cause, ChangeSet
from graph.errors import StoreUnavailable
from graph.stores.neo4j import Neo4jStore
from ontology.terms import KeyQuad, QuadBlock
from tests.support.neo4j_server import emptied

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
XSD = "http://www.w3.org/2001/XMLSchema#"
BRICK = "https://brickschema.org/schema/Brick#"
DCX = "https://w3id.org/ridethrough/ontology#"
G, H, OURS = "urn:test:g", "urn:test:h", "urn:ridethrough:source:neo4j"
NATIVE = "urn:ridethrough:neo4j:"
CAUSE = Cause("ada", "plant", datetime(2026, 3, 1, tzinfo=UTC), "first load")
PLANT: tuple[KeyQuad, ...] = (
    ("urn:u", RDF_TYPE, DCX + "UPS", G),
    ("urn:u", RDF_TYPE, DCX + "UPS", H),
    ("urn:u", LABEL, '"UPS A"@en', G),
    ("urn:u", DCX + "rating", f'"500.0"^^{XSD}decimal', G),
    ("urn:u", DCX + "tag", '"a"', G),
    ("urn:u", DCX + "tag", '"b"@de', G),
    ("urn:u", DCX + "since", f'"2026-03-01T12:00:00+02:00"^^{XSD}dateTime', G),
    ("urn:u", DCX + "feedsPower", "urn:p", G),
    ("urn:u", DCX + "feedsPower", "urn:p", H),
    ("urn:p", RDF_TYPE, DCX + "PDU", G),
    ("urn:p", DCX + "twice", f'"1"^^{XSD}boolean', G),
    ("urn:p", DCX + "size", f'"NaN"^^{XSD}double', G),
)
U, P = "MATCH (u:Resource {iri: 'urn:u'}) ", "MATCH (p:Resource {iri: 'urn:p'}) "
BOTH = "MATCH (u:Resource {iri: 'urn:u'}), (p:Resource {iri: 'urn:p'}) "
FEEDS = "MATCH (:UPS)-[r:feedsPower]->(:PDU) "
TYPES = {("urn:u", RDF_TYPE, DCX + "UPS", G), ("urn:u", RDF_TYPE, DCX + "UPS", H)}
FED = {("urn:u", DCX + "feedsPower", "urn:p", G), ("urn:u", DCX + "feedsPower", "urn:p", H)}

DEEDS: list[tuple[str, str, set[KeyQuad], set[KeyQuad]]] = [
    ("a text is set", U + "SET u.label = 'UPS 1'", {("urn:u", LABEL, '"UPS 1"', OURS)}, {("urn:u", LABEL, '"UPS A"@en', G)}),
    (
        "a number keeps its kind",
        U + "SET u.rating = 750.0",
        {("urn:u", DCX + "rating", f'"750.0"^^{XSD}decimal', OURS)},
        {("urn:u", DCX + "rating", f'"500.0"^^{XSD}decimal', G)},
    ),
    ("a value is added to a list", U + "SET u.tag = u.tag + 'c'", {("urn:u", DCX + "tag", '"c"', OURS)}, set()),
    ("a value is taken from a list", U + "SET u.tag = ['a']", set(), {("urn:u", DCX + "tag", '"b"@de', G)}),
    ("a property is removed", P + "REMOVE p.twice", set(), {("urn:p", DCX + "twice", f'"1"^^{XSD}boolean', G)}),
    (
        "an instant is moved",
        U + "SET u.since = datetime('2026-03-02T12:00:00+02:00')",
        {("urn:u", DCX + "since", f'"2026-03-02T12:00:00+02:00"^^{XSD}dateTime', OURS)},
        {("urn:u", DCX + "since", f'"2026-03-01T12:00:00+02:00"^^{XSD}dateTime', G)},
    ),
    ("a property is new", P + "SET p.owner = 'ops'", {("urn:p", NATIVE + "owner", '"ops"', OURS)}, set()),
    ("a duration is set", P + "SET p.lasts = duration('P1DT2H')", {("urn:p", NATIVE + "lasts", f'"P1DT2H"^^{XSD}duration', OURS)}, set()),
    ("a time is set", P + "SET p.from = localtime('08:30:00')", {("urn:p", NATIVE + "from", f'"08:30:00"^^{XSD}time', OURS)}, set()),
    ("a property has an odd name", P + "SET p.`the owner` = 7", {("urn:p", NATIVE + "the%20owner", f'"7"^^{XSD}integer', OURS)}, set()),
    ("a known label is added", P + "SET p:UPS", {("urn:p", RDF_TYPE, DCX + "UPS", OURS)}, set()),
    ("an unknown label is added", P + "SET p:`My Favourite`", {("urn:p", RDF_TYPE, NATIVE + "My%20Favourite", OURS)}, set()),
    ("a label is removed", U + "REMOVE u:UPS", set(), TYPES),
    ("a relationship is added", BOTH + "CREATE (p)-[:feedsPower]->(u)", {("urn:p", DCX + "feedsPower", "urn:u", OURS)}, set()),
    ("a relationship is said once more", BOTH + "CREATE (u)-[:feedsPower]->(p)", {("urn:u", DCX + "feedsPower", "urn:p", OURS)}, set()),
    ("a relationship has an odd type", BOTH + "CREATE (p)-[:`is by`]->(u)", {("urn:p", NATIVE + "is%20by", "urn:u", OURS)}, set()),
    ("a relationship is deleted", FEEDS + "DELETE r", set(), FED),
    ("a relationship has fewer graphs", FEEDS + "SET r.graphs = ['urn:test:g']", set(), {("urn:u", DCX + "feedsPower", "urn:p", H)}),
    ("a node is deleted", P + "DETACH DELETE p", set(), FED | {quad for quad in PLANT if quad[0] == "urn:p"}),
    (
        "a node is created",
        "CREATE (:Resource:PDU {iri: 'urn:n', label: 'N'})",
        {("urn:n", RDF_TYPE, DCX + "PDU", OURS), ("urn:n", LABEL, '"N"', OURS)},
        set(),
    ),
    (
        "an exact fact is taken away",
        U + "SET u._facts = [f IN u._facts WHERE NOT f CONTAINS 'UPS A']",
        set(),
        {("urn:u", LABEL, '"UPS A"@en', G)},
    ),
    ("an exact fact is spoilt", P + "SET p._facts = ['nonsense']", set(), {quad for quad in PLANT if quad[0] == "urn:p"}),
]


@pytest.fixture
def store() -> Iterator[Neo4jStore]:
    """A store that holds the small plant."""
    store = Neo4jStore(emptied())
    store.commit(ChangeSet(QuadBlock.of(PLANT), QuadBlock.empty(), {G: "plant", H: "other"}), CAUSE, expected=0)
    yield store
    store.close()


@pytest.fixture
def hand(store: Neo4jStore) -> Iterator[Driver]:
    """Another client of the same database."""
    with GraphDatabase.driver(store.url) as driver:
        yield driver


@pytest.mark.parametrize(("deed", "added", "removed"), [row[1:] for row in DEEDS], ids=[row[0] for row in DEEDS])
def test_what_another_hand_did_is_told_and_taken_in_when_asked(
    store: Neo4jStore, hand: Driver, deed: str, added: set[KeyQuad], removed: set[KeyQuad]
) -> None:
    """The difference against the revisions, exact; once it is committed, the store holds it and there is no difference any more."""
    hand.execute_query(deed)

    change = store.drift()
    store.commit(change, CAUSE, expected=1)

    assert (set(change.added), set(change.removed)) == (added, removed)
    assert change.since.tolist() == [1] * len(removed)
    assert store.drift().is_empty
    assert set(store.load().quads) == (set(PLANT) - removed) | added


def test_what_is_nobodys_fact_is_no_drift(store: Neo4jStore, hand: Driver) -> None:
    """A live value, and nodes of another's own with relationships to ours."""
    hand.execute_query(U + "SET u.value = 1.0, u.quality = 'GOOD' CREATE (t:Ticket {number: 7})-[:about]->(u), (u)-[:has]->(t)")

    assert store.drift().is_empty
    assert set(store.load().quads) == set(PLANT)


def test_what_no_literal_can_say_is_left_as_it_is(store: Neo4jStore, hand: Driver) -> None:
    """A point is no drift; taking in what stands beside it does not touch it."""
    hand.execute_query(P + "SET p.place = point({x: 1, y: 2}), p.owner = 'ops'")

    store.commit(store.drift(), CAUSE, expected=1)
    [kept] = hand.execute_query(P + "RETURN p.place AS place").records

    assert tuple(kept["place"]) == (1.0, 2.0)
    assert ("urn:p", NATIVE + "owner", '"ops"', OURS) in set(store.load().quads)


@pytest.mark.parametrize(
    "deed", ["CREATE (:Resource:PDU {label: 'phantom'})", "CREATE (:Resource {iri: 'no iri at all'})", "CREATE (:Resource {iri: 7})"]
)
def test_a_resource_that_nobody_can_name_is_a_problem(store: Neo4jStore, hand: Driver, deed: str) -> None:
    """It would be counted by a query over the graph, and no revision can say it."""
    store.check()
    hand.execute_query(deed)

    with pytest.raises(StoreUnavailable, match="1 nodes are labelled Resource"):
        store.check()


def test_a_loading_does_not_take_in_what_another_hand_did(store: Neo4jStore, hand: Driver) -> None:
    """What is read is what the revisions say, also when a node is gone."""
    hand.execute_query(P + "DETACH DELETE p")

    twin = store.load()

    assert set(twin.quads) == set(PLANT)
    assert twin.since.tolist() == [1] * len(PLANT)
