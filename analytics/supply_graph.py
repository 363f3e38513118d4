"""What can supply what, as columns: nodes in order of their ids, edges by medium, requirements, and what hangs on each node.

Rules of this file:

1. Nodes are numbered in the order of their IRIs, so the order of numbers is the order that users see.
2. A `SupplyGraph` says nothing of failures or switch positions; those come with the question. It never changes.
3. The semantics are those of `docs/guides/supply-model.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analytics.assumed import DOUBTS, NOT_COUNTED, Assumed, Assumptions
from analytics.capacity.electrical import Electrical
from analytics.columns import among, distinct, spans
from graph.errors import UnknownEntity
from graph.values import Floats
from ontology.media import MEDIA, POWER
from ontology.namespaces import compact, expand, local_name
from ontology.terms import Ids

Flags = NDArray[np.bool_]
_MEDIA_NAMED = ", ".join(map(compact, MEDIA))

FUEL = "Fuel_Tank"
"""The class of tanks that standby sources run on, without its namespace."""
UNITS_LISTED_MAX = 100
"""Things taken for equipment that an answer names which lists no other assumption of the site."""
ALL = -1
"""A threshold that means: every supplier there is."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """What is known of each node; all columns have one entry a node."""

    ids: Sequence[str]
    class_of: Ids
    """Index into `classes`, or -1."""
    classes: Sequence[str]
    conduit: Flags
    switch: Flags
    normally_open: Flags
    failure_unit: Flags

    def __len__(self) -> int:
        return len(self.ids)

    @staticmethod
    def plain(ids: Sequence[str]) -> Nodes:
        """Nodes without a class: no conduit, no switch, each of them a failure unit. `ids` must be ascending."""
        n = len(ids)
        none = np.zeros(n, dtype=np.bool_)
        return Nodes(ids, np.full(n, -1, np.int32), (), none, none, none, np.ones(n, dtype=np.bool_))


@dataclass(frozen=True, slots=True)
class Edges:
    """`source[i]` can supply `target[i]` in `medium[i]`; node and medium numbers, each triple once, ascending by target, medium, source."""

    source: Ids
    target: Ids
    medium: Ids

    def __len__(self) -> int:
        return len(self.source)

    @staticmethod
    def of(source: Ids, target: Ids, medium: Ids) -> Edges:
        """Sort, drop duplicates and self-edges. Cost: one sort."""
        keep = source != target
        source, target, medium = source[keep], target[keep], medium[keep]
        order = np.lexsort((source, medium, target))
        source, target, medium = source[order], target[order], medium[order]
        if len(source) > 1:
            first = np.ones(len(source), dtype=np.bool_)
            first[1:] = (source[1:] != source[:-1]) | (target[1:] != target[:-1]) | (medium[1:] != medium[:-1])
            source, target, medium = source[first], target[first], medium[first]
        return Edges(*(np.ascontiguousarray(column, dtype=np.int32) for column in (source, target, medium)))


@dataclass(frozen=True, slots=True)
class Requirements:
    """Requirement i of `node[i]` in `medium[i]` holds while `at_least[i]` of `suppliers[starts[i]:starts[i + 1]]` are live."""

    node: Ids
    medium: Ids
    at_least: Ids
    """0 or more; never `ALL`: that is counted out when the requirement is made."""
    starts: Ids
    suppliers: Ids

    def __len__(self) -> int:
        return len(self.node)

    @staticmethod
    def of_pairs(edges: Edges, at_least: Callable[[Ids, Ids], Ids] | int) -> Requirements:
        """One requirement for each node and medium that is fed, over all its suppliers there.

        `at_least` is the threshold, or gives it for columns of nodes and media; `ALL` stands for every supplier, a value below `ALL`
        for no requirement at all.
        """
        first = np.ones(len(edges), dtype=np.bool_)
        first[1:] = (edges.target[1:] != edges.target[:-1]) | (edges.medium[1:] != edges.medium[:-1])
        starts = np.append(np.flatnonzero(first), len(edges)).astype(np.int32)
        node, medium = edges.target[starts[:-1]], edges.medium[starts[:-1]]
        wanted = np.full(len(node), at_least, np.int32) if isinstance(at_least, int) else at_least(node, medium)
        size = np.diff(starts)
        threshold = np.where(wanted == ALL, size, wanted).astype(np.int32)
        keep = wanted >= ALL
        suppliers = edges.source[np.repeat(keep, size)]
        return Requirements(node[keep], medium[keep], threshold[keep], _starts(size[keep]), suppliers)

    def and_also(self, other: Requirements) -> Requirements:
        """Both sets of requirements together."""
        return Requirements(
            np.concatenate((self.node, other.node)),
            np.concatenate((self.medium, other.medium)),
            np.concatenate((self.at_least, other.at_least)),
            _starts(np.concatenate((np.diff(self.starts), np.diff(other.starts)))),
            np.concatenate((self.suppliers, other.suppliers)),
        )


def _starts(sizes: Ids) -> Ids:
    starts = np.zeros(len(sizes) + 1, dtype=np.int32)
    np.cumsum(sizes, out=starts[1:])
    return starts


@dataclass(frozen=True, slots=True)
class Loads:
    """What stands behind the nodes: racks, services, tenants and the draw of IT equipment in kW."""

    racks: Ids
    services: Ids
    equipment: Ids
    """IT equipment, and the racks that count as such because nothing in them says what it draws (`loads.with_planned`)."""
    equipment_kw: Floats
    """One entry for each of `equipment`; 0 where the model states no power."""
    tenants: Sequence[str]
    owned: Ids
    """Shape (n, 2): node, tenant (index into `tenants`)."""
    mounted: Ids
    """Shape (n, 2): node, the rack node that it is mounted in."""

    @property
    def hardware(self) -> Ids:
        """The pieces of IT equipment themselves, without the racks that only count as such: ascending."""
        return np.setdiff1d(self.equipment, self.racks)

    @staticmethod
    def none() -> Loads:
        """Nothing stands behind any node."""
        empty = np.empty(0, dtype=np.int32)
        two = np.empty((0, 2), dtype=np.int32)
        return Loads(empty, empty, empty, np.empty(0), (), two, two)


@dataclass(frozen=True, eq=False)
class SupplyGraph:
    """All that failure analysis reads of one revision. Compare two by identity; built once a revision by `compile_supply`."""

    revision: int
    nodes: Nodes
    media: tuple[str, ...]
    edges: Edges
    requirements: Requirements
    loads: Loads = field(default_factory=Loads.none)
    assumptions: Assumptions = field(default_factory=Assumptions.none)
    electrical: Electrical | None = None
    """Draws, ratings and trip curves; absent: nothing is known of them."""
    label_of: Callable[[int], str] | None = None
    """Gives a node's label; absent: the last part of its id."""
    exists: Callable[[str], bool] | None = None
    """Whether the twin knows an IRI that is no node of this graph; absent: it does not."""
    labels_of: Callable[[Ids], list[str]] | None = None
    """Gives the labels of many nodes at once; absent: one by one."""

    @staticmethod
    def from_edges(
        ids: Sequence[str], source: Ids, target: Ids, *, medium: Ids | None = None, media: tuple[str, ...] = MEDIA, at_least: int = ALL
    ) -> SupplyGraph:
        """A graph of plain nodes from edge columns, every node needing `at_least` of its suppliers in each medium (`ALL`: all of them).

        `ids` must be ascending; `medium` is in numbers of `media`, the first of them where it is absent. Cost: one sort of the edges.
        """
        edges = Edges.of(source, target, np.zeros(len(source), np.int32) if medium is None else medium)
        return SupplyGraph(0, Nodes.plain(ids), media, edges, Requirements.of_pairs(edges, at_least))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {iri: number for number, iri in enumerate(self.nodes.ids)}

    @cached_property
    def normally_open(self) -> Ids:
        """The switches that stand open where nothing says otherwise, ascending."""
        return np.flatnonzero(self.nodes.normally_open & self.nodes.switch).astype(np.int32)

    @cached_property
    def never(self) -> Flags:
        """The nodes with a requirement that their suppliers can never meet."""
        found = np.zeros(len(self.nodes), dtype=np.bool_)
        found[self.assumptions.node[self.assumptions.what == Assumed.NEVER]] = True
        return found

    @cached_property
    def mounted_in_unfed(self) -> Ids:
        """The rows of `loads.mounted` whose rack nothing feeds and that needs nothing itself, in order of what is mounted. Cost: one pass
        over the edges, once."""
        fed = np.zeros(len(self.nodes), dtype=np.bool_)
        fed[self.edges.target] = True
        fed[self.requirements.node] = True
        rows = self.loads.mounted[~fed[self.loads.mounted[:, 1]]]
        return rows[np.argsort(rows[:, 0], kind="stable")]

    @cached_property
    def feeding(self) -> tuple[Ids, Ids]:
        """Shape (nodes + 1): where what a node feeds begins in the second column, in any medium. Cost: one sort of the edges, once."""
        order = np.argsort(self.edges.source, kind="stable")
        at = np.searchsorted(self.edges.source[order], np.arange(len(self.nodes) + 1, dtype=np.int32))
        return at.astype(np.int32), self.edges.target[order]

    @cached_property
    def into_never(self) -> tuple[Ids, Ids]:
        """Source and target of the edges to the nodes of `never`. Cost: one pass over the edges, once, where there are any."""
        edges = self.edges
        rows = np.flatnonzero(self.never[edges.target]) if self.never.any() else np.empty(0, dtype=np.int32)
        return edges.source[rows], edges.target[rows]

    def find(self, iri: str) -> int | None:
        """The number of a node, by IRI or CURIE; None for what plays no part in supply. The first call costs one pass over all ids."""
        return self._numbers.get(expand(iri))

    def numbers_of(self, iris: Iterable[str]) -> Ids:
        """The node numbers of entities by their full IRIs, -1 for what plays no part in supply. Cost: a look-up each."""
        get = self._numbers.get
        return np.array([get(iri, -1) for iri in iris], dtype=np.int32)

    def resolve(self, iris: Sequence[str]) -> tuple[list[str], Ids]:
        """The full IRIs of the given entities, sorted, each once, and the node numbers of those that play a part in supply.

        Raises `UnknownEntity` for one that the twin does not know at all.
        """
        full = sorted({expand(iri) for iri in iris})
        for iri in full:
            if iri not in self._numbers and not (self.exists is not None and self.exists(iri)):
                raise UnknownEntity(UnknownEntity.text(iri, self.revision))
        return full, np.array([self._numbers[iri] for iri in full if iri in self._numbers], dtype=np.int32)

    def id(self, node: int) -> str:
        """The IRI of a node's number."""
        return self.nodes.ids[node]

    def label(self, node: int) -> str:
        """What a person calls a node."""
        return local_name(self.nodes.ids[node]) if self.label_of is None else self.label_of(node)

    def labels(self, nodes: Ids) -> list[str]:
        """What a person calls each of some nodes: many at once cost less than one by one."""
        if self.labels_of is not None and len(nodes):
            return self.labels_of(nodes)
        return list(map(self.label, nodes.tolist()))

    def class_iri(self, node: int) -> str | None:
        """The class IRI of a node, or None."""
        index = int(self.nodes.class_of[node])
        return None if index < 0 else self.nodes.classes[index]

    @cached_property
    def taken_for_equipment(self) -> tuple[str, ...]:
        """What counts as a piece of equipment though nothing says what it is, a sentence each: every trial of failures rests on it."""
        nodes = np.sort(self.assumptions.node[self.assumptions.what == Assumed.UNIT])
        told = tuple(self._assumed(Assumed.UNIT, node, 0, node) for node in nodes[:UNITS_LISTED_MAX].tolist())
        more = len(nodes) - len(told)
        return told if more == 0 else (*told, f"and so do {more} more of which nothing says what they are")

    def assumed_about(self, nodes: Ids) -> list[str]:
        """What was taken for granted about the given nodes, ascending, one sentence each, sorted. Cost: a look-up a node."""
        columns, (order, other) = self.assumptions, self._assumed_by_other
        rows = order[spans(np.searchsorted(other, nodes), np.searchsorted(other, nodes, side="right"))]
        rows = rows[among(columns.node[rows], nodes) | np.isin(columns.what[rows], NOT_COUNTED)]
        if len(self._to_sources):  # told of who feeds, too: nothing else of the source need matter
            rows = distinct(np.concatenate((rows, self._to_sources[among(columns.node[self._to_sources], nodes)])))
        kept, texts = self._assumed_texts, []
        for row in rows.tolist():
            text = kept.get(row)
            if text is None:
                said = (int(column[row]) for column in (columns.what, columns.node, columns.medium, columns.other))
                text = kept[row] = self._assumed(*said)
            texts.append(text)
        return sorted(texts)

    @cached_property
    def _to_sources(self) -> Ids:
        """The rows of `TO_SOURCE` among the assumptions."""
        return np.flatnonzero(self.assumptions.what == Assumed.TO_SOURCE).astype(np.int32)

    @cached_property
    def _assumed_by_other(self) -> tuple[Ids, Ids]:
        """The assumptions in order of `Assumptions.other`, and that column in this order."""
        order = np.argsort(self.assumptions.other, kind="stable").astype(np.int32)
        return order, self.assumptions.other[order]

    @cached_property
    def _assumed_texts(self) -> dict[int, str]:
        """The sentences that were asked for, by row: most answers of a site repeat the same ones."""
        return {}

    def _doubt(self, what: int, node: int, medium: int) -> str:
        """What the model says and cannot mean (`analytics/doubts.py`)."""
        if what in (Assumed.RATING, Assumed.RATINGS, Assumed.FIGURE):
            return self._figure(what, node)
        if what == Assumed.POSITION:
            stands = "open" if self.nodes.normally_open[node] else "closed"
            return f"counts as {stands} where no reading says otherwise: its dcx:normalPosition is not one of dcx:Open and dcx:Closed"
        if what == Assumed.DRAWS:
            return f"states several draws that differ: {self._drawn(node)} counts"
        if what in DOUBTS:
            return DOUBTS[what]
        rows = np.flatnonzero((self.requirements.node == node) & (self.requirements.medium == medium))
        has = np.diff(self.requirements.starts)[rows]
        short = rows[self.requirements.at_least[rows] > has][0]
        wanted, there = int(self.requirements.at_least[short]), int(np.diff(self.requirements.starts)[short])
        return f"needs {wanted} suppliers of {local_name(self.media[medium])} and has {there}: it is never supplied"

    def _figure(self, what: int, node: int) -> str:
        """What counts of ratings that differ, or that are none, and of other electrical figures."""
        if what == Assumed.FIGURE:
            return "" if self.electrical is None else self.electrical.doubts[node]
        rated = np.inf if self.electrical is None else float(self.electrical.rated_kw[node])
        if what == Assumed.RATINGS:
            return f"states several ratings that differ: {f'the smallest counts, {rated:g} kW' if np.isfinite(rated) else 'none counts'}"
        beside = "the other counts" if np.isfinite(rated) else "it counts as without limit"
        return f"states a rating that is no number above 0 in a unit of its kind: {beside}"

    def _unit(self, node: int) -> str:
        """That a thing counts as a failure unit, and why that had to be assumed."""
        cls = self.class_iri(node)
        why = "it has no class" if cls is None else f"nothing says of {compact(cls)} whether it is one"
        return f"counts as a piece of equipment that can fail: {why}"

    def _drawn(self, node: int) -> str:
        """The draw that counts of a node, in words."""
        at = int(np.searchsorted(self.loads.equipment, node))
        if at < len(self.loads.equipment) and self.loads.equipment[at] == node:
            return f"{self.loads.equipment_kw[at]:g} kW"
        drawn = 0.0 if self.electrical is None else float(self.electrical.draw_kw[node])
        return f"{drawn:g} kW" if drawn > 0 else "none of them"

    def _instead(self, kind: str, other: int) -> str:
        """What stored energy does for the node that it feeds: a standby source starts and runs on it, others it carries."""
        if kind == FUEL:
            return "fuel is not followed here: see --timeline"
        power = self.media.index(POWER)
        needs = ((self.requirements.node == other) & (self.requirements.medium == power)).any()
        if self.electrical is not None and self.electrical.reserve[other] and not needs:
            return f"what {compact(self.id(other))} starts with is not followed here: see --timeline"
        return "it bridges time (impact --timeline)"

    def _not_counted(self, what: int, node: int, medium: int, other: int) -> str:
        """That the edge from a node to another one is no supply, and why."""
        edge, kind = f"{compact(self.id(node))} -> {compact(self.id(other))} is not counted", local_name(self.class_iri(node) or "")
        if what == Assumed.RETURN:
            return f"{edge}: what it brings comes from chillers alone, and takes no heat away"
        if what == Assumed.TO_SOURCE:
            cls, of = local_name(self.class_iri(other) or "it"), local_name(self.media[medium])
            return f"{edge}: {cls} is a source of {of} and needs none of it unless a dcx:requires of it says so"
        fed = (self.edges.target == node).any() or ((self.assumptions.what == what) & (self.assumptions.other == node)).any()
        does = "hands on stored energy" if fed else "stores energy"
        return f"{edge}: {kind} {does} and is no supplier; {self._instead(kind, other)}"

    def _assumed(self, what: int, node: int, medium: int, other: int) -> str:
        name, of = compact(self.id(node)), local_name(self.media[medium])
        if what in NOT_COUNTED:
            return self._not_counted(what, node, medium, other)
        if what >= Assumed.RATING:
            return f"{name} {self._unit(node) if what == Assumed.UNIT else self._doubt(what, node, medium)}"
        if what == Assumed.SOURCE:
            return f"{name} counts as a source of {of}: nothing feeds it"
        if what == Assumed.MEDIUM:
            return f"{name} feeds {compact(self.id(other))} in {of}: neither class settles the medium"
        if what == Assumed.NO_MEDIUM:
            return (
                f"{name}: a dcx:requires is ignored because it names no medium that there is: give it a dcx:medium, one of {_MEDIA_NAMED}"
            )
        uncounted = "the dcx:atLeast of a dcx:requires is no number of 0 or more"
        why = uncounted if what == Assumed.NO_COUNT else "the capacity that it requires cannot be computed from the ratings stated"
        return f"{name} needs any one supplier of {of}: {why}"
