"""`GET /api/v1/history`: how points went: samples as they came, spans of them, or as many as a chart has pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import orjson
import pyarrow as pa
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from adapters.http import columns
from adapters.http.asking import (
    BelowAsked,
    ClassAsked,
    EntityAsked,
    PointsAsked,
    SinceAsked,
    UntilAsked,
    chosen,
    format_of,
    known_parameters,
)
from adapters.http.codec import ARROW, JSON
from adapters.http.directory import Directories, Directory
from adapters.http.parts import HttpParts
from adapters.http.problems import Problem, no_history, told
from adapters.http.rules import POINTS_MAX, SAMPLES_MAX, HttpRules
from adapters.http.threads import Threads
from adapters.http.trends import trend
from adapters.http.values import _MILLIS, _NUMBERS, _QUALITIES, _REASONS
from graph.history import DAY_MS, Buckets, Series
from graph.ports import History
from graph.values import Quality, Reason
from ontology.namespaces import expand
from twin.export import SAMPLES, SPANS, batch_of, spans_of, write_csv, write_parquet

THREADS = 4
FORMATS = {"json": JSON, "csv": "text/csv", "arrow": ARROW, "parquet": "application/vnd.apache.parquet"}
PAGE = 100_000
"""Samples of one point in one answer, where no limit is asked for."""
STEP_MS_MIN, STEP_MS_MAX = 1_000, 366 * DAY_MS
_COUNTS = {"type": "array", "items": {"type": "integer"}}
_SERIES = {
    "type": "object",
    "required": ["point", "unit"],
    "properties": {
        "point": {"type": "string"},
        "unit": {"type": ["string", "null"]},
        "next": {"type": ["integer", "null"], "description": "Where the answer was cut: what to give as `since` for the rest; else null."},
        "observed_at": _MILLIS,
        "values": _NUMBERS,
        "quality": _QUALITIES,
        "reason": _REASONS,
        "start": {**_MILLIS, "description": "Where each span begins, milliseconds since 1970."},
        **dict.fromkeys(("minimum", "maximum", "mean", "coverage"), _NUMBERS),
        "count": _COUNTS,
    },
}
ANSWER = {
    "type": "object",
    "title": "History",
    "required": ["since", "until", "step_ms", "series"],
    "properties": {
        "since": {"type": "string", "format": "date-time"},
        "until": {"type": "string", "format": "date-time"},
        "step_ms": {"type": ["integer", "null"], "description": "How long each span is; null for samples."},
        "series": {"type": "array", "description": "One a point, in the order in which they were asked for.", "items": _SERIES},
    },
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Samples, or spans where `step` is given.",
        "content": {JSON: {"schema": ANSWER}, "text/csv": {"schema": {"type": "string"}}, ARROW: _BINARY, FORMATS["parquet"]: _BINARY},
    },
    **told(404, 406, 413, 503),
}


def history_router(parts: HttpParts, directories: Directories, rules: HttpRules) -> APIRouter:
    """The address."""
    router, threads = APIRouter(tags=["values"], dependencies=[Depends(known_parameters)]), Threads(THREADS)

    @router.get("/history", summary="Read history", response_class=Response, responses=_ANSWERS)
    async def history(
        request: Request,
        since: SinceAsked,
        point: PointsAsked = None,
        entity: EntityAsked = None,
        below: BelowAsked = None,
        cls: ClassAsked = None,
        until: UntilAsked = None,
        step: Annotated[
            float | None, Query(ge=STEP_MS_MIN / 1000, le=STEP_MS_MAX / 1000, description="Seconds of a span: answer with spans.")
        ] = None,
        max_points: Annotated[
            int | None, Query(ge=4, le=10_000, description="Pixels of a chart: answer with about as many samples, no peak lost.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=SAMPLES_MAX, description="Samples of one point in this answer.")] = PAGE,
        format_: Annotated[
            Literal["json", "csv", "arrow", "parquet"] | None, Query(alias="format", description="In place of an Accept header.")
        ] = None,
    ) -> Response:
        """How points went in [since, until). What is said with `step` (which comes before `max_points`) or `max_points` may come from
        rolled-up minutes and hours; each span says how much of it was covered and the worst quality in it."""
        form = format_of(format_, request.headers.get("accept"), FORMATS)
        kept = parts.history
        if kept is None:
            raise no_history()
        last = parts.now_ms if until is None else until
        if since >= last:
            text = f"since {columns.shown(since)} must be before until {columns.shown(last)}{' (now)' if until is None else ''}"
            raise Problem(422, "no span of time", text)

        def work() -> Response:
            directory = directories.now()
            narrowed = chosen(directory, parts.snapshot(), parts.vocabulary, None, entity, below, cls)
            points = _named(kept, directory, point, narrowed)
            question = _Question(kept, directory, points, since, last, rules.samples_max)
            body = question.spans(round(step * 1000), form) if step else question.samples(limit, max_points, form)
            return Response(body, media_type=FORMATS[form], headers={"cache-control": "no-cache", "vary": "Accept"})

        return await threads.run(work)

    return router


def _named(history: History, directory: Directory, asked: Sequence[str] | None, narrowed: Sequence[int] | None) -> Sequence[str]:
    """The points asked for by name, in this order, as far as they are among those of the rows `narrowed`; all of those where none is
    named. Names that the graph does not have any more are looked for in history. Raises `Problem` (404, 422)."""
    among = None if narrowed is None else [directory.iris[row] for row in narrowed]
    if asked is None:
        if among is None:
            raise Problem(422, "no points", f"say whose history: point, entity, below or class, {POINTS_MAX} points at most")
        points = among
    else:
        named = [expand(point) for point in asked]
        strange = [point for point in named if directory.row(point) < 0]
        known = frozenset(history.points()) if strange else frozenset[str]()
        missing = next((point for point in strange if point not in known), None)
        if missing is not None:
            raise Problem(404, "no such point", f"neither the graph nor the history has {missing[:200]!r}: GET /api/v1/points lists points")
        inside = frozenset(among or ())
        points = named if among is None else [point for point in named if point in inside]
    if len(points) > POINTS_MAX:
        raise Problem(422, "too many points", f"{len(points):,} points are asked for, {POINTS_MAX} may be at once: narrow the choice")
    return points


class _Question:
    """One question for the history of some points; those that the graph does not have any more are answered, too."""

    def __init__(self, history: History, directory: Directory, points: Sequence[str], since: int, until: int, samples_max: int) -> None:
        self._history, self._directory, self._points = history, directory, points
        self._since, self._until, self._left = since, until, samples_max

    def samples(self, limit: int, pixels: int | None, form: str) -> bytes:
        """Samples, thinned to about `pixels` where these are given."""
        found = [(self._page(point, limit) if pixels is None else (self._trend(point, pixels), None)) for point in self._points]
        if form != "json":
            self._whole(all(end is None for _, end in found))
            return _table((batch_of(series) for series, _ in found), SAMPLES, form)
        return self._json(None, [self._head(series.point, end) + _samples(series) for series, end in found])

    def spans(self, step_ms: int, form: str) -> bytes:
        """Spans of `step_ms`."""
        end = self._since + self._left // max(1, len(self._points)) * step_ms
        found = self._history.buckets(self._points, self._since, min(end, self._until), step_ms) if self._points else []
        if form != "json":
            self._whole(end >= self._until)
            return _table((spans_of(each) for each in found), SPANS, form)
        return self._json(step_ms, [self._head(each.point, end if end < self._until else None) + _spans(each) for each in found])

    def _trend(self, point: str, pixels: int) -> Series:
        row = self._directory.row(point)
        period = self._directory.facts[row].period_s if row >= 0 else 60.0
        return trend(self._history, point, self._since, self._until, pixels, 1000 * period)

    def _page(self, point: str, limit: int) -> tuple[Series, int | None]:
        """The first samples of a point, and where the rest begins; what is of one instant stays together."""
        limit = min(limit, self._left)
        if limit <= 0:
            return self._history.series(point, self._since, self._since, 1), self._since
        while True:
            found = self._history.series(point, self._since, self._until, limit + 1)
            if len(found) <= limit:
                self._left -= len(found)
                return found, None
            cut = int(np.searchsorted(found.observed_at, found.observed_at[-1]))
            if cut:
                self._left -= cut
                part = Series(point, found.observed_at[:cut], found.values[:cut], found.quality[:cut], found.reason[:cut])
                return part, int(found.observed_at[cut])
            limit *= 2

    @staticmethod
    def _whole(complete: bool) -> None:
        """What has no place to say where the rest begins is answered whole or not at all."""
        if not complete:
            text = "the answer would be cut, and only JSON says where: ask for less time, fewer points, longer spans, or a higher limit"
            raise Problem(413, "too much", text)

    def _head(self, point: str, end: int | None) -> bytes:
        row = self._directory.row(point)
        unit = (self._directory.units[row] or None) if row >= 0 else None
        return orjson.dumps({"point": point, "unit": unit, "next": end})[:-1]

    def _json(self, step_ms: int | None, series: Sequence[bytes]) -> bytes:
        head = {"since": columns.shown(self._since), "until": columns.shown(self._until), "step_ms": step_ms}
        return orjson.dumps(head)[:-1] + b',"series":[' + b",".join(series) + b"]}\n"


def _samples(series: Series) -> bytes:
    parts = (
        (b"observed_at", orjson.dumps(np.ascontiguousarray(series.observed_at), option=orjson.OPT_SERIALIZE_NUMPY)),
        (b"values", columns.numbers(series.values)),
        (b"quality", columns.codes(series.quality, Quality)),
        (b"reason", columns.codes(series.reason, Reason)),
    )
    return b"".join(b',"' + name + b'":' + text for name, text in parts) + b"}"


def _spans(found: Buckets) -> bytes:
    parts = [(b"start", found.start), (b"minimum", found.minimum), (b"maximum", found.maximum), (b"mean", found.mean)]
    parts += [(b"count", found.count), (b"coverage", found.coverage)]
    texts = [(name, orjson.dumps(np.ascontiguousarray(column), option=orjson.OPT_SERIALIZE_NUMPY)) for name, column in parts]
    texts.append((b"quality", columns.codes(found.quality, Quality)))
    return b"".join(b',"' + name + b'":' + text for name, text in texts) + b"}"


def _table(batches: Iterator[pa.RecordBatch], schema: pa.Schema, form: str) -> bytes:
    if form == "arrow":
        return columns.stream(list(batches), schema)
    out = io.BytesIO()
    (write_csv if form == "csv" else write_parquet)(batches, schema, out)
    return out.getvalue()
