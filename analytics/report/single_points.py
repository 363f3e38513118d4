"""What must not be touched meanwhile: single things that would take load down now, and would not have before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics import kernel
from analytics.columns import without
from analytics.conditions import Conditions
from analytics.impact import BlastRadius, OutcomeKind
from analytics.scenario import Case
from analytics.state import lost_nodes, plant
from analytics.supply_graph import SupplyGraph
from ontology.terms import Ids

TRIED_MAX = 400
"""Further failures tried, nearest to the sources first: these take most down."""
WORK_MAX = 4_000_000
"""Nodes that all trials together may take down; beyond it fewer are tried."""


@dataclass(frozen=True, slots=True)
class SinglePoints:
    """Things whose failure, each alone, now takes down these racks, services and kW more; equal ones together."""

    ids: tuple[str, ...]
    """In order of supply, sources first."""
    racks: int
    services: int
    it_load_kw: float

    def to_json(self) -> dict[str, object]:
        """For a program."""
        return {"ids": list(self.ids), "racks": self.racks, "services": self.services, "it_load_kw": self.it_load_kw}


@dataclass(frozen=True, slots=True)
class Untouchable:
    """The single points, the worst first; `tried` of `candidates` further failures were tried."""

    points: tuple[SinglePoints, ...]
    tried: int
    candidates: int

    def to_json(self) -> dict[str, object]:
        """For a program."""
        return {"points": [point.to_json() for point in self.points], "tried": self.tried, "candidates": self.candidates}


def untouchable(case: Case, found: BlastRadius, level: Ids) -> Untouchable:
    """Try every piece of infrastructure that what lost its redundancy hangs by, on top of the case; `level` is each node's distance
    from the sources. Cost: the damage of the failure, twice for each trial."""
    graph, conditions = case.graph, case.conditions
    failed = np.union1d(case.out, _nodes(graph, tuple(trip.id for trip in found.trips))).astype(np.int32)
    candidates = _candidates(graph, conditions, found, failed)
    candidates = candidates[np.lexsort((candidates, level[candidates]))]
    lost = lost_nodes(graph, failed, conditions)
    tried = candidates[: max(1, min(TRIED_MAX, WORK_MAX // (len(lost) + 1)))]
    points: dict[tuple[float, int, int], list[str]] = {}
    for node in tried.tolist():
        more = lost_nodes(graph, np.sort(np.append(failed, np.int32(node))), conditions)
        more = without(without(more, lost), lost_nodes(graph, np.array([node], dtype=np.int32), conditions))
        cost = _cost(graph, more)
        if any(cost):
            points.setdefault(cost, []).append(graph.id(node))
    ranked = sorted(points.items(), key=lambda each: tuple(-value for value in each[0]))
    return Untouchable(
        tuple(SinglePoints(tuple(ids), racks, services, kw) for (kw, racks, services), ids in ranked), len(tried), len(candidates)
    )


def _nodes(graph: SupplyGraph, ids: tuple[str, ...]) -> Ids:
    return np.array(sorted({node for iri in ids if (node := graph.find(iri)) is not None}), dtype=np.int32)


def _candidates(graph: SupplyGraph, conditions: Conditions, found: BlastRadius, failed: Ids) -> Ids:
    """The infrastructure upstream of what has no redundancy any more, ascending."""
    exposed = _nodes(graph, tuple({each.id for each in found.outcomes if each.outcome is OutcomeKind.NO_REDUNDANCY}))
    if len(exposed) == 0:
        return exposed
    state = plant(graph, conditions)
    upstream = kernel.upstream(state.wires, np.ones_like(state.base.live), state.slots(exposed))
    nodes = np.unique(state.wiring.slot_node[np.flatnonzero(upstream)]).astype(np.int32)
    loads = np.concatenate((graph.loads.racks, graph.loads.services, graph.loads.equipment))
    return without(without(nodes[graph.nodes.failure_unit[nodes]], np.unique(loads).astype(np.int32)), failed)


def _cost(graph: SupplyGraph, lost: Ids) -> tuple[float, int, int]:
    """The kW, racks and services among nodes."""
    loads = graph.loads
    kw = float(loads.equipment_kw[np.isin(loads.equipment, lost)].sum())
    return round(kw, 1), int(np.isin(loads.racks, lost).sum()), int(np.isin(loads.services, lost).sum())
