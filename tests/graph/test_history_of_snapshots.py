"""Snapshots over random histories: forwards, backwards, exactly, against plain sets of quads."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import snapshot as module
from graph.changes import ChangeSet
from graph.snapshot import EPOCH, Snapshot
from graph.term_table import TermTable
from ontology.terms import KeyQuad, QuadBlock, is_iri

AT = datetime(2026, 3, 3, tzinfo=UTC)
NODES = [f"urn:n{number}" for number in range(8)] + ["_:b0"]
QUADS = st.tuples(
    st.sampled_from(NODES),
    st.sampled_from(["urn:p", "urn:q"]),
    st.sampled_from([*NODES, '"1"', '"zwei"@de']),
    st.sampled_from(["urn:g", "urn:h"]),
)
CHANGES = st.lists(st.tuples(st.lists(QUADS, max_size=12), st.lists(QUADS, max_size=12)), min_size=1, max_size=8)
Pairs = list[tuple[list[KeyQuad], list[KeyQuad]]]


def change_of(removed: list[KeyQuad], added: list[KeyQuad]) -> ChangeSet:
    """A change as somebody asks for it: perhaps of what is not there."""
    return ChangeSet(QuadBlock.of(added), QuadBlock.of(removed))


def told(snapshot: Snapshot) -> dict[KeyQuad, int]:
    """Every quad with the revision that said it."""
    keys = snapshot.terms.keys
    return {(keys[s], keys[p], keys[o], keys[g]): since for s, p, o, g, since in snapshot.facts.whole.T.tolist()}


def related(snapshot: Snapshot) -> set[tuple[str, str, str]]:
    """Every pair of every relation, read both ways."""
    key = snapshot.key
    pairs = {p: set(zip(r.subjects.tolist(), r.objects.tolist(), strict=True)) for p, r in snapshot.relations.items()}
    for p, r in snapshot.relations.items():
        assert all(r.objects_of(s).tolist() == sorted(o for t, o in pairs[p] if t == s) for s in {s for s, _ in pairs[p]})
        assert all(r.subjects_of(o).tolist() == sorted(s for s, n in pairs[p] if n == o) for o in {o for _, o in pairs[p]})
    return {(key(s), key(p), key(o)) for p, found in pairs.items() for s, o in found}


@pytest.mark.parametrize("small", [0, 4096])
@given(changes=CHANGES)
def test_a_history_is_walked_forwards_and_back(small: int, changes: Pairs) -> None:
    """Exact changes give the snapshots that plain sets give; undone one by one they give the earlier ones again, whole."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SMALL", small)
        snapshot = Snapshot.empty()
        history: list[tuple[Snapshot, ChangeSet, dict[KeyQuad, int]]] = []
        expected: dict[KeyQuad, int] = {}
        for number, (removed, added) in enumerate(changes, 1):
            _ = snapshot.by_iri, [r.by_object_objects for r in snapshot.relations.values()]
            exact = snapshot.exact(change_of(removed, added))
            history.append((snapshot, exact, dict(expected)))
            kept = {quad: since for quad, since in expected.items() if quad not in removed or quad in added}
            assert set(exact.removed) == expected.keys() - kept.keys()
            assert set(exact.added) == set(added) - expected.keys()
            assert [expected[quad] for quad in exact.removed] == exact.since.tolist()
            expected = kept | {quad: number for quad in added if quad not in kept}
            snapshot = snapshot.apply(exact, number, AT)

            assert told(snapshot) == expected
            assert related(snapshot) == {(s, p, o) for s, p, o, _ in expected}
            assert [snapshot.key(n) for n in snapshot.by_iri] == sorted({s for s, _, _, _ in expected if is_iri(s)})

        for number in range(len(history), 0, -1):
            before, exact, was = history[number - 1]
            newer, snapshot = snapshot, snapshot.before(exact, number - 1, AT)
            touched = {n for quad in (*exact.added, *exact.removed) for n in (quad[0], quad[2])}
            found = snapshot.touched_since(newer)
            assert found is not None
            assert {snapshot.key(n) for n in found} == touched
            assert told(snapshot) == was == told(before)
            assert related(snapshot) == related(before)
            assert [snapshot.key(n) for n in snapshot.by_iri] == [before.key(n) for n in before.by_iri]


@given(st.lists(st.lists(st.text("ab/", max_size=6).map(lambda text: "urn:" + text), max_size=20), max_size=8))
def test_order_labels_sort_as_the_iris_do(batches: list[list[str]]) -> None:
    """However the IRIs come, one by one or many at once, their labels are in the order of the IRIs."""
    table = TermTable()

    for batch in batches:
        table.intern([*batch, '"a literal"'])
        iris = [number for number, key in enumerate(table.keys) if is_iri(key)]
        labels = dict(zip(iris, table.order(np.array(iris, dtype=np.int32)).tolist(), strict=True))
        assert sorted(iris, key=labels.__getitem__) == sorted(iris, key=table.keys.__getitem__)
        assert len(set(labels.values())) == len(iris)


def test_what_a_block_says_of_one_source_or_graph() -> None:
    """A block of a source holds its graphs' quads, one of a graph only that graph's."""
    quads = [("urn:a", "urn:p", "urn:b", "urn:g"), ("urn:a", "urn:p", '"1"', "urn:h"), ("urn:c", "urn:p", "urn:b", "urn:i")]
    snapshot = Snapshot.of(QuadBlock.of(quads), 7, EPOCH, {"urn:g": "plan", "urn:h": "plan", "urn:i": "bms"})

    assert set(snapshot.block()) == set(quads)
    assert set(snapshot.block("plan")) == set(quads[:2])
    assert set(snapshot.block(graph="urn:i")) == set(quads[2:])
    assert len(snapshot.block("nobody")) == 0
    assert snapshot.changed == {"urn:g": 7, "urn:h": 7, "urn:i": 7}
    assert [snapshot.since(*snapshot.terms.numbers(quad).tolist()) for quad in (quads[0], ("urn:a", "urn:p", "urn:c", "urn:g"))] == [
        7,
        None,
    ]
