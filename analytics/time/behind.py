"""Which stores of energy stand behind which things, and through what: what they feed or are part of, breakers and groups between.

Rules of this file:

1. A store within others (its part, or what feeds it) carries through these, unless one of them states how long it carries itself: then that
   one counts, and what is within is told as not used.
2. What only stores feed is a link (`analytics/edges.py`): a store stands behind what comes after it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.assumed import Assumed
from analytics.time.stated import Stated
from graph.snapshot import RDF_TYPE
from ontology.namespaces import BRICK, DCX, UNIT, compact

_PARTS = ((BRICK + "hasPart", False), (BRICK + "isPartOf", True))
_FIGURES = (("batteryCapacity", "A-HR"), ("storedEnergy", "KiloW-HR"), ("ridethroughSeconds", ""))


@dataclass(frozen=True, slots=True)
class Behind:
    """A store (term number) behind a node."""

    storage: int
    node: int
    paths: tuple[frozenset[str], ...]
    """The ways from the one to the other: what is on each, the store itself included, as IRIs."""
    within: tuple[int, ...] = ()
    """The stores (term numbers) that it is within."""

    def holds(self, out: frozenset[str]) -> bool:
        """Whether it still stands behind the node while some things are out."""
        return any(not path & out for path in self.paths)


def storages(stated: Stated) -> list[Behind]:
    """All stores that stand behind something, in order of IRIs, then of nodes."""
    snapshot, columns = stated.snapshot, stated.graph.assumptions
    rows = columns.what == Assumed.STORED
    into = defaultdict(set)
    for inner, outer in zip(stated.terms[columns.node[rows]].tolist(), stated.terms[columns.other[rows]].tolist(), strict=True):
        into[outer].add(inner)
    stores = frozenset(snapshot.instances(_kinds(stated)).tolist())
    _links(stated, stores, into)
    for term in stores:
        for predicate, forward in _PARTS:
            for whole in snapshot.objects(term, predicate) if forward else snapshot.subjects(predicate, term):
                into[whole].add(term)
    node_of = {int(term): node for node, term in enumerate(stated.terms.tolist())} if into else {}
    walk = _Walk(stated, stores, {outer: sorted(inner, key=snapshot.key) for outer, inner in into.items()})
    found = [each for outer in into if outer in node_of and outer not in stores for each in walk.behind(outer, node_of[outer])]
    return sorted(found, key=lambda each: (snapshot.key(each.storage), each.node))


def _links(stated: Stated, stores: frozenset[int], into: dict[int, set[int]]) -> None:
    """Links on whose chain something hangs that nothing else feeds: what feeds them is an edge still, and a store behind them as well."""
    edges, columns = stated.graph.edges, stated.graph.assumptions
    rows = columns.what == Assumed.STORED
    links = {(node, medium) for node, medium in zip(columns.node[rows].tolist(), columns.medium[rows].tolist(), strict=True)}
    waiting = sorted((node, medium) for node, medium in links if int(stated.terms[node]) not in stores)
    while waiting:
        node, medium = waiting.pop()
        first, last = np.searchsorted(edges.target, [node, node + 1])
        for source in edges.source[first:last][edges.medium[first:last] == medium].tolist():
            into[int(stated.terms[node])].add(int(stated.terms[source]))
            if (source, medium) not in links:
                links.add((source, medium))
                waiting.append((source, medium))


def speaking(behind: Iterable[Behind]) -> list[tuple[int, int]]:
    """Each store and what it is within, by term number, with the node that it stands behind: their points speak of that node's store."""
    return sorted({(term, each.node) for each in behind for term in (each.storage, *each.within)})


def _kinds(stated: Stated) -> list[str]:
    classes = {stated.snapshot.key(term) for term in np.unique(stated.snapshot.relation(RDF_TYPE).objects).tolist()}
    return sorted(cls for cls in classes if stated.vocabulary.supply.is_storage(cls))


@dataclass(frozen=True, slots=True)
class _Walk:
    stated: Stated
    stores: frozenset[int]
    into: dict[int, list[int]]
    """What is right behind each thing, by term number."""

    def behind(self, term: int, node: int) -> Iterator[Behind]:
        """What stands behind one node."""
        paths: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        for storage, path in self._paths(term, (), node):
            paths[storage].append(path)
        for storage, each in paths.items():
            within = {of for path in each for of in path if of != storage and of in self.stores}
            yield Behind(storage, node, tuple(frozenset(map(self.stated.snapshot.key, path)) for path in each), tuple(sorted(within)))

    def _paths(self, term: int, path: tuple[int, ...], node: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        for inner in self.into.get(term, ()):
            if inner in path:
                continue
            further = self._paths(inner, (*path, inner), node)
            if inner in self.stores and (inner not in self.into or self._says(inner)):
                yield inner, (*path, inner)
                self._refuse(node, inner, [unused for unused, _ in further])
            else:
                yield from further

    def _refuse(self, node: int, store: int, within: Sequence[int]) -> None:
        for unused in within:
            if self._says(unused):
                name, by = (compact(self.stated.snapshot.key(each)) for each in (unused, store))
                self.stated.refused.append((node, f"{name} is not counted: {by} states how long it carries itself"))

    def _says(self, term: int) -> bool:
        """Whether a store states how long it carries."""
        of = np.array([term], dtype=np.int32)
        return any(self.stated.number(DCX + name, of, UNIT + unit if unit else "")[0] > 0 for name, unit in _FIGURES)
