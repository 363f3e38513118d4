"""The drawing around one entity: sources on top, side A left, side B right, cooling under power in each level.

A node's level, side and order come from the whole supply graph (`placement`), so they are the same in every view; only the gaps of
what is not drawn are closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from analytics.columns import distinct
from analytics.placement import Placement, placement
from analytics.supply_graph import SupplyGraph
from graph.snapshot import RDF_TYPE, Snapshot
from ontology.media import FEEDS_IN
from ontology.namespaces import BRICK, DCX
from ontology.terms import Ids, is_iri, is_literal
from ontology.vocabulary import Vocabulary

ROW = 100.0
"""Height of a level; its cooling stands half of it lower."""
COLUMN = 60.0
LIMIT_MAX = 10_000
"""Nodes in one view."""
HOPS_MAX = 20
RELATED_BY = (
    BRICK + "hasPart",
    BRICK + "isPartOf",
    BRICK + "hasLocation",
    BRICK + "isLocationOf",
    DCX + "hasMember",
    DCX + "hasTenant",
    DCX + "mountedIn",
    DCX + "ties",
)
"""What is drawn beside supply, where both ends are in the view."""
_PREDICATE_OF = {medium: predicate for predicate, medium in FEEDS_IN.items()}


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One node of a view: ids are IRIs, x grows to the right and y down, in abstract units; `hidden` neighbours are not drawn."""

    id: str
    label: str
    cls: str | None
    level: int
    x: float
    y: float
    hidden: int


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """One edge of a view; `medium` is an IRI, or None for what is no supply."""

    source: str
    target: str
    predicate: str
    medium: str | None


@dataclass(frozen=True, slots=True)
class GraphView:
    """What is drawn around `center`; `truncated` counts the nodes within the hops that the limit kept out."""

    center: str
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    truncated: int


def layout(snapshot: Snapshot, vocabulary: Vocabulary, supply: SupplyGraph, around: str, hops: int = 2, limit: int = 300) -> GraphView:
    """Draw what is within `hops` supply edges of an entity, up or down, and what is directly related to it; at most `limit` nodes.

    Near before far, suppliers before what they feed, then by id. `hops` is taken from 0 to `HOPS_MAX`, `limit` from 1 to `LIMIT_MAX`.
    Raises `UnknownEntity`. Cost: the neighbourhood, after the placement of the whole graph at its first use.
    """
    center = snapshot.key(snapshot.need(around))
    ranked, related = _neighbourhood(snapshot, supply, center, min(max(hops, 0), HOPS_MAX))
    allowed = min(max(limit, 1), LIMIT_MAX) - (1 if supply.find(center) is None else 0)
    kept_nodes, kept_others = ranked[:allowed], related[: max(allowed - len(ranked), 0)]
    others = ([center] if supply.find(center) is None else []) + kept_others
    drawn = np.sort(kept_nodes)
    view_edges = _edges(snapshot, supply, drawn, others)
    spots = _spots(supply, placement(snapshot, supply), drawn, others, view_edges)
    hidden = _hidden(supply, drawn)
    nodes = [
        GraphNode(supply.id(n), supply.label(n), supply.class_iri(n), *spots[supply.id(n)], hidden=count)
        for n, count in zip(drawn.tolist(), hidden, strict=True)
    ]
    for iri in others:
        number = snapshot.need(iri)
        nodes.append(GraphNode(iri, snapshot.label(number), vocabulary.most_specific(snapshot.types(number)), *spots[iri], hidden=0))
    truncated = len(ranked) + len(related) - len(kept_nodes) - len(kept_others)
    return GraphView(center, tuple(sorted(nodes, key=lambda node: node.id)), view_edges, truncated)


def _neighbourhood(snapshot: Snapshot, supply: SupplyGraph, center: str, hops: int) -> tuple[Ids, list[str]]:
    """Supply nodes in order of drawing, and other entities that the centre is directly related to, in order of IRIs."""
    start = supply.find(center)
    near, others = _related(snapshot, supply, center, any_relation=start is None) if hops else ([], [])
    upstream, downstream = _Adjacency(supply.edges.target, supply.edges.source), _Adjacency(supply.edges.source, supply.edges.target)
    first = np.array(near if start is None else [start], dtype=np.int32)
    seen = np.zeros(len(supply.nodes), dtype=np.bool_)
    seen[first] = True
    layers, frontier = [first], first
    for hop in range(hops if start is not None else hops - 1):
        up = _new(upstream.of(frontier), seen)
        down = _new(downstream.of(frontier), seen)
        beside = _new(np.array(near, dtype=np.int32), seen) if hop == 0 else np.empty(0, dtype=np.int32)
        layers += [up, down, beside]
        frontier = np.concatenate((up, down))
    return np.concatenate(layers).astype(np.int32), others


