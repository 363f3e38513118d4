"""The inner loops of load flow, compiled by numba: roll loads up along live supply, and again after a loss, at the cost of what changed.

Rules of this file:

1. A *take* is one supplier of a slot's power: `takes[takes_at[s]:takes_at[s + 1]]`, the preferred one first. Only slots and takes that
   are live with nothing failed are there; what is dead draws nothing.
2. A *turn* is a slot, or a whole loop of slots, in an order in which whoever takes comes before whom it takes from. A turn is worked out
   once, when all that takes from it is settled.
3. A slot takes equal parts from its live suppliers, or all from the first live one (`one`). Inside a loop only from what is nearer to
   where the loop is fed: by fewest steps; what is fed from outside takes nothing from the loop.
4. Loads are recomputed as sums in a fixed order, never by adding differences: the same state has the same bits whatever came before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytics.kernel import Flags, Loops, Scratch, Tally, Wires, cascade, revive
from graph.compiled import compiled
from graph.values import Floats
from ontology.terms import Ids

Table = NDArray[np.float64]
"""Shape (slots, phases): kW a phase; one column where no phase is stated."""


class Net(NamedTuple):
    """Who takes power from whom; the same for all scenarios of a plant."""

    takes_at: Ids
    takes: Ids
    gives_at: Ids
    """Shape (slots + 1): where the takes from a slot begin in `gives`."""
    gives: Ids
    taker: Ids
    """Per take: the slot that takes."""
    one: Flags
    free: Flags
    """Slots that are live without any supplier of power."""
    phases: Flags
    turn_of: Ids
    """Per slot; -1 for what is dead with nothing failed."""
    members_at: Ids
    members: Ids


class Flow(NamedTuple):
    """Loads in one state."""

    own: Table
    """What each slot draws itself; below 0 where a reading says less than what it feeds is stated to draw."""
    demand: Table
    """What each slot carries."""
    share: Floats
    """Per take: the part of the taker's load that comes by it."""


class Work(NamedTuple):
    """Work space; `queued`, `visited` are all zero and `depth` all -1 between two calls."""

    heap: Ids
    queued: Flags
    visited: Flags
    touched: Ids
    depth: Ids
    queue: Ids
    row: Floats
    """The phases of one slot."""


@compiled
def turns(  # noqa: PLR0912  one pass over parts and their members, kept together
    starts: Ids, takes: Ids, live: Flags, loop_of: Ids, found: int
) -> tuple[Ids, Ids, Ids]:
    """The turn of each live slot, and the members of each turn; `loop_of` numbers the `found` loops of live slots. Linear (Kahn)."""
    size = len(live)
    part = np.full(size, -1, np.int32)
    parts = found
    for slot in range(size):
        if live[slot] == 1:
            if loop_of[slot] >= 0:
                part[slot] = loop_of[slot]
            else:
                part[slot] = parts
                parts += 1
    waits = np.zeros(parts, np.int32)
    first = np.full(parts, -1, np.int32)
    following = np.full(size, -1, np.int32)
    for slot in range(size - 1, -1, -1):
        if live[slot] == 1:
            following[slot] = first[part[slot]]
            first[part[slot]] = slot
            for at in range(starts[slot], starts[slot + 1]):
                if part[takes[at]] != part[slot]:
                    waits[part[takes[at]]] += 1
    queue = np.empty(parts, np.int32)
    tail = 0
    for each in range(parts):
        if waits[each] == 0:
            queue[tail] = each
            tail += 1
    turn_of = np.full(size, -1, np.int32)
    members_at = np.zeros(parts + 1, np.int32)
    members = np.empty(size, np.int32)
    listed = 0
    turn = 0
    while turn < tail:
        slot = first[queue[turn]]
        while slot >= 0:
            turn_of[slot] = turn
            members[listed] = slot
            listed += 1
            for at in range(starts[slot], starts[slot + 1]):
                other = part[takes[at]]
                if other != part[slot]:
                    waits[other] -= 1
                    if waits[other] == 0:
                        queue[tail] = other
                        tail += 1
            slot = following[slot]
        turn += 1
        members_at[turn] = listed
    return turn_of, members_at, members[:listed].copy()


@compiled
def reserves(net: Net, stands_by: Flags) -> Flags:
    """Flags of the slots that stand by themselves or are supplied by nothing else."""
    found = np.zeros(len(stands_by), np.uint8)
    for turn in range(len(net.members_at) - 2, -1, -1):
        first, last = net.members_at[turn], net.members_at[turn + 1]
        outside = 0
        others = 0
        for i in range(first, last):
            slot = net.members[i]
            for at in range(net.takes_at[slot], net.takes_at[slot + 1]):
                if net.turn_of[net.takes[at]] != turn:
                    outside += 1
                    others += 1 - found[net.takes[at]]
        only = outside > 0 and others == 0
        for i in range(first, last):
            found[net.members[i]] = 1 if only or stands_by[net.members[i]] == 1 else 0
    return found


