"""The twin as a Neo4j user sees it: labels, relationship types, native values; and the guide's examples, run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from neo4j import Driver, GraphDatabase

from graph.changes import Cause, ChangeSet
from graph.stores.neo4j import Neo4jStore
from graph.values import Quality, ReadingBatch
from ontology.rdf import read
from ontology.sources import source_graph
from ontology.terms import KeyQuad, QuadBlock
from tests.support.neo4j_server import emptied

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "neo4j.md"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
XSD = "http://www.w3.org/2001/XMLSchema#"
BRICK = "https://brickschema.org/schema/Brick#"
DCX = "https://w3id.org/ridethrough/ontology#"
REC = "https://w3id.org/rec#"
G = "urn:test:g"
CAUSE = Cause("ada", "plant", datetime(2026, 3, 1, tzinfo=UTC), "first load")


@pytest.fixture
def store() -> Iterator[Neo4jStore]:
    """An empty store on a real server."""
    store = Neo4jStore(emptied())
    yield store
    store.close()


@pytest.fixture
def cypher(store: Neo4jStore) -> Iterator[Driver]:
    """The same database, as another client sees it."""
    with GraphDatabase.driver(store.url) as driver:
        yield driver


def rows(driver: Driver, text: str, **parameters: object) -> list[list[Any]]:
    """The answer of a query as plain rows."""
    result = driver.execute_query(text, parameters)
    return [list(record.values()) for record in result.records]


def plain(value: Any) -> Any:
    """The driver's instants and dates as Python's."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.to_native() if hasattr(value, "to_native") else value


def commit(store: Neo4jStore, *quads: KeyQuad, expected: int = 0) -> None:
    """Add the quads."""
    store.commit(ChangeSet(QuadBlock.of(quads), QuadBlock.empty()), CAUSE, expected=expected)


def test_a_class_is_a_label_and_a_predicate_a_relationship_type(store: Neo4jStore, cypher: Driver) -> None:
    """With the IRI of the predicate and the graphs that say it on the relationship."""
    commit(
        store,
        ("urn:u", RDF_TYPE, DCX + "UPS", G),
        ("urn:u", DCX + "feedsPower", "urn:p", G),
        ("urn:u", DCX + "feedsPower", "urn:p", G + "2"),
    )

    assert rows(cypher, "MATCH (u:Resource {iri: 'urn:u'}) UNWIND labels(u) AS label RETURN label ORDER BY label") == [
        ["Resource"],
        ["UPS"],
    ]
    assert rows(cypher, "MATCH (u:UPS)-[r:feedsPower]->(p:Resource) RETURN u.iri, p.iri, r.predicate, r.graphs") == [
        ["urn:u", "urn:p", DCX + "feedsPower", [G, G + "2"]]
    ]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (['"UPS A"'], "UPS A"),
        (['"UPS A"@en'], "UPS A"),
        ([f'"042"^^{XSD}integer'], 42),
        ([f'"1.50"^^{XSD}decimal'], 1.5),
        ([f'"1"^^{XSD}boolean'], True),
        ([f'"2026-03-01"^^{XSD}date'], date(2026, 3, 1)),
        ([f'"2026-02-30"^^{XSD}date'], "2026-02-30"),
        ([f'"2026-03-01T12:00:00Z"^^{XSD}dateTime'], datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ([f'"2026-03-01T12:00:00.25+02:00"^^{XSD}dateTime'], datetime(2026, 3, 1, 10, 0, 0, 250_000, UTC)),
        ([f'"2026-03-01T12:00:00"^^{XSD}dateTime'], datetime(2026, 3, 1, 12)),  # noqa: DTZ001 - it has no offset
        ([f'"2026-03-01T24:00:00Z"^^{XSD}dateTime'], "2026-03-01T24:00:00Z"),
        ([f'"2026-03-01"^^{XSD}date', f'"2026-03-02"^^{XSD}date'], [date(2026, 3, 1), date(2026, 3, 2)]),
        (
            [f'"2026-03-01T12:00:00"^^{XSD}dateTime', f'"2026-03-01T12:00:00Z"^^{XSD}dateTime'],
            ["2026-03-01T12:00:00", "2026-03-01T12:00:00Z"],
        ),
        ([f'"1e400 or so"^^{XSD}double'], "1e400 or so"),
        ([f'"9223372036854775808"^^{XSD}integer'], "9223372036854775808"),
        (['"b"', '"a"@en'], ["a", "b"]),
        ([f'"2"^^{XSD}integer', f'"1"^^{XSD}integer'], [1, 2]),
        ([f'"2"^^{XSD}integer', f'"1.5"^^{XSD}decimal'], [1.5, 2.0]),
        ([f'"2"^^{XSD}integer', '"two"'], ["2", "two"]),
    ],
)
def test_a_literal_is_a_native_property(store: Neo4jStore, cypher: Driver, keys: list[str], expected: object) -> None:
    """Numbers, booleans, instants and dates as such, else text; several values as an array, of texts when they do not agree."""
    commit(store, *[("urn:u", DCX + "rating", key, G) for key in keys])

    [[found]] = rows(cypher, "MATCH (u:Resource {iri: 'urn:u'}) RETURN u.rating")
    assert (plain(found), type(plain(found))) == (expected, type(expected))


