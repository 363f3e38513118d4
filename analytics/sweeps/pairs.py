"""The inner loops of the sweep over pairs: which pairs can do more than the two apart, and what they do. Compiled by numba.

Rules of this file:

1. Two failures together take down more than apart only where both weaken one requirement beyond what it can spare, or where both take a
   supplier from one loop. Both are *tokens*: a gate, and (numbered after the gates) the loop that it is in. A gate whose pair is down
   already is none.
2. Units that hit a token with their losses are listed with it; tokens with equal lists and equal slack say the same and are kept once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analytics.kernel import Flags, Loops, Scratch, Tally, Wires, cascade, revive
from analytics.sweeps.kernel import Behind, Lost, Marks, count_fallen
from graph.compiled import compiled
from ontology.terms import Ids


class Lists(NamedTuple):
    """Lists of numbers, one for each row."""

    at: Ids
    items: Ids


class Alone(NamedTuple):
    """What each unit does alone: the pairs that it takes down but for its own, the tokens that it hits and by how many suppliers, and
    the units that it takes down whole."""

    lost: Lists
    tokens: Lists
    losses: Ids
    kills: Lists


@compiled
def grown(column: Ids, used: int, more: int) -> Ids:
    """The column with room for so many more entries."""
    if used + more <= len(column):
        return column
    larger = np.empty(max(2 * len(column), used + more), np.int32)
    larger[:used] = column[:used]
    return larger


@compiled
def alone(
    wires: Wires,
    ring: Loops,
    tally: Tally,
    work: Scratch,
    untouched: Ids,
    slots_at: Ids,
    slot_node: Ids,
    pair_node: Ids,
    units: Lists,
    unit_of: Ids,
) -> Alone:
    """Let each unit fail alone. `unit_of` gives a node's unit of that node alone, or -1. Cost: the damage of all of them together."""
    count = len(units.at) - 1
    gates = len(wires.at_least)
    seen = np.zeros(gates + len(ring.members_at), np.int32)
    failed = np.zeros(len(slots_at), np.int32)
    seeds = np.empty(len(work.dead), np.int32)
    lost_at, token_at, kill_at = np.zeros(count + 1, np.int32), np.zeros(count + 1, np.int32), np.zeros(count + 1, np.int32)
    lost, token, loss, kill = np.empty(1024, np.int32), np.empty(1024, np.int32), np.empty(1024, np.int32), np.empty(1024, np.int32)
    losts, tokens, kills = 0, 0, 0
    for unit in range(count):
        serial = unit + 1
        begun = 0
        for at in range(units.at[unit], units.at[unit + 1]):
            node = units.items[at]
            failed[node] = serial
            for slot in range(slots_at[node], slots_at[node + 1]):
                seeds[begun] = slot
                begun += 1
        dead, fallen, _ = cascade(wires, ring, tally, work, seeds[:begun], untouched)
        lost = grown(lost, losts, fallen)
        for i in range(fallen):
            if failed[pair_node[work.fallen[i]]] != serial:
                lost[losts] = work.fallen[i]
                losts += 1
        kill = grown(kill, kills, dead)
        for i in range(dead):
            slot = work.dead[i]
            node = slot_node[slot]
            other = unit_of[node]
            if other >= 0 and other != unit and slot == slots_at[node] and not tally.live[slot : slots_at[node + 1]].any():
                kill[kills] = other
                kills += 1
            token = grown(token, tokens, 2 * (wires.feeds_at[slot + 1] - wires.feeds_at[slot]))
            loss = grown(loss, tokens, 2 * (wires.feeds_at[slot + 1] - wires.feeds_at[slot]))
            for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
                gate = wires.feeds[at]
                fed = wires.gate_slot[gate]
                loop = gates + ring.loop_of[fed]
                if ring.loop_of[fed] >= 0 and tally.live[fed] == 1 and seen[loop] != serial:
                    seen[loop] = serial
                    token[tokens] = loop
                    loss[tokens] = 1
                    tokens += 1
                if tally.failing[wires.gate_pair[gate]] == 0 and seen[gate] != serial:
                    seen[gate] = serial
                    token[tokens] = gate
                    loss[tokens] = untouched[gate] - tally.counts[gate]
                    tokens += 1
        revive(wires, tally, work.dead, 0, dead)
        lost_at[unit + 1], token_at[unit + 1], kill_at[unit + 1] = losts, tokens, kills
    return Alone(
        Lists(lost_at, lost[:losts].copy()),
        Lists(token_at, token[:tokens].copy()),
        loss[:tokens].copy(),
        Lists(kill_at, kill[:kills].copy()),
    )


@compiled
def by_item(lists: Lists, items: int) -> tuple[Ids, Ids, Ids]:
    """The lists the other way round: where each item's list begins, the rows that name it in order, and where they name it."""
    at = np.zeros(items + 1, np.int32)
    for item in lists.items:
        at[item + 1] += 1
    for item in range(items):
        at[item + 1] += at[item]
    free = at[:-1].copy()
    rows, places = np.empty(len(lists.items), np.int32), np.empty(len(lists.items), np.int32)
    for row in range(len(lists.at) - 1):
        for place in range(lists.at[row], lists.at[row + 1]):
            item = lists.items[place]
            rows[free[item]] = row
            places[free[item]] = place
            free[item] += 1
    return at, rows, places


@compiled
def kept(at: Ids, rows: Ids, losses: Ids, slack: Ids, order: Ids) -> Flags:
    """Flags of one token of each kind; `order` sorts the tokens so that equal ones are neighbours, `losses` are in order of `rows`."""
    keep = np.zeros(len(at) - 1, np.uint8)
    last = -1
    for token in order:
        size = at[token + 1] - at[token]
        if size < 2:
            continue
        same = last >= 0 and size == at[last + 1] - at[last] and slack[token] == slack[last]
        i = 0
        while same and i < size:
            same = rows[at[token] + i] == rows[at[last] + i] and losses[at[token] + i] == losses[at[last] + i]
            i += 1
        if not same:
            keep[token] = 1
            last = token
    return keep


