"""A process that is killed, at every named step of every durable act and at random moments: what is kept is the old or the new, whole.

Each run is a fork of this process that ends itself by SIGKILL at one step. The steps are those that a first run without a kill has
reached, so that a new one is covered by itself.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from graph import steps
from graph.changes import AsOf, Branch, Cause, ChangeSet, Revision
from graph.current import CurrentValues
from graph.errors import StoreUnavailable
from graph.ports import TwinStore
from graph.stores.sqlite import SqliteStore
from ontology.terms import KeyQuad, QuadBlock
from ontology.vocabulary import Vocabulary, load_vocabulary
from tests.contract.conftest import opener_of
from tests.contract.test_sqlite_migrations import old_file
from twin.bus import Bus
from twin.ledger.answers import Policies, Policy
from twin.ledger.ledger import Ledger
from twin.state import Twin
from twin.sync import Wish, snapshot_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TYPE, LABEL = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "http://www.w3.org/2000/01/rdf-schema#label"
FEEDS, UPS = "https://brickschema.org/schema/Brick#feeds", "https://w3id.org/ridethrough/ontology#UPS"
GRAPH = "urn:ridethrough:source:plan"
OPENS_WITHIN_S = 20.0
"""How long a store may say that the dead process still holds it: a server notices a broken connection within this."""


def site(*numbers: int) -> QuadBlock:
    """Some units, each with a type, a label and a feed to the first."""
    return QuadBlock.of(
        quad
        for n in numbers
        for quad in (
            (f"urn:ups:{n}", TYPE, UPS, GRAPH),
            (f"urn:ups:{n}", LABEL, f'"UPS {n}"', GRAPH),
            (f"urn:ups:{n}", FEEDS, f"urn:ups:{n + 1}", GRAPH),
        )
    )


@cache
def vocabulary() -> Vocabulary:
    return load_vocabulary()


def ledger_on(store: TwinStore) -> Ledger:
    """The one writer, on what the store keeps."""

    def clock() -> datetime:
        return NOON

    twin = Twin(vocabulary(), snapshot_of(store), CurrentValues(), Bus(), clock)
    return Ledger(store, twin, clock, Policies({"strict": Policy.QUARANTINE}))


def says(ledger: Ledger, key: str, *numbers: int) -> None:
    ledger.sync(Wish("plan", site(*numbers)), author="ada", reason=key, key=key, deletions_max=1.0)


def changes(ledger: Ledger, key: str, added: QuadBlock, removed: QuadBlock, branch: str = "") -> None:
    ledger.change(ChangeSet(added, removed), author="ada", source="plan", reason=key, key=key, branch=branch)


def branches_off(ledger: Ledger) -> None:
    ledger.create_branch("what-if", base=AsOf(revision=1), author="ada", reason="try")


def _two_revisions(ledger: Ledger) -> None:
    says(ledger, "first", 1, 2, 3)
    says(ledger, "second", 2, 3, 4, 5)


def _a_branch(ledger: Ledger) -> None:
    says(ledger, "first", 1, 2, 3)
    branches_off(ledger)
    changes(ledger, "on branch", site(7), site(2), branch="what-if")


def held_up(ledger: Ledger, name: str) -> None:
    """A source in quarantine says what no ontology describes."""
    quad = (f"urn:strict:{name}", TYPE, "https://brickschema.org/schema/Brick#Nothing", "urn:strict")
    ledger.sync(Wish("strict", QuadBlock.of([quad])), author="ada", reason=name)


def _held_up_once(ledger: Ledger) -> None:
    says(ledger, "first", 1)
    held_up(ledger, "old")


def _once(act: Callable[[Ledger], object]) -> Callable[[Ledger], object]:
    """The act of someone who looks first whether the branch is there."""

    def unless_done(ledger: Ledger) -> object:
        return None if ledger.branches() else act(ledger)

    return unless_done


def _drops_branches(ledger: Ledger) -> None:
    for branch in ledger.branches():
        ledger.drop_branch(branch.name)


Act = Callable[[Ledger], object]
ACTS: Mapping[str, tuple[Act, Act]] = {
    "load": (lambda _: None, lambda ledger: says(ledger, "k", *range(40))),
    "sync": (lambda ledger: says(ledger, "first", 1, 2, 3), lambda ledger: says(ledger, "k", 2, 3, 4, 5)),
    "commit": (lambda ledger: says(ledger, "first", 1, 2, 3), lambda ledger: changes(ledger, "k", site(6), site(1))),
    "revert": (_two_revisions, lambda ledger: ledger.revert(2, author="ada", reason="undo", key="k")),
    "branch create": (lambda ledger: says(ledger, "first", 1), _once(branches_off)),
    "branch change": (_a_branch, lambda ledger: changes(ledger, "k", site(8), site(7), branch="what-if")),
    "branch drop": (_a_branch, _drops_branches),
    "quarantine": (_held_up_once, lambda ledger: held_up(ledger, "new")),
    "branch apply": (_a_branch, lambda ledger: ledger.apply_branch("what-if", author="ada", reason="so be it", key="k")),
}
"""What leads up to each act, and the act; done again with the same key, it is done once."""


@dataclass(frozen=True)
class Site:
    """All that is kept of the site."""

    revisions: Sequence[Revision]
    quads: Mapping[KeyQuad, int]
    owners: Mapping[str, str]
    changed: Mapping[str, int]
    changes: Sequence[tuple[frozenset[KeyQuad], frozenset[tuple[KeyQuad, int]]]]


@dataclass(frozen=True)
class Kept:
    """All that a store keeps: the site, and the branches with their changes."""

    site: Site
    branches: Sequence[tuple[Branch, Sequence[object]]]


def kept_by(store: TwinStore) -> Kept:
    """What is kept; fails when it is at odds with itself."""
    twin, revisions = store.load(), list(store.revisions())
    assert store.drift().is_empty
    assert twin.revision == (revisions[-1] if revisions else None)
    assert [revision.number for revision in revisions] == list(range(1, len(revisions) + 1))
    quads = dict(zip(twin.quads, twin.since.tolist(), strict=True))
    changes = [_plain(store.change(revision.number)) for revision in revisions]
    assert [(revision.added, revision.removed) for revision in revisions] == [(len(added), len(removed)) for added, removed in changes]
    branches = [
        (branch, [_plain(store.change(revision.number, branch.name)) for revision in branch.revisions]) for branch in store.branches()
    ]
    return Kept(Site(revisions, quads, dict(twin.owners), dict(twin.changed), changes), branches)


def _plain(change: ChangeSet) -> tuple[frozenset[KeyQuad], frozenset[tuple[KeyQuad, int]]]:
    return frozenset(change.added), frozenset(zip(change.removed, change.since.tolist(), strict=True))


Opener = Callable[[], TwinStore]


def opened(opener: Opener) -> TwinStore:
    """The store, as soon as it does not hold the dead process's work open any more."""
    until = time.monotonic() + OPENS_WITHIN_S
    while True:
        try:
            return opener()
        except StoreUnavailable:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def on(opener: Opener, act: Act) -> None:
    """Open, act, close."""
    store = opened(opener)
    try:
        act(ledger_on(store))
    finally:
        store.close()


