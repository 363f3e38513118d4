"""What a set of failures does when the load that moves counts, too: what falls by itself, what trips, and what falls with that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from analytics.capacity.cascade import Cascade, cascade
from analytics.capacity.flow import Loads
from analytics.capacity.further import NOTHING, hazard_of
from analytics.capacity.pairs import nodes_of, power_pairs
from analytics.columns import distinct, without
from analytics.damage import Damage, Loaded, assess
from analytics.evidence import Chains, Nodes, affected_by
from analytics.state import Plant
from analytics.supply_graph import Flags
from ontology.terms import Ids

CAUSES_KEPT = 3
"""Further failures named for each pair, as `kernel.sweep` does."""


def assess_loaded(plant: Plant, loads: Loads | None, failed: Ids, failure_units: Flags, *, further: bool = True) -> tuple[Damage, Cascade]:
    """What falls, weakens, becomes exposed and is overloaded when the given nodes fail, and how it came to that.

    What trips counts as failed in all of it, also what trips by a further failure. Without loads as `assess`, and at its cost; else also
    one cascade, and those of the further failures that load decides about (`analytics/capacity/further.py`): none where nothing can trip.
    """
    if loads is None:
        return assess(plant, failed, failure_units, further=further), Cascade.none()
    found = cascade(plant, loads, failed)
    hazard = hazard_of(plant, loads, failure_units)
    tried = hazard.further(failed, found.tripped) if further else NOTHING
    damage = assess(plant, distinct(np.concatenate((failed, found.tripped))), _less(failure_units, tried.tried), further=further)
    if len(found.tripped) + len(found.overloaded) + len(tried.tried) + tried.left_out == 0:
        return damage, found
    lost = distinct(np.concatenate((damage.lost, power_pairs(plant, loads, found.tripped))))
    overloaded = without(power_pairs(plant, loads, found.overloaded), lost)
    weaker = without(damage.weaker, np.concatenate((lost, overloaded)))
    threats = _first_three(damage.threats, (tried.pairs, tried.nodes)) if len(tried.pairs) else damage.threats
    exposed = without(distinct(threats[0]), np.concatenate((lost, overloaded)))
    loaded = Loaded(len(tried.tried), tried.left_out)
    return replace(
        damage, lost=lost, weaker=weaker, exposed=exposed, threats=threats, overloaded=overloaded, tripped=found.tripped, further=loaded
    ), found


def _less(failure_units: Flags, nodes: Ids) -> Flags:
    """The failure units without some nodes."""
    if len(nodes) == 0:
        return failure_units
    units = failure_units.copy()
    units[nodes] = False
    return units


def _first_three(some: tuple[Ids, Ids], more: tuple[Ids, Ids]) -> tuple[Ids, Ids]:
    """The exposures of two lists, each pair with the first three nodes; a pair and a node are not in both."""
    pairs, nodes = (np.concatenate(column) for column in zip(some, more, strict=True))
    order = np.lexsort((nodes, pairs))
    pairs, nodes = pairs[order], nodes[order]
    rank = np.arange(len(pairs)) - np.searchsorted(pairs, pairs)
    return pairs[rank < CAUSES_KEPT], nodes[rank < CAUSES_KEPT]


class MovedChains:
    """The chains by which overload comes: along supply to a load that has moved, against it to what it now comes from, and, where that
    trips, along supply again; each part a shortest one, of equal ones the first in order of ids."""

    def __init__(self, plant: Plant, ids: Sequence[str], loads: Loads, start: Nodes, failure_units: Flags) -> None:
        """For the failures `start` alone. Cost: their cascade, and a search from them and from each thing that trips."""
        self._plant, self._ids, self._loads = plant, ids, loads
        failed = np.array(start, dtype=np.int32)
        damage, _ = assess_loaded(plant, loads, failed, failure_units, further=False)
        found = cascade(plant, loads, failed, trace=True)
        _, affected = affected_by(plant, damage)
        self._start = start
        self._taken_by: dict[int, list[int]] = {}
        for taker, supplier in zip(*(column.tolist() for column in found.moved), strict=True):
            self._taken_by.setdefault(supplier, []).append(taker)
        self._searches: list[tuple[tuple[str, ...], Chains]] = [((), Chains(plant, ids, start, affected))]
        self._known: dict[int, tuple[str, ...]] = {}
        for node in found.tripped.tolist():
            path = self._to_node(node)
            self._searches.append((path[:-1], Chains(plant, ids, (node,), affected)))
        self._tripped = frozenset(found.tripped.tolist())

    def to(self, pair: int) -> tuple[str, ...]:
        """The IRIs of the chain to a pair, both ends included."""
        node = int(nodes_of(self._plant.wiring, np.array([pair]))[0])
        if node not in self._tripped:
            found = self._along(pair)
            if found is not None:
                return found
        return self._to_node(node, pair)

    def _along(self, pair: int) -> tuple[str, ...] | None:
        """The chain to a pair along supply, from the failures or else from the first thing that trips above it."""
        node = self._ids[int(self._plant.wiring.pair_node[pair])] if pair < len(self._plant.wiring.pair_node) else ""
        return next((before + chains.to(pair, node) for before, chains in self._searches if chains.reach(pair)), None)

    def _to_node(self, node: int, pair: int = -1) -> tuple[str, ...]:
        """The chain to something by the load that it took over: against supply from the nearest taker that a chain leads to."""
        wiring, start = self._plant.wiring, int(self._loads.power_slot[node])
        if 0 <= pair < len(wiring.pair_slot):
            start = int(wiring.pair_slot[pair])
        if start not in self._known:
            self._known[start] = self._search(start)
        return self._known[start]

    def _search(self, start: int) -> tuple[str, ...]:
        loads, wiring = self._loads, self._plant.wiring
        below: dict[int, int] = {}
        seen, layer = {start}, [start]
        while layer:
            takers = sorted({(self._name(taker), taker, slot) for slot in layer for taker in self._taken_by.get(slot, ())})
            layer = []
            for _, taker, slot in takers:
                if taker in seen:
                    continue
                seen.add(taker)
                below[taker] = slot
                pair = int(power_pairs(self._plant, loads, loads.slot_node[[taker]])[0])
                along = self._along(pair) if pair < len(wiring.pair_node) else None
                if along is not None:
                    up: list[str] = []
                    at = taker
                    while at != start:
                        at = below[at]
                        up.append(self._name(at))
                    return (*along, *up)
                layer.append(taker)
        return self._either_way(start)

    def _either_way(self, end: int) -> tuple[str, ...]:
        """Where nothing that moved hangs on the failures by supply, as in a ring that is now fed from elsewhere, and to what only a further
        failure would load too much: fewest steps of supply either way, through the first nodes in order of ids."""
        if not self._start:  # nothing has failed: what tenants moved onto it
            return (self._name(end),)
        back, came_from = [end], self._came_from
        while came_from[back[-1]] >= 0 and came_from[back[-1]] != back[-1]:
            back.append(int(came_from[back[-1]]))
        path = tuple(self._name(slot) for slot in reversed(back))
        return path if came_from[end] >= 0 else (self._ids[self._start[0]], *path)

    @cached_property
    def _came_from(self) -> Ids:
        """For each slot the one before it on the fewest steps of supply either way from the failures; -1 for what has none. Cost: the site,
        once a step."""
        wires, live = self._plant.wires, self._plant.base.live == 1
        fed = wires.gate_slot[np.repeat(np.arange(len(wires.gate_pair)), np.diff(wires.suppliers_at))]
        one, other = np.concatenate((fed, wires.suppliers)), np.concatenate((wires.suppliers, fed))
        order = np.argsort(one, kind="stable")
        one, other = one[order], other[order]
        slots = self._plant.slots(np.array(self._start, dtype=np.int32))
        came_from = np.full(len(live), -1, dtype=np.int32)
        came_from[slots] = slots
        front = np.zeros(len(live), dtype=np.bool_)
        front[slots] = True
        while front.any():
            steps = np.flatnonzero(front[one] & (came_from[other] < 0))[::-1]
            came_from[other[steps]] = one[steps]
            front[:] = False
            front[other[steps]] = True
            front &= live
        return came_from

    def _name(self, slot: int) -> str:
        return self._ids[int(self._loads.slot_node[slot])]


class Moved:
    """The chains of overload of one answer, for each evidence those that are asked for."""

    def __init__(self, plant: Plant, ids: Sequence[str], loads: Loads, failure_units: Flags) -> None:
        self._of: Callable[[Nodes], MovedChains] = lambda start: MovedChains(plant, ids, loads, start, failure_units)
        self._known: dict[Nodes, MovedChains] = {}

    def of(self, start: Nodes) -> MovedChains:
        """Those of the failures `start` alone."""
        if start not in self._known:
            self._known[start] = self._of(start)
        return self._known[start]
