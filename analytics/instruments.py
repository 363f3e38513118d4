"""The points that answers read, and what each is read for: one list for a state of the model, whoever asks.

What an answer makes of them stands with those who read them (`conditions.py`, `capacity/readings.py`, `time/readings.py`,
`time/present.py`); here is only which they are, so that an answer can say how good they were (`analytics/rests_on.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analytics.capacity.readings import PowerPoints
from analytics.conditions import ConditionPoints
from analytics.supply_graph import SupplyGraph
from analytics.time.present_points import PresentPoints
from analytics.time.reserves import Reserves
from analytics.unusable import Heard
from graph.values import Codes, Floats
from ontology.terms import Ids
from ontology.units import FIGURE_MAX


class What(StrEnum):
    """What a point is read for."""

    POSITION = "position"
    """Where a switch stands: 0 open, 1 closed."""
    SERVICE = "service"
    """Whether something is out of service."""
    LOAD = "load"
    """What something carries, kilowatts."""
    CHARGE = "charge"
    """Per cent of a store."""
    TEMPERATURE = "temperature"
    """Degrees Celsius at inlets, or of a room's air."""
    RUNS = "runs"
    """1 it runs, 0 it does not."""
    LEVEL = "level"
    """Per cent of a tank."""
    REMAINING = "remaining"
    """Seconds that a store has left, by its own account."""


WHATS = tuple(What)
_LEAST = {What.LOAD: 0.0, What.CHARGE: 0.0, What.LEVEL: 0.0, What.REMAINING: 0.0, What.POSITION: 0.0, What.RUNS: 0.0}
_MOST = {What.LOAD: FIGURE_MAX, What.CHARGE: 100.0, What.LEVEL: 100.0, What.POSITION: 1.0, What.RUNS: 1.0}
"""What a good value must lie within to be taken."""
_SWITCHED = (WHATS.index(What.POSITION), WHATS.index(What.RUNS))
"""Of these nothing in between is a value."""


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A point (IRI) that is read, for what, and of what thing (IRI); `factor` makes of its unit what it is read in."""

    point: str
    what: What
    of: str
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What the points say now, a row a use: values as they are read, qualities, and whether one that is good is none that is taken."""

    values: Floats
    qualities: Codes
    refused: NDArray[np.bool_]


Look = Callable[[Sequence[str]], Callable[[], tuple[Floats, Codes]]]
"""Gives a reader of points, such as `graph.current.CurrentValues.follow`."""


class Instruments:
    """The points that answers about one state of the model read, in order, each once for each thing that it is read for. Safe from any
    thread."""

    def __init__(self, uses: Iterable[Use], look: Look, heard: Heard | None) -> None:
        """`look` reads their values, `heard` says of when these are and why they are no better."""
        self.uses = tuple(sorted(set(uses)))
        self.heard, self._look = heard, look
        self.what = np.array([WHATS.index(use.what) for use in self.uses], np.int8)
        self.factor = np.array([use.factor for use in self.uses], np.float64)
        self._reader = look([use.point for use in self.uses])
        self._nodes: tuple[SupplyGraph, Ids] | None = None

    def and_also(self, uses: Iterable[Use]) -> Instruments:
        """These and some more."""
        return Instruments((*self.uses, *uses), self._look, self.heard)

    @cached_property
    def number(self) -> Ids:
        """By use the number of its point: two uses of one point share it."""
        found: dict[str, int] = {}
        return np.array([found.setdefault(use.point, len(found)) for use in self.uses], np.int32)

    def nodes(self, graph: SupplyGraph) -> Ids:
        """By use the node that it is of, -1 for what plays no part in supply. Cost: a look-up a use, once a graph."""
        last = self._nodes
        if last is None or last[0] is not graph:
            found = (graph.find(use.of) for use in self.uses)
            last = self._nodes = (graph, np.array([-1 if node is None else node for node in found], np.int32))
        return last[1]

    def seen(self) -> Seen | None:
        """What they say now; None where nothing is ever read, as of a state of the past. Cost: an array look-up a use."""
        values, qualities = self._reader()
        if len(values) != len(self.uses):
            return None
        read = values * self.factor
        least, most = (np.array([of.get(what, none) for what in WHATS])[self.what] for of, none in ((_LEAST, -np.inf), (_MOST, np.inf)))
        whole = ~np.isin(self.what, _SWITCHED) | (read == np.round(read))
        return Seen(read, qualities, ~((read >= least) & (read <= most) & whole))


def of_conditions(points: ConditionPoints) -> Iterator[Use]:
    """What says where switches stand and what is out of service."""
    yield from (Use(point, What.POSITION, switch) for switch, of in points.switches.items() for point in of)
    yield from (Use(point, What.SERVICE, thing) for thing, point, _ in points.signs)


def of_power(points: PowerPoints) -> Iterator[Use]:
    """What says what things carry."""
    rows = zip(points.points, points.owners, points.factors.tolist(), strict=True)
    yield from (Use(point, What.LOAD, owner, factor) for point, owner, factor in rows)


def of_charges(reserves: Reserves) -> Iterator[Use]:
    """What says how full stores of energy are."""
    graph, stores = reserves.graph, reserves.stores
    yield from (Use(point, What.CHARGE, graph.id(int(stores.node[store]))) for store, point in reserves.charge_points)


def of_present(points: PresentPoints, reserves: Reserves) -> Iterator[Use]:
    """What says how a failure goes on, charges left out."""
    graph, stores = reserves.graph, reserves.stores
    for number, (of, each) in enumerate(points.warm):
        inside = [] if graph.find(of) is not None else stores.node[points.warm_of == number].tolist()
        for thing in [graph.id(node) for node in sorted(set(inside))] or [of]:  # a room plays no part in supply: what warms up in it does
            yield from (Use(point, What.TEMPERATURE, thing) for point, _, _ in each)
    yield from (Use(point, What.RUNS, graph.id(node)) for node, point in points.runs)
    yield from (Use(point, What.LEVEL, graph.id(node)) for node, point in points.levels)
    yield from (Use(point, What.REMAINING, graph.id(int(stores.node[store])), scale) for store, point, scale in points.remaining)
