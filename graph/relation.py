"""One predicate's pairs, both ways; and the relations of a table of facts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from graph.rows import Rows
from graph.term_table import LITERAL, TermTable
from ontology.terms import Ids


class Relation:
    """One predicate's distinct pairs, sorted by subject, and sorted by object when that is asked for.

    `links` is false where every object is a literal: such a relation leads nowhere, and nobody asks it backwards for an entity.
    """

    __slots__ = ("_back", "_pairs", "links")

    def __init__(self, pairs: Rows, back: Rows | None = None, *, links: bool = True) -> None:
        self._pairs, self._back, self.links = pairs, back, links

    @staticmethod
    def of(pairs: Ids, *, links: bool = True) -> Relation:
        """Build from subjects and objects, shape (2, n), in any order. Cost: one sort."""
        return Relation(Rows.of(pairs, 2), links=links)

    def __len__(self) -> int:
        return len(self._pairs)

    @property
    def subjects(self) -> Ids:
        """The subjects, ascending, one for each pair."""
        return self._pairs.column(0)

    @property
    def objects(self) -> Ids:
        """The object of each of `subjects`; ascending within one subject."""
        return self._pairs.column(1)

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Subject and object of each pair, as numbers of Python, for one pass over them."""
        return zip(self.subjects.tolist(), self.objects.tolist(), strict=True)

    @property
    def by_object_objects(self) -> Ids:
        """The objects, ascending, one for each pair."""
        return self._backwards.column(0)

    @property
    def by_object_subjects(self) -> Ids:
        """The subject of each of `by_object_objects`."""
        return self._backwards.column(1)

    @property
    def _backwards(self) -> Rows:
        back = self._back
        if back is None:
            back = self._back = Rows.of(self._pairs.whole[::-1], 2)
        return back

    def objects_of(self, subject: int) -> Ids:
        """The objects of one subject, ascending. Cost: a few binary searches."""
        return self._pairs.under(subject)

    def subjects_of(self, obj: int) -> Ids:
        """The subjects of one object, ascending. Cost: a few binary searches; one sort when first asked."""
        return self._backwards.under(obj)

    def first_objects(self, subjects: Ids) -> Ids:
        """For each of the given subjects its smallest object, or -1. One vectorised search."""
        if len(self) == 0:
            return np.full(len(subjects), -1, dtype=np.int32)
        at = np.minimum(np.searchsorted(self.subjects, subjects), len(self) - 1)
        return np.where(self.subjects[at] == subjects, self.objects[at], np.int32(-1)).astype(np.int32)

    def several(self, subjects: Ids) -> NDArray[np.bool_]:
        """Which of the given subjects have more than one object. One vectorised search."""
        if len(self) == 0:
            return np.zeros(len(subjects), dtype=np.bool_)
        at = np.searchsorted(self.subjects, subjects) + 1
        found: NDArray[np.bool_] = (at < len(self)) & (self.subjects[np.minimum(at, len(self) - 1)] == subjects)
        return found

    def edited(self, removed: Ids, added: Ids, *, links: bool = True) -> Relation:
        """The next relation: without some pairs, with others, each of shape (2, m); `links` says whether the others lead to entities."""
        back = None if self._back is None else self._back.edited(removed[::-1], added[::-1])
        return Relation(self._pairs.edited(removed, added), back, links=self.links or links)


NO_RELATION = Relation.of(np.empty((2, 0), dtype=np.int32), links=False)


def relations_of(terms: TermTable, rows: Ids) -> dict[int, Relation]:
    """The relations of sorted rows of `facts`. Cost: one stable sort by predicate; the pairs come out in order."""
    return {p: Relation.of(part[[0, 2]], links=leads_on(terms, part[2])) for p, part in by_predicate(rows).items()}


def leads_on(terms: TermTable, objects: Ids) -> bool:
    """Whether any of the objects is no literal."""
    return bool((terms.order(objects) != LITERAL).any())


def by_predicate(rows: Ids) -> dict[int, Ids]:
    """The rows of each predicate, in the order that they have."""
    if rows.shape[1] == 0:
        return {}
    predicates, kinds = np.unique(rows[1], return_inverse=True)
    order = np.argsort(kinds.astype(np.uint16) if len(predicates) < 1 << 16 else kinds, kind="stable")  # of 16 bits: by radix
    cuts = [0, *np.cumsum(np.bincount(kinds)).tolist()]
    return {int(p): rows[:, order[lo:hi]] for p, (lo, hi) in zip(predicates.tolist(), pairwise(cuts), strict=True)}
