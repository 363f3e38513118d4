"""Under which conditions a failure question is asked: the instant, and where the switches stand.

A switch stands where a good value of its `dcx:Breaker_Position_Status` point says (0 open, 1 closed), else where its
`dcx:normalPosition` says, else closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from graph.snapshot import Snapshot
from graph.values import Quality
from ontology.namespaces import BRICK, DCX
from ontology.vocabulary import Vocabulary

BREAKER_POSITION = DCX + "Breaker_Position_Status"
CurrentValue = Callable[[str], tuple[float, Quality] | None]
"""Gives the current value and quality of a point's IRI, or None when it has none."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a switch stands, and whether telemetry says so (else the model)."""

    is_open: bool
    from_telemetry: bool


@dataclass(frozen=True, slots=True)
class Conditions:
    """The instant (aware UTC) that an answer speaks of, and switch positions by IRI; a switch not named stands in its normal position."""

    at: datetime
    positions: Mapping[str, Position] = field(default_factory=dict)


def positions(snapshot: Snapshot, vocabulary: Vocabulary, current_value: CurrentValue) -> dict[str, Position]:
    """The switches whose position telemetry knows well, by IRI, in order of IRIs.

    A switch is left out where no point of it has a `GOOD` value: there the normal position holds, which the supply graph knows. Of
    several such points the first in order of IRIs counts. A value of 0.5 and more reads as closed. Cost: the position points.
    """
    keys = snapshot.terms.keys
    found: dict[str, Position] = {}
    points = snapshot.instances(vocabulary.subclasses(BREAKER_POSITION)).tolist()
    for point in sorted(points, key=keys.__getitem__, reverse=True):
        reading = current_value(keys[point])
        if reading is None or reading[1] != Quality.GOOD:
            continue
        owners = {*snapshot.subjects(BRICK + "hasPoint", point), *snapshot.objects(point, BRICK + "isPointOf")}
        for owner in owners:
            found[keys[owner]] = Position(is_open=reading[0] < 0.5, from_telemetry=True)
    return dict(sorted(found.items()))
