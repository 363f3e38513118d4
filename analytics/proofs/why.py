"""Why loads are lost or overloaded: the first of them, each with evidence and path, as the blast radius gives them."""

from __future__ import annotations

import numpy as np

from analytics.capacity.flow import Loads, power_of
from analytics.capacity.pairs import media_of, nodes_of
from analytics.damage import Damage
from analytics.impact import KINDS, LOST, OVERLOADED, Outcome, reasons
from analytics.proofs.load import ItLoad
from analytics.state import Plant
from analytics.supply_graph import Flags
from ontology.terms import Ids


def first_outcomes(
    state: Plant, load: ItLoad, rated: Loads | None, damage: Damage, failed: Ids, most: int, only: Flags | None = None
) -> tuple[tuple[Outcome, ...], int]:
    """What becomes of the loads that are lost or overloaded, in order of ids and media: the first `most`, and how many there are.

    What has failed itself is not among them; `only` flags the pairs that may be, where not all may. Cost: the loads
    hit, and evidence and path of those told.
    """
    graph, wiring, power = load.graph, state.wiring, power_of(load.graph)
    pairs = np.concatenate((damage.lost, damage.overloaded)).astype(np.int32)
    kinds = np.repeat(np.array([LOST, OVERLOADED], np.int32), [len(damage.lost), len(damage.overloaded)])
    nodes, media = nodes_of(wiring, pairs), media_of(wiring, pairs, power)
    wanted = np.isin(np.array(graph.media)[media], load.media) if len(pairs) else np.zeros(0, dtype=np.bool_)
    keep = load.is_load[nodes] & wanted & ~np.isin(nodes, failed)
    if only is not None:
        keep &= only[pairs]
    pairs, kinds, nodes, media = pairs[keep], kinds[keep], nodes[keep], media[keep]
    by_iri = np.argsort(np.argsort(np.array(graph.media)))
    order: Ids = np.lexsort((by_iri[media], nodes))[:most].astype(np.int32)
    told = pairs[order], kinds[order]
    why, _ = reasons(graph, state, rated, damage, failed, *told)
    rows = zip(why, nodes[order].tolist(), media[order].tolist(), told[1], strict=True)
    outcomes = tuple(
        Outcome(graph.id(node), graph.class_iri(node), graph.label(node), graph.media[medium], KINDS[kind], evidence, path, ())
        for (evidence, path), node, medium, kind in rows
    )
    return outcomes, len(pairs)
