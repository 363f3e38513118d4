"""Columns straight to bytes: current values as JSON, as lines of JSON and as Arrow, without a Python object a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
import orjson
import pyarrow as pa

from graph.values import Codes, Floats, Millis, Quality, Reason

_NUMPY = orjson.OPT_SERIALIZE_NUMPY
_TIME = pa.timestamp("ms", "UTC")
SCHEMA = pa.schema(
    [("point", pa.string()), ("observed_at", _TIME), ("value", pa.float64()), ("quality", pa.string()), ("reason", pa.string())]
)
_QUALITIES = pa.array([each.name for each in Quality])
_REASONS = pa.array([each.name for each in Reason])


@dataclass(frozen=True, slots=True)
class Values:
    """Some points with their values as of one instant: `names` are the points' IRIs as the inside of a JSON array."""

    points: Sequence[str]
    names: bytes
    values: Floats
    observed: Millis
    quality: Codes
    reason: Codes


def names_json(points: Sequence[str]) -> bytes:
    """IRIs as the inside of a JSON array. Cost: some 30 ns each."""
    return orjson.dumps(list(points))[1:-1]


def as_json(found: Values, head: dict[str, object]) -> bytes:
    """An object of columns; `head` are further members, before them."""
    parts = (
        orjson.dumps(head)[:-1],
        b',"points":[',
        found.names,
        b'],"values":',
        numbers(found.values),
        b',"observed_at":',
        instants(found.observed),
        b',"quality":',
        codes(found.quality, Quality),
        b',"reason":',
        codes(found.reason, Reason),
        b"}\n",
    )
    return b"".join(parts)


def as_lines(found: Values) -> bytes:
    """A line of JSON a point. Cost: some 1.5 microseconds a point."""
    qualities, reasons = [each.name for each in Quality], [each.name for each in Reason]
    values = [None if missing else value for value, missing in zip(found.values.tolist(), np.isnan(found.values).tolist(), strict=True)]
    columns = (found.points, values, found.observed.tolist(), found.quality.tolist(), found.reason.tolist())
    return b"".join(
        orjson.dumps(
            {"point": p, "value": v, "observed_at": t or None, "quality": qualities[q], "reason": reasons[r]},
            option=orjson.OPT_APPEND_NEWLINE,
        )
        for p, v, t, q, r in zip(*columns, strict=True)
    )


def as_arrow(found: Values) -> bytes:
    """An Arrow IPC stream of one batch."""
    columns = [
        pa.array(found.points, pa.string()),
        pa.array(found.observed, _TIME, mask=found.observed == 0),
        pa.array(found.values, mask=np.isnan(found.values)),
        _QUALITIES.take(pa.array(found.quality)),
        _REASONS.take(pa.array(found.reason)),
    ]
    return stream([pa.record_batch(columns, schema=SCHEMA)], SCHEMA)


def stream(batches: Sequence[pa.RecordBatch], schema: pa.Schema) -> bytes:
    """Batches as an Arrow IPC stream."""
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return bytes(out.getvalue())


def numbers(values: Floats) -> bytes:
    """A JSON array; null for what is no number. Cost: some 40 ns each."""
    return orjson.dumps(np.ascontiguousarray(values), option=_NUMPY)


def instants(times: Millis) -> bytes:
    """A JSON array of milliseconds since 1970; null for 0."""
    text = orjson.dumps(np.ascontiguousarray(times), option=_NUMPY)
    if len(times) and not times.all():
        text = text.replace(b"[0", b"[ 0", 1).replace(b"]", b",]")
        text = _null(_null(text.replace(b"[ 0", b"[,0"))).replace(b"[,", b"[").replace(b",]", b"]")
    return text


def _null(text: bytes) -> bytes:
    return text.replace(b",0,", b",null,")


def codes(column: Codes, names: type[Quality] | type[Reason]) -> bytes:
    """A JSON array of names: each code of the column is one byte, and becomes its name where it stands."""
    text = column.tobytes()
    for code, name in _quoted(names):
        text = text.replace(code, name)
    return b"[" + text[:-1] + b"]"


@lru_cache
def _quoted(names: type[Quality] | type[Reason]) -> list[tuple[bytes, bytes]]:
    """Codes and names; codes are below the space, so that none stands in a name."""
    return [(bytes([each]), b'"' + each.name.encode() + b'",') for each in names]


def shown(ms: int) -> str:
    """An instant for people and programs: ISO 8601 in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
