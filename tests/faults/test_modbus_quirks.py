"""Every quirk that a Modbus device may have, by a device that has it: what its points are worth then, and that they heal."""

from __future__ import annotations

import struct
from collections.abc import Callable
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.modbus.bindings import bind
from adapters.modbus.frames import Frame, Garbled, RtuFraming, TcpFraming
from graph.commands import CommandState
from graph.points import PointFacts, point_facts
from graph.ports import DeviceRefused
from graph.stores.memory import MemoryJournal
from graph.values import Reason
from tests.support.liar import Said, drip, half, late, nonsense, other_number, other_unit, refusal, registers, reset
from tests.support.modbus_wired import PATIENT, A, B, holding, site, wire, write
from tests.support.wired import Table, snapshot_of, wait_until, wall_clock
from twin.control import Control

UNIT_2 = "dcx:unitId 2 ; dcx:address 0"


def reason(table: Table, point: str) -> Reason:
    """Why a point is no better than it is."""
    found = table.current.get(point)
    assert found is not None
    return found.reason


@pytest.mark.quality("modbus", "poison-is-bounded-and-counted")
@pytest.mark.quality("modbus", "every-quirk-has-a-device-that-does-it")
@pytest.mark.parametrize(
    ("quirk", "counter", "alone"),
    [
        (lambda _: None, "timeouts", True),
        (lambda pdu: late(pdu, 0.4), "late", False),
        (other_number, "late", True),
        (other_unit, "wrong", True),
        (half, "timeouts", False),
        (reset, "connections", True),
        (lambda pdu: drip(pdu, 0.1), "timeouts", False),
        (lambda _: nonsense, "wrong", True),
    ],
    ids=["no answer", "late", "wrong id", "wrong unit", "half frame", "reset in a frame", "a byte at a time", "no Modbus"],
)
def test_a_device_that_does_not_speak_as_it_should_is_no_communication_and_heals(
    quirk: Callable[[bytes], Said], counter: str, alone: bool
) -> None:
    """Unit 1 gives no answer that is one: `LINK`, with its number 7 from before, and counted. Unit 2 on the same connection goes on, but
    where the bytes themselves are stuck. Then unit 1 is as it should be."""
    well, ill = holding({0: 7}), Event()

    def answer(unit: int, code: int, data: bytes) -> Said:
        said = well(unit, code, data)
        assert isinstance(said, bytes)
        return quirk(said) if unit == 1 and ill.is_set() else said

    with wire(answer, UNIT_2) as (_, table, client):
        assert wait_until(lambda: table.quality(A) == table.quality(B) == "GOOD")
        before = getattr(client.status()[0].counts, counter)
        ill.set()

        assert wait_until(lambda: table.quality(A) == "NO_COMMUNICATION")
        assert (reason(table, A), table.value(A)) == (Reason.LINK, 7.0)
        assert getattr(client.status()[0].counts, counter) > before
        if alone:
            assert wait_until(lambda: table.quality(B) == "GOOD")

        ill.clear()
        assert wait_until(lambda: table.quality(A) == table.quality(B) == "GOOD")


@pytest.mark.quality("modbus", "late-answers-are-counted-and-end-the-connection")
def test_three_answers_to_questions_that_were_not_asked_end_the_connection() -> None:
    """Each is dropped and counted; after three the connection is made anew."""

    def answer(unit: int, code: int, data: bytes) -> Said:
        return other_number(registers([99]))

    with wire(answer, UNIT_2) as (_, table, client):
        assert wait_until(lambda: (counts := client.status()[0].counts).connections >= 3 and counts.late >= 6)
        assert client.status()[0].counts.answers == 0
        assert wait_until(lambda: table.quality(A) == table.quality(B) == "NO_COMMUNICATION")


@pytest.mark.quality("modbus", "exceptions-mean-what-the-table-says")
@pytest.mark.parametrize(
    ("code", "quality", "why", "again"),
    [
        (1, "BAD", Reason.CONFIGURATION, False),
        (2, "BAD", Reason.CONFIGURATION, False),
        (3, "BAD", Reason.CONFIGURATION, False),
        (4, "BAD", Reason.DEVICE, True),
        (8, "BAD", Reason.DEVICE, True),
        (10, "NO_COMMUNICATION", Reason.LINK, True),
        (11, "NO_COMMUNICATION", Reason.LINK, True),
        (99, "BAD", Reason.DEVICE, True),
    ],
)
def test_each_exception_answer_says_why(code: int, quality: str, why: Reason, again: bool) -> None:
    """Reliability reference 3.3. What the map has wrong is told with the point and not asked for again; all else is."""

    def answer(unit: int, function: int, data: bytes) -> Said:
        return refusal(function, code) if unit == 2 else holding({0: 7})(unit, function, data)

    with wire(answer, UNIT_2, PATIENT) as (liar, table, client):
        assert wait_until(lambda: (table.quality(A), table.quality(B)) == ("GOOD", quality))
        assert reason(table, B) is why

        asked = sum(unit == 2 for unit, _, _ in liar.requests)
        polls = len(liar.requests)
        assert wait_until(lambda: len(liar.requests) > polls + 4)
        if again:
            assert wait_until(lambda: sum(unit == 2 for unit, _, _ in liar.requests) > asked)
        else:
            assert sum(unit == 2 for unit, _, _ in liar.requests) == asked == 1
            assert [(one.point, "has no holding 40001: correct its map" in one.reason) for one in client.unusable()] == [(B, True)]
            assert client.status()[0].refused == 1


