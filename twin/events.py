"""What happens in the twin, in the past tense; each event goes over the bus once and is never changed."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.posture.change import PostureChange
from analytics.posture.posture import Counts
from graph.changes import ChangeSet, Revision
from graph.commands import CommandEvent
from graph.snapshot import Snapshot
from graph.values import ReadingBatch


@dataclass(frozen=True, slots=True)
class ReadingStored:
    """Current values have changed: one row a point, as the table has them now (a worse quality by silence included)."""

    batch: ReadingBatch


@dataclass(frozen=True, slots=True)
class GraphChanged:
    """The graph has a new revision: this snapshot of it. Bindings, caches and views renew from it. `change` is what it changed, and
    `revision` who changed it and why; both are None where only the outcome is known."""

    snapshot: Snapshot
    change: ChangeSet | None = None
    revision: Revision | None = None


@dataclass(frozen=True, slots=True)
class PostureChanged:
    """Somebody has lost redundancy or a supply, or got it back: what changed, with the first ids of each kind, and how many of everything
    stand how now. Small: it may wait for many who hear of it."""

    change: PostureChange
    counts: Counts


@dataclass(frozen=True, slots=True)
class CommandChanged:
    """A command has come into another state; the journal has it already."""

    event: CommandEvent
