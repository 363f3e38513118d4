"""Blocks of quads as numbered rows, and their sorting."""

from __future__ import annotations

import numpy as np
import pytest

from graph.numbers import Numbers, grouped
from ontology.terms import QuadBlock


def test_blocks_with_tables_of_their_own_share_one_numbering() -> None:
    """The same quad has the same row, and a term that no quad uses has no number."""
    numbers = Numbers()
    first = QuadBlock(["urn:unused", "urn:a", "urn:p", "urn:b", "urn:g"], np.array([[1, 2, 3, 4]], dtype=np.int32))

    rows = [numbers.quads(block).tolist() for block in (first, QuadBlock.of([("urn:a", "urn:p", "urn:b", "urn:g")]))]

    assert rows[0] == rows[1]
    assert sorted(numbers.terms) == ["urn:a", "urn:b", "urn:g", "urn:p"]


@pytest.mark.parametrize("width", [2, 3, 4])
def test_rows_are_sorted_by_all_their_columns_and_equal_ones_stay_in_their_order(width: int) -> None:
    """As sorting tuples does; each distinct row begins once."""
    rows = np.random.default_rng(width).integers(0, 3, (200, width)).astype(np.int32)

    order, first = grouped(rows)

    told = [tuple(row) for row in rows.tolist()]
    assert order.tolist() == sorted(range(200), key=lambda at: (told[at], at))
    assert [told[at] for at in order[first].tolist()] == sorted(set(told))


def test_no_rows_have_no_order() -> None:
    """Empty in, empty out."""
    order, first = grouped(np.empty((0, 4), dtype=np.int32))

    assert len(order) == len(first) == 0
