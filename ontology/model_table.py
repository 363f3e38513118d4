"""The facts of a block as tables: for each predicate what a node says, and who says it of a node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from ontology.errors import UnitError
from ontology.namespaces import BRICK, RDF
from ontology.terms import QuadBlock, is_literal, literal_parts
from ontology.units import Unit, figure, unit_of
from ontology.vocabulary import Vocabulary

Table = Mapping[int, list[int]]
_NONE: Table = {}


class ModelTable:
    """A block laid out by predicate; nodes are numbers of its terms. A table is made when it is first asked for."""

    def __init__(self, block: QuadBlock, vocabulary: Vocabulary) -> None:
        self.terms = block.terms
        self.vocabulary = vocabulary
        self._numbers = {term: number for number, term in enumerate(block.terms)}
        rows = np.unique(block.quads[:, [1, 0, 2]], axis=0)
        predicates, starts = np.unique(rows[:, 0], return_index=True)
        ends = [*starts[1:].tolist(), len(rows)]
        self._rows = {p: rows[lo:hi, 1:] for p, lo, hi in zip(predicates.tolist(), starts.tolist(), ends, strict=True)}
        self._out: dict[str, Table] = {}
        self._into: dict[str, Table] = {}
        self._subjects: frozenset[int] | None = None

    def number(self, term: str) -> int | None:
        """The number of a term, or None."""
        return self._numbers.get(term)

    def out(self, predicate: str) -> Table:
        """The objects of each subject."""
        return self._table(self._out, predicate, 0)

    def into(self, predicate: str) -> Table:
        """The subjects of each object."""
        return self._table(self._into, predicate, 1)

    def _table(self, kept: dict[str, Table], predicate: str, by: int) -> Table:
        found = kept.get(predicate)
        if found is None:
            rows = self._rows.get(self._numbers.get(predicate, -1))
            found = kept[predicate] = _NONE if rows is None else _grouped(zip(rows[:, by].tolist(), rows[:, 1 - by].tolist(), strict=True))
        return found

    def says(self, node: int) -> bool:
        """Whether anything is said of a node."""
        if self._subjects is None:
            self._subjects = frozenset(np.unique(np.concatenate([rows[:, 0] for rows in self._rows.values()])).tolist())
        return node in self._subjects

    def is_a(self, node: int, *classes: str) -> bool:
        """Whether a node is of one of the classes, or of one below."""
        types = (self.terms[cls] for cls in self.out(RDF + "type").get(node, ()))
        return any(self.vocabulary.is_a(cls, above) for cls in types for above in classes)

    def texts(self, node: int, predicate: str) -> list[str]:
        """The lexical forms of what a node says, sorted."""
        keys = (self.terms[o] for o in self.out(predicate).get(node, ()))
        return sorted(literal_parts(key).lexical for key in keys if is_literal(key))

    def wholes(self, node: int, predicate: str) -> list[int]:
        """Those of a node's values that are whole numbers, sorted."""
        return sorted(int(value) for value in _floats(self.texts(node, predicate)) if value.is_integer())

    def quantities(self, node: int, predicate: str) -> Iterator[tuple[float, Unit]]:
        """The quantities that a node states, `[brick:value n; brick:hasUnit u]`; what is none with a known unit is left out."""
        for stated in sorted(self.out(predicate).get(node, ()), key=self.terms.__getitem__):
            units = sorted(self.terms[unit] for unit in self.out(BRICK + "hasUnit").get(stated, ()))
            for value in _floats(self.texts(stated, BRICK + "value")):
                yield from ((value, unit) for key in units if (unit := _known_unit(key)) is not None)


def _known_unit(key: str) -> Unit | None:
    try:
        return unit_of(key)
    except UnitError:
        return None


def _grouped(pairs: Iterable[tuple[int, int]]) -> Table:
    table: dict[int, list[int]] = defaultdict(list)
    for key, value in pairs:
        table[key].append(value)
    return dict(table)


def _floats(texts: Iterable[str]) -> Iterator[float]:
    return (value for value in map(figure, texts) if np.isfinite(value))