@compiled
def roll_up(net: Net, flow: Flow, live: Flags, measured: Floats, work: Work) -> None:
    """All loads with nothing failed. A slot with a reading (`measured`, kW; else nan) gets an own draw that makes up the difference."""
    for turn in range(len(net.members_at) - 1):
        _work_out(net, flow, live, turn, measured, work)


@compiled
def redistribute(net: Net, flow: Flow, live: Flags, dead: Ids, measured: Floats, work: Work, touched: int) -> int:
    """Loads again after the slots of `dead` died or came up again (`live` says so already). `work.touched[:touched]` lists what was touched
    before; gives their new number. `measured` must be empty. Cost: what takes from the dead, and all upstream of it and of them."""
    size, touched = _drop(net, flow, live, dead, work, touched)
    while size > 0:
        turn = work.heap[0]
        size = _pop(work, size)
        changed = _work_out(net, flow, live, turn, measured, work)
        for i in range(net.members_at[turn], net.members_at[turn + 1]):
            slot = net.members[i]
            touched = _touch(slot, work, touched)
            if changed:
                for at in range(net.takes_at[slot], net.takes_at[slot + 1]):
                    if net.turn_of[net.takes[at]] != turn and live[net.takes[at]] == 1:
                        size = _push(net.turn_of[net.takes[at]], work, size)
    return touched


@compiled
def _drop(net: Net, flow: Flow, live: Flags, dead: Ids, work: Work, touched: int) -> tuple[int, int]:
    """What died carries nothing, what came up is queued; queues whom it took from and who took from it. Gives the length of the queue and
    of what is touched."""
    size = 0
    for slot in dead:
        turn = net.turn_of[slot]
        if turn < 0:
            continue
        touched = _touch(slot, work, touched)
        flow.demand[slot] = 0.0
        if live[slot] == 1 or net.members_at[turn + 1] - net.members_at[turn] > 1:
            size = _push(turn, work, size)
        for at in range(net.takes_at[slot], net.takes_at[slot + 1]):
            if flow.share[at] > 0.0:
                flow.share[at] = 0.0
                if live[net.takes[at]] == 1:
                    size = _push(net.turn_of[net.takes[at]], work, size)
        for at in range(net.gives_at[slot], net.gives_at[slot + 1]):
            taker = net.taker[net.gives[at]]
            if live[taker] == 1:
                size = _push(net.turn_of[taker], work, size)
    return size, touched


@compiled
def _touch(slot: int, work: Work, touched: int) -> int:
    if work.visited[slot] == 0:
        work.visited[slot] = 1
        work.touched[touched] = slot
        touched += 1
    return touched


@compiled
def restore(net: Net, flow: Flow, base: Flow, work: Work, touched: int) -> None:
    """Everything as in the base again."""
    for i in range(touched):
        slot = work.touched[i]
        work.visited[slot] = 0
        flow.demand[slot] = base.demand[slot]
        for at in range(net.takes_at[slot], net.takes_at[slot + 1]):
            flow.share[at] = base.share[at]


@compiled
def worst(
    wires: Wires,
    ring: Loops,
    tally: Tally,
    scratch: Scratch,
    untouched: Ids,
    net: Net,
    flow: Flow,
    base: Flow,
    work: Work,
    failures: Ids,
    failed_at: Ids,
    failed: Ids,
    limit: Floats,
    part: Floats,
    cause: Ids,
) -> None:
    """Let each failure f happen alone (the slots `failed[failed_at[f]:failed_at[f + 1]]` die), nothing trip, and keep for each live slot
    with a `limit` (kW; else `inf`) its highest load as a `part` of that and the first failure that causes it. Both states are as before
    afterwards. Cost: what each failure moves."""
    none = np.empty(0, np.float64)
    for failure in failures:
        seeds = failed[failed_at[failure] : failed_at[failure + 1]]
        count, _, _ = cascade(wires, ring, tally, scratch, seeds, untouched)
        dead = scratch.dead[:count]
        touched = redistribute(net, flow, tally.live, dead, none, work, 0)
        for i in range(touched):
            slot = work.touched[i]
            if tally.live[slot] == 1 and limit[slot] < np.inf:
                now = part_of(net, flow.demand[slot], slot) / limit[slot]
                if now > part[slot]:
                    part[slot] = now
                    cause[slot] = failure
        restore(net, flow, base, work, touched)
        revive(wires, tally, scratch.dead, 0, count)


@compiled
def part_of(net: Net, loads: Floats, slot: int) -> float:
    """The load that is compared with a limit: three times that of the fullest phase where a slot is on three, else all of it."""
    if len(loads) > 1 and net.phases[slot] == 0:
        return float(len(loads) * loads.max())
    return float(loads.sum())


