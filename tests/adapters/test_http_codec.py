"""Readings as strangers write them: whatever comes is read, refused by line, or refused whole; nothing else happens."""

from __future__ import annotations

import io
import math

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.http.codec import ARROW, JSON, MILLIS_MAX, NAMES, NDJSON, Rows, Unreadable, read

NOW = 1_780_315_200_000
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers(-(2**70), 2**70)
    | st.text(max_size=5)
    | st.sampled_from(["good", "bad", "unit:W"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*NAMES, "p", "v", "t", "q", "u", "x"]), inner, max_size=5),
    max_leaves=20,
)


def table() -> bytes:
    """A sound Arrow stream."""
    rows = pa.table({"point": pa.array(["a", "b", "a"]).dictionary_encode(), "value": [1.0, None, 3.0], "observed_at": [NOW, NOW, NOW]})
    out = io.BytesIO()
    with pa.ipc.new_stream(out, rows.schema) as writer:
        writer.write_table(rows)
    return out.getvalue()


def sound(rows: Rows) -> bool:
    """Columns of one length, numbers that are numbers unless the quality is bad, times that can be, each line once."""
    sizes = {len(rows.points), len(rows.values), len(rows.observed), len(rows.quality), len(rows.reason), len(rows.lines)}
    missing = np.isnan(rows.values)
    lines = [*rows.lines, *(one.line for one in rows.refused)]
    return (
        len(sizes) == 1
        and not np.isinf(rows.values).any()
        and bool((rows.quality[missing] >= 3).all())
        and bool(((rows.observed >= 0) & (rows.observed < MILLIS_MAX)).all())
        and len(set(lines)) == len(lines)
        and len(rows.units) in {1, len(rows.points)}
    )


@pytest.mark.quality("http", "codec-is-pure-and-survives-anything")
@settings(max_examples=150, deadline=None)
@given(ANYTHING, st.sampled_from([JSON, NDJSON]), st.binary(max_size=4))
def test_no_body_stops_the_codec(document: object, media: str, tail: bytes) -> None:
    """Any JSON, also cut off, is rows that are sound, or no readings at all."""
    try:
        body = orjson.dumps(document)
    except TypeError:  # an integer that JSON libraries write and orjson does not
        body = str(document).encode()
    for each in (body, body + tail, body[: len(body) // 2]):
        try:
            rows = read(each, media, NOW, 1000)
        except Unreadable:
            continue
        assert sound(rows)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(table()) - 1), st.integers(0, 255)), max_size=6), st.integers(0, 40))
def test_no_stream_stops_the_codec(changes: list[tuple[int, int]], cut: int) -> None:
    """An Arrow stream with some bytes changed, and its end cut off."""
    body = bytearray(table())
    for at, byte in changes:
        body[at] = byte
    try:
        rows = read(bytes(body[: len(body) - cut]), ARROW, NOW, 1000)
    except Unreadable:
        return
    assert sound(rows)


@pytest.mark.parametrize("raw", ["1e400", "-1e400", "NaN", "Infinity"])
def test_numbers_that_are_none_are_refused(raw: str) -> None:
    """JSON has no infinite number: by line where the parser lets it through, else whole."""
    try:
        rows = read(f'[{{"point": "a", "value": {raw}}}, {{"point": "a", "value": 1}}]'.encode(), JSON, NOW, 10)
    except Unreadable:
        return
    assert [one.code for one in rows.refused] == ["no_number"]


def test_a_dictionary_of_long_texts_is_pointed_at_and_not_copied() -> None:
    """A text of a megabyte, said a thousand times, is one text."""
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1000, np.int32)), pa.array(["x" * 1_000_000]))
    rows = pa.table({"point": column, "value": np.arange(1000.0)})
    out = io.BytesIO()
    with pa.ipc.new_stream(out, rows.schema) as writer:
        writer.write_table(rows)

    found = read(out.getvalue(), ARROW, NOW, 1000)

    assert len({id(point) for point in found.points}) == 1
    assert math.isclose(found.values.sum(), 499_500.0)
