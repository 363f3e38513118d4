"""What every store of the twin promises of its history: who said what and when, keys of changes, branches, drift."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from graph.changes import Branch, Cause, ChangeSet, Revision
from graph.errors import BranchExists, StaleRevision
from graph.ports import StoredTwin, TwinStore
from ontology.terms import KeyQuad, QuadBlock
from tests.contract.conftest import Place
from tests.contract.test_store import BRICK, CAUSE, G1, G2, LABEL, RDF_TYPE, add, remove, said


def said_since(twin: StoredTwin) -> dict[KeyQuad, int]:
    """The quads of what was loaded, each with the revision that said it."""
    assert len(twin.since) == len(twin.quads)
    return dict(zip(twin.quads, twin.since.tolist(), strict=True))


def keyed(key: str) -> Cause:
    """The cause, by a name of its own."""
    return replace(CAUSE, key=key)


# -- who said it, and when ----------------------------------------------------------------------------------------


def test_each_quad_keeps_the_revision_that_said_it(place: Place) -> None:
    """Said again it keeps its first revision; withdrawn and said anew it has the new one; for relationship, literal and type alike."""
    facts = [("urn:a", "urn:p", "urn:b"), ("urn:a", LABEL, '"A"'), ("urn:a", RDF_TYPE, BRICK + "Chiller")]
    one, two = [(*fact, G1) for fact in facts], [(*fact, G2) for fact in facts]
    place.store.commit(add(*one), CAUSE, expected=0)
    place.store.commit(add(*one, *two), CAUSE, expected=1)
    both = said_since(place.store.load())
    place.store.commit(remove(*one), CAUSE, expected=2)
    place.store.commit(add(*one), CAUSE, expected=3)

    assert both == {**dict.fromkeys(one, 1), **dict.fromkeys(two, 2)}
    assert said_since(place.reopen().load()) == {**dict.fromkeys(one, 4), **dict.fromkeys(two, 2)}


def test_each_graph_keeps_the_newest_revision_that_changed_it(place: Place) -> None:
    """What says nothing new changes no graph; a graph that has been emptied was changed, too."""
    in_one, in_two = ("urn:a", "urn:p", "urn:b", G1), ("urn:a", LABEL, '"A"', G2)
    place.store.commit(add(in_one, in_two, **{G1: "plan"}), CAUSE, expected=0)
    place.store.commit(add(in_one, ("urn:c", LABEL, '"C"', G2)), CAUSE, expected=1)
    first = dict(place.store.load().changed)
    place.store.commit(remove(in_one, ("urn:x", "urn:y", "urn:z", G2)), CAUSE, expected=2)

    twin = place.reopen().load()

    assert first == {G1: 1, G2: 2}
    assert dict(twin.changed) == {G1: 3, G2: 2}
    assert dict(twin.owners) == {G1: "plan"}


def test_a_change_keeps_who_had_said_what_it_takes_back(place: Place) -> None:
    """`since` of a removed quad comes back with it, quad for quad."""
    quads = [("urn:a", "urn:p", "urn:b", G1), ("urn:a", LABEL, '"A"', G1), ("_:x", "urn:p", "urn:b", G2)]
    place.store.commit(add(quads[0]), CAUSE, expected=0)
    place.store.commit(add(*quads[1:]), CAUSE, expected=1)
    place.store.commit(ChangeSet(QuadBlock.empty(), QuadBlock.of(quads), {}, np.array([1, 2, 2], dtype=np.int32)), CAUSE, expected=2)

    change = place.reopen().change(3)

    assert dict(zip(change.removed, change.since.tolist(), strict=True)) == dict(zip(quads, [1, 2, 2], strict=True))


def test_the_same_key_is_the_same_change(place: Place) -> None:
    """Asked again, also after opening again and after other changes, the revision comes back and nothing is changed."""
    first = place.store.commit(add(("urn:a", "urn:p", "urn:b", G1)), keyed("k1"), expected=0)
    place.store.commit(add(("urn:a", "urn:p", "urn:c", G1)), keyed("k2"), expected=1)

    again = place.reopen().commit(add(("urn:a", "urn:p", "urn:b", G1)), keyed("k1"), expected=0)

    assert again == first
    assert first.cause.key == "k1"
    assert [r.number for r in place.store.revisions()] == [1, 2]


def test_changes_without_a_key_are_never_the_same(store: TwinStore) -> None:
    """An empty key names nothing."""
    store.commit(add(("urn:a", "urn:p", "urn:b", G1)), CAUSE, expected=0)
    store.commit(add(("urn:a", "urn:p", "urn:c", G1)), CAUSE, expected=1)

    assert len(said(store.load())) == 2


# -- branches -----------------------------------------------------------------------------------------------------


BRANCH = Branch("what if", 1, keyed("b"))


def test_a_branch_keeps_its_changes_and_leaves_the_site_alone(place: Place) -> None:
    """Numbered from 1, each with cause and change set; the site's quads, revisions and instants of change do not move."""
    here, there = ("urn:a", "urn:p", "urn:b", G1), ("urn:a", "urn:p", "urn:c", G1)
    place.store.commit(add(here), CAUSE, expected=0)
    before = place.store.load()

    place.store.create_branch(BRANCH)
    first = place.store.commit(add(there, **{G2: "plan"}), keyed("k"), expected=0, branch="what if")
    second = place.store.commit(
        ChangeSet(QuadBlock.empty(), QuadBlock.of([here]), {}, np.array([1], dtype=np.int32)), CAUSE, expected=1, branch="what if"
    )

    store = place.reopen()
    twin = store.load()
    assert [first, second] == [Revision(1, keyed("k"), 1, 0), Revision(2, CAUSE, 0, 1)]
    assert list(store.branches()) == [replace(BRANCH, revisions=(first, second))]
    assert set(store.change(1, "what if").added) == {there}
    assert dict(store.change(1, "what if").graphs) == {G2: "plan"}
    assert (set(store.change(2, "what if").removed), store.change(2, "what if").since.tolist()) == ({here}, [1])
    assert (said_since(twin), twin.revision, twin.owners) == (said_since(before), before.revision, before.owners)
    assert len(store.revisions()) == 1
    assert store.drift().is_empty


