"""How often things fail and how long a repair takes: what the model states, else what their classes say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.supply_graph import SupplyGraph
from analytics.time.stated import Stated
from graph.snapshot import Snapshot
from graph.values import Floats
from ontology.namespaces import DCX, compact
from ontology.terms import Ids
from ontology.vocabulary import Vocabulary

MTBF, MTTR = DCX + "mtbfHours", DCX + "mttrHours"


@dataclass(frozen=True, slots=True)
class Rates:
    """Columns with one entry for each of some nodes, in hours; nan where nobody says anything. Of a range the worse end counts."""

    mtbf_hours: Floats
    mttr_hours: Floats
    notes: tuple[str, ...]
    """What was taken from classes, and what could not be used."""

    @property
    def down(self) -> Floats:
        """The part of all time that each is down, MTTR / (MTBF + MTTR); nan where a rate is missing."""
        part: Floats = self.mttr_hours / (self.mtbf_hours + self.mttr_hours)
        return part


def rates_of(snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph, nodes: Ids) -> Rates:
    """The rates of the given nodes. A stated value of 0 or less is told and not counted. Cost: the nodes."""
    stated = Stated(snapshot, vocabulary, graph, snapshot.terms.numbers(graph.nodes.ids))
    mtbf, _ = stated.value(MTBF, nodes)
    _, mttr = stated.value(MTTR, nodes)
    refused = (f"{compact(graph.id(node))}: {text}" for node, text in stated.refused)
    return Rates(mtbf, mttr, (*(each.text(len(each.nodes)) for each in stated.taken), *sorted(refused)))


def known(rates: Rates) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which nodes have both rates."""
    return np.isfinite(rates.mtbf_hours) & np.isfinite(rates.mttr_hours)
