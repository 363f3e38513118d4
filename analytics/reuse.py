"""A supply graph that outlives a change: what it was made of is remembered, and a change that touches none of that leaves it as it is.

Rules of this file:

1. While a graph is compiled, every predicate that is read is noted. The same facts of these predicates give the same graph.
2. Of `rdf:type`, of quantities and of labels more is known, so that points, people and names can come and go: a type counts only where
   its class or the thing itself plays a part in supply, a number and a unit only where they are a stated power, a label never.
3. In doubt the graph is compiled anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analytics.capacity.stated import QUANTITIES as ELECTRICAL
from analytics.loads import POWER_STATED_BY
from analytics.placement import hand_on_placement
from analytics.state import hand_on_plants
from analytics.supply import compile_supply, labels_of
from analytics.supply_graph import SupplyGraph
from graph.changes import ChangeSet
from graph.snapshot import LABEL, RDF_TYPE, Snapshot
from graph.watched import Reads, Watched
from ontology.media import MEDIA
from ontology.namespaces import BRICK, DCX
from ontology.terms import is_literal
from ontology.vocabulary import Vocabulary

QUANTITIES = frozenset({BRICK + "value", BRICK + "hasUnit"})
FEED_SIDE = DCX + "feedSide"
TYPES_MAX = 1_000
"""Changed types that are looked at one by one; of more the graph is compiled anew."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A supply graph, and what it was made of."""

    graph: SupplyGraph
    reads: Reads


def compiled(snapshot: Snapshot, vocabulary: Vocabulary) -> Compiled:
    """The supply graph of a snapshot with what it was made of. Raises and costs as `compile_supply`."""
    watched = Watched.over(snapshot)
    graph = compile_supply(watched, vocabulary)
    return Compiled(_of(snapshot, graph), watched.reads)


def carried_over(earlier: Compiled, snapshot: Snapshot, changes: Sequence[ChangeSet], vocabulary: Vocabulary) -> Compiled | None:
    """The supply graph of the snapshot that the changes, one after the other, have led to; None where it must be compiled anew.

    Cost: a few look-ups for each changed fact, and a column of labels.
    """
    triples = {quad[:3] for change in changes for block in (change.added, change.removed) for quad in block}
    types = [triple for triple in triples if triple[1] == RDF_TYPE]
    if len(types) > TYPES_MAX:
        return None
    part = _Part(earlier, snapshot, vocabulary)
    if any(part.counts(*triple) for triple in triples):
        return None
    graph = _of(snapshot, earlier.graph)
    hand_on_plants(earlier.graph, graph)
    if not any(predicate == FEED_SIDE for _, predicate, _ in triples):
        hand_on_placement(earlier.graph, graph)
    return replace(earlier, graph=graph)


def _of(snapshot: Snapshot, graph: SupplyGraph) -> SupplyGraph:
    """The same graph, speaking of this snapshot."""
    terms = snapshot.terms.numbers(graph.nodes.ids)
    again = replace(
        graph, revision=snapshot.revision, label_of=labels_of(snapshot, terms), exists=lambda iri: snapshot.find(iri) is not None
    )
    if "_numbers" in graph.__dict__:
        again.__dict__["_numbers"] = graph.__dict__["_numbers"]
    return again


class _Part:
    """Whether a changed fact plays a part in supply (rule 2)."""

    def __init__(self, earlier: Compiled, snapshot: Snapshot, vocabulary: Vocabulary) -> None:
        self._graph, self._reads, self._snapshot, self._vocabulary = earlier.graph, earlier.reads, snapshot, vocabulary
        self._relations = [snapshot.relation(p) for p in sorted(earlier.reads.predicates - {RDF_TYPE, LABEL} - QUANTITIES)]

    def counts(self, subject: str, predicate: str, obj: str) -> bool:
        """Whether the graph must be compiled anew for it."""
        if predicate not in self._reads.predicates or predicate == LABEL:
            return False
        if predicate == RDF_TYPE:
            return self._class_counts(obj) or self._thing_counts(subject)
        return predicate not in QUANTITIES or self._is_stated_power(subject)

    def _class_counts(self, cls: str) -> bool:
        if cls in self._reads.classes or is_literal(cls):
            return True
        supply = self._vocabulary.supply
        named = supply.hands_on(cls) | supply.takes_in(cls) | supply.source_of(cls)
        named |= {default.medium for default in supply.default_requirements(cls)}
        return not named <= frozenset(MEDIA)

    def _thing_counts(self, iri: str) -> bool:
        number = self._snapshot.terms.find(iri)
        if number is None or self._graph.find(iri) is not None:
            return True
        return any(len(r.objects_of(number)) or len(r.subjects_of(number)) for r in self._relations)

    def _is_stated_power(self, node: str) -> bool:
        number = self._snapshot.terms.find(node)
        return number is None or any(len(self._snapshot.relation(p).subjects_of(number)) for p in sorted(ELECTRICAL.union(POWER_STATED_BY)))


__all__ = ["Compiled", "carried_over", "compiled"]
