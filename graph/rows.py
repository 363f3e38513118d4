"""Sorted rows of numbers that share what does not change: the one structure under every column of the twin.

Rules of this file:

1. Rows are int32 columns, ascending by their key columns, each key once; what follows the key is carried along.
2. Rows never change. `edited` gives the next ones: pages that the edit does not touch are shared with those before.
3. A page holds `PAGE` rows when it is made and never more than twice that: an edit copies a page, and no more than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ontology.terms import Ids

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

PAGE = 4096
SMALL = 4096
"""Rows of an edit up to which it goes page by page; a larger one sorts everything once."""


class Rows:
    """Immutable sorted rows. Columns come first in every array here: shape (width, n)."""

    __slots__ = ("_heads", "_pages", "_size", "_whole", "key", "width")

    def __init__(self, pages: list[Ids], heads: Ids, size: int, width: int, whole: Ids | None = None) -> None:
        """`heads` are the keys of the pages' first rows, shape (key, pages)."""
        self.key, self.width = len(heads), width
        self._pages, self._heads, self._size, self._whole = pages, heads, size, whole

    @staticmethod
    def of(columns: Ids, key: int) -> Rows:
        """Rows of the given columns, shape (width, n), in any order; of equal keys one row stays. Cost: a sort if not sorted."""
        whole = _sorted(np.ascontiguousarray(columns, dtype=np.int32), key)
        return Rows(_cut(whole), whole[:key, ::PAGE], whole.shape[1], len(whole), whole)

    def __len__(self) -> int:
        return self._size

    @property
    def whole(self) -> Ids:
        """All rows as one array of shape (width, n). Cost: nothing after `of`; one copy when asked for the first time after an edit."""
        whole = self._whole
        if whole is None:
            whole = np.concatenate(self._pages, axis=1) if self._pages else self._none()
            cuts = np.cumsum([page.shape[1] for page in self._pages])[:-1]
            self._pages, self._whole = np.split(whole, cuts, axis=1), whole
        return whole

    def column(self, at: int) -> Ids:
        """One column of `whole`."""
        column: Ids = self.whole[at]
        return column

    def under(self, number: int) -> Ids:
        """The second column of the rows that begin with a number."""
        column: Ids = self.find(number)[1]
        return column

    def find(self, *prefix: int) -> Ids:
        """The rows whose key begins with the given numbers, shape (width, m). Cost: two binary searches a number."""
        if self._whole is not None:
            lo, hi = _narrow(self._whole, prefix)
            return self._whole[:, lo:hi]
        if not self._pages:
            return self._none()
        first, last = _narrow(self._heads, prefix)
        found = []
        for page in self._pages[max(first - 1, 0) : max(last, 1)]:
            lo, hi = _narrow(page, prefix)
            if hi > lo:
                found.append(page[:, lo:hi])
        if len(found) == 1:
            return found[0]
        return np.concatenate(found, axis=1) if found else self._none()

    def holds(self, *prefix: int) -> bool:
        """Whether some row's key begins with the given numbers."""
        return bool(self.find(*prefix).shape[1])

    def carried(self, keys: Ids) -> Ids:
        """For each of the given keys, shape (key, m), the first column behind the key, or -1 where there is no such row.

        Cost: a search each for a few, one sort for many.
        """
        if keys.shape[1] <= SMALL:
            found = (self.find(*key) for key in keys.T.tolist())
            return np.fromiter((int(rows[self.key, 0]) if rows.shape[1] else -1 for rows in found), dtype=np.int32, count=keys.shape[1])
        mine = self.whole
        both = np.concatenate((mine[: self.key], keys), axis=1)
        asked = np.arange(both.shape[1]) >= mine.shape[1]
        order = _order(both, asked)
        both, asked = both[:, order], asked[order]
        start = _starts(both)
        group = np.cumsum(start) - 1
        heads = order[start]
        there = np.where(asked[start], -1, mine[self.key][np.minimum(heads, mine.shape[1] - 1)] if mine.shape[1] else -1)
        result = np.empty(keys.shape[1], dtype=np.int32)
        result[order[asked] - mine.shape[1]] = there[group[asked]]
        return result

    def edited(self, removed: Ids, added: Ids) -> Rows:
        """The next rows: without the removed keys, shape (key, m), then with the added rows, shape (width, m).

        A removed key that is not there, and an added one that is, change nothing. Cost: a page each for a few, one sort for many.
        """
        count = removed.shape[1] + added.shape[1]
        if count == 0:
            return self
        if count > SMALL or not self._pages:
            return Rows.of(_merged(self.whole, removed, added, self.key), self.key)
        gone, come = self._by_page(removed), self._by_page(added)
        pages, heads, size = self._pages.copy(), [], self._size
        none = np.empty(0, dtype=np.int64)
        left = self._heads.shape[1]
        for at in sorted(gone.keys() | come.keys(), reverse=True):
            page = pages[at]
            merged = _merged(page, removed[:, gone.get(at, none)], added[:, come.get(at, none)], self.key)
            size += merged.shape[1] - page.shape[1]
            new = _cut(merged) if merged.shape[1] > 2 * PAGE else [merged] if merged.shape[1] else []
            pages[at : at + 1] = new
            heads += [self._heads[:, at + 1 : left], *(each[: self.key, :1] for each in reversed(new))]
            left = at
        heads.append(self._heads[:, :left])
        return Rows(pages, np.concatenate(heads[::-1], axis=1), size, self.width)

    def _none(self) -> Ids:
        return np.empty((self.width, 0), dtype=np.int32)

    def _by_page(self, columns: Ids) -> dict[int, Places]:
        """The places of the given rows by the page that they belong to."""
        places: dict[int, list[int]] = {}
        for at, key in enumerate(columns[: self.key].T.tolist()):
            places.setdefault(max(_narrow(self._heads, key)[1] - 1, 0), []).append(at)
        return {page: np.array(rows, dtype=np.int64) for page, rows in places.items()}


