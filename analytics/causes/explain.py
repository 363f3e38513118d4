"""Root cause: the smallest sets of causes that explain what is seen down and up, the best first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analytics import kernel
from analytics.causes.priors import Priors
from analytics.causes.search import Causes, Search, effect_of
from analytics.causes.sightings import ITSELF, Columns, Sighting, Sightings, columns_of
from analytics.columns import distinct, without
from analytics.conditions import Conditions
from analytics.state import Bench, Plant, plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.basis import Basis, basis_of
from analytics.sweeps.units import KINDS, Unit, UnitKind, Units
from ontology.namespaces import compact, local_name
from ontology.terms import Ids

ORDER = 2
ORDER_MAX = 4
"""Causes that fail together, at most, that are looked for."""
FIRST = 3
KNOWN_MAX = 64
"""Things that say themselves that they are out, of which each is asked whether what is seen fits with it."""
NAMED_MAX = 5


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that has failed, as an explanation has it."""

    unit: Unit
    cls: str | None
    prior: float | None
    """In how many of a hundred outages things of its class were a cause; None where nobody says."""
    known: bool
    """A switch that stands open, as telemetry says, and normally does not."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {**self.unit.to_json(), "class": self.cls, "prior": self.prior, "known": self.known}


@dataclass(frozen=True, slots=True)
class Explanation:
    """One set of causes, and what it makes of the sightings. All ids are IRIs in order."""

    causes: tuple[Cause, ...]
    score: float
    """Sightings left open or contradicted, and what the causes cost; the lower the better."""
    explains: tuple[str, ...]
    """Seen down, and down by these causes."""
    unexplained: tuple[str, ...]
    """Seen down, and up by these causes."""
    contradicts: tuple[str, ...]
    """Seen up, and down by these causes."""
    unknown: tuple[str, ...]
    """What says nothing that can be used, and is down by these causes."""
    supplies: int
    """(node, medium) that do not hold by these causes, seen or not."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "causes": [cause.to_json() for cause in self.causes],
            "score": self.score,
            "explains": list(self.explains),
            "unexplained": list(self.unexplained),
            "contradicts": list(self.contradicts),
            "unknown": list(self.unknown),
            "supplies": self.supplies,
        }


