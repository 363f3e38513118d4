"""A supply graph, its reserves and a failure, laid out for the timeline's loop; once with the worse and once with the better ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics import kernel
from analytics.capacity.electrical import PRIORITY_LAST
from analytics.capacity.flow import standing_by_slots
from analytics.columns import without
from analytics.conditions import Conditions
from analytics.kernel import Flags, Tally
from analytics.state import Plant, copied, plant
from analytics.time.events import run, run_on
from analytics.time.present import Present
from analytics.time.ratings import Rated
from analytics.time.reserves import Reserves
from analytics.time.sharing import supply_order
from analytics.time.state import NEVER, Called, Delays, Held, Loads, OnTheWay, Record, Seen, Site, State, Then
from analytics.time.steps import OFF
from analytics.time.table import Kind
from graph.values import Floats
from ontology.media import AIR_COOLING, LIQUID_COOLING, POWER
from ontology.terms import Ids

GROUPS_MAX = 63
"""Groups of standby sources that are called apart; further ones are called with the last of these."""


@dataclass(frozen=True, slots=True)
class Course:
    """What happened in one run, and what holds at its end."""

    record: Record
    holds: NDArray[np.bool_]
    """Per pair: supplied or carried at the horizon."""
    up: NDArray[np.bool_]
    """Per slot."""
    lasts: Floats
    """Per store: from full to empty at its last load, seconds; nan where it was not used."""
    way: OnTheWay
    """What was on its way to trip, and with which load."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What both runs of a failure share."""

    state: Plant
    before: Tally
    """With the standby sources off, before the failure."""
    standby: Ids
    """The nodes of the sources that are called."""
    groups: tuple[Ids, ...]
    """The same by what they feed."""
    called: Called
    loads: Loads
    store_pair: Ids
    stored: Ids
    """Which stores of the table there are, in the order of `store_pair`."""
    pairs_at: Ids
    slot_pairs: Ids
    rated: Rated
    takes: Ids
    """Per slot of what takes one input: the slot of that which it is on, or -1 where it is not known."""


def setting(reserves: Reserves, failed: Ids, conditions: Conditions) -> Setting:
    """Lay a failure (node numbers) out. Cost: some passes over the plant's columns, and the damage."""
    state = plant(reserves.graph, conditions)
    before, standby = _before(state, reserves, failed)
    groups = _groups(state, standby)
    wiring = state.wiring
    order = np.argsort(wiring.pair_slot, kind="stable").astype(np.int32)
    pairs_at = np.searchsorted(wiring.pair_slot[order], np.arange(len(wiring.slot_node) + 1)).astype(np.int32)
    pair, stored = _pairs_of_stores(state, reserves)
    called = _called(state, before, failed, groups)
    return Setting(
        state,
        before,
        standby,
        groups,
        called,
        _loads(state, reserves, _warm(state, reserves, failed, pair, stored)),
        pair,
        stored,
        pairs_at,
        order,
        Rated.of(reserves.graph, state, conditions, before, reserves.unmoved),
        _takes(reserves, state, before),
    )


def courses(set_: Setting, reserves: Reserves, charge: Floats, failed: Ids, horizon: float) -> tuple[Course, Course]:
    """A failure with the worse ends of all ranges, and with the better ones; `charge` is the share that is in each store.

    What goes down is a load no more. When it does is not certain, and early for a server is late for the battery that it hangs on: in the
    worse run a load is gone only when it is in the better one, too.
    """
    better = course(set_, reserves, charge, failed, 1, horizon)
    return course(set_, reserves, charge, failed, 0, horizon, _gone(set_, better.record.down, better.record.up)), better


def course(set_: Setting, reserves: Reserves, charge: Floats, failed: Ids, end: int, horizon: float, gone: Floats | None = None) -> Course:
    """Run a failure with the worse (`end` 0) or the better (1) ends of all ranges. `gone` is when loads are (`Loads.gone`): when not
    given, with the better ends at once, with the worse ones never."""
    memory, record = _memory(set_, reserves, charge[set_.stored]), _blank(set_)
    if gone is None:
        gone = _at_once(set_) if end else _gone(set_, _never(set_), _never(set_))
    run(_site(set_, reserves, end, gone), memory, record, set_.state.slots(failed), float(horizon))
    return Course(record, (memory.tally.failing == 0) | (memory.carried == 1), memory.tally.live == 1, _used(memory), memory.way)


