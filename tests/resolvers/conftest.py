"""The small site, served once for the tests that only read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.served import Served, served


@pytest.fixture(scope="module")
def site() -> Iterator[Served]:
    """The small demo site behind its web application."""
    with served() as one:
        yield one
