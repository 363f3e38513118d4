"""The inner loops of the timeline, compiled: what is carried, what goes down, what comes up again, event by event.

Rules of this file:

1. A pair without its supply is *carried* while it has a store with something left and its slot is up; what is carried counts as held.
2. A slot is up while each of its pairs is held. It goes down at once when one is not, and comes up its restart time after all are again.
3. Up stays grounded: where slots feed each other in a loop, what nobody outside feeds must be carried; the first in order carries, and
   only where that is not enough the next. What is not carried then goes down.
4. At one instant everything that comes up does so before anything runs out.
5. What trips by overload (`analytics/time/overload.py`) opens and stays open; at one instant all of it together.
6. A store that has been used up stays so; nothing is charged again within a timeline.
"""

from __future__ import annotations

import heapq

import numpy as np

from analytics.time.overload import GROWN, reload, trip, trips_now
from analytics.time.rings import ground_again
from analytics.time.sharing import lasting, share_power, shared_out
from analytics.time.standing import stands
from analytics.time.state import NEVER, Record, Seen, Site, State, Then
from analytics.time.steps import (
    EMPTY,
    ITSELF,
    NOBODY,
    OFF,
    RESTART,
    SHED,
    START,
    TRIP,
    Events,
    Index,
    Waiting,
    carry,
    drained,
    kill,
    lose,
    queue,
    start,
    stop,
)
from graph.compiled import compiled, inlined
from graph.values import Floats
from ontology.terms import Ids

BRIDGED_S = 0.01
"""A transfer of no more than that interrupts nobody: every power supply holds on for as long (ITI (CBEMA) curve: 20 ms without voltage;
10 to 20 ms in `ontology/supply.ttl`)."""
REDISTRIBUTIONS_MAX = 64
"""Instants at which loads are shared out anew; after as many the loads stay, so that thousands of small batteries do not cost minutes.
Half of them are kept for when a store of energy is empty or a source starts or stops: loads go elsewhere then."""


@compiled
def run(site: Site, state: State, record: Record, failed: Ids, horizon: float) -> int:
    """Let the failed slots die at 0 s and follow what comes of it until the horizon. Gives the number of events.

    Fills `record`, leaves `state` as it stands at the horizon. Cost: the edges of what goes down and comes up, and a pass over all edges
    for each instant at which loads are shared out anew.
    """
    events = [(np.inf, np.int64(0), np.int64(0), np.int64(0))]
    kw = np.zeros((2, len(state.bad)))
    _begin(site, state, record, failed, kw, events)
    return _follow(site, state, record, kw, events, 0.0, horizon)


@compiled
def run_on(
    before: Site, site: Site, state: State, record: Record, after: Record, failed: Ids, seen: Seen, then: Then, horizon: float
) -> int:
    """As `run`, in the middle of it: follow until the instant of what was seen as `before` says, take what was seen, and follow on as
    `site` says. `record` has what happened until then, `after` how it stands then (as if it happened at that instant) and what follows.
    """
    events = [(np.inf, np.int64(0), np.int64(0), np.int64(0))]
    kw = np.zeros((2, len(state.bad)))
    _begin(before, state, record, failed, kw, events)
    count = _follow(before, state, record, kw, events, 0.0, seen.at)
    _see(site, state, record, kw, events, seen)
    _see_stores(site, state, kw, events, seen)
    stands(site, state, record, after, seen.at, then)
    return count + _follow(site, state, after, kw, events, seen.at, horizon)


@compiled
def _begin(site: Site, state: State, record: Record, failed: Ids, kw: Floats, events: Events) -> None:
    """The failed slots die at 0 s."""
    stack = [np.int64(0)]
    stack.pop()
    loops = [np.int64(0)]
    loops.pop()
    running = state.tally.live.copy()
    share_power(site, state, 0.0, kw, False)  # what has a load before the failure, or would have without a transfer switch
    for slot in failed:
        state.blocked[slot] = 1
        running[slot] = 0
    for instant in site.loads.instants:
        heapq.heappush(events, (instant, np.int64(SHED), np.int64(0), np.int64(0)))
    shared_out(site.wires, running, running, site.loads, 0, kw[0], True)
    shared_out(site.wires, site.loads.warm, site.loads.warm, site.loads, 1, kw[1], False)  # once: water is warmed by what runs again, too
    for slot in failed:
        if state.tally.live[slot] == 1:
            kill(site, slot, 0.0, state, record, stack)
    _settle(site, 0.0, state, record, kw, stack, loops, events)


