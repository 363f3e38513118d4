"""MQTT payloads to readings: pointers, times, units, poison; and what the graph binds."""

from __future__ import annotations

from math import isnan

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from adapters.mqtt.bindings import Entry, MqttBindings, Target, bind, pointer
from adapters.mqtt.codec import Place, decode, encode, wanted
from adapters.mqtt.config import MqttConfig
from adapters.mqtt.dialect import Intake
from graph.values import Quality
from tests.support.wired import snapshot_of

NOW = 1_772_366_400_000
"""2026-03-01T12:00:00Z."""
PLAIN = Entry("urn:p", (), None, 1.0, 0.0)
TIMED = Entry("urn:p", ("v",), ("t",), 1.0, 0.0)


def read(payload: bytes, *entries: Entry, retained: bool = False) -> tuple[list[tuple[str, float, int, str]], str]:
    """Rows as (point, value, source time, quality), and the finding."""
    given, intake = entries or (PLAIN,), Intake(NOW)
    places = [Place(slot, e.value_at, e.time_at, e.scale, e.offset) for slot, e in enumerate(given)]
    finding = decode(intake, payload, places, retained=retained, bytes_max=65_536)
    rows = intake.samples()
    columns = zip(rows.slots.tolist(), rows.values.tolist(), rows.observed_at.tolist(), rows.quality.tolist(), strict=True)
    return [(given[slot].point, value, at, Quality(quality).name) for slot, value, at, quality in columns], finding


@pytest.mark.parametrize(("payload", "value"), [(b"21.5", 21.5), (b" -3 ", -3.0), (b"true", 1.0), (b"false", 0.0), (b"1e3", 1000.0)])
def test_a_payload_may_be_a_plain_number(payload: bytes, value: float) -> None:
    """No pointer: the whole payload is the value, observed when it came."""
    assert read(payload) == ([("urn:p", value, NOW, "GOOD")], "")


@pytest.mark.parametrize(
    ("time", "at"),
    [
        (b'"2026-03-01T11:59:58.5Z"', NOW - 1500),
        (b'"2026-03-01T13:00:00+01:00"', NOW),
        (b"1772366399", NOW - 1000),
        (b"1772366399250", NOW - 750),
    ],
)
def test_the_source_time_is_iso_8601_or_seconds_or_milliseconds(time: bytes, at: int) -> None:
    """12:00:00 UTC is 1 772 366 400 s since 1970."""
    assert read(b'{"v": 1, "t": ' + time + b"}", TIMED) == ([("urn:p", 1.0, at, "GOOD")], "")


@pytest.mark.parametrize("time", [b'"yesterday"', b'"2026-03-01T12:00:00"', b"null", b"-5", b"true", b"[]", b"1e300"])
def test_a_source_time_that_is_none_makes_the_value_uncertain_as_of_now(time: bytes) -> None:
    """A local time without its offset is no instant."""
    rows, finding = read(b'{"v": 1, "t": ' + time + b"}", TIMED)

    assert rows == [("urn:p", 1.0, NOW, "UNCERTAIN")]
    assert finding.startswith("/t is no instant")


def test_what_the_broker_had_kept_is_uncertain() -> None:
    """Retained: the last usable value, not a present one."""
    assert read(b"21.5", retained=True)[0] == [("urn:p", 21.5, NOW, "UNCERTAIN")]


@pytest.mark.parametrize(
    "payload",
    [b"", b"NaN", b"Infinity", b"1e400", b"{", b"hello", b"\xff\xfe", b"null", b'"21.5"', b"[1]", b"{}", b"[" * 100_000, b"1" * 70_000],
    ids=lambda payload: f"{payload[:8]!r}x{len(payload)}",
)
def test_poison_is_a_finding_and_a_bad_row_never_an_error(payload: bytes) -> None:
    """Not JSON, not finite, not a number, not UTF-8, too deep, too long."""
    ((point, value, at, quality),), finding = read(payload)

    assert (point, at, quality) == ("urn:p", NOW, "BAD")
    assert isnan(value)
    assert finding


@pytest.mark.quality("mqtt", "codec-is-pure-and-survives-anything")
@given(payload=st.one_of(st.binary(max_size=200), st.text(max_size=100).map(str.encode), st.floats().map(lambda f: str(f).encode())))
@settings(max_examples=500, deadline=None)
def test_no_payload_stops_the_codec(payload: bytes) -> None:
    """Each gives rows that a batch can hold: a good or uncertain row has a finite number."""
    rows, _ = read(payload, PLAIN, TIMED)

    assert all(quality == "BAD" or not isnan(value) for _, value, _, quality in rows)


