"""The twin in memory: one immutable revision as columns, and the next one built from a change."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from time import perf_counter

import numpy as np
import pytest

from graph.changes import ChangeSet
from graph.errors import UnknownEntity
from graph.names import nearest
from graph.relation import Relation
from graph.snapshot import Snapshot
from ontology.namespaces import BRICK, RDF
from ontology.terms import KeyQuad, QuadBlock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FEEDS, TYPE, LABEL = BRICK + "feeds", RDF + "type", "http://www.w3.org/2000/01/rdf-schema#label"
PLANT: list[KeyQuad] = [
    ("urn:ups", FEEDS, "urn:pdu2", "urn:g1"),
    ("urn:ups", FEEDS, "urn:pdu1", "urn:g1"),
    ("urn:ups", FEEDS, "urn:pdu1", "urn:g2"),
    ("urn:ups", TYPE, BRICK + "Chiller", "urn:g1"),
    ("urn:ups", LABEL, '"UPS"@en', "urn:g1"),
    ("urn:pdu1", TYPE, BRICK + "CRAH", "urn:g1"),
    ("_:b", FEEDS, "urn:pdu1", "urn:g2"),
]


def plant() -> Snapshot:
    """The plant as the first revision."""
    return Snapshot.of(QuadBlock.of(PLANT), 1, NOON, {"urn:g1": "file", "urn:g2": "netbox"})


def change(added: list[KeyQuad], removed: list[KeyQuad]) -> ChangeSet:
    """A change set of lists."""
    return ChangeSet(QuadBlock.of(added), QuadBlock.of(removed))


def test_a_snapshot_holds_the_quads_that_made_it() -> None:
    """Each once, whole or by the source that owns their graph."""
    snapshot = plant()

    assert sorted(snapshot.quads()) == sorted(PLANT)
    assert sorted(snapshot.quads("netbox")) == sorted(q for q in PLANT if q[3] == "urn:g2")
    assert list(snapshot.quads("nobody")) == []
    assert len(snapshot) == 7


def test_a_fact_said_by_two_graphs_is_one_relation_pair() -> None:
    """The UPS feeds two PDUs, although three quads say so."""
    snapshot = plant()
    ups, pdu1 = snapshot.need("urn:ups"), snapshot.need("urn:pdu1")

    assert {snapshot.key(o) for o in snapshot.objects(ups, FEEDS)} == {"urn:pdu1", "urn:pdu2"}
    assert {snapshot.key(s) for s in snapshot.subjects(FEEDS, pdu1)} == {"urn:ups", "_:b"}
    assert len(snapshot.relation(FEEDS)) == 3
    assert len(snapshot) == 4 + sum(len(r) for p, r in snapshot.relations.items() if snapshot.key(p) != FEEDS)


def test_withdrawing_one_of_two_graphs_leaves_the_pair() -> None:
    """Only when the second withdraws it too, it is gone."""
    first, second = ("urn:ups", FEEDS, "urn:pdu1", "urn:g1"), ("urn:ups", FEEDS, "urn:pdu1", "urn:g2")

    once = plant().apply(change([], [first]), 2, NOON)
    twice = once.apply(change([], [second]), 3, NOON)

    assert [once.key(o) for o in sorted(once.objects(once.need("urn:ups"), FEEDS), key=once.key)] == ["urn:pdu1", "urn:pdu2"]
    assert [twice.key(o) for o in twice.objects(twice.need("urn:ups"), FEEDS)] == ["urn:pdu2"]


def test_the_next_revision_shares_what_did_not_change() -> None:
    """Relations that the change does not touch are the very same objects; the earlier snapshot is as it was."""
    before = plant()

    after = before.apply(change([("urn:pdu2", LABEL, '"PDU 2"', "urn:g1")], []), 2, NOON)

    assert after.relation(FEEDS) is before.relation(FEEDS)
    assert after.relation(LABEL) is not before.relation(LABEL)
    assert sorted(before.quads()) == sorted(PLANT)
    assert (before.revision, after.revision) == (1, 2)


def test_entities_are_found_by_iri_and_by_curie_while_a_quad_speaks_of_them() -> None:
    """A term that only an earlier revision knew, or that is only a predicate or a graph, is no entity."""
    snapshot = Snapshot.of(QuadBlock.of([(BRICK + "Chiller", LABEL, '"Chiller"', "urn:g")]))
    gone = snapshot.apply(change([], [(BRICK + "Chiller", LABEL, '"Chiller"', "urn:g")]), 2, NOON)

    assert snapshot.find("brick:Chiller") == snapshot.need(BRICK + "Chiller")
    assert snapshot.find("urn:g") is None
    assert gone.find("brick:Chiller") is None
    with pytest.raises(UnknownEntity, match="no entity 'urn:nobody' in revision 2; give the full IRI"):
        gone.need("urn:nobody")


def test_labels_numbers_types_and_the_order_of_entities() -> None:
    """What a person sees is in order of IRIs; blank nodes are entities, but not paged through."""
    snapshot = plant()
    ups, pdu2 = snapshot.need("urn:ups"), snapshot.need("urn:pdu2")

    assert (snapshot.label(ups), snapshot.label(pdu2)) == ("UPS", "pdu2")
    assert snapshot.types(ups) == [BRICK + "Chiller"]
    assert [snapshot.key(n) for n in snapshot.by_iri.tolist()] == ["urn:pdu1", "urn:ups"]
    assert [snapshot.key(n) for n in snapshot.instances([BRICK + "CRAH", "urn:unused"]).tolist()] == ["urn:pdu1"]
    assert snapshot.number(ups, LABEL) is None


def test_first_objects_of_many_subjects_at_once() -> None:
    """The smallest object of each, -1 where there is none: pairs (1, 7), (1, 5), (4, 2)."""
    relation = Relation.of(np.array([[1, 4, 1], [7, 2, 5]], dtype=np.int32))

    first = relation.first_objects(np.array([0, 1, 4, 9], dtype=np.int32))

    assert first.tolist() == [-1, 5, 2, -1]


def test_any_sequence_of_changes_equals_plain_sets() -> None:
    """Two hundred random changes; removal comes before addition."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    world: list[KeyQuad] = [
        (f"urn:{s}", p, o, f"urn:g{g}") for s in range(6) for p in (FEEDS, TYPE) for o in ("urn:1", "urn:2", '"x"') for g in (1, 2)
    ]
    snapshot, expected = Snapshot.empty(), set[KeyQuad]()

    for number in range(200):
        added, removed = (chance.sample(world, chance.randint(0, 20)) for _ in range(2))
        snapshot = snapshot.apply(change(added, removed), number + 1, NOON)
        expected = (expected - set(removed)) | set(added)

        quads = list(snapshot.quads())
        assert len(quads) == len(expected), f"seed {seed}"
        assert set(quads) == expected, f"seed {seed}"


def test_the_nearest_names_of_a_large_site_are_found_by_few_comparisons() -> None:
    """20,000 servers and one UPS: comparing each letter by letter would take seconds; a slip in the first letter is still seen through."""
    names = [*(f"urn:site:Server-{n:05}" for n in range(20_000)), "urn:site:Utility-West"]
    snapshot = Snapshot.of(QuadBlock.of((name, TYPE, BRICK + "Server", "urn:g1") for name in names), at=NOON)
    start = perf_counter()

    near = nearest(snapshot, "urn:site:Itility-Wset")

    assert near[0] == "urn:site:Utility-West"
    assert perf_counter() - start < 1.0
