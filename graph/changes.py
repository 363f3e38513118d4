"""Changes to the twin: what a source says now against what it said before, and the revision that a change becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

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


def desired_state(source: str, wanted: QuadBlock, current: QuadBlock, owners: Mapping[str, str]) -> ChangeSet:
    """The change that makes a source say exactly `wanted`, where it said `current` until now.

    Raises `ValueError` where `wanted` speaks in a graph that another source owns. Cost: linear in both blocks.
    """
    graphs = {wanted.terms[g] for g in set(wanted.quads[:, 3].tolist())}
    foreign = sorted(graph for graph in graphs if owners.get(graph, source) != source)
    if foreign:
        raise ValueError(
            f"graph <{foreign[0]}> belongs to source {owners[foreign[0]]!r}, not to {source!r}: "
            f"load the file with --source {owners[foreign[0]]}, or give the graph another name in the file"
        )
    before, after = set(current), set(wanted)
    return ChangeSet(
        QuadBlock.of(quad for quad in wanted if quad not in before),
        QuadBlock.of(quad for quad in current if quad not in after),
        dict.fromkeys(sorted(graphs), source),
    )
