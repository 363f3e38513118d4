"""Twins: things that need the very same of the very same suppliers, such as the servers of a rack. They fall together, so a sweep runs one.

Rules of this file:

1. Twins are told from the wires alone, whatever stands open: two slots with equal gates over equal suppliers, or over suppliers that are
   twins. Switches are nobody's twin, nor is what leads into a loop, nor what needs nothing.
2. Of all the twins one stays: it takes over what the others feed and what stands behind them. All numbers stay as they are.
3. Who fails must have no twin: the others would have to fall without it. So only what is below a *height* has twins (a service that feeds
   nothing is at height 0, what feeds it at 1, and so on), and what fails is at that height or above it.
4. What fails may be *alike*: two feeds of the same servers take the same down, whatever stands open. They are told here, and one is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from analytics.kernel import Wires
from analytics.supply_graph import Flags, SupplyGraph
from analytics.sweeps.behind import behind_of, joined, only
from analytics.sweeps.kernel import Behind
from analytics.wiring import Wiring
from graph.compiled import compiled
from ontology.terms import Ids

HEIGHTS = (2, 3, 4, 5, 6)
"""Below which twins are joined, for failures at these heights and above: servers and services, then racks and their feeds as well, panels
and air handlers, and so on up."""
ROUNDS_MAX = 4
"""Rounds of twins of twins, at each height."""
LOOPS_ON = np.iinfo(np.int32).max
"""The height of what leads into a loop."""
Prints = NDArray[np.uint64]
Chosen = NDArray[np.int32] | slice
"""Numbers of what is kept, or all of it."""


@dataclass(frozen=True, eq=False)
class Joined:
    """The wires with twins below a height joined: only what stays, in numbers of its own, so that it lies close together."""

    slot: Chosen
    gate: Chosen
    pair: Chosen
    entry: Chosen
    """Of each slot, gate, pair and edge (`feeds`) the number that it has in the wires as they are."""
    node: Ids
    """Of each node of the graph the number that it has here, or -1."""
    feeds_at: Ids
    feeds: Ids
    gate_slot: Ids
    gate_pair: Ids
    pair_node: Ids
    slots_at: Ids
    behind: Behind
    """Of the ones that stay, with all their twins."""
    alike: Ids
    """Per slot: the first one that feeds the very same gates; -1 for one that has none like it, that is not all of its node, or of whose
    node more is counted than that it fell: whose tenants, and the racks that it is mounted in, may be lost by other ways, too."""


@dataclass(frozen=True, eq=False)
class Twins:
    """The twins of a graph; made once a graph."""

    height: Ids
    """Of each node: that of its lowest slot; `LOOPS_ON` where it has none."""
    joined: tuple[Joined, ...]
    """Nothing joined; then for each of `HEIGHTS`."""


_kept: WeakKeyDictionary[SupplyGraph, Twins] = WeakKeyDictionary()
_lock = Lock()


def twins_of(graph: SupplyGraph, wiring: Wiring) -> Twins:
    """The twins of a graph, found at the first call and kept with it. Cost then: a few passes and sorts over the edges."""
    with _lock:
        found = _kept.get(graph)
        if found is None:
            found = _kept[graph] = _find(graph, wiring)
    return found


def hand_on_twins(older: SupplyGraph, newer: SupplyGraph) -> None:
    """The twins of a graph serve another one that differs in its revision and its labels only."""
    with _lock:
        if older in _kept:
            _kept[newer] = _kept[older]


def _find(graph: SupplyGraph, wiring: Wiring) -> Twins:
    height, behind = heights(wiring.wires), behind_of(graph)
    lowest = np.full(len(graph.nodes), LOOPS_ON, dtype=np.int32)
    np.minimum.at(lowest, wiring.slot_node, height)
    holds = np.zeros(len(graph.nodes), dtype=np.bool_)
    holds[behind.holders] = True
    holds |= (np.diff(behind.tenants_at) > 0) | (np.diff(behind.holders_at) > 0)
    stays = np.arange(len(wiring.slot_node), dtype=np.int32)
    found = [_as_they_are(wiring, behind, holds)]
    able = _able(graph, wiring)
    top = int(height[height < LOOPS_ON].max(initial=0))
    for below in HEIGHTS:
        if below <= top:
            stays = _stays(wiring, stays, np.flatnonzero(able & (height < below)).astype(np.int32))
            found.append(_join(wiring, behind, holds, stays))
    return Twins(lowest, tuple(found))


def _able(graph: SupplyGraph, wiring: Wiring) -> Flags:
    """The slots that may have twins: all of their node, no switches, and in need of something."""
    own = np.diff(wiring.slots_at)[wiring.slot_node] == 1
    able: Flags = own & ~graph.nodes.switch[wiring.slot_node] & (np.diff(wiring.wires.gates_at) > 0)
    return able


def _stays(wiring: Wiring, stays: Ids, candidates: Ids) -> Ids:
    """Of each slot the one that stays for it, when the candidates are joined as well; `stays` says it of those below them."""
    for _ in range(ROUNDS_MAX):
        some = candidates[stays[candidates] == candidates]
        if len(some) == 0:
            break
        one, two = prints(wiring.wires, wiring.pair_medium, stays, some)
        first = _first_of(some, one, two)
        if np.array_equal(first, some):
            break
        found = np.arange(len(stays), dtype=np.int32)
        found[some] = first
        stays = found[stays]
    return stays


def _first_of(numbers: Ids, one: Prints, two: Prints) -> Ids:
    """Of each number the first that has the same prints."""
    order = np.lexsort((numbers, two, one))
    one, two = one[order], two[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (one[1:] != one[:-1]) | (two[1:] != two[:-1])
    found = np.empty_like(numbers)
    found[order] = numbers[order][np.flatnonzero(first)][np.cumsum(first) - 1]
    return found


def _as_they_are(wiring: Wiring, behind: Behind, holds: Flags) -> Joined:
    wires, every = wiring.wires, slice(None)
    return Joined(
        every,
        every,
        every,
        every,
        np.arange(len(wiring.slots_at) - 1, dtype=np.int32),
        wires.feeds_at,
        wires.feeds,
        wires.gate_slot,
        wires.gate_pair,
        wiring.pair_node,
        wiring.slots_at,
        behind,
        _alike(wires.feeds_at, wires.feeds, wiring.slots_at, holds),
    )


def _join(wiring: Wiring, behind: Behind, holds: Flags, stays: Ids) -> Joined:
    """Only what stays. Of a node that has twins its one slot has; of all others all slots stay."""
    wires = wiring.wires
    keeps = stays == np.arange(len(stays))
    kept_node = np.ones(len(holds), dtype=np.bool_)
    kept_node[wiring.slot_node[~keeps]] = False
    node_stays = np.arange(len(holds), dtype=np.int32)
    node_stays[wiring.slot_node[~keeps]] = wiring.slot_node[stays[~keeps]]
    slot, gate = np.flatnonzero(keeps).astype(np.int32), np.flatnonzero(keeps[wires.gate_slot]).astype(np.int32)
    pair = np.flatnonzero(kept_node[wiring.pair_node]).astype(np.int32)
    nodes = np.flatnonzero(kept_node).astype(np.int32)
    slot_now, gate_now = _numbers(slot, len(stays)), _numbers(gate, len(wires.gate_slot))
    pair_now, node_now = _numbers(pair, len(wiring.pair_node)), _numbers(nodes, len(holds))
    feeds_at, feeds, entry = _feeds(wires, stays, keeps, slot_now, len(slot))
    feeds = gate_now[feeds]
    slots_at = np.searchsorted(node_now[wiring.slot_node[slot]], np.arange(len(nodes) + 1)).astype(np.int32)
    return Joined(
        slot,
        gate,
        pair,
        entry,
        node_now,
        feeds_at,
        feeds,
        slot_now[wires.gate_slot[gate]],
        pair_now[wires.gate_pair[gate]],
        node_now[wiring.pair_node[pair]],
        slots_at,
        only(joined(behind, node_stays), nodes, node_now),
        _alike(feeds_at, feeds, slots_at, holds[nodes]),
    )


def _numbers(kept: Ids, size: int) -> Ids:
    numbers = np.full(size, -1, dtype=np.int32)
    numbers[kept] = np.arange(len(kept), dtype=np.int32)
    return numbers


def _feeds(wires: Wires, stays: Ids, keeps: Flags, slot_now: Ids, slots: int) -> tuple[Ids, Ids, Ids]:
    """What the slots that stay feed, the gates of slots that do not left out: where each one's begin, the gates, the edges."""
    supplier = slot_now[stays][np.repeat(np.arange(len(stays), dtype=np.int32), np.diff(wires.feeds_at))]
    kept = np.flatnonzero(keeps[wires.gate_slot[wires.feeds]])
    entry = kept[np.argsort(supplier[kept], kind="stable")].astype(np.int32)
    at = np.searchsorted(supplier[entry], np.arange(slots + 1)).astype(np.int32)
    return at, wires.feeds[entry], entry


