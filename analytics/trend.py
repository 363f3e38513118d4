"""A series drawn: as few samples as a chart has pixels, without losing what the eye would have seen."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray
from tsdownsample import LTTBDownsampler, MinMaxDownsampler

from graph.history import Series


class Way(Enum):
    """How samples are chosen."""

    MIN_MAX = "minmax"
    """The least and the greatest of equal spans of time: no peak is lost (Jugel et al., M4, VLDB 2014, without first and last)."""
    LTTB = "lttb"
    """Largest triangle three buckets (Steinarsson, University of Iceland, 2013): the shape is kept, a single peak may not be."""


def thinned(series: Series, pixels: int, way: Way = Way.MIN_MAX) -> Series:
    """Some of the samples of a series, in their order: the first, the last, about `pixels` (4 at least) of those that are numbers, and
    between two of these one that is none where there is any, so that gaps stay gaps. A series that is no longer than that comes back as it
    is. Cost: one pass.
    """
    if pixels < 4:
        raise ValueError(f"a trend is drawn with 4 pixels at least, not {pixels}")
    numbers = np.flatnonzero(~np.isnan(series.values))
    if len(numbers) <= pixels:
        chosen = numbers
    else:
        at, values = np.ascontiguousarray(series.observed_at[numbers]), np.ascontiguousarray(series.values[numbers])
        # instants go in as distances from the first: inside they are float64, exact below 2**53 only
        chosen = _downsampled(at - at[0], values, pixels, way)
        chosen = numbers[np.unique(np.concatenate(([0], chosen, [len(numbers) - 1])))]
    rows = np.union1d(chosen, _gaps(series, chosen))
    return Series(series.point, series.observed_at[rows], series.values[rows], series.quality[rows], series.reason[rows])


def _downsampled(at: NDArray[np.int64], values: NDArray[np.float64], pixels: int, way: Way) -> NDArray[np.intp]:
    if way is Way.LTTB:
        found = LTTBDownsampler().downsample(at, values, n_out=pixels)  # type: ignore[no-untyped-call] # the library has no types
    else:
        found = MinMaxDownsampler().downsample(at, values, n_out=pixels // 2 * 2)  # type: ignore[no-untyped-call] # as above
    return np.asarray(found, np.intp)


def _gaps(series: Series, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
    """The first row that is no number after each chosen one, where it comes before the next chosen one; and one before all of them."""
    none = np.flatnonzero(np.isnan(series.values))
    ahead = np.concatenate((none, [len(series)]))
    after = np.concatenate(([-1], chosen))
    first = ahead[np.searchsorted(none, after)]
    until = np.concatenate((chosen, [len(series)]))
    return first[first < until]
