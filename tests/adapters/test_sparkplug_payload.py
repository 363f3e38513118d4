"""The decoder of Sparkplug payloads against Google's own protocol buffers, and against anything."""

from __future__ import annotations

from math import isnan
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings

from adapters.mqtt.sparkplug import payload as ours
from adapters.mqtt.sparkplug.payload import Payload, decode
from adapters.mqtt.sparkplug.wire import ALIAS, FLAGS, HAS_ALIAS, HAS_TIME, HISTORICAL, NULL, TIME, TRANSIENT, TYPE, numbers
from tests.support.sparkplug_messages import TYPES, got, is_refused, message, put

BYTES_MAX = 1 << 20
NOW = 1_772_366_400_000
whole = {
    f"{sign}Int{bits}": (0 if sign else -(1 << bits - 1), (1 << bits - bool(not sign)) - 1)
    for bits in (8, 16, 32, 64)
    for sign in ("", "U")
}
values: dict[str, st.SearchStrategy[Any]] = {kind: st.integers(low, high) for kind, (low, high) in whole.items()}
values |= {"Float": st.floats(width=32), "Double": st.floats(), "Boolean": st.booleans(), "DateTime": st.integers(0, 1 << 63)}
values |= {"String": st.text(max_size=5), "Bytes": st.binary(max_size=5), "DataSet": st.integers(0, 9), "Template": st.text(max_size=3)}


@st.composite
def metrics(draw: st.DrawFn) -> dict[str, Any]:
    """One metric: its fields by name, with `kind` and `value`."""
    kind = draw(st.sampled_from(sorted(values)))
    optional = {
        "name": st.text(max_size=8),
        "alias": st.integers(0, (1 << 64) - 1),
        "timestamp": st.integers(0, (1 << 64) - 1),
        "is_historical": st.booleans(),
        "is_transient": st.booleans(),
        "is_null": st.booleans(),
    }
    said = {name: draw(strategy) for name, strategy in optional.items() if draw(st.booleans())}
    return {"kind": kind, "value": draw(values[kind]), "quality": draw(st.sampled_from([None, 0, 192, 500])), **said}


def written(parts: list[dict[str, Any]], **head: int) -> bytes:
    """A payload of such metrics, by Google's library."""
    payload = message()(**head)
    for part in parts:
        fields = {name: value for name, value in part.items() if name not in {"kind", "value", "quality"}}
        metric = payload.metrics.add(datatype=TYPES[part["kind"]], **fields)
        if part["value"] is not None:
            put(metric, part["kind"], part["value"])
        if part["quality"] is not None:
            metric.properties.keys.extend(["engUnit", "Quality"])
            metric.properties.values.add(type=12, string_value="kW")
            metric.properties.values.add(type=3, int_value=part["quality"])
    made: bytes = payload.SerializeToString()
    return made


def read(data: bytes) -> Payload:
    found = decode(data, BYTES_MAX)
    assert isinstance(found, Payload)
    return found


def unsigned(row: int, payload: Payload) -> list[int]:
    return [int(number) for number in payload.table[:, row].astype(np.uint64)]


@settings(max_examples=200, deadline=None)
@given(st.lists(metrics(), max_size=6), st.integers(0, 255), st.integers(0, 1 << 62))
def test_every_field_is_read_as_googles_library_reads_it(parts: list[dict[str, Any]], seq: int, sent_at: int) -> None:
    """Names, aliases, times, types, flags, quality, and numbers of every type, with their sign."""
    found = read(written(parts, seq=seq, timestamp=sent_at))

    assert (found.seq, found.sent_at, len(found)) == (seq, sent_at, len(parts))
    assert [name.decode() for name in found.names()] == [part.get("name", "") for part in parts]
    flags = found.table[:, FLAGS].tolist()
    assert [(f & HAS_ALIAS > 0, f & HAS_TIME > 0) for f in flags] == [("alias" in part, "timestamp" in part) for part in parts]
    asked = {HISTORICAL: "is_historical", TRANSIENT: "is_transient", NULL: "is_null"}
    assert [{name for bit, name in asked.items() if f & bit} for f in flags] == [
        {name for name in asked.values() if part.get(name)} for part in parts
    ]
    assert unsigned(ALIAS, found) == [part.get("alias", 0) for part in parts]
    assert unsigned(TIME, found) == [part.get("timestamp", 0) for part in parts]
    assert [said["Quality"] for _, said in found.properties()] == [part["quality"] for part in parts if part["quality"] is not None]
    numbers_, wanted = np.empty(len(parts)), [float(p["value"]) if p["kind"] in ALL_NUMBERS else np.nan for p in parts]
    numbers(found.table, found.table[:, TYPE].astype(np.uint8), numbers_)
    np.testing.assert_array_equal(wanted, numbers_)


