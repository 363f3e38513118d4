"""What room racks have: rack units in a row, and weight."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from analytics.time.stated import Stated
from ontology.namespaces import DCX
from ontology.terms import Ids

UNITS, POSITION = DCX + "rackUnits", DCX + "uPosition"
WEIGHT, WEIGHT_LIMIT = DCX + "weightKg", DCX + "weightLimitKg"


@dataclass(frozen=True, slots=True)
class Space:
    """The room in one rack; None where the model does not say."""

    units: int | None
    """The most free rack units in a row, front and rear together."""
    weight_kg: float | None
    """What it may still bear, of what is known to be in it."""
    unplaced: int
    """Things in it that take rack units and state no position: they are not counted."""
    unweighed: int
    """Things in it that take rack units and state no weight: they are not counted."""


def spaces(stated: Stated, racks: Ids) -> list[Space]:
    """The room in each of the given racks (nodes), by what is `dcx:mountedIn` it. Cost: the racks and what is in them."""
    relation = stated.snapshot.relation(DCX + "mountedIn")
    terms = stated.terms[racks]
    here = np.isin(relation.objects, terms)
    things, holders = relation.subjects[here], relation.objects[here]
    columns = [stated.number(of, things).tolist() for of in (UNITS, POSITION, WEIGHT)]
    inside: dict[int, list[tuple[float, float, float]]] = defaultdict(list)
    for holder, units, position, weight in zip(holders.tolist(), *columns, strict=True):
        inside[holder].append((units, position, weight))
    high, bears = (stated.value(of, racks)[0].tolist() for of in (UNITS, WEIGHT_LIMIT))
    return [_space(units, kilograms, inside[term]) for units, kilograms, term in zip(high, bears, terms.tolist(), strict=True)]


def _space(height: float, bears: float, things: list[tuple[float, float, float]]) -> Space:
    tall = [thing for thing in things if thing[0] > 0]
    placed = [thing for thing in tall if thing[1] >= 1]
    weighed = sum(weight for _, _, weight in things if weight > 0)
    return Space(
        _longest(int(height), placed) if height >= 1 else None,
        bears - weighed if bears > 0 else None,
        len(tall) - len(placed),
        sum(not weight > 0 for _, _, weight in tall),
    )


def _longest(height: int, placed: list[tuple[float, float, float]]) -> int:
    """The longest run of rack units from 1 to `height` that nothing takes."""
    taken = np.zeros(height + 2, dtype=np.bool_)
    taken[[0, -1]] = True
    for units, position, _ in placed:
        taken[int(position) : min(int(position + units), height + 1)] = True
    return int(np.diff(np.flatnonzero(taken)).max()) - 1