def inserted(column: Ids, places: Sequence[int], numbers: Sequence[int]) -> Ids:
    """The column with numbers put in before the given places, ascending. Cost: one copy, without a mask over all of it."""
    cuts = [0, *places, len(column)]
    pieces = [column[cuts[0] : cuts[1]]]
    for at, number in enumerate(numbers, 1):
        pieces += [np.array([number], dtype=np.int32), column[cuts[at] : cuts[at + 1]]]
    return np.concatenate(pieces)


def without(column: Ids, places: Sequence[int]) -> Ids:
    """The column without the given places, ascending. Cost: as `inserted`."""
    cuts = [-1, *places, len(column)]
    return np.concatenate([column[lo + 1 : hi] for lo, hi in pairwise(cuts)])


def _narrow(columns: Ids, prefix: Sequence[int]) -> tuple[int, int]:
    """Where the rows that begin with `prefix` stand among sorted rows: from, to. For none of them, twice the place where they would."""
    lo, hi = 0, columns.shape[1]
    for column, number in zip(columns, prefix, strict=False):
        part, sought = column[lo:hi], np.int32(number)  # of the column's own type: for another one the column would be copied
        lo, hi = lo + int(part.searchsorted(sought, "left")), lo + int(part.searchsorted(sought, "right"))
        if lo == hi:
            break
    return lo, hi


def _cut(whole: Ids) -> list[Ids]:
    return [whole[:, lo : lo + PAGE] for lo in range(0, whole.shape[1], PAGE)]


def _starts(columns: Ids) -> Flags:
    """For sorted columns, which rows are unlike the row before."""
    start = np.ones(columns.shape[1], dtype=np.bool_)
    start[1:] = (columns[:, 1:] != columns[:, :-1]).any(axis=0)
    return start


def _order(columns: Ids, last: NDArray[np.bool_ | np.int8] | None = None) -> Places:
    """The order of the rows by their columns, and then by `last`. Two columns are sorted as one number: half the work."""
    packed = [columns[at] for at in range(len(columns))]
    if len(packed) % 2:
        packed.insert(0, np.zeros_like(packed[0]))
    pairs = [(packed[at].astype(np.int64) << 32) | packed[at + 1] for at in range(0, len(packed), 2)]
    keys = pairs if last is None else [*pairs, last]
    return np.argsort(keys[0], kind="stable") if len(keys) == 1 else np.lexsort(keys[::-1])


def _sorted(columns: Ids, key: int) -> Ids:
    if columns.shape[1] < 2:
        return columns
    if not _is_ascending(columns[:key]):
        columns = columns[:, _order(columns[:key])]
    start = _starts(columns[:key])
    return columns if start.all() else np.ascontiguousarray(columns[:, start])


def _is_ascending(columns: Ids) -> bool:
    """Whether no row comes before the one before it."""
    equal = np.ones(columns.shape[1] - 1, dtype=np.bool_)
    for column in columns:
        steps = column[1:] < column[:-1]
        if bool((steps & equal).any()):
            return False
        equal &= column[1:] == column[:-1]
    return True


def _merged(rows: Ids, removed: Ids, added: Ids, key: int) -> Ids:
    """Sorted rows without the removed keys, with the added rows where their key is not there (any more)."""
    width = len(rows)
    fill = np.zeros((width - key, removed.shape[1]), dtype=np.int32)
    every = np.concatenate((rows, added, np.concatenate((removed[:key], fill))), axis=1)
    kind = np.repeat(np.arange(3, dtype=np.int8), [rows.shape[1], added.shape[1], removed.shape[1]])
    order = _order(every[:key], kind)
    every, kind = every[:, order], kind[order]
    start = _starts(every[:key])
    group = np.cumsum(start) - 1
    gone = np.zeros(int(group[-1]) + 1 if len(group) else 0, dtype=np.bool_)
    gone[group[kind == 2]] = True
    kept = (kind == 0) & ~gone[group]
    there = np.zeros_like(gone)
    there[group[kept]] = True
    new = (kind == 1) & ~there[group]
    new[1:] &= start[1:] | (kind[:-1] != 1)  # of a key that is added twice the first row stays
    return np.ascontiguousarray(every[:, kept | new])
