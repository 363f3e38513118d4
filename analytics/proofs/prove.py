"""Is the site concurrently maintainable, is it fault tolerant? After `docs/guides/proofs.md`.

Rules of this file:

1. A proof is a trial of everything: it holds because each thing was out in turn and no load was lost, and it names what was tried.
2. What lacks a supply with nothing out is a counter-example of no failure at all: no proof holds over it.
3. The smallest counter-example: fewest nodes out, then most kW lost, then most loads, then in order of kinds and ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analytics.capacity.effects import assess_loaded
from analytics.capacity.flow import Loads, loads_of
from analytics.capacity.told import overloads, stands_on, trips
from analytics.conditions import Conditions, Position
from analytics.impact import Outcome, OutcomeKind
from analytics.proofs.certificate import Breach, Certificate, CounterExample, Line
from analytics.proofs.components import components, it_left_out, together
from analytics.proofs.load import ItLoad, it_load, loads_of_pairs
from analytics.proofs.response import OnTheWay, Response, named, on_the_way
from analytics.proofs.trial import Trial, trial
from analytics.proofs.why import first_outcomes
from analytics.state import Plant, plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.basis import basis_of
from analytics.sweeps.units import Units
from analytics.time.story import span
from analytics.time.timeline import HORIZON_S
from graph.errors import GraphError
from graph.ports import Progress
from ontology.namespaces import compact, expand

BREACHES_TOLD = 100
OUTCOMES_TOLD = 20
DARK_TOLD = 20
CLEARED = "a fault is cleared by the thing's own protection: what feeds it stays up"
AT_REST = (
    "transfer switches take any input that is live, and sources start, without a gap: what bridges the gap is a matter of time, "
    "which this proof was not asked about"
)
FAULTS = "single faults"
ROOMS = "each room as one fault"
ON_THE_WAY = "single faults, second by second"


@dataclass(frozen=True, slots=True)
class Question:
    """What must be kept, and what may be out. `media` and `load` as in `analytics.proofs.load.it_load`."""

    media: Sequence[str] | None = None
    load: Sequence[str] | None = None
    close: Sequence[str] = ()
    """Switches that are closed before anything is taken out, as a procedure would; only of `concurrently_maintainable`."""
    it: bool = False
    """Whether racks, IT equipment and services are taken out in turn, too."""
    first: int = BREACHES_TOLD
    """How many breaches are told."""
    ids: bool = False
    """Whether all that was tried is named."""


def concurrently_maintainable(
    graph: SupplyGraph, conditions: Conditions, paths: Units | None = None, asked: Question = Question(), progress: Progress | None = None
) -> Certificate:
    """Whether every component and every path can be taken out in turn, planned, with all IT load kept within ratings.

    `paths` are the feed sides of `analytics.sweeps.units`. Raises as `it_load`. Cost: the damage of each thing, and where ratings are
    stated one cascade of load each; one blast radius for the counter-example.
    """
    proof = _Proof(graph, _closed(graph, conditions, asked.close), asked, progress)
    tried = components(graph, it=asked.it)
    main = proof.line("components and paths", proof.trial("components and paths", tried if paths is None else together(tried, paths)))
    return proof.certificate(
        "concurrently maintainable",
        "every component and every path out in turn, planned: all IT load is kept within ratings",
        "Uptime Tier III, TIA-942 Rated-3, EN 50600 class 3",
        (main, None, ()),
        (_planned(asked.close),),
    )


def fault_tolerant(
    graph: SupplyGraph,
    conditions: Conditions,
    groups: Units | None = None,
    rooms: Units | None = None,
    asked: Question = Question(),
    progress: Progress | None = None,
    response: Response | None = None,
) -> Certificate:
    """Whether all IT load survives every single fault: of each component, and of each group with a common cause.

    With a `response` it must be kept on the way, too, second by second, with what bridges and starts then (`analytics/proofs/response.py`).

    `rooms` are tried, too, each as one fault, as a line of its own that the proof does not stand and fail with; of it racks and IT
    equipment outside the room must be kept, services are not asked about. Raises and costs as `concurrently_maintainable`.
    """
    proof = _Proof(graph, conditions, asked, progress)
    faults = components(graph, it=asked.it)
    tried = proof.trial(FAULTS, faults if groups is None else together(faults, groups))
    way, notes = (None, (CLEARED, AT_REST)) if response is None else _with_note(proof.on_the_way(tried, response))
    beside = () if rooms is None or proof.all_services else (proof.line(ROOMS, proof.trial(ROOMS, rooms, services=False), services=False),)
    return proof.certificate(
        "fault tolerant",
        "every single fault, worst case, with the plant's own response: all IT load is kept within ratings",
        "Uptime Tier IV, TIA-942 Rated-4, EN 50600 class 4",
        (proof.line(FAULTS, tried), way, beside),
        notes,
    )


def refuse_unaskable(graph: SupplyGraph, conditions: Conditions, asked: Question) -> None:
    """Raise at once what the proof of a question would raise. Cost: the state of the plant, which the proof then has."""
    it_load(graph, plant(graph, _closed(graph, conditions, asked.close)), asked.media, asked.load)


def _with_note(found: tuple[Line, str]) -> tuple[Line, tuple[str, ...]]:
    return found[0], (CLEARED, found[1])


def _closed(graph: SupplyGraph, conditions: Conditions, switches: Sequence[str]) -> Conditions:
    """The same conditions, some switches closed. Raises `UnknownEntity`, and `GraphError` for what is no switch."""
    full, _ = graph.resolve(switches)
    for iri in full:
        node = graph.find(iri)
        if node is None or not graph.nodes.switch[node]:
            raise GraphError(f"{compact(iri)} is no switch, so it cannot be closed first")
    closed = Position(is_open=False, from_telemetry=False)
    return replace(conditions, positions={**conditions.positions, **dict.fromkeys(full, closed)})


def _planned(switches: Sequence[str]) -> str:
    if not switches:
        return "switches stay as they stand: a tie that could be closed first is not closed"
    named = ", ".join(compact(expand(each)) for each in sorted(switches))
    return f"closed first, as a procedure would: {named}; the other switches stay as they stand"


class _Proof:
    """One proof under way."""

    def __init__(self, graph: SupplyGraph, conditions: Conditions, asked: Question, progress: Progress | None) -> None:
        self._graph, self._conditions, self._asked, self._progress = graph, conditions, asked, progress
        self._state: Plant = plant(graph, conditions)
        self._load = it_load(graph, self._state, asked.media, asked.load)
        self._rated: Loads | None = loads_of(graph, self._state, conditions)

    @property
    def all_services(self) -> bool:
        """Whether the load is of services alone."""
        return not _without_services(self._load).supplies.any()

    def trial(self, name: str, units: Units, *, services: bool = True) -> Trial:
        """All the given units out in turn; `services`: whether they are load, too."""
        load = self._load if services else _without_services(self._load)
        return trial(self._graph, self._state, load, units, self._rated, self._progress, name)

    def line(self, name: str, tried: Trial, *, services: bool = True) -> Line:
        """What a trial found."""
        load, units = self._load if services else _without_services(self._load), tried.units
        rows = tried.breaches
        breaches = tuple(self._breach(tried, load, row) for row in rows[: self._asked.first].tolist())
        counter = None if len(rows) == 0 else self._counter_example(tried, load, int(rows[0]))
        every = np.arange(len(units), dtype=np.int32)
        ids = tuple(units.unit(row).id for row in every.tolist()) if self._asked.ids else None
        return Line(name, tried.by_kind(every), tried.by_kind(rows), breaches, counter, ids)

    def on_the_way(self, tried: Trial, response: Response) -> tuple[Line, str]:
        """What the faults that a trial found harmless do second by second, and what that rests on."""
        found, followed = on_the_way(self._state, self._conditions, self._load, tried, response, self._progress)
        units = tried.units
        found.sort(key=lambda gap: (len(units.nodes_of(gap.row)), -self._load.count(gap.lost).it_load_kw, -len(gap.lost), gap.row))
        breaches = tuple(self._gap(units, gap) for gap in found[: self._asked.first])
        harmless = np.setdiff1d(np.arange(len(units), dtype=np.int32), tried.breaches)
        example = None if not found else CounterExample(breaches[0], *self._gaps_told(units, found[0]), (), ())
        bad = np.array([gap.row for gap in found], dtype=np.int32)
        readings = response.charges.readings
        full = f"as {len(readings):,} readings of charge say, else full" if readings else "full: no reading says how full they are"
        note = (
            f"second by second {followed:,} faults were followed for {span(HORIZON_S)}; the others harm and trip nothing even if nothing "
            f"bridged; stores are {full}; a rack is judged by what is mounted in it"
        )
        return Line(ON_THE_WAY, tried.by_kind(harmless), tried.by_kind(bad), breaches, example), note

    def _gap(self, units: Units, gap: OnTheWay) -> Breach:
        return Breach(units.unit(gap.row), len(units.nodes_of(gap.row)), self._load.count(gap.lost), overloads=False, after_s=gap.after_s)

    def _gaps_told(self, units: Units, gap: OnTheWay) -> tuple[tuple[Outcome, ...], int]:
        """The first of the supplies with a gap, as outcomes, and how many more there are."""
        graph, wiring = self._graph, self._state.wiring
        nodes, media = wiring.pair_node[gap.supplies], wiring.pair_medium[gap.supplies]
        order = np.lexsort((media, nodes))[:OUTCOMES_TOLD].tolist()
        failed, more = named(units, gap.row), len(nodes) - len(order)
        told = [
            (graph.id(node), graph.class_iri(node), graph.label(node), graph.media[medium], gap.seconds[at])
            for at, node, medium in ((at, int(nodes[at]), int(media[at])) for at in order)
        ]
        lost = OutcomeKind.LOST
        return tuple(Outcome(iri, cls, label, medium, lost, failed, (), (), seconds) for iri, cls, label, medium, seconds in told), more

    def _breach(self, tried: Trial, load: ItLoad, row: int) -> Breach:
        nodes = tried.units.nodes_of(row)
        lost = tried.lost_by(self._state, load, self._rated, row)
        return Breach(tried.units.unit(row), len(nodes), load.count(lost), bool(tried.overloads[row]))

    def _counter_example(self, tried: Trial, load: ItLoad, row: int) -> CounterExample:
        failed = tried.units.nodes_of(row)
        damage, moved = assess_loaded(self._state, self._rated, failed, self._graph.nodes.failure_unit, further=False)
        told, all_of = first_outcomes(self._state, load, self._rated, damage, failed, OUTCOMES_TOLD)
        return CounterExample(
            self._breach(tried, load, row),
            told,
            all_of - len(told),
            trips(self._graph, self._rated, moved),
            overloads(self._graph, self._rated, moved),
        )

    def certificate(
        self, question: str, rule: str, asked_by: str, lines: tuple[Line, Line | None, tuple[Line, ...]], notes: tuple[str, ...]
    ) -> Certificate:
        """The answer; `lines` are what is kept in the end, on the way, and what is told beside."""
        graph, load = self._graph, self._load
        dark = loads_of_pairs(self._state, np.flatnonzero((self._state.base.failing > 0) & load.supplies).astype(np.int32))
        more = [*notes, self._ratings()]
        if not self._asked.it and (untried := it_left_out(graph)):
            more.append(f"{untried:,} racks, pieces of IT equipment and services are not taken out themselves")
        if lines[2]:
            more.append("of a room's fault racks and IT equipment elsewhere must be kept; services are not asked about")
        return Certificate(
            question,
            rule,
            asked_by,
            basis_of(graph, self._conditions, self._state, with_load=True),
            load.media,
            load.count(load.nodes),
            load.count(dark),
            tuple(graph.id(node) for node in dark[:DARK_TOLD].tolist()),
            *lines,
            (*more, *load.unfed_told()),
        )

    def _ratings(self) -> str:
        if self._rated is None:
            return "ratings play no part: the model states none"
        return f"ratings count as far as the model states them; {stands_on(self._rated, self._conditions)}"


def _without_services(load: ItLoad) -> ItLoad:
    """The same load, services left out."""
    is_load = load.is_load.copy()
    is_load[load.graph.loads.services] = False
    supplies = load.supplies & is_load[load.pair_node]
    return replace(load, nodes=load.nodes[is_load[load.nodes]], is_load=is_load, supplies=supplies)
