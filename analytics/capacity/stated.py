"""From the model to draws, ratings and curves: the electrical columns of a supply graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from analytics.capacity.electrical import PHASES, PRIORITY_LAST, Basis, Curve, Electrical
from analytics.loads import KILOWATT, figure_of, number_of, quantities, safest
from analytics.supply_graph import Edges, Loads
from graph.snapshot import Snapshot
from graph.values import Floats
from ontology.media import POWER
from ontology.namespaces import BRICK, DCX, S223, UNIT
from ontology.terms import Ids, is_literal, literal_parts
from ontology.vocabulary import Vocabulary

KILOVOLTAMPERE, AMPERE, VOLT = UNIT + "KiloV-A", UNIT + "A", UNIT + "V"
RATED_KW = (DCX + "ratedPower", BRICK + "ratedPowerOutput")
RATED_KVA = (DCX + "ratedApparentPower", BRICK + "ratedApparentPower")
RATED_A = (DCX + "breakerRating", BRICK + "ratedCurrentOutput")
VOLTS = (BRICK + "ratedVoltageOutput", BRICK + "ratedVoltageInput")
ALLOCATED, RATED_INPUT = DCX + "allocatedPower", BRICK + "ratedPowerInput"
QUANTITIES = frozenset(
    {*RATED_KW, *RATED_KVA, *RATED_A, *VOLTS, ALLOCATED, RATED_INPUT, BRICK + "electricalPhases", DCX + "atLeastCapacity"}
)
"""The predicates whose quantities are read here, and for requirements by capacity."""
BREAKER_DERATING = 0.8
"""NFPA 70, 210.20(A): of a breaker's rating where neither the thing nor its class says anything."""
_EQUIPMENT = BRICK + "Electrical_Equipment"
Marks = NDArray[np.bool_]
Bits = NDArray[np.uint8]
_LETTERS = {"A": 0, "B": 1, "C": 2, "L1": 0, "L2": 1, "L3": 2}


@dataclass(frozen=True, slots=True)
class Things:
    """The nodes of a supply graph, as this reads them."""

    terms: Ids
    role: Ids
    """Per node: index into `classes`."""
    classes: tuple[str | None, ...]


def electrical(
    snapshot: Snapshot, vocabulary: Vocabulary, things: Things, edges: Edges, loads: Loads, media: tuple[str, ...]
) -> Electrical:
    """The electrical columns. Cost: vectorised look-ups, and one pass over the power edges for each step from the loads up."""
    stated = _Stated(snapshot, vocabulary, things)
    phases = _phases(stated)
    rated_kw, limit_kw = _rating(stated, phases)
    curve_of, curves = _curves(stated)
    draw, basis, beside = _draws(stated, edges, loads, media)
    return Electrical(
        draw,
        basis,
        rated_kw,
        limit_kw,
        curve_of,
        curves,
        stated.flags(vocabulary.supply.takes_one_input),
        stated.flags(vocabulary.supply.is_standby) | _catchers(snapshot, things.terms),
        _priorities(snapshot, things.terms),
        beside,
        phases,
        stated.doubts,
    )


def rating(snapshot: Snapshot, vocabulary: Vocabulary, things: Things) -> tuple[Floats, Floats, bool]:
    """`Electrical.rated_kw` and `limit_kw` of some nodes, and whether any figure is in doubt. Cost: look-ups for each."""
    stated = _Stated(snapshot, vocabulary, things)
    return *_rating(stated, _phases(stated)), bool(stated.doubts)


def _rating(stated: _Stated, phases: Bits) -> tuple[Floats, Floats]:
    power_factor = stated.number("powerFactor", stated.equipment(DCX + "powerFactor"))
    rated_kw, of_breaker = _ratings(stated, phases, power_factor)
    derating = stated.number("deratingFactor", np.where(of_breaker, BREAKER_DERATING, 1.0))
    return rated_kw, rated_kw * derating


