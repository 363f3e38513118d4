"""The twin in this process: the newest snapshot, and what follows from a snapshot (supply graph, drawing), worked out once for a state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from analytics.conditions import Conditions, CurrentValue, positions
from analytics.impact import BlastRadius, Told, impact
from analytics.layout import GraphView, layout
from analytics.reuse import Compiled, carried_over, compiled
from analytics.standing import Standing, standing
from analytics.supply_graph import SupplyGraph
from graph.changes import ChangeSet, Revision
from graph.current import CurrentValues
from graph.ports import Clock
from graph.snapshot import Snapshot
from graph.values import Quality
from ontology.vocabulary import Vocabulary
from twin.bus import Bus
from twin.events import GraphChanged


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was worked out for an earlier state, and the changes since."""

    compiled: Compiled
    changes: tuple[ChangeSet, ...]

    def and_then(self, change: ChangeSet) -> Earlier | None:
        """One change more; None when there are too many facts to look at."""
        changes = (*self.changes, change)
        facts = sum(len(each.added) + len(each.removed) for each in changes)
        return Earlier(self.compiled, changes) if facts <= CARRIED_MAX and len(changes) <= CARRIED_MAX else None


CARRIED_MAX = 5_000
"""Changed facts beyond which a supply graph is compiled anew without looking at them."""


class View:
    """The questions of one state of the twin. `known` gives its live values (none for a state of the past), `clock` the instant that
    conditions are of. Safe from any thread; it never changes."""

    def __init__(self, vocabulary: Vocabulary, snapshot: Snapshot, known: CurrentValue, clock: Clock) -> None:
        self.vocabulary = vocabulary
        self.snapshot = snapshot
        self._known, self._clock = known, clock
        self._lock = Lock()
        self._worked: Compiled | Earlier | None = None
        """What is worked out; read without the lock, which only keeps two threads from working it out."""

    def after(self, older: View, change: ChangeSet | None) -> View:
        """This view, which may use what the view before the change has worked out."""
        worked = older._worked
        start = Earlier(worked, ()) if isinstance(worked, Compiled) else worked
        if start is not None and change is not None:
            self._worked = start.and_then(change)
        return self

    def supply(self) -> SupplyGraph:
        """The supply graph, made at the first question: carried over from an earlier state where no change since counts, else compiled."""
        worked = self._worked
        if not isinstance(worked, Compiled):
            with self._lock:
                worked = self._worked = self._compiled(self._worked)
        return worked.graph

    def _compiled(self, worked: Compiled | Earlier | None) -> Compiled:
        if isinstance(worked, Compiled):
            return worked
        found = None if worked is None else carried_over(worked.compiled, self.snapshot, worked.changes, self.vocabulary)
        return found or compiled(self.snapshot, self.vocabulary)

    def conditions(self) -> Conditions:
        """The instant, with the switches where the live values say that they are, and else where they stand normally."""
        return Conditions(self._clock(), positions(self.snapshot, self.vocabulary, self._known))

    def impact(self, failed: Sequence[str], media: Sequence[str] | None = None, told: Told = Told.WHY) -> BlastRadius:
        """What is hit when the given entities fail together. Raises `UnknownEntity`."""
        return impact(self.supply(), failed, self.conditions(), media, told)

    def view(self, around: str, hops: int, limit: int) -> GraphView:
        """The graph around an entity, laid out by supply level. Raises `UnknownEntity`."""
        return layout(self.snapshot, self.vocabulary, self.supply(), around, hops, limit)

    def standing(self, ids: Sequence[str]) -> Standing:
        """What of the given entities is without a supply, and which switches are open."""
        return standing(self.supply(), ids, self.conditions())


class Twin:
    """Holds the newest view. Reading is safe from any thread; only the one writer calls `replace`."""

    def __init__(self, vocabulary: Vocabulary, snapshot: Snapshot, current: CurrentValues, bus: Bus, clock: Clock) -> None:
        self.vocabulary = vocabulary
        self.current = current
        self.clock = clock
        self._bus = bus
        self._newest = self.live_view(snapshot)

    @property
    def newest(self) -> View:
        """The questions of the newest revision."""
        return self._newest

    @property
    def snapshot(self) -> Snapshot:
        """The newest revision."""
        return self._newest.snapshot

    def replace(self, snapshot: Snapshot, change: ChangeSet | None = None, revision: Revision | None = None) -> None:
        """Make the next revision the newest, and say so on the bus. `change` is what was changed, where that is known."""
        self._newest = self.live_view(snapshot).after(self._newest, change)
        self._bus.publish(GraphChanged(snapshot, change, revision))

    def live_view(self, snapshot: Snapshot) -> View:
        """The questions of a state that sees the live values: the newest one, or a branch."""
        return View(self.vocabulary, snapshot, self._known, self.clock)

    def past_view(self, snapshot: Snapshot) -> View:
        """The questions of a state of the past: no live values, switches stand normally, the instant is the revision's own."""
        return View(self.vocabulary, snapshot, _nothing, lambda: snapshot.at)

    def _known(self, point: str) -> tuple[float, Quality] | None:
        value = self.current.get(point)
        return None if value is None else (value.value, value.quality)


def _nothing(_point: str) -> None:
    return None
