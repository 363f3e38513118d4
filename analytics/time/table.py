"""The table of stores: what carries which supply, for how long at which load, as columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from graph.values import Floats
from ontology.terms import Ids


class Kind(IntEnum):
    """What carries a supply on."""

    ENERGY = 0
    """Batteries or a flywheel."""
    HOLD_UP = 1
    """The equipment itself: a power supply's capacitors, the mass of a cold plate."""
    ROOM = 2
    """The air and the solids of a room."""
    WATER = 3
    """The water of a loop or tank."""


class Row(NamedTuple):
    """One store. Of a range the first is the worse end (less stored), the second the better one."""

    node: int
    medium: int
    kind: Kind
    source: int
    """The term that is named as the store: a battery, a loop; -1: the node itself."""
    seconds: tuple[float, float]
    at_kw: tuple[float, float]
    exponent: tuple[float, float]
    """The least and the greatest; 0: the load does not matter."""
    unknown_kw: float
    """The load that is taken where none is known; 0: `at_kw`."""
    bank: tuple[int, int] = (-1, -1)
    """Stores of one number are one: what empties the one empties the other. Worse end: that have any storage in common; better end: that
    have all. -1: none of its own."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Columns of `Row`; those of a range have shape (2, stores)."""

    node: Ids
    medium: Ids
    kind: Ids
    source: Ids
    seconds: Floats
    at_kw: Floats
    exponent: Floats
    unknown_kw: Floats
    room: Ids
    """Of a store in a room its room, else -1."""
    limit: Floats
    """Shape (2, stores): of a store in a room the temperature that ends it, lowest and highest, degrees Celsius; else nan."""
    bank: Ids
    """Shape (2, stores)."""

    def __len__(self) -> int:
        return len(self.node)

    @staticmethod
    def of(rows: Sequence[Row]) -> Stores:
        """Columns of some rows."""
        node, medium, kind, source = (np.array([row[at] for row in rows], dtype=np.int32) for at in range(4))
        seconds, at_kw, exponent = (np.array([row[at] for row in rows], dtype=np.float64).reshape(-1, 2).T for at in (4, 5, 6))
        unknown = np.array([row.unknown_kw for row in rows], dtype=np.float64)
        bank = np.array([row.bank for row in rows], dtype=np.int32).reshape(-1, 2).T
        return replace(
            Stores.plain(node, medium, kind, source, seconds),
            at_kw=np.ascontiguousarray(at_kw),
            exponent=np.ascontiguousarray(exponent),
            unknown_kw=unknown,
            bank=np.ascontiguousarray(bank),
        )

    @staticmethod
    def plain(node: Ids, medium: Ids, kind: Ids, source: Ids, seconds: Floats) -> Stores:
        """Stores that carry for some seconds whatever the load."""
        none = np.zeros((2, len(node)))
        return Stores(
            node,
            medium,
            kind,
            source,
            np.ascontiguousarray(seconds),
            none,
            none.copy(),
            np.zeros(len(node)),
            np.full(len(node), -1, dtype=np.int32),
            np.full((2, len(node)), np.nan),
            np.full((2, len(node)), -1, dtype=np.int32),
        )

    def copied(self) -> Stores:
        """The same in arrays of their own."""
        return Stores(*(getattr(self, column.name).copy() for column in fields(self)))

    def put(self, store: int, row: Row) -> None:
        """Give a store of energy another law, source and bank."""
        self.source[store], self.seconds[:, store], self.at_kw[:, store] = row.source, row.seconds, row.at_kw
        self.exponent[:, store], self.bank[:, store] = row.exponent, row.bank

    @staticmethod
    def joined(parts: Iterable[Stores]) -> Stores:
        """All stores; of several for one node and medium the first counts. In order of nodes and media."""
        each = list(parts)
        columns = [np.concatenate([getattr(part, column.name) for part in each], axis=-1) for column in fields(Stores)]
        keys = columns[0].astype(np.int64) << 32 | columns[1]
        order = np.argsort(keys, kind="stable")
        first = np.ones(len(order), dtype=np.bool_)
        first[1:] = keys[order][1:] != keys[order][:-1]
        return Stores(*(np.ascontiguousarray(column[..., order[first]]) for column in columns))