class _Stated:
    """What nodes state, or else their classes."""

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary, things: Things) -> None:
        self.snapshot, self.vocabulary, self.things = snapshot, vocabulary, things
        self.doubts: dict[int, str] = {}
        """By node: what it states and cannot mean, and what is taken instead."""

    def doubt(self, node: int, text: str) -> None:
        """Note that something cannot be meant."""
        self.doubts[node] = "; ".join(filter(None, (self.doubts.get(node), text)))

    def quantity(self, predicates: Iterable[str], unit: str, better: Callable[[Floats, Floats], Floats], *, most: bool = False) -> Floats:
        """The stated quantities above 0, of several the `better`, of one predicate's the smallest (`most`: the greatest); nan where none is
        stated."""
        found = np.full(len(self.things.terms), np.nan)
        for predicate in predicates:
            value = quantities(self.snapshot, predicate, self.things.terms, unit, most=most)
            found = better(found, np.where(value > 0, value, np.nan))
        return found

    def number(self, name: str, usual: Floats | float, *, most: bool = False) -> Floats:
        """A share above 0 and at most 1 that nodes state (`dcx:`), of several the smallest (`most`: the greatest), else what is taken for
        their class, else what is `usual`. What is stated and none such, or differs, is noted."""
        found = self.by_class(DCX + name)[self.things.role]
        relation = self.snapshot.relation(DCX + name)
        says = np.flatnonzero(relation.first_objects(self.things.terms) >= 0).tolist()
        refused = []
        for node in says:
            stated = {figure_of(self.snapshot.key(each)) for each in relation.objects_of(int(self.things.terms[node])).tolist()}
            known = sorted(value for value in stated if 0 < value <= 1)
            if known:
                found[node] = known[-1 if most else 0]
            if len(known) != 1 or len(stated) != 1:
                refused.append((node, len(known) > 1))
        found = np.where(np.isnan(found), usual, found)
        for node, several in refused:
            what = f"several dcx:{name} that differ" if several else f"a dcx:{name} that is no number above 0 and at most 1"
            self.doubt(node, f"states {what}: {found[node]:g} counts")
        return found

    def by_class(self, of: str) -> Floats:
        """Per role: the middle of what is taken for a property; nan where no class says anything."""
        values = [None if cls is None else self.vocabulary.supply.value(cls, of) for cls in self.things.classes]
        return np.array([np.nan if value is None else (value.low + value.high) / 2 for value in values])

    def equipment(self, of: str) -> float:
        """What is taken for electrical equipment."""
        value = self.vocabulary.supply.value(_EQUIPMENT, of)
        return np.nan if value is None else (value.low + value.high) / 2

    def volts(self) -> tuple[Floats, Marks]:
        """The voltage of each node, and whether it states one itself."""
        own = self.quantity(VOLTS, VOLT, lambda first, then: np.where(np.isnan(first), then, first))
        usual = self.by_class(VOLTS[-1])[self.things.role]
        usual = np.where(np.isnan(usual), self.equipment(VOLTS[-1]), usual)
        says = np.logical_or.reduce([self.snapshot.relation(each).first_objects(self.things.terms) >= 0 for each in VOLTS])
        for node in np.flatnonzero(says & np.isnan(own)).tolist():
            self.doubt(node, f"states a voltage that is no number above 0 in a unit of voltage: {usual[node]:g} V counts")
        return np.where(np.isnan(own), usual, own), ~np.isnan(own)

    def flags(self, told: Callable[[str], bool]) -> Marks:
        """What a class says, for each node."""
        by_role = np.array([cls is not None and told(cls) for cls in self.things.classes], dtype=np.bool_)
        return by_role[self.things.role]


def _ratings(stated: _Stated, phases: Bits, pf: Floats) -> tuple[Floats, Marks]:
    """The smallest rating of each node in kW (`inf` where it states none), and whether that is a current.

    Three-phase P = sqrt(3) U I pf; on two phases U I pf; on one phase with the voltage that it states itself, else with that of one
    phase against neutral.
    """
    volts, own = stated.volts()
    on = np.array([0, 1, 1, 2, 1, 2, 2, 3])[phases]
    of_amperes = np.select([on == 1, on == 2], [np.where(own, 1.0, 1 / sqrt(3)), 1.0], sqrt(3))
    power = np.fmin(stated.quantity(RATED_KW, KILOWATT, np.fmin), stated.quantity(RATED_KVA, KILOVOLTAMPERE, np.fmin) * pf)
    current = stated.quantity(RATED_A, AMPERE, np.fmin) * volts * of_amperes * pf / 1000.0
    smallest = np.fmin(power, current)
    return np.where(np.isnan(smallest), np.inf, smallest), ~np.isnan(current) & (np.isnan(power) | (current <= power))


def _draws(stated: _Stated, edges: Edges, loads: Loads, media: tuple[str, ...]) -> tuple[Floats, Ids, Marks]:
    """What each node draws itself, what that stands on, and whether what is mounted in it draws past it.

    What is planned for something is not counted where something behind it, or mounted in it, says what it draws; a rated input is a
    draw only of what feeds nothing.
    """
    allocated = stated.quantity((ALLOCATED,), KILOWATT, np.fmax, most=True)
    diversity = stated.number("diversityFactor", 1.0, most=True)
    nameplate = stated.quantity((RATED_INPUT,), KILOWATT, np.fmax, most=True) * diversity
    of_power = edges.medium == media.index(POWER)
    source, target = edges.source[of_power], edges.target[of_power]
    leaf = np.ones(len(allocated), dtype=np.bool_)
    leaf[source] = False
    says = ~np.isnan(allocated) | (~np.isnan(nameplate) & leaf)
    covered = _upstream(says, source, target)
    mounted, rack = loads.mounted[:, 0], loads.mounted[:, 1]
    beside = np.zeros(len(covered), dtype=np.bool_)
    beside[rack[says[mounted] | covered[mounted]]] = True
    beside &= ~covered
    covered |= beside
    use_allocated, use_nameplate = ~np.isnan(allocated) & ~covered, np.isnan(allocated) & ~np.isnan(nameplate) & leaf & ~covered
    basis = np.where(use_allocated, Basis.ALLOCATED, np.where(use_nameplate, Basis.RATED, Basis.NOTHING)).astype(np.int32)
    return np.where(use_allocated, allocated, np.where(use_nameplate, nameplate, 0.0)), basis, beside


