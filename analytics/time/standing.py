"""How it stands in the middle of a failure, compiled: what is lost, carried and down then counts as if it happened at that instant."""

from __future__ import annotations

from analytics.time.state import NEVER, Record, Site, State, Then
from graph.compiled import compiled


@compiled
def stands(site: Site, state: State, record: Record, after: Record, now: float, then: Then) -> None:
    """Fill the record of what is from `now` on with how it stands, and `then` with the same for whoever looks back."""
    for pair in range(len(site.pair_slot)):
        store = state.store_of[pair]
        waits = store >= 0 and site.stores.waits[store] == 1 and state.left[store] > 0
        missing = state.tally.failing[pair] > 0
        carried = state.carried[pair] == 1
        then.holds[pair] = 1 if carried or not missing else 0
        if carried and missing:
            after.carried[pair] = now
            after.carried_by[pair] = record.carried_by[pair]
        elif missing and not waits and record.lost[pair] < NEVER:
            after.lost[pair] = now
            after.lost_by[pair] = record.lost_by[pair]
            after.again[pair] = now
            after.again_by[pair] = record.again_by[pair]
    for slot in range(len(state.bad)):
        then.up[slot] = state.tally.live[slot]
        if state.tally.live[slot] == 0 and record.down[slot] < NEVER:
            after.down[slot] = now
            if record.tripped[slot] < NEVER:
                after.tripped[slot] = now
    for group in range(len(record.called)):
        after.called[group] = record.called[group]
