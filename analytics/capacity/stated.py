"""From the model to draws, ratings and curves: the electrical columns of a supply graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from analytics.capacity.electrical import PHASES, PRIORITY_LAST, Basis, Curve, Electrical
from analytics.loads import KILOWATT, number_of, quantities
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
    phases = _phases(snapshot, things.terms)
    rated_kw, limit_kw = _rating(stated, phases)
    curve_of, curves = _curves(snapshot, vocabulary, things)
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
    )


def rating(snapshot: Snapshot, vocabulary: Vocabulary, things: Things) -> tuple[Floats, Floats]:
    """`Electrical.rated_kw` and `limit_kw` of some nodes. Cost: look-ups for each."""
    return _rating(_Stated(snapshot, vocabulary, things), _phases(snapshot, things.terms))


def _rating(stated: _Stated, phases: Bits) -> tuple[Floats, Floats]:
    rated_kw, of_breaker = _ratings(stated, phases, stated.number("powerFactor"))
    derating = stated.number("deratingFactor")
    derating = np.where(np.isnan(derating), np.where(of_breaker, BREAKER_DERATING, 1.0), derating)
    return rated_kw, rated_kw * derating


class _Stated:
    """What nodes state, or else their classes."""

    def __init__(self, snapshot: Snapshot, vocabulary: Vocabulary, things: Things) -> None:
        self._snapshot, self._vocabulary, self._things = snapshot, vocabulary, things

    def quantity(self, predicates: Iterable[str], unit: str, better: Callable[[Floats, Floats], Floats], *, most: bool = False) -> Floats:
        """The stated quantities above 0, of several the `better`, of one predicate's the smallest (`most`: the greatest); nan where none is
        stated."""
        found = np.full(len(self._things.terms), np.nan)
        for predicate in predicates:
            value = quantities(self._snapshot, predicate, self._things.terms, unit, most=most)
            found = better(found, np.where(value > 0, value, np.nan))
        return found

    def number(self, name: str) -> Floats:
        """A share above 0 and at most 1 that nodes state (`dcx:`), else what is taken for their class; nan where neither says."""
        by_class = self.by_class(DCX + name)
        found = by_class[self._things.role]
        relation = self._snapshot.relation(DCX + name)
        first = relation.first_objects(self._things.terms)
        for node in np.flatnonzero(first >= 0).tolist():
            value = number_of(self._snapshot.key(int(first[node])))
            if 0 < value <= 1:
                found[node] = value
        return found

    def by_class(self, of: str) -> Floats:
        """Per role: the middle of what is taken for a property; nan where no class says anything."""
        values = [None if cls is None else self._vocabulary.supply.value(cls, of) for cls in self._things.classes]
        return np.array([np.nan if value is None else (value.low + value.high) / 2 for value in values])

    def equipment(self, of: str) -> float:
        """What is taken for electrical equipment."""
        value = self._vocabulary.supply.value(_EQUIPMENT, of)
        return np.nan if value is None else (value.low + value.high) / 2

    def volts(self) -> tuple[Floats, Marks]:
        """The voltage of each node, and whether it states one itself."""
        own = self.quantity(VOLTS, VOLT, lambda first, then: np.where(np.isnan(first), then, first))
        usual = self.by_class(VOLTS[-1])[self._things.role]
        usual = np.where(np.isnan(usual), self.equipment(VOLTS[-1]), usual)
        return np.where(np.isnan(own), usual, own), ~np.isnan(own)

    def power_factor(self, found: Floats) -> Floats:
        """The power factor of each node, that of electrical equipment where nothing is said."""
        return np.where(np.isnan(found), self.equipment(DCX + "powerFactor"), found)

    def flags(self, told: Callable[[str], bool]) -> Marks:
        """What a class says, for each node."""
        by_role = np.array([cls is not None and told(cls) for cls in self._things.classes], dtype=np.bool_)
        return by_role[self._things.role]


def _ratings(stated: _Stated, phases: Bits, factor: Floats) -> tuple[Floats, Marks]:
    """The smallest rating of each node in kW (`inf` where it states none), and whether that is a current.

    Three-phase P = sqrt(3) U I pf; on two phases U I pf; on one phase with the voltage that it states itself, else with that of one
    phase against neutral.
    """
    pf = stated.power_factor(factor)
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
    diversity = stated.number("diversityFactor")
    nameplate = stated.quantity((RATED_INPUT,), KILOWATT, np.fmax, most=True) * np.where(np.isnan(diversity), 1.0, diversity)
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


def _curves(snapshot: Snapshot, vocabulary: Vocabulary, things: Things) -> tuple[Ids, tuple[Curve, ...]]:
    """The curve of each node: the points that it states, else those of its class."""
    known: dict[tuple[tuple[float, float], ...], int] = {}

    def number(points: tuple[tuple[float, float], ...]) -> int:
        return known.setdefault(points, len(known)) if points else -1

    by_role = np.array([number(vocabulary.supply.trip_curve(cls)) if cls is not None else -1 for cls in things.classes], dtype=np.int32)
    curve_of = by_role[things.role]
    own: dict[int, list[tuple[float, float]]] = defaultdict(list)
    relation = snapshot.relation(DCX + "tripCurve")
    multiples, seconds = snapshot.relation(DCX + "multiple"), snapshot.relation(DCX + "seconds")
    for thing, point in zip(relation.subjects.tolist(), relation.objects.tolist(), strict=True):
        pair = [number_of(snapshot.key(int(o))) for r in (multiples, seconds) for o in r.objects_of(point)[:1]]
        if len(pair) == 2 and min(pair) > 0:
            own[thing].append((pair[0], pair[1]))
    for thing, points in own.items():
        curve_of[things.terms == thing] = number(tuple(sorted(points)))
    return curve_of, tuple(Curve(np.array([m for m, _ in points]), np.array([s for _, s in points])) for points in known)


def _phases(snapshot: Snapshot, terms: Ids) -> Bits:
    """The phases that nodes state by `brick:electricalPhases [ brick:value "AB" ]`, as bits; 0 for none, or for all three."""
    found = np.zeros(len(terms), dtype=np.uint8)
    stated = snapshot.relation(BRICK + "electricalPhases")
    values = snapshot.relation(BRICK + "value")
    for node in np.flatnonzero(stated.first_objects(terms) >= 0).tolist():
        each = stated.objects_of(int(terms[node])).tolist()
        texts = [snapshot.key(int(o)) for quantity in each for o in values.objects_of(quantity)]
        names = {bit for text in texts if is_literal(text) for bit in _bits(literal_parts(text).lexical)}
        if 0 < len(names) < PHASES:
            found[node] = sum(1 << bit for bit in names)
    return found


def _bits(text: str) -> list[int]:
    """`A`, `AB`, `L1`, `L1-L2`: the numbers of the phases."""
    text = text.upper()
    return [bit for name, bit in _LETTERS.items() if name in text]


def _catchers(snapshot: Snapshot, terms: Ids) -> Marks:
    relation = snapshot.relation(DCX + "isCatcher")
    yes = [s for s, o in zip(relation.subjects.tolist(), relation.objects.tolist(), strict=True) if _is_true(snapshot.key(o))]
    return np.isin(terms, np.array(yes, dtype=np.int32))


def _priorities(snapshot: Snapshot, terms: Ids) -> Ids:
    """`dcx:priority` of an input: of the node itself, or of the port that a connection leads to."""
    stated = snapshot.relation(DCX + "priority")
    of = dict.fromkeys(terms.tolist(), PRIORITY_LAST) if len(stated) else {}
    for port, value in zip(stated.subjects.tolist(), stated.objects.tolist(), strict=True):
        number = number_of(snapshot.key(value))
        if not np.isfinite(number):
            continue
        for thing in (port, *snapshot.relation(S223 + "connectsAt").subjects_of(port).tolist()):
            if thing in of:
                of[thing] = min(of[thing], int(min(number, PRIORITY_LAST)))
    return np.array([of[term] for term in terms.tolist()], dtype=np.int32) if of else np.full(len(terms), PRIORITY_LAST, np.int32)


def _is_true(key: str) -> bool:
    return is_literal(key) and literal_parts(key).lexical in ("true", "1")
