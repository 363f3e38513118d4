"""The plant's own response to each fault, second by second: what the load keeps in the end and lacks on the way.

Rules of this file:

1. The worse end of every range counts: stores small, starts late, each transfer an interruption.
2. Only faults that can harm on the way are followed. That is decided on a plant in which nothing bridges: no store, no standby source, and
   a transfer switch that needs all of its live supplies. What is lost second by second is lost there, too, or something carries there what
   trips it, all that draws drawing on; so the others need no following.
3. IT equipment, services and racks of which nothing is known to be mounted are the load: a rack that holds equipment is its housing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.columns import distinct
from analytics.conditions import Conditions
from analytics.proofs.kernel import overloading, taken_out
from analytics.proofs.load import ItLoad
from analytics.proofs.trial import Trial
from analytics.state import Plant, stopped_nodes
from analytics.supply_graph import Flags
from analytics.sweeps.units import Units
from analytics.time.ratings import Rated
from analytics.time.readings import Charges
from analytics.time.reserves import Reserves
from analytics.time.setting import Course, courses, setting, standing_by
from analytics.time.timeline import HORIZON_S
from graph.ports import Progress
from graph.values import Floats
from ontology.terms import Ids

WHAT = "faults second by second"


@dataclass(frozen=True, slots=True)
class Response:
    """What the plant answers a fault with: what bridges and what starts, and how full the stores are."""

    reserves: Reserves
    charges: Charges


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """One fault that the load survives in the end, and not without a gap."""

    row: int
    lost: Ids
    """The loads with a gap, ascending."""
    supplies: Ids
    """Their supplies, as pairs."""
    seconds: tuple[tuple[float, float | None], ...]
    """Of each supply: when it is lost with the worse and with the better ends, seconds after the fault; None: not with the better ones."""

    @property
    def after_s(self) -> float:
        """When the first gap begins, seconds after the fault."""
        return min(worse for worse, _ in self.seconds)


def on_the_way(
    state: Plant,
    conditions: Conditions,
    load: ItLoad,
    at_rest: Trial,
    response: Response,
    progress: Progress | None = None,
    horizon_s: float = HORIZON_S,
) -> tuple[list[OnTheWay], int]:
    """The faults of `at_rest` that harm nothing in the end and something on the way, in order of rows; and how many were followed.

    Cost: the damage of each fault, and one timeline for each that can harm.
    """
    judged = _judged(load)
    rows = np.union1d(_can_harm(state, load, judged, at_rest, response.reserves), _can_trip(state, conditions, at_rest, response.reserves))
    found = []
    for done, row in enumerate(rows.tolist(), 1):
        gaps = _followed(conditions, judged, at_rest.units.nodes_of(row), response, horizon_s)
        if gaps is not None:
            supplies, seconds = gaps
            found.append(OnTheWay(row, distinct(load.pair_node[supplies]), supplies, seconds))
        if progress is not None:
            progress(WHAT, done, len(rows))
    return found, len(rows)


def _judged(load: ItLoad) -> Flags:
    """The supplies that count on the way (rule 3), by pair."""
    loads, is_load = load.graph.loads, load.is_load.copy()
    known = np.isin(loads.mounted[:, 0], np.concatenate((loads.equipment, loads.services)))
    is_load[np.setdiff1d(loads.mounted[known, 1], loads.hardware)] = False
    return load.supplies & is_load[load.pair_node]


def _can_harm(state: Plant, load: ItLoad, judged: Flags, at_rest: Trial, reserves: Reserves) -> Ids:
    """The faults that harm nothing in the end and would harm something if nothing bridged (rule 2)."""
    units, wires = at_rest.units, state.wires
    tally = standing_by(state, reserves)
    moves = (reserves.transfer[0, state.wiring.slot_node] > 0) & (tally.live == 1)
    all_of = np.where(moves[wires.gate_slot], np.maximum(tally.counts, wires.at_least), wires.at_least).astype(np.int32)
    loads, kw = np.zeros(len(units), np.int32), np.zeros(len(units))
    none = np.zeros(len(load.graph.nodes))
    with state.bench() as bench:
        taken_out(
            wires._replace(at_least=all_of),
            state.ring,
            tally,
            bench.work,
            tally.counts.copy(),
            state.wiring.slots_at,
            state.wiring.pair_node,
            judged.astype(np.uint8),
            none,
            units.at,
            units.nodes,
            0,
            len(units),
            np.zeros(len(none), np.int32),
            loads,
            kw,
        )
    harmed = np.zeros(len(units), dtype=np.bool_)
    harmed[at_rest.breaches] = True
    return np.flatnonzero((loads > 0) & ~harmed).astype(np.int32)


def _can_trip(state: Plant, conditions: Conditions, at_rest: Trial, reserves: Reserves) -> Ids:
    """The faults that harm nothing in the end, and that something would carry too much after if nothing bridged (rule 2)."""
    tally, units = standing_by(state, reserves), at_rest.units
    rated = Rated.of(reserves.graph, state, conditions, tally, reserves.unmoved)
    if len(rated.ratings.rated_kw) == 0:
        return np.empty(0, np.int32)
    way, rows = rated.on_the_way(), np.setdiff1d(np.arange(len(units), dtype=np.int32), at_rest.breaches)
    lists, base, counts = (units.at, units.nodes, rows), rated.flow, tally.counts.copy()
    with state.bench() as bench:
        trips = overloading(state.wires, state.ring, tally, bench.work, counts, rated.ratings, way.flow, base, way.work, *lists)
    found: Ids = rows[trips == 1]
    return found


def _followed(
    conditions: Conditions, judged: Flags, failed: Ids, response: Response, horizon_s: float
) -> tuple[Ids, tuple[tuple[float, float | None], ...]] | None:
    """The supplies that are lost at any time, ascending, with their seconds; None where there are none."""
    graph, share = response.reserves.graph, response.charges.share
    out = np.union1d(failed, stopped_nodes(graph, conditions))
    reserves = response.reserves.without(map(graph.id, out.tolist()))
    set_ = setting(reserves, failed, conditions)
    worse, better = courses(set_, reserves, share, failed, horizon_s)
    supplies = np.flatnonzero(np.isfinite(worse.record.lost) & judged & ~np.isin(set_.state.wiring.pair_node, failed)).astype(np.int32)
    if len(supplies) == 0:
        return None
    return supplies, tuple(zip(_times(worse, supplies), _or_never(better, supplies), strict=True))


def _times(run: Course, supplies: Ids) -> list[float]:
    times: Floats = run.record.lost[supplies]
    return [float(each) for each in times]


def _or_never(run: Course, supplies: Ids) -> list[float | None]:
    return [each if np.isfinite(each) else None for each in _times(run, supplies)]


def named(units: Units, row: int) -> tuple[str, ...]:
    """The ids of what fails in a fault."""
    return tuple(units.graph.id(node) for node in units.nodes_of(row).tolist())
