"""Single points of failure: which supplies of which things hang by one failure unit, and by which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.columns import distinct
from analytics.conditions import Conditions
from analytics.kernel import Wires
from analytics.state import Plant, plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.basis import Basis, basis_of
from analytics.sweeps.dominators import Flow, all_dominators, flow_of, immediate_dominators
from analytics.sweeps.pairs import Lists, alone, by_item
from analytics.sweeps.units import Units
from ontology.terms import Ids


@dataclass(frozen=True, eq=False)
class SinglePoints:
    """All single points of failure of a site: `cause[at[i]:at[i + 1]]` are the nodes, ascending, each of which takes supply i down alone.

    Supplies are (node, medium), ascending, all that hold with nothing failed.
    """

    graph: SupplyGraph
    basis: Basis
    node: Ids
    medium: Ids
    at: Ids
    cause: Ids

    def of(self, iri: str) -> dict[str, tuple[str, ...]]:
        """The single points of failure of one thing (IRI or CURIE) by medium, as IRIs in order; raises `UnknownEntity`."""
        _, nodes = self.graph.resolve([iri])
        rows = np.flatnonzero(np.isin(self.node, nodes)).tolist()
        return {self.graph.media[self.medium[row]]: self._names(row) for row in rows}

    def hanging(self) -> Ids:
        """The nodes, ascending, of which some supply hangs by one failure unit."""
        return distinct(self.node[np.diff(self.at) > 0])

    def _names(self, row: int) -> tuple[str, ...]:
        return tuple(self.graph.id(node) for node in self.cause[self.at[row] : self.at[row + 1]].tolist())


def single_points(graph: SupplyGraph, conditions: Conditions, *, dominators: bool | None = None) -> SinglePoints:
    """The single points of failure of every supply of a site.

    Where nothing needs more than one supplier and one medium, a failure takes a supply down exactly if it dominates it: every way from
    the sources leads through it. There it is one walk of the dominator tree; else every failure unit fails in turn. `dominators` chooses
    the way; raises `ValueError` where it is asked for and does not apply. Cost: linear in the edges, or the damage of all failures.
    """
    state = plant(graph, conditions)
    applies = any_of(state)
    if dominators and not applies:
        raise ValueError("some things here need two suppliers or two media: dominators do not tell their single points of failure")
    use = applies if dominators is None else dominators
    pairs = np.flatnonzero(state.base.failing == 0).astype(np.int32)
    at, cause = _by_dominators(graph, state, pairs) if use else _by_failing(graph, state, pairs)
    wiring = state.wiring
    return SinglePoints(graph, basis_of(graph, conditions, state), wiring.pair_node[pairs], wiring.pair_medium[pairs], at, cause)


def any_of(state: Plant) -> bool:
    """Whether every live slot, and every supply that holds (that of what is not live, too), needs one supplier at most, in one medium, and
    no node has two live slots."""
    wires, live, holds = state.wires, np.flatnonzero(state.base.live), state.base.failing == 0
    needed = np.bincount(wires.gate_slot[wires.at_least > 0], minlength=len(state.base.live))
    once = bool((np.diff(state.wiring.slot_node[live]) > 0).all())
    gates_of_pair = np.bincount(wires.gate_pair[wires.at_least > 0], minlength=len(holds))
    most_of_pair = np.zeros(len(holds), np.int32)
    np.maximum.at(most_of_pair, wires.gate_pair, wires.at_least)
    return once and bool((needed[live] <= 1).all()) and bool((gates_of_pair[holds] <= 1).all() and (most_of_pair[holds] <= 1).all())


def _by_dominators(graph: SupplyGraph, state: Plant, pairs: Ids) -> tuple[Ids, Ids]:
    """Each supply is a vertex after the slots, fed by the suppliers of the gates that it needs; its dominators are its causes."""
    wiring, slots = state.wiring, len(state.base.live)
    flow = _flow(state.wires, state.base.live, pairs)
    above = immediate_dominators(flow, slots + len(pairs))
    row, vertex = all_dominators(above, np.arange(slots, slots + len(pairs), dtype=np.int32))
    cause = wiring.slot_node[vertex]
    keep = graph.nodes.failure_unit[cause] & (cause != wiring.pair_node[pairs][row])
    row, cause = row[keep], cause[keep]
    order = np.lexsort((cause, row))
    return np.searchsorted(row, np.arange(len(pairs) + 1)).astype(np.int32), cause[order]


def _flow(wires: Wires, live: np.ndarray[tuple[int], np.dtype[np.uint8]], pairs: Ids) -> Flow:
    """The live suppliers of what needs any, slots first, then the given pairs; what needs nothing is a source."""
    slots = len(live)
    row_of = np.full(int(wires.gate_pair.max(initial=-1)) + 1, -1, np.int32)
    row_of[pairs[pairs < len(row_of)]] = np.flatnonzero(pairs < len(row_of))
    needs = wires.at_least > 0
    size = np.diff(wires.suppliers_at)
    gate = np.repeat(np.arange(len(size)), size)
    used = needs[gate] & (live[wires.suppliers] == 1)
    gate, supplier = gate[used], wires.suppliers[used]
    to_slot = live[wires.gate_slot[gate]] == 1
    to_pair = row_of[wires.gate_pair[gate]] >= 0
    source = np.concatenate((supplier[to_slot], supplier[to_pair]))
    target = np.concatenate((wires.gate_slot[gate[to_slot]], slots + row_of[wires.gate_pair[gate[to_pair]]]))
    order = np.argsort(source, kind="stable")
    starts = np.searchsorted(source[order], np.arange(slots + len(pairs) + 1)).astype(np.int32)
    needy = np.zeros(slots, dtype=np.bool_)
    needy[wires.gate_slot[needs]] = True
    sources = np.flatnonzero((live == 1) & ~needy).astype(np.int32)
    return flow_of(starts, np.ascontiguousarray(target[order], dtype=np.int32), sources)


def _by_failing(graph: SupplyGraph, state: Plant, pairs: Ids) -> tuple[Ids, Ids]:
    units = Units.equipment(graph)
    wiring = state.wiring
    with state.bench() as bench:
        lost = alone(
            state.wires,
            state.ring,
            bench.now,
            bench.work,
            state.base.counts,
            wiring.slots_at,
            wiring.slot_node,
            wiring.pair_node,
            Lists(units.at, units.nodes),
            np.full(len(graph.nodes), -1, np.int32),
        ).lost
    at, rows, _ = by_item(lost, len(wiring.pair_node))
    sizes = np.diff(at)[pairs]
    starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
    held = np.zeros(len(wiring.pair_node), dtype=np.bool_)
    held[pairs] = True
    return starts, units.nodes[rows[np.repeat(held, np.diff(at))]]