def _at_once(set_: Setting) -> Floats:
    """Every load is gone when what draws it goes down."""
    return np.zeros(len(set_.before.live))


def _never(set_: Setting) -> Floats:
    return np.full(len(set_.before.live), NEVER)


def _gone(set_: Setting, down: Floats, up: Floats) -> Floats:
    """Per slot when a load of its own is gone for good in a run with these times; 0 for what has none, or did not run before."""
    draws = (set_.loads.own[0] > 0) & (set_.before.live == 1)
    return np.where(draws, np.where(np.isfinite(up) & (up >= down), np.inf, down), 0.0)


def courses_on(
    set_: Setting, reserves: Reserves, present: Present, failed: Ids, horizon: float
) -> tuple[tuple[Course, Course], tuple[Course, Course]]:
    """As `courses`, of a failure that is some seconds old: of either run what happened until now, then how it stands now and what happens
    from now on, in seconds from now, up to `horizon`."""
    past, after = better = _course_on(set_, reserves, present, failed, 1, horizon, _at_once(set_))
    then = present.elapsed_s
    down = np.minimum(past.record.down, after.record.down + then)
    ups = [np.where(np.isfinite(up), up, -np.inf) for up in (past.record.up, after.record.up + then)]
    latest = np.maximum(*ups)
    gone = _gone(set_, down, np.where(np.isfinite(latest), latest, np.inf))
    return _course_on(set_, reserves, present, failed, 0, horizon, gone), better


def _course_on(
    set_: Setting, reserves: Reserves, present: Present, failed: Ids, end: int, horizon: float, gone: Floats
) -> tuple[Course, Course]:
    node, at = set_.state.wiring.slot_node, set_.stored
    site = _site(set_, reserves, end, gone)
    left, kw, lasts, fuel = present.left[end, at], present.kw[at], present.lasts[end, at], site.delays.fuel
    told = ~np.isnan(left) | ~np.isnan(lasts) | (kw > 0)
    level, runs = present.level[node], np.where(reserves.standby[node] | (present.runs[node] == 1), present.runs[node], -1).astype(np.int8)
    seen_fuel = np.where(reserves.standby[node] & (~np.isnan(level) | (runs == 1)), fuel, np.nan)
    before = site._replace(
        stores=site.stores._replace(seconds=np.where(told, np.inf, site.stores.seconds)),
        delays=site.delays._replace(fuel=np.where(np.isnan(seen_fuel), fuel * present.first_level[node], np.inf)),
    )
    now_level = np.where(np.isnan(level), present.first_level[node], level)
    site = site._replace(delays=site.delays._replace(fuel=fuel * now_level))
    seen = Seen(
        present.elapsed_s,
        left,
        present.left_age[at],
        kw,
        lasts,
        runs,
        present.runs_age[node],
        seen_fuel,
        level,
        present.level_age[node],
        end == 1,
    )
    memory, record, after = _memory(set_, reserves, present.first_left[end, at]), _blank(set_), _blank(set_)
    then = Then(np.zeros(len(set_.state.wiring.pair_node), np.uint8), np.zeros(len(node), np.uint8))
    run_on(before, site, memory, record, after, set_.state.slots(failed), seen, then, present.elapsed_s + horizon)
    used = _used(memory)
    past = Course(record, then.holds == 1, then.up == 1, used, memory.way)
    holds, up = (memory.tally.failing == 0) | (memory.carried == 1), memory.tally.live == 1
    return past, Course(_later(after, present.elapsed_s), holds, up, used, memory.way)


def _later(record: Record, seconds: float) -> Record:
    """A record in seconds from a later instant."""
    return record._replace(
        **{name: np.maximum(times - seconds, 0.0) for name, times in record._asdict().items() if times.dtype.kind == "f"}
    )


