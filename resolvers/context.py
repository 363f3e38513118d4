"""What the service lends to the face: the twin, its history, the commands, the feeds of events; and how an operation gets its reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import strawberry

from analytics.causes.explain import RootCause
from analytics.causes.sightings import Sightings
from analytics.conditions import ConditionPoints, Conditions
from analytics.impact import BlastRadius, Told
from analytics.instruments import Instruments
from analytics.layout import GraphView
from analytics.posture.change import PostureChange
from analytics.posture.posture import Counts, Posture
from analytics.proofs.response import Response
from analytics.report.report import Report
from analytics.rests_on import RestsOn
from analytics.scenario import Scenario
from analytics.standing import Standing
from analytics.suggest import Suggestion
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.units import UnitKind
from analytics.time.reserves import Reserves
from analytics.time.timeline import HORIZON_S, Timeline
from graph.changes import NEWEST, AsOf, Branch, ChangeSet, Revision
from graph.current import CurrentValues, PointValue
from graph.ports import Clock, History
from graph.snapshot import Snapshot
from graph.values import Slots
from ontology.findings import Finding
from ontology.vocabulary import Vocabulary
from resolvers.index import Index
from resolvers.indexes import Indexes
from resolvers.live import Pulse
from resolvers.reads import Reads, sample_of
from resolvers.workers import Workers
from twin.control import CommandRecord
from twin.data_health import DataHealth
from twin.jobs import Jobs
from twin.ledger.answers import Said, Source, Synced
from twin.may_write import Writers
from twin.virtual import Explained


@dataclass(frozen=True, slots=True)
class Unbound:
    """A topic that came in and belongs to no point."""

    topic: str
    count: int
    last_at: datetime
    reason: str
    suggestion: str = ""
    """What would bind it, as Turtle, with `graph.references.UNNAMED` for a point that is not known; empty where none is sought."""


class Questions(Protocol):
    """What one state of the twin is asked; see `twin.state.View`."""

    @property
    def snapshot(self) -> Snapshot:
        """That state."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The ontology."""

    def supply(self) -> SupplyGraph:
        """Its supply graph. Takes seconds the first time: call it in a worker thread."""

    def conditions(self) -> Conditions:
        """The instant, and where the switches stand. Call it in a worker thread."""

    def condition_points(self) -> ConditionPoints:
        """The points that conditions stand on. Takes a while the first time: call it in a worker thread."""

    def root_cause(self, seen: Sightings | None, order: int, first: int, kinds: Sequence[UnitKind]) -> RootCause:
        """What explains what is seen, by the readings for None. Takes milliseconds to a second: call it in a worker thread."""

    def response(self) -> Response:
        """What the plant answers a fault with. Call it in a worker thread."""

    def report(self, failed: Sequence[str] | Scenario, horizon_s: float) -> Report:
        """The page about what fails together, or about a scenario. Takes up to seconds of a core: call it in a worker thread."""

    def impact(
        self,
        failed: Sequence[str] | Scenario,
        media: Sequence[str] | None,
        told: Told,
        parts: bool = False,
        of: Sequence[str] | None = None,
        rests: bool = False,
    ) -> BlastRadius:
        """What is hit when the given entities fail, or in a scenario; with `parts` also part by part, with `rests` also which part of it
        rests on points that are not good. Takes milliseconds to seconds of
        a core: call it in a worker thread."""

    def reserves(self) -> Reserves:
        """What bridges a loss and what starts after one. Takes seconds the first time: call it in a worker thread."""

    def timeline(self, failed: Sequence[str] | Scenario, horizon_s: float = HORIZON_S, rests: bool = False) -> Timeline:
        """What follows when the given entities fail together, or in a scenario, and when. Takes milliseconds to a second: call it in
        a worker thread."""

    def posture(self) -> Posture:
        """What hangs by a single failure as things stand. Takes milliseconds to a second of a core: call it in a worker thread."""

    def posture_rests_on(self) -> RestsOn:
        """Which part of that rests on points that are not good. Call it in a worker thread."""

    def instruments(self) -> Instruments:
        """The points that answers read. Takes a while the first time: call it in a worker thread."""

    def instruments_in_time(self) -> Instruments:
        """The points that a timeline reads. As `reserves`."""

    def view(self, around: str, hops: int, limit: int) -> GraphView:
        """The graph around an entity, laid out by supply level."""

    def standing(self, ids: Sequence[str]) -> Standing:
        """What of the given entities is without a supply, and which switches are open. Call it in a worker thread."""


class TwinPort(Protocol):
    """The twin as the face sees it."""

    @property
    def newest(self) -> Questions:
        """The newest revision."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest revision's graph."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The ontology."""


