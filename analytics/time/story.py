"""The events of a timeline, grouped as a person tells them: what at once becomes of things of one class, when, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from analytics.figures import shown_apart
from analytics.supply_graph import Flags
from analytics.time.overload import LOADS_MAX
from analytics.time.reserves import Reserves
from analytics.time.setting import Course, Setting
from analytics.time.stated import Taken
from analytics.time.steps import ITSELF
from analytics.time.table import Kind
from graph.values import Floats
from ontology.namespaces import DCX, compact
from ontology.terms import Ids

OF_ROOMS = frozenset(DCX + name for name in ("airVolume", "heatCapacity", "heatExchange", "inletTemperature", "inletTemperatureMax"))
"""Properties that matter only where a room warms up."""


REASONS_MAX = 8
"""Reasons that things of one class have at one time and are told apart; of more, one line tells each sort of reason."""


class EventKind(StrEnum):
    """What happens; those of one instant are told in this order."""

    FAILED = "failed"
    CARRIED = "carried"
    """A store carries it on."""
    CALLED = "called"
    """A standby source is called; it supplies at the time of `started`."""
    TRANSFERS = "transfers"
    """A transfer switch may interrupt what it feeds."""
    TRIPS = "trips"
    """It opens because it carries too much."""
    LOST = "lost"
    LOST_AGAIN = "lost_again"
    """It had the supply back, and loses it for good."""
    STARTED = "started"
    BACK = "back"
    """It has the supply again."""
    RUNS = "runs"
    """It has restarted, and hands on again."""
    DOWN = "down"
    """A standby source is out of fuel, or does not start."""


KINDS = tuple(EventKind)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens to nodes of one class at one time, in seconds after the failure."""

    kind: EventKind
    lower: float
    upper: float | None
    """None: with the better ends of the ranges not before the horizon."""
    cls: str | None
    medium: str | None
    ids: tuple[str, ...]
    reason: str
    """Why."""

    def to_json(self) -> dict[str, object]:
        """The event as the command line prints it."""
        return {
            "kind": self.kind.value,
            "lower": self.lower,
            "upper": self.upper,
            "class": self.cls,
            "medium": self.medium,
            "ids": list(self.ids),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Story:
    """What the events are told from: the two runs of a failure, and the pairs that are lost in either."""

    reserves: Reserves
    set_: Setting
    worse: Course
    better: Course
    failed: Ids
    lost: Ids

    @property
    def runs(self) -> tuple[Course, Course]:
        """The run with the worse ends, then that with the better ones."""
        return self.worse, self.better

    def assumed(self) -> tuple[str, ...]:
        """What was taken for the nodes that the failure reaches, and what of their model could not be used; sorted."""
        reached, graph = self.reached(), self.reserves.graph
        heat = self._heats()
        counts: dict[tuple[str, str, float, float, str, bool], tuple[Taken, int]] = {}
        for taken in self.reserves.taken:
            if heat or taken.property not in OF_ROOMS:
                key = (taken.property, taken.cls, taken.low, taken.high, taken.unit, taken.stated)
                counts[key] = taken, counts.get(key, (taken, 0))[1] + int(reached[taken.nodes].sum())
        found = {taken.text(count) for taken, count in counts.values() if count}
        found |= {f"{compact(graph.id(node))}: {text}" for node, text in self.reserves.refused if reached[node]}
        found |= set(self._inputs())
        if any(int(run.way.instants[0]) == LOADS_MAX for run in self.runs):
            found.add(f"after {LOADS_MAX:,} instants at which loads moved they stay as they are: what trips then is not followed")
        return tuple(sorted(found))

    def _inputs(self) -> Iterator[str]:
        """How many transfer switches are on an input that is known by its priority, of those that one of their supplies goes of."""
        set_, graph = self.set_, self.reserves.graph
        node, wires = set_.state.wiring.slot_node, set_.state.wires
        gone = np.isfinite(self.worse.record.down)
        moves = (set_.takes >= 0) & (self.reserves.transfer[0, node] > 0)
        gates = np.flatnonzero(moves[wires.gate_slot]).tolist()
        hit = [gate for gate in gates if gone[wires.suppliers[wires.suppliers_at[gate] : wires.suppliers_at[gate + 1]]].any()]
        slots = sorted({int(wires.gate_slot[gate]) for gate in hit})
        if slots:
            first, on = (compact(graph.id(int(node[slot]))) for slot in (slots[0], set_.takes[slots[0]]))
            rule = "by dcx:priority, then those that do not stand by"
            yield f"{len(slots)} transfer switches are on the first of their live inputs ({rule}) before it fails: {first} on {on}"

    def _heats(self) -> bool:
        """Whether any room warms up."""
        rooms = self.set_.store_pair[self.reserves.stores.kind[self.set_.stored] == Kind.ROOM]
        return any(bool(np.isfinite(run.record.carried[rooms]).any()) for run in self.runs)

    def reached(self) -> Flags:
        """Per node: whether anything happens to it."""
        wiring = self.set_.state.wiring
        reached = np.zeros(len(self.reserves.graph.nodes), dtype=np.bool_)
        reached[self.failed] = True
        for run in self.runs:
            reached[wiring.pair_node[np.isfinite(run.record.lost) | np.isfinite(run.record.carried)]] = True
            reached[wiring.slot_node[np.isfinite(run.record.down) | np.isfinite(run.record.up)]] = True
            for number, nodes in enumerate(self.set_.groups):
                reached[nodes] |= bool(np.isfinite(run.record.called[number]))
        return reached


def tell(story: Story) -> tuple[Event, ...]:
    """All events, in order of their bounds (what may not happen last), kind, class and medium."""
    events = [event for part in (_failed, _trips, _sources, _pairs, _slots) for event in part(story)]
    last = float("inf")
    return tuple(
        sorted(
            events,
            key=lambda e: (e.lower, last if e.upper is None else e.upper, KINDS.index(e.kind), e.cls or "", e.medium or "", e.ids),
        )
    )


def _failed(story: Story) -> Iterator[Event]:
    graph = story.reserves.graph
    for node in story.failed.tolist():
        yield Event(EventKind.FAILED, 0.0, 0.0, graph.class_iri(node), None, (graph.id(node),), "it fails")


def _trips(story: Story) -> Iterator[Event]:
    """What opens because it carries too much, with what it carries then in the run in which it does so first."""
    graph, rated, node = story.reserves.graph, story.set_.rated.ratings.rated_kw, story.set_.state.wiring.slot_node
    for slot in np.flatnonzero(np.isfinite(story.worse.record.tripped) | np.isfinite(story.better.record.tripped)).tolist():
        ends = [float(run.record.tripped[slot]) for run in story.runs]
        load, limit = shown_apart(float(story.runs[int(np.argmin(ends))].way.kw[slot]), float(rated[slot]))
        name, text = int(node[slot]), f"it carries {load} kW and is rated for {limit} kW"
        yield Event(EventKind.TRIPS, *_ends(*ends), graph.class_iri(name), None, (graph.id(name),), text)


def _sources(story: Story) -> Iterator[Event]:
    """Standby sources: called, started or not, out of fuel."""
    graph, starts_not = story.reserves.graph, dict(story.reserves.starts_not)
    for number, nodes in enumerate(story.set_.groups):
        called = [float(run.record.called[number]) for run in story.runs]
        if not np.isfinite(called[0]) and not np.isfinite(called[1]):
            continue
        names = tuple(graph.id(node) for node in nodes.tolist())
        why = "something is lost that it can supply"
        yield Event(EventKind.CALLED, *_ends(*called), graph.class_iri(int(nodes[0])), None, names, why)
        slots = story.set_.state.slots(nodes)
        found: dict[tuple[EventKind, float, float, str | None, str], list[str]] = {}
        for node, slot in zip(nodes.tolist(), slots.tolist(), strict=True):
            started = [float(run.record.up[slot]) for run in story.runs]
            out = starts_not.get(node)
            takes = "" if out else f"it starts within {_range(*story.reserves.start[::-1, node].tolist())}"
            has = "have" if out is not None and len(out) > 1 else "has"
            for kind, ends, reason in (
                (EventKind.STARTED, started, takes),
                (EventKind.DOWN, [_dry(story, run, slot) for run in story.runs], "its tank is empty unless it is filled up"),
                (EventKind.DOWN, called if out else [np.inf], f"it does not start: {', '.join(map(compact, out or ()))} {has} failed"),
            ):
                if np.isfinite(ends).any():
                    found.setdefault((kind, min(ends), max(ends), graph.class_iri(node), reason), []).append(graph.id(node))
        for (kind, low, high, cls, reason), ids in found.items():
            yield Event(kind, *_ends(low, high), cls, None, tuple(ids), reason)


def _dry(story: Story, run: Course, slot: int) -> float:
    """When a standby source is out of fuel: goes down, and neither by overload nor as it lacks a supply."""
    down, at = float(run.record.down[slot]), story.set_.pairs_at
    away = bool(run.record.tripped[slot] == down)
    away |= bool((run.record.lost[story.set_.slot_pairs[at[slot] : at[slot + 1]]] == down).any())
    return np.inf if away else down


def _pairs(story: Story) -> Iterator[Event]:
    """What is carried, lost and back."""
    wiring = story.set_.state.wiring
    own = ~np.isin(wiring.pair_node, story.failed)
    for kind, times in (
        (EventKind.CARRIED, [run.record.carried for run in story.runs]),
        (EventKind.LOST, [run.record.lost for run in story.runs]),
        (EventKind.LOST_AGAIN, [_again(run) for run in story.runs]),
        (EventKind.BACK, either([_back(run) for run in story.runs])),
    ):
        told = own & (np.isfinite(times[0]) | np.isfinite(times[1]))
        if kind is EventKind.CARRIED:
            told &= _worth_telling(story)
        if kind is EventKind.LOST:
            told &= (story.worse.record.lost_by != ITSELF) | np.isfinite(story.worse.record.carried)
        if kind is EventKind.LOST_AGAIN:
            told &= story.worse.record.again_by != ITSELF
        pairs = np.flatnonzero(told).astype(np.int32)
        yield from _grouped(story, kind, pairs, wiring.pair_node[pairs], wiring.pair_medium[pairs], [time[pairs] for time in times])


def _back(run: Course) -> Floats:
    """When each pair that was lost or carried has its supply again for the last time; nan for one that was neither. What a source that was
    off before the failure has brought and nobody had is no return."""
    was_lost, was_carried = np.isfinite(run.record.lost), np.isfinite(run.record.carried)
    back = np.where(was_lost, np.where(run.record.back >= run.record.lost, run.record.back, np.inf), run.record.relieved)
    return np.where(was_lost | was_carried, back, np.nan)


def _again(run: Course) -> Floats:
    """When each pair that had its supply back loses it after that; `inf` for the others."""
    record = run.record
    returned = (record.lost <= record.back) & (record.back < record.again)
    return np.where(np.isfinite(record.again) & returned, record.again, np.inf)


def either(ends: list[Floats]) -> list[Floats]:
    """The times of two runs; where a thing did not come to happen (nan) in one of them, that of the other counts for both."""
    worse, better = ends
    return [np.where(np.isnan(worse), better, worse), np.where(np.isnan(better), worse, better)]


def _worth_telling(story: Story) -> Flags:
    """The pairs with a store that a person counts on: not what holds on for a blink."""
    kinds = story.reserves.stores.kind[story.set_.stored]
    flags = np.zeros(len(story.set_.state.wiring.pair_node), dtype=np.bool_)
    flags[story.set_.store_pair[kinds != Kind.HOLD_UP]] = True
    return flags


def _slots(story: Story) -> Iterator[Event]:
    """What transfers, and what has restarted."""
    wiring, reserves = story.set_.state.wiring, story.reserves
    node = wiring.slot_node
    own = ~np.isin(node, story.failed)
    transfers = np.flatnonzero(own & np.isfinite(story.worse.record.interrupted)).astype(np.int32)
    none = np.full(len(transfers), -1, dtype=np.int32)
    times = [run.record.interrupted[transfers] for run in story.runs]
    yield from _grouped(story, EventKind.TRANSFERS, transfers, node[transfers], none, times)
    runs = either([_up_again(run) for run in story.runs])
    restarted = np.flatnonzero(own & (reserves.restart[0, node] > 0) & (np.isfinite(runs[0]) | np.isfinite(runs[1]))).astype(np.int32)
    none = np.full(len(restarted), -1, dtype=np.int32)
    yield from _grouped(story, EventKind.RUNS, restarted, node[restarted], none, [run[restarted] for run in runs])


def _up_again(run: Course) -> Floats:
    """When each slot that went down is up again for the last time, `inf` for one that never is; nan for one that did not go down."""
    down, up = run.record.down, run.record.up
    return np.where(np.isfinite(down), np.where(np.isfinite(up) & (up >= down), up, np.inf), np.nan)


def _grouped(story: Story, kind: EventKind, what: Ids, node: Ids, medium: Ids, times: list[Floats]) -> Iterator[Event]:
    """One event for those of one class and medium that have the same bounds and the same reason; `what` are their pairs or slots. Where
    the reasons are more than `REASONS_MAX`, one event for each sort of reason."""
    if len(what) == 0:
        return
    graph = story.reserves.graph
    cls = graph.nodes.class_of[node]
    lower, upper = np.minimum(*times), np.maximum(*times)
    sort, *details = _reasons(story, kind, what, node)
    keys: list[Floats | Ids] = [node, *details, sort, medium, cls, upper, lower]
    order = np.lexsort(keys).astype(np.int32)
    new, other = np.ones((2, len(order)), dtype=np.bool_)
    new[1:] = _differ([lower, upper, cls, medium], order)
    other[1:] = new[1:] | _differ([sort, *details], order)
    ids = graph.nodes.ids
    for first, last in pairwise([*np.flatnonzero(new).tolist(), len(order)]):
        cuts = first + np.flatnonzero(other[first:last])
        if len(cuts) > REASONS_MAX:
            sorts = sort[order[first:last]]
            cuts = first + np.flatnonzero(np.append(True, sorts[1:] != sorts[:-1]))
        for begin, end in pairwise([*cuts.tolist(), last]):
            at = np.sort(order[begin:end])
            members, in_medium, until = np.sort(node[at]).tolist(), int(medium[at[0]]), float(upper[at[0]])
            yield Event(
                kind,
                float(lower[at[0]]),
                None if np.isinf(until) else until,
                graph.class_iri(members[0]),
                None if in_medium < 0 else graph.media[in_medium],
                tuple(ids[member] for member in members),
                _reason(story, kind, what[at], int(node[at[0]]), int(other[begin:end].sum()) - 1),
            )


def _differ(columns: list[Floats | Ids], order: Ids) -> Flags:
    """Which of some rows, in an order, are not as the one before."""
    found: Flags = np.logical_or.reduce([column[order[1:]] != column[order[:-1]] for column in columns])
    return found


def _reasons(story: Story, kind: EventKind, what: Ids, node: Ids) -> list[Floats]:
    """What the reasons of some pairs (or slots) differ by: the sort of reason, then its particulars."""
    reserves, record = story.reserves, story.worse.record
    if kind is EventKind.TRANSFERS:
        return [np.isfinite(story.better.record.interrupted[what]).astype(np.float64), *reserves.transfer[:, node]]
    if kind is EventKind.RUNS:
        return [reserves.by_power[node].astype(np.float64), *reserves.restart[:, node]]
    store = np.full(len(story.set_.state.wiring.pair_node), -1, dtype=np.int32)
    store[story.set_.store_pair] = np.arange(len(story.set_.store_pair), dtype=np.int32)
    table, at, has = reserves.stores, store[what], store[what] >= 0
    row = story.set_.stored[at] if len(story.set_.stored) else np.zeros(len(what), np.int32)
    of = np.where(has, table.kind[row], -1.0) if len(story.set_.stored) else np.full(len(what), -1.0)
    if kind is EventKind.CARRIED:
        lasts = [np.where(np.isfinite(run.lasts[at]), np.round(run.lasts[at], 1), -1.0) for run in story.runs]
        return [of, *lasts, np.where(of == Kind.ROOM, table.source[row], -1.0)]
    by = {EventKind.BACK: record.back_by, EventKind.LOST_AGAIN: record.again_by}.get(kind, record.lost_by)[what].astype(np.float64)
    if kind is EventKind.BACK or not has.any():
        return [np.minimum(by, 0.0), by]
    mine = (by < 0) & (by != ITSELF) & has
    particular = [
        np.where(of == Kind.ROOM, np.nan_to_num(end), np.where(of == Kind.HOLD_UP, of_end, 0.0))
        for end, of_end in zip(table.limit[:, row], table.seconds[:, row], strict=True)
    ]
    named = np.where(of == Kind.HOLD_UP, -1, table.source[row])
    return [np.where(mine, of - 9.0, np.minimum(by, 0.0)), by, *(np.where(mine, each, 0.0) for each in (named, *particular))]


_ITSELF = "it is down itself: what is left carries it no more"


def _reason(story: Story, kind: EventKind, which: Ids, node: int, others: int) -> str:
    """Why, of some pairs (of slots: of what transfers or has restarted) of one sort of reason; `others` is how many it has beside that of
    the first."""
    reserves, record, what = story.reserves, story.worse.record, int(which[0])
    if kind is EventKind.TRANSFERS:
        surely = np.isfinite(story.better.record.interrupted[what])
        why = "the input that it is on goes: it is" if surely else "one of its supplies goes: it may be"
        return f"{why} without for {_range(*reserves.transfer[::-1, node].tolist())} while it transfers"
    if kind is EventKind.RUNS:
        after = "power" if reserves.by_power[node] else "its supplies"
        return f"it is up again {_range(*reserves.restart[::-1, node].tolist())} after it has {after} back"
    if kind is EventKind.CARRIED:
        return _carries(story, which)
    more = f" and {others:,} {'other' if others == 1 else 'others'}" if others else ""
    if kind is EventKind.BACK:
        by = int(record.back_by[what])
        return "its supply is back" if by < 0 else f"{_name(story, by)}{more} {'supply' if more else 'supplies'} it again"
    by = int((record.again_by if kind is EventKind.LOST_AGAIN else record.lost_by)[what])
    if by == ITSELF:
        return _ITSELF
    gone = f"{_empty(story, what)}{', the like of each' if more else ''}"
    return gone if by < 0 else f"{_name(story, by)}{more} no longer {'supply' if more else 'supplies'} it"


def _store(story: Story, pair: int) -> int | None:
    found = np.flatnonzero(story.set_.store_pair == pair)
    return int(found[0]) if len(found) else None


def _carries(story: Story, pairs: Ids) -> str:
    at = _store(story, int(pairs[0]))
    if at is None:
        return "its store carries it"
    every = np.flatnonzero(np.isin(story.set_.store_pair, pairs))
    ends = np.array([run.lasts[every] for run in story.runs])
    known = ends[np.isfinite(ends)]
    store = int(story.set_.stored[at])
    name, kind = compact(story.reserves.names[store]), Kind(int(story.reserves.stores.kind[store]))
    how_long = f" for {_range(float(known.min()), float(known.max()))}" if len(known) else ""
    if len({story.reserves.names[each] for each in story.set_.stored[every].tolist()}) > 1:
        return f"the stores of each carry it{how_long} at their loads"
    if kind is Kind.ROOM:
        return f"the air of {name} takes up its heat{how_long}"
    how_long = f"{how_long} at its load" if how_long else ""
    return f"the water of {name} carries it{how_long}" if kind is Kind.WATER else f"{name} carries it{how_long}"


def _empty(story: Story, pair: int) -> str:
    at = _store(story, pair)
    if at is None:
        return "it is not supplied"
    store = int(story.set_.stored[at])
    table = story.reserves.stores
    name, kind = compact(story.reserves.names[store]), Kind(int(table.kind[store]))
    if kind is Kind.ROOM:
        limit = table.limit[:, store]
        hot = f"{limit[0]:g}" if limit[0] == limit[1] else f"{limit[0]:g} to {limit[1]:g}"
        return f"the air of {name} has reached {hot} degrees Celsius"
    if kind is Kind.WATER:
        return f"the water of {name} is too warm"
    if kind is Kind.HOLD_UP:
        return f"it holds on for {_range(*table.seconds[:, store].tolist())} only"
    return f"{name} is empty" if name != compact(story.reserves.graph.id(int(table.node[store]))) else "its stored energy is used up"


def _name(story: Story, slot: int) -> str:
    return compact(story.reserves.graph.id(int(story.set_.state.wiring.slot_node[slot])))


def _ends(one: float, other: float) -> tuple[float, float | None]:
    return min(one, other), None if np.isinf(max(one, other)) else max(one, other)


def _range(low: float, high: float) -> str:
    return span(low) if span(low) == span(high) else f"{span(low)} to {span(high)}"


def span(seconds: float) -> str:
    """A time as a person says it: `20 ms`, `9.8 s`, `6 min 40 s`, `3 h 20 min`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds else "0 s"
    if seconds < 59.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    minutes = round(seconds / 60)
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")


__all__ = ["Event", "EventKind", "Story", "span", "tell"]
