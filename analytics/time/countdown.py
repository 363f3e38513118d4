"""The countdown of a failure that is under way: what has happened, how long each load still has, what comes next; corrected by readings.

After `docs/guides/timeline.md`. The failure is followed from its beginning until now, by the model and by what was read since, and from
there on as a timeline is: once with the worse and once with the better ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np

from analytics.conditions import Conditions, Position
from analytics.rests_on import RestsOn
from analytics.scenario import Case
from analytics.state import stopped_nodes
from analytics.supply_graph import SupplyGraph
from analytics.time.present import Reading, Sample, present
from analytics.time.present_points import PresentPoints
from analytics.time.reserves import Reserves
from analytics.time.setting import Course, courses_on, setting
from analytics.time.story import Event, EventKind, Story, tell
from analytics.time.timeline import HORIZON_S, Bound, bound_columns, lost_pairs
from graph.values import Floats
from ontology.media import POWER
from ontology.terms import Ids

SINCE_S_MAX = 7 * 24 * 3600.0
"""How old a failure may be."""
STANDS = frozenset({EventKind.FAILED, EventKind.CALLED})
"""What happens once, at its time: it is not told again of now."""


@dataclass(frozen=True, eq=False)
class Lefts:
    """Bounds in seconds from now (an upper one of 0: it is lost now), made when they are looked at: a site has 100,000 of them. As columns:
    the most urgent first, then what is lost."""

    graph: SupplyGraph
    node: Ids
    medium: Ids
    times: Floats
    """Shape (4, rows); `inf` for None."""

    def __len__(self) -> int:
        return len(self.node)

    def __iter__(self) -> Iterator[Bound]:
        return self._rows(range(len(self)))

    def of(self, iris: Sequence[str]) -> Iterator[Bound]:
        """Those of some entities (IRIs)."""
        nodes = [node for iri in iris if (node := self.graph.find(iri)) is not None]
        return self._rows(np.flatnonzero(np.isin(self.node, nodes)).tolist())

    def later(self, seconds: float) -> Lefts:
        """The same so much later."""
        return replace(self, times=np.maximum(self.times - seconds, 0.0))

    def _rows(self, numbers: Iterable[int]) -> Iterator[Bound]:
        for row in numbers:
            times = [None if time == np.inf else time for time in self.times[:, row].tolist()]
            yield Bound(self.graph.id(int(self.node[row])), self.graph.media[self.medium[row]], times[0] or 0.0, *times[1:])


class Ahead(NamedTuple):
    """What a countdown says of things of one kind."""

    lost: int
    """Without one of their supplies now, for certain."""
    maybe: int
    """Perhaps without one already, perhaps not yet."""
    counting: int
    """With all of their supplies still, but perhaps not up to the horizon."""
    next_lower: float | None
    """Seconds from now until the next of them may lose one; None: none will before the horizon."""
    next_upper: float | None
    """Seconds until one certainly has; None: with the better ends none will."""

    def later(self, seconds: float) -> Ahead:
        """The same so much later, before the next of them has lost one."""
        return self._replace(next_lower=_less(self.next_lower, seconds), next_upper=_less(self.next_upper, seconds))


@dataclass(frozen=True, slots=True)
class Countdown:
    """As of one revision and one instant (aware UTC). Equal questions give equal answers."""

    revision: int
    at: datetime
    since: datetime
    failed: tuple[str, ...]
    horizon_s: float
    """How far it looks from now."""
    happened: tuple[Event, ...]
    """In seconds after the failure; where an upper bound is None, it may have happened."""
    now: tuple[Event, ...]
    """How it stands: what is lost, carried and down."""
    next: tuple[Event, ...]
    """In seconds from now, in order of the lower bounds."""
    left: Lefts
    """Every supply that may be lost, the most urgent first, then what is lost."""
    racks: Ahead
    """Each by the power of its own and by what is in it."""
    services: Ahead
    assumed: tuple[str, ...]
    readings: tuple[Reading, ...]
    """The readings that it stands on."""
    rests_on: RestsOn | None = None
    """Which part of it rests on points that are not good, where that was asked for."""

    @property
    def elapsed_s(self) -> float:
        """Seconds since the failure."""
        return (self.at - self.since).total_seconds()

    def later(self, at: datetime) -> Countdown:
        """How it stands at a later instant, before its next bound: only the seconds are fewer, and none goes below 0."""
        passed = max(0.0, (at - self.at).total_seconds())
        to_come = tuple(replace(each, lower=max(0.0, each.lower - passed), upper=_less(each.upper, passed)) for each in self.next)
        ahead = [each.later(passed) for each in (self.racks, self.services)]
        return replace(self, at=at, next=to_come, left=self.left.later(passed), racks=ahead[0], services=ahead[1])

    def to_json(self) -> dict[str, object]:
        """As plain data, but for the rows of `left`."""
        return {
            "revision": self.revision,
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "since": self.since.isoformat().replace("+00:00", "Z"),
            "elapsed_s": self.elapsed_s,
            "failed": list(self.failed),
            "horizon_s": self.horizon_s,
            "happened": [event.to_json() for event in self.happened],
            "now": [event.to_json() for event in self.now],
            "next": [event.to_json() for event in self.next],
            "left_count": len(self.left),
            "racks": self.racks._asdict(),
            "services": self.services._asdict(),
            "assumed": list(self.assumed),
            "readings": [reading.to_json() for reading in self.readings],
            **({} if self.rests_on is None else {"rests_on": self.rests_on.to_json()}),
        }


def countdown(
    reserves: Reserves,
    points: PresentPoints,
    sample: Sample,
    failed: Sequence[str],
    since: datetime,
    conditions: Conditions,
    horizon_s: float = HORIZON_S,
) -> Countdown:
    """How it stands at `conditions.at` with a failure of all of `failed` (IRIs or CURIEs) that began at `since`, and what comes.

    `sample` gives what is known of `points` now. The switches have stood as `conditions` say since the failure, but for those that failed.
    What failed counts as up before it. Raises `UnknownEntity` for an id that the twin does not know, and as `countdown_of`.
    """
    return countdown_of(reserves, points, sample, Case.of_failed(reserves.graph, failed, conditions), since, horizon_s)


def countdown_of(
    reserves: Reserves, points: PresentPoints, sample: Sample, case: Case, since: datetime, horizon_s: float = HORIZON_S
) -> Countdown:
    """As `countdown`, of a scenario against the state that `reserves` and `points` are of.

    Raises `ValueError` for a horizon that is not longer than 0 s and for a beginning in the future or more than `SINCE_S_MAX` seconds ago.
    Cost: that of a timeline, and one look-up a point.
    """
    conditions, ids, nodes = case.conditions, case.out_ids(), case.out
    if not horizon_s > 0:
        raise ValueError(f"a countdown must look further than {horizon_s:g} s: give a horizon above 0")
    elapsed = (conditions.at - since).total_seconds()
    if not 0 <= elapsed <= SINCE_S_MAX:
        raise ValueError(f"the failure began {elapsed:,.0f} s before now: give an instant from {SINCE_S_MAX:,.0f} s ago until now")
    graph = reserves.graph
    before = replace(
        conditions, positions=_without(conditions.positions, ids), out={iri: by for iri, by in conditions.out.items() if iri not in ids}
    )
    reserves = reserves.without((*ids, *map(graph.id, stopped_nodes(graph, before).tolist())))
    seen = present(points, reserves, sample, conditions.power_kw, since, conditions.at)
    set_ = setting(reserves, nodes, before)
    (past_worse, worse), (past_better, better) = courses_on(set_, reserves, seen, nodes, horizon_s)
    past = Story(reserves, set_, past_worse, past_better, nodes, lost_pairs(set_, past_worse, past_better, nodes))
    story = Story(reserves, set_, worse, better, nodes, lost_pairs(set_, worse, better, nodes))
    both = Story(reserves, set_, _both(past_worse, worse), _both(past_better, better), nodes, story.lost)
    reached = both.reached()
    left = _lefts(graph, *bound_columns(graph, set_, worse, better, story.lost))
    to_come = [event for event in tell(story) if event.kind is not EventKind.FAILED]
    return Countdown(
        graph.revision,
        conditions.at,
        since,
        case.asked,
        horizon_s,
        tell(past),
        tuple(event for event in to_come if event.upper == 0 and event.kind not in STANDS),
        tuple(event for event in to_come if event.upper is None or event.upper > 0),
        left,
        _ahead(left, _in_racks(graph, left)),
        _ahead(left, np.where(np.isin(left.node, graph.loads.services), left.node, -1)),
        (*case.notes, *before.assumed(graph.find), *both.assumed()),
        tuple(reading for node, reading in seen.readings if reached[node]),
    )


def _less(seconds: float | None, passed: float) -> float | None:
    return None if seconds is None else max(0.0, seconds - passed)


def _without(of: Mapping[str, Position], failed: Sequence[str]) -> dict[str, Position]:
    """The positions but for those of what failed: a breaker that tripped was closed before."""
    gone = set(failed)
    return {iri: position for iri, position in of.items() if iri not in gone}


def _both(past: Course, following: Course) -> Course:
    """What either part of a run has reached."""
    parts = (past.record, following.record)
    names = ("lost", "carried", "down", "up", "called", "tripped")
    return replace(past, record=past.record._replace(**{name: np.minimum(*(getattr(part, name) for part in parts)) for name in names}))


def _lefts(graph: SupplyGraph, node: Ids, medium: Ids, *times: Floats) -> Lefts:
    """The rows, which come in order of ids and media, by urgency."""
    lower, upper = times[:2]
    order = np.lexsort((upper, lower, upper == 0))  # stable: ids and media within
    return Lefts(graph, node[order], medium[order], np.stack(times)[:, order])


def _in_racks(graph: SupplyGraph, left: Lefts) -> Ids:
    """Per row the rack that it counts for, or -1. Of a rack that something is mounted in its power and what that loses count: warm air at
    its door harms nobody yet."""
    rack_of, filled = np.full(len(graph.nodes), -1, np.int32), np.zeros(len(graph.nodes), np.bool_)
    thing, rack = graph.loads.mounted.T
    inside = np.isin(rack, graph.loads.racks)
    rack_of[thing[inside]] = rack[inside]
    rack_of[graph.loads.racks] = graph.loads.racks
    filled[rack[inside]] = True
    at_the_door = filled[left.node] & (left.medium != graph.media.index(POWER))
    return np.where(at_the_door, -1, rack_of[left.node]).astype(np.int32)


def _ahead(left: Lefts, of: Ids) -> Ahead:
    """What of some things (per row a node, or -1) is lost, may be, and is next."""
    lower, upper = left.times[:2]
    known = of >= 0
    all_of, lost = np.unique(of[known]), np.unique(of[known & (upper == 0)])
    maybe = np.setdiff1d(of[known & (lower == 0)], lost)
    still = known & ~np.isin(of, lost)
    uppers = upper[still & np.isfinite(upper)]
    return Ahead(
        len(lost),
        len(maybe),
        len(all_of) - len(lost) - len(maybe),
        float(lower[still].min()) if still.any() else None,
        float(uppers.min()) if len(uppers) else None,
    )


__all__ = ["Ahead", "Countdown", "Lefts", "countdown", "countdown_of"]
