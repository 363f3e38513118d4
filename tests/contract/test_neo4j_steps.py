"""Neo4j: changes that are worked off in steps, crashes between them, older schemas, and several processes on one database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from neo4j import Driver, GraphDatabase

from graph import steps
from graph.changes import Branch, Cause, ChangeSet
from graph.errors import Refused, StaleRevision, StoreUnavailable
from graph.packing import pack
from graph.stores.neo4j import Neo4jStore
from graph.stores.neo4j_staging import parts_of
from graph.values import Quality, ReadingBatch
from ontology.terms import KeyQuad, QuadBlock
from tests.support.neo4j_server import emptied

ROOT = Path(__file__).parents[2]
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
DCX = "https://w3id.org/ridethrough/ontology#"
G, H = "urn:test:g", "urn:test:h"
CAUSE = Cause("ada", "plant", datetime(2026, 3, 1, tzinfo=UTC), "first load", "first")
SECOND = Cause("ada", "plant", datetime(2026, 3, 2, tzinfo=UTC), "second load", "second")
PART = 10
CHILD_S = 120


def site(servers: int, label: str) -> list[KeyQuad]:
    """Racks of one hall: a hub with more links than a part holds, and five quads for each server."""
    quads: list[KeyQuad] = [("urn:hall", RDF_TYPE, DCX + "Data_Hall", G), ("urn:hall", LABEL, '"Hall"', G)]
    for number in range(servers):
        server = f"urn:server:{number}"
        quads += [
            ("urn:hall", DCX + "holds", server, G),
            (server, RDF_TYPE, DCX + "Server", G),
            (server, LABEL, f'"{label} {number}"', G),
            (server, DCX + "next", f"urn:server:{(number + 1) % servers}", H),
            (server, DCX + "unlike", f"urn:other:{number}", G),
        ]
    return quads


FIRST = site(30, "server")
LATER = site(25, "machine")
CHANGE_1 = ChangeSet(QuadBlock.of(FIRST), QuadBlock.empty(), {G: "plant", H: "network"})
CHANGE_2 = ChangeSet(QuadBlock.of(q for q in LATER if q not in set(FIRST)), QuadBlock.of(q for q in FIRST if q not in set(LATER)))


@pytest.fixture
def url() -> str:
    """An empty database."""
    return emptied()


@pytest.fixture
def hand(url: str) -> Iterator[Driver]:
    """The same database, as another client sees it."""
    with GraphDatabase.driver(url) as driver:
        yield driver


def opened(url: str, *, read_only: bool = False) -> Neo4jStore:
    """A store whose parts are small."""
    return Neo4jStore(url, part=PART, read_only=read_only)


def ended_at(url: str, step: str, occurrence: int, change: str) -> str:
    """A process that commits `change` and is killed where it reaches the step for that time; what it printed. `-` is never reached."""
    program = f"""
import os, signal
from graph import steps
from tests.contract import test_neo4j_steps as t
count = 0
def watcher(step):
    global count
    count += step == {step!r}
    if step == {step!r} and count == {occurrence}:
        os.kill(os.getpid(), signal.SIGKILL)
store = t.opened({url!r})
steps.watch(watcher)
store.commit(t.{change}, t.CAUSE if {change!r} == "CHANGE_1" else t.SECOND, expected=0 if {change!r} == "CHANGE_1" else 1)
print("committed")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=CHILD_S, check=False)
    assert not done.stderr, done.stderr
    return done.stdout


def test_a_change_is_cut_into_parts_that_know_nothing_of_each_other() -> None:
    """Each quad stands in one part; all that is said of a subject stands together, but for the links of a hub."""
    parts = list(parts_of(ChangeSet(CHANGE_1.added, CHANGE_2.removed, CHANGE_1.graphs), PART))

    assert sorted(quad for part in parts for quad in part.added) == sorted(FIRST)
    assert sorted(quad for part in parts for quad in part.removed) == sorted(CHANGE_2.removed)
    assert [dict(part.graphs) for part in parts] == [dict(CHANGE_1.graphs)] + [{}] * (len(parts) - 1)
    homes: dict[str, set[int]] = {}
    for number, part in enumerate(parts):
        for quad in (*part.added, *part.removed):
            homes.setdefault(quad[0], set()).add(number)
    assert {subject for subject, numbers in homes.items() if len(numbers) > 1} == {"urn:hall"}
    assert max(len(part.added) + len(part.removed) for part in parts) < 3 * PART


