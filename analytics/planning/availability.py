"""How available the supply of a load is, from how often things fail and how long they are down. After `docs/guides/planning.md`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf, isfinite, prod, sqrt

import numpy as np

from analytics.conditions import Conditions
from analytics.planning import diagram
from analytics.planning.common_cause import with_causes
from analytics.planning.down import why_down
from analytics.planning.lanes import PART, trials_down
from analytics.planning.rates import MTBF, MTTR, Groups, Rates, known, rates_of, stating
from analytics.state import plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.basis import Basis, basis_of
from analytics.sweeps.cuts import TRIED_MAX, search
from analytics.sweeps.fed import fed
from analytics.sweeps.proof import Chain, chain_of
from graph.errors import GraphError
from graph.ports import Progress
from graph.snapshot import Snapshot
from graph.values import Floats
from ontology.namespaces import compact
from ontology.terms import Ids
from ontology.vocabulary import Vocabulary

NODES_MAX = 1 << 20
"""Nodes of a decision diagram, some 50 MB; a load whose diagram is larger is answered by bounds."""
HOURS_A_YEAR = 8760.0
CUT_ORDER = 3
CONFIDENCE, Z = 0.95, 1.959963984540054
"""Of the interval of a simulation, and the quantile of the normal distribution that belongs to it."""
TRIALS_MAX = 10**11
LEFT_OUT_TOLD = 5
"""Things that state rates and cannot be counted that an answer names."""


@dataclass(frozen=True, slots=True)
class Component:
    """Something that supplies the load and has both rates."""

    id: str
    mtbf_hours: float
    mttr_hours: float
    down: float
    """The part of all time that it is down."""
    importance: float
    """How much likelier the load is down while this is, than while it stands (Birnbaum): 1 for a single point of failure."""
    share: float
    """The part of the load's unavailability that would go if this never failed. Shares need not sum up to 1."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "id": self.id,
            "mtbf_hours": self.mtbf_hours,
            "mttr_hours": self.mttr_hours,
            "down": self.down,
            "importance": self.importance,
            "share": self.share,
        }


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a Monte Carlo run found; equal seeds find the same."""

    trials: int
    seed: int
    down: int
    """Trials in which the load was down."""
    low: float
    high: float
    """The unavailability, with a confidence of 95 % (Wilson 1927)."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        low, high = self.low, self.high
        return {"trials": self.trials, "seed": self.seed, "down": self.down, "confidence": CONFIDENCE, "unavailability": [low, high]}


@dataclass(frozen=True, slots=True)
class Availability:
    """The availability of one load's supply. Equal questions give equal answers."""

    basis: Basis
    load: str
    media: tuple[str, ...]
    """The load is down when a supply of it in one of these does not hold."""
    method: str
    """`decision diagram`: exact; `cut sets`: between two bounds; `down before`: it is down with nothing failed."""
    low: float
    high: float
    """The unavailability: the part of all time that the load is down, from and to; equal where it is exact."""
    outages_a_year: float | None
    """How often it goes down; only where the method is exact."""
    components: tuple[Component, ...]
    """Those that count most first, then in order of ids; only where the method is exact."""
    missing: tuple[str, ...]
    """What can fail and states no rates, in order of ids: it counts as never failing, so the load is less available than told."""
    notes: tuple[str, ...]
    """What the answer stands on besides; of what is down with nothing failed, why."""
    simulated: Simulated | None

    @property
    def hours_an_outage(self) -> float | None:
        """The mean time until it is up again; None where it never goes down, or so seldom comes up that no number holds the time."""
        hours = self.low * HOURS_A_YEAR / self.outages_a_year if self.outages_a_year else inf
        return hours if isfinite(hours) else None

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            **self.basis.to_json(),
            "load": self.load,
            "media": list(self.media),
            "method": self.method,
            "availability": [1.0 - self.high, 1.0 - self.low],
            "unavailability": [self.low, self.high],
            "hours_down_a_year": [self.low * HOURS_A_YEAR, self.high * HOURS_A_YEAR],
            "outages_a_year": self.outages_a_year,
            "hours_an_outage": self.hours_an_outage,
            "components": [component.to_json() for component in self.components],
            "missing": list(self.missing),
            "notes": list(self.notes),
            "simulated": None if self.simulated is None else self.simulated.to_json(),
        }