@pytest.mark.parametrize("code", [5, 6])
def test_a_busy_device_is_asked_again_after_a_while(code: int) -> None:
    """Twice busy, then it answers: one good value, nothing bad in between."""
    left = [2]

    def answer(unit: int, function: int, data: bytes) -> Said:
        left[0] -= 1
        return refusal(function, code) if left[0] >= 0 else registers([7] * struct.unpack(">HH", data)[1])

    with wire(answer, config=PATIENT) as (_, table, client):
        assert wait_until(lambda: table.quality(A) == "GOOD")
        assert client.status()[0].counts.busy == 2


def test_one_register_that_a_device_has_not_costs_its_neighbours_nothing() -> None:
    """Twenty registers are read at once; the device has no 13. It is found in a few steps, the other nineteen are read, and 13 is told."""
    names = [f"demo:P{n}" for n in range(20)]
    reference = "a dcx:ModbusReference ; dcx:gateway demo:GW ; dcx:unitId 3"
    more = "".join(
        f"{p} dcx:samplePeriod 0.2 ; ref:hasExternalReference [ {reference} ; dcx:address {n} ] .\n" for n, p in enumerate(names)
    )

    def answer(unit: int, function: int, data: bytes) -> Said:
        start, count = struct.unpack(">HH", data)
        return refusal(function, 2) if unit == 3 and start <= 13 < start + count else registers(list(range(start, start + count)))

    with wire(answer, config=PATIENT, more=more) as (liar, table, client):
        good = [f"urn:ridethrough:demo:P{n}" for n in range(20) if n != 13]
        assert wait_until(lambda: all(table.quality(point) == "GOOD" for point in good))
        assert [table.value(point) for point in good] == [float(n) for n in range(20) if n != 13]
        assert wait_until(lambda: [one.point for one in client.unusable()] == ["urn:ridethrough:demo:P13"])
        assert reason(table, "urn:ridethrough:demo:P13") is Reason.CONFIGURATION
        assert "40014" in client.unusable()[0].reason

        refused = sum(unit == 3 and data == struct.pack(">HH", 13, 1) for unit, _, data in list(liar.requests))
        assert refused == 1


def test_a_map_that_is_fixed_is_tried_again() -> None:
    """Register 5 is refused; the graph says 6 then, and B is good without a restart."""

    def answer(unit: int, function: int, data: bytes) -> Said:
        start, count = struct.unpack(">HH", data)
        return refusal(function, 2) if start <= 5 < start + count else registers([start] * count)

    with wire(answer) as (liar, table, client):
        assert wait_until(lambda: reason(table, B) is Reason.CONFIGURATION)

        client.rebind(bind(snapshot_of(site(liar.port, "dcx:unitId 1 ; dcx:address 6"))))

        assert wait_until(lambda: (table.quality(B), table.value(B)) == ("GOOD", 6.0))
        assert client.unusable() == []


def test_a_busy_device_is_written_to_again_because_it_says_that_it_did_nothing() -> None:
    """06 and then the echo: written once, in two tries."""
    words = {0: 7}
    obeys, busy = holding(words), [1]

    def answer(unit: int, code: int, data: bytes) -> Said:
        if code == 6 and busy[0]:
            busy[0] -= 1
            return refusal(6, 6)
        return obeys(unit, code, data)

    with wire(answer, config=PATIENT) as (liar, table, client):
        assert wait_until(lambda: table.quality(A) == "GOOD")

        write(client)

        assert (liar.count(6), words[0]) == (2, 9)


def test_a_device_that_stays_busy_refuses_the_write_after_two_new_tries() -> None:
    """Three requests, none executed; the operator is told."""

    def answer(unit: int, code: int, data: bytes) -> Said:
        return refusal(6, 6) if code == 6 else holding({0: 7})(unit, code, data)

    with wire(answer, config=PATIENT) as (liar, table, client):
        assert wait_until(lambda: table.quality(A) == "GOOD")

        with pytest.raises(DeviceRefused, match="device busy"):
            write(client)

        assert liar.count(6) == 3


def test_a_write_whose_echo_lies_is_counted() -> None:
    """The alarm of the table: `mismatches`, and the endpoint's last error."""

    def answer(unit: int, code: int, data: bytes) -> Said:
        return bytes([6]) + data[:2] + b"\x00\x63" if code == 6 else holding({0: 7})(unit, code, data)

    with wire(answer, config=PATIENT) as (_, table, client):
        assert wait_until(lambda: table.quality(A) == "GOOD")
        with pytest.raises(Exception, match="another address or value"):
            write(client)
        assert client.status()[0].counts.mismatches == 1


