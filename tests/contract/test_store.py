"""What every store of the twin promises, asked of each: memory, SQLite and a real Neo4j."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from graph.changes import Cause, ChangeSet
from graph.errors import StaleRevision
from graph.ports import StoredTwin, TwinStore
from graph.values import Quality, ReadingBatch, Reason
from ontology.terms import KeyQuad, QuadBlock
from tests.contract.conftest import Place

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
XSD = "http://www.w3.org/2001/XMLSchema#"
BRICK = "https://brickschema.org/schema/Brick#"
G1, G2 = "urn:test:g1", "urn:test:g2"
CAUSE = Cause("ada", "test", datetime(2026, 3, 1, 12, 30, 15, 123456, UTC), "because it is so")

LITERALS = [
    '""',
    '"plain"',
    '"with "quotation" marks"',
    '"ends in a mark""',
    '"two\nlines\tand a tab\\"',
    '"grüße 冷却 🧊"@de-ch',
    '"colour"@en-gb',
    '"colour"@en-us',
    '"nul \x00 inside"',
    '"it@is"^^urn:odd:datatype',
    f'"42"^^{XSD}integer',
    f'"042"^^{XSD}integer',
    f'"+42"^^{XSD}integer',
    f'"123456789012345678901234567890"^^{XSD}integer',
    f'"forty-two"^^{XSD}integer',
    f'"1.50"^^{XSD}decimal',
    f'"1.5E0"^^{XSD}double',
    f'"NaN"^^{XSD}double',
    f'"-INF"^^{XSD}float',
    f'"true"^^{XSD}boolean',
    f'"1"^^{XSD}boolean',
    f'"2026-03-01T12:00:00+02:00"^^{XSD}dateTime',
    f'"P1DT2H"^^{XSD}duration',
]
ODD_IRIS = [
    "urn:ridethrough:demo:UPS-A",
    "http://example.org/a b?c=%20#é",
    "http://example.org/back`tick'quote",
    "http://example.org/$(labels)",
    "urn:test:",
    "http://example.org/2nd",
    "_:b0",
    "_:c14n7",
]


def add(*quads: KeyQuad, **graphs: str) -> ChangeSet:
    """A change that adds the quads."""
    return ChangeSet(QuadBlock.of(quads), QuadBlock.empty(), graphs)


def remove(*quads: KeyQuad) -> ChangeSet:
    """A change that removes the quads."""
    return ChangeSet(QuadBlock.empty(), QuadBlock.of(quads))


def said(twin: StoredTwin) -> set[KeyQuad]:
    """The quads of what was loaded, each once."""
    quads = list(twin.quads)
    assert len(set(quads)) == len(quads), "a quad came back twice"
    return set(quads)


def test_an_empty_store_has_no_revision(store: TwinStore) -> None:
    """Before the first commit there is nothing: no revision, no quads, no owners, no values."""
    twin = store.load()

    assert (twin.revision, len(twin.quads), dict(twin.owners)) == (None, 0, {})
    assert (len(twin.since), dict(twin.changed)) == (0, {})
    assert list(store.revisions()) == []
    assert list(store.branches()) == []
    assert store.drift().is_empty
    assert len(store.values()) == 0


def test_what_was_committed_comes_back_exactly(place: Place) -> None:
    """Every kind of literal, odd IRIs, blank nodes, several graphs, types and none: key for key, also after opening again."""
    quads = {("urn:test:s", "urn:test:p", literal, G1) for literal in LITERALS}
    quads |= {(subject, f"urn:test:p{n}", literal, G2) for n, literal in enumerate(LITERALS) for subject in ("urn:test:s", "_:b1")}
    quads |= {(a, "urn:test:feeds", b, G1) for a in ODD_IRIS for b in ODD_IRIS}
    quads |= {(a, iri, ODD_IRIS[0], G1) for a in ODD_IRIS[:2] for iri in ODD_IRIS if not iri.startswith("_:")}
    quads |= {("urn:test:s", RDF_TYPE, iri, G1) for iri in ODD_IRIS}
    quads |= {("urn:test:s", RDF_TYPE, "urn:test:Thing", g) for g in (G1, G2, "_:graph")}
    quads |= {("urn:test:s", RDF_TYPE, '"a literal class"', G1), (RDF_TYPE, LABEL, '"type"@en', G1)}

    place.store.commit(add(*sorted(quads)), CAUSE, expected=0)

    assert said(place.store.load()) == quads
    assert said(place.reopen().load()) == quads


def test_a_fact_said_by_two_graphs_stays_until_both_withdraw_it(store: TwinStore) -> None:
    """For a relationship, a literal and a type alike."""
    facts = [("urn:a", "urn:p", "urn:b"), ("urn:a", LABEL, '"A"'), ("urn:a", RDF_TYPE, BRICK + "Chiller")]
    store.commit(add(*[(*fact, g) for fact in facts for g in (G1, G2)]), CAUSE, expected=0)

    store.commit(remove(*[(*fact, G1) for fact in facts]), CAUSE, expected=1)
    one_left = said(store.load())
    store.commit(remove(*[(*fact, G2) for fact in facts]), CAUSE, expected=2)

    assert one_left == {(*fact, G2) for fact in facts}
    assert said(store.load()) == set()


def test_a_quad_that_is_removed_and_added_in_one_change_is_there(store: TwinStore) -> None:
    """Removal comes first, as in a snapshot."""
    quads = [("urn:a", "urn:p", "urn:b", G1), ("urn:a", LABEL, '"A"', G1)]
    store.commit(add(*quads), CAUSE, expected=0)

    store.commit(ChangeSet(QuadBlock.of(quads), QuadBlock.of(quads)), CAUSE, expected=1)

    assert said(store.load()) == set(quads)


def test_adding_what_is_there_and_removing_what_is_not_change_nothing(store: TwinStore) -> None:
    """Both are accepted and become a revision."""
    quads = [("urn:a", "urn:p", "urn:b", G1), ("urn:a", LABEL, '"A"', G1)]
    store.commit(add(*quads), CAUSE, expected=0)

    store.commit(add(*quads), CAUSE, expected=1)
    revision = store.commit(
        remove(("urn:x", "urn:y", "urn:z", G1), ("urn:a", LABEL, '"B"', G1), ("urn:a", "urn:p", "urn:b", G2)), CAUSE, expected=2
    )

    assert revision.number == 3
    assert said(store.load()) == set(quads)


def test_any_sequence_of_changes_leaves_what_a_set_would_hold(store: TwinStore) -> None:
    """Twenty-five random changes over a small world, checked after each against plain sets."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    nodes = [f"urn:n:{n}" for n in range(5)] + ["_:b"]
    objects = [*nodes, '"1"', f'"1"^^{XSD}integer', f'"1.0"^^{XSD}decimal', f'"true"^^{XSD}boolean', '"1"@en', BRICK + "UPS"]
    world = [(s, p, o, g) for s in nodes for p in ("urn:p", "urn:other#p", RDF_TYPE, LABEL) for o in objects for g in (G1, G2)]
    expected: set[KeyQuad] = set()

    for number in range(25):
        added, removed = (chance.sample(world, chance.choice([0, 1, 5, 60])) for _ in range(2))
        store.commit(ChangeSet(QuadBlock.of(added), QuadBlock.of(removed)), CAUSE, expected=number)
        expected = (expected - set(removed)) | set(added)

        assert said(store.load()) == expected, f"seed {seed}, change {number}"


