"""What telemetry says in the middle of a failure: how full stores and tanks are, how warm rooms, what runs, what is drawn from stores.

Rules of this file:

1. Only good readings count. One that was observed before the failure says how it began; one observed since says how it is at the instant
   of the reading, and the time from then to now is followed by the model.
2. A store of energy is as full as its charge points say on average. Of a room's temperatures the warmest counts for the lower bounds,
   the coolest for the upper ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from analytics.time.present_points import PresentPoints
from analytics.time.reserves import Reserves
from analytics.time.rooms import Rooms
from analytics.time.table import Kind
from graph.current import PointValue
from graph.values import Floats, Quality
from ontology.terms import Ids

Sample = Callable[[str], PointValue | None]
"""Gives what is known now of a point's IRI, or None for a point that there is not."""

CELSIUS_MAX = 150.0
"""Above it, and below its negative, a temperature of a room is none."""


class Says(StrEnum):
    """What a reading is taken for."""

    CHARGE = "charge"
    """Per cent of a store."""
    TEMPERATURE = "temperature"
    """Degrees Celsius at the inlets, or of the room's air."""
    RUNS = "runs"
    """1 or 0."""
    LEVEL = "level"
    """Per cent of a tank."""
    LOAD = "load"
    """Kilowatts."""
    REMAINING = "remaining"
    """Seconds that a store has left, by its own account."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading that an answer stands on."""

    says: Says
    of: str
    """IRI of what it is about."""
    point: str | None
    """IRI of the point; None for a load, which may come of several."""
    value: float
    at: datetime | None
    """When it was observed; None for a load."""

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        at = None if self.at is None else self.at.isoformat().replace("+00:00", "Z")
        return {"says": self.says.value, "of": self.of, "point": self.point, "value": self.value, "at": at}


@dataclass(frozen=True, eq=False)
class Present:
    """What readings say, as columns over the stores of a table and the nodes of a graph; nan and -1 where none does. Of a range the first
    row is the worse end. Ages are seconds before the present instant."""

    elapsed_s: float
    """Seconds since the failure."""
    left: Floats
    """Shape (2, stores): the share that is in it, by a reading since the failure."""
    left_age: Floats
    first_left: Floats
    """Shape (2, stores): the share that was in it at the failure; 1 where nothing says so."""
    kw: Floats
    """What a store of energy carries."""
    lasts: Floats
    """Shape (2, stores): the seconds that a store of energy has left now, by its own account since the failure."""
    runs: NDArray[np.int8]
    """Per node: 1 it runs, 0 it does not."""
    runs_age: Floats
    level: Floats
    """Per node: the share that is in its tanks, by a reading since the failure."""
    level_age: Floats
    first_level: Floats
    """Per node: the same at the failure; 1 where nothing says so."""
    readings: tuple[tuple[int, Reading], ...]
    """What says so, with the node that it is about."""


def present(
    points: PresentPoints, reserves: Reserves, sample: Sample, power_kw: Mapping[str, float], since: datetime, at: datetime
) -> Present:
    """Read the points: how it is at `at`, in a failure that began at `since`. Cost: one look-up a point, and columns over the stores."""
    stores, nodes = len(reserves.stores), len(reserves.graph.nodes)
    found = Present(
        max(0.0, (at - since).total_seconds()),
        np.full((2, stores), np.nan),
        np.zeros(stores),
        np.ones((2, stores)),
        np.zeros(stores),
        np.full((2, stores), np.nan),
        np.full(nodes, -1, np.int8),
        np.zeros(nodes),
        np.full(nodes, np.nan),
        np.zeros(nodes),
        np.ones(nodes),
        (),
    )
    reader = _Reader(sample, since, at)
    readings = [*_charges(points, reserves, reader, found), *_temperatures(points, reserves, reader, found)]
    readings += [*_running(points, reserves, reader, found), *_levels(points, reserves, reader, found)]
    readings += [*_loads(reserves, power_kw, found), *_accounts(points, reserves, reader, found)]
    return replace(found, readings=tuple(readings))


@dataclass(frozen=True, slots=True)
class _Said:
    """One good reading: its value, its instant, how long before the present that is, and whether the failure came after it."""

    point: str
    value: float
    at: datetime
    age: float
    before: bool


@dataclass(frozen=True, slots=True)
class _Reader:
    sample: Sample
    since: datetime
    at: datetime

    def read(self, point: str) -> _Said | None:
        """A good reading, as of its instant; one from the future is of the present."""
        known = self.sample(point)
        if known is None or known.quality != Quality.GOOD or np.isnan(known.value):
            return None
        observed = min(datetime.fromtimestamp(known.observed_at / 1000, self.at.tzinfo), self.at)
        return _Said(point, known.value, observed, (self.at - observed).total_seconds(), observed < self.since)


Readings = Iterable[tuple[int, Reading]]


def _charges(points: PresentPoints, reserves: Reserves, reader: _Reader, found: Present) -> Readings:
    said: dict[int, list[_Said]] = defaultdict(list)
    for store, point in points.charges:
        one = reader.read(point)
        if one is not None and 0 <= one.value <= 100:
            said[store].append(one)
    for store, each in said.items():
        share = sum(one.value for one in each) / len(each) / 100
        if all(one.before for one in each):
            found.first_left[:, store] = share
        else:
            found.left[:, store], found.left_age[store] = share, max(one.age for one in each)
        for one in each:
            yield int(reserves.stores.node[store]), Reading(Says.CHARGE, reserves.names[store], one.point, one.value, one.at)