def test_a_large_change_becomes_one_revision_as_a_small_one_does(url: str) -> None:
    """Quads, revisions that said them, counts, owners and the change itself are what a store holds that took it in one transaction."""
    store, whole = opened(url), None
    for change, cause, expected in ((CHANGE_1, CAUSE, 0), (CHANGE_2, SECOND, 1)):
        store.commit(change, cause, expected=expected)
        store.write_values(ReadingBatch.of([("urn:server:3", 1.5, 1, 2, Quality.GOOD), ("urn:server:28", 2.5, 1, 2, Quality.GOOD)]))
    in_steps, values, drift = store.load(), store.values(), store.drift()
    kept = [store.change(number) for number in (1, 2)]
    store.close()
    whole = Neo4jStore(emptied())
    whole.commit(CHANGE_1, CAUSE, expected=0)
    whole.commit(CHANGE_2, SECOND, expected=1)
    at_once = whole.load()
    whole.close()

    assert set(in_steps.quads) == set(LATER)
    assert len(in_steps.quads) == len(LATER)
    assert dict(zip(in_steps.quads, in_steps.since.tolist(), strict=True)) == dict(zip(at_once.quads, at_once.since.tolist(), strict=True))
    assert (in_steps.revision, in_steps.owners, in_steps.changed) == (at_once.revision, at_once.owners, at_once.changed)
    assert [(set(c.added), set(c.removed), c.graphs) for c in kept] == [
        (set(c.added), set(c.removed), c.graphs) for c in (CHANGE_1, CHANGE_2)
    ]
    assert list(values.points) == ["urn:server:3"]
    assert drift.is_empty


@pytest.mark.parametrize(
    ("step", "occurrence", "published"),
    [
        ("commit.begun", 1, False),
        ("stage.part", 2, False),
        ("stage.kept", 1, False),
        ("commit.staged", 1, True),
        ("commit.step", 1, True),
        ("commit.step", 9, True),
        ("commit.published", 1, True),
    ],
)
def test_after_a_kill_between_steps_it_is_the_old_revision_or_the_new_one_whole(
    url: str, step: str, occurrence: int, published: bool
) -> None:
    """From the moment that the intent stands the change is done, by whoever comes next; the same change again changes nothing."""
    store = opened(url)
    store.commit(CHANGE_1, CAUSE, expected=0)
    store.close()

    printed = ended_at(url, step, occurrence, "CHANGE_2")
    store = opened(url)
    twin, drift = store.load(), store.drift()
    again = store.commit(CHANGE_2, SECOND, expected=1)
    finished = store.load()
    store.close()

    assert printed == ""
    assert set(twin.quads) == set(LATER if published else FIRST)
    assert drift.is_empty
    assert (again.number, set(finished.quads)) == (2, set(LATER))


def test_who_reads_waits_for_a_change_that_another_works_off(url: str) -> None:
    """A store that is open already finishes what a killed process left; one that may not write sees it when it is done."""
    store = opened(url)
    ended_at(url, "commit.step", 3, "CHANGE_1")
    followed = list(store.revisions())

    twin = store.load()
    reader = opened(url, read_only=True)
    read = reader.load()

    assert followed == []
    assert (set(twin.quads), set(read.quads)) == (set(FIRST), set(FIRST))
    assert [revision.number for revision in reader.revisions()] == [1]
    reader.close()
    store.close()


def test_a_commit_beside_an_open_change_finishes_it_and_is_told_that_it_came_late(url: str) -> None:
    """Nothing of the late one is kept."""
    store = opened(url)
    ended_at(url, "commit.staged", 1, "CHANGE_1")

    with pytest.raises(StaleRevision, match="revision 0, but the newest is 1"):
        store.commit(ChangeSet(QuadBlock.of([("urn:x", LABEL, '"X"', G)]), QuadBlock.empty()), SECOND, expected=0)
    with pytest.raises(StaleRevision, match="revision 0, but the newest is 1"):
        store.commit(CHANGE_2, SECOND, expected=0)

    assert set(store.load().quads) == set(FIRST)
    store.close()


