"""A source says what it wants the twin to be, and the twin becomes it: read, compare, commit, next snapshot.

Rules of this file:

1. A source changes its own graphs and nothing else.
2. Every file is read before anything is committed: a file that is refused changes nothing, nor do the files beside it.
3. A dry run is the same way without its last step.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graph.changes import Cause, claimed, desired_state
from graph.ports import Clock, Progress, TwinStore
from graph.snapshot import Snapshot
from ontology.rdf import read
from ontology.sources import source_of
from ontology.terms import QuadBlock


@dataclass(frozen=True, slots=True)
class Wish:
    """What a source wants to say, from now on."""

    source: str
    quads: QuadBlock


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a wish: quads that it holds, that it added and that it removed; the revision, or None when nothing changed."""

    source: str
    quads: int
    added: int
    removed: int
    revision: int | None


def read_files(files: Sequence[Path], source: str | None = None, progress: Progress | None = None) -> list[Wish]:
    """What the files say: each as a source of its own, called by its path as given, or all together under the name of one source.

    What a file without `source` says in the graph of a source (as an export of several sources does) is that source's wish.
    Raises `RdfError`.
    """
    if source is not None:
        names = [file.name for file in files]
        scopes = [f"{source}/{name}#{names[:at].count(name) + 1}" for at, name in enumerate(names)]
        blocks = [read_file(file, source, scope, progress) for file, scope in zip(files, scopes, strict=True)]
        return [Wish(source, blocks[0] if len(blocks) == 1 else QuadBlock.of(quad for block in blocks for quad in block))]
    return [wish for file in files for wish in _by_source(name_of(file), read_file(file, name_of(file), progress=progress))]


def name_of(file: Path) -> str:
    """The source that a file is when none is named: its path as given, in its shortest form."""
    return Path(os.path.normpath(file)).as_posix()


def _by_source(source: str, block: QuadBlock) -> list[Wish]:
    """The block, parted by the sources whose own graphs it speaks in; all else is `source`'s."""
    owner = {graph: source_of(block.terms[graph]) or source for graph in np.unique(block.quads[:, 3]).tolist()}
    owners = sorted(set(owner.values()) or {source})
    if owners == [source]:
        return [Wish(source, block)]
    owned = [[graph for graph, of in owner.items() if of == name] for name in owners]
    return [
        Wish(name, QuadBlock(block.terms, block.quads[np.isin(block.quads[:, 3], graphs)]))
        for name, graphs in zip(owners, owned, strict=True)
    ]


def read_file(file: Path, source: str, scope: str | None = None, progress: Progress | None = None) -> QuadBlock:
    """What one file says, told as it goes; `ontology.rdf.read` says the rest."""

    def told(_: int, done: int, size: int) -> None:
        if progress is not None:
            progress(file.name, done, size)

    return read(file, source=source, scope=scope, progress=told)


def snapshot_of(store: TwinStore) -> Snapshot:
    """The newest revision that the store keeps; revision 0 for an empty one. Raises `StoreUnavailable`."""
    stored = store.load()
    if stored.revision is None:
        return Snapshot.empty()
    return Snapshot.of(stored.quads, stored.revision.number, stored.revision.cause.at, stored.owners)


def sync(
    store: TwinStore, snapshot: Snapshot, wishes: Sequence[Wish], *, author: str, reason: str, clock: Clock, dry_run: bool = False
) -> tuple[list[Loaded], Snapshot]:
    """Fulfil the wishes in order, each on top of the one before. Returns what became of each, and the newest snapshot.

    Raises `ValueError` where a wish speaks in another source's graph (before anything is committed), `StaleRevision`, `StoreUnavailable`.
    """
    _agree(wishes, snapshot.owners)
    done: list[Loaded] = []
    newest = snapshot
    for wish in wishes:
        change = desired_state(wish.source, wish.quads, said_by(newest, wish.source), newest.owners)
        number: int | None = None
        if not change.is_empty:
            cause = Cause(author, wish.source, clock(), reason)
            if not dry_run:
                number = store.commit(change, cause, expected=newest.revision).number
            newest = newest.apply(change, newest.revision + 1, cause.at)
        done.append(Loaded(wish.source, len(wish.quads), len(change.added), len(change.removed), number))
    return done, snapshot if dry_run else newest


def _agree(wishes: Sequence[Wish], owners: Mapping[str, str]) -> None:
    """See that every wish keeps to graphs that are its source's, or nobody's before it."""
    known = dict(owners)
    for wish in wishes:
        known |= claimed(wish.source, wish.quads, known)


def said_by(snapshot: Snapshot, source: str) -> QuadBlock:
    """What a source says in this revision; nothing when it owns no graph."""
    return QuadBlock.of(snapshot.quads(source)) if source in snapshot.owners.values() else QuadBlock.empty()
