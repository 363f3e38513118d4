"""The inner loops of `analytics/capacity/further.py`: what can come by a slot at most, who can load it, what trips at once. Compiled by
numba."""

from __future__ import annotations

import numpy as np

from analytics.capacity.kernel import Flow, Net, Table, Work, part_of, redistribute, restore, spread
from analytics.kernel import Flags, Loops, Scratch, Tally, Wires, cascade, mark_upstream, revive
from graph.compiled import compiled
from graph.values import Floats
from ontology.terms import Ids


@compiled
def spare(net: Net, own: Table, trips_at: Floats, steps_max: int) -> None:
    """Set to `inf` what a slot trips at where it can never carry as much. Cost: all takes once, then, where that leaves it open, what each
    slot feeds, `steps_max` takes at most."""
    most = _at_most(net, own)
    seen = np.full(len(trips_at), -1, np.int32)
    queue = np.empty(len(trips_at), np.int32)
    steps = 0
    for slot in range(len(trips_at)):
        if trips_at[slot] == np.inf:
            continue
        if part_of(net, most[slot], slot) < trips_at[slot]:
            trips_at[slot] = np.inf
        elif own.shape[1] == 1 and steps < steps_max:
            queue[0] = slot
            seen[slot] = slot
            head, tail, total = 0, 1, 0.0
            while head < tail and total < trips_at[slot]:
                at = queue[head]
                head += 1
                total += max(own[at, 0], 0.0)
                for give in range(net.gives_at[at], net.gives_at[at + 1]):
                    steps += 1
                    taker = net.taker[net.gives[give]]
                    if seen[taker] != slot:
                        seen[taker] = slot
                        queue[tail] = taker
                        tail += 1
            if total < trips_at[slot]:
                trips_at[slot] = np.inf


@compiled
def _at_most(net: Net, own: Table) -> Table:
    """A bound of what each slot carries in any state: what it draws, and all that whoever can take from it carries at most. What can be
    taken on several ways counts on each of them; each member of a loop carries all of the loop."""
    phases = own.shape[1]
    found = np.zeros_like(own)
    for turn in range(len(net.members_at) - 1):
        first, last = net.members_at[turn], net.members_at[turn + 1]
        total = 0.0
        for i in range(first, last):
            slot = net.members[i]
            for p in range(phases):
                found[slot, p] += max(own[slot, p], 0.0)
            total += found[slot].sum()
        for i in range(first, last):
            slot = net.members[i]
            if last - first > 1:
                found[slot] = total
            elif phases > 1 and net.phases[slot] > 0:
                spread(found[slot], total, net.phases[slot])
            for at in range(net.takes_at[slot], net.takes_at[slot + 1]):
                if net.turn_of[net.takes[at]] != turn:
                    for p in range(phases):
                        found[net.takes[at], p] += found[slot, p]
    return found


@compiled
def can_load(wires: Wires, live: Flags, net: Net, slots: Ids) -> Flags:
    """Flags of the slots upstream, in any medium, of whatever can take power from the given ones, and of these. Cost: their edges."""
    seen, listed = np.zeros(len(live), np.uint8), np.empty(len(live), np.int32)
    tail = 0
    for slot in slots:
        if seen[slot] == 0:
            seen[slot] = 1
            listed[tail] = slot
            tail += 1
    head = 0
    while head < tail:
        slot = listed[head]
        head += 1
        for at in range(net.gives_at[slot], net.gives_at[slot + 1]):
            taker = net.taker[net.gives[at]]
            if seen[taker] == 0:
                seen[taker] = 1
                listed[tail] = taker
                tail += 1
    mark_upstream(wires, live, seen, listed, tail)
    return seen


