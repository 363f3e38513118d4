"""The inner loops of the search for causes: what each further failure would explain of what is seen, and what it would contradict.

Compiled by numba.

Rules of this file:

1. A *sighting* is one thing that is seen down or up. It speaks of those supplies of a node whose media are in its mask, and of the node
   itself where `ITSELF` is. A failure *reaches* it when one of those supplies falls, or the node itself fails.
2. Failures are tried on a borrowed tally, which stands as before afterwards.
3. Marks carry the serial number of the trial; those that what has failed before the trial reaches carry `TAKEN`, and are no news.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytics.compiled import compiled
from analytics.kernel import Flags, Loops, Scratch, Tally, Wires, cascade, revive
from ontology.terms import Ids

Masks = NDArray[np.int64]
ITSELF = 62
"""The bit of a mask that stands for the node itself."""
TAKEN = -1
"""Of a sighting that is reached already."""


class Seen(NamedTuple):
    """The sightings as columns, by node and by themselves."""

    at: Ids
    """Shape (nodes + 1): where a node's rows begin in `which`."""
    which: Ids
    """The sighting of a row."""
    mask: Masks
    """Of a row: bit m stands for the node's supply in medium m, bit `ITSELF` for the node."""
    down: Flags
    """Per sighting: 1 where it is seen down, 0 where it is seen up."""


class Trials(NamedTuple):
    """What may fail as one: columns by unit."""

    at: Ids
    nodes: Ids
    slots_at: Ids
    """Where the slots of a node begin."""


@compiled
def reached(seen: Seen, pair_node: Ids, pair_medium: Ids, marks: Ids, serial: int, nodes: Ids, fallen: Ids) -> tuple[int, int]:
    """Mark what the failure of the given nodes reaches, by the pairs that fell with it: how many of those seen down, of those seen up."""
    down = 0
    up = 0
    for node in nodes:
        for row in range(seen.at[node], seen.at[node + 1]):
            sighting = seen.which[row]
            if (seen.mask[row] >> ITSELF) & 1 == 1 and marks[sighting] != serial and marks[sighting] != TAKEN:
                marks[sighting] = serial
                if seen.down[sighting] == 1:
                    down += 1
                else:
                    up += 1
    for pair in fallen:
        node = pair_node[pair]
        for row in range(seen.at[node], seen.at[node + 1]):
            sighting = seen.which[row]
            if (seen.mask[row] >> pair_medium[pair]) & 1 == 1 and marks[sighting] != serial and marks[sighting] != TAKEN:
                marks[sighting] = serial
                if seen.down[sighting] == 1:
                    down += 1
                else:
                    up += 1
    return down, up


@compiled
def weigh(
    wires: Wires,
    ring: Loops,
    now: Tally,
    work: Scratch,
    untouched: Ids,
    pair_node: Ids,
    pair_medium: Ids,
    seen: Seen,
    marks: Ids,
    units: Trials,
    chosen: Ids,
) -> tuple[Ids, Ids]:
    """Let each of the chosen units fail in turn, beside what has failed in `now`: how many sightings of things down, and of things up, it
    reaches that are not `TAKEN`. Two columns in the order of `chosen`. Cost: the damage of each, twice.
    """
    down = np.zeros(len(chosen), np.int32)
    up = np.zeros(len(chosen), np.int32)
    for i in range(len(chosen)):
        nodes = units.nodes[units.at[chosen[i]] : units.at[chosen[i] + 1]]
        count = 0
        for node in nodes:
            count += units.slots_at[node + 1] - units.slots_at[node]
        seeds = np.empty(count, np.int32)
        count = 0
        for node in nodes:
            for slot in range(units.slots_at[node], units.slots_at[node + 1]):
                seeds[count] = slot
                count += 1
        dead, fallen, _ = cascade(wires, ring, now, work, seeds, untouched)
        down[i], up[i] = reached(seen, pair_node, pair_medium, marks, i + 1, nodes, work.fallen[:fallen])
        revive(wires, now, work.dead, 0, dead)
    for sighting in range(len(marks)):
        if marks[sighting] != TAKEN:
            marks[sighting] = 0
    return down, up


@compiled
def company(wires: Wires, base: Tally, slots: Ids, says: Ids) -> Ids:
    """How much the neighbours of each seen slot say the same: over the suppliers of each, the most that speaks for one of them being gone.

    `says` is 1 for a slot seen down, -1 for one seen up; what is up speaks for a supplier only where it cannot spare one. Cost: the edges
    into the slots.
    """
    below = np.zeros(len(wires.feeds_at) - 1, np.int32)
    for i in range(len(slots)):
        for gate in range(wires.gates_at[slots[i]], wires.gates_at[slots[i] + 1]):
            if says[i] > 0 or base.counts[gate] <= wires.at_least[gate]:
                for at in range(wires.suppliers_at[gate], wires.suppliers_at[gate + 1]):
                    below[wires.suppliers[at]] += says[i]
    most = np.zeros(len(slots), np.int32)
    for i in range(len(slots)):
        own = below[slots[i]]
        for at in range(wires.suppliers_at[wires.gates_at[slots[i]]], wires.suppliers_at[wires.gates_at[slots[i] + 1]]):
            own = max(own, below[wires.suppliers[at]] - 1)
        most[i] = own
    return most
