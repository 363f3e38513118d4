"""`ridethrough history`: what has been kept of points, printed or taken out."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.output import Config, Data, Failure, Json, Store, say, say_json, settings_from, table, written_beside

if TYPE_CHECKING:
    from graph.ports import History
    from twin.settings import Settings

DAY_S = 86_400
_SPANS = {"s": 1, "m": 60, "h": 3600, "d": DAY_S}
_SPAN = re.compile(r"(\d{1,9})([smhd])")
ROWS_PRINTED = 10_000
"""Rows that are printed at most; files have no bound."""


def history(
    points: Annotated[list[str] | None, typer.Argument(help="Points, or equipment: then all its points. None: how history stands.")] = None,
    since: Annotated[str, typer.Option(help="From then on: an instant, or 90s, 30m, 24h, 7d ago.")] = "1h",
    until: Annotated[str | None, typer.Option(help="Up to then; now when not given.", show_default=False)] = None,
    step: Annotated[
        str | None, typer.Option(help="By spans: 1m, 15m, 1h, 1d; samples as they came when not given.", show_default=False)
    ] = None,
    at: Annotated[str | None, typer.Option(help="The last value at or before this instant, of each point.", show_default=False)] = None,
    csv: Annotated[Path | None, typer.Option(help="Write a CSV file; - for standard output.", show_default=False)] = None,
    parquet: Annotated[Path | None, typer.Option(help="Write a Parquet file.", show_default=False)] = None,
    json: Json = False,
    data: Data = None,
    store: Store = None,
    config: Config = None,
) -> None:
    """Print what has been kept of points, or take it out as CSV or Parquet; without points, how much is kept. Reads beside a running
    service: what it has said of the last seconds may be missing."""
    now = datetime.now(UTC)
    settings = settings_from(config, data=data, store=store)
    if sum(each is not None for each in (csv, parquet)) + json > 1:
        raise Failure("give one of --csv, --parquet and --json", code=2)
    if at is not None and (csv or parquet or step):
        raise Failure("--at prints the values of one instant: leave --step, --csv and --parquet out", code=2)
    span = _millis(since, now), _millis(until, now) if until is not None else round(now.timestamp() * 1000)
    if span[0] >= span[1]:
        raise Failure("--since must be before --until", code=2)
    step_ms = None if step is None else _step_ms(step)
    with opened_history(settings) as (kept, points_of):
        if not points and at is None and csv is None and parquet is None:
            _tell_status(kept, json=json)
            return
        named = points_of(points) if points else list(kept.points())
        if at is not None:
            _tell_at(kept, named, _millis(at, now), json=json)
        elif csv is not None or parquet is not None:
            _write(kept, named, span, step_ms, csv, parquet)
        else:
            _tell(kept, named, span, step_ms, json=json)


@contextmanager
def opened_history(settings: Settings) -> Iterator[tuple[History, Callable[[Sequence[str]], list[str]]]]:
    """The history, for reading, and what finds points by what they or their equipment are called. Raises `Failure`, `GraphError`."""
    from adapters.history.keeping import Rules
    from graph.points import point_facts
    from twin.compose import open_ledger
    from twin.compose_history import history_folder, open_history

    if "://" not in settings.history and settings.history != "off" and not history_folder(settings).is_dir():
        raise Failure(f"nothing has been kept in {history_folder(settings)} yet: `ridethrough serve` keeps what wires bring")
    opened = open_ledger(settings, "history", read_only=True, or_empty=True)
    try:
        kept = open_history(settings, Rules(), read_only=True)
        if kept is None:
            raise Failure("history is off (setting 'history'): nothing is kept")
        try:
            snapshot = opened.twin.snapshot
            kept.rebind(point_facts(snapshot, opened.twin.vocabulary))
            yield kept, lambda names: _points_of(snapshot, kept, names)
        finally:
            kept.close()
    finally:
        opened.close()


def _points_of(snapshot: Any, kept: History, names: Sequence[str]) -> list[str]:
    """The points of names: a point's own, or those of an equipment; one that only history still knows counts as well."""
    from graph.names import no_entity
    from ontology.namespaces import BRICK, expand

    has, of = snapshot.relation(BRICK + "hasPoint"), snapshot.relation(BRICK + "isPointOf")
    found: dict[str, None] = {}
    known: frozenset[str] | None = None
    for name in names:
        number = snapshot.find(name)
        if number is None:
            known = frozenset(kept.points()) if known is None else known
            if expand(name) not in known:
                raise Failure(no_entity(snapshot, name))
            found[expand(name)] = None
            continue
        own = {*has.objects[has.subjects == number].tolist(), *of.subjects[of.objects == number].tolist()}
        for point in sorted(snapshot.key(each) for each in own) or [snapshot.key(number)]:
            found[point] = None
    return list(found)


# -- times ------------------------------------------------------------------------------------------------------------


