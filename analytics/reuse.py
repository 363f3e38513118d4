"""A supply graph that outlives a change: what it was made of is remembered, and a change that touches none of that leaves it as it is.

Rules of this file:

1. While a graph is compiled, every predicate that is read is noted. The same facts of these predicates give the same graph.
2. Of `rdf:type`, of quantities and of labels more is known, so that points, people and names can come and go: a type counts only where
   its class or the thing itself plays a part in supply, a number and a unit only where they are a stated power, a label never.
3. Of what counts, a feed, a requirement's number or a rating that come or go are put into the columns (`analytics/splice.py`).
4. In doubt the graph is compiled anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analytics.capacity.stated import QUANTITIES as ELECTRICAL
from analytics.loads import POWER_STATED_BY
from analytics.placement import hand_on_placement
from analytics.splice import Spliced, spliced
from analytics.splice_plant import splice_plants
from analytics.supply import compile_supply, labels_of
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.twins import hand_on_twins
from analytics.totals import hand_on_totals
from graph.changes import ChangeSet
from graph.snapshot import LABEL, RDF_TYPE, Snapshot
from graph.watched import Reads, Watched
from ontology.media import MEDIA
from ontology.namespaces import BRICK, DCX
from ontology.terms import Ids, is_literal
from ontology.vocabulary import Vocabulary

QUANTITIES = frozenset({BRICK + "value", BRICK + "hasUnit"})
FEED_SIDE = DCX + "feedSide"
HANDED_ON = ("_numbers", "normally_open", "mounted_in_unfed", "never")
"""What a graph works out when it is first asked for, and another one with the same nodes, fed in the same media, has too."""
LABELS_MAX = 500
"""Labels that are looked up one by one, some microseconds each; a column of a million takes a tenth of a second."""
LABELS_FEW = 20
"""Labels looked up one by one for one answer; more are looked up together."""
TYPES_MAX = 1_000
"""Changed types that are looked at one by one; of more the graph is compiled anew."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A supply graph, and what it was made of."""

    graph: SupplyGraph
    reads: Reads
    terms: Ids
    """The term numbers of the nodes."""


def compiled(snapshot: Snapshot, vocabulary: Vocabulary) -> Compiled:
    """The supply graph of a snapshot with what it was made of. Raises and costs as `compile_supply`."""
    watched = Watched.over(snapshot)
    graph = compile_supply(watched, vocabulary)
    terms = snapshot.terms.numbers(graph.nodes.ids)
    return Compiled(_of(snapshot, graph, terms), watched.reads, terms)


def carried_over(earlier: Compiled, snapshot: Snapshot, changes: Sequence[ChangeSet], vocabulary: Vocabulary) -> Compiled | None:
    """The supply graph of the snapshot that the changes, one after the other, have led to; None where it must be compiled anew.

    Cost: a few look-ups for each changed fact, and a column of labels.
    """
    triples = {quad[:3] for change in changes for block in (change.added, change.removed) for quad in block}
    types = [triple for triple in triples if triple[1] == RDF_TYPE]
    if len(types) > TYPES_MAX:
        return None
    part = _Part(earlier, snapshot, vocabulary)
    counting = sorted(triple for triple in triples if part.counts(*triple))
    new = spliced(earlier.graph, earlier.terms, snapshot, vocabulary, counting) if counting else Spliced(earlier.graph, ())
    if new is None:
        return None
    graph = _of(snapshot, new.graph, earlier.terms)
    graph.__dict__.update({name: earlier.graph.__dict__[name] for name in HANDED_ON if name in earlier.graph.__dict__})
    splice_plants(earlier.graph, graph, new.fed)
    hand_on_totals(earlier.graph, graph)
    if not new.fed:
        hand_on_twins(earlier.graph, graph)
        if not any(predicate == FEED_SIDE for _, predicate, _ in triples):
            hand_on_placement(earlier.graph, graph)
    return replace(earlier, graph=graph)


def _of(snapshot: Snapshot, graph: SupplyGraph, terms: Ids) -> SupplyGraph:
    """The same graph, speaking of this snapshot."""
    labels = _Labels(snapshot, terms)

    def exists(iri: str) -> bool:
        return snapshot.find(iri) is not None

    return replace(graph, revision=snapshot.revision, label_of=labels, labels_of=labels.of, exists=exists)


class _Labels:
    """Each node's label: looked up while it is a few, from a column when it is more (`labels_of`)."""

    def __init__(self, snapshot: Snapshot, terms: Ids) -> None:
        self._snapshot, self._terms = snapshot, terms
        self._asked = 0
        self._column: Callable[[int], str] | None = None

    def __call__(self, node: int) -> str:
        if self._column is None:
            self._asked += 1
            if self._asked < LABELS_MAX:
                return self._snapshot.label(int(self._terms[node]))
            self._column = labels_of(self._snapshot, self._terms)
        return self._column(node)

    def of(self, nodes: Ids) -> list[str]:
        """Those of many nodes: one search in the column of all labels."""
        snapshot, terms = self._snapshot, self._terms[nodes]
        if len(nodes) < LABELS_FEW:
            return list(map(snapshot.label, terms.tolist()))
        relation, keys = snapshot.relation(LABEL), snapshot.terms.keys
        first = np.searchsorted(relation.subjects, terms)
        texts = relation.objects[np.minimum(first, max(len(relation) - 1, 0))].tolist() if len(relation) else []
        several = (np.searchsorted(relation.subjects, terms, side="right") - first).tolist()
        return [
            key[1 : key.rindex('"')] if count == 1 and is_literal(key := keys[text]) else snapshot.label(term)
            for text, count, term in zip(texts or terms.tolist(), several, terms.tolist(), strict=True)
        ]


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
