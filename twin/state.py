"""The twin in this process: the newest snapshot, and what follows from a snapshot (supply graph, drawing), worked out once for a state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from analytics.capacity.flow import loads_of
from analytics.capacity.readings import PowerPoints, PowerRead, power_points
from analytics.causes.explain import FIRST, ORDER, RootCause, root_cause
from analytics.causes.priors import Priors, priors_of
from analytics.causes.sightings import Sightings
from analytics.causes.telemetry import SightingPoints, sighting_points
from analytics.conditions import ConditionPoints, Conditions, CurrentValue, condition_points
from analytics.impact import BlastRadius, Told, impact, impact_of
from analytics.instruments import Instruments, of_charges, of_conditions, of_power
from analytics.layout import GraphView, layout
from analytics.moving import case_of
from analytics.places import Rooms, rooms_of
from analytics.posture.lookout import Lookout
from analytics.posture.posture import Posture
from analytics.procedures.check import check
from analytics.procedures.steps import Procedure
from analytics.proofs.response import Response
from analytics.report.headline import Headline
from analytics.report.report import Report, report, said_first
from analytics.rests_on import RestsOn, of_site, rests_on
from analytics.reuse import Compiled, carried_over, compiled
from analytics.scenario import Case, Scenario
from analytics.standing import Standing, standing
from analytics.state import plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.units import UnitKind, units_of
from analytics.time.readings import charges
from analytics.time.reserves import Reserves, reserves
from analytics.time.timeline import HORIZON_S, Timeline, timeline
from analytics.unusable import Heard, dated
from graph.changes import ChangeSet, Revision
from graph.current import CurrentValues
from graph.ports import Clock
from graph.snapshot import Snapshot
from graph.values import Quality, Reason
from ontology.vocabulary import Vocabulary
from twin.bus import Bus
from twin.events import GraphChanged
from twin.kept import Once
from twin.stands import Follow, Stands, unchanging


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was worked out for an earlier state, and the changes since."""

    compiled: Compiled
    changes: tuple[ChangeSet, ...]

    def and_then(self, change: ChangeSet) -> Earlier | None:
        """One change more; None when there are too many facts to look at."""
        changes = (*self.changes, change)
        facts = sum(len(each.added) + len(each.removed) for each in changes)
        return Earlier(self.compiled, changes) if facts <= CARRIED_MAX and len(changes) <= CARRIED_MAX else None


CARRIED_MAX = 5_000
"""Changed facts beyond which a supply graph is compiled anew without looking at them."""


POWER_READ_ALWAYS = 5_000
"""Power points, some 5 ms, that are read for each question; a larger site's every `POWER_READ_S` seconds."""
POWER_READ_S = 30.0
POWER_RENEW_S = 10.0
"""How old a large site's readings may be before the service reads them anew, beside its questions (`View.renew_loads`)."""


