"""Requirements by capacity, as counts: the sum of the ratings of what is live must come to what is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from math import ceil, fsum

import numpy as np

from analytics.requirements import Stated
from analytics.supply_graph import Edges
from graph.values import Floats
from ontology.terms import Ids

UNEQUAL_MAX = 12
"""Suppliers of unequal ratings of which every combination is looked at."""
_ROUNDING = 1e-9


def counted(stated: Sequence[Stated], edges: Edges, rated_kw: Floats, terms: Ids, node_of: Ids, media: tuple[str, ...]) -> list[Stated]:
    """The requirements, each by capacity as counts that hold for exactly the same suppliers.

    One stays as it is (`of_capacity`) where it states no quantity, where a supplier states no rating, or where more than `UNEQUAL_MAX`
    suppliers have unequal ones. `rated_kw` is by node, `terms` gives the term number of a node.
    """
    found: list[Stated] = []
    for need in stated:
        gates = None
        if need.of_capacity and np.isfinite(need.capacity_kw):
            first, last = np.searchsorted(edges.target, [node_of[need.entity], node_of[need.entity] + 1])
            into = edges.source[first:last][edges.medium[first:last] == media.index(need.medium)]
            suppliers = [node for node in into.tolist() if not need.among or int(terms[node]) in need.among]
            gates = counts(rated_kw[suppliers].tolist(), need.capacity_kw)
        if gates is None:
            found.append(need)
            continue
        for at_least, of in gates:
            among = frozenset(int(terms[suppliers[at]]) for at in of) or need.among
            found.append(replace(need, at_least=at_least, among=among, of_capacity=False))
    return found


def counts(ratings: Sequence[float], needed: float) -> list[tuple[int, tuple[int, ...]]] | None:
    """Counts that all hold exactly when the ratings of those live come to `needed`: how many, of which (by place).

    Equal ratings make one count. Of unequal ones each largest set that is not enough makes one: some other must be live. None where
    a rating is unknown, or too many are unequal.
    """
    every = tuple(range(len(ratings)))
    if not np.isfinite(ratings).all():
        return None
    if fsum(ratings) < needed - _ROUNDING:
        return [(len(ratings) + 1, every)]
    if needed <= _ROUNDING:
        return [(0, every)]
    if len(set(ratings)) == 1:
        return [(ceil((needed - _ROUNDING) / ratings[0]), every)]
    if len(ratings) > UNEQUAL_MAX:
        return None
    found = []
    for size in range(len(ratings)):
        for few in combinations(every, size):
            rest = [at for at in every if at not in few]
            has = fsum(ratings[at] for at in few)
            if has < needed - _ROUNDING and all(has + ratings[at] >= needed - _ROUNDING for at in rest):
                found.append((1, tuple(rest)))
    return found
