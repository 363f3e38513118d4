"""How much more the site can take, what is stranded beside it, and what one more unit would buy. After `docs/guides/planning.md`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from analytics.capacity.flow import Loads
from analytics.conditions import Conditions
from analytics.loads import KILOWATT, draws
from analytics.planning.cooling import MEDIA, Heat, cooled, heat_of
from analytics.planning.fill import Filled, fill
from analytics.planning.hanging import hanging
from analytics.planning.place import CAPACITY, TRIED, Kind, loads_to_place, notes_of, tried_of
from analytics.planning.space import spaces
from analytics.planning.stages import Stages
from analytics.state import Plant, plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.basis import taken_for_granted
from analytics.sweeps.units import UnitKind, Units, units_of
from analytics.time.stated import Stated
from graph.ports import Progress
from graph.snapshot import Snapshot
from graph.values import Floats
from ontology.media import POWER
from ontology.terms import Ids
from ontology.vocabulary import Vocabulary

ROUNDING_KW = 1e-3
LESS = 1e-6
"""By so much less a kW counts in a rack that a failure takes down: of fillings that place as much that of the other racks is told."""
Bools = NDArray[np.bool_]
PLACES_TRIED = 8
"""Places of a class that are tried alone, those that limit most first."""
UNCOOLED = "the model states no cooling: whether there is any for what the racks take is not known"
DARK, UNLIMITED, HOT, FULL = (
    "it has no power as things stand",
    "nothing upstream of it states a rating of power",
    "nothing cools it as things stand",
    "it has no free rack unit",
)
"""Why a rack is left out."""


@dataclass(frozen=True, slots=True)
class Filling:
    """What one rack takes when most is placed in all."""

    rack: str
    label: str
    kw: float
    hangs_by: str | None
    """The first failure that takes its power or its cooling down, as it is fed now; None where it survives every one."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Racks that take no part, and why."""

    reason: str
    racks: tuple[str, ...]
    """In order of ids."""


@dataclass(frozen=True, slots=True)
class Left:
    """A feeder with a rating, or a cooling unit with a capacity: what it has left after the worst single failure, now and when most is
    placed in all."""

    id: str
    label: str
    cls: str | None
    kind: Kind
    """`POWER` or `COOLING`."""
    limit_kw: float
    left_kw: float
    stranded_kw: float
    """Of what is left that which nothing can use, as something else is full first."""
    worth: float
    """How many kW more could be placed for one kW more of its limit; 0 where it is not what limits."""


@dataclass(frozen=True, slots=True)
class OneMore:
    """What one more unit beside each of a class would buy: of n that share a load n + 1, of one alone a second."""

    cls: str | None
    kind: Kind
    """`POWER` or `COOLING`: what it would carry."""
    units: int
    """How many places such a unit would come to: those that share what they feed are one place."""
    more_kw: float
    ids: tuple[str, ...] = ()
    """Those that share a load in the one place where it buys most; none where it comes to each place of the class."""


@dataclass(frozen=True, slots=True)
class Stranded:
    """The answer, as of one revision and one instant. Equal questions give equal answers."""

    revision: int
    at: datetime
    tried: Mapping[str, int]
    """How many single failures of each kind were tried."""
    placeable_kw: float
    surviving_kw: float
    """The same if only racks took part that survive every single failure."""
    complete: bool
    """Whether no more can be placed; else as much can, and maybe more."""
    racks: int
    """How many racks take part."""
    hanging: int
    """How many of these some single failure takes down, as they are fed now."""
    left_out: tuple[LeftOut, ...]
    fillings: tuple[Filling, ...]
    """In order of ids; racks that take nothing are left out."""
    feeders: tuple[Left, ...]
    """The one with most stranded first, then in order of ids; those without anything behind them that takes part are left out."""
    one_more: tuple[OneMore, ...]
    """Of the classes that limit, the one that buys most first."""
    notes: tuple[str, ...]

    @property
    def stranded_kw(self) -> float:
        """The most that is stranded at one feeder."""
        return max((each.stranded_kw for each in self.feeders), default=0.0)

    def to_json(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "revision": self.revision,
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "tried": dict(self.tried),
            "placeable_kw": self.placeable_kw,
            "surviving_kw": self.surviving_kw,
            "complete": self.complete,
            "racks": self.racks,
            "hanging": self.hanging,
            "left_out": [asdict(each) for each in self.left_out],
            "fillings": [asdict(each) for each in self.fillings],
            "feeders": [asdict(each) for each in self.feeders],
            "one_more": [asdict(each) for each in self.one_more],
            "notes": list(self.notes),
        }


