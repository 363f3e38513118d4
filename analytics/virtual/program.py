"""A formula made ready: which points it stands on, and its number from their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from analytics.quality import NOTHING, Figure, greatest, least, mean, together, total
from analytics.virtual.formula import Alone, Both, Named, Number, Numeric, Over, Points
from analytics.virtual.meters import Meter
from graph.values import Codes, Floats, Quality

Eval = Callable[[Floats, Codes], Figure]
"""From the values and the qualities of a program's points, in their order."""
_AGGREGATE: Mapping[str, Callable[[Floats, Codes], Figure]] = {"sum": total, "mean": mean, "min": least, "max": greatest}


@dataclass(frozen=True, slots=True)
class Program:
    """One formula: the points (IRIs) that it stands on, each once, and how they become its number."""

    points: tuple[str, ...]
    figure: Eval
    """Cost: a look at each value."""


def program(tree: Numeric, meters: Callable[[Points], Sequence[Meter]]) -> Program:
    """Make a formula ready; `meters` gives the points that it means, and may raise `FormulaError`. Cost: linear in its points."""
    row_of: dict[str, int] = {}
    figure = _numeric(tree, row_of, meters)
    return Program(tuple(row_of), figure)


def _numeric(node: Numeric, row_of: dict[str, int], meters: Callable[[Points], Sequence[Meter]]) -> Eval:
    match node:
        case Number(value):
            stated = Figure(value)
            return lambda _values, _qualities: stated
        case Named(point):
            row = row_of.setdefault(point, len(row_of))
            return lambda values, qualities: total(values[row : row + 1], qualities[row : row + 1])
        case Alone(act, of):
            inner = _numeric(of, row_of, meters)
            return lambda values, qualities: _alone(act, inner(values, qualities))
        case Both(act, left, right):
            first, second = _numeric(left, row_of, meters), _numeric(right, row_of, meters)
            return lambda values, qualities: _both(act, first(values, qualities), second(values, qualities))
        case Over():
            return _over(node, row_of, meters)


def _over(node: Over, row_of: dict[str, int], meters: Callable[[Points], Sequence[Meter]]) -> Eval:
    numbers = [_numeric(each, row_of, meters) for each in node.numbers]
    gathered = [meter for points in node.points for meter in meters(points)]
    width = max((len(meter) for meter in gathered), default=1)
    rows = np.full((len(gathered), max(width, 1)), -1, np.int64)
    factors = np.ones(rows.shape)
    for at, meter in enumerate(gathered):
        for column, (point, factor) in enumerate(meter):
            rows[at, column] = row_of.setdefault(point, len(row_of))
            factors[at, column] = factor
    aggregate = _AGGREGATE[node.act]

    def figure(values: Floats, qualities: Codes) -> Figure:
        read, how = _metered(rows, factors, values, qualities)
        if not numbers:
            return aggregate(read, how)
        others = [number(values, qualities) for number in numbers]
        read = np.concatenate((read, np.array([other.value for other in others])))
        how = np.concatenate((how, np.array([other.quality for other in others], np.uint8)))
        found = aggregate(read, how)
        return Figure(found.value, found.quality, min(found.coverage, *(other.coverage for other in others if other is not NOTHING), 1.0))

    return figure


def _metered(rows: NDArray[np.int64], factors: Floats, values: Floats, qualities: Codes) -> tuple[Floats, Codes]:
    """One value a meter: the greatest of those of its points that are best; none for what has none."""
    if rows.shape[0] == 0 or len(values) == 0:
        return np.full(rows.shape[0], nan), np.full(rows.shape[0], Quality.NO_VALUE, np.uint8)
    there = rows >= 0
    at = np.where(there, rows, 0)
    read = np.where(there, values[at] * factors, nan)
    how = np.where(there & ~np.isnan(read), qualities[at], np.uint8(Quality.NO_VALUE))
    best = how.min(axis=1)
    return np.where(how == best[:, None], read, -np.inf).max(axis=1), best.astype(np.uint8)


def _alone(act: str, of: Figure) -> Figure:
    return together(-of.value if act == "-" else abs(of.value), (of,))


def _both(act: str, left: Figure, right: Figure) -> Figure:
    a, b = left.value, right.value
    match act:
        case "+":
            value = a + b
        case "-":
            value = a - b
        case "*":
            value = a * b
        case _:
            value = a / b if b else nan
    return together(value, (left, right))
