"""What a model says that cannot be meant: it is left out or read in the one way that is left, and every answer that rests on it says so.

`ridethrough validate` tells the same as findings at the node (docs/guides/validation.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from analytics.assumed import Assumed, Assumptions
from analytics.capacity.stated import AMPERE, KILOVOLTAMPERE, RATED_A, RATED_KVA, RATED_KW
from analytics.loads import KILOWATT, POWER_STATED_BY, amounts, quantities, stating_several
from analytics.requirements import counts_of_groups
from analytics.roles import OPEN
from analytics.supply_graph import Edges, Flags, Requirements
from graph.snapshot import Snapshot
from ontology.namespaces import DCX
from ontology.terms import Ids

CLOSED = DCX + "Closed"
NORMALLY = DCX + "normalPosition"


def doubts(snapshot: Snapshot, terms: Ids, switches: Flags, edges: Edges, requirements: Requirements) -> Assumptions:
    """What is doubtful about the nodes; `terms` are their term numbers, `switches` flags those that can be opened.

    Cost: a few look-ups of columns, and Python for each node that states a position.
    """
    node_of = dict(zip(terms.tolist(), range(len(terms)), strict=True)) if len(snapshot.relation(NORMALLY)) else {}
    rows = [
        *((Assumed.RATING, int(node), 0) for node in _unusable(snapshot, terms, _RATINGS, above_0=True)),
        *((Assumed.DRAW, int(node), 0) for node in _unusable(snapshot, terms, _DRAWS, above_0=False)),
        *((Assumed.RATINGS, node, 0) for node in _several(snapshot, terms, _RATINGS)),
        *((Assumed.DRAWS, node, 0) for node in _several(snapshot, terms, _DRAWS)),
        *_positions(snapshot, node_of, switches),
        *((what, node, _medium_of(edges, node)) for what, node in _groups(snapshot, terms)),
        *((Assumed.NEVER, node, medium) for node, medium in _never(requirements)),
    ]
    what, node, medium = np.array(rows, dtype=np.int32).reshape(-1, 3).T
    return Assumptions(what, node, medium, node)


_RATINGS = tuple((each, unit) for of, unit in ((RATED_KW, KILOWATT), (RATED_KVA, KILOVOLTAMPERE), (RATED_A, AMPERE)) for each in of)
_DRAWS = tuple((each, KILOWATT) for each in POWER_STATED_BY)


def _unusable(snapshot: Snapshot, terms: Ids, stated: tuple[tuple[str, str], ...], *, above_0: bool) -> Ids:
    """The nodes that state a quantity that is no number above 0 (or no number from 0 on) in a unit of its kind, ascending."""
    found = np.zeros(len(terms), dtype=np.bool_)
    for predicate, unit in stated:
        relation = snapshot.relation(predicate)
        if len(relation) == 0:
            continue
        says = np.flatnonzero(relation.first_objects(terms) >= 0)
        value = quantities(snapshot, predicate, terms[says], unit)
        found[says[~(value > 0) if above_0 else ~(value >= 0)]] = True
    return np.flatnonzero(found).astype(np.int32)


def _several(snapshot: Snapshot, terms: Ids, stated: tuple[tuple[str, str], ...]) -> list[int]:
    """The nodes that state more than one quantity by one predicate, and not the same."""
    found: set[int] = set()
    for predicate, unit in stated:
        twice = stating_several(snapshot, predicate, terms).tolist() if len(snapshot.relation(predicate)) else []
        found.update(node for node in twice if len(amounts(snapshot, predicate, int(terms[node]), unit)) > 1)
    return sorted(found)


def drawing_without_class(snapshot: Snapshot, terms: Ids, class_of: Ids) -> Ids:
    """The nodes that state a draw and have no class, ascending."""
    says = np.zeros(len(terms), dtype=np.bool_)
    for predicate in POWER_STATED_BY:
        says |= np.isin(terms, snapshot.relation(predicate).subjects)
    return np.flatnonzero(says & (class_of < 0)).astype(np.int32)


def _positions(snapshot: Snapshot, node_of: Mapping[int, int], switches: Flags) -> Iterator[tuple[int, int, int]]:
    said: dict[int, set[str]] = {}
    relation = snapshot.relation(NORMALLY)
    for subject, obj in relation.pairs():
        if subject in node_of:
            said.setdefault(node_of[subject], set()).add(snapshot.key(obj))
    for node in sorted(said):
        if not switches[node]:
            yield Assumed.NO_SWITCH, node, 0
        elif len(said[node]) > 1 or not said[node] <= {OPEN, CLOSED}:
            yield Assumed.POSITION, node, 0


def _groups(snapshot: Snapshot, terms: Ids) -> Iterator[tuple[int, int]]:
    """The groups whose count cannot be read, and those whose count is not whole."""
    counts = counts_of_groups(snapshot)
    unclear = [group for group, needed in counts.items() if needed.count is None]
    rounded = [group for group, needed in counts.items() if needed.rounded]
    for what, groups in ((Assumed.GROUP, unclear), (Assumed.GROUP_ROUNDED, rounded)):
        yield from ((what, node) for node in np.flatnonzero(np.isin(terms, np.array(groups, dtype=np.int32))).tolist())


def _medium_of(edges: Edges, node: int) -> int:
    at = int(np.searchsorted(edges.target, node))
    return int(edges.medium[at]) if at < len(edges) and edges.target[at] == node else 0


def _never(requirements: Requirements) -> list[tuple[int, int]]:
    short = np.flatnonzero(requirements.at_least > np.diff(requirements.starts))
    return sorted({(int(requirements.node[row]), int(requirements.medium[row])) for row in short.tolist()})
