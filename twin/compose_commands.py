"""Commands for the face: the control flow with its journal, its devices and its interlock; and the bus as feeds of events."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graph.ports import DevicePort
from ontology.namespaces import expand
from resolvers.context import CommandStatus
from twin.bus import Bus
from twin.compose import Opened
from twin.events import GraphChanged, ReadingStored


class Commands:
    """The command port of the face."""

    def __init__(self, opened: Opened) -> None:
        settings = opened.settings
        self._opened = opened
        self._enabled = frozenset(expand(point) for point in settings.control_points) if settings.control else frozenset()

    def start(self, devices: Sequence[DevicePort]) -> None:
        """Take up what the journal has open."""

    def stop(self) -> None:
        """Let go of the journal."""

    def tick(self) -> None:
        """Let time pass for commands that wait."""

    def enabled(self, point: str) -> bool:
        """See `CommandPort.enabled`."""
        return point in self._enabled


class BusFeed:
    """The feeds of the face, from the bus."""

    def __init__(self, bus: Bus, commands: Commands) -> None:
        self._bus, self._commands = bus, commands

    def readings(self, callback: Callable[[Sequence[str]], None]) -> Callable[[], None]:
        """See `Feed.readings`."""
        return self._bus.subscribe(ReadingStored, lambda event: callback(event.batch.points))

    def changes(self, callback: Callable[[], None]) -> Callable[[], None]:
        """See `Feed.changes`."""
        return self._bus.subscribe(GraphChanged, lambda _: callback())

    def commands(self, callback: Callable[[CommandStatus], None]) -> Callable[[], None]:
        """See `Feed.commands`."""
        raise NotImplementedError
