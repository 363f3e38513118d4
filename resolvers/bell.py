"""What wakes a subscriber when another thread has something to tell."""

from __future__ import annotations

import asyncio


class Bell:
    """Rings in the subscriber's event loop when another thread says so."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def ring(self) -> None:
        """From any thread. After the loop has ended nobody listens."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self) -> None:
        """Until it has rung; rings before the wait count."""
        await self._event.wait()
        self._event.clear()
