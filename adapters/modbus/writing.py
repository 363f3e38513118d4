"""Writes to an endpoint, each sent once.

Rules of this file:

1. A write goes out within its time or never. Without an answer nobody knows: the readback tells.
2. Busy (06) says that it was not executed: that one answer allows another try, while there is time.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, suppress

from adapters.modbus.channel import Channel
from adapters.modbus.codec import ACKNOWLEDGE, BUSY, BUSY_TRIES_MAX, Refused, Write, Wrong, echoes, write_request
from adapters.modbus.config import Endpoint, ModbusConfig
from adapters.modbus.link import Lost, NoAnswer
from graph.ports import DeviceRefused, DeviceUnknown

_log = logging.getLogger(__name__)


class Writing:
    """Writes over one channel, in its loop's thread."""

    def __init__(self, endpoint: Endpoint, config: ModbusConfig, channel: Channel) -> None:
        self._endpoint, self._config, self._channel = endpoint, config, channel
        self._loop = asyncio.get_running_loop()

    async def write(self, write: Write, timeout_s: float = 0.0) -> None:
        """Send the request once, within `turn_s_max` or not at all; its answer may take `timeout_s` (0: as long as the wire's own). Raises
        `DeviceRefused` or `DeviceUnknown`."""
        end = self._loop.time() + self._config.send_s_max
        answer_s = min(timeout_s or self._config.timeout_s, self._config.timeout_s)
        request = write_request(write)
        for tries in range(BUSY_TRIES_MAX + 1):
            try:
                same = echoes(request, await self._send(write.unit, request, answer_s, end - answer_s))
            except Refused as error:
                self._channel.counts.exceptions += 1
                again = self._loop.time() + self._config.busy_s
                if error.code == BUSY and tries < BUSY_TRIES_MAX and again + answer_s < end:
                    self._channel.counts.busy += 1
                    await asyncio.sleep(self._config.busy_s)
                    continue
                if error.code == ACKNOWLEDGE:  # a long job: the readback tells
                    return
                raise DeviceRefused(f"unit {write.unit} at {self._endpoint} refuses the write: {error}") from error
            except Wrong as error:
                raise DeviceUnknown(f"unit {write.unit} at {self._endpoint} answered the write with something else: {error}") from error
            if not same:
                self._channel.counts.mismatches += 1
                self._channel.error = f"write echo mismatch of unit {write.unit}"
                _log.error("Modbus unit %d at %s: write echo mismatch", write.unit, self._endpoint)
                raise DeviceUnknown(f"unit {write.unit} at {self._endpoint} answered with another address or value than was written")
            return

    async def _send(self, unit: int, request: bytes, answer_s: float, latest: float) -> bytes:
        """One try of a write, which goes out before `latest` (the loop's clock) or never."""
        async with AsyncExitStack() as turn:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(self._config.turn_s_max, latest - self._loop.time())) as limit:
                    await turn.enter_async_context(self._channel.turns.turn())
                    try:
                        link = await self._channel.ready()
                    except Lost as error:
                        raise DeviceRefused(f"{self._endpoint} is away: {error}; nothing was sent") from error
            if limit.expired():
                raise DeviceRefused(f"{self._endpoint} was busy for {self._config.turn_s_max:g} s; nothing was sent")
            try:
                return await link.ask(unit, request, answer_s)
            except (NoAnswer, Lost) as error:
                raise DeviceUnknown(f"{self._endpoint} did not answer the write: {error}") from error
            finally:
                self._channel.hush()
