"""How the things of a drawing stand now: what is without a supply, and which switches are open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analytics.conditions import Conditions
from analytics.state import live, open_nodes
from analytics.supply_graph import SupplyGraph


@dataclass(frozen=True, slots=True)
class Standing:
    """Under some switch positions, with nothing failed."""

    down: frozenset[str]
    """IRIs of those of which some requirement does not hold. An open switch that is supplied is not among them."""
    positions: Mapping[str, str]
    """`open` or `closed` for each switch, by IRI."""


def standing(graph: SupplyGraph, ids: Iterable[str], conditions: Conditions) -> Standing:
    """How the given entities (IRIs) stand; one that plays no part in supply is neither down nor a switch.

    Cost: a copy of the flags of the whole graph, after the first use of the plant under these positions.
    """
    state, opened = live(graph, [], conditions), set(open_nodes(graph, conditions).tolist())
    nodes = {iri: node for iri in ids if (node := graph.find(iri)) is not None}
    return Standing(
        down=frozenset(iri for iri in nodes if not state.supplied(iri)),
        positions={iri: "open" if node in opened else "closed" for iri, node in nodes.items() if graph.nodes.switch[node]},
    )
