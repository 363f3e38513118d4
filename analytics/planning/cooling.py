"""How much more heat each rack can give off so that no cooling unit is asked for more than its capacity, after any one failure too.

A rack's heat goes in equal parts to the first units with a capacity (`brick:coolingCapacity`) on the ways upstream of it in a medium (air
handlers, distribution units), from these on to the next ones (chillers), and so on: *stages*. After a failure to those of a stage
that are left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from analytics import kernel
from analytics.conditions import Conditions
from analytics.state import Plant, lost_nodes
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.units import Units
from analytics.time.reserves import AIR_SHARE
from graph.ports import Progress
from graph.values import Floats
from ontology.media import AIR_COOLING, LIQUID_COOLING

Stage = frozenset[int]
MEDIA = (AIR_COOLING, LIQUID_COOLING)
NOTHING: Stage = frozenset()


@dataclass(frozen=True, slots=True)
class Heat:
    """The cooling of a site: capacities, the stages behind each rack, the racks' heat, and what single failures take out."""

    capacity_kw: Floats
    """Per node; nan where none is stated."""
    stages: dict[tuple[int, str], tuple[Stage, ...]]
    """By rack and medium: the live units of each stage; none where nothing in it states a capacity."""
    heat_kw: dict[tuple[int, str], float]
    losses: dict[Stage, int]
    """What is out at once, and the number of the first failure that does that; nothing out: -1."""


@dataclass(frozen=True, slots=True)
class Short:
    """What limits the heat of a load, over the cooling units behind a rack and all single failures."""

    left_kw: float
    """The least that a unit has left with the load; below 0: too little."""
    room_kw: float
    """The most heat that a load whose media share it as this one's do may give off: what a unit has left without it, over the part of
    it that comes to the unit."""
    unit: int
    """The unit that allows no more than that,"""
    cause: int
    """after the failure of this number; -1: as things stand."""


def cooled(graph: SupplyGraph, state: Plant) -> frozenset[str]:
    """The media in which the model has anything cooled. In none: it says nothing of cooling, and what a load would need is not known."""
    return frozenset(graph.media[medium] for medium in np.unique(state.wiring.pair_medium).tolist()) & frozenset(MEDIA)


def heat_of(
    graph: SupplyGraph,
    state: Plant,
    conditions: Conditions,
    failures: Units,
    capacity_kw: Floats,
    draw_kw: Floats,
    tell: Progress | None = None,
) -> Heat:
    """Read the cooling of all racks, over all single failures. `capacity_kw` and `draw_kw` (what each piece of equipment, or else its
    rack, draws) are by node.

    Cost: the cooling behind the racks, and the damage of each failure upstream of a unit with a capacity.
    """
    feeds = {medium: _suppliers(graph, medium) for medium in MEDIA if medium in graph.media}
    live = np.zeros(len(graph.nodes), dtype=np.bool_)
    live[state.wiring.slot_node[state.base.live == 1]] = True
    known: dict[tuple[tuple[int, ...], str], tuple[Stage, ...]] = {}
    stages: dict[tuple[int, str], tuple[Stage, ...]] = {}
    for rack in graph.loads.racks.tolist():
        for medium, by in feeds.items():
            first = tuple(node for node in by.get(rack, ()) if live[node])
            key = (first, medium)
            if key not in known:
                known[key] = tuple(_stages(first, feeds, medium, capacity_kw, live))
            if first:
                stages[rack, medium] = known[key]
    units = {unit for found in stages.values() for stage in found for unit in stage}
    return Heat(capacity_kw, stages, _heats(graph, draw_kw, feeds), _losses(graph, state, conditions, failures, units, tell))


def shorts(heat: Heat, racks: Iterable[int], added_kw: dict[str, float]) -> dict[int, Short]:
    """What limits each rack when it gives off more heat (kW by medium); nothing is said of a rack behind which no unit states a capacity.
    Racks behind the same units share one answer."""
    media = [medium for medium in MEDIA if added_kw.get(medium, 0.0) > 0]
    whole = sum(added_kw[medium] for medium in media)
    behind = {rack: tuple(heat.stages.get((rack, medium), ()) for medium in media) for rack in racks}
    worst: dict[tuple[tuple[Stage, ...], ...], Short] = {}
    for out, cause in sorted(heat.losses.items(), key=lambda each: each[1]):
        loads = _loads(heat, out)
        for stages in set(behind.values()):
            more: dict[int, float] = defaultdict(float)
            for medium, of in zip(media, stages, strict=True):
                for stage in of:
                    for unit in stage - out:
                        more[unit] += added_kw[medium] / len(stage - out)
            for unit in sorted(more):
                free = float(heat.capacity_kw[unit]) - loads[unit]
                found = Short(free - more[unit], free / more[unit] * whole, unit, cause)
                so_far = worst.get(stages, found)
                limits = found if found.room_kw < so_far.room_kw else so_far
                worst[stages] = replace(limits, left_kw=min(found.left_kw, so_far.left_kw))
    return {rack: worst[stages] for rack, stages in behind.items() if stages in worst}


