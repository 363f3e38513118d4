"""What the service lends to the face: the twin, the commands, the feeds of events; and how an operation gets its reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, Protocol

import strawberry

from analytics.impact import BlastRadius, Told
from analytics.layout import GraphView
from analytics.standing import Standing
from graph.current import CurrentValues, PointValue
from graph.ports import Clock
from graph.snapshot import Snapshot
from ontology.vocabulary import Vocabulary
from resolvers.index import Index
from resolvers.reads import Reads, sample_of
from resolvers.workers import Workers
from twin.control import CommandRecord


@dataclass(frozen=True, slots=True)
class Unbound:
    """A topic that came in and belongs to no point."""

    topic: str
    count: int
    last_at: datetime
    reason: str


class TwinPort(Protocol):
    """The twin as the face sees it. Every answer speaks of the newest revision."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest revision."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The ontology."""

    def impact(self, failed: Sequence[str], media: Sequence[str] | None, told: Told) -> BlastRadius:
        """What is hit when the given entities fail. Takes milliseconds to seconds of a core: call it in a worker thread."""

    def view(self, around: str, hops: int, limit: int) -> GraphView:
        """The graph around an entity, laid out by supply level."""

    def standing(self, ids: Sequence[str]) -> Standing:
        """What of the given entities is without a supply now, and which switches are open. Call it in a worker thread."""


class CommandPort(Protocol):
    """Commands as the face sees them; see `twin.control.Control`."""

    def enabled(self, point: str) -> bool:
        """Whether the point may be written."""

    def request(self, point: str, value: float, author: str, reason: str, key: str | None = None) -> CommandRecord:
        """Ask for a write; the same key asks for the same command."""

    def get(self, command_id: str) -> CommandRecord | None:
        """A command by its id."""


class Feed(Protocol):
    """Events of the service, for subscriptions. Each call gives back what ends it; callbacks come from any thread and must not wait."""

    def readings(self, callback: Callable[[Sequence[str]], None]) -> Callable[[], None]:
        """Tells the points whose values have changed."""

    def changes(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Tells that the graph has a new revision."""

    def commands(self, callback: Callable[[CommandRecord], None]) -> Callable[[], None]:
        """Tells each step of each command."""


@dataclass(frozen=True)
class ServiceFacts:
    """What the service says about itself: its store without secrets, whether control is on, live points, unbound topics."""

    store: str
    control: bool
    points: int
    live: int
    unbound: Sequence[Unbound]


@dataclass
class Face:
    """All that resolvers may reach."""

    twin: TwinPort
    current: CurrentValues
    clock: Clock
    commands: CommandPort
    feed: Feed
    facts: Callable[[], ServiceFacts]
    author: str
    """Who is named for a command that names nobody."""
    analysis: Workers = field(default_factory=Workers)
    _index: Index | None = field(default=None, repr=False)
    _building: Lock = field(default_factory=Lock, repr=False)

    def index(self) -> Index:
        """The index of the newest revision; kept until there is a newer one."""
        snapshot, index = self.twin.snapshot, self._index
        return index if index is not None and index.snapshot is snapshot else self._build(snapshot)

    async def prepare(self) -> None:
        """Have the index of the newest revision worked out, in a thread where it is not yet: before each operation."""
        index = self._index
        if index is None or index.snapshot is not self.twin.snapshot:
            await asyncio.to_thread(self._build, self.twin.snapshot)

    def _build(self, snapshot: Snapshot) -> Index:
        with self._building:
            if self._index is None or self._index.snapshot is not snapshot:
                self._index = Index(snapshot, self.twin.vocabulary).worked_out()
            return self._index

    def sample(self, point: str) -> PointValue:
        """What is known of a point now."""
        return sample_of(self.current, point)

    def reads(self) -> Reads:
        """What one operation reads."""
        return Reads(self.index(), self.current, self.commands.enabled, self.clock())


Context = Mapping[str, Any]
Info = strawberry.Info[Any, None]


def face_of(info: Info) -> Face:
    """The face that serves the operation."""
    face: Face = info.context["face"]
    return face


def reads_of(info: Info) -> Reads:
    """The reads of the operation: every root field of it sees the same revision and instant."""
    reads: Reads | None = info.context.get("reads")
    return reads if reads is not None else face_of(info).reads()
