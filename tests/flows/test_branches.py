"""What-if: a branch off a revision, changed without touching the site, compared, applied or dropped."""

from __future__ import annotations

import pytest

from graph.changes import NEWEST, AsOf
from graph.errors import BranchExists, Refused, UnknownBranch, UnknownRevision
from ontology.terms import KeyQuad
from tests.support.ledgers import Desk, said

A: KeyQuad = ("urn:a", "urn:p", '"1"', "urn:x")
A2: KeyQuad = ("urn:a", "urn:p", '"2"', "urn:x")
A3: KeyQuad = ("urn:a", "urn:p", '"3"', "urn:x")
B: KeyQuad = ("urn:b", "urn:p", '"2"', "urn:x")
C: KeyQuad = ("urn:c", "urn:p", '"3"', "urn:y")


@pytest.fixture
def desk() -> Desk:
    """A site of which x says A, with a branch `b` off it."""
    desk = Desk()
    desk.say("x", A)
    desk.ledger.create_branch("b", base=NEWEST, author="ada", reason="try")
    return desk


def test_a_branch_changes_nothing_on_the_site(desk: Desk) -> None:
    """It has revisions of its own, counted from 1; the site has none more."""
    done = desk.edit("x", [B], branch="b")

    assert done.revision is not None
    assert done.revision.number == 1
    assert said(desk.twin.snapshot) == [A]
    assert said(desk.ledger.snapshot(AsOf(branch="b"))) == [A, B]
    (branch,) = desk.ledger.branches()
    assert (branch.name, branch.base, branch.cause.reason, len(branch.revisions)) == ("b", 1, "try", 1)
    assert desk.ledger.revision(1, "b")[1].added.terms is not None


def test_a_branch_is_applied_as_one_revision_and_is_gone(desk: Desk) -> None:
    """Two changes on it, of which the second takes part of the first back: the net change is what the site gets."""
    desk.edit("x", [A2, B], [A], branch="b")
    desk.edit("x", removed=[B], branch="b")
    desk.say("y", C)

    done = desk.ledger.apply_branch("b", author="bob", reason="agreed")

    assert done.revision is not None
    assert (done.revision.number, done.revision.added, done.revision.removed) == (3, 1, 1)
    assert said(desk.twin.snapshot) == [A2, C]
    assert desk.ledger.branches() == []


def test_a_branch_is_refused_where_both_have_replaced_a_value(desk: Desk) -> None:
    """The branch makes p of a 2, the site makes it 3: named, and neither is changed."""
    desk.edit("x", [A2], [A], branch="b")
    desk.say("x", A3)

    with pytest.raises(
        Refused,
        match=r"branch 'b' cannot be applied: since revision 1 the site has touched 1 of the facts that the branch changes: "
        r'urn:a urn:p "2" takes the place of a value that has another one there\.',
    ):
        desk.ledger.apply_branch("b", author="ada", reason="")

    assert said(desk.twin.snapshot) == [A3]
    assert [branch.name for branch in desk.ledger.branches()] == ["b"]


@pytest.mark.parametrize(
    ("added", "removed", "met"),
    [([], [A], A), ([A2], [A], A), ([A2], [], A2)],
    ids=["said anew what the branch takes back", "said anew what it replaces", "said and taken back what it adds"],
)
def test_a_branch_is_refused_where_the_site_has_touched_the_very_fact(
    added: list[KeyQuad], removed: list[KeyQuad], met: KeyQuad, desk: Desk
) -> None:
    """After the branch was made, somebody took the fact back and said it anew, or the other way: as undoing would be refused."""
    desk.edit("x", added, removed, branch="b")
    desk.say("x", A2)
    desk.say("x", A)

    with pytest.raises(Refused, match=f"{met[0]} {met[1]} {met[2]} was said or taken back there, too"):
        desk.ledger.apply_branch("b", author="ada", reason="")


@pytest.mark.parametrize(
    ("added", "removed", "by_then", "after"),
    [
        ([], [A], [A, A2], [A2]),
        ([A3], [A], [A, A2], [A2, A3]),
        ([A3], [], [A, A2], [A, A2, A3]),
        ([A2], [A], [A2, B], [A2, B]),
        ([A2], [A], [A3, A2], [A2, A3]),
        ([A2], [A], [B], [A2, B]),
        ([], [A], [A2], [A2]),
    ],
)
def test_other_values_of_a_predicate_do_not_hold_a_branch_up(
    added: list[KeyQuad], removed: list[KeyQuad], by_then: list[KeyQuad], after: list[KeyQuad], desk: Desk
) -> None:
    """A value more on either side, and what both have changed alike, is no conflict."""
    desk.edit("x", added, removed, branch="b")
    desk.edit("x", [B], branch="b")
    desk.say("x", *by_then)

    desk.ledger.apply_branch("b", author="ada", reason="")

    assert said(desk.twin.snapshot) == sorted({*after, B})