def _used(memory: State) -> Floats:
    return np.where(memory.version > 0, memory.lasts, np.nan)


def _site(set_: Setting, reserves: Reserves, end: int, gone: Floats) -> Site:
    """What does not change within a run."""
    loads = set_.loads._replace(gone=gone, instants=np.unique(gone[np.isfinite(gone) & (gone > 0)]))
    wiring, table, at = set_.state.wiring, reserves.stores, set_.stored
    held = Held(
        set_.store_pair,
        table.seconds[end, at],
        table.at_kw[end, at],
        table.exponent[end, at],
        table.exponent[1 - end, at],
        np.ones(len(at)),
        table.unknown_kw[at],
        np.zeros(len(at), np.uint8),
        (table.kind[at] == Kind.WATER).astype(np.uint8),
        *_banks(table.bank[end, at]),
        (table.kind[at] == Kind.WATER).astype(np.uint8),
    )
    node = wiring.slot_node
    delays = Delays(
        np.where(reserves.standby[node], reserves.start[end, node], reserves.restart[end, node]),
        reserves.by_power[node].astype(np.uint8),
        np.where((end == 0) | (set_.takes >= 0), reserves.transfer[end, node], 0.0),
        set_.takes,
        end == 0,
        reserves.start[end, node],
        reserves.fuel[end, node],
    )
    powers = (wiring.pair_medium == reserves.graph.media.index(POWER)).astype(np.uint8)
    wires, ring = set_.state.wires, set_.state.ring
    columns = (set_.pairs_at, set_.slot_pairs, wiring.pair_slot)
    return Site(wires, ring, *columns, powers, held, delays, set_.called, loads, set_.rated.ratings)


def _banks(bank: Ids) -> tuple[Ids, Ids, Ids]:
    """`Held.bank`, `banks_at` and `banks` of stores by the number of their bank."""
    of = np.flatnonzero(bank >= 0).astype(np.int32)
    numbers, inverse = np.unique(bank[of], return_inverse=True)
    found = np.full(len(bank), -1, np.int32)
    found[of] = inverse.reshape(-1)
    order = np.argsort(found[of], kind="stable")
    return found, np.searchsorted(found[of][order], np.arange(len(numbers) + 1)).astype(np.int32), of[order]


def _takes(reserves: Reserves, state: Plant, before: Tally) -> Ids:
    """The input that what takes one input is on before the failure: of those that are live the first by priority, then of those that do not
    stand by (as `analytics/capacity` has it), if that is one alone."""
    graph, wires, wiring = reserves.graph, state.wires, state.wiring
    takes, load = np.full(len(wiring.slot_node), -1, np.int32), graph.electrical
    if load is None or not load.one_input.any():
        return takes
    power = graph.media.index(POWER)
    ranks = _ranks(reserves, state)[1]
    for gate in np.flatnonzero(load.one_input[wiring.slot_node[wires.gate_slot]] & (wiring.pair_medium[wires.gate_pair] == power)).tolist():
        inputs = wires.suppliers[wires.suppliers_at[gate] : wires.suppliers_at[gate + 1]]
        inputs = inputs[before.live[inputs] == 1]
        rank = ranks[inputs]
        known = len(rank) > 1 or load.priority[wiring.slot_node[inputs]].min(initial=PRIORITY_LAST) < PRIORITY_LAST
        if known and (rank == rank.min()).sum() == 1:
            takes[wires.gate_slot[gate]] = inputs[np.argmin(rank)]
    return takes


def _blank(set_: Setting) -> Record:
    """A record in which nothing has happened."""
    pairs, slots, groups = len(set_.state.wiring.pair_node), len(set_.state.wiring.slot_node), len(set_.groups)

    def times(size: int) -> Floats:
        return np.full(size, NEVER)

    def nobody() -> Ids:
        return np.full(pairs, -1, np.int32)

    return Record(
        times(pairs),
        nobody(),
        times(pairs),
        nobody(),
        times(pairs),
        nobody(),
        times(pairs),
        nobody(),
        times(pairs),
        times(slots),
        times(slots),
        times(slots),
        times(groups),
        times(slots),
    )