def _millis(text: str, now: datetime) -> int:
    """An instant, or how long ago; ms since 1970. Raises `Failure` (wrong usage)."""
    ago = _SPAN.fullmatch(text)
    if ago is not None:
        instant = now - timedelta(seconds=int(ago[1]) * _SPANS[ago[2]])
    else:
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            raise Failure(
                f"{text[:40]!r} is neither an instant such as 2026-03-03T14:00:00Z nor how long ago, such as 24h", code=2
            ) from None
        if instant.tzinfo is None:
            raise Failure(f"the instant {text} says no offset from UTC: give one, as in {text}Z", code=2)
    return round(instant.timestamp() * 1000)


def _step_ms(text: str) -> int:
    span = _SPAN.fullmatch(text)
    if span is None or int(span[1]) == 0:
        raise Failure(f"{text[:40]!r} is no span such as 15m: a number and s, m, h or d", code=2)
    return int(span[1]) * _SPANS[span[2]] * 1000


def _told(millis: int) -> str:
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _number(value: float) -> float | None:
    return value if value == value else None  # noqa: PLR0124 - nan is not itself


# -- answers ----------------------------------------------------------------------------------------------------------


def _tell_status(kept: History, *, json: bool) -> None:
    status, points = kept.status(), len(kept.points())
    if json:
        from dataclasses import asdict

        say_json({"points": points, **asdict(status)})
        return
    span = f"{_told(status.oldest)} to {_told(status.newest)}" if status.samples else "nothing yet"
    rows = [
        ("points", f"{points:,}"),
        ("samples", f"{status.samples:,}"),
        ("span", span),
        ("megabytes", f"{status.bytes / 1e6:,.1f}"),
        ("not yet sorted", f"{status.waiting:,}"),
        ("problem", status.error or "none"),
    ]
    table(("HISTORY", ""), rows)


def _tell_at(kept: History, points: list[str], instant: int, *, json: bool) -> None:
    from graph.values import Quality, Reason
    from ontology.namespaces import compact

    found = kept.at(points, instant)
    columns = zip(points, found.values.tolist(), found.observed_at.tolist(), found.quality.tolist(), found.reason.tolist(), strict=True)
    rows: list[dict[str, Any]] = [
        {
            "point": point,
            "value": _number(value),
            "observed_at": _told(observed) if observed else None,
            "quality": Quality(quality).name,
            "reason": Reason(reason).name,
        }
        for point, value, observed, quality, reason in columns
    ]
    if json:
        say_json({"at": _told(instant), "values": rows})
    else:
        table(("POINT", "VALUE", "OBSERVED AT", "QUALITY", "REASON"), [_line(row, compact) for row in rows])


def _batches(kept: History, points: list[str], span: tuple[int, int], step_ms: int | None) -> tuple[Iterator[Any], Any]:
    from twin.export import SAMPLES, SPANS, samples, spans

    if step_ms is None:
        return samples(kept, points, *span), SAMPLES
    return spans(kept, points, *span, step_ms), SPANS


def _write(kept: History, points: list[str], span: tuple[int, int], step_ms: int | None, csv: Path | None, parquet: Path | None) -> None:
    from twin.export import write_csv, write_parquet

    batches, schema = _batches(kept, points, span, step_ms)
    if csv is not None and str(csv) == "-":
        write_csv(batches, schema, sys.stdout.buffer)
        return
    path, write = (csv, write_csv) if csv is not None else (parquet, write_parquet)
    assert path is not None  # noqa: S101 - one of them is given
    with written_beside(path) as out:
        rows = write(batches, schema, out)
    say(f"{path}: {rows:,} rows of {len(points):,} points")


def _tell(kept: History, points: list[str], span: tuple[int, int], step_ms: int | None, *, json: bool) -> None:
    from ontology.namespaces import compact

    batches, schema = _batches(kept, points, span, step_ms)
    rows: list[dict[str, Any]] = []
    for batch in batches:
        rows += batch.to_pylist()
        if len(rows) > ROWS_PRINTED:
            break
    more, rows = len(rows) > ROWS_PRINTED, rows[:ROWS_PRINTED]
    time = "observed_at" if step_ms is None else "start"
    for row in rows:
        row[time] = row[time].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if json:
        say_json({"since": _told(span[0]), "until": _told(span[1]), "step_ms": step_ms, "cut": more, "rows": rows})
        return
    table([name.replace("_", " ").upper() for name in schema.names], [_line(row, compact) for row in rows])
    if more:
        say(f"... and more than {ROWS_PRINTED:,} rows: ask for spans with --step, or write a file with --csv or --parquet")


def _line(row: dict[str, Any], compact: Callable[[str], str]) -> list[str]:
    return [
        compact(cell) if name == "point" else "" if cell is None else f"{cell:.6g}" if isinstance(cell, float) else str(cell)
        for name, cell in row.items()
    ]