@compiled
def _follow(  # noqa: PLR0912, PLR0915  one loop over events; its parts are below
    site: Site, state: State, record: Record, kw: Floats, events: Events, now: float, horizon: float
) -> int:
    """What happens after `now` until the horizon; the number of events."""
    stack = [np.int64(0)]
    stack.pop()
    loops = [np.int64(0)]
    loops.pop()
    renewed = 0
    stale = shifted = True
    moved = True
    count = 0
    while True:
        time = events[0][0]
        if shifted and time > now * GROWN:
            reload(site, state, now, events)
            shifted = False
            time = events[0][0]
        if stale and time > now and _drains(site, state):
            if renewed < (REDISTRIBUTIONS_MAX if moved else REDISTRIBUTIONS_MAX // 2):
                renewed += 1
                share_power(site, state, now, kw, True)
                for store in range(len(site.stores.pair)):
                    pair = site.stores.pair[store]
                    if state.carried[pair] == 1 and site.stores.steep[store] > 0:
                        fresh = lasting(site, state, store, kw)
                        if fresh != state.lasts[store]:
                            stop(store, now, state)
                            start(store, now, fresh, state, events)
                time = events[0][0]
            stale = False
            moved = False
        if time > horizon:
            return count
        _, kind, which, version = heapq.heappop(events)
        now = time
        count += 1
        if kind == START:
            ready = _ready(site, which, now, record)
            if ready > now:
                heapq.heappush(events, (ready, np.int64(START), np.int64(which), np.int64(0)))
                continue
            if state.blocked[which] == OFF:
                state.blocked[which] = 0
            if state.blocked[which] == 0 and state.tally.live[which] == 0 and state.bad[which] == 0 and site.delays.fuel[which] > 0:
                _burn(site, which, now, state, events)
                _raise(site, which, now, state, record, kw, loops, events)
                stale = shifted = moved = True
        elif kind == RESTART:
            if state.waits[which] == version and state.bad[which] == 0 and state.tally.live[which] == 0 and state.blocked[which] == 0:
                if record.up[which] == NEVER and record.down[which] == NEVER:
                    _burn(site, which, now, state, events)
                _raise(site, which, now, state, record, kw, loops, events)
                stale = shifted = True
        elif kind == SHED:
            stale = shifted = True
        elif kind == TRIP:
            if trips_now(state.way, which, version, state):
                trip(site, which, now, state, record, events, stack)
                stale = shifted = moved = True
            if events[0][0] <= now * GROWN and events[0][1] == TRIP:
                continue  # what trips at one instant opens together
        elif which < 0:
            slot = -1 - which
            if state.tank[slot] == version:
                state.blocked[slot] = 1
            if state.tank[slot] == version and state.tally.live[slot] == 1:
                kill(site, slot, now, state, record, stack)
                stale = shifted = moved = True
        else:
            pair = site.stores.pair[which]
            if state.version[which] == version and state.carried[pair] == 1:
                state.carried[pair] = 0
                state.version[which] += 1
                state.left[which] = 0.0
                drained(site, which, state)
                stale = shifted = True
                moved = moved or site.stores.steep[which] > 0
                slot = site.pair_slot[pair]
                if state.tally.failing[pair] > 0:
                    state.bad[slot] += 1
                    lose(site, pair, np.int64(NOBODY), now, record, events)
                    if state.tally.live[slot] == 1:
                        kill(site, slot, now, state, record, stack)
                elif site.ring.loop_of[slot] >= 0:
                    queue(site.ring.loop_of[slot], state, loops)
        if kind == EMPTY and events[0][0] == now and events[0][1] == EMPTY:
            continue  # what runs out at one instant goes down together
        if len(stack) + len(loops) > 0:
            _settle(site, now, state, record, kw, stack, loops, events)


@compiled
def _drains(site: Site, state: State) -> bool:
    """Whether anything is carried by a store whose time is a matter of its load."""
    for store in range(len(site.stores.pair)):  # noqa: SIM110  a generator is not compiled
        if site.stores.steep[store] > 0 and state.carried[site.stores.pair[store]] == 1:
            return True
    return False


@compiled
def _settle(  # noqa: PLR0912  the two ways in which a slot goes down, kept together
    site: Site,
    now: float,
    state: State,
    record: Record,
    kw: Floats,
    stack: Waiting,
    loops: Waiting,
    events: Events,
) -> None:
    """Follow the slots that went down to everything that goes with them."""
    head = 0
    while True:
        while head < len(stack):
            slot = stack[head]
            head += 1
            for at in range(site.pairs_at[slot], site.pairs_at[slot + 1]):
                pair = site.slot_pairs[at]
                if state.carried[pair] == 2:
                    store = state.store_of[pair]
                    state.carried[pair] = 0
                    stop(store, now, state)
                    if state.tally.failing[pair] > 0 and not (site.stores.waits[store] == 1 and state.left[store] > 0):
                        state.bad[slot] += 1
                        lose(site, pair, np.int64(ITSELF), now, record, events)
            for at in range(site.wires.feeds_at[slot], site.wires.feeds_at[slot + 1]):
                gate = site.wires.feeds[at]
                fed = site.wires.gate_slot[gate]
                pair = site.wires.gate_pair[gate]
                state.tally.counts[gate] -= 1
                if state.tally.counts[gate] == site.wires.at_least[gate] - 1:
                    state.tally.failing[pair] += 1
                    if state.tally.failing[pair] == 1 and state.carried[pair] == 0:
                        store = state.store_of[pair]
                        usable = store >= 0 and state.left[store] > 0
                        if usable and state.tally.live[fed] == 1:
                            carry(site, pair, np.int64(slot), now, state, record, kw, events)
                        elif not (usable and site.stores.waits[store] == 1):
                            state.bad[fed] += 1
                            state.waits[fed] += 1
                            lose(site, pair, np.int64(slot), now, record, events)
                            if state.tally.live[fed] == 1:
                                kill(site, fed, now, state, record, stack)
                elif state.tally.live[fed] == 1 and state.tally.counts[gate] >= site.wires.at_least[gate]:
                    if site.ring.loop_of[fed] >= 0:
                        queue(site.ring.loop_of[fed], state, loops)
                    known = site.delays.takes[fed] >= 0 and state.waits[fed] == 0
                    counts = slot == site.delays.takes[fed] if known else site.delays.unsure
                    if site.delays.transfer[fed] > 0 and counts:
                        record.interrupted[fed] = min(record.interrupted[fed], now)
                        state.waits[fed] += 1  # which input it is on from here is not known
                        if site.delays.transfer[fed] > BRIDGED_S:
                            kill(site, fed, now, state, record, stack)
                            _again(fed, now + site.delays.transfer[fed], state, events)
                elif state.tally.live[fed] == 1 and site.ring.loop_of[fed] >= 0:
                    queue(site.ring.loop_of[fed], state, loops)
        if len(loops) == 0:
            break
        loop = loops.pop()
        state.queued[loop] = 0
        ground_again(site, loop, now, state, record, kw, stack, events)
    stack.clear()


@compiled
def _raise(  # noqa: PLR0912  one pass over what a slot feeds, kept together
    site: Site, first: Index, now: float, state: State, record: Record, kw: Floats, loops: Waiting, events: Events
) -> None:
    """A slot comes up, and with it all that waited for nothing else and needs no time."""
    rising = [np.int64(first)]
    while len(rising) > 0:
        slot = rising.pop()
        if state.tally.live[slot] == 1:
            continue
        state.tally.live[slot] = 1
        record.up[slot] = now
        for at in range(site.pairs_at[slot], site.pairs_at[slot + 1]):
            pair = site.slot_pairs[at]
            if state.tally.failing[pair] > 0 and state.carried[pair] == 0:
                carry(site, pair, np.int64(NOBODY), now, state, record, kw, events)
        for at in range(site.wires.feeds_at[slot], site.wires.feeds_at[slot + 1]):
            gate = site.wires.feeds[at]
            fed = site.wires.gate_slot[gate]
            pair = site.wires.gate_pair[gate]
            state.tally.counts[gate] += 1
            if state.tally.counts[gate] != site.wires.at_least[gate]:
                continue
            state.tally.failing[pair] -= 1
            if state.tally.failing[pair] > 0:
                continue
            store = state.store_of[pair]
            if state.carried[pair] == 1:
                if site.ring.loop_of[fed] >= 0:
                    queue(site.ring.loop_of[fed], state, loops)
                else:
                    state.carried[pair] = 0
                    stop(store, now, state)
                    record.relieved[pair] = now
            elif not (store >= 0 and site.stores.waits[store] == 1 and state.left[store] > 0):
                state.bad[fed] -= 1
                record.back[pair] = now
                record.back_by[pair] = slot
                ready = now + site.delays.restart[fed]
                if site.delays.by_power[fed] == 1:
                    if site.powers[pair] == 1:
                        state.ready[fed] = ready
                    ready = state.ready[fed]
                if state.bad[fed] == 0 and state.tally.live[fed] == 0 and state.blocked[fed] == 0:
                    if ready > now:
                        state.waits[fed] += 1
                        _again(fed, ready, state, events)
                    else:
                        rising.append(np.int64(fed))


@compiled
def _see(site: Site, state: State, record: Record, kw: Floats, events: Events, seen: Seen) -> None:
    """Take what was seen of what runs and what does not, and of the tanks."""
    now = seen.at
    stack = [np.int64(0)]
    stack.pop()
    loops = [np.int64(0)]
    loops.pop()
    for slot in range(len(state.bad)):
        live = state.tally.live[slot] == 1
        looked = now - seen.runs_age[slot]
        if seen.runs[slot] == 1 and not live and (record.down[slot] < looked or record.down[slot] == NEVER):
            if state.blocked[slot] == OFF:
                state.blocked[slot] = 0
            if state.blocked[slot] == 0 and state.bad[slot] == 0:
                _raise(site, slot, now, state, record, kw, loops, events)
        elif seen.runs[slot] == 0 and live and record.up[slot] < looked:
            state.tank[slot] += 1
            kill(site, slot, now, state, record, stack)
            _settle(site, now, state, record, kw, stack, loops, events)
            if seen.better:
                heapq.heappush(events, (now + site.delays.start[slot], np.int64(START), np.int64(slot), np.int64(0)))
            else:
                state.blocked[slot] = 1
        if state.tally.live[slot] == 1 and np.isfinite(seen.fuel[slot]):
            ran = now - record.up[slot] if record.up[slot] <= now else 0.0
            lasts = seen.fuel[slot] - ran
            if not np.isnan(seen.level[slot]):
                lasts = seen.level[slot] * seen.fuel[slot] - min(seen.level_age[slot], ran)
            state.tank[slot] += 1
            if lasts > 0 or not seen.better or not np.isnan(seen.level[slot]):
                heapq.heappush(events, (now + max(lasts, 0.0), np.int64(EMPTY), np.int64(-1 - slot), np.int64(state.tank[slot])))
    _settle(site, now, state, record, kw, stack, loops, events)


@compiled
def _see_stores(site: Site, state: State, kw: Floats, events: Events, seen: Seen) -> None:
    """Take what was seen of the stores: how full they are, and how fast they empty."""
    now = seen.at
    share_power(site, state, now, kw, True)
    for store in range(len(site.stores.pair)):
        pair = site.stores.pair[store]
        slot = site.pair_slot[pair]
        if seen.kw[store] > 0:
            if kw[0, slot] > 0:
                site.stores.scale[store] = seen.kw[store] / kw[0, slot]
            else:
                site.stores.unknown_kw[store] = seen.kw[store]
                site.stores.known[store] = 0
        lasts = lasting(site, state, store, kw)
        charge, account = seen.left[store], seen.lasts[store]
        if not np.isnan(charge):
            state.left[store] = charge
        if state.carried[pair] == 0 or (np.isnan(charge) and np.isnan(account) and not seen.kw[store] > 0):
            continue
        if np.isfinite(lasts) and lasts > 0:
            since = now - state.since[store]
            if not np.isnan(charge):
                since = min(since, seen.left_age[store])
            state.left[store] = max(0.0, state.left[store] - since / lasts)
            if not np.isnan(account) and np.isnan(charge):
                state.left[store] = account / lasts
            elif not np.isnan(account) and (account > state.left[store] * lasts) == seen.better and state.left[store] > 0:
                site.stores.seconds[store] *= account / (state.left[store] * lasts)
                lasts = lasting(site, state, store, kw)
        start(store, now, lasts, state, events)


@inlined
def _ready(site: Site, slot: Index, now: float, record: Record) -> float:
    """When a standby source that has been called can supply: its start time after what it needs came back, where that did in between."""
    ready = now
    for at in range(site.pairs_at[slot], site.pairs_at[slot + 1]):
        back = record.back[site.slot_pairs[at]]
        if back < NEVER:
            ready = max(ready, back + site.delays.start[slot])
    return ready


@inlined
def _burn(site: Site, slot: Index, now: float, state: State, events: Events) -> None:
    """A standby source begins to empty its tank, where one is known."""
    if np.isfinite(site.delays.fuel[slot]):
        dry = (now + site.delays.fuel[slot], np.int64(EMPTY), np.int64(-1 - slot), np.int64(state.tank[slot]))
        heapq.heappush(events, dry)


@inlined
def _again(slot: Index, time: float, state: State, events: Events) -> None:
    """A slot will be up again at a time, unless something happens to it before."""
    heapq.heappush(events, (time, np.int64(RESTART), np.int64(slot), np.int64(state.waits[slot])))