@compiled
def candidates(
    tokens: Lists,
    losses: Ids,
    hit_at: Ids,
    hit_by: Ids,
    hit_losses: Ids,
    slack: Ids,
    keep: Flags,
    kills: Lists,
    killed_at: Ids,
    killers: Ids,
) -> Lists:
    """For each unit the units of higher number that it may do more with than alone; none that takes the other down anyway."""
    count = len(tokens.at) - 1
    seen = np.full(count, -1, np.int32)
    at = np.zeros(count + 1, np.int32)
    found, used = np.empty(1024, np.int32), 0
    for unit in range(count):
        seen[unit] = unit
        for i in range(kills.at[unit], kills.at[unit + 1]):
            seen[kills.items[i]] = unit
        for i in range(killed_at[unit], killed_at[unit + 1]):
            seen[killers[i]] = unit
        for place in range(tokens.at[unit], tokens.at[unit + 1]):
            token = tokens.items[place]
            if keep[token] == 0:
                continue
            found = grown(found, used, hit_at[token + 1] - hit_at[token])
            for i in range(hit_at[token], hit_at[token + 1]):
                other = hit_by[i]
                if other > unit and seen[other] != unit and losses[place] + hit_losses[i] > slack[token]:
                    seen[other] = unit
                    found[used] = other
                    used += 1
        at[unit + 1] = used
    return Lists(at, found[:used].copy())


@compiled
def mark_node(behind: Behind, marks: Marks, node: int, serial: int) -> None:
    """Take a node that is down anyway, and its tenants, out of the count."""
    if marks.node[node] != serial:
        marks.node[node] = serial
        for at in range(behind.tenants_at[node], behind.tenants_at[node + 1]):
            marks.tenant[behind.tenants[at]] = serial


@compiled
def mark_down(behind: Behind, marks: Marks, node: int, serial: int) -> None:
    """Take a node out of the count, and the racks that stand or fall with it."""
    mark_node(behind, marks, node, serial)
    for at in range(behind.holders_at[node], behind.holders_at[node + 1]):
        mark_node(behind, marks, behind.holders[at], serial)


@compiled
def mark_lost(behind: Behind, marks: Marks, lost: Lists, unit: int, pair_node: Ids, pair_mark: Ids, serial: int) -> None:
    """Take out of the count what a unit takes down alone."""
    for at in range(lost.at[unit], lost.at[unit + 1]):
        pair = lost.items[at]
        pair_mark[pair] = serial
        mark_down(behind, marks, pair_node[pair], serial)


@compiled
def mark_failed(behind: Behind, down: Flags, units: Lists, unit: int, marks: Marks, serial: int) -> None:
    """Take out of the count what fails itself: it does so alone, too; of what was `down` before nothing but that itself."""
    for at in range(units.at[unit], units.at[unit + 1]):
        node = units.items[at]
        marks.failed[node] = serial
        if down[node] == 1:
            marks.node[node] = serial
        else:
            mark_down(behind, marks, node, serial)


@compiled
def gather(units: Lists, unit: int, slots_at: Ids, live: Flags, seeds: Ids) -> int:
    """Write the live slots of a unit to `seeds`; gives how many."""
    count = 0
    for at in range(units.at[unit], units.at[unit + 1]):
        node = units.items[at]
        for slot in range(slots_at[node], slots_at[node + 1]):
            if live[slot] == 1:
                seeds[count] = slot
                count += 1
    return count


@compiled
def doubles(
    wires: Wires,
    ring: Loops,
    tally: Tally,
    work: Scratch,
    untouched: Ids,
    slots_at: Ids,
    pair_node: Ids,
    behind: Behind,
    down: Flags,
    marks: Marks,
    pair_mark: Ids,
    units: Lists,
    lost: Lists,
    others: Lists,
    first: int,
    last: int,
    more: Lost,
) -> None:
    """Let the units from `first` to `last` fail, each with its candidates, and fill in the candidates' rows of `more`: what the two take
    down and neither alone. Serial number: the row and one. Cost: the damage of each first unit, and that of the second beside it."""
    seeds = np.empty(len(work.dead), np.int32)
    kept_dead = np.empty(len(work.dead), np.int32)
    for unit in range(first, last):
        if others.at[unit] == others.at[unit + 1]:
            continue
        begun = gather(units, unit, slots_at, tally.live, seeds)
        dead, _, _ = cascade(wires, ring, tally, work, seeds[:begun], untouched)
        kept_dead[:dead] = work.dead[:dead]
        for row in range(others.at[unit], others.at[unit + 1]):
            other = others.items[row]
            begun = gather(units, other, slots_at, tally.live, seeds)
            died, fallen, hit = cascade(wires, ring, tally, work, seeds[:begun], untouched)
            if fallen > 0 and hit:
                serial = row + 1
                mark_lost(behind, marks, lost, unit, pair_node, pair_mark, serial)
                mark_lost(behind, marks, lost, other, pair_node, pair_mark, serial)
                mark_failed(behind, down, units, unit, marks, serial)
                mark_failed(behind, down, units, other, marks, serial)
                for i in range(fallen):
                    pair = work.fallen[i]
                    if pair_mark[pair] != serial:
                        count_fallen(behind, marks, more, pair_node[pair], serial, row)
            revive(wires, tally, work.dead, 0, died)
        revive(wires, tally, kept_dead, 0, dead)