def stranded(
    snapshot: Snapshot,
    vocabulary: Vocabulary,
    graph: SupplyGraph,
    conditions: Conditions,
    tell: Progress | None = None,
    kinds: Sequence[UnitKind] = TRIED,
) -> Stranded:
    """Fill all racks up so that nothing is above its rating of power or its capacity of cooling, as things stand and after any single
    failure of the given kinds.

    Every rack takes part as it is fed now: with two cords, with one, by a transfer switch; how many of them a single failure takes
    down already is told, and what would fit without these. Its heat goes into the air where air cools it, else into liquid. Raises
    `GraphError` as `place`. Cost: some ten trials of all failures for the answer and for each class that limits.
    """
    state = plant(graph, conditions)
    loads = loads_to_place(graph, state, conditions)
    units = units_of(snapshot, vocabulary, graph, kinds)
    stated = Stated(snapshot, vocabulary, graph, snapshot.terms.numbers(graph.nodes.ids))
    capacity, _ = stated.value(CAPACITY, np.arange(len(graph.nodes), dtype=np.int32), KILOWATT)
    heat = heat_of(graph, state, conditions, units, capacity, draws(snapshot, vocabulary, graph, stated.terms), tell)
    by = cooled(graph, state)
    racks, left_out = _taking_part(graph, state, loads, stated, heat if by else None)
    media = [next((medium for medium in MEDIA if (rack, medium) in heat.stages), None) for rack in racks]
    stages = Stages.of(heat, [None if medium is None else (rack, medium) for rack, medium in zip(racks, media, strict=True)])
    hangs = hanging(graph, state, conditions, units)
    hung = [
        min((hangs[rack, each] for each in (POWER, medium) if each and (rack, each) in hangs), default=-1)
        for rack, medium in zip(racks, media, strict=True)
    ]
    survives = np.array(hung, dtype=np.int32) < 0
    site = _Site(graph, state, loads, units, np.array(racks, dtype=np.int32), survives, stages, capacity, tell)
    empty, full = site.filled(site.limit, stages, np.zeros(len(racks))), site.filled(site.limit, stages)
    placeable = float(full.kw.sum())
    surviving = full if survives.all() else site.filled(site.limit, stages, np.where(survives, np.inf, 0.0))
    unknown = sum(medium is not None and not heat.stages[rack, medium] for rack, medium in zip(racks, media, strict=True))
    cooling = [] if by else [UNCOOLED]
    if unknown:
        cooling.append(f"cooling limits {unknown:,} racks by nothing: nothing upstream of them states a capacity")
    worth = np.zeros(len(site.limit))
    for row, each in zip(full.rows, full.worth.tolist(), strict=True):
        worth[row.limit] += each
    return Stranded(
        graph.revision,
        conditions.at,
        tried_of(units, kinds),
        round(placeable, 3),
        round(float(surviving.kw.sum()), 3),
        full.complete and surviving.complete,
        len(racks),
        int(np.count_nonzero(~survives)),
        left_out,
        tuple(
            Filling(graph.id(rack), graph.label(rack), kw, None if cause < 0 else units.unit(cause).id)
            for rack, kw, cause in zip(racks, np.round(full.kw, 3).tolist(), hung, strict=True)
            if kw > 0
        ),
        site.left(empty, full, worth),
        site.one_more(worth, placeable),
        (
            *conditions.assumed(graph.find),
            *notes_of(graph, conditions, loads, stated),
            *cooling,
            *graph.taken_for_equipment,
            *taken_for_granted(graph),
        ),
    )


