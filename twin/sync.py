"""What files wish the twin to be: each read whole, as what one source or several say.

Rules of this file:

1. Every file is read before anything is committed: a file that is refused changes nothing, nor do the files beside it.
2. What a file says outside any named graph is said in the graph of its source.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graph.difference import together
from graph.ports import Progress, TwinStore
from graph.snapshot import Snapshot
from ontology.rdf import read
from ontology.sources import source_of
from ontology.terms import QuadBlock


@dataclass(frozen=True, slots=True)
class Wish:
    """What a source wants to say, from now on."""

    source: str
    quads: QuadBlock


def read_files(files: Sequence[Path], source: str | None = None, progress: Progress | None = None) -> list[Wish]:
    """What the files say: each as a source of its own, called by its path as given, or all together under the name of one source.

    What a file without `source` says in the graph of a source (as an export of several sources does) is that source's wish.
    Raises `RdfError`.
    """
    if source is not None:
        names = [file.name for file in files]
        scopes = [f"{source}/{name}#{names[:at].count(name) + 1}" for at, name in enumerate(names)]
        blocks = [read_file(file, source, scope, progress) for file, scope in zip(files, scopes, strict=True)]
        return [Wish(source, blocks[0] if len(blocks) == 1 else together(blocks))]
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


def snapshot_of(store: TwinStore, progress: Progress | None = None) -> Snapshot:
    """The newest revision that the store keeps; revision 0 for an empty one. Raises `StoreUnavailable`."""
    stored = store.load(progress)
    if stored.revision is None:
        return Snapshot.empty()
    revision = stored.revision
    return Snapshot.of(stored.quads, revision.number, revision.cause.at, stored.owners, stored.since, stored.changed)


def wherever_said(snapshot: Snapshot, block: QuadBlock) -> QuadBlock:
    """The triples of a block in every graph in which the snapshot says them. Cost: a few look-ups for each."""
    find, key = snapshot.terms.find, snapshot.key
    found = []
    for quad in block:
        s, p, o = (find(term) for term in quad[:3])
        if s is not None and p is not None and o is not None:
            found += [(*quad[:3], key(graph)) for graph in snapshot.facts.find(s, p, o)[3].tolist()]
    return QuadBlock.of(found)
