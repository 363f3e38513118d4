"""The one load of a question, and its supplies in the media asked for; or why it is no load that anything could be said of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analytics.impact import media_numbers
from analytics.state import Plant
from analytics.supply_graph import SupplyGraph
from graph.errors import GraphError
from ontology.namespaces import compact, local_name
from ontology.terms import Ids


def fed(graph: SupplyGraph, state: Plant, load: str, media: Sequence[str] | None = None) -> tuple[str, int, Ids]:
    """The IRI and the node of a load (IRI or CURIE), and its supplies in the given media (absent: all) as pairs, at least one.

    Raises `UnknownEntity` for an id or medium that the twin does not know, `GraphError` where nothing feeds the load in these media: no
    answer is an all-clear then.
    """
    (iri,), nodes = graph.resolve([load])
    wiring = state.wiring
    own = np.array([pair for node in nodes.tolist() for pair in wiring.pairs_of(node)], dtype=np.int32)
    pairs = own[np.isin(wiring.pair_medium[own], media_numbers(graph, media))]
    if len(pairs) == 0:
        raise GraphError(_unfed(graph, iri, [graph.media[medium] for medium in wiring.pair_medium[own].tolist()]))
    return iri, int(nodes[0]), pairs


def _unfed(graph: SupplyGraph, iri: str, media: Sequence[str]) -> str:
    """Why nothing can be said, and what to ask instead."""
    name = compact(iri)
    if media:
        return f"nothing feeds {name} in the media asked for: it has supplies of {', '.join(map(local_name, media))}; ask for one of these"
    if iri in graph.loads.tenants:
        owned = graph.loads.owned
        mine = owned[owned[:, 1] == graph.loads.tenants.index(iri), 0]
        mine = mine[np.isin(mine, np.concatenate((graph.loads.racks, graph.loads.services, graph.loads.equipment)))]
        such = f", such as {compact(graph.id(int(mine.min())))}" if len(mine) else ""
        return f"{name} is a tenant and has no supply of its own: name one of its racks or services{such}"
    return f"nothing feeds {name}: it has no supply that could fail; name a rack, a server or a service"
