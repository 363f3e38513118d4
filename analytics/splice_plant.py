"""What was laid out and grounded for a graph, put right after a few nodes' rows have changed: at the cost of what hangs on them.

A node whose rows change is taken out with all that falls with it (`analytics.kernel.cascade`, which grounds loops again); its gates get
their new suppliers; then it comes back with all that then stands (`rise`). Below a least fixed point that gives the new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analytics import kernel
from analytics.kernel import Flags, Tally, Wires
from analytics.splice import Fed, put_in
from analytics.state import Bench, Plant, copied, hand_on_plants, keep_plants, kept_plants
from analytics.supply_graph import SupplyGraph
from analytics.wiring import Wiring
from graph.compiled import compiled
from ontology.terms import Ids

Gates = list[tuple[int, int, Ids]]
"""For each changed gate: its number, its new threshold, its new suppliers (slots)."""


def splice_plants(older: SupplyGraph, newer: SupplyGraph, fed: Sequence[Fed]) -> None:
    """Give the newer graph what the older one has, put right. Where a change makes or breaks a loop, or a loop hangs on it, nothing is
    kept of the states, and they are grounded anew. Cost: a copy of the wires and of the last state."""
    if not fed:
        hand_on_plants(older, newer)
        return
    found = kept_plants(older)
    if found is None:
        return
    wiring, plants = found
    gates = [_gates(wiring, older, each) for each in fed]
    if None in gates:
        return
    changed = [gate for each in gates if each is not None for gate in each]
    new = replace(wiring, wires=_wires(wiring.wires, changed))
    slots = np.concatenate([np.arange(*wiring.slots_at[each.node : each.node + 2], dtype=np.int32) for each in fed])
    kept = None if not plants else _put_right(plants[-1], new, changed, slots)
    keep_plants(newer, new, [] if kept is None else [kept])


def _gates(wiring: Wiring, graph: SupplyGraph, fed: Fed) -> Gates | None:
    """The gates of a node, in the order of their pairs and then of the requirements."""
    first, last = (int(wiring.wires.gates_at[wiring.slots_at[node]]) for node in (fed.node, fed.node + 1))
    if last - first != len(fed.rows):
        return None
    medium = graph.requirements.medium[fed.rows]
    order = np.argsort(medium, kind="stable").tolist()
    found: Gates = []
    for gate, row in zip(range(first, last), order, strict=True):
        slots = [_slot(wiring, graph, node, int(medium[row])) for node in fed.suppliers[row].tolist()]
        if -1 in slots:
            return None
        found.append((gate, int(fed.at_least[row]), np.array(slots, dtype=np.int32)))
    return found


def _slot(wiring: Wiring, graph: SupplyGraph, node: int, medium: int) -> int:
    first, last = int(wiring.slots_at[node]), int(wiring.slots_at[node + 1])
    if not graph.nodes.conduit[node]:
        return first
    return next((slot for slot in range(first, last) if wiring.slot_medium[slot] == medium), -1)


def _wires(wires: Wires, changed: Gates) -> Wires:
    at_least, suppliers_at = wires.at_least.copy(), wires.suppliers_at.copy()
    into = []
    for gate, need, suppliers in changed:
        at_least[gate] = need
        into.append((int(wires.suppliers_at[gate]), int(wires.suppliers_at[gate + 1]), suppliers))
        if len(suppliers) != into[-1][1] - into[-1][0]:
            suppliers_at[gate + 1 :] += np.int32(len(suppliers) - (into[-1][1] - into[-1][0]))
    feeds_at, cuts = wires.feeds_at.copy(), _feeds(wires, changed)
    for slot, (first, last, values) in cuts:
        feeds_at[slot + 1 :] += np.int32(len(values) - (last - first))
    feeds = put_in(wires.feeds, [cut for _, cut in cuts])
    return wires._replace(
        at_least=at_least, suppliers_at=suppliers_at, suppliers=put_in(wires.suppliers, into), feeds_at=feeds_at, feeds=feeds
    )


def _feeds(wires: Wires, changed: Gates) -> list[tuple[int, tuple[int, int, Ids]]]:
    """The slots that feed other gates than before, ascending: each with its part of `feeds` and what stands there now."""
    now: dict[int, list[int]] = {}
    for gate, _, suppliers in changed:
        before = wires.suppliers[wires.suppliers_at[gate] : wires.suppliers_at[gate + 1]]
        for slot in np.setxor1d(before, suppliers).tolist():
            held = now.setdefault(slot, wires.feeds[wires.feeds_at[slot] : wires.feeds_at[slot + 1]].tolist())
            held.append(gate) if slot in suppliers else held.remove(gate)
    parts = {slot: (int(wires.feeds_at[slot]), int(wires.feeds_at[slot + 1])) for slot in now}
    return [(slot, (*parts[slot], np.array(sorted(now[slot]), dtype=np.int32))) for slot in sorted(now)]


def _put_right(plant: Plant, new: Wiring, changed: Gates, slots: Ids) -> Plant | None:
    """The state over the new wires; None where loops may be others, or stand otherwise."""
    old = plant.wiring.wires
    if plant.returns.any() or (plant.ring.loop_of[slots] >= 0).any():
        return None
    bench = plant.taken()
    tally, work = bench.now, bench.work
    blocked = np.zeros(len(tally.live), np.uint8)
    blocked[plant.slots(plant.stopped)] = 1
    dead, _, _ = kernel.cascade(old, plant.ring, tally, work, slots, plant.base.counts)
    _swap(new, tally, changed)
    fell = work.dead[:dead].copy()
    risen = kernel.rise(new.wires, blocked, tally, slots, work.dead)
    if not np.isin(work.dead[:risen], fell).all():
        return None
    more = [
        (int(slot), int(new.wires.gate_slot[gate]))
        for gate, _, suppliers in changed
        for slot in np.setdiff1d(suppliers, old.suppliers[old.suppliers_at[gate] : old.suppliers_at[gate + 1]]).tolist()
    ]
    for source, target in more:
        if tally.live[source] and tally.live[target] and leads_to(new.wires, tally.live, target, source):
            return None
    if len(plant.ring.members) and dead != risen:
        return None
    alone = bench.alone if dead == risen else copied(tally)
    _copy_counts(new, alone, tally, changed)
    returns = np.zeros(len(new.wires.feeds), np.uint8)
    return Plant(new, plant.stopped, tally, plant.ring, returns, [Bench(copied(tally), alone, work, bench.marks)])


def _swap(new: Wiring, tally: Tally, changed: Gates) -> None:
    """Count what the changed gates have now, with their nodes down."""
    wires = new.wires
    pairs = sorted({int(wires.gate_pair[gate]) for gate, _, _ in changed})
    for gate, _, suppliers in changed:
        tally.counts[gate] = int(tally.live[suppliers].sum())
    for pair in pairs:
        tally.failing[pair] = 0
    for gate, need, _ in changed:
        tally.failing[wires.gate_pair[gate]] += int(tally.counts[gate] < need)


def _copy_counts(new: Wiring, into: Tally, tally: Tally, changed: Gates) -> None:
    """All that is other than before where all that fell has come back."""
    gates = [gate for gate, _, _ in changed]
    pairs = new.wires.gate_pair[gates]
    into.counts[gates], into.failing[pairs] = tally.counts[gates], tally.failing[pairs]


@compiled
def leads_to(wires: Wires, live: Flags, start: int, end: int) -> bool:
    """Whether a live slot hands on, over any number of live ones, to another. Cost: what is downstream of it."""
    seen = np.zeros(len(live), np.uint8)
    queue = np.empty(len(live), np.int32)
    queue[0] = start
    seen[start] = 1
    head, tail = 0, 1
    while head < tail:
        slot = queue[head]
        head += 1
        if slot == end:
            return True
        for at in range(wires.feeds_at[slot], wires.feeds_at[slot + 1]):
            fed = wires.gate_slot[wires.feeds[at]]
            if live[fed] == 1 and seen[fed] == 0:
                seen[fed] = 1
                queue[tail] = fed
                tail += 1
    return False
