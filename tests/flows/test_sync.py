"""Several files, several sources, one run: each wish is fulfilled on top of the one before, as an exact change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from graph.changes import NEWEST, Cause, ChangeSet, Revision
from graph.errors import Refused, StaleRevision
from graph.stores.memory import MemoryStore
from graph.stores.sqlite import SqliteStore
from ontology.findings import Severity
from ontology.inference import INFERRED_GRAPH
from ontology.rdf import write
from ontology.terms import KeyQuad, QuadBlock
from tests.support.ledgers import Desk, said
from twin.ledger.answers import Synced
from twin.sync import Wish, read_files, snapshot_of

A: KeyQuad = ("urn:a", "urn:p", '"1"', "urn:g")
B: KeyQuad = ("urn:b", "urn:p", '"2"', "urn:g")
C: KeyQuad = ("urn:c", "urn:p", '"3"', "urn:h")


def told(desk: Desk, wishes: Sequence[Wish], *, dry_run: bool = False) -> Sequence[Synced]:
    """What becomes of the wishes."""
    return desk.ledger.sync_all(wishes, author="ada", reason="test", dry_run=dry_run)


def counts(done: Sequence[Synced]) -> list[tuple[int, int]]:
    """What each added and removed."""
    return [(len(one.change.added), len(one.change.removed)) for one in done]


def two_files(folder: Path, first: str, second: str) -> list[Path]:
    """`a/site.ttl` and `b/site.ttl` with these texts."""
    files = [folder / "a" / "site.ttl", folder / "b" / "site.ttl"]
    for file, text in zip(files, (first, second), strict=True):
        file.parent.mkdir()
        file.write_text(text)
    return files


def test_files_of_one_name_are_sources_of_their_own_unless_one_is_named(tmp_path: Path) -> None:
    """A file is the source of its path as given: neither takes back what the other says. With a name they are one wish."""
    files = two_files(tmp_path, "<urn:a> <urn:p> 1 .", "<urn:b> <urn:p> 2 .")
    apart, together = Desk(), Desk()

    for _ in range(2):
        told(apart, read_files(files))
        told(together, read_files(files, "site"))

    assert [file.as_posix() for file in files] == sorted(set(apart.store.load().owners.values()))
    assert list(together.store.load().owners.values()) == ["site"]
    assert (len(apart.twin.snapshot), len(together.twin.snapshot)) == (2, 2)


def test_an_export_of_several_sources_goes_back_where_it_came_from(tmp_path: Path) -> None:
    """What stands in a source's own graph is that source's wish, blank nodes included: nothing changes, and an empty twin is the same."""
    files = two_files(tmp_path, "<urn:a> <urn:p> [ <urn:q> 1 ] .", "<urn:b> <urn:p> [ <urn:q> 2 ] .")
    desk, empty = Desk(), Desk()
    told(desk, read_files(files))
    whole = tmp_path / "whole.nq"
    with whole.open("wb") as out:
        write(desk.twin.snapshot.quads(), "nquads", out)

    again, anew = told(desk, read_files([whole])), told(empty, read_files([whole]))

    assert counts(again) == [(0, 0), (0, 0)]
    assert [one.source for one in anew] == [file.as_posix() for file in files]
    assert said(empty.twin.snapshot) == said(desk.twin.snapshot)
    assert empty.store.load().owners == desk.store.load().owners


def test_blank_nodes_of_two_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    """One nameless thing a file: two subjects, with the same keys when the files are read again from elsewhere."""
    files = two_files(tmp_path, "[] <urn:p> 1 .", "[] <urn:p> 2 .")

    (wish,) = read_files(files, "site")
    (again,) = read_files([file.parent / ".." / file.parent.name / file.name for file in files], "site")

    assert len({s for s, _, _, _ in wish.quads}) == 2
    assert list(wish.quads) == list(again.quads)


def test_a_later_wish_of_a_source_replaces_the_earlier_one() -> None:
    """{A, B}, then {B}: A goes; again {A, B}, {B}: A comes and goes, and B stays all the time."""
    desk = Desk()
    wishes = [Wish("x", QuadBlock.of([A, B])), Wish("x", QuadBlock.of([B]))]

    first, second = told(desk, wishes), told(desk, wishes)

    assert (counts(first), counts(second)) == ([(2, 0), (0, 1)], [(1, 0), (0, 1)])
    assert said(desk.twin.snapshot) == list(desk.store.load().quads) == [B]


def test_two_new_sources_cannot_claim_one_graph_in_one_run() -> None:
    """The first has it; the second is refused before anything is committed."""
    desk = Desk()

    with pytest.raises(ValueError, match="graph <urn:g> belongs to source 'x', not to 'y'"):
        told(desk, [Wish("x", QuadBlock.of([A])), Wish("y", QuadBlock.of([B]))])

    assert desk.store.load().revision is None


def test_a_dry_run_tells_what_the_run_then_does() -> None:
    """Of two wishes of one source too; nothing is committed, and nothing is seen."""
    desk = Desk()
    wishes = [Wish("x", QuadBlock.of([A, B])), Wish("x", QuadBlock.of([B])), Wish("y", QuadBlock.of([C]))]

    dry = told(desk, wishes, dry_run=True)
    untouched = (desk.twin.snapshot.revision, desk.store.load().revision)
    wet = told(desk, wishes)

    assert untouched == (0, None)
    assert counts(dry) == counts(wet) == [(2, 0), (0, 1), (1, 0)]
    assert [one.revision for one in dry] == [None, None, None]
    assert [one.revision.number for one in wet if one.revision] == [1, 2, 3]


def test_a_fact_said_by_two_sources_stays_until_both_withdraw_it() -> None:
    """One triple in the graphs of `x` and `y`: one pair for who asks, two facts for who says; gone with the last of them."""
    desk = Desk()
    mine: KeyQuad = ("urn:a", "urn:feeds", "urn:b", "urn:x")
    theirs: KeyQuad = ("urn:a", "urn:feeds", "urn:b", "urn:y")
    desk.say("x", mine)
    desk.say("y", theirs)

    def pairs() -> int:
        return len(desk.twin.snapshot.relation("urn:feeds"))

    both = pairs()
    desk.say("x")
    one = pairs()
    desk.say("y")

    assert (both, one, pairs()) == (1, 1, 0)


def test_a_wish_for_one_graph_leaves_the_other_graphs_of_its_source() -> None:
    """`x` has two graphs; what is said of one of them is no word about the other."""
    desk = Desk()
    other: KeyQuad = ("urn:o", "urn:p", '"1"', "urn:other")
    desk.say("x", A, other)

    desk.ledger.sync(Wish("x", QuadBlock.of([B])), author="ada", reason="", graph="urn:g")

    assert said(desk.twin.snapshot) == [B, other]
    with pytest.raises(ValueError, match="speaks in <urn:h> too"):
        desk.ledger.sync(Wish("x", QuadBlock.of([B, C])), author="ada", reason="", graph="urn:g")
    with pytest.raises(ValueError, match="belongs to source 'x', not to 'y'"):
        desk.ledger.sync(Wish("y", QuadBlock.empty()), author="ada", reason="", graph="urn:g")


def test_the_same_key_is_the_same_change() -> None:
    """An answer was lost, the caller asks again: the revision of the first time comes back, and nothing is done twice."""
    desk = Desk()

    first = desk.say("x", A, key="nightly-7")
    desk.say("x", B)
    again = desk.say("x", A, key="nightly-7")

    assert first.revision == again.revision
    assert list(again.change.added) == [A]
    assert said(desk.twin.snapshot) == [B]
    assert desk.restarted().say("x", A, key="nightly-7").revision == first.revision


def test_a_change_made_against_what_is_no_longer_so_is_told() -> None:
    """Read at revision 1; `x` changed by revision 2: stale. What `y` changed by revision 3 is no matter of `x`."""
    desk = Desk()
    desk.say("x", A)
    desk.say("x", B)
    desk.say("y", C)

    with pytest.raises(StaleRevision, match=r"against revision 1, but <urn:g> was changed by revision 2 since"):
        desk.ledger.sync(Wish("x", QuadBlock.of([A])), author="ada", reason="", expected=1)
    with pytest.raises(StaleRevision, match="the newest is 3"):
        desk.ledger.sync(Wish("x", QuadBlock.of([A])), author="ada", reason="", expected=9)
    done = desk.ledger.sync(Wish("x", QuadBlock.of([A])), author="ada", reason="", expected=2)

    assert done.revision is not None
    assert done.revision.number == 4


def test_an_empty_export_does_not_empty_the_twin() -> None:
    """100 facts, none sent: 100 withdrawn, at most 10 % = 10 may go. Named with count, bound and the way to raise it; ten always may go."""
    desk = Desk()
    facts = [(f"urn:{n}", "urn:p", '"1"', "urn:g") for n in range(100)]
    desk.say("x", *facts)

    with pytest.raises(Refused, match=r"x would withdraw 100 of its 100 facts, and at most 10 \(10 %\) may go.*--max-deletions 100"):
        desk.say("x", share=None)
    desk.say("x", *facts[:90], share=None)
    with pytest.raises(Refused, match=r"would withdraw 11 of its 90 facts, and at most 10 facts may go"):
        desk.say("x", *facts[:79], share=None)
    desk.say("x", *facts[:79], share=0.15)

    assert len(desk.twin.snapshot) == 79


def test_a_small_source_is_not_emptied_either() -> None:
    """One fact of two may go; both only where all was allowed. A bound that is given is meant as said, 0 too."""
    desk = Desk()
    desk.say("x", A, B)

    with pytest.raises(Refused, match=r"x would withdraw 2 of its 2 facts.*--max-deletions 100"):
        desk.say("x", share=None)
    with pytest.raises(Refused, match=r"x would withdraw 1 of its 2 facts, and at most 0 \(0 %\)"):
        desk.say("x", A, share=0.0)
    desk.say("x", A, share=None)
    desk.say("x", share=1.0)

    assert len(desk.twin.snapshot) == 0


def test_a_graph_that_falls_silent_is_told() -> None:
    """200 facts in g1 and 15 in g2; the next export has g1 alone, within the bound: taken, and told, by a dry run before. What is said of
    one graph alone, or withdrawn as a whole, is meant."""
    desk = Desk()
    first = [(f"urn:{n}", "urn:p", '"1"', "urn:g1") for n in range(200)]
    second = [(f"urn:{n}", "urn:q", '"1"', "urn:g2") for n in range(15)]
    desk.say("x", *first, *second)

    tried = desk.ledger.sync(Wish("x", QuadBlock.of(first)), author="ada", reason="", dry_run=True)
    done = desk.say("x", *first, share=None)
    desk.say("x", *first, *second)
    alone = desk.ledger.sync(Wish("x", QuadBlock.of(first[:190])), author="ada", reason="", graph="urn:g1")
    emptied = desk.say("x")

    for each in (tried, done):
        (finding,) = each.findings.new
        assert (finding.severity, finding.code, finding.focus, finding.count) == (Severity.WARNING, "graph-fell-silent", "urn:g2", 15)
        assert finding.message == "graph <urn:g2> says nothing any more (15 facts)"
        assert list(each.findings) == [finding]
    assert done.revision is not None
    assert [list(each.findings) for each in (alone, emptied)] == [[], []]


def test_one_new_value_takes_the_place_of_one_old_value() -> None:
    """1,000 points of one device, and one other after it: 999 are withdrawn."""
    desk = Desk()
    desk.say("x", *(("urn:a", "urn:p", f"urn:{n}", "urn:g") for n in range(1000)))

    with pytest.raises(Refused, match=r"x would withdraw 999 of its 1,000 facts"):
        desk.say("x", ("urn:a", "urn:p", "urn:other", "urn:g"), share=None)


def test_what_would_be_refused_is_shown_by_a_dry_run() -> None:
    """The difference, and why it would not be taken."""
    desk = Desk()
    desk.say("x", A, B)

    done = desk.ledger.sync(Wish("x", QuadBlock.empty()), author="ada", reason="", dry_run=True)

    assert (len(done.change.removed), done.revision) == (2, None)
    assert "x would withdraw 2 of its 2 facts" in done.refused


def test_what_is_inferred_is_not_stored() -> None:
    """Neither as a wish nor as a single fact, on the site or on a branch."""
    desk = Desk()
    desk.ledger.create_branch("b", base=NEWEST, author="ada", reason="")

    for branch in ("", "b"):
        with pytest.raises(ValueError, match="<urn:ridethrough:inferred> is what follows from what is said, and is never stored"):
            desk.say("x", (*A[:3], INFERRED_GRAPH), branch=branch)
        with pytest.raises(ValueError, match="never stored"):
            desk.edit("x", [(*A[:3], INFERRED_GRAPH)], branch=branch)


class Raced(MemoryStore):
    """A store in which another process is first, as often as is said."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def commit(self, change: ChangeSet, cause: Cause, *, expected: int, branch: str = "") -> Revision:
        """First the other's change."""
        if self.times and not branch and expected:
            self.times -= 1
            other = QuadBlock.of([("urn:o", "urn:p", f'"{expected}"', "urn:other")])
            super().commit(
                ChangeSet(other, QuadBlock.empty(), {"urn:other": "other"}), replace(cause, source="other", key=""), expected=expected
            )
        return super().commit(change, cause, expected=expected, branch=branch)


