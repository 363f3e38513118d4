"""Terms and their numbers: one table for a process, shared by all its snapshots, append-only.

Rules of this file:

1. A number, once given, stays; readers need no lock.
2. Every IRI has an *order label*: labels sort as the IRIs do, so that columns of numbers are put in order of IRIs without a string.
   A new IRI takes a label between those of its neighbours; when there is no room, all labels are given anew, in the same order.
   What is no IRI has a label below that of every IRI: `BLANK` or `LITERAL`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from graph.rows import inserted
from ontology.terms import Ids

Labels = NDArray[np.int64]

LITERAL = -2
BLANK = -1

_GAP = 1 << 32
"""Between labels that are given together: room for thirty IRIs one after the other at the very same place."""
_STEP = 1 << 20
"""After the neighbour before it, for one that comes alone: IRIs that are counted upwards come one behind the other."""
_MANY = 8
"""All labels are given anew when the new IRIs are more than a part in this of those before."""


class TermTable:
    """Term keys and their numbers."""

    __slots__ = ("_ids", "_in_order", "_labelled", "_labels", "_lock", "keys")

    def __init__(self) -> None:
        self.keys: list[str] = []
        self._ids: dict[str, int] = {}
        self._lock = Lock()
        self._labels: Labels = np.empty(0, dtype=np.int64)
        self._in_order: Ids = np.empty(0, dtype=np.int32)
        self._labelled = 0

    def __len__(self) -> int:
        return len(self.keys)

    def intern(self, keys: Sequence[str]) -> Ids:
        """The numbers of the keys, given now to those that are new. Safe from any thread."""
        with self._lock:
            ids, table = self._ids, self.keys
            if not ids:
                ids.update(zip(keys, range(len(keys)), strict=True))
                if len(ids) == len(keys):
                    table.extend(keys)
                    return np.arange(len(keys), dtype=np.int32)
                ids.clear()
            numbers = np.empty(len(keys), dtype=np.int32)
            for at, key in enumerate(keys):
                number = ids.get(key)
                if number is None:
                    number = len(table)
                    table.append(key)
                    ids[key] = number
                numbers[at] = number
            return numbers

    def find(self, key: str) -> int | None:
        """The number of a key, or None."""
        return self._ids.get(key)

    def numbers(self, keys: Sequence[str]) -> Ids:
        """The numbers of the keys, -1 for each that there is not."""
        find = self._ids.get
        return np.fromiter((find(key, -1) for key in keys), dtype=np.int32, count=len(keys))

    def order(self, ids: Ids) -> Labels:
        """The order labels of terms. Cost: one look-up each, and a search for each IRI that has come since."""
        if self._labelled < len(self.keys):
            with self._lock:
                self._label()
        return self._labels[ids]

    def place(self, iri: str, ids: Ids) -> int:
        """Where an IRI stands, or would stand, among numbers of IRIs that are in order. Cost: a few string comparisons."""
        keys = self.keys
        return bisect_left(ids, iri, key=lambda number: keys[number])

    def _label(self) -> None:
        size, keys = len(self.keys), self.keys
        kinds = [LITERAL if key[:1] == '"' else BLANK if key[:2] == "_:" else 0 for key in keys[self._labelled : size]]
        new = sorted((number for number, kind in enumerate(kinds, self._labelled) if kind == 0), key=keys.__getitem__)
        if len(self._labels) < size:
            room = np.zeros(max(size, size * 5 // 4), dtype=np.int64)
            room[: self._labelled] = self._labels[: self._labelled]
            self._labels = room
        self._labels[self._labelled : size] = kinds
        places = [self.place(keys[number], self._in_order) for number in new]
        fits = len(new) * _MANY <= len(self._in_order) and self._squeeze_in(new, places)
        self._in_order = inserted(self._in_order, places, new) if fits else np.insert(self._in_order, places, np.array(new, dtype=np.int32))
        if not fits:
            labels = self._labels.copy()
            labels[self._in_order] = np.arange(1, len(self._in_order) + 1, dtype=np.int64) * _GAP
            self._labels = labels
        self._labelled = size

    def _squeeze_in(self, new: Sequence[int], places: Sequence[int]) -> bool:
        """Give each new IRI a label between its neighbours; false when some gap has no room left."""
        labels, before = self._labels, self._in_order
        at = 0
        while at < len(new):
            end = at
            while end < len(new) and places[end] == places[at]:
                end += 1
            left = int(labels[before[places[at] - 1]]) if places[at] else 0
            right = int(labels[before[places[at]]]) if places[at] < len(before) else left + (end - at + 1) * _GAP
            step = min(_STEP, (right - left) // (end - at + 1))
            if step == 0:
                return False
            labels[list(new[at:end])] = left + step * np.arange(1, end - at + 1, dtype=np.int64)
            at = end
        return True
