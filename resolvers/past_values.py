"""What points read in the past: as they said it, thinned to what a chart shows, by equal spans of time, or all at one instant.

Rules of this file:

1. History is asked in threads of its own; no question here makes one of the present wait.
2. A chart of at most `maxPoints` rows is taken from samples where the span is short enough for them, else from spans that keep least and
   greatest: no peak is lost either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import strawberry

from analytics.trend import thinned
from graph.current import PointValue
from graph.history import HOUR_MS, MINUTE_MS, Buckets, Series
from graph.ports import History
from graph.values import Floats
from graph.values import Quality as Good
from graph.values import Reason as Why
from ontology.namespaces import expand
from resolvers.context import Face, Info, face_of
from resolvers.errors import BadInput, NoHistory, NoSuchEntity
from resolvers.types import Quality, Reason, Value

SERIES_MAX = 20
"""Points of one question about a span of time."""
INSTANT_MAX = 5000
"""Points of one question about an instant."""
ROWS_MAX = 10_000
"""Rows of one point in an answer."""
ROWS_DEFAULT = 1000
SAMPLES_READ_MAX = 200_000
"""Samples of one point that are read to be thinned; of more, spans of time are told."""


@strawberry.type(description="A point's new value.")
class PointReading:
    """One row of an event."""

    point: strawberry.ID = strawberry.field(description="IRI of the point.")
    value: Value = strawberry.field(description="Its value.")

    @staticmethod
    def of(row: PointValue, now_ms: int) -> PointReading:
        """From a row of current values, or of those of an instant."""
        return PointReading(point=strawberry.ID(row.point), value=Value.of(row, now_ms))


@strawberry.type(description="What one point read over a span of time: columns of one length, a row a sample or a span.")
class PointHistory:
    """Columns: what a chart takes."""

    point: strawberry.ID = strawberry.field(description="IRI of the point.")
    step_s: float | None = strawberry.field(description="Seconds of a span; null where the rows are samples.")
    at: list[datetime] = strawberry.field(description="When: source time of the sample, or the begin of the span.")
    value: list[float | None] = strawberry.field(
        description="The sample, or the mean of the span's samples that were good enough; null for no number: the line is broken there."
    )
    minimum: list[float | None] = strawberry.field(description="Least of the span; of a sample the sample.")
    maximum: list[float | None] = strawberry.field(description="Greatest of the span; of a sample the sample.")
    quality: list[Quality] = strawberry.field(description="How good the sample was; the worst of the span.")
    reason: list[Reason] = strawberry.field(description="Why it was no better; of spans NONE.")
    coverage: list[float | None] = strawberry.field(
        description="Share of the span, 0 to 1, in which a good enough sample was no older than two periods; null for a sample."
    )

    @staticmethod
    def of_series(series: Series) -> PointHistory:
        """A row a sample."""
        values = _numbers(series.values)
        return PointHistory(
            point=strawberry.ID(series.point),
            step_s=None,
            at=_instants(series.observed_at.tolist()),
            value=values,
            minimum=values,
            maximum=values,
            quality=[QUALITY[code] for code in series.quality.tolist()],
            reason=[REASON[code] for code in series.reason.tolist()],
            coverage=[None] * len(series),
        )

    @staticmethod
    def of_buckets(buckets: Buckets) -> PointHistory:
        """A row a span."""
        return PointHistory(
            point=strawberry.ID(buckets.point),
            step_s=buckets.step_ms / 1000,
            at=_instants(buckets.start.tolist()),
            value=_numbers(buckets.mean),
            minimum=_numbers(buckets.minimum),
            maximum=_numbers(buckets.maximum),
            quality=[QUALITY[code] for code in buckets.quality.tolist()],
            reason=[Reason.NONE] * len(buckets),
            coverage=_numbers(buckets.coverage),
        )


QUALITY = [Quality[each.name] for each in Good]
REASON = [Reason[each.name] for each in Why]


def _numbers(values: Floats) -> list[float | None]:
    return [value if value == value else None for value in values.tolist()]  # noqa: PLR0124 - only nan is not itself


def _instants(times: Sequence[int]) -> list[datetime]:
    return [datetime.fromtimestamp(ms / 1000, UTC) for ms in times]


def history_of(face: Face) -> History:
    """The history of values. Raises `NoHistory` where none is kept."""
    if face.kept is None:
        raise NoHistory(
            "no history is kept here: set RIDETHROUGH_HISTORY to nothing (files in the data folder) or to a PostgreSQL, not off"
        )
    return face.kept


def _known(face: Face, history: History, asked: Sequence[str]) -> list[str]:
    """The IRIs of what is asked for: names that the graph has or had, or that history has. Raises `NoSuchEntity` for another."""
    points, find = [expand(point) for point in asked], face.twin.snapshot.terms.find
    strange = [point for point in points if find(point) is None]
    kept = frozenset(history.points()) if strange else frozenset[str]()
    missing = next((point for point in strange if point not in kept), None)
    if missing is not None:
        raise NoSuchEntity(f"neither the graph nor the history has a point {missing[:200]!r}")
    return points


Points = Annotated[list[strawberry.ID], strawberry.argument(description="IRIs or CURIEs of points; those that the graph has no more, too.")]


@strawberry.type
class PastValuesQuery:
    """Each reads in a worker thread."""

    @strawberry.field(
        description=f"What at most {SERIES_MAX} points read from `since` (included) to `until`: by spans of `stepS` seconds, or in at most "
        f"about `maxPoints` rows for a chart, {ROWS_DEFAULT} unless given. "
        "Errors: NO_HISTORY, HISTORY_UNAVAILABLE, UNKNOWN_ENTITY, BAD_INPUT."
    )
    async def history(
        self,
        info: Info,
        points: Points,
        since: Annotated[datetime, strawberry.argument(description="From when, with its offset.")],
        until: Annotated[datetime | None, strawberry.argument(description="Until when; now if not given.")] = None,
        step_s: Annotated[
            float | None, strawberry.argument(description="Length of a span in seconds; whole minutes and hours last longest.")
        ] = None,
        max_points: Annotated[
            int | None,
            strawberry.argument(description=f"Rows of one point at most, about, 4 to {ROWS_MAX}: the width of the chart in pixels."),
        ] = None,
    ) -> list[PointHistory]:
        face = face_of(info)
        asked = _Span.of(since, until or face.clock(), step_s, max_points)
        if not 1 <= len(points) <= SERIES_MAX:
            raise BadInput(f"points has {len(points)} ids: give 1 to {SERIES_MAX}")
        kept = history_of(face)
        return await face.looking_back.run(lambda: asked.read(kept, _known(face, kept, points)))

    @strawberry.field(
        description=f"The last sample of at most {INSTANT_MAX} points at an instant, as good as it was then: all values at 03:14. "
        "Errors: NO_HISTORY, HISTORY_UNAVAILABLE, UNKNOWN_ENTITY, BAD_INPUT."
    )
    async def values_at(
        self, info: Info, points: Points, at: Annotated[datetime, strawberry.argument(description="The instant, with its offset.")]
    ) -> list[PointReading]:
        face, at_ms = face_of(info), _ms("at", at)
        if not 1 <= len(points) <= INSTANT_MAX:
            raise BadInput(f"points has {len(points)} ids: give 1 to {INSTANT_MAX}")
        kept = history_of(face)
        batch = await face.looking_back.run(lambda: kept.at(_known(face, kept, points), at_ms))
        columns = (batch.values, batch.observed_at, batch.received_at, batch.quality, batch.reason)
        rows = zip(batch.points, *(column.tolist() for column in columns), strict=True)
        return [PointReading.of(PointValue(p, v, o, r, Good(q), Why(why)), at_ms) for p, v, o, r, q, why in rows]


class _Span:
    """What is asked of a span of time, checked."""

    def __init__(self, since_ms: int, until_ms: int, step_ms: int | None, rows: int) -> None:
        self._since, self._until, self._step, self._rows = since_ms, until_ms, step_ms, rows

    @staticmethod
    def of(since: datetime, until: datetime, step_s: float | None, max_points: int | None) -> _Span:
        """Raises `BadInput`."""
        since_ms, until_ms = _ms("since", since), _ms("until", until)
        if since_ms >= until_ms:
            raise BadInput(f"since {since.isoformat()} must be before until {until.isoformat()}")
        if step_s is not None and max_points is not None:
            raise BadInput("give stepS or maxPoints, not both")
        if max_points is not None and not 4 <= max_points <= ROWS_MAX:
            raise BadInput(f"maxPoints = {max_points}: give 4 to {ROWS_MAX}")
        if step_s is None:
            return _Span(since_ms, until_ms, None, max_points or ROWS_DEFAULT)
        if not 0.001 <= step_s <= 1e9 or (until_ms - since_ms) / (step_s * 1000) > ROWS_MAX:
            shortest = (until_ms - since_ms) / ROWS_MAX / 1000
            raise BadInput(f"stepS = {step_s:g}: give {max(shortest, 0.001):g} or more, so that there are {ROWS_MAX} spans at most")
        return _Span(since_ms, until_ms, round(step_s * 1000), ROWS_MAX)

    def read(self, history: History, points: Sequence[str]) -> list[PointHistory]:
        """The answer. To be called in a worker thread. Raises `HistoryUnavailable`."""
        if self._step is not None:
            return self._spans(history, points, self._step)
        step = whole_step_ms((self._until - self._since) / self._rows)
        if step > MINUTE_MS:
            return self._spans(history, points, step)
        return [self._chart(history, point, step) for point in points]

    def _spans(self, history: History, points: Sequence[str], step_ms: int) -> list[PointHistory]:
        return [PointHistory.of_buckets(each) for each in history.buckets(points, self._since, self._until, step_ms)]

    def _chart(self, history: History, point: str, step_ms: int) -> PointHistory:
        """Samples where they are kept and not too many, else spans (rule 2)."""
        series = history.series(point, self._since, self._until, SAMPLES_READ_MAX + 1)
        if 0 < len(series) <= SAMPLES_READ_MAX:
            return PointHistory.of_series(thinned(series, self._rows))
        return self._spans(history, [point], step_ms)[0]


def whole_step_ms(least_ms: float) -> int:
    """The shortest span of `least_ms` or more that is whole minutes, or from an hour on whole hours: what is kept longest."""
    unit = HOUR_MS if least_ms > HOUR_MS else MINUTE_MS
    return max(1, -int(-least_ms // unit)) * unit


def _ms(name: str, at: datetime) -> int:
    if at.tzinfo is None:
        raise BadInput(f"{name} = {at.isoformat()}: give the instant with its offset, such as 2026-03-03T14:02:00Z")
    return round(at.timestamp() * 1000)
