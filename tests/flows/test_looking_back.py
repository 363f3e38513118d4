"""Older states are the newest one with what came after undone: the same as what the revisions come to, counted from the first."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.changes import NEWEST, AsOf, ChangeSet
from graph.errors import UnknownRevision
from graph.ports import TwinStore
from graph.stores.sqlite import SqliteStore
from ontology.terms import KeyQuad
from tests.support.ledgers import START, Desk, said, with_since

A: KeyQuad = ("urn:a", "urn:p", '"1"', "urn:x")
B: KeyQuad = ("urn:b", "urn:p", '"2"', "urn:x")

facts = st.tuples(st.sampled_from(["urn:a", "urn:b", "_:c"]), st.sampled_from(["urn:p", "urn:q"]), st.sampled_from(['"1"', '"2"', "urn:a"]))
wishes = st.lists(st.tuples(st.sampled_from(["x", "y"]), st.frozensets(facts, max_size=6)), min_size=1, max_size=12)


def slow_states(store: TwinStore) -> list[dict[KeyQuad, int]]:
    """Every state from revision 0 on, quad by quad: what is there, and since when."""
    state: dict[KeyQuad, int] = {}
    states = [dict(state)]
    for revision in store.revisions():
        change = store.change(revision.number)
        for quad in change.removed:
            del state[quad]
        state |= dict.fromkeys(change.added, revision.number)
        states.append(dict(state))
    return states


def told(desk: Desk, history: list[tuple[str, frozenset[tuple[str, str, str]]]]) -> None:
    """Each source says in its own graph what it says."""
    for source, triples in history:
        desk.say(source, *((*triple, f"urn:{source}") for triple in sorted(triples)))


@settings(deadline=None, max_examples=60)
@given(wishes, st.data())
def test_every_state_looked_back_to_is_the_one_counted_from_the_first(
    history: list[tuple[str, frozenset[tuple[str, str, str]]]], data: st.DataObject
) -> None:
    """Asked in any order, so that states are made of the newest and of one another: the quads, and the revision that said each."""
    desk = Desk()
    told(desk, history)
    states = slow_states(desk.store)

    for number in data.draw(st.permutations(range(len(states)))):
        assert with_since(desk.ledger.snapshot(AsOf(number))) == states[number], number


@settings(deadline=None, max_examples=60)
@given(wishes, st.data())
def test_a_difference_leads_from_one_state_to_the_other(
    history: list[tuple[str, frozenset[tuple[str, str, str]]]], data: st.DataObject
) -> None:
    """Forwards and backwards: what was taken back and said again is no difference."""
    desk = Desk()
    told(desk, history)
    states = slow_states(desk.store)
    older, newer = (data.draw(st.integers(0, len(states) - 1)) for _ in range(2))

    change = desk.ledger.difference(AsOf(older), AsOf(newer))

    assert set(change.added) == states[newer].keys() - states[older].keys()
    assert set(change.removed) == states[older].keys() - states[newer].keys()


@settings(deadline=None, max_examples=40)
@given(wishes, wishes)
def test_a_branch_is_its_base_and_what_was_said_on_it(
    site: list[tuple[str, frozenset[tuple[str, str, str]]]], own: list[tuple[str, frozenset[tuple[str, str, str]]]]
) -> None:
    """What happens to the site later is not seen on the branch; its difference is counted from its base."""
    desk, alone = Desk(), Desk()
    told(desk, site)
    base = said(desk.twin.snapshot)
    desk.ledger.create_branch("what-if", base=NEWEST, author="ada", reason="")
    told(alone, site)
    for source, triples in own:
        quads = [(*triple, f"urn:{source}") for triple in sorted(triples)]
        desk.say(source, *quads, branch="what-if")
        alone.say(source, *quads)
    desk.say("x", A)

    state = said(desk.ledger.snapshot(AsOf(branch="what-if")))
    change = desk.ledger.compare_branch("what-if")

    assert state == said(alone.twin.snapshot) == said(desk.restarted().ledger.snapshot(AsOf(branch="what-if")))
    assert set(change.added) == set(state) - set(base)
    assert set(change.removed) == set(base) - set(state)
    assert said(desk.ledger.snapshot(AsOf(0, branch="what-if"))) == base


def test_an_instant_means_the_newest_revision_that_had_been_made_by_then() -> None:
    """Revisions at 8:01 and 8:02: at 8:01 the first counts, at 9:00 the second; at 8:00 nothing was known."""
    desk = Desk()
    desk.say("x", A)
    desk.say("x", A, B)

    states = [desk.ledger.snapshot(AsOf(at=START + timedelta(minutes=minutes))) for minutes in (1, 1.5, 2, 60)]

    assert [said(state) for state in states] == [[A], [A], [A, B], [A, B]]
    assert [state.revision for state in states] == [1, 1, 2, 2]
    with pytest.raises(UnknownRevision, match="nothing was known at 2026-03-01 08:00:00 UTC: the first revision is of 2026-03-01 08:01:00"):
        desk.ledger.snapshot(AsOf(at=START))


def test_revision_0_is_the_empty_twin_and_one_that_is_not_yet_is_unknown() -> None:
    """The text names what there is."""
    desk = Desk()
    desk.say("x", A)

    assert said(desk.ledger.snapshot(AsOf(0))) == []
    with pytest.raises(UnknownRevision, match="no revision 2: there are 1 to 1"):
        desk.ledger.snapshot(AsOf(2))
    with pytest.raises(UnknownRevision, match="no revision 2"):
        desk.ledger.difference(AsOf(1), AsOf(2))
    with pytest.raises(UnknownRevision, match="no branch 'b'; there are: none"):
        desk.ledger.snapshot(AsOf(branch="b"))


def test_readers_of_an_older_state_are_not_disturbed() -> None:
    """A state that somebody holds stays what it is while the twin goes on."""
    desk = Desk()
    desk.say("x", A)
    held = desk.twin.snapshot

    desk.say("x", B)

    assert (said(held), held.revision) == ([A], 1)


def test_history_outlives_the_process(tmp_path: Path) -> None:
    """Opened anew, the file gives the same states, revisions and branches."""
    store = SqliteStore(tmp_path)
    desk = Desk(store)
    desk.say("x", A)
    desk.say("x", B)
    desk.ledger.create_branch("what-if", base=AsOf(1), author="ada", reason="try")
    desk.say("y", ("urn:c", "urn:p", '"3"', "urn:y"), branch="what-if")
    before = [said(desk.ledger.snapshot(as_of)) for as_of in (AsOf(1), AsOf(2), AsOf(branch="what-if"))]
    listed, branches = desk.ledger.revisions(), desk.ledger.branches()
    store.close()

    again = Desk(SqliteStore(tmp_path))

    assert [said(again.ledger.snapshot(as_of)) for as_of in (AsOf(1), AsOf(2), AsOf(branch="what-if"))] == before
    assert again.ledger.revisions() == listed
    assert again.ledger.branches() == branches
    again.store.close()


def test_a_past_view_has_no_live_values_and_speaks_of_its_own_instant() -> None:
    """The newest view stays the twin's own; a view is kept, not made anew."""
    desk = Desk()
    desk.say("x", A)
    desk.say("x", B)

    past = desk.ledger.view(AsOf(1))

    assert past is desk.ledger.view(AsOf(1))
    assert past.conditions().at == START + timedelta(minutes=1)
    assert desk.ledger.view(AsOf(2)) is desk.ledger.view(NEWEST) is desk.twin.newest


def test_an_exact_change_undone_gives_what_was(tmp_path: Path) -> None:
    """The change set that the store keeps is the difference itself, with the revision that had said what it removes."""
    desk = Desk(SqliteStore(tmp_path))
    desk.say("x", A, B)
    desk.say("x", B)

    _, change = desk.ledger.revision(2)

    assert isinstance(change, ChangeSet)
    assert (list(change.added), list(change.removed), change.since.tolist()) == ([], [A], [1])
    desk.store.close()