@pytest.mark.parametrize("payload", [b"[" * 1010 + b"]" * 1010, b'{"a":' * 1010 + b"1" + b"}" * 1010])
def test_a_payload_nested_as_deep_as_the_parser_goes_is_poison_like_any_other(payload: bytes) -> None:
    """1,010 containers, one in the other, are more than Python's recursion writes out: the finding names the kind only."""
    rows, finding = read(payload)

    assert [quality for _, _, _, quality in rows] == ["BAD"]
    assert finding in ("the payload is an array, not a finite number", "the payload is an object, not a finite number")


def test_a_pointer_that_leads_nowhere_says_nothing_about_its_point() -> None:
    """One message speaks of inlet only; the outlet is not touched. One that speaks of neither is a finding."""
    inlet, outlet = Entry("urn:in", ("a", "0"), None, 1.0, 0.0), Entry("urn:out", ("b",), None, 1.0, 0.0)

    assert read(b'{"a": [7]}', inlet, outlet) == ([("urn:in", 7.0, NOW, "GOOD")], "")
    assert read(b'{"c": 1}', inlet, outlet) == ([], "the payload holds nothing at /a/0: correct dcx:jsonPointer or the sender")


def test_pointers_are_those_of_rfc_6901() -> None:
    """`~1` is a slash, `~0` a tilde; anything that begins otherwise is refused."""
    assert pointer("/a~1b/m~0n") == ("a/b", "m~n")
    assert pointer("") == ()
    with pytest.raises(ValueError, match="write '/a'"):
        pointer("a")


@given(value=st.floats(-1e6, 1e6), scale=st.sampled_from([0.1, 1.0, 1000.0, -2.0]), offset=st.sampled_from([0.0, -17.5, 32.0]))
def test_a_command_that_the_plant_decodes_is_the_wish(value: float, scale: float, offset: float) -> None:
    """encode, then what a device with the same reference reads from it."""
    target = Target("t", ("cmd", "value"), scale, offset)

    assert wanted(target, encode(target, value), 65_536) == pytest.approx(value, abs=1e-6)


def bound(reference: str) -> MqttBindings:
    return bind(snapshot_of(f"demo:P brick:hasUnit unit:DEG_C ; ref:hasExternalReference [ a dcx:MQTTReference ; {reference} ] ."))


def test_scale_offset_and_unit_are_folded_into_one_line() -> None:
    """Tenths of degrees F: C = (raw / 10 - 32) / 1.8 = raw * 0.0555... - 17.777..."""
    (entry,) = bound('dcx:topic "dc/p" ; dcx:scale 0.1 ; dcx:sourceUnit unit:DEG_F').entries["dc/p"]

    assert entry.scale == pytest.approx(1 / 18)
    assert entry.offset == pytest.approx(-160 / 9)


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ('dcx:jsonPointer "/v"', "has no dcx:topic"),
        ('dcx:topic "dc/+/p"', "holds a wildcard"),
        ('dcx:topic "dc/p" ; dcx:jsonPointer "v"', "begins with '/'"),
        ('dcx:topic "dc/p" ; dcx:scale 0', "a scale must be a number other than 0"),
        ('dcx:topic "dc/p" ; dcx:sourceUnit unit:KiloW', "KiloW"),
    ],
)
def test_a_reference_that_cannot_be_used_says_why(reference: str, reason: str) -> None:
    """The others are bound all the same; this one is listed."""
    bindings = bound(reference)

    assert bindings.entries == {}
    (unbound,) = bindings.unbound
    assert unbound.point == "urn:ridethrough:demo:P"
    assert reason in unbound.reason


def test_a_virtual_point_hears_no_topic() -> None:
    """Its formula says what it reads."""
    bindings = bound('dcx:topic "dc/p" ] ; dcx:formula "1" ; ref:hasExternalReference [ a dcx:MQTTReference ; dcx:topic "dc/q"')

    assert bindings.entries == {}
    assert [(each.target, "has a formula and takes no reading" in each.reason) for each in bindings.unbound] == [
        ("dc/p", True),
        ("dc/q", True),
    ]


def test_subscriptions_are_few() -> None:
    """dc/a/b and dc/c share dc/#; a topic of one level is subscribed as it is."""
    entries = {"dc/a/b": (), "dc/c": (), "alone": (), "plant2/x": ()}

    assert MqttBindings(entries).filters() == ["alone", "dc/#", "plant2/#"]


@pytest.mark.quality("mqtt", "config-checked-before-connect")
def test_a_broker_is_named_by_its_address() -> None:
    """User and password are unquoted, TLS has its own port; the password is not shown."""
    config = MqttConfig.from_url("mqtts://ann:p%40ss@broker.example")

    assert (config.host, config.port, config.username, config.password, config.tls) == ("broker.example", 8883, "ann", "p@ss", True)
    assert "p@ss" not in repr(config)
    with pytest.raises(ValueError, match="mqtt://"):
        MqttConfig.from_url("http://broker.example")