@compiled
def _work_out(net: Net, flow: Flow, live: Flags, turn: int, measured: Floats, work: Work) -> bool:
    """The loads of one turn, and where they come from; whether anything changed that its suppliers see.

    In a loop first where each member takes from, then their loads, from far to near: what is nearer carries what is farther.
    """
    first, last = net.members_at[turn], net.members_at[turn + 1]
    if last - first == 1:
        slot = net.members[first]
        changed = _take(net, flow, live, slot, -1, work)
        return _load(net, flow, live, slot, measured, work) or changed
    listed = _depths(net, live, turn, work)
    changed = False
    for i in range(first, last):
        changed |= _take(net, flow, live, net.members[i], turn, work)
    for i in range(first, last):
        if work.depth[net.members[i]] < 0:
            changed |= _load(net, flow, live, net.members[i], measured, work)
    for i in range(listed - 1, -1, -1):
        changed |= _load(net, flow, live, work.queue[i], measured, work)
    for i in range(listed):
        work.depth[work.queue[i]] = -1
    return changed


@compiled
def _depths(net: Net, live: Flags, turn: int, work: Work) -> int:
    """Steps from where a loop is fed, for its live members (`work.depth`); lists them from near to far in `work.queue`."""
    listed = 0
    for i in range(net.members_at[turn], net.members_at[turn + 1]):
        slot = net.members[i]
        if live[slot] == 0:
            continue
        fed = net.free[slot] == 1
        for at in range(net.takes_at[slot], net.takes_at[slot + 1]):
            fed |= live[net.takes[at]] == 1 and net.turn_of[net.takes[at]] != turn
        if fed:
            work.depth[slot] = 0
            work.queue[listed] = slot
            listed += 1
    head = 0
    while head < listed:
        slot = work.queue[head]
        head += 1
        for at in range(net.gives_at[slot], net.gives_at[slot + 1]):
            taker = net.taker[net.gives[at]]
            if net.turn_of[taker] == turn and live[taker] == 1 and work.depth[taker] < 0:
                work.depth[taker] = work.depth[slot] + 1
                work.queue[listed] = taker
                listed += 1
    return listed


@compiled
def _load(net: Net, flow: Flow, live: Flags, slot: int, measured: Floats, work: Work) -> bool:
    """What a slot carries: its own draw and its part of what takes from it. Whether that changed."""
    phases = flow.demand.shape[1]
    loads = work.row
    for p in range(phases):
        loads[p] = 0.0
    if live[slot] == 1:
        for at in range(net.gives_at[slot], net.gives_at[slot + 1]):
            take = net.gives[at]
            if flow.share[take] > 0.0:
                for p in range(phases):
                    loads[p] += flow.demand[net.taker[take], p] * flow.share[take]
        mask = net.phases[slot] if phases > 1 else 0
        if len(measured) > 0 and not np.isnan(measured[slot]):
            spread(flow.own[slot], measured[slot] - loads.sum(), mask)
        for p in range(phases):
            loads[p] = max(loads[p] + flow.own[slot, p], 0.0)
        if mask > 0:
            spread(loads, loads.sum(), mask)
    changed = False
    for p in range(phases):
        if flow.demand[slot, p] != loads[p]:
            flow.demand[slot, p] = loads[p]
            changed = True
    return changed


@compiled
def spread(loads: Floats, kw: float, mask: int) -> None:
    """Equal parts of a load on the phases of a mask; 0 for all."""
    on = 0
    for p in range(len(loads)):
        on += 1 if mask == 0 else (mask >> p) & 1
    for p in range(len(loads)):
        loads[p] = kw / on if mask == 0 or (mask >> p) & 1 == 1 else 0.0


@compiled
def _take(net: Net, flow: Flow, live: Flags, slot: int, loop: int, work: Work) -> bool:
    """From whom a slot takes, and which part of its load; whether that changed. `loop` is its turn where that is a loop, else -1."""
    parts = 0
    if live[slot] == 1:
        for at in range(net.takes_at[slot], net.takes_at[slot + 1]):
            if (net.one[slot] == 0 or parts == 0) and _carries(net, live, slot, net.takes[at], loop, work):
                parts += 1
    left = parts
    changed = False
    for at in range(net.takes_at[slot], net.takes_at[slot + 1]):
        share = 0.0
        if left > 0 and _carries(net, live, slot, net.takes[at], loop, work):
            share = 1.0 / parts
            left -= 1
        if flow.share[at] != share:
            flow.share[at] = share
            changed = True
    return changed


@compiled
def _carries(net: Net, live: Flags, slot: int, supplier: int, loop: int, work: Work) -> bool:
    if live[supplier] == 0:
        return False
    return loop < 0 or net.turn_of[supplier] != loop or 0 <= work.depth[supplier] < work.depth[slot]


@compiled
def _push(turn: int, work: Work, size: int) -> int:
    """Queue a turn once; the lowest comes out first."""
    if work.queued[turn] == 1:
        return size
    work.queued[turn] = 1
    at = size
    while at > 0 and work.heap[(at - 1) // 2] > turn:
        work.heap[at] = work.heap[(at - 1) // 2]
        at = (at - 1) // 2
    work.heap[at] = turn
    return size + 1


@compiled
def _pop(work: Work, size: int) -> int:
    work.queued[work.heap[0]] = 0
    size -= 1
    turn = work.heap[size]
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and work.heap[child + 1] < work.heap[child]:
            child += 1
        if work.heap[child] >= turn:
            break
        work.heap[at] = work.heap[child]
        at = child
    work.heap[at] = turn
    return size
