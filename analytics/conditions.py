"""Under which conditions a failure question is asked: the instant, and where the switches stand.

A switch stands where a good value of its `dcx:Breaker_Position_Status` point says (0 open, 1 closed; any other value is no
position), else where its `dcx:normalPosition` says, else where its class stands normally (`dcx:defaultPosition`), else closed.
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
    power_kw: Mapping[str, float] = field(default_factory=dict)
    """What telemetry says that things carry, by IRI, in kW; good readings only (`analytics/capacity/readings.py`)."""


def positions(snapshot: Snapshot, vocabulary: Vocabulary, current_value: CurrentValue) -> dict[str, Position]:
    """The switches whose position telemetry knows well, by IRI, in order of IRIs.

    A switch is left out where no point of it has a `GOOD` value of 0 (open) or 1 (closed), the only ones that are positions: there
    the normal position holds, which the supply graph knows. Of several such points the first in order of IRIs counts. Cost: the
    position points.
    """
    found: dict[str, Position] = {}
    for switch, points in _position_points(snapshot, vocabulary).items():
        known = next((told for point in points if (told := _told(current_value(point))) is not None), None)
        if known is not None:
            found[switch] = known
    return found


def switches_with_position(snapshot: Snapshot, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The switches that have a position point, in order of IRIs."""
    return tuple(_position_points(snapshot, vocabulary))


def _position_points(snapshot: Snapshot, vocabulary: Vocabulary) -> dict[str, list[str]]:
    """The position points of each switch that has any, all in order of IRIs."""
    keys = snapshot.terms.keys
    found: dict[str, list[str]] = {}
    for point in sorted(snapshot.instances(vocabulary.subclasses(BREAKER_POSITION)).tolist(), key=keys.__getitem__):
        for owner in {*snapshot.subjects(BRICK + "hasPoint", point), *snapshot.objects(point, BRICK + "isPointOf")}:
            found.setdefault(keys[owner], []).append(keys[point])
    return dict(sorted(found.items()))


def _told(reading: tuple[float, Quality] | None) -> Position | None:
    if reading is None or reading[1] != Quality.GOOD or reading[0] not in (0.0, 1.0):
        return None
    return Position(is_open=reading[0] == 0.0, from_telemetry=True)
