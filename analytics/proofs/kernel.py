"""The inner loop of the proofs: every thing of a list out in turn, the load that falls counted. Compiled by numba.

Each cascade is taken back before the next one; a mark counts only while it carries the serial number of the thing that is out.
"""

from __future__ import annotations

import numpy as np

from analytics.kernel import Flags, Loops, Scratch, Tally, Wires, cascade, revive
from analytics.sweeps.pairs import Lists, gather
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