def _new(nodes: Ids, seen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Ids:
    fresh = distinct(nodes[~seen[nodes]]).astype(np.int32)
    seen[fresh] = True
    return fresh


class _Adjacency:
    """Neighbours in one direction."""

    def __init__(self, here: Ids, there: Ids) -> None:
        order = np.argsort(here, kind="stable")
        self._here, self._there = here[order], there[order]

    def of(self, nodes: Ids) -> Ids:
        """The neighbours of all given nodes together."""
        lo, hi = np.searchsorted(self._here, nodes), np.searchsorted(self._here, nodes, side="right")
        return np.concatenate([self._there[a:b] for a, b in zip(lo.tolist(), hi.tolist(), strict=True)] or [np.empty(0, dtype=np.int32)])


def _related(snapshot: Snapshot, supply: SupplyGraph, center: str, *, any_relation: bool) -> tuple[list[int], list[str]]:
    """What the centre is directly related to: supply nodes by number, other entities by IRI; both in order."""
    number = snapshot.need(center)
    names = [snapshot.key(p) for p in snapshot.relations] if any_relation else RELATED_BY
    terms: set[int] = set()
    for name in sorted(set(names) - {RDF_TYPE}):
        relation = snapshot.relation(name)
        terms.update(relation.objects_of(number).tolist(), relation.subjects_of(number).tolist())
    keys = sorted(key for key in map(snapshot.key, terms) if not is_literal(key) and key != center)
    nodes = [node for node in map(supply.find, keys) if node is not None]
    return nodes, [key for key in keys if supply.find(key) is None and is_iri(key) and _has_types(snapshot, key)]


def _has_types(snapshot: Snapshot, key: str) -> bool:
    """Whether an IRI is a thing of the model, not a word of a vocabulary."""
    number = snapshot.terms.find(key)
    return number is not None and len(snapshot.relation(RDF_TYPE).objects_of(number)) > 0


def _edges(snapshot: Snapshot, supply: SupplyGraph, drawn: Ids, others: list[str]) -> tuple[GraphEdge, ...]:
    inside = np.zeros(len(supply.nodes), dtype=np.bool_)
    inside[drawn] = True
    edges, ids, media = supply.edges, supply.nodes.ids, supply.media
    both = np.flatnonzero(inside[edges.source] & inside[edges.target])
    found = [
        GraphEdge(ids[s], ids[t], _PREDICATE_OF.get(media[m], BRICK + "feeds"), media[m])
        for s, t, m in zip(edges.source[both].tolist(), edges.target[both].tolist(), edges.medium[both].tolist(), strict=True)
    ]
    supplied = {(edge.source, edge.target) for edge in found} | {(edge.target, edge.source) for edge in found}
    shown = {ids[n] for n in drawn.tolist()} | set(others)
    numbers = {snapshot.terms.find(key) for key in shown}
    names = RELATED_BY if not others else [snapshot.key(p) for p in snapshot.relations]
    for name in sorted(set(names) - {RDF_TYPE}):
        for s, t in _pairs(snapshot, name, numbers):
            if s != t and (s, t) not in supplied:
                found.append(GraphEdge(s, t, name, None))
    return tuple(sorted(found, key=lambda edge: (edge.source, edge.target, edge.predicate)))


def _pairs(snapshot: Snapshot, name: str, numbers: Iterable[int | None]) -> list[tuple[str, str]]:
    """The pairs of a relation with both ends among the given terms."""
    relation = snapshot.relation(name)
    wanted = np.array(sorted(n for n in numbers if n is not None), dtype=np.int32)
    lo, hi = np.searchsorted(relation.subjects, wanted), np.searchsorted(relation.subjects, wanted, side="right")
    rows = np.concatenate([np.arange(a, b) for a, b in zip(lo.tolist(), hi.tolist(), strict=True) if a < b] or [np.empty(0, np.int64)])
    rows = rows[np.isin(relation.objects[rows], wanted)]
    return [(snapshot.key(int(relation.subjects[row])), snapshot.key(int(relation.objects[row]))) for row in rows]


def _spots(
    supply: SupplyGraph, placed: Placement, drawn: Ids, others: list[str], edges: Iterable[GraphEdge]
) -> dict[str, tuple[int, float, float]]:
    """Level, x and y of every drawn thing. In a row side A ends left of the middle and side B begins right of it."""
    spots: dict[str, tuple[int, float, float]] = {}
    rows: dict[tuple[int, int], list[int]] = {}
    for node in drawn[np.argsort(placed.order[drawn], kind="stable")].tolist():
        rows.setdefault((int(placed.level[node]), int(placed.lane[node])), []).append(node)
    for (level, lane), nodes in sorted(rows.items()):
        for node, x in zip(nodes, _columns([int(placed.side[node]) for node in nodes]), strict=True):
            spots[supply.id(node)] = (level, x, level * ROW + lane * ROW / 2)
    bottom = max((level for level, _ in rows), default=-1)
    beside: dict[int, list[str]] = {}
    for iri in others:
        levels = [
            spots[end][0] for edge in edges for end in (edge.source, edge.target) if iri in (edge.source, edge.target) and end in spots
        ]
        beside.setdefault(max(levels, default=bottom) + 1, []).append(iri)
    for level, iris in sorted(beside.items()):
        for iri, x in zip(iris, _columns([0] * len(iris)), strict=True):
            spots[iri] = (level, x, level * ROW - ROW / 4)
    return spots


def _columns(sides: list[int]) -> list[float]:
    """The x of each node of a row, given in order of sides: the middle centred, A left of it, B right of it."""
    left, middle, right = (sides.count(side) for side in (-1, 0, 1))
    half = max(middle, 1) / 2.0
    return [
        *((i - left + 0.5 - half) * COLUMN for i in range(left)),
        *((i + 0.5 - middle / 2.0) * COLUMN for i in range(middle)),
        *((i + 0.5 + half) * COLUMN for i in range(right)),
    ]


def _hidden(supply: SupplyGraph, drawn: Ids) -> list[int]:
    """For each drawn node how many of its supply neighbours are not drawn."""
    inside = np.zeros(len(supply.nodes), dtype=np.bool_)
    inside[drawn] = True
    edges = supply.edges
    out, back = inside[edges.source] & ~inside[edges.target], inside[edges.target] & ~inside[edges.source]
    node = np.concatenate((edges.source[out], edges.target[back])).astype(np.int64)
    other = np.concatenate((edges.target[out], edges.source[back])).astype(np.int64)
    pairs = distinct((node << 32) | other)
    counts = np.bincount(np.searchsorted(drawn, pairs >> 32), minlength=len(drawn))
    return [int(count) for count in counts]