class LedgerPort(Protocol):
    """The history of the twin as the face sees it; see `twin.ledger.ledger.Ledger`. Calls may wait for the store: use a worker thread."""

    def change(
        self,
        change: ChangeSet,
        *,
        author: str,
        source: str,
        reason: str,
        key: str = "",
        expected: int | None = None,
        dry_run: bool = False,
        branch: str = "",
    ) -> Synced:
        """Add and remove single quads, on the site or on a branch."""

    def revert(self, number: int, *, author: str, reason: str, key: str = "") -> Synced:
        """Undo one revision by a new one."""

    def revisions(self, *, before: int | None = None, first: int = 50, source: str | None = None) -> Sequence[Revision]:
        """At most `first` revisions older than number `before` (of one source), newest first."""

    def revision(self, number: int, branch: str = "") -> tuple[Revision, ChangeSet]:
        """One revision and its change. Raises `UnknownRevision`."""

    def difference(self, older: AsOf, newer: AsOf) -> ChangeSet:
        """What the newer state says and the older does not, and the other way round."""

    def view(self, as_of: AsOf) -> Questions:
        """Another state of the twin. Raises `UnknownRevision`."""

    def branches(self) -> Sequence[Branch]:
        """The branches, in order of names."""

    def create_branch(self, name: str, *, base: AsOf, author: str, reason: str) -> Branch:
        """A new branch. Raises `BranchExists`, `UnknownRevision`, `ValueError`."""

    def drop_branch(self, name: str) -> None:
        """Forget a branch."""

    def compare_branch(self, name: str) -> ChangeSet:
        """What the branch changes on its base."""

    def apply_branch(self, name: str, *, author: str, reason: str, key: str = "") -> Synced:
        """Make what the branch changes a revision of the site. Raises `Refused`."""

    def sources(self) -> Sequence[Source]:
        """Every source, in order of names."""

    def findings(self, source: str) -> Sequence[Finding]:
        """What is wrong with what the source says now. Takes seconds the first time."""

    def provenance(self, subject: str, as_of: AsOf = NEWEST, *, inferred: bool = False) -> Sequence[Said]:
        """Every fact about an entity, with who says it; if asked, the inferred ones too."""


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

    def slots(self, callback: Callable[[Slots], None]) -> Callable[[], None]:
        """Tells the points whose values have changed, by slot of the table of current values: no name is looked up for it."""

    def changes(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Tells that the graph has a new revision."""

    def postures(self, callback: Callable[[PostureChange, Counts], None]) -> Callable[[], None]:
        """Tells who has just lost redundancy or a supply, or got it back, and how many of everything stand how now."""

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
    """Who is named for a command or a change that names nobody."""
    ledger: LedgerPort
    write: Writers = "loopback"
    """Who may change the graph from here: this machine only, everybody, nobody."""
    analysis: Workers = field(default_factory=Workers)
    studies: Workers = field(default_factory=Workers)
    """Where everything of a site is tried: seconds each, and no question about one failure waits behind them."""
    history: Workers = field(default_factory=Workers)
    health: Callable[[], DataHealth] | None = None
    """How the data stands, where the process has wires. May wait for a database: call it in a worker thread."""
    meant: Callable[[str], Sequence[Suggestion]] | None = None
    """What points a name of no point may mean. May take seconds when first asked: call it in a worker thread."""
    virtual: Callable[[], Sequence[Explained]] | None = None
    """How each virtual point stands, where the process keeps them current."""
    kept: History | None = None
    """What points have read; None where nothing is kept."""
    looking_back: Workers = field(default_factory=Workers)
    """Where the history of values is asked."""
    checks: Workers = field(default_factory=Workers)
    """Where whole sources are validated: seconds each, and nobody else waits behind them."""
    indexes: Indexes = field(init=False)
    jobs: Jobs = field(init=False)
    """Long questions; who made the face closes them."""
    _pulse: Pulse | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.clock)
        self.indexes = Indexes(self.twin.vocabulary)

    def index(self) -> Index:
        """The index of the newest revision; kept until there is a newer one."""
        return self.indexes.newest(self.twin.snapshot)

    def pulse(self) -> Pulse:
        """What wakes those who follow values, in the event loop that this is called in."""
        if self._pulse is None or self._pulse.loop is not asyncio.get_running_loop():
            self._pulse = Pulse(self.feed.slots)
        return self._pulse

    async def prepare(self) -> None:
        """Have the index of the newest revision worked out, in a thread where it is not yet: before each operation."""
        snapshot = self.twin.snapshot
        if not self.indexes.ready(snapshot):
            await asyncio.to_thread(self.indexes.newest, snapshot)

    def present(self) -> State:
        """The newest revision, as one operation reads it."""
        newest = self.twin.newest
        return State(newest, Reads(self.indexes.newest(newest.snapshot), self.current, self.commands.enabled, self.clock()))

    def sample(self, point: str) -> PointValue:
        """What is known of a point now."""
        return sample_of(self.current, point)


@dataclass(frozen=True)
class State:
    """One state of the twin: what answers questions of analysis about it, and what its entities are read from."""

    questions: Questions
    reads: Reads


Info = strawberry.Info[Any, None]


def face_of(info: Info) -> Face:
    """The face that serves the operation."""
    face: Face = info.context["face"]
    return face


def present_of(info: Info) -> State:
    """The present, as the operation reads it: every root field of it sees the same revision and instant."""
    present: State | None = info.context.get("present")
    return present if present is not None else face_of(info).present()
