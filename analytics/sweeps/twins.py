"""Twins: things that need the very same of the very same suppliers, such as the servers of a rack. They fall together, so a sweep runs one.

Rules of this file:

1. Twins are told from the wires alone, whatever stands open: two slots with equal gates over equal suppliers, or over suppliers that are
   twins. Switches are nobody's twin, nor is what leads into a loop, nor what needs nothing.
2. Of all the twins one stays: it takes over what the others feed and what stands behind them. All numbers stay as they are.
3. Who fails must have no twin: the others would have to fall without it. So only what is below a *height* has twins (a service that feeds
   nothing is at height 0, what feeds it at 1, and so on), and what fails is at that height or above it.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from analytics.compiled import compiled
from analytics.kernel import Wires
from analytics.supply_graph import Flags, SupplyGraph
from analytics.sweeps.behind import behind_of, joined
from analytics.sweeps.kernel import Behind
from analytics.wiring import Wiring
from ontology.terms import Ids

HEIGHTS = (2, 3)
"""Below which twins are joined, for failures at these heights and above: servers and services, then racks and their feeds as well."""
ROUNDS_MAX = 4
"""Rounds of twins of twins."""
LOOPS_ON = np.iinfo(np.int32).max
"""The height of what leads into a loop."""
Prints = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Joined:
    """The wires with twins below a height joined."""

    behind: Behind
    """Of the ones that stay, with all their twins."""
    feeds_at: Ids
    feeds: Ids
    entry: Ids
    """Where each of `feeds` stands in the wires as they are."""


@dataclass(frozen=True, eq=False)
class Twins:
    """The twins of a graph; made once a graph."""

    behind: Behind
    """Of every node alone."""
    height: Ids
    """Of each node: that of its lowest slot; `LOOPS_ON` where it has none."""
    joined: tuple[Joined, ...]
    """For each of `HEIGHTS`."""


_kept: WeakKeyDictionary[SupplyGraph, Twins] = WeakKeyDictionary()
_lock = Lock()


def twins_of(graph: SupplyGraph, wiring: Wiring) -> Twins:
    """The twins of a graph, found at the first call and kept with it. Cost then: a few passes and sorts over the edges."""
    with _lock:
        found = _kept.get(graph)
        if found is None:
            found = _kept[graph] = _find(graph, wiring)
    return found


def _find(graph: SupplyGraph, wiring: Wiring) -> Twins:
    height, behind = heights(wiring.wires), behind_of(graph)
    lowest = np.full(len(graph.nodes), LOOPS_ON, dtype=np.int32)
    np.minimum.at(lowest, wiring.slot_node, height)
    return Twins(behind, lowest, tuple(_join(graph, wiring, behind, height < below) for below in HEIGHTS))


def _join(graph: SupplyGraph, wiring: Wiring, behind: Behind, low: Flags) -> Joined:
    wires = wiring.wires
    own = np.diff(wiring.slots_at)[wiring.slot_node] == 1
    candidates = np.flatnonzero(low & own & ~graph.nodes.switch[wiring.slot_node] & (np.diff(wires.gates_at) > 0)).astype(np.int32)
    stays = np.arange(len(wiring.slot_node), dtype=np.int32)
    for _ in range(ROUNDS_MAX if len(candidates) else 0):
        one, two = prints(wires, wiring.pair_medium, stays, candidates)
        order = np.lexsort((candidates, two, one))
        one, two = one[order], two[order]
        first = np.ones(len(order), dtype=np.bool_)
        first[1:] = (one[1:] != one[:-1]) | (two[1:] != two[:-1])
        found = stays.copy()
        found[candidates[order]] = candidates[order][np.flatnonzero(first)][np.cumsum(first) - 1]
        if np.array_equal(found, stays):
            break
        stays = found
    node = np.arange(len(graph.nodes), dtype=np.int32)
    node[wiring.slot_node[candidates]] = wiring.slot_node[stays[candidates]]
    return Joined(joined(behind, node), *_feeds(wires, stays))


def _feeds(wires: Wires, stays: Ids) -> tuple[Ids, Ids, Ids]:
    """What the slots that stay feed, the gates of slots that do not left out."""
    supplier = stays[np.repeat(np.arange(len(stays), dtype=np.int32), np.diff(wires.feeds_at))]
    fed = wires.gate_slot[wires.feeds]
    kept = np.flatnonzero(stays[fed] == fed)
    entry = kept[np.argsort(supplier[kept], kind="stable")].astype(np.int32)
    at = np.searchsorted(supplier[entry], np.arange(len(stays) + 1)).astype(np.int32)
    return at, np.ascontiguousarray(wires.feeds[entry]), entry


@compiled
def heights(wires: Wires) -> Ids:
    """The longest way from each slot to one that feeds nothing; `LOOPS_ON` where a way leads into a loop. Linear."""
    slots = len(wires.gates_at) - 1
    left = np.zeros(slots, np.int32)
    queue = np.empty(slots, np.int32)
    height = np.zeros(slots, np.int32)
    tail = 0
    for slot in range(slots):
        left[slot] = wires.feeds_at[slot + 1] - wires.feeds_at[slot]
        if left[slot] == 0:
            queue[tail] = slot
            tail += 1
    head = 0
    while head < tail:
        slot = queue[head]
        head += 1
        for at in range(wires.suppliers_at[wires.gates_at[slot]], wires.suppliers_at[wires.gates_at[slot + 1]]):
            supplier = wires.suppliers[at]
            height[supplier] = max(height[supplier], height[slot] + 1)
            left[supplier] -= 1
            if left[supplier] == 0:
                queue[tail] = supplier
                tail += 1
    for slot in range(slots):
        if left[slot] > 0:
            height[slot] = LOOPS_ON
    return height


@compiled
def prints(wires: Wires, pair_medium: Ids, stays: Ids, slots: Ids) -> tuple[Prints, Prints]:
    """Two numbers of 64 bits for each slot, both equal for slots with equal gates over equal suppliers (and for others by a chance of
    one in 2**128). Of a gate that needs all its suppliers it does not count how often one occurs."""
    one, two = np.empty(len(slots), np.uint64), np.empty(len(slots), np.uint64)
    for i in range(len(slots)):
        slot = slots[i]
        first, second = np.uint64(0), np.uint64(0)
        for gate in range(wires.gates_at[slot], wires.gates_at[slot + 1]):
            start, end = wires.suppliers_at[gate], wires.suppliers_at[gate + 1]
            every = wires.at_least[gate] == end - start
            a, b = np.uint64(0), np.uint64(0)
            for at in range(start, end):
                supplier = stays[wires.suppliers[at]]
                again = False
                if every:
                    for before in range(start, at):
                        again = again or stays[wires.suppliers[before]] == supplier
                if not again:
                    a += mixed(np.uint64(supplier) + np.uint64(0x9E3779B97F4A7C15))
                    b += mixed(np.uint64(supplier) + np.uint64(0xD6E8FEB86659FD93))
            need = np.uint64(2**31) if every else np.uint64(wires.at_least[gate])
            medium = np.uint64(pair_medium[wires.gate_pair[gate]] + 1)
            first += mixed(a + need * np.uint64(0x94D049BB133111EB) + medium)
            second += mixed(b + medium * np.uint64(0xBF58476D1CE4E5B9) + need)
        one[i], two[i] = first, second
    return one, two


@compiled
def mixed(value: np.uint64) -> np.uint64:
    """Every bit of a number on every bit (the finaliser of SplitMix64, Steele, Lea, Flood 2014)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
