"""The loads of a plant with nothing failed: made once for a plant and a set of readings, and lent out to scenarios."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np

from analytics.capacity import kernel
from analytics.capacity.electrical import PHASES, Basis, Electrical
from analytics.capacity.kernel import Flow, Net, Work
from analytics.columns import distinct
from analytics.conditions import Conditions
from analytics.kernel import Flags
from analytics.order import loops
from analytics.state import Plant, plant
from analytics.supply_graph import SupplyGraph
from graph.values import Floats
from ontology.media import POWER
from ontology.terms import Ids

NO_READINGS: Floats = np.empty(0)
_NONE: Ids = np.empty(0, dtype=np.int32)


@dataclass(eq=False)
class Loads:
    """The loads of one plant with nothing failed, under one set of readings."""

    net: Net
    base: Flow
    basis: Ids
    """Per slot: what its load stands on (`Basis`)."""
    medium: int
    """The number of `dcx:Power`."""
    slot_node: Ids
    power_slot: Ids
    """Per node: the slot that carries its power, or -1."""
    electrical: Electrical
    readings: Mapping[str, float]
    earlier: kernel.Table | None = None
    """Per slot and phase: what it carried before tenants moved, kW; None where none has."""
    _idle: list[tuple[Flow, Work]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def lent(self) -> Iterator[tuple[Flow, Work]]:
        """Loads that stand as the base does, and work space; whoever borrows leaves them so."""
        with self._lock:
            pair = self._idle.pop() if self._idle else None
        if pair is None:
            pair = Flow(self.base.own, self.base.demand.copy(), self.base.share.copy()), work_for(self.net, self.base.demand.shape[1])
        yield pair
        with self._lock:  # not in a `finally`: what an error left in disorder must not come back
            self._idle.append(pair)

    @property
    def before(self) -> kernel.Table:
        """Per slot and phase: what must be exceeded for anything to trip, kW: what it carried with nothing failed and nobody moved."""
        return self.base.demand if self.earlier is None else self.earlier

    def rated(self) -> Ids:
        """The slots that carry power and have a limit, in order of their nodes."""
        found: Ids = self.power_slot[np.isfinite(self.electrical.limit_kw) & (self.power_slot >= 0)]
        return found

    def part_of(self, slots: Ids, demand: kernel.Table, limit: Floats) -> Floats:
        """The load of slots as a part of a limit a node, 1 for all of it: of the phase that carries most, where it is on three."""
        node = self.slot_node[slots]
        loads = demand[slots]
        carried = loads.sum(axis=1)
        if demand.shape[1] > 1:
            carried = np.where(self.electrical.phases[node] == 0, loads.max(axis=1) * PHASES, carried)
        part: Floats = carried / limit[node]
        return part


LOADS_KEPT = 2
"""Sets of readings kept a plant: those that questions stand on, and those that the next ones will (`twin/state.py`)."""
_loads: WeakKeyDictionary[Plant, tuple[Loads, ...]] = WeakKeyDictionary()
_loads_lock, _making = Lock(), Lock()


def loads_of(graph: SupplyGraph, state: Plant, conditions: Conditions, *, unlimited: bool = False) -> Loads | None:
    """The loads of a plant under the given readings; None where no rating is stated, so that nothing can be overloaded, unless they are
    wanted `unlimited` as well.

    The last readings of each plant are kept; who finds what it asks for does not wait for others to be worked out. Cost: some sorts at
    first, some 0.5 s for a million nodes; one pass when readings change.
    """
    if graph.electrical is None or not (graph.electrical.any_rated or unlimited):
        return None
    found = _kept(state, graph.electrical, conditions.power_kw)
    if found is None:
        with _making:
            found = _kept(state, graph.electrical, conditions.power_kw)
            if found is None:
                earlier = _loads.get(state, ())
                found = _measured(graph, state, graph.electrical, conditions.power_kw, earlier[0] if earlier else None)
                with _loads_lock:
                    _loads[state] = (found, *earlier[: LOADS_KEPT - 1])
    return found


def loads_since(graph: SupplyGraph, state: Plant, conditions: Conditions, unmoved: SupplyGraph | None) -> Loads | None:
    """As `loads_of`; `unmoved` is the graph before tenants moved, so that what the moves load beyond its limit may trip.

    Cost with it: the loads of that graph as well, and a look-up for each thing with a rating.
    """
    loads = loads_of(graph, state, conditions)
    if loads is None or unmoved is None:
        return loads
    earlier = np.zeros_like(loads.base.demand)
    old = loads_of(unmoved, plant(unmoved, conditions), conditions)
    if old is not None:
        for slot in loads.rated().tolist():
            node = unmoved.find(graph.id(int(loads.slot_node[slot])))
            if node is not None and old.power_slot[node] >= 0:
                carried = old.base.demand[old.power_slot[node]]
                earlier[slot] = carried if carried.shape == earlier[slot].shape else carried.sum() / earlier.shape[1]
    return replace(loads, earlier=earlier)


def _kept(state: Plant, electrical: Electrical, readings: Mapping[str, float]) -> Loads | None:
    """The loads under these ratings and readings, where they are known; they are then the last that are forgotten. A graph in which only
    ratings are others has the same plant."""
    with _loads_lock:
        known = _loads.get(state, ())
        same = [each for each in known if each.electrical is electrical]
        found = next((each for each in same if each.readings is readings), None)
        found = found or next((each for each in same if each.readings == readings), None)
        if found is not None and known[0] is not found:
            _loads[state] = (found, *(each for each in known if each is not found))
    return found


def _measured(graph: SupplyGraph, state: Plant, electrical: Electrical, readings: Mapping[str, float], earlier: Loads | None) -> Loads:
    wiring = state.wiring
    power_slot = _power_slots(graph, state) if earlier is None else earlier.power_slot
    net = _net(graph, state, electrical) if earlier is None else earlier.net
    slots = len(wiring.slot_node)
    phases = PHASES if electrical.phases.any() else 1
    flow = Flow(np.zeros((slots, phases)), np.zeros((slots, phases)), np.zeros(len(net.takes)))
    basis = np.zeros(slots, dtype=np.int32)
    nodes = np.flatnonzero(power_slot >= 0)
    at = power_slot[nodes]
    basis[at] = electrical.basis[nodes]
    _spread(flow.own, at, electrical.draw_kw[nodes], electrical.phases[nodes])
    measured = np.full(slots, np.nan)
    for iri, kw in readings.items():
        node = graph.find(iri)
        if node is not None and power_slot[node] >= 0 and not electrical.beside[node]:
            measured[power_slot[node]] = kw
    kernel.roll_up(net, flow, state.base.live, measured, work_for(net, phases))
    known = ~np.isnan(measured)
    basis[(basis == Basis.NOTHING) & (flow.demand.sum(axis=1) > 0)] = Basis.SUM
    basis[known] = Basis.READING
    return Loads(net, flow, basis, power_of(graph), wiring.slot_node, power_slot, electrical, readings)


def on_phases(phases: np.ndarray[tuple[int], np.dtype[np.uint8]], count: int) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Shape (things, `count`): which phases each is on, by its mask; 0 is all of them."""
    return np.stack([(phases == 0) | ((phases >> p) & 1 == 1) for p in range(count)], axis=1)