def test_a_part_that_the_server_refuses_turns_the_whole_change_back(url: str, hand: Driver) -> None:
    """Another hand's constraint forbids a label: what was written of the change is undone, and the next change goes through."""
    store = opened(url)
    store.commit(CHANGE_1, CAUSE, expected=0)
    hand.execute_query("CREATE CONSTRAINT test_only_one IF NOT EXISTS FOR (n:Server) REQUIRE n.label IS UNIQUE")
    try:
        twice = [*LATER, ("urn:server:9", LABEL, '"machine 8"', G)]
        spoilt = ChangeSet(QuadBlock.of(q for q in twice if q not in set(FIRST) and q[2] != '"machine 9"'), CHANGE_2.removed)
        with pytest.raises(StoreUnavailable, match="could not do it"):
            store.commit(spoilt, SECOND, expected=1)
        twin, drift = store.load(), store.drift()
    finally:
        hand.execute_query("DROP CONSTRAINT test_only_one")
    done = store.commit(CHANGE_2, SECOND, expected=1)

    assert set(twin.quads) == set(FIRST)
    assert drift.is_empty
    assert (done.number, set(store.load().quads)) == (2, set(LATER))
    store.close()


def test_a_name_that_is_longer_than_neo4j_can_index_is_refused_before_anything_is_written(url: str) -> None:
    """With its length and the limit."""
    store = opened(url)

    with pytest.raises(Refused, match=r"8,9\d\d bytes long, Neo4j keeps names up to 8,000"):
        store.commit(ChangeSet(QuadBlock.of([("urn:" + "x" * 8_950, LABEL, '"X"', G)]), QuadBlock.empty()), CAUSE, expected=0)

    assert store.load().revision is None
    store.close()


def test_a_large_change_of_a_branch_is_kept_in_parts_apart_from_the_data(url: str, hand: Driver) -> None:
    """It comes back as it was; a dropped branch leaves nothing behind."""
    store = opened(url)
    store.create_branch(Branch("what-if", 0, CAUSE))

    store.commit(CHANGE_1, SECOND, expected=0, branch="what-if")

    kept = store.change(1, "what-if")
    assert set(kept.added) == set(FIRST)
    assert len(store.load().quads) == 0
    store.drop_branch("what-if")
    [record] = hand.execute_query("MATCH (n) WHERE n:TwinPart OR n:TwinBranch OR n:TwinBranchRevision RETURN count(n) AS n").records
    assert record["n"] == 0
    store.close()


# -- older schemas ------------------------------------------------------------------------------------------------


def version_1(hand: Driver) -> None:
    """A database as version 1 of the schema left it after two revisions: no revision beside a fact, none on a relationship."""
    first = ChangeSet(
        QuadBlock.of([("urn:u", RDF_TYPE, DCX + "UPS", G), ("urn:u", LABEL, '"old name"', G), ("urn:u", DCX + "feedsPower", "urn:p", G)]),
        QuadBlock.empty(),
        {G: "plant"},
    )
    second = ChangeSet(
        QuadBlock.of([("urn:u", LABEL, '"new name"', H), ("urn:u", DCX + "feedsPower", "urn:p", H)]),
        QuadBlock.of([("urn:u", LABEL, '"old name"', G)]),
    )
    hand.execute_query(
        """
        CREATE (:Twin {key: 'twin', revision: 2, asked: 'x'}), (:Graph {iri: $g, owner: 'plant'}),
          (:Name {kind: 'label', iri: $ups, name: 'UPS'}), (:Name {kind: 'predicate', iri: $label, name: 'label'}),
          (:Name {kind: 'predicate', iri: $type, name: 'type'}), (:Name {kind: 'predicate', iri: $feeds, name: 'feedsPower'}),
          (u:Resource:UPS {iri: 'urn:u', label: 'new name', _facts: ['label ' + $h + ' "new name"', 'type ' + $g + ' ' + $ups]}),
          (u)-[:feedsPower {predicate: $feeds, graphs: [$g, $h]}]->(:Resource {iri: 'urn:p'})
        """,
        g=G, h=H, ups=DCX + "UPS", label=LABEL, type=RDF_TYPE, feeds=DCX + "feedsPower",
    )  # fmt: skip
    for number, change in ((1, first), (2, second)):
        hand.execute_query(
            "CREATE (:Revision {number: $number, author: 'ada', source: 'plant', at: datetime('2026-03-01T00:00:00Z'), reason: '', "
            "added: $added, removed: $removed, change: $change, commit: 'x'})",
            number=number, added=len(change.added), removed=len(change.removed), change=pack(change),
        )  # fmt: skip


