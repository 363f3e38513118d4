"""The one-line diagram of a failure: the affected part of one supply chain, equal things folded into one symbol, and its place.

Equal questions give equal drawings. How it is drawn is the business of whoever shows it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from analytics.impact import KINDS, LOST, UNAFFECTED, BlastRadius
from analytics.oneline.chain import SYMBOLS, Chain, chain, in_its_rack, symbols_of
from analytics.oneline.folding import folded, looks
from analytics.oneline.places import Places, levels_of, places, rows_of
from analytics.oneline.symbols import Symbol
from analytics.placement import placement
from analytics.scenario import Case
from analytics.state import LiveState, live, open_nodes
from analytics.supply_graph import Flags, SupplyGraph
from graph.snapshot import Snapshot
from graph.values import Floats
from ontology.media import POWER
from ontology.terms import Ids
from ontology.vocabulary import Vocabulary

SYMBOLS_MAX = 56
"""Symbols that a page can show legibly."""
ABREAST_MAX = 5
"""Symbols in a row that leave room for their names."""
ROUNDS = (3, 1, 0)
"""How far is looked around a thing before it counts as equal to another, finest first, where looking all around tells too many apart."""
FAILED = "FAILED"
STATES = (FAILED, *KINDS)
"""What a symbol says of its things: they fail, or their outcome in the medium of the drawing."""
NAMED_MAX = 3
_RACK, _IT = SYMBOLS.index(Symbol.RACK), SYMBOLS.index(Symbol.IT)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One symbol: a thing, or several that are equal."""

    symbol: Symbol
    count: int
    ids: tuple[str, ...]
    """The first of them, in order."""
    label: str
    """Of one thing its label; of several their common class, or None."""
    cls: str | None
    state: str
    """One of `STATES`, of all of them."""
    is_live: bool
    """Whether they hand on."""
    is_open: bool | None
    """Where they are switches: whether they stand open."""
    stored: bool
    """Whether stored energy carries them on when their supply goes."""
    needed: tuple[int, int] | None
    """Where they are members of a redundancy group: how many of how many members it needs."""
    it_load_kw: float
    """Of racks and IT equipment."""
    side: int
    """-1 A, 1 B, 0 both or neither."""
    row: int
    x: float

    def to_json(self) -> dict[str, object]:
        """For a program."""
        return {
            "symbol": self.symbol.value,
            "count": self.count,
            "ids": list(self.ids),
            "label": self.label,
            "class": self.cls,
            "state": self.state,
            "live": self.is_live,
            "open": self.is_open,
            "stored": self.stored,
            "needed": None if self.needed is None else list(self.needed),
            "it_load_kw": self.it_load_kw,
            "side": self.side,
            "row": self.row,
            "x": self.x,
        }


@dataclass(frozen=True, slots=True)
class Wire:
    """From one symbol to another, by their numbers."""

    source: int
    target: int
    is_live: bool
    """Whether it is live after the failure."""
    is_tie: bool
    """Whether it may carry either way."""
    via: tuple[tuple[int, float], ...]
    """Row and x where it passes other rows."""

    def to_json(self) -> dict[str, object]:
        """For a program."""
        return {
            "source": self.source,
            "target": self.target,
            "live": self.is_live,
            "tie": self.is_tie,
            "via": [list(at) for at in self.via],
        }


@dataclass(frozen=True, slots=True)
class OneLine:
    """The drawing; `things` are drawn by all symbols together, x grows to the right by 1 a symbol, rows go down from 0."""

    medium: str
    symbols: tuple[Drawn, ...]
    wires: tuple[Wire, ...]
    rows: int
    things: int

    def to_json(self) -> dict[str, object]:
        """For a program."""
        return {
            "medium": self.medium,
            "rows": self.rows,
            "things": self.things,
            "symbols": [symbol.to_json() for symbol in self.symbols],
            "wires": [wire.to_json() for wire in self.wires],
        }