class View:
    """The questions of one state of the twin. `known` gives its live values (none for a state of the past), `clock` the instant that
    conditions are of, `follow` reads many live values at once (of what never changes: nothing), `heard` says of when values are. Safe from
    any thread; it never changes."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        snapshot: Snapshot,
        known: CurrentValue,
        clock: Clock,
        follow: Follow = unchanging,
        heard: Heard | None = None,
    ) -> None:
        self.vocabulary = vocabulary
        self.snapshot = snapshot
        self._known, self._clock, self._stands = known, clock, Stands(known, follow, heard)
        self._follow, self._heard = follow, heard
        self._compiled, self._reserves, self._rooms = Once[Compiled](), Once[Reserves](), Once[Rooms]()
        self._priors, self._sights, self._points = Once[Priors](), Once[SightingPoints](), Once[ConditionPoints]()
        self._lookout, self._instruments = Once[Lookout](), Once[Instruments]()
        self._in_time = Once[Instruments]()
        self._power = _Power(heard)
        self._earlier: Earlier | None = None
        """What the supply graph may be carried over from, until it is there."""

    def after(self, older: View, change: ChangeSet | None) -> View:
        """This view, which may use what the view before the change has worked out."""
        earlier, worked = older._earlier, older._compiled.there  # in this order: the one goes when the other is there
        start = Earlier(worked, ()) if worked is not None else earlier
        self._lookout.there = older._lookout.there
        if change is not None:
            self._power.follow(older._power, change)
            points, sights = older._points.there, older._sights.there
            if points is not None and points.outlives(change):
                self._points.there = points
            if sights is not None and sights.outlive(change):
                self._sights.there = sights
            if start is not None:
                self._earlier = start.and_then(change)
        return self

    def supply(self) -> SupplyGraph:
        """The supply graph, made at the first question: carried over from an earlier state where no change since counts, else compiled."""
        found = self._compiled.get(self._compile)
        self._earlier = None
        return found.graph

    def _compile(self) -> Compiled:
        earlier = self._earlier
        found = None if earlier is None else carried_over(earlier.compiled, self.snapshot, earlier.changes, self.vocabulary)
        return found or compiled(self.snapshot, self.vocabulary)

    def conditions(self) -> Conditions:
        """As things stand (`stands`); where anything has a rating also what the live values say that things carry."""
        found = self.stands()
        electrical = self.supply().electrical
        if electrical is None or not electrical.any_rated:
            return found
        read_at, said = self._power.read(self.snapshot, self.vocabulary, self._known, found.at)
        return replace(found, power_kw=said.kw, unmetered=said.unmetered, power_at=read_at)

    def renew_loads(self) -> None:
        """Read what a large site's things carry, and roll the loads up from it, before a question has to: until that is done questions
        stand on the readings before. Readings younger than `POWER_RENEW_S` are not taken anew, but after a switch has moved or a feed has
        changed the loads are rolled up again. Nothing is done where readings are taken for each question."""
        graph = self.supply()
        if graph.electrical is None or not graph.electrical.any_rated:
            return
        now = self.stands()
        ahead = self._power.ahead(self.snapshot, self.vocabulary, self._known, now.at)
        if ahead is not None:
            loads = loads_of(graph, plant(graph, now), replace(now, power_kw=ahead[1].kw))
            if loads is not None:
                with loads.lent():  # a question finds what it borrows ready
                    self._power.take(*ahead)

    def condition_points(self) -> ConditionPoints:
        """The points that conditions stand on, found once a state."""
        return self._points.get(lambda: condition_points(self.snapshot, self.vocabulary))

    def stands(self) -> Conditions:
        """The instant, with the switches where the live values say that they are, and else where they stand normally, and with what the
        live values say is out of service. Cost: one array look-up for each point that says so."""
        now, told = self._clock(), self._stands.read(self.condition_points())
        return Conditions(now, told.positions, out=told.out, contradicted=told.contradicted, unread=told.unread, unsure=told.unsure)

    def impact(
        self,
        failed: Sequence[str] | Scenario,
        media: Sequence[str] | None = None,
        told: Told = Told.WHY,
        parts: bool = False,
        of: Sequence[str] | None = None,
        rests: bool = False,
    ) -> BlastRadius:
        """What is hit when the given entities fail together, or in a scenario; with `parts` also by room, tenant, service and class; with
        `of` only the outcomes of these are told; with `rests` also which part of it rests on points that are not good.

        A list is a scenario in which these fail: a place with what is in it. Raises `UnknownEntity`, `GraphError`.
        """
        if not parts and not isinstance(failed, Scenario) and not failed:
            return impact(self.supply(), failed, self.conditions(), media, told)
        case, snapshot = self._case(failed)
        rooms = self._rooms_of(case, snapshot) if parts else None
        return impact_of(case, media, told, rooms, of, self.instruments() if rests else None)

    def instruments(self) -> Instruments:
        """The points that answers read, found once a state: where switches stand, what is out of service, what things carry."""
        return self._instruments.get(self._found_instruments)

    def _found_instruments(self) -> Instruments:
        electrical = self.supply().electrical
        power = electrical is not None and electrical.any_rated
        uses = [*of_conditions(self.condition_points())]
        uses += of_power(self._power.points(self.snapshot, self.vocabulary)) if power else ()
        return Instruments(uses, self._follow, self._heard)

    def instruments_in_time(self) -> Instruments:
        """The same, and what says how full stores are."""
        return self._in_time.get(lambda: self.instruments().and_also(of_charges(self.reserves())))

    def posture_rests_on(self) -> RestsOn:
        """Which part of the posture rests on points that are not good."""
        graph, conditions = self.supply(), self.stands()
        return of_site(self.instruments(), graph, plant(graph, conditions), None, conditions)

    def _case(self, failed: Sequence[str] | Scenario) -> tuple[Case, Snapshot]:
        scenario = failed if isinstance(failed, Scenario) else Scenario(fails=tuple(failed))
        return case_of(self.snapshot, self.vocabulary, self.supply(), self.conditions(), scenario)

    def _rooms_of(self, case: Case, snapshot: Snapshot) -> Rooms:
        if snapshot is not self.snapshot:
            return rooms_of(snapshot, self.vocabulary, case.graph)
        return self._rooms.get(lambda: rooms_of(snapshot, self.vocabulary, case.graph))

    def posture(self) -> Posture:
        """What hangs by a single failure as things stand. The first answer tries every failure, a later one those that can tell what has
        changed; carried on to the next revision where its supply graph is the same."""
        graph, conditions = self.supply(), self.stands()
        lookout = self._lookout.get(lambda: Lookout(graph, conditions), lambda kept: kept.serves(graph))
        return lookout.renew(conditions, graph)

    def reserves(self) -> Reserves:
        """What bridges a loss and what starts after one, read at the first question."""
        graph = self.supply()
        return self._reserves.get(lambda: reserves(self.snapshot, self.vocabulary, graph))

    def _bridges(self, case: Case, snapshot: Snapshot) -> Reserves:
        """What bridges and starts in a scenario: after moves that of the moved site."""
        if snapshot is self.snapshot:
            return self.reserves()
        return replace(reserves(snapshot, self.vocabulary, case.graph), unmoved=case.unmoved)

    def timeline(self, failed: Sequence[str] | Scenario, horizon_s: float = HORIZON_S, rests: bool = False) -> Timeline:
        """What follows when the given entities fail together, or in a scenario, and when; with `rests` also which part of it rests on
        points that are not good. Raises `UnknownEntity`, `GraphError`."""
        case, snapshot = self._case(failed)
        bridges = self._bridges(case, snapshot)
        found = timeline(bridges, case.out_ids(), case.conditions, horizon_s, self._known)
        found = replace(found, failed=case.asked, assumed=(*case.notes, *found.assumed))
        return replace(found, rests_on=rests_on(self.instruments_in_time(), case)) if rests else found

    def sightings(self) -> Sightings:
        """What the live values say is down and up. Cost: one look-up for each point that says so; the points are found once a state."""
        graph = self.supply()
        sights = self._sights.get(lambda: sighting_points(self.snapshot, self.vocabulary, graph), lambda kept: kept.serve(graph))
        return sights.read(self._known, self.stands())

    def root_cause(
        self, seen: Sightings | None = None, order: int = ORDER, first: int = FIRST, kinds: Sequence[UnitKind] = (UnitKind.EQUIPMENT,)
    ) -> RootCause:
        """The sets of causes of the given kinds that explain what is seen, by the live values where nothing is given.

        Raises `UnknownEntity`, `ValueError`."""
        graph = self.supply()
        priors = self._priors.get(lambda: priors_of(self.snapshot, self.vocabulary, graph))
        units = units_of(self.snapshot, self.vocabulary, graph, kinds)
        seen = self.sightings() if seen is None else seen
        return root_cause(graph, self.stands(), seen, priors=priors, units=units, order=order, first=first)

    def report(self, failed: Sequence[str] | Scenario, horizon_s: float = HORIZON_S, procedure: Procedure | None = None) -> Report:
        """The page about what fails together, or about a scenario, and a switching procedure that goes with it. Raises `UnknownEntity`,
        `GraphError`."""
        case, snapshot = self._case(failed)
        bridges = self._bridges(case, snapshot)
        checked = safely = None
        if procedure is not None:
            checked = check(procedure, self.supply(), self.conditions())
            if checked.safe is not None and checked.safe.steps:
                safely = check(procedure.in_order(checked.safe.steps), self.supply(), self.conditions())
        return report(snapshot, self.vocabulary, case, bridges, self._rooms_of(case, snapshot), horizon_s, self._known, checked, safely)

    def said_first(self, failed: Sequence[str] | Scenario, found: BlastRadius, course: Timeline) -> Headline:
        """The sentence that matters first about what fails together, or about a scenario, from its impact and its timeline."""
        case, snapshot = self._case(failed)
        bridges = self._bridges(case, snapshot)
        return said_first(case, bridges, found, course, course.horizon_s, self._known)

    def response(self) -> Response:
        """What the plant answers a fault with: what bridges and starts, and how full the stores are by the present readings."""
        bridges = self.reserves()
        return Response(bridges, charges(bridges.charge_points, len(bridges.stores), self._known))

    def view(self, around: str, hops: int, limit: int) -> GraphView:
        """The graph around an entity, laid out by supply level. Raises `UnknownEntity`."""
        return layout(self.snapshot, self.vocabulary, self.supply(), around, hops, limit)

    def standing(self, ids: Sequence[str]) -> Standing:
        """What of the given entities is without a supply, and which switches are open."""
        return standing(self.supply(), ids, self.conditions())


class _Power:
    """What things carry by the live values of one state, read anew for each question, or on a large site at most every `POWER_READ_S`.

    Equal readings are one mapping, so that loads are rolled up again only when a reading has changed.
    """

    def __init__(self, heard: Heard | None) -> None:
        self._heard = heard
        self._points: PowerPoints | None = None
        self._last: tuple[datetime, PowerRead] | None = None

    def follow(self, older: _Power, change: ChangeSet) -> None:
        """Take over the points, and what they said, of the state before a change that touches none of them."""
        points = older._points
        if points is not None and points.outlives(change):
            self._points, self._last = points, older._last

    def read(self, snapshot: Snapshot, vocabulary: Vocabulary, known: CurrentValue, now: datetime) -> tuple[datetime, PowerRead]:
        """What the meters say, and when they were taken. Cost: one look-up a power point; the points themselves are found once
        a state."""
        last = self._last
        if last is not None and self._many(snapshot, vocabulary) and _age_s(last, now) < POWER_READ_S:
            return last
        return self.take(now, self._taken(snapshot, vocabulary, known))

    def ahead(self, snapshot: Snapshot, vocabulary: Vocabulary, known: CurrentValue, now: datetime) -> tuple[datetime, PowerRead] | None:
        """The readings of a large site that the next questions shall stand on, once they are taken, and their instant; None of another."""
        last = self._last
        if not self._many(snapshot, vocabulary):
            return None
        if last is not None and _age_s(last, now) < POWER_RENEW_S:
            return last
        return now, self._taken(snapshot, vocabulary, known)

    def take(self, now: datetime, readings: PowerRead) -> tuple[datetime, PowerRead]:
        """From now on questions stand on these."""
        self._last = (now, readings)
        return self._last

    def points(self, snapshot: Snapshot, vocabulary: Vocabulary) -> PowerPoints:
        """The power points of the state, found once."""
        points = self._points = self._points or power_points(snapshot, vocabulary)
        return points

    def _many(self, snapshot: Snapshot, vocabulary: Vocabulary) -> bool:
        return len(self.points(snapshot, vocabulary).points) > POWER_READ_ALWAYS

    def _taken(self, snapshot: Snapshot, vocabulary: Vocabulary, known: CurrentValue) -> PowerRead:
        found, last = self.points(snapshot, vocabulary).read(known), self._last
        kw = last[1].kw if last is not None and last[1].kw == found.kw else found.kw
        return PowerRead(kw, dated(found.unmetered, self._heard))


def _age_s(last: tuple[datetime, PowerRead], now: datetime) -> float:
    return abs((now - last[0]).total_seconds())


class Twin:
    """Holds the newest view. Reading is safe from any thread; only the one writer calls `replace`."""

    def __init__(self, vocabulary: Vocabulary, snapshot: Snapshot, current: CurrentValues, bus: Bus, clock: Clock) -> None:
        self.vocabulary = vocabulary
        self.current = current
        self.clock = clock
        self._bus = bus
        self._newest = self.live_view(snapshot)

    @property
    def newest(self) -> View:
        """The questions of the newest revision."""
        return self._newest

    @property
    def snapshot(self) -> Snapshot:
        """The newest revision."""
        return self._newest.snapshot

    def replace(self, snapshot: Snapshot, change: ChangeSet | None = None, revision: Revision | None = None) -> None:
        """Make the next revision the newest, and say so on the bus. `change` is what was changed, where that is known."""
        self._newest = self.live_view(snapshot).after(self._newest, change)
        self._bus.publish(GraphChanged(snapshot, change, revision))

    def live_view(self, snapshot: Snapshot) -> View:
        """The questions of a state that sees the live values: the newest one, or a branch."""
        return View(self.vocabulary, snapshot, self._known, self.clock, self.current.follow, self._heard)

    def renew_loads(self) -> None:
        """`View.renew_loads` of the newest revision: the service does so in a thread of its own."""
        self._newest.renew_loads()

    def past_view(self, snapshot: Snapshot) -> View:
        """The questions of a state of the past: no live values, switches stand normally, the instant is the revision's own."""
        return View(self.vocabulary, snapshot, _nothing, lambda: snapshot.at)

    def _known(self, point: str) -> tuple[float, Quality] | None:
        value = self.current.get(point)
        return None if value is None else (value.value, value.quality)

    def _heard(self, points: Sequence[str]) -> list[tuple[int, Reason]]:
        _, observed, _, reasons = self.current.columns(self.current.slots(points))
        return list(zip(observed.tolist(), map(Reason, reasons.tolist()), strict=True))


def _nothing(_point: str) -> None:
    return None
