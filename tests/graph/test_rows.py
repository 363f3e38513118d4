"""Rows share pages and forget nothing: against a plain dictionary, over random edits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import rows as module
from graph.rows import Rows
from ontology.terms import Ids

KEYS = st.tuples(st.integers(0, 12), st.integers(0, 3), st.integers(0, 3))
Keys = list[tuple[int, ...]]
EDITS = st.lists(st.tuples(st.lists(KEYS, max_size=30), st.lists(KEYS, max_size=30)), min_size=1, max_size=8)


def columns(keys: Keys, width: int) -> Ids:
    """Keys as columns."""
    return np.array(keys, dtype=np.int32).reshape(-1, width).T


@pytest.mark.parametrize(("page", "small"), [(4, 1000), (4, 5), (4096, 4096)])
@given(first=st.lists(KEYS, max_size=60), edits=EDITS)
def test_edited_rows_hold_what_a_dictionary_would_hold(page: int, small: int, first: Keys, edits: list[tuple[Keys, Keys]]) -> None:
    """After each edit: the same keys with what they carry, in order, found by every prefix; and the rows before are as they were."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PAGE", page)
        patch.setattr(module, "SMALL", small)
        expected = dict.fromkeys(first, 1)
        rows = Rows.of(np.vstack((columns(first, 3), np.ones(len(first), dtype=np.int32))), 3)

        for number, (removed, added) in enumerate(edits, 2):
            before, held = rows, rows.whole.copy() if number % 2 else np.concatenate([rows.find(s) for s in range(13)], axis=1)
            rows = rows.edited(columns(removed, 3), np.vstack((columns(added, 3), np.full(len(added), number, dtype=np.int32))))
            for key in removed:
                expected.pop(key, None)
            expected = dict.fromkeys(added, number) | expected

            assert np.array_equal(before.whole, held)
            assert all(
                list(map(tuple, rows.find(s)[:3].T.tolist())) == sorted(key for key in expected if key[0] == s) for s in range(-1, 14)
            )
            assert all(rows.holds(*key[:2]) for key in expected)
            asked = sorted({*expected, *removed, *added, (99, 0, 0)})
            assert rows.carried(columns(asked, 3)).tolist() == [expected.get(key, -1) for key in asked]
            assert len(rows) == len(expected)
        assert dict(zip(map(tuple, rows.whole[:3].T.tolist()), rows.whole[3].tolist(), strict=True)) == expected
        assert rows.whole[:3].T.tolist() == sorted(map(list, expected))


def test_a_small_edit_shares_every_page_but_one() -> None:
    """Of a hundred thousand rows, an edit of one row makes one new page of some thousand rows."""
    rows = Rows.of(np.arange(200_000, dtype=np.int32).reshape(-1, 2).T, 2)

    edited = rows.edited(np.array([[100_000], [100_001]], dtype=np.int32), np.array([[100_000], [7]], dtype=np.int32))

    new = [page for page in edited._pages if not any(np.shares_memory(page, old) for old in rows._pages)]
    assert len(new) == 1
    assert new[0].shape[1] <= 2 * module.PAGE
    assert edited.find(100_000).tolist() == [[100_000], [7]]
