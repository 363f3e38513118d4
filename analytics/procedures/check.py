"""A switching procedure run against the twin, step by step: what each step costs, whether policy allows it, and an order that is safe.

After `docs/guides/proofs.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.conditions import Conditions
from analytics.damage import assess
from analytics.impact import OutcomeKind
from analytics.procedures.order import SafeOrder, safe_order
from analytics.procedures.states import Out, States
from analytics.procedures.steps import SWITCHING, Act, Policy, Procedure, ProcedureError, Step
from analytics.proofs.load import Counts
from analytics.proofs.why import first_outcomes
from analytics.state import plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.basis import Basis, basis_of
from ontology.namespaces import compact

REASONS_TOLD = 20
LOADS_NAMED = 100
NOTES = (
    "each step is judged by what stands when it is done: what happens while a switch moves is not part of this check",
    "ratings and time are not part of this check: whether what is left can carry all, `ridethrough impact` says",
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a step is refused, of one supply of one load."""

    id: str
    medium: str
    outcome: OutcomeKind
    """`LOST` or `NO_REDUNDANCY`."""
    evidence: tuple[str, ...]
    """For `LOST` a smallest set of what is open or isolated that alone takes it down; for `NO_REDUNDANCY` a thing that it now hangs by."""
    path: tuple[str, ...]
    """For `LOST`: a shortest chain of supply from one of the evidence to the load."""

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

    Raises `UnknownEntity` for what the twin does not know, `ProcedureError` for an `open` or `close` of what is no switch, and as
    `analytics.proofs.load.it_load`. Cost: all single failures once a step; for
    the search, the damage of each state, and where policy bounds what is without redundancy all single failures once a state.
    """
    run = _Run(procedure, graph, conditions, media, load)
    steps = tuple(run.steps())
    refused = next((number for number, done in enumerate(steps) if done.refused), None)
    states = run.states
    return Checked(
        procedure.name,
        basis_of(graph, conditions, plant(graph, conditions)),
        procedure.policy,
        states.load.count(states.load.nodes),
        steps,
        () if refused is None else run.because(refused),
        None if refused is None else safe_order(procedure.steps, run.start, run.after, run.allowed),
        (*NOTES, *states.load.unfed_told()),
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
            opened,
            isolated,
            self._findings(step, before, after),
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

    def _refusals(self, before: Out, after: Out) -> tuple[str, ...]:
        states, policy = self.states, self._procedure.policy
        was, now = states.of(before), states.of(after)
        reasons = []
        down = states.loads(now.down)
        if len(down) > policy.load_lost_max and (now.down & ~was.down).any():
            counts = states.load.count(down)
            reasons.append(f"{len(down):,} loads ({counts.it_load_kw:,.1f} kW) are down; policy allows {policy.load_lost_max:,}")
        most = policy.without_redundancy_max
        if most is not None:
            threat = states.exposed(after)
            exposed = states.loads(threat >= 0)
            if len(exposed) > most and ((threat >= 0) & (states.exposed(before) < 0)).any():
                reasons.append(f"{len(exposed):,} loads are without redundancy; policy allows {most:,}")
        return tuple(reasons)

    def because(self, number: int) -> tuple[Reason, ...]:
        """Why the step of a number is refused."""
        states, graph = self.states, self._graph
        before = out = self.start
        for step in self._procedure.steps[: number + 1]:
            before, out = out, self.after(out, step)
        now = states.of(_all(out))
        new = now.down & ~states.of(_all(before)).down
        wiring = states.plant.wiring
        if new.any():
            failed = np.array(sorted(_all(out)), dtype=np.int32)
            damage = assess(states.plant, failed, graph.nodes.failure_unit, further=False)
            lost, _ = first_outcomes(states.plant, states.load, None, damage, failed, REASONS_TOLD, new)
            return tuple(Reason(each.id, each.medium, each.outcome, each.evidence, each.path) for each in lost)
        threat = states.exposed(_all(out))
        pairs = np.flatnonzero((threat >= 0) & (states.exposed(_all(before)) < 0))[:REASONS_TOLD]
        columns = (wiring.pair_node[pairs].tolist(), wiring.pair_medium[pairs].tolist(), threat[pairs].tolist())
        return tuple(
            Reason(graph.id(node), graph.media[medium], OutcomeKind.NO_REDUNDANCY, (graph.id(threat),), ())
            for node, medium, threat in zip(*columns, strict=True)
        )


_Out = tuple[Out, Out]
"""The switches of the procedure that are open, and what is isolated."""


def _all(out: _Out) -> Out:
    return out[0] | out[1]
