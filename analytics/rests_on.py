"""Which part of an answer rests on points that are not good: which these are, what they are read for, and what counts instead.

Rules of this file:

1. A point is read for an answer where what it is of is upstream of anything behind the failure, which may be spared or hit by it; for its
   load also what else hangs by that. Of all of a site, for an answer about all of it.
2. What is not good, or no value, is not taken: what the answer took instead is said. A point that was never heard is counted, and no
   more: the answer is as if the model had none.
3. An entity of the answer depends on such a point when it is what the point is of or behind that; on a load when it is behind something
   with a rating that carries it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from analytics import walks
from analytics.capacity.electrical import Basis
from analytics.capacity.flow import Loads, loads_of
from analytics.capacity.told import INSTEAD
from analytics.conditions import Conditions
from analytics.figures import shown
from analytics.instruments import WHATS, Instruments, Seen, Use, What
from analytics.scenario import Case
from analytics.state import Plant, plant
from analytics.supply_graph import Flags, SupplyGraph
from analytics.totals import NOTHING, Counts, counts_of
from graph.values import Quality, Reason
from ontology.terms import Ids

NAMED_MAX = 20
"""Points that an answer names, worst first."""
ENTITIES_MAX = 10
"""Entities that are named with each of them."""


@dataclass(frozen=True, slots=True)
class PoorReading:
    """A point that an answer would have stood on, were its value good."""

    point: str
    what: What
    of: str
    """IRI of what it is about."""
    quality: Quality
    reason: Reason
    value: float | None
    """As it is read (`What`); None where there never was a number."""
    observed_at: datetime | None
    """When that was so, aware UTC."""
    age_s: float | None
    """Seconds between that and the instant of the answer."""
    instead: str
    """What the answer took instead, in words."""
    entities: tuple[str, ...]
    """The first of the answer's entities that depend on it, in order of IRIs."""
    entities_count: int

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "point": self.point,
            "what": self.what.value,
            "of": self.of,
            "quality": self.quality.name,
            "reason": self.reason.name,
            "value": self.value,
            "observed_at": None if self.observed_at is None else self.observed_at.isoformat().replace("+00:00", "Z"),
            "age_s": self.age_s,
            "instead": self.instead,
            "entities": list(self.entities),
            "entities_count": self.entities_count,
        }


@dataclass(frozen=True, slots=True)
class RestsOn:
    """The points that an answer was read from, counted by how good they are, and what of it depends on those that are not good."""

    points: int = 0
    good: int = 0
    uncertain: int = 0
    stale: int = 0
    bad: int = 0
    """`BAD`, without communication, or good and yet no value: a position of 0.5."""
    silent: int = 0
    """Never heard."""
    entities: int = 0
    """Entities of the answer that depend on any that is not good."""
    counts: Counts = NOTHING
    """The racks, services, tenants and kW of IT load among them."""
    poor: tuple[PoorReading, ...] = ()
    """The worst first, at most `NAMED_MAX`."""
    poor_count: int = 0
    """How many there are in all; a point counts once for each thing that it is read for."""
    doubtful: Flags = field(default_factory=lambda: np.empty(0, np.bool_), compare=False, repr=False)
    """By node: whether it is such an entity."""
    graph: SupplyGraph | None = field(default=None, compare=False, repr=False)
    """What the nodes are numbered by; None where nothing was read."""

    def ids(self, first: int) -> list[str]:
        """The first IRIs of these entities, in order."""
        return [] if self.graph is None else list(map(self.graph.id, np.flatnonzero(self.doubtful)[:first].tolist()))

    def said(self) -> str:
        """For people, in one line; empty where nothing was heard."""
        heard = self.points - self.silent
        if not heard:
            return ""
        kinds = (("good", self.good), ("uncertain", self.uncertain), ("stale", self.stale), ("bad", self.bad))
        found = f"readings: {heard:,} point{'s' * (heard != 1)} read for this, {', '.join(f'{n:,} {kind}' for kind, n in kinds if n)}"
        if not self.poor_count:
            return found
        behind = self.counts.said() or f"{self.entities:,} thing{'s' * (self.entities != 1)}"
        return f"{found}; {behind if self.entities else 'nothing of this'} may be otherwise by those that are not good: --json names them"

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "points": self.points,
            "good": self.good,
            "uncertain": self.uncertain,
            "stale": self.stale,
            "bad": self.bad,
            "silent": self.silent,
            "entities": self.entities,
            "doubtful": self.counts.to_json(),
            "poor_count": self.poor_count,
            "poor": [each.to_json() for each in self.poor],
        }


