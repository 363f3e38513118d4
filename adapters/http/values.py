"""`GET /api/v1/points` and `GET /api/v1/values`: which points there are, and what they have, now or at an instant of the past."""

from __future__ import annotations

from hashlib import blake2b
from secrets import token_hex
from typing import Annotated, Any, Literal

import numpy as np
import orjson
from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from adapters.http import columns
from adapters.http.asking import AtAsked, BelowAsked, ClassAsked, EntityAsked, PointsAsked, as_rows, chosen, format_of, known_parameters
from adapters.http.codec import ARROW, JSON, NDJSON
from adapters.http.columns import Values
from adapters.http.directory import Directories, Directory
from adapters.http.parts import HttpParts
from adapters.http.problems import no_history, told
from adapters.http.threads import Threads
from graph.values import Quality, Reason

THREADS = 8
FORMATS = {"json": JSON, "ndjson": NDJSON, "arrow": ARROW}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_QUALITIES = {"type": "array", "items": {"type": "string", "enum": [each.name for each in Quality]}}
_REASONS = {"type": "array", "items": {"type": "string", "enum": [each.name for each in Reason]}}
_NUMBERS = {"type": "array", "items": {"type": ["number", "null"]}}
_MILLIS = {"type": "array", "items": {"type": ["integer", "null"]}, "description": "Source times, milliseconds since 1970; null for none."}
VALUES = {
    "type": "object",
    "title": "Values",
    "required": ["at", "revision", "points", "values", "observed_at", "quality", "reason"],
    "properties": {
        "at": {"type": "string", "format": "date-time", "description": "The instant that the values are of."},
        "revision": {"type": "integer", "description": "The revision of the graph that names the points."},
        "points": _TEXTS,
        "values": _NUMBERS,
        "observed_at": _MILLIS,
        "quality": _QUALITIES,
        "reason": _REASONS,
    },
}
_POINT = {
    "type": "object",
    "required": ["point", "label", "class", "unit", "entity", "room", "rack", "period_s", "low", "high"],
    "properties": {
        **{name: {"type": "string"} for name in ("point", "label")},
        **{name: {"type": ["string", "null"]} for name in ("class", "unit", "entity", "room", "rack")},
        "period_s": {"type": "number", "description": "Seconds between two samples."},
        "low": {"type": ["number", "null"], "description": "The least that it may read, in its unit."},
        "high": {"type": ["number", "null"]},
    },
}
POINTS = {
    "type": "object",
    "title": "Points",
    "required": ["revision", "total", "next", "points"],
    "properties": {
        "revision": {"type": "integer"},
        "total": {"type": "integer", "description": "Points in all that were asked for."},
        "next": {"type": ["string", "null"], "description": "What to give as `after` for the next page; null on the last one."},
        "points": {"type": "array", "items": _POINT},
    },
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_VALUES_TOLD: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Columns of one length, a row a point.",
        "headers": {"ETag": {"description": "Give it as If-None-Match.", "schema": {"type": "string"}}},
        "content": {JSON: {"schema": VALUES}, NDJSON: {"schema": {"type": "string"}}, ARROW: _BINARY},
    },
    304: {"description": "Nothing has changed."},
    **told(404, 406, 503),
}
_POINTS_TOLD: dict[int | str, dict[str, Any]] = {
    200: {"description": "A page of points, in order of their ids.", "content": {JSON: {"schema": POINTS}}},
    **told(404),
}


class Current:
    """The current values of points as bytes; what stays from one question to the next is kept."""

    def __init__(self, parts: HttpParts, directories: Directories) -> None:
        self._parts, self._directories = parts, directories
        self._boot = token_hex(4)
        self._names: tuple[Directory, bytes] | None = None

    def tag(self, asked: str) -> str:
        """Another text whenever the answer may be another one."""
        version = f"{self._boot}-{self._parts.snapshot().revision}-{self._parts.current.version}"
        return f'"{version}-{blake2b(asked.encode(), digest_size=6).hexdigest()}"'

    def values(self, directory: Directory, rows: list[int] | None) -> Values:
        """What the points of these rows have now (None: all)."""
        if rows is None:
            points, slots, names = directory.iris, directory.slots, self._all_names(directory)
        else:
            points, slots = [directory.iris[row] for row in rows], directory.slots[as_rows(rows)]
            names = columns.names_json(points)
        return Values(points, names, *self._parts.current.columns(slots))

    def past(self, directory: Directory, rows: list[int] | None, at: int) -> Values:
        """What they had at an instant. Raises `Problem`, `HistoryUnavailable`."""
        if self._parts.history is None:
            raise no_history()
        points = list(directory.iris) if rows is None else [directory.iris[row] for row in rows]
        found = self._parts.history.at(points, at)
        return Values(points, columns.names_json(points), found.values, found.observed_at, found.quality, found.reason)

    def _all_names(self, directory: Directory) -> bytes:
        if self._names is None or self._names[0] is not directory:
            self._names = directory, columns.names_json(directory.iris)
        return self._names[1]


