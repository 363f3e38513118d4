"""The inner loops of the sweeps: every single failure of a list in turn, counted as it goes. Compiled by numba.

Rules of this file:

1. The plant is only read. What a failure does is written into marks that carry the failure's own serial number; another number means
   nothing, so that nothing is cleared or taken back between two failures.
2. Marks cannot ground a loop: a failure that takes a supplier from a loop's live member without killing it is run again by
   `analytics.kernel.cascade`, which is taken back.
3. What is counted follows `analytics/totals.py`, what is lost and what has failed itself together: each rack, service and tenant once. What
   is failed itself by number alone (racks, services, kW) is added after (`analytics/sweeps/single.py`). What was down before (`down`,
   by node) is down by no failure of its own.
4. Two things that feed the very same gates take the very same down: the second one's row is the first one's.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analytics.kernel import Flags, Loops, Scratch, Tally, Wires, cascade, revive
from graph.compiled import compiled, inlined
from graph.values import Floats
from ontology.terms import Ids

SERIAL, HITS = range(2)
"""Columns of a gate's marks: the failure that hit it last, and how many suppliers that took."""
NO_NEWS, CAN_SPARE, FALLS, DECIDES = range(4)
"""What one supplier less does to a gate: nothing that is news; it holds; it falls and takes nothing further along; it falls and may take
more along, or a loop must be looked into."""
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
    """What each failure takes down, what fails itself among it (but for `pairs`); whether what still holds lost a supplier."""

    pairs: Ids
    racks: Ids
    services: Ids
    tenants: Ids
    kw: Floats
    weakens: Flags


@inlined
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


@inlined
def count_fallen(behind: Behind, marks: Marks, lost: Lost, node: int, serial: int, row: int) -> None:
    """Count a fallen pair's node, and the racks that stand or fall with what is mounted in them; a failed node is not counted."""
    if marks.failed[node] == serial:
        return
    lost.pairs[row] += behind.nodes[node]
    if behind.anything[node] == 1:
        count_node(behind, marks, lost, node, serial, row)
        for at in range(behind.holders_at[node], behind.holders_at[node + 1]):
            count_node(behind, marks, lost, behind.holders[at], serial, row)


@inlined
def count_own(behind: Behind, down: Flags, marks: Marks, lost: Lost, node: int, serial: int, row: int) -> None:
    """Count the tenants of a failed node, and the racks that stand or fall with what is mounted in them; nothing where it was down."""
    if down[node] == 1:
        return
    for at in range(behind.tenants_at[node], behind.tenants_at[node + 1]):
        tenant = behind.tenants[at]
        if marks.tenant[tenant] != serial:
            marks.tenant[tenant] = serial
            lost.tenants[row] += 1
    for at in range(behind.holders_at[node], behind.holders_at[node + 1]):
        count_node(behind, marks, lost, behind.holders[at], serial, row)


class Field(NamedTuple):
    """The plant as it stands with nothing failed, laid out for failures one after the other. Only read."""

    feeds_at: Ids
    feeds: Ids
    """The gates that each slot supplies, as in `Wires`."""
    returns: Flags
    """Per edge: 1 where it hands its target only what came from there."""
    gate_pair: Ids
    pair_node: Ids
    slots_at: Ids
    live: Flags
    spare: Ids
    """Per gate: how many suppliers it can lose and hold."""
    fed: Ids
    """Per gate: the slot that dies with it, or -1 where that is dead anyway."""
    kind: Flags
    """Per gate: `NO_NEWS`, `CAN_SPARE`, `FALLS` or `DECIDES`."""
    loop_of: Ids
    alike: Ids
    """Per slot: the first one that feeds the very same gates (rule 4), or -1 where that is not looked at."""


class Ripple(NamedTuple):
    """The serial numbers of the failures in which gates were hit, slots died and pairs fell; and whose row serves those alike."""

    gate: Ids
    """Shape (gates, 2): `SERIAL`, `HITS`."""
    slot: Ids
    pair: Ids
    told: Ids
    queue: Ids
    fallen: Ids


