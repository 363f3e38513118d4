"""What wires learn about the plant on its way into the graph: the newest of each source, again where the store was away."""

from __future__ import annotations

import pytest

from graph.changes import Cause, ChangeSet, Revision
from graph.errors import StoreUnavailable
from graph.stores.memory import MemoryStore
from ontology.terms import KeyQuad, QuadBlock
from tests.support.ledgers import Desk
from tests.support.wired import wait_until
from twin.sync import Wish
from twin.wishes import Wishes


def wish(source: str, *labels: str, graph: str = "") -> Wish:
    """A wish for some labels."""
    at = graph or f"urn:ridethrough:source:{source}"
    quads: list[KeyQuad] = [(f"urn:x:{label}", "http://www.w3.org/2000/01/rdf-schema#label", f'"{label}"', at) for label in labels]
    return Wish(source, QuadBlock.of(quads))


def test_only_the_newest_wish_of_a_source_is_written_and_all_of_it_may_go() -> None:
    """Three wishes of a source and one of another before the first is looked at: a revision each. Then the source wishes for nothing."""
    with Desk() as desk:
        wishes = Wishes(desk.ledger, pace_s=0.01)
        for each in (wish("a", "one"), wish("b", "two"), wish("a", "three"), wish("a", *"abcdefghijklmnopqrstuvwxyz")):
            wishes.offer(each)
        wishes.start()

        assert wait_until(lambda: desk.twin.snapshot.revision == 2, timeout_s=5)
        wishes.offer(wish("a"))
        assert wait_until(lambda: desk.twin.snapshot.revision == 3, timeout_s=5)
        wishes.close()
        _, change = desk.ledger.revision(3)
        assert (len(change.added), len(change.removed)) == (0, 26)


class AwayStore(MemoryStore):
    """Takes no change while `away`."""

    away = True
    refusals = 0

    def commit(self, change: ChangeSet, cause: Cause, *, expected: int, branch: str = "") -> Revision:
        """Takes the change, or is away."""
        if self.away:
            self.refusals += 1
            raise StoreUnavailable("the store is away")
        return super().commit(change, cause, expected=expected, branch=branch)


def test_a_wish_waits_while_the_store_is_away() -> None:
    """It is tried again at its pace until the store takes it: one revision, nothing told as refused."""
    store = AwayStore()
    with Desk(store) as desk:
        wishes = Wishes(desk.ledger, pace_s=0.01)
        wishes.start()
        wishes.offer(wish("a", "one"))
        assert wait_until(lambda: store.refusals >= 2, timeout_s=5)
        store.away = False

        assert wait_until(lambda: desk.twin.snapshot.revision == 1, timeout_s=5)
        wishes.close()
        assert wishes.refused() == {}


def test_a_refused_wish_is_told_once_and_the_next_one_counts(caplog: pytest.LogCaptureFixture) -> None:
    """A wish that speaks in another source's graph is refused, twice for the same reason; what comes after it is written."""
    with Desk() as desk:
        desk.say("b", ("urn:x:b", "urn:p", '"b"', "urn:ridethrough:source:b"))
        wishes = Wishes(desk.ledger, pace_s=0.01)
        wishes.start()
        for _ in range(2):
            wishes.offer(wish("a", "one", graph="urn:ridethrough:source:b"))
            assert wait_until(lambda: "a" in wishes.refused(), timeout_s=5)
        wishes.offer(wish("a", "two"))

        assert wait_until(lambda: desk.twin.snapshot.revision == 2, timeout_s=5)
        wishes.close()
        assert wishes.refused() == {}
        assert len([each for each in caplog.records if "is refused" in each.getMessage()]) == 1
