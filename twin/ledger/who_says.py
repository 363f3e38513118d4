"""Who says what: the sources with what they say now, and each fact with its source and its revision.

Rules of this file:

1. A fact belongs to the source that owns its graph, and was said by the revision that added it.
2. An inferred fact belongs to nobody; it is told with the facts that it follows from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from graph.changes import Revision
from graph.inferred import Inferred
from graph.snapshot import Snapshot
from ontology.findings import Finding
from ontology.sources import source_of
from ontology.terms import QuadBlock
from ontology.vocabulary import Vocabulary
from twin.ledger.answers import Policies, Said, Source

INFERRED = "inferred"
"""What stands in the place of a source at a fact that follows from others."""


def owner_of(graph: str, owners: Mapping[str, str]) -> str:
    """The source that a graph belongs to."""
    return owners.get(graph) or source_of(graph) or graph


def provenance_of(
    snapshot: Snapshot, vocabulary: Vocabulary, subject: str, revision_of: Callable[[int], Revision | None], *, inferred: bool
) -> list[Said]:
    """Every fact about an entity, ordered by predicate, object and graph. Raises `UnknownEntity`. Cost: that of the facts about it."""
    number = snapshot.need(subject)
    key, iri = snapshot.key, snapshot.key(number)
    found = []
    for p, o, g, since in snapshot.said(number).tolist():
        graph = key(g)
        found.append(Said((iri, key(p), key(o), graph), owner_of(graph, snapshot.owners), revision_of(since)))
    if inferred:
        derived = Inferred(snapshot, vocabulary).about(number)
        found += [Said(each.quad, INFERRED, None, inferred=True, because=each.because) for each in derived]
    return sorted(found, key=lambda said: (said.quad[1:], said.inferred))


class SourceList:
    """The sources of the newest state: counted once, then kept up with each change."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._counts: tuple[int, dict[str, int]] = -1, {}
        """The serial of the state that was counted, and the quads of each graph there. Published whole; nobody waits for a count."""

    def changed(self, before: Snapshot, after: Snapshot, added: QuadBlock, removed: QuadBlock) -> None:
        """A change has led from one state to the next."""
        counted, known = self._counts
        if counted != before.serial:
            return
        counts = dict(known)
        for block, sign in ((added, 1), (removed, -1)):
            graphs, sizes = np.unique(block.quads[:, 3], return_counts=True)
            for graph, size in zip(graphs.tolist(), sizes.tolist(), strict=True):
                name = block.terms[graph]
                counts[name] = counts.get(name, 0) + sign * size
        self._counts = after.serial, counts

    def of(self, snapshot: Snapshot, revision_of: Callable[[int], Revision | None]) -> list[Source]:
        """Every source that says something, in order of names."""
        counts = self._counted(snapshot)
        graphs: dict[str, list[str]] = {}
        for graph in sorted(graph for graph, count in counts.items() if count):
            graphs.setdefault(owner_of(graph, snapshot.owners), []).append(graph)
        return [self._source(name, graphs[name], counts, snapshot, revision_of) for name in sorted(graphs)]

    def _source(
        self, name: str, graphs: Sequence[str], counts: Mapping[str, int], snapshot: Snapshot, revision_of: Callable[[int], Revision | None]
    ) -> Source:
        last = max((snapshot.changed.get(graph, 0) for graph in graphs), default=0)
        quads = sum(counts[graph] for graph in graphs)
        return Source(name, tuple(graphs), quads, revision_of(last), self._policies.of(name).value)

    def _counted(self, snapshot: Snapshot) -> Mapping[str, int]:
        counted, counts = self._counts
        if counted != snapshot.serial:
            graphs, sizes = np.unique(snapshot.facts.whole[3], return_counts=True)
            keys = snapshot.terms.keys
            counts = {keys[g]: n for g, n in zip(graphs.tolist(), sizes.tolist(), strict=True)}
            self._counts = snapshot.serial, counts
        return counts


class FindingsKept:
    """The findings of each source, worked out once for a state: what others say of its things counts too."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, Sequence[Finding]]] = {}

    def of(self, source: str, serial: int, work: Callable[[], Sequence[Finding]]) -> Sequence[Finding]:
        """Those kept for the state of that serial, else what `work` finds."""
        kept = self._kept.get(source)
        if kept is None or kept[0] != serial:
            kept = self._kept[source] = serial, work()
        return kept[1]
