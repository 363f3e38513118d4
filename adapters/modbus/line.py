"""One endpoint: what is polled on it and when, what its answers mean for points, and writes in between (`Writing`).

Rules of this file:

1. As many requests are under way as its devices' limits say, one where they say nothing. The next poll that is due goes out where the
   answer to the one before has come in: in the same turn of the loop, without a task.
2. A unit that does not answer three times in a row is away, one whose connection is refused is at once: a quality on its points, one
   line in the log, and a new attempt after 0.5 to 30 s (full jitter). It holds up no other unit for longer than its own timeout.
3. Exception answers mean what the table says (reliability reference 3.3). What the map has wrong (01, 02, 03) is asked for in smaller
   pieces, to the single point, and that one not again before the map is another or the unit has been away.
4. While too much waits for the sink, nothing is polled (`room`); who makes room calls `pump`.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any

from adapters.modbus.bindings import Search
from adapters.modbus.channel import Channel
from adapters.modbus.codec import (
    ACKNOWLEDGE,
    AWAY,
    BUSY,
    BUSY_TRIES_MAX,
    FAULTS,
    MAP_FAULTS,
    OTHER,
    Refused,
    Wrong,
    read_answer,
    read_request,
)
from adapters.modbus.config import Endpoint, Limits, ModbusConfig
from adapters.modbus.link import Lost, NoAnswer, Told
from adapters.modbus.plan import Answer, Plan
from adapters.modbus.registers import Group, coalesce, halves, shown
from adapters.modbus.sunspec import Model, NotSunSpec, discover
from adapters.modbus.units import EndpointStatus, Looking, Poll, Unit
from adapters.modbus.writing import Writing
from graph.ports import Clock
from graph.references import Unbound
from graph.values import Quality, Reason, Samples

_log = logging.getLogger(__name__)
_dice = Random()

FAILURES_MAX = 3
"""Polls in a row that fail before a unit is away (reliability reference 2.2)."""
SEARCH_S = 60.0
"""How soon a device without SunSpec's marker is asked for it again."""

Deliver = Callable[[Samples | Answer], None]
Compile = Callable[[Sequence[Group]], Sequence[Plan]]


