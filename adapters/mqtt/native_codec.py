"""Payloads of the native layout: one reading, many as JSON, many packed. Pure: no socket, no clock, no state.

Rules of this file:

1. One reading is a number, or `{"v": 21.5, "t": …, "q": …, "u": …, "s": …}`: value, source time, quality, unit, the sender's count of its
   messages. Only `v` must be there.
2. Many are columns, `{"p": […], "v": […], "t": …, "q": …, "u": …}`, where `t`, `q` and `u` are one for all or one each; or rows, a list of
   objects of rule 1 with `p`.
3. Packed, little-endian: `RT`, version 1 (u8), flags (u8; 1: every point of the table, in its order, and no indexes), rows (u32), table
   (8 bytes), then the columns: values (f64), source times in ms since 1970 (i64), indexes into the table (u32), quality (u8: low three bits
   `Quality`, the others `Reason`). A table is a list of names, announced once; its 8 bytes are BLAKE2b of the names, a line each.
4. What cannot be read is a finding that says why, never an error. One wrong reading costs none of the others: a value that is no number is
   `BAD`, `SENSOR`; a unit that is no text `BAD`, `CONFIGURATION`; a time that is none `UNCERTAIN`, `CLOCK`; a quality that is none
   `UNCERTAIN`, `DEVICE`. `null` for a value (packed: NaN) is no finding: the sender says that it has none.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from hashlib import blake2b
from math import isfinite, nan
from typing import Any, NamedTuple

import numpy as np

from adapters.mqtt.codec import ABSENT, MILLIS_FROM, instant, number, shown
from graph.values import Codes, Floats, Millis, Quality, Reason

HEAD = struct.Struct("<2sBBI8s")
MAGIC, VERSION, DENSE = b"RT", 1, 1
MILLIS_MAX = 1e15
"""Some 30,000 years: no source time."""

QUALITIES: dict[str, tuple[int, int]] = {
    "good": (Quality.GOOD, Reason.NONE),
    "maintenance": (Quality.GOOD, Reason.MAINTENANCE),
    "uncertain": (Quality.UNCERTAIN, Reason.DEVICE),
    "substitute": (Quality.UNCERTAIN, Reason.SUBSTITUTE),
    "stale": (Quality.STALE, Reason.SILENCE),
    "bad": (Quality.BAD, Reason.DEVICE),
    "device": (Quality.BAD, Reason.DEVICE),
    "sensor": (Quality.BAD, Reason.SENSOR),
    "out_of_service": (Quality.BAD, Reason.OUT_OF_SERVICE),
    "configuration": (Quality.BAD, Reason.CONFIGURATION),
    "no_communication": (Quality.NO_COMMUNICATION, Reason.LINK),
}
"""What a sender may say of its value. Left out: good."""
_GOOD, _BAD = QUALITIES["good"], (int(Quality.BAD), int(Reason.SENSOR))
_PLAIN = frozenset((float, int))
NO_INSTANT = "t is no instant: ISO 8601 with an offset, or seconds or milliseconds since 1970"
NO_UNIT = "u is no text: name a unit of QUDT, or its symbol"

Rows = np.ndarray[Any, np.dtype[np.bool_]]
"""Which rows of a column are meant."""


class One(NamedTuple):
    """One reading as it was sent: the raw number (nan for none), source time in ms, quality and why, unit and count (empty and -1 where
    nothing is said), and what is wrong with it."""

    value: float
    observed: int
    quality: int
    reason: int
    unit: str = ""
    serial: int = -1
    finding: str = ""


def one(document: Any, now: int) -> One:
    """A reading of rule 1, that came at `now` (ms)."""
    if type(document) is not dict:
        value = number(document)
        if isfinite(value):
            return One(value, now, *_GOOD)
        return One(nan, now, *_BAD, finding=f"the payload is {shown(document)}, neither a finite number nor an object with v")
    if "v" not in document:
        return One(nan, now, *_BAD, finding="the object has no v: write the value there")
    quality, reason, finding = _quality(document.get("q"))
    observed = now
    if "t" in document:
        said = instant(document["t"])
        if said is None:
            finding = finding or NO_INSTANT
            quality, reason = (quality, reason) if quality else (int(Quality.UNCERTAIN), int(Reason.CLOCK))
        else:
            observed = said
    raw = document["v"]
    value = number(raw)
    if not isfinite(value):
        if raw is not None:
            finding = finding or f"v is {shown(raw)}, not a finite number"
        if quality < Quality.BAD:
            quality, reason = _BAD
        value = nan
    unit = document.get("u", "")
    if type(unit) is not str:
        value, quality, reason = nan, int(Quality.BAD), int(Reason.CONFIGURATION)
        unit, finding = "", finding or NO_UNIT
    count, uncounted = serial(document)
    return One(value, observed, int(quality), int(reason), unit, count, finding or uncounted)


def serial(document: dict[str, Any]) -> tuple[int, str]:
    """The sender's count of its messages, -1 where it says none, and what is wrong with it."""
    count = document.get("s", -1)
    wrong = type(count) is not int or not -1 <= count < 1 << 63
    return (-1, "s is no count: whole numbers from 0") if wrong else (count, "")


