"""What stands behind each node of a supply graph, in the form that the sweeps count with: racks, services, tenants, kW."""

from __future__ import annotations

import numpy as np

from analytics.supply_graph import SupplyGraph
from analytics.sweeps.kernel import Behind, Lost, Marks
from ontology.terms import Ids


def behind_of(graph: SupplyGraph) -> Behind:
    """The loads of a graph by node. Cost: a few passes over the nodes."""
    loads, size = graph.loads, len(graph.nodes)
    rack, service = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    rack[loads.racks] = 1
    service[loads.services] = 1
    kw = np.zeros(size)
    np.add.at(kw, loads.equipment, loads.equipment_kw)
    fed = np.zeros(size, dtype=np.bool_)
    fed[graph.edges.target] = True
    fed[graph.requirements.node] = True
    tenants_at, tenants = _lists(loads.owned, size)
    holders_at, holders = _lists(loads.mounted[~fed[loads.mounted[:, 1]]], size)
    return Behind(rack, service, kw, tenants_at, tenants, holders_at, holders)


def marks_of(graph: SupplyGraph) -> Marks:
    """Marks that carry no serial number yet; serial numbers begin at 1."""
    size = len(graph.nodes)
    return Marks(np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(len(graph.loads.tenants), np.int32))


def nothing_lost(rows: int) -> Lost:
    """So many rows of zeros."""
    return Lost(
        np.zeros(rows, np.int32),
        np.zeros(rows, np.int32),
        np.zeros(rows, np.int32),
        np.zeros(rows, np.int32),
        np.zeros(rows),
        np.zeros(rows, np.uint8),
    )


def _lists(pairs: Ids, size: int) -> tuple[Ids, Ids]:
    """Where each node's list begins, and all lists, each once and in order; `pairs` are (node, what)."""
    pairs = np.unique(pairs, axis=0) if len(pairs) else pairs
    at = np.searchsorted(pairs[:, 0], np.arange(size + 1)).astype(np.int32)
    return at, np.ascontiguousarray(pairs[:, 1], dtype=np.int32)