def _memory(set_: Setting, reserves: Reserves, charge: Floats) -> State:
    """The state before the failure: nothing is carried, and in every store is its charge."""
    stores = len(charge)
    wiring, tally = set_.state.wiring, copied(set_.before)
    slots, pairs = len(wiring.slot_node), len(wiring.pair_node)
    store_of = np.full(pairs, -1, np.int32)
    store_of[set_.store_pair] = np.arange(stores, dtype=np.int32)
    missing = tally.failing > 0
    missing[set_.store_pair[reserves.stores.kind[set_.stored] == Kind.WATER]] = False  # a store that waits counts as held
    blocked = (set_.state.base.live == 0).astype(np.uint8)  # open switches, and what was dark anyway
    blocked[set_.state.slots(set_.standby)] = OFF
    return State(
        tally,
        blocked,
        np.bincount(wiring.pair_slot[missing], minlength=slots).astype(np.int32),
        np.zeros(pairs, np.uint8),
        store_of,
        charge.copy(),
        np.zeros(stores),
        np.full(stores, NEVER),
        np.zeros(stores, np.int32),
        np.zeros(slots, np.int32),
        np.zeros(slots, np.int32),
        np.zeros(slots),
        np.zeros(max(len(set_.state.ring.members_at) - 1, 1), np.uint8),
        np.zeros(len(set_.state.wires.at_least), np.int32),
        np.zeros(slots, np.uint8),
        np.zeros(pairs, np.uint8),
        set_.rated.on_the_way(),
    )


def standing_by(state: Plant, reserves: Reserves) -> Tally:
    """The plant with nothing failed and its standby sources off, in arrays of its own."""
    return _before(state, reserves, np.empty(0, np.int32))[0]


def _before(state: Plant, reserves: Reserves, failed: Ids) -> tuple[Tally, Ids]:
    """The plant with its standby sources off, and these; one that racks, servers or services rest on runs already."""
    standby = np.flatnonzero(reserves.standby).astype(np.int32)
    standby = standby[state.base.live[state.wiring.slots_at[standby]] == 1]
    tally, dark = _without(state, copied(state.base), standby)
    loads = reserves.graph.loads
    resting = dark[np.isin(state.wiring.slot_node[dark], np.concatenate((loads.racks, loads.equipment, loads.services)))]
    if len(resting):
        above = kernel.upstream(state.wires, state.base.live, resting.astype(np.int32))
        standby = without(standby, np.unique(state.wiring.slot_node[np.flatnonzero(above)]).astype(np.int32))
        tally, _ = _without(state, copied(state.base), standby)
    return tally, without(standby, failed)


def _without(state: Plant, tally: Tally, nodes: Ids) -> tuple[Tally, Ids]:
    """A tally after the given nodes have died, and the slots that died."""
    with state.bench() as bench:
        dead, _, _ = kernel.cascade(state.wires, state.ring, tally, bench.work, state.slots(nodes), state.base.counts)
        return tally, bench.work.dead[:dead].copy()


def _groups(state: Plant, standby: Ids) -> tuple[Ids, ...]:
    """The standby sources by what they feed, each group ascending."""
    groups: dict[bytes, list[int]] = {}
    for node in standby.tolist():
        slot = int(state.wiring.slots_at[node])
        feeds = state.wires.feeds[state.wires.feeds_at[slot] : state.wires.feeds_at[slot + 1]]
        key = np.sort(feeds).tobytes()
        if key not in groups and len(groups) == GROUPS_MAX:
            key = next(reversed(groups))
        groups.setdefault(key, []).append(node)
    return tuple(np.array(nodes, dtype=np.int32) for nodes in groups.values())


