"""What each node needs: explicit `dcx:requires`, the counts of redundancy groups, the defaults of classes, else any one supplier."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil, floor, inf

import numpy as np

from analytics.loads import KILOWATT, number_of, quantities
from analytics.roles import ANY_ONE, Masks
from analytics.supply_graph import ALL, Edges, Requirements
from graph.snapshot import Snapshot
from ontology.media import MEDIA
from ontology.namespaces import DCX
from ontology.terms import Ids, is_literal, literal_parts

COUNT_MAX = 1e9
"""More suppliers than any plant has."""
NONE_NEEDED = ALL - 1
"""Below `ALL`: no requirement at all."""


@dataclass(frozen=True, slots=True)
class Stated:
    """One explicit requirement, in term numbers; `among` empty means all suppliers in the medium."""

    entity: int
    medium: str
    at_least: int
    among: frozenset[int]
    of_capacity: bool
    no_count: bool
    """It states a number, and none that is one."""
    capacity_kw: float = float("nan")
    """The capacity that it states (`of_capacity`); nan for none that can be read."""
    rounded: bool = False
    """It states a number that is not whole: the next whole one counts."""


@dataclass(frozen=True, slots=True)
class Needed:
    """How many members a group needs by what it states; None where that cannot be read."""

    count: int | None
    rounded: bool
    """It states a number that is not whole: the whole one that needs more counts."""


def stated_requirements(snapshot: Snapshot) -> list[Stated]:
    """Every `dcx:requires` of the snapshot that names a medium, in order of term numbers. Cost: one pass over them."""
    entities = _table(snapshot, "requires")
    media, at_least, all_of = _table(snapshot, "medium"), _table(snapshot, "atLeast"), _table(snapshot, "allOf")
    capacity, among = _table(snapshot, "atLeastCapacity"), _table(snapshot, "among")
    asking = np.array(sorted(capacity), dtype=np.int32)
    needed = dict(zip(asking.tolist(), quantities(snapshot, DCX + "atLeastCapacity", asking, KILOWATT, most=True).tolist(), strict=True))
    found = []
    for entity, needs in entities.items():
        for need in needs:
            said = _numbers(snapshot, at_least.get(need, ()))
            counts = list(map(ceil, said))
            every = any(_is_true(snapshot, o) for o in all_of.get(need, ()))
            threshold = ALL if every else max(counts, default=ANY_ONE)
            of_capacity = need in capacity and not every and not counts
            no_count = need in at_least and not every and not counts
            for medium in _resources(snapshot, media.get(need, ())):
                found.append(
                    Stated(
                        entity,
                        snapshot.key(medium),
                        threshold,
                        frozenset(among.get(need, ())),
                        of_capacity,
                        no_count,
                        needed.get(need, float("nan")),
                        not every and counts != said,
                    )
                )
    return found


def stated_by(snapshot: Snapshot, entity: int) -> list[Stated]:
    """What one entity states, as `stated_requirements` has it. Cost: a few look-ups; a requirement by capacity has no capacity here."""
    found = []
    for need in snapshot.objects(entity, DCX + "requires"):
        told = {name: snapshot.objects(need, DCX + name) for name in ("atLeast", "allOf", "atLeastCapacity", "among", "medium")}
        said = _numbers(snapshot, told["atLeast"])
        counts = list(map(ceil, said))
        every = any(_is_true(snapshot, o) for o in told["allOf"])
        threshold = ALL if every else max(counts, default=ANY_ONE)
        of_capacity = bool(told["atLeastCapacity"]) and not every and not counts
        no_count = bool(told["atLeast"]) and not every and not counts
        for medium in _resources(snapshot, told["medium"]):
            among, rounded = frozenset(told["among"]), not every and counts != said
            found.append(Stated(entity, snapshot.key(medium), threshold, among, of_capacity, no_count, rounded=rounded))
    return found


def explicit_requirements(
    edges: Edges, stated: Iterable[Stated], media: tuple[str, ...], node: int, node_of: Callable[[int], int]
) -> Requirements:
    """What one node states, over the edges that feed it; `node_of` gives the node of a term number, or -1."""
    wanted: dict[tuple[int, int], list[tuple[int, frozenset[int]]]] = defaultdict(list)
    for need in stated:
        wanted[node, media.index(need.medium)].append((need.at_least, frozenset(map(node_of, need.among))))
    return _explicit(edges, wanted)


def without_medium(snapshot: Snapshot) -> list[int]:
    """Who states a `dcx:requires` that names no medium, by term number: it says nothing that can be computed."""
    media = _table(snapshot, "medium")
    return [
        entity
        for entity, needs in _table(snapshot, "requires").items()
        if any(not _resources(snapshot, media.get(need, ())) for need in needs)
    ]


def _resources(snapshot: Snapshot, objects: Iterable[int]) -> list[int]:
    """Those of the objects that may be media: no literals, and of our own names those that there are."""
    named = ((obj, snapshot.key(obj)) for obj in objects)
    return [obj for obj, key in named if not is_literal(key) and (key in MEDIA or not key.startswith(DCX))]


def needed_members(snapshot: Snapshot) -> dict[int, tuple[int, frozenset[int]]]:
    """For each group with a count that can be read: how many members it needs, and its members; any other needs any one."""
    members = _table(snapshot, "hasMember")
    counts = counts_of_groups(snapshot).items()
    return {group: (needed.count, frozenset(members[group])) for group, needed in counts if needed.count is not None}


def counts_of_groups(snapshot: Snapshot) -> dict[int, Needed]:
    """For each group that states a count: how many members it needs.

    `dcx:requiredCount`, a number above 0, else the number of members less `dcx:spareCount`, which leaves at least one. A fraction never
    lowers a need: a count is rounded up, spares down.
    """
    members = _table(snapshot, "hasMember")
    required, spare = _table(snapshot, "requiredCount"), _table(snapshot, "spareCount")
    found: dict[int, Needed] = {}
    for group, whom in members.items():
        counts = [count for count in _numbers(snapshot, required.get(group, ())) if count > 0]
        spares = [count for count in _numbers(snapshot, spare.get(group, ())) if floor(count) < len(set(whom))]
        if counts:
            found[group] = Needed(max(map(ceil, counts)), any(count != ceil(count) for count in counts))
        elif spares:
            found[group] = Needed(len(set(whom)) - min(map(floor, spares)), any(count != floor(count) for count in spares))
        elif group in required or group in spare:
            found[group] = Needed(None, rounded=False)
    return found


def compile_requirements(
    edges: Edges,
    stated: Iterable[Stated],
    groups: Mapping[int, tuple[int, frozenset[int]]],
    node_of: Mapping[int, int] | Ids,
    media: tuple[str, ...],
    source_of: Masks,
    defaults: Ids,
) -> Requirements:
    """All requirements of all nodes, in node and medium numbers.

    `node_of` gives the node of a term number, `source_of` the media that each node is a source of, `defaults` (nodes, media) what its
    class needs. Where a node states a requirement in a medium its default there falls away. Cost: one pass over the edges, plus
    Python for each stated requirement.
    """
    medium_number = {iri: number for number, iri in enumerate(media)}
    wanted: dict[tuple[int, int], list[tuple[int, frozenset[int]]]] = defaultdict(list)
    for need in stated:
        node = int(node_of[need.entity])
        wanted[node, medium_number[need.medium]].append((need.at_least, _nodes(need.among, node_of)))
    for group, (count, members) in groups.items():
        node, inside = int(node_of[group]), _nodes(members, node_of)
        if node < 0:
            continue
        for medium in _media_fed(edges, node, inside):
            wanted[node, medium].append((count, inside))
    keys = np.array(sorted(node * len(media) + medium for node, medium in wanted), dtype=np.int64)

    def default(node: Ids, medium: Ids) -> Ids:
        is_source = (source_of[node] >> medium) & 1 == 1
        explicit = np.isin(node.astype(np.int64) * len(media) + medium, keys)
        return np.where(is_source | explicit, NONE_NEEDED, defaults[node, medium]).astype(np.int32)

    return Requirements.of_pairs(edges, default).and_also(_explicit(edges, wanted))


def _explicit(edges: Edges, wanted: Mapping[tuple[int, int], list[tuple[int, frozenset[int]]]]) -> Requirements:
    nodes, media, thresholds, sizes, suppliers = [], [], [], [], []
    for (node, medium), needs in sorted(wanted.items()):
        first, last = np.searchsorted(edges.target, [node, node + 1])
        sources = edges.source[first:last][edges.medium[first:last] == medium].tolist()
        for at_least, among in sorted(needs, key=lambda need: (need[0], sorted(need[1]))):
            counted = [s for s in sources if not among or s in among]
            nodes.append(node)
            media.append(medium)
            thresholds.append(len(counted) if at_least == ALL else at_least)
            sizes.append(len(counted))
            suppliers.extend(counted)
    starts = np.zeros(len(sizes) + 1, dtype=np.int32)
    starts[1:] = np.cumsum(sizes)
    columns = [np.array(column, dtype=np.int32) for column in (nodes, media, thresholds, suppliers)]
    return Requirements(columns[0], columns[1], columns[2], starts, columns[3])


def _media_fed(edges: Edges, node: int, suppliers: frozenset[int]) -> list[int]:
    first, last = np.searchsorted(edges.target, [node, node + 1])
    rows = zip(edges.source[first:last].tolist(), edges.medium[first:last].tolist(), strict=True)
    return sorted({medium for source, medium in rows if source in suppliers})


def _nodes(terms: frozenset[int], node_of: Mapping[int, int] | Ids) -> frozenset[int]:
    """Node numbers of terms. A term that is no node becomes -1, so that naming only strangers does not read as naming nobody."""
    return frozenset(int(node_of[term]) for term in terms)


def _table(snapshot: Snapshot, name: str) -> dict[int, list[int]]:
    relation = snapshot.relation(DCX + name)
    table: dict[int, list[int]] = defaultdict(list)
    for subject, obj in relation.pairs():
        table[subject].append(obj)
    return table


def _numbers(snapshot: Snapshot, objects: Iterable[int]) -> list[float]:
    """Those of the objects that are numbers from 0 on, at most `COUNT_MAX`."""
    return [min(value, COUNT_MAX) for value in (number_of(snapshot.key(each)) for each in objects) if 0 <= value < inf]


def _is_true(snapshot: Snapshot, obj: int) -> bool:
    key = snapshot.key(obj)
    return is_literal(key) and literal_parts(key).lexical in ("true", "1")
