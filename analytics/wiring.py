"""From a supply graph to slots, gates and pairs: the flat form that the kernels run on. Built once a supply graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.columns import distinct, rows_of
from analytics.kernel import Wires
from analytics.supply_graph import SupplyGraph
from ontology.terms import Ids


@dataclass(frozen=True)
class Wiring:
    """The slots of the nodes, the pairs (node, medium) that can hold or not, and the wires between them."""

    wires: Wires
    slots_at: Ids
    """Shape (nodes + 1): where a node's slots begin; a conduit has one a medium, any other node exactly one."""
    slot_node: Ids
    slot_medium: Ids
    """The medium of a conduit's slot, -1 for a node that hands on all media or none."""
    pair_node: Ids
    pair_medium: Ids
    pair_slot: Ids

    def pairs_of(self, node: int) -> range:
        """The pairs of one node, ascending by medium."""
        return range(*rows_of(self.pair_node, node))


def wire(graph: SupplyGraph) -> Wiring:
    """Lay a supply graph out as slots and gates. Cost: a few sorts over edges; some 0.3 s for a million nodes with five million edges."""
    edges, requirements, conduit = graph.edges, graph.requirements, graph.nodes.conduit
    media = len(graph.media)
    pair_keys = distinct(np.concatenate((_key(edges.target, edges.medium, media), _key(requirements.node, requirements.medium, media))))
    pair_node, pair_medium = (pair_keys // media).astype(np.int32), (pair_keys % media).astype(np.int32)
    slot_keys = _slot_keys(graph, pair_node, pair_medium)
    slot_node = (slot_keys // (media + 1)).astype(np.int32)
    slot_medium = (slot_keys % (media + 1) - 1).astype(np.int32)

    def slot_of(node: Ids, medium: Ids) -> Ids:
        wanted = node.astype(np.int64) * (media + 1) + np.where(conduit[node], medium + 1, 0)
        return np.searchsorted(slot_keys, wanted).astype(np.int32)

    pair_slot = slot_of(pair_node, pair_medium)
    gate_pair = np.searchsorted(pair_keys, _key(requirements.node, requirements.medium, media)).astype(np.int32)
    gate_medium = np.repeat(requirements.medium, np.diff(requirements.starts))
    suppliers = slot_of(requirements.suppliers, gate_medium)
    return Wiring(
        _wires(len(slot_keys), gate_pair, pair_slot, requirements.at_least, requirements.starts, suppliers),
        np.searchsorted(slot_node, np.arange(len(graph.nodes) + 1)).astype(np.int32),
        slot_node,
        slot_medium,
        pair_node,
        pair_medium,
        pair_slot,
    )


def _key(node: Ids, medium: Ids, media: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return node.astype(np.int64) * media + medium


def _slot_keys(graph: SupplyGraph, pair_node: Ids, pair_medium: Ids) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Ascending keys: node * (media + 1), plus medium + 1 for a conduit's slots."""
    edges, conduit, step = graph.edges, graph.nodes.conduit, len(graph.media) + 1
    whole = np.flatnonzero(~conduit) * np.int64(step)
    out = conduit[edges.source]
    into = conduit[pair_node]
    fed = pair_node[into].astype(np.int64) * step + pair_medium[into] + 1
    handed_on = edges.source[out].astype(np.int64) * step + edges.medium[out] + 1
    return distinct(np.concatenate((whole, fed, handed_on)))


def _wires(slots: int, gate_pair: Ids, pair_slot: Ids, at_least: Ids, starts: Ids, suppliers: Ids) -> Wires:
    """Put the gates in order of their slots and index them both ways."""
    order = np.argsort(gate_pair, kind="stable")
    sizes = np.diff(starts)[order]
    suppliers_at = np.zeros(len(order) + 1, dtype=np.int32)
    np.cumsum(sizes, out=suppliers_at[1:])
    entry = np.repeat(starts[:-1][order] - suppliers_at[:-1], sizes) + np.arange(len(suppliers), dtype=np.int32)
    suppliers = np.ascontiguousarray(suppliers[entry])
    gate_pair = np.ascontiguousarray(gate_pair[order])
    gate_slot = np.ascontiguousarray(pair_slot[gate_pair])
    by_supplier = np.argsort(suppliers, kind="stable")
    gate_of_entry = np.repeat(np.arange(len(order), dtype=np.int32), sizes)
    edges_of_slots = np.arange(slots + 1)
    return Wires(
        feeds_at=np.searchsorted(suppliers[by_supplier], edges_of_slots).astype(np.int32),
        feeds=np.ascontiguousarray(gate_of_entry[by_supplier]),
        gates_at=np.searchsorted(gate_slot, edges_of_slots).astype(np.int32),
        gate_slot=gate_slot,
        gate_pair=gate_pair,
        at_least=np.ascontiguousarray(at_least[order], dtype=np.int32),
        suppliers_at=suppliers_at,
        suppliers=suppliers,
    )