@dataclass(frozen=True, slots=True)
class RootCause:
    """The answer; all ids are IRIs in order. Equal questions give equal answers."""

    basis: Basis
    down: tuple[str, ...]
    """Seen down, and to be explained."""
    up: tuple[str, ...]
    unknown: tuple[str, ...]
    opened: tuple[str, ...]
    """What is seen out itself: switches that stand open, as telemetry says, and normally do not."""
    before: tuple[str, ...]
    """Seen down, and without a supply in the model with nothing failed: no failure explains it."""
    explanations: tuple[Explanation, ...]
    order: int
    tried: int
    """Sets of causes that were tried."""
    left_out: str
    """What was not looked into; empty when nothing was."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            **self.basis.to_json(),
            "down": list(self.down),
            "up": list(self.up),
            "unknown": list(self.unknown),
            "opened": list(self.opened),
            "before": list(self.before),
            "explanations": [each.to_json() for each in self.explanations],
            "order": self.order,
            "tried": self.tried,
            "left_out": self.left_out,
        }


def root_cause(
    graph: SupplyGraph,
    conditions: Conditions,
    sightings: Sightings,
    *,
    priors: Priors | None = None,
    units: Units | None = None,
    order: int = ORDER,
    first: int = FIRST,
) -> RootCause:
    """The `first` best sets of up to `order` causes that explain what is seen; causes are `units`, each piece of equipment when not given.

    The plant is taken as it should stand. A switch that stands open and normally does not is a cause that is known, beside which `order`
    others are looked for; what telemetry says is out of service, upstream of what is seen down, is seen down, too. Raises `UnknownEntity`
    for an id that the twin does not know, `ValueError` for an order or a number out of range.

    Cost: the damage of each unit upstream of what is seen down, and that of those that contradict little some hundred times; some tens of
    milliseconds on a site of 100,000. See `analytics/causes/search.py` for what is tried.
    """
    if not 1 <= order <= ORDER_MAX:
        raise ValueError(f"up to {order} causes are asked for: give 1 to {ORDER_MAX}")
    if first < 1:
        raise ValueError(f"the first {first} explanations are asked for: give 1 or more")
    asked = _Asked.of(graph, conditions, sightings, priors or Priors.none(graph), Units.equipment(graph) if units is None else units)
    found: list[Explanation] = []
    tried, left_out = 0, ""
    if asked.storm:
        with asked.state.bench() as bench:
            search = Search(asked.state, bench, asked.columns, asked.units, asked.known, asked.priors.counted(asked.units))
            search.run((), order)
            if len(asked.known):
                search.run(search.fitting(tuple(asked.known[:KNOWN_MAX].tolist())), order)
            found, tried, left_out = asked.explanations(search, bench, first), search.tried, search.left_out
    told = asked.columns.told
    return RootCause(
        asked.basis(conditions, found),
        tuple(each.id for each in told if each.down and not each.of_itself),
        tuple(each.id for each in told if not each.down),
        sightings.unknown,
        asked.opened,
        asked.columns.before,
        tuple(found),
        order,
        tried,
        left_out,
    )


@dataclass(frozen=True, eq=False)
class _Asked:
    """One question, laid out: the plant as it should stand, and the sightings over it."""

    graph: SupplyGraph
    state: Plant
    columns: Columns
    units: Units
    priors: Priors
    sightings: Sightings
    opened: tuple[str, ...]
    known: Ids
    """The units that are such switches, and upstream of something that is seen down; ascending."""
    storm: bool
    """Whether anything is seen down that must be explained."""
    silenced: int
    """How many are seen up and say nothing, for they may be carried by a store of energy."""

    @staticmethod
    def of(graph: SupplyGraph, conditions: Conditions, sightings: Sightings, priors: Priors, units: Units) -> _Asked:
        should, opened = _as_it_should_stand(graph, conditions)
        state = plant(graph, should)
        heard = _heard(graph, state, sightings)
        opened |= {each.id for each in heard if each.of_itself}
        rest = [each for each in heard if not each.of_itself]
        down = columns_of(graph, state, [each for each in rest if each.down])
        above = kernel.upstream(state.wires, state.base.live, state.slots(distinct(down.node)))
        may_matter = np.zeros(len(graph.nodes), dtype=np.bool_)
        may_matter[state.wiring.slot_node[np.flatnonzero(above)]] = True
        said = {each.id for each in rest}
        out = [iri for iri in sorted(conditions.out) if iri not in said and (node := graph.find(iri)) is not None and may_matter[node]]
        nodes = np.array([node for iri in sorted(opened) if (node := graph.find(iri)) is not None and may_matter[node]], dtype=np.int32)
        more = [*(Sighting(iri, True) for iri in out), *(Sighting(graph.id(node), True, ITSELF) for node in nodes.tolist())]
        columns, known = columns_of(graph, state, [*rest, *more]), _single(units, nodes)
        silenced = len(sightings.told) - len(heard)
        return _Asked(graph, state, columns, units, priors, sightings, tuple(sorted(opened)), known, bool(down.told), silenced)

    @cached_property
    def _silent(self) -> Ids:
        """The nodes that say nothing, ascending, as are their ids."""
        found = self.graph.numbers_of(self.sightings.unknown)
        return distinct(found[found >= 0])

    def explanations(self, search: Search, bench: Bench, first: int) -> list[Explanation]:
        """The best of what a search has found, each with what it makes of the sightings."""
        found: dict[Causes, Explanation] = {}
        for causes in search.best()[: 4 * first + 4]:
            needed = self._needed(causes, bench)
            if needed and needed not in found:
                found[needed] = self._explanation(needed, search, bench)
        return [found[causes] for causes in sorted(found, key=lambda causes: _rank(causes, found[causes], search))[:first]]

    def _needed(self, causes: Causes, bench: Bench) -> Causes:
        """A set of causes without those that explain nothing that the others do not, the known ones among them."""
        for unit in sorted(causes, key=lambda each: (each not in self.known, each)):
            rest = tuple(each for each in causes if each != unit)
            if not len(without(self._reached(causes, bench), self._reached(rest, bench))):
                causes = rest
        return causes

    def _reached(self, causes: Causes, bench: Bench) -> Ids:
        """The sightings that some causes reach, those of open switches themselves left out."""
        reached, _ = effect_of(self.state, bench, self.columns, _nodes(self.units, causes))
        return reached[~self.columns.of_itself[reached]]

    def _explanation(self, causes: Causes, search: Search, bench: Bench) -> Explanation:
        nodes, columns, state = _nodes(self.units, causes), self.columns, self.state
        reached = np.zeros(len(columns.told), dtype=np.bool_)
        reached[self._reached(causes, bench)] = True
        downs = (columns.seen.down == 1) & ~columns.of_itself
        open_ones, against = columns.ids(downs & ~reached), columns.ids(reached & ~downs)
        dead, fallen, _ = kernel.cascade(state.wires, state.ring, bench.now, bench.work, state.slots(nodes), state.base.counts)
        hit = np.zeros(len(self.graph.nodes), dtype=np.bool_)
        hit[state.wiring.pair_node[bench.work.fallen[:fallen]]] = True
        kernel.revive(state.wires, bench.now, bench.work.dead, 0, dead)
        hit[nodes] = True
        return Explanation(
            tuple(self._cause(unit) for unit in causes),
            round(len(open_ones) + len(against) + search.costs(causes), 6),
            columns.ids(downs & reached),
            open_ones,
            against,
            tuple(self.graph.id(node) for node in self._silent[hit[self._silent]].tolist()),
            int(fallen),
        )

    def _cause(self, unit: int) -> Cause:
        named, node = self.units.unit(unit), int(self.units.named[unit])
        alone = named.kind is UnitKind.EQUIPMENT
        prior = float(self.priors.percent[node]) if alone else float("nan")
        return Cause(
            named,
            self.graph.class_iri(node) if alone else None,
            prior if np.isfinite(prior) else None,
            bool(np.isin(unit, self.known)),
        )

    def basis(self, conditions: Conditions, found: list[Explanation]) -> Basis:
        """What the answer rests on."""
        basis = basis_of(self.graph, conditions, self.state)
        columns, unsaid = self.columns, []
        rare = sorted({local_name(cause.cls or cause.unit.id) for each in found for cause in each.causes if cause.prior is None})
        if rare and np.isfinite(self.priors.percent).any():
            unsaid.append(f"no failure prior is stated for {', '.join(rare)}: {self.priors.unstated:g} % counts, half of the rarest stated")
        for what, names in (
            ("play no part in supply: what is seen of them says nothing", columns.outside),
            ("are seen up, though the model has them without a supply with nothing failed: that says nothing", columns.dark),
        ):
            if names:
                unsaid.append(f"{len(names):,} {what} ({_named(names)})")
        if found and columns.seen.down.all():
            unsaid.append("nothing is seen up: what is not named says nothing; name what is up, and causes that reach further fall behind")
        if self.silenced:
            unsaid.append(f"{self.silenced:,} that are seen up say nothing: stored energy may carry them")
        return replace(basis, assumed=(*self.sightings.notes, *unsaid, *self.priors.notes, *basis.assumed))


def _rank(causes: Causes, found: Explanation, search: Search) -> tuple[float, int, int, float, int, Causes]:
    """By score, then the smaller, that which contradicts less, the more usual, that which takes down less that nobody sees; by ids."""
    return found.score, len(causes), len(found.contradicts), -search.often(causes), found.supplies, causes


def _as_it_should_stand(graph: SupplyGraph, conditions: Conditions) -> tuple[Conditions, set[str]]:
    """The conditions with nothing out of service and every switch closed that stands open and normally does not; and these switches."""
    normally = set(graph.normally_open.tolist())
    opened = {
        iri
        for iri, stands in conditions.positions.items()
        if stands.is_open and (node := graph.find(iri)) is not None and graph.nodes.switch[node] and node not in normally
    }
    kept = {iri: stands for iri, stands in conditions.positions.items() if iri not in opened}
    return replace(conditions, positions=kept, out={}), opened


def _heard(graph: SupplyGraph, state: Plant, sightings: Sightings) -> list[Sighting]:
    """The sightings without those of things that are up and may be carried by a store of energy."""
    if not sightings.carried:
        return list(sightings.told)
    nodes = graph.numbers_of(sightings.carried)
    nodes = distinct(nodes[nodes >= 0])
    pairs = np.flatnonzero(kernel.reach(state.wires, state.base.live, state.slots(nodes)))
    behind = np.zeros(len(graph.nodes) + 1, dtype=np.bool_)
    behind[state.wiring.pair_node[pairs]] = behind[nodes] = True
    told = zip(sightings.told, behind[graph.numbers_of(each.id for each in sightings.told)].tolist(), strict=True)
    return [each for each, is_behind in told if each.down or not is_behind]


def _single(units: Units, nodes: Ids) -> Ids:
    """The units that are one of the given nodes alone, ascending."""
    alone = np.flatnonzero((units.kind == KINDS.index(UnitKind.EQUIPMENT)) & (np.diff(units.at) == 1))
    return alone[np.isin(units.nodes[units.at[:-1][alone]], nodes)].astype(np.int32)


def _nodes(units: Units, causes: Causes) -> Ids:
    return distinct(np.concatenate([np.empty(0, np.int32), *(units.nodes_of(unit) for unit in causes)]))


def _named(ids: tuple[str, ...]) -> str:
    return ", ".join(compact(iri) for iri in ids[:NAMED_MAX]) + (", ..." if len(ids) > NAMED_MAX else "")
