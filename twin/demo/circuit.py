"""The power circuit of a site as arrays: which elements are energised, from where each draws, and how much.

Rules of this file:

1. A circuit is compiled once from a snapshot and does not change; positions, sources and batteries are arguments of `solve`.
2. Energised is grounded: it is reached from running sources in rounds, and the round is an element's depth; power is drawn from a
   lesser depth only, so that what is joined both ways (a tie) never feeds itself.
3. A group and a set of cords share their load equally; everything else draws from one input: the one that utilities stand behind, then
   the nearest, then by turns, so that equal transfer switches spread over their boards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.supply_graph import SupplyGraph
from graph.snapshot import Snapshot
from ontology.media import POWER
from ontology.namespaces import BRICK, DCX
from ontology.vocabulary import Vocabulary
from twin.demo import physics

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
NEVER = np.int64(1 << 30)
"""Depth of an element that is not energised."""


@dataclass(frozen=True)
class Circuit:
    """Elements in order of their IRIs; edges (u feeds v) sorted by v."""

    ids: tuple[str, ...]
    index: dict[str, int]
    u: Ints
    v: Ints
    turn: Ints
    """For each edge its place among the inputs of v, turned by v's number among its likes."""
    needed: Ints
    """Inputs that must be energised; 0 for a source."""
    shares: Flags
    """Elements that load all their inputs equally (groups)."""
    utility: Flags
    generator: Flags
    starts_generators: Flags
    """Transfer switches between the utility and the generators: when one of these loses the utility, the engines are called."""
    switch: Flags
    normally_open: Flags
    battery: Ints
    """For each element the number of the battery behind it, -1 when there is none."""
    batteries: tuple[str, ...]
    rating_kw: Floats
    loss_curve: Floats

    def of(self, iris: Iterable[str]) -> Ints:
        """The elements' numbers."""
        return np.array([self.index[iri] for iri in iris], dtype=np.int64)


@dataclass(frozen=True)
class Flow:
    """A circuit in one state: what is energised, and the inputs that each element draws from, layer by layer from the loads up."""

    live: Flags
    on_utility: Flags
    """Energised by utilities alone."""
    depth: Ints
    layers: tuple[tuple[Ints, Ints, Ints, Floats], ...]
    """Deepest first: the layer's elements, then its edges as supplier, taker and share."""


def solve(circuit: Circuit, is_open: Flags, running: Flags, carried: Flags) -> Flow:
    """What is energised with these switches open, generators running and elements carried by their battery where inputs are lost.

    All flags are by element; a failed element counts as open. Cost: one pass over the edges for each round (about twenty).
    """
    on_utility, depth_utility = _energise(circuit, is_open, circuit.utility)
    if running.any():
        live, depth = _energise(circuit, is_open, circuit.utility | running)
    else:
        live, depth = on_utility, depth_utility
    bridged = carried & ~live & ~is_open
    if bridged.any():
        live, depth = _energise(circuit, is_open, circuit.utility | running | bridged)
    return Flow(live, on_utility, depth, _layers(circuit, live, on_utility, depth))


def _energise(circuit: Circuit, is_open: Flags, source: Flags) -> tuple[Flags, Ints]:
    size = len(circuit.ids)
    live = source & ~is_open
    depth = np.where(live, np.int64(0), NEVER)
    can = ~is_open & (circuit.needed > 0)
    for round_ in range(1, size + 1):
        count = np.bincount(circuit.v[live[circuit.u]], minlength=size)
        new = can & ~live & (count >= circuit.needed)
        if not new.any():
            break
        depth[new] = round_
        live = live | new
    return live, depth


def _layers(circuit: Circuit, live: Flags, on_utility: Flags, depth: Ints) -> tuple[tuple[Ints, Ints, Ints, Floats], ...]:
    u, v = circuit.u, circuit.v
    active = np.flatnonzero(live[u] & live[v] & (depth[u] < depth[v]))
    au, av = u[active], v[active]
    order = np.lexsort((circuit.turn[active], depth[au], ~on_utility[au], av))
    active, au, av = active[order], au[order], av[order]
    first = np.ones(len(av), dtype=bool)
    first[1:] = av[1:] != av[:-1]
    kept = first | circuit.shares[av]
    au, av = au[kept], av[kept]
    share = 1.0 / np.bincount(av, minlength=len(circuit.ids))[av]
    layers = []
    for level in range(int(depth[live].max(initial=0)), -1, -1):
        nodes = np.flatnonzero(live & (depth == level))
        mine = depth[av] == level
        layers.append((nodes, au[mine], av[mine], share[mine]))
    return tuple(layers)


def draw(circuit: Circuit, flow: Flow, load_kw: Floats, own_kw: Floats) -> tuple[Floats, Floats, Floats]:
    """Input, output and loss of every element, kW, for loads at elements (`load_kw`) and what elements take for themselves (`own_kw`).

    Both count only where the element is energised. Input = output + loss + own.
    """
    size = len(circuit.ids)
    output = np.where(flow.live, load_kw, 0.0)
    taken, lost = np.zeros(size), np.zeros(size)
    for nodes, suppliers, takers, share in flow.layers:
        lost[nodes] = physics.loss_kw(output[nodes], circuit.rating_kw[nodes], circuit.loss_curve[nodes])
        taken[nodes] = output[nodes] + lost[nodes] + own_kw[nodes]
        output += np.bincount(suppliers, weights=taken[takers] * share, minlength=size)
    return taken, output, lost


