"""Registers to values and back, and which of them are read together."""

from __future__ import annotations

import struct
from math import isnan
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from adapters.modbus.bindings import bind
from adapters.modbus.codec import DoesNotFit, decode, encode
from adapters.modbus.config import Endpoint
from adapters.modbus.plan import Answer, Factors, Plan, samples_of
from adapters.modbus.registers import WORDS, Register, coalesce
from graph.values import Quality, Reason, Samples
from tests.support.wired import snapshot_of

HERE = Endpoint("127.0.0.1", 1502)


def register(kind: str = "uint16", address: int = 0, order: str = "ABCD", scale: float = 1.0, offset: float = 0.0, **more: Any) -> Register:
    table, period_s = more.pop("table", "coil" if kind == "bool" else "holding"), more.pop("period_s", 5.0)
    return Register(f"urn:p{address}", HERE, 1, table, address, kind, order, scale, offset, period_s, **more)


@pytest.mark.quality("modbus", "every-number-type-and-word-order")
@pytest.mark.parametrize(
    ("kind", "order", "words", "value"),
    [
        ("uint16", "ABCD", [0xFFFF], 65535.0),
        ("uint16", "BADC", [0x0102], 0x0201),
        ("int16", "ABCD", [0xFFFF], -1.0),
        ("uint32", "ABCD", [0x0001, 0x0000], 65536.0),
        ("uint32", "CDAB", [0x0000, 0x0001], 65536.0),
        ("int32", "ABCD", [0xFFFF, 0xFFFE], -2.0),
        ("float32", "ABCD", [0x42F7, 0x0000], 123.5),
        ("float32", "CDAB", [0x0000, 0x42F7], 123.5),
        ("float32", "BADC", [0xF742, 0x0000], 123.5),
        ("float32", "DCBA", [0x0000, 0xF742], 123.5),
        ("uint64", "ABCD", [0, 1, 0, 0], 2.0**32),
        ("uint64", "CDAB", [0, 0, 1, 0], 2.0**32),
        ("int64", "ABCD", [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE], -2.0),
        ("float64", "ABCD", [0x405E, 0xE000, 0, 0], 123.5),
        ("float64", "DCBA", [0, 0, 0x00E0, 0x5E40], 123.5),
        ("bcd16", "ABCD", [0x1234], 1234.0),
        ("bcd32", "CDAB", [0x5678, 0x1234], 12345678.0),
        ("bcd64", "ABCD", [0, 0, 0x1234, 0x5678], 12345678.0),
        ("m10k32", "ABCD", [1234, 5678], 12345678.0),
        ("m10k48", "ABCD", [1, 2, 3], 100020003.0),
        ("m10k64", "CDAB", [4, 3, 2, 1], 1000200030004.0),
        ("bool", "ABCD", [True], 1.0),
    ],
)
def test_the_table_of_data_types(kind: str, order: str, words: list[int], value: float) -> None:
    """IEEE 754: 123.5 = 1.9296875 * 2^6 is 0x42F70000, and 0x405EE00000000000 with 64 bits."""
    one = register(kind, 0, order)

    assert decode(one, words, 0) == value
    assert list(encode(one, value).words) == [int(word) for word in words]


@pytest.mark.parametrize(
    ("kind", "words"),
    [("bcd16", [0x12AB]), ("m10k32", [1, 10_000]), ("float32", [0x7FC0, 0]), ("float32", [0x7F80, 0]), ("float64", [0x7FF8, 0, 0, 0])],
)
def test_what_is_no_number_is_none(kind: str, words: list[int]) -> None:
    """A digit over 9, a word over 9999, NaN, infinity."""
    assert isnan(decode(register(kind), words, 0))


def test_a_bit_of_a_word_is_read_by_its_place_and_not_written_alone() -> None:
    """0b1010_0000_0000_0010: bits 1, 13 and 15 are set. With the bytes exchanged bit 1 is the ninth."""
    words = [0b1010_0000_0000_0010]

    found = [decode(register("uint16", bit=bit), words, 0) for bit in range(16)]

    assert [bit for bit, value in enumerate(found) if value] == [1, 13, 15]
    assert decode(register("bool", table="holding", bit=15), words, 0) == 1.0
    assert decode(register("uint16", order="BADC", bit=9), words, 0) == 1.0
    with pytest.raises(DoesNotFit, match="would write the others too"):
        encode(register("uint16", bit=3), 1.0)


