"""All double failures of the infrastructure (N-2): the pairs that take down what neither takes down alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.conditions import Conditions
from analytics.state import Plant, plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps import pairs as kernel
from analytics.sweeps.basis import Basis, basis_of
from analytics.sweeps.behind import behind_of, marks_of, nothing_lost
from analytics.sweeps.kernel import Lost
from analytics.sweeps.pairs import Alone, Lists
from analytics.sweeps.single import By, Loss, loss_of, ranking
from analytics.sweeps.units import Units
from analytics.totals import were_down
from graph.ports import Progress
from ontology.terms import Ids

UNITS_MAX = 20_000
"""Pieces of infrastructure of which all pairs are tried, by what they feed; further ones are left out, and that is told."""
CANDIDATES_MAX = 30_000_000
"""Pairs that are run; some 1 GB of columns. Beyond it the pairs of the last units are left out, and that is told."""
CHUNK = 64


@dataclass(frozen=True, eq=False)
class Doubles:
    """The answer to "which two failures together are worse than the two apart": a row a pair that is. Equal questions, equal answers."""

    basis: Basis
    units: Units
    first: Ids
    """Unit numbers, in ascending order; `second` is higher."""
    second: Ids
    lost: Lost
    """What the two take down and neither alone."""
    pairs: int
    """How many pairs of units there are."""
    run: int
    """How many of them share something that the two together may overstrain; all others are sure to do no more than apart."""
    left_out: str
    """What was not looked into; empty when nothing."""

    @property
    def harmful(self) -> int:
        """How many pairs take down what neither takes down alone."""
        return len(self.first)

    def ranked(self, by: By = By.KW) -> Ids:
        """The rows: those that take most down first, as `Singles.ranked` does."""
        return ranking(self.lost, by)

    def loss(self, row: int) -> Loss:
        """One pair, told."""
        one, two = int(self.first[row]), int(self.second[row])
        nodes = len(set(self.units.nodes_of(one).tolist()) | set(self.units.nodes_of(two).tolist()))
        return loss_of(self.lost, row, (self.units.unit(one), self.units.unit(two)), nodes)


def infrastructure(graph: SupplyGraph, most: int = UNITS_MAX) -> tuple[Units, str]:
    """The failure units that feed anything and are no load themselves (rack, IT equipment, service); and what is left out.

    Where these are more than `most`: those that feed something which itself feeds something, at most the `most` that feed most.
    """
    feeds = np.zeros(len(graph.nodes), dtype=np.bool_)
    feeds[graph.edges.source] = True
    of = feeds & graph.nodes.failure_unit
    of[np.concatenate((graph.loads.racks, graph.loads.equipment, graph.loads.services))] = False
    nodes = np.flatnonzero(of).astype(np.int32)
    if len(nodes) <= most:
        return Units.of_nodes(graph, nodes), ""
    further = np.zeros(len(graph.nodes), dtype=np.bool_)
    further[graph.edges.source[feeds[graph.edges.target]]] = True
    every, nodes, least = len(nodes), nodes[further[nodes]], "those that feed nothing which feeds further"
    if len(nodes) > most:
        fed = np.bincount(graph.edges.source, minlength=len(graph.nodes))[nodes]
        nodes, least = np.sort(nodes[np.argsort(-fed, kind="stable")[:most]]), "those that feed least"
    return Units.of_nodes(graph, nodes), f"{every - len(nodes):,} of {every:,} pieces of infrastructure, {least}"


def n2(graph: SupplyGraph, conditions: Conditions, units: Units | None = None, progress: Progress | None = None) -> Doubles:
    """The pairs of units that together take down what neither takes down alone, the switches standing as `conditions` say.

    `units` are any; absent: the `infrastructure`. Exact: pairs that are not run share no requirement
    and no loop that they could overstrain together. Cost: the damage of each unit and of each pair that is run.
    """
    left_out = ""
    if units is None:
        units, left_out = infrastructure(graph)
    state = plant(graph, conditions)
    lists = Lists(units.at, units.nodes)
    with state.bench() as bench:
        each = kernel.alone(
            state.wires,
            state.ring,
            bench.now,
            bench.work,
            state.base.counts,
            state.wiring.slots_at,
            state.wiring.slot_node,
            state.wiring.pair_node,
            lists,
            _unit_of(units),
        )
        others = _candidates(state, each)
        if len(others.items) > CANDIDATES_MAX:
            cut = int(np.searchsorted(others.at, CANDIDATES_MAX, side="right")) - 1
            others = Lists(np.minimum(others.at, others.at[cut]), others.items[: others.at[cut]])
            left_out = f"{left_out}{'; ' if left_out else ''}pairs whose first is one of the last {len(units) - cut:,} units"
        more = nothing_lost(len(others.items))
        behind, marks = behind_of(graph), marks_of(len(graph.nodes), len(graph.loads.tenants))
        pair_mark = np.zeros(len(state.wiring.pair_node), np.int32)
        down = np.zeros(len(graph.nodes), np.uint8)
        down[were_down(graph, state.dark_nodes)] = 1
        for first in range(0, len(units), CHUNK):
            last = min(first + CHUNK, len(units))
            kernel.doubles(
                state.wires,
                state.ring,
                bench.now,
                bench.work,
                state.base.counts,
                state.wiring.slots_at,
                state.wiring.pair_node,
                behind,
                down,
                marks,
                pair_mark,
                lists,
                each.lost,
                others,
                first,
                last,
                more,
            )
            if progress is not None:
                progress("double failures", int(others.at[last]), len(others.items))
    rows = np.flatnonzero(more.pairs).astype(np.int32)
    one = np.repeat(np.arange(len(units), dtype=np.int32), np.diff(others.at))
    kept = Lost(more.pairs[rows], more.racks[rows], more.services[rows], more.tenants[rows], more.kw[rows], more.weakens[rows])
    every = len(units) * (len(units) - 1) // 2
    return Doubles(basis_of(graph, conditions, state), units, one[rows], others.items[rows], kept, every, len(others.items), left_out)


def _unit_of(units: Units) -> Ids:
    """The unit of each node that is one by itself."""
    unit_of = np.full(len(units.graph.nodes), -1, np.int32)
    single = np.flatnonzero(np.diff(units.at) == 1)
    unit_of[units.nodes[units.at[single]]] = single
    return unit_of


def _candidates(state: Plant, each: Alone) -> Lists:
    """For each unit those of higher number that it shares a token with beyond what that can spare."""
    tokens = len(state.base.counts) + len(state.ring.members_at)
    slack = np.zeros(tokens, np.int32)
    slack[: len(state.base.counts)] = state.base.counts - state.wires.at_least
    hit_at, hit_by, places = kernel.by_item(each.tokens, tokens)
    losses = each.losses[places]
    killed_at, killers, _ = kernel.by_item(each.kills, len(each.kills.at) - 1)
    order = np.argsort(_fingerprints(hit_at, hit_by, losses, slack), kind="stable").astype(np.int32)
    keep = kernel.kept(hit_at, hit_by, losses, slack, order)
    return kernel.candidates(each.tokens, each.losses, hit_at, hit_by, losses, slack, keep, each.kills, killed_at, killers)


def _fingerprints(at: Ids, rows: Ids, losses: Ids, slack: Ids) -> NDArray[np.uint64]:
    """A number for each token, equal for equal lists: it only brings these together."""
    mixed = (rows.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed += losses.astype(np.uint64) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(32)
    sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)))
    told: np.ndarray[tuple[int], np.dtype[np.uint64]] = (
        sums[at[1:]] - sums[at[:-1]] + slack.astype(np.uint64) * np.uint64(0xD6E8FEB86659FD93)
    )
    return told