def test_a_change_of_types_and_literals_changes_labels_and_properties(store: Neo4jStore, cypher: Driver) -> None:
    """What is withdrawn goes, what stays stays, and the live value is not touched."""
    old = [("urn:u", RDF_TYPE, BRICK + "Chiller", G), ("urn:u", LABEL, '"old"', G), ("urn:u", DCX + "feedSide", '"A"', G)]
    new = [("urn:u", RDF_TYPE, BRICK + "CRAH", G), ("urn:u", DCX + "rating", f'"5"^^{XSD}integer', G)]
    commit(store, *old, ("urn:u", DCX + "tag", '"kept"', G))
    store.write_values(ReadingBatch.of([("urn:u", 7.5, 1_000, 2_000, Quality.GOOD)]))

    store.commit(ChangeSet(QuadBlock.of(new), QuadBlock.of(old)), CAUSE, expected=1)

    [[labels, properties]] = rows(cypher, "MATCH (u:Resource {iri: 'urn:u'}) RETURN labels(u), properties(u)")
    assert sorted(labels) == ["CRAH", "Resource"]
    assert {name: value for name, value in properties.items() if name not in ("_facts", "observedAt", "receivedAt")} == {
        "iri": "urn:u",
        "rating": 5,
        "tag": "kept",
        "value": 7.5,
        "quality": "GOOD",
    }


def test_what_nothing_speaks_of_any_more_is_gone(store: Neo4jStore, cypher: Driver) -> None:
    """No node is left behind by what was removed."""
    quads = [("urn:u", RDF_TYPE, DCX + "UPS", G), ("urn:u", DCX + "feedsPower", "urn:p", G), ("urn:p", LABEL, '"P"', G)]
    commit(store, *quads)

    store.commit(ChangeSet(QuadBlock.empty(), QuadBlock.of(quads)), CAUSE, expected=1)

    assert rows(cypher, "MATCH (n:Resource) RETURN count(n)") == [[0]]


def test_terms_of_the_same_local_name_get_names_of_their_own(store: Neo4jStore, cypher: Driver) -> None:
    """Brick first, another known prefix by its prefix, an unknown one by a number; reserved words never; a name given stays."""
    commit(
        store,
        ("urn:a", RDF_TYPE, REC + "Building", G),
        ("urn:a", RDF_TYPE, BRICK + "Building", G),
        ("urn:a", RDF_TYPE, "http://one.example/Building", G),
        ("urn:a", RDF_TYPE, "http://two.example/2nd floor`) DETACH DELETE (n", G),
        ("urn:a", RDF_TYPE, "http://one.example/Revision", G),
        ("urn:a", BRICK + "value", f'"3"^^{XSD}integer', G),
    )
    commit(store, ("urn:b", RDF_TYPE, "http://a.example/Building", G), ("urn:b", RDF_TYPE, REC + "Building", G), expected=1)

    [[first]] = rows(cypher, "MATCH (n:Resource {iri: 'urn:a'}) RETURN labels(n)")
    [[second]] = rows(cypher, "MATCH (n:Resource {iri: 'urn:b'}) RETURN labels(n)")
    assert sorted(first) == ["Building", "Building_2", "Resource", "Revision_2", "_2nd_floor___DETACH_DELETE__n", "rec_Building"]
    assert sorted(second) == ["Building_3", "Resource", "rec_Building"]
    assert rows(cypher, "MATCH (n:Resource {iri: 'urn:a'}) RETURN n.brick_value, n.value") == [[3, None]]


def examples() -> list[tuple[str, list[list[Any]]]]:
    """Each Cypher example of the guide with the rows that it says come back."""
    blocks = re.findall(r"```cypher\n(.*?)\n// -> (.*?)\n```", GUIDE.read_text(encoding="utf-8"), re.S)
    return [(query, json.loads(answer)) for query, answer in blocks]


def test_every_example_of_the_guide_answers_what_it_says(store: Neo4jStore, cypher: Driver, tmp_path: Path) -> None:
    """The guide's plant is loaded, one reading is written, and each of its queries is run."""
    text = GUIDE.read_text(encoding="utf-8")
    [turtle] = re.findall(r"```turtle\n(.*?)```", text, re.S)
    (tmp_path / "plant.ttl").write_text(turtle, encoding="utf-8")
    block = read(tmp_path / "plant.ttl", source="plant")
    store.commit(ChangeSet(block, QuadBlock.empty(), {source_graph("plant"): "plant"}), CAUSE, expected=0)
    noon = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1000)
    store.write_values(ReadingBatch.of([("urn:example:UPS-A-Load", 187.5, noon, noon, Quality.GOOD)]))

    assert text.count("```cypher") == len(examples()) > 5
    for query, expected in examples():
        assert rows(cypher, query) == expected, query