def one_line(snapshot: Snapshot, vocabulary: Vocabulary, case: Case, found: BlastRadius, stored: Ids) -> OneLine:
    """Draw what an answer says of a case, in the medium that it says most of (power where it says anything of it).

    `stored` are the nodes that stored energy carries on. Cost: some passes over the edges of the medium.
    """
    graph, failed = case.graph, case.failed
    medium = _medium(graph, found, case.out)
    outcome, symbols = _outcomes(graph, found, medium), symbols_of(graph, vocabulary)
    out = np.isin(np.arange(len(symbols)), case.out)
    symbols = np.where(out & (symbols == SYMBOLS.index(Symbol.PASSED)), SYMBOLS.index(Symbol.EQUIPMENT), symbols).astype(np.int32)
    hit = out | (outcome < UNAFFECTED)
    of = in_its_rack(graph, symbols, hit)
    seeds = np.flatnonzero(hit).astype(np.int32)
    what = chain(graph, symbols, of, medium, seeds)
    after = live(graph, (*case.out_ids(), *(trip.id for trip in found.trips)), case.conditions)
    columns = _Columns(graph, what, of, outcome, failed, after, medium)
    side = placement(snapshot, graph).side[what.nodes]
    opened = np.isin(what.nodes, np.concatenate((open_nodes(graph, case.conditions), case.opened)))
    group, wires = _folded(graph, opened, what, columns, side)
    needed = _needed(graph, symbols, medium)[what.nodes]
    drawn = _drawn(graph, opened, what, group, columns, side, stored, needed)
    order = sorted(range(len(drawn)), key=lambda number: (drawn[number].side, drawn[number].ids))
    number_of = {old: new for new, old in enumerate(order)}
    wires = {(number_of[a], number_of[b]) for a, b in wires}
    at = places([drawn[number].side for number in order], [_width(drawn[number]) for number in order], wires)
    placed = tuple(_placed(drawn[number], at, new) for new, number in enumerate(order))
    return OneLine(graph.media[medium], placed, _wires(placed, wires, at), max(at.row, default=-1) + 1, len(what.nodes))


def _medium(graph: SupplyGraph, found: BlastRadius, failed: Ids) -> int:
    """Power where the answer says anything of it, else the medium of most outcomes; without any that of the failed things."""
    counts: dict[str, int] = {}
    for outcome in found.outcomes:
        counts[outcome.medium] = counts.get(outcome.medium, 0) + 1
    if not counts:
        edges = graph.edges
        touched = edges.medium[np.isin(edges.source, failed) | np.isin(edges.target, failed)]
        counts = {graph.media[medium]: 1 for medium in set(touched.tolist())}
    best = POWER if POWER in counts or not counts else min(counts, key=lambda iri: (-counts[iri], graph.media.index(iri)))
    return graph.media.index(best) if best in graph.media else 0


def _outcomes(graph: SupplyGraph, found: BlastRadius, medium: int) -> Ids:
    """By node the outcome in a medium, of a rack that nothing feeds the worst of what is in it; an index into `KINDS`."""
    worst = np.full(len(graph.nodes), UNAFFECTED, dtype=np.int32)
    for outcome in found.outcomes:
        node = graph.find(outcome.id)
        if node is not None and outcome.medium == graph.media[medium]:
            worst[node] = KINDS.index(outcome.outcome)
    inside, rack = graph.mounted_in_unfed.T
    np.minimum.at(worst, rack, worst[inside])
    return worst


class _Columns:
    """What is said of each thing of a chain."""

    def __init__(self, graph: SupplyGraph, what: Chain, of: Ids, outcome: Ids, failed: Ids, after: LiveState, medium: int) -> None:
        own = outcome[what.nodes]
        self.state: Ids = np.where(np.isin(what.nodes, failed), 0, own + 1).astype(np.int32)
        handing, holding = _live(after, medium)
        feeds = np.zeros(len(what.nodes), dtype=np.bool_)
        feeds[what.source] = True
        self.live: Flags = np.where(feeds, handing[what.nodes], holding[what.nodes] & (self.state > LOST + 1))
        self.kw: Floats = _it_load(graph, of)[what.nodes]


def _live(after: LiveState, medium: int) -> tuple[Flags, Flags]:
    """By node: whether it hands a medium on, and whether its own supply in it holds."""
    wiring, size = after.wiring, len(after.graph.nodes)
    handing, holding = np.zeros(size, dtype=np.bool_), np.ones(size, dtype=np.bool_)
    handing[wiring.slot_node[after.slot_live]] = True
    down = ~after.pair_holds & (wiring.pair_medium == medium)
    holding[wiring.pair_node[down]] = False
    dead = ~after.slot_live & (wiring.slot_medium == medium)
    conduit = wiring.slot_node[dead]
    handing[conduit[after.graph.nodes.conduit[conduit]]] = False
    return handing, holding


def _it_load(graph: SupplyGraph, of: Ids) -> Floats:
    """By node the kW of IT equipment; of a rack what is in it."""
    kw = np.zeros(len(graph.nodes))
    np.add.at(kw, of[graph.loads.equipment], graph.loads.equipment_kw)
    return kw


