"""Changes to the twin: what a source says now against what it said before, and the revision that a change becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from ontology.sources import source_of
from ontology.terms import QuadBlock


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Quads to add and quads to remove, made against one revision. `graphs` gives each graph's owner that the change makes known."""

    added: QuadBlock
    removed: QuadBlock
    graphs: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether the change would leave the twin as it is."""
        return len(self.added) == 0 and len(self.removed) == 0


@dataclass(frozen=True, slots=True)
class Cause:
    """Who changes the twin, on behalf of which source, when (aware UTC) and why."""

    author: str
    source: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Revision:
    """One accepted change: its number (the first is 1), its cause and its counts."""

    number: int
    cause: Cause
    added: int
    removed: int


def claimed(source: str, wanted: QuadBlock, owners: Mapping[str, str]) -> dict[str, str]:
    """The graphs that `wanted` speaks in, sorted, each with its owner `source`. Raises `ValueError` where another source owns one."""
    graphs = sorted({wanted.terms[g] for g in np.unique(wanted.quads[:, 3]).tolist()})
    for graph in graphs:
        owner = owners.get(graph) or source_of(graph) or source
        if owner != source:
            raise ValueError(
                f"graph <{graph}> belongs to source {owner!r}, not to {source!r}: "
                f"load the file with --source {owner}, or give the graph another name in the file"
            )
    return dict.fromkeys(graphs, source)


def desired_state(source: str, wanted: QuadBlock, current: QuadBlock, owners: Mapping[str, str]) -> ChangeSet:
    """The change that makes a source say exactly `wanted`, where it said `current` until now.

    Raises `ValueError` as `claimed` does. Cost: linear in both blocks; a source that said nothing pays for the graphs' names only.
    """
    graphs = claimed(source, wanted, owners)
    if len(current) == 0:
        return ChangeSet(wanted, QuadBlock.empty(), graphs)
    before, after = set(current), set(wanted)
    return ChangeSet(
        QuadBlock.of(quad for quad in wanted if quad not in before),
        QuadBlock.of(quad for quad in current if quad not in after),
        graphs,
    )
