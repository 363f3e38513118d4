"""The part of a plant that a further failure can harm more now than before, cut out in slots, gates and pairs of its own.

Rules of this file:

1. More harm than before comes only through a requirement that still holds and has lost a supplier. What that can reach through what is
   live is *below*; the part is that with all that it hangs by, upstream in the state with nothing failed, which has all that is live now.
2. Whether a slot of the part is live follows from the part alone: every live supplier of its gates is in it. So trying failures in the
   part gives what trying them in the whole plant gives, of all that can differ, at the cost of the part.
3. Numbers of the part ascend as those of the plant do, slots and gates; pairs are numbered as their gates come.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytics import kernel
from analytics.kernel import Flags, Loops, Scratch, Tally, Wires
from analytics.walks import Marks
from graph.compiled import compiled
from ontology.terms import Ids


class Subplant(NamedTuple):
    """A plant of its own, the same two states of it, and what its numbers are in the whole."""

    wires: Wires
    ring: Loops
    base: Tally
    """With nothing failed."""
    now: Tally
    slots: Ids
    pairs: Ids


@compiled
def threats(
    wires: Wires,
    ring: Loops,
    base: Tally,
    now: Tally,
    died: Ids,
    marks: Marks,
    slot_node: Ids,
    pair_node: Ids,
    failure_units: NDArray[np.bool_],
    failed: Ids,
) -> tuple[Ids, Ids]:
    """Try each further failure that can do more harm now, after slots died, than before: two columns as `kernel.sweep` gives them.

    `failed` are the nodes that have failed, ascending. Cost: the edges of the part, and the damage of what is tried in it.
    """
    tail = below(wires, now, died, marks.slots, marks.listed)
    tail = kernel.mark_upstream(wires, base.live, marks.slots, marks.listed, tail)
    slots = np.sort(marks.listed[:tail])
    for slot in slots:
        marks.slots[slot] = 0
    part = cut_out(wires, ring, base, now, slots, marks.slot_number, marks.pair_number)
    upstream = kernel.weakened(part.wires, part.now, np.flatnonzero(part.base.live > part.now.live).astype(np.int32))
    nodes, slots_at, candidates = np.empty(tail, np.int32), np.empty(tail + 1, np.int32), np.empty(tail, np.int32)
    found, tried, taken = 0, 0, False
    for i in range(tail):
        node = slot_node[slots[i]]
        if found == 0 or nodes[found - 1] != node:
            nodes[found], slots_at[found] = node, i
            found += 1
            taken = False
        if upstream[i] == 1 and not taken and failure_units[node]:
            taken = True
            at = np.searchsorted(failed, node)
            if at == len(failed) or failed[at] != node:
                candidates[tried] = found - 1
                tried += 1
    slots_at[found] = tail
    nodes = nodes[:found].copy()
    numbers = np.searchsorted(nodes, pair_node[part.pairs]).astype(np.int32)
    pairs, causes = kernel.sweep(
        part.wires, part.ring, part.base, part.now, _scratch(part), candidates[:tried].copy(), slots_at[: found + 1].copy(), numbers
    )
    return part.pairs[pairs], nodes[causes]


@compiled
def _scratch(part: Subplant) -> Scratch:
    """Work space for cascades in a part (`analytics.state.scratch_of`)."""
    slots, gates, pairs, loops = len(part.slots), len(part.base.counts), len(part.pairs), len(part.ring.members_at) - 1
    return Scratch(
        np.empty(slots, np.int32),
        np.empty(pairs, np.int32),
        np.empty(max(loops, 1), np.int32),
        np.zeros(max(loops, 1), np.uint8),
        np.zeros(gates, np.int32),
        np.zeros(slots, np.uint8),
        np.empty(max(len(part.ring.members), 1), np.int32),
    )


@compiled
def below(wires: Wires, now: Tally, died: Ids, seen: Flags, marked: Ids) -> int:
    """List the slots that hang by a requirement that still holds and lost a supplier, and what is downstream of them through live
    slots; gives how many. `seen` must be zero, and flags them afterwards. Cost: their edges."""
    tail = 0
    for slot in died:
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            gate = wires.feeds[at]
            fed = wires.gate_slot[gate]
            if now.failing[wires.gate_pair[gate]] == 0 and seen[fed] == 0:
                seen[fed] = 1
                marked[tail] = fed
                tail += 1
    head = 0
    while head < tail:
        slot = marked[head]
        head += 1
        if now.live[slot] == 0:
            continue
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            gate = wires.feeds[at]
            fed = wires.gate_slot[gate]
            if now.failing[wires.gate_pair[gate]] == 0 and seen[fed] == 0:
                seen[fed] = 1
                marked[tail] = fed
                tail += 1
    return tail


@compiled
def cut_out(wires: Wires, ring: Loops, base: Tally, now: Tally, slots: Ids, slot_number: Ids, pair_number: Ids) -> Subplant:
    """The part of the given slots, ascending. `slot_number` and `pair_number` are work space: zero before and afterwards."""
    count = len(slots)
    gates, edges = 0, 0
    for i in range(count):
        slot_number[slots[i]] = i + 1
    for i in range(count):
        first, last = wires.gates_at[slots[i]], wires.gates_at[slots[i] + 1]
        gates += last - first
        edges += wires.suppliers_at[last] - wires.suppliers_at[first]
    gates_at, feeds_at = np.zeros(count + 1, np.int32), np.zeros(count + 1, np.int32)
    gate_slot, gate_pair, at_least = np.empty(gates, np.int32), np.empty(gates, np.int32), np.empty(gates, np.int32)
    suppliers_at, suppliers = np.zeros(gates + 1, np.int32), np.empty(edges, np.int32)
    base_counts, now_counts = np.empty(gates, np.int32), np.empty(gates, np.int32)
    pairs = np.empty(gates, np.int32)
    gate, edge, paired = 0, 0, 0
    for i in range(count):
        for of in range(wires.gates_at[slots[i]], wires.gates_at[slots[i] + 1]):
            pair = wires.gate_pair[of]
            if pair_number[pair] == 0:
                pairs[paired] = pair
                paired += 1
                pair_number[pair] = paired
            gate_slot[gate], gate_pair[gate], at_least[gate] = i, pair_number[pair] - 1, wires.at_least[of]
            base_counts[gate], now_counts[gate] = base.counts[of], now.counts[of]
            for at in range(wires.suppliers_at[of], wires.suppliers_at[of + 1]):
                supplier = slot_number[wires.suppliers[at]] - 1
                if supplier >= 0:
                    suppliers[edge] = supplier
                    edge += 1
                    feeds_at[supplier + 1] += 1
            gate += 1
            suppliers_at[gate] = edge
        gates_at[i + 1] = gate
    for i in range(count):
        feeds_at[i + 1] += feeds_at[i]
    feeds, free = np.empty(edge, np.int32), feeds_at[:-1].copy()
    for of in range(gates):
        for at in range(suppliers_at[of], suppliers_at[of + 1]):
            supplier = suppliers[at]
            feeds[free[supplier]] = of
            free[supplier] += 1
    kept = pairs[:paired].copy()
    base_live, now_live = np.empty(count, np.uint8), np.empty(count, np.uint8)
    for i in range(count):
        base_live[i], now_live[i] = base.live[slots[i]], now.live[slots[i]]
        slot_number[slots[i]] = 0
    base_failing, now_failing = np.empty(paired, base.failing.dtype), np.empty(paired, now.failing.dtype)
    for i in range(paired):
        base_failing[i], now_failing[i] = base.failing[kept[i]], now.failing[kept[i]]
        pair_number[kept[i]] = 0
    return Subplant(
        Wires(feeds_at, feeds, gates_at, gate_slot, gate_pair, at_least, suppliers_at, suppliers[:edge].copy()),
        _loops_of(ring, slots),
        Tally(base_live, base_counts, base_failing),
        Tally(now_live, now_counts, now_failing),
        slots,
        kept,
    )


@compiled
def _loops_of(ring: Loops, slots: Ids) -> Loops:
    """The loops that are in the part; a loop is in it whole, as it hangs by itself."""
    count = len(slots)
    loop_of = np.full(count, -1, np.int32)
    inside = 0
    for i in range(count):
        if ring.loop_of[slots[i]] >= 0:
            inside += 1
    held, at = np.empty(inside, np.int32), 0
    for i in range(count):
        if ring.loop_of[slots[i]] >= 0:
            held[at] = ring.loop_of[slots[i]]
            at += 1
    names = np.unique(held)
    members_at = np.zeros(len(names) + 1, np.int32)
    for i in range(count):
        loop = ring.loop_of[slots[i]]
        if loop >= 0:
            loop_of[i] = np.searchsorted(names, loop)
            members_at[loop_of[i] + 1] += 1
    for loop in range(len(names)):
        members_at[loop + 1] += members_at[loop]
    members, free = np.empty(inside, np.int32), members_at[:-1].copy()
    for i in range(count):
        if loop_of[i] >= 0:
            members[free[loop_of[i]]] = i
            free[loop_of[i]] += 1
    return Loops(loop_of, members_at, members)
