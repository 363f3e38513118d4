"""Answers that are kept by entity, and handed on from revision to revision without those of the entities that a change touched."""

from __future__ import annotations

from collections.abc import Collection
from typing import Generic, TypeVar

V = TypeVar("V")

KEPT_MAX = 200_000
"""Entities whose answers are kept."""
_FEW = 5_000
"""Answers and touched entities up to which they are carried beside the older answers; beyond, all are put together once."""


class Memo(Generic[V]):
    """What was worked out for an entity, by its number. Older answers are shared with the revision before and never written."""

    __slots__ = ("_base", "_hidden", "_own")

    def __init__(self, base: dict[int, V] | None = None, own: dict[int, V] | None = None, hidden: frozenset[int] = frozenset()) -> None:
        self._base: dict[int, V] = {} if base is None else base
        self._own: dict[int, V] = {} if own is None else own
        self._hidden = hidden

    def get(self, number: int) -> V | None:
        """The answer, or None for one that is not kept."""
        found = self._own.get(number)
        return self._base.get(number) if found is None and number not in self._hidden else found

    def keep(self, number: int, answer: V) -> V:
        """Keep an answer, while there is room; gives it back."""
        if len(self._own) < KEPT_MAX:
            self._own[number] = answer
        return answer

    def after(self, touched: Collection[int]) -> Memo[V]:
        """The memo of the next revision. Cost: what has been kept since the last time that all were put together, `_FEW` at most."""
        if not self._base:
            return Memo(self._own, {}, frozenset(touched))  # what the older revision still adds holds here, too, but for the touched
        own, hidden = self._own.copy(), self._hidden.union(touched)
        for number in touched:
            own.pop(number, None)
        if len(own) + len(hidden) <= _FEW:
            return Memo(self._base, own, hidden)
        kept = {number: answer for number, answer in self._base.copy().items() if number not in hidden}
        return Memo((kept | own) if len(kept) + len(own) <= KEPT_MAX else own)
