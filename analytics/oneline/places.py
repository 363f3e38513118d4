"""Where the symbols of a one-line diagram stand: sources on top, side A left, side B right, no wire through a symbol.

Layers after Sugiyama, Tagawa, Toda (1981): the level of a symbol is its longest way from a source, one that feeds only far below stands
just above what it feeds, and a wire that passes rows takes a place of its own in each of them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from analytics.placement import longest_ways
from ontology.terms import Ids

SWEEPS = 12
STRAIGHTENINGS = 4
THIN = 0.45
"""Width that a passing wire takes in a row; a symbol takes 1."""
BETWEEN_SIDES = 0.3
"""Room kept between sides, beside that of the symbols."""


@dataclass(eq=False)
class Stop:
    """A place that a symbol (its number) or a passing wire (-1) has in a row."""

    row: int
    side: int
    of: int
    width: float = THIN
    x: float = 0.0
    above: list[Stop] = field(default_factory=list)
    below: list[Stop] = field(default_factory=list)
    tied: list[Stop] = field(default_factory=list)
    """Of a tie: what it ties, level with it."""


@dataclass(frozen=True, slots=True)
class Places:
    """Rows and x of the symbols by number, and by wire where it passes the rows between its ends."""

    row: tuple[int, ...]
    x: tuple[float, ...]
    via: dict[tuple[int, int], tuple[tuple[int, float], ...]]


def rows_of(size: int, wires: set[tuple[int, int]]) -> list[int]:
    """The row of each symbol, 0 on top, none empty. Wires in both directions (ties) are level: they stand as low as what they tie."""
    ties = {(a, b) for a, b in wires if (b, a) in wires}
    down = sorted(wires - ties)
    ends = np.array(sorted(wires), dtype=np.int32).reshape(-1, 2)
    level: list[int] = levels_of(size, ends[:, 0], ends[:, 1]).tolist()
    below, tied = defaultdict(list), defaultdict(list)
    for a, b in down:
        below[a].append(b)
    fed = {b for _, b in down}
    for a, b in sorted(ties):
        tied[a].append(b)
    for node in sorted(range(size), key=lambda n: (-level[n], n)):
        lower = [level[b] for b in below[node] if level[b] > level[node]]
        if lower:
            level[node] = min(lower) - 1
    for node, others in tied.items():
        if node not in fed and not below[node]:
            level[node] = max(level[other] for other in others)
    used = sorted(set(level))
    return [used.index(each) for each in level]


def levels_of(size: int, source: Ids, target: Ids) -> Ids:
    """The longest way of each thing from one that nothing feeds; what may carry either way is left out. Cost: a sort of the edges."""
    keys, back = (source.astype(np.int64) << 32) | target, (target.astype(np.int64) << 32) | source
    down = ~np.isin(keys, back)
    return longest_ways(size, source[down], target[down])


def places(sides: list[int], widths: list[float], wires: set[tuple[int, int]]) -> Places:
    """Place symbols by their sides (-1, 0, 1) and widths, in the order in which equal ones stand from left to right.

    Deterministic; cost: the stops, a few times.
    """
    row = rows_of(len(sides), wires)
    stops = [Stop(row[number], side, number, width) for number, (side, width) in enumerate(zip(sides, widths, strict=True))]
    fed = {b for a, b in wires if (b, a) not in wires}
    for a, b in sorted(wires):
        if (b, a) in wires and a not in fed and row[a] == row[b]:
            stops[a].tied.append(stops[b])
    passing: dict[tuple[int, int], list[Stop]] = {}
    for a, b in sorted(wires):
        if row[a] >= row[b]:
            continue
        side = sides[a] if sides[a] == sides[b] or sides[b] == 0 else sides[b] if sides[a] == 0 else 0
        between = [Stop(at, side, -1) for at in range(row[a] + 1, row[b])]
        line = [stops[a], *between, stops[b]]
        for upper, lower in pairwise(line):
            upper.below.append(lower)
            lower.above.append(upper)
        passing[a, b] = between
    layers = _layers([*stops, *(stop for between in passing.values() for stop in between)])
    _ordered(layers)
    _spaced(layers)
    via = {ends: tuple((stop.row, stop.x) for stop in between) for ends, between in passing.items()}
    return Places(tuple(row), tuple(stop.x for stop in stops), via)


def _layers(stops: list[Stop]) -> list[list[Stop]]:
    layers: list[list[Stop]] = [[] for _ in range(max((stop.row for stop in stops), default=-1) + 1)]
    for stop in stops:
        layers[stop.row].append(stop)
    for layer in layers:
        layer.sort(key=lambda stop: stop.side)
        for at, stop in enumerate(layer):
            stop.x = (at + 0.5) / len(layer)
    return layers


def _ordered(layers: list[list[Stop]]) -> None:
    """Sort each row by side, then by the middle of its neighbours, from above and from below in turn."""
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            for stop in layer:
                near = stop.above if down else stop.below
                stop.x = sum(each.x for each in near) / len(near) if near else stop.x
            _sort(layer)
            for at, stop in enumerate(layer):
                stop.x = (at + 0.5) / len(layer)


def _sort(layer: list[Stop]) -> None:
    """By side and x; a tie between what it ties."""
    layer.sort(key=lambda stop: (bool(stop.tied), stop.side, stop.x))
    at = {id(stop): float(number) for number, stop in enumerate(layer)}
    middle = {id(stop): sum(at[id(each)] for each in stop.tied) / len(stop.tied) + 0.01 for stop in layer if stop.tied}
    layer.sort(key=lambda stop: middle.get(id(stop), at[id(stop)]))


def _spaced(layers: list[list[Stop]]) -> None:
    """Give each row its x: near the neighbours, in the order of the row, at least a width apart."""
    for layer in layers:
        _apart(layer, [1.5 * stop.side for stop in layer])
    for sweep in range(SWEEPS):
        for layer in reversed(layers) if sweep % 2 == 0 else layers:
            _apart(layer, [_middle(stop) for stop in layer])
    for _ in range(STRAIGHTENINGS):
        for layer in layers:
            _apart(layer, [_in_line(stop) for stop in layer])


def _middle(stop: Stop) -> float:
    near = [each.x for each in (*stop.above, *stop.below, *stop.tied)]
    return sum(near) / len(near) if near else stop.x


def _in_line(stop: Stop) -> float:
    """Straight under the nearest of those above it; a source straight above what it feeds, a tie midway."""
    if stop.tied:
        return _middle(stop)
    return min((each.x for each in stop.above or stop.below), key=lambda x: (abs(x - stop.x), x), default=stop.x)


def _apart(layer: list[Stop], wanted: list[float]) -> None:
    """The places nearest to those wanted (least squares) that keep the order and the widths: pool adjacent violators."""
    offset, at = [], 0.0
    for here, stop in enumerate(layer):
        if here:
            before = layer[here - 1]
            at += (before.width + stop.width) / 2 + (BETWEEN_SIDES if before.side != stop.side else 0.0)
        offset.append(at)
    blocks: list[tuple[float, int]] = []
    for want, off in zip(wanted, offset, strict=True):
        total, count = want - off, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            more, many = blocks.pop()
            total, count = total + more, count + many
        blocks.append((total, count))
    start = iter([total / count for total, count in blocks for _ in range(count)])
    for stop, off in zip(layer, offset, strict=True):
        stop.x = round(next(start) + off, 4)
