"""The affected part of a supply chain, ready to be folded and drawn.

Rules of this file:

1. Drawn are what failed, what has an outcome in the medium, and all that can supply these in it, live or not.
2. IT equipment in a rack is drawn as its rack, but where it is hit and its rack is not. Cables, outlets and groups are not drawn:
   their suppliers feed what they feed. What has no part in the medium is left out beside what has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.columns import distinct
from analytics.oneline.symbols import Symbol, symbol_of
from analytics.supply_graph import Flags, SupplyGraph
from ontology.terms import Ids
from ontology.vocabulary import Vocabulary

SYMBOLS = tuple(Symbol)
PASSES_MAX = 16
"""How many things that are not drawn may follow each other: cable, port, outlet, group, ..."""


@dataclass(frozen=True, slots=True)
class Chain:
    """`nodes` of the supply graph, ascending; the other columns go with them, `source` and `target` are positions in them."""

    nodes: Ids
    symbol: Ids
    """Index into `SYMBOLS`; never `PASSED`."""
    source: Ids
    target: Ids


def chain(graph: SupplyGraph, symbols: Ids, of: Ids, medium: int, seeds: Ids) -> Chain:
    """What is drawn of a medium where `seeds` have failed or are affected; by node its symbol and what it is drawn as.

    Cost: a few passes over the edges of the medium.
    """
    edges, size = graph.edges, len(graph.nodes)
    rows = np.flatnonzero(edges.medium == medium)
    source, target = _once(of[edges.source[rows]], of[edges.target[rows]])
    kept = _upstream(size, source, target, distinct(of[seeds]).astype(np.int32))
    passed = symbols == SYMBOLS.index(Symbol.PASSED)
    inside = kept[target]
    source, target = _joined(source[inside], target[inside], passed)
    nodes = np.flatnonzero(kept & ~passed).astype(np.int32)
    joined = np.isin(nodes, np.concatenate((source, target)))
    nodes = nodes[joined] if joined.any() else nodes
    symbol = symbols[nodes]
    at = np.full(size, -1, dtype=np.int32)
    at[nodes] = np.arange(len(nodes), dtype=np.int32)
    feeding = np.zeros(size, dtype=np.bool_)
    feeding[source] = True
    plain = symbol == SYMBOLS.index(Symbol.EQUIPMENT)
    symbol = np.where(plain & ~feeding[nodes], SYMBOLS.index(Symbol.LOAD), symbol).astype(np.int32)
    return Chain(nodes, symbol, at[source], at[target])


def in_its_rack(graph: SupplyGraph, symbols: Ids, affected: Flags) -> Ids:
    """For each node what it is drawn as: of IT equipment that is mounted in a rack the rack, else itself (rule 2)."""
    of = np.arange(len(graph.nodes), dtype=np.int32)
    it, rack = graph.loads.mounted[:, 0], graph.loads.mounted[:, 1]
    unfed = np.zeros(len(of), dtype=np.bool_)
    unfed[graph.mounted_in_unfed[:, 1]] = True
    inside = (symbols[it] == SYMBOLS.index(Symbol.IT)) & (unfed[rack] | affected[rack] | ~affected[it])
    of[it[inside]] = rack[inside]
    return of


def symbols_of(graph: SupplyGraph, vocabulary: Vocabulary) -> Ids:
    """By node: an index into `SYMBOLS`."""
    nodes = graph.nodes
    names = (*nodes.classes, None)
    passes = nodes.conduit & ~nodes.failure_unit
    table = np.array([[SYMBOLS.index(symbol_of(vocabulary, cls, passes=each)) for cls in names] for each in (False, True)], dtype=np.int32)
    found: Ids = table[passes.astype(np.int32), nodes.class_of]
    return found


def _once(source: Ids, target: Ids) -> tuple[Ids, Ids]:
    """Each edge once and none of a thing to itself, ascending by target."""
    keep = source != target
    pairs = distinct((target[keep].astype(np.int64) << 32) | source[keep])
    return (pairs & 0xFFFFFFFF).astype(np.int32), (pairs >> 32).astype(np.int32)


def _upstream(size: int, source: Ids, target: Ids, seeds: Ids) -> Flags:
    """Flags of the seeds and all that leads to them; edges ascending by target."""
    kept = np.zeros(size, dtype=np.bool_)
    kept[seeds] = True
    frontier = seeds
    while len(frontier):
        above = distinct(source[_rows_to(target, frontier)[0]])
        frontier = above[~kept[above]].astype(np.int32)
        kept[frontier] = True
    return kept


def _rows_to(target: Ids, nodes: Ids) -> tuple[Ids, Ids]:
    """The rows that lead to each of the nodes, and for each row which of the nodes; edges ascending by target."""
    lo, hi = np.searchsorted(target, nodes), np.searchsorted(target, nodes, side="right")
    count = hi - lo
    which = np.repeat(np.arange(len(nodes)), count)
    rows = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count) + np.repeat(lo, count)
    return rows.astype(np.int32), which.astype(np.int32)


def _joined(source: Ids, target: Ids, passed: Flags) -> tuple[Ids, Ids]:
    """The edges between what is drawn: each that comes from a thing not drawn is replaced by those of its suppliers."""
    ends = ~passed[target]
    into_source, into_target = source[~ends], target[~ends]
    source, target = source[ends], target[ends]
    for _ in range(PASSES_MAX):
        via = passed[source]
        if not via.any():
            break
        rows, which = _rows_to(into_target, source[via])
        source, target = _once(np.concatenate((source[~via], into_source[rows])), np.concatenate((target[~via], target[via][which])))
    drawn = ~passed[source]
    return source[drawn], target[drawn]
