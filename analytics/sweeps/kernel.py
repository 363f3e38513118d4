"""The inner loops of the sweeps: every single failure of a list in turn, counted as it goes. Compiled by numba.

Rules of this file:

1. The plant is only read. What a failure does is written into marks that carry the failure's own serial number; another number means
   nothing, so that nothing is cleared or taken back between two failures.
2. Marks cannot ground a loop: a failure that takes a supplier from a loop's live member without killing it is run again by
   `analytics.kernel.cascade`, which is taken back.
3. What is counted follows `analytics/totals.py`: each rack, service and tenant once, what has failed itself not at all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analytics.compiled import compiled
from analytics.kernel import Flags, Loops, Scratch, Tally, Wires, cascade, revive
from graph.values import Floats
from ontology.terms import Ids

SERIAL, HITS, SPARE, SLOT = range(4)
"""Columns of a gate's record: the failure that hit it last, how many suppliers that took, how many it can spare, the slot that dies with
it or -1 where that is dead anyway."""
NO_NEWS, CAN_SPARE, DECIDES = range(3)
"""What one supplier less does to a gate: nothing that is news; it holds; it falls, or a loop must be looked into."""
NEVER = 2**30
"""To spare of a gate whose pair is down before any failure: nothing that happens to it is news."""


class Behind(NamedTuple):
    """What stands behind each node; columns by node, and lists of tenants and of the unfed racks that the node is mounted in."""

    nodes: Ids
    """How many nodes it speaks for: itself, and those that fall with it wherever it does."""
    rack: Ids
    service: Ids
    kw: Floats
    tenants_at: Ids
    tenants: Ids
    holders_at: Ids
    holders: Ids
    anything: Flags
    """Whether there is anything of these."""


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


class Ripple(NamedTuple):
    """The plant laid out for failures one after the other: a record a gate, and the serial numbers by which slots and pairs fell."""

    gates: Ids
    """Shape (gates, 4): `SERIAL`, `HITS`, `SPARE`, `SLOT`."""
    kind: Flags
    """Per gate: `NO_NEWS`, `CAN_SPARE` or `DECIDES`."""
    slot: Ids
    pair: Ids
    queue: Ids


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
    lost.pairs[row] += behind.nodes[node]
    if behind.anything[node] == 1:
        count_node(behind, marks, lost, node, serial, row)
        for at in range(behind.holders_at[node], behind.holders_at[node + 1]):
            count_node(behind, marks, lost, behind.holders[at], serial, row)


@compiled
def ripple_of(wires: Wires, ring: Loops, base: Tally) -> Ripple:
    """Lay out a plant as it stands with nothing failed. One pass over the gates."""
    gates = np.zeros((len(wires.at_least), 4), np.int32)
    kind = np.zeros(len(wires.at_least), np.uint8)
    for gate in range(len(wires.at_least)):
        slot = wires.gate_slot[gate]
        holds = base.failing[wires.gate_pair[gate]] == 0
        spare = base.counts[gate] - wires.at_least[gate] if holds else NEVER
        gates[gate, 2] = spare
        gates[gate, 3] = slot if base.live[slot] == 1 else -1
        if spare == 0 or (base.live[slot] == 1 and ring.loop_of[slot] >= 0):
            kind[gate] = DECIDES
        elif holds:
            kind[gate] = CAN_SPARE
    slots, pairs = len(base.live), len(base.failing)
    return Ripple(gates, kind, np.zeros(slots, np.int32), np.zeros(pairs, np.int32), np.empty(slots, np.int32))


@compiled
def spread(wires: Wires, ring: Loops, wave: Ripple, begun: int, serial: int, fallen: Ids) -> tuple[int, int, int]:
    """Let the `begun` slots of `wave.queue` die, marked already, and all that falls with them.

    Gives how many slots died, how many pairs fell (their numbers in `fallen`), and how many gates were hit and hold; -1 slots where a
    loop must be grounded again (rule 2).
    """
    loops = len(ring.members) > 0
    dead, pairs, held, head = begun, 0, 0, 0
    while head < dead:
        slot = wave.queue[head]
        head += 1
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            gate = wires.feeds[at]
            if wave.gates[gate, 0] != serial:
                wave.gates[gate, 0] = serial
                wave.gates[gate, 1] = 0
                held += 1
            wave.gates[gate, 1] += 1
            excess = wave.gates[gate, 1] - wave.gates[gate, 2]
            fed = wave.gates[gate, 3]
            if excess == 1:
                held -= 1
                pair = wires.gate_pair[gate]
                if wave.pair[pair] != serial:
                    wave.pair[pair] = serial
                    fallen[pairs] = pair
                    pairs += 1
                if fed >= 0 and wave.slot[fed] != serial:
                    wave.slot[fed] = serial
                    wave.queue[dead] = fed
                    dead += 1
            elif loops and excess < 1 and fed >= 0 and ring.loop_of[fed] >= 0 and wave.slot[fed] != serial:
                return -1, 0, 0
    return dead, pairs, held


@compiled
def weakens(wires: Wires, returns: Flags, wave: Ripple, dead: int, pair_node: Ids, failed: Ids, serial: int) -> bool:
    """Whether a requirement of a node that has not failed lost a supplier that carried it, and still holds."""
    for i in range(dead):
        slot = wave.queue[i]
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            gate = wires.feeds[at]
            pair = wires.gate_pair[gate]
            if returns[at] == 0 and wave.gates[gate, 2] < NEVER and wave.pair[pair] != serial and failed[pair_node[pair]] != serial:
                return True
    return False


@compiled
def weakens_a_loop(wires: Wires, returns: Flags, tally: Tally, dead: Ids, count: int, pair_node: Ids, failed: Ids, serial: int) -> bool:
    """As `weakens`, by the tally of a cascade."""
    for i in range(count):
        slot = dead[i]
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            pair = wires.gate_pair[wires.feeds[at]]
            if returns[at] == 0 and tally.failing[pair] == 0 and failed[pair_node[pair]] != serial:
                return True
    return False


@compiled
def alone(wires: Wires, returns: Flags, tally: Tally, wave: Ripple, first: int, last: int) -> int:
    """What the death of one node's slots does, untried: `DECIDES` where something may fall, `CAN_SPARE` where something is weaker."""
    worst = NO_NEWS
    for slot in range(first, last):
        if tally.live[slot] == 1:
            for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
                kind = wave.kind[wires.feeds[at]]
                if kind == DECIDES:
                    return DECIDES
                if kind == CAN_SPARE and returns[at] == 0:
                    worst = CAN_SPARE
    return worst


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
    wave: Ripple,
    behind: Behind,
    marks: Marks,
    units_at: Ids,
    unit_nodes: Ids,
    chosen: Ids,
    lost: Lost,
) -> None:
    """Let the chosen units fail one after the other, each alone, and fill in their rows of `lost`.

    Serial number of a unit: its number and one. Cost: the damage of each; of one that takes nothing down its own edges.
    """
    seeds = np.empty(len(work.dead), np.int32)
    for unit in chosen:
        serial = unit + 1
        begun = 0
        if units_at[unit + 1] - units_at[unit] == 1:
            node = unit_nodes[units_at[unit]]
            worst = alone(wires, returns, tally, wave, slots_at[node], slots_at[node + 1])
            if worst != DECIDES:
                lost.weakens[unit] = worst == CAN_SPARE
                continue
        for at in range(units_at[unit], units_at[unit + 1]):
            node = unit_nodes[at]
            marks.failed[node] = serial
            marks.node[node] = serial
            for slot in range(slots_at[node], slots_at[node + 1]):
                if tally.live[slot] == 1:
                    wave.slot[slot] = serial
                    wave.queue[begun] = slot
                    seeds[begun] = slot
                    begun += 1
        dead, fallen, held = spread(wires, ring, wave, begun, serial, work.fallen)
        if dead >= 0:
            for i in range(fallen):
                count_fallen(behind, marks, lost, pair_node[work.fallen[i]], serial, unit)
            if held > 0:
                lost.weakens[unit] = weakens(wires, returns, wave, dead, pair_node, marks.failed, serial)
            continue
        died, fallen, _ = cascade(wires, ring, tally, work, seeds[:begun], untouched)
        for i in range(fallen):
            count_fallen(behind, marks, lost, pair_node[work.fallen[i]], serial, unit)
        lost.weakens[unit] = weakens_a_loop(wires, returns, tally, work.dead, died, pair_node, marks.failed, serial)
        revive(wires, tally, work.dead, 0, died)
