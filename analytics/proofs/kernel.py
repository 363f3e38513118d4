"""The inner loop of the proofs: every thing of a list out in turn, the load that falls counted. Compiled by numba.

Each cascade is taken back before the next one; a mark counts only while it carries the serial number of the thing that is out.
"""

from __future__ import annotations

import numpy as np

from analytics.capacity.kernel import Flow, Work, part_of, redistribute, restore
from analytics.kernel import Flags, Loops, Scratch, Tally, Wires, cascade, revive
from analytics.sweeps.pairs import Lists, gather
from analytics.time.overload import GROWN
from analytics.time.state import Ratings
from graph.compiled import compiled
from graph.values import Floats
from ontology.terms import Ids


@compiled
def taken_out(
    wires: Wires,
    ring: Loops,
    tally: Tally,
    work: Scratch,
    untouched: Ids,
    slots_at: Ids,
    pair_node: Ids,
    supplies: Flags,
    node_kw: Floats,
    units_at: Ids,
    unit_nodes: Ids,
    first: int,
    last: int,
    marks: Ids,
    loads: Ids,
    kw: Floats,
) -> None:
    """Take the units from `first` to `last` out, each alone, and fill in how many loads lose a supply and how many kW these draw.

    `supplies` flags the pairs that count, `marks` (by node) is work space without the serial numbers `first` + 1 to `last`. What is out
    itself is not counted. Cost: the damage of each.
    """
    seeds = np.empty(len(work.dead), np.int32)
    units = Lists(units_at, unit_nodes)
    for unit in range(first, last):
        serial = unit + 1
        for at in range(units_at[unit], units_at[unit + 1]):
            marks[unit_nodes[at]] = serial
        count = gather(units, unit, slots_at, tally.live, seeds)
        dead, fallen, _ = cascade(wires, ring, tally, work, seeds[:count], untouched)
        for i in range(fallen):
            pair = work.fallen[i]
            node = pair_node[pair]
            if supplies[pair] == 1 and marks[node] != serial:
                marks[node] = serial
                loads[unit] += 1
                kw[unit] += node_kw[node]
        revive(wires, tally, work.dead, 0, dead)


@compiled
def overloading(
    wires: Wires,
    ring: Loops,
    tally: Tally,
    scratch: Scratch,
    untouched: Ids,
    ratings: Ratings,
    flow: Flow,
    base: Flow,
    work: Work,
    units_at: Ids,
    unit_nodes: Ids,
    chosen: Ids,
) -> Flags:
    """Take each of the chosen units out alone: 1 where anything then carries what trips it, and more than before.

    What draws goes on drawing though it is down: a store may keep it up. `flow` is a copy of `base`; all is as before then. Cost: what each
    moves.
    """
    found = np.zeros(len(chosen), np.uint8)
    seeds = np.empty(len(scratch.dead), np.int32)
    none = np.empty(0, np.float64)
    units = Lists(units_at, unit_nodes)
    drawing = tally.live.copy()
    for i in range(len(chosen)):
        count = gather(units, chosen[i], ratings.slots_at, tally.live, seeds)
        dead, _, _ = cascade(wires, ring, tally, scratch, seeds[:count], untouched)
        for slot in scratch.dead[:dead]:
            drawing[slot] = 1 if flow.own[slot].sum() > 0 else 0
        for slot in seeds[:count]:
            drawing[slot] = 0
        touched = redistribute(ratings.net, flow, drawing, scratch.dead[:dead], none, work, 0)
        for at in range(touched):
            slot = work.touched[at]
            curve = ratings.curve[slot]
            if curve >= 0 and tally.live[slot] == 1 and ratings.rated_kw[slot] < np.inf:
                load = part_of(ratings.net, flow.demand[slot], slot)
                least = max(ratings.multiples[ratings.curves_at[curve]], 1.0) * (1 - 1e-9)
                if load > ratings.before[slot] * GROWN and load >= ratings.rated_kw[slot] * least:
                    found[i] = 1
        restore(ratings.net, flow, base, work, touched)
        drawing[scratch.dead[:dead]] = 1
        revive(wires, tally, scratch.dead, 0, dead)
    return found
