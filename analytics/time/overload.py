"""What opens because it carries too much, within the timeline's loop; compiled. The rules are those of `analytics/capacity/cascade.py`.

Rules of this file:

1. Loads flow through what is up at an instant: what a store carries carries its load on, what waits for a source carries nothing.
2. Nothing trips that carries no more than before the failure. Overload adds up while it lasts; below its curve a thing has cooled down.
"""

from __future__ import annotations

import heapq

import numpy as np

from analytics.capacity.kernel import part_of, redistribute
from analytics.time.state import NEVER, OnTheWay, Record, Site, State
from analytics.time.steps import ITSELF, TRIP, Events, Index, Waiting, kill, lose
from graph.compiled import compiled, inlined

GROWN = 1.0 + 1e-9
"""As in `analytics/capacity/cascade.py`: a load has grown, and two instants differ, beyond what rounding does."""
LOADS_MAX = 1_000
"""Instants at which loads are worked out anew for what may trip; after as many they stay."""
_ROUNDING = 1e-9
"""As in `analytics/capacity/electrical.py`."""


@compiled
def reload(site: Site, state: State, now: float, events: Events) -> None:
    """Loads at an instant, and when what carries too much will open. Cost: a look at each slot, and what has changed."""
    ratings, way = site.ratings, state.way
    if len(ratings.rated_kw) == 0 or way.instants[0] == LOADS_MAX:
        return
    if way.instants[0] == 0:
        for slot in range(len(way.drawing)):  # what tenants' moves load beyond its limit is on its way from the start
            _look(site, state, slot, now, events)
    way.instants[0] += 1
    count = 0
    for slot in range(len(way.drawing)):
        draws = np.uint8(1 if state.tally.live[slot] == 1 or site.loads.gone[slot] > now else 0)
        if draws != way.drawing[slot]:
            way.drawing[slot] = draws
            way.changed[count] = slot
            count += 1
    touched = redistribute(ratings.net, way.flow, way.drawing, way.changed[:count], np.empty(0), way.work, 0)
    for at in range(touched):
        slot = way.work.touched[at]
        way.work.visited[slot] = 0
        _look(site, state, slot, now, events)


@compiled
def _look(site: Site, state: State, slot: int, now: float, events: Events) -> None:
    """How far a thing that can trip is on its way, and when it will at what it carries now."""
    ratings, way = site.ratings, state.way
    if ratings.curve[slot] < 0 or ratings.rated_kw[slot] == NEVER:
        return
    load = part_of(ratings.net, way.flow.demand[slot], slot)
    after = NEVER
    if state.tally.live[slot] == 1 and load > ratings.before[slot] * GROWN and load > ratings.limit_kw[slot] * GROWN:
        after = trips_after(site, ratings.curve[slot], load / ratings.rated_kw[slot])
    if after < NEVER:
        way.kw[slot] = way.flow.demand[slot].sum()
    if after == way.after[slot]:
        return
    if way.after[slot] < NEVER:
        way.done[slot] = min(1.0, way.done[slot] + (now - way.since[slot]) / way.after[slot])
    if after == NEVER:
        way.done[slot] = 0.0
    way.since[slot] = now
    way.after[slot] = after
    way.version[slot] += 1
    if after < NEVER:
        heapq.heappush(events, (now + (1.0 - way.done[slot]) * after, np.int64(TRIP), np.int64(slot), np.int64(way.version[slot])))


@compiled
def trips_after(site: Site, curve: Index, multiple: float) -> float:
    """`Curve.after_s` of one multiple."""
    first, last = site.ratings.curves_at[curve], site.ratings.curves_at[curve + 1]
    multiples, seconds = site.ratings.multiples, site.ratings.seconds
    if multiple < max(multiples[first], 1.0) * (1 - _ROUNDING):
        return NEVER
    return float(np.exp(np.interp(np.log(multiple), np.log(multiples[first:last]), np.log(seconds[first:last]))))


@compiled
def trip(site: Site, slot: Index, now: float, state: State, record: Record, events: Events, stack: Waiting) -> None:
    """What carries too much opens, and stays open."""
    record.tripped[slot] = min(record.tripped[slot], now)
    node = site.ratings.slot_node[slot]
    for each in range(site.ratings.slots_at[node], site.ratings.slots_at[node + 1]):
        state.blocked[each] = 1
        if site.ratings.own_pair[each] >= 0:
            lose(site, site.ratings.own_pair[each], np.int64(ITSELF), now, record, events)
        if state.tally.live[each] == 1:
            kill(site, each, now, state, record, stack)


@inlined
def trips_now(way: OnTheWay, slot: Index, version: Index, state: State) -> bool:
    """Whether a thing that was to open at this instant still does."""
    return bool(way.version[slot] == version and state.tally.live[slot] == 1)
