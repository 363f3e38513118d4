"""What the nodes of a supply graph draw and may carry, as columns: the part of a model that capacity is computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from graph.values import Floats
from ontology.terms import Ids

PHASES = 3
ROUNDING = 1e-9
"""What the same load may differ by, as a part of it, when it is summed up in another order."""
PRIORITY_LAST = np.iinfo(np.int32).max
"""The preference of an input that states none."""


class Basis(IntEnum):
    """What the load of a node stands on."""

    NOTHING = 0
    """Nothing is known of it, nor of anything behind it."""
    SUM = 1
    """The sum of what it feeds."""
    ALLOCATED = 2
    """`dcx:allocatedPower`."""
    RATED = 3
    """`brick:ratedPowerInput` times its diversity factor."""
    READING = 4
    """A good reading of its power."""


@dataclass(frozen=True, slots=True)
class Curve:
    """An inverse-time curve: after `seconds[i]` at `multiples[i]` of the rating the thing trips. Both above 0, multiples ascending."""

    multiples: Floats
    seconds: Floats

    def after_s(self, multiples: Floats) -> Floats:
        """When it trips, in seconds, at each multiple of its rating: a straight line between two points in logarithms of both, never
        (`inf`) below the first point nor below the rating, by more than rounding does, as at the last point beyond it."""
        known = np.maximum(multiples, 1e-12)
        found = np.exp(np.interp(np.log(known), np.log(self.multiples), np.log(self.seconds)))
        return np.where(multiples >= max(float(self.multiples[0]), 1.0) * (1 - ROUNDING), found, np.inf)


@dataclass(frozen=True, eq=False)
class Electrical:
    """Columns with one entry a node. Compare two by identity."""

    draw_kw: Floats
    """What the node itself is stated to draw, diversity included; 0 where nothing is stated or something behind it says."""
    basis: Ids
    """`ALLOCATED`, `RATED` or `NOTHING`: what `draw_kw` stands on."""
    rated_kw: Floats
    """The rating that a curve's multiples are of; `inf` where none is stated."""
    limit_kw: Floats
    """What it may carry continuously: the rating, derated; `inf` where no rating is stated."""
    curve_of: Ids
    """Index into `curves`; -1 for what never trips."""
    curves: tuple[Curve, ...]
    one_input: NDArray[np.bool_]
    """Takes all of its load from one input, as a transfer switch does."""
    reserve: NDArray[np.bool_]
    """Stands by in normal operation: a standby source, a catcher."""
    priority: Ids
    """As an input of what takes one: the lowest comes first; `PRIORITY_LAST` where nothing is stated."""
    beside: NDArray[np.bool_]
    """A meter of it would count what is mounted in it and takes no power through it, as in a rack."""
    phases: NDArray[np.uint8]
    """The phases that the node is on: bits 1, 2 and 4 for L1, L2 and L3; 0 for all three alike."""
    doubts: Mapping[int, str] = field(default_factory=dict)
    """By node: what it states of its figures and cannot mean, and what is taken instead, in words."""

    @cached_property
    def any_rated(self) -> bool:
        """Whether any node has a limit: without one nothing can be overloaded."""
        return bool(np.isfinite(self.limit_kw).any())

    @staticmethod
    def plain(nodes: int) -> Electrical:
        """Nodes of which nothing is stated."""
        return Electrical(
            np.zeros(nodes),
            np.zeros(nodes, np.int32),
            np.full(nodes, np.inf),
            np.full(nodes, np.inf),
            np.full(nodes, -1, np.int32),
            (),
            np.zeros(nodes, np.bool_),
            np.zeros(nodes, np.bool_),
            np.full(nodes, PRIORITY_LAST, np.int32),
            np.zeros(nodes, np.bool_),
            np.zeros(nodes, np.uint8),
        )