class Line:
    """One endpoint. All methods in the loop's thread."""

    def __init__(
        self,
        endpoint: Endpoint,
        config: ModbusConfig,
        clock: Clock,
        deliver: Deliver,
        compiled: Compile,
        room: Callable[[], bool],
        asked: Callable[[], None],
    ) -> None:
        """`asked` is called when a device has said what it has, and that is something new."""
        self._endpoint, self._config, self._clock, self._deliver, self._compiled = endpoint, config, clock, deliver, compiled
        self._room, self._asked = room, asked
        self._channel = Channel(endpoint, config, self.pump)
        self._counts = self._channel.counts
        self.writing = Writing(endpoint, config, self._channel)
        self._tasks: set[asyncio.Task[None]] = set()
        """Connecting, and asking devices what they have."""
        self._heap: list[tuple[float, int, int, Poll | Looking]] = []
        self._order = itertools.count()
        self._binding = 0
        self._bound: tuple[Sequence[Group], Sequence[Search]] = ((), ())
        self._units: dict[int, Unit] = {}
        self._closing = False
        self._waking: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def status(self) -> EndpointStatus:
        """The endpoint now."""
        units, now = self._units, self._loop.time()
        away = tuple(sorted(number for number, unit in units.items() if unit.away))
        refused = sum(len(poll.plan.slots) for unit in units.values() for poll in unit.refused)
        first = next(iter(self._heap), None)  # asked from other threads, while the loop takes from it
        overdue = 0.0 if first is None else max(0.0, now - first[0])
        connected = self._channel.open_ and (not units or len(away) < len(units))
        return EndpointStatus(
            str(self._endpoint), connected, self._counts.requests, self._channel.error, self._counts.copy(), away, refused, overdue
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

    def models(self) -> Mapping[str, Sequence[Model]]:
        """The SunSpec models of the devices that have said theirs."""
        searches = [unit.search for unit in self._units.values() if unit.search is not None]
        return {each.search.device.iri: each.models for each in searches if each.models}

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
        self._channel.turns.resize(flights)
        self.pump()

    def _add(self, groups: Sequence[Group], due: float) -> None:
        """Poll these, those with exponents first."""
        for plan in self._compiled(sorted(groups, key=lambda group: not group.factors)):
            group = plan.group
            self._units[group.unit].groups.append(group)
            self._push(Poll(plan, read_request(group.table, group.start, group.count), group.limits.timeout_s), due, self._binding)

    def _push(self, poll: Poll | Looking, due: float, binding: int) -> None:
        if binding == self._binding:
            heapq.heappush(self._heap, (due, next(self._order), binding, poll))

    async def close(self) -> None:
        """Stop polling, and let go of the connection."""
        self._closing = True
        if self._waking is not None:
            self._waking.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._channel.close()

    def pump(self) -> None:
        """Ask what is due, as far as there are turns; be woken when the next is."""
        while self._heap and self._channel.turns.free and not self._closing and self._room():
            now = self._loop.time()
            due = self._heap[0][0]
            if due > now:
                if self._waking is None or self._waking.when() > due:
                    self._wake(due)
                return
            _, _, binding, poll = heapq.heappop(self._heap)
            number = poll.plan.group.unit if isinstance(poll, Poll) else poll.search.device.unit
            unit = self._units[number]
            if unit.again > now:
                self._push(poll, unit.again, binding)
            elif isinstance(poll, Looking):
                self._spawn(self._look(poll, unit, binding))
            else:
                self._channel.turns.take()
                told = partial(self._told, poll, unit, due, binding)
                if not self._channel.put(number, poll.request, poll.timeout_s, told):
                    self._spawn(self._put_when_ready(poll, number, told))

    def _wake(self, due: float) -> None:
        if self._waking is not None:
            self._waking.cancel()

        def woken() -> None:
            self._waking = None
            self.pump()

        self._waking = self._loop.call_at(due, woken)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _next(self, poll: Poll, due: float) -> float:
        return max(self._loop.time(), due + max(poll.plan.group.period_s, self._config.period_s_min))

    # -- reading ------------------------------------------------------------------------------------------------------

    async def _put_when_ready(self, poll: Poll, number: int, told: Told) -> None:
        """Within a turn: ask once there is a connection, and the line is quiet."""
        try:
            link = await self._channel.ready()
            link.put(number, poll.request, poll.timeout_s or self._config.timeout_s, told)
        except Exception as error:
            told(error)

    def _told(self, poll: Poll, unit: Unit, due: float, binding: int, answer: bytes | Exception) -> None:
        """What came of a poll; its turn is over."""
        self._channel.hush()
        if self._closing:
            return
        try:
            then = self._judged(poll, unit, due, binding, answer)
        except Exception:
            _log.exception("polling %s failed; it goes on", self._endpoint)
            then = self._next(poll, due)
        if then is not None:
            self._push(poll, then, binding)
        self._channel.turns.give()

    def _judged(self, poll: Poll, unit: Unit, due: float, binding: int, answer: bytes | Exception) -> float | None:
        """Say what came of a poll. Returns when it is due next, None for never."""
        plan, group = poll.plan, poll.plan.group
        try:
            if isinstance(answer, Exception):
                raise answer
            data = read_answer(poll.request, answer)
        except Lost as error:
            self._failed(sorted(self._units) if error.refused else [group.unit], str(error), certain=error.refused)
            return self._next(poll, due)
        except NoAnswer as error:
            self._failed([group.unit], str(error), certain=False)
            return self._next(poll, due)
        except Refused as error:
            self._counts.exceptions += 1
            return self._refused(poll, unit, error, due, binding)
        except Wrong as error:
            if answer is error:
                self._failed([group.unit], str(error), certain=False)
                return self._next(poll, due)
            self._counts.wrong += 1
            self._heard(unit, group.unit, group.limits)
            self._channel.error = f"unit {group.unit}: {error}"
            self._deliver(plan.silent(self._now(), Quality.BAD, Reason.DEVICE))
            return self._next(poll, due)
        self._heard(unit, group.unit, group.limits)
        poll.busy, self._channel.error = 0, ""
        self._deliver(Answer(plan, data, self._now(), unit.factors))
        return self._next(poll, due)

    async def _look(self, search: Looking, unit: Unit, binding: int) -> None:
        """Ask a device which models it has, and poll what they hold of its points."""
        try:
            then = await self._found(search, unit, binding)
        except Exception:
            _log.exception("what %s has could not be found out; it is tried again", self._endpoint)
            then = self._loop.time() + SEARCH_S
        if then is not None:
            self._push(search, then, binding)
        self.pump()

    async def _found(self, search: Looking, unit: Unit, binding: int) -> float | None:
        """Returns when to ask the device again, None for not before it has been away."""
        device = search.search.device
        walk, said = discover(), None
        try:
            wanted = next(walk)
            while True:
                request = read_request("holding", *wanted)
                async with self._channel.turns.turn():
                    answer = await self._channel.ask(device.unit, request, device.limits.timeout_s)
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
            self._failed(sorted(self._units) if refused else [device.unit], str(error), certain=refused)
            return max(unit.again, self._loop.time() + self._config.busy_s)
        if tuple(models) != search.models and binding == self._binding:
            search.models = tuple(models)
            registers, unit.unusable = search.search.found(models)
            own = [group for group in self._bound[0] if group.unit == device.unit]
            self._heap = [row for row in self._heap if not (isinstance(row[3], Poll) and row[3].plan.group.unit == device.unit)]
            heapq.heapify(self._heap)
            unit.groups, unit.refused = [], []
            self._add([*own, *coalesce(registers)], self._loop.time())
            self._asked()
        return None

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

    def _refused(self, poll: Poll, unit: Unit, error: Refused, due: float, binding: int) -> float | None:
        group, fault = poll.plan.group, FAULTS.get(error.code, OTHER)
        if error.code in AWAY:
            self._failed([group.unit], str(error), certain=True)
            return self._next(poll, due)
        self._heard(unit, group.unit, group.limits)
        if error.code in {BUSY, ACKNOWLEDGE}:
            self._counts.busy += 1
            poll.busy += 1
            return self._loop.time() + self._config.busy_s if poll.busy <= BUSY_TRIES_MAX else self._next(poll, due)
        self._channel.error = f"{group.table} {shown(group.table, group.start)} of unit {group.unit}: {error}"
        if error.code in MAP_FAULTS:
            if binding != self._binding:
                return None
            parts = halves(group)
            if parts:
                unit.groups.remove(group)
                self._add(parts, self._loop.time())
                return None
            unit.refused.append(poll)
        if self._channel.error not in unit.logged:
            unit.logged.add(self._channel.error)
            _log.warning("Modbus at %s: %s", self._endpoint, self._channel.error)
        self._deliver(poll.plan.silent(self._now(), fault.quality, fault.reason))
        return None if error.code in MAP_FAULTS else self._next(poll, due)

    def _failed(self, units: Sequence[int], reason: str, *, certain: bool) -> None:
        """A poll of these units came to nothing; `certain`: they are away, without asking again."""
        self._channel.error = reason
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
                self._deliver(Samples.joined([plan.silent(self._now(), Quality.NO_COMMUNICATION, Reason.LINK) for plan in gone]))

    def _now(self) -> int:
        return round(self._clock().timestamp() * 1000)
