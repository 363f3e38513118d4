"""The part of a plant that one load hangs on, and what is asked of it: is the load up, and what carries it. Compiled by numba.

Rules of this file:

1. A *chain* is renumbered: its slots are those that can supply the load, live with nothing failed; the last number is the load itself.
2. A *proof* that the load is up is a set of slots, each of which is up by others of the set, from the sources on. While all of a proof
   stands the load is up; so every set of failures that takes it down hits every proof (Reiter 1987, hitting sets).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analytics import kernel as supply
from analytics.columns import distinct
from analytics.kernel import Flags, Tally, Wires, ground
from analytics.state import Plant
from analytics.supply_graph import Flags as Bools
from graph.compiled import compiled
from ontology.terms import Ids


class Chain(NamedTuple):
    """What can supply one load, as slots and gates of its own numbering."""

    gates_at: Ids
    """Shape (slots + 1); the gates of the load are those of the last slot."""
    at_least: Ids
    suppliers_at: Ids
    suppliers: Ids
    feeds_at: Ids
    feeds: Ids
    gate_slot: Ids
    unit: Ids
    """Per slot: the failure unit that it fails with, or -1."""
    slots_at: Ids
    """Shape (units + 1): where the slots of a failure unit begin in `slots`."""
    slots: Ids


def chain_of(state: Plant, pairs: Ids, load: int, failure_units: Bools) -> tuple[Chain, Ids]:
    """All that supplies the given pairs of a load, and the nodes of its failure units, ascending; the load itself is none of them.

    Cost: one pass over the flags of the plant, then that of the chain.
    """
    wires, wiring = state.wires, state.wiring
    own = np.flatnonzero(np.isin(wires.gate_pair, pairs)).astype(np.int32)
    seeds = [wires.suppliers[wires.suppliers_at[gate] : wires.suppliers_at[gate + 1]] for gate in own.tolist()]
    first = np.concatenate([np.empty(0, np.int32), *seeds])
    flags = supply.upstream(wires, state.base.live, first[state.base.live[first] == 1])
    slots = np.flatnonzero(flags).astype(np.int32)
    number = np.full(len(flags), -1, np.int32)
    number[slots] = np.arange(len(slots), dtype=np.int32)
    gates = np.concatenate([*(np.arange(wires.gates_at[s], wires.gates_at[s + 1], dtype=np.int32) for s in slots.tolist()), own])
    gate_slot = np.concatenate((number[wires.gate_slot[gates[: len(gates) - len(own)]]], np.full(len(own), len(slots), np.int32)))
    lists = [number[wires.suppliers[wires.suppliers_at[gate] : wires.suppliers_at[gate + 1]]] for gate in gates.tolist()]
    lists = [each[each >= 0] for each in lists]
    suppliers = np.concatenate([np.empty(0, np.int32), *lists])
    sizes = np.array([len(each) for each in lists], dtype=np.int32)
    by_supplier = np.argsort(suppliers, kind="stable")
    nodes = wiring.slot_node[slots]
    is_unit = failure_units[nodes] & (nodes != load)
    units = distinct(nodes[is_unit])
    unit = np.where(is_unit, np.searchsorted(units, nodes), -1).astype(np.int32)
    by_unit = np.argsort(unit, kind="stable")[np.count_nonzero(unit < 0) :]
    edges = np.arange(len(slots) + 2)
    return (
        Chain(
            np.searchsorted(gate_slot, edges).astype(np.int32),
            wires.at_least[gates],
            np.concatenate(([0], np.cumsum(sizes))).astype(np.int32),
            suppliers,
            np.searchsorted(suppliers[by_supplier], edges).astype(np.int32),
            np.repeat(np.arange(len(gates), dtype=np.int32), sizes)[by_supplier],
            gate_slot.astype(np.int32),
            np.append(unit, np.int32(-1)),
            np.searchsorted(unit[by_unit], np.arange(len(units) + 1)).astype(np.int32),
            by_unit.astype(np.int32),
        ),
        units,
    )


@compiled
def proof(chain: Chain, failed: Ids) -> Ids:
    """The failure units of a proof that the load is up while the given units are failed, ascending; `[-1]` where it is down."""
    slots = len(chain.gates_at) - 1
    load = slots - 1
    blocked = np.zeros(slots, np.uint8)
    for unit in failed:
        for at in range(chain.slots_at[unit], chain.slots_at[unit + 1]):
            blocked[chain.slots[at]] = 1
    place = _ground(chain, blocked)
    if place[load] < 0:
        return np.full(1, -1, np.int32)
    carries = np.zeros(slots, np.uint8)
    queue = np.empty(slots, np.int32)
    queue[0] = load
    tail = 1
    head = 0
    while head < tail:
        slot = queue[head]
        head += 1
        for gate in range(chain.gates_at[slot], chain.gates_at[slot + 1]):
            tail = _carry(chain, place, carries, queue, tail, gate, place[slot])
    is_unit = np.zeros(len(chain.slots_at), np.uint8)
    for i in range(tail):
        if chain.unit[queue[i]] >= 0:
            is_unit[chain.unit[queue[i]]] = 1
    return np.flatnonzero(is_unit).astype(np.int32)


@compiled
def _carry(chain: Chain, place: Ids, carries: Flags, queue: Ids, tail: int, gate: int, before: int) -> int:
    """Take as many suppliers of a gate into the proof as it needs: those already in it, then others; all up before its slot."""
    needed = chain.at_least[gate]
    for taken in (1, 0):
        for at in range(chain.suppliers_at[gate], chain.suppliers_at[gate + 1]):
            slot = chain.suppliers[at]
            if needed > 0 and 0 <= place[slot] < before and carries[slot] == taken:
                needed -= 1
                if taken == 0:
                    carries[slot] = 1
                    queue[tail] = slot
                    tail += 1
    return tail


@compiled
def _ground(chain: Chain, blocked: Flags) -> Ids:
    """The place of each slot in the order of becoming live, -1 for one that does not. A slot stands for its one pair."""
    wires = Wires(
        chain.feeds_at, chain.feeds, chain.gates_at, chain.gate_slot, chain.gate_slot, chain.at_least, chain.suppliers_at, chain.suppliers
    )
    slots, gates = len(blocked), len(chain.at_least)
    return ground(wires, blocked, Tally(np.zeros(slots, np.uint8), np.zeros(gates, np.int32), np.zeros(slots, np.int32)))


@compiled
def takes_down(chain: Chain, failed: Ids, further: Ids) -> Flags:
    """For each further unit whether the load is down when it fails beside the failed ones."""
    slots = len(chain.gates_at) - 1
    blocked = np.zeros(slots, np.uint8)
    down = np.zeros(len(further), np.uint8)
    for unit in failed:
        for at in range(chain.slots_at[unit], chain.slots_at[unit + 1]):
            blocked[chain.slots[at]] = 1
    for i in range(len(further)):
        first, last = chain.slots_at[further[i]], chain.slots_at[further[i] + 1]
        for at in range(first, last):
            blocked[chain.slots[at]] = 1
        down[i] = _ground(chain, blocked)[slots - 1] < 0
        for at in range(first, last):
            blocked[chain.slots[at]] = 0
    return down
