"""Loops of the timeline, compiled: what is fed from outside, who carries, and what only fed itself."""

from __future__ import annotations

import numpy as np

from analytics.kernel import Wires
from analytics.time.state import Record, Site, State
from analytics.time.steps import NOBODY, Events, Index, Waiting, carry, kill, stop
from graph.compiled import compiled
from graph.values import Floats


@compiled
def _stands(wires: Wires, state: State, slot: Index) -> bool:
    """Whether each pair of a slot is supplied by what is counted in `outside`, or kept."""
    for gate in range(wires.gates_at[slot], wires.gates_at[slot + 1]):
        if state.outside[gate] < wires.at_least[gate] and state.kept[wires.gate_pair[gate]] == 0:
            return False
    return True


@compiled
def _can_keep(wires: Wires, state: State, slot: Index) -> bool:
    """Whether every pair of a slot that `outside` does not supply has something left to carry it."""
    for gate in range(wires.gates_at[slot], wires.gates_at[slot + 1]):
        if state.outside[gate] < wires.at_least[gate]:
            store = state.store_of[wires.gate_pair[gate]]
            if store < 0 or state.left[store] <= 0:
                return False
    return True


@compiled
def _spread(site: Site, loop: Index, state: State, first: Index) -> None:
    """A member of a loop stands; so do those that it lets stand."""
    state.grounded[first] = 1
    stack = [np.int64(first)]
    while len(stack) > 0:
        slot = stack.pop()
        for at in range(site.wires.feeds_at[slot], site.wires.feeds_at[slot + 1]):
            gate = site.wires.feeds[at]
            fed = site.wires.gate_slot[gate]
            if site.ring.loop_of[fed] == loop:
                state.outside[gate] += 1
                if state.tally.live[fed] == 1 and state.grounded[fed] == 0 and _stands(site.wires, state, fed):
                    state.grounded[fed] = 1
                    stack.append(np.int64(fed))


@compiled
def ground_again(  # noqa: PLR0912  five passes over one loop, kept together
    site: Site, loop: Index, now: float, state: State, record: Record, kw: Floats, stack: Waiting, events: Events
) -> None:
    """Of a loop, find what is fed from outside, then who carries, then what goes down (rule 3)."""
    first, last = site.ring.members_at[loop], site.ring.members_at[loop + 1]
    members = site.ring.members[first:last]  # ascending
    for slot in members:
        for gate in range(site.wires.gates_at[slot], site.wires.gates_at[slot + 1]):
            state.outside[gate] = state.tally.counts[gate]
    for slot in members:
        if state.tally.live[slot] == 1:
            for at in range(site.wires.feeds_at[slot], site.wires.feeds_at[slot + 1]):
                gate = site.wires.feeds[at]
                if site.ring.loop_of[site.wires.gate_slot[gate]] == loop:
                    state.outside[gate] -= 1
    for slot in members:
        for i in range(site.pairs_at[slot], site.pairs_at[slot + 1]):
            if state.tally.live[slot] == 1 and state.tally.failing[site.slot_pairs[i]] > 0:
                state.kept[site.slot_pairs[i]] = 1  # not even the loop feeds it: it is carried in any case
    for slot in members:
        if state.tally.live[slot] == 1 and state.grounded[slot] == 0 and _stands(site.wires, state, slot):
            _spread(site, loop, state, slot)
    at = 0
    while at < len(members):
        slot = members[at]
        at += 1
        if state.tally.live[slot] == 1 and state.grounded[slot] == 0 and _can_keep(site.wires, state, slot):
            for gate in range(site.wires.gates_at[slot], site.wires.gates_at[slot + 1]):
                if state.outside[gate] < site.wires.at_least[gate]:
                    state.kept[site.wires.gate_pair[gate]] = 1
            _spread(site, loop, state, slot)
            at = 0
    for slot in members:
        stands = state.grounded[slot] == 1
        for i in range(site.pairs_at[slot], site.pairs_at[slot + 1]):
            pair = site.slot_pairs[i]
            if stands and state.kept[pair] == 1 and state.carried[pair] == 0:
                carry(site, pair, np.int64(NOBODY), now, state, record, kw, events)
            elif stands and state.kept[pair] == 0 and state.carried[pair] == 1:
                state.carried[pair] = 0
                stop(state.store_of[pair], now, state)
                record.relieved[pair] = now
            state.kept[pair] = 0
        state.grounded[slot] = 0
        for gate in range(site.wires.gates_at[slot], site.wires.gates_at[slot + 1]):
            state.outside[gate] = 0
        if state.tally.live[slot] == 1 and not stands:
            kill(site, slot, now, state, record, stack)
