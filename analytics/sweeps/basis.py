"""What the answer of a sweep rests on: revision, instant, switch positions, what was taken for granted, what was dark before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from analytics.capacity.flow import loads_of
from analytics.capacity.told import unmetered, unmetered_told
from analytics.columns import distinct
from analytics.conditions import Conditions
from analytics.grounds import ASSUMED_LISTED_MAX, DARK_NAMED_MAX
from analytics.impact import StatedPosition
from analytics.state import Plant, stated_positions
from analytics.supply_graph import SupplyGraph
from ontology.namespaces import compact


@dataclass(frozen=True, slots=True)
class Basis:
    """As of one revision and one instant (aware UTC)."""

    revision: int
    at: datetime
    positions: tuple[StatedPosition, ...]
    assumed: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "revision": self.revision,
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "assumed": list(self.assumed),
            "positions": [{"id": p.id, "position": p.position, "from_telemetry": p.from_telemetry} for p in self.positions],
        }


def basis_of(graph: SupplyGraph, conditions: Conditions, state: Plant, *, with_load: bool = False) -> Basis:
    """What an answer about the whole site rests on; `with_load` says that it follows load: what trips by it, or that nothing is overloaded.

    Cost: the switches, and the assumptions of the site.
    """
    positions = tuple(
        StatedPosition(graph.id(node), "open" if position.is_open else "closed", position.from_telemetry)
        for node, position in stated_positions(graph, conditions)
    )
    still = _unmetered(graph, conditions, state) if with_load else without_load(graph)
    assumed = (*conditions.assumed(graph.find), *graph.taken_for_equipment, *still, *_dark(graph, state), *taken_for_granted(graph))
    return Basis(graph.revision, conditions.at, positions, assumed)


def _unmetered(graph: SupplyGraph, conditions: Conditions, state: Plant) -> list[str]:
    """Which loads stand on something else than their meters."""
    return unmetered_told(graph, unmetered(graph, loads_of(graph, state, conditions), conditions)) if conditions.unmetered else []


def without_load(graph: SupplyGraph) -> list[str]:
    """That an answer does not follow load, where the model states ratings that it would need for that."""
    if graph.electrical is None or not graph.electrical.any_rated:
        return []
    return ["loads that move after a failure trip nothing here: `ridethrough impact` follows them, one failure at a time"]


def taken_for_granted(graph: SupplyGraph) -> list[str]:
    """What the model does not say, or says and cannot mean, and how it was read, of the whole site: a sentence each, at most
    `ASSUMED_LISTED_MAX`; without what `SupplyGraph.taken_for_equipment` says. Cost: the assumptions of the site."""
    if len(graph.assumptions) == 0:
        return []
    first = frozenset(graph.taken_for_equipment)
    texts = [text for text in graph.assumed_about(np.arange(len(graph.nodes), dtype=np.int32)) if text not in first]
    more = len(texts) - ASSUMED_LISTED_MAX
    return texts if more <= 0 else [*texts[:ASSUMED_LISTED_MAX], f"and {more} more of these kinds"]


def _dark(graph: SupplyGraph, state: Plant) -> list[str]:
    """What lacks a supply with nothing failed: it can lose none, and is in no count."""
    nodes = distinct(state.wiring.pair_node[np.flatnonzero(state.base.failing)])
    if len(nodes) == 0:
        return []
    named = ", ".join(compact(graph.id(node)) for node in nodes[:DARK_NAMED_MAX].tolist())
    more = ", ..." if len(nodes) > DARK_NAMED_MAX else ""
    return [f"not supplied before any failure: {len(nodes)} ({named}{more}); what they lack they cannot lose"]
