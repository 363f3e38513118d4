"""Control for the face: the flow with its journal and its interlock; and the bus as feeds of events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from graph.points import point_facts
from graph.ports import DevicePort
from graph.stores.journal import SqliteJournal
from ontology.namespaces import BRICK, DCX, compact, expand
from twin.bus import Bus
from twin.compose import Opened
from twin.compose_store import now
from twin.control import CommandRecord, Control
from twin.events import CommandChanged, GraphChanged, ReadingStored
from twin.state import Twin

POSITION = DCX + "Breaker_Position_Status"


def control_of(opened: Opened, devices: Sequence[DevicePort], stack: ExitStack) -> Control:
    """The control flow on the journal of the data folder; `stack` ends both. Raises `StoreUnavailable`."""
    settings, twin = opened.settings, opened.twin
    journal = SqliteJournal(settings.data)
    stack.callback(journal.close)
    control = Control(
        journal,
        devices,
        twin.current,
        now,
        opened.bus,
        on=settings.control,
        enabled=frozenset(expand(point) for point in settings.control_points),
        points=point_facts(twin.snapshot),
        interlock=lambda point, value: last_feeds(twin, point, value),
        timeout_s=settings.control_timeout_s,
    )
    stack.callback(control.close)
    return control


def last_feeds(twin: Twin, point: str, value: float) -> list[str]:
    """Why a switch must not be opened now: what its opening would leave without supply. Nothing for any other point or for closing."""
    snapshot = twin.snapshot
    number = snapshot.find(point)
    if value >= 0.5 or number is None or not twin.vocabulary.subclasses(POSITION).intersection(snapshot.types(number)):
        return []
    switches = {snapshot.key(n) for n in (*snapshot.subjects(BRICK + "hasPoint", number), *snapshot.objects(number, BRICK + "isPointOf"))}
    reasons = []
    for switch in sorted(switches):
        totals = twin.impact([switch]).totals
        lost = {"racks": totals.racks["LOST"], "services": totals.services["LOST"]}
        if any(lost.values()):
            what = " and ".join(f"{count} {name}" for name, count in lost.items() if count)
            reasons.append(f"opening {compact(switch)} would leave {what} without supply: move the load first, see impact of it")
    return reasons


class BusFeed:
    """The feeds of the face, from the bus."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def readings(self, callback: Callable[[Sequence[str]], None]) -> Callable[[], None]:
        """See `Feed.readings`."""
        return self._bus.subscribe(ReadingStored, lambda event: callback(event.batch.points))

    def changes(self, callback: Callable[[], None]) -> Callable[[], None]:
        """See `Feed.changes`."""
        return self._bus.subscribe(GraphChanged, lambda _: callback())

    def commands(self, callback: Callable[[CommandRecord], None]) -> Callable[[], None]:
        """See `Feed.commands`."""
        return self._bus.subscribe(CommandChanged, lambda changed: callback(record_of(changed)))


def record_of(changed: CommandChanged) -> CommandRecord:
    """One step of a command as its record."""
    event = changed.event
    return CommandRecord(event.command, event.state, [line for line in event.detail.split("\n") if line], event.at)