@compiled
def tripping(
    wires: Wires,
    ring: Loops,
    tally: Tally,
    scratch: Scratch,
    untouched: Ids,
    net: Net,
    flow: Flow,
    state: Flow,
    work: Work,
    near: Ids,
    candidates: Ids,
    slots_at: Ids,
    trips_at: Floats,
    worst: Floats,
    skip: float,
    none: Floats,
    steps_max: int,
) -> tuple[Flags, int]:
    """Let each candidate node fail by itself in the state at hand: 1 where one of `near` then carries as much as it trips at; and how many
    were looked at before `steps_max` slots had been worked out. `state` is a copy of `flow`; all is as before then.
    Cost: what each moves.

    A failure that moves less than the part `skip` of what is left to any of `near` is not followed; `worst` keeps the highest load of each
    slot among those that are, where it is not empty."""
    found = np.zeros(len(candidates), np.uint8)
    least = np.inf
    for slot in near:
        if tally.live[slot] == 1:
            least = min(least, trips_at[slot] - part_of(net, flow.demand[slot], slot))
    steps = 0
    for i in range(len(candidates)):
        if steps > steps_max:
            return found, i
        seeds = np.arange(slots_at[candidates[i]], slots_at[candidates[i] + 1]).astype(np.int32)
        count, _, _ = cascade(wires, ring, tally, scratch, seeds, untouched)
        dead = scratch.dead[:count]
        steps += count
        if _moved(net, flow, tally.live, dead) < least * skip:
            revive(wires, tally, scratch.dead, 0, count)
            continue
        touched = redistribute(net, flow, tally.live, dead, none, work, 0)
        steps += touched
        for at in range(touched):
            slot = work.touched[at]
            if tally.live[slot] == 1 and trips_at[slot] < np.inf:
                load = part_of(net, flow.demand[slot], slot)
                if load >= trips_at[slot]:
                    found[i] = 1
                if len(worst) > 0 and load > worst[slot]:
                    worst[slot] = load
        restore(net, flow, state, work, touched)
        revive(wires, tally, scratch.dead, 0, count)
    return found, len(candidates)


@compiled
def _moved(net: Net, flow: Flow, live: Flags, dead: Ids) -> float:
    """A bound of what any load, as it is compared with a limit, grows by when some slots have died: all that what is left took from them;
    `inf` where a loop has to be gone through anew."""
    total = 0.0
    for slot in dead:
        turn = net.turn_of[slot]
        if turn < 0:
            continue
        if net.members_at[turn + 1] - net.members_at[turn] > 1:
            return np.inf
        for at in range(net.gives_at[slot], net.gives_at[slot + 1]):
            take = net.gives[at]
            taker = net.taker[take]
            if live[taker] == 1:
                if net.members_at[net.turn_of[taker] + 1] - net.members_at[net.turn_of[taker]] > 1:
                    return np.inf
                total += flow.demand[taker].sum() * flow.share[take]
    return float(total * flow.demand.shape[1] * (1 + 1e-9))


@compiled
def fed_by(wires: Wires, slots: Ids) -> Ids:
    """The slots whose requirements count one of the given ones; one may come more than once."""
    count = 0
    for slot in slots:
        count += wires.feeds_at[slot + 1] - wires.feeds_at[slot]
    found = np.empty(count, np.int32)
    count = 0
    for slot in slots:
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            found[count] = wires.gate_slot[wires.feeds[at]]
            count += 1
    return found


@compiled
def fallen(wires: Wires, now: Tally, base: Tally, died: Ids) -> Ids:
    """The pairs that fell with the slots of `died`; one may come more than once."""
    count = 0
    for slot in died:
        count += wires.feeds_at[slot + 1] - wires.feeds_at[slot]
    found = np.empty(count, np.int32)
    count = 0
    for slot in died:
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            pair = wires.gate_pair[wires.feeds[at]]
            if now.failing[pair] > 0 and base.failing[pair] == 0:
                found[count] = pair
                count += 1
    return found[:count].copy()


@compiled
def can_move(net: Net, own: Table, live: Flags, below: Flags, listed: Ids) -> float:
    """The draw of those of the listed slots, flagged in `below`, that take power from what is dead or from another of them, as it is
    compared with a limit. Cost: their takes."""
    total = 0.0
    for slot in listed:
        for at in range(net.takes_at[slot], net.takes_at[slot + 1]):
            if live[net.takes[at]] == 0 or below[net.takes[at]] == 1:
                for p in range(own.shape[1]):
                    total += max(own[slot, p], 0.0)
                break
    return float(total * own.shape[1])
