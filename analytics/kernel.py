"""The inner loops of the failure engine, compiled by numba: ground, cascade, sweep, reach. Nothing here knows an id or a unit.

Rules of this file:

1. A *slot* is what is live or not: a node, or one medium of a conduit. A *gate* is one requirement of a slot: it holds while at least
   `at_least[g]` of its suppliers are live. A *pair* is one (node, medium); it fails as soon as one of its gates does.
2. Live is the least fixed point from below (`ground`). A failure is propagated from above by counters, at the cost of the damage alone
   (`cascade`); counters cannot see a loop that keeps only itself alive, so every loop that lost a supplier is grounded again.
3. Every change to a `Tally` can be taken back from the list of slots that died (`revive`): nothing is copied, nothing cleared.
4. Arrays are C-contiguous int32 or uint8 and writeable, so that each kernel is compiled once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.compiled import compiled
from ontology.terms import Ids

Flags = NDArray[np.uint8]


class Wires(NamedTuple):
    """The supply graph as slots and gates; the same for all scenarios. Gates are in order of their slots."""

    feeds_at: Ids
    """Shape (slots + 1): where the gates that a slot supplies begin in `feeds`."""
    feeds: Ids
    gates_at: Ids
    """Shape (slots + 1): where a slot's own gates begin."""
    gate_slot: Ids
    gate_pair: Ids
    at_least: Ids
    suppliers_at: Ids
    """Shape (gates + 1): where a gate's supplier slots begin in `suppliers`."""
    suppliers: Ids


class Loops(NamedTuple):
    """The strongly connected parts of the live graph with more than one slot."""

    loop_of: Ids
    """Per slot: its loop, or -1."""
    members_at: Ids
    members: Ids


class Tally(NamedTuple):
    """One scenario's state: which slots are live, how many live suppliers each gate has, how many gates of each pair fail."""

    live: Flags
    counts: Ids
    failing: Ids


class Scratch(NamedTuple):
    """Work space of one cascade; holds nothing between two calls, except that `queued`, `outside` and `grounded` are all zero."""

    dead: Ids
    fallen: Ids
    queue: Ids
    queued: Flags
    outside: Ids
    grounded: Flags
    stack: Ids


@compiled
def ground(wires: Wires, blocked: Flags, tally: Tally) -> Ids:
    """Fill an all-zero tally with the least fixed point: nothing is live that a chain from the sources does not reach.

    Gives each live slot's place in the order of becoming live; what is earlier does not need what is later.
    """
    slots = len(wires.gates_at) - 1
    need = np.zeros(slots, np.int32)
    queue = np.empty(slots, np.int32)
    tail = 0
    for slot in range(slots):
        for gate in range(wires.gates_at[slot], wires.gates_at[slot + 1]):
            if wires.at_least[gate] > 0:
                need[slot] += 1
                tally.failing[wires.gate_pair[gate]] += 1
        if need[slot] == 0 and blocked[slot] == 0:
            tally.live[slot] = 1
            queue[tail] = slot
            tail += 1
    head = 0
    while head < tail:
        slot = queue[head]
        head += 1
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            gate = wires.feeds[at]
            tally.counts[gate] += 1
            if tally.counts[gate] != wires.at_least[gate]:
                continue
            fed = wires.gate_slot[gate]
            tally.failing[wires.gate_pair[gate]] -= 1
            need[fed] -= 1
            if need[fed] == 0 and blocked[fed] == 0:
                tally.live[fed] = 1
                queue[tail] = fed
                tail += 1
    place = np.full(slots, -1, np.int32)
    for at in range(tail):
        place[queue[at]] = at
    return place


@compiled
def cascade(wires: Wires, ring: Loops, tally: Tally, work: Scratch, seeds: Ids, untouched: Ids) -> tuple[int, int, bool]:
    """Let the seed slots die and everything that falls with them.

    Gives how many slots died (`work.dead`), how many pairs fell (`work.fallen`), and whether a gate was hit that has fewer live
    suppliers than in `untouched` (the counts of another state). Cost: the suppliers' edges of what died, and the loops that were hit.
    """
    dead = 0
    for seed in seeds:
        if tally.live[seed] == 1:
            tally.live[seed] = 0
            work.dead[dead] = seed
            dead += 1
    fallen = 0
    head = 0
    waiting = 0
    hit = False
    while True:
        while head < dead:
            slot = work.dead[head]
            head += 1
            for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
                gate = wires.feeds[at]
                fed = wires.gate_slot[gate]
                if tally.counts[gate] != untouched[gate]:
                    hit = True
                tally.counts[gate] -= 1
                if tally.counts[gate] == wires.at_least[gate] - 1:
                    pair = wires.gate_pair[gate]
                    tally.failing[pair] += 1
                    if tally.failing[pair] == 1:
                        work.fallen[fallen] = pair
                        fallen += 1
                    if tally.live[fed] == 1:
                        tally.live[fed] = 0
                        work.dead[dead] = fed
                        dead += 1
                elif tally.live[fed] == 1:
                    loop = ring.loop_of[fed]
                    if loop >= 0 and work.queued[loop] == 0:
                        work.queued[loop] = 1
                        work.queue[waiting] = loop
                        waiting += 1
        if waiting == 0:
            return dead, fallen, hit
        waiting -= 1
        loop = work.queue[waiting]
        work.queued[loop] = 0
        dead = _ground_again(wires, ring, tally, work, loop, dead)