def _taking_part(
    graph: SupplyGraph, state: Plant, loads: Loads, stated: Stated, heat: Heat | None
) -> tuple[list[int], tuple[LeftOut, ...]]:
    """The racks that take part, in order of ids, and the others with the reason. `heat`: None where the model states no cooling."""
    rated = _behind_a_rating(state, loads)
    out: dict[str, list[int]] = defaultdict(list)
    racks = list[int]()
    for rack, space in zip(graph.loads.racks.tolist(), spaces(stated, graph.loads.racks), strict=True):
        slot = int(loads.power_slot[rack])
        if slot < 0 or state.base.live[slot] == 0 or loads.net.takes_at[slot] == loads.net.takes_at[slot + 1]:
            out[DARK].append(rack)
        elif not rated[slot]:
            out[UNLIMITED].append(rack)
        elif heat is not None and not any((rack, medium) in heat.stages for medium in MEDIA):
            out[HOT].append(rack)
        elif space.units is not None and space.units < 1:
            out[FULL].append(rack)
        else:
            racks.append(rack)
    return sorted(racks, key=graph.id), tuple(LeftOut(reason, tuple(sorted(map(graph.id, of)))) for reason, of in sorted(out.items()))


def _behind_a_rating(state: Plant, loads: Loads) -> Bools:
    """By slot whether it, or something that it takes power from, states a rating."""
    net, slots = loads.net, loads.rated()
    waiting = slots[state.base.live[slots] == 1].tolist()
    found = np.zeros(len(loads.slot_node), dtype=np.bool_)
    found[waiting] = True
    while waiting:
        slot = waiting.pop()
        for taker in net.taker[net.gives[net.gives_at[slot] : net.gives_at[slot + 1]]].tolist():
            if not found[taker]:
                found[taker] = True
                waiting.append(taker)
    return found


Beside = dict[tuple[int, ...], tuple[int, ...]]
"""The limits that share a load, by number, with the stages of cooling that they share it in; none for power."""