def test_a_device_that_says_done_and_reads_as_before_is_never_confirmed() -> None:
    """The echo is right, the register stays 7: only the readback ends a command, and it says that nothing happened."""

    def answer(unit: int, code: int, data: bytes) -> Said:
        return bytes([6]) + data[:4] if code == 6 else holding({0: 7})(unit, code, data)

    with wire(answer) as (liar, table, client):
        assert wait_until(lambda: table.quality(A) == "GOOD")
        facts = point_facts(snapshot_of("demo:E brick:hasPoint demo:A ."))
        on = frozenset({A})
        control = Control(MemoryJournal(), [client], table.current, wall_clock, table.bus, on=True, enabled=on, points=facts, timeout_s=2)

        record = control.request(A, 9.0, "ann", "test", "k")

        def ended() -> bool:
            control.tick()
            found = control.get(record.command.id)
            assert found is not None
            return found.state in {CommandState.TIMED_OUT, CommandState.MISMATCHED}

        assert wait_until(ended)
        assert liar.count(6) == 1
        control.close()


def test_a_value_that_stands_still_for_too_long_is_frozen() -> None:
    """The device answers, always 7; a sensor of this class moves within half a second."""
    with wire(holding({0: 7})) as (_, table, _client):
        table.ingest.rebind({A: PointFacts(0.2, frozen_s=0.5), B: PointFacts(0.2)})

        assert wait_until(lambda: reason(table, A) is Reason.FROZEN)
        assert table.quality(A) == "UNCERTAIN"
        assert table.quality(B) == "GOOD"


def test_a_sentinel_is_a_failed_sensor_and_no_number() -> None:
    """A number first, then 0x8000, which the reference calls a sentinel: the number stays, its quality does not."""
    words = {0: 0x8000, 5: 0xFFFB}

    with wire(holding(words), "dcx:unitId 1 ; dcx:address 5 ; dcx:sentinel 32768") as (_, table, _client):
        assert wait_until(lambda: table.value(B) == float(0xFFFB))
        words[5] = 0x8000
        assert wait_until(lambda: reason(table, B) is Reason.SENSOR)
        assert table.quality(B) == "BAD"
        assert table.value(B) == float(0xFFFB)


@pytest.mark.parametrize(("order", "quality"), [("little", "GOOD"), ("big", "UNCERTAIN")])
def test_a_device_with_its_words_exchanged_needs_that_in_its_reference_and_is_out_of_range_without(order: str, quality: str) -> None:
    """123.5 is 0x42F70000; the device sends 0x0000 0x42F7. Read the wrong way it is 2.4e-41, where 100 to 200 can be."""
    reference = (
        f'a dcx:ModbusReference ; dcx:gateway demo:GW ; dcx:unitId 4 ; dcx:address 0 ; dcx:dataType "float32" ; dcx:wordOrder "{order}"'
    )
    more = f"demo:F dcx:samplePeriod 0.2 ; dcx:minValue 100.0 ; dcx:maxValue 200.0 ; ref:hasExternalReference [ {reference} ] ."

    def answer(unit: int, code: int, data: bytes) -> Said:
        return registers([0x0000, 0x42F7]) if unit == 4 else holding({})(unit, code, data)

    with wire(answer, more=more) as (_, table, _client):
        assert wait_until(lambda: table.quality("urn:ridethrough:demo:F") == quality)
        if quality == "GOOD":
            assert table.value("urn:ridethrough:demo:F") == 123.5
        else:
            assert reason(table, "urn:ridethrough:demo:F") is Reason.OUT_OF_RANGE


# -- frames -------------------------------------------------------------------------------------------------------------


@given(
    frames=st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 255), st.binary(min_size=1, max_size=253)), max_size=5),
    cuts=st.lists(st.integers(1, 40), max_size=60),
)
def test_messages_are_found_wherever_the_stream_is_cut(frames: list[tuple[int, int, bytes]], cuts: list[int]) -> None:
    """Every message whole, in order, however its bytes arrive."""
    framing = TcpFraming()
    stream = b"".join(framing.wrapped(*frame) for frame in frames)
    found: list[Frame] = []

    for cut in [*cuts, len(stream) + 1]:
        found += framing.feed(stream[:cut])
        stream = stream[cut:]

    assert [tuple(frame) for frame in found] == frames


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_no_bytes_stop_the_framers(parts: list[bytes]) -> None:
    """Whatever a line carries: messages, nothing, or a stream that is given up; never anything else, and never more than is bounded."""
    tcp, rtu = TcpFraming(), RtuFraming()

    for part in parts:
        rtu.feed(part)
        try:
            tcp.feed(part)
        except Garbled:
            tcp = TcpFraming()


def test_a_frame_of_rtu_whose_checksum_is_wrong_is_none() -> None:
    """One bit differs; then the same frame as it was sent."""
    framing = RtuFraming()
    good = framing.wrapped(0, 5, registers([7]))

    assert framing.feed(good[:-1] + bytes([good[-1] ^ 1])) == []
    framing.forget()
    assert framing.feed(good) == [Frame(-1, 5, registers([7]))]
