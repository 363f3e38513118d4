"""Changes to the twin: what a source says now against what it said before, and the revision that a change becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from ontology.sources import source_of
from ontology.terms import Ids, QuadBlock


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Quads to add and quads to remove, made against one revision. `graphs` gives each graph's owner that the change makes known.

    A change is *exact* when nothing added was there and nothing removed was missing (`Snapshot.exact` makes it so); only an exact
    change can be undone. `since` says, for each removed quad, the revision that had said it; it is empty where that is not known.
    """

    added: QuadBlock
    removed: QuadBlock
    graphs: Mapping[str, str] = field(default_factory=dict)
    since: Ids = field(default_factory=lambda: np.empty(0, dtype=np.int32))

    def __post_init__(self) -> None:
        if len(self.since) not in {0, len(self.removed)}:
            raise ValueError(f"since has {len(self.since)} revisions for {len(self.removed)} removed quads: give one each, or none")

    @property
    def is_empty(self) -> bool:
        """Whether the change would leave the twin as it is."""
        return len(self.added) == 0 and len(self.removed) == 0

    def inverse(self) -> ChangeSet:
        """The change that undoes this exact one. Owners stay known."""
        return ChangeSet(self.removed, self.added)


@dataclass(frozen=True, slots=True)
class Cause:
    """Who changes the twin, on behalf of which source, when (aware UTC) and why. `key` is the caller's own name of this change, made
    once for all its tries: the same key is the same change, so that an answer that was lost can be asked for again."""

    author: str
    source: str
    at: datetime
    reason: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """One accepted change: its number (the first is 1), its cause and its counts."""

    number: int
    cause: Cause
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Branch:
    """A what-if: changes of its own (numbered from 1) on top of revision `base` of the site, which they do not touch."""

    name: str
    base: int
    cause: Cause
    revisions: tuple[Revision, ...] = ()


@dataclass(frozen=True, slots=True)
class AsOf:
    """Which state of the twin is asked about: a revision's number, or the newest revision of an instant (aware UTC), or the newest of
    all; of the site, or of a branch, whose own changes are counted from 1 (0 is its base)."""

    revision: int | None = None
    at: datetime | None = None
    branch: str = ""

    def __post_init__(self) -> None:
        if self.revision is not None and self.at is not None:
            raise ValueError("a revision and an instant exclude each other: give one of them")


NEWEST = AsOf()
"""The site as it is now."""


def claimed(source: str, wanted: QuadBlock, owners: Mapping[str, str]) -> dict[str, str]:
    """The graphs that `wanted` speaks in and nobody owned, each with its owner `source`. Raises `ValueError` where another owns one."""
    graphs = sorted({wanted.terms[g] for g in np.unique(wanted.quads[:, 3]).tolist()})
    for graph in graphs:
        owner = owners.get(graph) or source_of(graph) or source
        if owner != source:
            raise ValueError(
                f"graph <{graph}> belongs to source {owner!r}, not to {source!r}: "
                f"load the file with --source {owner}, or give the graph another name in the file"
            )
    return {graph: source for graph in graphs if graph not in owners}