def _folded(graph: SupplyGraph, opened: Flags, what: Chain, columns: _Columns, side: Ids) -> tuple[Ids, set[tuple[int, int]]]:
    """The group of each thing, and the wires between groups: as fine as the page allows."""
    plain = (what.symbol, side, columns.state, columns.live.astype(np.int32), opened.astype(np.int32))
    by_class = (*plain, graph.nodes.class_of[what.nodes])
    level = levels_of(len(what.nodes), what.source, what.target)
    ends = ~np.isin(np.arange(len(what.nodes)), what.source)
    at_the_end = (what.symbol, np.where(ends, 0, side), *plain[2:], np.where(ends, -1, level))
    tries = ((by_class, (32,)), (plain, (32,)), ((*plain, level), ROUNDS), (at_the_end, (0,)))
    best: tuple[float, Ids, set[tuple[int, int]]] = (math.inf, np.empty(0, np.int32), set())
    for look, depths in tries:
        for rounds in depths:
            group = folded(looks(look), what.source, what.target, rounds)
            wires = _between(group, what)
            size = int(group.max(initial=-1)) + 1
            abreast = int(max(np.bincount(rows_of(size, wires)), default=0))
            over = max(size / SYMBOLS_MAX, abreast / ABREAST_MAX)
            if over <= 1:
                return group, wires
            best = min(best, (over, group, wires), key=lambda each: each[0])
    return best[1:]


def _between(group: Ids, what: Chain) -> set[tuple[int, int]]:
    """The wires between groups."""
    pairs = np.unique((group[what.source].astype(np.int64) << 32) | group[what.target]).tolist()
    return {(pair >> 32, pair & 0xFFFFFFFF) for pair in pairs if pair >> 32 != pair & 0xFFFFFFFF}


def _drawn(
    graph: SupplyGraph, opened: Flags, what: Chain, group: Ids, columns: _Columns, side: Ids, stored: Ids, needed: Ids
) -> list[Drawn]:
    """The symbols by group, not placed yet."""
    carried = np.isin(what.nodes, stored)
    order = np.argsort(group, kind="stable")
    cuts = np.searchsorted(group[order], np.arange(int(group.max(initial=-1)) + 2))
    found = []
    for first, last in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        members = order[first:last]
        one = int(members[0])
        nodes = what.nodes[members]
        classes = {graph.class_iri(node) for node in nodes.tolist()}
        symbol = SYMBOLS[what.symbol[one]]
        found.append(
            Drawn(
                symbol,
                len(members),
                tuple(graph.id(node) for node in nodes[:NAMED_MAX].tolist()),
                graph.label(int(nodes[0])) if len(members) == 1 else "",
                classes.pop() if len(classes) == 1 else None,
                STATES[columns.state[one]],
                bool(columns.live[one]),
                bool(opened[one]) if graph.nodes.switch[nodes[0]] else None,
                bool(carried[members].any()),
                _one_of(needed[members]),
                round(float(columns.kw[members].sum()), 3) if what.symbol[one] in (_RACK, _IT) else 0.0,
                int(side[one]),
                0,
                0.0,
            )
        )
    return found


def _needed(graph: SupplyGraph, symbols: Ids, medium: int) -> Ids:
    """By node, shape (n, 2): of a member of a group how many the group needs, and of how many; else 0."""
    needs = graph.requirements
    size = np.diff(needs.starts)
    groups = (symbols[needs.node] == SYMBOLS.index(Symbol.PASSED)) & (needs.medium == medium) & (size > 1)
    rows = np.repeat(np.arange(len(needs)), size)
    inside = groups[rows]
    found = np.zeros((len(graph.nodes), 2), dtype=np.int32)
    found[needs.suppliers[inside], 0] = needs.at_least[rows[inside]]
    found[needs.suppliers[inside], 1] = size[rows[inside]]
    return found


def _one_of(needed: Ids) -> tuple[int, int] | None:
    """What all of them share; None where they are in no group, or in different ones."""
    least, of = needed[0].tolist()
    return (least, of) if of and bool((needed == needed[0]).all()) else None


def _width(drawn: Drawn) -> float:
    """What a symbol takes of its row, with its battery or the cross of what fails; 1: a plain one."""
    return 1.0 + 0.35 * drawn.stored + 0.15 * (drawn.state == FAILED)


def _placed(drawn: Drawn, at: Places, number: int) -> Drawn:
    return replace(drawn, row=at.row[number], x=at.x[number])


def _wires(symbols: tuple[Drawn, ...], wires: Iterable[tuple[int, int]], at: Places) -> tuple[Wire, ...]:
    """Each wire once; a tie from the lower number to the higher."""
    known = set(wires)
    found = []
    for a, b in sorted(known):
        tie = (b, a) in known
        if tie and a > b:
            continue
        is_live = symbols[a].is_live or (tie and symbols[b].is_live)
        found.append(Wire(a, b, is_live, tie, at.via.get((a, b), ())))
    return tuple(found)