@compiled
def stands(
    feeds_at: Ids, at_least: Ids, gate_slot: Ids, gate_pair: Ids, loop_of: Ids, live: Flags, counts: Ids, failing: Ids
) -> tuple[Ids, Ids, Flags]:
    """`spare`, `fed` and `kind` of each gate of a field. One pass over the gates."""
    gates = len(at_least)
    spare, fed, kind = np.empty(gates, np.int32), np.empty(gates, np.int32), np.zeros(gates, np.uint8)
    for gate in range(gates):
        slot = gate_slot[gate]
        holds = failing[gate_pair[gate]] == 0
        spare[gate] = counts[gate] - at_least[gate] if holds else NEVER
        fed[gate] = slot if live[slot] == 1 else -1
        in_loop = live[slot] == 1 and loop_of[slot] >= 0
        if in_loop or (spare[gate] == 0 and live[slot] == 1 and feeds_at[slot + 1] > feeds_at[slot]):
            kind[gate] = DECIDES
        elif spare[gate] == 0:
            kind[gate] = FALLS
        elif holds:
            kind[gate] = CAN_SPARE
    return spare, fed, kind


@inlined
def spread(field: Field, loops: bool, wave: Ripple, begun: int, serial: int) -> tuple[int, int, int]:
    """Let the `begun` slots of `wave.queue` die, marked already, and all that falls with them.

    Gives how many slots died, how many pairs fell (their numbers in `wave.fallen`), and how many gates were hit and hold; -1 slots where
    a loop must be grounded again (rule 2).
    """
    dead, pairs, held, head = begun, 0, 0, 0
    while head < dead:
        slot = wave.queue[head]
        head += 1
        for at in range(field.feeds_at[slot], field.feeds_at[slot + 1]):
            gate = field.feeds[at]
            if wave.gate[gate, 0] != serial:
                wave.gate[gate, 0] = serial
                wave.gate[gate, 1] = 0
                held += 1
            wave.gate[gate, 1] += 1
            excess = wave.gate[gate, 1] - field.spare[gate]
            if excess == 1:
                held -= 1
                pair = field.gate_pair[gate]
                if wave.pair[pair] != serial:
                    wave.pair[pair] = serial
                    wave.fallen[pairs] = pair
                    pairs += 1
                fed = field.fed[gate]
                if fed >= 0 and wave.slot[fed] != serial:
                    wave.slot[fed] = serial
                    wave.queue[dead] = fed
                    dead += 1
            elif loops and excess < 1:
                fed = field.fed[gate]
                if fed >= 0 and field.loop_of[fed] >= 0 and wave.slot[fed] != serial:
                    return -1, 0, 0
    return dead, pairs, held


@compiled
def weakens(field: Field, wave: Ripple, dead: int, failed: Ids, serial: int) -> bool:
    """Whether a requirement of a node that has not failed lost a supplier that carried it, and still holds."""
    for i in range(dead):
        slot = wave.queue[i]
        for at in range(field.feeds_at[slot], field.feeds_at[slot + 1]):
            gate = field.feeds[at]
            pair = field.gate_pair[gate]
            news = field.returns[at] == 0 and field.spare[gate] < NEVER and wave.pair[pair] != serial
            if news and failed[field.pair_node[pair]] != serial:
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


@inlined
def alone(field: Field, first: int, last: int) -> int:
    """What the death of one node's slots does, untried: the worst of the kinds of the gates that they feed; something is only weaker
    where the edge is none that returns."""
    worst = NO_NEWS
    for slot in range(first, last):
        if field.live[slot] == 1:
            for at in range(field.feeds_at[slot], field.feeds_at[slot + 1]):
                kind = field.kind[field.feeds[at]]
                if kind == DECIDES:
                    return DECIDES
                if kind == FALLS or (kind == CAN_SPARE and field.returns[at] == 0):
                    worst = max(worst, kind)
    return worst


@inlined
def last_things(field: Field, wave: Ripple, behind: Behind, marks: Marks, slot: int, serial: int, lost: Lost, row: int) -> bool:
    """Count what falls where a slot dies that feeds only what feeds nothing further; gives whether anything is weaker (`weakens`)."""
    spared = False
    for at in range(field.feeds_at[slot], field.feeds_at[slot + 1]):
        gate = field.feeds[at]
        kind = field.kind[gate]
        if kind == FALLS:
            pair = field.gate_pair[gate]
            if wave.pair[pair] != serial:
                wave.pair[pair] = serial
                count_fallen(behind, marks, lost, field.pair_node[pair], serial, row)
        elif kind == CAN_SPARE:
            spared = True
    if not spared:
        return False
    wave.queue[0] = slot
    return weakens(field, wave, 1, marks.failed, serial)


