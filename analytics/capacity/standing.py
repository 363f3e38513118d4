"""How full the plant is now, and after any one loss: each feeder with its load, its limit and the failure that loads it most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

import numpy as np

from analytics.assumed import Assumed
from analytics.capacity import kernel
from analytics.capacity.cascade import GROWN
from analytics.capacity.electrical import PHASES, Basis
from analytics.capacity.flow import Loads, loads_of
from analytics.capacity.kernel import Flow
from analytics.capacity.told import Unmetered, stands_on, unmetered, unmetered_told
from analytics.conditions import Conditions
from analytics.figures import DIGITS_MAX, digits_of, kept, shown_apart
from analytics.instruments import Instruments
from analytics.rests_on import RestsOn, of_loads
from analytics.state import Plant, plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.basis import taken_for_granted
from analytics.sweeps.units import Units
from analytics.unusable import UNUSABLE
from graph.errors import GraphError
from graph.ports import Progress
from graph.values import Floats
from ontology.findings import Finding, Severity
from ontology.namespaces import DCX, compact
from ontology.terms import Ids

CHUNK = 2_000
"""Failures tried between two words of progress."""


@dataclass(frozen=True, slots=True)
class Feeder:
    """Something with a rating that carries power; kW, and parts of its continuous limit (1 for all of it)."""

    id: str
    label: str
    cls: str | None
    load_kw: float
    basis: str
    """What the load stands on: `reading`, `allocated`, `rated`, `sum` of what it feeds, or `nothing`."""
    rated_kw: float
    limit_kw: float
    part: float
    worst_part: float
    """The highest after any one failure, nothing having tripped yet."""
    worst_cause: str | None
    """The first failure, in order of ids, that loads it so; None where none loads it more than it is loaded now."""
    usual_part_max: float
    """The part of its rating that it may carry now so that no single failure overloads it: 0.4 for a breaker of a pair."""
    phases_kw: tuple[float, ...] = ()
    """What it carries on L1, L2 and L3; empty where nothing of the site states a phase."""
    phase_limit_kw: float | None = None
    """What each phase may carry continuously, a third of the limit, where it is on all three and loads are known by phase: `part` is then
    that of its fullest phase."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "id": self.id,
            "label": self.label,
            "class": self.cls,
            "load_kw": self.load_kw,
            "basis": self.basis,
            "rated_kw": self.rated_kw,
            "limit_kw": self.limit_kw,
            "part": self.part,
            "worst_part": self.worst_part,
            "worst_cause": self.worst_cause,
            "usual_part_max": self.usual_part_max,
            "phases_kw": list(self.phases_kw),
            "phase_limit_kw": self.phase_limit_kw,
        }


