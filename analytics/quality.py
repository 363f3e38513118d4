"""How good a figure is that is worked out from values: one small algebra for every sum, mean and ratio.

Rules of this file (reliability reference 2.2):

1. A value plays a part while it is a number and its quality is better than `BAD`: good, uncertain, or the last one before a silence.
2. A figure of good values alone is `GOOD`; one of which anything is not good is `UNCERTAIN` (`PARTIAL`), and says how much is there.
3. Coverage is the share of the values asked for that play a part, 0 to 1: a sum of ten of which one is bad has 0.9. Of a figure made of
   figures it is the least of theirs.
4. A figure of which nothing is there is no number, and `BAD`. An average, a least and a greatest of what is there stand for the whole; a
   sum is of what is there, and is too small by the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from graph.values import Codes, Floats, Quality, Reason

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with what it is worth: `coverage` is the share (0 to 1) of what it should be made of that is in it."""

    value: float
    quality: Quality = Quality.GOOD
    coverage: float = 1.0

    @property
    def reason(self) -> Reason:
        """Why it is no better."""
        return Reason.NONE if self.quality == Quality.GOOD else Reason.PARTIAL


NOTHING = Figure(nan, Quality.BAD, 0.0)


def usable(values: Floats, qualities: Codes) -> Flags:
    """Which values play a part (rule 1)."""
    return np.isfinite(values) & (qualities < Quality.BAD)


def total(values: Floats, qualities: Codes) -> Figure:
    """The sum of those that play a part. Of no values at all it is nothing, too: what nobody meters is not 0."""
    return _over(values, qualities, np.sum)


def mean(values: Floats, qualities: Codes) -> Figure:
    """The average of those that play a part."""
    return _over(values, qualities, np.mean)


def least(values: Floats, qualities: Codes) -> Figure:
    """The least of those that play a part."""
    return _over(values, qualities, np.min)


def greatest(values: Floats, qualities: Codes) -> Figure:
    """The greatest of those that play a part."""
    return _over(values, qualities, np.max)


def together(value: float, parts: Sequence[Figure]) -> Figure:
    """A number worked out from figures, each of which it needs: as good as they are (rules 2 and 3)."""
    if not isfinite(value):
        return NOTHING
    good = all(part.quality == Quality.GOOD for part in parts)
    coverage = min((part.coverage for part in parts), default=1.0)
    return Figure(value, Quality.GOOD if good else Quality.UNCERTAIN, coverage)


def _over(values: Floats, qualities: Codes, figure: Callable[[Floats], np.float64]) -> Figure:
    there = usable(values, qualities)
    count = int(np.count_nonzero(there))
    if count == 0:
        return NOTHING
    value = float(figure(values[there]))
    if not isfinite(value):
        return NOTHING
    good = count == len(values) and bool((qualities[there] == Quality.GOOD).all())
    return Figure(value, Quality.GOOD if good else Quality.UNCERTAIN, count / len(values))
