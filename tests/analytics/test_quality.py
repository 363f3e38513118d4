"""How good a figure is that is made of values: by hand, and by laws."""

from __future__ import annotations

from math import isnan, nan

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from analytics.quality import NOTHING, Figure, greatest, least, mean, together, total
from graph.values import Quality, Reason
from tests.support.random_cases import tried

GOOD, UNCERTAIN, STALE, BAD, AWAY, NONE = Quality


def given_values(values: list[float], qualities: list[Quality]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(values, float), np.array(qualities, np.uint8)


def test_a_sum_of_ten_with_one_bad_is_uncertain_with_nine_tenths_there() -> None:
    """Ten racks of 4 kW; the meter of one is bad: 36 kW, uncertain because partial, 90 %."""
    figure = total(*given_values([4.0] * 10, [GOOD] * 9 + [BAD]))

    assert figure == Figure(36.0, UNCERTAIN, 0.9)
    assert figure.reason == Reason.PARTIAL


@pytest.mark.parametrize(
    ("qualities", "expected"),
    [
        ([GOOD, GOOD], Figure(10.0, GOOD, 1.0)),
        ([GOOD, STALE], Figure(10.0, UNCERTAIN, 1.0)),  # the last value before a silence plays its part, and is not hidden
        ([UNCERTAIN, UNCERTAIN], Figure(10.0, UNCERTAIN, 1.0)),
        ([GOOD, AWAY], Figure(4.0, UNCERTAIN, 0.5)),
        ([GOOD, NONE], Figure(4.0, UNCERTAIN, 0.5)),
    ],
)
def test_a_sum_says_how_good_it_is(qualities: list[Quality], expected: Figure) -> None:
    """4 and 6."""
    assert total(*given_values([4.0, 6.0], qualities)) == expected


def test_nothing_that_is_there_makes_no_number() -> None:
    """Not 0: nobody knows; nor is the sum of what there is none of."""
    for figure in (total, mean, least, greatest):
        assert figure(*given_values([1.0, nan], [BAD, GOOD])).quality == BAD
    assert isnan(total(*given_values([1.0], [AWAY])).value)
    assert all(figure(*given_values([], [])) is NOTHING for figure in (total, mean, least, greatest))


def test_mean_least_and_greatest_are_of_what_is_there() -> None:
    """2, 4 and a 90 that is bad."""
    values = given_values([2.0, 4.0, 90.0], [GOOD, GOOD, BAD])

    assert [f(*values) for f in (mean, least, greatest)] == [Figure(v, UNCERTAIN, 2 / 3) for v in (3.0, 2.0, 4.0)]


def test_a_figure_of_figures_is_as_good_as_the_worst() -> None:
    """A ratio of a good total and a sum that has three quarters of its meters."""
    assert together(1.25, (Figure(100.0), Figure(80.0, UNCERTAIN, 0.75))) == Figure(1.25, UNCERTAIN, 0.75)
    assert together(nan, (Figure(1.0),)) == NOTHING


rows = st.lists(st.tuples(st.floats(-1e6, 1e6) | st.just(nan), st.sampled_from(list(Quality))), min_size=1, max_size=30)


@given(rows=rows)
@tried(100)
def test_a_figure_is_good_if_and_only_if_all_that_it_is_made_of_is(rows: list[tuple[float, Quality]]) -> None:
    """And never covers more than is there; in whatever order."""
    values, qualities = given_values([v for v, _ in rows], [q for _, q in rows])
    there = [v for v, q in rows if not isnan(v) and q < BAD]

    figure, back = total(values, qualities), total(values[::-1], qualities[::-1])

    assert (figure.quality == GOOD) == (len(there) == len(rows) and all(q == GOOD for _, q in rows))
    assert figure.coverage == len(there) / len(rows)
    if there:
        assert figure.value == pytest.approx(sum(there), rel=1e-9, abs=1e-6)
        assert (back.quality, back.coverage) == (figure.quality, figure.coverage)
