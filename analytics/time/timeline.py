"""The time to impact: what a failure does to the site second by second, with a lower and an upper bound for each thing that it reaches.

After `docs/guides/timeline.md`. The lower bounds are those of a run in which every range is at its worse end (stores small, delays long,
each transfer an interruption), the upper bounds those of a run with the better ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from analytics.capacity.flow import loads_of
from analytics.capacity.told import unmetered, unmetered_told
from analytics.conditions import Conditions, CurrentValue
from analytics.rests_on import RestsOn
from analytics.state import plant, stopped_nodes
from analytics.supply_graph import SupplyGraph
from analytics.time.housing import by_what_they_hold
from analytics.time.readings import Charges, charges
from analytics.time.reserves import Reserves
from analytics.time.setting import Course, Setting, courses, setting
from analytics.time.story import Event, Story, either, tell
from analytics.unusable import first_named
from graph.values import Floats
from ontology.namespaces import compact
from ontology.terms import Ids

HORIZON_S = 4 * 3600.0
"""How far a timeline looks where nothing else is asked: longer than any battery, shorter than any fuel tank."""


class Bound(NamedTuple):
    """When one node loses one supply, and when it has it back; a tuple, as a site has 100,000 of them.

    Seconds after the failure; `lower` is never more than `upper`.
    """

    id: str
    medium: str
    lower: float
    upper: float | None
    """None: with the better ends of the ranges it is not lost at all before the horizon."""
    back_lower: float | None
    """When it is back for good; None: with neither end before the horizon."""
    back_upper: float | None
    """None: where it is lost, not in every case before the horizon."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What follows from a failure, as of one revision and one instant (aware UTC). Equal questions give equal answers."""

    revision: int
    at: datetime
    failed: tuple[str, ...]
    horizon_s: float
    events: tuple[Event, ...]
    """In order of their lower bounds."""
    bounds: tuple[Bound, ...]
    """Every supply that may be lost, in order of ids and media."""
    assumed: tuple[str, ...]
    readings: tuple[tuple[str, float], ...] = ()
    """The readings that it stands on: points of charge (IRIs) with their values in per cent."""
    rests_on: RestsOn | None = None
    """Which part of it rests on points that are not good, where that was asked for."""

    def seconds(self) -> dict[tuple[str, str], tuple[float, float | None]]:
        """The bounds of each loss by id and medium (IRIs)."""
        return {(bound.id, bound.medium): (bound.lower, bound.upper) for bound in self.bounds}

    def to_json(self) -> dict[str, object]:
        """The answer as the command line prints it."""
        return {
            "revision": self.revision,
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "failed": list(self.failed),
            "horizon_s": self.horizon_s,
            "events": [event.to_json() for event in self.events],
            "bounds": [bound._asdict() for bound in self.bounds],
            "assumed": list(self.assumed),
            "readings": [{"point": point, "value": value} for point, value in self.readings],
            **({} if self.rests_on is None else {"rests_on": self.rests_on.to_json()}),
        }


def timeline(
    reserves: Reserves, failed: Sequence[str], conditions: Conditions, horizon_s: float = HORIZON_S, known: CurrentValue | None = None
) -> Timeline:
    """What becomes of the site, and when, while all of `failed` (IRIs or CURIEs) fail at once, the switches standing as `conditions` say.

    `known` gives the present values of points: batteries are as full as they say, else full.

    Raises `UnknownEntity` for an id that the twin does not know, `ValueError` for a horizon that is not longer than 0 s. Cost: what the
    failure reaches, some passes over the plant's columns, and one more for each instant at which a battery runs out.
    """
    if not horizon_s > 0:
        raise ValueError(f"a timeline must look further than {horizon_s:g} s: give a horizon above 0")
    graph = reserves.graph
    ids, nodes = graph.resolve(failed)
    reserves = reserves.without((*ids, *map(graph.id, stopped_nodes(graph, conditions).tolist())))
    full = charges(reserves.charge_points, len(reserves.stores), known)
    set_ = setting(reserves, nodes, conditions)
    worse, better = courses(set_, reserves, full.share, nodes, horizon_s)
    lost = lost_pairs(set_, worse, better, nodes)
    story = Story(reserves, set_, worse, better, nodes, lost)
    return Timeline(
        graph.revision,
        conditions.at,
        tuple(ids),
        horizon_s,
        tell(story),
        bounds(graph, set_, worse, better, lost),
        (*conditions.assumed(graph.find), *story.assumed(), *_not_read(reserves, conditions, full)),
        full.readings,
    )


def _not_read(reserves: Reserves, conditions: Conditions, full: Charges) -> Iterator[str]:
    """Which loads stand on something else than their meters, and which stores count as full, because what was heard cannot be used."""
    graph = reserves.graph
    if conditions.unmetered:
        yield from unmetered_told(graph, unmetered(graph, loads_of(graph, plant(graph, conditions), conditions), conditions))
    charges_of = {graph.id(int(reserves.stores.node[store])): each for store, each in full.unread}
    yield from first_named(
        sorted(charges_of), lambda iri: f"the batteries of {compact(iri)} count as full: {charges_of[iri].text}", "more count as full"
    )


def lost_pairs(set_: Setting, worse: Course, better: Course, failed: Ids) -> Ids:
    """The pairs that are lost in either run, but for those of what failed itself; ascending."""
    found = np.flatnonzero(np.isfinite(worse.record.lost) | np.isfinite(better.record.lost))
    return found[~np.isin(set_.state.wiring.pair_node[found], failed)].astype(np.int32)


def bounds(graph: SupplyGraph, set_: Setting, worse: Course, better: Course, lost: Ids) -> tuple[Bound, ...]:
    """When each of the lost pairs is lost and back, in order of ids and media."""
    node, medium, *columns = bound_columns(graph, set_, worse, better, lost)
    times = [[None if value == np.inf else value for value in column.tolist()] for column in columns]
    ids, nodes, media = graph.nodes.ids, node.tolist(), medium.tolist()
    rows = zip([ids[number] for number in nodes], [graph.media[number] for number in media], *times, strict=True)
    return tuple(map(Bound._make, rows))


def bound_columns(
    graph: SupplyGraph, set_: Setting, worse: Course, better: Course, lost: Ids
) -> tuple[Ids, Ids, Floats, Floats, Floats, Floats]:
    """Nodes and media of the lost pairs in order of ids and media, and the times of their bounds; `inf` for None."""
    wiring = set_.state.wiring
    by_iri = np.argsort(np.argsort(np.array(graph.media)))
    lost = lost[np.lexsort((by_iri[wiring.pair_medium[lost]], wiring.pair_node[lost]))]
    ends = [run.record.lost[lost] for run in (worse, better)]
    first = by_what_they_hold(graph, wiring, lost, np.minimum(*ends), np.maximum(*ends))
    counts = np.isfinite(first[0])
    lost, first = lost[counts], (first[0][counts], first[1][counts])
    back = either(
        [np.where(np.isfinite(run.record.lost), np.where(run.holds, run.record.back, np.inf), np.nan)[lost] for run in (worse, better)]
    )
    times = (*first, np.minimum(*back), np.maximum(*back))
    return wiring.pair_node[lost], wiring.pair_medium[lost], *times


__all__ = ["HORIZON_S", "Bound", "Event", "Timeline", "timeline"]