class _Site:
    """What is the same however the racks are filled. Limits are numbered as in `fill`."""

    def __init__(
        self,
        graph: SupplyGraph,
        state: Plant,
        loads: Loads,
        units: Units,
        racks: Ids,
        survives: Bools,
        stages: Stages,
        capacity: Floats,
        tell: Progress | None,
    ) -> None:
        self.graph, self.state, self.loads, self.units, self.stages, self.tell = graph, state, loads, units, stages, tell
        self.slots, self.value = loads.power_slot[racks], np.where(survives, 1.0, 1.0 - LESS)
        of_power = loads.power_slot[loads.slot_node] == np.arange(len(loads.slot_node))
        power = np.where(of_power, loads.electrical.limit_kw[loads.slot_node], np.inf)
        self.limit: Floats = np.concatenate((power, capacity[stages.units]))
        self.node = np.concatenate((loads.slot_node, stages.units))

    def filled(self, limit: Floats, stages: Stages, most: Floats | None = None) -> Filled:
        """The racks filled up, each by `most` at most."""
        most = np.full(len(self.slots), np.inf) if most is None else most
        return fill(self.state, self.loads, self.units, self.slots, most, limit, stages, self.tell, self.value)

    def _kind(self, number: int) -> Kind:
        return Kind.POWER if number < len(self.loads.slot_node) else Kind.COOLING

    def left(self, empty: Filled, full: Filled, worth: Floats) -> tuple[Left, ...]:
        """What feeds and cools the racks."""
        net, graph = self.loads.net, self.graph
        above = np.zeros(len(self.limit), dtype=np.bool_)
        above[self.slots] = True
        waiting = self.slots.tolist()
        while waiting:
            slot = waiting.pop()
            for supplier in net.takes[net.takes_at[slot] : net.takes_at[slot + 1]].tolist():
                if not above[supplier]:
                    above[supplier] = True
                    waiting.append(supplier)
        above[len(self.loads.slot_node) :] = self.stages.used()
        found = []
        for number in np.flatnonzero(above & np.isfinite(self.limit)).tolist():
            limit, node = float(self.limit[number]), int(self.node[number])
            now, then = (round(max(0.0, limit * (1.0 - float(each.part[number]))), 3) for each in (empty, full))
            kind, more = self._kind(number), round(float(worth[number]), 4)
            found.append(Left(graph.id(node), graph.label(node), graph.class_iri(node), kind, round(limit, 3), now, then, more))
        return tuple(sorted(found, key=lambda each: (-each.stranded_kw, each.id)))

    def one_more(self, worth: Floats, placeable: float) -> tuple[OneMore, ...]:
        """What each class that limits would buy in all its places, and in the best one alone of those that limit (where it has several)."""
        rows = list[OneMore]()
        for (_, kind), places in self._limiting(np.flatnonzero(worth > ROUNDING_KW).tolist()).items():
            iri = self.graph.class_iri(int(self.node[next(iter(places))[0]]))
            rows.append(OneMore(iri, kind, len(places), self._buys(places, placeable)))
            if len(places) > 1:
                most = sorted(places, key=lambda beside: (-float(worth[list(beside)].sum()), beside))[:PLACES_TRIED]
                limiting = [beside for beside in most if worth[list(beside)].sum() > ROUNDING_KW]
                each = [(self._buys({beside: places[beside]}, placeable), beside) for beside in limiting]
                kw, beside = min(each, key=lambda one: (-one[0], one[1]))
                ids = tuple(sorted(self.graph.id(int(self.node[number])) for number in beside))
                rows.append(OneMore(iri, kind, 1, kw, ids))
        return tuple(sorted(rows, key=lambda each: (-each.more_kw, each.cls or "", each.ids)))

    def _buys(self, places: Beside, placeable: float) -> float:
        """What more fits when n feeders that share a load carry (n + 1) / n of it, and stages have one unit more."""
        limit = self.limit.copy()
        for beside, shared in places.items():
            if not shared:
                limit[list(beside)] *= (len(beside) + 1) / len(beside)
        stages = sorted({stage for shared in places.values() for stage in shared})
        return round(float(self.filled(limit, self.stages.with_one_more(stages)).kw.sum()) - placeable, 3)

    def _limiting(self, numbers: Sequence[int]) -> dict[tuple[int, Kind], Beside]:
        """By class of what limits, and what it carries: its places. All of a class count, not only those that limit now: with one more
        here the next would."""
        classes = {(int(self.graph.nodes.class_of[self.node[number]]), self._kind(number)) for number in numbers}
        return {(cls, kind): self._beside(cls) if kind is Kind.POWER else self._in_stages(cls) for cls, kind in sorted(classes)}

    def _beside(self, cls: int) -> Beside:
        """The feeders of a class by those that feed the same. Two cords of a rack are two sides and share nothing."""
        net, graph, slot_node = self.loads.net, self.graph, self.loads.slot_node
        of = graph.nodes.class_of[slot_node] == cls
        it = np.concatenate((graph.loads.racks, graph.loads.equipment, graph.loads.services))
        shares = (net.one == 0) & ~np.isin(slot_node, it)
        found: Beside = {}
        for slot in np.flatnonzero(of & (net.turn_of >= 0)).tolist():
            takers = net.taker[net.gives[net.gives_at[slot] : net.gives_at[slot + 1]]]
            beside = [net.takes[net.takes_at[taker] : net.takes_at[taker + 1]] for taker in takers[shares[takers]].tolist()]
            found[tuple(sorted({slot, *(int(other) for others in beside for other in others[of[others]])}))] = ()
        return found

    def _in_stages(self, cls: int) -> Beside:
        """The cooling units of a class by the stages that they share."""
        number = {node: len(self.loads.slot_node) + at for at, node in enumerate(self.stages.units.tolist())}
        found: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for at, stage in enumerate(self.stages.stages):
            beside = tuple(sorted(number[node] for node in stage if self.graph.nodes.class_of[node] == cls))
            if beside and len(self.stages.racks[at]):
                found[beside].append(at)
        return {beside: tuple(stages) for beside, stages in found.items()}