ALL_NUMBERS = {*whole, "Float", "Double", "Boolean", "DateTime"}


@pytest.mark.quality("mqtt", "sparkplug-decoder-survives-anything")
@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=60) | st.tuples(st.lists(metrics(), max_size=3), st.data()).map(lambda drawn: broken(*drawn)))
@example(b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
@example(b"\x12\xff\xff\xff\xff\x0f")
def test_no_payload_stops_the_decoder(data: bytes) -> None:
    """Whatever comes, it is read or refused with a reason; what both read is read alike. (Groups, and a seq beyond 255, only Google's
    library takes; what is wrong inside of texts, properties and metadata only ours lets pass.)"""
    found = decode(data, BYTES_MAX)

    if isinstance(found, str):
        assert len(found) > 20
    else:
        list(found.properties())
        if not is_refused(data):
            theirs = message().FromString(data)
            assert len(theirs.metrics) == len(found)
            assert theirs.seq == max(found.seq, 0)
            assert [each.alias for each in theirs.metrics] == unsigned(ALIAS, found)


def broken(parts: list[dict[str, Any]], data: st.DataObject) -> bytes:
    """A payload with one byte changed, left out or put in."""
    good = bytearray(written(parts, seq=3))
    at = data.draw(st.integers(0, len(good) - 1))
    act = data.draw(st.sampled_from(["change", "cut", "put", "leave"]))
    if act == "change":
        good[at] = data.draw(st.integers(0, 255))
    elif act == "cut":
        del good[at:]
    elif act == "put":
        good.insert(at, data.draw(st.integers(0, 255)))
    return bytes(good)


@pytest.mark.parametrize("kind", sorted({*whole, "Float", "Double", "Boolean"}))
def test_a_command_is_what_googles_library_reads(kind: str) -> None:
    """Each number type, at its ends; by name, and by alias."""
    low, high = whole.get(kind, (0, 1) if kind == "Boolean" else (-2.5, 1e6))
    for value in (low, high):
        number = float(value) if abs(value) < 1 << 53 else float(1 << 52)
        for name, alias in (("a/b", None), ("a/b", 300)):
            payload = message().FromString(ours.command(name, alias, TYPES[kind], number, NOW))
            (metric,) = payload.metrics
            again = read(payload.SerializeToString())
            back = np.empty(1)
            numbers(again.table, np.array([TYPES[kind]], np.uint8), back)
            assert back[0] == number
            assert (metric.name, metric.HasField("alias")) == (("a/b", False) if alias is None else ("", True))
            assert (metric.datatype, metric.timestamp, payload.HasField("seq")) == (TYPES[kind], NOW, False)


@pytest.mark.parametrize(
    ("kind", "value"), [("Int8", 128.0), ("UInt16", -1.0), ("Int32", 0.5), ("Boolean", 2.0), ("String", 1.0), ("Float", np.inf)]
)
def test_a_value_that_a_type_does_not_hold_is_not_sent(kind: str, value: float) -> None:
    """The type is named."""
    with pytest.raises(ValueError, match=f"type {kind} does not hold"):
        ours.command("m", None, TYPES[kind], value, NOW)


def test_a_rebirth_request_is_as_the_specification_says() -> None:
    """One metric `Node Control/Rebirth`, Boolean, true; no seq."""
    payload = message().FromString(ours.rebirth(NOW))

    assert [(m.name, m.datatype, got(m)) for m in payload.metrics] == [("Node Control/Rebirth", TYPES["Boolean"], True)]
    assert not payload.HasField("seq")


def test_a_long_payload_is_not_read() -> None:
    """The bound is named."""
    assert decode(bytes(101), 100) == "the payload has 101 bytes, more than the 100 that are read"


def test_properties_that_cannot_be_read_are_left_out() -> None:
    """A nested set is none of a number or a text; a null is nothing."""
    payload = message()()
    metric = payload.metrics.add(name="m")
    metric.properties.keys.extend(["nested", "null", "low", "real", "flag"])
    metric.properties.values.add(type=20).propertyset_value.keys.append("x")
    metric.properties.values.add(type=3, is_null=True, int_value=4)
    metric.properties.values.add(type=3, int_value=(1 << 32) - 7)
    metric.properties.values.add(type=10, double_value=0.25)
    metric.properties.values.add(type=11, boolean_value=True)

    ((_, said),) = read(payload.SerializeToString()).properties()

    assert said == {"low": -7.0, "real": 0.25, "flag": 1.0}
    assert not any(isinstance(value, float) and isnan(value) for value in said.values())