def _accounts(points: PresentPoints, reserves: Reserves, reader: _Reader, found: Present) -> Readings:
    """Seconds left by a store's own account, since the failure: of several the least for the lower bounds, the most for the upper."""
    said: dict[int, list[tuple[_Said, float]]] = defaultdict(list)
    for store, point, scale in points.remaining:
        one = reader.read(point)
        if one is not None and not one.before and one.value >= 0:
            said[store].append((one, max(0.0, one.value * scale - one.age)))
    for store, each in said.items():
        found.lasts[:, store] = min(seconds for _, seconds in each), max(seconds for _, seconds in each)
        for one, seconds in each:
            of, value = reserves.names[store], round(seconds + one.age, 3)
            yield int(reserves.stores.node[store]), Reading(Says.REMAINING, of, one.point, value, one.at)


def _temperatures(points: PresentPoints, reserves: Reserves, reader: _Reader, found: Present) -> Readings:
    size = len(points.warm)
    if not size:
        return
    hot, before, age = np.full((2, size), np.nan), np.zeros(size, np.bool_), np.zeros(size)
    said: list[tuple[int, _Said, float]] = []
    for number, (_, each) in enumerate(points.warm):
        warm = [(one, one.value * scale + offset) for p, scale, offset in each if (one := reader.read(p)) is not None]
        warm = [(one, value) for one, value in warm if abs(value) < CELSIUS_MAX]
        if warm:
            hot[:, number] = max(value for _, value in warm), min(value for _, value in warm)
            before[number], age[number] = all(one.before for one, _ in warm), max(one.age for one, _ in warm)
            said += [(number, one, value) for one, value in warm]
    stores = reserves.stores
    at = np.flatnonzero(points.warm_of >= 0)
    at = at[~np.isnan(hot[0, points.warm_of[at]])]
    by = points.warm_of[at]
    kinds, first, kind_of = np.unique(np.stack((by, *stores.limit[:, at])), axis=1, return_index=True, return_inverse=True)
    number, one = kinds[0].astype(np.int64), at[first]
    share = _shares(reserves.rooms, stores.room[one], hot[:, number], stores.limit[:, one], before[number])[:, kind_of.reshape(-1)]
    early = before[by]
    found.first_left[:, at[early]] = share[:, early]
    found.left[:, at[~early]] = share[:, ~early]
    found.left_age[at[~early]] = age[by[~early]]
    nodes = dict(zip(by[::-1].tolist(), stores.node[at[::-1]].tolist(), strict=True))
    for number_of, reading, value in said:
        of = points.warm[number_of][0]
        yield nodes[number_of], Reading(Says.TEMPERATURE, of, reading.point, round(value, 3), reading.at)


def _shares(rooms: Rooms, room: Ids, hot: Floats, limit: Floats, before: NDArray[np.bool_]) -> Floats:
    """Of the time that a room takes from its usual temperature to its limit the share that is left at a temperature."""
    usual = rooms.inlet[:, room]
    whole = rooms.seconds(room, usual, limit)
    fresh = rooms.seconds(room, hot[::-1], limit)
    """From there, the solids as warm as the air."""
    so_far = rooms.seconds(room, usual, hot)
    """From the usual temperature to there: the solids are cooler than the air."""
    on_the_way = ~before & (hot >= usual[::-1])
    seconds = np.where(on_the_way, np.maximum(whole - so_far, 0.0), fresh)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(np.isfinite(whole) & (whole > 0), seconds / whole, 1.0)
    return np.where(hot >= limit, 0.0, share)


def _running(points: PresentPoints, reserves: Reserves, reader: _Reader, found: Present) -> Readings:
    """That something runs counts whenever it was seen; that it does not, of a standby source alone, and only since the failure."""
    for node, point in points.runs:
        one = reader.read(point)
        if one is None or one.value not in (0, 1) or (one.value == 0 and (one.before or not reserves.standby[node])):
            continue
        if found.runs[node] != 1:  # of several points that it runs
            found.runs[node], found.runs_age[node] = int(one.value), one.age
        yield node, Reading(Says.RUNS, reserves.graph.id(node), point, one.value, one.at)


def _levels(points: PresentPoints, reserves: Reserves, reader: _Reader, found: Present) -> Readings:
    """Several tanks of one source count as full as they are on average."""
    said: dict[int, list[_Said]] = defaultdict(list)
    for node, point in points.levels:
        one = reader.read(point)
        if one is not None and 0 <= one.value <= 100:
            said[node].append(one)
    for node, each in said.items():
        share = sum(one.value for one in each) / len(each) / 100
        if all(one.before for one in each):
            found.first_level[node] = share
        else:
            found.level[node], found.level_age[node] = share, max(one.age for one in each)
        for one in each:
            yield node, Reading(Says.LEVEL, reserves.graph.id(node), one.point, one.value, one.at)


def _loads(reserves: Reserves, power_kw: Mapping[str, float], found: Present) -> Readings:
    for store in np.flatnonzero(reserves.stores.kind == Kind.ENERGY).tolist() if power_kw else ():
        node = int(reserves.stores.node[store])
        kw = power_kw.get(reserves.graph.id(node), 0.0)
        if kw > 0:
            found.kw[store] = kw
            yield node, Reading(Says.LOAD, reserves.graph.id(node), None, kw, None)
