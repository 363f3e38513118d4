"""The inner loops of the sweeps: every single failure of a list in turn, counted as it goes. Compiled by numba.

Rules of this file:

1. A failure's cascade is taken back before the next one: the tally ends as it began.
2. Nothing is cleared between two failures: a mark counts only while it carries the failure's own serial number.
3. What is counted follows `analytics/totals.py`: each rack, service and tenant once, what has failed itself not at all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analytics.compiled import compiled
from analytics.kernel import Flags, Loops, Scratch, Tally, Wires, cascade, revive
from graph.values import Floats
from ontology.terms import Ids


class Behind(NamedTuple):
    """What stands behind each node; columns by node, and lists of tenants and of the unfed racks that the node is mounted in."""

    rack: Flags
    service: Flags
    kw: Floats
    tenants_at: Ids
    tenants: Ids
    holders_at: Ids
    holders: Ids


class Marks(NamedTuple):
    """Serial numbers of the failure in which a node was counted, a node failed, and a tenant was counted."""

    node: Ids
    failed: Ids
    tenant: Ids


class Lost(NamedTuple):
    """What each failure takes down, and whether a requirement that still holds lost a supplier that carried."""

    pairs: Ids
    racks: Ids
    services: Ids
    tenants: Ids
    kw: Floats
    weakens: Flags


@compiled
def count_node(behind: Behind, marks: Marks, lost: Lost, node: int, serial: int, row: int) -> None:
    """Count a node into a row, unless it was already."""
    if marks.node[node] == serial:
        return
    marks.node[node] = serial
    lost.racks[row] += behind.rack[node]
    lost.services[row] += behind.service[node]
    lost.kw[row] += behind.kw[node]
    for at in range(behind.tenants_at[node], behind.tenants_at[node + 1]):
        tenant = behind.tenants[at]
        if marks.tenant[tenant] != serial:
            marks.tenant[tenant] = serial
            lost.tenants[row] += 1


@compiled
def count_fallen(behind: Behind, marks: Marks, lost: Lost, node: int, serial: int, row: int) -> None:
    """Count a fallen pair's node, and the racks that stand or fall with what is mounted in them; a failed node is not counted."""
    if marks.failed[node] == serial:
        return
    lost.pairs[row] += 1
    count_node(behind, marks, lost, node, serial, row)
    for at in range(behind.holders_at[node], behind.holders_at[node + 1]):
        count_node(behind, marks, lost, behind.holders[at], serial, row)


@compiled
def weakens(wires: Wires, returns: Flags, tally: Tally, dead: Ids, count: int, pair_node: Ids, failed: Ids, serial: int) -> bool:
    """Whether a requirement of a node that has not failed lost one of these suppliers, carried by it, and still holds."""
    for i in range(count):
        slot = dead[i]
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            pair = wires.gate_pair[wires.feeds[at]]
            if returns[at] == 0 and tally.failing[pair] == 0 and failed[pair_node[pair]] != serial:
                return True
    return False


@compiled
def takes_down(wires: Wires, ring: Loops, tally: Tally, slot: int) -> bool:
    """Whether the death of one slot can take anything down: it is the last that some requirement can spare, or supplies a loop."""
    for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
        gate = wires.feeds[at]
        if tally.counts[gate] == wires.at_least[gate]:
            return True
        fed = wires.gate_slot[gate]
        if ring.loop_of[fed] >= 0 and tally.live[fed] == 1:
            return True
    return False


@compiled
def singles(
    wires: Wires,
    ring: Loops,
    returns: Flags,
    tally: Tally,
    work: Scratch,
    untouched: Ids,
    slots_at: Ids,
    pair_node: Ids,
    behind: Behind,
    marks: Marks,
    units_at: Ids,
    unit_nodes: Ids,
    first: int,
    last: int,
    lost: Lost,
) -> None:
    """Let the units from `first` to `last` fail one after the other, each alone, and fill in their rows of `lost`.

    Serial number of a unit: its number and one. Cost: the damage of each; of one that takes nothing down its own edges.
    """
    seeds = np.empty(len(work.dead), np.int32)
    for unit in range(first, last):
        serial = unit + 1
        count = 0
        harmful = units_at[unit + 1] - units_at[unit] > 1
        for at in range(units_at[unit], units_at[unit + 1]):
            node = unit_nodes[at]
            marks.failed[node] = serial
            marks.node[node] = serial
            for slot in range(slots_at[node], slots_at[node + 1]):
                if tally.live[slot] == 1:
                    seeds[count] = slot
                    count += 1
                    harmful = harmful or takes_down(wires, ring, tally, slot)
        if not harmful:
            lost.weakens[unit] = weakens(wires, returns, tally, seeds, count, pair_node, marks.failed, serial)
            continue
        dead, fallen, _ = cascade(wires, ring, tally, work, seeds[:count], untouched)
        for i in range(fallen):
            count_fallen(behind, marks, lost, pair_node[work.fallen[i]], serial, unit)
        lost.weakens[unit] = weakens(wires, returns, tally, work.dead, dead, pair_node, marks.failed, serial)
        revive(wires, tally, work.dead, 0, dead)
