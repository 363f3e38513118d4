"""Virtual points kept current: what hears one of its points is worked out again, and taken into the table as any reading is.

Rules of this file:

1. Nothing is worked out in the thread of who brings readings: it only leaves the slots that changed. The flow's own thread works out what
   stands on them, at most every `pace_s`, each formula once however many of its points have changed.
2. A virtual reading speaks of our time: it says how things stand now, of what is known now. One that stands on what has fallen silent is
   worked out again when that is told, and is no longer good. Silence of its own it has none.
3. Virtual points that stand on others are worked out when those have changed, in the next turn.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan
from threading import Condition, Lock, Thread

import numpy as np

from analytics.quality import NOTHING, Figure
from analytics.virtual.plan import Virtual, Virtuals, virtual_points
from graph.current import CurrentValues
from graph.ports import Clock
from graph.references import Unbound
from graph.snapshot import Snapshot
from graph.values import Codes, Floats, Quality, Samples, Slots
from ontology.vocabulary import Vocabulary
from twin.bus import Bus
from twin.events import GraphChanged, ReadingStored
from twin.ingest import Ingest

_log = logging.getLogger(__name__)

PACE_S = 0.2
"""How long changes are gathered."""
AGAIN_S = 1.0
"""How long what failed waits to be tried again."""
GATHERED_MAX = 64
"""Batches whose slots are kept as they came; more become one, each slot once."""
SHOWN_MAX = 20
"""Points that one figure names of those that are not good."""


NOT_YET = Figure(nan, Quality.NO_VALUE, 0.0)
"""Of a point whose formula has had nothing to stand on so far."""


@dataclass(frozen=True, slots=True)
class Explained:
    """How a virtual point stands: its formula, its newest figure, how many points it stands on, and the first of those that are not good
    with how good each is; `poor` counts them all."""

    point: str
    formula: str
    figure: Figure
    stands_on: int
    poor: int
    worst: Sequence[tuple[str, Quality]]


@dataclass(frozen=True)
class _Bound:
    """Virtual points by slots of one state of the model. `heard` and `by`: each pair of a slot and the row of what stands on it."""

    rows: tuple[Virtual, ...]
    slots: Slots
    inputs: tuple[Slots, ...]
    heard: Slots
    by: Slots
    findings: tuple[Unbound, ...]

    def on(self, changed: Sequence[Slots]) -> list[int]:
        """The rows that stand on any of the slots, ascending. Cost: a look at each slot and each pair, none of Python."""
        if len(self.heard) == 0:
            return []
        marks = np.zeros(int(self.heard.max()) + 1, np.bool_)
        for slots in changed:
            marks[slots[slots < len(marks)]] = True
        found: list[int] = np.unique(self.by[marks[self.heard]]).tolist()
        return found


class VirtualFlow:
    """The virtual points of a twin. `start` begins, `close` ends; safe from any thread."""

    def __init__(
        self, current: CurrentValues, ingest: Ingest, bus: Bus, clock: Clock, vocabulary: Vocabulary, pace_s: float = PACE_S
    ) -> None:
        self._current, self._ingest, self._clock, self._vocabulary, self._pace_s = current, ingest, clock, vocabulary, pace_s
        self._bound = _bind(None, current)
        self._virtuals: Virtuals | None = None
        self._graph: Snapshot | None = None
        self._figures: dict[str, Figure] = {}
        self._changed: list[Slots] = []
        self._wake = Condition()
        self._turn = Lock()
        self._closed = False
        self._all = False
        self._bus, self._ends = bus, list[Callable[[], None]]()
        self._thread = Thread(target=self._run, name="virtual-points", daemon=True)

    def start(self, snapshot: Snapshot) -> None:
        """Begin with the formulas of a snapshot, in a thread of its own. Whoever gives the table its points has subscribed already, and
        hears of each change before this does."""
        self.listen(snapshot)
        self._thread.start()

    def listen(self, snapshot: Snapshot) -> None:
        """The same without a thread: whoever has the clock calls `step`."""
        self._graph = snapshot
        self._ends = [self._bus.subscribe(ReadingStored, self._heard), self._bus.subscribe(GraphChanged, self._renewed)]

    def close(self) -> None:
        """End it. A second call does nothing."""
        for end in self._ends:
            end()
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()

    def rebind(self, snapshot: Snapshot) -> None:
        """Take the formulas of another state of the model, after the table has its points. All are worked out again."""
        self._virtuals = virtual_points(snapshot, self._vocabulary)
        bound = _bind(self._virtuals, self._current)
        with self._turn:
            self._bound = bound
            self._figures = {virtual.point: self._figures[virtual.point] for virtual in bound.rows if virtual.point in self._figures}
        with self._wake:
            self._all = True

    def unusable(self) -> Sequence[Unbound]:
        """The formulas that give no value, and why."""
        return self._bound.findings

    def explained(self) -> list[Explained]:
        """How each virtual point stands now, in order of IRIs. Cost: a look at each point that one stands on."""
        bound, figures = self._bound, self._figures
        return [self._explained(virtual, slots, figures) for virtual, slots in zip(bound.rows, bound.inputs, strict=True)]

    def _explained(self, virtual: Virtual, slots: Slots, figures: dict[str, Figure]) -> Explained:
        quality = self._read(slots)[1]
        poor = np.flatnonzero(quality != Quality.GOOD)
        order = poor[np.argsort(-quality[poor].astype(np.int16), kind="stable")][:SHOWN_MAX]
        worst = [(virtual.program.points[row], Quality(int(quality[row]))) for row in order.tolist()]
        figure = figures.get(virtual.point, NOTHING)
        if figure is NOTHING and self._current.many([virtual.point]).quality[0] == Quality.NO_VALUE:
            figure = NOT_YET
        return Explained(virtual.point, virtual.text, figure, len(slots), len(poor), worst)

    # -- how it is kept up ------------------------------------------------------------------------------------------

    def _heard(self, event: ReadingStored) -> None:
        if len(self._bound.rows):
            with self._wake:
                self._changed = _gathered([*self._changed, event.slots])
                self._wake.notify()

    def _renewed(self, event: GraphChanged) -> None:
        """A change that touches nothing that a formula was looked up by changes nothing here."""
        with self._wake:
            virtuals, change = self._virtuals, event.change
            if self._graph is not None or virtuals is None or change is None or not virtuals.outlives(change):
                self._graph = event.snapshot
                self._wake.notify()

    def _run(self) -> None:
        pause_s = self._pace_s
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self._changed or self._all or self._graph is not None)
                if not self._closed:
                    self._wake.wait_for(lambda: self._closed, timeout=pause_s)
                if self._closed:
                    return
            try:
                self.step()
            except Exception:
                _log.exception("virtual points could not be worked out; they are tried again in %g s", AGAIN_S)
                pause_s = AGAIN_S
            else:
                pause_s = self._pace_s

    def step(self) -> None:
        """Take a new state of the model, if there is one, then work out what is to be worked out."""
        with self._wake:
            graph, self._graph = self._graph, None
        if graph is not None:
            try:
                self.rebind(graph)
            except Exception:
                with self._wake:
                    self._graph = self._graph or graph
                raise
        self.work()

    def work(self) -> int:
        """Work out what stands on what has changed since the last time; gives how many points that were."""
        with self._wake:
            changed, self._changed = self._changed, []
            everything, self._all = self._all, False
        try:
            return self._work(changed, everything=everything)
        except Exception:
            with self._wake:
                self._changed, self._all = _gathered([*changed, *self._changed]), self._all or everything
            raise

    def _work(self, changed: Sequence[Slots], *, everything: bool) -> int:
        with self._turn:
            bound = self._bound
            rows = list(range(len(bound.rows))) if everything else bound.on(changed)
            if not rows:
                return 0
            figures = [bound.rows[row].program.figure(*self._read(bound.inputs[row])) for row in rows]
            self._figures |= {bound.rows[row].point: figure for row, figure in zip(rows, figures, strict=True)}
        now = np.full(len(rows), round(self._clock().timestamp() * 1000), np.int64)
        heard = [row for row, figure in enumerate(figures) if figure.coverage > 0 or self._was_there(bound, rows[row])]
        samples = Samples(
            bound.slots[rows],
            np.array([figure.value for figure in figures]),
            now,
            now,
            np.array([figure.quality for figure in figures], np.uint8),
            np.array([figure.reason for figure in figures], np.uint8),
        )
        self._ingest.work_out(samples.piece(np.array(heard, np.intp)))
        return len(rows)

    def _was_there(self, bound: _Bound, row: int) -> bool:
        """Whether a point has been heard: one that never had a number is not told to be bad before its inputs have spoken."""
        return bool(self._read(bound.slots[[row]])[1][0] != Quality.NO_VALUE)

    def _read(self, slots: Slots) -> tuple[Floats, Codes]:
        rows = self._current.columns(slots)
        return rows[0], rows[2]


def _gathered(changed: list[Slots]) -> list[Slots]:
    """The same slots in few arrays: what waits is bounded by the table."""
    return changed if len(changed) <= GATHERED_MAX else [np.unique(np.concatenate(changed))]


def _bind(virtuals: Virtuals | None, current: CurrentValues) -> _Bound:
    rows = () if virtuals is None else virtuals.points
    inputs = tuple(current.slots(virtual.program.points) for virtual in rows)
    slots = current.slots([virtual.point for virtual in rows])
    heard = np.concatenate([*inputs, np.empty(0, np.int32)])
    by = np.repeat(np.arange(len(rows), dtype=np.int32), np.array([len(each) for each in inputs], np.int64))
    there = heard >= 0
    return _Bound(rows, slots, inputs, heard[there], by[there], () if virtuals is None else virtuals.findings)