@inlined
def same_row(lost: Lost, of: int, row: int) -> None:
    """Write one row of what is lost into another."""
    lost.pairs[row] = lost.pairs[of]
    lost.racks[row] = lost.racks[of]
    lost.services[row] = lost.services[of]
    lost.tenants[row] = lost.tenants[of]
    lost.kw[row] = lost.kw[of]
    lost.weakens[row] = lost.weakens[of]


@compiled
def singles(  # noqa: PLR0912  one loop: a call for each unit would cost more than the unit
    field: Field,
    loops: bool,
    wave: Ripple,
    behind: Behind,
    down: Flags,
    marks: Marks,
    units_at: Ids,
    unit_nodes: Ids,
    rows: Ids,
    first: int,
    last: int,
    lost: Lost,
    left: Ids,
) -> int:
    """Let the units `first` to `last` fail one after the other, each alone, and fill in their `rows` of `lost`.

    Gives how many of them touch a loop; these are listed in `left` and not counted (`singles_in_loops`). Serial number of a unit: its
    number and one. Cost: the damage of each; of one that takes nothing down its own edges.
    """
    found = 0
    for unit in range(first, last):
        serial, row, like = unit + 1, rows[unit], -1
        if units_at[unit + 1] - units_at[unit] == 1:
            node = unit_nodes[units_at[unit]]
            slot, end = field.slots_at[node], field.slots_at[node + 1]
            if end - slot == 1 and field.live[slot] == 1:
                like = field.alike[slot]
                if like >= 0 and wave.told[like] > 0:
                    same_row(lost, wave.told[like] - 1, row)
                    continue
                if like >= 0:
                    wave.told[like] = row + 1
            worst = alone(field, slot, end)
            if worst < DECIDES:
                marks.failed[node] = serial
                marks.node[node] = serial
                count_own(behind, down, marks, lost, node, serial, row)
            if worst < FALLS:
                lost.weakens[row] = worst == CAN_SPARE
                continue
            if worst == FALLS and end - slot == 1:
                lost.weakens[row] = last_things(field, wave, behind, marks, slot, serial, lost, row)
                continue
        begun = 0
        for at in range(units_at[unit], units_at[unit + 1]):
            node = unit_nodes[at]
            marks.failed[node] = serial
            marks.node[node] = serial
            for slot in range(field.slots_at[node], field.slots_at[node + 1]):
                if field.live[slot] == 1:
                    wave.slot[slot] = serial
                    wave.queue[begun] = slot
                    begun += 1
        dead, fallen, held = spread(field, loops, wave, begun, serial)
        if dead < 0:
            left[found] = unit
            found += 1
            if like >= 0:
                wave.told[like] = 0
            continue
        for at in range(units_at[unit], units_at[unit + 1]):
            count_own(behind, down, marks, lost, unit_nodes[at], serial, row)
        for i in range(fallen):
            count_fallen(behind, marks, lost, field.pair_node[wave.fallen[i]], serial, row)
        if held > 0:
            lost.weakens[row] = weakens(field, wave, dead, marks.failed, serial)
    return found


@compiled
def singles_in_loops(
    wires: Wires,
    ring: Loops,
    returns: Flags,
    tally: Tally,
    work: Scratch,
    untouched: Ids,
    slots_at: Ids,
    pair_node: Ids,
    behind: Behind,
    down: Flags,
    marks: Marks,
    units_at: Ids,
    unit_nodes: Ids,
    chosen: Ids,
    lost: Lost,
) -> None:
    """As `singles`, for the chosen units that touch a loop: by cascades, each taken back. The row of a unit is its number."""
    seeds = np.empty(len(work.dead), np.int32)
    for unit in chosen:
        serial = unit + 1
        begun = 0
        for at in range(units_at[unit], units_at[unit + 1]):
            node = unit_nodes[at]
            marks.failed[node] = serial
            marks.node[node] = serial
            for slot in range(slots_at[node], slots_at[node + 1]):
                seeds[begun] = slot
                begun += 1
        died, fallen, _ = cascade(wires, ring, tally, work, seeds[:begun], untouched)
        for at in range(units_at[unit], units_at[unit + 1]):
            count_own(behind, down, marks, lost, unit_nodes[at], serial, unit)
        for i in range(fallen):
            count_fallen(behind, marks, lost, pair_node[work.fallen[i]], serial, unit)
        lost.weakens[unit] = weakens_a_loop(wires, returns, tally, work.dead, died, pair_node, marks.failed, serial)
        revive(wires, tally, work.dead, 0, died)
