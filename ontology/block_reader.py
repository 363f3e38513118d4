"""A block as the checks of `ontology/incremental.py` read it, for a model that is validated part by part."""

from __future__ import annotations

import numpy as np

from ontology.terms import KeyQuad, QuadBlock


class BlockReader:
    """One block by keys. Cost: two sorts; a call costs a few binary searches, and what it gives."""

    def __init__(self, block: QuadBlock) -> None:
        self._terms = block.terms
        self._numbers = {term: number for number, term in enumerate(block.terms)}
        self._used = set(np.unique(block.quads[:, 1]).tolist())
        self._said = block.quads[np.argsort(block.quads[:, 0], kind="stable")]
        self._subjects = np.ascontiguousarray(self._said[:, 0])
        self._of = block.quads[np.lexsort((block.quads[:, 1], block.quads[:, 2]))]
        self._ends = (self._of[:, 2].astype(np.int64) << 32) | self._of[:, 1]

    def _number(self, key: str) -> int:
        return self._numbers.get(key, -1)

    def _told(self, quads: list[list[int]]) -> list[KeyQuad]:
        terms = self._terms
        return [(terms[s], terms[p], terms[o], terms[g]) for s, p, o, g in quads]

    def uses(self, predicate: str) -> bool:
        """Whether anything is said by a predicate."""
        return self._number(predicate) in self._used

    def about(self, subject: str) -> list[KeyQuad]:
        """All quads with the subject."""
        number = self._number(subject)
        lo, hi = self._subjects.searchsorted((number, number + 1))
        return self._told(self._said[lo:hi].tolist())

    def toward(self, obj: str) -> list[KeyQuad]:
        """All quads with the object."""
        number = self._number(obj)
        lo, hi = self._ends.searchsorted((number << 32, (number + 1) << 32)) if number >= 0 else (0, 0)
        return self._told(self._of[lo:hi].tolist())

    def objects(self, subject: str, predicate: str) -> list[str]:
        """The objects of a subject by a predicate."""
        wanted = self._number(predicate)
        number = self._number(subject)
        lo, hi = self._subjects.searchsorted((number, number + 1)) if wanted >= 0 else (0, 0)
        return [self._terms[o] for _, p, o, _ in self._said[lo:hi].tolist() if p == wanted]

    def subjects(self, predicate: str, obj: str) -> list[str]:
        """The subjects of an object by a predicate."""
        return [self._terms[s] for s in self._between(predicate, obj)]

    def a_subject(self, predicate: str, obj: str) -> str | None:
        """One of the subjects of an object by a predicate, or None."""
        return next((self._terms[s] for s in self._between(predicate, obj)), None)

    def _between(self, predicate: str, obj: str) -> list[int]:
        wanted, number = self._number(predicate), self._number(obj)
        if wanted < 0 or number < 0:
            return []
        end = (number << 32) | wanted
        lo = int(self._ends.searchsorted(end))
        if lo == len(self._ends) or self._ends[lo] != end:
            return []
        subjects: list[int] = self._of[lo : int(self._ends.searchsorted(end + 1)), 0].tolist()
        return subjects
