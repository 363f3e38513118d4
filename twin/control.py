"""Commands: a wish is journalled, judged, sent at most once, and ended by what the plant itself says afterwards.

Rules of this file:

1. `Requested` is in the journal before anything else happens; when it cannot be written, nothing is sent and `StoreUnavailable` is raised.
2. A wish is refused with all reasons, not the first; control is off, and no point is enabled, unless settings say otherwise.
3. `Dispatched` is in the journal before the device is written to, and the device is written to once; a command found there after a restart
   is read back, never sent again; one that has ended, or that the device may not take before its time is over, is not sent at all.
4. Only a good reading of the feedback point, observed after the dispatch, confirms. The written value never becomes the point's value.
5. The same key and the same wish are the same command; the same key with another wish is refused.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isfinite
from threading import RLock
from uuid import uuid4

from graph.commands import NEXT, Command, CommandEvent, CommandState, advance
from graph.current import CurrentValues
from graph.errors import StoreUnavailable
from graph.points import PointFacts
from graph.ports import Clock, DevicePort, DeviceRefused, DeviceUnknown, Journal
from graph.values import Quality
from twin.bus import Bus
from twin.events import CommandChanged, ReadingStored

_log = logging.getLogger(__name__)

TOLERANCE_SHARE = 0.005
"""A readback may differ by so much of the wished value: the class of a usual transmitter (IEC 60688, class 0.5)."""
TOLERANCE_MIN = 0.05
"""Or by half a step of a register scaled by 0.1, the coarsest that is usual for set points."""
RECORDS_MAX = 10_000
"""Ended commands that are kept at hand; the journal keeps all."""
SENDERS = 64
"""Writes under way at one time, over all devices: so many may hang on gateways that are dead before a live one has to wait."""

Interlock = Callable[[str, float, Sequence[tuple[str, float]]], Sequence[str]]
"""Asked with a point (IRI), the wished value, and the wishes for other points whose effect no reading has told yet: every reason why
the plant must not be told this now; none when it may."""


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """A command and what has become of it: its state, every reason (of a refusal, or of the last step), and since when."""

    command: Command
    state: CommandState
    reasons: Sequence[str]
    updated_at: datetime

    @staticmethod
    def of(event: CommandEvent) -> CommandRecord:
        """The command as this step of it leaves it."""
        return CommandRecord(event.command, event.state, [line for line in event.detail.split("\n") if line], event.at)

    @property
    def ended(self) -> bool:
        """Whether nothing more will become of it."""
        return not NEXT[self.state]


@dataclass(slots=True)
class _Watch:
    """A command that waits for its readback: on which point, for readings after which instant, until when, and what was last read."""

    command: Command
    feedback: str
    after_ms: int
    until: datetime
    read: float | None = None
    note: str = ""


class Control:
    """The control flow. Safe from any thread; no lock is held while a device is written to."""

    def __init__(
        self,
        journal: Journal,
        devices: Sequence[DevicePort],
        current: CurrentValues,
        clock: Clock,
        bus: Bus,
        *,
        on: bool = False,
        enabled: frozenset[str] = frozenset(),
        points: Mapping[str, PointFacts] | None = None,
        interlock: Interlock = lambda _point, _value, _unsettled: (),
        timeout_s: float = 10.0,
        run: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        """Takes up what the journal has open: read back, never sent again.

        `on` and `enabled` (IRIs) come from settings; `points` as `graph.points.point_facts` reads them; `timeout_s` is how long a readback
        may take (give more than the feedback point's sample period); `run` starts a write (default: a few threads of its own).
        Raises `ValueError` when control is on and a write may take as long as the readback of it.
        """
        longest = max((device.send_s_max for device in devices), default=0.0)
        if on and timeout_s <= longest:
            raise ValueError(f"a write may take {longest:g} s, so its readback must be given more than that, not {timeout_s:g} s")
        self._journal, self._devices, self._current, self._clock, self._bus = journal, devices, current, clock, bus
        self._on, self._enabled, self._interlock = on, enabled, interlock
        self._points: Mapping[str, PointFacts] = points or {}
        self._timeout_s = timeout_s
        self._lock = RLock()
        self._records: OrderedDict[str, CommandRecord] = OrderedDict()
        self._keys: dict[str, str] = {}
        self._watches: dict[str, _Watch] = {}
        self._senders = None if run is not None else ThreadPoolExecutor(SENDERS, thread_name_prefix="control")
        self._start = run or self._in_thread
        self._unsubscribe = bus.subscribe(ReadingStored, self._on_readings)
        self._resume()

    # -- what the face calls --------------------------------------------------------------------------------------

    def enabled(self, point: str) -> bool:
        """Whether the point may be written at all now."""
        return self._on and point in self._enabled and any(device.serves(point) for device in self._devices)

    def request(self, point: str, value: float, author: str, reason: str, key: str | None = None) -> CommandRecord:
        """Ask for `value` (the point's unit) to be written to `point`; answers at once with the command and its state.

        Raises `StoreUnavailable` when the wish cannot be journalled; then nothing has been sent.
        """
        with self._lock:
            known = self._records.get(self._keys.get(key or "", ""))
            if known is not None and _same_wish(known.command, point, value, author):
                return known
            now = self._clock()
            command = Command(f"urn:uuid:{uuid4()}", key or str(uuid4()), point, value, author, reason, now)
            self._record(command, CommandState.REQUESTED, [reason])
            reasons = self._refusals(command, known)
            device = next((one for one in self._devices if one.serves(point)), None)
            if reasons or device is None:
                return self._step(command, CommandState.REFUSED, reasons)
            try:
                record = self._step(command, CommandState.DISPATCHED, [])
            except StoreUnavailable as error:
                return self._unwritten(command, error)
            self._watch(command)
        self._start(lambda: self._send(device, command))
        return self._records.get(command.id, record)

    def get(self, command_id: str) -> CommandRecord | None:
        """A command by its id, or None."""
        with self._lock:
            return self._records.get(command_id)

    def rebind(self, points: Mapping[str, PointFacts]) -> None:
        """Take the points of another revision."""
        self._points = points

    def tick(self) -> None:
        """End what has waited too long. The composition root calls it once a second."""
        now = self._clock()
        with self._lock:
            for watch in [watch for watch in self._watches.values() if watch.until <= now]:
                if watch.read is None:
                    self._end(watch, CommandState.TIMED_OUT, "no good reading of the feedback point came in time")
                else:
                    self._end(watch, CommandState.MISMATCHED, f"the plant reads {watch.read:g}, not {watch.command.value:g}")

    def close(self) -> None:
        """Let go of the bus and wait for writes under way; open commands are taken up at the next start."""
        self._unsubscribe()
        if self._senders is not None:
            self._senders.shutdown(wait=True)

    # -- judging ----------------------------------------------------------------------------------------------------

    def _refusals(self, command: Command, same_key: CommandRecord | None) -> list[str]:
        """Every reason against the command; none when it may go."""
        point, value = command.point, command.value
        facts = self._points.get(point)
        reasons = []
        if same_key is not None:
            reasons.append(f"key {command.key!r} belongs to another wish, {same_key.command.id}: take a new key")
        if not self._on:
            reasons.append("control is off: it is switched on by the setting 'control'")
        if point not in self._current or facts is None:
            reasons.append(f"no point {point} in the graph")
            return reasons
        if point not in self._enabled:
            reasons.append("the point is not enabled for control: it is listed by the setting 'control_points'")
        if not any(device.serves(point) for device in self._devices):
            reasons.append("the point has no writable reference: a coil, a holding register or a dcx:commandTopic")
        if not isfinite(value):
            reasons.append("the value is no finite number")
        elif not facts.low <= value <= facts.high:
            reasons.append(f"{value:g} is outside of {facts.low:g} to {facts.high:g}, the range of the point")
        if (busy := next((watch for watch in self._watches.values() if watch.command.point == point), None)) is not None:
            reasons.append(f"command {busy.command.id} for the point is still under way")
        quality = self._quality(facts.feedback or point)
        if quality != Quality.GOOD:
            reasons.append(f"the feedback point {facts.feedback or point} is {quality.name}: only a plant that is seen is controlled")
        return [*reasons, *(self._interlocked(point, value) if isfinite(value) else ())]

    def _interlocked(self, point: str, value: float) -> Sequence[str]:
        """The interlock's reasons; an interlock that fails is itself a reason."""
        try:
            return list(self._interlock(point, value, self._unsettled(point)))
        except Exception as error:
            _log.exception("the interlock failed for %s", point)
            return [f"the interlock could not be judged: {error}"]

    def _unsettled(self, point: str) -> list[tuple[str, float]]:
        """What other points were told and may still do, or have done unseen: under way, or timed out with no good reading since."""
        commands = [watch.command for watch in self._watches.values()]
        commands += [
            record.command for record in self._records.values() if record.state is CommandState.TIMED_OUT and not self._seen(record)
        ]
        return [(command.point, command.value) for command in commands if command.point != point]

    def _seen(self, record: CommandRecord) -> bool:
        feedback = self._points.get(record.command.point, PointFacts()).feedback or record.command.point
        found = self._current.get(feedback)
        return found is not None and found.quality == Quality.GOOD and found.observed_at > record.updated_at.timestamp() * 1000

    def _quality(self, point: str) -> Quality:
        found = self._current.get(point)
        return Quality.NO_VALUE if found is None else found.quality

    # -- sending ----------------------------------------------------------------------------------------------------

    def _in_thread(self, work: Callable[[], None]) -> None:
        if self._senders is not None:
            self._senders.submit(work)

    def _send(self, device: DevicePort, command: Command) -> None:
        """Write once; whatever comes of it, it is not written again. Rule 3: only while there is time for the device to take it."""
        with self._lock:
            watch = self._watches.get(command.id)
            if watch is None or self._records[command.id].state is not CommandState.DISPATCHED:
                return
            if self._clock() + timedelta(seconds=device.send_s_max) > watch.until:
                self._end(watch, CommandState.FAILED, "its time was over before its turn came; nothing was sent")
                return
        try:
            device.send(command)
        except DeviceRefused as error:
            self._answered(command, CommandState.FAILED, str(error))
        except DeviceUnknown as error:
            self._noted(command, str(error))
        except Exception as error:
            _log.exception("the device of %s failed; the command is read back", command.point)
            self._noted(command, f"the device failed: {error}")
        else:
            self._answered(command, CommandState.ACKNOWLEDGED, "the device has taken it; its readback is awaited")

    def _answered(self, command: Command, state: CommandState, detail: str) -> None:
        with self._lock:
            if self._records[command.id].state is not CommandState.DISPATCHED:
                return  # the readback was faster than the answer
            if state is CommandState.FAILED:
                self._end(self._watches[command.id], state, detail)
            else:
                self._journalled(command, state, detail)

    def _noted(self, command: Command, detail: str) -> None:
        with self._lock:
            record = self._records[command.id]
            if (watch := self._watches.get(command.id)) is not None:
                watch.note = detail
                self._records[command.id] = replace(record, reasons=[detail])

    # -- reading back -----------------------------------------------------------------------------------------------

    def _watch(self, command: Command, after: datetime | None = None) -> None:
        feedback = self._points.get(command.point, PointFacts()).feedback or command.point
        now = self._clock()
        until = now + timedelta(seconds=self._timeout_s)
        self._watches[command.id] = _Watch(command, feedback, int((after or now).timestamp() * 1000), until)

    def _on_readings(self, _: ReadingStored) -> None:
        if not self._watches:
            return
        with self._lock:
            for watch in list(self._watches.values()):
                read = self._current.get(watch.feedback)
                if read is None or read.quality != Quality.GOOD or read.observed_at <= watch.after_ms:
                    continue
                watch.read = read.value
                if abs(watch.read - watch.command.value) <= max(TOLERANCE_MIN, TOLERANCE_SHARE * abs(watch.command.value)):
                    self._end(watch, CommandState.CONFIRMED, f"the plant reads {watch.read:g}")

    def _end(self, watch: _Watch, state: CommandState, detail: str) -> None:
        """Journal the verdict; while the journal cannot be written the command stays open and is judged again at the next tick."""
        full = f"{detail}; {watch.note}" if watch.note and state is not CommandState.CONFIRMED else detail
        if self._journalled(watch.command, state, full):
            self._watches.pop(watch.command.id, None)

    # -- records ----------------------------------------------------------------------------------------------------

    def _journalled(self, command: Command, state: CommandState, detail: str) -> bool:
        try:
            self._step(command, state, [detail])
        except StoreUnavailable as error:
            _log.warning("%s of %s cannot be journalled: %s; it is tried again", state, command.id, error)
            return False
        return True

    def _step(self, command: Command, state: CommandState, reasons: Sequence[str]) -> CommandRecord:
        """One step of the table: journalled, then kept, then told. Raises `StoreUnavailable` and then changes nothing."""
        advance(self._records[command.id].state, state)
        return self._record(command, state, reasons)

    def _record(self, command: Command, state: CommandState, reasons: Sequence[str]) -> CommandRecord:
        event = CommandEvent(command, state, self._clock(), "\n".join(reasons))
        self._journal.append(event)
        record = self._keep(event)
        self._bus.publish(CommandChanged(event))
        return record

    def _keep(self, event: CommandEvent) -> CommandRecord:
        record = CommandRecord.of(event)
        self._records[event.command.id] = record
        self._keys.setdefault(event.command.key, event.command.id)
        if len(self._records) > RECORDS_MAX:
            oldest = next(iter(self._records.values()))
            if oldest.ended:
                del self._records[oldest.command.id]
                if self._keys.get(oldest.command.key) == oldest.command.id:
                    del self._keys[oldest.command.key]
        return record

    def _unwritten(self, command: Command, error: StoreUnavailable) -> CommandRecord:
        """`Dispatched` could not be journalled: nothing was sent, and the next start refuses the command in the journal, too."""
        event = CommandEvent(command, CommandState.REFUSED, self._clock(), f"the journal cannot be written, nothing was sent: {error}")
        record = self._keep(event)
        self._bus.publish(CommandChanged(event))
        return record

    def _resume(self) -> None:
        """Rule 3: what the journal has open is refused when it was never sent, and read back when it may have been."""
        dispatched: dict[str, datetime] = {}
        for event in self._journal.events():
            self._keep(event)
            if event.state is CommandState.DISPATCHED:
                dispatched[event.command.id] = event.at
        for record in [record for record in self._records.values() if not record.ended]:
            if record.state is CommandState.REQUESTED:
                self._journalled(record.command, CommandState.REFUSED, "the service ended before it was sent; nothing was sent")
            else:
                self._watch(record.command, dispatched.get(record.command.id))


def _same_wish(command: Command, point: str, value: float, author: str) -> bool:
    return (command.point, command.author) == (point, author) and command.value == value
