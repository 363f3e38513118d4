"""Changes to the twin: what a source says now against what it said before, and the revision that a change becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from ontology.inference import INFERRED_GRAPH
from ontology.sources import refuse_source_name, source_of
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
        if self.revision is not None and self.revision < 0:
            raise ValueError(f"there is no revision {self.revision}: they are counted from 1")
        if self.at is not None and self.at.tzinfo is None:
            raise ValueError(f"the instant {self.at.isoformat()} says no offset from UTC: give one, as in {self.at.isoformat()}Z")

    @property
    def is_past(self) -> bool:
        """Whether it is a state that was, which nobody can write."""
        return self.revision is not None or self.at is not None

    @staticmethod
    def parse(text: str, branch: str = "") -> AsOf:
        """A revision's number, an instant with its offset, or nothing for the newest. Raises `ValueError`."""
        if not text:
            return AsOf(branch=branch)
        if text.isdecimal() and len(text) <= NUMBER_DIGITS_MAX:
            return AsOf(int(text), branch=branch)
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text[:40]!r} is neither a revision's number nor an instant such as 2026-03-03T14:00:00Z") from None
        return AsOf(at=instant, branch=branch)


NUMBER_DIGITS_MAX = 18
"""Digits that a revision's number may have where it is given as text."""
NEWEST = AsOf()
"""The site as it is now."""


def claimed(source: str, wanted: QuadBlock, owners: Mapping[str, str]) -> dict[str, str]:
    """The graphs that `wanted` speaks in and nobody owned, each with its owner `source`. Raises `ValueError` where another owns one, and
    where `source` cannot name one that says something."""
    graphs = wanted.graphs()
    if graphs:
        refuse_source_name(source)
    if INFERRED_GRAPH in graphs:
        raise ValueError(
            f"graph <{INFERRED_GRAPH}> is what follows from what is said, and is never stored: "
            f"leave it out (an export without what is inferred has none)"
        )
    for graph in graphs:
        owner = owners.get(graph) or source_of(graph) or source
        if owner != source:
            raise ValueError(
                f"graph <{graph}> belongs to source {owner!r}, not to {source!r}: "
                f"give it another name in the file, or have {owner!r} say these facts"
            )
    return {graph: source for graph in graphs if graph not in owners}