# -- compiling --


def compile_circuit(snapshot: Snapshot, vocabulary: Vocabulary, supply: SupplyGraph) -> Circuit:
    """The circuit of a snapshot: the power edges of its supply graph, down to rack PDUs and machines."""
    kinds = _Kinds(snapshot, vocabulary)
    below = kinds.all(DCX + "Outlet") | kinds.all(BRICK + "ICT_Rack") | kinds.all(BRICK + "ICT_Equipment")
    storage = kinds.all(BRICK + "Energy_Storage")
    term = [snapshot.need(iri) for iri in supply.nodes.ids]
    power = supply.edges.medium == supply.media.index(POWER)
    joined = zip(supply.edges.source[power].tolist(), supply.edges.target[power].tolist(), strict=True)
    pairs = {(term[u], term[v]) for u, v in joined}
    pairs = {(s, o) for s, o in pairs if o not in below and s not in storage}
    batteries = {o: s for s, o in kinds.pairs(DCX + "feedsPower") if s in storage}
    groups = kinds.all(DCX + "Redundancy_Group") & {s for s, _ in pairs}
    return _arrays(snapshot, kinds, pairs, groups, batteries)


def _arrays(snapshot: Snapshot, kinds: _Kinds, pairs: set[tuple[int, int]], groups: set[int], batteries: dict[int, int]) -> Circuit:
    terms = sorted({n for pair in pairs for n in pair}, key=snapshot.key)
    number = {term: i for i, term in enumerate(terms)}
    edges = sorted((number[o], number[s]) for s, o in pairs)
    v, u = (np.array([edge[i] for edge in edges], dtype=np.int64) for i in (0, 1))
    count = np.bincount(v, minlength=len(terms))
    place = np.arange(len(v)) - (np.cumsum(count) - count)[v]
    utility, generator = (kinds.flags(terms, DCX + cls) for cls in ("Utility_Feed", "Generator"))
    transfer = kinds.flags(terms, BRICK + "Transfer_Switch")
    ordinal = np.where(transfer, np.cumsum(transfer), 0)
    needed = np.where(count > 0, 1, 0)
    for group in groups:
        needed[number[group]] = int(snapshot.number(group, DCX + "requiredCount") or 1)
    held = sorted(batteries.items(), key=lambda item: snapshot.key(item[1]))
    battery = np.full(len(terms), -1, dtype=np.int64)
    for i, (module, _) in enumerate(held):
        battery[number[module]] = i
    open_, closed_by_model = snapshot.terms.find(DCX + "Open"), kinds.pairs(DCX + "normalPosition")
    opened = {s for s, o in closed_by_model if o == open_}
    rating = np.array([_rating(snapshot, term) for term in terms])
    curve = np.zeros((len(terms), 3))
    for cls, loss in (
        (BRICK + "Transformer", physics.TRANSFORMER_LOSS),
        (DCX + "UPS_Module", physics.UPS_LOSS),
        (DCX + "PDU", physics.PDU_LOSS),
    ):
        curve[kinds.flags(terms, cls)] = loss
    ids = tuple(snapshot.key(term) for term in terms)
    return Circuit(
        ids,
        {iri: i for i, iri in enumerate(ids)},
        u,
        v,
        (place + ordinal[v]) % np.maximum(count[v], 1),
        needed.astype(np.int64),
        np.array([term in groups for term in terms]),
        utility,
        generator,
        _callers(u, v, generator, transfer),
        kinds.flags(terms, BRICK + "Circuit_Breaker"),
        np.array([term in opened for term in terms]),
        battery,
        tuple(snapshot.key(string) for _, string in held),
        rating,
        curve,
    )


def _callers(u: Ints, v: Ints, generator: Flags, transfer: Flags) -> Flags:
    """Transfer switches of which some input has a generator behind it and some has none."""
    reached = generator.copy()
    while True:
        more = reached.copy()
        more[v[reached[u]]] = True
        if (more == reached).all():
            break
        reached = more
    plain = np.zeros(len(generator), dtype=bool)
    plain[v[~reached[u]]] = True
    return transfer & reached & plain


def _rating(snapshot: Snapshot, term: int) -> float:
    """`dcx:ratedPower` of a thing in kW, 0 when it has none; the demo site states it in kW."""
    node = snapshot.one(term, DCX + "ratedPower")
    return 0.0 if node is None else snapshot.number(node, BRICK + "value") or 0.0


class _Kinds:
    """Entities by class with subclasses, and pairs by predicate, as term numbers."""

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary) -> None:
        self._snapshot, self._vocabulary = snapshot, vocabulary

    def all(self, cls: str) -> set[int]:
        return set(self._snapshot.instances(sorted(self._vocabulary.subclasses(cls))).tolist())

    def flags(self, terms: list[int], cls: str) -> Flags:
        members = self.all(cls)
        return np.array([term in members for term in terms])

    def pairs(self, predicate: str) -> list[tuple[int, int]]:
        relation = self._snapshot.relation(predicate)
        return list(relation.pairs())
