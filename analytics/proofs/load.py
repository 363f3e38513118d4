"""The IT load that a proof or a procedure must keep: racks, IT equipment and services, and their supplies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.columns import distinct
from analytics.impact import media_numbers
from analytics.state import Plant
from analytics.supply_graph import Flags, SupplyGraph
from graph.errors import GraphError
from ontology.namespaces import compact
from ontology.terms import Ids

UNFED_NAMED_MAX = 3
"""Loads of which no supply is stated that an answer names."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much load: racks, services and pieces of IT equipment by number, each load in one of them, other loads that were named, and the
    draw of the equipment and of racks of which only the plan says what they draw."""

    racks: int
    services: int
    equipment: int
    other: int
    it_load_kw: float

    def to_json(self) -> dict[str, int | float]:
        """As the command line prints it."""
        return {
            "racks": self.racks,
            "services": self.services,
            "equipment": self.equipment,
            "other": self.other,
            "it_load_kw": self.it_load_kw,
        }


@dataclass(frozen=True, eq=False)
class ItLoad:
    """The load of a site, or the part of it that was asked for, in the media asked for."""

    graph: SupplyGraph
    media: tuple[str, ...]
    nodes: Ids
    """Ascending."""
    is_load: Flags
    """By node."""
    supplies: Flags
    """By pair: the supplies that must be kept."""
    pair_node: Ids
    """By pair: whose it is."""
    unfed: Ids
    """Loads that nothing feeds, which hold nothing that is fed, and which are no source: nothing can be said of them; ascending."""

    def count(self, nodes: Ids) -> Counts:
        """How much load the given nodes are."""
        loads, wanted = self.graph.loads, np.zeros(len(self.graph.nodes), dtype=np.bool_)
        wanted[nodes] = True
        known = np.zeros(len(wanted), dtype=np.bool_)
        known[np.concatenate((loads.racks, loads.services, loads.equipment))] = True
        kw = float(loads.equipment_kw[wanted[loads.equipment]].sum())
        racks, services, equipment = (int(wanted[column].sum()) for column in (loads.racks, loads.services, loads.hardware))
        return Counts(racks, services, equipment, int((wanted & ~known).sum()), round(kw, 3))

    def unfed_told(self) -> tuple[str, ...]:
        """That nothing is said of the loads that nothing feeds."""
        if len(self.unfed) == 0:
            return ()
        named = ", ".join(compact(self.graph.id(node)) for node in self.unfed[:UNFED_NAMED_MAX].tolist())
        more = ", ..." if len(self.unfed) > UNFED_NAMED_MAX else ""
        return (f"nothing feeds {len(self.unfed)} of the loads in these media ({named}{more}): nothing is said of them",)


def it_load(graph: SupplyGraph, state: Plant, media: Sequence[str] | None = None, ids: Sequence[str] | None = None) -> ItLoad:
    """All IT load, or that of the given entities: themselves, the IT equipment mounted in them, and what a tenant
    owns.

    `media` as in `analytics.impact.impact`. Raises `UnknownEntity` for an id or medium that the twin does not know, `GraphError` where
    nothing is a load. Cost: a few passes over the nodes.
    """
    loads, wanted = graph.loads, media_numbers(graph, media)
    is_load = np.zeros(len(graph.nodes), dtype=np.bool_)
    if ids is None:
        is_load[np.concatenate((loads.racks, loads.services, loads.equipment))] = True
    else:
        full, nodes = graph.resolve(ids)
        is_load[nodes] = True
        tenants = [number for number, tenant in enumerate(loads.tenants) if tenant in set(full)]
        is_load[loads.owned[np.isin(loads.owned[:, 1], tenants), 0]] = True
        held = np.intersect1d(loads.mounted[is_load[loads.mounted[:, 1]], 0], loads.equipment)
        is_load[held] = True
    if not is_load.any():
        none = "there is no rack, no IT equipment and no service"
        said = none if ids is None else f"{', '.join(map(compact, ids))} plays no part in supply"
        raise GraphError(f"nothing to keep up: {said}; name what must stay up, such as a rack or a tenant")
    wiring = state.wiring
    supplies = is_load[wiring.pair_node] & np.isin(wiring.pair_medium, wanted)
    if not supplies.any():
        named = ", ".join(map(compact, (graph.media[medium] for medium in wanted.tolist())))
        raise GraphError(f"nothing feeds the load in {named}: nothing can be said of it; ask for another load, or in other media")
    fed = np.zeros(len(is_load), dtype=np.bool_)
    fed[wiring.pair_node[supplies]] = True
    held = loads.mounted[fed[loads.mounted[:, 0]], 1]
    fed[held] = True
    return ItLoad(
        graph,
        tuple(graph.media[medium] for medium in wanted.tolist()),
        np.flatnonzero(is_load).astype(np.int32),
        is_load,
        supplies,
        wiring.pair_node,
        np.flatnonzero(is_load & ~fed).astype(np.int32),
    )


def loads_of_pairs(state: Plant, pairs: Ids) -> Ids:
    """The nodes of pairs, ascending, each once."""
    return distinct(state.wiring.pair_node[pairs])
