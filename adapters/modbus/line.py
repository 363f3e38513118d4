"""One endpoint: what is polled on it and when, what its answers mean for points, and writes in between.

Rules of this file:

1. As many requests are under way as its devices' limits say, one where they say nothing; the workers take polls as they become due.
2. A unit that does not answer three times in a row is away, one whose connection is refused is at once: a quality on its points, one
   line in the log, and a new attempt after 0.5 to 30 s (full jitter). It holds up no other unit for longer than its own timeout.
3. Exception answers mean what the table says (reliability reference 3.3). What the map has wrong (01, 02, 03) is asked for in smaller
   pieces, to the single point, and that one not again before the map is another or the unit has been away.
4. A write is sent once. Busy (06) says that it was not executed: that one answer allows another try, while there is time.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from random import Random

from adapters.modbus.bindings import Search
from adapters.modbus.codec import (
    ACKNOWLEDGE,
    AWAY,
    BUSY,
    FAULTS,
    MAP_FAULTS,
    OTHER,
    Refused,
    Write,
    Wrong,
    echoes,
    read_answer,
    read_request,
    write_request,
)
from adapters.modbus.config import Endpoint, Limits, ModbusConfig
from adapters.modbus.link import Counts, Link, Lost, NoAnswer
from adapters.modbus.plan import Answer, Plan
from adapters.modbus.registers import Group, coalesce, halves, shown
from adapters.modbus.sunspec import Model, NotSunSpec, discover
from adapters.modbus.units import EndpointStatus, Looking, Poll, Unit
from graph.ports import Clock, DeviceRefused, DeviceUnknown
from graph.references import Unbound
from graph.values import Quality, Reason, Samples

_log = logging.getLogger(__name__)
_dice = Random()

FAILURES_MAX = 3
"""Polls in a row that fail before a unit is away (reliability reference 2.2)."""
BUSY_TRIES_MAX = 2
"""New tries of what a device was too busy for (reliability reference 3.3)."""

SEARCH_S = 60.0
"""How soon a device without SunSpec's marker is asked for it again."""

Deliver = Callable[[Samples | Answer], Awaitable[None]]
Compile = Callable[[Sequence[Group]], Sequence[Plan]]


