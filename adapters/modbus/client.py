"""The Modbus wire: polls what the graph binds, hands samples to the sink, writes once.

Rules of this file:

1. One event loop in a thread of its own for all endpoints, however many; no thread for a device.
2. Answers are decoded and handed to the sink in one thread beside the loop, those of 50 ms, or fewer where many come, or those that came
   while it was busy, at once: commits grow with the load, and neither decoding nor anything that listens to readings holds up a request.
3. What waits for the sink is bounded: past the bound devices are not asked until it has taken some.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from threading import Thread
from typing import Any

from adapters.modbus.bindings import ModbusBindings
from adapters.modbus.codec import DoesNotFit, encode
from adapters.modbus.config import Endpoint, ModbusConfig
from adapters.modbus.line import Line
from adapters.modbus.plan import Answer, Plan, samples_of
from adapters.modbus.points import SOURCE, facts_of
from adapters.modbus.registers import WRITABLE, Group
from adapters.modbus.sunspec import classed_of
from adapters.modbus.units import EndpointStatus
from graph.commands import Command
from graph.ports import Clock, DeviceRefused, DeviceUnknown, ReadingSink
from graph.references import Unbound
from graph.values import Samples
from ontology.terms import QuadBlock
from twin.sync import Wish

_log = logging.getLogger(__name__)


class ModbusClient:
    """All gateways. `start`, `rebind` when the graph changes, `close`; as a `DevicePort` it writes coils and holding registers."""

    def __init__(
        self,
        config: ModbusConfig,
        bindings: ModbusBindings,
        sink: ReadingSink,
        clock: Clock,
        wishes: Callable[[Wish], None] | None = None,
    ) -> None:
        """Nothing is connected before `start`. `wishes` is told which points the maps of devices want to be in the graph."""
        self._config, self._bindings, self._sink, self._clock = config, bindings, sink, clock
        self._wishes = wishes
        self._offers: Sequence[Unbound] = ()
        self._loop: asyncio.AbstractEventLoop  # from `start` on: a client that is never started holds nothing
        self._thread = Thread(target=self._run, name="modbus", daemon=True)
        self._delivery = ThreadPoolExecutor(1, thread_name_prefix="modbus-ingest")
        self._lines: dict[Endpoint, Line] = {}
        self._waiting: list[Samples | Answer] = []
        self._rows = self._gathered = 0
        self._taking: asyncio.Task[None] | None = None
        self._enough: asyncio.Event
        self._closed = False

    def start(self) -> None:
        """Begin to poll; returns at once."""
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # it logs each frame that does not check; we count them
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        self.rebind(self._bindings)

    def rebind(self, bindings: ModbusBindings) -> None:
        """Take the bindings of another revision, whole; connections that are still needed stay."""
        self._bindings = bindings
        if self._thread.is_alive():
            self._call(self._rebind(bindings), self._config.timeout_s * 2)

    def close(self) -> None:
        """Stop polling, let go of every connection, hand over what has been read. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        if self._thread.is_alive():
            with suppress(FutureTimeoutError):
                self._call(self._end(), self._config.timeout_s * 2)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(self._config.timeout_s)
            if not self._loop.is_running():
                self._loop.close()
        self._delivery.shutdown(wait=True)

    def status(self) -> Sequence[EndpointStatus]:
        """Every endpoint now, in order."""
        lines = list(self._lines.items())  # the loop's thread may bind others meanwhile
        return [line.status() for _, line in sorted(lines, key=lambda item: str(item[0]))]

    def unusable(self) -> Sequence[Unbound]:
        """The references and maps of the graph that this wire cannot use, and why; those that devices refuse among them, and numbers that
        could be had."""
        refused = [refusal for line in list(self._lines.values()) for refusal in line.refusals()]
        return [*self._bindings.unbound, *refused, *self._offers]

    # -- commands -------------------------------------------------------------------------------------------------

    @property
    def send_s_max(self) -> float:
        """Seconds after which `send` has ended: see `ModbusConfig.send_s_max`."""
        return self._config.send_s_max

    def serves(self, point: str) -> bool:
        """Whether the point stands in a table that can be written, alone."""
        register = self._bindings.registers.get(point)
        return register is not None and register.table in WRITABLE and register.bit < 0 and register.factor < 0

    def send(self, command: Command) -> None:
        """Write the command's value once. Raises `DeviceRefused` with the device's reason, `DeviceUnknown` when no answer came."""
        register = self._bindings.registers.get(command.point)
        line = None if register is None else self._lines.get(register.endpoint)
        if register is None or line is None or not self.serves(command.point):
            raise DeviceRefused(f"{command.point} stands in no coil or holding register that is polled: nothing was sent")
        try:
            write = encode(register, command.value)
        except DoesNotFit as error:
            raise DeviceRefused(f"{error}: nothing was sent") from error
        try:
            self._call(line.writing.write(write, register.limits.timeout_s), self._config.send_s_max)
        except FutureTimeoutError as error:
            raise DeviceUnknown(f"{register.endpoint} did not answer in time") from error

    # -- the loop's thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """The loop until it is stopped; what is still under way then, the library's own tasks among it, is ended before the loop goes."""
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())  # it looks up the names of hosts

    def _call(self, work: Coroutine[Any, Any, None], timeout_s: float) -> None:
        """Run it on the loop. Raises `TimeoutError` when it takes longer; it is cancelled then."""
        future: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            future.result(timeout_s)
        except FutureTimeoutError:
            future.cancel()
            raise

    async def _rebind(self, bindings: ModbusBindings) -> None:
        for endpoint in [endpoint for endpoint in self._lines if endpoint not in bindings.groups]:
            await self._lines.pop(endpoint).close()
        for endpoint, groups in bindings.groups.items():
            line = self._lines.get(endpoint)
            if line is None:
                line = self._lines[endpoint] = Line(
                    endpoint, self._config, self._clock, self._deliver, self._compiled, self._has_room, self._announce
                )
            line.bind(groups, bindings.searches.get(endpoint, ()))
        if not self._closed:
            self._announce()

    def _announce(self) -> None:
        """Ask for the points that maps and devices describe and that are wanted; tell of the others."""
        models = {device: found for line in self._lines.values() for device, found in line.models().items()}
        known = [
            replace(one, entries=classed_of(models[one.device]), whole=True) if one.device in models else one
            for one in self._bindings.described
        ]
        self._offers = [unbound for one in known for unbound in one.offer()]
        said = self._bindings.said
        facts = facts_of(known, said)
        if self._wishes is not None and set(facts) != {fact for each in said.values() for fact in each}:
            self._wishes(Wish(SOURCE, QuadBlock.of(facts)))

    async def _end(self) -> None:
        await self._rebind(ModbusBindings())
        if self._taking is not None:
            await asyncio.wait([self._taking])

    def _compiled(self, groups: Sequence[Group]) -> Sequence[Plan]:
        slots = self._sink.slots([register.point for group in groups for register in group.registers])
        plans, at = [], 0
        for group in groups:
            plans.append(Plan(group, slots[at : at + len(group.registers)]))
            at += len(group.registers)
        return plans

    # -- to the sink --------------------------------------------------------------------------------------------------

    def _deliver(self, samples: Samples | Answer) -> None:
        self._waiting.append(samples)
        self._rows += len(samples)
        self._gathered += len(samples)
        if self._taking is None:
            self._enough = asyncio.Event()
            self._taking = self._loop.create_task(self._take())
        if self._gathered >= self._config.gather_rows:
            self._enough.set()

    def _has_room(self) -> bool:
        return self._rows <= self._config.waiting_rows_max

    async def _take(self) -> None:
        while self._waiting:
            with suppress(TimeoutError):
                async with asyncio.timeout(0.0 if self._closed else self._config.gather_s):
                    await self._enough.wait()
            parts, self._waiting, self._gathered = self._waiting, [], 0
            self._enough.clear()
            try:
                await self._loop.run_in_executor(self._delivery, self._hand_over, parts)
            except Exception:
                _log.exception("%d readings were not taken", sum(map(len, parts)))
            full = not self._has_room()
            self._rows -= sum(map(len, parts))
            if full and self._has_room():
                for line in list(self._lines.values()):
                    line.pump()
        self._taking = None

    def _hand_over(self, parts: Sequence[Samples | Answer]) -> None:
        found: list[Samples] = []
        for silent, some in groupby(parts, lambda part: isinstance(part, Samples)):
            run = list(some)
            found += (
                [part for part in run if isinstance(part, Samples)] if silent else [samples_of([a for a in run if isinstance(a, Answer)])]
            )
        self._sink.take(Samples.joined(found))