def availability(
    snapshot: Snapshot,
    vocabulary: Vocabulary,
    graph: SupplyGraph,
    conditions: Conditions,
    load: str,
    media: Sequence[str] | None = None,
    *,
    trials: int = 0,
    seed: int = 1,
    nodes_max: int = NODES_MAX,
    tell: Progress | None = None,
) -> Availability:
    """The availability of what feeds a load (IRI or CURIE) in the given media (absent: all): each failure unit fails by itself, and so does
    what else states rates; a common-cause group that states them fails all its members.

    With `trials` the same is simulated too. The load's own failures count not; the switches stand as `conditions` say for ever. Raises
    `UnknownEntity` for an id or medium that the twin does not know, `GraphError` where nothing feeds the load, where nothing that does has
    rates, or for a number of trials out of range.

    Exact by a decision diagram of the load's structure function (Bryant 1986; the sum over all minimal cut sets made disjoint, as in IEC
    61025): cost some ms for a load of two paths with some hundred components, at most some seconds and `nodes_max` nodes. Beyond these
    between bounds from the minimal cut sets of up to three. A simulation costs the failures that it draws, not the trials.
    """
    if not 0 <= trials <= TRIALS_MAX or not 0 <= seed < 1 << 63:
        raise GraphError(f"{trials} trials with seed {seed}: ask for 1 to {TRIALS_MAX:,} trials and a seed of 0 or more, below 2**63")
    state = plant(graph, conditions)
    iri, node, pairs = fed(graph, state, load, media)
    named = tuple(graph.media[medium] for medium in state.wiring.pair_medium[pairs].tolist())
    basis = basis_of(graph, conditions, state)
    if state.base.failing[pairs].any():
        why = why_down(graph, conditions, state, pairs)
        return Availability(basis, iri, named, "down before", 1.0, 1.0, None, (), (), why, None)
    stated, causes, left_out = stating(snapshot, vocabulary, graph)
    can_fail = graph.nodes.failure_unit.copy()
    can_fail[stated] = True
    among = can_fail.copy()
    among[[node for of in causes.members for node in of.tolist()]] = True
    chain, units = chain_of(state, pairs, node, among)
    rates = rates_of(snapshot, vocabulary, graph, units)
    missing = tuple(graph.id(unit) for unit in units[~known(rates) & can_fail[units]].tolist())
    chain, ids, rates = _with_causes(chain, [graph.id(unit) for unit in units.tolist()], rates, causes, units)
    has = known(rates)
    if not has.any():
        raise GraphError(
            f"nothing that supplies {compact(iri)} has rates of failure and repair: state {compact(MTBF)} and {compact(MTTR)}, or say them "
            "of a class by dcx:defaultValue"
        )
    notes = (*rates.notes, *left_out[:LEFT_OUT_TOLD])
    if len(left_out) > LEFT_OUT_TOLD:
        notes = (*notes, f"so are {len(left_out) - LEFT_OUT_TOLD:,} more that state rates")
    down = np.where(has, rates.down, 0.0)
    simulated = simulate(chain, down, trials, seed, tell) if trials else None
    found = exact(chain, down, nodes_max)
    if found is None:
        low, high = _bounds(chain, down)
        return Availability(basis, iri, named, "cut sets", low, high, None, (), missing, notes, simulated)
    gone, importance = found
    outages = float(np.sum((importance / (rates.mtbf_hours + rates.mttr_hours))[has])) * HOURS_A_YEAR
    components = _components(ids, rates, importance, gone)
    return Availability(basis, iri, named, "decision diagram", gone, gone, outages, components, missing, notes, simulated)


def _with_causes(chain: Chain, ids: list[str], rates: Rates, causes: Groups, units: Ids) -> tuple[Chain, list[str], Rates]:
    """The chain, the ids of its units and their rates with those common causes that have a member in it."""
    members = [np.flatnonzero(np.isin(units, of)).astype(np.int32) for of in causes.members]
    here = [at for at, of in enumerate(members) if len(of)]
    if not here:
        return chain, ids, rates
    mtbf = np.concatenate((rates.mtbf_hours, causes.mtbf_hours[here]))
    mttr = np.concatenate((rates.mttr_hours, causes.mttr_hours[here]))
    notes = (*rates.notes, *(note for at in here for note in causes.notes[at]))
    return with_causes(chain, [members[at] for at in here]), [*ids, *(causes.ids[at] for at in here)], Rates(mtbf, mttr, notes)