def _quality(said: Any) -> tuple[int, int, str]:
    if said is None:
        return 0, 0, ""
    known = QUALITIES.get(said.casefold()) if type(said) is str else None
    if known is None:
        return int(Quality.UNCERTAIN), int(Reason.DEVICE), f"q is {shown(said)}: write one of {', '.join(QUALITIES)}"
    return int(known[0]), int(known[1]), ""


class Many(NamedTuple):
    """Some readings as columns; `units` one for all or one each."""

    names: Sequence[str]
    values: Floats
    observed: Millis
    quality: Codes
    reason: Codes
    units: Sequence[str]
    finding: str = ""


def many(document: Any, now: int) -> Many | str:
    """Readings of rule 2, that came at `now` (ms); a text where nothing of them can be read."""
    if type(document) is list:
        return _rows(document, now)
    if type(document) is not dict or type(document.get("p")) is not list or type(document.get("v")) is not list:
        return "a batch is an object with the lists p and v, or a list of objects with p and v"
    names, raw = document["p"], document["v"]
    rows = len(names)
    if len(raw) != rows:
        return f"p must be texts, as many as values, not {rows} beside {len(raw)}"
    said = [document.get("t", ABSENT), document.get("q"), document.get("u", "")]
    if any(type(column) is list and len(column) != rows for column in said):
        return "t, q and u are one for all or one for each value: times, qualities by their names, units"
    values, no_number = _floats(raw)
    observed, wrong_times = _times(said[0], rows, now)
    quality, reason, no_quality = _qualities(said[1], rows)
    units, wrong_units = _units(said[2], rows)
    doubt(values, quality, reason, wrong_times, wrong_units)
    finding = no_number or (wrong_times is not None and NO_INSTANT) or no_quality or (wrong_units is not None and NO_UNIT) or ""
    found = Many(names, values, observed, quality, reason, units, finding or serial(document)[1])
    return _named(found) if set(map(type, names)) - {str} else found


def _named(found: Many) -> Many:
    """Those of the readings whose names are names."""
    keep = [row for row, name in enumerate(found.names) if type(name) is str]
    units = [found.units[row] for row in keep] if len(found.units) == len(found.names) else found.units
    columns = found.values[keep], found.observed[keep], found.quality[keep], found.reason[keep]
    return Many([found.names[row] for row in keep], *columns, units, found.finding or "p must be texts, the points' names")


def _rows(document: list[Any], now: int) -> Many:
    named = [row for row in document if type(row) is dict and type(row.get("p")) is str]
    finding = "" if len(named) == len(document) else "a batch of rows is a list of objects, each with p, the point's name"
    read = [one(row, now) for row in named]
    values = np.array([each.value for each in read], np.float64)
    observed = np.array([each.observed for each in read], np.int64)
    codes = np.array([(each.quality, each.reason) for each in read], np.uint8).reshape(-1, 2)
    finding = finding or next((each.finding for each in read if each.finding), "")
    names, units = [row["p"] for row in named], [each.unit for each in read]
    return Many(names, values, observed, codes[:, 0].copy(), codes[:, 1].copy(), units, finding)


def _floats(raw: list[Any]) -> tuple[Floats, str]:
    """Numbers, nan and infinite ones included, and what is wrong with the first that is neither a finite one nor null."""
    values = np.array(raw if set(map(type, raw)) <= _PLAIN else [number(each) for each in raw], np.float64)
    strange = np.flatnonzero(~np.isfinite(values)).tolist()
    wrong = next((row for row in strange if raw[row] is not None), None)
    return values, "" if wrong is None else f"v holds {shown(raw[wrong])}, not a finite number"


def _times(said: Any, rows: int, now: int) -> tuple[Millis, Rows | None]:
    """Source times, and which of them could not be read (None: all could)."""
    if said is ABSENT:
        return np.full(rows, now, np.int64), None
    if type(said) is not list:
        at = instant(said)
        return np.full(rows, now if at is None else at, np.int64), np.ones(rows, np.bool_) if at is None else None
    if set(map(type, said)) <= _PLAIN:
        raw = np.array(said, np.float64)
        if rows and raw.min() >= MILLIS_FROM and raw.max() < MILLIS_MAX:
            return np.rint(raw).astype(np.int64), None
    read = [instant(each) for each in said]
    wrong = np.array([each is None for each in read], np.bool_)
    return np.array([now if each is None else each for each in read], np.int64), wrong if wrong.any() else None


def _qualities(said: Any, rows: int) -> tuple[Codes, Codes, str]:
    """Qualities, why they are not better, and what is wrong with the first that is none."""
    if type(said) is not list:
        quality, reason, finding = _quality(said)
        return np.full(rows, quality, np.uint8), np.full(rows, reason, np.uint8), finding
    known = {text: _quality(text) for text in set(map(_key, said))}
    read = [known[_key(each)] for each in said]
    codes = np.array([each[:2] for each in read], np.uint8).reshape(-1, 2)
    return codes[:, 0].copy(), codes[:, 1].copy(), next((each[2] for each in read if each[2]), "")


