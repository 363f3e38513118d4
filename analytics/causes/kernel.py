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

from analytics.kernel import Flags, Loops, Scratch, Tally, Wires, cascade, revive
from graph.compiled import compiled
from ontology.terms import Ids

Masks = NDArray[np.int64]
ITSELF = 62
"""The bit of a mask that stands for the node itself."""
GIVEN_UP = 32
"""Sightings of things up, beyond those down, behind a unit that is given up."""
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
) -> tuple[Ids, Ids, Ids]:
    """Let each of the chosen units fail in turn, beside what has failed in `now`: how many sightings of things down, and of things up, it
    reaches that are not `TAKEN`, and how many supplies fall with it. Three columns in the order of `chosen`. Cost: the damage of each,
    twice.
    """
    down = np.zeros(len(chosen), np.int32)
    up = np.zeros(len(chosen), np.int32)
    supplies = np.zeros(len(chosen), np.int32)
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
        supplies[i] = fallen
        revive(wires, now, work.dead, 0, dead)
    for sighting in range(len(marks)):
        if marks[sighting] != TAKEN:
            marks[sighting] = 0
    return down, up, supplies


@compiled
def alone(
    wires: Wires,
    ring: Loops,
    now: Tally,
    work: Scratch,
    untouched: Ids,
    pair_node: Ids,
    seen: Seen,
    units: Trials,
    chosen: Ids,
    net: Ids,
    company: Ids,
) -> None:
    """For each sighting of something down, in `company`: the most that one of the chosen units explains in net that also reaches it.

    `net` is what each explains less what it contradicts, by `weigh`; only those that gain two and more are looked at.
    """
    for i in range(len(chosen)):
        if net[i] < 2:
            continue
        nodes = units.nodes[units.at[chosen[i]] : units.at[chosen[i] + 1]]
        count = 0
        seeds = np.empty(len(work.dead), np.int32)
        for node in nodes:
            for slot in range(units.slots_at[node], units.slots_at[node + 1]):
                seeds[count] = slot
                count += 1
        dead, fallen, _ = cascade(wires, ring, now, work, seeds[:count], untouched)
        for node in nodes:
            _raise(seen, company, node, net[i])
        for pair in work.fallen[:fallen]:
            _raise(seen, company, pair_node[pair], net[i])
        revive(wires, now, work.dead, 0, dead)


@compiled
def behind(
    wires: Wires, live: Flags, slot_node: Ids, seen: Seen, marks: Ids, units: Trials, chosen: Ids, visits_max: int, company: Ids
) -> None:
    """As `alone`, by what lies behind each chosen unit, whether it would fall or not: what several causes may take down together.

    A unit behind which far more is up than down is given up, and so is one with more than `visits_max` slots behind it.
    """
    visited = np.full(len(live), -1, np.int32)
    queue = np.empty(len(live), np.int32)
    for i in range(len(chosen)):
        tail, head, net = 0, 0, 0
        for node in units.nodes[units.at[chosen[i]] : units.at[chosen[i] + 1]]:
            for slot in range(units.slots_at[node], units.slots_at[node + 1]):
                visited[slot] = i
                queue[tail] = slot
                tail += 1
        while head < tail <= visits_max and net > -GIVEN_UP:
            slot = queue[head]
            head += 1
            for row in range(seen.at[slot_node[slot]], seen.at[slot_node[slot] + 1]):
                if marks[seen.which[row]] != i + 1:
                    marks[seen.which[row]] = i + 1
                    net += 1 if seen.down[seen.which[row]] == 1 else -1
            for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
                fed = wires.gate_slot[wires.feeds[at]]
                if live[fed] == 1 and visited[fed] != i:
                    visited[fed] = i
                    queue[tail] = fed
                    tail += 1
        if head == tail and net > 1:
            for slot in queue[:tail]:
                _raise(seen, company, slot_node[slot], net)
    marks[:] = 0


@compiled
def _raise(seen: Seen, company: Ids, node: int, net: int) -> None:
    for row in range(seen.at[node], seen.at[node + 1]):
        company[seen.which[row]] = max(company[seen.which[row]], net)
