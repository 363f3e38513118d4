"""What meters say that things carry: the good values of their power points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.conditions import CurrentValue
from analytics.loads import KILOWATT
from analytics.unusable import Unusable, unusable
from graph.changes import ChangeSet
from graph.snapshot import Snapshot
from graph.values import Floats, Quality
from graph.watched import Reads, Watched
from ontology.errors import UnitError
from ontology.namespaces import BRICK
from ontology.terms import Ids
from ontology.units import FIGURE_MAX, conversion
from ontology.vocabulary import Vocabulary

_METERS = (BRICK + "Electric_Power_Sensor", BRICK + "Electrical_Power_Sensor")
_OTHER_POWER = (BRICK + "Apparent_Power_Sensor", BRICK + "Reactive_Power_Sensor")


@dataclass(frozen=True, slots=True)
class PowerRead:
    """What meters said at one instant."""

    kw: Mapping[str, float]
    """What things carry, by IRI."""
    unmetered: Mapping[str, Unusable]
    """What a meter without a usable value was heard of, by IRI: the first such point."""


@dataclass(frozen=True, slots=True)
class PowerPoints:
    """The points of active electric power of one state of the model: whose they are and what their values are in kW."""

    points: Sequence[str]
    owners: Sequence[str]
    factors: Floats
    """kW for each of the point's unit."""
    reads: Reads

    def outlives(self, change: ChangeSet) -> bool:
        """Whether they are the same after an exact change. Cost: that of the change."""
        return not self.reads.touched_by(change)

    def read(self, current_value: CurrentValue) -> PowerRead:
        """What things carry now: of several good values not below 0 the highest. Cost: one look-up a point."""
        found, poor = dict[str, float](), dict[str, Unusable]()
        for point, owner, factor in zip(self.points, self.owners, self.factors.tolist(), strict=True):
            reading = current_value(point)
            if reading is None:
                continue
            kw = reading[0] * factor
            if reading[1] == Quality.GOOD and 0 <= kw <= FIGURE_MAX:
                found[owner] = max(kw, found.get(owner, 0.0))
            elif (said := unusable(point, reading, "below 0" if kw < 0 else "no load", "kW", factor)) is not None:
                poor[owner] = min(said, poor.get(owner, said), key=lambda each: each.point)
        return PowerRead(found, poor)


def power_points(snapshot: Snapshot, vocabulary: Vocabulary) -> PowerPoints:
    """The power points of a snapshot, in order of term numbers: those with an owner and a unit of power. Cost: vectorised look-ups."""
    watched = Watched.over(snapshot)
    classes = frozenset().union(*(vocabulary.subclasses(cls) for cls in _METERS))
    classes -= frozenset().union(*(vocabulary.subclasses(cls) for cls in _OTHER_POWER))
    points = np.sort(watched.instances(sorted(classes)))
    owners = _owners(watched, points)
    units = watched.relation(BRICK + "hasUnit").first_objects(points)
    factor = {unit: _kilowatts(watched.key(unit)) for unit in np.unique(units).tolist() if unit >= 0}
    factors = np.array([factor.get(unit, np.nan) for unit in units.tolist()])
    keep = (owners >= 0) & ~np.isnan(factors)
    keys = watched.terms.keys
    return PowerPoints(
        [keys[point] for point in points[keep].tolist()], [keys[owner] for owner in owners[keep].tolist()], factors[keep], watched.reads
    )


def _owners(snapshot: Snapshot, points: Ids) -> Ids:
    """Whose each point is, or -1."""
    has_point = snapshot.relation(BRICK + "hasPoint")
    owners = snapshot.relation(BRICK + "isPointOf").first_objects(points)
    if len(has_point) == 0:
        return owners
    at = np.minimum(np.searchsorted(has_point.by_object_objects, points), len(has_point) - 1)
    return np.where(has_point.by_object_objects[at] == points, has_point.by_object_subjects[at], owners).astype(np.int32)


def _kilowatts(unit: str) -> float:
    try:
        scale, offset = conversion(unit, KILOWATT)
    except UnitError:
        return float("nan")
    return scale if offset == 0 else float("nan")
