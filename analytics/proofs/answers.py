"""A proof as every face asks for it: the claim, and a whole site with its paths, rooms and groups."""

from __future__ import annotations

from collections.abc import Callable

from analytics.conditions import Conditions
from analytics.proofs.certificate import Certificate
from analytics.proofs.claim import Claim
from analytics.proofs.components import places
from analytics.proofs.prove import Question, concurrently_maintainable, fault_tolerant
from analytics.proofs.response import Response
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.units import UnitKind
from graph.errors import GraphError
from graph.ports import Progress
from graph.snapshot import Snapshot
from ontology.vocabulary import Vocabulary


def prove(
    claim: Claim,
    snapshot: Snapshot,
    vocabulary: Vocabulary,
    graph: SupplyGraph,
    conditions: Conditions,
    asked: Question,
    response: Callable[[], Response],
    progress: Progress | None = None,
) -> Certificate:
    """Prove or refute a claim about a site. `response` is what the plant answers a fault with; asked for only where faults are tried.

    Raises and costs as the proof, and `GraphError` for switches that are closed first before a fault.
    """
    if claim is Claim.MAINTAINABLE:
        return concurrently_maintainable(graph, conditions, places(snapshot, vocabulary, graph, [UnitKind.PATH]), asked, progress)
    if asked.close:
        raise GraphError("to close switches first is for what is planned: no fault waits until a switch is closed")
    groups, rooms = (places(snapshot, vocabulary, graph, [kind]) for kind in (UnitKind.GROUP, UnitKind.ROOM))
    return fault_tolerant(graph, conditions, groups, rooms, asked, progress, response())