def _key(said: Any) -> Any:
    """What is said of a quality, as something to look up: what is none by what a person is shown."""
    return said if said is None or type(said) is str else shown(said)


def _units(said: Any, rows: int) -> tuple[Sequence[str], Rows | None]:
    """Units, one for all or one each, and which of them are no text (None: all are)."""
    if type(said) is str:
        return [said], None
    if type(said) is not list:
        return [""], np.ones(rows, np.bool_)
    if not set(map(type, said)) - {str}:
        return said, None
    wrong = np.array([type(each) is not str for each in said], np.bool_)
    return [each if type(each) is str else "" for each in said], wrong


def doubt(values: Floats, quality: Codes, reason: Codes, wrong_times: Rows | None = None, wrong_units: Rows | None = None) -> None:
    """Have columns say what is wrong in them (rule 4); a value that is no finite number, or of a wrong unit, is nan from here on."""
    strange = ~np.isfinite(values)
    if strange.any():
        values[strange] = nan
        worse = strange & (quality < Quality.BAD)
        quality[worse], reason[worse] = Quality.BAD, Reason.SENSOR
    if wrong_times is not None:
        worse = wrong_times & (quality < Quality.UNCERTAIN)
        quality[worse], reason[worse] = Quality.UNCERTAIN, Reason.CLOCK
    if wrong_units is not None:
        values[wrong_units] = nan
        quality[wrong_units], reason[wrong_units] = Quality.BAD, Reason.CONFIGURATION


# -- packed ---------------------------------------------------------------------------------------------------------


class Packed(NamedTuple):
    """Readings of rule 3: the table's 8 bytes, indexes into it (None: all of it, in its order), and the columns."""

    table: bytes
    indexes: np.ndarray[Any, np.dtype[np.uint32]] | None
    values: Floats
    observed: Millis
    quality: Codes
    reason: Codes
    finding: str = ""


def table_id(names: Sequence[str]) -> bytes:
    """The 8 bytes by which packed readings name their table."""
    return blake2b("\n".join(names).encode(), digest_size=8).digest()


def pack(packed: Packed) -> bytes:
    """The bytes of rule 3."""
    dense = packed.indexes is None
    indexes = b"" if packed.indexes is None else packed.indexes.astype("<u4").tobytes()
    codes = (packed.quality | packed.reason << 3).astype(np.uint8).tobytes()
    head = HEAD.pack(MAGIC, VERSION, DENSE if dense else 0, len(packed.values), packed.table)
    return head + packed.values.astype("<f8").tobytes() + packed.observed.astype("<i8").tobytes() + indexes + codes


def unpack(payload: bytes, now: int) -> Packed | str:
    """The readings, that came at `now` (ms); a text where they cannot be read. Cost: a copy of each column."""
    if len(payload) < HEAD.size:
        return f"packed readings begin with {HEAD.size} bytes of head, not {len(payload)}"
    magic, version, flags, rows, table = HEAD.unpack_from(payload)
    if magic != MAGIC or version != VERSION or flags & ~DENSE:
        return f"packed readings begin with {MAGIC!r}, version {VERSION} and flags 0 or 1, not {magic!r}, {version} and {flags}"
    dense = bool(flags & DENSE)
    size = HEAD.size + rows * (17 if dense else 21)
    if len(payload) != size:
        return f"{rows} packed readings have {size} bytes, not {len(payload)}"
    at = HEAD.size
    values = np.frombuffer(payload, "<f8", rows, at).astype(np.float64)
    at += 8 * rows
    observed = np.frombuffer(payload, "<i8", rows, at).astype(np.int64)
    at += 8 * rows
    indexes = None
    if not dense:
        indexes = np.frombuffer(payload, "<u4", rows, at).astype(np.uint32)
        at += 4 * rows
    codes = np.frombuffer(payload, np.uint8, rows, at)
    quality, reason = (codes & 7).astype(np.uint8), (codes >> 3).astype(np.uint8)
    finding = "a value of the packed readings is infinite: NaN says that there is none" if np.isinf(values).any() else ""
    none = (quality > Quality.NO_COMMUNICATION) | (reason > Reason.GAP)
    if none.any():
        quality[none], reason[none] = Quality.UNCERTAIN, Reason.DEVICE
        finding = finding or "a quality of the packed readings is none: 0 to 4 in the low three bits, a reason up to 15 above"
    wrong = (observed < 0) | (observed >= int(MILLIS_MAX))
    if wrong.any():
        observed[wrong] = now
        finding = finding or "a source time of the packed readings is none: milliseconds since 1970"
    doubt(values, quality, reason, wrong if wrong.any() else None)
    return Packed(table, indexes, values, observed, quality, reason, finding)
