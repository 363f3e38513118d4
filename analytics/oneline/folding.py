"""Equal things as one: a hundred racks that hang alike are one symbol with a count.

Things are equal when they look alike, and what feeds them and what they feed is equal, too, as far as is looked (colour refinement,
after Paige and Tarjan 1987). How many of each there are does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analytics.columns import distinct
from ontology.terms import Ids

_DOWN = np.int64(1) << np.int64(31)
"""Marks a neighbour that is fed, not one that feeds."""


def looks(columns: Sequence[Ids]) -> Ids:
    """One number for each different row of the columns, 0 and up."""
    found = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        _, each = np.unique(column, return_inverse=True)
        _, found = np.unique(found * (int(each.max(initial=0)) + 1) + each, return_inverse=True)
    return found.astype(np.int32)


def folded(look: Ids, source: Ids, target: Ids, rounds: int) -> Ids:
    """The group of each thing, 0 and up, by its look and those within `rounds` edges; with enough rounds nothing more is told apart.

    Cost: a sort of the edges a round.
    """
    group = look
    for _ in range(rounds):
        here = np.concatenate((target, source)).astype(np.int64)
        there = np.concatenate((group[source].astype(np.int64), group[target].astype(np.int64) | _DOWN))
        pairs = distinct((here << 32) | there)
        marks = np.zeros(len(look), dtype=np.uint64)
        np.add.at(marks, pairs >> 32, _mixed((pairs & 0xFFFFFFFF).astype(np.uint64)))
        _, around = np.unique(marks, return_inverse=True)
        finer = looks((group, around.astype(np.int32)))
        if int(finer.max(initial=0)) == int(group.max(initial=0)):
            break
        group = finer
    return group


def _mixed(numbers: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """64 bits that differ wildly for numbers that differ little, so that sums of them tell sets apart (SplitMix64, Steele 2014)."""
    mixed = (numbers + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
