"""The inner loop of procedures: which loads hang by one thing now that they did not hang by at the start. Compiled by numba."""

from __future__ import annotations

import numpy as np

from analytics.kernel import Flags, Loops, Scratch, Tally, Wires, cascade, revive
from graph.compiled import compiled
from ontology.terms import Ids


@compiled
def newly_exposed(
    wires: Wires,
    ring: Loops,
    start: Tally,
    now: Tally,
    work: Scratch,
    untouched: Ids,
    candidates: Ids,
    slots_at: Ids,
    pair_node: Ids,
    supplies: Flags,
) -> Ids:
    """For each pair the first of the candidate nodes whose failure takes it down now and would not have at the start, or -1.

    `supplies` flags the pairs that are asked about; a candidate's own never count. Neither state need be the better one; both
    are as before afterwards. Cost: the damage of all candidates, twice for those that harm.
    """
    threat = np.full(len(pair_node), -1, np.int32)
    for node in candidates:
        seeds = np.arange(slots_at[node], slots_at[node + 1], dtype=np.int32)
        dead, fallen, _ = cascade(wires, ring, now, work, seeds, untouched)
        harmed = np.empty(fallen, np.int32)
        count = 0
        for i in range(fallen):
            pair = work.fallen[i]
            if supplies[pair] == 1 and threat[pair] < 0 and pair_node[pair] != node:
                harmed[count] = pair
                count += 1
        if count == 0:
            revive(wires, now, work.dead, 0, dead)
            continue
        kept = work.dead[:dead].copy()
        alone, _, _ = cascade(wires, ring, start, work, seeds, untouched)
        for i in range(count):
            if start.failing[harmed[i]] == 0:
                threat[harmed[i]] = node
        revive(wires, start, work.dead, 0, alone)
        revive(wires, now, kept, 0, dead)
    return threat
