"""The ledger on a real Neo4j: the same history as in memory, also for a second process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from graph.changes import NEWEST, AsOf
from graph.errors import StaleRevision
from graph.stores.neo4j import Neo4jStore
from ontology.terms import KeyQuad
from tests.support.ledgers import Desk, said, with_since
from tests.support.neo4j_server import emptied

A: KeyQuad = ("urn:a", "urn:p", '"1"', "urn:x")
B: KeyQuad = ("urn:b", "urn:p", "urn:a", "urn:x")
C: KeyQuad = ("urn:c", "urn:q", '"3"@en', "urn:y")


def history(desk: Desk) -> list[object]:
    """Three syncs, an undoing, a branch that is applied; and all that can be asked of it."""
    desk.say("x", A, B)
    desk.say("y", C)
    desk.say("x", B)
    desk.ledger.revert(3, author="bob", reason="back")
    desk.ledger.create_branch("what-if", base=AsOf(2), author="ada", reason="try")
    desk.edit("y", removed=[C], branch="what-if")
    desk.say("y", branch="what-if")
    desk.ledger.apply_branch("what-if", author="bob", reason="agreed")
    return answers(desk)


def answers(desk: Desk) -> list[object]:
    """Every state with who said what, every revision, every source."""
    ledger = desk.ledger
    states = [with_since(ledger.snapshot(AsOf(number))) for number in range(6)]
    changes = [(set(change.added), set(change.removed)) for _, change in map(ledger.revision, range(1, 6))]
    return [states, changes, ledger.revisions(), ledger.sources(), ledger.branches(), ledger.provenance("urn:a")]


def test_neo4j_keeps_the_same_history_as_memory() -> None:
    """And a second process that opens the same server has all of it."""
    url = emptied()
    with Desk(Neo4jStore(url)) as desk:
        told, expected = history(desk), history(Desk())
    with Desk(Neo4jStore(url)) as again:
        reread = answers(again)

    assert told == expected
    assert reread == expected


def test_two_processes_on_one_neo4j_follow_each_other() -> None:
    """What was read before another's change is stale; the branch of one is seen by the other."""
    url = emptied()
    with Desk(Neo4jStore(url)) as first, Desk(Neo4jStore(url)) as second:
        first.say("x", A)
        second.ledger.follow()
        read = second.twin.snapshot.revision
        first.say("x", B)
        first.ledger.create_branch("what-if", base=NEWEST, author="ada", reason="")

        with pytest.raises(StaleRevision):
            second.ledger.change(first.ledger.revision(1)[1], author="ada", source="x", reason="", expected=read)
        second.ledger.follow()
        seen = (said(second.twin.snapshot), [branch.name for branch in second.ledger.branches()])

    assert seen == ([B], ["what-if"])


def test_two_processes_that_write_at_the_same_time_both_come_through() -> None:
    """Eight changes each, of different sources and without a condition: sixteen revisions, and nobody hears of a race."""
    url = emptied()

    with Desk(Neo4jStore(url)) as first, Desk(Neo4jStore(url)) as second:
        desks = (first, second)

        def write(number: int) -> None:
            for value in range(8):
                desks[number].say(f"s{number}", ("urn:a", "urn:p", f'"{value}"', f"urn:g{number}"))

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(write, range(2)))
        for desk in desks:
            desk.ledger.follow()
        seen = [(desk.twin.snapshot.revision, said(desk.twin.snapshot)) for desk in desks]

    assert seen == [(16, [("urn:a", "urn:p", '"7"', f"urn:g{number}") for number in range(2)])] * 2
