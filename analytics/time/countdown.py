"""The countdown of a failure that is under way: what has happened, how long each load still has, what comes next; corrected by readings.

After `docs/guides/timeline.md`. The failure is followed from its beginning until now, by the model and by what was read since, and from
there on as a timeline is: once with the worse and once with the better ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np

from analytics.conditions import Conditions, Position
from analytics.supply_graph import SupplyGraph
from analytics.time.present import Reading, Sample, present
from analytics.time.present_points import PresentPoints
from analytics.time.reserves import Reserves
from analytics.time.setting import Course, course_on, setting
from analytics.time.story import Event, EventKind, Story, tell
from analytics.time.timeline import HORIZON_S, Bound, bounds, lost_pairs
from ontology.media import POWER

SINCE_S_MAX = 7 * 24 * 3600.0
"""How old a failure may be."""
STANDS = frozenset({EventKind.FAILED, EventKind.CALLED})
"""What happens once, at its time: it is not told again of now."""


class Left(NamedTuple):
    """How long one node has one supply still; seconds from now, the lower never more than the upper."""

    id: str
    medium: str
    lower: float
    upper: float | None
    """0: it is lost now; None: with the better ends it is not lost before the horizon."""
    back_lower: float | None
    """When it is back for good; None: with neither end before the horizon."""
    back_upper: float | None

    @staticmethod
    def of(bound: Bound) -> Left:
        """Of a bound in seconds from now."""
        return Left(*bound)

    def later(self, seconds: float) -> Left:
        """The same so much later; nothing goes below 0."""
        times = (None if each is None else max(0.0, each - seconds) for each in self[2:])
        return Left(self.id, self.medium, *times)  # type: ignore[arg-type]  # the first time is never None


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
    left: tuple[Left, ...]
    """Every supply that may be lost, the most urgent first, then what is lost."""
    racks: Ahead
    """Each by the power of its own and by what is in it."""
    services: Ahead
    assumed: tuple[str, ...]
    readings: tuple[Reading, ...]
    """The readings that it stands on."""

    @property
    def elapsed_s(self) -> float:
        """Seconds since the failure."""
        return (self.at - self.since).total_seconds()

    def to_json(self) -> dict[str, object]:
        """As plain data."""
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
            "left": [each._asdict() for each in self.left],
            "racks": self.racks._asdict(),
            "services": self.services._asdict(),
            "assumed": list(self.assumed),
            "readings": [reading.to_json() for reading in self.readings],
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
    What failed counts as up before it. Raises `UnknownEntity` for an id that the twin does not know, `ValueError` for a horizon that is
    not longer than 0 s and for a beginning in the future or more than `SINCE_S_MAX` seconds ago. Cost: that of a timeline, and one look-up
    a point.
    """
    if not horizon_s > 0:
        raise ValueError(f"a countdown must look further than {horizon_s:g} s: give a horizon above 0")
    elapsed = (conditions.at - since).total_seconds()
    if not 0 <= elapsed <= SINCE_S_MAX:
        raise ValueError(f"the failure began {elapsed:,.0f} s before now: give an instant from {SINCE_S_MAX:,.0f} s ago until now")
    graph = reserves.graph
    ids, nodes = graph.resolve(failed)
    before = replace(
        conditions, positions=_without(conditions.positions, ids), out={iri: by for iri, by in conditions.out.items() if iri not in ids}
    )
    seen = present(points, reserves, sample, conditions.power_kw, since, conditions.at)
    set_ = setting(reserves, nodes, before)
    (past_worse, worse), (past_better, better) = (course_on(set_, reserves, seen, nodes, end, horizon_s) for end in (0, 1))
    past = Story(reserves, set_, past_worse, past_better, nodes, lost_pairs(set_, past_worse, past_better, nodes))
    story = Story(reserves, set_, worse, better, nodes, lost_pairs(set_, worse, better, nodes))
    both = Story(reserves, set_, _both(past_worse, worse), _both(past_better, better), nodes, story.lost)
    reached = both.reached()
    left = tuple(map(Left.of, bounds(graph, set_, worse, better, story.lost)))
    to_come = [event for event in tell(story) if event.kind is not EventKind.FAILED]
    return Countdown(
        graph.revision,
        conditions.at,
        since,
        tuple(ids),
        horizon_s,
        tell(past),
        tuple(event for event in to_come if event.upper == 0 and event.kind not in STANDS),
        tuple(event for event in to_come if event.upper is None or event.upper > 0),
        tuple(sorted(left, key=_urgency)),
        _ahead(_of_racks(graph, left)),
        _ahead(_of(left, {graph.id(node) for node in graph.loads.services.tolist()})),
        (*before.assumed(graph.find), *both.assumed()),
        tuple(reading for node, reading in seen.readings if reached[node]),
    )


def _without(of: Mapping[str, Position], failed: Sequence[str]) -> dict[str, Position]:
    """The positions but for those of what failed: a breaker that tripped was closed before."""
    gone = set(failed)
    return {iri: position for iri, position in of.items() if iri not in gone}


def _both(past: Course, following: Course) -> Course:
    """What either part of a run has reached."""
    parts = (past.record, following.record)
    names = ("lost", "carried", "down", "up", "called")
    return replace(past, record=past.record._replace(**{name: np.minimum(*(getattr(part, name) for part in parts)) for name in names}))


def _urgency(each: Left) -> tuple[bool, float, float, str, str]:
    return each.upper == 0, each.lower, np.inf if each.upper is None else each.upper, each.id, each.medium


Rows = Mapping[str, Sequence[Left]]
"""Things (IRIs), each with its supplies that are lost or may be."""


def _of(left: Sequence[Left], ids: set[str]) -> Rows:
    rows: dict[str, list[Left]] = {}
    for each in left:
        if each.id in ids:
            rows.setdefault(each.id, []).append(each)
    return rows


def _of_racks(graph: SupplyGraph, left: Sequence[Left]) -> Rows:
    """Of a rack that something is mounted in its power and what that loses: warm air at its door harms nobody yet."""
    inside = {graph.id(thing): graph.id(rack) for thing, rack in graph.loads.mounted.tolist()}
    racks, filled = {graph.id(node) for node in graph.loads.racks.tolist()}, set(inside.values())
    rows: dict[str, list[Left]] = {}
    for each in left:
        rack = each.id if each.id in racks else inside.get(each.id)
        if rack in racks and not (each.id in filled and each.medium != POWER):
            rows.setdefault(rack, []).append(each)
    return rows


def _ahead(rows: Rows) -> Ahead:
    """What of some things is lost, may be, and is next."""
    lost = {iri for iri, of in rows.items() if any(each.upper == 0 for each in of)}
    maybe = {iri for iri, of in rows.items() if iri not in lost and any(each.lower == 0 for each in of)}
    still = [each for iri, of in rows.items() if iri not in lost for each in of]
    uppers = [each.upper for each in still if each.upper is not None]
    lower = min((each.lower for each in still), default=None)
    return Ahead(len(lost), len(maybe), len(rows) - len(lost) - len(maybe), lower, min(uppers, default=None))


__all__ = ["Ahead", "Countdown", "Left", "countdown"]