def of_case(instruments: Instruments, case: Case, state: Plant, loads: Loads | None) -> RestsOn:
    """What an answer about a scenario rests on, all of a site where nothing fails in it. Cost: walks over what the failure can reach and
    over what that hangs by, and one for each point that is named."""
    graph, conditions, out = case.graph, case.conditions, case.out
    if not len(out):
        return of_site(instruments, graph, state, loads, conditions)
    wiring, slots = state.wiring, state.slots(out)
    with state.bench() as bench:
        behind = walks.behind(state.wires, slots, bench.marks)
        seeds = np.concatenate((slots, wiring.pair_slot[behind])).astype(np.int32)
        upstream = walks.rests_on(state.wires, seeds, bench.marks)
        beside = walks.behind(state.wires, upstream, bench.marks) if loads is not None else behind
    told, read, carrying = (np.zeros(len(graph.nodes), np.bool_) for _ in range(3))
    told[wiring.pair_node[behind]] = True
    told[out] = False
    read[wiring.slot_node[upstream]] = True
    read[wiring.pair_node[behind]] = True
    if loads is not None:
        carrying = read.copy()
        carrying[wiring.pair_node[beside]] = True
    return _Gathering(instruments, graph, state, loads, conditions, told).of(read, carrying, graph.numbers_of(case.closed))


def rests_on(instruments: Instruments, case: Case) -> RestsOn:
    """As `of_case`, of the plant and the loads that stand for the scenario."""
    state = plant(case.graph, case.conditions)
    return of_case(instruments, case, state, loads_of(case.graph, state, case.conditions))


def of_site(instruments: Instruments, graph: SupplyGraph, state: Plant, loads: Loads | None, conditions: Conditions) -> RestsOn:
    """What an answer about all of a site rests on; one that follows no load reads none."""
    every = np.ones(len(graph.nodes), np.bool_)
    return _Gathering(instruments, graph, state, loads, conditions, every).of(every, every & (loads is not None), NOBODY)


def of_loads(instruments: Instruments, graph: SupplyGraph, state: Plant, loads: Loads, conditions: Conditions, told: Ids) -> RestsOn:
    """What an answer about the loads of some nodes rests on: a feeder depends on whatever it carries, and on what that hangs by."""
    every, of = np.ones(len(graph.nodes), np.bool_), np.zeros(len(graph.nodes), np.bool_)
    of[told] = True
    return _Gathering(instruments, graph, state, loads, conditions, of, carried=True).of(every, every, NOBODY)


NOBODY: Ids = np.empty(0, np.int32)