def _alike(feeds_at: Ids, feeds: Ids, slots_at: Ids, holds: Flags) -> Ids:
    """`Joined.alike`. Cost: one sort of the slots that feed anything."""
    own = (np.diff(slots_at) == 1) & ~holds
    first = slots_at[:-1][own]
    first = first[feeds_at[first + 1] > feeds_at[first]].astype(np.int32)
    like = np.full(len(feeds_at) - 1, -1, dtype=np.int32)
    if len(first):
        found = _first_of(first, *feed_prints(feeds_at, feeds, first))
        several = np.bincount(found, minlength=len(like))[found] > 1
        like[first[several]] = found[several]
    return like


@compiled
def feed_prints(feeds_at: Ids, feeds: Ids, slots: Ids) -> tuple[Prints, Prints]:
    """Two numbers of 64 bits for each slot, both equal for slots that feed the same gates (and for others by a chance of one in 2**128)."""
    one, two = np.empty(len(slots), np.uint64), np.empty(len(slots), np.uint64)
    for i in range(len(slots)):
        first, second = np.uint64(0), np.uint64(0)
        for at in range(feeds_at[slots[i]], feeds_at[slots[i] + 1]):
            first += mixed(np.uint64(feeds[at]) + np.uint64(0x9E3779B97F4A7C15))
            second += mixed(np.uint64(feeds[at]) + np.uint64(0xD6E8FEB86659FD93))
        one[i], two[i] = first, second
    return one, two


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