@compiled
def _ground_again(  # noqa: PLR0912  three passes over one loop, kept together
    wires: Wires, ring: Loops, tally: Tally, work: Scratch, loop: int, dead: int
) -> int:
    """Let those members of a loop die that only the loop itself keeps alive; gives the new number of dead slots."""
    first, last = ring.members_at[loop], ring.members_at[loop + 1]
    for i in range(first, last):
        slot = ring.members[i]
        for gate in range(wires.gates_at[slot], wires.gates_at[slot + 1]):
            work.outside[gate] = tally.counts[gate]
    for i in range(first, last):
        slot = ring.members[i]
        if tally.live[slot] == 1:
            for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
                gate = wires.feeds[at]
                if ring.loop_of[wires.gate_slot[gate]] == loop:
                    work.outside[gate] -= 1
    tail = 0
    for i in range(first, last):
        slot = ring.members[i]
        if tally.live[slot] == 1 and holds(wires, work.outside, slot):
            work.grounded[slot] = 1
            work.stack[tail] = slot
            tail += 1
    head = 0
    while head < tail:
        slot = work.stack[head]
        head += 1
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            gate = wires.feeds[at]
            fed = wires.gate_slot[gate]
            if ring.loop_of[fed] != loop:
                continue
            work.outside[gate] += 1
            if tally.live[fed] == 1 and work.grounded[fed] == 0 and holds(wires, work.outside, fed):
                work.grounded[fed] = 1
                work.stack[tail] = fed
                tail += 1
    for i in range(first, last):
        slot = ring.members[i]
        if tally.live[slot] == 1 and work.grounded[slot] == 0:
            tally.live[slot] = 0
            work.dead[dead] = slot
            dead += 1
        work.grounded[slot] = 0
        for gate in range(wires.gates_at[slot], wires.gates_at[slot + 1]):
            work.outside[gate] = 0
    return dead


@compiled
def holds(wires: Wires, count: Ids, slot: int) -> bool:
    """Whether each gate of a slot has as many suppliers as it needs, by the given counts."""
    for gate in range(wires.gates_at[slot], wires.gates_at[slot + 1]):  # noqa: SIM110  a compiled loop takes no generator
        if count[gate] < wires.at_least[gate]:
            return False
    return True


@compiled
def revive(wires: Wires, tally: Tally, dead: Ids, first: int, last: int) -> None:
    """Take a cascade back: the slots `dead[first:last]` live again and every counter stands as before."""
    for i in range(first, last):
        slot = dead[i]
        tally.live[slot] = 1
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            gate = wires.feeds[at]
            tally.counts[gate] += 1
            if tally.counts[gate] == wires.at_least[gate]:
                tally.failing[wires.gate_pair[gate]] -= 1


@compiled
def rise(wires: Wires, blocked: Flags, tally: Tally, seeds: Ids, risen: Ids) -> int:
    """Let the seed slots live where they are not blocked and hold, and everything that comes up with them; gives how many did (`risen`).

    From a least fixed point this leads to the next: what only keeps itself alive does not come up. Cost: what came up.
    """
    tail = 0
    for slot in seeds:
        if tally.live[slot] == 0 and blocked[slot] == 0 and holds(wires, tally.counts, slot):
            tally.live[slot] = 1
            risen[tail] = slot
            tail += 1
    head = 0
    while head < tail:
        slot = risen[head]
        head += 1
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            gate = wires.feeds[at]
            tally.counts[gate] += 1
            if tally.counts[gate] == wires.at_least[gate]:
                tally.failing[wires.gate_pair[gate]] -= 1
                fed = wires.gate_slot[gate]
                if tally.live[fed] == 0 and blocked[fed] == 0 and holds(wires, tally.counts, fed):
                    tally.live[fed] = 1
                    risen[tail] = fed
                    tail += 1
    return tail


