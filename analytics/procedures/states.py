"""The states that a procedure passes through, all on one plant.

Rules of this file:

1. A switch that is open hands on nothing, no more does one that is out: so the plant is that with every switch of the procedure closed,
   and a state is the set of nodes that are out of it, isolated or open. Each state costs its damage, and nothing is laid out again.
2. What is asked about is the supplies of the load. Those of a load that is out itself are not.
3. Where ratings count, the load of a state moves to what is left, as in `analytics/capacity/cascade.py`, and what trips is out as well.
   Each state is judged as though nothing had tripped before it and as though it stood for good; so it does not matter how it was come to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from analytics import kernel as supply
from analytics.capacity.cascade import Cascade, cascade
from analytics.capacity.pairs import power_pairs
from analytics.columns import distinct
from analytics.conditions import Conditions, Position
from analytics.procedures.kernel import newly_exposed
from analytics.procedures.loads import ratings_of
from analytics.proofs.load import ItLoad, it_load
from analytics.state import Plant, open_nodes, plant
from analytics.supply_graph import Flags, SupplyGraph
from ontology.terms import Ids

Out = frozenset[int]
"""The nodes that hand on nothing: open switches of the procedure, and what is isolated."""


KEPT_MAX = 64
"""States kept: those of a procedure, and the last of a search. One has a few bytes for each supply of the site."""
Made = TypeVar("Made")
_NONE: Ids = np.empty(0, dtype=np.int32)


@dataclass(frozen=True, eq=False)
class State:
    """What stands while some nodes are out."""

    down: Flags
    """By pair: supplies of the load that held at the start and do not hold now, of what is not out itself."""
    holds: Flags
    """By pair: supplies of the load that hold now."""
    moved: Cascade
    """What trips and what is overloaded."""


class States:
    """The states of one procedure, each worked out once."""

    def __init__(
        self,
        graph: SupplyGraph,
        conditions: Conditions,
        switches: Iterable[int],
        media: Sequence[str] | None = None,
        load: Sequence[str] | None = None,
    ) -> None:
        """`switches` are those that the procedure operates; `media` and `load` as in `it_load`, which says what is raised."""
        self.graph = graph
        wanted = sorted(set(switches))
        opened = set(open_nodes(graph, conditions).tolist())
        self.start: Out = frozenset(node for node in wanted if node in opened)
        closed = Position(is_open=False, from_telemetry=False)
        self.conditions = replace(conditions, positions={**conditions.positions, **{graph.id(node): closed for node in wanted}})
        self.plant: Plant = plant(graph, self.conditions)
        self.load: ItLoad = it_load(graph, self.plant, media, load)
        self._candidates = np.flatnonzero(graph.nodes.failure_unit).astype(np.int32)
        self.ratings = ratings_of(graph, conditions, self.plant, _nodes(self.start))
        self._states: dict[Out, State] = {}
        self._exposed: dict[Out, Ids] = {}
        self._held: Flags = self._holding(self.start, _NONE)

    def of(self, out: Out) -> State:
        """One state. Cost: its damage, where ratings count the cascade of its load, and a copy of the flags of the site."""
        return _kept(self._states, out, self._worked)

    def exposed(self, out: Out) -> Ids:
        """By pair: the first further failure that would take it down in a state and would not have at the start, or -1.

        Cost: the damage of all single failures.
        """
        return _kept(self._exposed, out, self._threats)

    def loads(self, pairs: Flags) -> Ids:
        """The loads of flagged pairs, ascending."""
        return np.unique(self.plant.wiring.pair_node[np.flatnonzero(pairs)]).astype(np.int32)

    def failed(self, out: Out) -> Ids:
        """What hands on nothing in a state, with what has tripped; ascending."""
        return distinct(np.concatenate((_nodes(out), self.of(out).moved.tripped)))

    def own(self, out: Out) -> Flags:
        """The pairs of what is out itself."""
        return np.isin(self.plant.wiring.pair_node, _nodes(out))

    def _holding(self, out: Out, tripped: Ids) -> Flags:
        state, failed = self.plant, distinct(np.concatenate((_nodes(out), tripped)))
        with state.bench() as bench:
            dead, _, _ = supply.cascade(state.wires, state.ring, bench.now, bench.work, state.slots(failed), state.base.counts)
            holds: Flags = (bench.now.failing == 0) & self.load.supplies
            supply.revive(state.wires, bench.now, bench.work.dead, 0, dead)
        own = power_pairs(state, self.ratings.loads, tripped)
        holds[own[own < len(holds)]] = False
        return holds

    def _worked(self, out: Out) -> State:
        loads = self.ratings.loads
        moved = Cascade.none() if loads is None else cascade(self.plant, loads, _nodes(out))
        holds = self._holding(out, moved.tripped)
        up = self._held & ~self.own(out)
        return State(up & ~holds, holds, moved)

    def _threats(self, out: Out) -> Ids:
        asked = self.of(out).holds & self._held & ~self.own(out)
        state = self.plant
        if out == self.start:
            return np.full(len(asked), -1, np.int32)
        with state.bench() as bench:
            died = []
            for tally, which in ((bench.alone, _nodes(self.start)), (bench.now, self.failed(out))):
                dead, _, _ = supply.cascade(state.wires, state.ring, tally, bench.work, state.slots(which), state.base.counts)
                died.append(bench.work.dead[:dead].copy())
            threat = newly_exposed(
                state.wires,
                state.ring,
                bench.alone,
                bench.now,
                bench.work,
                state.base.counts,
                self._candidates,
                state.wiring.slots_at,
                state.wiring.pair_node,
                asked.astype(np.uint8),
            )
            for tally, dead_slots in zip((bench.alone, bench.now), died, strict=True):
                supply.revive(state.wires, tally, dead_slots, 0, len(dead_slots))
        return threat


def _nodes(out: Out) -> Ids:
    return np.array(sorted(out), dtype=np.int32)


def _kept(known: dict[Out, Made], out: Out, make: Callable[[Out], Made]) -> Made:
    """What is known of a state, the longest unused forgotten."""
    found = known.pop(out, None)
    if found is None:
        found = make(out)
    known[out] = found
    if len(known) > KEPT_MAX:
        del known[next(iter(known))]
    return found