class _Gathering:
    """The one place where an answer's points are gathered."""

    def __init__(
        self,
        instruments: Instruments,
        graph: SupplyGraph,
        state: Plant,
        loads: Loads | None,
        conditions: Conditions,
        told: Flags,
        carried: bool = False,
    ) -> None:
        """`told` flags the entities that the answer speaks of; `carried`: what it says of them is what they carry."""
        self._instruments, self._graph, self._state, self._loads, self._conditions = instruments, graph, state, loads, conditions
        self._told, self._carried = told, carried

    def of(self, read: Flags, carrying: Flags, settled: Ids) -> RestsOn:
        """`read` flags the nodes whose points are read, `carrying` those whose loads are; where the `settled` switches stand is not
        asked: the question closes them."""
        instruments, seen = self._instruments, self._instruments.seen()
        if seen is None or not len(instruments.uses):
            return RestsOn()
        nodes, is_load = instruments.nodes(self._graph), instruments.what == WHATS.index(What.LOAD)
        used = (nodes >= 0) & np.where(is_load, carrying[nodes], read[nodes])
        used &= is_load | ~np.isin(nodes, settled)
        grade = _graded(seen)
        of_point = np.zeros(int(instruments.number.max()) + 1, np.uint8)
        np.maximum.at(of_point, instruments.number[used], grade[used] + 1)
        counted = np.bincount(of_point, minlength=len(GRADES) + 1).tolist()
        good, uncertain, stale, bad, silent = counted[1:]
        poor = np.flatnonzero(used & (grade > 0) & (grade < SILENT)).astype(np.int32)
        doubtful = self._dependent(poor)
        worst = poor[np.lexsort((poor, -grade[poor].astype(np.int16)))][:NAMED_MAX]
        return RestsOn(
            sum(counted[1:]),
            good,
            uncertain,
            stale,
            bad,
            silent,
            int(doubtful.sum()),
            counts_of(self._graph, doubtful),
            self._named(worst.tolist(), seen, used & (grade == 0)),
            len(poor),
            doubtful,
            self._graph,
        )

    def _dependent(self, uses: Ids) -> Flags:
        """By node whether it is an entity of the answer that depends on any of the uses (rule 3)."""
        found = np.zeros(len(self._graph.nodes), np.bool_)
        if not len(uses):
            return found
        state, nodes, loads = self._state, self._instruments.nodes(self._graph)[uses], self._loads
        is_load = self._instruments.what[uses] == WHATS.index(What.LOAD)
        found[nodes[~is_load]] = True
        with state.bench() as bench:
            seeds = state.slots(np.unique(nodes[~is_load]).astype(np.int32))
            if loads is not None and is_load.any():
                power = loads.power_slot[np.unique(nodes[is_load])]
                upstream = walks.rests_on(state.wires, power[power >= 0].astype(np.int32), bench.marks)
                limited = upstream[np.isfinite(loads.electrical.limit_kw[state.wiring.slot_node[upstream]])]
                found[state.wiring.slot_node[limited]] = True
                seeds = np.concatenate((seeds, limited)).astype(np.int32)
            found[state.wiring.pair_node[walks.behind(state.wires, seeds, bench.marks)]] = True
            if self._carried:
                above = walks.rests_on(state.wires, state.slots(np.unique(nodes).astype(np.int32)), bench.marks)
                found[state.wiring.slot_node[above]] = True
        mounted, racks = self._graph.mounted_in_unfed.T
        found[racks[found[mounted]]] = True
        return found & self._told

    def _named(self, uses: list[int], seen: Seen, good: Flags) -> tuple[PoorReading, ...]:
        instruments, at = self._instruments, self._conditions.at
        points = [instruments.uses[use].point for use in uses]
        heard = [(0, Reason.NONE)] * len(uses) if instruments.heard is None else instruments.heard(points)
        others = {(each.what, each.of) for each in map(instruments.uses.__getitem__, np.flatnonzero(good).tolist())} if uses else set()
        rows = []
        for number, (observed, reason) in zip(uses, heard, strict=True):
            use, value, node = instruments.uses[number], float(seen.values[number]), int(instruments.nodes(self._graph)[number])
            dependent = np.flatnonzero(self._dependent(np.array([number], np.int32)))
            when = datetime.fromtimestamp(observed / 1000, UTC) if observed else None
            rows.append(
                PoorReading(
                    use.point,
                    use.what,
                    use.of,
                    Quality(int(seen.qualities[number])),
                    reason,
                    None if np.isnan(value) else value,
                    when,
                    None if when is None else round((at - when).total_seconds(), 3),
                    _ANOTHER if (use.what, use.of) in others else self._instead(use, node),
                    tuple(map(self._graph.id, dependent[:ENTITIES_MAX].tolist())),
                    len(dependent),
                )
            )
        return tuple(rows)

    def _instead(self, use: Use, node: int) -> str:
        graph, loads = self._graph, self._loads
        if use.what is What.POSITION:
            return f"its normal position, {'open' if graph.nodes.normally_open[node] else 'closed'}"
        if use.what is not What.LOAD:
            return _INSTEAD[use.what]
        slot = -1 if loads is None else int(loads.power_slot[node])
        if loads is None or slot < 0:
            return "nothing: it carries no power"
        kw = shown(float(loads.base.demand[slot].sum()))
        return f"{kw} kW{INSTEAD.get(Basis(int(loads.basis[slot])), ': nothing else is known of it')}"


_ANOTHER = "what another point of it says"
_INSTEAD: Mapping[What, str] = {
    What.SERVICE: "that it is in service",
    What.CHARGE: "that it is full",
    What.TEMPERATURE: "what the model makes of it",
    What.RUNS: "that it starts as it should",
    What.LEVEL: "that it is full",
    What.REMAINING: "what its charge and its load make of it",
}
GRADES = ("good", "uncertain", "stale", "bad", "silent")
SILENT = GRADES.index("silent")
_GRADE_OF = np.array([{0: 0, 1: 1, 2: 2, 3: 3, 4: 3, 5: SILENT}[quality] for quality in range(len(Quality))], np.uint8)
"""By quality; see `RestsOn`."""


def _graded(seen: Seen) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    grade = _GRADE_OF[seen.qualities]
    return np.where((grade == 0) & seen.refused, GRADES.index("bad"), grade).astype(np.uint8)
