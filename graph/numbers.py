"""Blocks of quads as rows over one numbering, and their sorting: what `graph.difference` and `graph.fold` have in common.

A row is two to four numbers; two of them at a time are packed into one, so that a quad is sorted by two keys.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ontology.terms import Ids, QuadBlock

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Numbers:
    """One number for each term of several blocks."""

    __slots__ = ("_numbers", "terms")

    def __init__(self) -> None:
        self.terms: list[str] = []
        self._numbers: dict[str, int] = {}

    def quads(self, block: QuadBlock) -> Ids:
        """The block's quads in these numbers. Cost: a look-up for each term that the quads use."""
        numbers, terms, known = np.zeros(len(block.terms), dtype=np.int32), self.terms, self._numbers
        for place in used(block).tolist():
            term = block.terms[place]
            number = known.get(term)
            if number is None:
                number = known[term] = len(terms)
                terms.append(term)
            numbers[place] = number
        return numbers[block.quads]


def used(block: QuadBlock) -> Places:
    """The places of the terms that the quads use, ascending. Cost: linear, or one sort of a few quads over a large table."""
    if block.quads.size < len(block.terms):
        return np.unique(block.quads)
    found = np.zeros(len(block.terms), dtype=np.bool_)
    found[block.quads.reshape(-1)] = True
    return np.flatnonzero(found)


def grouped(rows: Ids) -> tuple[Places, Flags]:
    """The stable order that sorts rows of two to four numbers (none below 0), and where in it each distinct row begins."""
    keys = [_packed(rows[:, at : at + 2]) for at in range(0, rows.shape[1], 2)]
    order = np.lexsort(keys[::-1])
    first = np.zeros(len(rows), dtype=np.bool_)
    first[:1] = True
    for key in keys:
        ordered = key[order]
        first[1:] |= ordered[1:] != ordered[:-1]
    return order, first


def _packed(columns: Ids) -> Places:
    """One or two columns as one number a row, in the order of both."""
    packed = columns[:, 0].astype(np.int64)
    if columns.shape[1] == 2:
        packed <<= 32
        packed |= columns[:, 1]
    return packed
