"""Registers to values and back, and which of them are read together."""

from __future__ import annotations

from math import isnan

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from adapters.modbus.bindings import WORDS, Register, bind, coalesce
from adapters.modbus.codec import DoesNotFit, batch, decode, encode
from adapters.modbus.config import Endpoint
from graph.values import Quality
from tests.support.wired import snapshot_of

HERE = Endpoint("127.0.0.1", 1502)


def register(
    kind: str = "uint16", address: int = 0, order: str = "big", scale: float = 1.0, offset: float = 0.0, **more: object
) -> Register:
    table = str(more.get("table", "coil" if kind == "bool" else "holding"))
    return Register(f"urn:p{address}", HERE, 1, table, address, kind, order, scale, offset, float(str(more.get("period_s", 5.0))))


@pytest.mark.parametrize(
    ("kind", "order", "words", "value"),
    [
        ("uint16", "big", [0xFFFF], 65535.0),
        ("int16", "big", [0xFFFF], -1.0),
        ("uint32", "big", [0x0001, 0x0000], 65536.0),
        ("uint32", "little", [0x0000, 0x0001], 65536.0),
        ("int32", "big", [0xFFFF, 0xFFFE], -2.0),
        ("float32", "big", [0x42F7, 0x0000], 123.5),
        ("float32", "little", [0x0000, 0x42F7], 123.5),
        ("bool", "big", [True], 1.0),
    ],
)
def test_the_table_of_data_types(kind: str, order: str, words: list[int], value: float) -> None:
    """IEEE 754: 123.5 = 1.9296875 * 2^6 is 0x42F70000."""
    one = register(kind, 0, order)

    assert decode(one, words, 0) == value
    assert list(encode(one, value).words) == [int(word) for word in words]


def test_scale_and_offset_apply_to_the_raw_number() -> None:
    """215 * 0.1 - 10 = 11.5, and back."""
    one = register("int16", 4, scale=0.1, offset=-10.0)

    assert decode(one, [0, 215], 3) == pytest.approx(11.5)
    assert encode(one, 11.5).words == [215]


def test_a_float_that_is_no_number_is_bad() -> None:
    """0x7FC00000 is a quiet NaN: a row without a number; its neighbour is good."""
    (group,) = coalesce([register("float32", 0), register("uint16", 2)])

    readings = batch(group, [0x7FC0, 0, 7], 1000)

    assert [Quality(q).name for q in readings.quality] == ["BAD", "GOOD"]
    assert isnan(readings.values[0])


@pytest.mark.parametrize(("kind", "value"), [("uint16", -1.0), ("uint16", 65536.0), ("int32", 3e9), ("bool", 2.0), ("float32", 1e39)])
def test_a_value_that_does_not_fit_is_refused_before_it_is_sent(kind: str, value: float) -> None:
    """No wrap-around, no infinity."""
    with pytest.raises(DoesNotFit):
        encode(register(kind), value)


@pytest.mark.quality("modbus", "codec-is-pure-and-survives-anything")
@given(
    kind=st.sampled_from(["uint16", "int16", "uint32", "int32", "float32"]),
    order=st.sampled_from(["big", "little"]),
    raw=st.integers(-30_000, 30_000),
)
def test_what_is_encoded_is_decoded(kind: str, order: str, raw: int) -> None:
    """For every data type and word order, within what all of them hold."""
    value = float(abs(raw) if kind.startswith("u") else raw) * 0.5 + 3.0
    one = register(kind, 7, order, 0.5, 3.0)

    assert decode(one, encode(one, value).words, 7) == pytest.approx(value)


@given(places=st.dictionaries(st.integers(0, 600), st.sampled_from(["uint16", "float32"]), min_size=1, max_size=60))
@settings(max_examples=200, deadline=None)
def test_every_register_is_read_once_and_no_request_is_too_long(places: dict[int, str]) -> None:
    """At most 125 registers a request, gaps of at most 8 within one, and every point in exactly one."""
    registers = [register(kind, address) for address, kind in places.items()]

    groups = coalesce(registers)

    assert sorted(r.point for group in groups for r in group.registers) == sorted(r.point for r in registers)
    for group in groups:
        assert group.count <= 125
        ordered = sorted(group.registers, key=lambda r: r.address)
        ends = [max(r.end for r in ordered[: n + 1]) for n in range(len(ordered))]
        assert all(after.address - end <= 8 for end, after in zip(ends, ordered[1:], strict=False))
        assert all(group.start <= r.address and r.end <= group.start + group.count for r in ordered)


def test_tables_units_and_periods_are_read_apart() -> None:
    """Three requests: holding, input, and holding at another pace."""
    registers = [register(address=0), register(address=1, table="input"), register(address=2, period_s=60.0)]

    assert [(g.table, g.period_s) for g in coalesce(registers)] == [("holding", 5.0), ("holding", 60.0), ("input", 5.0)]


SITE = """
demo:GW a dcx:Modbus_Gateway ; dcx:host "10.0.0.9" ; dcx:port 1502 .
demo:P ref:hasExternalReference [ a dcx:ModbusReference ; dcx:gateway demo:GW ; dcx:unitId 3 ; dcx:function "holding" ; %s ] .
"""


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ('dcx:dataType "uint16"', "whole number as dcx:address"),
        ('dcx:address 1 ; dcx:dataType "uint24"', "dcx:dataType must be one of"),
        ('dcx:address 65535 ; dcx:dataType "float32"', "zero-based, 0 to 65535"),
        ('dcx:address 1 ; dcx:wordOrder "middle"', "big or little"),
    ],
)
def test_a_reference_that_cannot_be_used_says_why(reference: str, reason: str) -> None:
    """Listed, not bound."""
    (unbound,) = bind(snapshot_of(SITE % reference)).unbound

    assert reason in unbound.reason


@pytest.mark.parametrize("period", ['"NaN"^^xsd:double', '"INF"^^xsd:double', "0", "-5"])
def test_a_sample_period_that_is_no_time_gives_way_to_the_default(period: str) -> None:
    """A poll is due again after 60 s, not at once and not never: the wire reads the period by the rule that the table of values has."""
    site = SITE % "dcx:address 1" + f"demo:P dcx:samplePeriod {period} ."

    (groups,) = bind(snapshot_of(site)).groups.values()

    assert [group.period_s for group in groups] == [60.0]


def test_a_setting_gives_a_gateway_another_place() -> None:
    """The graph says 10.0.0.9, the setting 127.0.0.1."""
    snapshot = snapshot_of(SITE % "dcx:address 1")

    assert list(bind(snapshot).groups) == [Endpoint("10.0.0.9", 1502)]
    assert list(bind(snapshot, {"urn:ridethrough:demo:GW": HERE}).groups) == [HERE]


@pytest.mark.quality("modbus", "config-checked-before-connect")
def test_an_endpoint_is_host_and_port() -> None:
    """The port is 502 unless said; a port that is no number is refused."""
    assert Endpoint.parse("plc.example:1502") == Endpoint("plc.example", 1502)
    assert Endpoint.parse("plc.example") == Endpoint("plc.example", 502)
    assert Endpoint.parse("[::1]:1502") == Endpoint("::1", 1502)
    with pytest.raises(ValueError, match="host:port"):
        Endpoint.parse("plc.example:modbus")


def test_every_data_type_has_a_width() -> None:
    """The table of widths and the codec's formats speak of the same types."""
    assert {kind: len(encode(register(kind), 1.0).words) for kind in WORDS} == WORDS
