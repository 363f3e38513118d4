"""Undoing a revision, listing what happened, and who says a fact."""

from __future__ import annotations

import pytest

from graph.changes import NEWEST, AsOf
from graph.errors import Refused, UnknownEntity, UnknownRevision
from ontology.namespaces import BRICK, RDF
from ontology.terms import KeyQuad
from tests.support.ledgers import Desk, said
from twin.events import GraphChanged

A: KeyQuad = ("urn:a", "urn:p", '"1"', "urn:x")
B: KeyQuad = ("urn:b", "urn:p", '"2"', "urn:x")
C: KeyQuad = ("urn:c", "urn:p", '"3"', "urn:y")


def test_undoing_a_revision_is_a_revision_of_its_own() -> None:
    """2 replaced A by B; 4 undoes it, after C came: A is back, B gone, C stays. The undone one stays in the list."""
    desk = Desk()
    desk.say("x", A)
    desk.say("x", B)
    desk.say("y", C)

    done = desk.ledger.revert(2, author="bob", reason="was wrong")

    assert done.revision is not None
    assert (done.revision.number, done.revision.cause.author, done.revision.cause.source) == (4, "bob", "x")
    assert (list(done.change.added), list(done.change.removed)) == ([A], [B])
    assert said(desk.twin.snapshot) == [A, C]
    assert [revision.number for revision in desk.ledger.revisions()] == [4, 3, 2, 1]


def test_an_undoing_can_be_undone() -> None:
    """1 said A, 2 took it back by undoing 1, 3 undoes 2."""
    desk = Desk()
    desk.say("x", A)
    desk.ledger.revert(1, author="ada", reason="")

    desk.ledger.revert(2, author="ada", reason="")

    assert said(desk.twin.snapshot) == [A]


def test_what_later_revisions_touched_stands_in_the_way_of_undoing() -> None:
    """Each way: what it added is gone; what it added was said anew; what it removed is back. Nothing changes."""
    desk = Desk()
    desk.say("x", A)
    desk.say("x", B)
    desk.say("x", A)

    with pytest.raises(
        Refused, match=r"revision 2 cannot be undone: later revisions touched 2 of its facts: urn:a urn:p \"1\" is said again"
    ):
        desk.ledger.revert(2, author="ada", reason="")
    with pytest.raises(Refused, match='urn:a urn:p "1" was said anew by revision 3'):
        desk.ledger.revert(1, author="ada", reason="")
    with pytest.raises(UnknownRevision, match="no revision 9: there are 1 to 3"):
        desk.ledger.revert(9, author="ada", reason="")
    assert desk.twin.snapshot.revision == 3


def test_revisions_are_listed_newest_first_by_pages_and_by_source() -> None:
    """1 and 3 are of x, 2 is of y."""
    desk = Desk()
    desk.say("x", A)
    desk.say("y", C)
    desk.say("x", B)
    ledger = desk.ledger

    def numbers(**asked: object) -> list[int]:
        return [revision.number for revision in ledger.revisions(**asked)]  # type: ignore[arg-type]  # the test's own short form

    assert numbers() == [3, 2, 1]
    assert numbers(first=2) == [3, 2]
    assert numbers(before=2) == [1]
    assert numbers(source="x", first=1) == [3]
    assert numbers(source="y") == [2]
    assert numbers(before=1) == []
    assert (ledger.revision(2)[0].cause.source, list(ledger.revision(2)[1].added)) == ("y", [C])


def test_every_fact_names_its_source_and_its_revision() -> None:
    """The same triple in two graphs is said twice, by two revisions; what is said again counts anew."""
    desk = Desk()
    again: KeyQuad = ("urn:a", "urn:p", '"1"', "urn:y")
    desk.say("x", A)
    desk.say("y", again)
    desk.say("x")
    desk.say("x", A)

    told = desk.ledger.provenance("urn:a")

    assert [(one.quad, one.source, one.revision and one.revision.number) for one in told] == [(A, "x", 4), (again, "y", 2)]
    assert [one.revision and one.revision.number for one in desk.ledger.provenance("urn:a", AsOf(2))] == [1, 2]
    with pytest.raises(UnknownEntity, match="no entity 'urn:nowhere' in revision 4"):
        desk.ledger.provenance("urn:nowhere")