def _upstream(says: Marks, source: Ids, target: Ids) -> Marks:
    """What feeds, over any number of steps, something that says what it draws."""
    found = np.zeros(len(says), dtype=np.bool_)
    front = says
    while front.any():
        above = np.zeros(len(says), dtype=np.bool_)
        above[source[front[target]]] = True
        front = above & ~found
        found |= above
    return found


def _curves(stated: _Stated) -> tuple[Ids, tuple[Curve, ...]]:
    """The curve of each node: the points that it states, else those of its class. Points that are none are noted."""
    snapshot, things, supply = stated.snapshot, stated.things, stated.vocabulary.supply
    known: dict[tuple[tuple[float, float], ...], int] = {}

    def number(points: tuple[tuple[float, float], ...]) -> int:
        return known.setdefault(points, len(known)) if points else -1

    by_role = np.array([number(supply.trip_curve(cls)) if cls is not None else -1 for cls in things.classes], dtype=np.int32)
    curve_of = by_role[things.role]
    own: dict[int, list[tuple[float, float]]] = defaultdict(list)
    relation = snapshot.relation(DCX + "tripCurve")
    parts = snapshot.relation(DCX + "multiple"), snapshot.relation(DCX + "seconds")
    for thing, point in relation.pairs():
        multiple, seconds = (safest([figure_of(snapshot.key(each)) for each in part.objects_of(point).tolist()]) for part in parts)
        own[thing].append((multiple, seconds))
    for thing, points in own.items():
        usable = tuple(sorted(point for point in points if point[0] > 0 and point[1] > 0))
        for node in np.flatnonzero(things.terms == thing).tolist():
            if usable:
                curve_of[node] = number(usable)
            if left_out := len(points) - len(usable):
                else_counts = "the curve of its class counts" if curve_of[node] >= 0 else "it never trips"
                counts = "the others count" if usable else else_counts
                stated.doubt(
                    node, f"states {left_out} of {len(points)} trip points without a dcx:multiple and dcx:seconds above 0: {counts}"
                )
    return curve_of, tuple(Curve(np.array([m for m, _ in points]), np.array([s for _, s in points])) for points in known)


def _phases(stated: _Stated) -> Bits:
    """The phases that nodes state by `brick:electricalPhases [ brick:value "AB" ]`, as bits; 0 for none, or for all three."""
    snapshot, terms = stated.snapshot, stated.things.terms
    found = np.zeros(len(terms), dtype=np.uint8)
    relation, values = snapshot.relation(BRICK + "electricalPhases"), snapshot.relation(BRICK + "value")
    for node in np.flatnonzero(relation.first_objects(terms) >= 0).tolist():
        each = relation.objects_of(int(terms[node])).tolist()
        texts = [snapshot.key(int(o)) for quantity in each for o in values.objects_of(quantity)]
        names = {bit for text in texts if is_literal(text) for bit in _bits(literal_parts(text).lexical)}
        if not names:
            stated.doubt(node, "states brick:electricalPhases that name no phase: all three count")
        if 0 < len(names) < PHASES:
            found[node] = sum(1 << bit for bit in names)
    return found


def _bits(text: str) -> list[int]:
    """`A`, `AB`, `L1`, `L1-L2`: the numbers of the phases."""
    text = text.upper()
    return [bit for name, bit in _LETTERS.items() if name in text]


def _catchers(snapshot: Snapshot, terms: Ids) -> Marks:
    relation = snapshot.relation(DCX + "isCatcher")
    yes = [s for s, o in relation.pairs() if _is_true(snapshot.key(o))]
    return np.isin(terms, np.array(yes, dtype=np.int32))


def _priorities(snapshot: Snapshot, terms: Ids) -> Ids:
    """`dcx:priority` of an input: of the node itself, or of the port that a connection leads to."""
    stated = snapshot.relation(DCX + "priority")
    of = dict.fromkeys(terms.tolist(), PRIORITY_LAST) if len(stated) else {}
    for port, value in stated.pairs():
        number = number_of(snapshot.key(value))
        if not np.isfinite(number):
            continue
        for thing in (port, *snapshot.relation(S223 + "connectsAt").subjects_of(port).tolist()):
            if thing in of:
                of[thing] = min(of[thing], int(min(number, PRIORITY_LAST)))
    return np.array([of[term] for term in terms.tolist()], dtype=np.int32) if of else np.full(len(terms), PRIORITY_LAST, np.int32)


def _is_true(key: str) -> bool:
    return is_literal(key) and literal_parts(key).lexical in ("true", "1")