def _loads(heat: Heat, out: Stage) -> dict[int, float]:
    """What each unit carries while some are out."""
    loads: dict[int, float] = defaultdict(float)
    by_stage: dict[Stage, float] = defaultdict(float)
    for key, stages in heat.stages.items():
        for stage in stages:
            by_stage[stage] += heat.heat_kw.get(key, 0.0)
    for stage, kw in sorted(by_stage.items(), key=lambda each: sorted(each[0])):
        for unit in stage - out:
            loads[unit] += kw / len(stage - out)
    return loads


def _suppliers(graph: SupplyGraph, medium: str) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    of = graph.edges.medium == graph.media.index(medium)
    for source, target in zip(graph.edges.source[of].tolist(), graph.edges.target[of].tolist(), strict=True):
        found[target].append(source)
    return found


def _stages(
    first: tuple[int, ...],
    feeds: dict[str, dict[int, list[int]]],
    medium: str,
    capacity_kw: Floats,
    live: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> Iterable[Stage]:
    """The units of one stage after the other; from a unit on through all media that cool, else through the same."""
    seen: set[tuple[int, str]] = set()
    front = [(node, medium) for node in first]
    while front:
        stage: set[int] = set()
        beyond: list[tuple[int, str]] = []
        while front:
            node, by = front.pop()
            if (node, by) in seen or not live[node]:
                continue
            seen.add((node, by))
            if np.isfinite(capacity_kw[node]):
                stage.add(node)
                beyond += [(supplier, of) for of, lists in feeds.items() for supplier in lists.get(node, ())]
            else:
                front += [(supplier, by) for supplier in feeds[by].get(node, ())]
                front += [(s, LIQUID_COOLING) for s in feeds.get(LIQUID_COOLING, {}).get(node, ()) if by != LIQUID_COOLING]
        if stage:
            yield frozenset(stage)
        front = beyond


def _heats(graph: SupplyGraph, draw_kw: Floats, feeds: dict[str, dict[int, list[int]]]) -> dict[tuple[int, str], float]:
    """The heat of each rack by medium: of what is mounted in it, and of itself; of what liquid cools, too, a part stays in the air."""
    air, liquid = (feeds.get(medium, {}) for medium in MEDIA)
    heats: dict[tuple[int, str], float] = defaultdict(float)
    inside = [(thing, rack) for thing, rack in graph.loads.mounted.tolist() if thing != rack]
    for thing, rack in [*inside, *((rack, rack) for rack in graph.loads.racks.tolist())]:
        kw = float(draw_kw[thing])
        share = 0.0 if not liquid.get(thing) else (1.0 - AIR_SHARE if air.get(thing) or air.get(rack) else 1.0)
        heats[rack, LIQUID_COOLING] += kw * share
        heats[rack, AIR_COOLING] += kw * (1.0 - share)
    return heats


def _losses(
    graph: SupplyGraph, state: Plant, conditions: Conditions, failures: Units, units: set[int], tell: Progress | None
) -> dict[Stage, int]:
    """Which of the units each single failure takes out; of equal ones the first failure."""
    losses: dict[Stage, int] = {NOTHING: -1}
    slots = state.slots(np.array(sorted(units), dtype=np.int32))
    above = np.flatnonzero(kernel.upstream(state.wires, np.ones_like(state.base.live), slots))
    of = np.repeat(np.arange(len(failures)), np.diff(failures.at))
    some = np.unique(of[np.isin(failures.nodes, state.wiring.slot_node[above])]).tolist()
    for done, failure in enumerate(some, 1):
        failed = failures.nodes_of(failure)
        out = frozenset(units & {*failed.tolist(), *lost_nodes(graph, failed, conditions).tolist()})
        losses.setdefault(out, failure)
        if tell is not None and done % 100 == 0:
            tell("cooling", done, len(some))
    return losses
