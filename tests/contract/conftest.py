"""The stores of the contract suite: each opened empty, and opened again on the same place as often as a test asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graph.ports import TwinStore
from graph.stores.memory import MemoryStore
from graph.stores.neo4j import Neo4jStore
from graph.stores.sqlite import SqliteStore
from tests.support.neo4j_server import emptied


class Place:
    """Somewhere a twin is kept: `store` is open on it, `reopen` closes that and opens another."""

    def __init__(self, name: str, opener: Callable[[], TwinStore]) -> None:
        self.name, self._opener = name, opener
        self.store = opener()

    def reopen(self) -> TwinStore:
        """Close the store and open it again."""
        self.store.close()
        self.store = self._opener()
        return self.store


def opener_of(name: str, folder: Path, *, filling: bool = False) -> Callable[[], TwinStore]:
    """How a store of that name is opened on an empty place, `filling` for a restore."""
    if name == "sqlite":
        return lambda: SqliteStore(folder)
    if name == "neo4j":
        url = emptied()
        return lambda: Neo4jStore(url, filling=filling)
    memory = MemoryStore()
    return lambda: memory


@pytest.fixture(params=["memory", "sqlite", "neo4j"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty place of each kind."""
    place = Place(request.param, opener_of(request.param, tmp_path))
    yield place
    place.store.close()


@pytest.fixture
def store(place: Place) -> TwinStore:
    """An empty store of each kind."""
    return place.store