def seen(opener: Opener) -> Kept:
    """What is kept there now."""
    store = opened(opener)
    try:
        return kept_by(store)
    finally:
        store.close()


def in_child(work: Callable[[], object], kill_at: int) -> list[str]:
    """Do the work in a fork that kills itself at the step of that number (from 0; -1: never). Returns the steps that it reached."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        _do_and_end(work, kill_at, read_end, write_end)
    os.close(write_end)
    with os.fdopen(read_end, encoding="utf-8") as told:
        reached = told.read().splitlines()
    _, status = os.waitpid(child, 0)
    if kill_at < 0:
        assert os.waitstatus_to_exitcode(status) == 0, "\n".join(reached)
    else:
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "\n".join(reached)
    return reached


def _do_and_end(work: Callable[[], object], kill_at: int, read_end: int, write_end: int) -> None:
    """The life of the fork: it never comes back."""
    os.close(read_end)
    count = 0

    def watcher(step: str) -> None:
        nonlocal count
        os.write(write_end, f"{step}\n".encode())
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1

    try:
        steps.watch(watcher)
        work()
        os._exit(0)
    except BaseException:
        os.write(write_end, traceback.format_exc().encode())
        os._exit(1)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("kind", ["sqlite", "neo4j"])
def test_a_kill_at_any_step_leaves_the_old_or_the_new(kind: str, act: str, tmp_path: Path) -> None:
    """Site and branches, with causes, change sets and who said each quad; the store opens by itself; done again, the act is done once."""
    prepare, do = ACTS[act]
    opener = opener_of(kind, tmp_path / "whole")
    on(opener, prepare)
    before = seen(opener)
    reached = in_child(lambda: on(opener, do), kill_at=-1)
    after = seen(opener)
    assert reached
    assert after != before

    for number, step in enumerate(reached):
        opener = opener_of(kind, tmp_path / str(number))
        on(opener, prepare)
        in_child(lambda opener=opener: on(opener, do), kill_at=number)  # type: ignore[misc] # the loop's own store
        found = seen(opener)
        assert found.site in (before.site, after.site), step
        assert found.branches in (before.branches, after.branches), step
        on(opener, do) if found != after else None
        assert seen(opener) == after, f"done again after {step}"


def test_a_kill_at_any_step_of_a_migration_leaves_a_file_that_migrates(tmp_path: Path) -> None:
    """Of the first schema or of the newest; opening it again does the rest, and nothing is lost."""

    def at(name: str) -> Path:
        (tmp_path / name).mkdir()
        return old_file(tmp_path / name)

    whole = at("whole")
    reached = in_child(lambda: SqliteStore(whole).close(), kill_at=-1)
    expected = seen(lambda: SqliteStore(whole))
    assert len(reached) >= 3

    for number, step in enumerate(reached):
        folder = at(str(number))
        in_child(lambda folder=folder: SqliteStore(folder), kill_at=number)  # type: ignore[misc] # the loop's own folder
        assert seen(lambda folder=folder: SqliteStore(folder)) == expected, step  # type: ignore[misc]
        shutil.rmtree(folder)


QUADS_A_COMMIT = {"sqlite": 3_000, "neo4j": 300}


def quads_of(number: int, count: int) -> QuadBlock:
    """What the change after revision `number` adds."""
    return QuadBlock.of((f"urn:{number}:{n}", LABEL, f'"{n}"', "urn:g") for n in range(count))


def commits_for_ever(opener: Opener, count: int) -> None:
    """One commit after the other, each adding its own quads and taking back those of two before; each number is a step once durable."""
    store = opened(opener)
    number = len(store.revisions())
    while True:
        gone = quads_of(number - 2, count) if number >= 2 else QuadBlock.empty()
        store.commit(ChangeSet(quads_of(number, count), gone), Cause("ada", "test", NOON, ""), expected=number)
        number += 1
        steps.reached(f"answered {number}")


@pytest.mark.parametrize("kind", ["sqlite", "neo4j"])
def test_a_kill_at_a_random_moment_loses_nothing_that_was_answered(kind: str, tmp_path: Path) -> None:
    """Four times: every commit that was answered is there, and the quads are those of the newest revision."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    opener, count = opener_of(kind, tmp_path), QUADS_A_COMMIT[kind]
    opened(opener).close()
    answered = 0

    for _ in range(4):
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            _do_and_end(lambda: commits_for_ever(opener, count), -1, read_end, write_end)
        os.close(write_end)
        time.sleep(chance.uniform(0.05, 0.6))
        os.kill(child, signal.SIGKILL)
        with os.fdopen(read_end, encoding="utf-8") as told:
            answers = [int(line.split()[1]) for line in told.read().splitlines() if line.startswith("answered ")]
        os.waitpid(child, 0)
        answered = answers[-1] if answers else answered

        store = opened(opener)
        twin = store.load()
        newest = twin.revision.number if twin.revision else 0
        assert newest in (answered, answered + 1), f"seed {seed}"
        expected = {quad for number in range(max(newest - 2, 0), newest) for quad in quads_of(number, count)}
        assert set(twin.quads) == expected, f"seed {seed}"
        assert store.drift().is_empty, f"seed {seed}"
        store.close()
        answered = newest
    assert answered > 0
