"""Series drawn with fewer samples than they have."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.trend import Way, thinned
from graph.history import Series


def series_of(values: list[float], step_ms: int = 1000) -> Series:
    """A sample every step from some day on."""
    size = len(values)
    codes = np.zeros(size, np.uint8)
    return Series("urn:p", 1_780_315_200_000 + step_ms * np.arange(size, dtype=np.int64), np.array(values, np.float64), codes, codes)


@pytest.mark.parametrize("way", list(Way))
def test_a_day_of_seconds_is_drawn_with_as_many_samples_as_pixels(way: Way) -> None:
    """Each is one of the samples, in order; the first and the last are there."""
    day = series_of(list(np.sin(np.arange(86_400) / 3000)))

    drawn = thinned(day, 800, way)

    assert 700 <= len(drawn) <= 802
    assert (drawn.observed_at[0], drawn.observed_at[-1]) == (day.observed_at[0], day.observed_at[-1])
    assert (np.diff(drawn.observed_at) > 0).all()
    assert (day.values[np.searchsorted(day.observed_at, drawn.observed_at)] == drawn.values).all()


def test_no_peak_is_lost_between_two_pixels() -> None:
    """One second of 99 in a flat day is drawn."""
    values = [20.0] * 86_400
    values[54_321] = 99.0

    assert thinned(series_of(values), 100).values.max() == 99.0


def test_a_gap_stays_a_gap() -> None:
    """What is no number stands between the samples around it, once, however long the gap is; before all samples too."""
    nan = float("nan")
    values = [nan, *np.arange(5000.0), *[nan] * 3000, *np.arange(5000.0), nan, nan]

    drawn = thinned(series_of(values), 50)

    holes = np.flatnonzero(np.isnan(drawn.values))
    assert len(holes) == 3
    assert [holes[0], holes[-1]] == [0, len(drawn) - 1]
    assert drawn.values[holes[1] - 1] == 4999.0
    assert drawn.values[holes[1] + 1] == 0.0


def test_a_short_series_comes_back_as_it_is() -> None:
    """And an empty one; fewer than four pixels are no chart."""
    short = series_of([1.0, float("nan"), 2.0])

    assert thinned(short, 10).observed_at.tolist() == short.observed_at.tolist()
    assert len(thinned(series_of([]), 10)) == 0
    with pytest.raises(ValueError, match="4 pixels at least, not 3"):
        thinned(short, 3)
