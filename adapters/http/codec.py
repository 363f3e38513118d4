"""Readings as clients write them: JSON, lines of JSON, Arrow. Pure: no socket, no clock, no state.

Rules of this file:

1. One reading is an object: `point` (IRI or CURIE), `value` (a finite number, true or false; null for none), and, where
   it is said, `observed_at` (ISO 8601 with an offset, or seconds or milliseconds since 1970), `quality` and `unit`. `p`, `v`, `t`, `q` and
   `u` are the same in short. Another member, or one that is written twice, is an error.
2. Many are an array of such objects, or an object of columns: `point` and `value` lists; the others a list, or one for all.
3. A line that cannot be read is refused with its number, code and reason, and harms no other. Only what is no body of this form at all is
   an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat, zip_longest
from math import isfinite, nan
from typing import Any

import numpy as np
import orjson

from adapters.http.arrow_in import Broken, columns_of
from graph.json_names import named_twice
from graph.values import Codes, Floats, Millis, Quality, Reason

JSON, NDJSON, ARROW = "application/json", "application/x-ndjson", "application/vnd.apache.arrow.stream"
NAMES = ("point", "value", "observed_at", "quality", "unit")
_NAMES = frozenset(NAMES)
_SHORT = dict(zip("pvtqu", NAMES, strict=True))
_MILLIS_FROM = 1e11
"""Numbers from here on are milliseconds: as seconds they would be the year 5138."""
MILLIS_MAX = 253_402_300_800_000
"""The year 10000; a time outside of 1970 to then comes from a clock that is wrong, and ours counts."""
QUALITIES: dict[str, tuple[int, int]] = {
    "good": (Quality.GOOD, Reason.NONE),
    "maintenance": (Quality.GOOD, Reason.MAINTENANCE),
    "uncertain": (Quality.UNCERTAIN, Reason.DEVICE),
    "substitute": (Quality.UNCERTAIN, Reason.SUBSTITUTE),
    "stale": (Quality.STALE, Reason.SILENCE),
    "bad": (Quality.BAD, Reason.DEVICE),
    "sensor": (Quality.BAD, Reason.SENSOR),
    "out_of_service": (Quality.BAD, Reason.OUT_OF_SERVICE),
    "configuration": (Quality.BAD, Reason.CONFIGURATION),
    "no_communication": (Quality.NO_COMMUNICATION, Reason.LINK),
}
"""What a sender may say of its value. Left out: good."""
_CLOCK, _SENSOR = (int(Quality.UNCERTAIN), int(Reason.CLOCK)), (int(Quality.BAD), int(Reason.SENSOR))
_SHORT_OF = object()
"""Stands where a column has ended."""
_PLAIN = frozenset((float, int))


class Unreadable(Exception):
    """The body is no readings at all; the text says why, and what to send."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reading that is not taken: its line (from 1), its point as it was written, a code for programs, the reason for people."""

    line: int
    point: str
    code: str
    message: str


@dataclass(slots=True)
class Rows:
    """Readings as they were said. `units`: one for all, or one each; an empty text for the point's own."""

    points: list[str]
    values: Floats
    observed: Millis
    quality: Codes
    reason: Codes
    units: list[str]
    lines: Sequence[int]
    refused: list[Refusal] = field(default_factory=list)
    """Lines that could not be read; they are not among the others."""

    @property
    def said(self) -> int:
        """Readings in all, those that are refused included."""
        return len(self.points) + len(self.refused)


def read(body: bytes, media: str, now: int, rows_max: int) -> Rows:
    """The readings of a body that came at `now` (ms). Raises `Unreadable`."""
    return {JSON: _json, NDJSON: _lines, ARROW: _arrow}[media](body, now, rows_max)


def readings_of(document: Any, now: int, rows_max: int) -> Rows:
    """The readings of a parsed document of rules 1 and 2. Raises `Unreadable`."""
    if type(document) is list:
        _few_enough(len(document), rows_max)
        return _objects(enumerate(document, 1), now)
    if type(document) is not dict:
        raise Unreadable('readings are an array of objects, or an object of columns: {"point": [...], "value": [...]}')
    said = _named(document)
    if type(said.get("point")) is str:
        return _objects([(1, document)], now)
    strange = _strange(said, document)
    if strange:
        raise Unreadable(strange)
    return _columns(said, now, rows_max)


