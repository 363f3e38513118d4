"""What happens in the twin, in the past tense; each event goes over the bus once and is never changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from analytics.posture.change import PostureChange
from analytics.posture.posture import Counts
from graph.changes import ChangeSet, Revision
from graph.commands import CommandEvent
from graph.current import CurrentValues
from graph.snapshot import Snapshot
from graph.values import ReadingBatch, Slots


@dataclass(frozen=True)
class ReadingStored:
    """Current values have changed, a worse quality by silence included: the slots of the points, each once."""

    slots: Slots
    current: CurrentValues

    @cached_property
    def batch(self) -> ReadingBatch:
        """One row a point, as the table has them when it is first asked."""
        return self.current.rows(self.slots)


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