@compiled
def weakened(wires: Wires, tally: Tally, dead: Ids) -> Flags:
    """Flags of the live slots upstream of a requirement that still holds but lost a supplier, that one's own suppliers included.

    Only a further failure of one of these can do more harm now than it could before.
    """
    slots = len(tally.live)
    seen = np.zeros(slots, np.uint8)
    marked = np.empty(slots, np.int32)
    tail = 0
    for slot in dead:
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            gate = wires.feeds[at]
            if tally.failing[wires.gate_pair[gate]] == 0:
                tail = _mark_suppliers(wires, tally.live, gate, seen, marked, tail)
    mark_upstream(wires, tally.live, seen, marked, tail)
    return seen


@compiled
def upstream(wires: Wires, live: Flags, seeds: Ids) -> Flags:
    """Flags of the seed slots and of every live slot upstream of them."""
    seen = np.zeros(len(live), np.uint8)
    marked = np.empty(len(live), np.int32)
    tail = 0
    for seed in seeds:
        if seen[seed] == 0:
            seen[seed] = 1
            marked[tail] = seed
            tail += 1
    mark_upstream(wires, live, seen, marked, tail)
    return seen


@compiled
def mark_upstream(wires: Wires, live: Flags, seen: Flags, marked: Ids, tail: int) -> int:
    """Add every live slot upstream of those that are listed; gives how many are listed then. Cost: the edges of all of them."""
    head = 0
    while head < tail:
        slot = marked[head]
        head += 1
        for gate in range(wires.gates_at[slot], wires.gates_at[slot + 1]):
            tail = _mark_suppliers(wires, live, gate, seen, marked, tail)
    return tail


@compiled
def _mark_suppliers(wires: Wires, live: Flags, gate: int, seen: Flags, marked: Ids, tail: int) -> int:
    for at in range(wires.suppliers_at[gate], wires.suppliers_at[gate + 1]):
        supplier = wires.suppliers[at]
        if live[supplier] == 1 and seen[supplier] == 0:
            seen[supplier] = 1
            marked[tail] = supplier
            tail += 1
    return tail


@compiled
def reach(wires: Wires, live: Flags, seeds: Ids) -> Flags:
    """Flags of the pairs downstream of the seed slots through live slots, whether they would fall or not."""
    seen = np.zeros(len(live), np.uint8)
    marked = np.empty(len(live), np.int32)
    reached = np.zeros(0 if len(wires.gate_pair) == 0 else wires.gate_pair[-1] + 1, np.uint8)
    tail = 0
    for seed in seeds:
        if live[seed] == 1 and seen[seed] == 0:
            seen[seed] = 1
            marked[tail] = seed
            tail += 1
    head = 0
    while head < tail:
        slot = marked[head]
        head += 1
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            gate = wires.feeds[at]
            reached[wires.gate_pair[gate]] = 1
            fed = wires.gate_slot[gate]
            if live[fed] == 1 and seen[fed] == 0:
                seen[fed] = 1
                marked[tail] = fed
                tail += 1
    return reached


@compiled
def sweep(
    wires: Wires,
    ring: Loops,
    base: Tally,
    now: Tally,
    work: Scratch,
    candidates: Ids,
    slots_at: Ids,
    pair_node: Ids,
) -> tuple[Ids, Ids]:
    """Try each candidate node as one further failure, over the state `now` and alone over `base`.

    Gives the pairs that fall only because of the failures before, each with up to three of the nodes that it is exposed to, in the
    order of the candidates: two columns. Both states are as before afterwards. Cost: the damage of all candidates.
    """
    pairs = len(pair_node)
    times = np.zeros(pairs, np.uint8)
    capacity = 1024
    out_pair = np.empty(capacity, np.int32)
    out_node = np.empty(capacity, np.int32)
    found = 0
    for node in candidates:
        seeds = np.arange(slots_at[node], slots_at[node + 1], dtype=np.int32)
        dead, fallen, hit = cascade(wires, ring, now, work, seeds, base.counts)
        if hit and fallen > 0:
            kept_dead = work.dead[:dead].copy()
            kept_fallen = work.fallen[:fallen].copy()
            alone, _, _ = cascade(wires, ring, base, work, seeds, base.counts)
            for pair in kept_fallen:
                if base.failing[pair] == 0 and pair_node[pair] != node and times[pair] < 3:
                    times[pair] += 1
                    if found == capacity:
                        capacity *= 2
                        out_pair = _grown(out_pair, capacity)
                        out_node = _grown(out_node, capacity)
                    out_pair[found] = pair
                    out_node[found] = node
                    found += 1
            revive(wires, base, work.dead, 0, alone)
            revive(wires, now, kept_dead, 0, dead)
        else:
            revive(wires, now, work.dead, 0, dead)
    return out_pair[:found].copy(), out_node[:found].copy()


@compiled
def _grown(column: Ids, capacity: int) -> Ids:
    larger = np.empty(capacity, np.int32)
    larger[: len(column)] = column
    return larger