def document_of(body: bytes) -> Any:
    """What a JSON text says. Raises `Unreadable`."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"this is no JSON: {error}") from None
    if named_twice(body, document):
        raise Unreadable("an object names a member twice, and which one counts is anybody's guess (RFC 8259, 4): write it once")
    return document


def _json(body: bytes, now: int, rows_max: int) -> Rows:
    return readings_of(document_of(body), now, rows_max)


def _lines(body: bytes, now: int, rows_max: int) -> Rows:
    lines = body.split(b"\n")
    _few_enough(len(lines), rows_max + 1)

    def documents() -> Iterator[tuple[int, Any]]:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield number, document_of(line)
                except Unreadable as error:
                    yield number, Refusal(number, "", "bad_json", str(error))

    return _objects(documents(), now)


def _arrow(body: bytes, now: int, rows_max: int) -> Rows:
    try:
        columns = columns_of(body, rows_max, _named_column)
    except Broken as error:
        raise Unreadable(str(error)) from None
    return _columns(columns, now, rows_max)


def _named_column(name: str) -> str:
    return _SHORT.get(name, name)


def _few_enough(rows: int, rows_max: int) -> None:
    if rows > rows_max:
        raise Unreadable(f"there are {rows:,} readings, more than the {rows_max:,} that one request may have: send them in parts")


def _objects(documents: Iterator[tuple[int, Any]] | Sequence[tuple[int, Any]], now: int) -> Rows:
    """Rule 1, one after the other."""
    taken: list[tuple[str, float, int, tuple[int, int], str, int]] = []
    refused: list[Refusal] = []
    for line, document in documents:
        found = document if isinstance(document, Refusal) else _one(document, line, now)
        if isinstance(found, Refusal):
            refused.append(found)
        else:
            taken.append(found)
    codes = np.array([row[3] for row in taken], np.uint8).reshape(-1, 2)
    return Rows(
        [row[0] for row in taken],
        np.array([row[1] for row in taken], np.float64),
        np.array([row[2] for row in taken], np.int64),
        codes[:, 0].copy(),
        codes[:, 1].copy(),
        [row[4] for row in taken],
        [row[5] for row in taken],
        refused,
    )


def _one(document: Any, line: int, now: int) -> tuple[str, float, int, tuple[int, int], str, int] | Refusal:
    if type(document) is not dict:
        return Refusal(line, "", "no_object", f"a reading is an object with point and value, not {shown(document)}")
    said = _named(document)
    point = said.get("point")
    if type(point) is not str:
        return Refusal(line, "", "no_point", "the reading names no point: write its id as `point`")
    strange = _strange(said, document)
    value, codes, wrong = _judged(said.get("value"), said.get("quality"))
    wrong = ("strange_member", strange) if strange else wrong
    if wrong is not None:
        return Refusal(line, point, *wrong)
    observed = now if said.get("observed_at") is None else instant(said["observed_at"])
    if observed is None:
        return Refusal(line, point, "bad_time", _NO_TIME)
    if not 0 <= observed < MILLIS_MAX:
        observed, codes = now, max(codes, _CLOCK)
    unit = said.get("unit") or ""
    if type(unit) is not str:
        return Refusal(line, point, "bad_unit", f"unit is {shown(unit)}: name a unit of QUDT, such as unit:KiloW")
    return point, value, observed, codes, unit, line


_NO_TIME = "observed_at is no instant: ISO 8601 with an offset, or seconds or milliseconds since 1970"


def _judged(raw: Any, quality: Any) -> tuple[float, tuple[int, int], tuple[str, str] | None]:
    """Value, codes, and code with reason where the reading is refused."""
    codes = (0, 0) if quality is None else QUALITIES.get(quality.casefold()) if type(quality) is str else None
    if codes is None:
        return nan, (0, 0), ("bad_quality", f"quality is {shown(quality)}: write one of {', '.join(QUALITIES)}")
    if raw is None:
        return nan, codes if codes[0] >= Quality.BAD else _SENSOR, None
    value = float(raw) if type(raw) in {int, float, bool} else nan
    if not isfinite(value):
        return nan, codes, ("no_number", f"value is {shown(raw)}, not a finite number; where there is none write null")
    return value, codes, None


def _named(document: dict[str, Any]) -> dict[str, Any]:
    return {_SHORT.get(name, name): each for name, each in document.items()}


def _strange(said: dict[str, Any], document: dict[str, Any]) -> str:
    """What is wrong with the names of an object's members; empty if nothing. A time that is misspelt would be that of arrival."""
    if not said.keys() <= _NAMES:
        other = next(name for name in said if name not in _NAMES)
        return f"a reading has no member {shown(other)}: write {', '.join(NAMES)}, or {', '.join(_SHORT)}"
    return "" if len(said) == len(document) else "a member is written both in full and in short: write it once"


# -- columns --------------------------------------------------------------------------------------------------------


