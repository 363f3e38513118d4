"""Threads of the face's own: what waits in them for a place or for the store takes none from the rest of the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread

THREADS_MAX = 24
"""Requests of one kind at work or waiting at once; further ones wait in the event loop."""
_Given = TypeVarTuple("_Given")
_Found = TypeVar("_Found")


class Threads:
    """So many threads for one kind of request."""

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(THREADS_MAX)

    async def run(self, act: Callable[[*_Given], _Found], *given: *_Given) -> _Found:
        """Do it in a thread."""
        return await to_thread.run_sync(act, *given, limiter=self._limiter)
