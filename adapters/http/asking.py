"""What a client asks by an address: instants, points, formats. Each is read in one place, and refused with what would be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
from fastapi import Query, Request
from fastapi.routing import APIRoute
from pydantic import BeforeValidator, WithJsonSchema

from adapters.http.codec import MILLIS_MAX, instant
from adapters.http.directory import Directory, below
from adapters.http.problems import Problem
from graph.snapshot import Snapshot
from ontology.namespaces import expand
from ontology.vocabulary import Vocabulary

_TIME = "ISO 8601 with an offset, or seconds or milliseconds since 1970"


def instant_of(text: object) -> int:
    """Milliseconds since 1970. Raises `ValueError`, also for an instant before 1970 or after the year 9999."""
    said = str(text).strip().replace(" ", "+")  # a plus that was not written as %2B
    try:
        found = instant(float(said))
    except ValueError:
        found = instant(said)
    if found is None:
        raise ValueError(f"{said[:40]!r} is no instant: write {_TIME}")
    if not 0 <= found < MILLIS_MAX:
        raise ValueError(f"{said[:40]!r} is before 1970 or after the year 9999: nothing is kept of then")
    return found


INSTANT_SCHEMA = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}]}
_KEPT_SCHEMA = {
    "anyOf": [
        {"type": "string", "format": "date-time", "pattern": r"^(19[789]\d|[2-9]\d{3})-"},
        {"type": "number", "minimum": 0, "maximum": MILLIS_MAX - 1},
    ]
}
Instant = Annotated[int, BeforeValidator(instant_of), WithJsonSchema(_KEPT_SCHEMA)]
PointsAsked = Annotated[
    list[str] | None, Query(alias="point", description="Points by id (IRI or CURIE), in this order.", examples=[["demo:Rack-R001.Power"]])
]
EntityAsked = Annotated[str | None, Query(description="The points of this thing.", examples=["demo:Rack-R001"])]
BelowAsked = Annotated[
    str | None, Query(description="The points of this thing and of all that is in it or part of it.", examples=["demo:Hall-1"])
]
ClassAsked = Annotated[
    str | None,
    Query(alias="class", description="The points of this class and of those below it.", examples=["brick:Temperature_Sensor"]),
]
SinceAsked = Annotated[Instant, Query(description=f"From when on: {_TIME}.", examples=["2026-06-01T00:00:00Z"])]
UntilAsked = Annotated[Instant | None, Query(description=f"Until when, itself not included: {_TIME}. Left out: now.")]
AtAsked = Annotated[Instant | None, Query(description=f"The values as they stood then: {_TIME}. Left out: now.")]


def known_parameters(request: Request) -> None:
    """No parameter beside those of the address: one misspelt would otherwise give all. Raises `Problem` (422)."""
    route = request.scope["route"]
    if isinstance(route, APIRoute):
        known = sorted(field.alias for field in route.dependant.query_params)
        for name in request.query_params:
            if name not in known:
                offer = f"give {', '.join(known)}" if known else "it has none"
                raise Problem(422, "no such parameter", f"{request.url.path} has no parameter {name[:60]!r}: {offer}")


def chosen(
    directory: Directory,
    snapshot: Snapshot,
    vocabulary: Vocabulary,
    points: Sequence[str] | None,
    entity: str | None,
    under: str | None,
    cls: str | None,
) -> list[int] | None:
    """The rows of the points asked for, in order of IRIs, or in the order in which they are named; None for all. Raises `Problem` (404)."""
    rows: list[int] | None = None
    if points:
        rows = [_row(directory, point) for point in points]
    if entity is not None:
        rows = _both(rows, directory.by_entity.get(_known(snapshot, entity), []))
    if under is not None:
        inside = below(snapshot, snapshot.need(_known(snapshot, under)))
        rows = _both(rows, [row for row, one in enumerate(directory.entities) if one in inside])
    if cls is not None:
        named = expand(cls)
        wanted = vocabulary.subclasses(named) if named in vocabulary.classes else frozenset({named})
        if named not in vocabulary.classes and named not in directory.classes:
            raise Problem(404, "no such class", f"there is no class {cls[:200]!r}: give one of Brick, such as brick:Temperature_Sensor")
        rows = _both(rows, [row for row, one in enumerate(directory.classes) if one in wanted])
    return rows


def _row(directory: Directory, point: str) -> int:
    row = directory.row(point)
    if row < 0:
        raise Problem(404, "no such point", f"the graph has no point {point[:200]!r}: GET /api/v1/points lists them")
    return row


def _known(snapshot: Snapshot, asked: str) -> str:
    number = snapshot.find(asked)
    if number is None:
        raise Problem(404, "no such thing", f"the graph has no entity {asked[:200]!r}: give its IRI, or a CURIE with a known prefix")
    return snapshot.key(number)


def _both(rows: list[int] | None, others: list[int]) -> list[int]:
    if rows is None:
        return others
    also = set(others)
    return [row for row in rows if row in also]


def as_rows(rows: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Rows as an index."""
    return np.array(rows, np.intp)


def format_of(asked: str | None, accept: str | None, offers: Mapping[str, str]) -> str:
    """The name of the format to answer in: what is asked for by name, else what the client accepts best (RFC 9110, 12.5.1), the first of
    `offers` among equals. Raises `Problem` (406)."""
    if asked is not None:
        return asked
    best, rank = "", (0.0, 0, 0)
    for order, (name, media) in enumerate(offers.items()):
        fits = max((_fit(part, media) for part in (accept or "*/*").lower().split(",")), default=(0.0, 0))
        if (*fits, -order) > rank and fits[0] > 0:
            best, rank = name, (*fits, -order)
    if not best:
        raise Problem(406, "no such format", f"accept one of {', '.join(offers.values())}", {"vary": "Accept"})
    return best


def _fit(part: str, media: str) -> tuple[float, int]:
    """How much a media range of an Accept header wants a type, and how exactly it names it."""
    kind, *parameters = (piece.strip() for piece in part.split(";"))
    exact = 2 if kind == media else 1 if kind.endswith("/*") and media.startswith(kind[:-1]) else 0 if kind == "*/*" else -1
    if exact < 0:
        return 0.0, 0
    try:
        quality = next((float(each[2:]) for each in parameters if each.startswith("q=")), 1.0)
    except ValueError:
        return 0.0, 0
    return quality if 0 <= quality <= 1 else 0.0, exact
