"""How much more power each of some slots can draw so that nothing is overloaded, as things stand and after any one failure.

Load flow is linear while nothing trips: a slot's further kW arrive at each feeder upstream in the parts by which its load does. So the room
at a slot is the least, over all states and all rated feeders upstream, of what the feeder may still carry over its part. No load
is tried; each failure is worked out once. Rules of load flow: `docs/guides/capacity.md`.

Those parts are as usual after a failure that reroutes nothing upstream of an entry (a cord of a server fails): of such failures only the
highest load of each feeder counts. After any other each entry is looked into.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analytics import kernel as supply
from analytics.capacity.flow import Loads
from analytics.capacity.kernel import Flow, Net, Table, Work, redistribute, restore
from analytics.capacity.standing import in_turn
from analytics.compiled import compiled, inlined
from analytics.kernel import Flags, cascade, revive
from analytics.state import Plant
from analytics.supply_graph import SupplyGraph
from graph.ports import Progress
from graph.values import Floats
from ontology.terms import Ids


class Above(NamedTuple):
    """All that each entry takes power from, itself included, in order of turns; columns of slots."""

    entries: Ids
    at: Ids
    """Shape (entries + 1): where an entry's list begins in `slots`."""
    slots: Ids
    cls: Ids
    """Per slot of the plant: the class of its node."""
    straight: Flags
    """Per entry: 1 where no loop is among its slots."""
    below: Flags
    """Per slot of the plant: 1 where an entry takes power from it, or is it."""


class Peak(NamedTuple):
    """Shape (slots, phases): the highest load after a failure that reroutes nothing of what is below, and that failure (-1: none)."""

    kw: Table
    cause: Ids


class Room(NamedTuple):
    """For each entry: the least room in kW (`inf` where nothing upstream states a rating; below 0 where something is overloaded already),
    the slot that limits it, the failed node (-1: as things stand), and the room if nothing of that slot's class had a limit."""

    kw: Floats
    slot: Ids
    cause: Ids
    next_kw: Floats


def room_of(graph: SupplyGraph, state: Plant, loads: Loads, entries: Ids, tell: Progress | None = None) -> Room:
    """The room at each entry slot (live with nothing failed), over all single failures of failure units.

    Cost: what each failure moves; and for each failure the power chain of the entries that it reroutes or takes down.
    """
    above = _above(loads.net, entries, np.ascontiguousarray(graph.nodes.class_of[loads.slot_node]))
    electrical = loads.electrical
    limit = electrical.limit_kw[loads.slot_node]
    size = len(entries)
    room = Room(np.full(size, np.inf), np.full(size, -1, np.int32), np.full(size, -1, np.int32), np.full(size, np.inf))
    sigma = np.zeros(loads.base.demand.shape)
    peak = Peak(loads.base.demand.copy(), np.full(sigma.shape, -1, np.int32))
    candidates = np.flatnonzero(graph.nodes.failure_unit).astype(np.int32)
    with state.bench() as bench, loads.lent() as (flow, work):
        for some in in_turn(candidates, tell):
            _each(
                state.wires,
                state.ring,
                bench.now,
                bench.work,
                state.base.counts,
                loads.net,
                flow,
                loads.base,
                work,
                some,
                state.wiring.slots_at,
                above,
                limit,
                sigma,
                peak,
                room,
            )
    usual = Flow(loads.base.own, peak.kw, loads.base.share)
    for row in range(size):
        _narrow(loads.net, usual, state.base.live, above, limit, sigma, peak.cause, -1, row, room)
    return room


def _above(net: Net, entries: Ids, cls: Ids) -> Above:
    lists = [_walk(net, int(entry)) for entry in entries]
    at = np.cumsum([0, *map(len, lists)]).astype(np.int32)
    slots = np.concatenate([np.empty(0, np.int32), *lists])
    below = np.zeros(len(cls), np.uint8)
    below[slots] = 1
    alone = np.diff(net.members_at) == 1
    straight = np.array([alone[net.turn_of[each]].all() for each in lists], dtype=np.uint8)
    return Above(entries, at, slots, cls, straight, below)