def test_a_text_has_no_place_in_a_table_of_numbers() -> None:
    """Refused with the reason, where it is bound."""
    with pytest.raises(ValueError, match="texts have no place"):
        register("string16")


def test_scale_and_offset_apply_to_the_raw_number() -> None:
    """215 * 0.1 - 10 = 11.5, and back."""
    one = register("int16", 4, scale=0.1, offset=-10.0)

    assert decode(one, [0, 215], 3) == pytest.approx(11.5)
    assert encode(one, 11.5).words == [215]


def samples(registers: list[Register], words: list[int]) -> Samples:
    """What the words of one read are, by a plan whose slots count the registers."""
    (group,) = coalesce(registers)
    return taken(Plan(group, np.arange(len(group.registers), dtype=np.int32)), struct.pack(f">{len(words)}H", *words), {})


def taken(plan: Plan, data: bytes, factors: Factors) -> Samples:
    """The samples of one answer."""
    return samples_of([Answer(plan, data, 1000, factors)])


def test_a_float_that_is_no_number_is_a_failed_sensor() -> None:
    """0x7FC00000 is a quiet NaN: a row without a number; its neighbour is good."""
    found = samples([register("float32", 0), register("uint16", 2)], [0x7FC0, 0, 7])

    assert [Quality(q).name for q in found.quality] == ["BAD", "GOOD"]
    assert [Reason(r).name for r in found.reason] == ["SENSOR", "NONE"]
    assert isnan(found.values[0])


def test_a_sentinel_stands_for_no_value() -> None:
    """0x8000 in an int16 and 0xFFFFFFFF in a uint32 that have them as sentinels; -32768 is a number where it is none. The second of two
    counts, too."""
    first = register("int16", 0, sentinels=(0x8000,))
    others = [register("int16", 1), register("uint32", 2, sentinels=(0xFFFF_FFFF,)), register("int16", 4, sentinels=(0x7FFF, -1))]

    found = samples([first, *others], [0x8000, 0x8000, 0xFFFF, 0xFFFF, 0xFFFF])

    assert [Reason(r).name for r in found.reason] == ["SENSOR", "NONE", "SENSOR", "SENSOR"]
    assert found.values[1] == -32768.0


def test_a_code_means_what_its_table_says() -> None:
    """2 is 10, 3 itself; 4 is no code of this register."""
    codes = ((2, 10.0), (3, 3.0))

    found = samples([register(address=at, codes=codes) for at in range(3)], [2, 3, 4])

    assert found.values[:2].tolist() == [10.0, 3.0]
    assert [Reason(r).name for r in found.reason] == ["NONE", "NONE", "SENSOR"]
    assert encode(register(codes=codes), 10.0).words == [2]


def test_a_scale_factor_is_read_with_the_points_that_need_it() -> None:
    """1234 * 10^-1 and 5678 * 10^2 in one read of four registers; the exponents are no points."""
    found = samples([register("uint16", 0, factor=2), register("uint16", 1, factor=3)], [1234, 5678, 0xFFFF, 2])

    assert found.values.tolist() == [pytest.approx(123.4), 567800.0]
    assert found.slots.tolist() == [0, 1]


def test_a_scale_factor_out_of_reach_is_remembered_and_waited_for() -> None:
    """It stands 200 registers away: two reads. Until it is known, the point says nothing; 0x8000 says that there is none."""
    value, factors = register("uint16", 0, factor=200), Factors()
    near, far = coalesce([value])
    assert [(near.start, near.count, list(near.factors)), (far.start, far.count, list(far.factors))] == [(0, 1, []), (200, 1, [200])]
    first, second = (Plan(group, np.arange(len(group.registers), dtype=np.int32)) for group in (near, far))

    early = taken(first, b"\x04\xd2", factors)
    taken(second, b"\xff\xfe", factors)
    later = taken(first, b"\x04\xd2", factors)
    taken(second, b"\x80\x00", factors)
    none = taken(first, b"\x04\xd2", factors)

    assert early.slots.tolist() == [-1]
    assert (later.slots.tolist(), later.values.tolist()) == ([0], [pytest.approx(12.34)])
    assert Reason(none.reason[0]) is Reason.SENSOR


