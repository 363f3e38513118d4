"""The small site, served once for the tests that only read it; and a pair of feeds with a history, anew for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.resolvers.storied import Storied, storied
from tests.support.served import Served, served


@pytest.fixture(scope="module")
def site() -> Iterator[Served]:
    """The small demo site behind its web application."""
    with served() as one:
        yield one


@pytest.fixture
def past() -> Iterator[Storied]:
    """Two feeds and a rack with three revisions behind them."""
    with storied() as one:
        yield one


@pytest.fixture(scope="module")
def read_past() -> Iterator[Storied]:
    """The same, served once for the tests that only read it."""
    with storied() as one:
        yield one
