"""What a proof takes out in turn: every component that is no IT itself, whole paths, groups with a common cause, rooms."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from analytics.supply_graph import Flags, SupplyGraph
from analytics.sweeps.units import UnitKind, Units, units_of
from graph.snapshot import Snapshot
from ontology.terms import Ids
from ontology.vocabulary import Vocabulary


def components(graph: SupplyGraph, *, it: bool = False) -> Units:
    """Every failure unit and every switch; those that are racks, IT equipment or services only with `it`."""
    wanted = graph.nodes.failure_unit | graph.nodes.switch
    if not it:
        wanted = wanted & ~_is_it(graph)
    return Units.of_nodes(graph, np.flatnonzero(wanted).astype(np.int32))


def it_left_out(graph: SupplyGraph) -> int:
    """How many failure units `components` leaves out because they are IT."""
    return int((graph.nodes.failure_unit & _is_it(graph)).sum())


def _is_it(graph: SupplyGraph) -> Flags:
    is_it = np.zeros(len(graph.nodes), dtype=np.bool_)
    is_it[np.concatenate((graph.loads.racks, graph.loads.services, graph.loads.equipment))] = True
    return is_it


def places(snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph, kinds: Iterable[UnitKind]) -> Units:
    """The rooms, paths or groups of a site."""
    return units_of(snapshot, vocabulary, graph, [kind for kind in kinds if kind is not UnitKind.EQUIPMENT])


def together(first: Units, second: Units) -> Units:
    """Both, one after the other; only one of them may have names."""
    at: Ids = np.concatenate((first.at[:-1], second.at + first.at[-1])).astype(np.int32)
    return Units(
        first.graph,
        np.concatenate((first.kind, second.kind)),
        np.concatenate((first.named, second.named)),
        first.names or second.names,
        at,
        np.concatenate((first.nodes, second.nodes)),
    )
