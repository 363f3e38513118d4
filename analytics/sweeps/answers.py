"""What a sweep answers: the worst failures, told, and of how many they are the worst; the same on every face."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from analytics.conditions import Conditions
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.basis import Basis
from analytics.sweeps.double import infrastructure, n2
from analytics.sweeps.points import single_points
from analytics.sweeps.single import By, Loss, exposed_by, n1
from analytics.sweeps.units import KINDS, UnitKind, units_of
from graph.ports import Progress
from graph.snapshot import Snapshot
from ontology.vocabulary import Vocabulary

FIRST = 20
"""Failures that are told when nobody says how many."""


@dataclass(frozen=True, slots=True)
class Swept:
    """The worst of all single failures. Equal questions give equal answers."""

    basis: Basis
    by: By
    tried: Mapping[str, int]
    """How many of each kind."""
    harmful: int
    """How many of them take anything down."""
    failures: tuple[Loss, ...]
    """The worst first."""
    racks_by_one: int
    """Racks with a supply that hangs by one piece of equipment."""
    services_by_one: int

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            **self.basis.to_json(),
            "order": 1,
            "by": self.by.value,
            "tried": dict(self.tried),
            "harmful": self.harmful,
            "failures": [loss.to_json() for loss in self.failures],
            "hang_by_one": {"racks": self.racks_by_one, "services": self.services_by_one},
        }


@dataclass(frozen=True, slots=True)
class SweptPairs:
    """The worst of all pairs of failures. Equal questions give equal answers."""

    basis: Basis
    by: By
    units: int
    """How many were paired."""
    unit_counts: Mapping[str, int]
    """How many of each kind; of the equipment the infrastructure."""
    tried: int
    run: int
    """How many of the pairs share something that the two together may overstrain; all others are sure to do no more than apart."""
    harmful: int
    """How many take down what neither of the two takes down alone."""
    left_out: str
    """What was not looked into; empty when nothing."""
    failures: tuple[Loss, ...]
    """The worst first, each with what the two take down and neither alone."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            **self.basis.to_json(),
            "order": 2,
            "by": self.by.value,
            "units": self.units,
            "unit_counts": dict(self.unit_counts),
            "tried": self.tried,
            "run": self.run,
            "harmful": self.harmful,
            "left_out": self.left_out,
            "failures": [loss.to_json() for loss in self.failures],
        }


def sweep(
    snapshot: Snapshot,
    vocabulary: Vocabulary,
    graph: SupplyGraph,
    conditions: Conditions,
    kinds: Iterable[UnitKind] = KINDS,
    by: By = By.KW,
    first: int = FIRST,
    *,
    redundancy: bool = False,
    progress: Progress | None = None,
) -> Swept:
    """Let everything of the given kinds fail in turn, and tell the `first` worst failures.

    With `redundancy` also what each of those told leaves without redundancy. Cost: that of `n1`, of `units_of` and of `single_points`;
    with `redundancy` one blast radius for each failure told.
    """
    hanging = single_points(graph, conditions).hanging()
    racks, services = (int(np.isin(of, hanging).sum()) for of in (graph.loads.racks, graph.loads.services))
    singles = n1(graph, conditions, units_of(snapshot, vocabulary, graph, kinds), progress)
    shown = singles.ranked(by)[:first].tolist()
    losses = []
    for done, unit in enumerate(shown, 1):
        nodes = singles.units.nodes_of(unit).tolist()
        losses.append(singles.loss(unit, exposed_by(graph, conditions, nodes) if redundancy else None))
        if progress is not None and redundancy:
            progress("redundancy", done, len(shown))
    return Swept(singles.basis, by, singles.units.count(), singles.harmful, tuple(losses), racks, services)


def sweep_pairs(
    snapshot: Snapshot,
    vocabulary: Vocabulary,
    graph: SupplyGraph,
    conditions: Conditions,
    kinds: Iterable[UnitKind] = KINDS,
    by: By = By.KW,
    first: int = FIRST,
    progress: Progress | None = None,
) -> SweptPairs:
    """Let every two units of the given kinds fail together, of the equipment the infrastructure, and tell the `first` worst pairs.

    Cost: that of `n2` and of `units_of`.
    """
    equipment, left_out = infrastructure(graph)
    found = n2(graph, conditions, units_of(snapshot, vocabulary, graph, kinds, equipment), progress)
    losses = tuple(found.loss(row) for row in found.ranked(by)[:first].tolist())
    left_out = "; ".join(filter(None, (left_out, found.left_out)))
    return SweptPairs(found.basis, by, len(found.units), found.units.count(), found.pairs, found.run, found.harmful, left_out, losses)
