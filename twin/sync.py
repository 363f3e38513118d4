"""A source says what it wants the twin to be, and the twin becomes it: read, compare, commit, next snapshot.

Rules of this file:

1. A source changes its own graphs and nothing else.
2. Every file is read before anything is committed: a file that is refused changes nothing, nor do the files beside it.
3. A dry run is the same way without its last step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graph.changes import Cause, ChangeSet, desired_state
from graph.ports import Clock, Progress, TwinStore
from graph.snapshot import Snapshot
from ontology.rdf import read
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
    """What the files say: each under its own name, or all together under the name of one source. Raises `RdfError`."""
    wishes = [_read(file, source or file.name, progress) for file in files]
    if source is None or len(wishes) < 2:
        return wishes
    return [Wish(source, QuadBlock.of(quad for wish in wishes for quad in wish.quads))]


def _read(file: Path, source: str, progress: Progress | None) -> Wish:
    def told(_: int, done: int, size: int) -> None:
        if progress is not None:
            progress(file.name, done, size)

    return Wish(source, read(file, source=source, scope=f"{source}/{file.name}", progress=told))


def snapshot_of(store: TwinStore) -> Snapshot:
    """The newest revision that the store keeps; revision 0 for an empty one. Raises `StoreUnavailable`."""
    stored = store.load()
    if stored.revision is None:
        return Snapshot.empty()
    return Snapshot.of(stored.quads, stored.revision.number, stored.revision.cause.at, stored.owners)


def sync(
    store: TwinStore, snapshot: Snapshot, wishes: Sequence[Wish], *, author: str, reason: str, clock: Clock, dry_run: bool = False
) -> tuple[list[Loaded], Snapshot]:
    """Fulfil the wishes in order. Returns what became of each, and the newest snapshot.

    Raises `ValueError` where a wish speaks in another source's graph (before anything is committed), `StaleRevision`, `StoreUnavailable`.
    """
    changes = [_change(snapshot, wish) for wish in wishes]
    done: list[Loaded] = []
    for wish, change in zip(wishes, changes, strict=True):
        number: int | None = None
        if not change.is_empty and not dry_run:
            cause = Cause(author, wish.source, clock(), reason)
            revision = store.commit(change, cause, expected=snapshot.revision)
            snapshot, number = snapshot.apply(change, revision.number, cause.at), revision.number
        done.append(Loaded(wish.source, len(wish.quads), len(change.added), len(change.removed), number))
    return done, snapshot


def _change(snapshot: Snapshot, wish: Wish) -> ChangeSet:
    current = said_by(snapshot, wish.source)
    if len(current) == 0:
        graphs = {wish.quads.terms[g] for g in np.unique(wish.quads.quads[:, 3]).tolist()}
        if not any(snapshot.owners.get(graph, wish.source) != wish.source for graph in graphs):
            return ChangeSet(wish.quads, QuadBlock.empty(), dict.fromkeys(sorted(graphs), wish.source))
    return desired_state(wish.source, wish.quads, current, snapshot.owners)


def said_by(snapshot: Snapshot, source: str) -> QuadBlock:
    """What a source says in this revision; nothing when it owns no graph."""
    return QuadBlock.of(snapshot.quads(source)) if source in snapshot.owners.values() else QuadBlock.empty()
