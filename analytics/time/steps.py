"""The single steps of the timeline's loop, compiled: a store begins and ends to carry, a pair is lost, a slot goes down."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from analytics.time.sharing import lasting
from analytics.time.state import NEVER, Record, Site, State
from graph.compiled import inlined
from graph.values import Floats

START, RESTART, EMPTY, SHED, TRIP = range(5)
"""Kinds of event, in the order in which those of one instant happen: a standby source is there, a slot is up again, a store is empty
(or a source out of fuel), a load that may still have been there is gone for certain, what carries too much opens."""
OFF = 2
"""Instead of 1 in `State.blocked`: a standby source that has not been called (and started) yet."""
NOBODY, ITSELF = -1, -2
"""Instead of a slot, where none is the reason: a store is empty; what is down for another reason has no use for its store."""
Index = int | np.integer[Any]
Waiting = list[np.int64]
"""Numbers of slots or loops to be looked at."""
Events = list[tuple[float, np.int64, np.int64, np.int64]]
"""A heap of events: seconds, kind, which, version."""


@inlined
def queue(loop: Index, state: State, loops: Waiting) -> None:
    """A loop is to be looked at."""
    if state.queued[loop] == 0:
        state.queued[loop] = 1
        loops.append(np.int64(loop))


@inlined
def start(store: Index, now: float, lasts: float, state: State, events: Events) -> None:
    """A store begins to empty, `lasts` seconds from full to empty."""
    state.since[store] = now
    state.lasts[store] = lasts
    state.version[store] += 1
    if np.isfinite(lasts):
        event = (now + state.left[store] * lasts, np.int64(EMPTY), np.int64(store), np.int64(state.version[store]))
        heapq.heappush(events, event)


@inlined
def stop(store: Index, now: float, state: State) -> None:
    """A store rests; what is left of it stays."""
    state.version[store] += 1
    if np.isfinite(state.lasts[store]) and state.lasts[store] > 0:
        state.left[store] = max(0.0, state.left[store] - (now - state.since[store]) / state.lasts[store])


@inlined
def drained(site: Site, store: Index, state: State) -> None:
    """A store is empty: so is what rests of its bank."""
    bank = site.stores.bank[store]
    if bank >= 0:
        for at in range(site.stores.banks_at[bank], site.stores.banks_at[bank + 1]):
            if state.carried[site.stores.pair[site.stores.banks[at]]] == 0:
                state.left[site.stores.banks[at]] = 0.0


@inlined
def call(site: Site, pair: Index, now: float, record: Record, events: Events) -> None:
    """A pair has lost its supply, carried on or not: the standby sources that would help are called."""
    wanted = site.called.by_pair[pair]
    for group in range(len(record.called)):
        if wanted >> group & 1 == 1 and record.called[group] == NEVER:
            record.called[group] = now
            for at in range(site.called.groups_at[group], site.called.groups_at[group + 1]):
                source = site.called.groups[at]
                heapq.heappush(events, (now + site.delays.start[source], np.int64(START), np.int64(source), np.int64(0)))


@inlined
def carry(site: Site, pair: Index, by: Index, now: float, state: State, record: Record, kw: Floats, events: Events) -> None:
    """A store begins to carry a pair that has lost its supply by the slot `by` (-1: it had none when its slot came up, or in a loop)."""
    store = state.store_of[pair]
    state.carried[pair] = 1
    bank = site.stores.bank[store]
    if bank >= 0:
        for at in range(site.stores.banks_at[bank], site.stores.banks_at[bank + 1]):
            other = site.stores.banks[at]
            if other != store and state.carried[site.stores.pair[other]] == 1:
                stop(other, now, state)
                start(other, now, lasting(site, state, other, kw), state, events)
            left = state.left[other]
            if state.carried[site.stores.pair[other]] == 2 and np.isfinite(state.lasts[other]) and state.lasts[other] > 0:
                left = max(0.0, left - (now - state.since[other]) / state.lasts[other])  # it goes down at this instant
            state.left[store] = min(state.left[store], left)
    start(store, now, lasting(site, state, store, kw), state, events)
    call(site, pair, now, record, events)
    if now < record.carried[pair]:
        record.carried[pair] = now
        record.carried_by[pair] = by


@inlined
def lose(site: Site, pair: Index, by: Index, now: float, record: Record, events: Events) -> None:
    """A pair is neither supplied nor carried any more."""
    if now < record.lost[pair]:
        record.lost[pair] = now
        record.lost_by[pair] = by
    record.again[pair] = now
    record.again_by[pair] = by
    call(site, pair, now, record, events)


@inlined
def kill(site: Site, slot: Index, now: float, state: State, record: Record, stack: Waiting) -> None:
    """A slot goes down: it is noted, what carried it rests, and its feeds are looked at when `settle` comes to it."""
    state.tally.live[slot] = 0
    state.waits[slot] += 1
    record.down[slot] = min(record.down[slot], now)
    for at in range(site.pairs_at[slot], site.pairs_at[slot + 1]):
        pair = site.slot_pairs[at]
        if state.carried[pair] == 1:
            state.carried[pair] = 2  # looked at in `settle`, which knows what stores wait
    stack.append(np.int64(slot))
