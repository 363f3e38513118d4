"""How often things of a class are the cause of an outage: what the model states, else what their classes say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.supply_graph import SupplyGraph
from analytics.sweeps.units import KINDS, UnitKind, Units
from analytics.time.stated import Stated
from graph.snapshot import Snapshot
from graph.values import Floats
from ontology.namespaces import DCX
from ontology.vocabulary import Vocabulary

PRIOR = DCX + "failurePrior"


@dataclass(frozen=True, slots=True)
class Priors:
    """Per node: in how many of a hundred outages such a thing was a cause; nan where nobody says."""

    percent: Floats
    notes: tuple[str, ...] = ()
    """What was stated and cannot be used."""

    @staticmethod
    def none(graph: SupplyGraph) -> Priors:
        """Nobody says anything."""
        return Priors(np.full(len(graph.nodes), np.nan))

    @property
    def unstated(self) -> float:
        """What a thing of which nobody says anything counts as: half as often as the rarest of those stated."""
        stated = self.percent[np.isfinite(self.percent)]
        return float(stated.min()) / 2 if len(stated) else 1.0

    def counted(self, units: Units) -> Floats:
        """Per unit: the prior of a piece of equipment, and what counts where nobody says, as of what is more than one thing."""
        counted = np.full(len(units), self.unstated)
        alone = np.flatnonzero(units.kind == KINDS.index(UnitKind.EQUIPMENT))
        stated = self.percent[units.named[alone]]
        counted[alone] = np.where(np.isfinite(stated), stated, self.unstated)
        return counted


def priors_of(snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph) -> Priors:
    """The failure priors of a graph's nodes. Cost: one look at each node's class."""
    stated = Stated(snapshot, vocabulary, graph, snapshot.terms.numbers(graph.nodes.ids))
    percent, _ = stated.value(PRIOR, np.arange(len(graph.nodes), dtype=np.int32))
    return Priors(percent, tuple(sorted(f"{graph.id(node)}: {text}" for node, text in stated.refused)))