@compiled
def _walk(net: Net, entry: int) -> Ids:
    seen = {entry}
    found = [entry]
    head = 0
    while head < len(found):
        slot = found[head]
        head += 1
        for at in range(net.takes_at[slot], net.takes_at[slot + 1]):
            supplier = int(net.takes[at])
            if supplier not in seen:
                seen.add(supplier)
                found.append(supplier)
    slots = np.array(found, dtype=np.int32)
    order = np.argsort(net.turn_of[slots], kind="mergesort")
    return slots[order].astype(np.int32)


@compiled
def _each(
    wires: supply.Wires,
    ring: supply.Loops,
    tally: supply.Tally,
    scratch: supply.Scratch,
    untouched: Ids,
    net: Net,
    flow: Flow,
    base: Flow,
    work: Work,
    candidates: Ids,
    slots_at: Ids,
    above: Above,
    limit: Floats,
    sigma: Table,
    peak: Peak,
    room: Room,
) -> None:
    """Let each candidate node fail alone, nothing trip; all states are as before afterwards.

    A failure after which nobody takes a greater part from anybody than before moves no load and leaves no less room. One that reroutes
    no entry and takes none down (a cord of a server fails) counts by the highest loads; for any other each entry is looked into.
    """
    none = np.empty(0, np.float64)
    nowhere = np.empty((0, 0), np.int32)
    for node in candidates:
        seeds = np.arange(slots_at[node], slots_at[node + 1]).astype(np.int32)
        count, _, _ = cascade(wires, ring, tally, scratch, seeds, untouched)
        touched = redistribute(net, flow, tally.live, scratch.dead[:count], none, work, 0)
        moved, reroutes = False, False
        for i in range(touched):
            slot = work.touched[i]
            for at in range(net.takes_at[slot], net.takes_at[slot + 1]):
                if flow.share[at] > base.share[at]:
                    moved = True
                    reroutes = reroutes or above.below[slot] == 1
        if moved:
            for entry in above.entries:
                reroutes = reroutes or tally.live[entry] == 0
            if reroutes:
                for row in range(len(above.entries)):
                    _narrow(net, flow, tally.live, above, limit, sigma, nowhere, node, row, room)
            else:
                _note_peaks(flow, tally.live, work.touched[:touched], limit, node, peak)
        restore(net, flow, base, work, touched)
        revive(wires, tally, scratch.dead, 0, count)


@compiled
def _note_peaks(flow: Flow, live: Flags, touched: Ids, limit: Floats, node: int, peak: Peak) -> None:
    """Keep the highest loads of what has a limit."""
    for slot in touched:
        if live[slot] == 1 and limit[slot] < np.inf:
            for p in range(flow.demand.shape[1]):
                if flow.demand[slot, p] > peak.kw[slot, p]:
                    peak.kw[slot, p] = flow.demand[slot, p]
                    peak.cause[slot, p] = node


@compiled
def _narrow(  # noqa: PLR0912  a call a slot would cost more than the step
    net: Net, flow: Flow, live: Flags, above: Above, limit: Floats, sigma: Table, causes: Ids, cause: int, row: int, room: Room
) -> None:
    """Take one state into account for one entry. `sigma`, all zero before and after: the kW a phase that one more kW of it brings."""
    phases = sigma.shape[1]
    entry = above.entries[row]
    if live[entry] == 0:
        return
    first, last = above.at[row], above.at[row + 1]
    for p in range(phases):
        sigma[entry, p] = 1.0 / phases
    at = first
    if phases == 1 and above.straight[row] == 1:
        _hand_all_on(net.takes_at, net.takes, flow.share, live, above.slots[first:last], sigma)
        at = last
    while at < last:
        turn = net.turn_of[above.slots[at]]
        end = at + 1
        while end < last and net.turn_of[above.slots[end]] == turn:
            end += 1
        if end - at == 1:
            _hand_on(net, flow, live, above.slots[at], sigma)
        else:
            _hand_on_loop(net, flow, live, above.slots[at:end], sigma)
        at = end
    for i in range(first, last):
        slot = above.slots[i]
        if limit[slot] < np.inf and live[slot] == 1:
            kw, phase = _left(net, flow, limit[slot], slot, sigma)
            alike = room.slot[row] >= 0 and above.cls[room.slot[row]] == above.cls[slot]
            if kw < room.kw[row]:
                if not alike:
                    room.next_kw[row] = room.kw[row]
                by = causes[slot, phase] if len(causes) > 0 else cause
                room.kw[row], room.slot[row], room.cause[row] = kw, slot, by
            elif not alike and kw < room.next_kw[row]:
                room.next_kw[row] = kw
    for i in range(first, last):
        for p in range(phases):
            sigma[above.slots[i], p] = 0.0