def test_a_branch_is_changed_against_its_own_newest_revision(store: TwinStore) -> None:
    """A lost race is told there, too; the same key gives the same revision back, and means nothing on the site."""
    store.commit(add(("urn:a", "urn:p", "urn:b", G1)), CAUSE, expected=0)
    store.create_branch(BRANCH)
    change = add(("urn:a", "urn:p", "urn:c", G1))
    first = store.commit(change, keyed("k"), expected=0, branch="what if")

    with pytest.raises(StaleRevision, match=r"revision 0.*newest is 1"):
        store.commit(change, CAUSE, expected=0, branch="what if")

    assert store.commit(change, keyed("k"), expected=0, branch="what if") == first
    assert store.commit(change, keyed("k"), expected=1).number == 2


def test_branches_come_in_order_of_their_names(store: TwinStore) -> None:
    """A name is taken once."""
    for name in ("b", "a", "ä"):
        store.create_branch(Branch(name, 0, CAUSE))

    with pytest.raises(BranchExists, match=r"'a'.*drop"):
        store.create_branch(Branch("a", 0, CAUSE))

    assert [branch.name for branch in store.branches()] == ["a", "b", "ä"]


def test_a_dropped_branch_is_gone_with_its_changes(store: TwinStore) -> None:
    """Another of its name begins anew."""
    store.create_branch(Branch("a", 0, CAUSE))
    store.commit(add(("urn:a", "urn:p", "urn:b", G1)), keyed("k"), expected=0, branch="a")

    store.drop_branch("a")
    gone = list(store.branches())
    store.create_branch(Branch("a", 0, CAUSE))
    revision = store.commit(add(("urn:a", "urn:p", "urn:c", G1)), keyed("k"), expected=0, branch="a")

    assert gone == []
    assert (revision.number, set(store.change(1, "a").added)) == (1, {("urn:a", "urn:p", "urn:c", G1)})


def test_a_branch_takes_the_place_of_another_with_its_change(place: Place) -> None:
    """Where there was one, none of its changes is left; where there was none, it is new."""
    old, new = ("urn:a", LABEL, '"old"', G1), ("urn:a", LABEL, '"new"', G1)
    cause = replace(CAUSE, reason="again")
    place.store.create_branch(Branch("b", 0, CAUSE))
    for number in range(2):
        place.store.commit(add((*old[:2], f'"{number}"', G1)), CAUSE, expected=number, branch="b")

    place.store.replace_branch(Branch("b", 0, cause), add(new))
    place.store.replace_branch(Branch("c", 0, cause), add(old))
    again = place.reopen()

    assert again.branches() == [Branch(name, 0, cause, (Revision(1, cause, 1, 0),)) for name in ("b", "c")]
    assert [list(again.change(1, name).added) for name in ("b", "c")] == [[new], [old]]
    with pytest.raises(KeyError):
        again.change(2, "b")


def test_what_is_asked_of_a_branch_that_there_is_not_is_refused(store: TwinStore) -> None:
    """By its name."""
    with pytest.raises(KeyError, match="nowhere"):
        store.commit(add(("urn:a", "urn:p", "urn:b", G1)), CAUSE, expected=0, branch="nowhere")
    with pytest.raises(KeyError, match="nowhere"):
        store.drop_branch("nowhere")
    with pytest.raises(KeyError):
        store.change(1, "nowhere")

    assert len(said(store.load())) == 0


# -- drift and progress -------------------------------------------------------------------------------------------


def test_a_store_that_only_its_port_has_written_has_no_drift(place: Place) -> None:
    """Also after changes that are not exact, and after opening again."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    world = [
        (s, p, o, g) for s in ("urn:a", "_:b") for p in (LABEL, RDF_TYPE, "urn:p") for o in ('"1"', "urn:o", "urn:a") for g in (G1, G2)
    ]
    for number in range(8):
        added, removed = (chance.sample(world, chance.choice([1, 5, 20])) for _ in range(2))
        place.store.commit(ChangeSet(QuadBlock.of(added), QuadBlock.of(removed)), CAUSE, expected=number)

    drift = place.reopen().drift()

    assert (list(drift.added), list(drift.removed)) == ([], []), f"seed {seed}"


def test_loading_tells_how_far_it_is(store: TwinStore) -> None:
    """The last it says is that all is done."""
    store.commit(add(*[(f"urn:{n}", LABEL, f'"{n}"', G1) for n in range(10)]), CAUSE, expected=0)
    told: list[tuple[str, int, int]] = []

    twin = store.load(lambda what, done, total: told.append((what, done, total)))

    assert len(twin.quads) == 10
    assert all(0 <= done <= total or total == 0 for _, done, total in told)
