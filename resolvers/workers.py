"""Threads of their own for failure analysis and for looking back: what is asked there waits for its like, and makes nothing else wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, TypeVar

from resolvers.errors import LimitExceeded

THREADS = 2
WAITING_MAX = 100
"""Questions that run or wait at a time; a further one is refused."""
Given = ParamSpec("Given")
Found = TypeVar("Found")


@dataclass
class Workers:
    """A bounded pool with a bounded queue. To be used from one event loop."""

    waiting_max: int = WAITING_MAX
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="questions"), repr=False)
    _asked: int = 0

    async def run(self, work: Callable[Given, Found], *args: Given.args, **kwargs: Given.kwargs) -> Found:
        """The result of the work, done in a thread; dropped when nobody waits any more before its turn has come. Raises `LimitExceeded`."""
        if self._asked >= self.waiting_max:
            raise LimitExceeded(f"{self._asked} questions are waiting and {self.waiting_max} may: ask again later")
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args, **kwargs))
        finally:
            self._asked -= 1
