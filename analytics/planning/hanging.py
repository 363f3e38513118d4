"""Which racks hang by one failure, and in which media."""

from __future__ import annotations

import numpy as np

from analytics import kernel
from analytics.columns import distinct
from analytics.conditions import Conditions
from analytics.state import Plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.points import single_points
from analytics.sweeps.units import KINDS, UnitKind, Units


def hanging(graph: SupplyGraph, state: Plant, conditions: Conditions, units: Units) -> dict[tuple[int, str], int]:
    """By rack (node) and medium the first failure, by its number, that takes that supply down; a rack's own is none.

    Cost: the single points of failure, and the damage of each room, path and group.
    """
    found: dict[tuple[int, str], int] = {}
    equipment = units.kind == KINDS.index(UnitKind.EQUIPMENT)
    if equipment.any():
        number = np.full(len(graph.nodes), -1, dtype=np.int32)
        number[units.named[equipment]] = np.flatnonzero(equipment)
        points = single_points(graph, conditions)
        for row in np.flatnonzero(np.isin(points.node, graph.loads.racks)).tolist():
            causes = number[points.cause[points.at[row] : points.at[row + 1]]]
            if (causes >= 0).any():
                found[int(points.node[row]), graph.media[int(points.medium[row])]] = int(causes[causes >= 0].min())
    racks = set(graph.loads.racks.tolist())
    for unit in np.flatnonzero(~equipment).tolist():
        for node, medium in _lost(state, units, unit):
            if node in racks:
                found.setdefault((node, graph.media[medium]), unit)
    return found


def _lost(state: Plant, units: Units, unit: int) -> list[tuple[int, int]]:
    """The supplies (node, medium) that one failure takes down, without those of what fails itself."""
    failed = units.nodes_of(unit)
    with state.bench() as bench:
        dead, fallen, _ = kernel.cascade(state.wires, state.ring, bench.now, bench.work, state.slots(failed), state.base.counts)
        pairs = distinct(bench.work.fallen[:fallen])
        kernel.revive(state.wires, bench.now, bench.work.dead, 0, dead)
    node, medium = state.wiring.pair_node[pairs], state.wiring.pair_medium[pairs]
    others = ~np.isin(node, failed)
    return list(zip(node[others].tolist(), medium[others].tolist(), strict=True))
