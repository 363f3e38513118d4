"""How much more the site can take, what is stranded beside it, and what one more unit would buy. After `docs/guides/planning.md`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

import numpy as np

from analytics.capacity.flow import Loads, loads_of
from analytics.conditions import Conditions
from analytics.planning.cooling import cooled
from analytics.planning.fill import Filled, fill
from analytics.planning.place import TRIED, Load, Place, place
from analytics.state import plant
from analytics.supply_graph import SupplyGraph
from analytics.sweeps.units import units_of
from graph.errors import GraphError
from graph.ports import Progress
from graph.snapshot import Snapshot
from graph.values import Floats
from ontology.media import AIR_COOLING
from ontology.terms import Ids
from ontology.vocabulary import Vocabulary

LITTLE_KW = 0.1
"""What a rack is tried with: less than any equipment draws."""
ROUNDING_KW = 1e-3
PLACES_TRIED = 8
"""Places of a class that are tried alone, those that limit most first."""
SHARED = "racks that share cooling are not held against each other: each alone has the cooling for what it takes"
UNCOOLED = "the model states no cooling: whether there is any for what the racks take is not known"


@dataclass(frozen=True, slots=True)
class Filling:
    """What one rack takes when most is placed in all."""

    rack: str
    label: str
    kw: float


@dataclass(frozen=True, slots=True)
class Left:
    """A feeder with a rating: what it has left after the worst single failure, now and when most is placed in all."""

    id: str
    label: str
    cls: str | None
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
    units: int
    """How many places such a unit would come to: feeders that share what they feed are one place."""
    more_kw: float
    ids: tuple[str, ...] = ()
    """The feeders that share a load in the one place where it buys most; none where it comes to each place of the class."""


@dataclass(frozen=True, slots=True)
class Stranded:
    """The answer, as of one revision and one instant. Equal questions give equal answers."""

    revision: int
    at: datetime
    placeable_kw: float
    complete: bool
    """Whether no more can be placed; else as much can, and maybe more."""
    racks: int
    """How many racks can take anything at all."""
    fillings: tuple[Filling, ...]
    """In order of ids; racks that take nothing are left out."""
    feeders: tuple[Left, ...]
    """The one with most stranded first, then in order of ids; those without anything behind them that can take more are left out."""
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
            "placeable_kw": self.placeable_kw,
            "complete": self.complete,
            "racks": self.racks,
            "fillings": [asdict(each) for each in self.fillings],
            "feeders": [asdict(each) for each in self.feeders],
            "one_more": [asdict(each) for each in self.one_more],
            "notes": list(self.notes),
        }


def stranded(
    snapshot: Snapshot, vocabulary: Vocabulary, graph: SupplyGraph, conditions: Conditions, tell: Progress | None = None
) -> Stranded:
    """Fill all racks up so that every single failure is still survived within all ratings of power.

    A rack takes part where `place` finds room for a little load of two cords and one rack unit, and up to what cooling allows it
    (which is not known where the model states none at all, as for `place`);
    racks that share cooling are not held against each other. Raises `GraphError` as `place`. Cost: that of `place`, and some ten
    trials of all failures for the answer and for each class that limits.
    """
    state = plant(graph, conditions)
    by = cooled(graph, state)
    little = Load(LITTLE_KW, units=1, liquid_kw=LITTLE_KW if by and AIR_COOLING not in by else 0.0)
    found = place(snapshot, vocabulary, graph, conditions, little, tell)
    loads = loads_of(graph, state, conditions)
    if loads is None:  # `place` has refused it
        raise GraphError("no rating is stated")
    fitting = sorted((each for each in found.places if each.fits and each.room_kw is not None), key=lambda each: each.rack)
    nodes = np.array([node for each in fitting if (node := graph.find(each.rack)) is not None], dtype=np.int32)
    racks, most = loads.power_slot[nodes], np.array([_most(each) for each in fitting])
    of_power = loads.power_slot[loads.slot_node] == np.arange(len(loads.slot_node))
    limit = np.where(of_power, loads.electrical.limit_kw[loads.slot_node], np.inf)
    units = units_of(snapshot, vocabulary, graph, TRIED)

    def filled(limit: Floats) -> Filled:
        return fill(state, loads, units, racks, most, limit, tell)

    empty, full = fill(state, loads, units, racks, np.zeros(len(racks)), limit, tell), filled(limit)
    worth = np.zeros(len(limit))
    for row, each in zip(full.rows, full.worth.tolist(), strict=True):
        worth[row.slot] += each
    placeable = float(full.kw.sum())
    return Stranded(
        graph.revision,
        conditions.at,
        round(placeable, 3),
        full.complete,
        len(racks),
        tuple(Filling(each.rack, each.label, kw) for each, kw in zip(fitting, np.round(full.kw, 3).tolist(), strict=True) if kw > 0),
        _left(graph, loads, limit, (empty.part, full.part), worth, racks),
        _one_more(graph, loads, limit, worth, placeable, lambda limit: float(filled(limit).kw.sum())),
        (*found.notes, SHARED if by else UNCOOLED, *graph.taken_for_equipment),
    )


def _most(each: Place) -> float:
    """What cooling allows a rack, where that is known."""
    return np.inf if each.cooling_room_kw is None else max(each.cooling_room_kw, 0.0)


def _left(graph: SupplyGraph, loads: Loads, limit: Floats, parts: tuple[Floats, Floats], worth: Floats, racks: Ids) -> tuple[Left, ...]:
    """The feeders upstream of the racks."""
    above = np.zeros(len(limit), dtype=np.bool_)
    above[racks] = True
    waiting = racks.tolist()
    while waiting:
        slot = waiting.pop()
        for supplier in loads.net.takes[loads.net.takes_at[slot] : loads.net.takes_at[slot + 1]].tolist():
            if not above[supplier]:
                above[supplier] = True
                waiting.append(supplier)
    found = []
    for slot in np.flatnonzero(above & np.isfinite(limit)).tolist():
        now, then = (max(0.0, float(limit[slot] * (1.0 - part[slot]))) for part in parts)
        node = int(loads.slot_node[slot])
        found.append(
            Left(
                graph.id(node),
                graph.label(node),
                graph.class_iri(node),
                limit_kw=round(float(limit[slot]), 3),
                left_kw=round(now, 3),
                stranded_kw=round(then, 3),
                worth=round(float(worth[slot]), 4),
            )
        )
    return tuple(sorted(found, key=lambda each: (-each.stranded_kw, each.id)))


def _limiting(graph: SupplyGraph, loads: Loads, slots: Ids) -> dict[str, dict[tuple[int, ...], int]]:
    """By class of what limits: the places of that class with the number of units that share a load there. All of a class count, not only
    those that limit now: with one more here the next would. Two cords of a rack are two sides and share nothing."""
    net, found = loads.net, defaultdict[str, dict[tuple[int, ...], int]](dict)
    cls = graph.nodes.class_of[loads.slot_node]
    it = np.concatenate((graph.loads.racks, graph.loads.equipment, graph.loads.services))
    shares = (net.one == 0) & ~np.isin(loads.slot_node, it)
    for slot in np.flatnonzero(np.isin(cls, cls[slots]) & (net.turn_of >= 0)).tolist():
        takers = net.taker[net.gives[net.gives_at[slot] : net.gives_at[slot + 1]]]
        beside = [net.takes[net.takes_at[taker] : net.takes_at[taker + 1]] for taker in takers[shares[takers]].tolist()]
        together = {slot, *(int(other) for others in beside for other in others[cls[others] == cls[slot]])}
        found[graph.class_iri(int(loads.slot_node[slot])) or ""][tuple(sorted(together))] = len(together)
    return dict(found)


def _one_more(
    graph: SupplyGraph, loads: Loads, limit: Floats, worth: Floats, placeable: float, filled: Callable[[Floats], float]
) -> tuple[OneMore, ...]:
    """What each class that limits would buy in all its places, and in the best one alone of those that limit (where it has several)."""
    rows = list[OneMore]()
    for cls, places in _limiting(graph, loads, np.flatnonzero(worth > ROUNDING_KW).astype(np.int32)).items():

        def buys(some: dict[tuple[int, ...], int]) -> float:
            return round(filled(_with_one_more(limit, some)) - placeable, 3)

        rows.append(OneMore(cls or None, len(places), buys(places)))
        if len(places) > 1:
            most = sorted(places, key=lambda slots: (-float(worth[list(slots)].sum()), slots))[:PLACES_TRIED]
            each = [(buys({slots: places[slots]}), slots) for slots in most if worth[list(slots)].sum() > ROUNDING_KW]
            kw, slots = min(each, key=lambda one: (-one[0], one[1]))
            rows.append(OneMore(cls or None, 1, kw, tuple(sorted(graph.id(int(loads.slot_node[slot])) for slot in slots))))
    return tuple(sorted(rows, key=lambda each: (-each.more_kw, each.cls or "", each.ids)))


def _with_one_more(limit: Floats, places: dict[tuple[int, ...], int]) -> Floats:
    """The limits as n units that share a load would have them with one more beside them: (n + 1) / n."""
    more = limit.copy()
    for slots, count in places.items():
        more[list(slots)] = limit[list(slots)] * (count + 1) / count
    return more
