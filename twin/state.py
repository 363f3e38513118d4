"""The twin in this process: the newest snapshot, and what follows from it (supply graph, drawing), worked out once for a revision."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from analytics.conditions import Conditions, positions
from analytics.impact import BlastRadius, Told, impact
from analytics.layout import GraphView, layout
from analytics.standing import Standing, standing
from analytics.supply import compile_supply
from analytics.supply_graph import SupplyGraph
from graph.current import CurrentValues
from graph.ports import Clock
from graph.snapshot import Snapshot
from graph.values import Quality
from ontology.vocabulary import Vocabulary
from twin.bus import Bus
from twin.events import GraphChanged


class Twin:
    """Holds the newest snapshot. Reading is safe from any thread; only the one writer calls `replace`."""

    def __init__(self, vocabulary: Vocabulary, snapshot: Snapshot, current: CurrentValues, bus: Bus, clock: Clock) -> None:
        self.vocabulary = vocabulary
        self.current = current
        self._snapshot = snapshot
        self._bus, self._clock = bus, clock
        self._lock = Lock()
        self._supply: tuple[Snapshot, SupplyGraph] | None = None

    @property
    def snapshot(self) -> Snapshot:
        """The newest revision."""
        return self._snapshot

    def replace(self, snapshot: Snapshot) -> None:
        """Make the next revision the newest, and say so on the bus."""
        self._snapshot = snapshot
        self._bus.publish(GraphChanged(snapshot))

    def supply(self) -> SupplyGraph:
        """The supply graph of the newest revision."""
        with self._lock:
            snapshot = self._snapshot
            if self._supply is None or self._supply[0] is not snapshot:
                self._supply = (snapshot, compile_supply(snapshot, self.vocabulary))
            return self._supply[1]

    def conditions(self) -> Conditions:
        """Now, with the switches where telemetry says that they are."""
        return Conditions(self._clock(), positions(self._snapshot, self.vocabulary, self._known))

    def impact(self, failed: Sequence[str], media: Sequence[str] | None = None, told: Told = Told.WHY) -> BlastRadius:
        """What is hit when the given entities fail together. Raises `UnknownEntity`."""
        return impact(self.supply(), failed, self.conditions(), media, told)

    def view(self, around: str, hops: int, limit: int) -> GraphView:
        """The graph around an entity, laid out by supply level. Raises `UnknownEntity`."""
        return layout(self._snapshot, self.vocabulary, self.supply(), around, hops, limit)

    def standing(self, ids: Sequence[str]) -> Standing:
        """What of the given entities is without a supply now, and which switches are open."""
        return standing(self.supply(), ids, self.conditions())

    def _known(self, point: str) -> tuple[float, Quality] | None:
        value = self.current.get(point)
        return None if value is None else (value.value, value.quality)