def test_a_change_against_an_old_revision_is_refused_whole(store: TwinStore) -> None:
    """The text names both revisions; nothing of the change is kept."""
    store.commit(add(("urn:a", "urn:p", "urn:b", G1)), CAUSE, expected=0)

    for wrong in (0, 2, 7):
        with pytest.raises(StaleRevision, match=rf"revision {wrong}.*newest is 1"):
            store.commit(add(("urn:a", "urn:p", "urn:c", G1), **{G1: "other"}), CAUSE, expected=wrong)

    assert said(store.load()) == {("urn:a", "urn:p", "urn:b", G1)}
    assert [r.number for r in store.revisions()] == [1]
    assert dict(store.load().owners) == {}


def test_each_revision_keeps_its_cause_and_its_change(place: Place) -> None:
    """Author, source, instant to the microsecond, reason, counts, and the change set itself; also after opening again."""
    first = add(("urn:a", "urn:p", '"x"@en', G1), ("urn:a", "urn:p", "urn:b", G1), **{G1: "plan"})
    second = ChangeSet(QuadBlock.of([("_:b", LABEL, '"B"', G2)]), QuadBlock.of([("urn:a", "urn:p", "urn:b", G1)]), {G2: "netbox"})
    later = Cause("bob", "netbox", datetime(2026, 3, 2, 1, 0, tzinfo=timezone(timedelta(hours=2))), "")
    place.store.commit(first, CAUSE, expected=0)
    committed = place.store.commit(second, later, expected=1)

    store = place.reopen()

    assert [(r.number, r.cause, r.added, r.removed) for r in store.revisions()] == [(1, CAUSE, 2, 0), (2, later, 1, 1)]
    assert list(store.revisions(1)) == [committed]
    assert store.load().revision == committed
    assert dict(store.load().owners) == {G1: "plan", G2: "netbox"}
    for number, change in ((1, first), (2, second)):
        kept = store.change(number)
        assert (set(kept.added), set(kept.removed), dict(kept.graphs)) == (set(change.added), set(change.removed), dict(change.graphs))
    with pytest.raises(KeyError, match="3"):
        store.change(3)


