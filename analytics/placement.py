"""Where each node of a supply graph belongs in a drawing: its level below the sources, its side, its order. The same for every view."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from analytics.order import levels, loops
from analytics.supply_graph import Flags, SupplyGraph
from graph.snapshot import Snapshot
from graph.values import Floats
from ontology.media import AIR_COOLING, LIQUID_COOLING
from ontology.namespaces import DCX
from ontology.terms import Ids, literal

SWEEPS = 4
"""Barycentre sweeps, down and up in turn (Sugiyama, Tagawa, Toda 1981); more change little."""
SIDES = {"A": -1.0, "B": 1.0}
"""Side A is drawn left, side B right; any other side, and what hangs on both, in the middle."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Columns by node: level (0 at the sources), side (-1 left, 0 both or none, 1 right), lane (1 for cooling), order within a row."""

    level: Ids
    side: Ids
    lane: Ids
    order: Ids


_placements: WeakKeyDictionary[SupplyGraph, Placement] = WeakKeyDictionary()
_lock = Lock()


def placement(snapshot: Snapshot, graph: SupplyGraph) -> Placement:
    """The placement of a supply graph, computed at its first use and kept with it: some seconds for a million nodes."""
    with _lock:
        found = _placements.get(graph)
        if found is None:
            found = _placements[graph] = _place(snapshot, graph)
    return found


def hand_on_placement(older: SupplyGraph, newer: SupplyGraph) -> None:
    """The placement of a graph serves another one with the same nodes, edges and sides."""
    with _lock:
        if older in _placements:
            _placements[newer] = _placements[older]


def _place(snapshot: Snapshot, graph: SupplyGraph) -> Placement:
    level = levels_of(graph)
    side = _sides(snapshot, graph, level)
    drawn_at = np.where(np.abs(side) < 0.75, 0, np.sign(side)).astype(np.int32)
    lane = _cooling(graph).astype(np.int32)
    return Placement(level, drawn_at, lane, _order(graph, level, drawn_at))


def levels_of(graph: SupplyGraph) -> Ids:
    """Each node's longest distance from a source, over all media."""
    return longest_ways(len(graph.nodes), graph.edges.source, graph.edges.target)


def longest_ways(size: int, source: Ids, target: Ids) -> Ids:
    """Each thing's longest distance from one that nothing leads to; a loop counts as one place. Cost: a sort of the edges."""
    order = np.argsort(source, kind="stable")
    starts = np.searchsorted(source[order], np.arange(size + 1)).astype(np.int32)
    targets = np.ascontiguousarray(target[order])
    loop_of, found = loops(starts, targets, np.ones(size, dtype=np.uint8))
    members = np.flatnonzero(loop_of >= 0).astype(np.int32)
    members = members[np.argsort(loop_of[members], kind="stable")]
    members_at = np.searchsorted(loop_of[members], np.arange(found + 1)).astype(np.int32)
    level: Ids = levels(starts, targets, loop_of, members_at, members)
    return level


def _sides(snapshot: Snapshot, graph: SupplyGraph, level: Ids) -> Floats:
    """What the model says by `dcx:feedSide`, handed down to what hangs on it, then up to what feeds only one side."""
    side = np.full(len(graph.nodes), np.nan)
    relation = snapshot.relation(DCX + "feedSide")
    for name, value in SIDES.items():
        number = snapshot.terms.find(literal(name))
        terms = [] if number is None else relation.subjects_of(number).tolist()
        nodes = [graph.find(snapshot.key(term)) for term in terms]
        side[[node for node in nodes if node is not None]] = value
    rows = _rows(level, graph.edges.target)
    for row in rows:
        _fill(side, graph.edges.target[row], graph.edges.source[row])
    for row in reversed(_rows(level, graph.edges.source)):
        _fill(side, graph.edges.source[row], graph.edges.target[row])
    return np.where(np.isnan(side), 0.0, side)


def _fill(side: Floats, nodes: Ids, neighbours: Ids) -> None:
    """Give each node that has no side yet the mean of its neighbours' sides."""
    known = np.isnan(side[nodes]) & ~np.isnan(side[neighbours])
    nodes, neighbours = nodes[known], neighbours[known]
    distinct, at = np.unique(nodes, return_inverse=True)
    side[distinct] = np.bincount(at, weights=side[neighbours]) / np.bincount(at) if len(distinct) else side[distinct]


def _cooling(graph: SupplyGraph) -> Flags:
    """The nodes that hand cooling on."""
    media = [number for number, iri in enumerate(graph.media) if iri in (LIQUID_COOLING, AIR_COOLING)]
    cooling = np.zeros(len(graph.nodes), dtype=np.bool_)
    cooling[graph.edges.source[np.isin(graph.edges.medium, media)]] = True
    return cooling


def _order(graph: SupplyGraph, level: Ids, side: Ids) -> Ids:
    """The rank of each node in its level: by side, then by where its neighbours are, then by id."""
    place = _spread(level, side, np.arange(len(level), dtype=np.float64))
    down, up = _rows(level, graph.edges.target), _rows(level, graph.edges.source)
    for sweep in range(SWEEPS):
        edges_of = (graph.edges.target, graph.edges.source) if sweep % 2 == 0 else (graph.edges.source, graph.edges.target)
        for row in down if sweep % 2 == 0 else reversed(up):
            nodes, at = np.unique(edges_of[0][row], return_inverse=True)
            if len(nodes):
                wanted = np.bincount(at, weights=place[edges_of[1][row]]) / np.bincount(at)
                place[nodes] = wanted
        place = _spread(level, side, place)
    return np.argsort(np.lexsort((np.arange(len(level)), place, side, level))).astype(np.int32)


def _spread(level: Ids, side: Ids, place: Floats) -> Floats:
    """Even places from -1 to 1 in each level, in the order of sides and of the places given."""
    by_place = np.lexsort((place, side, level))
    counts = np.bincount(level)
    first = np.concatenate(([0], np.cumsum(counts)[:-1])) if len(counts) else counts
    spread = np.empty(len(level))
    rank = np.arange(len(level)) - first[level[by_place]]
    spread[by_place] = (rank + 0.5) / counts[level[by_place]] * 2.0 - 1.0
    return spread


def _rows(level: Ids, end: Ids) -> list[NDArray[np.int64]]:
    """The edges by the level of one of their ends, from the top down."""
    by_level = np.argsort(level[end], kind="stable")
    cuts = np.searchsorted(level[end][by_level], np.arange(int(level.max(initial=-1)) + 2))
    return [by_level[lo:hi] for lo, hi in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)]