def _spread(own: kernel.Table, slots: Ids, kw: Floats, phases: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> None:
    """A draw over the phases that its node is on."""
    if own.shape[1] == 1:
        own[slots, 0] = kw
        return
    on = on_phases(phases, PHASES)
    own[slots] = on * (kw / on.sum(axis=1))[:, None]


def _power_slots(graph: SupplyGraph, state: Plant) -> Ids:
    """The slot of each node that carries its power: of a conduit that of the medium, of any other node its only one."""
    wiring, medium = state.wiring, power_of(graph)
    found = np.full(len(graph.nodes), -1, dtype=np.int32)
    carries = np.flatnonzero((wiring.slot_medium == -1) | (wiring.slot_medium == medium))
    found[wiring.slot_node[carries]] = carries
    return found


def power_of(graph: SupplyGraph) -> int:
    """The number of the medium power."""
    return graph.media.index(POWER) if POWER in graph.media else 0


def standing_by_slots(graph: SupplyGraph, state: Plant) -> Flags:
    """Flags of the slots that stand by in normal operation: standby sources, catchers, and what nothing else supplies. Cost: some sorts of
    the edges."""
    if graph.electrical is None:
        return np.zeros(len(state.wiring.slot_node), np.uint8)
    stands_by = graph.electrical.reserve[state.wiring.slot_node].astype(np.uint8)
    return kernel.reserves(_net(graph, state, graph.electrical), stands_by)


def _net(graph: SupplyGraph, state: Plant, electrical: Electrical) -> Net:
    """Who takes power from whom among what is live with nothing failed."""
    wires, wiring, live = state.wires, state.wiring, state.base.live
    slots = len(wiring.slot_node)
    medium = power_of(graph)
    of_power = wiring.pair_medium[wires.gate_pair] == medium
    gate = np.repeat(np.arange(len(wires.gate_pair)), np.diff(wires.suppliers_at))
    taker, supplier = wires.gate_slot[gate], wires.suppliers
    keep = of_power[gate] & (live[taker] == 1) & (live[supplier] == 1)
    keys = distinct(taker[keep].astype(np.int64) * slots + supplier[keep])
    taker, supplier = (keys // slots).astype(np.int32), (keys % slots).astype(np.int32)
    needs = np.zeros(slots, dtype=np.bool_)
    needs[wires.gate_slot[of_power & (wires.at_least > 0)]] = True
    net = _in_turns(taker, supplier, live, electrical, wiring.slot_node, (~needs).astype(np.uint8))
    if not electrical.one_input.any():
        return net
    later = kernel.reserves(net, electrical.reserve[wiring.slot_node].astype(np.uint8))
    order = np.lexsort((supplier, later[supplier], electrical.priority[wiring.slot_node[supplier]], taker))
    return _in_turns(taker[order], supplier[order], live, electrical, wiring.slot_node, net.free)


def _in_turns(taker: Ids, supplier: Ids, live: Flags, electrical: Electrical, slot_node: Ids, free: Flags) -> Net:
    """The net of takes in order of their takers."""
    edges = np.arange(len(live) + 1)
    starts = np.searchsorted(taker, edges).astype(np.int32)
    back = np.argsort(supplier, kind="stable").astype(np.int32)
    takes = np.ascontiguousarray(supplier)
    loop_of, found = loops(starts, takes, live)
    turn_of, members_at, members = kernel.turns(starts, takes, live, loop_of, found)
    return Net(
        takes_at=starts,
        takes=takes,
        gives_at=np.searchsorted(supplier[back], edges).astype(np.int32),
        gives=back,
        taker=np.ascontiguousarray(taker),
        one=electrical.one_input[slot_node].astype(np.uint8),
        free=free,
        phases=np.ascontiguousarray(electrical.phases[slot_node]),
        turn_of=turn_of,
        members_at=members_at,
        members=members,
    )


def work_for(net: Net, phases: int) -> Work:
    """Work space for one state of the loads of a net."""
    slots, turns = len(net.turn_of), len(net.members_at) - 1
    return Work(
        heap=np.empty(max(turns, 1), np.int32),
        queued=np.zeros(max(turns, 1), np.uint8),
        visited=np.zeros(slots, np.uint8),
        touched=np.empty(slots, np.int32),
        depth=np.full(slots, -1, np.int32),
        queue=np.empty(slots, np.int32),
        row=np.empty(phases),
    )