def test_a_branch_that_was_applied_before_a_crash_is_only_dropped(desk: Desk) -> None:
    """The site has all of it already: no second revision."""
    desk.edit("x", [B], branch="b")
    desk.edit("x", [B])

    done = desk.ledger.apply_branch("b", author="ada", reason="")

    assert done.revision is None
    assert (desk.twin.snapshot.revision, desk.ledger.branches()) == (2, [])


def test_a_source_is_synced_onto_a_branch(desk: Desk) -> None:
    """Desired state there; a branch may also do without what others say."""
    desk.say("x", B, branch="b")
    desk.say("y", C)
    desk.ledger.create_branch("c", base=NEWEST, author="ada", reason="")
    desk.edit("x", removed=[C], branch="c")

    assert said(desk.ledger.snapshot(AsOf(branch="b"))) == [B]
    assert said(desk.ledger.snapshot(AsOf(branch="c"))) == [A]
    assert (list(desk.ledger.compare_branch("b").added), list(desk.ledger.compare_branch("b").removed)) == ([B], [A])


def test_branches_are_compared_with_each_other_and_with_any_revision(desk: Desk) -> None:
    """From branch b (A, B) to the newest site (A, C): C came, B is not there."""
    desk.edit("x", [B], branch="b")
    desk.say("y", C)

    change = desk.ledger.difference(AsOf(branch="b"), NEWEST)
    back = desk.ledger.difference(NEWEST, AsOf(branch="b"))

    assert (list(change.added), list(change.removed)) == ([C], [B])
    assert (list(back.added), list(back.removed)) == ([B], [C])
    assert desk.ledger.difference(AsOf(branch="b"), AsOf(branch="b")).is_empty


def test_names_are_told_apart(desk: Desk) -> None:
    """One that there is already, one that there is not, one that cannot be one."""
    with pytest.raises(BranchExists, match="there is a branch 'b' already"):
        desk.ledger.create_branch("b", base=NEWEST, author="ada", reason="")
    with pytest.raises(UnknownBranch, match="no branch 'nope'; there are: b"):
        desk.ledger.drop_branch("nope")
    with pytest.raises(ValueError, match="quarantine/SOURCE holds what a source was not let say"):
        desk.ledger.create_branch("quarantine/x", base=NEWEST, author="ada", reason="")
    with pytest.raises(UnknownBranch):
        desk.say("x", A, branch="nope")
    with pytest.raises(ValueError, match="cannot name a branch"):
        desk.ledger.create_branch(" ", base=NEWEST, author="ada", reason="")
    with pytest.raises(UnknownRevision, match="branch 'b' has no change 1"):
        desk.ledger.snapshot(AsOf(1, branch="b"))
    with pytest.raises(UnknownRevision, match="no revision 9"):
        desk.ledger.create_branch("c", base=AsOf(9), author="ada", reason="")
    with pytest.raises(ValueError, match="stands on the site"):
        desk.ledger.create_branch("c", base=AsOf(branch="b"), author="ada", reason="")


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "/restore", "a//b", "../a", ".", "a/..", "a/", "12", "2026-11-23", "2026-11-23T09:28:00Z", "a\n"]
)
def test_a_name_that_reads_as_something_else_names_no_branch(name: str, desk: Desk) -> None:
    """A revision, an instant, a path, nothing: each could be meant where a branch is asked for."""
    with pytest.raises(ValueError, match="cannot name a branch"):
        desk.ledger.create_branch(name, base=NEWEST, author="ada", reason="")


@pytest.mark.parametrize("name", ["restore", "moves/hall-2", "wärmer", "v1.2", "2nd", "a+b@c_d"])
def test_a_branch_is_called_as_its_maker_likes(name: str, desk: Desk) -> None:
    """Words, numbers among them, and parts."""
    assert desk.ledger.create_branch(name, base=NEWEST, author="ada", reason="").name == name


def test_a_branch_is_dropped_and_its_name_is_free_again(desk: Desk) -> None:
    """A new one of the same name has nothing of the old one."""
    desk.edit("x", [B], branch="b")
    desk.ledger.snapshot(AsOf(branch="b"))

    desk.ledger.drop_branch("b")
    desk.ledger.create_branch("b", base=NEWEST, author="ada", reason="again")

    assert said(desk.ledger.snapshot(AsOf(branch="b"))) == [A]


def test_another_process_sees_a_branch_when_it_follows(desk: Desk) -> None:
    """Made, changed and dropped by one process; the other asks the store when it follows."""
    other = desk.restarted()
    seen = [len(other.ledger.branches())]
    desk.edit("x", [B], branch="b")

    other.ledger.follow()
    seen.append(len(other.ledger.branches()[0].revisions))
    desk.ledger.drop_branch("b")
    other.ledger.follow()

    assert (seen, other.ledger.branches()) == ([1, 1], [])
