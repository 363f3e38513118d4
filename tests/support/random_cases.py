"""How many random cases a property of the engine is tried on: `RIDETHROUGH_TEST_EXAMPLES` for each of them, else what it has time for.

`./dev random N` sets it and runs what is marked `random`: what these two put on a test.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings

Test = TypeVar("Test", bound=Callable[..., None])
SETTING = "RIDETHROUGH_TEST_EXAMPLES"
BLOCK = 50
"""Seeds that one run of a seeded test goes through."""


def cases(usual: int) -> int:
    """So many as are set, the same for every property; `usual` where nothing is set."""
    return int(os.environ.get(SETTING, usual))


def tried(usual: int) -> Callable[[Test], Test]:
    """For a test with `hypothesis.given`: it is tried on so many cases, without a limit of time, and prints how to have a failure again."""
    chosen = settings(max_examples=cases(usual), deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))

    def put(test: Test) -> Test:
        marked: Test = pytest.mark.random(chosen(test))
        return marked

    return put


def seeded(usual: int) -> Callable[[Test], Test]:
    """For a test that takes `seeds`, a range: it is run until it has gone through so many."""
    most = cases(usual)
    blocks: Any = [range(first, min(first + BLOCK, most)) for first in range(0, most, BLOCK)]

    def put(test: Test) -> Test:
        marked: Test = pytest.mark.random(
            pytest.mark.parametrize("seeds", blocks, ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")(test)
        )
        return marked

    return put