@compiled
def _hand_all_on(takes_at: Ids, takes: Ids, share: Floats, live: Flags, slots: Ids, sigma: Table) -> None:
    """Hand the parts of all slots on, in their order; for one phase and no loop. Plain columns, not tuples of them, for speed."""
    for slot in slots:
        part = sigma[slot, 0]
        if live[slot] == 1 and part > 0.0:
            for at in range(takes_at[slot], takes_at[slot + 1]):
                sigma[takes[at], 0] += part * share[at]


@inlined
def _hand_on(net: Net, flow: Flow, live: Flags, slot: int, sigma: Table) -> None:
    """Hand a slot's part on to its suppliers."""
    _even(net, slot, sigma)
    for at in range(net.takes_at[slot], net.takes_at[slot + 1]):
        if live[slot] == 1 and flow.share[at] > 0.0:
            for p in range(sigma.shape[1]):
                sigma[net.takes[at], p] += sigma[slot, p] * flow.share[at]


@compiled
def _hand_on_loop(net: Net, flow: Flow, live: Flags, members: Ids, sigma: Table) -> None:
    """The same for the slots of a loop: whoever takes comes before whom it takes from."""
    done = np.zeros(len(members), np.uint8)
    left = len(members)
    while left > 0:
        before = left
        for i in range(len(members)):
            slot = members[i]
            if done[i] == 1 or _awaits(net, flow, members, done, slot):
                continue
            done[i] = 1
            left -= 1
            _hand_on(net, flow, live, slot, sigma)
        if left == before:
            return


@compiled
def _awaits(net: Net, flow: Flow, members: Ids, done: Flags, slot: int) -> bool:
    """Whether a member of a loop that is not done yet takes from this one."""
    for i in range(len(members)):
        if done[i] == 0 and members[i] != slot:
            for at in range(net.takes_at[members[i]], net.takes_at[members[i] + 1]):
                if net.takes[at] == slot and flow.share[at] > 0.0:
                    return True
    return False


@inlined
def _even(net: Net, slot: int, sigma: Table) -> None:
    """What is on one or two phases carries all there."""
    mask = net.phases[slot] if sigma.shape[1] > 1 else 0
    if mask > 0:
        kw, on = sigma[slot].sum(), 0
        for p in range(sigma.shape[1]):
            on += (mask >> p) & 1
        for p in range(sigma.shape[1]):
            sigma[slot, p] = kw / on if (mask >> p) & 1 == 1 else 0.0


@inlined
def _left(net: Net, flow: Flow, limit: float, slot: int, sigma: Table) -> tuple[float, int]:
    """The kW of the entry that a slot can still carry, and the phase that says so; `inf` where none of it comes this way."""
    phases = sigma.shape[1]
    least, phase = np.inf, 0
    if phases == 1 or net.phases[slot] > 0:
        part, load = 0.0, 0.0
        for p in range(phases):
            part += sigma[slot, p]
            load += flow.demand[slot, p]
        if part > 0.0:
            least = (limit - load) / part
        for p in range(phases):
            if flow.demand[slot, p] > flow.demand[slot, phase]:
                phase = p
        return least, phase
    for p in range(phases):
        if sigma[slot, p] > 0.0 and (limit / phases - flow.demand[slot, p]) / sigma[slot, p] < least:
            least = (limit / phases - flow.demand[slot, p]) / sigma[slot, p]
            phase = p
    return least, phase