def test_facts_of_a_branch_name_the_branch_s_own_revision() -> None:
    """B was said by change 1 of the branch, A by revision 1 of the site."""
    desk = Desk()
    desk.say("x", A)
    desk.ledger.create_branch("b", base=NEWEST, author="ada", reason="")
    desk.edit("x", [("urn:a", "urn:q", '"9"', "urn:x")], branch="b")

    told = desk.ledger.provenance("urn:a", AsOf(branch="b"))

    assert [(one.quad[1], one.revision and (one.revision.number, one.revision.cause.reason)) for one in told] == [
        ("urn:p", (1, "test")),
        ("urn:q", (1, "test")),
    ]
    assert told[1].revision == desk.ledger.branches()[0].revisions[0]


def test_inferred_facts_are_told_when_asked_and_marked_with_what_they_follow_from() -> None:
    """A chiller is a piece of equipment, by its class; it is fed by what feeds it. No source says so."""
    desk = Desk()
    chiller: KeyQuad = ("urn:ch", RDF + "type", BRICK + "Chiller", "urn:x")
    feeds: KeyQuad = ("urn:ch", BRICK + "feeds", "urn:ahu", "urn:x")
    desk.say("x", chiller, feeds)

    ground = desk.ledger.provenance("urn:ch")
    every = {one.quad[:3]: one for one in desk.ledger.provenance("urn:ch", inferred=True)}
    fed = {one.quad[:3]: one for one in desk.ledger.provenance("urn:ahu", inferred=True)}

    assert [one.inferred for one in ground] == [False, False]
    equipment = every["urn:ch", RDF + "type", BRICK + "Equipment"]
    assert (equipment.inferred, equipment.revision, equipment.because) == (True, None, (chiller,))
    assert fed["urn:ahu", BRICK + "isFedBy", "urn:ch"].because == (feeds,)


def test_sources_are_told_with_what_they_say_and_when_they_last_spoke() -> None:
    """Kept up with each change; one that says nothing any more is no longer listed."""
    desk = Desk()
    desk.say("x", A, B)
    first = desk.ledger.sources()
    desk.say("y", C)
    desk.say("x", B)

    told = desk.ledger.sources()
    desk.say("y")

    assert [(one.name, one.graphs, one.quads, one.last and one.last.number, one.policy) for one in first] == [
        ("x", ("urn:x",), 2, 1, "accept")
    ]
    assert [(one.name, one.quads, one.last and one.last.number) for one in told] == [("x", 1, 3), ("y", 1, 2)]
    assert [one.name for one in desk.ledger.sources()] == ["x"]
    assert desk.restarted().ledger.sources() == desk.ledger.sources()


def test_findings_of_a_source_are_those_of_what_it_says_now() -> None:
    """`brick:UPS` is no class: found; with the right class nothing is."""
    desk = Desk()
    desk.say("x", ("urn:u", RDF + "type", BRICK + "UPS", "urn:x"))

    found = desk.ledger.findings("x")
    desk.say("x", ("urn:u", RDF + "type", BRICK + "Chiller", "urn:x"))

    assert [finding.code for finding in found] == ["unknown-term"]
    assert [finding for finding in desk.ledger.findings("x") if finding.code == "unknown-term"] == []
    with pytest.raises(UnknownRevision, match="no source 'bms' in revision 2; there are: x"):
        desk.ledger.findings("bms")


def test_who_hears_of_a_change_hears_who_made_it_and_what_it_was() -> None:
    """One event a revision, after the store has it."""
    desk = Desk()
    heard: list[GraphChanged] = []
    desk.bus.subscribe(GraphChanged, heard.append)

    desk.say("x", A)
    desk.say("x", A)

    (event,) = heard
    assert event.revision == desk.store.revisions()[0]
    assert event.change is not None
    assert list(event.change.added) == [A]
    assert event.snapshot is desk.twin.snapshot


def test_what_was_written_past_the_twin_is_taken_in_when_asked() -> None:
    """A quad appears in the store that no revision says: the twin does not see it until it is taken in, as a revision of its own."""
    desk = Desk()
    desk.say("x", A)
    odd: KeyQuad = ("urn:odd", "urn:p", '"1"', "urn:x")
    desk.store._quads[odd] = 1  # type: ignore[attr-defined]
    unseen = said(desk.twin.snapshot)

    done = desk.ledger.take_in(author="ada", reason="meant")
    again = desk.ledger.take_in(author="ada", reason="meant")

    assert unseen == [A]
    assert done.revision is not None
    assert (done.source, list(done.change.added)) == ("x", [odd])
    assert said(desk.twin.snapshot) == [A, odd]
    assert (again.revision, desk.store.drift().is_empty) == (None, True)
