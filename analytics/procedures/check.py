"""A switching procedure run against the twin, step by step: what each step costs, whether policy allows it, and an order that is safe.

After `docs/guides/proofs.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.capacity.cascade import Cascade
from analytics.capacity.effects import assess_loaded
from analytics.capacity.pairs import nodes_of, power_pairs
from analytics.capacity.told import Overload, Trip, cut_short, overloads, trips
from analytics.columns import distinct, without
from analytics.conditions import Conditions
from analytics.damage import Damage
from analytics.figures import shown_apart
from analytics.impact import KINDS, LOST, OVERLOADED, OutcomeKind, reasons
from analytics.procedures.order import SafeOrder, safe_order
from analytics.procedures.states import Out, States
from analytics.procedures.steps import SWITCHING, Act, Policy, Procedure, ProcedureError, Step
from analytics.proofs.load import Counts
from analytics.proofs.why import first_outcomes
from analytics.state import plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.basis import Basis, basis_of
from analytics.time.story import span
from ontology.namespaces import compact
from ontology.terms import Ids

REASONS_TOLD = 20
LOADS_NAMED = 100
NOTES = (
    "each step is judged by what stands when it is done: what happens while a switch moves is not part of this check",
    "time is not part of this check: a state that stands for less long than a trip takes is judged as though it stood for good",
)
RATED_NOTES = (
    "what trips at a step counts as reset before the next",
    "redundancy is judged without load: what a further failure would trip, `ridethrough impact` says",
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a step is refused, of one supply of one load, or of one thing that carries more than it may."""

    id: str
    medium: str
    outcome: OutcomeKind
    """`LOST` (of a thing that is no load: it trips), `OVERLOADED` or `NO_REDUNDANCY`."""
    evidence: tuple[str, ...]
    """For `LOST` and `OVERLOADED` a smallest set of what is open or isolated that alone does it, empty where all switches of the procedure
    closed do; for `NO_REDUNDANCY` a thing that it now hangs by."""
    path: tuple[str, ...]
    """For `LOST` and `OVERLOADED`: a shortest chain from one of the evidence to it, along supply or to where load has moved."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "id": self.id,
            "medium": self.medium,
            "outcome": self.outcome.value,
            "evidence": list(self.evidence),
            "path": list(self.path),
        }


@dataclass(frozen=True, slots=True)
class Done:
    """What stands when a step is done."""

    step: Step
    lost: Counts
    """Loads that a supply of held before the step and does not now."""
    lost_ids: tuple[str, ...]
    """The first of them."""
    back: Counts
    """Loads of which a supply holds again."""
    down: Counts
    """Loads of which a supply held at the start and does not now."""
    without_redundancy: Counts
    """Loads that are up and hang by one thing that they did not hang by at the start."""
    trips: tuple[Trip, ...]
    """What opens in this state because it carries too much, in order of time; it is out in all other figures."""
    overloaded: tuple[Overload, ...]
    """What is up and carries more than it may and than at the start, in order of ids."""
    open_switches: tuple[str, ...]
    """Those of the procedure that are open now."""
    isolated: tuple[str, ...]
    findings: tuple[str, ...]
    refused: tuple[str, ...]
    """Why policy does not allow the step; empty where it does."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            **self.step.to_json(),
            "lost": {**self.lost.to_json(), "first": list(self.lost_ids)},
            "back": self.back.to_json(),
            "down": self.down.to_json(),
            "without_redundancy": self.without_redundancy.to_json(),
            "trips": [trip.to_json() for trip in self.trips],
            "overloaded": [overload.to_json() for overload in self.overloaded],
            "open": list(self.open_switches),
            "isolated": list(self.isolated),
            "findings": list(self.findings),
            "refused": list(self.refused),
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer of one check. Equal questions give equal answers."""

    name: str
    basis: Basis
    by_supply_alone: str
    """Why ratings play no part; empty where they do."""
    policy: Policy
    load: Counts
    steps: tuple[Done, ...]
    """All of them, each as though those before it had been done, allowed or not."""
    because: tuple[Reason, ...]
    """Why the first refused step is refused, in order of ids; the first of them."""
    safe: SafeOrder | None
    """Looked for only where a step is refused."""
    notes: tuple[str, ...]

    @property
    def first_refused(self) -> Done | None:
        """The first step that policy does not allow."""
        return next((done for done in self.steps if done.refused), None)

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        refused = self.first_refused
        return {
            "name": self.name,
            "allowed": refused is None,
            **self.basis.to_json(),
            "by_supply_alone": self.by_supply_alone or None,
            "policy": self.policy.to_json(),
            "load": self.load.to_json(),
            "steps": [done.to_json() for done in self.steps],
            "first_refused": None if refused is None else refused.step.id,
            "because": [reason.to_json() for reason in self.because],
            "safe_order": None if self.safe is None else self.safe.to_json(),
            "notes": list(self.notes),
        }


def check(
    procedure: Procedure,
    graph: SupplyGraph,
    conditions: Conditions,
    media: Sequence[str] | None = None,
    load: Sequence[str] | None = None,
) -> Checked:
    """Run a procedure from where the switches stand, and where a step is refused look for an order of the same steps that is not.

    Where the model states ratings and a load is known, the load of each state is held against them.

    Raises `UnknownEntity` for what the twin does not know, `ProcedureError` for an `open` or `close` of what is no switch, and as
    `analytics.proofs.load.it_load`. Cost: all single failures once a step, and where ratings count one
    cascade of load; for the search, the damage or the cascade of each state, and where policy bounds what is without redundancy
    all single failures once a state.
    """
    run = _Run(procedure, graph, conditions, media, load)
    steps = tuple(run.steps())
    refused = next((number for number, done in enumerate(steps) if done.refused), None)
    states = run.states
    return Checked(
        procedure.name,
        basis_of(graph, conditions, plant(graph, conditions), with_load=True),
        states.ratings.why_not,
        procedure.policy,
        states.load.count(states.load.nodes),
        steps,
        () if refused is None else run.because(refused),
        None if refused is None else safe_order(procedure.steps, run.start, run.after, run.allowed),
        (*NOTES, *(RATED_NOTES if not states.ratings.why_not else ()), *states.ratings.notes, *states.load.unfed_told()),
    )


class _Run:
    """One procedure against one state of the twin."""

    def __init__(
        self,
        procedure: Procedure,
        graph: SupplyGraph,
        conditions: Conditions,
        media: Sequence[str] | None,
        load: Sequence[str] | None,
    ) -> None:
        self._procedure, self._graph = procedure, graph
        self._node = {step.id: self._resolved(step) for step in procedure.steps}
        switches = [node for step in procedure.steps if step.act in SWITCHING and (node := self._node[step.id]) is not None]
        self.states = States(graph, conditions, switches, media, load)
        self.start: _Out = (self.states.start, frozenset())

    def _resolved(self, step: Step) -> int | None:
        if step.act is Act.NOTE:
            return None
        self._graph.resolve([step.of])
        node = self._graph.find(step.of)
        if step.act in SWITCHING and (node is None or not self._graph.nodes.switch[node]):
            raise ProcedureError(f"step {step.id!r}: {compact(step.of)} is no switch to {step.act}: isolate or restore it")
        if node is None:
            raise ProcedureError(
                f"step {step.id!r}: {compact(step.of)} plays no part in supply itself, so what it takes with it cannot be told: name what "
                "is in it one by one (`ridethrough impact --isolate` lists it by --json), or write a note"
            )
        return node

    def after(self, out: _Out, step: Step) -> _Out:
        """What is out when a step is done."""
        node = self._node[step.id]
        if node is None:
            return out
        opened, isolated = out
        if step.act in SWITCHING:
            return (opened | {node} if step.act is Act.OPEN else opened - {node}), isolated
        return opened, (isolated | {node} if step.act is Act.ISOLATE else isolated - {node})

    def allowed(self, before: _Out, after: _Out) -> bool:
        """Whether policy allows to go from one state to another."""
        return not self._refusals(_all(before), _all(after))

    def steps(self) -> list[Done]:
        """All steps in the order of the procedure."""
        done: list[Done] = []
        out = self.start
        for step in self._procedure.steps:
            after = self.after(out, step)
            done.append(self._done(step, out, after))
            out = after
        return done

    def _done(self, step: Step, before: _Out, after: _Out) -> Done:
        states, graph = self.states, self._graph
        was, now = states.of(_all(before)), states.of(_all(after))
        count = states.load.count
        lost = states.loads(was.holds & ~now.holds & ~states.own(_all(after)))
        opened, isolated = (tuple(graph.id(node) for node in sorted(which)) for which in after)
        return Done(
            step,
            count(lost),
            tuple(graph.id(node) for node in lost[:LOADS_NAMED].tolist()),
            count(states.loads(now.holds & ~was.holds)),
            count(states.loads(now.down)),
            count(states.loads(states.exposed(_all(after)) >= 0)),
            trips(graph, states.ratings.loads, now.moved),
            overloads(graph, states.ratings.loads, now.moved),
            opened,
            isolated,
            (*self._findings(step, before, after), *self._overload_told(was.moved, now.moved)),
            self._refusals(_all(before), _all(after)),
        )

    def _findings(self, step: Step, before: _Out, after: _Out) -> tuple[str, ...]:
        node = self._node[step.id]
        if step.act is Act.NOTE:
            return ()
        name = compact(step.of)
        if before == after:
            stands = {Act.OPEN: "is open", Act.CLOSE: "is closed", Act.ISOLATE: "is isolated", Act.RESTORE: "is not isolated"}[step.act]
            return (f"{name} {stands} already",)
        if step.act is Act.CLOSE and node in after[1]:
            return (f"{name} is isolated: closing it changes nothing before it is restored",)
        return ()

    def _overload_told(self, was: Cascade, now: Cascade) -> Iterator[str]:
        """What trips or is overloaded now and was not before."""
        graph, loads = self._graph, self.states.ratings.loads
        known = {graph.id(node) for node in was.tripped.tolist()}
        for trip in trips(graph, loads, now):
            if trip.id not in known:
                load, rated = shown_apart(trip.load_kw, trip.rated_kw)
                yield f"{compact(trip.id)} trips after {span(trip.after_s)}: it carries {load} kW and is rated {rated} kW"
        known = {graph.id(node) for node in was.overloaded.tolist()}
        for over in overloads(graph, loads, now):
            if over.id not in known:
                load, limit = shown_apart(over.load_kw, over.limit_kw)
                yield f"{compact(over.id)} carries {load} kW and may carry {limit} kW continuously"
        if not now.complete:
            yield cut_short(now)

    def _refusals(self, before: Out, after: Out) -> tuple[str, ...]:
        states, policy = self.states, self._procedure.policy
        was, now = states.of(before), states.of(after)
        reasons = []
        down = states.loads(now.down)
        if len(down) > policy.load_lost_max and (now.down & ~was.down).any():
            counts = states.load.count(down)
            reasons.append(f"{len(down):,} loads ({counts.it_load_kw:,.1f} kW) are down; policy allows {policy.load_lost_max:,}")
        over = _beyond(now.moved)
        if len(over) > policy.overloaded_max and len(without(over, _beyond(was.moved))):
            reasons.append(
                f"{len(over):,} {'thing carries' if len(over) == 1 else 'things carry'} too much; policy allows {policy.overloaded_max:,}"
            )
        most = policy.without_redundancy_max
        if most is not None:
            threat = states.exposed(after)
            exposed = states.loads(threat >= 0)
            if len(exposed) > most and ((threat >= 0) & (states.exposed(before) < 0)).any():
                reasons.append(f"{len(exposed):,} loads are without redundancy; policy allows {most:,}")
        return tuple(reasons)

    def because(self, number: int) -> tuple[Reason, ...]:
        """Why the step of a number is refused: loads that are down, else what is overloaded, else what is without redundancy."""
        before = out = self.start
        for step in self._procedure.steps[: number + 1]:
            before, out = out, self.after(out, step)
        was, now = _all(before), _all(out)
        return self._lost(was, now) or self._overloaded(was, now) or self._exposed(was, now)

    def _damage(self, out: Out) -> tuple[Ids, Damage]:
        states = self.states
        failed = np.array(sorted(out), dtype=np.int32)
        return failed, assess_loaded(states.plant, states.ratings.loads, failed, self._graph.nodes.failure_unit, further=False)[0]

    def _lost(self, before: Out, after: Out) -> tuple[Reason, ...]:
        states = self.states
        new = states.of(after).down & ~states.of(before).down
        if not new.any():
            return ()
        failed, damage = self._damage(after)
        lost, _ = first_outcomes(states.plant, states.load, states.ratings.loads, damage, failed, REASONS_TOLD, new)
        return tuple(Reason(each.id, each.medium, each.outcome, each.evidence, each.path) for each in lost)

    def _overloaded(self, before: Out, after: Out) -> tuple[Reason, ...]:
        states, graph, loads = self.states, self._graph, self.states.ratings.loads
        new = without(_beyond(states.of(after).moved), _beyond(states.of(before).moved))[:REASONS_TOLD]
        if loads is None or len(new) == 0:
            return ()
        failed, damage = self._damage(after)
        pairs = power_pairs(states.plant, loads, new)
        kinds = np.where(np.isin(pairs, damage.overloaded), OVERLOADED, LOST).astype(np.int32)
        why, _ = reasons(graph, states.plant, loads, damage, failed, pairs, kinds)
        nodes, medium = nodes_of(states.plant.wiring, pairs).tolist(), graph.media[loads.medium]
        rows = zip(nodes, kinds.tolist(), why, strict=True)
        return tuple(sorted((Reason(graph.id(node), medium, KINDS[kind], *told) for node, kind, told in rows), key=lambda each: each.id))

    def _exposed(self, before: Out, after: Out) -> tuple[Reason, ...]:
        states, graph, wiring = self.states, self._graph, self.states.plant.wiring
        threat = states.exposed(after)
        pairs = np.flatnonzero((threat >= 0) & (states.exposed(before) < 0))[:REASONS_TOLD]
        columns = (wiring.pair_node[pairs].tolist(), wiring.pair_medium[pairs].tolist(), threat[pairs].tolist())
        return tuple(
            Reason(graph.id(node), graph.media[medium], OutcomeKind.NO_REDUNDANCY, (graph.id(threat),), ())
            for node, medium, threat in zip(*columns, strict=True)
        )


_Out = tuple[Out, Out]
"""The switches of the procedure that are open, and what is isolated."""


def _all(out: _Out) -> Out:
    return out[0] | out[1]


def _beyond(moved: Cascade) -> Ids:
    """What carries more than it may, or did and has tripped; ascending."""
    return distinct(np.concatenate((moved.tripped, moved.overloaded)))
