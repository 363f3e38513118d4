"""What was taken for granted of a model where it says nothing, or says what it cannot mean: the kinds, and columns of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from ontology.terms import Ids


class Assumed(IntEnum):
    """What an answer took for granted where the model says nothing."""

    SOURCE = 0
    MEDIUM = 1
    CAPACITY = 2
    STORED = 3
    NO_MEDIUM = 4
    NO_COUNT = 5
    RATING = 6
    DRAW = 7
    POSITION = 8
    NO_SWITCH = 9
    GROUP = 10
    NEVER = 11
    DRAWS = 12
    UNIT = 13
    NO_CLASS = 14
    RETURN = 15
    RATINGS = 16
    FIGURE = 17
    TO_SOURCE = 18
    GROUP_ROUNDED = 19
    ROUNDED = 20


NOT_COUNTED = (Assumed.STORED, Assumed.RETURN, Assumed.TO_SOURCE)
"""Edges that are no supply."""
DOUBTS: dict[int, str] = {
    Assumed.NO_CLASS: "states a draw and has no class: it is in no count of racks, equipment or kW",
    Assumed.NO_SWITCH: "is no switch: its dcx:normalPosition is left out",
    Assumed.GROUP: "needs any one of its members: its dcx:requiredCount or dcx:spareCount leaves no number from 1 of them",
    Assumed.DRAW: "states a draw that is no number of 0 or more in a unit of power: that is left out",
    Assumed.GROUP_ROUNDED: "states a dcx:requiredCount or dcx:spareCount that is not whole: the whole one that needs more members counts",
    Assumed.ROUNDED: "states a dcx:atLeast that is not whole: the next whole number counts",
}


@dataclass(frozen=True, slots=True)
class Assumptions:
    """All that was taken for granted, as columns: what (`Assumed`), about which node, in which medium, and for `MEDIUM`,
    `STORED`, `RETURN` and `TO_SOURCE` the fed node."""

    what: Ids
    node: Ids
    medium: Ids
    other: Ids

    def __len__(self) -> int:
        return len(self.what)

    def and_also(self, other: Assumptions) -> Assumptions:
        """Both together."""
        columns = ((self.what, other.what), (self.node, other.node), (self.medium, other.medium), (self.other, other.other))
        return Assumptions(*(np.concatenate(pair) for pair in columns))

    @staticmethod
    def about(what: Assumed, nodes: Ids) -> Assumptions:
        """The same of each of some nodes, in no medium."""
        return Assumptions(np.full(len(nodes), what, np.int32), nodes, np.zeros(len(nodes), np.int32), nodes)

    @staticmethod
    def none() -> Assumptions:
        """The model says everything."""
        empty = np.empty(0, dtype=np.int32)
        return Assumptions(empty, empty, empty, empty)