def test_answers_of_many_devices_are_decoded_together_as_each_alone() -> None:
    """Three devices of one type, each with an exponent of its own, another read of other types, and coils: ten answers in one go are what
    each of them is alone, and a device's later answer stands after its earlier one."""
    mixed = [
        register("int16", 0, factor=1, sentinels=(0x8000,)),
        register("float32", 2, "CDAB"),
        register("uint16", 4, bit=3),
        register("uint16", 5, codes=((0, 0.0), (1, 5.0))),
        register("bcd32", 6),
        register("m10k48", 8),
    ]
    (typed,), (plain,) = coalesce(mixed), coalesce([register("uint16", at, scale=0.1, offset=2.0) for at in range(10)])
    (coils,) = coalesce([register("bool", at) for at in (0, 3, 9)])
    groups = [typed, typed, plain, typed, coils]
    plans = [Plan(group, np.arange(10 * n, 10 * n + len(group.registers), dtype=np.int32)) for n, group in enumerate(groups)]
    dice = np.random.default_rng(7)

    many = []
    for n, plan in enumerate(plans * 2):
        data = bytearray(dice.bytes(2 if plan.group is coils else 2 * plan.group.count))
        if plan.group is typed:
            data[2:4] = [0xFF, 0xFE - n]
        many.append(Answer(plan, bytes(data), 1000 + n, {}))

    together, alone = samples_of(many), Samples.joined([samples_of([one]) for one in many])

    assert sorted(together.slots.tolist()) == sorted(alone.slots.tolist())
    for slot in set(alone.slots.tolist()):
        ours, theirs = together.piece(together.slots == slot), alone.piece(alone.slots == slot)
        np.testing.assert_array_equal(ours.values, theirs.values)
        assert (ours.observed_at.tolist(), ours.quality.tolist()) == (theirs.observed_at.tolist(), theirs.quality.tolist())


def test_an_answer_of_another_length_is_refused() -> None:
    """One register where two were asked for."""
    with pytest.raises(ValueError, match="answered 2 bytes where 2 holding make 4"):
        samples([register("uint32")], [7])


@pytest.mark.parametrize(("kind", "value"), [("uint16", -1.0), ("uint16", 65536.0), ("int32", 3e9), ("bool", 2.0), ("float32", 1e39)])
def test_a_value_that_does_not_fit_is_refused_before_it_is_sent(kind: str, value: float) -> None:
    """No wrap-around, no infinity."""
    with pytest.raises(DoesNotFit):
        encode(register(kind), value)


@pytest.mark.quality("modbus", "codec-is-pure-and-survives-anything")
@given(
    kind=st.sampled_from(sorted(set(WORDS) - {"bool"})),
    order=st.sampled_from(["ABCD", "CDAB", "BADC", "DCBA"]),
    raw=st.integers(-9_999, 9_999),
)
def test_what_is_encoded_is_decoded(kind: str, order: str, raw: int) -> None:
    """For every data type and word order, within what all of them hold."""
    value = float(raw if kind.startswith(("int", "float")) else abs(raw)) * 0.5 + 3.0
    one = register(kind, 7, order, 0.5, 3.0)

    assert decode(one, encode(one, value).words, 7) == pytest.approx(value)


@pytest.mark.quality("modbus", "reads-are-coalesced")
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
        ('dcx:address 1 ; dcx:byteOrder "middle"', "big or little"),
        ('dcx:address 1 ; dcx:dataType "string"', "texts have no place"),
        ("dcx:address 1 ; dcx:bit 16", "bits 0 to 15, not 16"),
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
