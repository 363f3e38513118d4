"""How much more power each of some slots can draw so that nothing is overloaded, as things stand and after any one failure.

Load flow is linear while nothing trips: a slot's further kW arrive at each feeder upstream in the parts by which its load does. So the room
at a slot is the least, over all states and all rated feeders upstream, of what the feeder may still carry over its part. No load
is tried; each failure is worked out once. Rules of load flow: `docs/guides/capacity.md`.

Most failures reroute little: a rack's breaker the rack, a server's cord no rack at all. Of every entry that a failure does not reroute the
parts are as usual, so that of all those failures only the highest load of each feeder counts. An entry is looked into after the failures
that reroute it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analytics import kernel as supply
from analytics.capacity.flow import Loads
from analytics.capacity.kernel import Flow, Net, Table, Work, redistribute, restore
from analytics.capacity.standing import in_turn
from analytics.kernel import Flags, cascade, revive
from analytics.state import Plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.units import Units
from graph.compiled import compiled, inlined
from graph.ports import Progress
from graph.values import Floats
from ontology.terms import Ids


class Above(NamedTuple):
    """All that each entry takes power from, itself included, in order of turns; columns of slots."""

    entries: Ids
    at: Ids
    """Shape (entries + 1): where an entry's list begins in `slots`."""
    slots: Ids
    row: Ids
    """Per place in `slots`: whose list it is in."""
    below_at: Ids
    """Shape (slots of the plant + 1): where the places of a slot begin in `below`."""
    below: Ids
    """Places in `slots`, by slot."""
    cls: Ids
    """Per slot of the plant: the class of its node."""
    straight: Flags
    """Per entry: 1 where no loop is among its slots."""


class Peak(NamedTuple):
    """The highest load over all failures that do not reroute the entry, beside each place in `Above.slots`; one column a phase."""

    kw: Table
    cause: Ids
    """The number of that failure; -1: as things stand."""
    least: Table
    """Per slot of the plant: no place of it has less. A failure that brings no more than that is not looked into."""


class Room(NamedTuple):
    """For each entry: the least room in kW (`inf` where nothing upstream states a rating; below 0 where something is overloaded already),
    the slot that limits it, the number of the failure (-1: as things stand; of equal ones the first), and the room if nothing of that
    slot's class had a limit."""

    kw: Floats
    slot: Ids
    cause: Ids
    next_kw: Floats


def room_of(graph: SupplyGraph, state: Plant, loads: Loads, entries: Ids, tell: Progress | None = None, units: Units | None = None) -> Room:
    """The room at each entry slot (live with nothing failed), over all single failures: `units`, or, where absent, all equipment.

    Cost: what each failure moves, and the power chain of each entry that it reroutes; some times for each feeder what is below it.
    """
    above = _above(loads.net, entries, np.ascontiguousarray(graph.nodes.class_of[loads.slot_node]))
    electrical = loads.electrical
    limit = electrical.limit_kw[loads.slot_node]
    size = len(entries)
    room = Room(np.full(size, np.inf), np.full(size, -1, np.int32), np.full(size, -1, np.int32), np.full(size, np.inf))
    sigma = np.zeros(loads.base.demand.shape)
    usual = loads.base.demand[above.slots]
    peak = Peak(usual, np.full(usual.shape, -1, np.int32), loads.base.demand.copy())
    rerouted = np.zeros(size, np.uint8)
    units = Units.equipment(graph) if units is None else units
    failed_at, failed = units.slots(state.wiring.slots_at)
    with state.bench() as bench, loads.lent() as (flow, work):
        for some in in_turn(np.arange(len(units), dtype=np.int32), tell):
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
                failed_at,
                failed,
                above,
                limit,
                sigma,
                rerouted,
                peak,
                room,
            )
    for row in range(size):
        _narrow(loads.net, loads.base, state.base.live, above, limit, sigma, peak, -1, row, room)
    return room