def test_a_database_of_version_1_learns_which_revision_said_each_fact(url: str, hand: Driver) -> None:
    """By replaying its change sets; nothing else changes, and the next to open it finds it done."""
    version_1(hand)

    store = opened(url)
    twin, drift = store.load(), store.drift()
    store.close()

    assert dict(zip(twin.quads, twin.since.tolist(), strict=True)) == {
        ("urn:u", RDF_TYPE, DCX + "UPS", G): 1,
        ("urn:u", LABEL, '"new name"', H): 2,
        ("urn:u", DCX + "feedsPower", "urn:p", G): 1,
        ("urn:u", DCX + "feedsPower", "urn:p", H): 2,
    }
    assert (twin.changed, twin.owners, drift.is_empty) == ({G: 2, H: 2}, {G: "plant"}, True)


@pytest.mark.parametrize("step", ["migration.2.begun", "migration.2.written", "migration.2.done"])
def test_a_migration_that_was_cut_off_goes_on_at_the_next_opening(url: str, hand: Driver, step: str) -> None:
    """Each page is written once."""
    version_1(hand)

    class Cut(Exception):
        """Stands for the end of the process."""

    def watcher(reached: str) -> None:
        if reached == step:
            raise Cut

    steps.watch(watcher)
    try:
        with pytest.raises(Cut):
            opened(url)
    finally:
        steps.watch(None)
    store = opened(url)
    twin, drift = store.load(), store.drift()
    store.close()

    assert sorted(twin.since.tolist()) == [1, 1, 2, 2]
    assert drift.is_empty


def test_a_schema_that_cannot_be_used_is_told_with_the_next_step(url: str, hand: Driver) -> None:
    """One of a newer program, and an older one for who may only read."""
    version_1(hand)
    with pytest.raises(StoreUnavailable, match=r"older schema 1, not 2: open it once with a verb that writes"):
        opened(url, read_only=True)

    hand.execute_query("MATCH (t:Twin) SET t.schema = 99")

    with pytest.raises(StoreUnavailable, match=r"schema 99, this program knows up to 2: use the newer program"):
        opened(url)


# -- several processes --------------------------------------------------------------------------------------------


def test_a_first_load_that_another_takes_steps_of_becomes_whole(url: str) -> None:
    """What was worked out ahead counts only for its own step; here another opener takes all that are left."""
    others: list[Neo4jStore] = []

    def watcher(step: str) -> None:
        if step == "commit.step" and not others:
            steps.watch(None)
            others.append(opened(url))

    store = opened(url)
    steps.watch(watcher)
    try:
        store.commit(CHANGE_1, CAUSE, expected=0)
    finally:
        steps.watch(None)
    twin, drift = store.load(), store.drift()
    for each in (store, *others):
        each.close()

    assert others
    assert sorted(twin.quads) == sorted(FIRST)
    assert drift.is_empty


def test_two_processes_on_one_database_follow_each_other_and_a_lost_race_is_told(url: str) -> None:
    """Two children each add twenty facts, reading again whenever the other was first: forty revisions come of it, none lost."""
    program = f"""
import sys
from graph.changes import ChangeSet
from graph.errors import StaleRevision
from ontology.terms import QuadBlock
from tests.contract import test_neo4j_steps as t
store, newest, lost = t.opened({url!r}), 0, 0
for number in range(20):
    change = ChangeSet(QuadBlock.of([(f"urn:{{sys.argv[1]}}", t.LABEL, f'"{{number}}"', t.G)]), QuadBlock.empty())
    cause = t.Cause(sys.argv[1], "plant", t.CAUSE.at, str(number), f"{{sys.argv[1]}}-{{number}}")
    while True:
        try:
            newest = store.commit(change, cause, expected=newest).number
            break
        except StaleRevision:
            lost += 1
            newest = store.revisions(newest)[-1].number
print(lost)
"""
    children = [
        subprocess.Popen([sys.executable, "-c", program, name], cwd=ROOT, stdout=subprocess.PIPE, text=True) for name in ("ada", "bob")
    ]
    printed = [child.communicate(timeout=CHILD_S)[0] for child in children]
    store = opened(url)

    revisions = store.revisions()

    assert [child.returncode for child in children] == [0, 0], printed
    assert [revision.number for revision in revisions] == list(range(1, 41))
    assert sorted(revision.cause.key for revision in revisions) == sorted(f"{name}-{n}" for name in ("ada", "bob") for n in range(20))
    assert len(store.load().quads) == 40
    store.close()
