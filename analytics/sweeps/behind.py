"""What stands behind each node of a supply graph, in the form that the sweeps count with: racks, services, tenants, kW."""

from __future__ import annotations

import numpy as np

from analytics.supply_graph import Flags, SupplyGraph
from analytics.sweeps.kernel import Behind, Lost, Marks
from graph.values import Floats
from ontology.terms import Ids


def behind_of(graph: SupplyGraph, leave_out: tuple[Flags, Flags] | None = None) -> Behind:
    """The loads of a graph by node, some nodes and tenants (flags by number) left out. Cost: a few passes over the nodes."""
    loads, size = graph.loads, len(graph.nodes)
    rack, service = np.zeros(size, np.int32), np.zeros(size, np.int32)
    rack[loads.racks] = 1
    service[loads.services] = 1
    kw = np.zeros(size)
    np.add.at(kw, loads.equipment, loads.equipment_kw)
    fed = np.zeros(size, dtype=np.bool_)
    fed[graph.edges.target] = True
    fed[graph.requirements.node] = True
    owned, mounted = loads.owned, loads.mounted[~fed[loads.mounted[:, 1]]]
    if leave_out is not None:
        nodes, tenants_out = leave_out
        rack[nodes], service[nodes], kw[nodes] = 0, 0, 0.0
        owned = owned[~nodes[owned[:, 0]] & ~tenants_out[owned[:, 1]]]
        mounted = mounted[~nodes[mounted[:, 0]]]
    tenants_at, tenants = _lists(owned, size)
    holders_at, holders = _lists(mounted, size)
    return _told(np.ones(size, np.int32), rack, service, kw, (tenants_at, tenants), (holders_at, holders))


def joined(behind: Behind, stays: Ids) -> Behind:
    """What stands behind nodes that fall together, all told of the one of them that stays; `stays` names that one for each node."""
    size = len(stays)
    ones, rack, service = (np.bincount(stays, weights=column, minlength=size).astype(np.int32) for column in behind[:3])
    kw = np.asarray(np.bincount(stays, weights=behind.kw, minlength=size), dtype=np.float64)
    nodes = [np.repeat(stays, np.diff(at)) for at in (behind.tenants_at, behind.holders_at)]
    lists = [_lists(np.stack(pair, axis=1), size) for pair in zip(nodes, (behind.tenants, behind.holders), strict=True)]
    return _told(ones, rack, service, kw, lists[0], lists[1])


def only(behind: Behind, nodes: Ids, numbers: Ids) -> Behind:
    """Of some nodes, in numbers of their own; `numbers` gives the new one of each old one. Nothing may stand behind the others."""
    tenants_at, holders_at = (np.append(at[nodes], at[-1]).astype(np.int32) for at in (behind.tenants_at, behind.holders_at))
    ones, rack, service = (column[nodes] for column in behind[:3])
    holders = numbers[behind.holders]
    return Behind(ones, rack, service, behind.kw[nodes], tenants_at, behind.tenants, holders_at, holders, behind.anything[nodes])


def _told(ones: Ids, rack: Ids, service: Ids, kw: Floats, tenants: tuple[Ids, Ids], holders: tuple[Ids, Ids]) -> Behind:
    anything = (rack > 0) | (service > 0) | (kw != 0) | (np.diff(tenants[0]) > 0) | (np.diff(holders[0]) > 0)
    return Behind(ones, rack, service, kw, *tenants, *holders, anything.astype(np.uint8))


def marks_of(nodes: int, tenants: int) -> Marks:
    """Marks of so many nodes and tenants that carry no serial number yet; serial numbers begin at 1."""
    return Marks(np.zeros(nodes, np.int32), np.zeros(nodes, np.int32), np.zeros(tenants, np.int32))


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
