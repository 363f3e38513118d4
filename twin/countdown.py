"""The flow of a countdown: what has failed and since when, which points it stands on, and how long an answer holds.

Rules of this file:

1. An answer holds until a reading that it stands on says something else, the graph changes, or a bound has passed; in between, the
   seconds alone are counted down.
2. Where nothing is named as failed, what good readings say is out of service is, from when this countdown first saw it so.
3. The loads of a large site are read every so often (`twin/state.py`). One that is heard after that is not in an answer yet: such an
   answer holds until they have been read again, and is looked at every `POWER_RENEW_S` until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from math import inf
from typing import Protocol

from analytics.capacity.readings import power_points
from analytics.conditions import ConditionPoints, Conditions
from analytics.instruments import Instruments, of_present
from analytics.rests_on import rests_on
from analytics.scenario import Case, Scenario, resolve
from analytics.supply_graph import SupplyGraph
from analytics.time.countdown import Countdown, countdown_of
from analytics.time.present_points import PresentPoints, present_points
from analytics.time.reserves import Reserves
from graph.current import CurrentValues
from graph.ports import Clock
from graph.snapshot import Snapshot
from ontology.vocabulary import Vocabulary
from twin.stands import Watch
from twin.state import POWER_READ_S, POWER_RENEW_S


class State(Protocol):
    """What a countdown asks of one state of the twin; see `twin.state.View`."""

    @property
    def snapshot(self) -> Snapshot:
        """That state."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The ontology."""

    def supply(self) -> SupplyGraph:
        """Its supply graph."""

    def reserves(self) -> Reserves:
        """What bridges a loss."""

    def conditions(self) -> Conditions:
        """How things stand."""

    def condition_points(self) -> ConditionPoints:
        """The points that say so."""

    def instruments_in_time(self) -> Instruments:
        """The points that a timeline reads."""


class Counting:
    """One failure that is counted down for somebody; for one thread at a time."""

    def __init__(
        self,
        current: CurrentValues,
        clock: Clock,
        failed: Sequence[str] | None,
        since: datetime | None,
        horizon_s: float,
        rests: bool = False,
    ) -> None:
        """`failed` (IRIs; a place with what is in it, a system with its parts) None: what readings say is out; `since` None: from the first
        answer, or from when it was first seen out. `rests`: an answer also says which part of it rests on points that are not good."""
        self._rests = rests
        self._instruments: Instruments | None = None
        self._current, self._clock, self._failed, self._horizon_s = current, clock, failed, horizon_s
        self._since, self._since_given, self._seen_out = since, since is not None, False
        self._watch, self._loads = Watch(current.follow), Watch(current.follow)
        self._load_heard = clock()
        self._behind = False
        """Whether the answer is known to stand on older loads than were heard."""
        self._snapshot: Snapshot | None = None
        self._points = PresentPoints.none()

    def heard(self) -> bool:
        """Whether the answer is over, as readings say something else of what it stands on. Cost: an array look-up a point."""
        loads, others = self._loads.moved(), self._watch.moved()
        if loads:
            self._load_heard = self._clock()
        return others or (loads and not self._behind)

    def answer(self, state: State) -> tuple[Countdown, float]:
        """The countdown now, and for how many seconds only its seconds change. Takes up to a second: to be called in a worker thread."""
        self._watch_over(state)
        self._behind = False  # from here on a load that is heard ends the answer
        conditions, graph = state.conditions(), state.supply()
        failed = self._failed_now((iri for iri in conditions.out if graph.find(iri) is not None), conditions.at)
        since = self._since if failed and self._since is not None else conditions.at
        if self._failed is None:
            case = Case.of_failed(graph, failed, conditions)  # what is out is so itself, and nothing with it
        else:
            case = resolve(state.snapshot, state.vocabulary, graph, conditions, Scenario(fails=tuple(failed)))
        found = countdown_of(state.reserves(), self._points, self._current.get, case, min(since, conditions.at), self._horizon_s)
        if self._instruments is not None:
            found = replace(found, rests_on=rests_on(self._instruments, case))
        times = [time for event in found.next for time in (event.lower, event.upper) if time is not None and time > 0]
        return found, min([*times, self._loads_hold_s(conditions)])

    def _loads_hold_s(self, conditions: Conditions) -> float:
        """Rule 3: after how many seconds newer loads may be there."""
        read_at, now = conditions.power_at, conditions.at
        if read_at is None or read_at == now or read_at > self._load_heard:
            return inf
        self._behind = True
        return max(0.0, min(POWER_RENEW_S, POWER_READ_S - (now - read_at).total_seconds()))

    def _failed_now(self, out: Iterable[str], at: datetime) -> Sequence[str]:
        """Rule 2; `since` follows what is seen."""
        failed = sorted(out) if self._failed is None else self._failed
        if failed and not self._seen_out and not self._since_given:
            self._since = at
        self._seen_out = bool(failed)
        return failed

    def _watch_over(self, state: State) -> None:
        """The points of a state, found once for it: what they say from now on is news."""
        if state.snapshot is self._snapshot:
            return
        reserves = state.reserves()
        found = present_points(state.snapshot, state.vocabulary, reserves)
        carrying = {reserves.graph.id(node) for node in reserves.stores.node.tolist()}
        power = power_points(state.snapshot, state.vocabulary)
        loads = {point for point, owner in zip(power.points, power.owners, strict=True) if owner in carrying}
        self._watch.over(found.points | state.condition_points().points)
        self._loads.over(frozenset(loads))
        self._load_heard = self._clock()
        self._points, self._snapshot = found, state.snapshot
        if self._rests:
            self._instruments = state.instruments_in_time().and_also(of_present(found, reserves))
