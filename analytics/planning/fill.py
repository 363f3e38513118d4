"""The most further power that all racks can draw together so that nothing is overloaded, as things stand and after any one failure.

Load flow is linear while nothing trips, and so is the way of heat through the stages of cooling: this is a linear program, the most kW in
all, and for each rated feeder and each cooling unit, in each of those states, a row that keeps it within its limit. There are too many
rows to write them all down: the program is solved with those known, all failures are tried with what it says, what is over its limit then
gives the next rows, until there are none (cutting planes). Limits are numbered: by slot of power, after these by unit of the stages.
Rules of load flow: `docs/guides/capacity.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog  # type: ignore[import-untyped]  # it ships no types
from scipy.sparse import csr_array  # type: ignore[import-untyped]  # it ships no types

from analytics.capacity import kernel
from analytics.capacity.flow import NO_READINGS, Loads, on_phases
from analytics.capacity.kernel import Flow, Net, Table
from analytics.capacity.standing import worst_of
from analytics.kernel import Flags, cascade, revive
from analytics.planning.stages import Stages
from analytics.state import Plant
from analytics.sweeps.units import Units
from graph.compiled import compiled
from graph.ports import Progress
from graph.values import Floats
from ontology.terms import Ids

ROUNDS_MAX = 60
"""Programs solved; beyond, the last answer is scaled down until it holds."""
OVER = 1e-6
"""The part of a limit by which rounding may exceed it."""
ROOM_MAX_KW = 1e5
"""More than any rack draws: where nothing limits a rack it is left out."""


@dataclass(frozen=True, slots=True)
class Row:
    """One limit in one state: what is left there is shared by the racks behind it."""

    limit: int
    racks: Ids
    parts: Floats
    """Of one more kW of each of these racks, what arrives at the limit."""
    left_kw: float


@dataclass(frozen=True, slots=True)
class Filled:
    """The racks filled up."""

    kw: Floats
    """By rack."""
    part: Floats
    """By limit: the highest load as a part of it, as things stand and after any one failure; 0 where there is none."""
    rows: tuple[Row, ...]
    worth: Floats
    """Of each row: how many kW more would fit for one kW more of this limit."""
    complete: bool
    """Whether no more fits; else as much fits, and maybe more."""


def fill(
    state: Plant,
    loads: Loads,
    units: Units,
    racks: Ids,
    most: Floats,
    limit: Floats,
    stages: Stages,
    tell: Progress | None = None,
    value: Floats | None = None,
) -> Filled:
    """Fill the power slots `racks` up, each by `most` kW at most, within `limit` (kW by number; `inf` where none is stated).

    The `units` fail one at a time. `value` is what a kW counts in each rack; absent: 1. What is over its limit already, now or after a
    failure, may stay so and not carry more.
    Cost: one trial of all failures a round, some ten rounds.
    """
    slots, most = len(loads.slot_node), np.minimum(most, ROOM_MAX_KW)
    empty = _with(loads, state, racks, np.zeros(len(racks)))

    def tried(kw: Floats) -> tuple[Floats, Ids]:
        power, cause = _worst(state, loads, _with(loads, state, racks, kw), units, limit[:slots], tell)
        cooling, share = stages.worst(kw, limit[slots:])
        return np.concatenate((power, cooling)), np.concatenate((cause, share))

    before, _ = tried(np.zeros(len(racks)))
    limit = limit.copy()
    limit[before > 1.0] *= before[before > 1.0]
    kw, rows, worth = most, list[Row](), np.zeros(0)
    for _ in range(ROUNDS_MAX):
        part, cause = tried(kw)
        over = np.flatnonzero(part > 1.0 + OVER).astype(np.int32)
        if len(over) == 0:
            return Filled(kw, part, tuple(rows), worth, complete=True)
        power = over[over < slots]
        rows += _rows(state, loads, empty, units, racks, power, cause[power], limit[:slots])
        rows += [_row_of_cooling(stages, int(cause[each]), int(each), float(limit[each])) for each in over[over >= slots]]
        kw, worth = _solved(rows, most, np.ones(len(racks)) if value is None else value)
    part, _ = tried(kw)
    past, before = part > 1.0, np.minimum(before, 1.0)
    kw = kw * float(((1.0 - before[past]) / (part[past] - before[past])).min(initial=1.0))
    part, _ = tried(kw)
    return Filled(kw, part, tuple(rows), worth, complete=False)


def _row_of_cooling(stages: Stages, share: int, at: int, limit: float) -> Row:
    racks, parts, carried = stages.row(share)
    return Row(at, racks, parts, limit - carried)


def _with(loads: Loads, state: Plant, racks: Ids, kw: Floats) -> Flow:
    """The flow with nothing failed and so much more drawn by the racks, on all phases that they are on."""
    own = loads.base.own.copy()
    own[racks] += _spread(loads.net, racks, own.shape[1]) * kw[:, None]
    flow = Flow(own, np.zeros(own.shape), np.zeros(len(loads.base.share)))
    with loads.lent() as (_, work):
        kernel.roll_up(loads.net, flow, state.base.live, NO_READINGS, work)
    return flow


def _spread(net: Net, slots: Ids, phases: int) -> Table:
    """Of each slot the part of its own load that is on each phase."""
    on = on_phases(net.phases[slots], phases)
    return np.asarray(on / on.sum(axis=1)[:, None], dtype=np.float64)


def _worst(state: Plant, loads: Loads, base: Flow, units: Units, limit: Floats, tell: Progress | None) -> tuple[Floats, Ids]:
    """By slot the highest load as a part of its limit (0 where it has none), and the failure that causes it; -1: as things stand."""
    part: Floats = np.zeros(len(limit))
    rated = np.flatnonzero(np.isfinite(limit) & (state.base.live == 1)).astype(np.int32)
    part[rated] = loads.part_of(rated, base.demand, np.ones(len(loads.electrical.limit_kw))) / limit[rated]
    return worst_of(state, loads, base, units, limit, part, tell)


def _rows(state: Plant, loads: Loads, base: Flow, units: Units, racks: Ids, over: Ids, causes: Ids, limit: Floats) -> list[Row]:
    """The rows of some limits, each in the state after its cause; `base` is the flow without the further load."""
    net, rows = loads.net, list[Row]()
    column = np.full(len(limit), -1, dtype=np.int32)
    column[racks] = np.arange(len(racks), dtype=np.int32)
    spread = _spread(net, racks, base.demand.shape[1])
    weight, found = np.zeros(base.demand.shape), np.empty(len(limit), np.int32)
    flow = Flow(base.own, base.demand.copy(), base.share.copy())
    with state.bench() as bench, loads.lent() as (_, work):
        for cause in np.unique(causes).tolist():
            seeds = state.slots(units.nodes_of(cause)) if cause >= 0 else np.empty(0, np.int32)
            dead, _, _ = cascade(state.wires, state.ring, bench.now, bench.work, seeds, state.base.counts)
            touched = kernel.redistribute(net, flow, bench.now.live, bench.work.dead[:dead], NO_READINGS, work, 0)
            for slot in over[causes == cause].tolist():
                for phase, load in _phases(net, flow.demand[slot], slot):
                    count = _behind(net, flow.share, bench.now.live, slot, phase, weight, found)
                    behind = found[:count]
                    mine = behind[column[behind] >= 0]
                    parts = (weight[mine] * spread[column[mine]]).sum(axis=1)
                    rows.append(Row(slot, column[mine], parts, float(limit[slot]) - load))
                    weight[behind] = 0.0
            kernel.restore(net, flow, base, work, touched)
            revive(state.wires, bench.now, bench.work.dead, 0, dead)
    return rows


def _phases(net: Net, demand: Floats, slot: int) -> list[tuple[int, float]]:
    """The phases whose loads are compared with the limit, -1 for all of them together; and those loads as the limit sees them."""
    if len(demand) > 1 and net.phases[slot] == 0:
        return [(phase, len(demand) * kw) for phase, kw in enumerate(demand.tolist())]
    return [(-1, float(demand.sum()))]


@compiled
def _behind(net: Net, share: Floats, live: Flags, target: int, phase: int, weight: Table, found: Ids) -> int:
    """List the slots behind a slot, itself first, and fill in `weight` (all zero before): of one kW of a slot on each phase, what arrives
    at the target as its limit sees it. Cost: what is behind it, and a sort of that."""
    phases = weight.shape[1]
    for p in range(phases):
        weight[target, p] = 1.0 if phase < 0 else float(phases) if p == phase else 0.0
    found[0] = target
    count = 1
    head = 0
    seen = {target}
    while head < count:
        slot = found[head]
        head += 1
        for at in range(net.gives_at[slot], net.gives_at[slot + 1]):
            take = net.gives[at]
            taker = int(net.taker[take])
            if share[take] > 0.0 and live[taker] == 1 and taker not in seen:
                seen.add(taker)
                found[count] = taker
                count += 1
    order = np.argsort(-net.turn_of[found[1:count]], kind="mergesort")
    turned = found[1:count][order]
    first = 0
    while first < len(turned):
        last = first + 1
        while last < len(turned) and net.turn_of[turned[last]] == net.turn_of[turned[first]]:
            last += 1
        for _ in range(last - first):  # in a loop as often as it has members: whom they take from may come later
            changed = False
            for i in range(first, last):
                changed |= _weigh(net, share, turned[i], weight)
            if not changed:
                break
        first = last
    return count


@compiled
def _weigh(net: Net, share: Floats, slot: int, weight: Table) -> bool:
    """A slot's weight from those of its suppliers; whether it changed. What is on one or two phases carries all there."""
    phases = weight.shape[1]
    changed = False
    for p in range(phases):
        total = 0.0
        for at in range(net.takes_at[slot], net.takes_at[slot + 1]):
            if share[at] > 0.0:
                supplier = net.takes[at]
                mask = net.phases[supplier] if phases > 1 else 0
                if mask == 0:
                    total += share[at] * weight[supplier, p]
                else:
                    on, kw = 0, 0.0
                    for q in range(phases):
                        if (mask >> q) & 1 == 1:
                            on += 1
                            kw += weight[supplier, q]
                    total += share[at] * kw / on
        if total != weight[slot, p]:
            weight[slot, p] = total
            changed = True
    return changed


def _solved(rows: list[Row], most: Floats, value: Floats) -> tuple[Floats, Floats]:
    """The racks filled up within the rows, and what one kW more of each row would be worth."""
    at = np.cumsum([0, *(len(row.racks) for row in rows)])
    racks, parts = np.concatenate([row.racks for row in rows]), np.concatenate([row.parts for row in rows])
    matrix = csr_array((parts, racks, at), shape=(len(rows), len(most)))
    left = np.array([max(row.left_kw, 0.0) for row in rows])
    bounds = np.stack((np.zeros(len(most)), most), axis=1)
    found = linprog(-value, A_ub=matrix, b_ub=left, bounds=bounds, method="highs")
    return np.clip(found.x, 0.0, None), np.clip(-found.ineqlin.marginals, 0.0, None)
