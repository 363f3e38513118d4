"""The ledger beside readers, other processes and a store that is slow or away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event, Thread

import pytest

from graph.changes import NEWEST, AsOf, Branch, ChangeSet, Revision
from graph.errors import StoreUnavailable, UnknownBranch
from graph.stores.memory import MemoryStore
from ontology.namespaces import BRICK, RDF
from ontology.terms import KeyQuad, QuadBlock
from tests.support.ledgers import Desk, said
from twin.events import GraphChanged
from twin.ledger.ledger import Ledger
from twin.state import View

A: KeyQuad = ("urn:a", "urn:p", '"1"', "urn:x")
B: KeyQuad = ("urn:b", "urn:p", '"2"', "urn:x")
C: KeyQuad = ("urn:c", "urn:p", '"3"', "urn:y")
WAIT_S = 30.0


class Slow(MemoryStore):
    """Once `slow`, a change is read when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.slow = False
        self.asked, self.let = Event(), Event()

    def change(self, number: int, branch: str = "") -> ChangeSet:
        """Waits."""
        if self.slow:
            self.asked.set()
            assert self.let.wait(WAIT_S)
        return super().change(number, branch)


class Away(MemoryStore):
    """Once `away`, no question is answered."""

    away = False

    def _refuse(self) -> None:
        if self.away:
            raise StoreUnavailable("the store is away")

    def revisions(self, since: int = 0) -> Sequence[Revision]:
        """Not while it is away."""
        self._refuse()
        return super().revisions(since)

    def branches(self) -> Sequence[Branch]:
        """Not while it is away."""
        self._refuse()
        return super().branches()

    def change(self, number: int, branch: str = "") -> ChangeSet:
        """Not while it is away."""
        self._refuse()
        return super().change(number, branch)


def test_a_write_does_not_wait_for_a_reader_whom_the_store_lets_wait() -> None:
    """A state of the past is being read; a change goes through meanwhile, and the reader gets the state that was asked for."""
    store = Slow()
    desk = Desk(store)
    desk.say("x", A)
    desk.say("x", A, B)
    store.slow = True
    found: list[list[KeyQuad]] = []
    reader = Thread(target=lambda: found.append(said(desk.ledger.snapshot(AsOf(1)))))
    reader.start()
    assert store.asked.wait(WAIT_S)

    desk.say("y", C)
    written = desk.twin.snapshot.revision
    store.let.set()
    reader.join(WAIT_S)

    assert (written, found) == (3, [[A]])


def test_with_the_store_away_what_was_told_at_the_start_is_told_still() -> None:
    """Sources, who says what, branches and revisions."""
    store = Away()
    first = Desk(store)
    first.say("x", A)
    first.ledger.create_branch("b", base=NEWEST, author="ada", reason="")
    desk = first.restarted()
    store.away = True

    assert [source.name for source in desk.ledger.sources()] == ["x"]
    assert [(each.quad, each.source) for each in desk.ledger.provenance("urn:a")] == [(A, "x")]
    assert [branch.name for branch in desk.ledger.branches()] == ["b"]
    assert [revision.number for revision in desk.ledger.revisions()] == [1]


BRANCH = AsOf(branch="b")
QUESTIONS: dict[str, Callable[[Ledger], object]] = {
    "snapshot": lambda ledger: ledger.snapshot(BRANCH),
    "view": lambda ledger: ledger.view(BRANCH),
    "difference": lambda ledger: ledger.difference(NEWEST, BRANCH),
    "compare": lambda ledger: ledger.compare_branch("b"),
    "apply": lambda ledger: ledger.apply_branch("b", author="ada", reason=""),
    "revision": lambda ledger: ledger.revision(1, "b"),
    "provenance": lambda ledger: ledger.provenance("urn:a", BRANCH),
    "change": lambda ledger: ledger.change(
        ChangeSet(QuadBlock.of([B]), QuadBlock.empty()), author="ada", source="x", reason="", branch="b"
    ),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_branch_that_another_process_has_dropped_is_unknown(question: str) -> None:
    """To whoever asks for it, in whatever way."""
    first = Desk()
    first.say("x", A)
    first.ledger.create_branch("b", base=NEWEST, author="ada", reason="")
    first.edit("x", [(*C[:3], "urn:x")], branch="b")
    second = first.restarted()
    first.ledger.drop_branch("b")

    with pytest.raises(UnknownBranch, match="no branch 'b'"):
        QUESTIONS[question](second.ledger)


def test_what_is_wrong_with_a_source_follows_what_others_say_of_its_things() -> None:
    """Another source gives a unit of this one a class that nothing describes, and takes it back."""
    desk = Desk()
    unit: KeyQuad = ("urn:u", RDF + "type", BRICK + "Chiller", "urn:x")
    desk.say("x", unit)

    def codes() -> list[str]:
        return sorted({finding.code for finding in desk.ledger.findings("x")})

    well = codes()
    desk.say("y", ("urn:u", RDF + "type", BRICK + "UPS", "urn:y"))
    sick = codes()
    desk.say("y", C)

    assert sick != well
    assert codes() == well


def test_the_newest_view_is_never_one_of_the_past() -> None:
    """Asked for by whoever hears of a change, it is the state after that change, with live values."""
    desk = Desk()
    views: list[View] = []
    desk.bus.subscribe(GraphChanged, lambda _: views.append(desk.ledger.view(NEWEST)))

    desk.say("x", A)
    first = desk.twin.newest
    desk.say("x", A, B)

    assert views == [first, desk.twin.newest]
    assert [view.snapshot.revision for view in views] == [1, 2]
