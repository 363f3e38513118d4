"""What a set of failures does when the load that moves counts, too: what falls by itself, what trips, and what falls with that.

A *pair* here may stand for a node without one, a source of power that nothing feeds: the number of pairs + the node's number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from analytics.capacity.cascade import Cascade, cascade
from analytics.capacity.flow import Loads
from analytics.columns import distinct, without
from analytics.damage import Damage, assess
from analytics.evidence import Chains, Nodes, affected_by
from analytics.state import Plant
from analytics.supply_graph import Flags
from analytics.wiring import Wiring
from ontology.terms import Ids


def assess_loaded(plant: Plant, loads: Loads | None, failed: Ids, failure_units: Flags, *, further: bool = True) -> tuple[Damage, Cascade]:
    """What falls, weakens, becomes exposed and is overloaded when the given nodes fail, and how it came to that.

    What trips counts as failed in all of it. Without loads as `assess`, and at its cost; else also one cascade.
    """
    found = Cascade.none() if loads is None else cascade(plant, loads, failed)
    if len(found.tripped) + len(found.overloaded) == 0:
        return assess(plant, failed, failure_units, further=further), found
    damage = assess(plant, distinct(np.concatenate((failed, found.tripped))), failure_units, further=further)
    lost = distinct(np.concatenate((damage.lost, power_pairs(plant, loads, found.tripped))))
    overloaded = without(power_pairs(plant, loads, found.overloaded), lost)
    weaker = without(damage.weaker, np.concatenate((lost, overloaded)))
    exposed = without(damage.exposed, np.concatenate((lost, overloaded)))
    return replace(damage, lost=lost, weaker=weaker, exposed=exposed, overloaded=overloaded, tripped=found.tripped), found


def power_pairs(plant: Plant, loads: Loads | None, nodes: Ids) -> Ids:
    """The pair of each node in power, ascending."""
    wiring = plant.wiring
    medium = 0 if loads is None else loads.medium
    found = [
        next((pair for pair in wiring.pairs_of(node) if wiring.pair_medium[pair] == medium), len(wiring.pair_node) + node)
        for node in nodes.tolist()
    ]
    return np.array(sorted(found), dtype=np.int32)


def nodes_of(wiring: Wiring, pairs: Ids) -> Ids:
    """The node of each pair."""
    known = len(wiring.pair_node)
    if len(pairs) == 0 or pairs.max() < known:
        return wiring.pair_node[pairs]
    return np.where(pairs < known, np.append(wiring.pair_node, 0)[np.minimum(pairs, known)], pairs - known).astype(np.int32)


def media_of(wiring: Wiring, pairs: Ids, power: int) -> Ids:
    """The medium of each pair."""
    known = len(wiring.pair_node)
    if len(pairs) == 0 or pairs.max() < known:
        return wiring.pair_medium[pairs]
    return np.append(wiring.pair_medium, np.int32(power))[np.minimum(pairs, known)]


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
        return self._to_node(node)

    def _along(self, pair: int) -> tuple[str, ...] | None:
        """The chain to a pair along supply, from the failures or else from the first thing that trips above it."""
        node = self._ids[int(self._plant.wiring.pair_node[pair])] if pair < len(self._plant.wiring.pair_node) else ""
        return next((before + chains.to(pair, node) for before, chains in self._searches if chains.reach(pair)), None)

    def _to_node(self, node: int) -> tuple[str, ...]:
        """The chain to something by the load that it took over: against supply from the nearest taker that a chain leads to."""
        if node not in self._known:
            self._known[node] = self._search(node)
        return self._known[node]

    def _search(self, node: int) -> tuple[str, ...]:
        loads, wiring = self._loads, self._plant.wiring
        start = int(loads.power_slot[node])
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
        return self._round_a_loop(start)

    def _round_a_loop(self, end: int) -> tuple[str, ...]:
        """Where nothing that moved hangs on the failures by supply, as in a ring that is now fed from elsewhere: fewest steps of power
        either way, through the first nodes in order of ids. Cost: the site, once a step."""
        if not self._start:  # nothing has failed: what tenants moved onto it
            return (self._name(end),)
        net, slots = self._loads.net, self._loads.power_slot[list(self._start)]
        slots = slots[slots >= 0]
        one = np.concatenate((net.taker, net.takes))
        other = np.concatenate((net.takes, net.taker))
        order = np.argsort(one, kind="stable")
        one, other = one[order], other[order]
        came_from = np.full(len(net.turn_of), -1, dtype=np.int32)
        came_from[slots] = slots
        front = np.zeros(len(came_from), dtype=np.bool_)
        front[slots] = True
        while came_from[end] < 0 and front.any():
            steps = np.flatnonzero(front[one] & (came_from[other] < 0))[::-1]
            came_from[other[steps]] = one[steps]
            front[:] = False
            front[other[steps]] = True
        back = [end]
        while came_from[back[-1]] >= 0 and came_from[back[-1]] != back[-1]:
            back.append(int(came_from[back[-1]]))
        path = tuple(self._name(slot) for slot in reversed(back))
        return path if came_from[end] >= 0 else (self._ids[self._start[0]], *path)

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
