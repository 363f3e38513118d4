"""What the graph says about its points: which there are, how often each speaks, what it may read, and where its readback comes.

Read once for a snapshot; ingest, current values and control are bound to it anew when the graph changes.

Rules of this file:

1. What a point may read, how fast it may move and how long it may stand still: what the point says itself (`dcx:minValue`, `dcx:maxValue`,
   `dcx:maxRate`, `dcx:maxStandstill`), each for itself; else what its class says (`ontology/checks.ttl`), converted to the point's unit.
2. What a class says counts only where it can be converted: a point without a unit, or of a unit of another kind, is not held to it.
3. A fact that makes no sense gives way to none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite, isnan, nan
from typing import NamedTuple

import numpy as np

from graph.snapshot import Snapshot
from graph.values import Floats
from ontology.errors import UnitError
from ontology.namespaces import BRICK, DCX, REF
from ontology.terms import Ids, is_iri, is_literal, literal_parts
from ontology.units import conversion
from ontology.vocabulary import Vocabulary

DEFAULT_PERIOD_S = 60.0
"""Seconds between samples of a point that has no `dcx:samplePeriod`: the slowest poll that is usual in building automation."""
_MIN, _MAX, _RATE, _STANDSTILL = (DCX + name for name in ("minValue", "maxValue", "maxRate", "maxStandstill"))
_CHECKS = (_MIN, _MAX, _RATE, _STANDSTILL)


@dataclass(frozen=True, slots=True)
class PointFacts:
    """One point: seconds between samples, what it may read in its own unit, and the point on which a written value is read back."""

    period_s: float = DEFAULT_PERIOD_S
    low: float = -inf
    high: float = inf
    feedback: str = ""
    rate_max: float = inf
    """How fast it can move, units a second; what is faster is no measurement."""
    frozen_s: float = inf
    """How long it can stand still, seconds; a value that stands longer comes from a sensor that has stopped."""
    virtual: bool = False
    """Whether a formula gives its value: then no reading from outside does, and its own silence says nothing."""

    def __post_init__(self) -> None:
        if not self.period_s > 0:
            raise ValueError(f"dcx:samplePeriod must be more than 0 seconds, not {self.period_s:g}")
        if not self.rate_max > 0 or not self.frozen_s > 0:
            raise ValueError(f"rate and time of standing still must be more than 0, not {self.rate_max:g} and {self.frozen_s:g}")
        if not self.low <= self.high:
            raise ValueError(f"dcx:minValue {self.low:g} must not be above dcx:maxValue {self.high:g}")


class _Checks(NamedTuple):
    """What holds for the points of one class and one unit, in that unit."""

    low: float = -inf
    high: float = inf
    rate: float = inf
    frozen_s: float = inf


def point_facts(snapshot: Snapshot, vocabulary: Vocabulary | None = None) -> Mapping[str, PointFacts]:
    """The facts of every point, by IRI, in order of IRIs; without a vocabulary only what points say themselves.

    A point is what `brick:hasPoint` or `brick:isPointOf` says is one, or what has an external reference or a formula. Cost: vectorised
    look-ups, and a step of Python a point.
    """
    numbers = np.unique(
        np.concatenate(
            (
                snapshot.relation(BRICK + "hasPoint").objects,
                snapshot.relation(BRICK + "isPointOf").subjects,
                snapshot.relation(REF + "hasExternalReference").subjects,
                snapshot.relation(DCX + "formula").subjects,
            )
        )
    )
    key = snapshot.terms.keys
    named = sorted((iri, row) for row, number in enumerate(numbers.tolist()) if is_iri(iri := key[number]))
    periods = _numbers(snapshot, numbers, DCX + "samplePeriod")
    periods = np.where((periods > 0) & np.isfinite(periods), periods, DEFAULT_PERIOD_S).tolist()
    own = [_numbers(snapshot, numbers, name).tolist() for name in _CHECKS]
    virtual = np.isin(numbers, snapshot.relation(DCX + "formula").subjects).tolist()
    feedback = snapshot.relation(DCX + "hasFeedbackPoint").first_objects(numbers).tolist()
    of_class = _of_class(snapshot, numbers, vocabulary)
    found = {}
    for iri, row in named:
        checks = _checked(of_class[row], *(column[row] for column in own))
        back = iri if feedback[row] < 0 else key[feedback[row]]
        found[iri] = PointFacts(periods[row], checks.low, checks.high, back, checks.rate, checks.frozen_s, virtual[row])
    return found


def sample_period_s(snapshot: Snapshot, point: int) -> float:
    """Seconds between two samples of the point (its number in the snapshot): what the graph says, if that is a time, else the default."""
    period = snapshot.number(point, DCX + "samplePeriod")
    return period if period is not None and 0 < period < inf else DEFAULT_PERIOD_S


def _numbers(snapshot: Snapshot, points: Ids, predicate: str) -> Floats:
    """The number that each point says by a predicate; nan where it says none."""
    objects = snapshot.relation(predicate).first_objects(points)
    found, rows = np.full(len(points), nan), np.flatnonzero(objects >= 0)
    known: dict[int, float] = {}
    for row, literal in zip(rows.tolist(), objects[rows].tolist(), strict=True):
        if literal not in known:
            known[literal] = _number(snapshot.key(literal))
        found[row] = known[literal]
    return found


def _number(key: str) -> float:
    try:
        return float(literal_parts(key).lexical) if is_literal(key) else nan
    except ValueError:
        return nan


def _checked(of_class: _Checks, low: float, high: float, rate: float, frozen_s: float) -> _Checks:
    """Rules 1 and 3: the point's own before its class's."""
    if not isnan(low) or not isnan(high):
        ends = (of_class.low if isnan(low) else low, of_class.high if isnan(high) else high)
        if ends[0] > ends[1]:  # the point's own end lies beyond its class's other one, or it contradicts itself
            ends = (-inf if isnan(low) else low, inf if isnan(high) else high)
        low, high = ends if ends[0] <= ends[1] else (-inf, inf)
    else:
        low, high = of_class.low, of_class.high
    return _Checks(low, high, rate if rate > 0 else of_class.rate, frozen_s if frozen_s > 0 else of_class.frozen_s)


def _of_class(snapshot: Snapshot, points: Ids, vocabulary: Vocabulary | None) -> list[_Checks]:
    """What the classes of points say, row by row; of several classes of one point the most specific counts."""
    if vocabulary is None:
        return [_Checks()] * len(points)
    supply = vocabulary.supply
    saying = [cls for cls, said in supply.said.items() if any(value.property in _CHECKS for value in said.values)]
    below = frozenset().union(*(vocabulary.subclasses(cls) for cls in saying))
    classes = sorted(below, key=lambda cls: (len(vocabulary.superclasses(cls)), cls))
    class_of = np.full(len(points), -1, np.int32)
    for number, cls in enumerate(classes):
        if len(instances := snapshot.instances([cls])):
            class_of[np.isin(points, instances)] = number
    units = snapshot.relation(BRICK + "hasUnit").first_objects(points)
    known: dict[tuple[int, int], _Checks] = {}
    found = []
    for pair in zip(class_of.tolist(), units.tolist(), strict=True):
        if pair not in known:
            unit = snapshot.key(pair[1]) if pair[1] >= 0 else ""
            known[pair] = _Checks() if pair[0] < 0 else _class_checks(vocabulary, classes[pair[0]], unit)
        found.append(known[pair])
    return found


def _class_checks(vocabulary: Vocabulary, cls: str, unit: str) -> _Checks:
    """What a class says of points of a unit (IRI, "" for none), in that unit."""
    said = [vocabulary.supply.value(cls, name) for name in _CHECKS]
    ends = [
        None if value is None else (value.low if name == _MIN else value.high, value.unit)
        for name, value in zip(_CHECKS, said, strict=True)
    ]
    low, high, rate = (_converted(end, unit, shifts=name != _RATE) for name, end in zip(_CHECKS[:3], ends[:3], strict=True))
    frozen_s = nan if ends[3] is None else ends[3][0]
    return _Checks(-inf if isnan(low) else low, inf if isnan(high) else high, rate if rate > 0 else inf, frozen_s if frozen_s > 0 else inf)


def _converted(end: tuple[float, str] | None, unit: str, *, shifts: bool) -> float:
    """A number in another unit, nan where it does not convert (rule 2); `shifts` is false for a difference, which has no zero."""
    if end is None or not isfinite(end[0]):
        return nan
    if not end[1]:
        return end[0]
    try:
        scale, offset = conversion(end[1], unit)
    except UnitError:
        return nan
    return end[0] * scale + (offset if shifts else 0.0)
