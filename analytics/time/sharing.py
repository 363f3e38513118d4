"""How loads are shared out over what is live, and how long a store lasts at its share; compiled."""

from __future__ import annotations

import numpy as np

from analytics.kernel import Flags, Wires
from analytics.time.state import Loads, Site, State
from graph.compiled import compiled
from graph.values import Floats
from ontology.terms import Ids


@compiled
def share_power(site: Site, state: State, now: float, kw: Floats, by_rank: bool) -> None:
    """The electric load of each slot at an instant: what is down draws nothing, but for what may be up as well (`Loads.gone`). Without
    `by_rank` as if all inputs of a transfer switch carried it: what then has a load is known to have none where it has none."""
    drawing = state.tally.live.copy()
    for slot in range(len(drawing)):
        if site.loads.gone[slot] > now:
            drawing[slot] = 1
    shared_out(site.wires, state.tally.live, drawing, site.loads, 0, kw[0], by_rank)
    for store in range(len(site.stores.pair)):
        if site.stores.by_heat[store] == 0 and kw[0, site.pair_slot[site.stores.pair[store]]] > 0:
            site.stores.known[store] = 1


@compiled
def shared_out(wires: Wires, live: Flags, drawing: Flags, loads: Loads, kind: int, total: Floats, by_rank: bool) -> None:
    """The load of each slot: its own and its part of what it feeds, each load equally over the live suppliers of a requirement; where one
    input is taken, power with `by_rank` over those of least rank among them.

    `kind` 0 is electric power, 1 heat; what is not `drawing` passes no load on. Cost: one pass over the edges.
    """
    total[:] = loads.own[kind]
    for at in range(len(loads.order) - 1, -1, -1):
        slot = loads.order[at]
        if drawing[slot] == 0 or total[slot] == 0:
            continue
        first, last = wires.gates_at[slot], wires.gates_at[slot + 1]
        for gate in range(first, last):
            pair = wires.gate_pair[gate]
            part = loads.share[kind, pair]
            if part == 0:
                continue
            alike = 0
            for other in range(first, last):
                if wires.gate_pair[other] == pair:
                    alike += 1
            ranked = by_rank and kind == 0 and loads.one[slot] == 1
            suppliers, least = _sharing(wires, live, loads, gate, at, ranked)
            if suppliers == 0:
                continue
            each = total[slot] * part / (alike * suppliers)
            for i in range(wires.suppliers_at[gate], wires.suppliers_at[gate + 1]):
                supplier = wires.suppliers[i]
                if live[supplier] == 1 and loads.place[supplier] < at and (not ranked or loads.rank[supplier] == least):
                    total[supplier] += each


@compiled
def _sharing(wires: Wires, live: Flags, loads: Loads, gate: int, before: int, ranked: bool) -> tuple[int, int]:
    """How many live suppliers of a requirement share its load, those in order before the place `before`; and their rank where `ranked`."""
    suppliers, least = 0, -1
    for i in range(wires.suppliers_at[gate], wires.suppliers_at[gate + 1]):
        supplier = wires.suppliers[i]
        if live[supplier] == 1 and loads.place[supplier] < before:
            if ranked and (least < 0 or loads.rank[supplier] < least):
                suppliers, least = 0, loads.rank[supplier]
            if not ranked or loads.rank[supplier] == least:
                suppliers += 1
    return suppliers, least


@compiled
def supply_order(wires: Wires, live: Flags) -> tuple[Ids, Ids]:
    """The live slots, suppliers first (in a loop the lowest number first), and each slot's place. Cost: one pass over the edges."""
    slots = len(live)
    waiting = np.zeros(slots, np.int32)
    for slot in range(slots):
        if live[slot] == 1:
            for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
                waiting[wires.gate_slot[wires.feeds[at]]] += 1
    order = np.empty(slots, np.int32)
    place = np.full(slots, slots, np.int32)
    tail = 0
    head = 0
    scan = 0
    for slot in range(slots):
        if live[slot] == 1 and waiting[slot] == 0:
            place[slot] = tail
            order[tail] = slot
            tail += 1
    while True:
        while head < tail:
            slot = order[head]
            head += 1
            for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
                fed = wires.gate_slot[wires.feeds[at]]
                waiting[fed] -= 1
                if live[fed] == 1 and waiting[fed] == 0 and place[fed] == slots:
                    place[fed] = tail
                    order[tail] = fed
                    tail += 1
        while scan < slots and (live[scan] == 0 or place[scan] < slots):
            scan += 1
        if scan == slots:
            return order[:tail].copy(), place
        place[scan] = tail
        order[tail] = scan
        tail += 1


@compiled
def lasting(site: Site, state: State, store: int, kw: Floats) -> float:
    """Seconds from full to empty at the load on it, with those of its bank that carry now; `inf` where it is known that none is left."""
    stores = site.stores
    load = kw[stores.by_heat[store], site.pair_slot[stores.pair[store]]] * stores.scale[store]
    if stores.bank[store] >= 0:
        load = _on_bank(site, state, store, kw)
    if load <= 0 and stores.known[store] == 1 and stores.seconds[store] > 0 and stores.at_kw[store] > 0:
        return np.inf
    if load <= 0:
        load = stores.unknown_kw[store]
    if load <= 0:
        load = stores.at_kw[store]
    if load <= 0 or stores.seconds[store] == 0:
        return float(stores.seconds[store])
    ratio = stores.at_kw[store] / load
    exponent = stores.steep[store] if ratio < 1 else stores.gentle[store]
    return float(stores.seconds[store] * ratio**exponent)


@compiled
def _on_bank(site: Site, state: State, store: int, kw: Floats) -> float:
    """The load on the bank of a store, itself carrying; where a load was never known its rating."""
    stores, total = site.stores, 0.0
    for at in range(stores.banks_at[stores.bank[store]], stores.banks_at[stores.bank[store] + 1]):
        other = stores.banks[at]
        if other == store or state.carried[stores.pair[other]] == 1:
            load = kw[stores.by_heat[other], site.pair_slot[stores.pair[other]]] * stores.scale[other]
            if load <= 0 and stores.known[other] == 0:
                load = stores.unknown_kw[other]
            total += load
    return total