def _columns(said: dict[str, Any], now: int, rows_max: int) -> Rows:
    points, raw = said.get("point"), said.get("value")
    if type(points) is not list or type(raw) is not list:
        raise Unreadable("columns are lists of one length: point and value; observed_at, quality and unit are lists, or one for all")
    lengths = {len(column) for column in said.values() if type(column) is list}
    _few_enough(max(lengths), rows_max)
    for name in ("observed_at", "quality", "unit"):
        column = said.get(name)
        if type(column) is not list and not (column is None or _ONE_FOR_ALL[name](column)):
            raise Unreadable(f"{name} is {shown(column)}: write a list, or one for all, as for one reading")
    fast = _plain_columns(points, raw, said, now) if len(lengths) == 1 else None
    if fast is not None:
        return fast
    columns = [each if type(each) is list else repeat(each, max(lengths)) for each in (said.get(name) for name in NAMES)]
    return _objects(((line, _row(line, row)) for line, row in enumerate(zip_longest(*columns, fillvalue=_SHORT_OF), 1)), now)


def _row(line: int, row: tuple[Any, ...]) -> dict[str, Any] | Refusal:
    """One row of columns; refused where a column ends before it."""
    short = next((name for name, each in zip(NAMES, row, strict=True) if each is _SHORT_OF), "")
    if short == "point":
        return Refusal(line, "", "no_point", "the column point ends before this row: write as many as others")
    if short:
        return Refusal(
            line, row[0] if type(row[0]) is str else "", "short_column", f"the column {short} ends before this row: write as many as others"
        )
    return dict(zip(NAMES, row, strict=True))


_ONE_FOR_ALL: dict[str, Callable[[Any], bool]] = {
    "observed_at": lambda said: instant(said) is not None,
    "quality": lambda said: type(said) is str and said.casefold() in QUALITIES,
    "unit": lambda said: type(said) is str,
}


def _plain_columns(points: list[Any], raw: list[Any], said: dict[str, Any], now: int) -> Rows | None:
    """Columns in which nothing is strange, without an object a row; None for others."""
    rows = len(points)
    units = said.get("unit") or ""
    units = units if type(units) is list else [units]
    if set(map(type, points)) - {str} or set(map(type, raw)) - _PLAIN or set(map(type, units)) - {str}:
        return None
    values = _finite(raw)
    observed = _times(said.get("observed_at"), rows, now)
    codes = _codes(said.get("quality"), rows)
    if values is None or observed is None or codes is None:
        return None
    return Rows(points, values, observed, codes[:, 0].copy(), codes[:, 1].copy(), units, range(1, rows + 1))


def _finite(raw: list[Any]) -> Floats | None:
    try:
        values = np.array(raw, np.float64)
    except OverflowError:
        return None
    return values if np.isfinite(values).all() else None


def _times(said: Any, rows: int, now: int) -> Millis | None:
    if type(said) is not list:
        at = now if said is None else instant(said)
        return None if at is None or not 0 <= at < MILLIS_MAX else np.full(rows, at, np.int64)
    raw = _finite(said) if set(map(type, said)) <= _PLAIN else None
    if raw is None or (rows and (raw.min() < _MILLIS_FROM or raw.max() >= MILLIS_MAX)):
        read = [instant(each) for each in said]
        return None if any(at is None or not 0 <= at < MILLIS_MAX for at in read) else np.array(read, np.int64)
    return np.rint(raw).astype(np.int64)


def _codes(said: Any, rows: int) -> Codes | None:
    if said is None:
        return np.zeros((rows, 2), np.uint8)
    each = said if type(said) is list else [said] * rows
    if set(map(type, each)) - {str}:
        return None
    known = {text: QUALITIES.get(text.casefold()) for text in set(each)}
    return None if None in known.values() else np.array([known[text] for text in each], np.uint8).reshape(-1, 2)


# -- small things ---------------------------------------------------------------------------------------------------


def instant(raw: Any) -> int | None:
    """Milliseconds since 1970 of an ISO 8601 text with an offset, or of a number of seconds or milliseconds; None for anything else."""
    if type(raw) in {int, float}:
        millis = float(raw) if abs(raw) >= _MILLIS_FROM else float(raw) * 1000.0
    elif type(raw) is str:
        try:
            at = datetime.fromisoformat(raw)
            millis = nan if at.tzinfo is None else at.timestamp() * 1000
        except (ValueError, OverflowError):
            return None
    else:
        return None
    return round(millis) if isfinite(millis) else None


def shown(raw: Any) -> str:
    """What stands there, for a person; a container by its kind only."""
    if isinstance(raw, dict | list):
        return "an object" if isinstance(raw, dict) else "an array"
    text = repr(raw)
    return text if len(text) <= 40 else text[:37] + "..."