def test_who_set_no_condition_does_not_hear_of_races(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process is first three times: the change is made on top of its revisions. One that is always first is told in the end."""
    monkeypatch.setattr("twin.ledger.writer.TRIED_S", 0.5)
    desk = Desk(Raced(3))
    desk.say("x", A)

    done = desk.say("x", B)
    desk.store.times = 1000  # type: ignore[attr-defined]  # Raced
    with pytest.raises(StaleRevision, match=r"others changed the twin each time that this was tried, 0\.5 s long"):
        desk.say("x", A)

    assert done.revision is not None
    assert done.revision.number == 5
    assert desk.twin.snapshot.revision > 6


def test_who_set_a_condition_hears_of_what_it_is_about_only() -> None:
    """The other's changes are in another graph: the condition holds."""
    desk = Desk(Raced(1))
    desk.say("x", A)

    done = desk.ledger.sync(Wish("x", QuadBlock.of([B])), author="ada", reason="", expected=1, deletions_max=1.0)

    assert done.revision is not None
    assert done.revision.number == 3


def test_a_fact_with_a_successor_is_not_withdrawn() -> None:
    """All 100 values change: subject, predicate and graph stay, so nothing is missed."""
    desk = Desk()
    desk.say("x", *((f"urn:{n}", "urn:p", '"1"', "urn:g") for n in range(100)))

    done = desk.say("x", *((f"urn:{n}", "urn:p", '"2"', "urn:g") for n in range(100)), share=0.0)

    assert (len(done.change.added), len(done.change.removed)) == (100, 100)


def test_single_facts_are_changed_in_graphs_of_their_source_only() -> None:
    """Adding what is there and removing what is not there change nothing; another's graph is refused."""
    desk = Desk()
    desk.say("x", A)
    desk.say("y", C)

    done = desk.edit("x", [A, B], [A, ("urn:never", "urn:p", '"1"', "urn:g")])

    assert (list(done.change.added), list(done.change.removed)) == ([B], [])
    with pytest.raises(ValueError, match="belongs to source 'y', not to 'x'"):
        desk.edit("x", removed=[C])
    with pytest.raises(ValueError, match="belongs to source 'y', not to 'x'"):
        desk.edit("x", added=[("urn:d", "urn:p", '"1"', "urn:h")])


def test_two_processes_on_one_store_follow_each_other() -> None:
    """What another has committed is taken in before a change is made, and by `follow`."""
    first = Desk()
    second = first.restarted()

    first.say("x", A)
    second.say("y", C)
    came = first.ledger.follow()

    assert (came, first.twin.snapshot.revision, second.twin.snapshot.revision) == (1, 2, 2)
    assert said(first.twin.snapshot) == said(second.twin.snapshot) == [A, C]


def test_what_the_sqlite_file_keeps_is_what_is_seen(tmp_path: Path) -> None:
    """Quads, who said each, and the newest revision of each graph: in memory after three changes, and read anew."""
    store = SqliteStore(tmp_path)
    desk = Desk(store)
    desk.say("x", A, B)
    desk.say("x", B)
    desk.say("y", C)

    again = snapshot_of(store)
    store.close()

    assert said(again) == said(desk.twin.snapshot) == [B, C]
    assert dict(again.changed) == dict(desk.twin.snapshot.changed) == {"urn:g": 2, "urn:h": 3}
    assert dict(again.owners) == dict(desk.twin.snapshot.owners)


def test_nothing_is_seen_that_is_not_kept() -> None:
    """The store refuses the commit: readers have what they had, and the next change goes through."""

    class Full(MemoryStore):
        full = True

        def commit(self, change: ChangeSet, cause: Cause, *, expected: int, branch: str = "") -> Revision:
            if self.full:
                raise OSError("disk full")
            return super().commit(change, cause, expected=expected, branch=branch)

    store = Full()
    desk = Desk(store)

    with pytest.raises(OSError, match="disk full"):
        desk.say("x", A)
    unseen = desk.twin.snapshot.revision
    store.full = False
    desk.say("x", A)

    assert (unseen, desk.twin.snapshot.revision) == (0, 1)