@dataclass(frozen=True, slots=True)
class Capacity:
    """The loads and limits of one revision at one instant. Equal questions give equal answers."""

    revision: int
    at: datetime
    feeders: tuple[Feeder, ...]
    """The fullest after one failure first, then in order of ids."""
    findings: tuple[Finding, ...]
    unrated: int
    """How many things carry load and state no rating."""
    assumed: tuple[str, ...]
    rests_on: RestsOn | None = None
    """Which part of it rests on points that are not good, where that was asked for."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "revision": self.revision,
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "feeders": [feeder.to_json() for feeder in self.feeders],
            "findings": [
                {"severity": f.severity.value, "code": f.code, "id": f.focus, "message": f.message, "remedy": f.remedy}
                for f in self.findings
            ],
            "unrated": self.unrated,
            "assumed": list(self.assumed),
            **({} if self.rests_on is None else {"rests_on": self.rests_on.to_json()}),
        }


def capacity(graph: SupplyGraph, conditions: Conditions, tell: Progress | None = None, instruments: Instruments | None = None) -> Capacity:
    """How full everything with a rating is, and after each single failure of a failure unit; with `instruments` also which part of that
    rests on points that are not good.

    Raises `GraphError` where the model states no rating; one that limits nothing is a finding at its node. `tell` hears of the failures
    tried. Cost: what every failure moves, some 10 us each.
    """
    state = plant(graph, conditions)
    doubtful = np.unique(graph.assumptions.node[graph.assumptions.what == Assumed.RATING]).tolist()
    loads = loads_of(graph, state, conditions, unlimited=bool(doubtful))
    if loads is None:
        raise GraphError(
            "no rating is stated, so nothing can be overloaded: give breakers, UPSs and boards a dcx:ratedPower or dcx:breakerRating"
        )
    slots = loads.power_slot[np.isfinite(loads.electrical.limit_kw) & (loads.power_slot >= 0)]
    slots = slots[state.base.live[slots] == 1]
    before, worst, cause = _worst(graph, state, loads, slots, tell)
    rows = zip(slots.tolist(), before, worst, cause, strict=True)
    feeders = tuple(_feeder(graph, loads, slot, now, most, by) for slot, now, most, by in rows)
    carried = loads.base.demand.sum(axis=1)[loads.power_slot[loads.power_slot >= 0]] > 0
    inside = loads.slot_node[loads.power_slot[loads.power_slot >= 0]]
    without_meter = unmetered(graph, loads, conditions)
    unrated = int(np.count_nonzero(carried & ~np.isfinite(loads.electrical.limit_kw[inside])))
    return Capacity(
        graph.revision,
        conditions.at,
        tuple(sorted(feeders, key=lambda feeder: (-feeder.worst_part, feeder.id))),
        tuple(
            sorted(
                (
                    *_doubtful(graph, doubtful),
                    *chain.from_iterable(map(_findings, feeders)),
                    *_not_read(graph, conditions, without_meter),
                ),
                key=lambda finding: finding.order,
            )
        ),
        unrated,
        (
            *conditions.assumed(graph.find),
            stands_on(loads, conditions),
            *unmetered_told(graph, without_meter),
            *graph.taken_for_equipment,
            *taken_for_granted(graph),
        ),
        None if instruments is None else of_loads(instruments, graph, state, loads, conditions, loads.slot_node[slots]),
    )


def in_turn(failures: Ids, tell: Progress | None) -> Iterator[Ids]:
    """The failures in parts, how far they are told after each."""
    for first in range(0, len(failures), CHUNK):
        some = failures[first : first + CHUNK]
        yield some
        if tell is not None:
            tell("failures", first + len(some), len(failures))


def worst_of(
    state: Plant, loads: Loads, base: Flow, units: Units, limit: Floats, part: Floats, tell: Progress | None
) -> tuple[Floats, Ids]:
    """By slot the highest load as a part of its limit (kW, `inf` where there is none), from `part` on, after any one of the failures, and
    the number of the failure that causes it; -1 where none does. `base` is the flow with nothing failed."""
    part, cause = part.copy(), np.full(len(limit), -1, dtype=np.int32)
    failed_at, failed = units.slots(state.wiring.slots_at)
    flow = Flow(base.own, base.demand.copy(), base.share.copy())
    with state.bench() as bench, loads.lent() as (_, work):
        for some in in_turn(np.arange(len(units), dtype=np.int32), tell):
            kernel.worst(
                state.wires,
                state.ring,
                bench.now,
                bench.work,
                state.base.counts,
                loads.net,
                flow,
                base,
                work,
                some,
                failed_at,
                failed,
                limit,
                part,
                cause,
            )
    return part, cause


def _worst(graph: SupplyGraph, state: Plant, loads: Loads, slots: Ids, tell: Progress | None) -> tuple[list[float], list[float], list[int]]:
    """For each slot its load now and at the worst after one failure, as parts of its continuous limit, and the failure."""
    limit = np.full(len(loads.slot_node), np.inf)
    limit[slots] = loads.electrical.limit_kw[loads.slot_node[slots]]
    before = loads.part_of(slots, loads.base.demand, loads.electrical.limit_kw)
    part: Floats = np.zeros(len(limit))
    part[slots] = before * GROWN
    units = Units.equipment(graph)
    part, cause = worst_of(state, loads, loads.base, units, limit, part, tell)
    worst = np.where(cause[slots] >= 0, part[slots], before)
    return before.tolist(), worst.tolist(), np.append(units.nodes, -1)[cause[slots]].tolist()


def _feeder(graph: SupplyGraph, loads: Loads, slot: int, part: float, worst: float, cause: int) -> Feeder:
    node, electrical = int(loads.slot_node[slot]), loads.electrical
    on_phases: list[float] = loads.base.demand[slot].tolist()
    rated, limit = float(electrical.rated_kw[node]), float(electrical.limit_kw[node])
    return Feeder(
        graph.id(node),
        graph.label(node),
        graph.class_iri(node),
        kept(round(float(loads.base.demand[slot].sum()), DIGITS_MAX)),
        Basis(int(loads.basis[slot])).name.lower(),
        kept(rated),
        kept(limit),
        round(part, 4),
        round(worst, 4),
        graph.id(cause) if cause >= 0 else None,
        round(limit / rated * (part / worst if worst > 0 else 1.0), 4),
        tuple(kept(round(kw, DIGITS_MAX)) for kw in on_phases) if len(on_phases) > 1 else (),
        kept(limit / PHASES) if len(on_phases) > 1 and electrical.phases[node] == 0 else None,
    )


def _doubtful(graph: SupplyGraph, nodes: list[int]) -> Iterator[Finding]:
    """The ratings that limit nothing, as `ridethrough validate` names them."""
    for node in nodes:
        rated = graph.electrical is not None and np.isfinite(graph.electrical.rated_kw[node])
        yield Finding(
            Severity.ERROR,
            "rating-limits-nothing",
            graph.id(node),
            f"it states a rating that is no number above 0 in a unit of its kind: {'the other counts' if rated else 'it has no limit'}",
            "state what it may carry, above 0, in kW or kVA, of a current in A; or take the rating out",
            DCX + "ratedPower",
        )


def _not_read(graph: SupplyGraph, conditions: Conditions, without_meter: Sequence[Unmetered]) -> Iterator[Finding]:
    """What was heard and cannot be used, at the thing that it is of."""
    said = [(graph.id(each.node), f"it {each.text}") for each in without_meter]
    said += [(iri, f"it {conditions.stands_though(iri)}") for iri in conditions.unread if graph.find(iri) is not None]
    said += [(iri, f"it counts as in service: {each.text}") for iri, each in conditions.unsure.items() if graph.find(iri) is not None]
    for iri, text in said:
        yield Finding(
            Severity.WARNING, UNUSABLE, iri, text, "see to the point, its device and its wire, or correct its period and its range"
        )


def _too_small(feeder: Feeder) -> str:
    """Of what carries nothing until something fails, such as an open tie: what it would carry then comes of elsewhere."""
    kw = feeder.worst_part * feeder.limit_kw
    return f"it is too small for the {kw:,.1f} kW that it would carry: give it a rating for as much, or take load off what it stands in for"


def _in_words(feeder: Feeder) -> tuple[str, str, str, str]:
    """What a feeder carries, what of that is overloaded where it is, what it would be compared with after a failure, and what is to be kept
    lower: of one on three phases, where loads are known by phase, the fullest of them."""
    rated, _ = shown_apart(feeder.rated_kw, 0.0)
    by_phase = feeder.phase_limit_kw is not None
    most, least = (feeder.load_kw, feeder.limit_kw) if feeder.phase_limit_kw is None else (max(feeder.phases_kw), feeder.phase_limit_kw)
    load, limit = shown_apart(most, least, digits_of(least))
    share = (
        f"it carries {shown_apart(feeder.load_kw, 0.0)[0] if by_phase else load} kW of {rated} kW ({feeder.load_kw / feeder.rated_kw:.0%})"
    )
    if not by_phase:
        return share, f" and may carry {limit} kW continuously", f"the {limit} kW that it may carry continuously", "it"
    over = f", of that {load} kW on L{feeder.phases_kw.index(most) + 1}, where it may carry {limit} kW continuously"
    return share, over, f"the {limit} kW that each phase may carry continuously", "its fullest phase"


def _findings(feeder: Feeder) -> Iterator[Finding]:
    """What is overloaded now, and what would be after one more failure."""
    share, over, limit, what = _in_words(feeder)
    worst, _ = shown_apart(100 * feeder.worst_part, 100, 0)
    usual = f"keep {what} at {feeder.usual_part_max:.0%} of its rating or below"
    if feeder.part > GROWN:
        yield Finding(
            Severity.ERROR,
            "overloaded",
            feeder.id,
            f"{share}{over}",
            "move load away, or correct its rating or its readings",
            DCX + "ratedPower",
        )
    elif feeder.worst_part > GROWN and feeder.worst_cause is not None:
        yield Finding(
            Severity.WARNING,
            "overloaded-after-one-failure",
            feeder.id,
            f"{share}; if {compact(feeder.worst_cause)} fails, {worst}% of {limit}",
            usual if feeder.usual_part_max >= 0.005 else _too_small(feeder),
            DCX + "ratedPower",
        )