def _called(state: Plant, before: Tally, failed: Ids, groups: tuple[Ids, ...]) -> Called:
    """A group is called when something is lost that it can bring back: that falls now, and would not with all sources running."""
    wiring = state.wiring
    pairs = len(wiring.pair_node)
    by_pair = np.zeros(pairs, np.int64)
    if groups:
        without_them, _ = _without(state, copied(before), failed)
        with_them, _ = _without(state, copied(state.base), failed)
        saved = (without_them.failing > 0) & (with_them.failing == 0) & (before.failing == 0)
        reachable = ((state.base.live == 1) & (without_them.live == 0)).astype(np.uint8)
        for number, nodes in enumerate(groups):
            reached = kernel.reach(state.wires, reachable, state.slots(nodes))
            flags = np.zeros(pairs, np.bool_)
            flags[: len(reached)] = reached == 1
            by_pair[flags & saved] |= 1 << number
    slots = [state.slots(nodes) for nodes in groups]
    at = np.cumsum([0, *(len(each) for each in slots)]).astype(np.int32)
    return Called(by_pair, at, np.concatenate([np.empty(0, np.int32), *slots]))


def _warm(state: Plant, reserves: Reserves, failed: Ids, pair: Ids, stored: Ids) -> Flags:
    """The slots that heat goes through after a failure: what is up with all sources running while no store runs out. The heat that the
    others took goes to these."""
    wires, tally = state.wires, copied(state.base)
    lasting = pair[reserves.stores.kind[stored] != Kind.HOLD_UP]
    tally.counts[np.isin(wires.gate_pair, lasting)] += len(tally.live)  # more than can be lost
    return _without(state, tally, failed)[0].live


def _loads(state: Plant, reserves: Reserves, warm: Flags) -> Loads:
    """Loads of their own by slot, and what of a slot's load each of its pairs passes on."""
    graph, wiring = reserves.graph, state.wiring
    power, air, liquid = (graph.media.index(medium) for medium in (POWER, AIR_COOLING, LIQUID_COOLING))
    node, medium = wiring.slot_node, wiring.slot_medium
    draw = reserves.power_kw[node]
    own = np.stack((np.where((medium == power) | (medium == -1), draw, 0.0), np.where((medium == air) | (medium == -1), draw, 0.0)))
    share = np.zeros((2, len(wiring.pair_node)), np.float32)
    share[0, wiring.pair_medium == power] = 1.0
    into_liquid = np.where(reserves.power_kw > 0, reserves.liquid_share, 1.0)[wiring.pair_node]
    into_air = np.where(reserves.power_kw > 0, 1.0 - reserves.liquid_share, 1.0)[wiring.pair_node]
    share[1] = np.where(wiring.pair_medium == liquid, into_liquid, np.where(wiring.pair_medium == air, into_air, 0.0))
    order, place = supply_order(state.wires, state.base.live)
    return Loads(order, place, own, share, np.zeros(len(node)), np.zeros(0), *_ranks(reserves, state), warm)


def _ranks(reserves: Reserves, state: Plant) -> tuple[Flags, Ids]:
    """`Loads.one` and `Loads.rank`: by priority, then those that do not stand by, as `analytics/capacity` has it."""
    graph, node, load = reserves.graph, state.wiring.slot_node, reserves.graph.electrical
    if load is None or not load.one_input.any():
        return np.zeros(len(node), np.uint8), np.zeros(len(node), np.int32)
    rank = np.minimum(load.priority[node].astype(np.int64), 2**29) * 2
    if (load.reserve & ~reserves.standby).any():
        rank += standing_by_slots(graph, state)
    return load.one_input[node].astype(np.uint8), rank.astype(np.int32)


def _pairs_of_stores(state: Plant, reserves: Reserves) -> tuple[Ids, Ids]:
    """The pair that each store carries, and which stores have one; a store of energy with nothing behind it (any more) has none."""
    wiring, media = state.wiring, len(reserves.graph.media)
    keys = wiring.pair_node.astype(np.int64) * media + wiring.pair_medium
    wanted = reserves.stores.node.astype(np.int64) * media + reserves.stores.medium
    at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    bare = (reserves.stores.kind == Kind.ENERGY) & (reserves.stores.seconds[1] == 0)
    found = np.flatnonzero((keys[at] == wanted) & ~bare) if len(keys) else np.empty(0, np.int64)
    return at[found].astype(np.int32), found.astype(np.int32)
