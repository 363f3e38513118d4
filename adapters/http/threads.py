"""Threads of the wire's own: what waits in them for history or a full core takes none from the rest of the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread

_Given = TypeVarTuple("_Given")
_Found = TypeVar("_Found")


class Threads:
    """So many threads for one kind of request; further ones wait in the event loop."""

    def __init__(self, most: int) -> None:
        self._limiter = CapacityLimiter(most)

    async def run(self, act: Callable[[*_Given], _Found], *given: *_Given) -> _Found:
        """Do it in a thread."""
        return await to_thread.run_sync(act, *given, limiter=self._limiter)
