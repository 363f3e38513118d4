"""Which edges of a loop only return what their target handed on: they are no spare of it. Compiled by numba."""

from __future__ import annotations

import numpy as np

from analytics.kernel import Flags, Loops, Tally, Wires, holds
from graph.compiled import compiled
from ontology.terms import Ids


@compiled
def returns(wires: Wires, ring: Loops, base: Tally, place: Ids, steps_max: int) -> Flags:
    """Flags, in the order of `feeds`, of the edges of the live state that hand their target only what came from it.

    Their source would not be live without their target. Such an edge stays within one loop, and its source became live after its
    target (`place`, see `ground`); so each target of such edges in a loop is taken out in turn and its loop grounded without it.
    Cost: those targets times the size of their loop; beyond `steps_max` edges walked the rest is left as handing on.
    """
    found = np.zeros(len(wires.feeds), np.uint8)
    late = np.zeros(len(place), np.uint8)
    count = np.zeros(len(wires.at_least), np.int32)
    grounded = np.zeros(len(place), np.uint8)
    stack = np.empty(max(len(ring.members), 1), np.int32)
    steps = 0
    for loop in range(len(ring.members_at) - 1):
        first, last = ring.members_at[loop], ring.members_at[loop + 1]
        size = 0
        for i in range(first, last):
            slot = ring.members[i]
            for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
                fed = wires.gate_slot[wires.feeds[at]]
                size += 1
                if ring.loop_of[fed] == loop and place[slot] > place[fed]:
                    late[fed] = 1
        for i in range(first, last):
            target = ring.members[i]
            if late[target] == 0:
                continue
            steps += size
            if steps > steps_max:
                return found
            _ground_without(wires, ring, base, loop, target, count, grounded, stack)
            for j in range(first, last):
                slot = ring.members[j]
                if grounded[slot] == 0:
                    for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
                        if wires.gate_slot[wires.feeds[at]] == target:
                            found[at] = 1
    return found


@compiled
def _ground_without(wires: Wires, ring: Loops, base: Tally, loop: int, without: int, count: Ids, grounded: Flags, stack: Ids) -> None:
    """Flag in `grounded` those members of a loop that are live without one of them; `count` is work space."""
    first, last = ring.members_at[loop], ring.members_at[loop + 1]
    for i in range(first, last):
        slot = ring.members[i]
        grounded[slot] = 0
        for gate in range(wires.gates_at[slot], wires.gates_at[slot + 1]):
            count[gate] = base.counts[gate]
    for i in range(first, last):
        slot = ring.members[i]
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            gate = wires.feeds[at]
            if ring.loop_of[wires.gate_slot[gate]] == loop:
                count[gate] -= 1
    tail = 0
    for i in range(first, last):
        slot = ring.members[i]
        if slot != without and holds(wires, count, slot):
            grounded[slot] = 1
            stack[tail] = slot
            tail += 1
    head = 0
    while head < tail:
        slot = stack[head]
        head += 1
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            gate = wires.feeds[at]
            fed = wires.gate_slot[gate]
            if ring.loop_of[fed] != loop:
                continue
            count[gate] += 1
            if fed != without and grounded[fed] == 0 and holds(wires, count, fed):
                grounded[fed] = 1
                stack[tail] = fed
                tail += 1
