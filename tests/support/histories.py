"""The histories of the contract suite, and short ways to say things to them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from adapters.history.embedded import EmbeddedHistory
from adapters.history.keeping import Keeping, Rules
from adapters.history.postgres import PostgresHistory
from adapters.history.spooled import SpooledHistory
from graph.points import PointFacts
from graph.ports import History
from graph.values import Quality, Reason, Samples, Slots
from tests.support.postgres import shared

NAMES = tuple(f"urn:point:{letter}" for letter in "dbca")
"""Not in order of IRIs: slots never are."""
FACTS = {NAMES[0]: PointFacts(1.0), NAMES[1]: PointFacts(10.0), NAMES[2]: PointFacts(60.0)}
"""The last one is a point that the graph no longer has."""
Row = tuple[int, int, float, Quality]
"""Slot, source time, value, quality."""


def in_memory() -> tempfile.TemporaryDirectory[str]:
    """A folder that no disk is behind, where there is such a thing: fsync costs nothing, a killed process loses nothing."""
    memory = Path("/dev/shm")  # noqa: S108 - one of its own in there
    return tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None)


class Place:
    """Somewhere a history is kept: `history` is open on it, `reopen` closes that and opens another."""

    def __init__(self, opener: Callable[[], History]) -> None:
        self._opener = opener
        self.history = opener()
        self.history.rebind(FACTS)

    def reopen(self) -> History:
        """Close the history and open it again."""
        self.history.close()
        self.history = self._opener()
        self.history.rebind(FACTS)
        return self.history


def opener_of(name: str, folder: Path, days: tuple[int, int, int] = (30, 400, 3660)) -> Callable[[], History]:
    """How a history of that name is opened on an empty place."""
    rules = Rules(default=Keeping("default", *days))
    if name == "postgresql":
        url = shared().emptied()
        return lambda: PostgresHistory(url, rules=rules)
    if name == "spooled":
        address = shared().emptied()
        return lambda: SpooledHistory(PostgresHistory(address, rules=rules), folder / "waiting")
    return lambda: EmbeddedHistory(folder / "history", rules=rules, seal_ms=0, reserve_bytes=0)


def names_of(slots: Slots) -> Sequence[str]:
    """The IRIs of slots."""
    return [NAMES[slot] for slot in slots.tolist()]


def said(rows: Sequence[Row], late_ms: int = 10) -> Samples:
    """Samples that came `late_ms` after they were observed."""
    at = np.array([row[1] for row in rows], np.int64)
    quality = np.array([row[3] for row in rows], np.uint8)
    return Samples(
        np.array([row[0] for row in rows], np.int32),
        np.array([row[2] for row in rows], np.float64),
        at,
        at + late_ms,
        quality,
        np.where(quality > 0, np.uint8(Reason.DEVICE), np.uint8(Reason.NONE)),
    )


def tell(history: History, *rows: Row) -> None:
    """Append some rows."""
    history.append(said(rows), names_of)


def assert_same(expected: object, found: object) -> None:
    """Two answers, column by column; two that are no number are equal."""
    assert type(expected) is type(found)
    for name in getattr(type(expected), "__slots__", ()):
        left, right = getattr(expected, name), getattr(found, name)
        if isinstance(left, np.ndarray):
            np.testing.assert_array_equal(left, right, err_msg=name, strict=True)
        else:
            assert (list(left), name) == (list(right), name) if isinstance(left, list | tuple) else (left, name) == (right, name)
