"""Each of a list of failures alone: how much load it takes down, and whether what is left carries more than it may."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics import kernel as supply
from analytics.capacity.cascade import cascade
from analytics.capacity.flow import Loads
from analytics.columns import distinct
from analytics.proofs.kernel import taken_out
from analytics.proofs.load import ItLoad
from analytics.state import Plant
from analytics.supply_graph import Flags, SupplyGraph
from analytics.sweeps.single import CHUNK
from analytics.sweeps.units import KINDS, Units
from graph.ports import Progress
from graph.values import Floats
from ontology.terms import Ids

RATED_CHUNK = 500
"""Failures between two reports of progress while loads are redistributed."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A row for each of `units`."""

    units: Units
    loads: Ids
    """How many loads lose a supply."""
    kw: Floats
    overloads: Flags
    """Whether something trips, or still carries more than it may and than before."""

    @property
    def breaches(self) -> Ids:
        """The failures that keep less than all load within ratings: those of fewest nodes first, then those that take most kW down, then
        most loads, then in order of kinds and ids."""
        rows = np.flatnonzero((self.loads > 0) | self.overloads)
        size = np.diff(self.units.at)[rows]
        return rows[np.lexsort((-self.loads[rows], -np.round(self.kw[rows], 3), size))].astype(np.int32)

    def lost_by(self, state: Plant, load: ItLoad, rated: Loads | None, row: int) -> Ids:
        """The loads that one of the failures takes down, ascending. Cost: its damage once more."""
        failed = self.units.nodes_of(row)
        tripped = cascade(state, rated, failed).tripped if rated is not None and self.overloads[row] else failed[:0]
        return _with_trips(state, load, failed, tripped)

    def by_kind(self, rows: Ids) -> dict[str, int]:
        """How many of the given rows are of each kind."""
        counts = np.bincount(self.units.kind[rows], minlength=len(KINDS)).tolist()
        return {kind.value: count for kind, count in zip(KINDS, counts, strict=True) if count}


def trial(
    graph: SupplyGraph,
    state: Plant,
    load: ItLoad,
    units: Units,
    rated: Loads | None,
    progress: Progress | None = None,
    what: str = "trials",
) -> Trial:
    """Let each unit be out alone. `rated` are the loads of the plant, absent where ratings play no part.

    Cost: the damage of each; with ratings also one cascade of load each, some 0.1 ms.
    """
    loads, kw, overloads = np.zeros(len(units), np.int32), np.zeros(len(units)), np.zeros(len(units), dtype=np.bool_)
    supplies, node_kw, marks = load.supplies.astype(np.uint8), np.zeros(len(graph.nodes)), np.zeros(len(graph.nodes), np.int32)
    np.add.at(node_kw, graph.loads.equipment, graph.loads.equipment_kw)
    wiring = state.wiring
    with state.bench() as bench:
        for first in range(0, len(units), CHUNK):
            last = min(first + CHUNK, len(units))
            taken_out(
                state.wires,
                state.ring,
                bench.now,
                bench.work,
                state.base.counts,
                wiring.slots_at,
                wiring.pair_node,
                supplies,
                node_kw,
                units.at,
                units.nodes,
                first,
                last,
                marks,
                loads,
                kw,
            )
            if progress is not None and rated is None:
                progress(what, last, len(units))
    if rated is not None:
        for row in range(len(units)):
            _redistribute(state, load, rated, units.nodes_of(row), row, loads, kw, overloads)
            if progress is not None and (row % RATED_CHUNK == RATED_CHUNK - 1 or row == len(units) - 1):
                progress(what, row + 1, len(units))
    return Trial(units, loads, kw, overloads)


def _redistribute(state: Plant, load: ItLoad, rated: Loads, failed: Ids, row: int, loads: Ids, kw: Floats, overloads: Flags) -> None:
    """What the load that moves does beside what falls by itself."""
    found = cascade(state, rated, failed)
    overloads[row] = len(found.tripped) + len(found.overloaded) > 0
    if len(found.tripped):
        nodes = _with_trips(state, load, failed, found.tripped)
        loads[row] = len(nodes)
        kw[row] = load.count(nodes).it_load_kw


def _with_trips(state: Plant, load: ItLoad, failed: Ids, tripped: Ids) -> Ids:
    """The loads that are down when what tripped is out, too."""
    fallen = lost_loads(state, load, distinct(np.concatenate((failed, tripped))))
    return np.setdiff1d(np.concatenate((fallen, tripped[load.is_load[tripped]])), failed).astype(np.int32)


def lost_loads(state: Plant, load: ItLoad, failed: Ids) -> Ids:
    """The loads that lose a supply when the nodes fail, those themselves included, ascending. Cost: the damage."""
    with state.bench() as bench:
        dead, fallen, _ = supply.cascade(state.wires, state.ring, bench.now, bench.work, state.slots(failed), state.base.counts)
        pairs = bench.work.fallen[:fallen]
        nodes = distinct(state.wiring.pair_node[pairs[load.supplies[pairs]]])
        supply.revive(state.wires, bench.now, bench.work.dead, 0, dead)
    return nodes
