"""What the graph says about its points: which there are, how often each speaks, what it may read, and where its readback comes.

Read once for a snapshot; ingest, current values and control are bound to it anew when the graph changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import numpy as np

from graph.snapshot import Snapshot
from ontology.namespaces import BRICK, DCX, REF
from ontology.terms import is_iri

DEFAULT_PERIOD_S = 60.0
"""Seconds between samples of a point that has no `dcx:samplePeriod`: the slowest poll that is usual in building automation."""


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

    def __post_init__(self) -> None:
        if not self.period_s > 0:
            raise ValueError(f"dcx:samplePeriod must be more than 0 seconds, not {self.period_s:g}")
        if not self.rate_max > 0 or not self.frozen_s > 0:
            raise ValueError(f"rate and time of standing still must be more than 0, not {self.rate_max:g} and {self.frozen_s:g}")
        if not self.low <= self.high:
            raise ValueError(f"dcx:minValue {self.low:g} must not be above dcx:maxValue {self.high:g}")


def point_facts(snapshot: Snapshot) -> Mapping[str, PointFacts]:
    """The facts of every point, by IRI, in order of IRIs; a fact that makes no sense gives way to the default.

    A point is what `brick:hasPoint` or `brick:isPointOf` says is one, or what has an external reference. Cost: four look-ups a point.
    """
    numbers = np.unique(
        np.concatenate(
            (
                snapshot.relation(BRICK + "hasPoint").objects,
                snapshot.relation(BRICK + "isPointOf").subjects,
                snapshot.relation(REF + "hasExternalReference").subjects,
            )
        )
    ).tolist()
    named = sorted((snapshot.key(number), number) for number in numbers)
    return {iri: _facts(snapshot, iri, number) for iri, number in named if is_iri(iri)}


def sample_period_s(snapshot: Snapshot, point: int) -> float:
    """Seconds between two samples of the point (its number in the snapshot): what the graph says, if that is a time, else the default."""
    period = snapshot.number(point, DCX + "samplePeriod")
    return period if period is not None and 0 < period < inf else DEFAULT_PERIOD_S


def _facts(snapshot: Snapshot, iri: str, number: int) -> PointFacts:
    low, high = snapshot.number(number, DCX + "minValue"), snapshot.number(number, DCX + "maxValue")
    feedback = snapshot.one(number, DCX + "hasFeedbackPoint")
    bounds = (-inf if low is None else low, inf if high is None else high)
    low_bound, high_bound = bounds if bounds[0] <= bounds[1] else (-inf, inf)
    return PointFacts(sample_period_s(snapshot, number), low_bound, high_bound, iri if feedback is None else snapshot.key(feedback))