def exact(chain: Chain, down: Floats, nodes_max: int = NODES_MAX) -> tuple[float, Floats] | None:
    """The unavailability and each unit's importance; None where the diagram has no room."""
    order, met = diagram.in_order(chain)
    variables = met[down[met] > 0]
    var_of = np.full(len(down), -1, np.int32)
    var_of[variables] = np.arange(len(variables), dtype=np.int32)
    made = diagram.empty(nodes_max, len(variables))
    root = diagram.structure(made, chain, order, var_of)
    if made.at[1]:
        return None
    of_variable = np.zeros(len(variables))
    unavailable = diagram.down_probability(made, root, down[variables], of_variable)
    importance = np.zeros(len(down))
    importance[variables] = of_variable
    return float(unavailable), importance


def _components(ids: Sequence[str], rates: Rates, importance: Floats, unavailable: float) -> tuple[Component, ...]:
    rows = zip(ids, *(column.tolist() for column in (rates.mtbf_hours, rates.mttr_hours, rates.down, importance)), strict=True)
    found = [
        Component(iri, mtbf, mttr, q, counts, counts * q / unavailable if unavailable > 0 else 0.0)
        for iri, mtbf, mttr, q, counts in rows
        if isfinite(q)
    ]
    return tuple(sorted(found, key=lambda each: (-round(each.share, 12), each.id)))


def _bounds(chain: Chain, down: Floats) -> tuple[float, float]:
    """The unavailability, from and to, by the minimal cut sets that could all be found: those of one, of up to two, or of up to three.

    Down is a set of failures that holds a cut set found, or has more failures than these: at most the sum of their probabilities and that
    of so many failures. At least the sum less that of every two together (Bonferroni 1936), and at least the likeliest.
    """
    order = CUT_ORDER
    sets, _, left_out = search(chain, order, TRIED_MAX)
    while left_out and order > 1:
        order -= 1
        sets, _, left_out = search(chain, order, TRIED_MAX)
    cuts = sorted((prod(down[list(cut)].tolist()), cut) for cut in sets)
    cuts = [each for each in cuts if each[0] > 0]
    single = sum(chance for chance, _ in cuts)
    some = cuts[-1000:]
    both = sum(prod(down[sorted({*one, *other})].tolist()) for (_, one), (_, other) in combinations(some, 2))
    low = max([chance for chance, _ in cuts[-1:]] + [sum(chance for chance, _ in some) - both, 0.0])
    return low, 1.0 if left_out else min(1.0, single + _more_than(down.tolist(), order))


def _more_than(down: Sequence[float], count: int) -> float:
    """The probability that more than `count` of some things are down at once: sums of positive terms only."""
    chance = np.zeros(count + 2)
    """That 0, 1, ... of those seen so far are down; the last: that more than `count` are."""
    chance[0] = 1.0
    for q in down:
        failing = chance[:-1] * q
        chance[:-1] *= 1 - q
        chance[1:] += failing
    return float(chance[-1])


def simulate(chain: Chain, down: Floats, trials: int, seed: int, tell: Progress | None = None) -> Simulated:
    """Draw so many trials, each unit being down by itself for its part of all time, and count those in which the load is."""
    order, _ = diagram.in_order(chain)
    count = 0
    for part in range(-(-trials // PART)):
        some = min(PART, trials - part * PART)
        count += trials_down(chain, order, down, seed, part, some)
        if tell is not None:
            tell("trials", part * PART + some, trials)
    low, high = _wilson(count, trials)
    return Simulated(trials, seed, count, low, high)


def _wilson(count: int, trials: int) -> tuple[float, float]:
    """The interval that a part of `count` of `trials` lies in (Wilson 1927)."""
    part, square = count / trials, Z * Z / trials
    middle, half = (part + square / 2) / (1 + square), Z * sqrt(part * (1 - part) / trials + square / (4 * trials)) / (1 + square)
    return (0.0 if count == 0 else middle - half), (1.0 if count == trials else middle + half)