class Line:
    """One endpoint. All methods in the loop's thread."""

    def __init__(self, endpoint: Endpoint, config: ModbusConfig, clock: Clock, deliver: Deliver, compiled: Compile) -> None:
        self._endpoint, self._config, self._clock, self._deliver, self._compiled = endpoint, config, clock, deliver, compiled
        self._link: Link | None = None
        self._connecting = asyncio.Lock()
        self._turn = asyncio.Semaphore(1)
        self._workers: list[asyncio.Task[None]] = []
        self._heap: list[tuple[float, int, int, Poll | Looking]] = []
        self._order = itertools.count()
        self._binding = 0
        self._bound: tuple[Sequence[Group], Sequence[Search]] = ((), ())
        self._units: dict[int, Unit] = {}
        self._counts = Counts()
        self._error = ""
        self._closing = False
        self._woken = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._clear_at = 0.0

    def status(self) -> EndpointStatus:
        """The endpoint now."""
        link, units, now = self._link, self._units, self._loop.time()
        away = tuple(sorted(number for number, unit in units.items() if unit.away))
        refused = sum(len(poll.plan.slots) for unit in units.values() for poll in unit.refused)
        first = next(iter(self._heap), None)  # asked from other threads, while the loop takes from it
        overdue = 0.0 if first is None else max(0.0, now - first[0])
        connected = link is not None and link.open_ and (not units or len(away) < len(units))
        return EndpointStatus(
            str(self._endpoint), connected, self._counts.requests, self._error, self._counts.copy(), away, refused, overdue
        )

    def refusals(self) -> Sequence[Unbound]:
        """The points that devices refuse to give, with where we look for them."""
        found = [(number, poll.plan.group) for number, unit in sorted(self._units.items()) for poll in unit.refused]
        refused = [
            Unbound(r.point, "", f"unit {number} at {self._endpoint} has no {r.table} {shown(r.table, r.address)}: correct its map")
            for number, group in found
            for r in group.registers
        ]
        return [*refused, *(one for _, unit in sorted(self._units.items()) for one in unit.unusable)]

    # -- what is polled -----------------------------------------------------------------------------------------------

    def bind(self, groups: Sequence[Group], searches: Sequence[Search] = ()) -> None:
        """Poll these from now on, and ask these devices what they have; nothing changes when all is the same as before."""
        if (tuple(groups), tuple(searches)) == self._bound:
            return
        self._bound = tuple(groups), tuple(searches)
        self._binding += 1
        self._heap = []
        numbers = {group.unit for group in groups} | {search.device.unit for search in searches}
        known = self._units
        self._units = {n: Unit(again=known[n].again, factors=known[n].factors) if n in known else Unit() for n in sorted(numbers)}
        now = self._loop.time()
        self._add(groups, now)
        for search in searches:
            unit = self._units[search.device.unit]
            unit.search = Looking(search)
            self._push(unit.search, now, self._binding)
        limits = [group.limits for group in groups] + [search.device.limits for search in searches]
        flights = min((each.in_flight for each in limits), default=1) if self._endpoint.framing == "tcp" else 1
        self._staff(flights)
        self._woken.set()

    def _add(self, groups: Sequence[Group], due: float) -> None:
        """Poll these, those with exponents first."""
        for plan in self._compiled(sorted(groups, key=lambda group: not group.factors)):
            group = plan.group
            self._units[group.unit].groups.append(group)
            self._push(Poll(plan, read_request(group.table, group.start, group.count)), due, self._binding)

    def _push(self, poll: Poll | Looking, due: float, binding: int) -> None:
        if binding == self._binding:
            heapq.heappush(self._heap, (due, next(self._order), binding, poll))
            self._woken.set()

    def _staff(self, flights: int) -> None:
        if len(self._workers) == flights:
            return
        for worker in self._workers:
            worker.cancel()
        self._turn = asyncio.Semaphore(flights)
        self._workers = [self._loop.create_task(self._work()) for _ in range(flights)]

    async def close(self) -> None:
        """Stop polling, and let go of the connection."""
        self._closing = True
        self._woken.set()
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self._hang_up("closed")

    async def _work(self) -> None:
        me = asyncio.current_task()
        while not self._closing and me in self._workers:
            now = self._loop.time()
            if not self._heap or self._heap[0][0] > now:
                await self._rest(now)
                continue
            due, _, binding, poll = heapq.heappop(self._heap)
            number = poll.plan.group.unit if isinstance(poll, Poll) else poll.search.device.unit
            unit = self._units[number]
            if unit.again > now:
                self._push(poll, unit.again, binding)
                continue
            try:
                then = await (self._poll(poll, unit, due, binding) if isinstance(poll, Poll) else self._look(poll, unit, binding))
            except Exception:
                _log.exception("polling %s failed; it goes on", self._endpoint)
                then = now + SEARCH_S if isinstance(poll, Looking) else self._next(poll, due)
            if then is not None:
                self._push(poll, then, binding)

    async def _rest(self, now: float) -> None:
        self._woken.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.001, self._heap[0][0] - now) if self._heap else None):
                await self._woken.wait()

    def _next(self, poll: Poll, due: float) -> float:
        return max(self._loop.time(), due + max(poll.plan.group.period_s, self._config.period_s_min))

    # -- reading ------------------------------------------------------------------------------------------------------

    async def _poll(self, poll: Poll, unit: Unit, due: float, binding: int) -> float | None:
        """Ask once, and say what came of it. Returns when it is due next, None for never."""
        plan, group = poll.plan, poll.plan.group
        try:
            async with self._turn:
                answer = await self._ask(group.unit, poll.request, group.limits.timeout_s or self._config.timeout_s)
        except Lost as error:
            await self._failed(sorted(self._units) if error.refused else [group.unit], str(error), certain=error.refused)
            return self._next(poll, due)
        except (NoAnswer, Wrong) as error:
            await self._failed([group.unit], str(error), certain=False)
            return self._next(poll, due)
        try:
            data = read_answer(poll.request, answer)
        except Refused as error:
            self._counts.exceptions += 1
            return await self._refused(poll, unit, error, due, binding)
        except Wrong as error:
            self._counts.wrong += 1
            self._heard(unit, group.unit, group.limits)
            self._error = f"unit {group.unit}: {error}"
            await self._deliver(plan.silent(self._now(), Quality.BAD, Reason.DEVICE))
            return self._next(poll, due)
        self._heard(unit, group.unit, group.limits)
        poll.busy, self._error = 0, ""
        await self._deliver(Answer(plan, data, self._now(), unit.factors))
        return self._next(poll, due)

    async def _look(self, search: Looking, unit: Unit, binding: int) -> float | None:
        """Ask a device which models it has, and poll what they hold of its points. Returns when to ask again, None for not before it has
        been away."""
        device = search.search.device
        walk, said = discover(), None
        try:
            wanted = next(walk)
            while True:
                request = read_request("holding", *wanted)
                async with self._turn:
                    answer = await self._ask(device.unit, request, device.limits.timeout_s or self._config.timeout_s)
                self._heard(unit, device.unit, device.limits)
                try:
                    said = read_answer(request, answer)
                except Refused as error:
                    if error.code not in MAP_FAULTS:
                        raise
                    said = None
                wanted = walk.send(said)
        except StopIteration as end:
            models: Sequence[Model] = end.value
        except NotSunSpec as error:
            unit.unusable = [Unbound(device.iri, "", f"unit {device.unit} at {self._endpoint}: {error}")]
            return self._loop.time() + SEARCH_S
        except (Lost, NoAnswer, Wrong, Refused) as error:
            refused = isinstance(error, Lost) and error.refused
            await self._failed(sorted(self._units) if refused else [device.unit], str(error), certain=refused)
            return max(unit.again, self._loop.time() + self._config.busy_s)
        if tuple(models) != search.models and binding == self._binding:
            search.models = tuple(models)
            registers, unit.unusable = search.search.found(models)
            own = [group for group in self._bound[0] if group.unit == device.unit]
            self._heap = [row for row in self._heap if not (isinstance(row[3], Poll) and row[3].plan.group.unit == device.unit)]
            heapq.heapify(self._heap)
            unit.groups, unit.refused = [], []
            self._add([*own, *coalesce(registers)], self._loop.time())
        return None

    async def _ask(self, unit: int, request: bytes, timeout_s: float) -> bytes:
        """Within a turn: one request and its answer."""
        link = self._link
        if link is None or not link.open_:
            link = await self._connect()
        if (wait := self._clear_at - self._loop.time()) > 0:
            await asyncio.sleep(wait)
        try:
            return await link.ask(unit, request, timeout_s)
        finally:
            if self._endpoint.quiet_s:
                self._clear_at = self._loop.time() + self._endpoint.quiet_s

    async def _connect(self) -> Link:
        async with self._connecting:
            if self._link is None or not self._link.open_:
                self._link = None
                self._link = await Link.open(self._endpoint, self._counts, self._config.timeout_s)
            return self._link

    def _hang_up(self, reason: str) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close(reason)

    def _heard(self, unit: Unit, number: int, limits: Limits) -> None:
        """A unit has answered, whatever it said."""
        if unit.away:
            _log.warning("Modbus unit %d at %s answers again", number, self._endpoint)
            unit.away = False
            again: list[Poll | Looking] = [*unit.refused]
            unit.refused = []
            if unit.search is not None and unit.search.models:
                again.append(unit.search)
            for each in again:  # it may be another device, or have another program, than before
                self._push(each, self._loop.time(), self._binding)
        unit.failures = 0
        unit.again = self._loop.time() + limits.gap_s if limits.gap_s else 0.0

    async def _refused(self, poll: Poll, unit: Unit, error: Refused, due: float, binding: int) -> float | None:
        group, fault = poll.plan.group, FAULTS.get(error.code, OTHER)
        if error.code in AWAY:
            await self._failed([group.unit], str(error), certain=True)
            return self._next(poll, due)
        self._heard(unit, group.unit, group.limits)
        if error.code in {BUSY, ACKNOWLEDGE}:
            self._counts.busy += 1
            poll.busy += 1
            return self._loop.time() + self._config.busy_s if poll.busy <= BUSY_TRIES_MAX else self._next(poll, due)
        self._error = f"{group.table} {shown(group.table, group.start)} of unit {group.unit}: {error}"
        if error.code in MAP_FAULTS:
            if binding != self._binding:
                return None
            parts = halves(group)
            if parts:
                unit.groups.remove(group)
                self._add(parts, self._loop.time())
                return None
            unit.refused.append(poll)
        if self._error not in unit.logged:
            unit.logged.add(self._error)
            _log.warning("Modbus at %s: %s", self._endpoint, self._error)
        await self._deliver(poll.plan.silent(self._now(), fault.quality, fault.reason))
        return None if error.code in MAP_FAULTS else self._next(poll, due)

    async def _failed(self, units: Sequence[int], reason: str, *, certain: bool) -> None:
        """A poll of these units came to nothing; `certain`: they are away, without asking again."""
        self._error = reason
        fresh: list[int] = []
        for number in units:
            unit = self._units.get(number)
            if unit is None:  # another revision has come meanwhile
                continue
            unit.failures += 1
            limit = min(self._config.reconnect_s_max, self._config.reconnect_s_min * 2.0 ** min(unit.failures, 16))
            unit.again = self._loop.time() + _dice.uniform(self._config.reconnect_s_min, limit)
            if not unit.away and (certain or unit.failures >= FAILURES_MAX):
                unit.away = True
                fresh.append(number)
        if fresh:
            _log.warning("Modbus units %s at %s are away: %s; they are tried again", fresh, self._endpoint, reason)
            gone = self._compiled([group for number in fresh for group in self._units[number].groups])
            if gone:
                await self._deliver(Samples.joined([plan.silent(self._now(), Quality.NO_COMMUNICATION, Reason.LINK) for plan in gone]))

    def _now(self) -> int:
        return round(self._clock().timestamp() * 1000)

    # -- writing ------------------------------------------------------------------------------------------------------

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
                self._counts.exceptions += 1
                again = self._loop.time() + self._config.busy_s
                if error.code == BUSY and tries < BUSY_TRIES_MAX and again + answer_s < end:
                    self._counts.busy += 1
                    await asyncio.sleep(self._config.busy_s)
                    continue
                if error.code == ACKNOWLEDGE:  # a long job: the readback tells
                    return
                raise DeviceRefused(f"unit {write.unit} at {self._endpoint} refuses the write: {error}") from error
            except Wrong as error:
                raise DeviceUnknown(f"unit {write.unit} at {self._endpoint} answered the write with something else: {error}") from error
            if not same:
                self._counts.mismatches += 1
                self._error = f"write echo mismatch of unit {write.unit}"
                _log.error("Modbus unit %d at %s: write echo mismatch", write.unit, self._endpoint)
                raise DeviceUnknown(f"unit {write.unit} at {self._endpoint} answered with another address or value than was written")
            return

    async def _send(self, unit: int, request: bytes, answer_s: float, latest: float) -> bytes:
        """One try of a write, which goes out before `latest` (the loop's clock) or never."""
        async with AsyncExitStack() as turn:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(self._config.turn_s_max, latest - self._loop.time())) as limit:
                    await turn.enter_async_context(self._turn)
                    try:
                        link = self._link if self._link is not None and self._link.open_ else await self._connect()
                    except Lost as error:
                        raise DeviceRefused(f"{self._endpoint} is away: {error}; nothing was sent") from error
                    if (wait := self._clear_at - self._loop.time()) > 0:
                        await asyncio.sleep(wait)
            if limit.expired():
                raise DeviceRefused(f"{self._endpoint} was busy for {self._config.turn_s_max:g} s; nothing was sent")
            try:
                return await link.ask(unit, request, answer_s)
            except (NoAnswer, Lost) as error:
                raise DeviceUnknown(f"{self._endpoint} did not answer the write: {error}") from error
