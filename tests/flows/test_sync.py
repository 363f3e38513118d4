"""Several files, several sources, one run: each wish is fulfilled on top of the one before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graph.snapshot import Snapshot
from graph.stores.memory import MemoryStore
from ontology.rdf import write
from ontology.terms import QuadBlock
from twin.sync import Loaded, Wish, read_files, snapshot_of, sync

A = ("urn:a", "urn:p", '"1"', "urn:g")
B = ("urn:b", "urn:p", '"2"', "urn:g")
C = ("urn:c", "urn:p", '"3"', "urn:h")


def told(store: MemoryStore, wishes: list[Wish], *, dry_run: bool = False) -> list[Loaded]:
    """What becomes of the wishes on what the store keeps."""
    clock = datetime(2026, 3, 1, tzinfo=UTC)
    return sync(store, snapshot_of(store), wishes, author="ada", reason="test", clock=lambda: clock, dry_run=dry_run)[0]


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
    apart, together = MemoryStore(), MemoryStore()

    for _ in range(2):
        told(apart, read_files(files))
        told(together, read_files(files, "site"))

    assert [file.as_posix() for file in files] == sorted(set(apart.load().owners.values()))
    assert list(together.load().owners.values()) == ["site"]
    assert (len(apart.load().quads), len(together.load().quads)) == (2, 2)


def test_an_export_of_several_sources_goes_back_where_it_came_from(tmp_path: Path) -> None:
    """What stands in a source's own graph is that source's wish, blank nodes included: nothing changes, and an empty twin is the same."""
    files = two_files(tmp_path, "<urn:a> <urn:p> [ <urn:q> 1 ] .", "<urn:b> <urn:p> [ <urn:q> 2 ] .")
    store, empty = MemoryStore(), MemoryStore()
    told(store, read_files(files))
    whole = tmp_path / "whole.nq"
    with whole.open("wb") as out:
        write(snapshot_of(store).quads(), "nquads", out)

    again, anew = told(store, read_files([whole])), told(empty, read_files([whole]))

    assert [(one.added, one.removed) for one in again] == [(0, 0), (0, 0)]
    assert [one.source for one in anew] == [file.as_posix() for file in files]
    assert set(empty.load().quads) == set(store.load().quads)
    assert empty.load().owners == store.load().owners


def test_blank_nodes_of_two_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    """One nameless thing a file: two subjects, with the same keys when the files are read again from elsewhere."""
    files = two_files(tmp_path, "[] <urn:p> 1 .", "[] <urn:p> 2 .")

    (wish,) = read_files(files, "site")
    (again,) = read_files([file.parent / ".." / file.parent.name / file.name for file in files], "site")

    assert len({s for s, _, _, _ in wish.quads}) == 2
    assert list(wish.quads) == list(again.quads)


def test_a_later_wish_of_a_source_replaces_the_earlier_one() -> None:
    """{A, B}, then {B}: A goes; again {A, B}, {B}: A comes and goes, and B stays all the time."""
    store = MemoryStore()
    wishes = [Wish("x", QuadBlock.of([A, B])), Wish("x", QuadBlock.of([B]))]

    first, second = told(store, wishes), told(store, wishes)

    assert [(one.added, one.removed) for one in first] == [(2, 0), (0, 1)]
    assert [(one.added, one.removed) for one in second] == [(1, 0), (0, 1)]
    assert list(store.load().quads) == [B]


def test_two_new_sources_cannot_claim_one_graph_in_one_run() -> None:
    """The first has it; the second is refused before anything is committed."""
    store = MemoryStore()

    with pytest.raises(ValueError, match="graph <urn:g> belongs to source 'x', not to 'y'"):
        told(store, [Wish("x", QuadBlock.of([A])), Wish("y", QuadBlock.of([B]))])

    assert store.load().revision is None


def test_a_dry_run_tells_what_the_run_then_does() -> None:
    """Of two wishes of one source too; the snapshot that it gives back is the one that it was given."""
    store = MemoryStore()
    wishes = [Wish("x", QuadBlock.of([A, B])), Wish("x", QuadBlock.of([B])), Wish("y", QuadBlock.of([C]))]

    dry = told(store, wishes, dry_run=True)
    wet = told(store, wishes)

    assert [(one.added, one.removed, one.quads) for one in dry] == [(one.added, one.removed, one.quads) for one in wet]
    assert [one.revision for one in dry] == [None, None, None]
    assert [one.revision for one in wet] == [1, 2, 3]
    assert (
        sync(MemoryStore(), Snapshot.empty(), wishes, author="a", reason="", clock=lambda: datetime.now(UTC), dry_run=True)[1].revision == 0
    )