def _above(net: Net, entries: Ids, cls: Ids) -> Above:
    lists = [_walk(net, int(entry)) for entry in entries]
    at = np.cumsum([0, *map(len, lists)]).astype(np.int32)
    slots = np.concatenate([np.empty(0, np.int32), *lists])
    row = np.repeat(np.arange(len(entries), dtype=np.int32), np.diff(at))
    below = np.argsort(slots, kind="stable").astype(np.int32)
    below_at = np.searchsorted(slots[below], np.arange(len(cls) + 1)).astype(np.int32)
    alone = np.diff(net.members_at) == 1
    straight = np.array([alone[net.turn_of[each]].all() for each in lists], dtype=np.uint8)
    return Above(entries, at, slots, row, below_at, below, cls, straight)


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
    failures: Ids,
    failed_at: Ids,
    failed: Ids,
    above: Above,
    limit: Floats,
    sigma: Table,
    rerouted: Flags,
    peak: Peak,
    room: Room,
) -> None:
    """Let each failure f happen alone (the slots `failed[failed_at[f]:failed_at[f + 1]]` die), nothing trip; all states are as before
    afterwards. `rerouted`: by entry, all 0 before and after.

    A failure after which nobody takes a greater part from anybody than before moves no load and leaves no less room.
    """
    none = np.empty(0, np.float64)
    for failure in failures:
        seeds = failed[failed_at[failure] : failed_at[failure + 1]]
        count, _, _ = cascade(wires, ring, tally, scratch, seeds, untouched)
        touched = redistribute(net, flow, tally.live, scratch.dead[:count], none, work, 0)
        if _moves(net, flow, base, work.touched[:touched]):
            _mark(net, flow, base, tally.live, work.touched[:touched], above, rerouted)
            for row in range(len(rerouted)):
                if rerouted[row] == 1:
                    _narrow(net, flow, tally.live, above, limit, sigma, peak, failure, row, room)
            _note_peaks(flow, tally.live, work.touched[:touched], above, limit, rerouted, failure, peak)
            rerouted[:] = 0
        restore(net, flow, base, work, touched)
        revive(wires, tally, scratch.dead, 0, count)


@compiled
def _moves(net: Net, flow: Flow, base: Flow, touched: Ids) -> bool:
    """Whether any slot takes a greater part from another than with nothing failed."""
    for slot in touched:
        for at in range(net.takes_at[slot], net.takes_at[slot + 1]):
            if flow.share[at] > base.share[at]:
                return True
    return False


@compiled
def _mark(net: Net, flow: Flow, base: Flow, live: Flags, touched: Ids, above: Above, rerouted: Flags) -> None:
    """Mark each entry that is, or has upstream, a slot that is down or takes other parts than with nothing failed."""
    for slot in touched:
        changed = live[slot] == 0
        for at in range(net.takes_at[slot], net.takes_at[slot + 1]):
            changed = changed or flow.share[at] != base.share[at]
        if changed:
            for i in range(above.below_at[slot], above.below_at[slot + 1]):
                rerouted[above.row[above.below[i]]] = 1


@compiled
def _note_peaks(flow: Flow, live: Flags, touched: Ids, above: Above, limit: Floats, rerouted: Flags, failure: int, peak: Peak) -> None:
    """Keep the highest loads of what has a limit, for each entry below that is not rerouted."""
    for slot in touched:
        if live[slot] == 1 and limit[slot] < np.inf:
            for p in range(flow.demand.shape[1]):
                kw = flow.demand[slot, p]
                if kw > peak.least[slot, p]:
                    least = np.inf
                    for i in range(above.below_at[slot], above.below_at[slot + 1]):
                        place = above.below[i]
                        if kw > peak.kw[place, p] and rerouted[above.row[place]] == 0:
                            peak.kw[place, p] = kw
                            peak.cause[place, p] = failure
                        least = min(least, peak.kw[place, p])
                    peak.least[slot, p] = least


@compiled
def _narrow(  # noqa: PLR0912  a call a slot would cost more than the step
    net: Net, flow: Flow, live: Flags, above: Above, limit: Floats, sigma: Table, peak: Peak, cause: int, row: int, room: Room
) -> None:
    """Take one state into account for one entry: that after a failure, or, with the cause -1, the usual one with the highest loads.
    `sigma`, all zero before and after: the kW a phase that one more kW of it brings."""
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
            kw, phase = (
                _left(net, peak.kw, i, limit[slot], slot, sigma) if cause < 0 else _left(net, flow.demand, slot, limit[slot], slot, sigma)
            )
            alike = room.slot[row] >= 0 and above.cls[room.slot[row]] == above.cls[slot]
            by = peak.cause[i, phase] if cause < 0 else cause
            if kw < room.kw[row]:
                if not alike:
                    room.next_kw[row] = room.kw[row]
                room.kw[row], room.slot[row], room.cause[row] = kw, slot, by
            elif kw == room.kw[row] and slot == room.slot[row]:
                room.cause[row] = min(room.cause[row], by)
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
def _left(net: Net, loads: Table, at: int, limit: float, slot: int, sigma: Table) -> tuple[float, int]:
    """The kW of the entry that a slot can still carry beside its load (row `at` of `loads`), and the phase that says so; `inf` where none
    of it comes this way."""
    phases = sigma.shape[1]
    least, phase = np.inf, 0
    if phases == 1 or net.phases[slot] > 0:
        part, load = 0.0, 0.0
        for p in range(phases):
            part += sigma[slot, p]
            load += loads[at, p]
        if part > 0.0:
            least = (limit - load) / part
        for p in range(phases):
            if loads[at, p] > loads[at, phase]:
                phase = p
        return least, phase
    for p in range(phases):
        if sigma[slot, p] > 0.0 and (limit / phases - loads[at, p]) / sigma[slot, p] < least:
            least = (limit / phases - loads[at, p]) / sigma[slot, p]
            phase = p
    return least, phase
