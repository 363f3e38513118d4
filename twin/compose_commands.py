"""Control for the face: the flow with its journal and its interlock; and the bus as feeds of events."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from analytics.interlocks import last_feeds
from analytics.posture.change import PostureChange
from analytics.posture.posture import Counts
from graph.errors import GraphError
from graph.points import point_facts
from graph.ports import DevicePort
from graph.stores.journal import SqliteJournal
from graph.values import Slots
from ontology.namespaces import expand
from twin.bus import Bus
from twin.compose import Opened
from twin.compose_store import now
from twin.control import CommandRecord, Control
from twin.events import CommandChanged, GraphChanged, PostureChanged, ReadingStored
from twin.state import Twin

_log = logging.getLogger(__name__)


def control_of(opened: Opened, devices: Sequence[DevicePort], stack: ExitStack) -> Control:
    """The control flow on the journal of the data folder; `stack` ends both. Raises `StoreUnavailable`."""
    settings, twin = opened.settings, opened.twin
    journal = SqliteJournal(settings.data)
    stack.callback(journal.close)
    points, enabled = point_facts(twin.snapshot, twin.vocabulary), frozenset(expand(point) for point in settings.control_points)
    for unknown in sorted(enabled - points.keys()):
        _log.warning(
            "setting 'control_points': no point %s in the graph, so nothing can be written there: give ids of points with commas between "
            "them (urn:a,urn:b), or load the model that has it",
            unknown,
        )
    try:
        control = Control(
            journal,
            devices,
            twin.current,
            now,
            opened.bus,
            on=settings.control,
            enabled=enabled,
            points=points,
            interlock=partial(_last_feeds, twin),
            timeout_s=settings.control_timeout_s,
        )
    except ValueError as error:
        raise GraphError(f"setting 'control_timeout_s': {error}") from None
    stack.callback(control.close)
    return control


def _last_feeds(twin: Twin, point: str, value: float, unsettled: Sequence[tuple[str, float]]) -> list[str]:
    newest = twin.newest
    return last_feeds(newest.snapshot, twin.vocabulary, newest.impact, point, value, unsettled)


class BusFeed:
    """The feeds of the face, from the bus."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def slots(self, callback: Callable[[Slots], None]) -> Callable[[], None]:
        """See `Feed.slots`."""
        return self._bus.subscribe(ReadingStored, lambda event: callback(event.slots))

    def changes(self, callback: Callable[[], None]) -> Callable[[], None]:
        """See `Feed.changes`."""
        return self._bus.subscribe(GraphChanged, lambda _: callback())

    def postures(self, callback: Callable[[PostureChange, Counts], None]) -> Callable[[], None]:
        """See `Feed.postures`."""
        return self._bus.subscribe(PostureChanged, lambda event: callback(event.change, event.counts))

    def commands(self, callback: Callable[[CommandRecord], None]) -> Callable[[], None]:
        """See `Feed.commands`."""
        return self._bus.subscribe(CommandChanged, lambda changed: callback(CommandRecord.of(changed.event)))