def test_a_block_that_shares_a_large_table_of_terms_keeps_only_its_own(store: TwinStore) -> None:
    """A change cut out of a snapshot points into the snapshot's terms; the rest of them is no part of it."""
    terms = [f"urn:t:{n}" for n in range(1000)]
    block = QuadBlock(terms, np.array([[999, 500, 0, 3]], dtype=np.int32))

    store.commit(ChangeSet(block, QuadBlock.empty()), CAUSE, expected=0)

    assert said(store.load()) == {("urn:t:999", "urn:t:500", "urn:t:0", "urn:t:3")}
    assert sorted(store.change(1).added.terms) == ["urn:t:0", "urn:t:3", "urn:t:500", "urn:t:999"]


def test_the_last_written_value_of_a_known_point_is_kept(place: Place) -> None:
    """Value, both instants and quality; a point that the graph does not speak of as a subject is left out, also after opening again."""
    place.store.commit(add(("urn:p1", RDF_TYPE, BRICK + "Power_Sensor", G1), ("urn:p2", "urn:isPointOf", "urn:x", G1)), CAUSE, expected=0)

    place.store.write_values(
        ReadingBatch.of(
            [
                ("urn:p1", 1.0, 1_000, 1_001, Quality.GOOD),
                ("urn:p2", -2.5e300, 1_767_225_600_123, 1_767_225_600_456, Quality.UNCERTAIN),
                ("urn:x", 3.0, 1, 2, Quality.GOOD),
                ("urn:nobody", 4.0, 1, 2, Quality.GOOD),
                ("urn:p1", 1.5, 2_000, 2_001, Quality.STALE),
            ]
        )
    )

    batch = place.reopen().values()
    assert list(batch.points) == ["urn:p1", "urn:p2"]
    assert batch.values.tolist() == [1.5, -2.5e300]
    assert batch.observed_at.tolist() == [2_000, 1_767_225_600_123]
    assert batch.received_at.tolist() == [2_001, 1_767_225_600_456]
    assert batch.quality.tolist() == [Quality.STALE, Quality.UNCERTAIN]


def test_a_bad_reading_without_a_number_keeps_the_last_one(store: TwinStore) -> None:
    """The number stays, the quality does not; a point that never had a number has none."""
    store.commit(add(("urn:p1", LABEL, '"1"', G1), ("urn:p2", LABEL, '"2"', G1)), CAUSE, expected=0)
    store.write_values(ReadingBatch.of([("urn:p1", 21.5, 1, 2, Quality.GOOD)]))

    store.write_values(
        ReadingBatch.of([("urn:p1", float("nan"), 3, 4, Quality.NO_COMMUNICATION), ("urn:p2", float("nan"), 3, 4, Quality.BAD)])
    )

    batch = store.values()
    assert batch.values[0] == 21.5
    assert np.isnan(batch.values[1])
    assert batch.quality.tolist() == [Quality.NO_COMMUNICATION, Quality.BAD]
    assert batch.reason.tolist() == [Reason.NONE, Reason.NONE]


def test_why_a_value_is_no_better_is_kept_with_it(place: Place) -> None:
    """And goes when it is better again."""
    place.store.commit(add(("urn:p1", LABEL, '"1"', G1), ("urn:p2", LABEL, '"2"', G1)), CAUSE, expected=0)
    good = ReadingBatch.of([("urn:p1", 1.0, 1, 2, Quality.GOOD), ("urn:p2", 2.0, 1, 2, Quality.GOOD)])
    bad = np.array([Quality.BAD, Quality.UNCERTAIN], np.uint8), np.array([Reason.JUMP, Reason.OUT_OF_RANGE], np.uint8)

    place.store.write_values(replace(good, quality=bad[0], reason=bad[1]))
    kept = place.reopen().values()
    place.store.write_values(good)

    assert kept.reason.tolist() == [Reason.JUMP, Reason.OUT_OF_RANGE]
    assert place.store.values().reason.tolist() == [Reason.NONE, Reason.NONE]


def test_a_removed_point_takes_its_value_with_it(store: TwinStore) -> None:
    """Also when something else still points to it; a change of its other facts leaves the value alone."""
    point, seen = ("urn:p1", LABEL, '"P"', G1), ("urn:ups", "urn:hasPoint", "urn:p1", G1)
    store.commit(add(point, seen), CAUSE, expected=0)
    store.write_values(ReadingBatch.of([("urn:p1", 1.0, 1, 2, Quality.GOOD)]))
    store.commit(ChangeSet(QuadBlock.of([("urn:p1", LABEL, '"Q"', G1)]), QuadBlock.of([point])), CAUSE, expected=1)
    after_renaming = store.values().values.tolist()

    store.commit(remove(("urn:p1", LABEL, '"Q"', G1)), CAUSE, expected=2)

    assert after_renaming == [1.0]
    assert len(store.values()) == 0
    assert said(store.load()) == {seen}


def test_an_empty_batch_changes_nothing(store: TwinStore) -> None:
    """No rows, no error."""
    store.write_values(ReadingBatch.of([]))

    assert len(store.values()) == 0


def test_closing_twice_does_nothing(store: TwinStore) -> None:
    """The second call is for whoever cleans up without knowing."""
    store.close()
    store.close()
