"""A few facts change who feeds a node or what it needs: that node's rows are compiled anew, and put in the place of the old ones.

Rules of this file:

1. What comes out is, column by column, what `compile_supply` would give for the newer snapshot; in doubt there is none, and it does.
2. Ordinary are: a feed of a stated medium between two nodes that go on feeding and being fed in it, a requirement's number, a rating.
   Groups, ties, 223P connections, plain feeds, stored energy, and requirements by capacity are not: they reach further than the node.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from analytics.assumed import Assumed
from analytics.capacity.electrical import Electrical
from analytics.capacity.stated import ALLOCATED, QUANTITIES, RATED_A, RATED_INPUT, RATED_KVA, RATED_KW, Things, rating
from analytics.columns import rows_of
from analytics.requirements import Stated, explicit_requirements, stated_by
from analytics.roles import needs_of
from analytics.supply_graph import ALL, Edges, Requirements, SupplyGraph
from graph.snapshot import Snapshot
from ontology.media import FEEDS_IN, LIQUID_COOLING, POWER
from ontology.namespaces import BRICK, DCX, S223
from ontology.terms import Ids, is_literal
from ontology.vocabulary import Vocabulary

NODES_MAX = 20
"""Nodes whose rows are put in; for more the graph is compiled anew."""
_NUMBERS = (DCX + "atLeast", DCX + "allOf")
_RATINGS = frozenset((*RATED_KW, *RATED_KVA, *RATED_A))
Number = TypeVar("Number", bound=np.generic)
Triple = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Fed:
    """The rows of one node: what feeds it, and its requirements in their order in `Requirements`."""

    node: int
    source: Ids
    medium: Ids
    rows: Ids
    at_least: Ids
    suppliers: tuple[Ids, ...]


@dataclass(frozen=True, eq=False)
class Spliced:
    """The newer graph, and the nodes whose rows are new in it."""

    graph: SupplyGraph
    fed: tuple[Fed, ...]


def spliced(graph: SupplyGraph, terms: Ids, snapshot: Snapshot, vocabulary: Vocabulary, triples: Iterable[Triple]) -> Spliced | None:
    """The supply graph after facts that count in it have come or gone; None where they reach further than the nodes that they speak of.

    `terms` are the term numbers of the nodes. Speaks of the revision of `graph` still. Cost: a copy of the columns of the edges.
    """
    splice = _Splice(graph, terms, snapshot, vocabulary)
    feeds: dict[int, set[tuple[int, int]]] = defaultdict(set)
    rated: set[int] = set()
    for triple in triples:
        if not splice.take(triple, feeds, rated):
            return None
    if len(feeds) + len(rated) > NODES_MAX:
        return None
    fed = [splice.fed(node, sorted(pairs)) for node, pairs in sorted(feeds.items())]
    found = [each for each in fed if each is not None]
    if len(found) < len(fed):
        return None
    electrical = graph.electrical if not rated else splice.rated(sorted(rated))
    if rated and electrical is None:
        return None
    again = replace(graph, edges=_edges(graph.edges, found), requirements=_requirements(graph.requirements, found), electrical=electrical)
    return Spliced(again, tuple(found))


class _Splice:
    """What the newer snapshot says of single nodes of the older graph."""

    def __init__(self, graph: SupplyGraph, terms: Ids, snapshot: Snapshot, vocabulary: Vocabulary) -> None:
        self._graph, self._terms, self._snapshot, self._vocabulary = graph, terms, snapshot, vocabulary
        self._medium_of = {
            predicate: number for number, prop in enumerate(FEEDS_IN) for predicate in (prop, *vocabulary.subproperties(prop))
        }

    def take(self, triple: Triple, feeds: dict[int, set[tuple[int, int]]], rated: set[int]) -> bool:
        """Note whom a changed fact concerns: by fed node the (source, medium) that come or go, and whose rating changes."""
        subject, predicate, obj = triple
        if predicate in self._medium_of:
            u, v = self._graph.find(subject), self._graph.find(obj)
            if (
                u is None
                or v is None
                or u == v
                or not self._plain(subject, obj)
                or self._by_stores({u, v})
                or self._may_return(v, self._medium_of[predicate])
                or self._is_source(v, self._medium_of[predicate])
            ):
                return False
            feeds[v].add((u, self._medium_of[predicate]))
            return True
        term = self._snapshot.terms.find(subject)
        if term is None:
            return False
        if predicate in _NUMBERS:
            whose = [self._graph.find(self._snapshot.key(each)) for each in self._snapshot.subjects(DCX + "requires", term)]
            for node in whose:
                if node is not None:
                    feeds[node].update(())
            return bool(whose) and None not in whose
        return predicate == BRICK + "value" and self._rates(term, rated)

    def _rates(self, quantity: int, rated: set[int]) -> bool:
        """Whether a quantity is a rating alone, and of whom."""
        if len(self._snapshot.relation(DCX + "atLeastCapacity")):
            return False
        of = {p: self._snapshot.relation(p).subjects_of(quantity).tolist() for p in sorted(QUANTITIES)}
        whose = [self._graph.find(self._snapshot.key(each)) for predicate in sorted(_RATINGS) for each in of[predicate]]
        value = self._snapshot.number(quantity, BRICK + "value")
        told = (len(self._snapshot.objects(quantity, BRICK + name)) for name in ("value", "hasUnit"))
        if value is None or not 0 < value < np.inf or any(count != 1 for count in told):
            return False
        if not whose or None in whose or any(found for predicate, found in of.items() if predicate not in _RATINGS):
            return False
        rated.update(node for node in whose if node is not None)
        return True

    def _plain(self, subject: str, obj: str) -> bool:
        """Whether nothing but feeds of a stated medium says that one feeds the other, and neither is more than a thing (rule 2)."""
        snapshot, supply = self._snapshot, self._vocabulary.supply
        u, v = snapshot.terms.find(subject), snapshot.terms.find(obj)
        if u is None or v is None or any(supply.is_storage(cls) for cls in snapshot.types(u)):
            return False
        feeds = {BRICK + "feeds", *self._vocabulary.subproperties(BRICK + "feeds")} - set(self._medium_of)
        both = [(predicate, u, v) for predicate in feeds]
        for prop, one, other in ((BRICK + "isFedBy", v, u), (BRICK + "hasPart", u, v), (BRICK + "isPartOf", v, u)):
            both += [(predicate, one, other) for predicate in (prop, *self._vocabulary.subproperties(prop))]
        both += [(DCX + "ties", u, v), (DCX + "ties", v, u)]
        if any(other in snapshot.relation(predicate).objects_of(one) for predicate, one, other in both):
            return False
        if any(len(snapshot.relation(DCX + "hasMember").objects_of(each)) for each in (u, v)):
            return False
        near = [snapshot.relation(S223 + name) for name in ("connectsFrom", "connectsTo", "connectsAt", "cnx", "hasConnectionPoint")]
        return not any(len(relation.objects_of(each)) or len(relation.subjects_of(each)) for relation in near for each in (u, v))

    def _by_stores(self, nodes: set[int]) -> bool:
        """Whether some nodes hand on stored energy, or only stores feed any source: whom a feed reaches is not plain then."""
        graph, columns = self._graph, self._graph.assumptions
        rows = np.flatnonzero(columns.what == Assumed.STORED)
        links = set(columns.node[rows].tolist())
        if nodes & links:
            return True
        for node, medium in set(zip(columns.other[rows].tolist(), columns.medium[rows].tolist(), strict=True)):
            first, last = rows_of(graph.edges.target, node)
            if node not in links and not (graph.edges.medium[first:last] == medium).any():
                classes = self._snapshot.types(int(self._terms[node]))
                if not any(graph.media[medium] in self._vocabulary.supply.source_of(cls) for cls in classes):
                    return True
        return False

    def _may_return(self, node: int, medium: int) -> bool:
        """Whether a feed may make a supply of a chiller a return, or no return: one of them has two in liquid, or gets another."""
        graph, supply = self._graph, self._vocabulary.supply
        if graph.media[medium] != LIQUID_COOLING:
            return False
        reject = [number for number, cls in enumerate(graph.nodes.classes) if supply.rejects_heat(cls)]
        fed = np.isin(graph.nodes.class_of, reject)
        of = graph.edges.target[(graph.edges.medium == medium) & fed[graph.edges.target]]
        return bool(fed[node] or (of[1:] == of[:-1]).any())

    def _is_source(self, node: int, medium: int) -> bool:
        """Whether a thing is a source of a medium: what feeds it there is no supply, and is told."""
        term, iri = int(self._terms[node]), self._graph.media[medium]
        says = self._snapshot.objects(term, DCX + "isSource")
        return bool(says) or any(iri in self._vocabulary.supply.source_of(cls) for cls in self._snapshot.types(term))

    def fed(self, node: int, changed: Sequence[tuple[int, int]]) -> Fed | None:
        """The rows of a node anew."""
        edges = self._graph.edges
        first, last = rows_of(edges.target, node)
        before = set(zip(edges.source[first:last].tolist(), edges.medium[first:last].tolist(), strict=True))
        after = set(before)
        for source, medium in changed:
            if self._says(source, node, medium):
                after.add((source, medium))
            else:
                after.discard((source, medium))
        if {medium for _, medium in after} != {medium for _, medium in before}:
            return None
        if not all(self._goes_on(source, node, medium) for source, medium in before ^ after):
            return None
        rows = sorted((medium, source) for source, medium in after)
        media, sources = np.array(rows, dtype=np.int32).reshape(-1, 2).T
        return self._needs(node, np.ascontiguousarray(sources), np.ascontiguousarray(media))

    def _says(self, source: int, node: int, medium: int) -> bool:
        u, v = int(self._terms[source]), int(self._terms[node])
        named = (predicate for predicate, number in self._medium_of.items() if number == medium)
        return any(v in self._snapshot.relation(predicate).objects_of(u) for predicate in named)

    def _goes_on(self, source: int, node: int, medium: int) -> bool:
        """Whether a supplier feeds something else in the medium as well, before and after, and no draw is counted otherwise."""
        named = [self._snapshot.relation(predicate) for predicate, number in self._medium_of.items() if number == medium]
        u, v = int(self._terms[source]), int(self._terms[node])
        others = {each for relation in named for each in relation.objects_of(u).tolist()} - {u, v}
        fed = [self._graph.find(self._snapshot.key(each)) for each in sorted(others)[:NODES_MAX]]
        held = any(other is not None and self._feeds(source, other, medium) for other in fed)
        return held and (self._graph.media[medium] != POWER or self._draws_stand(source))

    def _feeds(self, source: int, node: int, medium: int) -> bool:
        edges = self._graph.edges
        first, last = rows_of(edges.target, node)
        return bool(((edges.source[first:last] == source) & (edges.medium[first:last] == medium)).any())

    def _draws_stand(self, source: int) -> bool:
        """Whether nothing upstream says what it draws, nor is in a rack or one: then what it feeds covers no draw that was counted."""
        graph, power = self._graph, self._graph.media.index(POWER)
        electrical = graph.electrical
        if electrical is None or not (electrical.basis.any() or electrical.beside.any()):
            return True
        seen, queue = {source}, [source]
        while queue:
            node = queue.pop()
            first, last = rows_of(graph.edges.target, node)
            above = graph.edges.source[first:last][graph.edges.medium[first:last] == power].tolist()
            queue += [each for each in above if each not in seen]
            seen.update(above)
        nodes = np.array(sorted(seen), dtype=np.int32)
        states = [self._snapshot.relation(predicate).first_objects(self._terms[nodes]) >= 0 for predicate in (ALLOCATED, RATED_INPUT)]
        return not any(bool(each.any()) for each in states) and not np.isin(nodes, graph.loads.mounted).any()

    def _needs(self, node: int, source: Ids, medium: Ids) -> Fed | None:
        """The requirements of a node, as many as before, each over what feeds it now."""
        graph, held = self._graph, self._graph.requirements
        rows = np.flatnonzero(held.node == node).astype(np.int32)
        stated = stated_by(self._snapshot, int(self._terms[node]))
        unclear = (need.of_capacity or need.no_count or need.rounded or need.medium not in graph.media for need in stated)
        if any(unclear) or self._doubtful(node):
            return None
        if len(self._snapshot.relation(DCX + "hasMember").objects_of(int(self._terms[node]))):
            return None
        explicit = self._explicit(node, source, medium, stated)
        by_default = len(rows) - len(explicit)
        if by_default < 0 or not np.array_equal(held.medium[rows[by_default:]], explicit.medium):
            return None
        default = needs_of(self._vocabulary, tuple(self._snapshot.types(int(self._terms[node]))), graph.media)
        suppliers = [source[medium == of] for of in held.medium[rows[:by_default]].tolist()]
        wanted = [default[of] for of in held.medium[rows[:by_default]].tolist()]
        at_least = [len(of) if need == ALL else need for need, of in zip(wanted, suppliers, strict=True)] + explicit.at_least.tolist()
        suppliers += [explicit.suppliers[a:b] for a, b in zip(explicit.starts[:-1], explicit.starts[1:], strict=True)]
        if any(need > len(of) for need, of in zip(at_least, suppliers, strict=True)):
            return None
        return Fed(node, source, medium, rows, np.array(at_least, dtype=np.int32), tuple(suppliers))

    def _doubtful(self, node: int) -> bool:
        """Whether the model says something of a node that it cannot mean: such sentences are made when all is compiled."""
        assumed = self._graph.assumptions
        about = assumed.what[np.flatnonzero(assumed.node == node)].tolist()
        return not {Assumed.SOURCE, Assumed.MEDIUM, Assumed.STORED, Assumed.UNIT}.issuperset(about)

    def _explicit(self, node: int, source: Ids, medium: Ids, stated: Sequence[Stated]) -> Requirements:
        def node_of(term: int) -> int:
            found = None if is_literal(self._snapshot.key(term)) else self._graph.find(self._snapshot.key(term))
            return -1 if found is None else found

        edges = Edges(source, np.full(len(source), node, np.int32), medium)
        return explicit_requirements(edges, stated, self._graph.media, node, node_of)

    def rated(self, nodes: Sequence[int]) -> Electrical | None:
        """The electrical columns with the ratings of some nodes anew."""
        electrical = self._graph.electrical
        if electrical is None:
            return None
        rated_kw, limit_kw = electrical.rated_kw.copy(), electrical.limit_kw.copy()
        for node in nodes:
            term = int(self._terms[node])
            classes = (self._vocabulary.most_specific(tuple(self._snapshot.types(term))),)
            things = Things(np.array([term], dtype=np.int32), np.zeros(1, np.int32), classes)
            (rated_kw[node],), (limit_kw[node],), in_doubt = rating(self._snapshot, self._vocabulary, things)
            several = any(len(self._snapshot.relation(each).objects_of(term)) > 1 for each in sorted(_RATINGS))
            if not np.isfinite(rated_kw[node]) or several or in_doubt or self._doubtful(node):
                return None
        return replace(electrical, rated_kw=rated_kw, limit_kw=limit_kw)


def _edges(edges: Edges, fed: Sequence[Fed]) -> Edges:
    cuts = [rows_of(edges.target, each.node) for each in fed]
    return Edges(
        put_in(edges.source, [(a, b, each.source) for (a, b), each in zip(cuts, fed, strict=True)]),
        put_in(edges.target, [(a, b, np.full(len(each.source), each.node, np.int32)) for (a, b), each in zip(cuts, fed, strict=True)]),
        put_in(edges.medium, [(a, b, each.medium) for (a, b), each in zip(cuts, fed, strict=True)]),
    )


def _requirements(held: Requirements, fed: Sequence[Fed]) -> Requirements:
    at_least, starts = held.at_least.copy(), held.starts.copy()
    cuts = []
    for each in fed:
        at_least[each.rows] = each.at_least
        for row, suppliers in zip(each.rows.tolist(), each.suppliers, strict=True):
            first, last = int(held.starts[row]), int(held.starts[row + 1])
            cuts.append((first, last, suppliers))
            if len(suppliers) != last - first:
                starts[row + 1 :] += np.int32(len(suppliers) - (last - first))
    return Requirements(held.node, held.medium, at_least, starts, put_in(held.suppliers, sorted(cuts, key=lambda cut: cut[:2])))


def put_in(column: NDArray[Number], cuts: Sequence[tuple[int, int, NDArray[Number]]]) -> NDArray[Number]:
    """The column with other values in the place of some parts of it: `(first, last, values)`, ascending and apart.

    Cost: one copy; none where the values are those that are there.
    """
    parts, at = list[NDArray[Number]](), 0
    new = [cut for cut in cuts if not np.array_equal(column[cut[0] : cut[1]], cut[2])]
    for first, last, values in new:
        parts += [column[at:first], values.astype(column.dtype, copy=False)]
        at = last
    return np.concatenate([*parts, column[at:]]) if new else column


__all__ = ["Fed", "Spliced", "put_in", "spliced"]
