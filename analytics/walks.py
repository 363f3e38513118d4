"""Walks over a plant that list what they come by, at the cost of what they walk alone, whatever the size of the site. Compiled by numba.

Rules of this file:

1. What has been come by is flagged in `Marks`, which a bench lends with its tallies. Every walk takes back the flags that it set: nothing
   is made anew or cleared for a question.
2. Lists are in no order where nothing else is said.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analytics.kernel import Flags, Tally, Wires
from graph.compiled import compiled
from ontology.terms import Ids


class Marks(NamedTuple):
    """Work space of one walk: all but the two lists is zero between two walks."""

    slots: Flags
    pairs: Flags
    slot_number: Ids
    pair_number: Ids
    listed: Ids
    """Room for all slots."""
    found: Ids
    """Room for all pairs."""


class Reached(NamedTuple):
    """How a search came to pairs, in the order in which it did."""

    pairs: Ids
    sources: Ids
    """The live slot by which it came to each."""
    goes_on: Flags
    """1 where the pair's slot was come by for the first time, and is live."""


@compiled
def chain(wires: Wires, tally: Tally, dead: Ids, returns: Flags, marks: Marks) -> Ids:
    """The pairs that still hold and in whose chain a requirement has lost a live supplier. Cost: their edges.

    `returns` flags the edges that never handed on anything of their own, see `analytics/returns.py`.
    """
    queue, found = marks.listed, marks.found
    queue[: len(dead)] = dead
    head, tail, listed = 0, len(dead), 0
    while head < tail:
        slot = queue[head]
        head += 1
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            gate = wires.feeds[at]
            pair = wires.gate_pair[gate]
            if returns[at] == 1 or tally.failing[pair] > 0:
                continue
            if marks.pairs[pair] == 0:
                marks.pairs[pair] = 1
                found[listed] = pair
                listed += 1
            fed = wires.gate_slot[gate]
            if tally.live[fed] == 1 and marks.slots[fed] == 0:
                marks.slots[fed] = 1
                queue[tail] = fed
                tail += 1
    for i in range(listed):
        marks.pairs[found[i]] = 0
    for i in range(len(dead), tail):
        marks.slots[queue[i]] = 0
    return found[:listed].copy()


@compiled
def rests_on(wires: Wires, seeds: Ids, marks: Marks) -> Ids:
    """The seed slots and every slot upstream of them, live or not. Cost: their edges."""
    queue = marks.listed
    head, tail = 0, 0
    for seed in seeds:
        if marks.slots[seed] == 0:
            marks.slots[seed] = 1
            queue[tail] = seed
            tail += 1
    while head < tail:
        slot = queue[head]
        head += 1
        for at in range(wires.suppliers_at[wires.gates_at[slot]], wires.suppliers_at[wires.gates_at[slot + 1]]):
            supplier = wires.suppliers[at]
            if marks.slots[supplier] == 0:
                marks.slots[supplier] = 1
                queue[tail] = supplier
                tail += 1
    for i in range(tail):
        marks.slots[queue[i]] = 0
    return queue[:tail].copy()


@compiled
def behind(wires: Wires, seeds: Ids, marks: Marks) -> Ids:
    """The pairs downstream of the seed slots, through what is live or not. Cost: their edges."""
    queue, found = marks.listed, marks.found
    head, tail, listed = 0, 0, 0
    for seed in seeds:
        if marks.slots[seed] == 0:
            marks.slots[seed] = 1
            queue[tail] = seed
            tail += 1
    while head < tail:
        slot = queue[head]
        head += 1
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            gate = wires.feeds[at]
            pair, fed = wires.gate_pair[gate], wires.gate_slot[gate]
            if marks.pairs[pair] == 0:
                marks.pairs[pair] = 1
                found[listed] = pair
                listed += 1
            if marks.slots[fed] == 0:
                marks.slots[fed] = 1
                queue[tail] = fed
                tail += 1
    for i in range(listed):
        marks.pairs[found[i]] = 0
    for i in range(tail):
        marks.slots[queue[i]] = 0
    return found[:listed].copy()


@compiled
def search(  # noqa: PLR0912  one search, layer by layer, kept together
    wires: Wires, live: Flags, returns: Flags, pair_slot: Ids, slot_node: Ids, start: Ids, through: Ids, marks: Marks
) -> Reached:
    """The shortest chains of live supply from slots, ascending, to pairs and on through them; only the pairs of `through`, each once.

    Breadth first, each layer in order of its chains' nodes: whoever arrives first arrives by the first shortest chain. Chains of the
    same nodes are of one rank. Cost: the edges of what is reached.
    """
    most, slots = len(through), np.int64(len(live))
    pairs, sources, goes_on = np.empty(most, np.int32), np.empty(most, np.int32), np.zeros(most, np.uint8)
    queue, rank = np.empty(len(start) + most, np.int32), np.zeros(len(start) + most, np.int32)
    keys = np.empty(64, np.int64)
    for pair in through:
        marks.pairs[pair] = 1
    for i in range(len(start)):
        queue[i] = start[i]
        marks.slots[start[i]] = 1
        if i > 0:
            rank[i] = rank[i - 1] + (1 if slot_node[start[i]] != slot_node[start[i - 1]] else 0)
    head, tail, found = 0, len(start), 0
    while head < tail:
        end, before = tail, -1
        while head < end:
            last, count = head, 0
            while last < end and rank[last] == rank[head]:
                slot = queue[last]
                last += 1
                for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
                    pair = wires.gate_pair[wires.feeds[at]]
                    if returns[at] == 0 and marks.pairs[pair] == 1:
                        if count == len(keys):
                            keys = np.concatenate((keys, np.empty(count, np.int64)))
                        keys[count] = pair * slots + slot
                        count += 1
            if last - head > 1:
                keys[:count] = np.sort(keys[:count])
            for i in range(count):
                pair = keys[i] // slots
                if marks.pairs[pair] == 0:
                    continue
                marks.pairs[pair] = 0
                pairs[found], sources[found] = pair, keys[i] % slots
                fed = pair_slot[pair]
                if live[fed] == 1 and marks.slots[fed] == 0:
                    marks.slots[fed] = 1
                    goes_on[found] = 1
                    queue[tail] = fed
                    if tail > end:
                        rank[tail] = rank[tail - 1] + (1 if before != head or slot_node[fed] != slot_node[queue[tail - 1]] else 0)
                    before = head
                    tail += 1
                found += 1
            head = last
    for pair in through:
        marks.pairs[pair] = 0
    for i in range(tail):
        marks.slots[queue[i]] = 0
    return Reached(pairs[:found].copy(), sources[:found].copy(), goes_on[:found].copy())
