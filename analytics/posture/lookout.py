"""Keeps the posture of one graph up to date: after a switch only what can tell the difference is tried again.

Rules of this file:

1. The state is moved, not worked out anew: what stops dies with all that falls, what starts comes up with all that it supplies; both lead
   to the very least fixed point that a grounding would (`analytics/kernel.py`).
2. Of the single failures those are tried again that are upstream of something that changed (`analytics/posture/kernel.py`, rule 1).
3. A `Posture` that was given out never changes.
"""

from __future__ import annotations

from threading import Lock

import numpy as np

from analytics import kernel as supply
from analytics.columns import without
from analytics.conditions import Conditions
from analytics.kernel import Flags as Bits
from analytics.kernel import Loops
from analytics.order import loops
from analytics.posture import kernel
from analytics.posture.posture import Posture
from analytics.state import grounded, laid_out, loops_of, scratch_of, slots_of, stopped_nodes
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.behind import behind_of
from analytics.sweeps.pairs import Lists
from ontology.terms import Ids


class Lookout:
    """One graph under changing conditions. Safe from any thread."""

    def __init__(self, graph: SupplyGraph, conditions: Conditions) -> None:
        """Works the posture out from nothing: a grounding, and the damage of all single failures."""
        self._lock = Lock()
        wiring = self._wiring = laid_out(graph)
        wires = wiring.wires
        stopped = stopped_nodes(graph, conditions)
        self._tally, self._blocked, _ = grounded(wiring, stopped)
        self._ring: Loops = loops_of(*loops(wires.feeds_at, wires.gate_slot[wires.feeds], np.ones(len(wiring.slot_node), np.uint8)))
        self._work = scratch_of(self._tally, self._ring)
        units = np.flatnonzero(graph.nodes.failure_unit).astype(np.int32)
        self._posture = Posture(graph, conditions, wiring, behind_of(graph), stopped, self._down(), units, self._tried(units))

    @property
    def posture(self) -> Posture:
        """The posture as of the conditions that were last told."""
        return self._posture

    def serves(self, graph: SupplyGraph) -> bool:
        """Whether this graph is the one that is kept up to date, or differs from it in its revision and labels only."""
        held = self._posture.graph
        return laid_out(graph) is self._wiring and graph.loads is held.loads and graph.nodes is held.nodes

    def renew(self, conditions: Conditions, graph: SupplyGraph | None = None) -> Posture:
        """The posture under other conditions; of `graph`, one that it `serves`, where the revision is another.

        Cost: what stops and starts, the damage of the single failures that can tell, and a few linear passes where anything did.
        """
        with self._lock:
            older = self._posture
            graph = older.graph if graph is None else graph
            stopped = stopped_nodes(graph, conditions)
            changed = self._moved(without(older.stopped, stopped), without(stopped, older.stopped))
            down, lists, rows = older.down, older.lists, np.empty(0, np.int32)
            if len(changed):
                down = self._down()
                rows = self._telling(changed, older.units)
                lists = kernel.merged(older.lists, rows, self._tried(older.units[rows]))
            renewed = (older.lists, rows)
            self._posture = Posture(graph, conditions, self._wiring, older.behind, stopped, down, older.units, lists, renewed)
            return self._posture

    def _down(self) -> Bits:
        down: Bits = (self._tally.failing != 0).astype(np.uint8)
        return down

    def _tried(self, nodes: Ids) -> Lists:
        wiring = self._wiring
        return kernel.hangs(wiring.wires, self._ring, self._tally, self._work, wiring.slots_at, wiring.pair_node, nodes)

    def _moved(self, starts: Ids, stops: Ids) -> Ids:
        """Rule 1: let the nodes stop and start; gives the slots that are live where they were not, or the other way round."""
        wires, tally, work = self._wiring.wires, self._tally, self._work
        stopping, starting = slots_of(self._wiring, stops), slots_of(self._wiring, starts)
        self._blocked[stopping] = 1
        self._blocked[starting] = 0
        live = tally.live.copy()
        supply.cascade(wires, self._ring, tally, work, stopping, tally.counts)
        supply.rise(wires, self._blocked, tally, starting, work.dead)
        return np.flatnonzero(live != tally.live).astype(np.int32)

    def _telling(self, changed: Ids, units: Ids) -> Ids:
        """Rule 2: the rows of the units whose failure may do something else now, ascending."""
        wires, live = self._wiring.wires, self._tally.live
        slots = supply.upstream(wires, live, kernel.ends(wires, live, changed))
        nodes = np.zeros(len(self._wiring.slots_at) - 1, dtype=np.bool_)
        nodes[self._wiring.slot_node[np.flatnonzero(slots)]] = True
        return np.flatnonzero(nodes[units]).astype(np.int32)
