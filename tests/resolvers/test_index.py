"""An index made of the one before is the index that would have been worked out anew."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.changes import ChangeSet
from graph.snapshot import LABEL, RDF_TYPE, Snapshot
from ontology.namespaces import BRICK, UNIT
from ontology.terms import QuadBlock
from ontology.vocabulary import load_vocabulary
from resolvers import index as module
from resolvers import memo
from resolvers.index import HAS_POINT, HAS_UNIT, IS_POINT_OF, VALUE, Index

AT = datetime(2026, 3, 3, tzinfo=UTC)
VOCABULARY = load_vocabulary()
NODES = [f"urn:n{number}" for number in range(6)] + ["_:b0", "_:b1"]
OBJECTS = [*NODES, '"Pump"', '"pompe"@fr', '"12.5"', UNIT + "W", BRICK + "Pump", BRICK + "Power_Sensor", BRICK + "Temperature_Sensor"]
QUADS = st.tuples(
    st.sampled_from(NODES),
    st.sampled_from([RDF_TYPE, LABEL, HAS_POINT, IS_POINT_OF, HAS_UNIT, VALUE, BRICK + "feeds", BRICK + "ratedPowerInput"]),
    st.sampled_from(OBJECTS),
    st.just("urn:g"),
)
CHANGES = st.lists(st.tuples(st.lists(QUADS, max_size=8), st.lists(QUADS, max_size=12)), min_size=2, max_size=8)


def told(index: Index) -> object:
    """Everything that the index says."""
    snapshot, classes = index.snapshot, [BRICK + "Point", BRICK + "Pump", BRICK + "Equipment", BRICK + "Power_Sensor"]
    return (
        index.counts,
        [index.select(cls, None).tolist() for cls in classes],
        [index.select(cls, text).tolist() for cls in (None, classes[0]) for text in ("pump", "sensor power", "n3")],
        [
            (
                snapshot.key(n),
                *(index.label(n), index.class_of(n), index.types_of(n), index.facts(n), index.points(n), index.unit(n)),
                *(index.equipment(n), [(link.predicate, link.direction, link.others.tolist()) for link in index.links(n)]),
            )
            for n in snapshot.by_iri.tolist()
        ],
    )


@pytest.mark.parametrize("few", [0, 5_000])
@settings(max_examples=20)
@given(changes=CHANGES, back=st.integers(0, 7))
def test_an_index_after_changes_says_what_a_fresh_one_says(few: int, changes: list[tuple[list[object], list[object]]], back: int) -> None:
    """Over random histories, each index of the one before, and those of revisions looked back to; older ones stay as they were."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memo, "_FEW", few)
        snapshot = Snapshot.empty()
        index = Index(snapshot, VOCABULARY)
        history = []
        for number, (removed, added) in enumerate(changes, 1):
            change = snapshot.exact(ChangeSet(QuadBlock.of(added), QuadBlock.of(removed)))  # type: ignore[arg-type] # quads
            older, snapshot = index, snapshot.apply(change, number, AT)
            before = told(older)
            index = Index(snapshot, VOCABULARY, older)

            assert told(index) == told(Index(snapshot, VOCABULARY))
            assert told(older) == before
            history.append(change)

        past = snapshot
        for number in range(len(history), max(len(history) - 1 - back, 0), -1):
            past = past.before(history[number - 1], number - 1, AT)
        assert told(Index(past, VOCABULARY, index)) == told(Index(past, VOCABULARY))


def test_a_change_of_too_much_is_worked_out_anew() -> None:
    """Beyond so many touched entities an index takes nothing over, and says the same."""
    snapshot = Snapshot.empty().apply(ChangeSet(QuadBlock.of([("urn:a", RDF_TYPE, BRICK + "Pump", "urn:g")]), QuadBlock.empty()), 1, AT)
    index = Index(snapshot, VOCABULARY).worked_out()
    many = QuadBlock.of([(f"urn:e{n}", RDF_TYPE, BRICK + "Pump", "urn:g") for n in range(module.FEW + 1)])

    following = Index(snapshot.apply(ChangeSet(many, QuadBlock.empty()), 2, AT), VOCABULARY, index)

    assert following.counts[BRICK + "Pump"] == module.FEW + 2
    assert len(following.select("brick:Pump", "e7")) == len([n for n in range(module.FEW + 1) if "e7" in f"urn:e{n}"])