def values_router(parts: HttpParts, directories: Directories, current: Current) -> APIRouter:
    """The two addresses."""
    router, threads = APIRouter(tags=["values"], dependencies=[Depends(known_parameters)]), Threads(THREADS)

    @router.get("/points", summary="List points", response_class=Response, responses=_POINTS_TOLD)
    async def points(
        point: PointsAsked = None,
        entity: EntityAsked = None,
        below: BelowAsked = None,
        cls: ClassAsked = None,
        first: Annotated[int, Query(ge=1, le=10_000, description="Points of one page.")] = 1_000,
        after: Annotated[str | None, Query(description="The id after which the page begins.")] = None,
    ) -> Response:
        """What the graph says of its points: class, unit, where they belong, how often they speak, and what they may read."""

        def work() -> Response:
            directory = directories.now()
            rows = chosen(directory, parts.snapshot(), parts.vocabulary, point, entity, below, cls)
            rows = list(range(len(directory))) if rows is None else sorted(set(rows))
            page = [row for row in rows if after is None or directory.iris[row] > after]
            told = {
                "revision": directory.revision,
                "total": len(rows),
                "next": directory.iris[page[first - 1]] if len(page) > first else None,
                "points": [_point(directory, row) for row in page[:first]],
            }
            return Response(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE), media_type=JSON, headers={"cache-control": "no-cache"})

        return await threads.run(work)

    @router.get("/values", summary="Read values", response_class=Response, responses=_VALUES_TOLD)
    async def values(
        request: Request,
        point: PointsAsked = None,
        entity: EntityAsked = None,
        below: BelowAsked = None,
        cls: ClassAsked = None,
        at: AtAsked = None,
        format_: Annotated[
            Literal["json", "ndjson", "arrow"] | None, Query(alias="format", description="In place of an Accept header.")
        ] = None,
        if_none_match: Annotated[str | None, Header(description="The ETag of an answer before.")] = None,
    ) -> Response:
        """The values of points with source time, quality and its reason; all points where none is named. With `at`: each point's last
        sample at or before that instant, as good as its age lets it be."""
        form = format_of(format_, request.headers.get("accept"), FORMATS)

        def work() -> Response:
            tag = current.tag(f"{form} {request.url.query}")
            headers = {"cache-control": "no-cache", "vary": "Accept"}
            if at is None:
                headers["etag"] = tag
                if if_none_match is not None and tag in if_none_match:
                    return Response(status_code=304, headers=headers)
            directory = directories.now()
            rows = chosen(directory, parts.snapshot(), parts.vocabulary, point, entity, below, cls)
            instant = parts.now_ms if at is None else at
            found = current.values(directory, rows) if at is None else current.past(directory, rows, instant)
            return Response(_written(found, form, instant, directory.revision), media_type=FORMATS[form], headers=headers)

        return await threads.run(work)

    return router


def _written(found: Values, form: str, at: int, revision: int) -> bytes:
    if form == "json":
        return columns.as_json(found, {"at": columns.shown(at), "revision": revision})
    return columns.as_lines(found) if form == "ndjson" else columns.as_arrow(found)


def _point(directory: Directory, row: int) -> dict[str, object]:
    facts = directory.facts[row]
    return {
        "point": directory.iris[row],
        "label": directory.labels[row],
        "class": directory.classes[row] or None,
        "unit": directory.units[row] or None,
        "entity": directory.entities[row] or None,
        "room": directory.rooms[row] or None,
        "rack": directory.racks[row] or None,
        "period_s": facts.period_s,
        "low": facts.low if np.isfinite(facts.low) else None,
        "high": facts.high if np.isfinite(facts.high) else None,
    }
